/* What becomes of a repository at its end: looked at, and deleted.
 *
 * On the built-in forge the row is marked first, so that nobody finds the repository any more, then
 * its folder goes, then the row together with the event: whoever is interrupted goes on. */
#include "forge/forge_internal.h"
#include "spine/folder.h"
#include <glib/gstdio.h>

enum { COMMITS_MAX = 1000 };

/* ---- how it stands ---- */

static gboolean count_since(git_repository *git, const char *since, guint *commits, GError **error)
{
    g_autoptr(git_revwalk) walk = NULL;
    git_oid id;

    if (git_revwalk_new(&walk, git) < 0 || git_revwalk_push_glob(walk, "heads/*") < 0 ||
        git_revwalk_push_glob(walk, "tags/*") < 0)
        return forge_git_failed(error, "cannot walk the repository");
    /* Where the commit is gone, history was rewritten: all of it is somebody else's. */
    if (since && git_oid_fromstr(&id, since) == 0)
        git_revwalk_hide(walk, &id);
    while (*commits < COMMITS_MAX && git_revwalk_next(&id, walk) == 0)
        (*commits)++;
    return TRUE;
}

static gboolean builtin_condition(Forge *forge, const char *owner, const char *name,
                                  const char *since, ForgeCondition *condition, GError **error)
{
    g_autoptr(GError) missing = NULL;
    g_autoptr(ForgeRepository) repository = forge_find(forge, owner, name, &missing);

    if (g_error_matches(missing, PAVE_ERROR, ERROR_NOT_FOUND))
        return TRUE;
    if (!repository) {
        g_propagate_error(error, g_steal_pointer(&missing));
        return FALSE;
    }
    g_autofree char *folder = forge_folder(forge, repository->owner, repository->name);
    g_autoptr(git_repository) git = forge_git_open(folder, error);

    condition->exists = TRUE;
    condition->archived = repository->archived_at != 0;
    return git && count_since(git, since, &condition->commits, error);
}

static const char *github_path(Arena *arena, const char *owner, const char *name, const char *rest)
{
    g_autofree char *first = g_uri_escape_string(owner, NULL, FALSE);
    g_autofree char *second = g_uri_escape_string(name, NULL, FALSE);

    return arena_printf(arena, "/repos/%s/%s%s", first, second, rest);
}

static gboolean github_condition(Forge *forge, Arena *arena, const char *host, const char *owner,
                                 const char *name, const char *since, ForgeCondition *condition,
                                 GError **error)
{
    ForgeGitHub github;
    long status = 0;

    forge_github_open(&github, forge, arena, host);
    const Value *found = forge_github_call(&github, "GET", github_path(arena, owner, name, ""),
                                           NULL, 404, &status, error);

    if (!found || status == 404)
        return found != NULL;
    condition->exists = TRUE;
    condition->archived = value_bool(value_get(found, "archived"), false);
    if (!since)
        return TRUE;
    g_autofree char *branch =
        g_uri_escape_string(value_path_string(found, "default_branch", "main"), NULL, FALSE);
    const Value *compared = forge_github_call(
        &github, "GET",
        github_path(arena, owner, name, arena_printf(arena, "/compare/%s...%s", since, branch)),
        NULL, 404, &status, error);

    if (!compared)
        return FALSE;
    condition->commits = status == 404 ? 1 : (guint)value_int(value_get(compared, "ahead_by"), 0);
    return TRUE;
}

static gboolean unknown_host(const char *host, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the host %s is not configured any more", host);
    return FALSE;
}

gboolean forge_condition(Forge *forge, Arena *arena, const ForgeLocation *at, const char *since,
                         ForgeCondition *condition, GError **error)
{
    *condition = (ForgeCondition){0};
    switch (forge_kind_of_host(forge, at->host)) {
    case FORGE_BUILTIN:
        return builtin_condition(forge, at->owner, at->name, since, condition, error);
    case FORGE_GITHUB:
        return github_condition(forge, arena, at->host, at->owner, at->name, since, condition,
                                error);
    case FORGE_UNKNOWN:
        break;
    }
    return unknown_host(at->host, error);
}

/* ---- deleting ---- */

typedef struct {
    ForgeRepository *repository;
    const char *actor, *cause;
} Removal;

static gboolean write_marked(DbConn *tx, void *data, GError **error)
{
    const Removal *removal = data;

    return forge_store_mark_removed(tx, removal->repository->id, error);
}

static gboolean write_gone(DbConn *tx, void *data, GError **error)
{
    const Removal *removal = data;
    const ForgeRepository *repository = removal->repository;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Value *payload = value_object_new(arena);

    value_set_string(arena, payload, "owner", repository->owner);
    value_set_string(arena, payload, "name", repository->name);
    events_append(tx, &(Event){.type = "dev.pave.forge.repository.deleted",
                               .source = "/pave/forge",
                               .subject = arena_printf(arena, "repository:%s/%s", repository->owner,
                                                       repository->name),
                               .actor = removal->actor,
                               .cause = removal->cause,
                               .payload = payload});
    return forge_store_remove(tx, repository->id, error);
}

/* Renamed first: whoever reads it finds all of it or nothing. */
static gboolean remove_folder(Forge *forge, const ForgeRepository *repository, GError **error)
{
    g_autofree char *folder = forge_folder(forge, repository->owner, repository->name);
    g_autofree char *aside = g_build_filename(forge->repositories, ".gone", NULL);
    g_autofree char *gone = g_build_filename(aside, repository->id, NULL);

    g_mkdir_with_parents(aside, 0750);
    if (g_file_test(folder, G_FILE_TEST_EXISTS) && g_rename(folder, gone) < 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot take the repository away: %s",
                    g_strerror(errno));
        return FALSE;
    }
    return folder_remove(gone, error);
}

static gboolean builtin_remove(Forge *forge, const char *owner, const char *name, const char *actor,
                               const char *cause, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(ForgeRepository) repository =
        forge_store_find(db_reader(forge->db), owner, name, &why);
    Removal removal = {repository, actor, cause};

    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (!repository)
        return TRUE;
    return db_write(forge->db, write_marked, &removal, NULL, error) &&
           remove_folder(forge, repository, error) &&
           db_write(forge->db, write_gone, &removal, NULL, error);
}

gboolean forge_remove(Forge *forge, Arena *arena, const ForgeLocation *at, const char *actor,
                      const char *cause, GError **error)
{
    ForgeGitHub github;
    long status = 0;

    switch (forge_kind_of_host(forge, at->host)) {
    case FORGE_BUILTIN:
        return builtin_remove(forge, at->owner, at->name, actor, cause, error);
    case FORGE_GITHUB:
        forge_github_open(&github, forge, arena, at->host);
        return forge_github_call(&github, "DELETE", github_path(arena, at->owner, at->name, ""),
                                 NULL, 404, &status, error) != NULL;
    case FORGE_UNKNOWN:
        break;
    }
    return unknown_host(at->host, error);
}
