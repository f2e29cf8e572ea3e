/* Writing the tree of a commit into a folder. What was pushed may be hostile: names, links and
 * sizes are checked, and every file is made beneath a folder that was opened, never through a path.
 */
#include "forge/forge_internal.h"
#include "spine/folder.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT_FILES_MAX 200000
#define EXPORT_BYTES_MAX ((gint64)2 << 30)
#define EXPORT_DEPTH_MAX 64

struct export
{
    const char *destination;
    guint files;
    gint64 bytes;
};

static gboolean failed(GError **error, const char *path)
{
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s: %s", path, g_strerror(errno));
    return FALSE;
}

static gboolean name_is_safe(const char *name)
{
    return *name && !strchr(name, '/') && !g_str_equal(name, ".") && !g_str_equal(name, "..") &&
           g_ascii_strcasecmp(name, ".git") != 0;
}

/* Where a link leads; NULL with error where that is outside. */
static char *link_target(git_blob *blob, const char *path, GError **error)
{
    g_autofree char *target = g_strndup(git_blob_rawcontent(blob), (gsize)git_blob_rawsize(blob));

    if (folder_link_stays_inside(path, target))
        return g_steal_pointer(&target);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "%s is a symbolic link to \"%s\", which leads out of the repository", path, target);
    return NULL;
}

static gboolean write_link(git_blob *blob, int folder_fd, const char *name, const char *path,
                           GError **error)
{
    g_autofree char *target = link_target(blob, path, error);

    return target && (symlinkat(target, folder_fd, name) == 0 || failed(error, path));
}

static gboolean write_all(int fd, const char *bytes, gsize length)
{
    while (length > 0) {
        gssize written = write(fd, bytes, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return FALSE;
        bytes += written;
        length -= (gsize)written;
    }
    return TRUE;
}

static gboolean write_file(struct export *export, git_repository *git, const git_tree_entry *entry,
                           int folder_fd, const char *path, GError **error)
{
    const char *name = git_tree_entry_name(entry);
    git_filemode_t mode = git_tree_entry_filemode(entry);
    g_autoptr(git_blob) blob = NULL;
    int fd;
    gboolean written;

    if (git_blob_lookup(&blob, git, git_tree_entry_id(entry)) < 0)
        return forge_git_failed(error, path);
    export->bytes += git_blob_rawsize(blob);
    if (++export->files > EXPORT_FILES_MAX || export->bytes > EXPORT_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "the repository is too large to check out");
        return FALSE;
    }
    if (mode == GIT_FILEMODE_LINK)
        return write_link(blob, folder_fd, name, path, error);
    fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644);
    if (fd < 0)
        return failed(error, path);
    written = write_all(fd, git_blob_rawcontent(blob), (gsize)git_blob_rawsize(blob));
    if (close(fd) < 0 || !written)
        return failed(error, path);
    return TRUE;
}

static gboolean write_tree(struct export *export, git_repository *git, git_tree *tree,
                           int folder_fd, const char *relative, guint depth, GError **error);

static gboolean write_subtree(struct export *export, git_repository *git,
                              const git_tree_entry *entry, int folder_fd, const char *path,
                              guint depth, GError **error)
{
    const char *name = git_tree_entry_name(entry);
    g_autoptr(git_tree) tree = NULL;
    gboolean written;
    int fd;

    if (depth > EXPORT_DEPTH_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s: folders are nested too deeply", path);
        return FALSE;
    }
    /* A submodule becomes an empty folder, as in a plain clone. */
    if (mkdirat(folder_fd, name, 0755) < 0 && errno != EEXIST)
        return failed(error, path);
    if (git_tree_entry_type(entry) != GIT_OBJECT_TREE)
        return TRUE;
    if (git_tree_lookup(&tree, git, git_tree_entry_id(entry)) < 0)
        return forge_git_failed(error, path);
    fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return failed(error, path);
    written = write_tree(export, git, tree, fd, path, depth, error);
    close(fd);
    return written;
}

static gboolean write_tree(struct export *export, git_repository *git, git_tree *tree,
                           int folder_fd, const char *relative, guint depth, GError **error)
{
    for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
        const char *name = git_tree_entry_name(entry);
        g_autofree char *path = *relative ? g_strconcat(relative, "/", name, NULL) : g_strdup(name);

        if (!name_is_safe(name)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is no name for a file", path);
            return FALSE;
        }
        if (!(git_tree_entry_type(entry) == GIT_OBJECT_BLOB
                  ? write_file(export, git, entry, folder_fd, path, error)
                  : write_subtree(export, git, entry, folder_fd, path, depth + 1, error)))
            return FALSE;
    }
    return TRUE;
}

static gboolean export_tree(git_repository *git, git_tree *tree, void *data, GError **error)
{
    struct export *export = data;
    gboolean written;
    int fd;

    if (g_mkdir_with_parents(export->destination, 0755) < 0)
        return failed(error, export->destination);
    fd = open(export->destination, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return failed(error, export->destination);
    written = write_tree(export, git, tree, fd, "", 0, error);
    close(fd);
    return written;
}

gboolean forge_export_tree(git_repository *git, git_tree *tree, const char *destination,
                           GError **error)
{
    struct export export = {.destination = destination};

    return export_tree(git, tree, &export, error);
}

gboolean forge_export(Forge *forge, const char *owner, const char *name, const char *ref,
                      const char *subpath, const char *destination, GError **error)
{
    struct export export = {.destination = destination};

    return forge_with_tree(forge, owner, name, ref, subpath, export_tree, &export, error);
}

/* ---- links alone ---- */

struct link_check {
    git_repository *git;
    GError **error;
};

static int check_entry(const char *root, const git_tree_entry *entry, void *data)
{
    struct link_check *check = data;
    g_autofree char *path = g_strconcat(root, git_tree_entry_name(entry), NULL);
    g_autofree char *target = NULL;
    g_autoptr(git_blob) blob = NULL;

    guint depth = 0;

    for (const char *c = root; *c; c++)
        depth += *c == '/';
    if (depth > EXPORT_DEPTH_MAX) {
        g_set_error(check->error, PAVE_ERROR, ERROR_INPUT, "%s: folders are nested too deeply",
                    path);
        return -1;
    }
    if (git_tree_entry_filemode(entry) != GIT_FILEMODE_LINK)
        return 0;
    if (git_blob_lookup(&blob, check->git, git_tree_entry_id(entry)) < 0) {
        forge_git_failed(check->error, path);
        return -1;
    }
    target = link_target(blob, path, check->error);
    return target ? 0 : -1;
}

static gboolean check_tree(git_repository *git, git_tree *tree, void *data, GError **error)
{
    struct link_check check = {git, error};

    return git_tree_walk(tree, GIT_TREEWALK_PRE, check_entry, &check) == 0;
}

gboolean forge_check_links(Forge *forge, const char *owner, const char *name, const char *ref,
                           GError **error)
{
    return forge_with_tree(forge, owner, name, ref, "", check_tree, NULL, error);
}
