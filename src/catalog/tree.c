/* Copies of whole folders, for templates. */
#include "catalog/catalog_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 20000
#define BYTES_MAX ((gint64)512 << 20)
#define DEPTH_MAX 64

typedef struct {
    const char *root; /* real path: what a symlink must not leave */
    guint files;
    gint64 bytes;
    GError **error;
} Copy;

static gboolean copy_folder(Copy *copy, const char *from, const char *to, int depth);

static gboolean fail(Copy *copy, int code, const char *path, const char *reason)
{
    g_set_error(copy->error, PAVE_ERROR, code, "%s: %s", path, reason);
    return FALSE;
}

static gboolean copy_file(Copy *copy, const char *from, const char *to, const struct stat *status)
{
    g_autofree char *bytes = NULL;
    g_autoptr(GError) reason = NULL;
    gsize length;

    copy->bytes += status->st_size;
    if (copy->bytes > BYTES_MAX)
        return fail(copy, ERROR_INPUT, from, "the folder holds more than 512 MiB");
    if (!g_file_get_contents(from, &bytes, &length, &reason) ||
        !g_file_set_contents_full(to, bytes, (gssize)length, G_FILE_SET_CONTENTS_NONE,
                                  status->st_mode & 0111 ? 0755 : 0644, &reason))
        return fail(copy, ERROR_INTERNAL, from, reason->message);
    return TRUE;
}

static gboolean copy_link(Copy *copy, const char *from, const char *to)
{
    g_autofree char *target = g_file_read_link(from, NULL);
    g_autofree char *real = realpath(from, NULL);
    gsize length = strlen(copy->root);

    if (!target || !real || g_path_is_absolute(target) || !g_str_has_prefix(real, copy->root) ||
        (real[length] != '/' && real[length] != '\0'))
        return fail(copy, ERROR_NOT_ALLOWED, from, "a symlink leads out of its folder");
    if (symlink(target, to) != 0)
        return fail(copy, ERROR_INTERNAL, to, g_strerror(errno));
    return TRUE;
}

static gboolean copy_entry(Copy *copy, const char *from, const char *to, int depth)
{
    struct stat status;

    if (++copy->files > FILES_MAX)
        return fail(copy, ERROR_INPUT, from, "the folder holds more than 20,000 files");
    if (lstat(from, &status) != 0)
        return fail(copy, ERROR_INTERNAL, from, g_strerror(errno));
    if (S_ISLNK(status.st_mode))
        return copy_link(copy, from, to);
    if (S_ISDIR(status.st_mode))
        return copy_folder(copy, from, to, depth + 1);
    if (S_ISREG(status.st_mode))
        return copy_file(copy, from, to, &status);
    return fail(copy, ERROR_INPUT, from, "is neither file nor folder");
}

static gboolean copy_folder(Copy *copy, const char *from, const char *to, int depth)
{
    g_autoptr(GDir) dir = g_dir_open(from, 0, NULL);
    const char *name;

    if (!dir || depth > DEPTH_MAX)
        return fail(copy, ERROR_INPUT, from, "is no folder, or is too deep");
    if (g_mkdir_with_parents(to, 0755) != 0)
        return fail(copy, ERROR_INTERNAL, to, g_strerror(errno));
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *destination = g_build_filename(to, name, NULL);

        if (!copy_entry(copy, source, destination, depth))
            return FALSE;
    }
    return TRUE;
}

gboolean catalog_read_tree(Catalog *catalog, const char *url, const char *destination,
                           GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autofree char *real = NULL;
    ForgeLocation location;
    Source source;

    if (!source_parse(arena, url, &source, error))
        return FALSE;
    if (!g_str_equal(source.type, "file"))
        return forge_parse_url(catalog->forge, arena, source.target, &location, error) &&
               forge_export(catalog->forge, location.owner, location.name, location.ref,
                            location.path ? location.path : "", destination, error);
    real = source_confine(catalog, source.target, error);
    return real && copy_folder(&(Copy){.root = real, .error = error}, real, destination, 0);
}
