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
    return g_test_run();
}
