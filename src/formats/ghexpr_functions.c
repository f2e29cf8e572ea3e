/* The functions of the expression language: one table, one small function each. */
#include "formats/ghexpr_internal.h"
#include "formats/json.h"

#include <string.h>

static const Value *too_large(GError **error)
{
    g_set_error_literal(error, PAVE_ERROR, ERROR_INPUT, "the expression's result is too large");
    return NULL;
}

static const Value *text_value(GhexprRun *run, GString *text, GError **error)
{
    const Value *value = NULL;
    if (text->len > GHEXPR_TEXT_MAX)
        value = too_large(error);
    else
        value = value_string_new_length(run->arena, text->str, text->len);
    g_string_free(text, TRUE);
    return value;
}

static const Value *answer(GhexprRun *run, bool is_true)
{
    return value_bool_new(run->arena, is_true);
}

static bool starts_with(const char *text, const char *prefix)
{
    for (; *prefix; text = g_utf8_next_char(text), prefix = g_utf8_next_char(prefix)) {
        if (!*text)
            return false;
        g_autofree char *a = g_utf8_substring(text, 0, 1), *b = g_utf8_substring(prefix, 0, 1);
        if (ghexpr_compare_text(a, b) != 0)
            return false;
    }
    return true;
}

/* Upper-cased as ghexpr_compare_text() compares, so that plain text functions work on it. */
static char *folded(const char *text)
{
    GString *out = g_string_sized_new(strlen(text));
    for (; *text; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);
        g_string_append_unichar(out, c == 0x131 ? c : g_unichar_toupper(c));
    }
    return g_string_free(out, FALSE);
}

static const Value *call_contains(GhexprRun *run, const Value *const *arguments, guint count,
                                  GError **error)
{
    const Value *where = arguments[0], *what = arguments[1];
    if (value_is(where, VALUE_ARRAY)) {
        for (guint i = 0; i < value_count(where); i++)
            if (ghexpr_equal(value_item(where, i), what))
                return answer(run, true);
        return answer(run, false);
    }
    if (!ghexpr_is_scalar(where) || !ghexpr_is_scalar(what))
        return answer(run, false);
    g_autofree char *text = folded(ghexpr_to_string(run->arena, where));
    g_autofree char *part = folded(ghexpr_to_string(run->arena, what));
    return answer(run, strstr(text, part) != NULL);
}

static const Value *call_starts_with(GhexprRun *run, const Value *const *arguments, guint count,
                                     GError **error)
{
    return answer(run, ghexpr_is_scalar(arguments[0]) && ghexpr_is_scalar(arguments[1]) &&
                           starts_with(ghexpr_to_string(run->arena, arguments[0]),
                                       ghexpr_to_string(run->arena, arguments[1])));
}

static const Value *call_ends_with(GhexprRun *run, const Value *const *arguments, guint count,
                                   GError **error)
{
    if (!ghexpr_is_scalar(arguments[0]) || !ghexpr_is_scalar(arguments[1]))
        return answer(run, false);
    g_autofree char *text = folded(ghexpr_to_string(run->arena, arguments[0]));
    g_autofree char *end = folded(ghexpr_to_string(run->arena, arguments[1]));
    return answer(run, g_str_has_suffix(text, end));
}

/* "{3}" at *at: the number, *at moved to the closing brace; -1 where it is none. */
static int placeholder(const char *text, gsize *at)
{
    gsize i = *at + 1;
    int number = 0, digits = 0;
    for (; g_ascii_isdigit(text[i]) && digits < 4; i++, digits++)
        number = number * 10 + (text[i] - '0');
    if (!digits || text[i] != '}')
        return -1;
    *at = i;
    return number;
}

static const Value *call_format(GhexprRun *run, const Value *const *arguments, guint count,
                                GError **error)
{
    const char *format = ghexpr_to_string(run->arena, arguments[0]);
    GString *out = g_string_new(NULL);
    for (gsize i = 0; format[i] && out->len <= GHEXPR_TEXT_MAX; i++) {
        if ((format[i] == '{' || format[i] == '}') && format[i + 1] == format[i]) {
            g_string_append_c(out, format[i++]);
            continue;
        }
        if (format[i] != '{' && format[i] != '}') {
            g_string_append_c(out, format[i]);
            continue;
        }
        int number = format[i] == '{' ? placeholder(format, &i) : -1;
        if (number < 0 || (guint)number + 1 >= count) {
            g_string_free(out, TRUE);
            if (number < 0)
                g_set_error(error, PAVE_ERROR, ERROR_INPUT, "format(): '%s' is no format string",
                            format);
            else
                g_set_error(error, PAVE_ERROR, ERROR_INPUT, "format(): '{%d}' has no argument",
                            number);
            return NULL;
        }
        g_string_append(out, ghexpr_to_string(run->arena, arguments[number + 1]));
    }
    return text_value(run, out, error);
}

static const Value *call_join(GhexprRun *run, const Value *const *arguments, guint count,
                              GError **error)
{
    const char *separator = ",";
    if (count > 1)
        separator =
            ghexpr_is_scalar(arguments[1]) ? ghexpr_to_string(run->arena, arguments[1]) : "";
    if (!value_is(arguments[0], VALUE_ARRAY))
        return value_string_new(run->arena, ghexpr_is_scalar(arguments[0])
                                                ? ghexpr_to_string(run->arena, arguments[0])
                                                : "");
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < value_count(arguments[0]) && out->len <= GHEXPR_TEXT_MAX; i++) {
        if (i)
            g_string_append(out, separator);
        const Value *item = value_item(arguments[0], i);
        g_string_append(out, ghexpr_is_scalar(item) ? ghexpr_to_string(run->arena, item) : "");
    }
    return text_value(run, out, error);
}

static const Value *call_to_json(GhexprRun *run, const Value *const *arguments, guint count,
                                 GError **error)
{
    GString *out = g_string_new(NULL);
    json_write(out, arguments[0], JSON_PRETTY);
    return text_value(run, out, error);
}

static const Value *call_from_json(GhexprRun *run, const Value *const *arguments, guint count,
                                   GError **error)
{
    const char *text = ghexpr_to_string(run->arena, arguments[0]);
    g_autoptr(GError) why = NULL;
    const Value *value = json_parse(run->arena, text, -1, &why);
    if (!value)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "fromJSON(): %s",
                    *text ? why->message : "the text is empty");
    return value;
}

static const Value *call_case(GhexprRun *run, const Value *const *arguments, guint count,
                              GError **error)
{
    for (guint i = 0; i + 1 < count; i += 2) {
        if (!value_is(arguments[i], VALUE_BOOL)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "case(): condition %u is no boolean",
                        i / 2 + 1);
            return NULL;
        }
        if (value_bool(arguments[i], false))
            return arguments[i + 1];
    }
    return arguments[count - 1];
}

static const Value *call_hash_files(GhexprRun *run, const Value *const *arguments, guint count,
                                    GError **error)
{
    if (!run->scope->workspace) {
        g_set_error_literal(error, PAVE_ERROR, ERROR_INPUT,
                            "hashFiles() works in the steps of a job only");
        return NULL;
    }
    g_autoptr(GPtrArray) patterns = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < count; i++) {
        g_auto(GStrv) lines = g_strsplit(ghexpr_to_string(run->arena, arguments[i]), "\n", 256);
        for (char **line = lines; *line; line++)
            if (*g_strstrip(*line))
                g_ptr_array_add(patterns, g_strdup(*line));
    }
    g_ptr_array_add(patterns, NULL);
    const char *digest = ghexpr_hash_files(run->arena, run->scope->workspace,
                                           (const char *const *)patterns->pdata, error);
    return digest ? value_string_new(run->arena, digest) : NULL;
}

static const Value *call_success(GhexprRun *run, const Value *const *arguments, guint count,
                                 GError **error)
{
    return answer(run, run->scope->success);
}

static const Value *call_failure(GhexprRun *run, const Value *const *arguments, guint count,
                                 GError **error)
{
    return answer(run, run->scope->failure);
}

static const Value *call_cancelled(GhexprRun *run, const Value *const *arguments, guint count,
                                   GError **error)
{
    return answer(run, run->scope->cancelled);
}

static const Value *call_always(GhexprRun *run, const Value *const *arguments, guint count,
                                GError **error)
{
    return answer(run, true);
}

static const GhexprFunction FUNCTIONS[] = {
    {"contains", 2, 2, false, call_contains},
    {"startsWith", 2, 2, false, call_starts_with},
    {"endsWith", 2, 2, false, call_ends_with},
    {"format", 1, 255, false, call_format},
    {"join", 1, 2, false, call_join},
    {"toJSON", 1, 1, false, call_to_json},
    {"fromJSON", 1, 1, false, call_from_json},
    {"case", 3, 255, false, call_case},
    {"hashFiles", 1, 255, false, call_hash_files},
    {"success", 0, 255, true, call_success},
    {"failure", 0, 255, true, call_failure},
    {"cancelled", 0, 0, true, call_cancelled},
    {"always", 0, 0, true, call_always},
};

const GhexprFunction *ghexpr_function(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(FUNCTIONS); i++)
        if (g_ascii_strcasecmp(FUNCTIONS[i].name, name) == 0)
            return &FUNCTIONS[i];
    return NULL;
}
