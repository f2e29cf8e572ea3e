/* `pave create`: a template's form on the command line. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/screen.h"
#include "formats/json.h"
#include <string.h>
#include <unistd.h>

typedef struct {
    Client *client;
    const Value *pages; /* of the form */
    Value *values;
} Form;

/* {namespace, name} of "new-microservice", "default/new-microservice" or a full ref. */
static void split_ref(const char *text, char **namespace, char **name)
{
    const char *colon = strchr(text, ':'), *slash;

    if (colon)
        text = colon + 1;
    slash = strchr(text, '/');
    *namespace = slash ? g_strndup(text, (gsize)(slash - text)) : g_strdup("default");
    *name = g_strdup(slash ? slash + 1 : text);
}

static const Value *page_schema(const Form *form, guint page)
{
    const Value *schema = value_get(value_item(form->pages, page), "schema");

    return schema ? schema : value_item(form->pages, page);
}

/* Wherever "properties" has it: parameters that depend on others stand deeper. */
static const Value *search(const Value *schema, const char *name, int depth)
{
    const Value *found = value_get(value_get(schema, "properties"), name);

    if (value_is(found, VALUE_OBJECT) || depth > 12)
        return found;
    for (guint i = 0; i < value_count(schema); i++) {
        const Value *inner =
            value_is(schema, VALUE_ARRAY) ? value_item(schema, i) : value_value_at(schema, i);

        found = search(inner, name, depth + 1);
        if (found)
            return found;
    }
    return NULL;
}

static const Value *find_property(const Form *form, const char *name)
{
    const Value *found = NULL;

    for (guint i = 0; !found && i < value_count(form->pages); i++)
        found = search(page_schema(form, i), name, 0);
    return found;
}

static void set_unknown(const Form *form, const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (guint i = 0; i < value_count(form->pages); i++) {
        const Value *properties = value_get(page_schema(form, i), "properties");

        for (guint j = 0; j < value_count(properties); j++)
            g_string_append_printf(known, "%s%s", known->len ? ", " : "",
                                   value_key_at(properties, j));
    }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the template has no parameter '%s'; it has %s",
                name, known->str);
}

/* Text becomes what the schema wants; anything but a string is written as JSON. */
static const Value *typed(Form *form, const char *name, const char *text, GError **error)
{
    Arena *arena = form->client->arena;
    const char *type = value_path_string(find_property(form, name), "type", "string");
    const Value *parsed;

    if (g_str_equal(type, "string"))
        return value_string_new(arena, text);
    parsed = json_parse(arena, text, -1, NULL);
    if (parsed)
        return parsed;
    if (g_str_equal(type, "array")) { /* a,b,c */
        g_auto(GStrv) items = g_strsplit(text, ",", -1);
        Value *list = value_array_new(arena);

        for (guint i = 0; items[i]; i++)
            value_append(arena, list, value_string_new(arena, g_strstrip(items[i])));
        return list;
    }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s must be of type %s, not '%s'", name, type,
                text);
    return NULL;
}

static gboolean set_value(Form *form, const char *pair, GError **error)
{
    const char *equals = strchr(pair, '=');
    g_autofree char *name = equals ? g_strndup(pair, (gsize)(equals - pair)) : NULL;
    const Value *value;

    if (!equals || equals == pair) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "--set takes NAME=VALUE, not '%s'", pair);
        return FALSE;
    }
    if (!find_property(form, name)) {
        set_unknown(form, name, error);
        return FALSE;
    }
    value = typed(form, name, equals + 1, error);
    if (!value)
        return FALSE;
    value_set(form->client->arena, form->values, name, value);
    return TRUE;
}

static void set_defaults(Form *form)
{
    for (guint i = 0; i < value_count(form->pages); i++) {
        const Value *properties = value_get(page_schema(form, i), "properties");

        for (guint j = 0; j < value_count(properties); j++) {
            const char *name = value_key_at(properties, j);
            const Value *usual = value_get(value_value_at(properties, j), "default");

            if (usual && !value_get(form->values, name))
                value_set(form->client->arena, form->values, name, usual);
        }
    }
}

static char *prompt_for(const char *name, const Value *schema)
{
    const Value *choices = value_get(schema, "enum");
    g_autoptr(GString) prompt = g_string_new(NULL);
    const char *description = value_path_string(schema, "description", NULL);

    g_string_append(prompt, value_path_string(schema, "title", name));
    if (description)
        g_string_append_printf(prompt, " (%s)", description);
    for (guint i = 0; i < value_count(choices); i++)
        g_string_append_printf(prompt, "%s%s", i ? ", " : " [",
                               value_string(value_item(choices, i), ""));
    g_string_append(prompt, value_count(choices) ? "]: " : ": ");
    return g_string_free(g_steal_pointer(&prompt), FALSE);
}

static gboolean ask_for(Form *form, const char *name, GError **error)
{
    g_autofree char *prompt = prompt_for(name, find_property(form, name));

    for (;;) {
        g_autofree char *line = screen_ask(prompt, TRUE);
        g_autofree char *pair = g_strdup_printf("%s=%s", name, line);
        g_autoptr(GError) wrong = NULL;

        if (!line) {
            g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "nothing was created");
            return FALSE;
        }
        if (!line[0])
            continue;
        if (set_value(form, pair, &wrong))
            return TRUE;
        g_printerr("%s\n", wrong->message);
    }
}

/* What is required and not set: asked for at a terminal, an error that lists it elsewhere. */
static gboolean complete(Form *form, GError **error)
{
    g_autoptr(GString) missing = g_string_new(NULL);

    for (guint i = 0; i < value_count(form->pages); i++) {
        const Value *required = value_get(page_schema(form, i), "required");

        for (guint j = 0; j < value_count(required); j++) {
            const char *name = value_string(value_item(required, j), "");

            if (value_get(form->values, name))
                continue;
            if (!isatty(STDIN_FILENO))
                g_string_append_printf(missing, "%s%s", missing->len ? ", " : "", name);
            else if (!ask_for(form, name, error))
                return FALSE;
        }
    }
    if (!missing->len)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the template needs: %s (give each with --set)",
                missing->str);
    return FALSE;
}

static gboolean fill_in(Form *form, const char *namespace, const char *name, char **pairs,
                        GError **error)
{
    const Value *parameters = client_get(
        form->client, error, "/api/scaffolder/v2/templates/%s/template/%s/parameter-schema",
        client_escape(form->client, namespace), client_escape(form->client, name));

    if (!parameters)
        return FALSE;
    form->pages = value_get(parameters, "steps");
    form->values = value_object_new(form->client->arena);
    for (guint i = 0; pairs && pairs[i]; i++)
        if (!set_value(form, pairs[i], error))
            return FALSE;
    set_defaults(form);
    return complete(form, error);
}

/* ---- the outcome ---- */

/* "component:default/x" → the page of the entity. */
static char *entity_url(const Client *client, const char *ref)
{
    g_auto(GStrv) parts = g_strsplit_set(ref, ":/", 3);

    if (g_strv_length(parts) != 3)
        return g_strdup(ref);
    return g_strdup_printf("%s/catalog/%s/%s/%s", client->url, parts[1], parts[0], parts[2]);
}

static void print_links(const Client *client, const Value *job)
{
    const Value *links = value_path(job, "output.links");

    for (guint i = 0; i < value_count(links); i++) {
        const Value *link = value_item(links, i);
        const char *ref = value_path_string(link, "entityRef", NULL);
        const char *url = value_path_string(link, "url", NULL);
        g_autofree char *page = !url && ref ? entity_url(client, ref) : NULL;

        if (url || page)
            g_print("  %s: %s%s\n", value_path_string(link, "title", "Link"),
                    url && url[0] == '/' ? client->url : "", url ? url : page);
    }
}

static int print_outcome(const Client *client, const Value *job, gboolean as_json)
{
    const char *state = value_path_string(job, "state", "");
    const char *id = value_path_string(job, "id", "");
    gboolean good = g_str_equal(state, "succeeded");

    if (as_json) {
        screen_json(job);
        return good ? EXIT_OK : EXIT_FAILED;
    }
    if (good) {
        g_print("\n%sCreated.%s\n", screen_green(), screen_reset());
        print_links(client, job);
        return EXIT_OK;
    }
    g_printerr("\n%sThe task %s%s: %s\n", screen_red(), state, screen_reset(),
               value_path_string(job,
                                 g_str_equal(state, "waiting") ? "waitingFor" : "error.message",
                                 "no reason given"));
    g_printerr(g_str_equal(state, "waiting")
                   ? "Answer with `pave jobs answer %s done|repeat|fail`.\n"
                   : "Go on from the failed step with `pave jobs retry %s`.\n",
               id);
    return EXIT_FAILED;
}

static const Value *submit(Form *form, const char *namespace, const char *name, GError **error)
{
    Arena *arena = form->client->arena;
    Value *task = value_object_new(arena);

    value_set_string(arena, task, "templateRef",
                     arena_printf(arena, "template:%s/%s", namespace, name));
    value_set(arena, task, "values", form->values);
    return client_call(form->client, "POST", "/api/scaffolder/v2/tasks", task, error);
}

int command_create(int argc, char **argv)
{
    g_auto(GStrv) pairs = NULL, rest = NULL;
    gboolean as_json = FALSE, no_wait = FALSE;
    const GOptionEntry options[] = {
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &pairs, "A parameter of the template",
         "NAME=VALUE"},
        {"no-wait", 0, 0, G_OPTION_ARG_NONE, &no_wait, "Print the task's id and go", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print JSON", NULL},
        {NULL}};
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *namespace = NULL, *name = NULL;
    Form form = {0};
    const Value *task, *job;

    if (!cli_parse(argc, argv, options, &rest))
        return EXIT_USAGE;
    if (g_strv_length(rest) != 1)
        return cli_usage("create takes the name of one template; `pave get templates` lists them");
    client = form.client = client_open(&error);
    if (!client)
        return cli_fail(error);
    split_ref(rest[0], &namespace, &name);
    if (!fill_in(&form, namespace, name, pairs, &error))
        return g_error_matches(error, PAVE_ERROR, ERROR_INPUT) ? cli_usage("%s", error->message)
                                                               : cli_fail(error);
    task = submit(&form, namespace, name, &error);
    if (!task)
        return cli_fail(error);
    if (no_wait) {
        if (as_json)
            screen_json(task);
        else
            g_print("%s\n", value_path_string(task, "id", ""));
        return EXIT_OK;
    }
    job = follow_job(client, value_path_string(task, "id", ""),
                     as_json ? FOLLOW_QUIET : FOLLOW_STEPS, &error);
    return job ? print_outcome(client, job, as_json) : cli_fail(error);
}
