#include "scaffolder/template/template.h"

#include "formats/json.h"

/* Cases are written with ' for ", which none of them needs inside. */
typedef struct {
    const char *name, *pages, *values;
    const char *wanted; /* the values a task gets */
    const char *errors; /* titles, one a line */
} Case;

static const Case CASES[] = {
    {"no-condition-hides-nothing", "[{'properties':{'a':{'default':1}}},{'required':['b']}]", "{}",
     "{'a':1}", "'b' is required\n"},
    {"one-page-need-not-be-a-list", "{'properties':{'a':{'default':1}}}", "{'z':2}",
     "{'a':1,'z':2}", ""},
    {"a-hidden-page-demands-nothing-and-loses-its-values",
     "[{'properties':{'kind':{'default':'web'}}},{'when':{'properties':{'kind':{'const':'batch'}}},"
     "'required':['cron'],'properties':{'cron':{'type':'string'},'zone':{'default':'UTC'}}}]",
     "{'cron':5}", "{'kind':'web'}", ""},
    {"a-shown-page-is-checked",
     "[{'properties':{'kind':{'default':'web'}}},{'when':{'properties':{'kind':{'const':'web'}}},"
     "'required':['port'],'properties':{'port':{'type':'integer'},'zone':{'default':'UTC'}}}]",
     "{}", "{'kind':'web','zone':'UTC'}", "'port' is required\n"},
    {"an-expression-sees-all-values",
     "[{'properties':{'size':{'type':'integer'}}},{'when':'${{ parameters.size > 3 }}',"
     "'properties':{'why':{}},'required':['why']}]",
     "{'size':4}", "{'size':4}", "'why' is required\n"},
    {"an-expression-that-is-false-hides",
     "[{'properties':{'size':{'type':'integer'}}},{'when':'${{ parameters.size > 3 }}',"
     "'properties':{'why':{}},'required':['why']}]",
     "{'size':3,'why':'x'}", "{'size':3}", ""},
    {"an-expression-that-fails-hides",
     "[{'when':'${{ parameters | nosuchfilter }}','properties':{'a':{'default':1}}}]", "{}", "{}",
     ""},
    {"a-text-without-an-expression-holds", "[{'when':'yes','properties':{'a':{'default':1}}}]",
     "{}", "{'a':1}", ""},
    {"an-empty-list-does-not-hold",
     "[{'when':'${{ parameters.list }}','properties':{'a':{'default':1}}}]", "{'list':[]}",
     "{'list':[]}", ""},
    {"a-hidden-property-is-not-required",
     "[{'properties':{'a':{'when':false,'default':1},'b':{}},'required':['a','b']}]", "{'a':1}",
     "{}", "'b' is required\n"},
    {"a-property-of-a-branch-has-conditions-too",
     "[{'properties':{'on':{'type':'boolean'}},'if':{'properties':{'on':{'const':true}},"
     "'required':['on']},'then':{'properties':{'x':{'default':1},'y':{'default':2,'when':false}},"
     "'required':['y']}}]",
     "{'on':true,'y':3}", "{'on':true,'x':1}", ""},
    {"what-hides-may-hide-the-next",
     "[{'properties':{'a':{'default':true,'when':false}}},"
     "{'when':{'required':['a']},'properties':{'b':{'default':true}}},"
     "{'when':{'required':['b']},'properties':{'c':{'default':true}}}]",
     "{'a':true}", "{}", ""},
    {"what-was-hidden-stays-hidden",
     "[{'properties':{'a':{'default':1,'when':{'not':{'required':['b']}}},"
     "'b':{'default':1,'when':{'not':{'required':['a']}}}}}]",
     "{}", "{}", ""},
    {"a-name-that-a-shown-page-has-too-is-kept",
     "[{'when':false,'properties':{'a':{}},'required':['a']},{'properties':{'a':{'type':'string'}}}"
     "]",
     "{'a':'x'}", "{'a':'x'}", ""},
    {"conditions-see-fields-of-other-pages",
     "[{'properties':{'kind':{'type':'string'}}},{'if':{'properties':{'kind':{'const':'batch'}},"
     "'required':['kind']},'then':{'required':['cron']}}]",
     "{'kind':'batch'}", "{'kind':'batch'}", "'cron' is required\n"},
    {"dependencies-see-fields-of-other-pages",
     "[{'properties':{'a':{}}},{'dependencies':{'a':['b']},'properties':{'b':{'title':'B'}}}]",
     "{'a':1}", "{'a':1}", "instance requires property 'b'\n"},
    {"a-page-among-others-does-not-refuse-their-values",
     "[{'properties':{'a':{}},'additionalProperties':false},{'properties':{'b':{}}}]",
     "{'a':1,'b':2}", "{'a':1,'b':2}", ""},
    {"a-page-alone-may-refuse-what-it-does-not-know",
     "[{'properties':{'a':{}},'additionalProperties':false}]", "{'b':2}", "{'b':2}",
     "instance is not allowed to have the additional property 'b'\n"},
};

static const Value *parse(Arena *arena, const char *text)
{
    g_autoptr(GError) error = NULL;
    char *copy = arena_strdup(arena, text);

    g_strdelimit(copy, "'", '"');
    const Value *value = json_parse(arena, copy, -1, &error);
    g_assert_no_error(error);
    return value;
}

static const Value *entity_with(Arena *arena, const Value *pages)
{
    Value *entity = value_object_new(arena), *spec = value_object_new(arena);

    value_set(arena, spec, "parameters", pages);
    value_set(arena, entity, "spec", spec);
    return entity;
}

static void test_case(const void *data)
{
    const Case *c = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *entity = entity_with(arena, parse(arena, c->pages));
    const Value *values = parse(arena, c->values);
    const Value *errors = template_check(arena, entity, values, value_object_new(arena));
    g_autofree char *got = json_to_string(template_defaults(arena, entity, values), JSON_SORT_KEYS);
    g_autoptr(GString) titles = g_string_new(NULL);

    for (guint i = 0; i < value_count(errors); i++)
        g_string_append_printf(titles, "%s\n",
                               value_path_string(value_item(errors, i), "title", ""));
    g_strdelimit(got, "\"", '\'');
    g_strdelimit(titles->str, "\"", '\'');
    g_assert_cmpstr(got, ==, c->wanted);
    g_assert_cmpstr(titles->str, ==, c->errors);
}

static void test_words(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *entity = entity_with(
        arena, parse(arena, "{'properties':{'list':{'items':{'title':'Port','maximum':9}}}}"));
    const Value *errors =
        template_check(arena, entity, parse(arena, "{'list':[1,10]}"), value_object_new(arena));
    const Value *error = value_item(errors, 0);
    g_autofree char *path = json_to_string(value_get(error, "path"), JSON_COMPACT);

    g_assert_cmpstr(path, ==, "[\"list\",1]");
    g_assert_cmpstr(value_path_string(error, "stack", ""), ==,
                    "instance.list[1] must be less than or equal to 9");
    g_assert_cmpstr(value_path_string(error, "title", ""), ==,
                    "entry 2 of \"list\" must be at most 9");
}

static void test_hidden(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    TemplateForm form = template_form(
        arena, parse(arena, "[{'properties':{'a':{'when':false},'b':{}}},{'when':false}]"),
        value_object_new(arena));
    g_autofree char *hidden = json_to_string(form.hidden, JSON_COMPACT);

    g_assert_cmpstr(hidden, ==, "{\"pages\":[1],\"properties\":[{\"page\":0,\"name\":\"a\"}]}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *path = g_strconcat("/form/", CASES[i].name, NULL);
        g_test_add_data_func(path, &CASES[i], test_case);
    }
    g_test_add_func("/form/errors-have-backstages-words-and-a-sentence", test_words);
    g_test_add_func("/form/tells-what-is-hidden", test_hidden);
    return g_test_run();
}
