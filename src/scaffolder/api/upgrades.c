/* Routes of upgrades and campaigns. A preview shows files of the repository and an upgrade writes a
 * branch into it, so both are for its owners and for those of the template; a campaign is for the
 * template's. */
#include "scaffolder/api/api.h"
#include "scaffolder/scaffolder_internal.h"

#include "formats/json.h"
#include "spine/access.h"

enum { LIST_MAX = 500, HOSTS_ASKED_MAX = 10, DUE_MS = 30000 };

/* ---- who may ---- */

/* What nobody owns is an administrator's. */
static const char *const *or_nobody(const char *const *owners)
{
    static const char *const nobody[] = {"nobody", NULL};

    return owners && *owners ? owners : nobody;
}

static const char *const *owners_of(Scaffolder *scaffolder, Arena *arena, const UpgradeRow *row)
{
    const ForgeLocation *at = upgrade_location(arena, row);
    const char *entity = upgrade_store_entity(db_reader(scaffolder->db), arena, row->provenance);
    const char *const *lists[] = {
        catalog_owners(scaffolder->catalog, arena, row->template),
        entity ? catalog_owners(scaffolder->catalog, arena, entity) : NULL,
        forge_kind_of_host(scaffolder->forge, at->host) == FORGE_BUILTIN
            ? forge_owners_of(scaffolder->forge, arena, at->owner, at->name, NULL)
            : NULL};
    guint count = 0;
    const char **all;

    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        count += lists[i] ? g_strv_length((char **)lists[i]) : 0;
    all = arena_new0(arena, const char *, count + 1);
    count = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint j = 0; lists[i] && lists[i][j]; j++)
            all[count++] = lists[i][j];
    return all;
}

static UpgradeRow *row_of(Request *request, Scaffolder *scaffolder, const char *repository,
                          const char *permission, GError **error)
{
    Arena *arena = request_arena(request);
    GError *why = NULL;
    UpgradeRow *row =
        repository ? upgrade_store_find(db_reader(scaffolder->db), arena, NULL, repository, &why)
                   : NULL;

    if (why) {
        g_propagate_error(error, why);
        return NULL;
    }
    if (!row) {
        g_set_error(error, PAVE_ERROR, repository ? ERROR_NOT_FOUND : ERROR_INPUT,
                    repository ? "no template made a repository \"%s\""
                               : "which repository%s? Give it as owner/name",
                    repository ? repository : "");
        return NULL;
    }
    return access_check(access_principal(request), permission,
                        or_nobody(owners_of(scaffolder, arena, row)), error)
               ? row
               : NULL;
}

/* ---- reading ---- */

/* What is read from elsewhere than the forge tells nobody when it changes. */
static bool is_due(const Scaffolder *scaffolder, const UpgradeRow *row)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);

    if (clock_now_ms() - row->checked_at < DUE_MS)
        return false;
    for (guint i = 0; i < value_count(row->at.sources); i++) {
        const char *url = value_key_at(row->at.sources, i);
        ForgeLocation at;

        if (!forge_parse_url(scaffolder->forge, arena, url, &at, NULL) ||
            forge_kind_of_host(scaffolder->forge, at.host) != FORGE_BUILTIN)
            return true;
    }
    return false;
}

/* Every row is looked at, so that the counts are right; templates are read once each. */
static gboolean bring_up_to_date(Scaffolder *scaffolder, Arena *arena, const char *template,
                                 const char *repository, GError **error)
{
    g_autoptr(GPtrArray) rows = upgrade_store_list(db_reader(scaffolder->db), arena, template,
                                                   repository, NULL, LIST_MAX, 0, error);
    guint asked = 0;

    for (guint i = 0; rows && i < rows->len; i++) {
        UpgradeRow *row = rows->pdata[i];

        if (is_due(scaffolder, row))
            row->checked_at = 0;
        if (g_str_equal(row->state, "open") && asked < HOSTS_ASKED_MAX &&
            forge_kind_of_host(scaffolder->forge, row->host) == FORGE_GITHUB) {
            g_autoptr(GError) unreachable = NULL;

            asked++;
            upgrade_ask_host(scaffolder, arena, row, &unreachable);
        }
    }
    return rows && upgrade_check_all(scaffolder, arena, rows, error);
}

static const Value *counts_of(Scaffolder *scaffolder, Arena *arena, const char *template,
                              const char *repository, GError **error)
{
    static const char *const states[] = {"current", "behind", "open", "merged", "unknown"};
    Value *counts = value_object_new(arena);

    for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
        value_set_int(arena, counts, states[i], 0);
    return upgrade_store_count(db_reader(scaffolder->db), arena, template, repository, counts,
                               error)
               ? counts
               : NULL;
}

static int64_t total_of(const Value *counts, const char *state)
{
    int64_t total = 0;

    for (guint i = 0; i < value_count(counts); i++)
        if (!state || g_str_equal(state, value_key_at(counts, i)))
            total += value_int(value_value_at(counts, i), 0);
    return total;
}

Response *scaffolder_api_upgrades(Request *request, void *room, GError **error)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    const char *template = request_query(request, "template"),
               *repository = request_query(request, "repository"),
               *state = request_query(request, "state");
    Value *items = value_array_new(arena), *reply = value_object_new(arena);
    g_autoptr(GPtrArray) rows = NULL;
    const Value *counts;
    int64_t limit, offset;

    if (!request_query_int(request, "limit", 1, LIST_MAX, 100, &limit, error) ||
        !request_query_int(request, "offset", 0, G_MAXINT32, 0, &offset, error) ||
        (template && !(template = catalog_ref(arena, template, "template", "default", error))) ||
        !bring_up_to_date(scaffolder, arena, template, repository, error))
        return NULL;
    rows = upgrade_store_list(db_reader(scaffolder->db), arena, template, repository, state,
                              (guint)limit, (guint)offset, error);
    counts = rows ? counts_of(scaffolder, arena, template, repository, error) : NULL;
    if (!counts)
        return NULL;
    for (guint i = 0; i < rows->len; i++)
        value_append(arena, items, upgrade_value(scaffolder, arena, rows->pdata[i]));
    value_set(arena, reply, "items", items);
    value_set_int(arena, reply, "totalItems", total_of(counts, state));
    value_set(arena, reply, "counts", counts);
    return response_json(request, 200, reply);
}

Response *scaffolder_api_upgrade_preview(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    const char *text = request_query(request, "values");
    const Value *values = text ? json_parse(arena, text, -1, error) : NULL;
    const UpgradeRow *row =
        text && !values ? NULL
                        : row_of(request, room, request_query(request, "repository"),
                                 "scaffolder.upgrade.create", error);
    const Value *preview = row ? upgrade_preview(room, arena, row, values, error) : NULL;

    return preview ? response_json(request, 200, preview) : NULL;
}

/* ---- asking for one ---- */

static gboolean check_values(const Value *values, GError **error)
{
    if (!values || value_is(values, VALUE_OBJECT))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "request/body/values must be object");
    return FALSE;
}

typedef struct {
    Scaffolder *scaffolder;
    Arena *arena;
    const UpgradeRow *row;
    const Value *values;
    const char *actor, *id;
} Wish;

static gboolean write_wish(DbConn *tx, void *data, GError **error)
{
    Wish *wish = data;

    wish->id = upgrade_submit(tx, wish->scaffolder, wish->arena, wish->row, wish->values,
                              wish->actor, error);
    return wish->id != NULL;
}

static Response *reply_id(Request *request, const char *id)
{
    Value *reply = value_object_new(request_arena(request));

    value_set_string(request_arena(request), reply, "id", id);
    return response_json(request, 201, reply);
}

Response *scaffolder_api_upgrade_create(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error);
    Wish wish = {.scaffolder = room, .arena = arena, .actor = access_actor(request)};
    UpgradePoint point;
    const Value *content;

    if (!body)
        return NULL;
    wish.values = value_get(body, "values");
    if (!check_values(wish.values, error))
        return NULL;
    wish.row = row_of(request, room, value_path_string(body, "repository", NULL),
                      "scaffolder.upgrade.create", error);
    /* What it would ask for is said now rather than by a job that fails. */
    if (!wish.row ||
        !upgrade_target(room, arena, wish.row, wish.values, &point, &content, error) ||
        !db_write(wish.scaffolder->db, write_wish, &wish, NULL, error))
        return NULL;
    return reply_id(request, wish.id);
}

/* ---- campaigns ---- */

static gboolean may_campaign(Request *request, Scaffolder *scaffolder, const char *template,
                             GError **error)
{
    const char *const *owners =
        catalog_owners(scaffolder->catalog, request_arena(request), template);

    return access_check(access_principal(request), "scaffolder.campaign.create", or_nobody(owners),
                        error);
}

Response *scaffolder_api_campaign_create(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error);
    const Value *repositories = value_get(body, "repositories");
    const char *template = value_path_string(body, "template", NULL), *id;

    if (!body)
        return NULL;
    if (!template || (repositories && !value_is(repositories, VALUE_ARRAY) &&
                      !value_is(repositories, VALUE_NULL))) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "a campaign needs a template, and repositories as a list of owner/name");
        return NULL;
    }
    template = catalog_ref(arena, template, "template", "default", error);
    if (!template || !check_values(value_get(body, "values"), error) ||
        !may_campaign(request, room, template, error))
        return NULL;
    id = campaign_start(room, arena, template, repositories, value_get(body, "values"),
                        value_path_string(body, "title", NULL), access_actor(request), error);
    return id ? reply_id(request, id) : NULL;
}

Response *scaffolder_api_campaigns(Request *request, void *room, GError **error)
{
    int64_t limit;
    const Value *items;

    if (!request_query_int(request, "limit", 1, 100, 30, &limit, error))
        return NULL;
    items = campaign_list(room, request_arena(request), (guint)limit, error);
    return items ? response_items(request, items) : NULL;
}

Response *scaffolder_api_campaign(Request *request, void *room, GError **error)
{
    const Value *campaign =
        campaign_get(room, request_arena(request), request_param(request, "id"), error);

    return campaign ? response_json(request, 200, campaign) : NULL;
}

static Response *change_campaign(Request *request, Scaffolder *scaffolder,
                                 gboolean (*change)(Scaffolder *, Arena *, const char *,
                                                    const char *, GError **),
                                 GError **error)
{
    Arena *arena = request_arena(request);
    const char *id = request_param(request, "id");
    const Value *campaign = campaign_get(scaffolder, arena, id, error);

    if (!campaign ||
        !may_campaign(request, scaffolder, value_path_string(campaign, "template", ""), error) ||
        !change(scaffolder, arena, id, access_actor(request), error))
        return NULL;
    campaign = campaign_get(scaffolder, arena, id, error);
    return campaign ? response_json(request, 200, campaign) : NULL;
}

Response *scaffolder_api_campaign_cancel(Request *request, void *room, GError **error)
{
    return change_campaign(request, room, campaign_cancel, error);
}

Response *scaffolder_api_campaign_retry(Request *request, void *room, GError **error)
{
    return change_campaign(request, room, campaign_retry, error);
}
