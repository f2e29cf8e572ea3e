/* Who works on a repository, from its history. */
#include "forge/forge_internal.h"

#define COMMITS_MAX 5000

typedef struct {
    git_repository *git;
    const char *folder; /* "" : all of it */
    int64_t since;      /* seconds */
    GHashTable *counts; /* address → Contributor */
} Census;

typedef struct {
    char *name, *email;
    guint commits;
} Contributor;

static void contributor_free(gpointer data)
{
    Contributor *contributor = data;

    g_free(contributor->name);
    g_free(contributor->email);
    g_free(contributor);
}

/* The id of folder in a commit; all zero where it is not there. */
static void folder_id(const Census *census, git_commit *commit, git_oid *id)
{
    g_autoptr(git_tree) tree = NULL;
    g_autoptr(git_tree_entry) entry = NULL;

    memset(id, 0, sizeof *id);
    if (git_commit_tree(&tree, commit) < 0)
        return;
    if (!*census->folder)
        *id = *git_tree_id(tree);
    else if (git_tree_entry_bypath(&entry, tree, census->folder) == 0)
        *id = *git_tree_entry_id(entry);
}

static gboolean touches(const Census *census, git_commit *commit)
{
    g_autoptr(git_commit) parent = NULL;
    git_oid before, after;

    folder_id(census, commit, &after);
    if (git_commit_parentcount(commit) == 0)
        return !git_oid_is_zero(&after);
    if (git_commit_parent(&parent, commit, 0) < 0)
        return FALSE;
    folder_id(census, parent, &before);
    return !git_oid_equal(&before, &after);
}

static void count_commit(Census *census, git_commit *commit)
{
    const git_signature *author = git_commit_author(commit);
    g_autofree char *email = g_utf8_strdown(author->email, -1);
    Contributor *contributor;

    /* A merge is nobody's work of its own, and Pave is nobody. */
    if (git_commit_parentcount(commit) > 1 || g_str_equal(email, "pave@localhost") ||
        !g_utf8_validate(author->name, -1, NULL) || !g_utf8_validate(author->email, -1, NULL) ||
        !touches(census, commit))
        return;
    contributor = g_hash_table_lookup(census->counts, email);
    if (!contributor) {
        contributor = g_new0(Contributor, 1);
        contributor->name = g_strdup(author->name);
        contributor->email = g_strdup(email);
        g_hash_table_insert(census->counts, contributor->email, contributor);
    }
    contributor->commits++;
}

static gboolean walk(Census *census, const git_oid *head, GError **error)
{
    g_autoptr(git_revwalk) commits = NULL;
    git_oid id;

    if (git_revwalk_new(&commits, census->git) < 0 ||
        git_revwalk_sorting(commits, GIT_SORT_TIME) < 0 || git_revwalk_push(commits, head) < 0)
        return forge_git_failed(error, "cannot walk the commits");
    for (guint seen = 0; seen < COMMITS_MAX && git_revwalk_next(&id, commits) == 0; seen++) {
        g_autoptr(git_commit) commit = NULL;

        if (git_commit_lookup(&commit, census->git, &id) < 0)
            continue;
        if (git_commit_time(commit) < census->since)
            break;
        count_commit(census, commit);
    }
    return TRUE;
}

static int compare_contributors(gconstpointer a, gconstpointer b)
{
    const Contributor *x = *(Contributor *const *)a, *y = *(Contributor *const *)b;

    return x->commits != y->commits ? (x->commits < y->commits) - (x->commits > y->commits)
                                    : strcmp(x->email, y->email);
}

static const Value *contributors_value(Arena *arena, GHashTable *counts)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    Value *list = value_array_new(arena);
    GHashTableIter iterator;
    gpointer contributor;

    g_hash_table_iter_init(&iterator, counts);
    while (g_hash_table_iter_next(&iterator, NULL, &contributor))
        g_ptr_array_add(all, contributor);
    g_ptr_array_sort(all, compare_contributors);
    for (guint i = 0; i < all->len; i++) {
        const Contributor *one = all->pdata[i];
        Value *item = value_object_new(arena);

        value_set_string(arena, item, "name", one->name);
        value_set_string(arena, item, "email", one->email);
        value_set_int(arena, item, "commits", one->commits);
        value_append(arena, list, item);
    }
    return list;
}

const Value *forge_contributors(Forge *forge, Arena *arena, const char *owner, const char *name,
                                const char *ref, const char *folder, int64_t since_ms,
                                GError **error)
{
    g_autoptr(ForgeRepository) repository = forge_find(forge, owner, name, error);
    g_autofree char *place = NULL;
    g_autoptr(git_repository) git = NULL;
    g_autoptr(git_commit) head = NULL;
    g_autoptr(GHashTable) counts =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, contributor_free);
    Census census = {.folder = folder, .since = since_ms / 1000, .counts = counts};

    if (!repository)
        return NULL;
    place = forge_folder(forge, repository->owner, repository->name);
    git = forge_git_open(place, error);
    head = git ? forge_git_commit(git, ref, repository->default_branch, error) : NULL;
    census.git = git;
    if (!head || !walk(&census, git_commit_id(head), error))
        return NULL;
    return contributors_value(arena, counts);
}
