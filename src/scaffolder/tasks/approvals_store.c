/* All SQL of approvals, and what the log is told of them. */
#include "scaffolder/tasks/approvals_internal.h"

#include "formats/json.h"
#include "spine/clock.h"

#define COLUMNS                                                                                    \
    "id, job, step, intent, step_name, title, subject, message, owners, required, self_approval,"  \
    " requested_by, requested_at, expires_at, state, decided_by, reason, decided_at"

static const char SQL_INSERT[] =
    "INSERT INTO approval (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
    " $13, $14, 'pending', NULL, NULL, NULL)";
static const char SQL_GET[] = "SELECT " COLUMNS " FROM approval WHERE id = $1";
static const char SQL_OF_INTENT[] =
    "SELECT " COLUMNS " FROM approval WHERE intent = $1 ORDER BY id DESC LIMIT 1";
static const char SQL_LIST[] = "SELECT " COLUMNS " FROM approval WHERE ($1 = ''"
                               " OR ($1 = 'pending' AND state = 'pending')"
                               " OR ($1 = 'decided' AND state <> 'pending'))"
                               " AND ($2 = '' OR job = $2) ORDER BY id DESC LIMIT $3";
static const char SQL_DUE[] =
    "SELECT " COLUMNS " FROM approval WHERE state = 'pending' AND expires_at > 0"
    " AND expires_at <= $1 ORDER BY expires_at LIMIT 100";
static const char SQL_NEXT_DUE[] =
    "SELECT MIN(expires_at) FROM approval WHERE state = 'pending' AND expires_at > $1";
static const char SQL_VOTE[] =
    "INSERT INTO approval_vote (approval, actor, decision, reason, decided_at)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (approval, actor) DO NOTHING";
static const char SQL_VOTES[] = "SELECT actor, decision, reason, decided_at FROM approval_vote"
                                " WHERE approval = $1 ORDER BY decided_at, actor";
static const char SQL_FINISH[] = "UPDATE approval SET state = $1, decided_by = $2, reason = $3,"
                                 " decided_at = $4 WHERE id = $5 AND state = 'pending'";

gboolean approval_insert(DbConn *tx, const ApprovalRow *row, GError **error)
{
    g_autofree char *owners = json_to_string(row->owners, JSON_COMPACT);

    return db_exec(tx, error, SQL_INSERT, "tttttttttiitii", row->id, row->job, row->step,
                   row->intent, row->step_name, row->title, row->subject, row->message, owners,
                   row->required, (int64_t)row->self_approval, row->requested_by, row->requested_at,
                   row->expires_at) == 1;
}

static void read_row(DbRows *rows, Arena *arena, ApprovalRow *row)
{
    const char **texts[] = {&row->id,        &row->job,   &row->step,    &row->intent,
                            &row->step_name, &row->title, &row->subject, &row->message};

    *row = (ApprovalRow){0};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = arena_strdup(arena, db_rows_text(rows, (int)i));
    row->owners = json_parse(arena, arena_strdup(arena, db_rows_text(rows, 8)), -1, NULL);
    row->required = db_rows_int(rows, 9);
    row->self_approval = db_rows_int(rows, 10) != 0;
    row->requested_by = arena_strdup(arena, db_rows_text(rows, 11));
    row->requested_at = db_rows_int(rows, 12);
    row->expires_at = db_rows_int(rows, 13);
    row->state = arena_strdup(arena, db_rows_text(rows, 14));
    row->decided_by = arena_strdup(arena, db_rows_text(rows, 15));
    row->reason = arena_strdup(arena, db_rows_text(rows, 16));
    row->decided_at = db_rows_int(rows, 17);
}

gboolean approval_load(DbConn *conn, Arena *arena, const char *id, ApprovalRow *row, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_GET, "t", id);

    if (rows && db_rows_next(rows)) {
        read_row(rows, arena, row);
        return TRUE;
    }
    if (rows && !db_rows_error(rows, error))
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no approval %s", id);
    return FALSE;
}

gboolean approval_load_of(DbConn *conn, Arena *arena, const char *intent, ApprovalRow *row,
                          GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_OF_INTENT, "t", intent);

    *row = (ApprovalRow){0};
    if (rows && db_rows_next(rows))
        read_row(rows, arena, row);
    return rows && !db_rows_error(rows, error);
}

static gboolean collect(DbRows *rows, Arena *arena, GPtrArray *found, GError **error)
{
    while (rows && db_rows_next(rows)) {
        ApprovalRow *row = arena_new0(arena, ApprovalRow, 1);

        read_row(rows, arena, row);
        g_ptr_array_add(found, row);
    }
    return rows && !db_rows_error(rows, error);
}

gboolean approval_rows(DbConn *conn, Arena *arena, const char *state, const char *job, guint limit,
                       GPtrArray *rows, GError **error)
{
    g_autoptr(DbRows) found =
        db_query(conn, error, SQL_LIST, "tti", state ? state : "", job ? job : "", (int64_t)limit);

    return collect(found, arena, rows, error);
}

gboolean approval_rows_due(DbConn *conn, Arena *arena, int64_t now, GPtrArray *rows, int64_t *next,
                           GError **error)
{
    g_autoptr(DbRows) due = db_query(conn, error, SQL_DUE, "i", now);

    if (!collect(due, arena, rows, error))
        return FALSE;
    g_clear_pointer(&due, db_rows_free);
    due = db_query(conn, error, SQL_NEXT_DUE, "i", now);
    *next = due && db_rows_next(due) && !db_rows_is_null(due, 0) ? db_rows_int(due, 0) : 0;
    return due && !db_rows_error(due, error);
}

gboolean approval_vote(DbConn *tx, const ApprovalRow *row, const char *actor, const char *decision,
                       const char *reason, GError **error)
{
    int64_t voted =
        db_exec(tx, error, SQL_VOTE, "tttti", row->id, actor, decision, reason, clock_now_ms());

    if (voted == 0)
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "%s has decided this already", actor);
    return voted == 1;
}

const Value *approval_votes(DbConn *conn, Arena *arena, const char *id, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_VOTES, "t", id);
    Value *votes = value_array_new(arena);

    while (rows && db_rows_next(rows)) {
        Value *vote = value_object_new(arena);

        value_set_string(arena, vote, "by", db_rows_text(rows, 0));
        value_set_string(arena, vote, "decision", db_rows_text(rows, 1));
        value_set_string(arena, vote, "reason", db_rows_text(rows, 2));
        value_set(arena, vote, "at", clock_value(arena, db_rows_int(rows, 3)));
        value_append(arena, votes, vote);
    }
    return rows && !db_rows_error(rows, error) ? votes : NULL;
}

void approval_event(DbConn *tx, Arena *arena, const ApprovalRow *row, const char *verb,
                    const char *actor, const char *reason)
{
    Value *payload = value_object_new(arena);

    value_set_string(arena, payload, "approvalId", row->id);
    value_set_string(arena, payload, "taskId", row->job);
    value_set_string(arena, payload, "step", row->step);
    value_set_string(arena, payload, "title", row->title);
    value_set_string(arena, payload, "message", row->message);
    value_set(arena, payload, "owners", row->owners);
    value_set_string(arena, payload, "requestedBy", row->requested_by);
    if (reason)
        value_set_string(arena, payload, "reason", reason);
    events_append(tx, &(Event){.type = arena_printf(arena, "dev.pave.scaffolder.approval.%s", verb),
                               .source = "/pave/scaffolder",
                               .subject = row->subject,
                               .actor = actor,
                               .cause = row->job,
                               .payload = payload});
}

gboolean approval_finish(DbConn *tx, Arena *arena, ApprovalRow *row, const char *state,
                         const char *actor, const char *reason, GError **error)
{
    if (db_exec(tx, error, SQL_FINISH, "tttit", state, actor, reason, clock_now_ms(), row->id) != 1)
        return FALSE;
    row->state = state;
    row->decided_by = actor;
    row->reason = reason;
    approval_event(tx, arena, row, state, actor, reason);
    return TRUE;
}
