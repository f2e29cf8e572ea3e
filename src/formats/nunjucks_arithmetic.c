/* Signs, arithmetic and comparisons, as JavaScript has them. */
#include "formats/nunjucks_javascript.h"
#include "formats/nunjucks_run_internal.h"

#include <math.h>
#include <string.h>

static bool is_number(NjVal v, double *number)
{
    if (v.kind == NJ_PLAIN_NUMBER) {
        *number = v.number;
        return true;
    }
    if (!nj_is(v, VALUE_NUMBER))
        return false;
    *number = value_number(v.value, NAN);
    return true;
}

static double number_of(NjRun *run, NjVal v)
{
    double number;

    return is_number(v, &number) ? number : nj_to_number(run, nj_boxed(run, v));
}

static bool concatenate(NjRun *run, NjVal a, NjVal b, NjVal *result)
{
    gsize start = nj_running(run)->length;

    if (!nj_print(run, a) || !nj_print(run, b))
        return false;
    *result = nj_taken_back(run, start);
    return nj_charge(run, 1);
}

/* a + b; numbers at once. */
static bool add(NjRun *run, NjVal a, NjVal b, NjVal *result)
{
    double x, y;

    if (!is_number(a, &x) || !is_number(b, &y))
        return nj_add(run, nj_boxed(run, a), nj_boxed(run, b), result);
    *result = nj_plain_number(x + y);
    return true;
}

/* A text and a text, which is what templates compare most. */
static bool texts_equal(NjVal a, NjVal b)
{
    gsize length = value_string_length(a.value);

    return length == value_string_length(b.value) &&
           memcmp(value_string(a.value, ""), value_string(b.value, ""), length) == 0;
}

static bool is_equal(NjRun *run, NjVal a, NjVal b, bool strict)
{
    double x, y;

    if (is_number(a, &x) && is_number(b, &y))
        return x == y;
    if (nj_is_string(a) && nj_is_string(b))
        return texts_equal(a, b);
    a = nj_boxed(run, a);
    b = nj_boxed(run, b);
    return strict ? nj_equal_strict(a, b) : nj_equal_loose(run, a, b);
}

static bool is_ordered(NjRun *run, NjOperation operation, NjVal a, NjVal b)
{
    double x, y;
    int order;

    if (is_number(a, &x) && is_number(b, &y))
        order = isnan(x) || isnan(y) ? 2 : (x > y) - (x < y);
    else
        order = nj_compare(run, nj_boxed(run, a), nj_boxed(run, b));
    if (order == 2)
        return false;
    switch (operation) {
    case NJ_LESS:
        return order < 0;
    case NJ_LESS_EQUAL:
        return order <= 0;
    case NJ_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

/* As Math.pow(): C has 1 for 1 to the power of anything. */
static double power(double x, double y)
{
    return isnan(y) || (fabs(x) == 1 && isinf(y)) ? NAN : pow(x, y);
}

static double calculate(NjOperation operation, double x, double y)
{
    switch (operation) {
    case NJ_SUBTRACT:
        return x - y;
    case NJ_MULTIPLY:
        return x * y;
    case NJ_DIVIDE:
        return x / y;
    case NJ_FLOOR_DIVIDE:
        return floor(x / y);
    case NJ_MODULO:
        return fmod(x, y);
    case NJ_POWER:
        return power(x, y);
    default:
        g_assert_not_reached();
    }
}

static bool evaluate_sign(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    if (!nj_evaluate(run, node->a, env, result))
        return false;
    double number = number_of(run, *result);

    *result = nj_plain_number(node->kind == NJ_NEGATE ? -number : number);
    return !*run->error;
}

bool nj_evaluate_binary(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    NjVal a, b;

    if (node->kind != NJ_BINARY)
        return evaluate_sign(run, node, env, result);
    if (!nj_evaluate(run, node->a, env, &a) || !nj_evaluate(run, node->b, env, &b))
        return false;
    run->offset = node->offset;
    switch (node->operation) {
    case NJ_EQUAL:
    case NJ_SAME:
        *result = nj_plain_bool(is_equal(run, a, b, node->operation == NJ_SAME));
        break;
    case NJ_NOT_EQUAL:
    case NJ_NOT_SAME:
        *result = nj_plain_bool(!is_equal(run, a, b, node->operation == NJ_NOT_SAME));
        break;
    case NJ_LESS:
    case NJ_LESS_EQUAL:
    case NJ_GREATER:
    case NJ_GREATER_EQUAL:
        *result = nj_plain_bool(is_ordered(run, node->operation, a, b));
        break;
    case NJ_CONCAT:
        return concatenate(run, a, b, result);
    case NJ_ADD:
        return add(run, a, b, result);
    default:
        *result =
            nj_plain_number(calculate(node->operation, number_of(run, a), number_of(run, b)));
    }
    return !*run->error;
}
