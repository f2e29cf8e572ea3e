/* hashFiles(): the one function that looks at files. Its digest is the SHA-256 over the SHA-256 of
 * each file, files in the order of their paths. Symbolic links are not followed. */
#include "formats/ghexpr_internal.h"
#include "formats/glob.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 200000
#define DEPTH_MAX 64

static bool wanted(const char *path, const char *const *patterns)
{
    bool is_wanted = false;
    for (const char *const *pattern = patterns; *pattern; pattern++) {
        const char *glob = *pattern;
        bool negated = *glob == '!';
        glob += negated;
        while (g_str_has_prefix(glob, "./"))
            glob += 2;
        if (glob_matches(glob, path, GLOB_PLAIN))
            is_wanted = !negated;
    }
    return is_wanted;
}

static bool collect(const char *folder, const char *prefix, const char *const *patterns, int depth,
                    guint *seen, GPtrArray *found)
{
    g_autofree char *path = g_build_filename(folder, prefix, NULL);
    g_autoptr(GDir) dir = depth < DEPTH_MAX ? g_dir_open(path, 0, NULL) : NULL;
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        if (++*seen > FILES_MAX)
            return false;
        g_autofree char *relative = *prefix ? g_build_filename(prefix, name, NULL) : g_strdup(name);
        g_autofree char *full = g_build_filename(folder, relative, NULL);
        struct stat info;
        if (lstat(full, &info) != 0)
            continue;
        if (S_ISDIR(info.st_mode) && !g_str_equal(name, ".git")) {
            if (!collect(folder, relative, patterns, depth + 1, seen, found))
                return false;
        } else if (S_ISREG(info.st_mode) && wanted(relative, patterns)) {
            g_ptr_array_add(found, g_steal_pointer(&relative));
        }
    }
    return true;
}

static bool hash_file(GChecksum *outer, const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    g_autoptr(GChecksum) inner = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guchar *buffer = g_malloc(65536);
    gssize size = fd < 0 ? -1 : 0;
    while (fd >= 0 && (size = read(fd, buffer, 65536)) > 0)
        g_checksum_update(inner, buffer, size);
    if (fd >= 0)
        close(fd);
    guint8 digest[32];
    gsize length = sizeof digest;
    g_checksum_get_digest(inner, digest, &length);
    g_checksum_update(outer, digest, (gssize)length);
    return size == 0;
}

static int by_path(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *ghexpr_hash_files(Arena *arena, const char *folder, const char *const *patterns,
                              GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    guint seen = 0;
    if (!collect(folder, "", patterns, 0, &seen, found)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "hashFiles(): more than %d files", FILES_MAX);
        return NULL;
    }
    if (!found->len)
        return "";
    g_ptr_array_sort(found, by_path);
    g_autoptr(GChecksum) outer = g_checksum_new(G_CHECKSUM_SHA256);
    for (guint i = 0; i < found->len; i++) {
        g_autofree char *path = g_build_filename(folder, found->pdata[i], NULL);
        if (!hash_file(outer, path)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "hashFiles(): cannot read %s",
                        (char *)found->pdata[i]);
            return NULL;
        }
    }
    return arena_strdup(arena, g_checksum_get_string(outer));
}
