/* The routes of pull requests. Everybody who reads a repository proposes and comments; its author
 * closes one as well as who may push, and only who may push merges. */
#include "forge/pull.h"
#include "spine/access.h"

#define LABEL_MAX 50

static gboolean place_of(Request *request, Forge *forge, PullPlace *place, GError **error)
{
    return pull_place_open(forge, request_param(request, "owner"), request_param(request, "name"),
                           place, error);
}

static const PullRow *row_of(Request *request, Forge *forge, PullPlace *place, GError **error)
{
    const char *text = request_param(request, "number");
    char *end = NULL;
    gint64 number = g_ascii_strtoll(text, &end, 10);

    if (*end || number < 1) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is no number of a pull request", text);
        return NULL;
    }
    return place_of(request, forge, place, error)
               ? pull_find(forge, request_arena(request), place, number, error)
               : NULL;
}

static Response *reply(Request *request, Forge *forge, const PullPlace *place, const PullRow *row)
{
    return row ? response_json(request, 200,
                               pull_value(forge, request_arena(request), place->repository, row,
                                          place->git))
               : NULL;
}

static const char *cause_of(Request *request)
{
    const char *actor = access_actor(request);

    return g_str_has_prefix(actor, "job:") ? actor + strlen("job:") : NULL;
}

/* ---- reading ---- */

static Response *list_pulls(Request *request, void *room, GError **error)
{
    static const char *const states[] = {"open", "closed", "merged", "all", NULL};
    Forge *forge = room;
    Arena *arena = request_arena(request);
    const char *state = request_query(request, "state");
    g_auto(PullPlace) place = {0};
    g_autoptr(GPtrArray) rows = NULL;
    Value *items = value_array_new(arena), *result = value_object_new(arena);
    int64_t limit, total = 0;

    state = state ? state : "open";
    if (!g_strv_contains(states, state)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "state is one of open, closed, merged and all, not \"%s\"", state);
        return NULL;
    }
    if (!request_query_int(request, "limit", 1, 100, 30, &limit, error) ||
        !place_of(request, forge, &place, error))
        return NULL;
    rows = pull_store_list(db_reader(forge->db), arena, place.repository->id, state, (guint)limit,
                           &total, error);
    if (!rows)
        return NULL;
    for (guint i = 0; i < rows->len; i++)
        value_append(arena, items,
                     pull_value(forge, arena, place.repository, rows->pdata[i], NULL));
    value_set(arena, result, "items", items);
    value_set_int(arena, result, "totalItems", total);
    return response_json(request, 200, result);
}

static Response *get_pull(Request *request, void *room, GError **error)
{
    g_auto(PullPlace) place = {0};

    return reply(request, room, &place, row_of(request, room, &place, error));
}

static Response *list_files(Request *request, void *room, GError **error)
{
    g_auto(PullPlace) place = {0};
    const PullRow *row = row_of(request, room, &place, error);
    const Value *items =
        row ? pull_git_files(place.git, request_arena(request), row, error) : NULL;

    return items ? response_items(request, items) : NULL;
}

static Response *list_commits(Request *request, void *room, GError **error)
{
    g_auto(PullPlace) place = {0};
    const PullRow *row = row_of(request, room, &place, error);
    const Value *items =
        row ? pull_git_commits(place.git, request_arena(request), row, error) : NULL;

    return items ? response_items(request, items) : NULL;
}

static Response *list_comments(Request *request, void *room, GError **error)
{
    Forge *forge = room;
    g_auto(PullPlace) place = {0};
    const PullRow *row = row_of(request, forge, &place, error);
    const Value *items = row ? pull_store_comments(db_reader(forge->db), request_arena(request),
                                                   row, error)
                             : NULL;

    return items ? response_items(request, items) : NULL;
}

/* ---- proposing ---- */

static gboolean check_labels(const Value *labels, GError **error)
{
    gboolean good = !labels || (value_is(labels, VALUE_ARRAY) &&
                                value_count(labels) <= PULL_LABELS_MAX);

    for (guint i = 0; good && i < value_count(labels); i++) {
        const char *label = value_string(value_item(labels, i), "");

        good = *label && strlen(label) <= LABEL_MAX;
    }
    if (!good)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "labels are up to %d texts of up to %d bytes each", PULL_LABELS_MAX, LABEL_MAX);
    return good;
}

static Response *post_pull(Request *request, void *room, GError **error)
{
    Forge *forge = room;
    const Value *body = request_body_json(request, error), *opened;
    ForgeLocation at = {.host = forge->base_host,
                        .owner = request_param(request, "owner"),
                        .name = request_param(request, "name")};
    ForgePull pull = {.at = &at,
                      .title = value_path_string(body, "title", NULL),
                      .body = value_path_string(body, "body", ""),
                      .head = value_path_string(body, "head", NULL),
                      .base = value_path_string(body, "base", NULL),
                      .labels = value_get(body, "labels"),
                      .actor = access_actor(request),
                      .cause = cause_of(request)};

    if (!body || !check_labels(pull.labels, error))
        return NULL;
    opened = forge_pull_open(forge, request_arena(request), &pull, error);
    return opened ? response_json(request, 201, opened) : NULL;
}

static Response *post_comment(Request *request, void *room, GError **error)
{
    g_auto(PullPlace) place = {0};
    const Value *body = request_body_json(request, error);
    const PullRow *row = body ? row_of(request, room, &place, error) : NULL;
    const Value *comment = row ? pull_add_comment(room, request_arena(request), row,
                                                  value_path_string(body, "body", ""),
                                                  access_actor(request), error)
                               : NULL;

    return comment ? response_json(request, 201, comment) : NULL;
}

/* ---- deciding ---- */

static gboolean is_author_or_may_write(Request *request, Forge *forge, const PullPlace *place,
                                       const PullRow *row, GError **error)
{
    /* Its author changes it as whoever may propose does, so a token needs the scope for that. */
    return (g_str_equal(access_actor(request), row->author) &&
            access_check(access_principal(request), "forge.pull-request.create", NULL, NULL)) ||
           forge_may_write(forge, request, place->repository, error);
}

static Response *patch_pull(Request *request, void *room, GError **error)
{
    Forge *forge = room;
    g_auto(PullPlace) place = {0};
    const Value *body = request_body_json(request, error), *updated;
    const PullRow *row = body ? row_of(request, forge, &place, error) : NULL;
    ForgeLocation at = {.host = forge->base_host,
                        .owner = request_param(request, "owner"),
                        .name = request_param(request, "name")};
    ForgePull pull = {.at = &at,
                      .title = value_path_string(body, "title", NULL),
                      .body = value_path_string(body, "body", NULL),
                      .actor = access_actor(request),
                      .cause = cause_of(request)};

    if (!row || !is_author_or_may_write(request, forge, &place, row, error))
        return NULL;
    updated = forge_pull_update(forge, request_arena(request), &pull, row->number, error);
    return updated ? response_json(request, 200, updated) : NULL;
}

static Response *post_merge(Request *request, void *room, GError **error)
{
    Forge *forge = room;
    g_auto(PullPlace) place = {0};
    const Value *body = request_body_json(request, error);
    const char *method = value_path_string(body, "method", "merge");
    const PullRow *row = body ? row_of(request, forge, &place, error) : NULL;

    if (!row || !forge_may_write(forge, request, place.repository, error))
        return NULL;
    if (!g_str_equal(method, "merge") && !g_str_equal(method, "squash")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "method is merge or squash, not \"%s\"",
                    method);
        return NULL;
    }
    return reply(request, forge, &place,
                 pull_merge(forge, request_arena(request), &place, row, method,
                            access_actor(request), cause_of(request), error));
}

static Response *set_open(Request *request, Forge *forge, gboolean open, GError **error)
{
    g_auto(PullPlace) place = {0};
    const PullRow *row = row_of(request, forge, &place, error);

    if (!row || !is_author_or_may_write(request, forge, &place, row, error))
        return NULL;
    return reply(request, forge, &place,
                 pull_set_open(forge, request_arena(request), &place, row, open,
                               access_actor(request), cause_of(request), error));
}

static Response *post_close(Request *request, void *room, GError **error)
{
    return set_open(request, room, FALSE, error);
}

static Response *post_reopen(Request *request, void *room, GError **error)
{
    return set_open(request, room, TRUE, error);
}

#define PULLS "/api/forge/v1/repositories/{owner}/{name}/pulls"

const Route forge_pull_routes[] = {
    {"GET", PULLS, list_pulls, ROUTE_WORKER, "forge.repository.read"},
    {"POST", PULLS, post_pull, ROUTE_WORKER, "forge.pull-request.create"},
    {"GET", PULLS "/{number}", get_pull, ROUTE_WORKER, "forge.repository.read"},
    {"PATCH", PULLS "/{number}", patch_pull, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"GET", PULLS "/{number}/files", list_files, ROUTE_WORKER, "forge.repository.read"},
    {"GET", PULLS "/{number}/commits", list_commits, ROUTE_WORKER, "forge.repository.read"},
    {"GET", PULLS "/{number}/comments", list_comments, ROUTE_WORKER, "forge.repository.read"},
    {"POST", PULLS "/{number}/comments", post_comment, ROUTE_WORKER, "forge.pull-request.create"},
    {"POST", PULLS "/{number}/merge", post_merge, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"POST", PULLS "/{number}/close", post_close, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"POST", PULLS "/{number}/reopen", post_reopen, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {0},
};
