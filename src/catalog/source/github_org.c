/* The people and teams of a GitHub organisation, as a file of User and Group entities that nobody
 * wrote. Asked by GraphQL, which gives a hundred people in one request where REST takes a hundred.
 */
#include "catalog/catalog_internal.h"
#include "catalog/source/host.h"
#include "catalog/source/internal.h"
#include "formats/json.h"
#include <string.h>

#define TEXT_MAX ((gsize)64 << 20)

static const char QUERY_MEMBERS[] =
    "query($org: String!, $cursor: String) { organization(login: $org) {"
    " membersWithRole(first: 100, after: $cursor) { pageInfo { hasNextPage endCursor }"
    " nodes { login name email bio avatarUrl url } } } }";
static const char QUERY_TEAMS[] =
    "query($org: String!, $cursor: String) { organization(login: $org) {"
    " teams(first: 50, after: $cursor) { pageInfo { hasNextPage endCursor }"
    " nodes { slug name description avatarUrl url parentTeam { slug }"
    " members(first: 100, membership: IMMEDIATE) { pageInfo { hasNextPage endCursor }"
    " nodes { login } } } } } }";
static const char QUERY_TEAM[] =
    "query($org: String!, $team: String!, $cursor: String) { organization(login: $org) {"
    " team(slug: $team) { members(first: 100, after: $cursor, membership: IMMEDIATE) {"
    " pageInfo { hasNextPage endCursor } nodes { login } } } } }";

typedef struct {
    Host *host;
    Arena *arena;
    const char *org, *namespace; /* namespace: of the groups */
    GHashTable *teams;           /* login → Value of references */
    GString *text;
    GError **error;
} Org;

/* ---- asking ---- */

static const Value *ask(const Org *org, const char *query, const char *team, const char *cursor)
{
    Arena *arena = org->arena;
    Value *body = value_object_new(arena), *variables = value_object_new(arena);
    HostCall call = {.url = org->host->graphql, .accept = "application/json"};
    const Value *reply, *message;

    value_set_string(arena, variables, "org", org->org);
    value_set_string(arena, variables, "team", team);
    value_set_nullable(arena, variables, "cursor", cursor);
    value_set_string(arena, body, "query", query);
    value_set(arena, body, "variables", variables);
    call.body = json_to_arena(arena, body, JSON_COMPACT);
    reply = host_call_json(org->host, arena, &call, NULL, org->error);
    message = value_get(value_item(value_get(reply, "errors"), 0), "message");
    if (!reply || value_is(value_path(reply, "data.organization"), VALUE_OBJECT))
        return value_path(reply, "data.organization");
    g_set_error(org->error, PAVE_ERROR, ERROR_INPUT, "GitHub (%s) tells nothing of %s: %.200s",
                org->host->host, org->org, value_string(message, "there is no such organisation"));
    return NULL;
}

/* NULL where the connection has no more. */
static const char *next_of(const Value *connection)
{
    if (!value_bool(value_path(connection, "pageInfo.hasNextPage"), false))
        return NULL;
    return value_path_string(connection, "pageInfo.endCursor", NULL);
}

/* ---- entities ---- */

static Value *metadata_new(const Org *org, const char *name)
{
    Value *metadata = value_object_new(org->arena);

    value_set_string(org->arena, metadata, "name", name);
    return metadata;
}

static void annotate(const Org *org, Value *metadata, const char *name, const char *value,
                     const char *url)
{
    Value *annotations = value_object_new(org->arena);

    value_set_string(org->arena, annotations, name, value);
    value_set_string(org->arena, annotations, ANNOTATION_VIEW_URL, url);
    value_set(org->arena, metadata, "annotations", annotations);
}

static void set_filled(const Org *org, Value *object, const char *name, const Value *value)
{
    if (value_string_length(value) > 0)
        value_set(org->arena, object, name, value);
}

static const Value *profile_of(const Org *org, const Value *node, gboolean is_person)
{
    Value *profile = value_object_new(org->arena);

    set_filled(org, profile, "displayName", value_get(node, "name"));
    if (is_person)
        set_filled(org, profile, "email", value_get(node, "email"));
    set_filled(org, profile, "picture", value_get(node, "avatarUrl"));
    return profile;
}

/* A document of the stream; JSON is YAML. */
static void write_entity(const Org *org, const Value *metadata, const Value *spec, const char *kind)
{
    Value *entity = value_object_new(org->arena);

    value_set_string(org->arena, entity, "apiVersion", "backstage.io/v1alpha1");
    value_set_string(org->arena, entity, "kind", kind);
    value_set(org->arena, entity, "metadata", metadata);
    value_set(org->arena, entity, "spec", spec);
    g_string_append(org->text, "---\n");
    json_write(org->text, entity, JSON_COMPACT);
    g_string_append_c(org->text, '\n');
}

static void add_team(const Org *org, const Value *node)
{
    const char *slug = value_path_string(node, "slug", "");
    Value *spec = value_object_new(org->arena), *metadata = metadata_new(org, slug);

    value_set_string(org->arena, metadata, "namespace", org->namespace);
    set_filled(org, metadata, "description", value_get(node, "description"));
    annotate(org, metadata, "github.com/team-slug",
             arena_printf(org->arena, "%s/%s", org->org, slug),
             value_path_string(node, "url", NULL));
    value_set_string(org->arena, spec, "type", "team");
    value_set(org->arena, spec, "profile", profile_of(org, node, FALSE));
    value_set_string(org->arena, spec, "parent", value_path_string(node, "parentTeam.slug", NULL));
    value_set(org->arena, spec, "children", value_array_new(org->arena));
    write_entity(org, metadata, spec, "Group");
}

static void add_person(const Org *org, const Value *node)
{
    const char *login = value_path_string(node, "login", "");
    const Value *teams = g_hash_table_lookup(org->teams, login);
    Value *spec = value_object_new(org->arena), *metadata = metadata_new(org, login);

    set_filled(org, metadata, "description", value_get(node, "bio"));
    annotate(org, metadata, "github.com/user-login", login, value_path_string(node, "url", NULL));
    value_set(org->arena, spec, "profile", profile_of(org, node, TRUE));
    value_set(org->arena, spec, "memberOf", teams ? teams : value_array_new(org->arena));
    write_entity(org, metadata, spec, "User");
}

/* ---- reading ---- */

static void note_members(const Org *org, const char *slug, const Value *connection)
{
    const Value *nodes = value_get(connection, "nodes");

    for (guint i = 0; i < value_count(nodes); i++) {
        const char *login = value_path_string(value_item(nodes, i), "login", "");
        Value *teams = g_hash_table_lookup(org->teams, login);

        if (!teams) {
            teams = value_array_new(org->arena);
            g_hash_table_insert(org->teams, (gpointer)login, teams);
        }
        value_append(org->arena, teams,
                     value_string_new(org->arena, arena_printf(org->arena, "group:%s/%s",
                                                               org->namespace, slug)));
    }
}

static gboolean read_members_of(const Org *org, const Value *node)
{
    const char *slug = value_path_string(node, "slug", "");
    const Value *connection = value_get(node, "members");

    for (guint page = 1; connection; page++) {
        const char *cursor = next_of(connection);
        const Value *organization;

        note_members(org, slug, connection);
        if (!cursor)
            return TRUE;
        organization = host_check_page(org->host, page, org->error)
                           ? ask(org, QUERY_TEAM, slug, cursor)
                           : NULL;
        if (!organization)
            return FALSE;
        connection = value_path(organization, "team.members");
    }
    return TRUE;
}

/* Calls visit for each node of what query gives under name. */
static gboolean read_all(const Org *org, const char *query, const char *name,
                         gboolean (*visit)(const Org *, const Value *))
{
    const char *cursor = NULL;

    for (guint page = 1; page == 1 || cursor; page++) {
        const Value *organization =
            host_check_page(org->host, page, org->error) ? ask(org, query, NULL, cursor) : NULL;
        const Value *connection = value_get(organization, name);
        const Value *nodes = value_get(connection, "nodes");

        if (!organization)
            return FALSE;
        for (guint i = 0; i < value_count(nodes); i++)
            if (!visit(org, value_item(nodes, i)))
                return FALSE;
        cursor = next_of(connection);
    }
    return TRUE;
}

static gboolean visit_team(const Org *org, const Value *node)
{
    add_team(org, node);
    return read_members_of(org, node);
}

static gboolean visit_person(const Org *org, const Value *node)
{
    add_person(org, node);
    return org->text->len < TEXT_MAX;
}

/* One organisation alone has its groups in the default namespace, as with Backstage; several have
 * one each. */
static const char *namespace_of(const Config *config, Arena *arena, const char *org)
{
    const Value *providers = config_get(config, "catalog.providers.githubOrg");
    g_autofree char *folded = g_ascii_strdown(org, -1);
    guint orgs = 0;

    for (guint i = 0; i < value_count(providers); i++)
        orgs += value_count(value_get(value_item(providers, i), "orgs"));
    return orgs > 1 ? arena_strdup(arena, folded) : "default";
}

gboolean source_org_read(Catalog *catalog, Arena *arena, const char *target, const char *known_etag,
                         SourceReply *reply, GError **error)
{
    g_autoptr(GHashTable) teams = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GString) text = g_string_new(NULL);
    const char *name = strrchr(target, '/') + 1;
    Org org = {.arena = arena, .org = name, .teams = teams, .text = text, .error = error};
    Place place;

    org.host =
        hosts_parse(catalog->sources->hosts, arena, arena_printf(arena, "%s/-", target), &place);
    if (!org.host || org.host->kind != &host_github || !org.host->authorization) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "%s: integrations.github has no such host with a token", target);
        return FALSE;
    }
    org.namespace = namespace_of(catalog->config, arena, name);
    if (!read_all(&org, QUERY_TEAMS, "teams", visit_team) ||
        !read_all(&org, QUERY_MEMBERS, "membersWithRole", visit_person)) {
        if (error && !*error)
            g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "%s has too many people", target);
        reply->retry_at_ms = host_open_at(org.host);
        return FALSE;
    }
    reply->etag = host_content_etag(arena, text->str, text->len);
    reply->unchanged = g_strcmp0(reply->etag, known_etag) == 0;
    if (!reply->unchanged)
        reply->bytes = g_bytes_new(text->str, text->len);
    return TRUE;
}
