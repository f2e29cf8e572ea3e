#include "pipelines/workflow_rules.h"

#include "base/nearest.h"
#include "formats/ghexpr.h"

#include <string.h>

#define CONTEXTS(name, ...) const char *const name[] = {__VA_ARGS__, NULL}
CONTEXTS(IN_GLOBAL, "github", "inputs", "vars");
CONTEXTS(IN_GLOBAL_ENV, "github", "inputs", "vars", "secrets");
CONTEXTS(IN_JOB_IF, "github", "inputs", "vars", "needs");
CONTEXTS(IN_JOB, "github", "inputs", "vars", "needs", "strategy", "matrix");
CONTEXTS(IN_JOB_ENV, "github", "inputs", "vars", "needs", "strategy", "matrix", "secrets");
CONTEXTS(IN_STEP_IF, "github", "inputs", "vars", "needs", "strategy", "matrix", "steps", "job",
         "runner", "env");
CONTEXTS(IN_STEP, "github", "inputs", "vars", "needs", "strategy", "matrix", "steps", "job",
         "runner", "env", "secrets");
CONTEXTS(IN_CALL_OUTPUT, "github", "inputs", "vars", "jobs");

/* ---- reporting ---- */

void check_report(Checker *checker, const char *code, int line, int column, const char *hint,
                  const char *message)
{
    Diagnostic finding = {DIAGNOSTIC_ERROR, code, message, checker->file, line, column, NULL, hint};
    diagnostics_add(checker->diagnostics, &finding);
}

void check_wrong(Checker *checker, const Value *where, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    check_report(checker, "workflow-value", value_line(where), value_column(where), NULL, message);
}

static const char *kinds_text(Arena *arena, guint kinds)
{
    static const struct {
        guint kind;
        const char *name;
    } names[] = {{IS_TEXT, "text"},     {IS_NUMBER, "a number"}, {IS_BOOL, "true or false"},
                 {IS_MAP, "a mapping"}, {IS_LIST, "a list"},     {IS_EMPTY, "empty"}};
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (kinds & names[i].kind && !(names[i].kind == IS_EMPTY && text->len))
            g_string_append_printf(text, "%s%s", text->len ? " or " : "", names[i].name);
    const char *copy = arena_strdup(arena, text->str);
    g_string_free(text, TRUE);
    return copy;
}

guint check_kind_of(const Value *value)
{
    static const guint kinds[] = {
        [VALUE_NULL] = IS_EMPTY,  [VALUE_BOOL] = IS_BOOL,  [VALUE_NUMBER] = IS_NUMBER,
        [VALUE_STRING] = IS_TEXT, [VALUE_ARRAY] = IS_LIST, [VALUE_OBJECT] = IS_MAP,
    };
    return kinds[value_kind(value)];
}

/* ---- expressions ---- */

/* The offset in source of line and column (columns count characters). */
static const char *source_at(const Checker *checker, int line, int column)
{
    const char *here = checker->source;
    for (; here && line > 1; line--) {
        const char *end = strchr(here, '\n');
        here = end ? end + 1 : NULL;
    }
    for (; here && column > 1 && *here && *here != '\n'; column--)
        here = g_utf8_next_char(here);
    return here;
}

/* Where in the file the byte at offset of a text value stands: the value knows its beginning only,
 * and quotes, folds and indentation lie between. So the rest of its line is looked for. */
static void locate(const Checker *checker, const Value *value, gsize offset, int *line, int *column)
{
    *line = value_line(value);
    *column = value_column(value);
    const char *text = value_string(value, "");
    gsize from = offset;
    while (from > 0 && offset - from < 60 && text[from - 1] != '\n')
        from--;
    g_autofree char *part = g_strndup(text + from, strcspn(text + from, "\n"));
    const char *start = *line > 0 ? source_at(checker, *line, *column) : NULL;
    const char *found = start && *part ? strstr(start, part) : NULL;
    if (!found)
        return;
    const char *target = found + (offset - from);
    for (const char *here = start; here < target; here = g_utf8_next_char(here)) {
        *column = *here == '\n' ? 1 : *column + 1;
        *line += *here == '\n';
    }
}

static void check_text(Checker *checker, const Value *value, const Rule *rule)
{
    const char *text = value_string(value, "");
    gsize offset = 0;
    int line, column;
    g_autoptr(GError) error = NULL;
    if (!rule->contexts) {
        const char *start = strstr(text, "${{");
        if (start) {
            locate(checker, value, (gsize)(start - text), &line, &column);
            g_autofree char *message = g_strdup_printf("'%s' takes no expressions", rule->name);
            check_report(checker, "workflow-expression", line, column, NULL, message);
        }
        return;
    }
    if (ghexpr_check(checker->arena, text, rule->is_condition, rule->contexts, &offset, &error))
        return;
    locate(checker, value, offset, &line, &column);
    check_report(checker, "workflow-expression", line, column, NULL, error->message);
}

void check_texts(Checker *checker, const Value *value, const Rule *rule)
{
    if (value_is(value, VALUE_STRING))
        check_text(checker, value, rule);
    for (guint i = 0; value_is(value, VALUE_ARRAY) && i < value_count(value); i++)
        check_texts(checker, value_item(value, i), rule);
    for (guint i = 0; value_is(value, VALUE_OBJECT) && i < value_count(value); i++)
        check_texts(checker, value_value_at(value, i), rule);
}

static gboolean is_expression(const Value *value)
{
    return value_is(value, VALUE_STRING) && strstr(value_string(value, ""), "${{");
}

/* ---- mappings ---- */

const Rule *check_rule_of(const Rule *rules, const char *name)
{
    for (const Rule *rule = rules; rule->name; rule++)
        if (g_str_equal(rule->name, name))
            return rule;
    return NULL;
}

static void unknown_key(Checker *checker, const Value *map, const char *key, const Rule *rules,
                        const char *what)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const Rule *rule = rules; rule->name; rule++)
        g_ptr_array_add(names, (gpointer)rule->name);
    g_ptr_array_add(names, NULL);
    const char *nearest = nearest_name(key, (const char *const *)names->pdata);
    g_autofree char *hint = nearest ? g_strdup_printf("did you mean '%s'?", nearest) : NULL;
    g_autofree char *message = g_strdup_printf("%s has no key '%s'", what, key);
    check_report(checker, "workflow-unknown-key", value_key_line(map, key),
                 value_key_column(map, key), hint, message);
}

void check_value(Checker *checker, const Value *value, const Rule *rule)
{
    gboolean expression = rule->contexts && is_expression(value);
    if (!(check_kind_of(value) & rule->kinds) && !expression) {
        check_wrong(checker, value, "'%s' must be %s", rule->name,
                    kinds_text(checker->arena, rule->kinds));
        return;
    }
    if (rule->contexts || !rule->check)
        check_texts(checker, value, rule);
    if (rule->check && !expression)
        rule->check(checker, value, rule->name);
}

void check_mapping(Checker *checker, const Value *map, const Rule *rules, const char *what)
{
    for (guint i = 0; i < value_count(map); i++) {
        const char *key = value_key_at(map, i);
        const Rule *rule = check_rule_of(rules, key);
        if (rule)
            check_value(checker, value_value_at(map, i), rule);
        else
            unknown_key(checker, map, key, rules, what);
    }
}

void check_required(Checker *checker, const Value *map, const char *key, const char *what)
{
    if (!value_get(map, key))
        check_wrong(checker, map, "%s needs '%s'", what, key);
}

gboolean check_is_id(const char *text)
{
    gsize length = strlen(text);
    if (!length || length > 100 || !(g_ascii_isalpha(*text) || *text == '_'))
        return FALSE;
    for (; *text; text++)
        if (!g_ascii_isalnum(*text) && *text != '_' && *text != '-')
            return FALSE;
    return TRUE;
}

/* A mapping of names to scalars: env, with. */
void check_scalars(Checker *checker, const Value *map, const char *name)
{
    for (guint i = 0; value_is(map, VALUE_OBJECT) && i < value_count(map); i++)
        if (!(check_kind_of(value_value_at(map, i)) & (IS_SCALAR | IS_EMPTY)))
            check_wrong(checker, value_value_at(map, i), "'%s' in '%s' must be text or a number",
                        value_key_at(map, i), name);
}

void check_text_list(Checker *checker, const Value *value, const char *name)
{
    for (guint i = 0; value_is(value, VALUE_ARRAY) && i < value_count(value); i++)
        if (!(check_kind_of(value_item(value, i)) & IS_SCALAR))
            check_wrong(checker, value_item(value, i), "each item of '%s' must be text", name);
}

static void check_run_defaults(Checker *checker, const Value *map, const char *name)
{
    static const Rule rules[] = {{"shell", IS_TEXT, IN_JOB, NULL, FALSE},
                                 {"working-directory", IS_TEXT, IN_JOB, NULL, FALSE},
                                 {0}};
    check_mapping(checker, map, rules, "'run'");
}

void check_defaults(Checker *checker, const Value *map, const char *name)
{
    static const Rule rules[] = {{"run", IS_MAP, NULL, check_run_defaults, FALSE}, {0}};
    check_mapping(checker, map, rules, "'defaults'");
}

void check_concurrency(Checker *checker, const Value *value, const char *name)
{
    static const Rule rules[] = {{"group", IS_SCALAR, IN_JOB, NULL, FALSE},
                                 {"cancel-in-progress", IS_BOOL, IN_JOB, NULL, FALSE},
                                 {0}};
    if (!value_is(value, VALUE_OBJECT))
        return;
    check_mapping(checker, value, rules, "'concurrency'");
    check_required(checker, value, "group", "'concurrency'");
}

void check_permissions(Checker *checker, const Value *value, const char *name)
{
    static const char *const levels[] = {"read", "write", "none", NULL};
    if (value_is(value, VALUE_STRING)) {
        const char *text = value_string(value, "");
        if (!g_str_equal(text, "read-all") && !g_str_equal(text, "write-all"))
            check_wrong(checker, value, "'permissions' is 'read-all', 'write-all' or a mapping");
        return;
    }
    for (guint i = 0; i < value_count(value); i++)
        if (!g_strv_contains(levels, value_string(value_value_at(value, i), "")))
            check_wrong(checker, value_value_at(value, i),
                        "the permission '%s' must be read, write or none", value_key_at(value, i));
}
