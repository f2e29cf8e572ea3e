#include "spine/blobs.h"
#include "test_db.h"
#include <string.h>

#define HELLO "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

typedef struct {
    char *folder;
    Blobs *blobs;
} Fixture;

static void set_up(Fixture *fixture, const void *data)
{
    g_autoptr(GError) error = NULL;

    fixture->folder = test_db_make_folder();
    fixture->blobs = blobs_open(fixture->folder, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, const void *data)
{
    blobs_free(fixture->blobs);
    test_db_remove_folder(fixture->folder);
    g_free(fixture->folder);
}

static void keeps_bytes_by_digest(Fixture *fixture, const void *data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *digest = blobs_put(fixture->blobs, "hello", 5, &error);
    g_autofree char *wanted =
        g_build_filename(fixture->folder, "blobs", "sha256", HELLO + strlen("sha256:"), NULL);
    g_autofree char *path = blobs_path(fixture->blobs, HELLO);
    g_autoptr(GBytes) bytes = blobs_get(fixture->blobs, HELLO, 5, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(digest, ==, HELLO);
    g_assert_cmpstr(path, ==, wanted);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "hello", 5);
}

static void the_same_bytes_are_one_blob(Fixture *fixture, const void *data)
{
    g_autofree char *first = blobs_put(fixture->blobs, "hello", 5, NULL);
    g_autofree char *second = blobs_put(fixture->blobs, "hello", 5, NULL);

    g_assert_cmpstr(first, ==, second);
}

static void pieces_make_the_same_blob_as_the_whole(Fixture *fixture, const void *data)
{
    BlobWriter *writer = blobs_write(fixture->blobs, NULL);
    gint64 size;

    g_assert_true(blob_writer_add(writer, "he", 2, NULL));
    g_assert_true(blob_writer_add(writer, "llo", 3, NULL));
    g_autofree char *digest = blob_writer_finish(writer, &size, NULL);
    g_assert_cmpstr(digest, ==, HELLO);
    g_assert_cmpint(size, ==, 5);
}

static void what_is_dropped_leaves_nothing(Fixture *fixture, const void *data)
{
    BlobWriter *writer = blobs_write(fixture->blobs, NULL);
    g_autofree char *incoming = g_build_filename(fixture->folder, "incoming", NULL);

    blob_writer_add(writer, "hello", 5, NULL);
    blob_writer_drop(writer);
    g_autoptr(GDir) dir = g_dir_open(incoming, 0, NULL);
    g_assert_null(g_dir_read_name(dir));
    g_assert_null(blobs_path(fixture->blobs, HELLO));
}

static void what_is_no_digest_has_no_path(Fixture *fixture, const void *data)
{
    static const char *const bad[] = {"", "sha256:", "sha256:../../../etc/passwd", "md5:abc",
                                      "sha256:2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043"
                                      "362938B9824"};
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_null(blobs_path(fixture->blobs, bad[i]));
    g_assert_null(blobs_path(fixture->blobs, NULL));
    g_assert_null(blobs_get(fixture->blobs, HELLO, 5, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
}

static void too_large_a_blob_is_not_read(Fixture *fixture, const void *data)
{
    g_autoptr(GError) error = NULL;

    g_free(blobs_put(fixture->blobs, "hello", 5, NULL));
    g_assert_null(blobs_get(fixture->blobs, HELLO, 4, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_TOO_LARGE);
}

static void add(const char *path, void (*function)(Fixture *, const void *))
{
    g_test_add(path, Fixture, NULL, set_up, function, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/blobs/keeps-bytes-by-digest", keeps_bytes_by_digest);
    add("/blobs/the-same-bytes-are-one-blob", the_same_bytes_are_one_blob);
    add("/blobs/pieces-make-the-same-blob-as-the-whole", pieces_make_the_same_blob_as_the_whole);
    add("/blobs/what-is-dropped-leaves-nothing", what_is_dropped_leaves_nothing);
    add("/blobs/what-is-no-digest-has-no-path", what_is_no_digest_has_no_path);
    add("/blobs/too-large-a-blob-is-not-read", too_large_a_blob_is_not_read);
    return g_test_run();
}
