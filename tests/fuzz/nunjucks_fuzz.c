/* Any template: it renders or is refused with a place, in bounded time and memory, twice the same,
 * and leaves its context as it was. The input is up to three templates with a form feed between,
 * the later ones called "part" and "base"; a control character in front chooses the options. */
#include "formats/json.h"
#include "formats/nunjucks.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

enum { TRIM = 1, LSTRIP = 2, BRACES = 4, COOKIECUTTER = 8, BRACKETS = 16, CHOICES = 32 };

static const char CONTEXT[] =
    "{\"values\":{\"name\":\"order-service\",\"n\":3,\"list\":[\"a\",{\"b\":null}],\"t\":true}}";

static const char *load(void *data, Arena *arena, const char *name, GError **error)
{
    char **templates = data;

    if (g_str_equal(name, "broken"))
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "this one cannot be read");
    if (g_str_equal(name, "part") && templates[0])
        return templates[1];
    return g_str_equal(name, "base") && templates[0] && templates[1] ? templates[2] : NULL;
}

static NunjucksOptions options_of(int choice, char **templates)
{
    bool brackets = choice & BRACKETS;

    return (NunjucksOptions){.file = "fuzz",
                             .trim_blocks = choice & TRIM,
                             .lstrip_blocks = choice & LSTRIP,
                             .variable_start = choice & BRACES ? "{{" : NULL,
                             .variable_end = choice & BRACES ? "}}" : NULL,
                             .block_start = brackets ? "[%" : NULL,
                             .block_end = brackets ? "%]" : NULL,
                             .comment_start = brackets ? "[#" : NULL,
                             .comment_end = brackets ? "#]" : NULL,
                             .autoescape = choice & COOKIECUTTER && choice & TRIM,
                             .throw_on_undefined = choice & COOKIECUTTER && choice & LSTRIP,
                             .cookiecutter = choice & COOKIECUTTER,
                             .load = load,
                             .load_data = templates};
}

static void note(const NunjucksRead *read, void *data)
{
    int *reads = data;

    g_assert(read->line >= 1 && read->column >= 1);
    g_assert((read->names != NULL) + (read->filter != NULL) + read->loads + (read->binds != NULL) ==
             1);
    (*reads)++;
}

/* Read once and rendered twice: the same, but for what is left to chance. */
static void check_compiled(const char *text, const NunjucksOptions *options, bool chance)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) first_error = NULL;
    g_autoptr(GError) second_error = NULL;
    const Value *context = json_parse(arena, CONTEXT, -1, NULL);
    const NunjucksTemplate *template = nunjucks_compile(arena, text, options, &first_error);
    int reads = 0;

    g_assert((template == NULL) == (first_error != NULL));
    g_assert(nunjucks_reads(text, options, note, &reads, NULL) == (template != NULL));
    if (!template)
        return;
    g_autoptr(Arena) one = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Arena) two = arena_new(ARENA_REQUEST_BYTES);
    gsize length = 0;
    const char *first = nunjucks_template_render(one, template, context, &length, &first_error);
    const char *second = nunjucks_template_render(two, template, context, NULL, &second_error);

    g_assert((first == NULL) == (first_error != NULL));
    g_assert(!first || (strlen(first) == length && g_utf8_validate(first, -1, NULL)));
    g_assert(chance || g_strcmp0(first, second) == 0);
    g_assert(chance || g_strcmp0(first_error ? first_error->message : NULL,
                                 second_error ? second_error->message : NULL) == 0);
    g_assert(value_equal(context, json_parse(arena, CONTEXT, -1, NULL)));
}

static void check_evaluated(const char *text, const NunjucksOptions *options)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    const Value *context = json_parse(arena, CONTEXT, -1, NULL);
    const Value *value = nunjucks_evaluate(arena, text, context, options, &error);
    g_autofree char *printed = json_to_string(value, JSON_COMPACT);

    g_assert(!error || !value);
    g_assert(value_equal(context, json_parse(arena, CONTEXT, -1, NULL)));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    int choice = size > 0 && data[0] < CHOICES ? data[0] : 0;
    gsize start = size > 0 && data[0] < CHOICES;
    g_autofree char *text =
        g_utf8_make_valid((const char *)data + start, (gssize)MIN(size - start, 4096));
    g_auto(GStrv) templates = g_strsplit(text, "\f", 3);
    NunjucksOptions options = options_of(choice, templates);
    const char *main = templates[0] ? templates[0] : "";

    check_compiled(main, &options, strstr(text, "random") != NULL);
    check_evaluated(main, &options);
    return 0;
}
