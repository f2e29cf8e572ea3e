/* Descriptors in files: below the folders of the configured locations, and nowhere else. */
#include "catalog/catalog_internal.h"
#include "catalog/source/internal.h"
#include "formats/glob.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_DEPTH_MAX 32

/* A configured location of type file. */
struct SourceRoot {
    char *target;
    char *real; /* its folder as it was at the start; NULL where there was none */
};

static gboolean lies_below(const char *path, const char *folder)
{
    gsize length = strlen(folder);

    return g_str_has_prefix(path, folder) && (path[length] == '/' || path[length] == '\0');
}

/* The folder of a configured target, up to its first wildcard. */
static char *folder_of_target(const char *target)
{
    g_autofree char *fixed = g_strndup(target, strcspn(target, "*?["));

    return g_path_get_dirname(fixed);
}

static char *real_folder(const char *target)
{
    g_autofree char *folder = folder_of_target(target);

    return realpath(folder, NULL);
}

static void root_free(gpointer data)
{
    SourceRoot *root = data;

    g_free(root->target);
    free(root->real);
    g_free(root);
}

GPtrArray *source_roots_new(const Config *config)
{
    const Value *locations = config_get(config, "catalog.locations");
    GPtrArray *roots = g_ptr_array_new_with_free_func(root_free);

    for (guint i = 0; i < value_count(locations); i++) {
        const Value *location = value_item(locations, i);
        const char *target = value_path_string(location, "target", "");
        SourceRoot *root;

        if (!g_str_equal(value_path_string(location, "type", "file"), "file"))
            continue;
        root = g_new0(SourceRoot, 1);
        root->target = g_strdup(target);
        root->real = real_folder(target);
        g_ptr_array_add(roots, root);
    }
    return roots;
}

/* What the configuration names itself is trusted; everything else must lie beside it. */
static gboolean is_configured(const GPtrArray *roots, const char *path, const char *real)
{
    for (guint i = 0; i < roots->len; i++) {
        const SourceRoot *root = roots->pdata[i];

        if ((root->real && lies_below(real, root->real)) || g_str_equal(root->target, path))
            return TRUE;
    }
    /* A folder that was made or moved since the start. */
    for (guint i = 0; i < roots->len; i++) {
        const SourceRoot *root = roots->pdata[i];
        char *now = real_folder(root->target);
        gboolean below = now && lies_below(real, now);

        free(now);
        if (below)
            return TRUE;
    }
    return FALSE;
}

char *source_confine(Catalog *catalog, const char *path, GError **error)
{
    char *real = realpath(path, NULL);

    if (!real) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "file %s does not exist", path);
        return NULL;
    }
    if (is_configured(catalog->sources->roots, path, real))
        return real;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                "file %s lies outside of the folders of the configured locations", path);
    free(real);
    return NULL;
}

/* ---- reading ---- */

static const char *etag_of(Arena *arena, const struct stat *status)
{
    return arena_printf(arena, "%lld.%09ld-%lld", (long long)status->st_mtim.tv_sec,
                        status->st_mtim.tv_nsec, (long long)status->st_size);
}

static GBytes *read_open_file(int fd, gsize size, const char *path, GError **error)
{
    g_autofree char *bytes = g_malloc(size + 1);
    gsize length = 0;

    for (;;) {
        gssize got = read(fd, bytes + length, size + 1 - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || length + (gsize)got > size) {
            g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "%s %s", path,
                        got < 0 ? g_strerror(errno) : "grew while it was read");
            return NULL;
        }
        if (got == 0)
            return g_bytes_new_take(g_steal_pointer(&bytes), length);
        length += (gsize)got;
    }
}

gboolean source_file_read(Catalog *catalog, Arena *arena, const char *path, const char *known_etag,
                          SourceReply *reply, GError **error)
{
    g_autofree char *real = source_confine(catalog, path, error);
    struct stat status;
    int fd;

    if (!real)
        return FALSE;
    fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
        (gsize)status.st_size > SOURCE_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "%s cannot be read, is no file, or larger than 32 MiB", path);
    } else {
        reply->etag = etag_of(arena, &status);
        reply->unchanged = g_strcmp0(reply->etag, known_etag) == 0;
        if (!reply->unchanged)
            reply->bytes = read_open_file(fd, (gsize)status.st_size, path, error);
    }
    if (fd >= 0)
        close(fd);
    return reply->unchanged || reply->bytes;
}

/* ---- wildcards ---- */

typedef struct {
    Arena *arena;
    const char *pattern;
    GPtrArray *matches; /* Source * */
    guint seen;
    gboolean too_many;
} Walk;

static gboolean is_folder(const char *path, unsigned char type)
{
    struct stat status;

    if (type != DT_UNKNOWN)
        return type == DT_DIR;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void walk_folder(Walk *walk, const char *folder, int depth)
{
    DIR *dir = depth < FOLDER_DEPTH_MAX ? opendir(folder) : NULL;
    struct dirent *entry;

    while (dir && !walk->too_many && (entry = readdir(dir))) {
        g_autofree char *path = NULL;

        if (g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, ".."))
            continue;
        walk->too_many = ++walk->seen > SOURCE_FILES_MAX;
        path = g_build_filename(folder, entry->d_name, NULL);
        if (is_folder(path, entry->d_type)) {
            walk_folder(walk, path, depth + 1);
        } else if (glob_matches(walk->pattern, path, GLOB_PLAIN)) {
            Source *source = arena_new0(walk->arena, Source, 1);

            *source = (Source){"file", arena_strdup(walk->arena, path)};
            g_ptr_array_add(walk->matches, source);
        }
    }
    if (dir)
        closedir(dir);
}

gboolean source_file_expand(Arena *arena, const char *pattern, GPtrArray *matches, GError **error)
{
    g_autofree char *folder = folder_of_target(pattern);
    Walk walk = {arena, pattern, matches, 0, FALSE};

    walk_folder(&walk, folder, 0);
    if (walk.too_many)
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                    "%s: there are more than %d files and folders in %s", pattern, SOURCE_FILES_MAX,
                    folder);
    return !walk.too_many;
}
