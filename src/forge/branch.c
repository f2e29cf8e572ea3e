/* A branch of the built-in forge with files on it, for a pull request. */
#include "forge/forge_internal.h"

static gboolean same_tree(git_commit *commit, const git_oid *tree)
{
    return git_oid_equal(git_commit_tree_id(commit), tree);
}

/* On top of the branch where it is there, else of base. *unchanged: nothing was to be done. */
static gboolean commit_on(git_repository *git, const ForgeBranch *branch, git_commit *there,
                          git_commit *base, gboolean *unchanged, git_oid *id, GError **error)
{
    git_commit *parent = there ? there : base;
    const ForgeAuthor author = {branch->message, branch->author_name, branch->author_email,
                                branch->actor,   branch->cause,       TRUE};
    git_oid tree;

    if (!forge_git_tree_with(git, parent, branch->files, &tree, error))
        return FALSE;
    *unchanged = same_tree(parent, &tree) && (there || !branch->allow_empty);
    if (*unchanged) {
        git_oid_cpy(id, git_commit_id(parent));
        return TRUE;
    }
    return there ? forge_git_commit_tree(git, branch->name, parent, &tree, &author, id, error)
                 : forge_git_branch_tree(git, branch->name, parent, &tree, &author, id, error);
}

static gboolean check_new(const ForgeBranch *branch, git_commit *there, GError **error)
{
    if (!there || branch->update)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "the branch %s of %s/%s exists already; the input update: true adds to it",
                branch->name, branch->owner, branch->repository);
    return FALSE;
}

/* TRUE where nobody but actor ever moved the branch. */
static gboolean is_own(git_repository *git, const char *branch, const char *actor)
{
    g_autofree char *ref = g_strconcat("refs/heads/", branch, NULL);
    git_reflog *log = NULL;
    gsize count;
    gboolean own;

    if (git_reflog_read(&log, git, ref) < 0)
        return FALSE;
    count = git_reflog_entrycount(log);
    own = actor && count > 0;
    for (gsize i = 0; own && i < count; i++)
        own = g_str_equal(git_reflog_entry_committer(git_reflog_entry_byindex(log, i))->name,
                          actor);
    git_reflog_free(log);
    return own;
}

static gboolean check_allowed(Forge *forge, Arena *arena, git_repository *git,
                              const ForgeRepository *repository, const ForgeBranch *branch,
                              const char *base, gboolean there, GError **error)
{
    const char *name = branch->name;

    if (g_str_equal(name, base) || g_str_equal(name, repository->default_branch) ||
        forge_branch_is_protected(repository, name)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "%s of %s/%s is changed by a pull request into it: name another branch", name,
                    repository->owner, repository->name);
        return FALSE;
    }
    if (forge_may_push(forge, arena, repository->owner, repository->name, branch->actor,
                       branch->cause) ||
        (g_str_has_prefix(name, "pave/") && (!there || is_own(git, name, branch->actor))))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                "%s may not push to %s/%s; proposals of others are on new branches below pave/",
                branch->actor ? branch->actor : "nobody", repository->owner, repository->name);
    return FALSE;
}

gboolean forge_branch_files(Forge *forge, Arena *arena, const ForgeBranch *branch,
                            const char **commit, const char **base, GError **error)
{
    g_autoptr(ForgeRepository) repository =
        forge_find_writable(forge, branch->owner, branch->repository, error);
    g_autofree char *folder = NULL;
    gboolean unchanged;
    git_oid id;

    if (!repository || !forge_check_branch(branch->name, error))
        return FALSE;
    folder = forge_folder(forge, repository->owner, repository->name);
    *base = arena_strdup(arena, branch->base ? branch->base : repository->default_branch);
    g_autoptr(git_repository) git = forge_git_open(folder, error);
    g_autoptr(git_commit) from = git ? forge_git_commit(git, *base, *base, error) : NULL;
    g_autoptr(git_commit) there =
        from ? forge_git_commit(git, branch->name, branch->name, NULL) : NULL;

    if (!from ||
        !check_allowed(forge, arena, git, repository, branch, *base, there != NULL, error) ||
        !check_new(branch, there, error) ||
        !commit_on(git, branch, there, from, &unchanged, &id, error))
        return FALSE;
    *commit = unchanged && !there ? NULL : arena_strdup(arena, git_oid_tostr_s(&id));
    return unchanged ||
           (forge_sync_folder(folder, error) &&
            forge_compare_refs(forge, repository, branch->actor, branch->cause, error));
}
