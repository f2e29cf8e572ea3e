/* The room's routes; those under "state" speak Terraform's protocol, in its shapes. */
#include "infra/infra_internal.h"
#include "spine/access.h"
#include "spine/failpoint.h"

/* ---- modules, workspaces, runs ---- */

static Response *list_modules(Request *request, void *room, GError **error)
{
    return response_items(request, infra_module_list(room, request_arena(request)));
}

static Response *get_module(Request *request, void *room, GError **error)
{
    InfraModule module = {0};

    if (!infra_module_read(room, request_arena(request), request_param(request, "name"), &module,
                           error))
        return NULL;
    return response_json(request, 200, infra_module_value(request_arena(request), &module));
}

static Response *list_workspaces(Request *request, void *room, GError **error)
{
    Infra *infra = room;
    Arena *arena = request_arena(request);
    Value *items = value_array_new(arena);
    g_autoptr(GPtrArray) found = infra_store_workspaces(db_reader(infra->db), arena,
                                                        request_query(request, "service"), error);

    for (guint i = 0; found && i < found->len; i++) {
        const Value *item = infra_workspace_value(infra, arena, found->pdata[i], error);

        if (!item)
            return NULL;
        value_append(arena, items, item);
    }
    return found ? response_items(request, items) : NULL;
}

static Response *get_workspace(Request *request, void *room, GError **error)
{
    const Value *found =
        infra_workspace(room, request_arena(request), request_param(request, "name"), error);

    return found ? response_json(request, 200, found) : NULL;
}

static Response *list_runs(Request *request, void *room, GError **error)
{
    Infra *infra = room;
    Arena *arena = request_arena(request);
    DbConn *conn = db_reader(infra->db);
    Value *items = value_array_new(arena);
    g_autoptr(GPtrArray) runs = NULL;
    int64_t limit;

    if (!request_query_int(request, "limit", 1, 500, 50, &limit, error))
        return NULL;
    runs = infra_store_runs(conn, arena, request_query(request, "workspace"),
                            request_query(request, "service"), (guint)limit, error);
    for (guint i = 0; runs && i < runs->len; i++)
        value_append(arena, items, infra_run_value(infra, conn, arena, runs->pdata[i]));
    return runs ? response_items(request, items) : NULL;
}

static InfraWorkspace *the_workspace(Request *request, Infra *infra, GError **error)
{
    return infra_find_workspace(infra, request_arena(request), request_param(request, "name"),
                                error);
}

/* The workspace a request names, where its sender may do permission to it. */
static InfraWorkspace *owned_workspace(Request *request, Infra *infra, const char *permission,
                                       GError **error)
{
    g_autoptr(InfraWorkspace) workspace = the_workspace(request, infra, error);
    const char *owners[3] = {NULL};

    if (!workspace)
        return NULL;
    /* Never without an owner: what nobody owns everybody signed in may change. */
    owners[0] = workspace->owner ? workspace->owner : "service:pave";
    owners[1] = workspace->created_by;
    if (!access_check(access_principal(request), permission, owners, error))
        return NULL;
    return g_steal_pointer(&workspace);
}

static Response *post_run(Request *request, void *room, GError **error)
{
    Infra *infra = room;
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error);
    g_autoptr(InfraWorkspace) workspace =
        body ? owned_workspace(request, infra, "infra.run.write", error) : NULL;
    g_autoptr(InfraRun) run = NULL;
    const char *id;

    if (!workspace)
        return NULL;
    id = infra_rerun(infra, arena, workspace->name,
                     value_string(value_get(body, "operation"), "apply"), access_actor(request),
                     error);
    run = id ? infra_store_run(db_reader(infra->db), arena, id, error) : NULL;
    if (!run)
        return NULL;
    return response_json(request, 201, infra_run_value(infra, db_reader(infra->db), arena, run));
}

static Response *post_unlock(Request *request, void *room, GError **error)
{
    Infra *infra = room;
    g_auto(InfraStateReply) reply = {0};
    g_autoptr(InfraWorkspace) workspace = owned_workspace(request, infra, "infra.run.write", error);

    if (!workspace || !infra_state_unlock(infra, workspace, "", 0, &reply, error))
        return NULL;
    return get_workspace(request, room, error);
}

/* ---- Terraform's HTTP backend ---- */

/* A run may touch the state of its own workspace, whatever its token's scopes say. */
static InfraWorkspace *state_workspace(Request *request, Infra *infra, GError **error)
{
    const Principal *principal = access_principal(request);
    const char *name = principal_name(principal);
    g_autoptr(InfraRun) run = NULL;

    if (principal_kind(principal) != PRINCIPAL_JOB)
        return owned_workspace(request, infra, "infra.state.write", error);
    if (!access_check(principal, "infra.state.write", NULL, error))
        return NULL;
    run = infra_store_run(db_reader(infra->db), request_arena(request),
                          g_str_has_prefix(name, "job:") ? name + 4 : name, NULL);
    if (!run || !g_str_equal(run->workspace, request_param(request, "name"))) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "this job has nothing to do with the workspace %s",
                    request_param(request, "name"));
        return NULL;
    }
    return the_workspace(request, infra, error);
}

static const char *actor_of(Request *request)
{
    const char *actor = access_actor(request);

    return access_principal(request) &&
                   principal_kind(access_principal(request)) == PRINCIPAL_JOB &&
                   !g_str_has_prefix(actor, "job:")
               ? arena_printf(request_arena(request), "job:%s", actor)
               : actor;
}

static Response *reply_state(const InfraStateReply *reply)
{
    return reply->body ? response_bytes(reply->status, "application/json", reply->body)
                       : response_empty(reply->status);
}

static Response *get_state(Request *request, void *room, GError **error)
{
    g_auto(InfraStateReply) reply = {0};
    g_autoptr(InfraWorkspace) workspace = state_workspace(request, room, error);

    if (!workspace || !infra_state_read(room, workspace, &reply, error))
        return NULL;
    return reply_state(&reply);
}

static Response *post_state(Request *request, void *room, GError **error)
{
    g_auto(InfraStateReply) reply = {0};
    g_autoptr(InfraWorkspace) workspace = state_workspace(request, room, error);
    gsize length = 0;
    const char *body = request_body(request, &length);

    if (!workspace || !infra_state_write(
                          room, workspace, request_query(request, "ID"), body ? body : "", length,
                          request_header(request, "Content-MD5"), actor_of(request), &reply, error))
        return NULL;
    failpoint("state", "written");
    return reply_state(&reply);
}

static Response *delete_state(Request *request, void *room, GError **error)
{
    g_auto(InfraStateReply) reply = {0};
    g_autoptr(InfraWorkspace) workspace = state_workspace(request, room, error);

    if (!workspace || !infra_state_delete(room, workspace, request_query(request, "ID"),
                                          actor_of(request), &reply, error))
        return NULL;
    return reply_state(&reply);
}

static Response *lock_state(Request *request, void *room, GError **error)
{
    g_auto(InfraStateReply) reply = {0};
    g_autoptr(InfraWorkspace) workspace = state_workspace(request, room, error);
    gsize length = 0;
    const char *body = request_body(request, &length);

    if (!workspace || !infra_state_lock(room, workspace, body ? body : "", length,
                                        actor_of(request), &reply, error))
        return NULL;
    failpoint("state", "locked");
    return reply_state(&reply);
}

static Response *unlock_state(Request *request, void *room, GError **error)
{
    g_auto(InfraStateReply) reply = {0};
    g_autoptr(InfraWorkspace) workspace = state_workspace(request, room, error);
    gsize length = 0;
    const char *body = request_body(request, &length);

    if (!workspace || !infra_state_unlock(room, workspace, body ? body : "", length, &reply, error))
        return NULL;
    return reply_state(&reply);
}

#define STATE "/api/infra/v1/state/{name}"

const Route infra_routes[] = {
    {"GET", "/api/infra/v1/modules", list_modules, ROUTE_WORKER, "infra.module.read"},
    {"GET", "/api/infra/v1/modules/{name...}", get_module, ROUTE_WORKER, "infra.module.read"},
    {"GET", "/api/infra/v1/workspaces", list_workspaces, ROUTE_WORKER, "infra.workspace.read"},
    {"GET", "/api/infra/v1/workspaces/{name}", get_workspace, ROUTE_WORKER, "infra.workspace.read"},
    {"POST", "/api/infra/v1/workspaces/{name}/runs", post_run, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"POST", "/api/infra/v1/workspaces/{name}/unlock", post_unlock, ROUTE_WORKER,
     PERMISSION_SIGNED_IN},
    {"GET", "/api/infra/v1/runs", list_runs, ROUTE_WORKER, "infra.run.read"},
    {"GET", STATE, get_state, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"POST", STATE, post_state, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"DELETE", STATE, delete_state, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"LOCK", STATE, lock_state, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"UNLOCK", STATE, unlock_state, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {0},
};
