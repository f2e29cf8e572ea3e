/* Texts with expressions in them: finding `${{ … }}`, interpolation, conditions, checking. */
#include "formats/ghexpr.h"

#include "formats/ghexpr_internal.h"

#include <string.h>

static int ghexpr_next_expression(const char *text, gsize *at, gsize *open, gsize *inner,
                                  gsize *length)
{
    const char *start = strstr(text + *at, "${{");
    if (!start)
        return 0;
    *open = (gsize)(start - text);
    *inner = *open + 3;
    bool in_string = false;
    for (const char *here = start + 3; *here; here++) {
        if (*here == '\'') {
            in_string = !in_string;
        } else if (!in_string && here[0] == '}' && here[1] == '}') {
            *length = (gsize)(here - text) - *inner;
            *at = (gsize)(here - text) + 2;
            return 1;
        }
    }
    return -1;
}

static void locate(const char *file, const char *expression, int column, GError **error)
{
    if (!error || !*error)
        return;
    g_autofree char *trimmed = g_strstrip(g_strdup(expression));
    gboolean fits = g_utf8_strlen(trimmed, -1) <= 120;
    g_autofree char *shown = g_utf8_substring(trimmed, 0, fits ? -1 : 117);
    g_prefix_error(error, "%s%sexpression '%s%s', column %d: ", file ? file : "", file ? ": " : "",
                   shown, fits ? "" : "...", column);
}

const Value *ghexpr_evaluate(Arena *arena, const char *expression, const GhexprScope *scope,
                             GError **error)
{
    int column = 1;
    g_autoptr(GError) why = NULL;
    Node *node = ghexpr_parse(arena, expression, &column, &why);
    GhexprRun run = {.arena = arena, .scope = scope, .column = 1};
    const Value *value = node ? ghexpr_run(&run, node, &why) : NULL;
    if (!value) {
        locate(scope->file, expression, node ? run.column : column, &why);
        g_propagate_error(error, g_steal_pointer(&why));
    }
    return value;
}

static const Value *not_closed(const char *file, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s%sa '${{' has no closing '}}'", file ? file : "",
                file ? ": " : "");
    return NULL;
}

/* The inner text where text is exactly one expression, spaces around it left out. */
static const char *only_expression(Arena *arena, const char *text)
{
    gsize at = 0, open, inner, length;
    const char *start = text + strspn(text, " \t\r\n");
    if (ghexpr_next_expression(start, &at, &open, &inner, &length) != 1 || open != 0 ||
        strspn(start + at, " \t\r\n") != strlen(start + at))
        return NULL;
    return arena_strndup(arena, start + inner, length);
}

const Value *ghexpr_interpolate(Arena *arena, const char *text, const GhexprScope *scope,
                                GError **error)
{
    gsize at = 0, from = 0, open, inner, length;
    int found;
    const char *only = only_expression(arena, text);
    if (only)
        return ghexpr_evaluate(arena, only, scope, error);
    GString *out = g_string_new(NULL);
    while ((found = ghexpr_next_expression(text, &at, &open, &inner, &length)) == 1) {
        const char *expression = arena_strndup(arena, text + inner, length);
        const Value *value = ghexpr_evaluate(arena, expression, scope, error);
        g_string_append_len(out, text + from, (gssize)(open - from));
        if (value)
            g_string_append(out, ghexpr_to_string(arena, value));
        from = at;
        if (!value || out->len > GHEXPR_TEXT_MAX) {
            g_string_free(out, TRUE);
            if (value)
                g_set_error_literal(error, PAVE_ERROR, ERROR_INPUT,
                                    "the text with its expressions replaced is too large");
            return NULL;
        }
    }
    g_string_append(out, text + from);
    const Value *value = found < 0 ? not_closed(scope->file, error)
                                   : value_string_new_length(arena, out->str, out->len);
    g_string_free(out, TRUE);
    return value;
}

const Value *ghexpr_interpolate_tree(Arena *arena, const Value *value, const GhexprScope *scope,
                                     GError **error)
{
    if (value_is(value, VALUE_STRING))
        return strstr(value_string(value, ""), "${{")
                   ? ghexpr_interpolate(arena, value_string(value, ""), scope, error)
                   : value;
    if (ghexpr_is_scalar(value))
        return value ? value : value_null_new(arena);
    bool is_object = value_is(value, VALUE_OBJECT);
    Value *copy = is_object ? value_object_new(arena) : value_array_new(arena);
    for (guint i = 0; i < value_count(value); i++) {
        const Value *item = is_object ? value_value_at(value, i) : value_item(value, i);
        const Value *done = ghexpr_interpolate_tree(arena, item, scope, error);
        if (!done)
            return NULL;
        if (is_object)
            value_set(arena, copy, value_key_at(value, i), done);
        else
            value_append(arena, copy, done);
    }
    value_set_position(copy, value_line(value), value_column(value));
    return copy;
}

static bool tree_has_status(const Node *node)
{
    if (node->kind == NODE_CALL && ghexpr_function(node->name)->status)
        return true;
    for (const Node *child = node->first; child; child = child->next)
        if (tree_has_status(child))
            return true;
    return false;
}

static bool text_has_status(Arena *arena, const char *expression)
{
    Node *node = ghexpr_parse(arena, expression, NULL, NULL);
    return node && tree_has_status(node);
}

bool ghexpr_condition(Arena *arena, const char *text, const GhexprScope *scope, bool *result,
                      GError **error)
{
    const char *trimmed = text ? text + strspn(text, " \t\r\n") : "";
    if (!*trimmed) {
        *result = scope->success;
        return true;
    }
    const char *expression = strstr(trimmed, "${{") ? only_expression(arena, trimmed) : trimmed;
    /* text around `${{ }}` makes the whole a text, as on GitHub: true unless it is empty */
    const Value *value = expression ? ghexpr_evaluate(arena, expression, scope, error)
                                    : ghexpr_interpolate(arena, trimmed, scope, error);
    if (!value)
        return false;
    *result = ghexpr_truthy(value);
    if (!expression || !text_has_status(arena, expression))
        *result = *result && scope->success;
    return true;
}

/* ---- checking without evaluating ---- */

static bool check_tree(const Node *node, const char *const *contexts, bool status, int *column,
                       GError **error)
{
    if (node->kind == NODE_CONTEXT) {
        bool known = false;
        for (const char *const *name = contexts; *name; name++)
            known |= g_ascii_strcasecmp(*name, node->name) == 0;
        if (!known) {
            g_autofree char *all = g_strjoinv(", ", (char **)contexts);
            *column = node->column;
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "'%s' is not available here; there %s %s",
                        node->name, contexts[1] ? "are" : "is", *all ? all : "nothing");
            return false;
        }
    }
    if (node->kind == NODE_CALL && !status && ghexpr_function(node->name)->status) {
        *column = node->column;
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s() works in an `if` only",
                    ghexpr_function(node->name)->name);
        return false;
    }
    for (const Node *child = node->first; child; child = child->next)
        if (!check_tree(child, contexts, status, column, error))
            return false;
    return true;
}

static bool check_one(Arena *arena, const char *expression, const char *const *contexts,
                      bool status, gsize start, gsize *offset, GError **error)
{
    int column = 1;
    Node *node = ghexpr_parse(arena, expression, &column, error);
    if (node && check_tree(node, contexts, status, &column, error))
        return true;
    *offset = start + (gsize)column - 1;
    return false;
}

bool ghexpr_check(Arena *arena, const char *text, bool condition, const char *const *contexts,
                  gsize *offset, GError **error)
{
    gsize at = 0, open = 0, inner = 0, length = 0;
    int found;
    *offset = 0;
    if (condition && !strstr(text, "${{"))
        return text[strspn(text, " \t\r\n")] == '\0' ||
               check_one(arena, text, contexts, true, 0, offset, error);
    while ((found = ghexpr_next_expression(text, &at, &open, &inner, &length)) == 1)
        if (!check_one(arena, arena_strndup(arena, text + inner, length), contexts, condition,
                       inner, offset, error))
            return false;
    if (found < 0) {
        *offset = open;
        not_closed(NULL, error);
        return false;
    }
    return true;
}
