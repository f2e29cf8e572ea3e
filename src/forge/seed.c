/* Repositories the configuration asks for: made at start from folders. A folder that changed since
 * becomes a new commit, and its tags move with it; a folder that did not leaves alone what people
 * pushed. */
#include "forge/forge_internal.h"

#define CONFIGURED_BY "service:pave"

struct seed {
    const char *owner, *name, *description;
    const Value *tags;
    char *folder;
};

struct seeded {
    const char *id, *tree;
};

static gboolean write_seed_tree(DbConn *tx, void *data, GError **error)
{
    const struct seeded *seeded = data;

    return forge_store_set_seed_tree(tx, seeded->id, seeded->tree, error);
}

static gboolean publish_seed(Forge *forge, const struct seed *seed, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autofree char *intent = g_strdup_printf("configuration:%s/%s", seed->owner, seed->name);
    ForgePublish publish = {.host = forge->base_host,
                            .owner = seed->owner,
                            .name = seed->name,
                            .description = seed->description,
                            .visibility = "internal",
                            .default_branch = "main",
                            .protect_default_branch = TRUE,
                            .folder = seed->folder,
                            .message = "Import what the configuration holds",
                            .actor = CONFIGURED_BY,
                            .intent_id = intent};

    return forge_publish(forge, arena, &publish, error) != NULL;
}

static gboolean move_tags(git_repository *git, const struct seed *seed, const git_oid *commit,
                          GError **error)
{
    for (guint i = 0; i < value_count(seed->tags); i++) {
        g_autofree char *name =
            g_strconcat("refs/tags/", value_string(value_item(seed->tags, i), ""), NULL);
        g_autoptr(git_reference) moved = NULL;

        if (git_reference_create(&moved, git, name, commit, 1, "configured tag") < 0)
            return forge_git_failed(error, name);
    }
    return TRUE;
}

/* The commit that holds tree: the head where it does already, or a new one on top of it. */
static gboolean commit_seed(git_repository *git, const ForgeRepository *repository,
                            const git_oid *tree, git_oid *commit, GError **error)
{
    g_autoptr(git_commit) head = forge_git_commit(git, NULL, repository->default_branch, error);
    ForgeAuthor author = {.message = "Update from the configuration",
                          .author_name = "Pave",
                          .author_email = "pave@localhost",
                          .actor = CONFIGURED_BY};

    if (!head)
        return FALSE;
    if (git_oid_equal(git_commit_tree_id(head), tree)) {
        git_oid_cpy(commit, git_commit_id(head));
        return TRUE;
    }
    return forge_git_commit_tree(git, repository->default_branch, head, tree, &author, commit,
                                 error);
}

static gboolean update_seed(Forge *forge, const struct seed *seed,
                            const ForgeRepository *repository, GError **error)
{
    g_autofree char *folder = forge_folder(forge, repository->owner, repository->name);
    g_autoptr(git_repository) git = forge_git_open(folder, error);
    struct seeded seeded = {repository->id, NULL};
    g_autofree char *tree_id = NULL;
    git_oid tree, commit;

    if (!git || !forge_git_write_folder(git, seed->folder, &tree, error))
        return FALSE;
    tree_id = g_strdup(git_oid_tostr_s(&tree));
    if (g_strcmp0(repository->seed_tree, tree_id) == 0)
        return TRUE;
    if (!commit_seed(git, repository, &tree, &commit, error))
        return FALSE;
    forge_git_set_ident(git, CONFIGURED_BY, NULL);
    seeded.tree = tree_id;
    return move_tags(git, seed, &commit, error) && forge_sync_folder(folder, error) &&
           forge_compare_refs(forge, repository, CONFIGURED_BY, NULL, error) &&
           db_write(forge->db, write_seed_tree, &seeded, NULL, error);
}

static gboolean sync_one(Forge *forge, const struct seed *seed, GError **error)
{
    g_autoptr(ForgeRepository) repository = NULL;

    if (!forge_check_name(seed->owner, seed->name, error))
        return FALSE;
    if (!g_file_test(seed->folder, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "there is no folder %s", seed->folder);
        return FALSE;
    }
    repository = forge_find(forge, seed->owner, seed->name, NULL);
    if (!repository) {
        if (!publish_seed(forge, seed, error))
            return FALSE;
        repository = forge_find(forge, seed->owner, seed->name, error);
    }
    return repository && update_seed(forge, seed, repository, error);
}

gboolean forge_sync_configured(Forge *forge, GError **error)
{
    const Value *all = config_get(forge->config, "forge.repositories");

    for (guint i = 0; i < value_count(all); i++) {
        const Value *one = value_item(all, i);
        g_autofree char *folder =
            config_resolve_path(forge->config, value_string(value_get(one, "folder"), "."));
        struct seed seed = {.owner = value_string(value_get(one, "owner"), ""),
                            .name = value_string(value_get(one, "name"), ""),
                            .description = value_string(value_get(one, "description"), ""),
                            .tags = value_get(one, "tags"),
                            .folder = folder};

        if (!sync_one(forge, &seed, error)) {
            g_prefix_error(error, "forge.repositories: %s/%s: ", seed.owner, seed.name);
            return FALSE;
        }
    }
    return TRUE;
}
