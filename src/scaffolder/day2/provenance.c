/* What was created, and by what: one row for a task, one for each of its effects. */
#include "scaffolder/scaffolder_internal.h"

#include "formats/json.h"
#include "spine/clock.h"

static const char SQL_BEGIN[] =
    "INSERT INTO provenance (id, template, template_version, template_source, inputs, actor,"
    " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING";
static const char SQL_ADD[] =
    "INSERT INTO provenance_effect (provenance, step, position, action, operation, kind, ref, url,"
    " detail, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " ON CONFLICT (provenance, step, operation, kind, ref)"
    " DO UPDATE SET url = $8, detail = $9, undone_at = NULL";
static const char SQL_LIST[] =
    "SELECT id, template, template_version, template_source, inputs, actor, created_at"
    " FROM provenance ORDER BY id DESC LIMIT $1";
static const char SQL_LIST_BY_OBJECT[] =
    "SELECT p.id, p.template, p.template_version, p.template_source, p.inputs, p.actor,"
    " p.created_at FROM provenance p WHERE EXISTS (SELECT 1 FROM provenance_effect e"
    " WHERE e.provenance = p.id AND e.kind = $1 AND e.ref = $2) ORDER BY p.id DESC LIMIT $3";
static const char SQL_EFFECTS[] =
    "SELECT kind, ref, url, detail, operation, step, action, undone_at FROM provenance_effect"
    " WHERE provenance = $1 ORDER BY created_at, step, position";
static const char SQL_MAKER[] =
    "SELECT provenance, detail FROM provenance_effect WHERE kind = $1 AND ref = $2"
    " AND operation = 'create' AND COALESCE(undone_at, 0) = 0"
    " ORDER BY created_at DESC, provenance DESC";
static const char SQL_MADE_BY[] =
    "SELECT 1 FROM provenance_effect WHERE provenance = $1 AND kind = $2 AND ref = $3"
    " AND operation = 'create' AND (COALESCE(undone_at, 0) > 0) = ($4 > 0) LIMIT 1";

/* ---- writing ---- */

typedef struct {
    Runner *runner;
    const char *version, *inputs;
    const char *step, *action;
    GPtrArray *effects;
} ProvenanceWrite;

static gboolean write_begin(DbConn *tx, void *data, GError **error)
{
    const ProvenanceWrite *write = data;
    const Runner *runner = write->runner;

    return db_exec(tx, error, SQL_BEGIN, "tttttti", runner->task_id,
                   value_path_string(runner->template, "entityRef", ""), write->version,
                   value_path_string(runner->template, "baseUrl", ""), write->inputs, runner->actor,
                   clock_now_ms()) >= 0;
}

gboolean provenance_begin(Runner *runner, const Value *parameters, GError **error)
{
    g_autofree char *text = json_to_string(parameters, JSON_COMPACT);
    g_autofree char *masked = masker_mask(runner->masker, text, strlen(text));
    ProvenanceWrite write = {
        .runner = runner,
        .version = template_version(runner->scaffolder, runner->arena, runner->template),
        .inputs = masked};

    return job_write(runner->job, write_begin, &write, error);
}

static gboolean write_add(DbConn *tx, void *data, GError **error)
{
    const ProvenanceWrite *write = data;

    for (guint i = 0; i < write->effects->len; i++) {
        const Effect *effect = g_ptr_array_index(write->effects, i);
        g_autofree char *detail =
            effect->detail ? json_to_string(effect->detail, JSON_COMPACT) : NULL;

        if (db_exec(tx, error, SQL_ADD, "ttitttttti", write->runner->task_id, write->step,
                    (int64_t)i, write->action, effect->operation, effect->kind, effect->ref,
                    effect->url, detail, clock_now_ms()) < 0)
            return FALSE;
    }
    return upgrade_remember(tx, write->runner, write->effects, error);
}

gboolean provenance_add(Runner *runner, const char *step, const char *action, GPtrArray *effects,
                        GError **error)
{
    ProvenanceWrite write = {.runner = runner, .step = step, .action = action, .effects = effects};

    return effects->len == 0 || job_write(runner->job, write_add, &write, error);
}

gboolean provenance_finish_step(Runner *runner, const char *step, const char *action,
                                GPtrArray *effects, const Value *output, GError **error)
{
    ProvenanceWrite write = {.runner = runner, .step = step, .action = action, .effects = effects};

    return job_step_finish_with(runner->job, step, output, runner->tree, write_add, &write, error);
}

/* ---- reading ---- */

static gboolean read_objects(DbConn *conn, Arena *arena, const char *id, Value *item,
                             GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_EFFECTS, "t", id);
    Value *objects = value_array_new(arena);

    while (rows && db_rows_next(rows)) {
        Value *object = value_object_new(arena);
        const char *detail = db_rows_text(rows, 3);

        value_set_string(arena, object, "type", db_rows_text(rows, 0));
        value_set_string(arena, object, "ref", db_rows_text(rows, 1));
        value_set_string(arena, object, "url", db_rows_text(rows, 2));
        if (detail)
            value_set(arena, object, "detail", json_parse(arena, detail, -1, NULL));
        value_set_string(arena, object, "operation", db_rows_text(rows, 4));
        value_set_string(arena, object, "step", db_rows_text(rows, 5));
        value_set_string(arena, object, "action", db_rows_text(rows, 6));
        if (db_rows_int(rows, 7) > 0)
            value_set(arena, object, "undoneAt", clock_value(arena, db_rows_int(rows, 7)));
        value_append(arena, objects, object);
    }
    value_set(arena, item, "objects", objects);
    return rows && !db_rows_error(rows, error);
}

static Value *read_provenance(Arena *arena, DbRows *rows)
{
    Value *item = value_object_new(arena);
    const char *inputs = db_rows_text(rows, 4);

    value_set_string(arena, item, "id", db_rows_text(rows, 0));
    value_set_string(arena, item, "taskId", db_rows_text(rows, 0));
    value_set_string(arena, item, "template", db_rows_text(rows, 1));
    value_set_string(arena, item, "templateVersion", db_rows_text(rows, 2));
    value_set_string(arena, item, "templateSource", db_rows_text(rows, 3));
    value_set(arena, item, "inputs", json_parse(arena, inputs, -1, NULL));
    value_set_string(arena, item, "actor", db_rows_text(rows, 5));
    value_set(arena, item, "createdAt", clock_value(arena, db_rows_int(rows, 6)));
    return item;
}

static gboolean read_items(DbConn *conn, Arena *arena, const char *kind, const char *ref,
                           guint limit, Value *items, GError **error)
{
    g_autoptr(DbRows) rows =
        kind ? db_query(conn, error, SQL_LIST_BY_OBJECT, "tti", kind, ref, (int64_t)limit)
             : db_query(conn, error, SQL_LIST, "i", (int64_t)limit);

    while (rows && db_rows_next(rows))
        value_append(arena, items, read_provenance(arena, rows));
    return rows && !db_rows_error(rows, error);
}

const Value *provenance_list(Scaffolder *scaffolder, Arena *arena, const char *kind,
                             const char *ref, guint limit, GError **error)
{
    DbConn *conn = db_reader(scaffolder->db);
    Value *items = value_array_new(arena);

    if (!read_items(conn, arena, kind, ref, limit, items, error))
        return NULL;
    for (guint i = 0; i < value_count(items); i++) {
        Value *item = (Value *)value_item(items, i);

        if (!read_objects(conn, arena, value_path_string(item, "id", ""), item, error))
            return NULL;
    }
    return items;
}

/* ---- what was made together ---- */

static const char *maker_of(DbConn *conn, Arena *arena, const ProvenancePair *pair)
{
    g_autoptr(DbRows) rows = db_query(conn, NULL, SQL_MAKER, "tt", pair->kind, pair->ref);

    while (rows && db_rows_next(rows)) {
        const char *text = db_rows_text(rows, 1);
        const Value *detail = text ? json_parse(arena, text, -1, NULL) : NULL;

        if (!pair->host ||
            g_ascii_strcasecmp(value_path_string(detail, "host", "github.com"), pair->host) == 0)
            return arena_strdup(arena, db_rows_text(rows, 0));
    }
    return NULL;
}

static bool made_by(DbConn *conn, const char *task, const char *kind, const char *ref, bool undone)
{
    g_autoptr(DbRows) rows =
        db_query(conn, NULL, SQL_MADE_BY, "ttti", task, kind, ref, (int64_t)undone);

    return rows && db_rows_next(rows);
}

bool provenance_made_both(Scaffolder *scaffolder, const ProvenancePair *pair)
{
    DbConn *conn = db_reader(scaffolder->db);
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const char *task = maker_of(conn, arena, pair);

    return task && made_by(conn, task, pair->other_kind, pair->other_ref, pair->undone) &&
           (!pair->location || made_by(conn, task, "location", pair->location, false));
}
