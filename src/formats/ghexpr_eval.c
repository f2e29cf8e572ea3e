/* Coercions, comparisons and the walk over the tree. */
#include "formats/ghexpr_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool ghexpr_is_scalar(const Value *value)
{
    return value_kind(value) != VALUE_ARRAY && value_kind(value) != VALUE_OBJECT;
}

bool ghexpr_truthy(const Value *value)
{
    switch (value_kind(value)) {
    case VALUE_NULL:
        return false;
    case VALUE_BOOL:
        return value_bool(value, false);
    case VALUE_NUMBER: {
        double number = value_number(value, 0);
        return number != 0 && !isnan(number);
    }
    case VALUE_STRING:
        return value_string_length(value) > 0;
    default:
        return true;
    }
}

static double digits_to_number(const char *digits, int base)
{
    double number = 0;
    if (!*digits)
        return NAN;
    for (; *digits; digits++) {
        int digit = g_ascii_xdigit_value(*digits);
        if (digit < 0 || digit >= base)
            return NAN;
        number = number * base + digit;
    }
    return number;
}

static double text_to_number(const char *text)
{
    g_autofree char *trimmed = g_strstrip(g_strdup(text));
    const char *body = trimmed;
    if (!*body)
        return 0;
    if (g_str_has_prefix(body, "0x"))
        return digits_to_number(body + 2, 16);
    if (g_str_has_prefix(body, "0o"))
        return digits_to_number(body + 2, 8);
    double sign = *body == '-' ? -1 : 1;
    if (*body == '-' || *body == '+')
        body++;
    if (g_str_equal(body, "Infinity"))
        return sign * INFINITY;
    if (strspn(body, "0123456789.eE+-") != strlen(body) || !strpbrk(body, "0123456789"))
        return NAN;
    char *end = NULL;
    double number = g_ascii_strtod(body, &end);
    return *end || *body == '+' || *body == '-' ? NAN : sign * number;
}

double ghexpr_to_number(const Value *value)
{
    switch (value_kind(value)) {
    case VALUE_NULL:
        return 0;
    case VALUE_BOOL:
        return value_bool(value, false) ? 1 : 0;
    case VALUE_NUMBER:
        return value_number(value, 0);
    case VALUE_STRING:
        return text_to_number(value_string(value, ""));
    default:
        return NAN;
    }
}

static const char *number_to_text(Arena *arena, double number)
{
    if (isnan(number))
        return "NaN";
    if (isinf(number))
        return number > 0 ? "Infinity" : "-Infinity";
    if (number == 0)
        return "0";
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    return arena_strdup(arena, g_ascii_formatd(text, sizeof text, "%.15G", number));
}

const char *ghexpr_to_string(Arena *arena, const Value *value)
{
    switch (value_kind(value)) {
    case VALUE_NULL:
        return "";
    case VALUE_BOOL:
        return value_bool(value, false) ? "true" : "false";
    case VALUE_NUMBER:
        return number_to_text(arena, value_number(value, 0));
    case VALUE_STRING:
        return value_string(value, "");
    case VALUE_ARRAY:
        return "Array";
    default:
        return "Object";
    }
}

static gunichar fold(gunichar c)
{
    return c == 0x131 ? c : g_unichar_toupper(c);
}

int ghexpr_compare_text(const char *a, const char *b)
{
    for (; *a && *b; a = g_utf8_next_char(a), b = g_utf8_next_char(b)) {
        gunichar left = fold(g_utf8_get_char(a)), right = fold(g_utf8_get_char(b));
        if (left != right)
            return left < right ? -1 : 1;
    }
    return *a ? 1 : *b ? -1 : 0;
}

bool ghexpr_equal(const Value *a, const Value *b)
{
    ValueKind left = value_kind(a), right = value_kind(b);
    if (!ghexpr_is_scalar(a) || !ghexpr_is_scalar(b))
        return left == right && a == b;
    if (left == VALUE_STRING && right == VALUE_STRING)
        return ghexpr_compare_text(value_string(a, ""), value_string(b, "")) == 0;
    /* NaN equals nothing, so junk text is never equal to a number */
    return ghexpr_to_number(a) == ghexpr_to_number(b);
}

/* -1, 0, 1, or 2 where the two cannot be ordered. */
static int compare(const Value *a, const Value *b)
{
    if (!ghexpr_is_scalar(a) || !ghexpr_is_scalar(b))
        return ghexpr_equal(a, b) ? 0 : 2;
    if (value_is(a, VALUE_STRING) && value_is(b, VALUE_STRING))
        return ghexpr_compare_text(value_string(a, ""), value_string(b, ""));
    double left = ghexpr_to_number(a), right = ghexpr_to_number(b);
    if (isnan(left) || isnan(right))
        return 2;
    return left < right ? -1 : left > right;
}

/* Member by name whatever its case; NULL where absent. */
static const Value *ghexpr_member(const Value *object, const char *name)
{
    const Value *exact = value_get(object, name);
    if (exact || !value_is(object, VALUE_OBJECT))
        return exact;
    for (guint i = 0; i < value_count(object); i++)
        if (ghexpr_compare_text(value_key_at(object, i), name) == 0)
            return value_value_at(object, i);
    return NULL;
}

/* ---- the walk ---- */

/* A filtered array (from `.*`) hands further members on to its items; any other array does not. */
typedef struct {
    const Value *value;
    bool filtered;
} Result;

static bool evaluate(GhexprRun *run, const Node *node, Result *result, GError **error);

static bool spend(GhexprRun *run, guint steps, GError **error)
{
    run->steps += steps;
    if (run->steps <= GHEXPR_STEPS_MAX && !arena_exhausted(run->arena))
        return true;
    g_set_error_literal(error, PAVE_ERROR, ERROR_INPUT, "the expression takes too long");
    return false;
}

static void add_all(GhexprRun *run, Value *array, const Value *from)
{
    bool is_object = value_is(from, VALUE_OBJECT);
    for (guint i = 0; i < value_count(from); i++)
        value_append(run->arena, array, is_object ? value_value_at(from, i) : value_item(from, i));
}

static const Value *item_at(const Value *array, const Value *index)
{
    double number = ghexpr_is_scalar(index) ? floor(ghexpr_to_number(index)) : NAN;
    return number >= 0 && number < value_count(array) ? value_item(array, (guint)number) : NULL;
}

static const Value *member_at(GhexprRun *run, const Value *what, const Value *index)
{
    if (value_is(what, VALUE_ARRAY))
        return item_at(what, index);
    if (value_is(what, VALUE_OBJECT) && ghexpr_is_scalar(index))
        return ghexpr_member(what, ghexpr_to_string(run->arena, index));
    return NULL;
}

static bool evaluate_wildcard(GhexprRun *run, Result what, Result *result, GError **error)
{
    Value *found = value_array_new(run->arena);
    result->filtered = true;
    result->value = found;
    if (!what.filtered) {
        if (!ghexpr_is_scalar(what.value))
            add_all(run, found, what.value);
        return spend(run, value_count(found), error);
    }
    for (guint i = 0; i < value_count(what.value); i++) {
        const Value *item = value_item(what.value, i);
        if (!ghexpr_is_scalar(item))
            add_all(run, found, item);
        if (!spend(run, 1 + value_count(item), error))
            return false;
    }
    return true;
}

static bool evaluate_index(GhexprRun *run, const Node *node, Result *result, GError **error)
{
    Result what, index;
    if (!evaluate(run, node->first, &what, error))
        return false;
    if (node->first->next->kind == NODE_WILDCARD)
        return evaluate_wildcard(run, what, result, error);
    if (!evaluate(run, node->first->next, &index, error))
        return false;
    if (!what.filtered) {
        const Value *member = member_at(run, what.value, index.value);
        *result = (Result){member ? member : value_null_new(run->arena), false};
        return true;
    }
    Value *found = value_array_new(run->arena);
    for (guint i = 0; i < value_count(what.value); i++) {
        const Value *member = member_at(run, value_item(what.value, i), index.value);
        value_append(run->arena, found, member);
        if (!spend(run, 1, error))
            return false;
    }
    *result = (Result){found, true};
    return true;
}

static bool evaluate_call(GhexprRun *run, const Node *node, Result *result, GError **error)
{
    const GhexprFunction *function = ghexpr_function(node->name);
    const Value **arguments = arena_new0(run->arena, const Value *, node->count + 1);
    guint count = 0;
    for (const Node *child = node->first; child; child = child->next) {
        Result argument;
        if (!evaluate(run, child, &argument, error))
            return false;
        arguments[count++] = argument.value;
    }
    run->column = node->column;
    result->value = function->call(run, arguments, count, error);
    return result->value != NULL;
}

static bool evaluate_logic(GhexprRun *run, const Node *node, Result *result, GError **error)
{
    bool stops_at = node->kind == NODE_OR;
    for (const Node *child = node->first; child; child = child->next) {
        if (!evaluate(run, child, result, error))
            return false;
        if (ghexpr_truthy(result->value) == stops_at)
            break;
    }
    return true;
}

static bool compares(NodeKind kind, const Value *a, const Value *b)
{
    switch (kind) {
    case NODE_EQUAL:
        return ghexpr_equal(a, b);
    case NODE_NOT_EQUAL:
        return !ghexpr_equal(a, b);
    case NODE_LESS:
        return compare(a, b) == -1;
    case NODE_LESS_EQUAL:
        return compare(a, b) == -1 || compare(a, b) == 0;
    case NODE_GREATER:
        return compare(a, b) == 1;
    default:
        return compare(a, b) == 1 || compare(a, b) == 0;
    }
}

static bool evaluate_context(GhexprRun *run, const Node *node, Result *result, GError **error)
{
    result->value = ghexpr_member(run->scope->contexts, node->name);
    if (result->value)
        return true;
    run->column = node->column;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "'%s' is not available here", node->name);
    return false;
}

static bool evaluate(GhexprRun *run, const Node *node, Result *result, GError **error)
{
    if (!spend(run, 1, error))
        return false;
    *result = (Result){NULL, false};
    switch (node->kind) {
    case NODE_LITERAL:
        result->value = node->literal;
        return true;
    case NODE_CONTEXT:
        return evaluate_context(run, node, result, error);
    case NODE_INDEX:
        return evaluate_index(run, node, result, error);
    case NODE_CALL:
        return evaluate_call(run, node, result, error);
    case NODE_AND:
    case NODE_OR:
        return evaluate_logic(run, node, result, error);
    case NODE_NOT:
        if (!evaluate(run, node->first, result, error))
            return false;
        *result = (Result){value_bool_new(run->arena, !ghexpr_truthy(result->value)), false};
        return true;
    default: {
        Result left, right;
        if (!evaluate(run, node->first, &left, error) ||
            !evaluate(run, node->first->next, &right, error))
            return false;
        result->value = value_bool_new(run->arena, compares(node->kind, left.value, right.value));
        return true;
    }
    }
}

const Value *ghexpr_run(GhexprRun *run, const Node *node, GError **error)
{
    Result result;
    return evaluate(run, node, &result, error) ? result.value : NULL;
}
