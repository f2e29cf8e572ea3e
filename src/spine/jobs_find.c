/* Pages of jobs by filter and order, as lists for people want them. */
#include "spine/jobs.h"

#include <string.h>

/* $1 kind; $2 actors and $3 states: "\n" before, between and after, or "" for all; $4 subject or "". */
#define FILTER                                                                                     \
    " FROM job WHERE kind = $1 AND ($2 = '' OR replace($2, '\n' || actor || '\n', '') <> $2)"      \
    " AND ($3 = '' OR replace($3, '\n' || state || '\n', '') <> $3)"                                \
    " AND ($4 = '' OR subject = $4)"

static const char SQL_COUNT[] = "SELECT COUNT(*)" FILTER;
static const char SQL_NEWEST[] = "SELECT id" FILTER " ORDER BY id DESC LIMIT $5 OFFSET $6";
static const char SQL_OLDEST[] = "SELECT id" FILTER " ORDER BY id LIMIT $5 OFFSET $6";
static const char SQL_BY_ACTOR[] = "SELECT id" FILTER " ORDER BY actor, id DESC LIMIT $5 OFFSET $6";
static const char SQL_BY_ACTOR_DOWN[] =
    "SELECT id" FILTER " ORDER BY actor DESC, id DESC LIMIT $5 OFFSET $6";
static const char SQL_BY_STATE[] =
    "SELECT id" FILTER " ORDER BY CASE state WHEN 'queued' THEN 'open' WHEN 'running' THEN"
    " 'processing' WHEN 'waiting' THEN 'processing' WHEN 'succeeded' THEN 'completed' ELSE state"
    " END, id DESC LIMIT $5 OFFSET $6";
static const char SQL_BY_STATE_DOWN[] =
    "SELECT id" FILTER " ORDER BY CASE state WHEN 'queued' THEN 'open' WHEN 'running' THEN"
    " 'processing' WHEN 'waiting' THEN 'processing' WHEN 'succeeded' THEN 'completed' ELSE state"
    " END DESC, id DESC LIMIT $5 OFFSET $6";

static const char *sql_of(JobOrder order)
{
    static const char *const texts[] = {
        [JOBS_NEWEST] = SQL_NEWEST,     [JOBS_OLDEST] = SQL_OLDEST,
        [JOBS_BY_ACTOR] = SQL_BY_ACTOR, [JOBS_BY_ACTOR_DOWN] = SQL_BY_ACTOR_DOWN,
        [JOBS_BY_STATE] = SQL_BY_STATE, [JOBS_BY_STATE_DOWN] = SQL_BY_STATE_DOWN,
    };

    g_assert((unsigned)order < G_N_ELEMENTS(texts));
    return texts[order];
}

/* "\na\nb\n"; "" for no list. A list of names that cannot be is "\n", which nothing matches. */
static char *in_lines(const char *const *names)
{
    GString *lines = g_string_new(names && *names ? "\n" : NULL);

    for (; names && *names; names++)
        if (!strchr(*names, '\n'))
            g_string_append_printf(lines, "%s\n", *names);
    return g_string_free(lines, FALSE);
}

static gboolean count(DbConn *conn, const JobQuery *query, const char *actors, const char *states,
                      int64_t *total, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_COUNT, "tttt", query->kind, actors, states,
                                      query->subject ? query->subject : "");

    *total = rows && db_rows_next(rows) ? db_rows_int(rows, 0) : 0;
    return rows && !db_rows_error(rows, error);
}

GPtrArray *jobs_find(DbConn *conn, const JobQuery *query, int64_t *total, GError **error)
{
    g_autofree char *actors = in_lines(query->actors), *states = in_lines(query->states);
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);

    if (!count(conn, query, actors, states, total, error))
        return NULL;
    g_autoptr(DbRows) rows =
        db_query(conn, error, sql_of(query->order), "ttttii", query->kind, actors, states,
                 query->subject ? query->subject : "", (int64_t)query->limit, (int64_t)query->offset);

    while (rows && db_rows_next(rows))
        g_ptr_array_add(ids, g_strdup(db_rows_text(rows, 0)));
    return rows && !db_rows_error(rows, error) ? g_steal_pointer(&ids) : NULL;
}
