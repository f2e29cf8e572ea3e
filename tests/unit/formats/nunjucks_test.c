#include "formats/nunjucks.h"

#include "formats/json.h"
#include <string.h>

typedef struct {
    const char *name, *template, *context, *wanted;
} Case;

static const char CONTEXT[] =
    "{'name':'order-service','owner':'team-commerce','n':3,'f':1.5,'yes':true,'no':false,"
    "'nothing':null,'empty':[],'list':['a','b','c'],'numbers':[3,1,2],"
    "'object':{'k':'v','deep':{'x':[10,20]}},"
    "'people':[{'name':'Ada','age':36,'admin':true},{'name':'bob','age':20},"
    "{'name':'Cid','age':36}],"
    "'text':'Hello World','url':'github.com?owner=acme-corp&repo=order-service'}";

static const Case CASES[] = {
    {"output/text-alone", "plain {{ name }} $ { text", NULL, "plain {{ name }} $ { text"},
    {"output/variable", "a ${{ name }} b", NULL, "a order-service b"},
    {"output/missing-is-empty", "[${{ missing }}][${{ nothing }}][${{ missing.deep.er }}]", NULL,
     "[][][]"},
    {"output/numbers-as-javascript",
     "${{ n }} ${{ f }} ${{ 1/3 }} ${{ 10000000000*10000000000*100 }}", NULL,
     "3 1.5 0.3333333333333333 1e+22"},
    {"output/array-joins-object-does-not", "${{ list }} ${{ object }}", NULL,
     "a,b,c [object Object]"},
    {"output/dict-closes-before-the-tag", "${{ {a: {b: 1}}|dump }}", NULL, "{\"a\":{\"b\":1}}"},
    {"comment/vanishes", "a{# no ${{ name }} #}b", NULL, "ab"},
    {"blanks/dash-strips-both-sides", "a \n {%- if yes -%} \n b \n {%- endif -%} \n c", NULL,
     "abc"},
    {"blanks/dash-in-output", "a  ${{- n -}}  b", NULL, "a3b"},
    {"blanks/dash-in-comment", "a  {#- x -#}  b", NULL, "ab"},
    {"raw/is-verbatim", "{% raw %}${{ name }} {% if %}{% endraw %}!", NULL,
     "${{ name }} {% if %}!"},
    {"raw/verbatim-is-the-same", "{%- verbatim %} ${{ x }} {% endverbatim -%}  !", NULL,
     " ${{ x }} !"},
    {"if/elif-else", "{% if n < 2 %}a{% elif n == 3 %}b{% else %}c{% endif %}", NULL, "b"},
    {"if/else", "{% if no %}a{% elseif nothing %}b{% else %}c{% endif %}", NULL, "c"},
    {"if/empty-array-is-true-as-in-javascript", "{% if empty %}t{% endif %}", NULL, "t"},
    {"for/loop",
     "{% for x in list %}${{ loop.index }}/${{ loop.length }}${{ x }}"
     "{% if not loop.last %},{% endif %}{% endfor %}",
     NULL, "1/3a,2/3b,3/3c"},
    {"for/else", "{% for x in empty %}x{% else %}none{% endfor %}", NULL, "none"},
    {"for/object", "{% for k, v in object.deep %}${{ k }}=${{ v }}{% endfor %}", NULL, "x=10,20"},
    {"for/pairs", "{% for a, b in [[1,2],[3,4]] %}${{ a + b }} {% endfor %}", NULL, "3 7 "},
    {"for/range", "{% for i in range(1, 7, 2) %}${{ i }}{% endfor %}", NULL, "135"},
    {"for/inner-set-changes-the-outer",
     "{% set s = 0 %}{% for i in numbers %}{% set s = s + i %}{% endfor %}${{ s }}", NULL, "6"},
    {"set/block", "{% set x %}<${{ n }}>{% endset %}${{ x }}${{ x }}", NULL, "<3><3>"},
    {"set/several", "{% set a, b = 1 %}${{ a }}${{ b }}", NULL, "11"},
    {"macro/defaults-and-keywords",
     "{% macro m(a, b='B', c='C') %}${{ a }}${{ b }}${{ c }}{% endmacro %}"
     "${{ m(1) }} ${{ m(1, 2) }} ${{ m(1, c=3) }}",
     NULL, "1BC 12C 1B3"},
    {"macro/call-block",
     "{% macro w() %}<${{ caller('x') }}>{% endmacro %}"
     "{% call(y) w() %}in ${{ y }}{% endcall %}",
     NULL, "<in x>"},
    {"filter-block", "{% filter upper %}abc ${{ name }}{% endfilter %}", NULL, "ABC ORDER-SERVICE"},
    {"switch",
     "{% switch n %}{% case 1 %}one{% case 2 %}{% case 3 %}few{% default %}many"
     "{% endswitch %}",
     NULL, "few"},
    {"block/is-its-content", "{% block a %}x{% endblock a %}", NULL, "x"},
    {"inline-if", "${{ 'a' if yes else 'b' }}${{ 'a' if no else 'b' }}${{ 'x' if no }}", NULL,
     "ab"},
    {"equality/strict-and-loose",
     "${{ n === 3 }} ${{ n === '3' }} ${{ n == '3' }} ${{ n !== 'x' }} ${{ nothing == missing }}",
     NULL, "true false true true true"},
    {"logic", "${{ no or 'x' }} ${{ yes and 'y' }} ${{ not yes }} ${{ not no and yes }}", NULL,
     "x y false true"},
    {"in", "${{ 'a' in list }} ${{ 'z' not in list }} ${{ 'ell' in text }} ${{ 'k' in object }}",
     NULL, "true true true true"},
    {"arithmetic",
     "${{ 1 + 2 * 3 }} ${{ 7 // 2 }} ${{ 7 % 4 }} ${{ 2 ** 10 }} ${{ -n }} ${{ '1' + 2 }}"
     " ${{ n ~ 'x' }} ${{ (1 + 2) * 3 }}",
     NULL, "7 3 3 1024 -3 12 3x 9"},
    {"member/index-and-key",
     "${{ object.deep.x[1] }} ${{ object['k'] }} ${{ list[0] }}"
     " ${{ list.length }} ${{ text.length }} ${{ list[9] }}",
     NULL, "20 v a 3 11 "},
    {"method/text",
     "${{ name.toUpperCase() }} ${{ name.split('-')[1] }} ${{ text.slice(-5) }}"
     " ${{ name.replace('-', '_') }} ${{ name.startsWith('order') }}"
     " ${{ name.indexOf('s') }} ${{ '7'.padStart(3, '0') }} ${{ 'ab'.repeat(2) }}",
     NULL, "ORDER-SERVICE service World order_service true 6 007 abab"},
    {"method/characters-not-bytes", "${{ 'äöü'.length }}${{ 'äöü'.slice(1, 2) }}", NULL, "3ö"},
    {"method/list",
     "${{ list.join('+') }} ${{ list.includes('b') }} ${{ list.slice(1) }}"
     " ${{ list.concat(['d']).length }}",
     NULL, "a+b+c true b,c 4"},
    {"method/push-changes-the-list",
     "{% set l = [] %}{% for x in list %}{% set _ = l.push(x ~ x) %}"
     "{% endfor %}${{ l }}",
     NULL, "aa,bb,cc"},
    {"method/regex",
     "${{ name.replace(r/[aeiou]/g, '*') }} ${{ r/^order/.test(name) }}"
     " ${{ name.replace(r/(\\w+)-(\\w+)/, '$2.$1') }}",
     NULL, "*rd*r-s*rv*c* true service.order"},
    {"method/number", "${{ f.toFixed(2) }}", NULL, "1.50"},
    {"test",
     "${{ n is odd }} ${{ missing is defined }} ${{ n is not even }} ${{ 4 is divisibleby(2) }}"
     " ${{ nothing is none }} ${{ name is string }}",
     NULL, "true false true true true true"},
    {"filter/text",
     "${{ 'hello wORLD' | title }} ${{ 'aBC' | capitalize }} ${{ ' x ' | trim }}"
     " ${{ 'a-b-c' | replace('-', '') }} ${{ 'aXbX' | replace(r/x/gi, '') }}",
     NULL, "Hello World Abc x abc ab"},
    {"filter/indent", "${{ 'a\\nb' | indent(2) }}|${{ 'a' | indent(2, true) }}", NULL,
     "a\n  b|  a"},
    {"filter/default",
     "${{ missing | default('d') }} ${{ '' | default('d') }}${{ '' | d('e', true) }}", NULL, "d e"},
    {"filter/list",
     "${{ list | first }}${{ list | last }} ${{ numbers | sort | join('') }}"
     " ${{ numbers | sum }} ${{ list | length }} ${{ 'abc' | reverse }}",
     NULL, "ac 123 6 3 cba"},
    {"filter/sort-by-attribute",
     "${{ people | sort(false, false, 'name') | join(',', 'name') }}"
     " ${{ people | sort(attribute='age') | join(',', 'name') }}",
     NULL, "Ada,bob,Cid bob,Ada,Cid"},
    {"filter/select",
     "${{ people | selectattr('admin') | join('', 'name') }}"
     " ${{ numbers | select('odd') }} ${{ numbers | reject('gt', 1) }}",
     NULL, "Ada 3,1 1"},
    {"filter/groupby",
     "{% for k, g in people | groupby('age') %}${{ k }}:${{ g.length }} {% endfor %}", NULL,
     "20:1 36:2 "},
    {"filter/dictsort", "{% for k, v in {b: 1, a: 2} | dictsort %}${{ k }}${{ v }}{% endfor %}",
     NULL, "a2b1"},
    {"filter/batch-and-slice", "${{ list | batch(2) | dump }} ${{ list | slice(2) | dump }}", NULL,
     "[[\"a\",\"b\"],[\"c\"]] [[\"a\",\"b\"],[\"c\"]]"},
    {"filter/dump", "${{ object | dump }} ${{ {a: [1, {}]} | dump(2) }}", NULL,
     "{\"k\":\"v\",\"deep\":{\"x\":[10,20]}} {\n  \"a\": [\n    1,\n    {}\n  ]\n}"},
    {"filter/numbers",
     "${{ '12px' | int }} ${{ 'x' | int(5) }} ${{ 1.256 | round(2) }} ${{ -2 | abs }}"
     " ${{ '1.5' | float }}",
     NULL, "12 5 1.26 2 1.5"},
    {"filter/escape", "${{ '<a href=\"x\">' | escape }} ${{ '<b>x</b>' | striptags }}", NULL,
     "&lt;a href=&quot;x&quot;&gt; x"},
    {"filter/urlencode", "${{ 'a b&c' | urlencode }} ${{ {a: 'x y'} | urlencode }}", NULL,
     "a%20b%26c a=x%20y"},
    {"filter/truncate",
     "${{ 'one two three' | truncate(8) }} ${{ 'abcdef' | truncate(3, true, '') }}", NULL,
     "one two... abc"},
    {"filter/title-case-of-a-name", "${{ name | replace('-', ' ') | title }}", NULL,
     "Order Service"},
    {"scaffolder/parse-repo-url",
     "${{ (url | parseRepoUrl).owner }} ${{ url | parseRepoUrl | pick('repo') }}", NULL,
     "acme-corp order-service"},
    {"scaffolder/project-slug", "${{ url | projectSlug }}", NULL, "acme-corp/order-service"},
    {"scaffolder/parse-entity-ref",
     "${{ owner | parseEntityRef('group') | dump }}"
     " ${{ 'user:ns/ada' | parseEntityRef | pick('name') }}"
     " ${{ 'x' | parseEntityRef({defaultKind: 'group', defaultNamespace: 'n'}) | pick('namespace') "
     "}}",
     NULL, "{\"kind\":\"group\",\"namespace\":\"default\",\"name\":\"team-commerce\"} ada n"},
    {"globals/joiner-and-cycler",
     "{% set j = joiner(', ') %}{% set c = cycler('o', 'e') %}"
     "{% for x in list %}${{ j() }}${{ x }}${{ c.next() }}{% endfor %}",
     NULL, "ao, be, co"},
    /* Errors: the wanted text begins with "!". */
    {"error/unknown-filter-says-where", "line\n  ${{ name | nofilter }}", NULL,
     "!t.njk:2:14: filter not found: nofilter"},
    {"error/unclosed-if-says-where", "a\n{% if yes %}b", NULL, "!t.njk:2:13: the tag before"},
    {"error/unclosed-expression", "${{ name ", NULL, "!t.njk:1:10: the text ends inside"},
    {"error/unknown-tag", "{% frobnicate %}", NULL, "!t.njk:1:4: unknown tag \"frobnicate\""},
    {"error/include-is-refused", "{% include 'x' %}", NULL, "!t.njk:1:4: {% include %} is not"},
    {"error/call-of-nothing", "${{ missing() }}", NULL,
     "!t.njk:1:5: unable to call `missing`, which is undefined"},
    {"error/unclosed-comment", "a {# b", NULL, "!t.njk:1:3: a comment"},
    {"error/missing-operand", "${{ 1 + }}", NULL, "!t.njk:1:9: the tag ends here"},
    {"error/unknown-host", "${{ 'x.example?owner=a&repo=b' | parseRepoUrl }}", NULL,
     "!t.njk:1:34: No matching integration"},
    {"ceiling/endless-macro", "{% macro m() %}${{ m() }}{% endmacro %}${{ m() }}", NULL,
     "!t.njk:1:"},
    {"ceiling/growing-text",
     "{% set s = 'xxxxxxxxxxxxxxxx' %}{% for i in range(60) %}"
     "{% set s = s ~ s %}{% endfor %}${{ s }}",
     NULL, "!t.njk:1:"},
    {"ceiling/growing-list",
     "{% set s = ['x'] %}{% for i in range(60) %}{% set s = [s, s] %}"
     "{% endfor %}${{ s | dump }}",
     NULL, "!t.njk:1:"},
    {"ceiling/nested-loops",
     "{% for a in range(99999) %}{% for b in range(99999) %}"
     "{% for c in range(99999) %}x{% endfor %}{% endfor %}{% endfor %}",
     NULL, "!t.njk:1:"},
    {"ceiling/repeat", "${{ 'x'.repeat(99999999999) }}", NULL, "!t.njk:1:"},
    {"ceiling/list-within-itself",
     "{% set a = [] %}{% set b = [a] %}{% set _ = a.push(b) %}"
     "${{ a | dump }}",
     NULL, "!t.njk:1:"},
};

static const Value *parse(Arena *arena, const char *text)
{
    g_autoptr(GError) error = NULL;
    char *copy = g_strdelimit(arena_strdup(arena, text), "'", '"');
    const Value *value = json_parse(arena, copy, -1, &error);

    g_assert_no_error(error);
    return value;
}

static void test_case(const void *data)
{
    const Case *c = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    NunjucksOptions options = {.file = "t.njk"};
    const char *got = nunjucks_render(arena, c->template, parse(arena, CONTEXT), &options, &error);

    if (*c->wanted != '!') {
        g_assert_no_error(error);
        g_assert_cmpstr(got, ==, c->wanted);
        return;
    }
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    if (!g_str_has_prefix(error->message, c->wanted + 1))
        g_assert_cmpstr(error->message, ==, c->wanted + 1);
}

static void assert_typed(const char *template, const char *wanted)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    const Value *got = nunjucks_evaluate(arena, template, parse(arena, CONTEXT), NULL, &error);
    g_autofree char *text = got ? json_to_string(got, JSON_COMPACT) : g_strdup("undefined");

    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, wanted);
}

static void test_typed(void)
{
    assert_typed("${{ n }}", "3");
    assert_typed("${{ name !== 'none' }}", "true");
    assert_typed("${{ list }}", "[\"a\",\"b\",\"c\"]");
    assert_typed("${{ object.deep }}", "{\"x\":[10,20]}");
    assert_typed("${{ missing }}", "undefined");
    assert_typed("${{ nothing }}", "null");
    assert_typed("${{ n }} ", "\"3 \"");
    assert_typed("${{ n }}${{ n }}", "\"33\"");
    assert_typed("{% if yes %}42{% endif %}", "\"42\"");
    assert_typed("plain", "\"plain\"");
    assert_typed("${{ 1 + 1 }}", "2");
}

static void test_tree(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    const Value *tree =
        parse(arena, "{'a':'${{ n }}','gone':'${{ missing }}','bad':'${{ n | nope }}',"
                     "'${{ n }}':['${{ yes }}',7]}");
    const Value *got = nunjucks_evaluate_tree(arena, tree, parse(arena, CONTEXT), NULL, warnings);
    g_autofree char *text = json_to_string(got, JSON_COMPACT);

    g_assert_cmpstr(text, ==, "{\"a\":3,\"bad\":\"${{ n | nope }}\",\"${{ n }}\":[true,7]}");
    g_assert_cmpuint(warnings->len, ==, 1);
}

static void assert_rendered(const char *template, const NunjucksOptions *options,
                            const char *wanted)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    const char *got = nunjucks_render(arena, template, parse(arena, CONTEXT), options, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, wanted);
}

static void test_blocks(void)
{
    const char *template = "a\n  {% if yes %}\n  b ${{ n }}\n  {% endif %}\nc\n";

    assert_rendered(template, &(NunjucksOptions){0}, "a\n  \n  b 3\n  \nc\n");
    assert_rendered(template, &(NunjucksOptions){.trim_blocks = true}, "a\n    b 3\n  c\n");
    assert_rendered(template, &(NunjucksOptions){.trim_blocks = true, .lstrip_blocks = true},
                    "a\n  b 3\nc\n");
}

static void test_cookiecutter(void)
{
    NunjucksOptions options = {.variable_start = "{{", .variable_end = "}}", .cookiecutter = true};

    assert_rendered("{{ list | jsonify }} ${{ n }}", &options, "[\"a\",\"b\",\"c\"] $3");
}

static void test_truthy(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *context = parse(arena, CONTEXT);

    g_assert_false(nunjucks_truthy(NULL));
    g_assert_false(nunjucks_truthy(value_get(context, "empty")));
    g_assert_false(nunjucks_truthy(value_get(context, "nothing")));
    g_assert_true(nunjucks_truthy(value_get(context, "object")));
    g_assert_true(nunjucks_truthy(value_string_new(arena, "false")));
    g_assert_false(nunjucks_truthy(value_string_new(arena, "")));
}

static void test_context_stays(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *context = parse(arena, CONTEXT);

    nunjucks_render(arena, "${{ list.push('d') }}", context, NULL, NULL);
    g_assert_cmpuint(value_count(value_get(context, "list")), ==, 3);
}

static void test_deep_nesting(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new("${{ ");

    for (int i = 0; i < 100000; i++)
        g_string_append(text, i % 2 ? "(" : "[");
    g_assert_null(nunjucks_render(arena, text->str, value_object_new(arena), NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *path = g_strconcat("/nunjucks/", CASES[i].name, NULL);
        g_test_add_data_func(path, &CASES[i], test_case);
    }
    g_test_add_func("/nunjucks/typed/a-sole-expression-keeps-its-type", test_typed);
    g_test_add_func("/nunjucks/tree/failures-keep-their-text", test_tree);
    g_test_add_func("/nunjucks/options/trim-and-lstrip-blocks", test_blocks);
    g_test_add_func("/nunjucks/options/cookiecutter", test_cookiecutter);
    g_test_add_func("/nunjucks/truthy/backstages-rules-for-if", test_truthy);
    g_test_add_func("/nunjucks/push-leaves-the-callers-context-alone", test_context_stays);
    g_test_add_func("/nunjucks/ceiling/deep-nesting-is-an-error", test_deep_nesting);
    return g_test_run();
}
