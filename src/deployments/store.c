#include "deployments/deployments_internal.h"

#include "spine/clock.h"

#include <string.h>

enum { COMMIT_PREFIX_MIN = 7 };

#define RELEASE_COLUMNS                                                                            \
    "service, digest, commit_id, commit_message, committed_at, size, actor, created_at"
#define DEPLOYMENT_COLUMNS                                                                         \
    "id, service, environment, digest, commit_id, commit_message, committed_at, kind, state,"      \
    " reason, actor, job_id, idempotency_key, replaced_id, port, created_at, started_at,"          \
    " finished_at"
#define D_COLUMNS                                                                                  \
    "d.id, d.service, d.environment, d.digest, d.commit_id, d.commit_message, d.committed_at,"     \
    " d.kind, d.state, d.reason, d.actor, d.job_id, d.idempotency_key, d.replaced_id, d.port,"     \
    " d.created_at, d.started_at, d.finished_at"

static const char SQL_RELEASE_PUT[] =
    "INSERT INTO service_release (" RELEASE_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    " ON CONFLICT (service, digest) DO NOTHING";
static const char SQL_TAG_PUT[] =
    "INSERT INTO service_release_tag (service, tag, digest) VALUES ($1, $2, $3)"
    " ON CONFLICT (service, tag) DO UPDATE SET digest = $3";
static const char SQL_RELEASES[] =
    "SELECT " RELEASE_COLUMNS " FROM service_release WHERE (service = $1 OR $1 = '')"
    " ORDER BY created_at DESC, digest LIMIT $2";
static const char SQL_RELEASE_BY_DIGEST[] =
    "SELECT " RELEASE_COLUMNS " FROM service_release WHERE service = $1 AND digest = $2";
static const char SQL_RELEASE_BY_COMMIT[] =
    "SELECT " RELEASE_COLUMNS " FROM service_release WHERE service = $1 AND commit_id >= $2"
    " AND commit_id < $3 ORDER BY created_at DESC, digest LIMIT 1";
static const char SQL_RELEASE_BY_TAG[] =
    "SELECT " RELEASE_COLUMNS " FROM service_release WHERE service = $1 AND digest ="
    " (SELECT digest FROM service_release_tag WHERE service = $1 AND tag = $2)";
static const char SQL_TAGS[] =
    "SELECT tag FROM service_release_tag WHERE service = $1 AND digest = $2 ORDER BY tag";
static const char SQL_SERVICES[] = "SELECT DISTINCT service FROM service_release ORDER BY service";

static const char SQL_DEPLOYMENT_ADD[] =
    "INSERT INTO deployment (id, service, environment, digest, commit_id, commit_message,"
    " committed_at, kind, state, actor, job_id, idempotency_key, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
static const char SQL_DEPLOYMENT[] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE id = $1";
static const char SQL_DEPLOYMENT_BY_KEY[] =
    "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE idempotency_key = $1";
static const char SQL_DEPLOYMENT_BY_JOB[] =
    "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE job_id = $1";
static const char SQL_DEPLOYMENTS[] =
    "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE (service = $1 OR $1 = '')"
    " AND (environment = $2 OR $2 = '') ORDER BY created_at DESC, id DESC LIMIT $3";
static const char SQL_COUNT[] =
    "SELECT environment, state, COUNT(*) FROM deployment GROUP BY environment, state"
    " ORDER BY environment, state";
static const char SQL_MOVE_ON[] = "UPDATE deployment SET state = $1 WHERE id = $2 AND state = $3";
static const char SQL_MOVE_START[] =
    "UPDATE deployment SET state = $1, started_at = COALESCE(started_at, $4), finished_at = NULL,"
    " reason = NULL WHERE id = $2 AND state = $3";
static const char SQL_MOVE_END[] =
    "UPDATE deployment SET state = $1, finished_at = $4, reason = $5 WHERE id = $2 AND state = $3";
static const char SQL_SET_PORT[] = "UPDATE deployment SET port = $1 WHERE id = $2";
static const char SQL_SET_REPLACED[] = "UPDATE deployment SET replaced_id = $1 WHERE id = $2";

static const char SQL_LIVE_ID[] =
    "SELECT deployment_id FROM service_live WHERE service = $1 AND environment = $2";
static const char SQL_LIVE_PUT[] =
    "INSERT INTO service_live (service, environment, deployment_id, since_at, restarts)"
    " VALUES ($1, $2, $3, $4, 0) ON CONFLICT (service, environment)"
    " DO UPDATE SET deployment_id = $3, since_at = $4, restarts = 0";
static const char SQL_LIVE_REMOVE[] = "DELETE FROM service_live WHERE deployment_id = $1";
static const char SQL_LIVE_RESTARTED[] =
    "UPDATE service_live SET restarts = restarts + 1 WHERE deployment_id = $1";
static const char SQL_LIVE[] =
    "SELECT l.service, l.environment, l.since_at, l.restarts, p.id, p.digest, p.commit_id,"
    " p.commit_message, " D_COLUMNS
    " FROM service_live l JOIN deployment d ON d.id = l.deployment_id"
    " LEFT JOIN deployment p ON p.id = d.replaced_id"
    " WHERE (l.service = $1 OR $1 = '') AND (l.environment = $2 OR $2 = '')"
    " ORDER BY l.service, l.environment";

/* NULL, or a row error, becomes the answer of the whole query. */
static gboolean done(DbRows *rows, GError **error)
{
    return rows && !db_rows_error(rows, error);
}

static const char *text(DbRows *rows, Arena *arena, int column)
{
    return arena_strdup(arena, db_rows_text(rows, column));
}

/* ---- releases ---- */

gboolean store_release_put(DbConn *tx, const Release *release, const char *tag, GError **error)
{
    return db_exec(tx, error, SQL_RELEASE_PUT, "ttttiiti", release->service, release->digest,
                   release->commit, release->message, release->committed_at, release->size,
                   release->actor, release->created_at) >= 0 &&
           (!tag ||
            db_exec(tx, error, SQL_TAG_PUT, "ttt", release->service, tag, release->digest) >= 0);
}

static Release *read_release(DbRows *rows, Arena *arena)
{
    Release *release = arena_new0(arena, Release, 1);

    release->service = text(rows, arena, 0);
    release->digest = text(rows, arena, 1);
    release->commit = text(rows, arena, 2);
    release->message = text(rows, arena, 3);
    release->committed_at = db_rows_int(rows, 4);
    release->size = db_rows_int(rows, 5);
    release->actor = text(rows, arena, 6);
    release->created_at = db_rows_int(rows, 7);
    return release;
}

static gboolean read_tags(DbConn *conn, Arena *arena, Release *release, GError **error)
{
    g_autoptr(DbRows) rows =
        db_query(conn, error, SQL_TAGS, "tt", release->service, release->digest);
    g_autoptr(GString) tags = g_string_new(NULL);

    while (rows && db_rows_next(rows))
        g_string_append_printf(tags, "%s%s", tags->len ? " " : "", db_rows_text(rows, 0));
    release->tags = tags->len ? arena_strdup(arena, tags->str) : NULL;
    return done(rows, error);
}

static GPtrArray *read_releases(DbRows *rows, Arena *arena, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    while (rows && db_rows_next(rows))
        g_ptr_array_add(found, read_release(rows, arena));
    return done(rows, error) ? g_steal_pointer(&found) : NULL;
}

GPtrArray *store_releases(DbConn *conn, Arena *arena, const char *service, guint limit,
                          GError **error)
{
    g_autoptr(DbRows) rows =
        db_query(conn, error, SQL_RELEASES, "ti", service ? service : "", (int64_t)limit);
    g_autoptr(GPtrArray) found = read_releases(rows, arena, error);

    for (guint i = 0; found && i < found->len; i++)
        if (!read_tags(conn, arena, found->pdata[i], error))
            return NULL;
    return g_steal_pointer(&found);
}

static gboolean is_commit_prefix(const char *ref)
{
    gsize length = strlen(ref);

    return length >= COMMIT_PREFIX_MIN && length <= 64 && strspn(ref, "0123456789abcdef") == length;
}

static DbRows *query_release(DbConn *conn, const char *service, const char *ref, GError **error)
{
    g_autofree char *after = NULL;

    if (!ref)
        return db_query(conn, error, SQL_RELEASES, "ti", service, (int64_t)1);
    if (g_str_has_prefix(ref, "sha256:"))
        return db_query(conn, error, SQL_RELEASE_BY_DIGEST, "tt", service, ref);
    if (!is_commit_prefix(ref))
        return db_query(conn, error, SQL_RELEASE_BY_TAG, "tt", service, ref);
    after = g_strconcat(ref, "g", NULL); /* the letter after the last hexadecimal digit */
    return db_query(conn, error, SQL_RELEASE_BY_COMMIT, "ttt", service, ref, after);
}

const Release *store_release_find(DbConn *conn, Arena *arena, const char *service, const char *ref,
                                  GError **error)
{
    g_autoptr(DbRows) rows = query_release(conn, service, ref, error);
    g_autoptr(GPtrArray) found = read_releases(rows, arena, error);

    if (!found)
        return NULL;
    g_clear_pointer(&rows, db_rows_free);
    if (found->len)
        return read_tags(conn, arena, found->pdata[0], error) ? found->pdata[0] : NULL;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND,
                ref ? "%s has no release %s" : "%s has no release%s", service, ref ? ref : "");
    return NULL;
}

GPtrArray *store_services(DbConn *conn, Arena *arena, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_SERVICES, "");
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    while (rows && db_rows_next(rows))
        g_ptr_array_add(names, (char *)text(rows, arena, 0));
    return done(rows, error) ? g_steal_pointer(&names) : NULL;
}

/* ---- deployments ---- */

gboolean store_deployment_add(DbConn *tx, const Deployment *deployment, GError **error)
{
    return db_exec(tx, error, SQL_DEPLOYMENT_ADD, "ttttttittttti", deployment->id,
                   deployment->service, deployment->environment, deployment->digest,
                   deployment->commit, deployment->message, deployment->committed_at,
                   deployment->kind, deployment_state_name(DEPLOYMENT_QUEUED), deployment->actor,
                   deployment->job_id, deployment->idempotency_key, deployment->created_at) >= 0;
}

static void fill_deployment(Deployment *deployment, DbRows *rows, Arena *arena, int first)
{
    deployment->id = text(rows, arena, first);
    deployment->service = text(rows, arena, first + 1);
    deployment->environment = text(rows, arena, first + 2);
    deployment->digest = text(rows, arena, first + 3);
    deployment->commit = text(rows, arena, first + 4);
    deployment->message = text(rows, arena, first + 5);
    deployment->committed_at = db_rows_int(rows, first + 6);
    deployment->kind = text(rows, arena, first + 7);
    deployment->state = deployment_state_parse(db_rows_text(rows, first + 8));
    deployment->reason = text(rows, arena, first + 9);
    deployment->actor = text(rows, arena, first + 10);
    deployment->job_id = text(rows, arena, first + 11);
    deployment->idempotency_key = text(rows, arena, first + 12);
    deployment->replaced_id = text(rows, arena, first + 13);
    deployment->port = (guint16)db_rows_int(rows, first + 14);
    deployment->created_at = db_rows_int(rows, first + 15);
    deployment->started_at = db_rows_int(rows, first + 16);
    deployment->finished_at = db_rows_int(rows, first + 17);
}

static GPtrArray *read_deployments(DbRows *rows, Arena *arena, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    while (rows && db_rows_next(rows)) {
        Deployment *deployment = arena_new0(arena, Deployment, 1);

        fill_deployment(deployment, rows, arena, 0);
        g_ptr_array_add(found, deployment);
    }
    return done(rows, error) ? g_steal_pointer(&found) : NULL;
}

static const Deployment *one(DbRows *rows, Arena *arena, GError **error)
{
    g_autoptr(GPtrArray) found = read_deployments(rows, arena, error);

    return found && found->len ? found->pdata[0] : NULL;
}

const Deployment *store_deployment(DbConn *conn, Arena *arena, const char *id, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_DEPLOYMENT, "t", id);
    g_autoptr(GPtrArray) found = read_deployments(rows, arena, error);

    if (!found)
        return NULL;
    if (found->len)
        return found->pdata[0];
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no deployment %s", id);
    return NULL;
}

const Deployment *store_deployment_by_key(DbConn *conn, Arena *arena, const char *key,
                                          GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_DEPLOYMENT_BY_KEY, "t", key);

    return one(rows, arena, error);
}

const Deployment *store_deployment_by_job(DbConn *conn, Arena *arena, const char *job_id,
                                          GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_DEPLOYMENT_BY_JOB, "t", job_id);

    return one(rows, arena, error);
}

GPtrArray *store_deployments(DbConn *conn, Arena *arena, const char *service,
                             const char *environment, guint limit, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_DEPLOYMENTS, "tti", service ? service : "",
                                      environment ? environment : "", (int64_t)limit);

    return read_deployments(rows, arena, error);
}

gboolean store_move(DbConn *tx, const char *id, DeploymentState from, DeploymentState to,
                    const char *reason, GError **error)
{
    const char *old_name = deployment_state_name(from), *new_name = deployment_state_name(to);
    int64_t moved;

    g_assert(deployment_state_may_become(from, to));
    if (to == DEPLOYMENT_STARTING)
        moved = db_exec(tx, error, SQL_MOVE_START, "ttti", new_name, id, old_name, clock_now_ms());
    else if (to == DEPLOYMENT_LIVE || to == DEPLOYMENT_FAILED)
        moved = db_exec(tx, error, SQL_MOVE_END, "tttit", new_name, id, old_name, clock_now_ms(),
                        reason);
    else
        moved = db_exec(tx, error, SQL_MOVE_ON, "ttt", new_name, id, old_name);
    if (moved == 0)
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "deployment %s is no longer %s", id,
                    old_name);
    return moved > 0;
}

gboolean store_set_port(DbConn *tx, const char *id, guint16 port, GError **error)
{
    return db_exec(tx, error, SQL_SET_PORT, "it", (int64_t)port, id) >= 0;
}

/* ---- what is live ---- */

static gboolean live_id(DbConn *tx, Arena *arena, const Deployment *deployment, const char **id,
                        GError **error)
{
    g_autoptr(DbRows) rows =
        db_query(tx, error, SQL_LIVE_ID, "tt", deployment->service, deployment->environment);

    *id = rows && db_rows_next(rows) ? text(rows, arena, 0) : NULL;
    return done(rows, error);
}

gboolean store_live_set(DbConn *tx, Arena *arena, const Deployment *deployment,
                        const char **replaced, GError **error)
{
    const char *before;

    if (!live_id(tx, arena, deployment, &before, error))
        return FALSE;
    if (before && !store_move(tx, before, DEPLOYMENT_LIVE, DEPLOYMENT_SUPERSEDED, NULL, error))
        return FALSE;
    if (before && db_exec(tx, error, SQL_SET_REPLACED, "tt", before, deployment->id) < 0)
        return FALSE;
    *replaced = before;
    return store_move(tx, deployment->id, DEPLOYMENT_VERIFYING, DEPLOYMENT_LIVE, NULL, error) &&
           db_exec(tx, error, SQL_LIVE_PUT, "ttti", deployment->service, deployment->environment,
                   deployment->id, clock_now_ms()) >= 0;
}

gboolean store_live_remove(DbConn *tx, const Deployment *deployment, GError **error)
{
    return store_move(tx, deployment->id, DEPLOYMENT_LIVE, DEPLOYMENT_STOPPED, NULL, error) &&
           db_exec(tx, error, SQL_LIVE_REMOVE, "t", deployment->id) >= 0;
}

gboolean store_live_restarted(DbConn *tx, const char *deployment_id, GError **error)
{
    return db_exec(tx, error, SQL_LIVE_RESTARTED, "t", deployment_id) >= 0;
}

GPtrArray *store_live(DbConn *conn, Arena *arena, const char *service, const char *environment,
                      GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_LIVE, "tt", service ? service : "",
                                      environment ? environment : "");
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    while (rows && db_rows_next(rows)) {
        Live *live = arena_new0(arena, Live, 1);

        live->service = text(rows, arena, 0);
        live->environment = text(rows, arena, 1);
        live->since_at = db_rows_int(rows, 2);
        live->restarts = (int)db_rows_int(rows, 3);
        live->previous.id = text(rows, arena, 4);
        live->previous.digest = text(rows, arena, 5);
        live->previous.commit = text(rows, arena, 6);
        live->previous.message = text(rows, arena, 7);
        fill_deployment(&live->deployment, rows, arena, 8);
        g_ptr_array_add(found, live);
    }
    return done(rows, error) ? g_steal_pointer(&found) : NULL;
}

gboolean deployments_count(Deployments *deployments, DeploymentsCountFn each, void *data,
                           GError **error)
{
    g_autoptr(DbRows) rows = db_query(db_reader(deployments->db), error, SQL_COUNT, "");

    while (rows && db_rows_next(rows))
        each(db_rows_text(rows, 0), db_rows_text(rows, 1), db_rows_int(rows, 2), data);
    return done(rows, error);
}
