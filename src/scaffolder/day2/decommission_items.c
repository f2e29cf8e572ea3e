/* What belongs to an entity, and who needs it. */
#include "scaffolder/scaffolder_internal.h"

/* ---- who needs it ---- */

static void add_dependants(Arena *arena, Value *found, const Value *entity, const char *relation,
                           const char *self)
{
    const Value *relations = value_get(entity, "relations");

    for (guint i = 0; i < value_count(relations); i++) {
        const Value *item = value_item(relations, i);
        const char *target = value_path_string(item, "targetRef", "");

        if (!g_str_equal(value_path_string(item, "type", ""), relation) ||
            g_ascii_strcasecmp(target, self) == 0)
            continue;
        Value *dependant = value_object_new(arena);

        value_set_string(arena, dependant, "ref", target);
        value_set_string(arena, dependant, "relation", relation);
        value_append(arena, found, dependant);
    }
}

static const char *ref_of(Arena *arena, const Value *entity)
{
    g_autofree char *ref =
        g_strdup_printf("%s:%s/%s", value_path_string(entity, "kind", ""),
                        value_path_string(entity, "metadata.namespace", "default"),
                        value_path_string(entity, "metadata.name", ""));
    g_autofree char *lower = g_utf8_strdown(ref, -1);

    return arena_strdup(arena, lower);
}

const Value *decommission_dependants(Scaffolder *scaffolder, Arena *arena, const Value *entity)
{
    static const char *const direct[] = {"dependencyOf", "apiConsumedBy", "hasPart"};
    const Value *relations = value_get(entity, "relations");
    const char *self = ref_of(arena, entity);
    Value *found = value_array_new(arena);

    for (gsize i = 0; i < G_N_ELEMENTS(direct); i++)
        add_dependants(arena, found, entity, direct[i], self);
    for (guint i = 0; i < value_count(relations); i++) {
        const Value *item = value_item(relations, i);
        const char *target = value_path_string(item, "targetRef", "");

        if (g_str_equal(value_path_string(item, "type", ""), "providesApi"))
            add_dependants(arena, found, catalog_get(scaffolder->catalog, arena, target, NULL),
                           "apiConsumedBy", self);
    }
    return found;
}

/* ---- what belongs to it ---- */

typedef struct {
    Scaffolder *scaffolder;
    Arena *arena;
    const char *ref, *name;
    const Value *entity;
    const Principal *principal;
    ForgeLocation repository; /* owner NULL: none is known */
    const char *foreign;      /* why the repository is not this entity's to take away; NULL */
    Value *items;
} Search;

static void add(Search *search, const char *will, const char *kind, const char *ref,
                const char *url, const char *reason, const char *warning)
{
    Arena *arena = search->arena;
    Value *item = value_object_new(arena);

    value_set_string(arena, item, "kind", kind);
    value_set_string(arena, item, "ref", ref);
    value_set_string(arena, item, "url", url);
    value_set_string(arena, item, "will", will);
    value_set_string(arena, item, "reason", reason);
    value_set_string(arena, item, "warning", warning);
    value_append(arena, search->items, item);
}

static void keep_foreign(Search *search, const char *kind, const char *ref, const char *url,
                         const char *reason)
{
    add(search, "keep", kind, ref, url, reason, NULL);
    value_set_bool(search->arena,
                   (Value *)value_item(search->items, value_count(search->items) - 1), "foreign",
                   true);
}

static bool is_component(const Search *search)
{
    return g_str_has_prefix(search->ref, "component:default/");
}

static gboolean find_deployments(Search *search, GError **error)
{
    Arena *arena = search->arena;
    Deployments *deployments = search->scaffolder->deployments;
    const Value *live = deployments && is_component(search)
                            ? deployments_live(deployments, arena, search->name, error)
                            : value_array_new(arena);

    for (guint i = 0; i < value_count(live); i++) {
        const char *environment = value_path_string(value_item(live, i), "environment", "");

        add(search, "stop", "deployment", arena_printf(arena, "%s/%s", search->name, environment),
            arena_printf(arena, "/deployments/%s", search->name),
            arena_printf(arena, "Runs in %s; its address answers no more, its releases are kept",
                         environment),
            NULL);
    }
    return live != NULL;
}

/* An entity of that name may be another's by now: a workspace with an owner goes with an entity of
 * that owner, one without for who made it or owns the repository it came with. */
static bool is_workspace_of(const Search *search, const Value *workspace)
{
    const char *owner = value_path_string(workspace, "owner", "");
    const char *maker[] = {value_path_string(workspace, "createdBy", "service:pave"), NULL};
    const char *const *owners =
        catalog_owners(search->scaffolder->catalog, search->arena, search->ref);

    return *owner
               ? owners && g_strv_contains(owners, owner)
               : (search->repository.owner && !search->foreign) ||
                     access_check(search->principal, "scaffolder.decommission.create", maker, NULL);
}

static gboolean find_workspaces(Search *search, GError **error)
{
    Arena *arena = search->arena;
    const Value *workspaces =
        infra_workspaces_of(search->scaffolder->infra, arena, search->ref, error);

    for (guint i = 0; i < value_count(workspaces); i++) {
        const Value *workspace = value_item(workspaces, i);
        const char *name = value_path_string(workspace, "name", "");
        const char *url = arena_printf(arena, "/infra/%s", name);
        guint count = value_count(value_get(workspace, "resources"));

        if (!is_workspace_of(search, workspace))
            keep_foreign(search, "workspace", name, url,
                         arena_printf(arena, "It is %s's",
                                      value_path_string(
                                          workspace, "owner",
                                          value_path_string(workspace, "createdBy", "another"))));
        else if (count == 0)
            add(search, "keep", "workspace", name, url,
                "Holds no resources; its state and runs are kept", NULL);
        else
            add(search, "destroy", "workspace", name, url,
                arena_printf(arena, "%u %s; its state and runs are kept", count,
                             count == 1 ? "resource" : "resources"),
                "What is in them is lost");
    }
    return workspaces != NULL;
}

static bool is_builtin(const Search *search)
{
    return search->repository.owner &&
           forge_kind_of_host(search->scaffolder->forge, search->repository.host) == FORGE_BUILTIN;
}

/* Where another host cannot be asked for its owners, the descriptor is the one that was registered
 * when the repository was made. */
static const char *registered_place(const Search *search)
{
    const char *origin = value_string(value_get(value_path(search->entity, "metadata.annotations"),
                                                "backstage.io/managed-by-origin-location"),
                                      "");

    return is_builtin(search)                 ? NULL
           : g_str_has_prefix(origin, "url:") ? origin + strlen("url:")
                                              : "";
}

/* Owning an entity is not owning the repository that its descriptor lies in: that one may hold
 * others, or be a stranger's. */
static const char *why_foreign(const Search *search)
{
    const ForgeLocation *at = &search->repository;
    Arena *arena = search->arena;

    if (!at->owner)
        return NULL;
    if (!provenance_made_both(
            search->scaffolder,
            &(ProvenancePair){.kind = "repository",
                              .ref = arena_printf(arena, "%s/%s", at->owner, at->name),
                              .host = is_builtin(search) ? NULL : at->host,
                              .other_kind = "entity",
                              .other_ref = search->ref,
                              .location = registered_place(search)}))
        return "No template made it for this, so that it may hold more than this";
    if (!is_builtin(search))
        return NULL;
    const char *const *owners =
        forge_owners_of(search->scaffolder->forge, arena, at->owner, at->name, NULL);

    return owners && access_check(search->principal, "scaffolder.decommission.create", owners, NULL)
               ? NULL
               : "Only its owners take it away, and whoever asks is none of them";
}

static gboolean find_secrets_of(Search *search, const char *scope, GError **error)
{
    Scaffolder *scaffolder = search->scaffolder;
    g_autoptr(GHashTable) found =
        secrets_of_scope(scaffolder->secrets, db_reader(scaffolder->db), scope, error);
    guint count = found ? g_hash_table_size(found) : 0;

    if (count > 0 && search->foreign && g_str_has_prefix(scope, "repository:"))
        keep_foreign(search, "secrets", scope, NULL, search->foreign);
    else if (count > 0)
        add(search, "delete", "secrets", scope, NULL,
            arena_printf(search->arena, "%u %s", count, count == 1 ? "secret" : "secrets"), NULL);
    return found != NULL;
}

static gboolean find_secrets(Search *search, GError **error)
{
    Arena *arena = search->arena;
    Deployments *deployments = search->scaffolder->deployments;
    const char *const *environments = deployments ? deployments_environments(deployments) : NULL;

    for (guint i = 0; is_component(search) && environments && environments[i]; i++)
        if (!find_secrets_of(
                search, arena_printf(arena, "service:%s/%s", search->name, environments[i]), error))
            return FALSE;
    /* Other hosts keep their own. */
    return !search->repository.owner || !is_builtin(search) ||
           find_secrets_of(search,
                           arena_printf(arena, "repository:%s/%s", search->repository.owner,
                                        search->repository.name),
                           error);
}

/* Where its source is: its descriptor's place, or as its annotation says. */
static void find_source(Search *search)
{
    const Value *annotations = value_path(search->entity, "metadata.annotations");
    const char *slug = value_string(value_get(annotations, "github.com/project-slug"), NULL);
    const char *place =
        value_string(value_get(annotations, "backstage.io/managed-by-location"), "");
    Forge *forge = search->scaffolder->forge;
    ForgeLocation *at = &search->repository;

    if (g_str_has_prefix(place, "url:") &&
        forge_parse_url(forge, search->arena, place + strlen("url:"), at, NULL))
        return;
    g_auto(GStrv) parts = g_strsplit(slug ? slug : "", "/", 2);

    *at = (ForgeLocation){0};
    if (g_strv_length(parts) == 2 && *parts[0] && *parts[1])
        *at = (ForgeLocation){.host = "github.com",
                              .owner = arena_strdup(search->arena, parts[0]),
                              .name = arena_strdup(search->arena, parts[1])};
}

static gboolean find_repository(Search *search, GError **error)
{
    Arena *arena = search->arena;
    const ForgeLocation *at = &search->repository;
    ForgeCondition condition;

    if (!at->owner)
        return TRUE;
    const char *ref = arena_printf(arena, "%s/%s", at->owner, at->name);
    const char *url = arena_printf(arena, "https://%s/%s", at->host, ref);
    const Value *builtin =
        is_builtin(search) ? forge_get(search->scaffolder->forge, arena, at->owner, at->name, NULL)
                           : NULL;

    url = value_path_string(builtin, "htmlUrl", url);
    if (!forge_condition(search->scaffolder->forge, arena, at, NULL, &condition, error))
        return FALSE;
    if (!condition.exists)
        return TRUE;
    if (condition.archived)
        add(search, "keep", "repository", ref, url, "It is archived already", NULL);
    else if (search->foreign)
        keep_foreign(search, "repository", ref, url, search->foreign);
    else
        add(search, "archive", "repository", ref, url,
            "Kept read-only; its owners can unarchive it", NULL);
    return TRUE;
}

static gboolean find_location(Search *search, GError **error)
{
    Scaffolder *scaffolder = search->scaffolder;
    const Value *annotations = value_path(search->entity, "metadata.annotations");
    const char *origin =
        value_string(value_get(annotations, "backstage.io/managed-by-origin-location"), "");
    const char *place =
        value_string(value_get(annotations, "backstage.io/managed-by-location"), origin);
    const char *url = g_str_has_prefix(origin, "url:") ? origin + strlen("url:") : NULL;
    g_autoptr(GError) failure = NULL;
    const char *id =
        url ? catalog_location_id(scaffolder->catalog, search->arena, "url", url, &failure) : NULL;

    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (id && g_str_equal(origin, place))
        add(search, "unregister", "location", url, url,
            "The catalog forgets it; its history and what made it are kept", NULL);
    else
        add(search, "keep", "location", *origin ? origin : search->ref, NULL,
            "It comes from a location that holds others, or from the configuration",
            "Take it out there, or the catalog goes on showing it");
    return TRUE;
}

const Value *decommission_items(Scaffolder *scaffolder, Arena *arena, const char *ref,
                                const Value *entity, const Principal *principal, GError **error)
{
    Search search = {.scaffolder = scaffolder,
                     .arena = arena,
                     .ref = ref,
                     .name = strrchr(ref, '/') + 1,
                     .entity = entity,
                     .principal = principal,
                     .items = value_array_new(arena)};

    find_source(&search);
    search.foreign = why_foreign(&search);
    return find_deployments(&search, error) && find_workspaces(&search, error) &&
                   find_secrets(&search, error) && find_repository(&search, error) &&
                   find_location(&search, error)
               ? search.items
               : NULL;
}
