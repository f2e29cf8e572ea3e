/* A catalog over files in a folder of its own. */
#pragma once
#include "../spine/test_db.h"
#include "catalog/catalog_internal.h"
#include "formats/json.h"

typedef struct {
    TestDb *test;
    Events *events;
    Config *config;
    Catalog *catalog;
    char *files;
} TestCatalog;

static inline void test_catalog_write(const TestCatalog *fixture, const char *name,
                                      const char *text)
{
    g_autofree char *path = g_build_filename(fixture->files, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* Reads everything again. */
static inline void test_catalog_refresh(TestCatalog *fixture)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(catalog_start(fixture->catalog, &error));
    g_assert_no_error(error);
}

/* Not read yet: the files come first, then test_catalog_refresh(). */
static inline void test_catalog_init(TestCatalog *fixture, TestDb *test, const char *config)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GError) error = NULL;

    fixture->test = test;
    fixture->files = g_build_filename(test->folder, "files", NULL);
    g_assert_cmpint(g_mkdir_with_parents(fixture->files, 0755), ==, 0);
    fixture->events = events_new(test->db);
    fixture->config = config_parse(config, fixture->files, diagnostics);
    g_assert_nonnull(fixture->config);
    fixture->catalog = catalog_new(test->db, fixture->events, NULL, NULL, fixture->config, &error);
    g_assert_no_error(error);
}

static inline void test_catalog_clear(TestCatalog *fixture)
{
    catalog_free(fixture->catalog);
    events_free(fixture->events);
    config_free(fixture->config);
    g_free(fixture->files);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TestCatalog, test_catalog_clear)
