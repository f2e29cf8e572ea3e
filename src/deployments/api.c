#include "deployments/deployments_internal.h"

#include "spine/access.h"
#include "spine/clock.h"
#include "spine/failpoint.h"

#include <string.h>

static const char CREATE_DEPLOYMENT[] = "deployments.deployment.create";
static const char CREATE_RELEASE[] = "deployments.release.create";

enum { LIST_MAX = 200, LIST_DEFAULT = 50, TAIL_MAX = 2000, TAIL_DEFAULT = 200 };

static gboolean limit_of(Request *request, int64_t *limit, GError **error)
{
    return request_query_int(request, "limit", 1, LIST_MAX, LIST_DEFAULT, limit, error);
}

/* Whoever changes what runs needs to own it. */
static gboolean may_change(Request *request, Deployments *deployments, const char *service,
                           const char *permission, GError **error)
{
    const char *const *owners =
        deployments->owners
            ? deployments->owners(request_arena(request), service, deployments->owners_data)
            : NULL;

    return service_name_check(service, error) &&
           access_check(access_principal(request), permission, owners, error);
}

/* ---- environments and services ---- */

static Response *list_environments(Request *request, void *room, GError **error)
{
    return response_items(request, deployments_environment_list(room, request_arena(request)));
}

static Response *list_services(Request *request, void *room, GError **error)
{
    Deployments *deployments = room;
    Arena *arena = request_arena(request);
    DbConn *conn = db_reader(deployments->db);
    g_autoptr(GPtrArray) names = store_services(conn, arena, error);
    g_autoptr(GPtrArray) live = names ? store_live(conn, arena, NULL, NULL, error) : NULL;
    Value *items = value_array_new(arena);

    if (!live)
        return NULL;
    for (guint i = 0; i < names->len; i++)
        value_append(arena, items, encode_service(deployments, arena, names->pdata[i], live));
    return response_items(request, items);
}

/* A service that was never released is one without anything live, not an error: its page asks. */
static Response *get_service(Request *request, void *room, GError **error)
{
    Deployments *deployments = room;
    Arena *arena = request_arena(request);
    const char *service = request_param(request, "service");
    g_autoptr(GPtrArray) live = NULL;

    if (!service_name_check(service, error))
        return NULL;
    live = store_live(db_reader(deployments->db), arena, service, NULL, error);
    if (!live)
        return NULL;
    return response_json(request, 200, encode_service(deployments, arena, service, live));
}

/* ---- deployments ---- */

static Response *list_deployments(Request *request, void *room, GError **error)
{
    Deployments *deployments = room;
    Arena *arena = request_arena(request);
    Value *items = value_array_new(arena);
    g_autoptr(GPtrArray) found = NULL;
    int64_t limit;

    if (!limit_of(request, &limit, error))
        return NULL;
    found = store_deployments(db_reader(deployments->db), arena, request_query(request, "service"),
                              request_query(request, "environment"), (guint)limit, error);
    if (!found)
        return NULL;
    for (guint i = 0; i < found->len; i++)
        value_append(arena, items, encode_deployment(arena, found->pdata[i]));
    return response_items(request, items);
}

static Response *reply_deployment(Request *request, Deployments *deployments, unsigned status,
                                  const char *id, GError **error)
{
    Arena *arena = request_arena(request);
    const Deployment *deployment =
        id ? store_deployment(db_reader(deployments->db), arena, id, error) : NULL;

    return deployment ? response_json(request, status, encode_deployment(arena, deployment)) : NULL;
}

static Response *get_deployment(Request *request, void *room, GError **error)
{
    return reply_deployment(request, room, 200, request_param(request, "id"), error);
}

static const char *text_of(const Value *body, const char *key, gboolean *wrong)
{
    const Value *value = value_get(body, key);

    *wrong = *wrong || (value && !value_is(value, VALUE_STRING) && !value_is(value, VALUE_NULL));
    return value_string(value, NULL);
}

static Response *create_deployment(Request *request, void *room, GError **error)
{
    const Value *body = request_body_json(request, error);
    gboolean wrong = FALSE;
    DeployOrder order = {.kind = "deploy", .actor = access_actor(request)};

    if (!body)
        return NULL;
    order.service = text_of(body, "service", &wrong);
    order.environment = text_of(body, "environment", &wrong);
    order.release = text_of(body, "release", &wrong);
    if (!order.release)
        order.release = text_of(body, "commit", &wrong);
    order.idempotency_key = text_of(body, "idempotencyKey", &wrong);
    if (wrong || !order.service || !order.environment) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "a deployment needs service and environment, and may have release or commit,"
                    " and idempotencyKey; all are texts");
        return NULL;
    }
    if (!may_change(request, room, order.service, CREATE_DEPLOYMENT, error))
        return NULL;
    const char *id = deploy_submit(room, request_arena(request), &order, error);

    failpoint("deployment", "ordered");
    return reply_deployment(request, room, 201, id, error);
}

static Response *roll_back(Request *request, void *room, GError **error)
{
    const char *environment = request_param(request, "environment"), *to = NULL;
    Deployments *deployments = room;
    gboolean wrong = FALSE;
    gsize length = 0;

    request_body(request, &length);
    if (length) {
        const Value *body = request_body_json(request, error);

        if (!body)
            return NULL;
        to = text_of(body, "to", &wrong);
    }
    if (wrong) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "to is a deployment's id or a release");
        return NULL;
    }
    if (!settings_find(deployments->settings, environment, error) ||
        !may_change(request, room, request_param(request, "service"), CREATE_DEPLOYMENT, error))
        return NULL;
    return reply_deployment(request, room, 201,
                            rollback_submit(room, request_arena(request),
                                            request_param(request, "service"), environment, to,
                                            access_actor(request), error),
                            error);
}

static Response *stop(Request *request, void *room, GError **error)
{
    Deployments *deployments = room;
    const char *service = request_param(request, "service");
    const char *environment = request_param(request, "environment");

    if (!settings_find(deployments->settings, environment, error) ||
        !may_change(request, room, service, CREATE_DEPLOYMENT, error) ||
        !deploy_stop(deployments, request_arena(request), service, environment,
                     access_actor(request), error))
        return NULL;
    return response_empty(204);
}

/* ---- releases ---- */

static Response *list_releases(Request *request, void *room, GError **error)
{
    Deployments *deployments = room;
    Arena *arena = request_arena(request);
    Value *items = value_array_new(arena);
    g_autoptr(GPtrArray) found = NULL;
    int64_t limit;

    if (!limit_of(request, &limit, error))
        return NULL;
    found = store_releases(db_reader(deployments->db), arena, request_param(request, "service"),
                           (guint)limit, error);
    if (!found)
        return NULL;
    for (guint i = 0; i < found->len; i++)
        value_append(arena, items, encode_release(arena, found->pdata[i]));
    return response_items(request, items);
}

static gssize read_body(void *buffer, gsize size, void *data, GError **error)
{
    return request_body_read(data, buffer, size, error);
}

/* Milliseconds, or ISO 8601. */
static gboolean time_of(const char *text, int64_t *time_ms, GError **error)
{
    *time_ms = 0;
    if (!text || clock_parse(text, time_ms) ||
        g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, time_ms, NULL))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "committedAt \"%s\" is no time", text);
    return FALSE;
}

static gboolean check_commit(const char *commit, GError **error)
{
    if (!commit || (strlen(commit) >= 7 && strlen(commit) <= 64 &&
                    strspn(commit, "0123456789abcdef") == strlen(commit)))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "commit \"%s\" is no commit's id", commit);
    return FALSE;
}

static Response *create_release(Request *request, void *room, GError **error)
{
    Deployments *deployments = room;
    Arena *arena = request_arena(request);
    ReleaseSpec spec = {.service = request_param(request, "service"),
                        .commit = request_query(request, "commit"),
                        .message = request_query(request, "message"),
                        .tag = request_query(request, "tag"),
                        .health_path = request_query(request, "healthPath"),
                        .actor = access_actor(request)};
    const Release *release;
    const char *digest;

    if (!may_change(request, room, spec.service, CREATE_RELEASE, error) ||
        !check_commit(spec.commit, error) ||
        !time_of(request_query(request, "committedAt"), &spec.committed_at, error))
        return NULL;
    digest = release_create(deployments, arena, &spec, read_body, request, error);
    failpoint("release", "stored");
    release =
        digest ? store_release_find(db_reader(deployments->db), arena, spec.service, digest, error)
               : NULL;
    return release ? response_json(request, 201, encode_release(arena, release)) : NULL;
}

/* ---- what a service prints ---- */

static Response *get_log(Request *request, void *room, GError **error)
{
    Deployments *deployments = room;
    Arena *arena = request_arena(request);
    const char *service = request_param(request, "service");
    const char *environment = request_param(request, "environment");
    Value *reply = value_object_new(arena), *lines = value_array_new(arena);
    g_autoptr(GPtrArray) live = NULL;
    int64_t tail;

    if (!request_query_int(request, "tail", 1, TAIL_MAX, TAIL_DEFAULT, &tail, error) ||
        !service_name_check(service, error) ||
        !settings_find(deployments->settings, environment, error))
        return NULL;
    live = store_live(db_reader(deployments->db), arena, service, environment, error);
    if (!live)
        return NULL;
    if (live->len) {
        const Live *current = live->pdata[0];
        g_auto(GStrv) last =
            instance_tail(deployments, service, environment, current->deployment.id, (guint)tail);

        for (char **line = last; *line; line++)
            value_append(arena, lines, value_string_new(arena, *line));
    }
    value_set(arena, reply, "lines", lines);
    return response_json(request, 200, reply);
}

#define V1 "/api/deployments/v1"
#define SERVICE V1 "/services/{service}"
#define PLACE SERVICE "/environments/{environment}"

const Route deployments_routes[] = {
    {"GET", V1 "/environments", list_environments, ROUTE_INLINE, "deployments.environment.read"},
    {"GET", V1 "/services", list_services, ROUTE_WORKER, "deployments.service.read"},
    {"GET", SERVICE, get_service, ROUTE_WORKER, "deployments.service.read"},
    {"GET", SERVICE "/releases", list_releases, ROUTE_WORKER, "deployments.release.read"},
    {"POST", SERVICE "/releases", create_release, ROUTE_STREAM, CREATE_RELEASE},
    {"GET", PLACE "/log", get_log, ROUTE_WORKER, "deployments.service.read"},
    {"POST", PLACE "/rollback", roll_back, ROUTE_WORKER, CREATE_DEPLOYMENT},
    {"POST", PLACE "/stop", stop, ROUTE_WORKER, CREATE_DEPLOYMENT},
    {"GET", V1 "/deployments", list_deployments, ROUTE_WORKER, "deployments.deployment.read"},
    {"POST", V1 "/deployments", create_deployment, ROUTE_WORKER, CREATE_DEPLOYMENT},
    {"GET", V1 "/deployments/{id}", get_deployment, ROUTE_WORKER, "deployments.deployment.read"},
    {0},
};
