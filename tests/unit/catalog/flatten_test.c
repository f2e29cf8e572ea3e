#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

/* "key=value\n…" of what json flattens to; a "+" stands before what is an item of a list. */
static char *flatten_text(const char *json)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    const Value *entity = json_parse(arena, json, -1, &error);
    const SearchRow *rows;
    guint count;

    g_assert_no_error(error);
    rows = entity_flatten(arena, entity, &count);
    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, "%s%s=%s\n", rows[i].item ? "+" : "", rows[i].key,
                               rows[i].value ? rows[i].value : "(null)");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void test_entities_flatten_as_backstage_flattens_them(void)
{
    g_autofree char *long_text = g_strnfill(201, 'x');
    g_autofree char *json =
        g_strdup_printf("{\"kind\":\"C\",\"metadata\":{\"name\":\"N\",\"uid\":\"U\",\"etag\":\"E\","
                        "\"tags\":[\"Java\"]},\"spec\":{\"n\":1.50,\"b\":true,\"z\":null,\"o\":{},"
                        "\"list\":[{\"a\":1},{\"a\":2}],\"long\":\"%s\"},\"status\":{\"items\":[]},"
                        "\"relations\":[{\"type\":\"ownedBy\",\"targetRef\":\"group:default/g\"}]}",
                        long_text);
    g_autofree char *text = flatten_text(json);

    g_assert_cmpstr(text, ==,
                    "kind=c\nmetadata.name=n\nmetadata.namespace=default\n+metadata.tags=java\n"
                    "metadata.uid=u\nrelations.ownedby=group:default/g\n"
                    "spec.b=true\nspec.list.a=1\nspec.list.a=2\nspec.long=(null)\nspec.n=1.5\n"
                    "spec.z=(null)\n");
}

static void test_scalars_of_a_list_are_items_and_objects_in_it_are_not(void)
{
    g_autofree char *text = flatten_text("{\"metadata\":{\"name\":\"n\",\"uid\":\"u\"},\"spec\":{"
                                         "\"l\":[\"b\",7,null,[\"a\"],{\"k\":\"v\"}]}}");

    g_assert_cmpstr(text, ==,
                    "metadata.name=n\nmetadata.namespace=default\nmetadata.uid=u\nspec.l=(null)\n"
                    "+spec.l=7\n+spec.l=a\n+spec.l=b\nspec.l.k=v\n");
}

static void test_what_is_said_twice_is_one_row(void)
{
    g_autofree char *text = flatten_text("{\"metadata\":{\"name\":\"n\",\"uid\":\"u\",\"tags\":["
                                         "\"Go\",\"go\",\"GO\"]}}");

    g_assert_cmpstr(text, ==,
                    "metadata.name=n\nmetadata.namespace=default\n+metadata.tags=go\n"
                    "metadata.uid=u\n");
}

static void test_folding_is_more_than_ascii(void)
{
    g_autofree char *text = flatten_text(
        "{\"metadata\":{\"name\":\"n\",\"uid\":\"u\",\"labels\":{\"Größe\":\"ÄRMEL\"}}}");

    g_assert_cmpstr(text, ==,
                    "metadata.labels.größe=ärmel\nmetadata.name=n\nmetadata.namespace=default\n"
                    "metadata.uid=u\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/flatten/entities-flatten-as-backstage-flattens-them",
                    test_entities_flatten_as_backstage_flattens_them);
    g_test_add_func("/catalog/flatten/scalars-of-a-list-are-items-and-objects-in-it-are-not",
                    test_scalars_of_a_list_are_items_and_objects_in_it_are_not);
    g_test_add_func("/catalog/flatten/what-is-said-twice-is-one-row",
                    test_what_is_said_twice_is_one_row);
    g_test_add_func("/catalog/flatten/folding-is-more-than-ascii", test_folding_is_more_than_ascii);
    return g_test_run();
}
