/* Folders kept by their content, beside the repositories: what a template was when something was
 * made of it. Equal files are there once, however many things were made. */
#include "forge/forge_internal.h"

static git_repository *open_kept(Forge *forge, char **folder, GError **error)
{
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    git_repository *git = NULL;

    *folder = g_build_filename(forge->repositories, ".kept.git", NULL);
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
    /* Another task may be making it at this moment. */
    for (guint tries = 0; tries < 100; tries++) {
        if (git_repository_open_bare(&git, *folder) == 0 ||
            git_repository_init_ext(&git, *folder, &options) == 0)
            return git;
        g_usleep(10000);
    }
    forge_git_failed(error, "cannot open what is kept");
    return NULL;
}

/* A ref makes it last, and tells that it was made durable. */
static gboolean make_last(git_repository *git, const char *folder, const char *tree,
                          const git_oid *id, GError **error)
{
    g_autofree char *name = g_strconcat("refs/kept/", tree, NULL);
    g_autoptr(git_reference) reference = NULL;

    if (git_reference_lookup(&reference, git, name) == 0)
        return TRUE;
    if (!forge_sync_folder(folder, error))
        return FALSE;
    /* Another task may keep the same folder at this moment, and holds the ref. */
    for (guint tries = 0; tries < 100; tries++) {
        if (git_reference_create(&reference, git, name, id, 1, "kept") == 0 ||
            git_reference_lookup(&reference, git, name) == 0)
            return TRUE;
        g_usleep(10000);
    }
    return forge_git_failed(error, name);
}

char *forge_keep(Forge *forge, const char *folder, GError **error)
{
    g_autofree char *place = NULL, *tree = NULL;
    g_autoptr(git_repository) git = open_kept(forge, &place, error);
    git_oid id;

    if (!git || !forge_git_write_folder(git, folder, &id, error))
        return NULL;
    tree = g_strdup(git_oid_tostr_s(&id));
    return make_last(git, place, tree, &id, error) ? g_steal_pointer(&tree) : NULL;
}

gboolean forge_kept(Forge *forge, const char *tree, const char *destination, GError **error)
{
    g_autofree char *place = NULL;
    g_autoptr(git_repository) git = open_kept(forge, &place, error);
    g_autoptr(git_tree) found = NULL;
    git_oid id;

    if (!git)
        return FALSE;
    if (git_oid_fromstr(&id, tree) < 0 || git_tree_lookup(&found, git, &id) < 0) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "the folder %s is not kept any more", tree);
        return FALSE;
    }
    return forge_export_tree(git, found, destination, error);
}
