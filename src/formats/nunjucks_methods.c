/* JavaScript's methods on objects, numbers, truth and patterns, and what member access finds. */
#include "formats/nunjucks_javascript.h"

#include <math.h>
#include <string.h>

/* ---- any value ---- */

/* The index a key names, -1 where it is none. */
static double index_of_key(NjVal key, const char *name)
{
    if (nj_is(key, VALUE_NUMBER)) {
        double index = value_number(key.value, -1);
        return index >= 0 && index == floor(index) && index < G_MAXUINT ? index : -1;
    }
    return g_ascii_isdigit(*name) && strlen(name) < 10 &&
                   name[strspn(name, "0123456789")] == '\0' && (*name != '0' || !name[1])
               ? g_ascii_strtod(name, NULL)
               : -1;
}

bool nj_has_own(NjRun *run, NjVal v, NjVal name)
{
    gsize length;
    const char *text = nj_to_string(run, name, &length);

    if (!text)
        return false;
    if (nj_is(v, VALUE_OBJECT))
        return value_get(v.value, text) != NULL;
    bool counted = nj_is(v, VALUE_ARRAY) || nj_is(v, VALUE_STRING);
    double index = index_of_key(name, text);

    return counted && (g_str_equal(text, "length") || (index >= 0 && index < nj_length_of(v)));
}

static bool any_has_own(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    *result = nj_bool(run, nj_has_own(run, self, nj_arg(args, 0)));
    return true;
}

static bool any_to_string(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = nj_to_string(run, self, &length);

    if (text)
        *result = nj_text_length(run, text, length);
    return text != NULL;
}

static bool any_itself(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    *result = self;
    return true;
}

/* What every value has. */
static const NjMethodEntry ANY_METHODS[] = {
    {"hasOwnProperty", any_has_own}, {"propertyIsEnumerable", any_has_own},
    {"toString", any_to_string},     {"toLocaleString", any_to_string},
    {"valueOf", any_itself},         {NULL, NULL},
};

/* ---- numbers ---- */

static bool digits_given(NjRun *run, const NjArgs *args, double least, double fallback,
                         double *digits)
{
    *digits = trunc(nj_given_number(run, args, 0, fallback));
    if (isnan(*digits))
        *digits = 0;
    return (*digits >= least && *digits <= 100) ||
           nj_fail(run, "the number of digits has to be %.0f to 100", least);
}

/* number with that many decimals. Halves that are exact go up, where C takes the even digit. */
static char *exact(double number, int decimals)
{
    double factor = pow(10, decimals), scaled = fabs(number) * factor;
    bool half = decimals <= 15 && scaled < 1e15 && scaled - floor(scaled) == 0.5 &&
                fabs(number) == (floor(scaled) + 0.5) / factor;

    return g_strdup_printf("%.*f", decimals,
                           half ? copysign((floor(scaled) + 1) / factor, number) : number);
}

static bool number_to_fixed(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double digits, number = value_number(self.value, NAN);

    if (!digits_given(run, args, 0, 0, &digits))
        return false;
    if (!(fabs(number) < 1e21))
        return any_to_string(run, self, args, result);
    g_autofree char *text = exact(number, (int)digits);

    *result = nj_text(run, text);
    return true;
}

/* "1.50e+02" as JavaScript writes it: "1.50e+2". */
static char *plain_exponent(const char *text)
{
    const char *e = strchr(text, 'e');
    const char *digits = e + 2;

    while (digits[0] == '0' && digits[1])
        digits++;
    return g_strdup_printf("%.*s%s", (int)(e + 2 - text), text, digits);
}

static bool number_to_exponential(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double digits = 0, number = value_number(self.value, NAN);
    g_autofree char *text = NULL;

    if (!digits_given(run, args, 0, 0, &digits))
        return false;
    if (!isfinite(number))
        return any_to_string(run, self, args, result);
    for (int i = 0; args->count == 0 && i < 17; i++) {
        g_autofree char *shorter = g_strdup_printf("%.*e", i, number);

        digits = i;
        if (g_ascii_strtod(shorter, NULL) == number)
            break;
    }
    text = g_strdup_printf("%.*e", (int)digits, number);
    g_autofree char *plain = plain_exponent(text);

    *result = nj_text(run, plain);
    return true;
}

static bool number_to_precision(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double digits, number = value_number(self.value, NAN);

    if (nj_arg(args, 0).kind == NJ_UNDEFINED || !isfinite(number))
        return any_to_string(run, self, args, result);
    if (!digits_given(run, args, 1, 1, &digits))
        return false;
    g_autofree char *scientific = g_strdup_printf("%.*e", (int)digits - 1, number);
    int exponent = (int)g_ascii_strtoll(strchr(scientific, 'e') + 1, NULL, 10);
    g_autofree char *text = exponent < -6 || exponent >= digits
                                ? plain_exponent(scientific)
                                : exact(number, (int)digits - 1 - exponent);

    *result = nj_text(run, text);
    return true;
}

static bool number_to_string(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double base = trunc(nj_given_number(run, args, 0, 10)), number = value_number(self.value, NAN);
    char digits[64];
    gsize at = sizeof digits;

    if (base == 10 || !isfinite(number))
        return any_to_string(run, self, args, result);
    if (!(base >= 2 && base <= 36))
        return nj_fail(run, "toString() needs a base from 2 to 36");
    if (number != trunc(number) || fabs(number) >= 9007199254740992.0)
        return nj_fail(run, "toString() writes whole numbers only in another base than ten");
    guint64 rest = (guint64)fabs(number);

    do {
        digits[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % (guint64)base];
        rest /= (guint64)base;
    } while (rest > 0);
    if (number < 0)
        digits[--at] = '-';
    *result = nj_text_length(run, digits + at, sizeof digits - at);
    return true;
}

static const NjMethodEntry NUMBER_METHODS[] = {
    {"toFixed", number_to_fixed},
    {"toPrecision", number_to_precision},
    {"toExponential", number_to_exponential},
    {"toString", number_to_string},
    {NULL, NULL},
};

/* ---- patterns ---- */

static bool pattern_test(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *text = nj_given_text(run, args, 0, "undefined");

    if (text)
        *result = nj_bool(run, regex_matches(self.pattern->regex, text, strlen(text)));
    return text != NULL;
}

static bool pattern_exec(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *text = nj_given_text(run, args, 0, "undefined");

    return text && nj_match_text(run, self.pattern, nj_text(run, text), false, result);
}

static const NjMethodEntry PATTERN_METHODS[] = {
    {"test", pattern_test},
    {"exec", pattern_exec},
    {NULL, NULL},
};

/* ---- lookup ---- */

static bool call_method(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    const NjMethodEntry *entry = function->data;

    *result = nj_undefined();
    return entry->method(run, function->self, args, result);
}

static NjVal find_method(NjRun *run, NjVal self, const NjMethodEntry *methods, const char *name)
{
    for (; methods->name; methods++)
        if (g_str_equal(methods->name, name)) {
            NjFunction *function = arena_new0(run->arena, NjFunction, 1);

            function->name = methods->name;
            function->call = call_method;
            function->self = self;
            function->data = (void *)methods;
            return (NjVal){.kind = NJ_FUNCTION, .function = function};
        }
    return nj_undefined();
}

static NjVal find_method_or_any(NjRun *run, NjVal self, const NjMethodEntry *methods,
                                const char *name)
{
    NjVal own = find_method(run, self, methods, name);

    return own.kind == NJ_UNDEFINED ? find_method(run, self, ANY_METHODS, name) : own;
}

static NjVal text_member(NjRun *run, NjVal input, NjVal key, const char *name)
{
    double index = index_of_key(key, name);

    if (g_str_equal(name, "length"))
        return nj_number(run, (double)nj_characters_of(input));
    if (index >= 0 && !input.safe)
        return index < nj_characters_of(input) ? nj_part(run, input, (glong)index, (glong)index + 1)
                                               : nj_undefined();
    return find_method(run, input, nj_text_methods, name);
}

static NjVal list_member(NjRun *run, NjVal input, NjVal key, const char *name)
{
    double index = index_of_key(key, name);

    if (g_str_equal(name, "length"))
        return nj_number(run, value_count(input.value));
    if (index >= 0)
        return nj_value(value_item(input.value, (guint)index));
    return find_method_or_any(run, input, nj_list_methods, name);
}

static NjVal pattern_member(NjRun *run, NjVal input, const char *name)
{
    if (g_str_equal(name, "source"))
        return nj_text(run, input.pattern->source);
    if (g_str_equal(name, "flags"))
        return nj_text(run, input.pattern->flags);
    return find_method(run, input, PATTERN_METHODS, name);
}

NjVal nj_member(NjRun *run, NjVal input, NjVal key)
{
    gsize length;
    const char *name = nj_to_string(run, key, &length);

    if (!name || nj_is_nothing(input))
        return nj_undefined();
    if (input.kind == NJ_PATTERN)
        return pattern_member(run, input, name);
    if (input.kind == NJ_FUNCTION)
        return input.function->member ? input.function->member(run, input.function, name)
                                      : nj_undefined();
    switch (value_kind(input.value)) {
    case VALUE_STRING:
        return text_member(run, input, key, name);
    case VALUE_ARRAY:
        return list_member(run, input, key, name);
    case VALUE_OBJECT: {
        const Value *member = value_get(input.value, name);
        return member ? nj_value(member) : find_method(run, input, ANY_METHODS, name);
    }
    case VALUE_NUMBER:
        return find_method_or_any(run, input, NUMBER_METHODS, name);
    case VALUE_BOOL:
        return find_method(run, input, ANY_METHODS, name);
    default:
        return nj_undefined();
    }
}
