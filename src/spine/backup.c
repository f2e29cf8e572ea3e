/* One .tar.zst: manifest.json first, so that an archive that cannot be restored is refused before
 * anything is written, then the database, then the files. The database is copied first:
 * repositories and blobs only grow, so what it names is there when they are copied after it. */
#include "spine/backup.h"
#include "formats/json.h"
#include "spine/clock.h"
#include "spine/db_internal.h"
#include "spine/folder.h"
#include "spine/secrets.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST "manifest.json"
#define MANIFEST_MAX ((gsize)1 << 20)
#define DEPTH_MAX 64

typedef struct archive Archive;
typedef struct archive_entry Entry;

static gboolean fail(const char *path, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "%s: %s", path, g_strerror(errno));
    return FALSE;
}

static gboolean fail_archive(Archive *archive, const char *what, GError **error)
{
    const char *why = archive_error_string(archive);

    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s: %s", what, why ? why : "cannot be read");
    return FALSE;
}

/* ---- writing entries ---- */

static gboolean write_header(Archive *archive, const char *name, const struct stat *status,
                             GError **error)
{
    Entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, S_ISDIR(status->st_mode) ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, status->st_mode & 0777);
    archive_entry_set_mtime(entry, status->st_mtime, 0);
    archive_entry_set_size(entry, S_ISDIR(status->st_mode) ? 0 : status->st_size);
    int result = archive_write_header(archive, entry);
    archive_entry_free(entry);
    return result == ARCHIVE_OK || fail_archive(archive, name, error);
}

/* As many bytes as the header says: a file that grows (an output) is cut there. */
static gboolean write_bytes(Archive *archive, const char *name, int fd, int64_t left,
                            GError **error)
{
    char buffer[65536];

    while (left > 0) {
        ssize_t got = read(fd, buffer, (gsize)MIN(left, (int64_t)sizeof buffer));
        if (got < 0)
            return fail(name, error);
        if (got == 0)
            memset(buffer, 0, got = (ssize_t)MIN(left, (int64_t)sizeof buffer));
        if (archive_write_data(archive, buffer, (gsize)got) != got)
            return fail_archive(archive, name, error);
        left -= got;
    }
    return TRUE;
}

/* What went away meanwhile is passed over, and so is what is neither file nor folder. */
static gboolean add_file(Archive *archive, const char *path, const char *name, GError **error)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT || errno == ELOOP || fail(path, error);
    gboolean done = fstat(fd, &status) == 0 || fail(path, error);
    if (done && S_ISREG(status.st_mode))
        done = write_header(archive, name, &status, error) &&
               write_bytes(archive, name, fd, status.st_size, error);
    close(fd);
    return done;
}

/* Objects last: what a ref names when it is copied is there when the objects are. */
static int by_name_objects_last(const void *a, const void *b)
{
    const char *left = *(const char *const *)a, *right = *(const char *const *)b;
    int objects = (g_strcmp0(left, "objects") == 0) - (g_strcmp0(right, "objects") == 0);

    return objects ? objects : strcmp(left, right);
}

static GPtrArray *children_of(const char *path)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name_objects_last);
    return names;
}

static gboolean add_tree(Archive *archive, const char *path, const char *name, guint depth,
                         GError **error)
{
    struct stat status;

    if (lstat(path, &status) != 0 || depth > DEPTH_MAX)
        return TRUE;
    if (!S_ISDIR(status.st_mode))
        return add_file(archive, path, name, error);
    if (!write_header(archive, name, &status, error))
        return FALSE;
    g_autoptr(GPtrArray) names = children_of(path);
    for (guint i = 0; i < names->len; i++) {
        const char *child = g_ptr_array_index(names, i);
        g_autofree char *child_path = g_build_filename(path, child, NULL);
        g_autofree char *child_name = g_build_filename(name, child, NULL);
        if (!add_tree(archive, child_path, child_name, depth + 1, error))
            return FALSE;
    }
    return TRUE;
}

/* The output of jobs, without their working files. */
static gboolean add_outputs(Archive *archive, const char *data_folder, GError **error)
{
    static const char *const files[] = {"output.jsonl", "output.index"};
    g_autofree char *folder = g_build_filename(data_folder, "jobs", NULL);
    g_autoptr(GPtrArray) jobs = children_of(folder);

    for (guint i = 0; i < jobs->len; i++)
        for (gsize j = 0; j < G_N_ELEMENTS(files); j++) {
            const char *job = g_ptr_array_index(jobs, i);
            g_autofree char *path = g_build_filename(folder, job, files[j], NULL);
            g_autofree char *name = g_build_filename("jobs", job, files[j], NULL);
            if (!add_file(archive, path, name, error))
                return FALSE;
        }
    return TRUE;
}

/* ---- the database ---- */

static const char *dump_name(gboolean postgres)
{
    return postgres ? "database.pgdump" : "pave.db";
}

/* A PostgreSQL URL without its password, which goes to the child by its environment: a command line
 * is for everybody to read. */
static char *take_password(const char *url, char **password)
{
    const char *user = strstr(url, "://") + strlen("://");
    const char *end = user + strcspn(user, "/?");
    const char *at = memchr(user, '@', (gsize)(end - user));
    const char *colon = at ? memchr(user, ':', (gsize)(at - user)) : NULL;

    *password = colon ? g_uri_unescape_segment(colon + 1, at, NULL) : NULL;
    return colon ? g_strdup_printf("%.*s%s", (int)(colon - url), url, at) : g_strdup(url);
}

static gboolean run(const char *const *argv, const char *password, GError **error)
{
    g_autofree char *complaint = NULL;
    g_auto(GStrv) environment = g_get_environ();
    int status;

    if (password)
        environment = g_environ_setenv(environment, "PGPASSWORD", password, TRUE);
    if (!g_spawn_sync(NULL, (char **)argv, environment, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                      &complaint, &status, error))
        return FALSE;
    if (g_spawn_check_wait_status(status, NULL))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "%s failed: %s", argv[0],
                g_strstrip(complaint));
    return FALSE;
}

static gboolean dump_postgres(const char *url, const char *path, GError **error)
{
    g_autofree char *password = NULL;
    g_autofree char *plain = take_password(url, &password);
    const char *argv[] = {"pg_dump", "--format=custom", "--no-owner", "--file", path, plain, NULL};

    return run(argv, password, error);
}

static gboolean dump_database(Db *db, const char *path, GError **error)
{
    return db_is_postgres(db) ? dump_postgres(db_url(db), path, error)
                              : db_backup_sqlite(db, path, error);
}

static gboolean load_postgres(const char *url, const char *path, GError **error)
{
    g_autofree char *password = NULL;
    g_autofree char *plain = take_password(url, &password);
    const char *argv[] = {
        "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname", plain,
        path,         NULL};

    return run(argv, password, error);
}

/* ---- the manifest ---- */

static const Value *make_manifest(Db *db, Arena *arena, GError **error)
{
    Value *manifest = value_object_new(arena), *keys = value_array_new(arena);
    g_autofree char *now = clock_format(clock_now_ms());
    g_auto(GStrv) ids = secrets_key_ids(db_reader(db), error);

    if (!ids)
        return NULL;
    for (char **id = ids; *id; id++)
        value_append(arena, keys, value_string_new(arena, *id));
    value_set_string(arena, manifest, "format", "pave-backup/1");
    value_set_string(arena, manifest, "version", PAVE_VERSION);
    value_set_string(arena, manifest, "createdAt", now);
    value_set_string(arena, manifest, "database", dump_name(db_is_postgres(db)));
    value_set_int(arena, manifest, "schema", db_newest_migration());
    value_set(arena, manifest, "keyIds", keys);
    return manifest;
}

static gboolean add_manifest(Archive *archive, Db *db, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *manifest = make_manifest(db, arena, error);
    struct stat status = {.st_mode = S_IFREG | 0600, .st_mtime = clock_now_ms() / 1000};

    if (!manifest)
        return FALSE;
    const char *text = json_to_arena(arena, manifest, JSON_PRETTY);
    status.st_size = (off_t)strlen(text);
    return write_header(archive, MANIFEST, &status, error) &&
           (archive_write_data(archive, text, strlen(text)) == (ssize_t)strlen(text) ||
            fail_archive(archive, MANIFEST, error));
}

/* ---- writing ---- */

static gboolean add_all(Archive *archive, Db *db, const char *data_folder, const char *dump,
                        GError **error)
{
    static const char *const folders[] = {"repositories", "blobs"};

    if (!add_manifest(archive, db, error) || !dump_database(db, dump, error) ||
        !add_file(archive, dump, dump_name(db_is_postgres(db)), error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(data_folder, folders[i], NULL);
        if (!add_tree(archive, path, folders[i], 0, error))
            return FALSE;
    }
    return add_outputs(archive, data_folder, error);
}

static gboolean write_archive(Db *db, const char *data_folder, const char *file, const char *dump,
                              GError **error)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail(file, error);
    Archive *archive = archive_write_new();
    archive_write_set_format_pax_restricted(archive);
    archive_write_add_filter_zstd(archive);
    gboolean done =
        (archive_write_open_fd(archive, fd) == ARCHIVE_OK || fail_archive(archive, file, error)) &&
        add_all(archive, db, data_folder, dump, error) &&
        (archive_write_close(archive) == ARCHIVE_OK || fail_archive(archive, file, error)) &&
        (fsync(fd) == 0 || fail(file, error));
    archive_write_free(archive);
    close(fd);
    return done;
}

gboolean backup_write(const char *database_url, const char *data_folder, const char *file,
                      GError **error)
{
    g_autofree char *part = g_strconcat(file, ".part", NULL);
    g_autofree char *dump = g_strconcat(file, ".database", NULL);
    g_autoptr(Db) db = db_open(database_url, error);

    if (!db)
        return FALSE;
    g_unlink(dump);
    gboolean done = write_archive(db, data_folder, part, dump, error) &&
                    (g_rename(part, file) == 0 || fail(file, error));
    g_unlink(dump);
    g_unlink(part);
    return done;
}

/* ---- restoring ---- */

static gboolean read_manifest(Archive *archive, Arena *arena, const Value **manifest,
                              GError **error)
{
    g_autofree char *text = g_malloc(MANIFEST_MAX);
    Entry *entry;

    if (archive_read_next_header(archive, &entry) != ARCHIVE_OK)
        return fail_archive(archive, "the archive", error);
    if (g_strcmp0(archive_entry_pathname(entry), MANIFEST) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "this is no backup of Pave");
        return FALSE;
    }
    ssize_t length = archive_read_data(archive, text, MANIFEST_MAX);
    if (length < 0)
        return fail_archive(archive, MANIFEST, error);
    *manifest = json_parse(arena, text, length, error);
    return *manifest != NULL;
}

static gboolean check_manifest(const Value *manifest, gboolean postgres, GError **error)
{
    int64_t schema = value_int(value_get(manifest, "schema"), INT64_MAX);
    const char *database = value_path_string(manifest, "database", "");

    if (g_strcmp0(value_path_string(manifest, "format", NULL), "pave-backup/1") != 0)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "this is no backup that this Pave knows");
    else if (schema > db_newest_migration())
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "the backup was made by a newer Pave (%s): restore it with that version",
                    value_path_string(manifest, "version", "?"));
    else if (!g_str_equal(database, dump_name(postgres)))
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "the backup holds a database of the other engine (%s)", database);
    else
        return TRUE;
    return FALSE;
}

/* A relative path below one of the parts a backup has. */
static gboolean is_good_name(const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name ? name : "", "/", -1);
    static const char *const tops[] = {
        "pave.db", "database.pgdump", "repositories", "blobs", "jobs", NULL};

    if (!parts[0] || !g_strv_contains(tops, parts[0]))
        return FALSE;
    for (char **part = parts + 1; *part; part++)
        if ((!**part && part[1]) || g_str_equal(*part, ".") || g_str_equal(*part, ".."))
            return FALSE;
    return TRUE;
}

static gboolean extract_file(Archive *archive, Entry *entry, const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (g_mkdir_with_parents(folder, 0700) != 0)
        return fail(folder, error);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  (mode_t)(archive_entry_perm(entry) & 0777) | 0400);
    if (fd < 0)
        return fail(path, error);
    gboolean done =
        archive_read_data_into_fd(archive, fd) == ARCHIVE_OK || fail_archive(archive, path, error);
    done = (fsync(fd) == 0 || !done || fail(path, error)) && done;
    close(fd);
    return done;
}

static gboolean extract_one(Archive *archive, Entry *entry, const char *folder, GError **error)
{
    const char *name = archive_entry_pathname(entry);
    g_autofree char *path = g_build_filename(folder, name, NULL);

    if (!is_good_name(name)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the archive holds \"%s\", which no backup has",
                    name ? name : "");
        return FALSE;
    }
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return g_mkdir_with_parents(path, 0700) == 0 || fail(path, error);
    if (archive_entry_filetype(entry) == AE_IFREG)
        return extract_file(archive, entry, path, error);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the archive holds \"%s\", which is no file", name);
    return FALSE;
}

static gboolean extract_all(Archive *archive, const char *folder, GError **error)
{
    Entry *entry;
    int result;

    if (g_mkdir_with_parents(folder, 0700) != 0)
        return fail(folder, error);
    while ((result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK)
        if (!extract_one(archive, entry, folder, error))
            return FALSE;
    return result == ARCHIVE_EOF || fail_archive(archive, "the archive", error);
}

/* Moves the database to where its URL says it is. */
static gboolean place_database(const char *url, const char *folder, const char *data_folder,
                               GError **error)
{
    gboolean postgres = !g_str_has_prefix(url, "sqlite:");
    g_autofree char *dump = g_build_filename(folder, dump_name(postgres), NULL);
    g_autofree char *usual = g_build_filename(data_folder, "pave.db", NULL);
    const char *wanted = url + strlen("sqlite:");

    if (postgres) {
        gboolean done = load_postgres(url, dump, error);
        g_unlink(dump);
        return done;
    }
    wanted = g_str_has_prefix(wanted, "///") ? wanted + 2 : wanted;
    if (g_str_equal(wanted, usual))
        return TRUE; /* comes with the folder */
    if (g_file_test(wanted, G_FILE_TEST_EXISTS)) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "there is a database at %s", wanted);
        return FALSE;
    }
    return g_rename(dump, wanted) == 0 || fail(wanted, error);
}

static gboolean restore_into(Archive *archive, const char *database_url, const char *folder,
                             const char *data_folder, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *manifest;

    return read_manifest(archive, arena, &manifest, error) &&
           check_manifest(manifest, !g_str_has_prefix(database_url, "sqlite:"), error) &&
           extract_all(archive, folder, error) &&
           place_database(database_url, folder, data_folder, error) &&
           (g_rename(folder, data_folder) == 0 || fail(data_folder, error));
}

static gboolean is_empty(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

    return dir ? !g_dir_read_name(dir) : !g_file_test(folder, G_FILE_TEST_EXISTS);
}

gboolean backup_restore(const char *file, const char *database_url, const char *data_folder,
                        GError **error)
{
    g_autofree char *folder = g_strconcat(data_folder, ".restoring", NULL);

    if (!is_empty(data_folder)) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                    "%s is not empty: a backup is restored into a new folder", data_folder);
        return FALSE;
    }
    folder_remove(folder, NULL); /* of a restore that was broken off */
    Archive *archive = archive_read_new();
    archive_read_support_format_tar(archive);
    archive_read_support_filter_zstd(archive);
    gboolean done = (archive_read_open_filename(archive, file, 65536) == ARCHIVE_OK ||
                     fail_archive(archive, file, error)) &&
                    restore_into(archive, database_url, folder, data_folder, error);
    archive_read_free(archive);
    folder_remove(folder, NULL);
    return done;
}
