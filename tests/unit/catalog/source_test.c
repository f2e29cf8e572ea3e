#include "catalog/catalog_internal.h"
#include "../test_folder.h"
#include <unistd.h>

/* Sources over files in a folder of its own; nothing else of a catalog. */
typedef struct {
    char *folder;
    Config *config;
    Catalog catalog;
    Arena *arena;
} Fixture;

static void write_file(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void fixture_init(Fixture *fixture, const char *config)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();

    fixture->folder = test_folder_new();
    fixture->config = config_parse(config, fixture->folder, diagnostics);
    g_assert_nonnull(fixture->config);
    fixture->catalog.config = fixture->config;
    fixture->catalog.sources = sources_new(fixture->config);
    fixture->arena = arena_new(ARENA_REQUEST_BYTES);
}

static void fixture_clear(Fixture *fixture)
{
    sources_free(fixture->catalog.sources);
    config_free(fixture->config);
    arena_free(fixture->arena);
    test_folder_free(fixture->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static Source file_source(Fixture *fixture, const char *name)
{
    return (Source){"file", arena_printf(fixture->arena, "%s/%s", fixture->folder, name)};
}

static const char CONFIG[] = "catalog:\n"
                             "  locations:\n"
                             "    - {type: file, target: ./catalog/all.yaml}\n";

static void assert_text(const SourceReply *reply, const char *wanted)
{
    gsize length;
    const char *bytes = g_bytes_get_data(reply->bytes, &length);
    g_autofree char *text = g_strndup(bytes ? bytes : "", length);

    g_assert_cmpstr(text, ==, wanted);
}

static void test_a_file_is_read_again_only_when_it_changed(void)
{
    g_auto(Fixture) fixture = {0};
    g_auto(SourceReply) first = {0}, second = {0}, third = {0};
    g_autoptr(GError) error = NULL;
    Source source;

    fixture_init(&fixture, CONFIG);
    write_file(&fixture, "catalog/all.yaml", "kind: A");
    source = file_source(&fixture, "catalog/all.yaml");
    g_assert_true(source_read(&fixture.catalog, fixture.arena, &source, NULL, &first, &error));
    g_assert_no_error(error);
    assert_text(&first, "kind: A");
    g_assert_false(first.unchanged);

    g_assert_true(
        source_read(&fixture.catalog, fixture.arena, &source, first.etag, &second, &error));
    g_assert_true(second.unchanged);
    g_assert_null(second.bytes);
    g_assert_cmpstr(second.etag, ==, first.etag);

    write_file(&fixture, "catalog/all.yaml", "kind: Another");
    g_assert_true(
        source_read(&fixture.catalog, fixture.arena, &source, first.etag, &third, &error));
    assert_text(&third, "kind: Another");
    g_assert_cmpstr(third.etag, !=, first.etag);
}

static void assert_refused(Fixture *fixture, const char *name, int code)
{
    g_auto(SourceReply) reply = {0};
    g_autoptr(GError) error = NULL;
    Source source = file_source(fixture, name);

    g_assert_false(source_read(&fixture->catalog, fixture->arena, &source, NULL, &reply, &error));
    g_assert_error(error, PAVE_ERROR, code);
    g_assert_null(reply.bytes);
}

static void test_only_files_beside_what_is_configured_are_read(void)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *link = NULL, *outside = NULL;

    fixture_init(&fixture, CONFIG);
    write_file(&fixture, "catalog/all.yaml", "");
    write_file(&fixture, "secret.yaml", "x");
    link = g_build_filename(fixture.folder, "catalog/link.yaml", NULL);
    outside = g_build_filename(fixture.folder, "secret.yaml", NULL);
    g_assert_cmpint(symlink(outside, link), ==, 0);
    assert_refused(&fixture, "catalog/none.yaml", ERROR_NOT_FOUND);
    assert_refused(&fixture, "secret.yaml", ERROR_NOT_ALLOWED);
    assert_refused(&fixture, "catalog/link.yaml", ERROR_NOT_ALLOWED);
    assert_refused(&fixture, "catalog/../secret.yaml", ERROR_NOT_ALLOWED);
    assert_refused(&fixture, "catalog", ERROR_INPUT);
}

static void test_a_folder_that_is_made_later_is_read(void)
{
    g_auto(Fixture) fixture = {0};
    g_auto(SourceReply) reply = {0};
    g_autoptr(GError) error = NULL;
    Source source;

    fixture_init(&fixture, CONFIG);
    write_file(&fixture, "catalog/services/a.yaml", "a");
    source = file_source(&fixture, "catalog/services/a.yaml");
    g_assert_true(source_read(&fixture.catalog, fixture.arena, &source, NULL, &reply, &error));
    g_assert_no_error(error);
}

static void test_wildcards_name_files_in_order(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GPtrArray) found = NULL;
    g_autoptr(GError) error = NULL;
    Source source;

    fixture_init(&fixture, CONFIG);
    write_file(&fixture, "catalog/b/catalog-info.yaml", "");
    write_file(&fixture, "catalog/a/deep/catalog-info.yaml", "");
    write_file(&fixture, "catalog/a/other.yaml", "");
    source = file_source(&fixture, "catalog/**/catalog-info.yaml");
    found = source_expand(&fixture.catalog, fixture.arena, &source, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found->len, ==, 2);
    g_assert_true(
        g_str_has_suffix(((Source *)found->pdata[0])->target, "/a/deep/catalog-info.yaml"));
    g_assert_true(g_str_has_suffix(((Source *)found->pdata[1])->target, "/b/catalog-info.yaml"));
}

static const char HOSTS_CONFIG[] =
    "backend:\n"
    "  reading:\n"
    "    allow: [{host: files.example.com, paths: [/allowed/]}]\n"
    "integrations:\n"
    "  github: [{host: github.example.com, apiBaseUrl: 'https://github.example.com/api/v3'}]\n"
    "  gitlab: [{host: gitlab.example.com}]\n";

static void test_a_file_read_with_credentials_is_brought_in_by_its_own_repository_alone(void)
{
    static const char base[] = "https://github.example.com/acme/shop/blob/main/a.yaml";
    static const struct {
        const char *type, *base, *other;
        gboolean crosses;
    } cases[] = {
        {"url", base, "https://github.example.com/acme/shop/blob/other/b.yaml", FALSE},
        {"url", base, "https://github.example.com/acme/secret/blob/main/b.yaml", TRUE},
        {"url", base, "https://gitlab.example.com/acme/shop/-/blob/main/b.yaml", TRUE},
        {"url", base, "https://files.example.com/allowed/b.yaml", FALSE},
        {"url", base, "https://github.com/acme/shop/blob/main/b.yaml", FALSE},
        {"url", "https://files.example.com/allowed/a.yaml", base, TRUE},
        {"file", "/catalog/a.yaml", base, TRUE},
        {"file", "/catalog/a.yaml", "https://files.example.com/allowed/b.yaml", FALSE},
    };
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, HOSTS_CONFIG);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Source from = {cases[i].type, cases[i].base}, other = {"url", cases[i].other};

        g_test_message("%s → %s", from.target, other.target);
        g_assert_cmpint(source_crosses_repository(&fixture.catalog, fixture.arena, &from, &other),
                        ==, cases[i].crosses);
    }
}

static void test_a_path_with_dot_segments_is_not_asked_for(void)
{
    static const char *const paths[] = {
        "/allowed/../secret",   "/allowed/%2e%2e/secret", "/allowed/%2E./secret",   "/allowed/./x",
        "/allowed/..%2fsecret", "/allowed/x/..",          "/allowed/..\\secret?a=b"};
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, HOSTS_CONFIG);
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_auto(SourceReply) reply = {0};
        g_autoptr(GError) error = NULL;
        const Source source = {
            "url", arena_printf(fixture.arena, "https://files.example.com%s", paths[i])};

        g_assert_false(source_read(&fixture.catalog, fixture.arena, &source, NULL, &reply, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
        g_assert_nonnull(strstr(error->message, "'.' or '..' among its segments"));
    }
}

/* What the placeholder "key: target", count times, comes to; NULL: *error. */
static const Value *resolve_placeholders(Fixture *fixture, const char *key, const char *target,
                                         guint count, GError **error)
{
    const Source base = file_source(fixture, "catalog/all.yaml");
    Value *entity = value_object_new(fixture->arena), *list = value_array_new(fixture->arena);
    const Value *at;

    for (guint i = 0; i < count; i++) {
        Value *placeholder = value_object_new(fixture->arena);

        value_set_string(fixture->arena, placeholder, key, target);
        value_append(fixture->arena, list, placeholder);
    }
    value_set(fixture->arena, entity, "spec", list);
    return placeholders_resolve(&fixture->catalog, fixture->arena, entity, &base, &at, error);
}

static void test_an_entity_has_at_most_a_hundred_placeholders(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) error = NULL;

    fixture_init(&fixture, CONFIG);
    write_file(&fixture, "catalog/a.txt", "a");
    g_assert_nonnull(resolve_placeholders(&fixture, "$text", "./a.txt", 100, &error));
    g_assert_no_error(error);
    g_assert_null(resolve_placeholders(&fixture, "$text", "./a.txt", 101, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_TOO_LARGE);
}

static void test_what_an_entity_brings_in_is_bounded_in_all(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(6 << 20, 'a');

    fixture_init(&fixture, CONFIG);
    write_file(&fixture, "catalog/a.txt", text);
    g_assert_nonnull(resolve_placeholders(&fixture, "$text", "./a.txt", 2, &error));
    g_assert_no_error(error);
    g_assert_null(resolve_placeholders(&fixture, "$text", "./a.txt", 3, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_TOO_LARGE);
    g_assert_nonnull(strstr(error->message, "larger than 16 MiB in all"));
}

static void test_a_description_is_refused_while_it_becomes_too_large(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(1 << 20, 'a');
    g_autofree char *part = g_strdup_printf("a: %s\n", text);
    g_autoptr(GString) main = g_string_new("openapi: 3.0.0\nall:\n");

    fixture_init(&fixture, CONFIG);
    for (guint i = 0; i < 2000; i++)
        g_string_append(main, "  - {$ref: './part.yaml#/a'}\n");
    write_file(&fixture, "catalog/part.yaml", part);
    write_file(&fixture, "catalog/openapi.yaml", main->str);
    g_assert_null(resolve_placeholders(&fixture, "$openapi", "./openapi.yaml", 1, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_TOO_LARGE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/source/a-file-is-read-again-only-when-it-changed",
                    test_a_file_is_read_again_only_when_it_changed);
    g_test_add_func("/catalog/source/only-files-beside-what-is-configured-are-read",
                    test_only_files_beside_what_is_configured_are_read);
    g_test_add_func("/catalog/source/a-folder-that-is-made-later-is-read",
                    test_a_folder_that_is_made_later_is_read);
    g_test_add_func("/catalog/source/wildcards-name-files-in-order",
                    test_wildcards_name_files_in_order);
    g_test_add_func(
        "/catalog/source/a-file-read-with-credentials-is-brought-in-by-its-own-repository-alone",
        test_a_file_read_with_credentials_is_brought_in_by_its_own_repository_alone);
    g_test_add_func("/catalog/source/a-path-with-dot-segments-is-not-asked-for",
                    test_a_path_with_dot_segments_is_not_asked_for);
    g_test_add_func("/catalog/source/an-entity-has-at-most-a-hundred-placeholders",
                    test_an_entity_has_at_most_a_hundred_placeholders);
    g_test_add_func("/catalog/source/what-an-entity-brings-in-is-bounded-in-all",
                    test_what_an_entity_brings_in_is_bounded_in_all);
    g_test_add_func("/catalog/source/a-description-is-refused-while-it-becomes-too-large",
                    test_a_description_is_refused_while_it_becomes_too_large);
    return g_test_run();
}
