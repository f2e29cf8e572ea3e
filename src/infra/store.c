/* Workspaces, runs, state, locks and results. */
#include "infra/infra_internal.h"
#include "formats/json.h"
#include "spine/clock.h"

#define WORKSPACE                                                                                  \
    "id, name, module, service, environment, owner, created_by, created_at, updated_at, variables"

static const char SQL_WORKSPACE[] = "SELECT " WORKSPACE " FROM infra_workspace WHERE name = $1";
static const char SQL_WORKSPACES[] =
    "SELECT " WORKSPACE " FROM infra_workspace WHERE $1 = '' OR service = $1"
    " ORDER BY name";
static const char SQL_WORKSPACE_ADD[] =
    "INSERT INTO infra_workspace (id, name, module, service, environment, owner, created_by,"
    " created_at, updated_at, variables) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
static const char SQL_WORKSPACE_TOUCH[] =
    "UPDATE infra_workspace SET owner = $2, updated_at = $3, variables = $4 WHERE id = $1";

#define RUN                                                                                        \
    "r.id, r.workspace_id, w.name, w.service, w.environment, r.operation, r.state, r.actor,"       \
    " r.cause, r.plan_changes, r.plan_add, r.plan_change, r.plan_destroy, r.created_at, "          \
    "r.ended_at"

static const char SQL_RUN[] = "SELECT " RUN ", r.variables FROM infra_run r"
                              " JOIN infra_workspace w ON w.id = r.workspace_id WHERE r.id = $1";
static const char SQL_RUNS[] = "SELECT " RUN " FROM infra_run r"
                               " JOIN infra_workspace w ON w.id = r.workspace_id"
                               " WHERE ($1 = '' OR w.name = $1) AND ($2 = '' OR w.service = $2)"
                               " ORDER BY r.created_at DESC, r.id DESC LIMIT $3";
static const char SQL_RUN_ADD[] =
    "INSERT INTO infra_run (id, workspace_id, operation, variables, state, actor, cause,"
    " created_at) VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7) ON CONFLICT (id) DO NOTHING";
static const char SQL_RUN_STATE[] =
    "UPDATE infra_run SET state = $2, ended_at = CASE WHEN $3 = 0 THEN NULL ELSE $3 END"
    " WHERE id = $1";
static const char SQL_RUN_PLAN[] =
    "UPDATE infra_run SET plan_add = $2, plan_change = $3, plan_destroy = $4, plan_changes = $5"
    " WHERE id = $1";

static const char SQL_STATE[] = "SELECT version, serial, lineage, digest, body FROM infra_state"
                                " WHERE workspace_id = $1 ORDER BY version DESC LIMIT 1";
static const char SQL_STATE_ADD[] =
    "INSERT INTO infra_state (workspace_id, version, serial, lineage, digest, body, written_by,"
    " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

static const char SQL_LOCK[] =
    "SELECT lock_id, info, holder FROM infra_lock WHERE workspace_id = $1";
static const char SQL_LOCK_TAKE[] =
    "INSERT INTO infra_lock (workspace_id, lock_id, info, holder, created_at)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace_id) DO NOTHING";
static const char SQL_LOCK_DROP[] =
    "DELETE FROM infra_lock WHERE workspace_id = $1 AND lock_id = $2";
static const char SQL_LOCK_DROP_OF[] =
    "DELETE FROM infra_lock WHERE workspace_id = $1 AND holder = $2";

static const char SQL_OUTPUTS_CLEAR[] = "DELETE FROM infra_output WHERE workspace_id = $1";
static const char SQL_RESOURCES_CLEAR[] = "DELETE FROM infra_resource WHERE workspace_id = $1";
static const char SQL_OUTPUT_ADD[] =
    "INSERT INTO infra_output (workspace_id, name, sensitive, value) VALUES ($1, $2, $3, $4)";
static const char SQL_RESOURCE_ADD[] =
    "INSERT INTO infra_resource (workspace_id, address, type) VALUES ($1, $2, $3)"
    " ON CONFLICT (workspace_id, address) DO NOTHING";
static const char SQL_OUTPUTS[] =
    "SELECT name, sensitive, value FROM infra_output WHERE workspace_id = $1 ORDER BY name";
static const char SQL_RESOURCES[] =
    "SELECT address, type FROM infra_resource WHERE workspace_id = $1 ORDER BY address";

/* ---- workspaces ---- */

void infra_workspace_release(InfraWorkspace *workspace)
{
    if (workspace)
        g_clear_pointer(&workspace->variables, g_bytes_unref);
}

static InfraWorkspace *read_workspace(DbRows *rows, Arena *arena)
{
    InfraWorkspace *workspace = arena_new0(arena, InfraWorkspace, 1);
    const char **texts[] = {&workspace->id,        &workspace->name,        &workspace->module,
                            &workspace->service,   &workspace->environment, &workspace->owner,
                            &workspace->created_by};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = arena_strdup(arena, db_rows_text(rows, (int)i));
    workspace->created_at = db_rows_int(rows, 7);
    workspace->updated_at = db_rows_int(rows, 8);
    workspace->variables = db_rows_blob(rows, 9);
    return workspace;
}

InfraWorkspace *infra_store_workspace(DbConn *conn, Arena *arena, const char *name, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_WORKSPACE, "t", name);

    if (!rows)
        return NULL;
    if (db_rows_next(rows))
        return read_workspace(rows, arena);
    db_rows_error(rows, error);
    return NULL;
}

static void release_workspace(void *workspace)
{
    infra_workspace_release(workspace);
}

GPtrArray *infra_store_workspaces(DbConn *conn, Arena *arena, const char *service, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_WORKSPACES, "t", service ? service : "");
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(release_workspace);

    if (!rows)
        return NULL;
    while (db_rows_next(rows))
        g_ptr_array_add(found, read_workspace(rows, arena));
    if (db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&found);
}

gboolean infra_store_add_workspace(DbConn *tx, const InfraWorkspace *workspace, GError **error)
{
    return db_exec(tx, error, SQL_WORKSPACE_ADD, "tttttttiib", workspace->id, workspace->name,
                   workspace->module, workspace->service, workspace->environment, workspace->owner,
                   workspace->created_by, workspace->created_at, workspace->updated_at,
                   workspace->variables) >= 0;
}

gboolean infra_store_touch_workspace(DbConn *tx, const InfraWorkspace *workspace, GError **error)
{
    return db_exec(tx, error, SQL_WORKSPACE_TOUCH, "ttib", workspace->id, workspace->owner,
                   workspace->updated_at, workspace->variables) >= 0;
}

/* ---- runs ---- */

void infra_run_release(InfraRun *run)
{
    if (run)
        g_clear_pointer(&run->variables, g_bytes_unref);
}

static InfraRun *read_run(DbRows *rows, Arena *arena)
{
    InfraRun *run = arena_new0(arena, InfraRun, 1);
    const char **texts[] = {&run->id,          &run->workspace_id, &run->workspace, &run->service,
                            &run->environment, &run->operation,    &run->state,     &run->actor,
                            &run->cause,       &run->plan_changes};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = arena_strdup(arena, db_rows_text(rows, (int)i));
    run->planned = !db_rows_is_null(rows, 10);
    run->add = db_rows_int(rows, 10);
    run->change = db_rows_int(rows, 11);
    run->destroy = db_rows_int(rows, 12);
    run->created_at = db_rows_int(rows, 13);
    run->ended_at = db_rows_int(rows, 14);
    return run;
}

InfraRun *infra_store_run(DbConn *conn, Arena *arena, const char *id, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_RUN, "t", id);
    InfraRun *run;

    if (!rows)
        return NULL;
    if (!db_rows_next(rows)) {
        db_rows_error(rows, error);
        return NULL;
    }
    run = read_run(rows, arena);
    run->variables = db_rows_blob(rows, 15);
    return run;
}

GPtrArray *infra_store_runs(DbConn *conn, Arena *arena, const char *workspace, const char *service,
                            guint limit, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_RUNS, "tti", workspace ? workspace : "",
                                      service ? service : "", (int64_t)limit);
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    if (!rows)
        return NULL;
    while (db_rows_next(rows))
        g_ptr_array_add(found, read_run(rows, arena));
    if (db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&found);
}

gboolean infra_store_add_run(DbConn *tx, const InfraRun *run, GError **error)
{
    return db_exec(tx, error, SQL_RUN_ADD, "tttbtti", run->id, run->workspace_id, run->operation,
                   run->variables, run->actor, run->cause, run->created_at) >= 0;
}

gboolean infra_store_set_run_state(DbConn *tx, const char *id, const char *state, int64_t ended_at,
                                   GError **error)
{
    return db_exec(tx, error, SQL_RUN_STATE, "tti", id, state, ended_at) >= 0;
}

gboolean infra_store_set_plan(DbConn *tx, const InfraRun *run, GError **error)
{
    return db_exec(tx, error, SQL_RUN_PLAN, "tiiit", run->id, run->add, run->change, run->destroy,
                   run->plan_changes) >= 0;
}

/* ---- state and locks ---- */

gboolean infra_store_state(DbConn *conn, Arena *arena, const char *workspace_id, InfraState *state,
                           GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_STATE, "t", workspace_id);

    if (!rows)
        return FALSE;
    if (!db_rows_next(rows)) {
        db_rows_error(rows, error);
        return FALSE;
    }
    state->version = db_rows_int(rows, 0);
    state->serial = db_rows_int(rows, 1);
    state->lineage = arena_strdup(arena, db_rows_text(rows, 2));
    state->digest = arena_strdup(arena, db_rows_text(rows, 3));
    state->body = db_rows_blob(rows, 4);
    return TRUE;
}

gboolean infra_store_add_state(DbConn *tx, const char *workspace_id, const InfraState *state,
                               const char *written_by, GError **error)
{
    return db_exec(tx, error, SQL_STATE_ADD, "tiittbti", workspace_id, state->version,
                   state->serial, state->lineage, state->digest, state->body, written_by,
                   clock_now_ms()) >= 0;
}

gboolean infra_store_lock(DbConn *conn, Arena *arena, const char *workspace_id, InfraLock *lock,
                          GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_LOCK, "t", workspace_id);

    if (!rows)
        return FALSE;
    if (!db_rows_next(rows)) {
        db_rows_error(rows, error);
        return FALSE;
    }
    lock->lock_id = arena_strdup(arena, db_rows_text(rows, 0));
    lock->info = arena_strdup(arena, db_rows_text(rows, 1));
    lock->holder = arena_strdup(arena, db_rows_text(rows, 2));
    return TRUE;
}

int64_t infra_store_take_lock(DbConn *tx, const char *workspace_id, const InfraLock *lock,
                              GError **error)
{
    return db_exec(tx, error, SQL_LOCK_TAKE, "tttti", workspace_id, lock->lock_id, lock->info,
                   lock->holder, clock_now_ms());
}

gboolean infra_store_drop_lock(DbConn *tx, const char *workspace_id, const char *lock_id,
                               GError **error)
{
    return db_exec(tx, error, SQL_LOCK_DROP, "tt", workspace_id, lock_id) >= 0;
}

int64_t infra_store_drop_lock_of(DbConn *tx, const char *workspace_id, const char *holder,
                                 GError **error)
{
    return db_exec(tx, error, SQL_LOCK_DROP_OF, "tt", workspace_id, holder);
}

/* ---- results ---- */

gboolean infra_store_clear_results(DbConn *tx, const char *workspace_id, GError **error)
{
    return db_exec(tx, error, SQL_OUTPUTS_CLEAR, "t", workspace_id) >= 0 &&
           db_exec(tx, error, SQL_RESOURCES_CLEAR, "t", workspace_id) >= 0;
}

gboolean infra_store_add_output(DbConn *tx, const char *workspace_id, const char *name,
                                gboolean sensitive, const char *value, GError **error)
{
    return db_exec(tx, error, SQL_OUTPUT_ADD, "ttit", workspace_id, name, (int64_t)sensitive,
                   sensitive ? NULL : value) >= 0;
}

gboolean infra_store_add_resource(DbConn *tx, const char *workspace_id, const char *address,
                                  const char *type, GError **error)
{
    return db_exec(tx, error, SQL_RESOURCE_ADD, "ttt", workspace_id, address, type) >= 0;
}

const Value *infra_store_outputs(DbConn *conn, Arena *arena, const char *workspace_id,
                                 GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_OUTPUTS, "t", workspace_id);
    Value *outputs = value_object_new(arena);

    if (!rows)
        return NULL;
    while (db_rows_next(rows)) {
        Value *output = value_object_new(arena);
        gboolean sensitive = db_rows_int(rows, 1) != 0;
        const char *text = db_rows_text(rows, 2);

        value_set(arena, output, "value",
                  sensitive ? value_string_new(arena, "***")
                            : json_parse(arena, text ? text : "null", -1, NULL));
        value_set_bool(arena, output, "sensitive", sensitive);
        value_set(arena, outputs, db_rows_text(rows, 0), output);
    }
    return db_rows_error(rows, error) ? NULL : outputs;
}

const Value *infra_store_resources(DbConn *conn, Arena *arena, const char *workspace_id,
                                   GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_RESOURCES, "t", workspace_id);
    Value *resources = value_array_new(arena);

    if (!rows)
        return NULL;
    while (db_rows_next(rows)) {
        Value *resource = value_object_new(arena);

        value_set_string(arena, resource, "address", db_rows_text(rows, 0));
        value_set_string(arena, resource, "type", db_rows_text(rows, 1));
        value_append(arena, resources, resource);
    }
    return db_rows_error(rows, error) ? NULL : resources;
}
