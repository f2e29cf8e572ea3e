/* What happens elsewhere: a template or what it reads changes, a pull request is merged or closed. */
#include "scaffolder/scaffolder_internal.h"

#include "spine/events.h"

#define ROWS_CHECKED_AT_ONCE 500

/* ---- pull requests ---- */

gboolean upgrade_settle(DbConn *tx, UpgradeRow *row, const char *state, GError **error)
{
    row->pull_state = state;
    row->updated_at = clock_now_ms();
    row->checked_at = 0;
    if (g_str_equal(state, "merged")) {
        if (row->to.version)
            row->at = row->to;
        row->to = (UpgradePoint){0};
        row->latest = row->at.version;
        row->behind = BEHIND_NO;
        row->state = "merged";
    } else {
        row->state = g_str_equal(state, "open") ? "open" : "behind";
    }
    return upgrade_store_save(tx, row, error) &&
           campaign_settle(tx, row, state, error);
}

/* The events are the built-in forge's; another host may have a repository of the same name. */
static gboolean on_pull(DbConn *tx, const Event *event, Arena *arena, void *data, GError **error)
{
    Scaffolder *scaffolder = data;
    const Value *pull = event->payload;
    const char *state = value_path_string(pull, "state", "");
    const char *repository = arena_printf(arena, "%s/%s", value_path_string(pull, "owner", ""),
                                          value_path_string(pull, "name", ""));
    g_autoptr(GPtrArray) rows = upgrade_store_find_pulls(
        tx, arena, repository, value_int(value_get(pull, "number"), 0), error);

    for (guint i = 0; rows && i < rows->len; i++) {
        UpgradeRow *row = rows->pdata[i];

        /* Merged once, its number belongs to the past. */
        if (row->to.version && g_strcmp0(row->pull_state, state) != 0 &&
            forge_kind_of_host(scaffolder->forge, row->host) == FORGE_BUILTIN &&
            !upgrade_settle(tx, row, state, error))
            return FALSE;
    }
    return rows != NULL;
}

/* ---- templates ---- */

static gboolean submit_check(DbConn *tx, Scaffolder *scaffolder, Arena *arena, const Event *event,
                             GError **error)
{
    JobSpec spec = {.kind = SCAFFOLDER_UPGRADE_CHECK,
                    .subject = event->subject,
                    .title = "Find out who is behind",
                    .actor = "service:pave",
                    .cause = event->id,
                    .queue_key = SCAFFOLDER_UPGRADE_CHECK,
                    .payload = value_object_new(arena)};

    return jobs_submit(tx, scaffolder->jobs, arena, &spec, error) != NULL;
}

static gboolean on_entity(DbConn *tx, const Event *event, Arena *arena, void *data, GError **error)
{
    int64_t stale;

    if (!event->subject || !g_str_has_prefix(event->subject, "template:"))
        return TRUE;
    stale = upgrade_store_stale(tx, event->subject, NULL, error);
    return stale == 0 || (stale > 0 && submit_check(tx, data, arena, event, error));
}

static gboolean on_push(DbConn *tx, const Event *event, Arena *arena, void *data, GError **error)
{
    const char *like = arena_printf(arena, "%%/%s/%s/%%",
                                    value_path_string(event->payload, "owner", ""),
                                    value_path_string(event->payload, "name", ""));
    int64_t stale = upgrade_store_stale(tx, NULL, like, error);

    return stale == 0 || (stale > 0 && submit_check(tx, data, arena, event, error));
}

gboolean upgrade_run_check(Job *job, const Value **output, GError **error, void *data)
{
    Scaffolder *scaffolder = data;
    Value *counts = value_object_new(job_arena(job));

    for (guint offset = 0;; offset += ROWS_CHECKED_AT_ONCE) {
        g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
        g_autoptr(GPtrArray) rows = upgrade_store_list(db_reader(scaffolder->db), arena, NULL, NULL,
                                                       NULL, ROWS_CHECKED_AT_ONCE, offset, error);

        if (!rows || !upgrade_check_all(scaffolder, arena, rows, error))
            return FALSE;
        if (rows->len < ROWS_CHECKED_AT_ONCE || job_cancelled(job))
            break;
    }
    *output = counts;
    return upgrade_store_count(db_reader(scaffolder->db), job_arena(job), NULL, NULL, counts,
                               error);
}

void upgrade_follow(Scaffolder *scaffolder, Events *events)
{
    jobs_register(scaffolder->jobs, &(JobKind){.name = SCAFFOLDER_UPGRADE,
                                               .run = upgrade_run,
                                               .ended = campaign_item_ended,
                                               .data = scaffolder,
                                               .concurrency = 4});
    jobs_register(scaffolder->jobs, &(JobKind){.name = SCAFFOLDER_UPGRADE_CHECK,
                                               .run = upgrade_run_check,
                                               .data = scaffolder,
                                               .concurrency = 1});
    if (!events)
        return;
    events_follow(events, "scaffolder.pulls", "dev.pave.forge.pull_request.", on_pull, scaffolder);
    events_follow(events, "scaffolder.templates", "dev.pave.catalog.entity.", on_entity,
                  scaffolder);
    events_follow(events, "scaffolder.sources", "dev.pave.forge.ref.updated", on_push, scaffolder);
}
