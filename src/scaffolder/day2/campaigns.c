/* Campaigns: the same upgrade for many repositories, each a job of its own; the queue sees to how
 * many run at once. */
#include "scaffolder/scaffolder_internal.h"

#define REPOSITORIES_MAX 5000
#define TITLE_MAX 200

static const char SQL_ADD[] = "INSERT INTO campaign (id, template, to_version, title, actor,"
                              " created_at) VALUES ($1, $2, $3, $4, $5, $6)";
static const char SQL_ADD_ITEM[] =
    "INSERT INTO campaign_item (campaign, position, host, repository, job, state, conflicts)"
    " VALUES ($1, $2, $3, $4, $5, 'queued', 0)";
static const char SQL_LIST[] = "SELECT id, template, to_version, title, actor, created_at,"
                               " cancelled_at FROM campaign ORDER BY id DESC LIMIT $1";
static const char SQL_GET[] = "SELECT id, template, to_version, title, actor, created_at,"
                              " cancelled_at FROM campaign WHERE id = $1";
static const char SQL_PROGRESS[] =
    "SELECT state, COUNT(*) FROM campaign_item WHERE campaign = $1 GROUP BY state";
static const char SQL_ITEMS[] =
    "SELECT host, repository, job, state, conflicts, pull_number, pull_url, error"
    " FROM campaign_item WHERE campaign = $1 ORDER BY position";
static const char SQL_ITEM_ENDED[] =
    "UPDATE campaign_item SET state = $2, conflicts = $3, pull_number = $4, pull_url = $5,"
    " error = $6 WHERE job = $1";
/* Where its pull request was decided before the job ended. */
static const char SQL_CATCH_UP[] =
    "UPDATE campaign_item SET state = (SELECT r.pull_state FROM scaffolder_repository r WHERE"
    " r.host = campaign_item.host AND r.repository = campaign_item.repository) WHERE job = $1"
    " AND state IN ('open', 'conflicts') AND EXISTS (SELECT 1 FROM scaffolder_repository r WHERE"
    " r.host = campaign_item.host AND r.repository = campaign_item.repository"
    " AND r.pull_number = campaign_item.pull_number AND r.pull_state IN ('merged', 'closed'))";
static const char SQL_SETTLE[] =
    "UPDATE campaign_item SET state = $3 WHERE repository = $1 AND pull_number = $2"
    " AND host = $4 AND state IN ('open', 'conflicts', 'closed')";
static const char SQL_CANCEL[] =
    "UPDATE campaign SET cancelled_at = $2 WHERE id = $1 AND cancelled_at IS NULL";
static const char SQL_RETRY[] = "UPDATE campaign_item SET state = 'queued', error = NULL"
                                " WHERE campaign = $1 AND job = $2";
static const char SQL_REOPEN[] = "UPDATE campaign SET cancelled_at = NULL WHERE id = $1";

/* ---- what becomes of its items ---- */

gboolean campaign_item_ended(DbConn *tx, const char *job, const char *state, void *data,
                             GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *shown = jobs_get(tx, arena, job, error);
    const Value *output = value_get(shown, "output");
    int64_t conflicts = value_int(value_get(output, "conflicts"), 0);

    (void)data;
    if (!shown)
        return FALSE;
    if (g_str_equal(state, "succeeded"))
        state = conflicts > 0 ? "conflicts" : value_path_string(output, "state", "current");
    return db_exec(tx, error, SQL_ITEM_ENDED, "ttiitt", job, state, conflicts,
                   value_int(value_get(output, "number"), 0),
                   value_path_string(output, "url", NULL),
                   value_path_string(shown, "error.message", NULL)) >= 0 &&
           db_exec(tx, error, SQL_CATCH_UP, "t", job) >= 0;
}

gboolean campaign_settle(DbConn *tx, const UpgradeRow *row, const char *state, GError **error)
{
    return db_exec(tx, error, SQL_SETTLE, "titt", row->repository, row->pull_number, state,
                   row->host) >= 0;
}

/* ---- starting ---- */

typedef struct {
    Scaffolder *scaffolder;
    Arena *arena;
    const char *id, *template, *version, *title, *actor;
    const Value *values; /* what the new template asks for; NULL */
    GPtrArray *rows;
} Start;

static gboolean write_start(DbConn *tx, void *data, GError **error)
{
    const Start *start = data;
    Value *payload = value_object_new(start->arena);

    if (db_exec(tx, error, SQL_ADD, "ttttti", start->id, start->template, start->version,
                start->title, start->actor, clock_now_ms()) < 0)
        return FALSE;
    for (guint i = 0; i < start->rows->len; i++) {
        const UpgradeRow *row = start->rows->pdata[i];
        const char *job = upgrade_submit(tx, start->scaffolder, start->arena, row,
                                         start->values, start->actor, error);

        if (!job || db_exec(tx, error, SQL_ADD_ITEM, "tittt", start->id, (int64_t)i, row->host,
                            row->repository, job) < 0)
            return FALSE;
    }
    value_set_string(start->arena, payload, "campaign", start->id);
    value_set_string(start->arena, payload, "title", start->title);
    value_set_int(start->arena, payload, "repositories", start->rows->len);
    events_append(tx, &(Event){.type = "dev.pave.scaffolder.campaign.started",
                               .source = "/pave/scaffolder",
                               .subject = start->template,
                               .actor = start->actor,
                               .payload = payload});
    return TRUE;
}

/* Those that were asked for, each made of the template; all of its own where none were. */
static GPtrArray *chosen_rows(const Start *start, const Value *repositories, GError **error)
{
    DbConn *conn = db_reader(start->scaffolder->db);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    if (!repositories || value_is(repositories, VALUE_NULL))
        return upgrade_store_list(conn, start->arena, start->template, NULL, NULL, REPOSITORIES_MAX,
                                  0, error);
    for (guint i = 0; i < value_count(repositories); i++) {
        const char *name = value_string(value_item(repositories, i), "");
        GError *why = NULL;
        UpgradeRow *row = upgrade_store_find(conn, start->arena, NULL, name, &why);

        if (why) {
            g_propagate_error(error, why);
            return NULL;
        }
        if (!row || !g_str_equal(row->template, start->template)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s did not make the repository \"%s\"",
                        start->template, name);
            return NULL;
        }
        if (g_hash_table_add(seen, (char *)row->repository))
            g_ptr_array_add(rows, row);
    }
    return g_steal_pointer(&rows);
}

static gboolean describe(Start *start, const char *title, GError **error)
{
    const Value *entity =
        template_get(start->scaffolder, start->arena, start->template, error);
    const Value *spec =
        entity ? template_instantiate(start->scaffolder, start->arena, entity,
                                      value_object_new(start->arena), start->actor, error)
               : NULL;

    if (!spec)
        return FALSE;
    start->version =
        template_version(start->scaffolder, start->arena, value_get(spec, "templateInfo"));
    start->title = title && *title
                       ? title
                       : arena_printf(start->arena, "Upgrade to %s %s",
                                      value_path_string(entity, "metadata.name", ""),
                                      upgrade_short(start->arena, start->version));
    if (strlen(start->title) <= TITLE_MAX)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the title is longer than %d bytes", TITLE_MAX);
    return FALSE;
}

const char *campaign_start(Scaffolder *scaffolder, Arena *arena, const char *template,
                           const Value *repositories, const Value *values, const char *title,
                           const char *actor, GError **error)
{
    g_autofree char *id = clock_new_id();
    g_autoptr(GPtrArray) rows = NULL;
    Start start = {
        .scaffolder = scaffolder, .arena = arena, .id = id, .values = values, .actor = actor};

    start.template = catalog_ref(arena, template, "template", "default", error);
    if (!start.template || !describe(&start, title, error))
        return NULL;
    rows = chosen_rows(&start, repositories, error);
    if (!rows)
        return NULL;
    if (rows->len == 0 || rows->len > REPOSITORIES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    rows->len ? "%s has too many repositories for one campaign"
                              : "no repository was made of %s",
                    start.template);
        return NULL;
    }
    start.rows = rows;
    return db_write(scaffolder->db, write_start, &start, NULL, error) ? arena_strdup(arena, id)
                                                                      : NULL;
}

/* ---- showing ---- */

static Value *progress_of(DbConn *conn, Arena *arena, const char *id, GError **error)
{
    static const char *const names[] = {"current",   "queued", "open",   "merged",
                                        "conflicts", "failed", "closed", "cancelled"};
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_PROGRESS, "t", id);
    Value *progress = value_object_new(arena);
    int64_t total = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        value_set_int(arena, progress, names[i], 0);
    while (rows && db_rows_next(rows)) {
        value_set_int(arena, progress, db_rows_text(rows, 0), db_rows_int(rows, 1));
        total += db_rows_int(rows, 1);
    }
    value_set_int(arena, progress, "total", total);
    return rows && !db_rows_error(rows, error) ? progress : NULL;
}

static Value *read_campaign(Arena *arena, DbRows *rows)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "id", db_rows_text(rows, 0));
    value_set_string(arena, value, "template", db_rows_text(rows, 1));
    value_set_string(arena, value, "toVersion", db_rows_text(rows, 2));
    value_set_string(arena, value, "title", db_rows_text(rows, 3));
    value_set_string(arena, value, "actor", db_rows_text(rows, 4));
    value_set(arena, value, "createdAt", clock_value(arena, db_rows_int(rows, 5)));
    value_set_string(arena, value, "state", db_rows_int(rows, 6) > 0 ? "cancelled" : "done");
    return value;
}

static gboolean add_progress(DbConn *conn, Arena *arena, Value *campaign, GError **error)
{
    Value *progress = progress_of(conn, arena, value_path_string(campaign, "id", ""), error);

    if (!progress)
        return FALSE;
    value_set(arena, campaign, "progress", progress);
    if (g_str_equal(value_path_string(campaign, "state", ""), "done") &&
        value_int(value_get(progress, "queued"), 0) > 0)
        value_set_string(arena, campaign, "state", "running");
    return TRUE;
}

static Value *read_campaigns(DbConn *conn, Arena *arena, const char *id, guint limit,
                             GError **error)
{
    g_autoptr(DbRows) rows = id ? db_query(conn, error, SQL_GET, "t", id)
                                : db_query(conn, error, SQL_LIST, "i", (int64_t)limit);
    Value *items = value_array_new(arena);

    while (rows && db_rows_next(rows))
        value_append(arena, items, read_campaign(arena, rows));
    return rows && !db_rows_error(rows, error) ? items : NULL;
}

const Value *campaign_list(Scaffolder *scaffolder, Arena *arena, guint limit, GError **error)
{
    DbConn *conn = db_reader(scaffolder->db);
    Value *items = read_campaigns(conn, arena, NULL, limit, error);

    for (guint i = 0; i < value_count(items); i++)
        if (!add_progress(conn, arena, (Value *)value_item(items, i), error))
            return NULL;
    return items;
}

static const Value *items_of(DbConn *conn, Arena *arena, const char *id, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_ITEMS, "t", id);
    Value *items = value_array_new(arena);

    while (rows && db_rows_next(rows)) {
        Value *item = value_object_new(arena), *repository = value_object_new(arena);
        Value *pull = value_object_new(arena);
        g_auto(GStrv) parts = g_strsplit(db_rows_text(rows, 1), "/", 2);
        bool has_pull = db_rows_int(rows, 5) > 0;

        value_set_string(arena, repository, "host", db_rows_text(rows, 0));
        value_set_string(arena, repository, "owner", parts[0]);
        value_set_string(arena, repository, "name", parts[1]);
        value_set(arena, item, "repository", repository);
        value_set_string(arena, item, "jobId", db_rows_text(rows, 2));
        value_set_string(arena, item, "state", db_rows_text(rows, 3));
        value_set_int(arena, pull, "number", db_rows_int(rows, 5));
        value_set_nullable(arena, pull, "url", db_rows_text(rows, 6));
        value_set_int(arena, pull, "conflicts", db_rows_int(rows, 4));
        value_set(arena, item, "pullRequest", has_pull ? pull : value_null_new(arena));
        value_set_nullable(arena, item, "error", db_rows_text(rows, 7));
        value_append(arena, items, item);
    }
    return rows && !db_rows_error(rows, error) ? items : NULL;
}

const Value *campaign_get(Scaffolder *scaffolder, Arena *arena, const char *id, GError **error)
{
    DbConn *conn = db_reader(scaffolder->db);
    const Value *found = read_campaigns(conn, arena, id, 1, error), *items;
    Value *campaign = (Value *)value_item(found, 0);

    if (found && !campaign)
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no campaign %s", id);
    if (!campaign || !add_progress(conn, arena, campaign, error))
        return NULL;
    items = items_of(conn, arena, id, error);
    value_set(arena, campaign, "items", items);
    return items ? campaign : NULL;
}

/* ---- stopping, trying again ---- */

typedef struct {
    Scaffolder *scaffolder;
    Arena *arena;
    const char *id, *actor;
} Change;

static gboolean write_cancel(DbConn *tx, void *data, GError **error)
{
    const Change *change = data;

    return db_exec(tx, error, SQL_CANCEL, "ti", change->id, clock_now_ms()) >= 0;
}

static bool has_state(const Value *item, const char *state)
{
    return g_str_equal(value_path_string(item, "state", ""), state);
}

gboolean campaign_cancel(Scaffolder *scaffolder, Arena *arena, const char *id, const char *actor,
                         GError **error)
{
    const Value *items = value_get(campaign_get(scaffolder, arena, id, error), "items");
    Change change = {.id = id};

    if (!items || !db_write(scaffolder->db, write_cancel, &change, NULL, error))
        return FALSE;
    for (guint i = 0; i < value_count(items); i++) {
        g_autoptr(GError) ended = NULL;

        /* One that ended meanwhile has done what it was to do. */
        if (has_state(value_item(items, i), "queued"))
            jobs_cancel(scaffolder->jobs, value_path_string(value_item(items, i), "jobId", ""),
                        actor, &ended);
    }
    return TRUE;
}

/* A job that somebody retried already goes on by itself, or has ended well meanwhile. */
static gboolean retry_item(DbConn *tx, const Change *change, const char *job, GError **error)
{
    g_autoptr(GError) why = NULL;
    const Value *shown;

    if (!jobs_retry_in(tx, change->scaffolder->jobs, change->arena, job, change->actor, &why)) {
        if (!g_error_matches(why, PAVE_ERROR, ERROR_CONFLICT)) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        shown = jobs_get(tx, change->arena, job, error);
        if (!shown || g_str_equal(value_path_string(shown, "state", ""), "succeeded"))
            return shown && campaign_item_ended(tx, job, "succeeded", NULL, error);
    }
    return db_exec(tx, error, SQL_RETRY, "tt", change->id, job) >= 0;
}

/* Also what is queued is looked at: its job may have ended without a word. */
static gboolean write_retry(DbConn *tx, void *data, GError **error)
{
    const Change *change = data;
    const Value *items = items_of(tx, change->arena, change->id, error);

    if (!items || db_exec(tx, error, SQL_REOPEN, "t", change->id) < 0)
        return FALSE;
    for (guint i = 0; i < value_count(items); i++) {
        const Value *item = value_item(items, i);

        if ((has_state(item, "failed") || has_state(item, "cancelled") ||
             has_state(item, "queued")) &&
            !retry_item(tx, change, value_path_string(item, "jobId", ""), error))
            return FALSE;
    }
    return TRUE;
}

gboolean campaign_retry(Scaffolder *scaffolder, Arena *arena, const char *id, const char *actor,
                        GError **error)
{
    Change change = {.scaffolder = scaffolder, .arena = arena, .id = id, .actor = actor};

    return db_write(scaffolder->db, write_retry, &change, NULL, error);
}
