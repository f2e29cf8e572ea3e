/* The room itself: configuration, names, places, URLs. */
#include "forge/forge_internal.h"
#include "formats/yaml.h"
#include <glib/gstdio.h>

Forge *forge_new(Db *db, Events *events, Secrets *secrets, const Config *config,
                 const char *data_folder, GError **error)
{
    g_autoptr(Forge) forge = g_new0(Forge, 1);
    const char *scheme_end;

    for (guint i = 0; i < FORGE_REF_LOCKS; i++)
        pthread_mutex_init(&forge->ref_locks[i], NULL);
    forge->db = db;
    forge->config = config;
    forge->repositories = g_build_filename(data_folder, "repositories", NULL);
    forge->hooks = g_build_filename(forge->repositories, ".hooks", NULL);
    forge->base_url =
        g_strdup(config_string(config, "backend.baseUrl", "http://pave.localhost:7007"));
    while (g_str_has_suffix(forge->base_url, "/"))
        forge->base_url[strlen(forge->base_url) - 1] = '\0';
    scheme_end = strstr(forge->base_url, "://");
    forge->base_host = g_strdup(scheme_end ? scheme_end + 3 : forge->base_url);
    forge->base_host[strcspn(forge->base_host, "/")] = '\0';
    libgit2_start();
    if (g_mkdir_with_parents(forge->repositories, 0750) < 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s", forge->repositories);
        return NULL;
    }
    if (!forge_write_hooks(forge, error))
        return NULL;
    return g_steal_pointer(&forge);
}

void forge_free(Forge *forge)
{
    if (!forge)
        return;
    for (guint i = 0; i < FORGE_REF_LOCKS; i++)
        pthread_mutex_destroy(&forge->ref_locks[i]);
    g_free(forge->repositories);
    g_free(forge->hooks);
    g_free(forge->base_url);
    g_free(forge->base_host);
    g_free(forge);
}

void forge_set_people(Forge *forge, ForgePeopleFn people, void *data)
{
    forge->people = people;
    forge->people_data = data;
}

gboolean forge_start(Forge *forge, GError **error)
{
    g_autoptr(GPtrArray) all = forge_store_list(db_reader(forge->db), "ready", error);

    if (!all)
        return FALSE;
    for (guint i = 0; i < all->len; i++) {
        ForgeRepository *repository = all->pdata[i];
        g_autoptr(GError) why = NULL;

        /* One broken repository must not keep the others from being served. */
        if (!forge_compare_refs(forge, repository, NULL, NULL, &why))
            g_warning("forge: %s/%s: %s", repository->owner, repository->name, why->message);
    }
    return forge_sync_configured(forge, error);
}

/* ---- names and places ---- */

static gboolean name_is_good(const char *name, gsize length_max)
{
    gsize length = strlen(name);

    if (length == 0 || length > length_max || *name == '.' || *name == '-')
        return FALSE;
    for (const char *c = name; *c; c++) {
        if (!g_ascii_isalnum(*c) && !strchr("-_.", *c))
            return FALSE;
    }
    return TRUE;
}

gboolean forge_check_name(const char *owner, const char *name, GError **error)
{
    /* These would hide a part of the portal or the API. */
    static const char *const reserved[] = {
        "api",  "assets",       "catalog",  "create",   "deployments", "docs",
        "dora", "events",       "healthz",  "login",    "metrics",     "infrastructure",
        "runs", "repositories", "settings", "services", "tasks"};

    if (!owner || !name_is_good(owner, 64)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "\"%s\" cannot own a repository: up to 64 letters, digits, '-', '_' and '.'",
                    owner ? owner : "");
        return FALSE;
    }
    if (!name || !name_is_good(name, 100) || g_str_has_suffix(name, ".git") ||
        g_str_has_suffix(name, ".lock")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "\"%s\" cannot be a repository's name: up to 100 letters, digits, '-', '_' and"
                    " '.', not ending in .git",
                    name ? name : "");
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(reserved); i++) {
        if (g_ascii_strcasecmp(owner, reserved[i]) == 0) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the owner \"%s\" is reserved", owner);
            return FALSE;
        }
    }
    return TRUE;
}

char *forge_folder(const Forge *forge, const char *owner, const char *name)
{
    g_autofree char *last = g_strconcat(name, ".git", NULL);

    return g_build_filename(forge->repositories, owner, last, NULL);
}

char *forge_clone_url(const Forge *forge, const char *owner, const char *name)
{
    return g_strdup_printf("%s/%s/%s.git", forge->base_url, owner, name);
}

char *forge_html_url(const Forge *forge, const char *owner, const char *name)
{
    return g_strdup_printf("%s/%s/%s", forge->base_url, owner, name);
}

ForgeRepository *forge_find(Forge *forge, const char *owner, const char *name, GError **error)
{
    GError *why = NULL;
    g_autoptr(ForgeRepository) found = forge_store_find(db_reader(forge->db), owner, name, &why);

    if (why) {
        g_propagate_error(error, why);
        return NULL;
    }
    if (!found || !g_str_equal(found->state, "ready")) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no repository %s/%s", owner,
                    name);
        return NULL;
    }
    return g_steal_pointer(&found);
}

gboolean forge_branch_is_protected(const ForgeRepository *repository, const char *branch)
{
    g_auto(GStrv) branches = g_strsplit(repository->protected_branches, " ", -1);

    return g_strv_contains((const char *const *)branches, branch);
}

/* ---- hosts and URLs ---- */

const Value *forge_github_integration(Forge *forge, const char *host)
{
    const Value *all = config_get(forge->config, "integrations.github");

    for (guint i = 0; i < value_count(all); i++) {
        const Value *one = value_item(all, i);

        if (g_ascii_strcasecmp(value_string(value_get(one, "host"), "github.com"), host) == 0 &&
            *value_string(value_get(one, "token"), ""))
            return one;
    }
    return NULL;
}

ForgeKind forge_kind_of_host(Forge *forge, const char *host)
{
    const Value *hosts = config_get(forge->config, "forge.hosts");

    if (g_ascii_strcasecmp(host, forge->base_host) == 0)
        return FORGE_BUILTIN;
    for (guint i = 0; i < value_count(hosts); i++) {
        if (g_ascii_strcasecmp(value_key_at(hosts, i), host) == 0 &&
            g_str_equal(value_string(value_value_at(hosts, i), ""), "builtin"))
            return FORGE_BUILTIN;
    }
    return forge_github_integration(forge, host) ? FORGE_GITHUB : FORGE_UNKNOWN;
}

/* A ref may hold slashes: the shortest beginning of rest (segments) that names something wins.
 * The number of segments it takes. */
static guint ref_segments(Forge *forge, const char *owner, const char *name, char **rest)
{
    g_autoptr(GString) ref = g_string_new(NULL);

    for (guint i = 0; rest[i] && i < 8; i++) {
        g_autofree char *commit = NULL;

        if (i > 0)
            g_string_append_c(ref, '/');
        g_string_append(ref, rest[i]);
        commit = forge_resolve(forge, owner, name, ref->str, NULL);
        if (commit)
            return i + 1;
    }
    return 1;
}

static char *join_segments(char **segments, guint count)
{
    GString *joined = g_string_new(NULL);

    for (guint i = 0; i < count && segments[i]; i++)
        g_string_append_printf(joined, "%s%s", i ? "/" : "", segments[i]);
    return g_string_free(joined, FALSE);
}

static gboolean parse_segments(Forge *forge, Arena *arena, char **segments, const char *url,
                               ForgeLocation *location, GError **error)
{
    guint count = g_strv_length(segments);
    g_autofree char *name = NULL;

    while (count > 0 && !*segments[count - 1])
        g_clear_pointer(&segments[--count], g_free);
    if (count < 2) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s names no repository", url);
        return FALSE;
    }
    name = g_strdup(segments[1]);
    if (g_str_has_suffix(name, ".git"))
        name[strlen(name) - 4] = '\0';
    if (!forge_check_name(segments[0], name, error))
        return FALSE;
    location->owner = arena_strdup(arena, segments[0]);
    location->name = arena_strdup(arena, name);
    location->ref = "HEAD";
    location->path = "";
    if (count == 2)
        return TRUE;
    if (count < 4 || !(g_str_equal(segments[2], "blob") || g_str_equal(segments[2], "tree") ||
                       g_str_equal(segments[2], "raw") || g_str_equal(segments[2], "edit"))) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "%s is no link to a file or folder (…/blob/<branch>/<path> or"
                    " …/tree/<branch>/<path>)",
                    url);
        return FALSE;
    }
    guint taken = ref_segments(forge, location->owner, location->name, segments + 3);
    g_autofree char *ref = join_segments(segments + 3, taken);
    g_autofree char *path = join_segments(segments + 3 + taken, count - 3 - taken);

    location->ref = arena_strdup(arena, ref);
    location->path = arena_strdup(arena, path);
    return TRUE;
}

gboolean forge_parse_url(Forge *forge, Arena *arena, const char *url, ForgeLocation *location,
                         GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL);
    g_autofree char *host = NULL;
    g_auto(GStrv) segments = NULL;

    if (!uri || !g_uri_get_host(uri) ||
        (!g_str_equal(g_uri_get_scheme(uri), "http") &&
         !g_str_equal(g_uri_get_scheme(uri), "https"))) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is no http(s) URL", url);
        return FALSE;
    }
    host = g_uri_get_port(uri) > 0
               ? g_strdup_printf("%s:%d", g_uri_get_host(uri), g_uri_get_port(uri))
               : g_strdup(g_uri_get_host(uri));
    if (forge_kind_of_host(forge, host) == FORGE_UNKNOWN) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "%s: the host %s is not configured (forge.hosts or integrations)", url, host);
        return FALSE;
    }
    segments = g_strsplit(g_uri_get_path(uri) + (*g_uri_get_path(uri) == '/'), "/", -1);
    for (guint i = 0; segments[i]; i++) {
        char *decoded = g_uri_unescape_string(segments[i], "/");

        if (!decoded || g_str_equal(decoded, "..") || g_str_equal(decoded, ".")) {
            g_free(decoded);
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s: bad path", url);
            return FALSE;
        }
        g_free(segments[i]);
        segments[i] = decoded;
    }
    location->host = arena_strdup(arena, host);
    return parse_segments(forge, arena, segments, url, location, error);
}

/* ---- values ---- */

const Value *forge_repositories(Forge *forge, Arena *arena, GError **error)
{
    g_autoptr(GPtrArray) all = forge_store_list(db_reader(forge->db), "ready", error);
    Value *values = value_array_new(arena);

    for (guint i = 0; all && i < all->len; i++) {
        const ForgeRepository *repository = all->pdata[i];
        g_autofree char *html = forge_html_url(forge, repository->owner, repository->name);
        Value *value = value_object_new(arena);

        value_set_string(arena, value, "owner", repository->owner);
        value_set_string(arena, value, "name", repository->name);
        value_set_string(arena, value, "defaultBranch", repository->default_branch);
        value_set_string(arena, value, "visibility", repository->visibility);
        value_set_string(arena, value, "htmlUrl", html);
        value_append(arena, values, value);
    }
    return all ? values : NULL;
}

const Value *forge_repository_value(Forge *forge, Arena *arena, const ForgeRepository *repository)
{
    Value *value = value_object_new(arena);
    Value *branches = value_array_new(arena);
    g_auto(GStrv) names = g_strsplit(repository->protected_branches, " ", -1);
    g_autofree char *clone = forge_clone_url(forge, repository->owner, repository->name);
    g_autofree char *html = forge_html_url(forge, repository->owner, repository->name);
    int64_t pushed_at = forge_store_pushed_at(db_reader(forge->db), repository->id);
    g_autofree char *head = forge_resolve(forge, repository->owner, repository->name, NULL, NULL);

    value_set_string(arena, value, "owner", repository->owner);
    value_set_string(arena, value, "name", repository->name);
    value_set_string(arena, value, "description", repository->description);
    value_set_string(arena, value, "defaultBranch", repository->default_branch);
    value_set_string(arena, value, "visibility", repository->visibility);
    for (guint i = 0; names[i]; i++)
        value_append(arena, branches, *names[i] ? value_string_new(arena, names[i]) : NULL);
    value_set(arena, value, "protectedBranches", branches);
    value_set_string(arena, value, "cloneUrl", clone);
    value_set_string(arena, value, "htmlUrl", html);
    value_set(arena, value, "createdAt", clock_value(arena, repository->created_at));
    value_set(arena, value, "pushedAt", pushed_at ? clock_value(arena, pushed_at) : NULL);
    value_set_string(arena, value, "createdBy", repository->created_by);
    value_set_bool(arena, value, "archived", repository->archived_at != 0);
    if (repository->archived_at)
        value_set(arena, value, "archivedAt", clock_value(arena, repository->archived_at));
    value_set_string(arena, value, "cause", repository->cause);
    value_set_nullable(arena, value, "head", head);
    return value;
}

const Value *forge_get(Forge *forge, Arena *arena, const char *owner, const char *name,
                       GError **error)
{
    g_autoptr(ForgeRepository) repository = forge_find(forge, owner, name, error);

    return repository ? forge_repository_value(forge, arena, repository) : NULL;
}

const Value *forge_branches(Forge *forge, Arena *arena, const char *owner, const char *name,
                            GError **error)
{
    g_autoptr(ForgeRepository) repository = forge_find(forge, owner, name, error);
    g_autoptr(GHashTable) refs =
        repository ? forge_store_refs(db_reader(forge->db), repository->id, error) : NULL;
    g_autoptr(GList) names = NULL;
    Value *branches = value_array_new(arena);

    if (!refs)
        return NULL;
    names = g_list_sort(g_hash_table_get_keys(refs), (GCompareFunc)strcmp);
    for (GList *link = names; link; link = link->next) {
        const char *ref = link->data;
        Value *branch = value_object_new(arena);

        if (!g_str_has_prefix(ref, "refs/heads/"))
            continue;
        ref += strlen("refs/heads/");
        value_set_string(arena, branch, "name", ref);
        value_set_string(arena, branch, "head", g_hash_table_lookup(refs, link->data));
        value_set_bool(arena, branch, "protected", forge_branch_is_protected(repository, ref));
        value_append(arena, branches, branch);
    }
    return branches;
}

/* "team-commerce", "group:team-commerce" → "group:default/team-commerce". */
static const char *owner_ref(Arena *arena, const char *owner)
{
    const char *colon = strchr(owner, ':');
    const char *name = colon ? colon + 1 : owner;
    g_autofree char *ref =
        g_strdup_printf("%.*s:%s%s", colon ? (int)(colon - owner) : 5, colon ? owner : "group",
                        strchr(name, '/') ? "" : "default/", name);
    g_autofree char *lower = g_ascii_strdown(ref, -1);

    return arena_strdup(arena, lower);
}

const char *const *forge_owners(Forge *forge, Arena *arena, const ForgeRepository *repository)
{
    const char **owners = arena_new0(arena, const char *, 8);
    guint count = 0;
    g_autoptr(Diagnostics) ignored = diagnostics_new();
    g_autoptr(GBytes) bytes = forge_read_file(forge, repository->owner, repository->name, NULL,
                                              "catalog-info.yaml", NULL);

    owners[count++] = arena_printf(arena, "repository:%s/%s", repository->owner, repository->name);
    if (repository->created_by)
        owners[count++] = arena_strdup(arena, repository->created_by);
    if (!bytes)
        return owners;
    const Value *entities =
        yaml_parse_stream(arena, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes),
                          "catalog-info.yaml", YAML_PLAIN, ignored);

    for (guint i = 0; i < value_count(entities) && count < 7; i++) {
        const char *owner = value_path_string(value_item(entities, i), "spec.owner", NULL);

        if (owner && *owner)
            owners[count++] = owner_ref(arena, owner);
    }
    return owners;
}

const char *const *forge_owners_of(Forge *forge, Arena *arena, const char *owner, const char *name,
                                   GError **error)
{
    g_autoptr(ForgeRepository) repository = forge_find(forge, owner, name, error);

    return repository ? forge_owners(forge, arena, repository) : NULL;
}

/* A token's rights are not known by its name. A push of one was checked when it came, and what else
 * is done in its name has a task for its cause. */
static gboolean came_as_push(const char *actor, const char *cause)
{
    return g_str_has_prefix(actor, "job:") ? g_strcmp0(actor + strlen("job:"), cause) == 0
                                           : g_str_has_prefix(actor, "service:") && !cause;
}

gboolean forge_may_push(Forge *forge, Arena *arena, const char *owner, const char *name,
                        const char *actor, const char *cause)
{
    const char *const *owners = forge_owners_of(forge, arena, owner, name, NULL);

    if (!owners || !actor)
        return FALSE;
    if (came_as_push(actor, cause) || g_strv_contains(owners, actor))
        return TRUE;
    if (!g_str_has_prefix(actor, "user:"))
        return FALSE;
    g_autoptr(Principal) principal =
        forge->people ? forge->people(actor, forge->people_data)
                      : principal_new(PRINCIPAL_USER, actor, NULL, NULL, NULL);

    return access_check(principal, "forge.repository.push", owners, NULL);
}
