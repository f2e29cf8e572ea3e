/* What a violation says to a person who fills in a form. */
#include "formats/jsonschema_internal.h"

#include <string.h>

void schema_pointer_append(GString *pointer, const char *key)
{
    g_string_append_c(pointer, '/');
    for (; *key; key++) {
        if (*key == '~')
            g_string_append(pointer, "~0");
        else if (*key == '/')
            g_string_append(pointer, "~1");
        else
            g_string_append_c(pointer, *key);
    }
}

const char *schema_type_words(const char *type)
{
    static const char *const words[][2] = {
        {"string", "text"},           {"integer", "a whole number"}, {"number", "a number"},
        {"boolean", "true or false"}, {"array", "a list"},           {"object", "an object"},
        {"null", "empty (null)"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(words[i][0], type))
            return words[i][1];
    return type;
}

/* ---- patterns ---- */

/* `[a-z0-9-]` at *at as "lower-case letters, digits and "-""; false where it is not as simple. */
static bool class_words(const char **at, GString *words)
{
    static const char *const ranges[][2] = {
        {"a-zA-Z", "letters"},         {"A-Za-z", "letters"}, {"a-z", "lower-case letters"},
        {"A-Z", "upper-case letters"}, {"0-9", "digits"},     {"\\d", "digits"}};
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    const char *c = *at + 1;

    if (**at != '[' || *c == '^')
        return false;
    while (*c && *c != ']') {
        gsize i = 0;

        while (i < G_N_ELEMENTS(ranges) && !g_str_has_prefix(c, ranges[i][0]))
            i++;
        if (i < G_N_ELEMENTS(ranges)) {
            g_ptr_array_add(parts, g_strdup(ranges[i][1]));
            c += strlen(ranges[i][0]);
            continue;
        }
        if (*c == '\\')
            c++;
        if (!g_ascii_ispunct(*c) && *c != ' ')
            return false;
        if (c[1] == '-' && c[2] != ']')
            return false;
        g_ptr_array_add(parts, *c == ' ' ? g_strdup("spaces") : g_strdup_printf("\"%c\"", *c));
        c++;
    }
    if (!*c || parts->len == 0)
        return false;
    for (guint i = 0; i < parts->len; i++)
        g_string_append_printf(words, "%s%s",
                               i == 0               ? ""
                               : i + 1 < parts->len ? ", "
                                                    : " and ",
                               (const char *)g_ptr_array_index(parts, i));
    *at = c + 1;
    return true;
}

/* The first character, of which there is one. */
static const char *one_of(const char *words)
{
    static const char *const singular[][2] = {{"letters", "a letter"},
                                              {"lower-case letters", "a lower-case letter"},
                                              {"upper-case letters", "an upper-case letter"},
                                              {"digits", "a digit"},
                                              {"letters and digits", "a letter or digit"}};

    for (gsize i = 0; i < G_N_ELEMENTS(singular); i++)
        if (g_str_equal(singular[i][0], words))
            return singular[i][1];
    return words;
}

char *schema_pattern_words(const char *pattern)
{
    g_autoptr(GString) first = g_string_new(NULL), rest = g_string_new(NULL);
    const char *at = pattern;
    bool once;

    if (*at++ != '^' || !class_words(&at, first))
        return NULL;
    once = *at == '[';
    if (once && !class_words(&at, rest))
        return NULL;
    if (*at != '*' && *at != '+')
        return NULL;
    if (!g_str_equal(at + 1, "$"))
        return NULL;
    if (once)
        return g_strdup_printf("begin with %s and hold only %s", one_of(first->str), rest->str);
    return g_strdup_printf("hold only %s", first->str);
}

/* ---- sentences ---- */

static const char *last_segment(const char *pointer)
{
    const char *slash = strrchr(pointer, '/');

    return slash ? slash + 1 : pointer;
}

/* "Items 3" of a list reads better than "2". */
static bool is_position(const char *segment)
{
    return *segment && strspn(segment, "0123456789") == strlen(segment) && strlen(segment) < 9;
}

static const char *name_of(Arena *arena, const JsonschemaViolation *violation)
{
    const char *title = value_string(value_get(violation->schema, "title"), NULL);
    const char *segment = last_segment(violation->pointer);

    if (!*segment)
        return "instance";
    if (is_position(segment)) {
        g_autofree char *list =
            g_strndup(violation->pointer, (gsize)(segment - 1 - violation->pointer));

        return arena_printf(arena, "entry %d%s%s%s", (int)g_ascii_strtoll(segment, NULL, 10) + 1,
                            *list ? " of \"" : "", last_segment(list), *list ? "\"" : "");
    }
    return title ? arena_printf(arena, "%s (\"%s\")", title, segment)
                 : arena_printf(arena, "\"%s\"", segment);
}

const char *jsonschema_sentence(Arena *arena, const JsonschemaViolation *violation)
{
    if (g_str_equal(violation->keyword, "required")) {
        const char *key = value_string(violation->argument, "");
        const Value *property = value_get(value_get(violation->schema, "properties"), key);
        const char *property_title = value_string(value_get(property, "title"), NULL);

        if (property_title)
            return arena_printf(arena, "%s (\"%s\") is required", property_title, key);
        return arena_printf(arena, "\"%s\" is required", key);
    }
    return arena_printf(arena, "%s %s", name_of(arena, violation), violation->message);
}
