/* `pave get`: what there is, as tables, YAML or JSON. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/screen.h"
#include "formats/yaml.h"
#include <string.h>

typedef struct {
    const char *plural, *singular;
    const char *list;           /* path */
    const char *one;            /* path with %s for the name; NULL: none */
    const char *const *columns; /* heading, path, heading, path, … */
} Thing;

static const char *const ENTITY_COLUMNS[] = {
    "NAME",      "metadata.name",  "TYPE",  "spec.type",      "OWNER",       "spec.owner",
    "LIFECYCLE", "spec.lifecycle", "TITLE", "metadata.title", "DESCRIPTION", "metadata.description",
    NULL};
static const char *const MIXED_COLUMNS[] = {
    "KIND",  "kind",       "NAME",  "metadata.name",  "TYPE",        "spec.type",
    "OWNER", "spec.owner", "TITLE", "metadata.title", "DESCRIPTION", "metadata.description",
    NULL};
static const char *const REPOSITORY_COLUMNS[] = {
    "OWNER", "owner", "NAME", "name", "DESCRIPTION", "description", "CLONE", "cloneUrl", NULL};
static const char *const ENVIRONMENT_COLUMNS[] = {"NAME", "name", "PRODUCTION", "production", NULL};
static const char *const WORKSPACE_COLUMNS[] = {
    "NAME", "name", "MODULE", "module", "ENVIRONMENT", "environment", "STATE", "state", NULL};
static const char *const MODULE_COLUMNS[] = {"NAME", "name", "DESCRIPTION", "description", NULL};
static const char *const DEPLOYMENT_COLUMNS[] = {
    "SERVICE", "service", "ENVIRONMENT", "environment", "COMMIT",  "commit",    "STATE", "state",
    "KIND",    "kind",    "BY",          "actor",       "CREATED", "createdAt", NULL};

#define ENTITIES(plural, singular, kind)                                                           \
    {                                                                                              \
        plural, singular, "/api/catalog/entities?filter=kind=" kind "&order=asc:metadata.name",    \
            "/api/catalog/entities/by-name/" kind "/default/%s", ENTITY_COLUMNS                    \
    }

static const Thing THINGS[] = {
    ENTITIES("components", "component", "component"),
    ENTITIES("apis", "api", "api"),
    ENTITIES("systems", "system", "system"),
    ENTITIES("domains", "domain", "domain"),
    ENTITIES("resources", "resource", "resource"),
    ENTITIES("groups", "group", "group"),
    ENTITIES("users", "user", "user"),
    ENTITIES("templates", "template", "template"),
    ENTITIES("locations", "location", "location"),
    {"entities", "entity", "/api/catalog/entities?order=asc:kind&order=asc:metadata.name", NULL,
     MIXED_COLUMNS},
    {"repositories", "repository", "/api/forge/v1/repositories", NULL, REPOSITORY_COLUMNS},
    {"environments", "environment", "/api/deployments/v1/environments", NULL, ENVIRONMENT_COLUMNS},
    {"services", "service", "/api/deployments/v1/services", "/api/deployments/v1/services/%s",
     NULL},
    {"deployments", "deployment", "/api/deployments/v1/deployments",
     "/api/deployments/v1/deployments/%s", DEPLOYMENT_COLUMNS},
    {"workspaces", "workspace", "/api/infra/v1/workspaces", "/api/infra/v1/workspaces/%s",
     WORKSPACE_COLUMNS},
    {"modules", "module", "/api/infra/v1/modules", "/api/infra/v1/modules/%s", MODULE_COLUMNS},
};

static const Thing *find_thing(const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);

    for (guint i = 0; i < G_N_ELEMENTS(THINGS); i++)
        if (g_str_equal(THINGS[i].plural, lower) || g_str_equal(THINGS[i].singular, lower))
            return &THINGS[i];
    return NULL;
}

static const char *cell(Arena *arena, const Value *item, const char *path)
{
    const Value *value = value_path(item, path);

    if (value_is(value, VALUE_BOOL))
        return value_bool(value, false) ? "yes" : "no";
    if (value_is(value, VALUE_NUMBER))
        return arena_printf(arena, "%" G_GINT64_FORMAT, (gint64)value_int(value, 0));
    if (g_str_equal(path, "commit"))
        return screen_clip(arena, value_string(value, ""), 7);
    if (g_str_has_suffix(path, "At"))
        return screen_age(arena, value_string(value, NULL));
    return value_string(value, "");
}

/* A column that has nothing in any row is left out. */
static gboolean is_used(const Value *items, const char *path)
{
    for (guint i = 0; i < value_count(items); i++) {
        const Value *value = value_path(value_item(items, i), path);

        if (value && !value_is(value, VALUE_NULL))
            return TRUE;
    }
    return FALSE;
}

static void print_table(Arena *arena, const Value *items, const Thing *thing)
{
    const char *headings[16] = {NULL}, *paths[16], *cells[16] = {NULL};
    g_autofree char *empty = g_strdup_printf("There are no %s.", thing->plural);
    guint count = 0;
    Table *table;

    for (guint i = 0; thing->columns[i]; i += 2)
        if (i == 0 || is_used(items, thing->columns[i + 1])) {
            headings[count] = thing->columns[i];
            paths[count++] = thing->columns[i + 1];
        }
    table = table_new(headings);
    for (guint i = 0; i < value_count(items); i++) {
        for (guint j = 0; j < count; j++)
            cells[j] = cell(arena, value_item(items, i), paths[j]);
        table_add(table, cells);
    }
    table_print(table, empty);
}

/* A row for each environment of each service. */
static void print_services(Arena *arena, const Value *items)
{
    static const char *const headings[] = {"SERVICE", "ENVIRONMENT", "STATE", "COMMIT",
                                           "HEALTH",  "SINCE",       "URL",   NULL};
    Table *table = table_new(headings);

    for (guint i = 0; i < value_count(items); i++) {
        const Value *service = value_item(items, i), *places = value_get(service, "environments");

        for (guint j = 0; j < value_count(places); j++) {
            const Value *place = value_item(places, j), *current = value_get(place, "current");

            table_add(table, (const char *[]){
                                 value_path_string(service, "service", ""),
                                 value_path_string(place, "environment", ""),
                                 value_path_string(current, "state", "not deployed"),
                                 screen_clip(arena, value_path_string(current, "commit", ""), 7),
                                 value_path_string(current, "health.status", ""),
                                 screen_age(arena, value_path_string(current, "since", NULL)),
                                 value_path_string(place, "url", "")});
        }
    }
    table_print(table, "There are no services.");
}

static void print_list(Arena *arena, const Value *reply, const Thing *thing)
{
    const Value *items = value_is(reply, VALUE_ARRAY) ? reply : value_get(reply, "items");

    if (thing->columns)
        print_table(arena, items, thing);
    else
        print_services(arena, items);
}

static const Value *ask(Client *client, const Thing *thing, const char *name, GError **error)
{
    g_autofree char *path = NULL;

    if (!name)
        return client_call(client, "GET", thing->list, NULL, error);
    if (strchr(name, ':') || strchr(name, '/')) { /* a full reference */
        g_auto(GStrv) parts = g_strsplit_set(name, ":/", 3);

        if (g_strv_length(parts) == 3)
            path = g_strdup_printf("/api/catalog/entities/by-name/%s/%s/%s", parts[0], parts[1],
                                   parts[2]);
    }
    if (!path && thing->one)
        path = g_strdup_printf(thing->one, client_escape(client, name));
    if (path)
        return client_call(client, "GET", path, NULL, error);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s are listed only", thing->plural);
    return NULL;
}

int command_get(int argc, char **argv)
{
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {{"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print JSON", NULL},
                                    {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    const Thing *thing;
    const Value *reply;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (!rest[0] || (rest[1] && rest[2]))
        return cli_usage("get takes what to list, and a name for only one");
    thing = find_thing(rest[0]);
    if (!thing && strchr(rest[0], ':') && !rest[1]) /* pave get component:default/x */
        thing = find_thing("entities");
    if (!thing)
        return cli_usage("there is nothing called '%s' to list", rest[0]);
    client = client_open(&error);
    reply = client ? ask(client, thing, strchr(rest[0], ':') ? rest[0] : rest[1], &error) : NULL;
    if (!reply)
        return cli_fail(error);
    if (as_json) {
        screen_json(reply);
    } else if (rest[1] || strchr(rest[0], ':')) {
        yaml_write(text, reply);
        g_print("%s", text->str);
    } else {
        print_list(client->arena, reply, thing);
    }
    return EXIT_OK;
}
