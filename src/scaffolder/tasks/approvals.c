#include "scaffolder/tasks/approvals_internal.h"

#include "formats/json.h"
#include "spine/clock.h"

enum { ROWS_MAX = 1000, REASON_BYTES_MAX = 4000, LOOK_AGAIN_MS = 60000 };

/* ---- asking ---- */

/* "group:default/commerce or user:default/ada" */
static const char *names_of(Arena *arena, const Value *owners)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < value_count(owners); i++)
        g_string_append_printf(text, "%s%s", i > 0 ? " or " : "",
                               value_string(value_item(owners, i), ""));
    return arena_strdup(arena, text->str);
}

typedef struct {
    Approvals *approvals;
    const ApprovalRow *row;
    Arena *arena;
} AskWrite;

static gboolean write_ask(DbConn *tx, void *data, GError **error)
{
    const AskWrite *write = data;

    if (!approval_insert(tx, write->row, error))
        return FALSE;
    approval_event(tx, write->arena, write->row, "requested", write->row->requested_by, NULL);
    return TRUE;
}

static ApprovalRow new_row(Job *job, const ApprovalAsk *ask, const char *id)
{
    Arena *arena = job_arena(job);
    Value *owners = value_array_new(arena);
    int64_t now = clock_now_ms();

    for (guint i = 0; ask->owners[i]; i++)
        value_append(arena, owners, value_string_new(arena, ask->owners[i]));
    return (ApprovalRow){.id = id,
                         .job = job_id(job),
                         .step = ask->step,
                         .intent = ask->intent_id,
                         .step_name = ask->step_name,
                         .title = ask->title,
                         .subject = job_subject(job),
                         .message = ask->message,
                         .owners = owners,
                         .required = MAX(ask->required, 1),
                         .self_approval = ask->self_approval,
                         .requested_by = job_actor(job),
                         .requested_at = now,
                         .expires_at = ask->timeout_ms > 0 ? now + ask->timeout_ms : 0};
}

static void wake_timer(Approvals *approvals)
{
    pthread_mutex_lock(&approvals->lock);
    approvals->asked = true;
    pthread_cond_signal(&approvals->changed);
    pthread_mutex_unlock(&approvals->lock);
}

static const char *lines_of(const ApprovalAsk *ask)
{
    return ask->lines ? ask->lines : ask->step;
}

/* known: asked before and still pending, or NULL. */
static gboolean wait_for_answer(Approvals *approvals, Job *job, const ApprovalAsk *ask,
                                const ApprovalRow *known, GError **error)
{
    Arena *arena = job_arena(job);
    g_autofree char *id = clock_new_id();
    ApprovalRow row = known ? *known : new_row(job, ask, id);
    AskWrite write = {approvals, &row, arena};
    const char *question = arena_printf(arena, "Approval by %s%s%s", names_of(arena, row.owners),
                                        *row.message ? ": " : "", row.message);

    if (!known)
        job_print(job, lines_of(ask), "info", "Waiting for the approval of %s%s%s",
                  names_of(arena, row.owners), *row.message ? ": " : "", row.message);
    gboolean waits =
        job_step_wait(job, ask->step, question, known ? NULL : write_ask, &write, error);

    wake_timer(approvals);
    return waits;
}

static gboolean refused(const ApprovalRow *row, GError **error)
{
    if (g_str_equal(row->state, "expired"))
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED, "Nobody approved it in time");
    else
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED, "Rejected by %s: %s", row->decided_by,
                    row->reason ? row->reason : "");
    return FALSE;
}

static const Value *show_decision(DbConn *conn, Arena *arena, const ApprovalRow *row,
                                  GError **error)
{
    Value *shown = value_object_new(arena);
    const Value *votes = approval_votes(conn, arena, row->id, error);

    if (!votes)
        return NULL;
    value_set_string(arena, shown, "decision", row->state);
    value_set_string(arena, shown, "approvedBy", row->decided_by);
    value_set_string(arena, shown, "reason", row->reason ? row->reason : "");
    value_set(arena, shown, "approvedAt", clock_value(arena, row->decided_at));
    value_set(arena, shown, "approvals", votes);
    return shown;
}

gboolean approval_ask(Approvals *approvals, Job *job, const ApprovalAsk *ask,
                      const Value **decision, GError **error)
{
    Arena *arena = job_arena(job);
    DbConn *conn = db_reader(approvals->db);
    ApprovalRow row;

    if (!approval_load_of(conn, arena, ask->intent_id, &row, error))
        return FALSE;
    const char *state = row.id ? row.state : "";

    if (g_str_equal(state, "approved")) {
        job_print(job, lines_of(ask), "info", "Approved by %s%s%s", row.decided_by,
                  row.reason && *row.reason ? ": " : "", row.reason ? row.reason : "");
        return (*decision = show_decision(conn, arena, &row, error)) != NULL;
    }
    if (g_str_equal(state, "pending"))
        return wait_for_answer(approvals, job, ask, &row, error);
    /* A step that failed by it is tried again: they are asked anew. */
    if (!row.id || ask->fresh || g_str_equal(state, "cancelled"))
        return wait_for_answer(approvals, job, ask, NULL, error);
    return refused(&row, error);
}

gboolean approvals_close(DbConn *tx, const char *job, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();

    if (!approval_rows(tx, arena, "pending", job, ROWS_MAX, rows, error))
        return FALSE;
    for (guint i = 0; i < rows->len; i++)
        if (!approval_finish(tx, arena, g_ptr_array_index(rows, i), "cancelled", NULL, NULL, error))
            return FALSE;
    return TRUE;
}

/* ---- deciding ---- */

static bool is_asked(const ApprovalRow *row, const Principal *principal)
{
    for (guint i = 0; principal && i < value_count(row->owners); i++) {
        const char *owner = value_string(value_item(row->owners, i), "");

        if (g_ascii_strcasecmp(owner, principal_name(principal)) == 0 ||
            principal_in_group(principal, owner))
            return true;
    }
    return false;
}

/* An approval is a person's: no service and no job gives it, whatever it may do else. */
static gboolean may_decide(const ApprovalRow *row, const Principal *principal, bool approve,
                           GError **error)
{
    g_autoptr(GPtrArray) owners = g_ptr_array_new();

    for (guint i = 0; i < value_count(row->owners); i++)
        g_ptr_array_add(owners, (char *)value_string(value_item(row->owners, i), ""));
    g_ptr_array_add(owners, NULL);
    if (!access_check(principal, "scaffolder.approval.update", (const char *const *)owners->pdata,
                      error))
        return FALSE;
    if (principal_kind(principal) != PRINCIPAL_USER) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "%s is no person, and an approval is a person's", principal_name(principal));
        return FALSE;
    }
    if (approve && !row->self_approval &&
        g_ascii_strcasecmp(principal_name(principal), row->requested_by ? row->requested_by : "") ==
            0) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "%s asked for it, and nobody approves their own request here",
                    principal_name(principal));
        return FALSE;
    }
    return TRUE;
}

typedef struct {
    Arena *arena;
    const char *id, *decision, *reason;
    const Principal *principal;
} Decision;

static gboolean is_open(const ApprovalRow *row, GError **error)
{
    if (!g_str_equal(row->state, "pending")) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "it is %s already%s%s", row->state,
                    row->decided_by ? ", by " : "", row->decided_by ? row->decided_by : "");
        return FALSE;
    }
    if (row->expires_at > 0 && row->expires_at <= clock_now_ms()) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "it has expired");
        return FALSE;
    }
    return TRUE;
}

static gboolean finish(DbConn *tx, Arena *arena, ApprovalRow *row, const char *state,
                       const char *actor, const char *reason, GError **error)
{
    gboolean resumed;

    return approval_finish(tx, arena, row, state, actor, reason, error) &&
           jobs_resume(tx, arena, row->job, row->step, actor, state, &resumed, error);
}

/* How many have approved; -1 with error. */
static int64_t count_approvals(DbConn *tx, Arena *arena, const char *id, GError **error)
{
    const Value *votes = approval_votes(tx, arena, id, error);

    return votes ? (int64_t)value_count(votes) : -1;
}

static gboolean write_decision(DbConn *tx, void *data, GError **error)
{
    const Decision *decision = data;
    Arena *arena = decision->arena;
    const char *actor = principal_name(decision->principal), *reason = decision->reason;
    bool approve = g_str_equal(decision->decision, "approve");
    ApprovalRow row;

    if (!approval_load(tx, arena, decision->id, &row, error) ||
        !may_decide(&row, decision->principal, approve, error) || !is_open(&row, error) ||
        !approval_vote(tx, &row, actor, decision->decision, reason, error))
        return FALSE;
    if (!approve)
        return finish(tx, arena, &row, "rejected", actor, reason, error);
    int64_t approvals = count_approvals(tx, arena, row.id, error);

    if (approvals < 0)
        return FALSE;
    if (approvals >= row.required)
        return finish(tx, arena, &row, "approved", actor, reason, error);
    approval_event(tx, arena, &row, "voted", actor, reason);
    return TRUE;
}

static gboolean check_words(const char *decision, const char *reason, GError **error)
{
    if (!g_str_equal(decision, "approve") && !g_str_equal(decision, "reject"))
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "decision must be approve or reject");
    else if (g_str_equal(decision, "reject") && !*reason)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "a rejection needs a reason");
    else if (strlen(reason) > REASON_BYTES_MAX)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the reason is longer than %d bytes",
                    REASON_BYTES_MAX);
    else
        return TRUE;
    return FALSE;
}

const Value *approval_decide(Approvals *approvals, Arena *arena, const char *id,
                             const Principal *principal, const char *decision, const char *reason,
                             GError **error)
{
    Decision write = {arena, id, decision ? decision : "", reason ? reason : "", principal};

    if (!check_words(write.decision, write.reason, error) ||
        !db_write(approvals->db, write_decision, &write, NULL, error))
        return NULL;
    return approval_get(approvals, arena, id, principal, error);
}

/* ---- showing ---- */

static const Value *show(DbConn *conn, Arena *arena, const ApprovalRow *row,
                         const Principal *principal, GError **error)
{
    Value *item = value_object_new(arena);
    const Value *votes = approval_votes(conn, arena, row->id, error);

    if (!votes)
        return NULL;
    value_set_string(arena, item, "id", row->id);
    value_set_string(arena, item, "taskId", row->job);
    value_set_string(arena, item, "step", row->step);
    value_set_string(arena, item, "stepName", row->step_name);
    value_set_string(arena, item, "title", row->title);
    value_set_string(arena, item, "message", row->message);
    value_set_string(arena, item, "template", row->subject);
    value_set(arena, item, "owners", row->owners);
    value_set_int(arena, item, "required", row->required);
    value_set_bool(arena, item, "selfApproval", row->self_approval);
    value_set_string(arena, item, "requestedBy", row->requested_by);
    value_set(arena, item, "requestedAt", clock_value(arena, row->requested_at));
    value_set(arena, item, "expiresAt", clock_value(arena, row->expires_at));
    value_set_string(arena, item, "state", row->state);
    value_set_string(arena, item, "decidedBy", row->decided_by);
    value_set_string(arena, item, "reason", row->reason);
    value_set(arena, item, "decidedAt", clock_value(arena, row->decided_at));
    value_set(arena, item, "approvals", votes);
    value_set_bool(arena, item, "canDecide",
                   g_str_equal(row->state, "pending") && principal &&
                       may_decide(row, principal, true, NULL));
    return item;
}

const Value *approvals_list(Approvals *approvals, Arena *arena, const ApprovalFilter *filter,
                            GError **error)
{
    DbConn *conn = db_reader(approvals->db);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    Value *reply = value_object_new(arena), *items = value_array_new(arena);
    int64_t total = 0;

    if (!approval_rows(conn, arena, filter->state, filter->job, ROWS_MAX, rows, error))
        return NULL;
    for (guint i = 0; i < rows->len; i++) {
        const ApprovalRow *row = g_ptr_array_index(rows, i);

        if ((filter->mine && !is_asked(row, filter->principal)) || total++ >= filter->limit)
            continue;
        const Value *item = show(conn, arena, row, filter->principal, error);

        if (!item)
            return NULL;
        value_append(arena, items, item);
    }
    value_set(arena, reply, "items", items);
    value_set_int(arena, reply, "totalItems", total);
    return reply;
}

const Value *approval_get(Approvals *approvals, Arena *arena, const char *id,
                          const Principal *principal, GError **error)
{
    DbConn *conn = db_reader(approvals->db);
    ApprovalRow row;

    return approval_load(conn, arena, id, &row, error) ? show(conn, arena, &row, principal, error)
                                                       : NULL;
}

/* ---- the timer ---- */

typedef struct {
    int64_t next;
} Expiry;

static gboolean write_expired(DbConn *tx, void *data, GError **error)
{
    Expiry *expiry = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();

    if (!approval_rows_due(tx, arena, clock_now_ms(), rows, &expiry->next, error))
        return FALSE;
    for (guint i = 0; i < rows->len; i++)
        if (!finish(tx, arena, g_ptr_array_index(rows, i), "expired", NULL, NULL, error))
            return FALSE;
    return TRUE;
}

/* How long nothing is due. Looks without a transaction first. */
static int64_t expire_due(Approvals *approvals)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) due = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    Expiry expiry = {0};

    if (!approval_rows_due(db_reader(approvals->db), arena, clock_now_ms(), due, &expiry.next,
                           &error) ||
        (due->len > 0 && !db_write(approvals->db, write_expired, &expiry, NULL, &error))) {
        g_warning("approvals cannot expire: %s", error->message);
        return LOOK_AGAIN_MS;
    }
    return expiry.next ? CLAMP(expiry.next - clock_now_ms(), 1, LOOK_AGAIN_MS) : LOOK_AGAIN_MS;
}

static void *run_timer(void *data)
{
    Approvals *approvals = data;

    pthread_mutex_lock(&approvals->lock);
    while (!approvals->stopping) {
        approvals->asked = false;
        pthread_mutex_unlock(&approvals->lock);
        int64_t until = clock_monotonic_ms() + expire_due(approvals);
        struct timespec when = {until / 1000, (until % 1000) * 1000000};

        pthread_mutex_lock(&approvals->lock);
        while (!approvals->stopping && !approvals->asked && clock_monotonic_ms() < until)
            pthread_cond_timedwait(&approvals->changed, &approvals->lock, &when);
    }
    pthread_mutex_unlock(&approvals->lock);
    return NULL;
}

Approvals *approvals_new(Db *db, Jobs *jobs)
{
    Approvals *approvals = g_new0(Approvals, 1);
    pthread_condattr_t monotonic;

    approvals->db = db;
    approvals->jobs = jobs;
    pthread_mutex_init(&approvals->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&approvals->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    g_assert(pthread_create(&approvals->timer, NULL, run_timer, approvals) == 0);
    return approvals;
}

void approvals_free(Approvals *approvals)
{
    if (!approvals)
        return;
    pthread_mutex_lock(&approvals->lock);
    approvals->stopping = true;
    pthread_cond_signal(&approvals->changed);
    pthread_mutex_unlock(&approvals->lock);
    pthread_join(approvals->timer, NULL);
    pthread_cond_destroy(&approvals->changed);
    pthread_mutex_destroy(&approvals->lock);
    g_free(approvals);
}
