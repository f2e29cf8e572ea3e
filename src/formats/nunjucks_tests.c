/* `is` tests and the globals range, joiner, cycler. */
#include "formats/nunjucks_javascript.h"

#include <math.h>
#include <string.h>

static bool order_holds(NjRun *run, const char *name, NjVal a, NjVal b)
{
    int order = nj_compare(run, a, b);

    if (order == 2)
        return false;
    if (g_str_equal(name, "lt") || g_str_equal(name, "lessthan"))
        return order < 0;
    if (g_str_equal(name, "le"))
        return order <= 0;
    return g_str_equal(name, "ge") ? order >= 0 : order > 0;
}

static bool is_case(NjRun *run, NjVal input, bool upper)
{
    g_autofree char *changed = NULL;

    if (!nj_is(input, VALUE_STRING))
        return nj_no_method(run, input, upper ? "toUpperCase" : "toLowerCase");
    const char *text = value_string(input.value, "");
    gssize length = (gssize)value_string_length(input.value);

    changed = upper ? g_utf8_strup(text, length) : g_utf8_strdown(text, length);
    return !input.safe && g_str_equal(changed, text);
}

/* A cycler is an object with functions in it. */
static bool is_object(NjVal v)
{
    return nj_is(v, VALUE_OBJECT) || (nj_is(v, VALUE_STRING) && v.safe) || v.kind == NJ_PATTERN ||
           (v.kind == NJ_FUNCTION && v.function->member);
}

static bool is_iterable(NjRun *run, NjVal input)
{
    if (nj_is_nothing(input))
        return nj_no_method(run, input, "members");
    return nj_is(input, VALUE_ARRAY) || nj_is(input, VALUE_STRING);
}

typedef enum {
    TEST_CALLABLE,
    TEST_DEFINED,
    TEST_UNDEFINED,
    TEST_DIVISIBLE,
    TEST_SAME,
    TEST_EQUAL,
    TEST_NOT_EQUAL,
    TEST_EVEN,
    TEST_ODD,
    TEST_TRUTHY,
    TEST_FALSY,
    TEST_ORDER,
    TEST_LOWER,
    TEST_UPPER,
    TEST_NONE,
    TEST_NUMBER,
    TEST_STRING,
    TEST_ITERABLE,
    TEST_MAPPING,
    TEST_ESCAPED,
} TestKind;

static const struct {
    const char *name;
    TestKind kind;
} TESTS[] = {
    {"callable", TEST_CALLABLE},
    {"defined", TEST_DEFINED},
    {"undefined", TEST_UNDEFINED},
    {"divisibleby", TEST_DIVISIBLE},
    {"sameas", TEST_SAME},
    {"equalto", TEST_EQUAL},
    {"eq", TEST_EQUAL},
    {"ne", TEST_NOT_EQUAL},
    {"even", TEST_EVEN},
    {"odd", TEST_ODD},
    {"truthy", TEST_TRUTHY},
    {"falsy", TEST_FALSY},
    {"lt", TEST_ORDER},
    {"lessthan", TEST_ORDER},
    {"le", TEST_ORDER},
    {"gt", TEST_ORDER},
    {"greaterthan", TEST_ORDER},
    {"ge", TEST_ORDER},
    {"lower", TEST_LOWER},
    {"upper", TEST_UPPER},
    {"none", TEST_NONE},
    {"null", TEST_NONE},
    {"number", TEST_NUMBER},
    {"string", TEST_STRING},
    {"iterable", TEST_ITERABLE},
    {"mapping", TEST_MAPPING},
    {"escaped", TEST_ESCAPED},
};

static bool holds(NjRun *run, TestKind kind, const char *name, NjVal input, NjVal other)
{
    switch (kind) {
    case TEST_CALLABLE:
        return input.kind == NJ_FUNCTION && !is_object(input);
    case TEST_DEFINED:
        return input.kind != NJ_UNDEFINED;
    case TEST_UNDEFINED:
        return input.kind == NJ_UNDEFINED;
    case TEST_DIVISIBLE:
        return fmod(nj_to_number(run, input), nj_to_number(run, other)) == 0;
    case TEST_SAME:
    case TEST_EQUAL:
        return nj_equal_strict(input, other);
    case TEST_NOT_EQUAL:
        return !nj_equal_strict(input, other);
    case TEST_EVEN:
        return fmod(nj_to_number(run, input), 2) == 0;
    case TEST_ODD:
        return fmod(nj_to_number(run, input), 2) == 1;
    case TEST_TRUTHY:
        return nj_truthy(input);
    case TEST_FALSY:
        return !nj_truthy(input);
    case TEST_ORDER:
        return order_holds(run, name, input, other);
    case TEST_LOWER:
    case TEST_UPPER:
        return is_case(run, input, kind == TEST_UPPER);
    case TEST_NONE:
        return nj_is(input, VALUE_NULL);
    case TEST_NUMBER:
        return nj_is(input, VALUE_NUMBER);
    case TEST_STRING:
        return nj_is_string(input);
    case TEST_ITERABLE:
        return is_iterable(run, input);
    case TEST_MAPPING:
        return is_object(input);
    case TEST_ESCAPED:
        return nj_is(input, VALUE_STRING) && input.safe;
    }
    g_assert_not_reached();
}

bool nj_test(NjRun *run, const char *name, NjVal input, const NjArgs *args, bool *known,
             bool *result)
{
    *known = false;
    if (args->count + (args->named_count > 0) > 1)
        return nj_fail(run, "a test takes one argument");
    for (gsize i = 0; i < G_N_ELEMENTS(TESTS); i++)
        if (g_str_equal(TESTS[i].name, name)) {
            *known = true;
            *result = holds(run, TESTS[i].kind, name, input, nj_given(run, args, 0));
            return !run->error || !*run->error;
        }
    return true;
}

bool nj_test_exists(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(TESTS); i++)
        if (g_str_equal(TESTS[i].name, name))
            return true;
    return false;
}

/* ---- globals ---- */

static bool global_range(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    NjVal second = nj_given(run, args, 1);
    bool whole = second.kind == NJ_UNDEFINED;
    double start = whole ? 0 : nj_given_number(run, args, 0, NAN);
    double stop = nj_given_number(run, args, whole ? 0 : 1, NAN);
    double step = whole ? 1 : nj_given_or(run, args, 2, 1);
    Value *items = value_array_new(run->arena);

    if ((stop - start) / step > NJ_RANGE_MAX)
        return nj_fail(run, "range() makes at most %d items", NJ_RANGE_MAX);
    for (double at = start; step > 0 ? at < stop : at > stop; at += step) {
        value_append(run->arena, items, nj_number(run, at).value);
        /* A step may be too small to change a large number. */
        if (value_count(items) > NJ_RANGE_MAX)
            return nj_fail(run, "range() makes at most %d items", NJ_RANGE_MAX);
    }
    *result = nj_value(items);
    return nj_charge(run, value_count(items));
}

typedef struct {
    NjVal *items;
    guint count, at;
    bool begun;
} Cycle;

static NjVal function_new(NjRun *run, const char *name, NjCallable call, void *data)
{
    NjFunction *function = arena_new0(run->arena, NjFunction, 1);

    function->name = name;
    function->call = call;
    function->data = data;
    return (NjVal){.kind = NJ_FUNCTION, .function = function};
}

static Cycle *cycle_new(NjRun *run, const NjArgs *args)
{
    Cycle *cycle = arena_new0(run->arena, Cycle, 1);

    cycle->count = args->count;
    cycle->items = arena_new0(run->arena, NjVal, args->count + 1);
    for (guint i = 0; i < args->count; i++)
        cycle->items[i] = args->items[i];
    return cycle;
}

static bool joiner_call(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    Cycle *cycle = function->data;

    *result = cycle->begun ? cycle->items[0] : nj_text(run, "");
    cycle->begun = true;
    return true;
}

static bool global_joiner(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    Cycle *cycle = cycle_new(run, args);

    if (!nj_truthy(nj_arg(args, 0)))
        cycle->items[0] = nj_text(run, ",");
    *result = function_new(run, "joiner", joiner_call, cycle);
    return true;
}

static bool cycler_next(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    Cycle *cycle = function->data;

    cycle->at = cycle->begun ? cycle->at + 1 : 0;
    cycle->begun = true;
    *result = cycle->count ? cycle->items[cycle->at % cycle->count] : nj_undefined();
    return true;
}

static bool cycler_reset(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    Cycle *cycle = function->data;

    cycle->begun = false;
    *result = nj_undefined();
    return true;
}

static NjVal cycler_member(NjRun *run, const NjFunction *function, const char *name)
{
    Cycle *cycle = function->data;

    if (g_str_equal(name, "next"))
        return function_new(run, "next", cycler_next, cycle);
    if (g_str_equal(name, "reset"))
        return function_new(run, "reset", cycler_reset, cycle);
    if (g_str_equal(name, "current") && cycle->begun && cycle->count)
        return cycle->items[cycle->at % cycle->count];
    return g_str_equal(name, "current") && !cycle->begun ? nj_value(value_null_new(run->arena))
                                                         : nj_undefined();
}

static bool global_cycler(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    NjFunction *cycler = arena_new0(run->arena, NjFunction, 1);

    cycler->name = "cycler";
    cycler->call = cycler_next;
    cycler->data = cycle_new(run, args);
    cycler->member = cycler_member;
    *result = (NjVal){.kind = NJ_FUNCTION, .function = cycler};
    return true;
}

NjVal nj_global(NjRun *run, const char *name)
{
    if (g_str_equal(name, "range"))
        return function_new(run, "range", global_range, NULL);
    if (g_str_equal(name, "joiner"))
        return function_new(run, "joiner", global_joiner, NULL);
    if (g_str_equal(name, "cycler"))
        return function_new(run, "cycler", global_cycler, NULL);
    return nj_undefined();
}
