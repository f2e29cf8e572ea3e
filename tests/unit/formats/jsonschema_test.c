#include "formats/jsonschema.h"

#include "formats/json.h"

typedef struct {
    const char *name, *schema, *instance;
    const char *sentence; /* of the first violation; NULL: it holds */
} Case;

static const Case CASES[] = {
    {"type/text-is-text", "{'type':'string'}", "'a'", NULL},
    {"type/number-is-no-text", "{'title':'Name','type':'string'}", "1", "instance must be text"},
    {"type/a-whole-number-may-be-written-with-a-fraction", "{'type':'integer'}", "1.0", NULL},
    {"type/a-fraction-is-no-whole-number", "{'type':'integer'}", "1.5",
     "instance must be a whole number"},
    {"type/several", "{'type':['string','null']}", "true", "instance must be text or empty (null)"},
    {"enum/says-what-is-possible", "{'enum':['none','postgres']}", "'mysql'",
     "instance must be one of \"none\", \"postgres\""},
    {"const/other", "{'const':3}", "4", "instance must be 3"},
    {"required/names-the-field-by-title",
     "{'required':['name'],'properties':{'name':{'title':'Service Name'}}}", "{}",
     "Service Name (\"name\") is required"},
    {"properties/names-the-field",
     "{'properties':{'name':{'title':'Service Name','pattern':'^[a-z]+$'}}}", "{'name':'A b'}",
     "Service Name (\"name\") must hold only lower-case letters"},
    {"pattern/dollar-is-the-end-only", "{'pattern':'^[a-z]+$'}", "'abc\\n'",
     "instance must hold only lower-case letters"},
    {"pattern/catastrophic-one-stops", "{'pattern':'^(a+)+$'}",
     "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'",
     "instance cannot be checked: its schema's pattern ^(a+)+$ takes too long"},
    {"pattern/giving-up-is-not-holding", "{'not':{'pattern':'^(a+)+$'}}",
     "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'",
     "instance cannot be checked: its schema's pattern ^(a+)+$ takes too long"},
    {"pattern/words-of-two-classes", "{'pattern':'^[a-z][a-z0-9-]*$'}", "'1'",
     "instance must begin with a lower-case letter and hold only lower-case letters, digits and "
     "\"-\""},
    {"pattern/what-is-not-simple-is-shown", "{'pattern':'^(a|b)$'}", "'c'",
     "instance must match the pattern ^(a|b)$"},
    {"pattern/one-that-is-none-is-reported", "{'pattern':'('}", "'a'",
     "instance cannot be checked: its schema's pattern ( is not a regular expression"},
    {"additional/refused", "{'properties':{'a':{}},'additionalProperties':false}", "{'a':1,'b':2}",
     "instance is not allowed to have the additional property \"b\""},
    {"additional/pattern-properties-count",
     "{'patternProperties':{'^x-':{}},'additionalProperties':false}", "{'x-a':1}", NULL},
    {"additional/schema", "{'additionalProperties':{'type':'number'}}", "{'a':'x'}",
     "\"a\" must be a number"},
    {"items/each", "{'items':{'type':'number'}}", "[1,'x']", "entry 2 must be a number"},
    {"items/tuple", "{'items':[{'type':'number'}],'additionalItems':false}", "[1,2]",
     "entry 2 is not allowed here"},
    {"items/unique", "{'uniqueItems':true}", "[1,2,1.0]",
     "instance must not hold the same item twice (items 1 and 3)"},
    {"items/least", "{'minItems':1}", "[]", "instance must have at least 1 item"},
    {"items/contains", "{'contains':{'const':1}}", "[2]", "instance must contain a fitting entry"},
    {"text/empty", "{'minLength':1}", "''", "instance must not be empty"},
    {"text/length-counts-characters", "{'maxLength':3}", "'äöü'", NULL},
    {"number/minimum", "{'minimum':1}", "0", "instance must be at least 1"},
    {"number/exclusive", "{'exclusiveMaximum':1}", "1", "instance must be less than 1"},
    {"number/multiple", "{'multipleOf':0.1}", "0.3", NULL},
    {"any-of/says-what-the-closest-misses",
     "{'anyOf':[{'type':'number'},{'required':['a'],'properties':{'b':{'const':1}}}]}", "{'b':1}",
     "\"a\" is required"},
    {"one-of/two-fit", "{'oneOf':[{'type':'number'},{'minimum':1}]}", "2",
     "instance must fit exactly one of the alternatives but fits 2"},
    {"not/refused", "{'not':{'const':1}}", "1", "instance has a value that is not allowed"},
    {"if/then", "{'if':{'properties':{'a':{'const':1}}},'then':{'required':['b']}}", "{'a':1}",
     "\"b\" is required"},
    {"if/else",
     "{'if':{'properties':{'a':{'const':1}}},'then':{'required':['b']},'else':{'required':['c']}}",
     "{'a':2}", "\"c\" is required"},
    {"dependencies/names", "{'dependencies':{'a':['b']}}", "{'a':1}",
     "instance requires property \"b\""},
    {"dependencies/schema", "{'dependencies':{'a':{'required':['c']}}}", "{'a':1}",
     "\"c\" is required"},
    {"format/email", "{'format':'email'}", "'ada'", "instance must be an e-mail address"},
    {"format/date", "{'format':'date'}", "'2026-02-30'", "instance must be a date like 2026-03-01"},
    {"format/uri", "{'format':'uri'}", "'https://a.example/x'", NULL},
    {"format/unknown-holds", "{'format':'colour'}", "'x'", NULL},
    {"ref/definition",
     "{'definitions':{'n':{'type':'number'}},'properties':{'a':{'$ref':'#/definitions/n'}}}",
     "{'a':'x'}", "\"a\" must be a number"},
    {"ref/missing-says-which", "{'$ref':'#/definitions/n'}", "1",
     "instance cannot be checked: its schema refers to #/definitions/n, which is not there"},
    {"ref/remote-is-not-fetched", "{'$ref':'https://a.example/schema'}", "1",
     "instance cannot be checked: its schema refers to https://a.example/schema, and schemas "
     "outside of the document are not fetched"},
    {"ref/missing-within-not-does-not-hold", "{'not':{'$ref':'#/definitions/n'}}", "1",
     "instance cannot be checked: its schema refers to #/definitions/n, which is not there"},
    {"ref/siblings-do-not-count-in-draft-07",
     "{'definitions':{'n':{'type':'number'}},'properties':{'a':{'$ref':'#/definitions/n',"
     "'minimum':5}}}",
     "{'a':1}", NULL},
    {"ref/siblings-count-in-2020-12",
     "{'$schema':'https://json-schema.org/draft/2020-12/schema','$defs':{'n':{'type':'number'}},"
     "'properties':{'a':{'$ref':'#/$defs/n','minimum':5}}}",
     "{'a':1}", "\"a\" must be at least 5"},
    {"unevaluated/says-which",
     "{'$schema':'https://json-schema.org/draft/2020-12/schema','allOf':[{'properties':{'a':{}}}],"
     "'unevaluatedProperties':false}",
     "{'a':1,'b':2}", "instance is not allowed to have the additional property \"b\""},
    {"items/an-entry-says-of-which-list",
     "{'properties':{'tags':{'items':{'pattern':'^[a-z]+$'}}}}", "{'tags':['a','B']}",
     "entry 2 of \"tags\" must hold only lower-case letters"},
    {"unevaluated/unknown-keywords-that-begin-so-are-ignored",
     "{'$schema':'https://json-schema.org/draft/2020-12/schema','unevaluatedThings':false,"
     "'unevaluatedItems':false}",
     "{'a':1}", NULL},
    {"ref/endless-stops", "{'$ref':'#'}", "1", "instance is too deep or too large to be checked"},
    {"ref/exponential-stops", "{'allOf':[{'$ref':'#'},{'$ref':'#'}]}", "1",
     "instance is too deep or too large to be checked"},
    {"unknown-keywords-are-ignored", "{'ui:field':'OwnerPicker','type':'string'}", "'x'", NULL},
    {"property-names", "{'propertyNames':{'pattern':'^[a-z]+$'}}", "{'A':1}",
     "instance must not have a property named \"A\""},
};

/* Cases are written with ' for ", which none of them needs inside. */
static const Value *parse(Arena *arena, const char *text)
{
    g_autoptr(GError) error = NULL;
    char *copy = arena_strdup(arena, text);

    g_strdelimit(copy, "'", '"');
    const Value *value = json_parse(arena, copy, -1, &error);
    g_assert_no_error(error);
    return value;
}

static void test_case(const void *data)
{
    const Case *c = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    bool valid =
        jsonschema_validate(parse(arena, c->schema), parse(arena, c->instance), diagnostics);

    g_assert_cmpint(valid, ==, c->sentence == NULL);
    if (c->sentence)
        g_assert_cmpstr(diagnostics_get(diagnostics, 0)->message, ==, c->sentence);
}

static void test_pointer(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();

    jsonschema_validate(parse(arena, "{'properties':{'a/b':{'items':{'required':['x']}}}}"),
                        parse(arena, "{'a/b':[{}]}"), diagnostics);
    g_assert_cmpstr(diagnostics_get(diagnostics, 0)->pointer, ==, "/a~1b/0/x");
    g_assert_cmpstr(diagnostics_get(diagnostics, 0)->code, ==, "required");
}

static void assert_defaults(const char *schema, const char *instance, const char *wanted)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *filled =
        jsonschema_with_defaults(arena, parse(arena, schema), parse(arena, instance));
    g_autofree char *got = json_to_string(filled, JSON_SORT_KEYS);

    g_assert_cmpstr(got, ==, wanted);
}

static void test_defaults(void)
{
    assert_defaults("{'properties':{'a':{'default':1},'b':{'default':2}}}", "{'b':3}",
                    "{\"a\":1,\"b\":3}");
    assert_defaults("{'properties':{'a':{'properties':{'b':{'default':2}}}}}", "{}",
                    "{\"a\":{\"b\":2}}");
    assert_defaults("{'properties':{'a':{'properties':{'b':{}}}}}", "{}", "{}");
    assert_defaults("{'properties':{'k':{'default':'x'}},'if':{'properties':{'k':{'const':'x'}}},"
                    "'then':{'properties':{'d':{'default':true}}}}",
                    "{}", "{\"d\":true,\"k\":\"x\"}");
    assert_defaults("{'properties':{'l':{'type':'array','minItems':2,'items':{'default':'x'}}}}",
                    "{}", "{\"l\":[\"x\",\"x\"]}");
    assert_defaults("{'properties':{'a':{'allOf':[{'default':1}]}}}", "{}", "{\"a\":1}");
    assert_defaults("{'properties':{'a':{'default':{'x':1},'properties':{'y':{'default':2}}}}}",
                    "{}", "{\"a\":{\"x\":1,\"y\":2}}");
    assert_defaults(
        "{'properties':{'a':{}},'dependencies':{'a':{'properties':{'b':{'default':2}}}}}",
        "{'a':1}", "{\"a\":1,\"b\":2}");
    assert_defaults("{'definitions':{'n':{'default':7}},'properties':{'a':{'$ref':"
                    "'#/definitions/n'}}}",
                    "{}", "{\"a\":7}");
}

/* Whatever a schema and its patterns cost, the answer comes. */
static void test_many_costly_texts(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Value *texts = value_array_new(arena);

    for (guint i = 0; i < 20000; i++)
        value_append(
            arena, texts,
            value_string_new(arena, arena_printf(arena, "aaaaaaaaaaaaaaaaaaaaaaaaaa%u!", i)));
    g_assert_false(
        jsonschema_validate(parse(arena, "{'items':{'pattern':'^(a+)+$'}}"), texts, diagnostics));
    g_assert_cmpstr(diagnostics_get(diagnostics, 0)->message, ==,
                    "entry 1 cannot be checked: its schema's pattern ^(a+)+$ takes too long");
}

static void test_many_violations(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Value *numbers = value_array_new(arena);

    for (int i = 0; i < 1000; i++)
        value_append(arena, numbers, value_int_new(arena, i));
    g_autoptr(GPtrArray) found =
        jsonschema_violations(arena, parse(arena, "{'items':{'type':'string'}}"), numbers);
    g_assert_cmpint(found->len, ==, 200);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *path = g_strconcat("/jsonschema/", CASES[i].name, NULL);
        g_test_add_data_func(path, &CASES[i], test_case);
    }
    g_test_add_func("/jsonschema/pointer-leads-to-the-missing-member", test_pointer);
    g_test_add_func("/jsonschema/defaults-fill-what-is-absent", test_defaults);
    g_test_add_func("/jsonschema/many-costly-texts-end", test_many_costly_texts);
    g_test_add_func("/jsonschema/violations-have-a-ceiling", test_many_violations);
    return g_test_run();
}
