#include "formats/hcl.h"
#include "formats/json.h"
#include <string.h>

/* The first diagnostic's text, or the parsed body as compact JSON. */
static char *read_as(const char *text)
{
    g_autoptr(Arena) arena = arena_new(64 << 20);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GError) error = NULL;
    const Value *value = hcl_parse(arena, text, -1, "main.tf", diagnostics);

    if (diagnostics_to_error(diagnostics, &error))
        return json_to_string(value, JSON_COMPACT);
    g_assert_null(value);
    return g_strdup(error->message);
}

static char *schema_of(const char *text)
{
    g_autoptr(Arena) arena = arena_new(64 << 20);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Value *bodies = value_array_new(arena);

    value_append(arena, bodies, hcl_parse(arena, text, -1, "main.tf", diagnostics));
    g_assert_cmpuint(diagnostics_count(diagnostics), ==, 0);
    return json_to_string(hcl_variables_schema(arena, bodies), JSON_COMPACT);
}

typedef struct {
    const char *text, *wanted;
} Case;

static void check_cases(const Case *cases, gsize count, char *(*read)(const char *text))
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *got = read(cases[i].text);

        if (!g_str_equal(got, cases[i].wanted))
            g_error("%s\n   got: %s\nwanted: %s", cases[i].text, got, cases[i].wanted);
    }
}

#define BODY(attributes, blocks) "{\"attributes\":{" attributes "},\"blocks\":[" blocks "]}"

static void test_literals_are_values_and_the_rest_is_text(void)
{
    static const Case cases[] = {
        {"", BODY("", "")},
        {"a = \"x\\n\\u00e9 $${y}\" # why\n",
         BODY("\"a\":{\"text\":\"\\\"x\\\\n\\\\u00e9 $${y}\\\"\",\"value\":\"x\\né ${y}\","
              "\"line\":1}",
              "")},
        {"a = [1, -2.5, true,\n  null, { k = \"v\", \"l\" : 2 }]\n",
         BODY("\"a\":{\"text\":\"[1, -2.5, true,\\n  null, { k = \\\"v\\\", \\\"l\\\" : 2 }]\","
              "\"value\":[1,-2.5,true,null,{\"k\":\"v\",\"l\":2}],\"line\":1}",
              "")},
        {"a = var.x == \"}\" ? 3 : 1\n",
         BODY("\"a\":{\"text\":\"var.x == \\\"}\\\" ? 3 : 1\",\"line\":1}", "")},
        {"a = \"${var.x}-${lookup({a = \"}\"}, \"a\")}\"\n",
         BODY("\"a\":{\"text\":\"\\\"${var.x}-${lookup({a = \\\"}\\\"}, \\\"a\\\")}\\\"\","
              "\"line\":1}",
              "")},
        {"a = <<-EOT\n    one\n      two\n    EOT\nb = 1\n",
         BODY("\"a\":{\"text\":\"<<-EOT\\n    one\\n      two\\n    EOT\","
              "\"value\":\"one\\n  "
              "two\\n\",\"line\":1},\"b\":{\"text\":\"1\",\"value\":1,\"line\":5}",
              "")},
        {"/* c */ x \"l\" m {\n  y { a = 1 }\n}\n",
         BODY("",
              "{\"type\":\"x\",\"labels\":[\"l\",\"m\"],\"line\":1,\"attributes\":{},\"blocks\":"
              "[{\"type\":\"y\",\"labels\":[],\"line\":2,\"attributes\":{\"a\":{\"text\":\"1\","
              "\"value\":1,\"line\":2}},\"blocks\":[]}]}")},
    };

    check_cases(cases, G_N_ELEMENTS(cases), read_as);
}

static void test_what_is_wrong_is_said_with_its_place(void)
{
    static const Case cases[] = {
        {"a = \"x\n", "main.tf:1:7: a string is not closed"},
        {"a =\n", "main.tf:1:4: a value is expected after \"=\""},
        {"a = 1\na = 2\n", "main.tf:2:1: the attribute \"a\" is set twice"},
        {"variable \"x\" {\n  type = string\n", "main.tf:3:1: a block is not closed"},
        {"a = (1]\n", "main.tf:1:7: a closing bracket does not match its opening one"},
        {"x \"a\" = 1\n", "main.tf:1:7: \"=\", \"{\" or a label is expected here"},
        {"a = <<EOT\nx\n", "main.tf:3:1: a heredoc is not closed"},
        {"x {} y {}\n", "main.tf:1:6: a new line is expected here"},
        {"= 1\n", "main.tf:1:1: the name of an attribute or block is expected here"},
        {"a = 'x'\n", "main.tf:1:5: an unexpected character in an expression; strings stand in"
                      " double quotes"},
        {"x \"${y}\" {}\n", "main.tf:1:4: a block's label is a plain string"},
    };

    check_cases(cases, G_N_ELEMENTS(cases), read_as);
}

static void test_nesting_has_a_ceiling(void)
{
    g_autofree char *brackets = g_strnfill(100000, '[');
    g_autofree char *text = g_strconcat("a = ", brackets, NULL);
    g_autofree char *got = read_as(text);
    g_autoptr(GString) blocks = g_string_new(NULL);

    g_assert_nonnull(strstr(got, "nested too deeply"));
    for (guint i = 0; i < 1000; i++)
        g_string_append(blocks, "x {\n");
    g_autofree char *other = read_as(blocks->str);

    g_assert_nonnull(strstr(other, "nested too deeply"));
}

#define SCHEMA(properties, required)                                                               \
    "{\"type\":\"object\",\"properties\":{" properties "},\"required\":[" required                 \
    "],\"additionalProperties\":false}"

static void test_variables_become_a_schema(void)
{
    static const Case cases[] = {
        {"variable \"name\" {\n  type = string\n  description = \"Of the service\"\n}\n",
         SCHEMA("\"name\":{\"type\":\"string\",\"description\":\"Of the service\"}", "\"name\"")},
        {"variable \"n\" {\n  type = number\n  default = 3\n}\nvariable \"b\" {\n  type = bool\n"
         "  default = null\n}\n",
         SCHEMA("\"n\":{\"type\":\"number\",\"default\":3},\"b\":{\"type\":\"boolean\"}", "")},
        {"variable \"p\" {\n  type = string\n  sensitive = true\n}\n",
         SCHEMA("\"p\":{\"type\":\"string\",\"writeOnly\":true}", "\"p\"")},
        {"variable \"x\" {}\n", SCHEMA("\"x\":{}", "\"x\"")},
        {"variable \"t\" { type = map(list(string)) }\n",
         SCHEMA("\"t\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"array\",\"items\":"
                "{\"type\":\"string\"}}}",
                "\"t\"")},
        {"variable \"o\" {\n  type = object({\n    a = string\n    b = optional(number, 3), # c\n"
         "  })\n}\n",
         SCHEMA("\"o\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{"
                "\"type\":\"number\",\"default\":3}},\"required\":[\"a\"]}",
                "\"o\"")},
        {"variable \"u\" { type = tuple([string, bool]) }\nvariable \"s\" { type = set(any) }\n",
         SCHEMA("\"u\":{\"type\":\"array\",\"items\":[{\"type\":\"string\"},{\"type\":\"boolean\"}]"
                ",\"minItems\":2,\"maxItems\":2},\"s\":{\"type\":\"array\",\"uniqueItems\":true,"
                "\"items\":{}}",
                "\"u\",\"s\"")},
        {"variable \"e\" {\n  type = string\n  default = \"a\"\n  validation {\n"
         "    condition = contains([\"a\", \"b\"], var.e)\n    error_message = \"a or b\"\n  "
         "}\n}\n",
         SCHEMA("\"e\":{\"type\":\"string\",\"default\":\"a\",\"enum\":[\"a\",\"b\"]}", "")},
        {"variable \"r\" {\n  validation {\n    condition = can(regex(\"^[a-z]+$\", var.r))\n  }\n}"
         "\n",
         SCHEMA("\"r\":{\"pattern\":\"^[a-z]+$\"}", "\"r\"")},
    };

    check_cases(cases, G_N_ELEMENTS(cases), schema_of);
}

/* The interface that platform teams write: what the acceptance example has, in our own words. */
static const char SERVICE_MODULE[] =
    "# A module\n"
    "variable \"service_name\" {\n  type        = string\n  description = \"Name\"\n}\n\n"
    "variable \"team\" {\n  type        = string\n  description = \"Team\"\n}\n\n"
    "variable \"environment\" {\n  type    = string\n  default = \"staging\"\n}\n\n"
    "variable \"db_enabled\" {\n  type    = bool\n  default = false\n}\n\n"
    "module \"service\" {\n  source = \"../service\"\n\n  name  = var.service_name\n"
    "  count = var.environment == \"production\" ? 3 : 1\n\n  variables = {\n"
    "    LOG_LEVEL = var.environment == \"production\" ? \"info\" : \"debug\"\n  }\n}\n";

static void check_service_module(const char *text)
{
    g_autofree char *json = schema_of(text);
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *schema = json_parse(arena, json, -1, NULL);
    g_autofree char *required = json_to_string(value_get(schema, "required"), JSON_COMPACT);

    g_assert_cmpstr(required, ==, "[\"service_name\",\"team\"]");
    g_assert_cmpstr(value_path_string(schema, "properties.environment.default", ""), ==, "staging");
    g_assert_cmpstr(value_path_string(schema, "properties.db_enabled.type", ""), ==, "boolean");
    g_assert_cmpstr(value_path_string(schema, "properties.service_name.type", ""), ==, "string");
}

static void test_a_service_module_is_understood(void)
{
    check_service_module(SERVICE_MODULE);
}

static void test_the_acceptance_module_is_understood(void)
{
    g_autofree char *file =
        g_build_filename(g_getenv("G_TEST_SRCDIR") ? g_getenv("G_TEST_SRCDIR") : ".",
                         "../../../shared/seed/modules/microservice-infra/main.tf", NULL);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(file, &text, NULL, NULL)) {
        g_test_skip("the acceptance documents are not beside the repository");
        return;
    }
    check_service_module(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hcl/parse/literals-are-values-and-the-rest-is-text",
                    test_literals_are_values_and_the_rest_is_text);
    g_test_add_func("/hcl/parse/what-is-wrong-is-said-with-its-place",
                    test_what_is_wrong_is_said_with_its_place);
    g_test_add_func("/hcl/parse/nesting-has-a-ceiling", test_nesting_has_a_ceiling);
    g_test_add_func("/hcl/schema/variables-become-a-schema", test_variables_become_a_schema);
    g_test_add_func("/hcl/schema/a-service-module-is-understood",
                    test_a_service_module_is_understood);
    g_test_add_func("/hcl/schema/the-acceptance-module-is-understood",
                    test_the_acceptance_module_is_understood);
    return g_test_run();
}
