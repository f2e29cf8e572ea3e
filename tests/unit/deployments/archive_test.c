#include "fixture.h"

#include <archive.h>
#include <archive_entry.h>

static void test_paths(void)
{
    static const struct {
        const char *path, *wanted;
    } cases[] = {
        {"a/b", "a/b"},   {"./a//b/", "a/b"},    {".", ""},  {"./", ""},     {"../a", NULL},
        {"a/../b", NULL}, {"/etc/passwd", NULL}, {"", NULL}, {"a/..", NULL}, {"..a/b", "..a/b"},
        {"a\xff", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *got = archive_entry_path(cases[i].path, &error);

        g_assert_cmpstr(got, ==, cases[i].wanted);
        if (!cases[i].wanted)
            g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    }
}

typedef struct {
    const char *name;
    const char *path;
    unsigned kind;
    const char *link;   /* symbolic; hard where kind is 0 */
    const char *before; /* a symbolic link to "." that comes first */
} BadEntry;

static void write_entry(struct archive *tar, const char *path, unsigned kind, const char *link)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, kind ? kind : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    if (link && kind)
        archive_entry_set_symlink(entry, link);
    else if (link)
        archive_entry_set_hardlink(entry, link);
    archive_entry_set_size(entry, 0);
    g_assert_cmpint(archive_write_header(tar, entry), ==, ARCHIVE_OK);
    archive_entry_free(entry);
}

static void test_refused(Fixture *fixture, gconstpointer data)
{
    static const BadEntry cases[] = {
        {"up", "../x", AE_IFREG, NULL, NULL},
        {"absolute", "/x", AE_IFREG, NULL, NULL},
        {"link-out", "x", AE_IFLNK, "../../etc", NULL},
        {"link-absolute", "x", AE_IFLNK, "/etc/passwd", NULL},
        {"device", "x", AE_IFCHR, NULL, NULL},
        {"pipe", "x", AE_IFIFO, NULL, NULL},
        {"hard-link", "x", 0, "nowhere", NULL},
        {"behind-link", "here/x", AE_IFREG, NULL, "here"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *file = g_build_filename(fixture->folder, cases[i].name, NULL);
        struct archive *tar = archive_write_new();
        g_auto(Layer) layer = {0};
        g_autoptr(GError) error = NULL;
        int fd;

        archive_write_set_format_pax(tar);
        g_assert_cmpint(archive_write_open_filename(tar, file), ==, ARCHIVE_OK);
        if (cases[i].before)
            write_entry(tar, cases[i].before, AE_IFLNK, ".");
        write_entry(tar, cases[i].path, cases[i].kind, cases[i].link);
        archive_write_free(tar);
        fd = open(file, O_RDONLY | O_CLOEXEC);
        g_assert_false(archive_to_layer(fixture->blobs, fixture_read, &fd, &layer, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
        close(fd);
    }
}

static void test_garbage(Fixture *fixture, gconstpointer data)
{
    static const char *const texts[] = {"", "this is no tar at all", "\x1f\x8b\x08"};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *file = g_build_filename(fixture->folder, "garbage", NULL);
        g_auto(Layer) layer = {0};
        g_autoptr(GError) error = NULL;
        int fd;

        g_assert_true(g_file_set_contents(file, texts[i], -1, NULL));
        fd = open(file, O_RDONLY | O_CLOEXEC);
        g_assert_false(archive_to_layer(fixture->blobs, fixture_read, &fd, &layer, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
        close(fd);
    }
}

static void test_round_trip(Fixture *fixture, gconstpointer data)
{
    const char *digest = fixture_release(fixture, "one", "1111111");
    const char *again = fixture_release(fixture, "one", "1111111");
    g_autofree char *folder = g_build_filename(fixture->folder, "unpacked", NULL);
    g_autofree char *file = g_build_filename(folder, "mode", NULL), *mode = NULL;
    g_autofree char *index = g_build_filename(fixture->folder, "blobs", "index.json", NULL);
    g_autofree char *index_text = NULL;
    const ReleaseConfig *config;
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(digest, ==, again);
    g_assert_true(release_unpack(fixture->deployments, fixture->arena, digest, folder, &error));
    g_assert_no_error(error);
    g_assert_true(g_file_get_contents(file, &mode, NULL, NULL));
    g_assert_cmpstr(mode, ==, "one");
    config = release_config(fixture->deployments, fixture->arena, digest, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(config->command[0], ==, "/usr/bin/python3");
    g_assert_cmpstr(config->command[1], ==, "server.py");
    g_assert_true(g_file_get_contents(index, &index_text, NULL, NULL));
    g_assert_nonnull(strstr(index_text, digest));
}

static void test_no_procfile(Fixture *fixture, gconstpointer data)
{
    g_autofree char *app = g_build_filename(fixture->folder, "bare", NULL);
    g_autofree char *file = g_strconcat(app, ".tar", NULL);
    ReleaseSpec spec = {.service = "orders"};
    g_autoptr(GError) error = NULL;
    int fd;

    g_mkdir_with_parents(app, 0755);
    fixture_write(app, "server.py", "");
    fd = fixture_tar(app, file);
    g_assert_null(
        release_create(fixture->deployments, fixture->arena, &spec, fixture_read, &fd, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_assert_nonnull(strstr(error->message, "Procfile"));
    close(fd);
}

#define ADD(name, function)                                                                        \
    g_test_add(name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_find_program(argv[0]);
    g_test_add_func("/deployments/archive/paths-stay-inside", test_paths);
    ADD("/deployments/archive/what-reaches-out-is-refused", test_refused);
    ADD("/deployments/archive/garbage-is-refused", test_garbage);
    ADD("/deployments/release/same-files-give-the-same-digest-and-come-back", test_round_trip);
    ADD("/deployments/release/without-a-command-is-refused", test_no_procfile);
    return g_test_run();
}
