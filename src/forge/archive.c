/* Repositories that are kept, but not worked in any more. */
#include "forge/forge_internal.h"
#include "spine/access.h"

gboolean forge_check_writable(const ForgeRepository *repository, GError **error)
{
    if (repository->archived_at == 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                "%s/%s is archived: it can be read, but nothing can be pushed to it until it is "
                "unarchived",
                repository->owner, repository->name);
    return FALSE;
}

ForgeRepository *forge_find_writable(Forge *forge, const char *owner, const char *name,
                                     GError **error)
{
    g_autoptr(ForgeRepository) repository = forge_find(forge, owner, name, error);

    if (!repository || !forge_check_writable(repository, error))
        return NULL;
    return g_steal_pointer(&repository);
}

typedef struct {
    const ForgeRepository *repository;
    gboolean archived;
    const char *actor, *cause;
} Change;

static gboolean write_change(DbConn *tx, void *data, GError **error)
{
    const Change *change = data;
    const ForgeRepository *repository = change->repository;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Value *payload = value_object_new(arena);
    const char *verb = change->archived ? "archived" : "unarchived";

    value_set_string(arena, payload, "owner", repository->owner);
    value_set_string(arena, payload, "name", repository->name);
    events_append(tx, &(Event){.type = arena_printf(arena, "dev.pave.forge.repository.%s", verb),
                               .source = "/pave/forge",
                               .subject = arena_printf(arena, "repository:%s/%s", repository->owner,
                                                       repository->name),
                               .actor = change->actor,
                               .cause = change->cause,
                               .payload = payload});
    return forge_store_set_archived(tx, repository->id, change->archived ? clock_now_ms() : 0,
                                    change->actor, error);
}

static gboolean archive_builtin(Forge *forge, const char *owner, const char *name,
                                gboolean archived, const char *actor, const char *cause,
                                GError **error)
{
    g_autoptr(ForgeRepository) repository = forge_find(forge, owner, name, error);
    Change change = {repository, archived, actor, cause};

    if (!repository)
        return FALSE;
    return (repository->archived_at != 0) == (archived != FALSE) ||
           db_write(forge->db, write_change, &change, NULL, error);
}

gboolean forge_archive(Forge *forge, Arena *arena, const ForgeLocation *at, gboolean archived,
                       const char *actor, const char *cause, GError **error)
{
    g_autofree char *owner = g_uri_escape_string(at->owner, NULL, FALSE);
    g_autofree char *name = g_uri_escape_string(at->name, NULL, FALSE);
    ForgeGitHub github;
    Value *body = value_object_new(arena);
    long status = 0;

    switch (forge_kind_of_host(forge, at->host)) {
    case FORGE_BUILTIN:
        return archive_builtin(forge, at->owner, at->name, archived, actor, cause, error);
    case FORGE_GITHUB:
        value_set_bool(arena, body, "archived", archived);
        forge_github_open(&github, forge, arena, at->host);
        return forge_github_call(&github, "PATCH", arena_printf(arena, "/repos/%s/%s", owner, name),
                                 body, 0, &status, error) != NULL;
    case FORGE_UNKNOWN:
        break;
    }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the host %s is not configured any more", at->host);
    return FALSE;
}

/* ---- routes ---- */

static Response *reply_archived(Request *request, Forge *forge, gboolean archived, GError **error)
{
    Arena *arena = request_arena(request);
    g_autoptr(ForgeRepository) repository =
        forge_find(forge, request_param(request, "owner"), request_param(request, "name"), error);

    if (!repository ||
        !access_check(access_principal(request), "forge.repository.update",
                      forge_owners(forge, arena, repository), error) ||
        !archive_builtin(forge, repository->owner, repository->name, archived,
                         access_actor(request), NULL, error))
        return NULL;
    const Value *found = forge_get(forge, arena, repository->owner, repository->name, error);

    return found ? response_json(request, 200, found) : NULL;
}

Response *forge_post_archive(Request *request, void *room, GError **error)
{
    return reply_archived(request, room, TRUE, error);
}

Response *forge_post_unarchive(Request *request, void *room, GError **error)
{
    return reply_archived(request, room, FALSE, error);
}
