/* `pave release create` packs a folder and hands it over; `pave release list`. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/screen.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64

/* ---- packing ---- */

typedef struct {
    struct archive *archive;
    const char *root;
    guint64 files;
} Packer;

static gboolean pack_data(Packer *packer, const char *path, GError **error)
{
    g_autofree char *buffer = g_malloc(65536);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = -1;

    while (fd >= 0 && (got = read(fd, buffer, 65536)) > 0)
        if (archive_write_data(packer->archive, buffer, (size_t)got) < 0)
            break;
    if (got != 0)
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot pack %s: %s", path,
                    g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return got == 0;
}

static gboolean pack_entry(Packer *packer, const char *name, const char *path,
                           const struct stat *status, GError **error)
{
    struct archive_entry *entry = archive_entry_new();
    g_autofree char *target = S_ISLNK(status->st_mode) ? g_file_read_link(path, error) : NULL;
    gboolean good = !S_ISLNK(status->st_mode) || target;

    /* the same files make the same bytes, whoever packs them and when */
    archive_entry_set_pathname(entry, name);
    archive_entry_set_mode(entry, S_ISDIR(status->st_mode) || status->st_mode & 0100
                                      ? (status->st_mode & S_IFMT) | 0755
                                      : (status->st_mode & S_IFMT) | 0644);
    archive_entry_set_size(entry, S_ISREG(status->st_mode) ? status->st_size : 0);
    archive_entry_set_mtime(entry, 0, 0);
    if (target)
        archive_entry_set_symlink(entry, target);
    if (good && archive_write_header(packer->archive, entry) != ARCHIVE_OK) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot pack %s: %s", path,
                    archive_error_string(packer->archive));
        good = FALSE;
    }
    archive_entry_free(entry);
    packer->files++;
    return good && (!S_ISREG(status->st_mode) || pack_data(packer, path, error));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *sorted_names(const char *path, GError **error)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, error);
    GPtrArray *names = folder ? g_ptr_array_new_with_free_func(g_free) : NULL;
    const char *name;

    while (folder && (name = g_dir_read_name(folder)))
        g_ptr_array_add(names, g_strdup(name));
    if (names)
        g_ptr_array_sort(names, by_name);
    return names;
}

static gboolean pack_folder(Packer *packer, const char *below, int depth, GError **error)
{
    g_autofree char *path = g_build_filename(packer->root, below, NULL);
    g_autoptr(GPtrArray) names = sorted_names(path, error);

    if (!names)
        return FALSE;
    if (depth > DEPTH_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is nested too deeply", path);
        return FALSE;
    }
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *name =
            below[0] ? g_build_filename(below, names->pdata[i], NULL) : g_strdup(names->pdata[i]);
        g_autofree char *full = g_build_filename(packer->root, name, NULL);
        struct stat status;

        if (!below[0] && g_str_equal(name, ".git"))
            continue;
        if (g_lstat(full, &status) != 0 ||
            (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode)))
            continue; /* sockets and the like are no part of a release */
        if (!pack_entry(packer, name, full, &status, error) ||
            (S_ISDIR(status.st_mode) && !pack_folder(packer, name, depth + 1, error)))
            return FALSE;
    }
    return TRUE;
}

/* The folder as tar in a file without a name, standing at its beginning. */
static FILE *pack(const char *root, gsize *length, GError **error)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "pave-release-XXXXXX", NULL);
    Packer packer = {.archive = archive_write_new(), .root = root};
    int fd = g_mkstemp(path);
    gboolean good = fd >= 0;
    FILE *file = NULL;

    if (good) {
        unlink(path);
        archive_write_set_format_pax_restricted(packer.archive);
        archive_write_open_fd(packer.archive, fd);
        good =
            pack_folder(&packer, "", 0, error) && archive_write_close(packer.archive) == ARCHIVE_OK;
    }
    archive_write_free(packer.archive);
    if (good) {
        *length = (gsize)lseek(fd, 0, SEEK_END);
        lseek(fd, 0, SEEK_SET);
        file = fdopen(fd, "rb");
    } else if (fd >= 0) {
        close(fd);
    }
    if (!file && error && !*error)
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot pack %s: %s", root,
                    g_strerror(errno));
    return file;
}

/* ---- what the commit was ---- */

typedef struct {
    char *service, *folder, *commit, *message, *committed_at, *health_path;
    char **tags;
    gboolean quiet, as_json;
} Options;

static void options_clear(Options *options)
{
    g_free(options->service);
    g_free(options->folder);
    g_free(options->commit);
    g_free(options->message);
    g_free(options->committed_at);
    g_free(options->health_path);
    g_strfreev(options->tags);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static char *run_git(const char *folder, const char *const *arguments)
{
    const char *argv[8] = {"git", "-C", folder};
    char *output = NULL;
    int status = 1;

    for (guint i = 0; arguments[i]; i++)
        argv[3 + i] = arguments[i];
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                      NULL, NULL, &output, NULL, &status, NULL) ||
        status != 0)
        g_clear_pointer(&output, g_free);
    return output ? g_strchomp(output) : NULL;
}

/* From a clone, what git says. */
static void ask_git(Options *options)
{
    const char *const head[] = {"rev-parse", "HEAD", NULL};
    g_autofree char *found = NULL;

    if (!options->commit)
        options->commit = run_git(options->folder, head);
    if (!options->commit)
        return;
    if (!options->message) {
        const char *const subject[] = {"log", "-1", "--format=%s", options->commit, NULL};

        options->message = run_git(options->folder, subject);
    }
    if (!options->committed_at) {
        const char *const time[] = {"log", "-1", "--format=%aI", options->commit, NULL};

        options->committed_at = run_git(options->folder, time);
    }
}

/* In a workflow, whose checkout may have no history, what the forge says. */
static void ask_forge(Client *client, Options *options)
{
    const char *repository = g_getenv("GITHUB_REPOSITORY");
    const Value *commits, *commit;

    if (!repository || !options->commit || (options->message && options->committed_at))
        return;
    commits = client_get(client, NULL, "/api/forge/v1/repositories/%s/commits?ref=%s&limit=1",
                         repository, client_escape(client, options->commit));
    commit = value_item(value_get(commits, "items"), 0);
    if (!options->message)
        options->message = g_strdup(value_path_string(commit, "message", NULL));
    if (!options->committed_at)
        options->committed_at = g_strdup(value_path_string(commit, "timestamp", NULL));
}

static void add_query(Client *client, GString *path, const char *name, const char *value)
{
    if (value && value[0])
        g_string_append_printf(path, "%c%s=%s", strchr(path->str, '?') ? '&' : '?', name,
                               client_escape(client, value));
}

static const Value *send_release(Client *client, Options *options, GError **error)
{
    g_autoptr(GString) path = g_string_new(NULL);
    g_autofree char *subject =
        options->message ? g_strndup(options->message, strcspn(options->message, "\n")) : NULL;
    gsize length = 0;
    FILE *file = pack(options->folder, &length, error);
    const Value *release;

    if (!file)
        return NULL;
    g_string_printf(path, "/api/deployments/v1/services/%s/releases",
                    client_escape(client, options->service));
    add_query(client, path, "commit", options->commit);
    add_query(client, path, "message", subject);
    add_query(client, path, "committedAt", options->committed_at);
    add_query(client, path, "healthPath", options->health_path);
    for (guint i = 0; options->tags && options->tags[i]; i++)
        add_query(client, path, "tag", options->tags[i]);
    release = client_upload(client, path->str, file, length, error);
    fclose(file);
    return release;
}

int command_release_create(int argc, char **argv)
{
    g_auto(Options) options = {0};
    const GOptionEntry entries[] = {
        {"service", 's', 0, G_OPTION_ARG_STRING, &options.service, "Whose release", "NAME"},
        {"dir", 'd', 0, G_OPTION_ARG_FILENAME, &options.folder, "What to pack (default .)", "DIR"},
        {"commit", 0, 0, G_OPTION_ARG_STRING, &options.commit, "Made from (default: git's HEAD)",
         "ID"},
        {"message", 0, 0, G_OPTION_ARG_STRING, &options.message, "The commit's first line", "TEXT"},
        {"committed-at", 0, 0, G_OPTION_ARG_STRING, &options.committed_at, "When it was written",
         "TIME"},
        {"tag", 't', 0, G_OPTION_ARG_STRING_ARRAY, &options.tags, "A name for it", "TAG"},
        {"health-path", 0, 0, G_OPTION_ARG_STRING, &options.health_path,
         "Where it tells that it is well (default /health)", "PATH"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Print the digest only", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.as_json, "Print JSON", NULL},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    const Value *release;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (rest[0] || !options.service)
        return cli_usage("release create takes --service, and --dir");
    if (!options.folder)
        options.folder = g_strdup(".");
    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    ask_git(&options);
    ask_forge(client, &options);
    release = send_release(client, &options, &error);
    if (!release)
        return cli_fail(error);
    if (options.as_json)
        screen_json(release);
    else if (options.quiet)
        g_print("%s\n", value_path_string(release, "digest", ""));
    else
        g_print("Release %s of %s\n", value_path_string(release, "digest", ""), options.service);
    return EXIT_OK;
}

static void add_release(Table *table, Arena *arena, const Value *release)
{
    const Value *tags = value_get(release, "tags");
    g_autoptr(GString) joined = g_string_new(NULL);

    for (guint i = 0; i < value_count(tags); i++)
        g_string_append_printf(joined, "%s%s", i ? "," : "", value_string(value_item(tags, i), ""));
    table_add(table,
              (const char *[]){screen_clip(arena, value_path_string(release, "digest", ""), 19),
                               screen_clip(arena, value_path_string(release, "commit", ""), 7),
                               joined->str, value_path_string(release, "message", ""),
                               screen_age(arena, value_path_string(release, "createdAt", NULL))});
}

int command_release_list(int argc, char **argv)
{
    static const char *const headings[] = {"DIGEST", "COMMIT", "TAGS", "MESSAGE", "CREATED", NULL};
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {{"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print JSON", NULL},
                                    {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    const Value *reply;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (g_strv_length(rest) != 1)
        return cli_usage("release list takes a service");
    client = client_open(&error);
    reply = client ? client_get(client, &error, "/api/deployments/v1/services/%s/releases",
                                client_escape(client, rest[0]))
                   : NULL;
    if (!reply)
        return cli_fail(error);
    screen_items(client->arena, reply, as_json, headings, add_release, "There is no release yet.");
    return EXIT_OK;
}
