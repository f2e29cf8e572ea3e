#include "cli/follow.h"
#include "cli/screen.h"
#include <string.h>

#define PAUSE_US 200000
#define LINES_A_TIME 1000
#define OUTAGE_SECONDS 60

typedef struct {
    Client *client;
    const char *job_id;
    FollowFlags flags;
    int64_t next;
    gboolean ended;
    char *step;       /* whose lines were printed last */
    GHashTable *told; /* steps whose end was printed */
} Follow;

static const Value *find_step(const Value *job, const char *id)
{
    const Value *steps = value_get(job, "steps");

    for (guint i = 0; i < value_count(steps); i++)
        if (g_strcmp0(value_path_string(value_item(steps, i), "id", ""), id) == 0)
            return value_item(steps, i);
    return NULL;
}

static void print_end(Follow *follow, const Value *step)
{
    const char *id = value_path_string(step, "id", "");
    const char *state = value_path_string(step, "state", "");
    gboolean skipped = g_str_equal(state, "skipped");
    /* a workflow's step that failed is a step of the job that went as it should */
    gboolean failed = g_str_equal(state, "failed") ||
                      g_str_equal(value_path_string(step, "output.outcome", ""), "failure");

    if (!value_path_string(step, "endedAt", NULL) || !g_hash_table_add(follow->told, g_strdup(id)))
        return;
    g_print("%s%s%s %s %s%s%s\n",
            failed    ? screen_red()
            : skipped ? screen_dim()
                      : screen_green(),
            failed    ? "✗"
            : skipped ? "–"
                      : "✓",
            screen_reset(), value_path_string(step, "name", id), screen_dim(),
            skipped
                ? "skipped"
                : screen_duration(follow->client->arena, value_path_string(step, "startedAt", NULL),
                                  value_path_string(step, "endedAt", NULL)),
            screen_reset());
}

/* The ends of the steps before the one called id (NULL: of all); the skipped ones too, which print
 * nothing themselves. */
static void print_ends(Follow *follow, const Value *job, const char *id)
{
    const Value *steps = value_get(job, "steps");

    if (!(follow->flags & FOLLOW_STEPS) || (follow->flags & FOLLOW_QUIET))
        return;
    for (guint i = 0; i < value_count(steps); i++) {
        const Value *step = value_item(steps, i);

        if (id && g_str_equal(value_path_string(step, "id", ""), id))
            return;
        print_end(follow, step);
    }
}

static void print_heading(Follow *follow, const Value *job, const char *step)
{
    const Value *found = find_step(job, step);

    if (!(follow->flags & FOLLOW_STEPS) || g_strcmp0(follow->step, step) == 0)
        return;
    if (step && found)
        print_ends(follow, job, step);
    g_free(follow->step);
    follow->step = g_strdup(step);
    if (step)
        g_print("%s▸ %s%s\n", screen_bold(), value_path_string(found, "name", step),
                screen_reset());
}

static void print_line(Follow *follow, const Value *job, const Value *line)
{
    const char *step = value_path_string(line, "step", NULL);
    const char *level = value_path_string(line, "level", "out");
    const char *colour = g_str_equal(level, "error")     ? screen_red()
                         : g_str_equal(level, "warning") ? screen_bold()
                                                         : screen_dim();

    if (follow->flags & FOLLOW_QUIET)
        return;
    print_heading(follow, job, step);
    g_print("%s%s%s%s\n", follow->flags & FOLLOW_STEPS ? "  " : "", colour,
            value_path_string(line, "text", ""), screen_reset());
}

/* One look: the lines first, then the job, which so knows of every step they are of. NULL with
 * error. */
static const Value *look(Follow *follow, GError **error)
{
    const Value *page = client_get(
        follow->client, error, "/api/jobs/v1/jobs/%s/output?after=%" G_GINT64_FORMAT "&limit=%d",
        follow->job_id, (gint64)follow->next, LINES_A_TIME);
    const Value *lines = value_get(page, "lines"), *job;

    if (!page)
        return NULL;
    job = client_get(follow->client, error, "/api/jobs/v1/jobs/%s", follow->job_id);
    if (!job)
        return NULL;
    for (guint i = 0; i < value_count(lines); i++)
        print_line(follow, job, value_item(lines, i));
    follow->next = value_int(value_get(page, "next"), follow->next);
    follow->ended = value_bool(value_get(page, "ended"), FALSE);
    /* an end is told when no more lines of the step can come */
    if (follow->ended || value_count(lines) == 0)
        print_ends(follow, job, NULL);
    return job;
}

static gboolean is_outage(const GError *error)
{
    return g_error_matches(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE);
}

static void renew_arena(Client *client, const char **job_id)
{
    g_autofree char *id = NULL;

    if (arena_used(client->arena) < (gsize)16 << 20)
        return;
    id = g_strdup(*job_id);
    arena_free(client->arena);
    client->arena = arena_new(ARENA_STEP_BYTES);
    *job_id = arena_strdup(client->arena, id);
}

const Value *follow_job(Client *client, const char *job_id, FollowFlags flags, GError **error)
{
    Follow follow = {
        .client = client, .job_id = arena_strdup(client->arena, job_id), .flags = flags};
    const Value *job = NULL;
    int outage = 0;

    follow.told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (;;) {
        g_autoptr(GError) failure = NULL;

        job = look(&follow, &failure);
        if (job && (follow.ended || flags & FOLLOW_NO_WAIT))
            break;
        if (!job && (!is_outage(failure) || ++outage > OUTAGE_SECONDS * 5)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            break;
        }
        if (job && g_str_equal(value_path_string(job, "state", ""), "waiting"))
            break;
        if (job)
            outage = 0;
        renew_arena(client, &follow.job_id);
        g_usleep(PAUSE_US);
    }
    g_hash_table_unref(follow.told);
    g_free(follow.step);
    return job;
}
