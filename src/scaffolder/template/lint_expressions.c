/* The expressions of steps, conditions and outputs: whether they parse, and whether what they read
 * is there. */
#include "scaffolder/template/lint.h"

#include "formats/nunjucks.h"

#include <stdio.h>
#include <string.h>

typedef enum { IN_FORM, IN_INPUT, IN_IF, IN_EACH, IN_OUTPUT } Place;

typedef struct {
    Lint *lint;
    Place place;
    guint step; /* how many steps come before */
    bool each;  /* the step is a loop */
    const Value *text;
} Site;

/* ---- where in the file ---- */

static void add_at(Site *site, DiagnosticSeverity severity, const char *code, int line, int column,
                   const char *hint, const char *message)
{
    const Value *text = site->text;
    bool single = !strchr(value_string(text, ""), '\n');

    /* The place inside a text of one line is known; of a block its line. */
    diagnostics_add(site->lint->findings,
                    &(Diagnostic){.severity = severity,
                                  .code = code,
                                  .message = message,
                                  .file = site->lint->file,
                                  .line = single ? value_line(text) : value_line(text) + line,
                                  .column = single ? value_column(text) + column - 1 : column,
                                  .hint = hint});
}

static void add_read(Site *site, DiagnosticSeverity severity, const NunjucksRead *read,
                     const char *hint, const char *message)
{
    add_at(site, severity, "template-undefined", read->line, read->column, hint, message);
}

/* ---- what may be read ---- */

static const char *const ROOTS[] = {"parameters", "steps",       "user",   "each",    "secrets",
                                    "context",    "environment", "always", "failure", "success",
                                    "range",      "joiner",      "cycler", NULL};

static void check_parameter(Site *site, const NunjucksRead *read)
{
    Lint *lint = site->lint;
    const char *name = read->count > 1 ? read->names[1] : NULL;

    if (!name) {
        lint->uses_all = true;
        return;
    }
    g_hash_table_add(lint->used, arena_strdup(lint->arena, name));
    if (!g_hash_table_contains(lint->parameters, name) && !read->guarded)
        add_read(site, DIAGNOSTIC_ERROR, read, lint_hint(lint, name, lint->parameters),
                 arena_printf(lint->arena, "no page of the form defines parameters.%s", name));
}

static const char *id_of_step(Lint *lint, const Value *steps, guint index)
{
    const char *id = value_path_string(value_item(steps, index), "id", NULL);

    return id ? id : arena_printf(lint->arena, "step-%u", index + 1);
}

static void check_output(Site *site, const NunjucksRead *read, const Value *step)
{
    Lint *lint = site->lint;
    const Action *action = actions_find(lint->scaffolder, value_path_string(step, "action", ""));
    const Value *properties = action ? value_get(action->output, "properties") : NULL;
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    if (read->count > 2 && !g_str_equal(read->names[2], "output"))
        add_read(site, DIAGNOSTIC_ERROR, read, NULL,
                 arena_printf(lint->arena, "a step has only output, not %s", read->names[2]));
    if (read->count < 4 || !g_str_equal(read->names[2], "output") || !properties || read->guarded ||
        value_get(properties, read->names[3]) ||
        value_is(value_get(action->output, "additionalProperties"), VALUE_OBJECT) ||
        value_bool(value_get(action->output, "additionalProperties"), false))
        return;
    for (guint i = 0; i < value_count(properties); i++)
        g_hash_table_add(names, (char *)value_key_at(properties, i));
    add_read(site, DIAGNOSTIC_ERROR, read, lint_hint(lint, read->names[3], names),
             arena_printf(lint->arena, "%s has no output %s", action->id, read->names[3]));
}

static void check_step(Site *site, const NunjucksRead *read)
{
    Lint *lint = site->lint;
    const Value *steps = value_path(lint->template, "spec.steps");
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    if (read->count < 2)
        return;
    for (guint i = 0; i < value_count(steps); i++) {
        const char *id = id_of_step(lint, steps, i);

        g_hash_table_add(names, (char *)id);
        if (!g_str_equal(id, read->names[1]))
            continue;
        if (i < site->step)
            check_output(site, read, value_item(steps, i));
        else
            add_read(site, DIAGNOSTIC_ERROR, read, NULL,
                     arena_printf(lint->arena, "the step %s has not run yet here", id));
        return;
    }
    if (!read->guarded)
        add_read(site, DIAGNOSTIC_ERROR, read, lint_hint(lint, read->names[1], names),
                 arena_printf(lint->arena, "no step is called %s", read->names[1]));
}

static void check_root(Site *site, const NunjucksRead *read)
{
    Lint *lint = site->lint;
    const char *name = read->names[0];
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    if (g_str_equal(name, "each") && !site->each)
        add_read(site, DIAGNOSTIC_ERROR, read, NULL, "each is there only in a step that has each");
    if (g_str_equal(name, "secrets") && site->place != IN_INPUT && site->place != IN_EACH)
        add_read(site, DIAGNOSTIC_ERROR, read, NULL,
                 "secrets are there only in the input and the each of a step");
    if (g_strv_contains(ROOTS, name) || read->guarded)
        return;
    for (const char *const *root = ROOTS; *root; root++)
        g_hash_table_add(names, (char *)*root);
    add_read(site, DIAGNOSTIC_ERROR, read, lint_hint(lint, name, names),
             arena_printf(lint->arena, "nothing is called %s here", name));
}

static void found(const NunjucksRead *read, void *data)
{
    Site *site = data;

    if (read->filter) {
        if (!nunjucks_knows_filter(read->filter))
            add_at(site, DIAGNOSTIC_ERROR, "template-unknown-filter", read->line, read->column,
                   NULL, arena_printf(site->lint->arena, "there is no filter %s", read->filter));
        return;
    }
    if (!read->names)
        return;
    check_root(site, read);
    if (g_str_equal(read->names[0], "parameters"))
        check_parameter(site, read);
    if (g_str_equal(read->names[0], "steps"))
        check_step(site, read);
}

static void check_text(Site *site, const Value *text)
{
    g_autoptr(GError) error = NULL;
    int line = 1, column = 1, message = 0;

    if (!lint_is_dynamic(text))
        return;
    site->text = text;
    if (nunjucks_reads(value_string(text, ""), NULL, found, site, &error))
        return;
    if (sscanf(error->message, "template:%d:%d: %n", &line, &column, &message) != 2)
        message = 0;
    add_at(site, DIAGNOSTIC_ERROR, "template-expression", line, column, NULL,
           error->message + message);
}

static void check_tree(Site *site, const Value *value)
{
    bool object = value_is(value, VALUE_OBJECT);

    if (value_is(value, VALUE_STRING))
        check_text(site, value);
    else
        for (guint i = 0; i < value_count(value); i++)
            check_tree(site, object ? value_value_at(value, i) : value_item(value, i));
}

/* ---- the places ---- */

static void check_whens(Site *site, const Value *value, guint depth)
{
    bool object = value_is(value, VALUE_OBJECT);

    if (object && value_is(value_get(value, "when"), VALUE_STRING))
        check_text(site, value_get(value, "when"));
    for (guint i = 0; depth < 24 && i < value_count(value); i++)
        check_whens(site, object ? value_value_at(value, i) : value_item(value, i), depth + 1);
}

static void check_outputs(Site *site, const Value *output)
{
    static const char *const lists[] = {"links", "text"};

    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        const Value *items = value_get(output, lists[i]);

        for (guint j = 0; j < value_count(items); j++) {
            const Value *item = value_item(items, j);
            bool url = value_get(item, "url"), ref = value_get(item, "entityRef");

            if (i == 0 && url == ref)
                lint_add(site->lint, DIAGNOSTIC_WARNING, "template-output", item, NULL,
                         "a link needs either url or entityRef");
        }
    }
    check_tree(site, output);
}

void lint_expressions(Lint *lint)
{
    const Value *steps = value_path(lint->template, "spec.steps");
    Site form = {.lint = lint, .place = IN_FORM};
    guint count = value_is(steps, VALUE_ARRAY) ? value_count(steps) : 0;

    check_whens(&form, value_path(lint->template, "spec.parameters"), 0);
    for (guint i = 0; i < count; i++) {
        const Value *step = value_item(steps, i);
        Site site = {.lint = lint, .step = i, .each = value_get(step, "each") != NULL};

        site.place = IN_IF;
        check_tree(&site, value_get(step, "if"));
        site.place = IN_INPUT;
        check_tree(&site, value_get(step, "input"));
        site.place = IN_EACH;
        site.each = false;
        check_tree(&site, value_get(step, "each"));
    }
    Site output = {.lint = lint, .place = IN_OUTPUT, .step = count};

    check_outputs(&output, value_path(lint->template, "spec.output"));
}
