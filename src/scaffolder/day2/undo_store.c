#include "scaffolder/day2/undo_store.h"

#include "formats/json.h"
#include "spine/clock.h"

static const char SQL_EFFECTS[] =
    "SELECT step, position, action, operation, kind, ref, url, detail, undone_at, undo_error"
    " FROM provenance_effect WHERE provenance = $1 ORDER BY created_at, step, position";
static const char SQL_MARK[] =
    "UPDATE provenance_effect SET undone_at = $1, undo_error = $2 WHERE provenance = $3"
    " AND step = $4 AND operation = $5 AND kind = $6 AND ref = $7";
static const char SQL_ANY_UNDONE[] =
    "SELECT 1 FROM provenance_effect WHERE provenance = $1 AND undone_at > 0 LIMIT 1";

static UndoEffect *read_effect(DbRows *rows, Arena *arena)
{
    UndoEffect *read = arena_new0(arena, UndoEffect, 1);
    const char *detail = arena_strdup(arena, db_rows_text(rows, 7));

    read->step = arena_strdup(arena, db_rows_text(rows, 0));
    read->position = db_rows_int(rows, 1);
    read->action_id = arena_strdup(arena, db_rows_text(rows, 2));
    read->effect = (Effect){.operation = arena_strdup(arena, db_rows_text(rows, 3)),
                            .kind = arena_strdup(arena, db_rows_text(rows, 4)),
                            .ref = arena_strdup(arena, db_rows_text(rows, 5)),
                            .url = arena_strdup(arena, db_rows_text(rows, 6)),
                            .detail = detail ? json_parse(arena, detail, -1, NULL) : NULL};
    read->undone_at = db_rows_int(rows, 8);
    read->failure = arena_strdup(arena, db_rows_text(rows, 9));
    return read;
}

gboolean undo_store_effects(DbConn *conn, Arena *arena, const char *task, GPtrArray *effects,
                            GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_EFFECTS, "t", task);

    while (rows && db_rows_next(rows))
        g_ptr_array_add(effects, read_effect(rows, arena));
    return rows && !db_rows_error(rows, error);
}

gboolean undo_store_mark(DbConn *tx, const char *task, const UndoEffect *effect,
                         const char *failure, GError **error)
{
    return db_exec(tx, error, SQL_MARK, "itttttt", failure ? (int64_t)0 : clock_now_ms(), failure,
                   task, effect->step, effect->effect.operation, effect->effect.kind,
                   effect->effect.ref) >= 0;
}

gboolean undo_store_any_undone(DbConn *conn, const char *task, gboolean *any, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_ANY_UNDONE, "t", task);

    *any = rows && db_rows_next(rows);
    return rows && !db_rows_error(rows, error);
}
