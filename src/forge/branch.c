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

gboolean forge_branch_files(Forge *forge, Arena *arena, const ForgeBranch *branch,
                            const char **commit, const char **base, GError **error)
{
    g_autoptr(ForgeRepository) repository =
        forge_find(forge, branch->owner, branch->repository, error);
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

    if (!from || !check_new(branch, there, error) ||
        !commit_on(git, branch, there, from, &unchanged, &id, error))
        return FALSE;
    *commit = unchanged && !there ? NULL : arena_strdup(arena, git_oid_tostr_s(&id));
    return unchanged ||
           (forge_sync_folder(folder, error) &&
            forge_compare_refs(forge, repository, branch->actor, branch->cause, error));
}
