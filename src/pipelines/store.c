#include "pipelines/store.h"

#include "formats/json.h"

static const Value *parsed(Arena *arena, const char *text)
{
    return text ? json_parse(arena, text, -1, NULL) : NULL;
}

static const char *written(Arena *arena, const Value *value)
{
    return value ? json_to_arena(arena, value, JSON_COMPACT) : NULL;
}

/* ---- runs ---- */

static const char SQL_LOCK[] = "UPDATE pipelines_run SET changes = changes + 1 WHERE id = $1";

gboolean store_lock_run(DbConn *tx, const char *id, GError **error)
{
    return db_exec(tx, error, SQL_LOCK, "t", id) >= 0;
}

#define RUN_COLUMNS                                                                                \
    "id, number, attempt, repository, workflow_name, workflow_path, event, ref, sha, title,"       \
    " actor, cause, state, conclusion, cancelled, created_at, started_at, ended_at, head_commit,"  \
    " errors, concurrency"

static Run *read_run(DbRows *rows, Arena *arena)
{
    Run *run = arena_new0(arena, Run, 1);
    g_auto(GStrv) repository = g_strsplit(db_rows_text(rows, 3), "/", 2);
    run->arena = arena;
    run->id = arena_strdup(arena, db_rows_text(rows, 0));
    run->number = db_rows_int(rows, 1);
    run->attempt = db_rows_int(rows, 2);
    run->owner = arena_strdup(arena, repository[0]);
    run->name = arena_strdup(arena, repository[1]);
    run->workflow_name = arena_strdup(arena, db_rows_text(rows, 4));
    run->workflow_path = arena_strdup(arena, db_rows_text(rows, 5));
    run->event = arena_strdup(arena, db_rows_text(rows, 6));
    run->ref = arena_strdup(arena, db_rows_text(rows, 7));
    run->sha = arena_strdup(arena, db_rows_text(rows, 8));
    run->title = arena_strdup(arena, db_rows_text(rows, 9));
    run->actor = arena_strdup(arena, db_rows_text(rows, 10));
    run->cause = arena_strdup(arena, db_rows_text(rows, 11));
    run->state = node_state_of(db_rows_text(rows, 12));
    run->conclusion = conclusion_of(db_rows_text(rows, 13));
    run->is_cancelled = db_rows_int(rows, 14) != 0;
    run->created_at = db_rows_int(rows, 15);
    run->started_at = db_rows_int(rows, 16);
    run->ended_at = db_rows_int(rows, 17);
    run->commit = parsed(arena, db_rows_text(rows, 18));
    run->errors = parsed(arena, db_rows_text(rows, 19));
    run->concurrency = arena_strdup(arena, db_rows_text(rows, 20));
    return run;
}

static const char SQL_GET[] =
    "SELECT " RUN_COLUMNS ", payload, inputs, plan FROM pipelines_run WHERE id = $1";

Run *store_load_run(DbConn *conn, Arena *arena, const char *id, GError **error)
{
    Run *run = NULL;
    {
        g_autoptr(DbRows) rows = db_query(conn, error, SQL_GET, "t", id);
        if (!rows)
            return NULL;
        if (db_rows_next(rows)) {
            run = read_run(rows, arena);
            run->payload = parsed(arena, db_rows_text(rows, 21));
            run->inputs = parsed(arena, db_rows_text(rows, 22));
            run->plan = parsed(arena, db_rows_text(rows, 23));
        } else if (!db_rows_error(rows, error)) {
            g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no run '%s'", id);
        }
    }
    return run && store_load_nodes(conn, run, error) ? run : NULL;
}

static const char SQL_LIST[] = "SELECT " RUN_COLUMNS " FROM pipelines_run"
                               " ORDER BY created_at DESC, id DESC LIMIT $1";
static const char SQL_LIST_REPOSITORY[] =
    "SELECT " RUN_COLUMNS " FROM pipelines_run WHERE repository = $1"
    " ORDER BY created_at DESC, id DESC LIMIT $2";

gboolean store_list_runs(DbConn *conn, Arena *arena, const char *repository, guint limit,
                         GPtrArray *found, GError **error)
{
    g_autoptr(DbRows) rows =
        repository ? db_query(conn, error, SQL_LIST_REPOSITORY, "ti", repository, (int64_t)limit)
                   : db_query(conn, error, SQL_LIST, "i", (int64_t)limit);
    while (rows && db_rows_next(rows))
        g_ptr_array_add(found, read_run(rows, arena));
    return rows && !db_rows_error(rows, error);
}

static const char SQL_HAS[] = "SELECT COUNT(*) FROM pipelines_run"
                              " WHERE trigger_id = $1 AND repository = $2 AND workflow_path = $3";

gboolean store_has_run(DbConn *conn, const char *trigger_id, const char *repository,
                       const char *workflow_path, gboolean *has, GError **error)
{
    g_autoptr(DbRows) rows =
        db_query(conn, error, SQL_HAS, "ttt", trigger_id, repository, workflow_path);
    *has = rows && db_rows_next(rows) && db_rows_int(rows, 0) > 0;
    return rows && !db_rows_error(rows, error);
}

static const char SQL_GROUP[] =
    "SELECT id FROM pipelines_run WHERE repository = $1 AND concurrency = $2"
    " AND state <> 'completed' AND id < $3 ORDER BY id";
static const char SQL_GROUP_NEXT[] =
    "SELECT id FROM pipelines_run WHERE repository = $1 AND concurrency = $2"
    " AND state <> 'completed' AND id > $3 ORDER BY id";

gboolean store_group(DbConn *conn, const Run *run, gboolean later, GPtrArray *ids, GError **error)
{
    const char *repository = arena_printf(run->arena, "%s/%s", run->owner, run->name);
    g_autoptr(DbRows) rows = db_query(conn, error, later ? SQL_GROUP_NEXT : SQL_GROUP, "ttt",
                                      repository, run->concurrency, run->id);
    while (rows && db_rows_next(rows))
        g_ptr_array_add(ids, arena_strdup(run->arena, db_rows_text(rows, 0)));
    return rows && !db_rows_error(rows, error);
}

/* ---- nodes ---- */

static const char SQL_NODES[] =
    "SELECT id, parent, scope, kind, position, workflow, job, node_key, name, matrix, strategy,"
    " inputs, outputs, state, conclusion, tolerated, queue_job, environment, concurrency, error,"
    " report, started_at, ended_at FROM pipelines_node WHERE run = $1 ORDER BY position, id";

RunNode *store_node(const Run *run, const char *node_id)
{
    for (guint i = 0; node_id && i < run->node_count; i++) {
        RunNode *node = run->nodes[i];
        if (g_str_equal(node->id, node_id))
            return node;
    }
    return NULL;
}

static RunNode *read_node(DbRows *rows, Arena *arena)
{
    RunNode *node = arena_new0(arena, RunNode, 1);
    node->id = arena_strdup(arena, db_rows_text(rows, 0));
    node->kind = (NodeKind)db_rows_int(rows, 3);
    node->position = (int)db_rows_int(rows, 4);
    node->workflow = arena_strdup(arena, db_rows_text(rows, 5));
    node->job = arena_strdup(arena, db_rows_text(rows, 6));
    node->key = arena_strdup(arena, db_rows_text(rows, 7));
    node->name = arena_strdup(arena, db_rows_text(rows, 8));
    node->matrix = parsed(arena, db_rows_text(rows, 9));
    node->strategy = parsed(arena, db_rows_text(rows, 10));
    node->inputs = parsed(arena, db_rows_text(rows, 11));
    node->outputs = parsed(arena, db_rows_text(rows, 12));
    node->state = node_state_of(db_rows_text(rows, 13));
    node->conclusion = conclusion_of(db_rows_text(rows, 14));
    node->tolerated = db_rows_int(rows, 15) != 0;
    node->queue_job = arena_strdup(arena, db_rows_text(rows, 16));
    node->environment = arena_strdup(arena, db_rows_text(rows, 17));
    node->concurrency = arena_strdup(arena, db_rows_text(rows, 18));
    node->error = arena_strdup(arena, db_rows_text(rows, 19));
    node->report = arena_strdup(arena, db_rows_text(rows, 20));
    node->started_at = db_rows_int(rows, 21);
    node->ended_at = db_rows_int(rows, 22);
    return node;
}

/* Parents are known by id until all nodes are read. */
gboolean store_load_nodes(DbConn *conn, Run *run, GError **error)
{
    g_autoptr(GPtrArray) links = g_ptr_array_new(); /* parent id, scope id of each node */
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_NODES, "t", run->id);
    while (rows && db_rows_next(rows)) {
        run_add_node(run, read_node(rows, run->arena));
        g_ptr_array_add(links, (gpointer)arena_strdup(run->arena, db_rows_text(rows, 1)));
        g_ptr_array_add(links, (gpointer)arena_strdup(run->arena, db_rows_text(rows, 2)));
    }
    if (!rows || db_rows_error(rows, error))
        return FALSE;
    for (guint i = 0; i < run->node_count; i++) {
        RunNode *node = run->nodes[i];
        node->parent = store_node(run, links->pdata[2 * i]);
        node->scope = store_node(run, links->pdata[2 * i + 1]);
    }
    return TRUE;
}

static const char SQL_INSERT_NODE[] =
    "INSERT INTO pipelines_node (id, run, parent, scope, kind, position, workflow, job, node_key,"
    " name, matrix, strategy, inputs, outputs, state, conclusion, tolerated, queue_job,"
    " environment, concurrency, error, report, started_at, ended_at) VALUES ($1, $2, $3, $4, $5,"
    " $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)";

static gboolean insert_node(DbConn *tx, const Run *run, const RunNode *node, GError **error)
{
    Arena *arena = run->arena;
    return db_exec(tx, error, SQL_INSERT_NODE, "ttttiittttttttttitttttii", node->id, run->id,
                   node->parent ? node->parent->id : NULL, node->scope ? node->scope->id : NULL,
                   (int64_t)node->kind, (int64_t)node->position, node->workflow, node->job,
                   node->key, node->name, written(arena, node->matrix),
                   written(arena, node->strategy), written(arena, node->inputs),
                   written(arena, node->outputs), node_state_name(node->state),
                   conclusion_name(node->conclusion), (int64_t)node->tolerated, node->queue_job,
                   node->environment, node->concurrency, node->error, node->report,
                   node->started_at, node->ended_at) >= 0;
}

static const char SQL_UPDATE_NODE[] =
    "UPDATE pipelines_node SET name = $1, inputs = $2, outputs = $3, state = $4, conclusion = $5,"
    " tolerated = $6, queue_job = $7, environment = $8, concurrency = $9, error = $10,"
    " report = $11, started_at = $12, ended_at = $13 WHERE id = $14";

static gboolean update_node(DbConn *tx, const Run *run, const RunNode *node, GError **error)
{
    return db_exec(tx, error, SQL_UPDATE_NODE, "tttttitttttiit", node->name,
                   written(run->arena, node->inputs), written(run->arena, node->outputs),
                   node_state_name(node->state), conclusion_name(node->conclusion),
                   (int64_t)node->tolerated, node->queue_job, node->environment, node->concurrency,
                   node->error, node->report, node->started_at, node->ended_at, node->id) >= 0;
}

static gboolean save_nodes(DbConn *tx, Run *run, GError **error)
{
    for (guint i = 0; i < run->node_count; i++) {
        RunNode *node = run->nodes[i];
        if (node->is_new ? !insert_node(tx, run, node, error)
                         : node->is_changed && !update_node(tx, run, node, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- writing runs ---- */

static const char SQL_NUMBER[] =
    "INSERT INTO pipelines_number (repository, workflow_path, number) VALUES ($1, $2, 1)"
    " ON CONFLICT (repository, workflow_path)"
    " DO UPDATE SET number = pipelines_number.number + 1 RETURNING number";

static gboolean take_number(DbConn *tx, Run *run, const char *repository, GError **error)
{
    g_autoptr(DbRows) rows = db_query(tx, error, SQL_NUMBER, "tt", repository, run->workflow_path);
    if (rows && db_rows_next(rows))
        run->number = db_rows_int(rows, 0);
    return rows && !db_rows_error(rows, error);
}

static const char SQL_INSERT_RUN[] =
    "INSERT INTO pipelines_run (id, number, attempt, repository, workflow_name, workflow_path,"
    " event, trigger_id, ref, sha, title, actor, cause, state, conclusion, cancelled, created_at,"
    " started_at, ended_at, changes, head_commit, payload, inputs, errors, plan, concurrency)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16, $17, $18,"
    " 0, $19, $20, $21, $22, $23, $24)";

gboolean store_insert_run(DbConn *tx, Run *run, const char *trigger_id, GError **error)
{
    Arena *arena = run->arena;
    const char *repository = arena_printf(arena, "%s/%s", run->owner, run->name);
    return take_number(tx, run, repository, error) &&
           db_exec(tx, error, SQL_INSERT_RUN, "tiittttttttttttiiitttttt", run->id, run->number,
                   run->attempt, repository, run->workflow_name, run->workflow_path, run->event,
                   trigger_id, run->ref, run->sha, run->title, run->actor, run->cause,
                   node_state_name(run->state), conclusion_name(run->conclusion), run->created_at,
                   run->started_at, run->ended_at, written(arena, run->commit),
                   written(arena, run->payload), written(arena, run->inputs),
                   written(arena, run->errors), written(arena, run->plan), run->concurrency) >= 0 &&
           save_nodes(tx, run, error);
}

static const char SQL_UPDATE_RUN[] =
    "UPDATE pipelines_run SET attempt = $1, state = $2, conclusion = $3, cancelled = $4,"
    " started_at = $5, ended_at = $6 WHERE id = $7";

gboolean store_save_run(DbConn *tx, Run *run, GError **error)
{
    if (run->is_changed &&
        db_exec(tx, error, SQL_UPDATE_RUN, "ittiiit", run->attempt, node_state_name(run->state),
                conclusion_name(run->conclusion), (int64_t)run->is_cancelled, run->started_at,
                run->ended_at, run->id) < 0)
        return FALSE;
    return save_nodes(tx, run, error);
}

/* ---- jobs of the queue ---- */

static const char SQL_FIND_JOB[] = "SELECT run, id FROM pipelines_node WHERE queue_job = $1";

gboolean store_find_job(DbConn *conn, Arena *arena, const char *queue_job, const char **run_id,
                        const char **node_id, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_FIND_JOB, "t", queue_job);
    *run_id = *node_id = NULL;
    if (rows && db_rows_next(rows)) {
        *run_id = arena_strdup(arena, db_rows_text(rows, 0));
        *node_id = arena_strdup(arena, db_rows_text(rows, 1));
    }
    return rows && !db_rows_error(rows, error);
}

static const char SQL_REPORT[] =
    "UPDATE pipelines_node SET outputs = $1, report = $2 WHERE id = $3 AND queue_job = $4";

gboolean store_report(DbConn *tx, const char *node_id, const char *queue_job, const Value *outputs,
                      const Value *report, GError **error)
{
    g_autofree char *outputs_text = outputs ? json_to_string(outputs, JSON_COMPACT) : NULL;
    g_autofree char *report_text = report ? json_to_string(report, JSON_COMPACT) : NULL;
    return db_exec(tx, error, SQL_REPORT, "tttt", outputs_text, report_text, node_id, queue_job) >=
           0;
}
