#include "spine/secrets.h"
#include "test_db.h"

#include <string.h>
#include <sys/stat.h>

static Secrets *open_secrets(TestDb *test, const char *file_name)
{
    g_autofree char *file = g_build_filename(test->folder, file_name, NULL);
    GError *error = NULL;
    Secrets *secrets = secrets_open(test->db, file, TRUE, &error);

    g_assert_no_error(error);
    return secrets;
}

typedef struct {
    Secrets *secrets;
    const char *scope, *name, *value;
} Put;

static gboolean put_in(DbConn *tx, void *data, GError **error)
{
    Put *put = data;

    return secrets_put(put->secrets, tx, put->scope, put->name, put->value, error);
}

static void put(TestDb *test, Secrets *secrets, const char *scope, const char *name,
                const char *value)
{
    Put what = {secrets, scope, name, value};
    GError *error = NULL;

    db_write(test->db, put_in, &what, NULL, &error);
    g_assert_no_error(error);
}

static void assert_value(TestDb *test, Secrets *secrets, const char *scope, const char *name,
                         const char *wanted)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *got = secrets_get(secrets, db_reader(test->db), scope, name, &error);

    g_assert_cmpstr(got, ==, wanted);
    if (!wanted)
        g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
}

static void keeps(TestDb *test)
{
    g_autoptr(Secrets) secrets = open_secrets(test, "key");
    g_autoptr(GHashTable) all = NULL;

    put(test, secrets, "service:a/staging", "DATABASE_URL", "postgres://x");
    put(test, secrets, "service:a/staging", "API_KEY", "old");
    put(test, secrets, "service:a/staging", "API_KEY", "new");
    put(test, secrets, "service:b/staging", "API_KEY", "other");
    put(test, secrets, "service:b/staging", "GONE", "x");
    put(test, secrets, "service:b/staging", "GONE", NULL);
    assert_value(test, secrets, "service:a/staging", "API_KEY", "new");
    assert_value(test, secrets, "service:b/staging", "GONE", NULL);
    all = secrets_of_scope(secrets, db_reader(test->db), "service:a/staging", NULL);
    g_assert_cmpuint(g_hash_table_size(all), ==, 2);
    g_assert_cmpstr(g_hash_table_lookup(all, "DATABASE_URL"), ==, "postgres://x");
}

static void not_in_clear(TestDb *test)
{
    g_autoptr(Secrets) secrets = open_secrets(test, "key");
    g_autoptr(DbRows) rows = NULL;
    g_autoptr(GBytes) sealed = NULL;
    gsize size;
    const char *bytes;

    put(test, secrets, "organization", "TOKEN", "do-not-find-me-here");
    rows = db_query(db_reader(test->db), NULL, "SELECT sealed FROM secret", "");
    g_assert_true(db_rows_next(rows));
    sealed = db_rows_blob(rows, 0);
    bytes = g_bytes_get_data(sealed, &size);
    g_assert_null(memmem(bytes, size, "do-not-find", 11));
}

static void bound_to_context(TestDb *test)
{
    g_autoptr(Secrets) secrets = open_secrets(test, "key");
    g_autoptr(GBytes) sealed = secrets_seal(secrets, "job 1", "value", 5, NULL);
    g_autoptr(GBytes) opened = secrets_unseal(secrets, "job 1", sealed, NULL);
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(sealed, 0, 20);
    g_autoptr(GError) error = NULL;

    g_assert_cmpmem(g_bytes_get_data(opened, NULL), g_bytes_get_size(opened), "value", 5);
    g_assert_null(secrets_unseal(secrets, "job 2", sealed, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INTERNAL);
    g_clear_error(&error);
    g_assert_null(secrets_unseal(secrets, "job 1", cut, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INTERNAL);
}

static void wrong_key(TestDb *test)
{
    g_autofree char *other = g_build_filename(test->folder, "other", NULL);
    g_autoptr(GError) error = NULL;

    secrets_free(open_secrets(test, "key"));
    g_assert_null(secrets_open(test->db, other, TRUE, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_true(
        g_file_set_contents(other, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", -1, NULL));
    g_assert_cmpint(chmod(other, 0600), ==, 0);
    g_assert_null(secrets_open(test->db, other, TRUE, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INTERNAL);
    g_assert_nonnull(strstr(error->message, "is not in"));
}

static void missing_key(TestDb *test)
{
    g_autofree char *file = g_build_filename(test->folder, "none", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(secrets_open(test->db, file, FALSE, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
}

static void key_file_mode(TestDb *test)
{
    g_autofree char *file = g_build_filename(test->folder, "key", NULL);
    g_autoptr(GError) error = NULL;
    struct stat info;

    secrets_free(open_secrets(test, "key"));
    g_assert_cmpint(stat(file, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
    g_assert_cmpint(chmod(file, 0644), ==, 0);
    g_assert_null(secrets_open(test->db, file, TRUE, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
}

static void rotates(TestDb *test)
{
    g_autoptr(Secrets) secrets = open_secrets(test, "key");
    g_autoptr(Secrets) beside = open_secrets(test, "key");
    g_autoptr(Secrets) later = NULL;
    g_autoptr(GBytes) old = secrets_seal(secrets, "job 1", "value", 5, NULL);
    g_autoptr(GBytes) opened = NULL;
    GError *error = NULL;

    put(test, secrets, "organization", "TOKEN", "stays");
    g_assert_true(secrets_rotate(secrets, &error));
    g_assert_no_error(error);
    assert_value(test, secrets, "organization", "TOKEN", "stays");
    assert_value(test, beside, "organization", "TOKEN", "stays");
    later = open_secrets(test, "key");
    assert_value(test, later, "organization", "TOKEN", "stays");
    opened = secrets_unseal(later, "job 1", old, &error);
    g_assert_no_error(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/secrets/are-kept-by-scope-and-name", keeps);
    test_db_add("/secrets/are-not-in-the-database-in-clear", not_in_clear);
    test_db_add("/secrets/sealed-value-cannot-be-moved", bound_to_context);
    test_db_add("/secrets/wrong-key-is-refused", wrong_key);
    test_db_add("/secrets/missing-key-is-refused", missing_key);
    test_db_add("/secrets/key-file-is-the-owners-alone", key_file_mode);
    test_db_add("/secrets/rotation-keeps-what-was-sealed", rotates);
    return test_db_run();
}
