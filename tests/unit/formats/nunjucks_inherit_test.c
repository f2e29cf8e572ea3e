/* Templates that load others, from a loader in memory. */
#include "formats/json.h"
#include "formats/nunjucks.h"

#include <string.h>

typedef struct {
    const char *name, *template, *wanted;
} Case;

static const char *const FILES[][2] = {
    {"base", "<{% block a %}A{% endblock %}|{% block b %}B${{ n }}{% endblock %}|${{ top }}>"},
    {"middle", "{% extends 'base' %}{% block a %}M(${{ super() }}){% endblock %}{% set top = 1 %}"},
    {"nested", "{% block o %}o{% block i %}i{% endblock %}o{% endblock %}"},
    {"part", "[${{ x }} ${{ n }} ${{ loop.index }}{% set y = 9 %}]"},
    {"macros", "{% set shown = 5 %}{% set _own = 6 %}dropped"
               "{% macro hi(a, b='d') %}hi ${{ a }}${{ b }}${{ n }}{% endmacro %}"
               "{% macro wrap() %}<${{ caller() }}>{% endmacro %}"},
    {"reads", "{% macro get() %}${{ v }}{% endmacro %}{% set z = v %}"},
    {"dir/a", "a{% include './b' %}{% include '../part' %}"},
    {"dir/b", "b"},
    {"self", "{% include 'self' %}"},
    {"loop", "{% extends 'loop' %}"},
    {"ping", "{% extends 'pong' %}"},
    {"pong", "{% extends 'ping' %}"},
    {"wrong", "one\n  ${{ n | nosuch }}\n"},
    {"open", "one\n{% if n %}"},
};

static const Case CASES[] = {
    {"extends/blocks-are-overridden", "{% extends 'base' %}{% block b %}X{% endblock %} dropped",
     "<A|X|>"},
    {"extends/super-over-three-levels",
     "{% extends 'middle' %}{% block a %}T[${{ super() }}]{% endblock %}", "<T[M(A)]|B3|1>"},
    {"extends/super-twice",
     "{% extends 'base' %}{% block a %}${{ super() }}${{ super() }}{% endblock %}", "<AA|B3|>"},
    {"extends/a-set-before-is-seen", "{% extends 'base' %}{% set top = 7 %}", "<A|B3|7>"},
    {"extends/an-inner-block-alone",
     "{% extends 'nested' %}{% block i %}I${{ super() }}{% endblock %}", "oIio"},
    {"extends/under-a-condition", "{% if yes %}{% extends 'base' %}{% endif %}dropped", "<A|B3|>"},
    {"extends/by-a-name-that-is-computed", "{% extends 'ba' + 'se' %}", "<A|B3|>"},
    {"include/sees-the-frame-and-the-context", "{% set x = 5 %}{% include 'part' %}", "[5 3 ]"},
    {"include/keeps-its-own-names", "{% set x = 5 %}{% include 'part' %}${{ y }}", "[5 3 ]"},
    {"include/in-a-loop", "{% for x in list %}{% include 'part' %}{% endfor %}", "[a 3 1][b 3 2]"},
    {"include/ignore-missing", "{% include 'nosuch' ignore missing %}ok", "ok"},
    {"include/relative", "{% include 'dir/a' %}", "ab[ 3 ]"},
    {"import/with-its-names",
     "{% import 'macros' as m %}${{ m.hi(1) }} ${{ m.shown }}${{ m._own }}", "hi 1d 5"},
    {"import/with-context", "{% import 'macros' as m with context %}${{ m.hi(1, b=2) }}", "hi 123"},
    {"import/without-context-sees-nothing",
     "{% set v = 4 %}{% import 'reads' as r %}[${{ r.get() }}${{ r.z }}]", "[]"},
    {"from/aliases",
     "{% from 'macros' import hi, wrap as w %}${{ hi('x') }}{% call w() %}in{% endcall %}",
     "hi xd<in>"},
    {"from/with-context", "{% from 'macros' import hi with context %}${{ hi(1, 2) }}", "hi 123"},
    {"async/each", "{% asyncEach x in list %}${{ loop.index }}${{ x }}{% endeach %}", "1a2b"},
    {"async/all", "{% asyncAll x in list %}${{ loop.index }}${{ x }}{% endall %}", "1a2b"},
    {"async/each-includes", "{% asyncEach x in list %}{% include 'part' %}{% endeach %}",
     "[a 3 1][b 3 2]"},
};

static const Case REFUSED[] = {
    {"missing", "a\n {% include 'nosuch' %}", "main:2:5: template not found: nosuch"},
    {"fails", "{% include 'broken' ignore missing %}", "template \"broken\": the disk is gone"},
    {"name-is-no-text", "{% include n %}", "template names must be a string"},
    {"includes-itself", "{% include 'self' %}", "load each other more than"},
    {"extends-itself", "{% extends 'loop' %}", "extend each other more than"},
    {"extends-each-other", "{% extends 'ping' %}", "extend each other more than"},
    {"no-such-export", "{% from 'macros' import nosuch %}", "cannot import 'nosuch'"},
    {"no-private-export", "{% from 'macros' import _own %}",
     "main:1:25: names starting with an underscore"},
    {"no-super", "{% block a %}${{ super() }}{% endblock %}", "no super block available for \"a\""},
    {"place-in-the-loaded-one", "\n\n{% include 'wrong' %}", "wrong:2:"},
    {"does-not-parse", "{% include 'open' %}", "open:2:"},
};

static const char *load(void *data, Arena *arena, const char *name, GError **error)
{
    if (g_str_equal(name, "broken"))
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "the disk is gone");
    for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++)
        if (g_str_equal(FILES[i][0], name))
            return arena_strdup(arena, FILES[i][1]);
    return NULL;
}

static const Value *context(Arena *arena)
{
    return json_parse(arena, "{\"n\":3,\"yes\":true,\"list\":[\"a\",\"b\"]}", -1, NULL);
}

static const char *render(Arena *arena, const char *template, GError **error)
{
    return nunjucks_render(arena, template, context(arena),
                           &(NunjucksOptions){.file = "main", .load = load}, error);
}

static void test_case(gconstpointer data)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    const Case *wanted = data;
    const char *got = render(arena, wanted->template, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, wanted->wanted);
}

static void test_refused(gconstpointer data)
{
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    g_autoptr(GError) error = NULL;
    const Case *wanted = data;

    g_assert_null(render(arena, wanted->template, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    if (!strstr(error->message, wanted->wanted))
        g_error("wanted: %s\ngot: %s", wanted->wanted, error->message);
}

static void test_mark(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;

    g_assert_null(render(arena, "x\n{% include 'wrong' %}", &error));
    g_assert_true(g_str_has_prefix(error->message, "wrong:2:"));
    g_assert_nonnull(strstr(error->message, "\xe2\x96\xb8"));
    g_assert_nonnull(strstr(error->message, "nosuch }}"));
}

static void test_delimiters(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    NunjucksOptions options = {.variable_start = "<<",
                               .variable_end = ">>",
                               .block_start = "[%",
                               .block_end = "%]",
                               .comment_start = "[#",
                               .comment_end = "#]"};
    const char *got = nunjucks_render(
        arena, "[# gone #][% for x in list %]<< x >>${{ n }}[%- endfor -%] {% if %}",
        context(arena), &options, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, "a${{ n }}b${{ n }}{% if %}");
}

static void test_no_loader(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;

    g_assert_null(nunjucks_render(arena, "{% include 'base' %}", context(arena), NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
}

static void count_read(const NunjucksRead *read, void *data)
{
    GString *said = data;

    if (read->loads)
        g_string_append_printf(said, "%s:%d%s ", read->load ? read->load : "?", read->column,
                               read->guarded ? "?" : "");
    else if (read->names)
        g_string_append_printf(said, "%s ", read->names[0]);
}

static void test_reads(void)
{
    g_autoptr(GString) said = g_string_new(NULL);

    g_assert_true(nunjucks_reads("{% extends 'a' %}{% include b ignore missing %}"
                                 "{% from 'c' import d as e %}${{ e }}${{ d }}",
                                 &(NunjucksOptions){.load = load}, count_read, said, NULL));
    g_assert_cmpstr(said->str, ==, "a:12 ?:29? b c:56 d ");
}

static void add_cases(const char *folder, const Case *cases, gsize count, GTestDataFunc function)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *path = g_strdup_printf("/nunjucks/%s/%s", folder, cases[i].name);

        g_test_add_data_func(path, &cases[i], function);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_cases("loading", CASES, G_N_ELEMENTS(CASES), test_case);
    add_cases("refused", REFUSED, G_N_ELEMENTS(REFUSED), test_refused);
    g_test_add_func("/nunjucks/error/marks-the-place-in-the-loaded-file", test_mark);
    g_test_add_func("/nunjucks/options/delimiters", test_delimiters);
    g_test_add_func("/nunjucks/options/without-a-loader-nothing-is-loaded", test_no_loader);
    g_test_add_func("/nunjucks/reads/what-is-loaded-is-told", test_reads);
    return g_test_run();
}
