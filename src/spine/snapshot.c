#include "spine/snapshot.h"
#include "spine/fd.h"
#include "spine/folder.h"
#include "spine/libgit2.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Objects are small, many, and soon gone: to write them quickly counts. */
enum { COMPRESSION = 1, DEPTH_MAX = 256 };

static gboolean fail(const char *what, const char *path, const char *why, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot %s %s: %s", what, path, why);
    return FALSE;
}

static gboolean fail_errno(const char *what, const char *path, GError **error)
{
    return fail(what, path, g_strerror(errno), error);
}

static gboolean fail_git(const char *what, const char *path, GError **error)
{
    const git_error *last = git_error_last();

    return fail(what, path, last && last->message ? last->message : "git gave no reason", error);
}

/* Loose objects, in no repository; path NULL: in memory. */
static git_repository *open_objects(const char *path, GError **error)
{
    g_autoptr(git_odb) objects = NULL;
    git_odb_backend *backend = NULL;
    git_repository *git = NULL;

    libgit2_start();
    if (path && g_mkdir_with_parents(path, 0700) != 0) {
        fail_errno("make", path, error);
        return NULL;
    }
    if (git_odb_new(&objects) < 0 ||
        (path ? git_odb_backend_loose(&backend, path, COMPRESSION, 0, 0700, 0400)
              : git_mempack_new(&backend)) < 0 ||
        git_odb_add_backend(objects, backend, 1) < 0 || git_repository_wrap_odb(&git, objects) < 0)
        fail_git("open", path ? path : "memory", error);
    return git;
}

/* ---- taking ---- */

typedef struct {
    git_repository *git;
    git_odb *objects;
    guint depth;
} Snapshot;

/* A folder that holds nothing is none, as git has it: *any is false then. */
static gboolean take_folder(Snapshot *snapshot, int folder_fd, const char *path, git_oid *id,
                            bool *any, GError **error);

static gboolean write_blob(Snapshot *snapshot, const void *bytes, gsize length, const char *path,
                           git_oid *id, GError **error)
{
    return git_odb_write(id, snapshot->objects, bytes, length, GIT_OBJECT_BLOB) == 0 ||
           fail_git("keep", path, error);
}

static gboolean take_file(Snapshot *snapshot, int folder_fd, const char *name, const char *path,
                          git_oid *id, GError **error)
{
    fd_auto fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) != 0)
        return fail_errno("read", path, error);
    if (status.st_size == 0)
        return write_blob(snapshot, "", 0, path, id, error);
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

    if (bytes == MAP_FAILED)
        return fail_errno("read", path, error);
    gboolean done = write_blob(snapshot, bytes, (gsize)status.st_size, path, id, error);

    munmap(bytes, (size_t)status.st_size);
    return done;
}

static gboolean take_link(Snapshot *snapshot, int folder_fd, const char *name, const char *path,
                          git_oid *id, GError **error)
{
    char target[PATH_MAX];
    gssize length = readlinkat(folder_fd, name, target, sizeof target);

    return length < 0 ? fail_errno("read", path, error)
                      : write_blob(snapshot, target, (gsize)length, path, id, error);
}

static gboolean take_entry(Snapshot *snapshot, int folder_fd, const char *name, const char *path,
                           git_treebuilder *tree, GError **error)
{
    git_filemode_t mode = GIT_FILEMODE_TREE;
    struct stat status;
    bool any = true;
    git_oid id;

    if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return fail_errno("read", path, error);
    if (S_ISDIR(status.st_mode)) {
        fd_auto fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
            return fail_errno("read", path, error);
        if (!take_folder(snapshot, fd, path, &id, &any, error))
            return FALSE;
    } else if (S_ISLNK(status.st_mode)) {
        mode = GIT_FILEMODE_LINK;
        if (!take_link(snapshot, folder_fd, name, path, &id, error))
            return FALSE;
    } else if (S_ISREG(status.st_mode)) {
        mode = status.st_mode & 0111 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
        if (!take_file(snapshot, folder_fd, name, path, &id, error))
            return FALSE;
    } else {
        return TRUE;
    }
    return !any || git_treebuilder_insert(NULL, tree, name, &id, mode) == 0 ||
           fail_git("keep", path, error);
}

static gboolean take_entries(Snapshot *snapshot, int folder_fd, const char *path,
                             git_treebuilder *tree, GError **error)
{
    int own_fd = dup(folder_fd);
    DIR *folder = own_fd >= 0 ? fdopendir(own_fd) : NULL;
    gboolean done = folder != NULL;
    struct dirent *entry;

    if (!folder)
        return fail_errno("read", path, error);
    while (done && (entry = readdir(folder))) {
        g_autofree char *below = g_build_filename(path, entry->d_name, NULL);

        /* What a step cloned keeps its files, not its history: git trees hold no ".git". */
        if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, "..") &&
            g_ascii_strcasecmp(entry->d_name, ".git") != 0)
            done = take_entry(snapshot, folder_fd, entry->d_name, below, tree, error);
    }
    closedir(folder);
    return done;
}

static gboolean take_folder(Snapshot *snapshot, int folder_fd, const char *path, git_oid *id,
                            bool *any, GError **error)
{
    g_autoptr(git_treebuilder) tree = NULL;
    gboolean done;

    if (++snapshot->depth > DEPTH_MAX)
        return fail("keep", path, "folders are nested too deeply", error);
    if (git_treebuilder_new(&tree, snapshot->git, NULL) < 0)
        return fail_git("keep", path, error);
    done = take_entries(snapshot, folder_fd, path, tree, error);
    snapshot->depth--;
    *any = git_treebuilder_entrycount(tree) > 0;
    return done && (git_treebuilder_write(id, tree) == 0 || fail_git("keep", path, error));
}

char *snapshot_take(const char *objects_folder, const char *folder, GError **error)
{
    g_autoptr(git_repository) git = open_objects(objects_folder, error);
    g_autoptr(git_odb) objects = NULL;
    fd_auto fd = git ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool any;
    git_oid id;

    if (!git)
        return NULL;
    if (fd < 0 || git_repository_odb(&objects, git) < 0) {
        fail_errno("read", folder, error);
        return NULL;
    }
    Snapshot snapshot = {git, objects, 0};

    return take_folder(&snapshot, fd, "", &id, &any, error) ? g_strdup(git_oid_tostr_s(&id)) : NULL;
}

/* ---- bringing back ---- */

static gboolean restore_tree(git_repository *git, const git_oid *id, int folder_fd,
                             const char *path, GError **error);

static gboolean restore_blob(git_repository *git, const git_tree_entry *entry, int folder_fd,
                             const char *path, GError **error)
{
    const char *name = git_tree_entry_name(entry);
    git_filemode_t mode = git_tree_entry_filemode(entry);
    g_autoptr(git_blob) blob = NULL;

    if (git_blob_lookup(&blob, git, git_tree_entry_id(entry)) < 0)
        return fail_git("bring back", path, error);
    const char *bytes = git_blob_rawcontent(blob);
    gsize length = (gsize)git_blob_rawsize(blob);

    if (mode == GIT_FILEMODE_LINK) {
        g_autofree char *target = g_strndup(bytes, length);

        return symlinkat(target, folder_fd, name) == 0 || fail_errno("bring back", path, error);
    }
    fd_auto fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644);

    return (fd >= 0 && fd_write_all(fd, bytes, length)) || fail_errno("bring back", path, error);
}

static gboolean restore_entry(git_repository *git, const git_tree_entry *entry, int folder_fd,
                              const char *parent, GError **error)
{
    const char *name = git_tree_entry_name(entry);
    g_autofree char *path = g_build_filename(parent, name, NULL);

    if (git_tree_entry_type(entry) != GIT_OBJECT_TREE)
        return restore_blob(git, entry, folder_fd, path, error);
    fd_auto fd = mkdirat(folder_fd, name, 0755) == 0
                     ? openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                     : -1;

    return fd >= 0 ? restore_tree(git, git_tree_entry_id(entry), fd, path, error)
                   : fail_errno("bring back", path, error);
}

static gboolean restore_tree(git_repository *git, const git_oid *id, int folder_fd,
                             const char *path, GError **error)
{
    g_autoptr(git_tree) tree = NULL;

    if (git_tree_lookup(&tree, git, id) < 0)
        return fail_git("bring back", path, error);
    for (gsize i = 0; i < git_tree_entrycount(tree); i++)
        if (!restore_entry(git, git_tree_entry_byindex(tree, i), folder_fd, path, error))
            return FALSE;
    return TRUE;
}

gboolean snapshot_restore(const char *objects_folder, const char *folder, const char *tree,
                          GError **error)
{
    git_oid id;
    g_autofree char *now = tree ? snapshot_take(NULL, folder, NULL) : NULL;

    if (now && g_str_equal(now, tree))
        return TRUE;
    if (!folder_remove(folder, error))
        return FALSE;
    if (g_mkdir_with_parents(folder, 0755) != 0)
        return fail_errno("make", folder, error);
    if (!tree)
        return TRUE;
    g_autoptr(git_repository) git = open_objects(objects_folder, error);
    fd_auto fd = git ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (!git)
        return FALSE;
    if (fd < 0)
        return fail_errno("open", folder, error);
    return (git_oid_fromstr(&id, tree) == 0 || fail_git("bring back", tree, error)) &&
           restore_tree(git, &id, fd, "", error);
}
