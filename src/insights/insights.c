/* A view over the log in memory, brought up to its head whenever it is asked: there is no second
 * book to fall behind or to be wrong. */
#include "insights/insights.h"
#include "insights/insights_internal.h"
#include <pthread.h>

#define BATCH 1000

struct Insights {
    Db *db;
    Events *events;
    pthread_mutex_t lock;
    Dora *dora;
    int64_t applied_seq;
};

Insights *insights_new(Db *db, Events *events, const Config *config, GError **error)
{
    Insights *insights = g_new0(Insights, 1);

    insights->db = db;
    insights->events = events;
    pthread_mutex_init(&insights->lock, NULL);
    insights->dora = dora_new();
    return insights;
}

void insights_free(Insights *insights)
{
    if (!insights)
        return;
    dora_free(insights->dora);
    pthread_mutex_destroy(&insights->lock);
    g_free(insights);
}

/* Events of both prefixes have to be seen in one order, so the log is read whole. */
static gboolean read_some(Insights *insights, gboolean *more, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    EventFilter filter = {.after = insights->applied_seq, .type_prefix = "dev.", .limit = BATCH};

    if (!events_read(db_reader(insights->db), arena, &filter, found, error))
        return FALSE;
    for (guint i = 0; i < found->len; i++) {
        const Event *event = g_ptr_array_index(found, i);
        dora_add(insights->dora, event);
        insights->applied_seq = event->seq;
    }
    *more = found->len == BATCH;
    return TRUE;
}

const Dora *insights_lock(Insights *insights, GError **error)
{
    pthread_mutex_lock(&insights->lock);
    for (gboolean more = TRUE; more;)
        if (!read_some(insights, &more, error)) {
            pthread_mutex_unlock(&insights->lock);
            return NULL;
        }
    return insights->dora;
}

void insights_unlock(Insights *insights)
{
    pthread_mutex_unlock(&insights->lock);
}
