#include "catalog/editing/export.h"
#include "formats/json.h"
#include "formats/yaml.h"

static char *export(const char *json, gboolean raw)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GError) error = NULL;
    const Value *entity = json_parse(arena, json, -1, &error);
    GString *out = g_string_new(NULL);

    g_assert_no_error(error);
    export_entity(arena, entity, raw, out);
    return g_string_free(out, FALSE);
}

#define AT                                                                                         \
    "\"backstage.io/managed-by-location\":\"url:https://github.com/o/r/blob/main/a/x.yaml\","      \
    "\"backstage.io/managed-by-origin-location\":\"url:https://github.com/o/r/blob/main/*.yaml\""

static void what_the_server_made_of_it_is_left_out(void)
{
    static const struct {
        const char *metadata, *wanted;
    } cases[] = {
        {"\"uid\":\"1\",\"etag\":\"2\",\"namespace\":\"default\",\"annotations\":{" AT "}", ""},
        {"\"namespace\":\"other\"", "  namespace: other\n"},
        {"\"annotations\":{" AT ",\"backstage.io/view-url\":\"http://pave.localhost/o/r/blob/main/"
         "a/x.yaml\",\"backstage.io/edit-url\":\"http://pave.localhost/o/r/edit/main/a/x.yaml\","
         "\"backstage.io/source-location\":\"url:http://pave.localhost/o/r/tree/main/a/\"}",
         ""},
        {"\"annotations\":{" AT
         ",\"backstage.io/source-location\":\"url:https://github.com/o/other/"
         "tree/main/\",\"x/y\":\"1\"}",
         "  annotations:\n    backstage.io/source-location: "
         "url:https://github.com/o/other/tree/main/\n    x/y: \"1\"\n"},
        {"\"annotations\":{\"backstage.io/view-url\":\"https://x/y\"}",
         "  annotations:\n    backstage.io/view-url: https://x/y\n"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *entity =
            g_strdup_printf("{\"apiVersion\":\"v1\",\"kind\":\"K\",\"metadata\":{\"name\":\"n\",%s}"
                            ",\"spec\":{},\"relations\":[],\"status\":{}}",
                            cases[i].metadata);
        g_autofree char *wanted = g_strdup_printf(
            "---\napiVersion: v1\nkind: K\nmetadata:\n  name: n\n%sspec: {}\n", cases[i].wanted);
        g_autofree char *got = export(entity, FALSE);

        g_assert_cmpstr(got, ==, wanted);
    }
}

static void raw_leaves_nothing_out(void)
{
    g_autofree char *got =
        export("{\"kind\":\"K\",\"metadata\":{\"uid\":\"u\"},\"status\":1}", TRUE);

    g_assert_cmpstr(got, ==, "---\nkind: K\nmetadata:\n  uid: u\nstatus: 1\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/export/what-the-server-made-of-it-is-left-out",
                    what_the_server_made_of_it_is_left_out);
    g_test_add_func("/catalog/export/raw-leaves-nothing-out", raw_leaves_nothing_out);
    return g_test_run();
}
