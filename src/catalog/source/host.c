/* The table of hosts, and the places their URLs name. */
#include "catalog/source/host.h"
#include <string.h>

static const HostKind *const kinds[] = {&host_github, &host_gitlab, &host_gitea,
                                        &host_bitbucket_cloud, &host_bitbucket_server};

/* ---- the table ---- */

static void host_free(gpointer data)
{
    Host *host = data;

    g_free(host->host);
    g_free(host->base);
    g_free(host->api);
    g_free(host->raw);
    g_free(host->graphql);
    g_free(host->authorization);
    g_free(host);
}

static void strip_slashes(char *url)
{
    while (url && g_str_has_suffix(url, "/"))
        url[strlen(url) - 1] = '\0';
}

static Host *host_new(const HostKind *kind, const Value *entry)
{
    const char *name = value_path_string(entry, "host", kind->public_host);
    Host *host = g_new0(Host, 1);

    host->kind = kind;
    host->host = g_ascii_strdown(name ? name : "", -1);
    host->base = g_strdup(value_path_string(entry, "baseUrl", NULL));
    host->api = g_strdup(value_path_string(entry, "apiBaseUrl", NULL));
    host->raw = g_strdup(value_path_string(entry, "rawBaseUrl", NULL));
    host->is_configured = entry != NULL;
    kind->configure(host, entry);
    strip_slashes(host->base);
    strip_slashes(host->api);
    strip_slashes(host->raw);
    return host;
}

GPtrArray *hosts_new(const Config *config)
{
    GPtrArray *hosts = g_ptr_array_new_with_free_func(host_free);

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *key = g_strdup_printf("integrations.%s", kinds[i]->key);
        const Value *entries = config_get(config, key);

        for (guint j = 0; j < value_count(entries); j++)
            g_ptr_array_add(hosts, host_new(kinds[i], value_item(entries, j)));
        if (kinds[i]->public_host && !hosts_find(hosts, kinds[i]->public_host))
            g_ptr_array_add(hosts, host_new(kinds[i], NULL));
    }
    return hosts;
}

Host *hosts_find(const GPtrArray *hosts, const char *host)
{
    return hosts_find_kind(hosts, NULL, host);
}

Host *hosts_find_kind(const GPtrArray *hosts, const HostKind *kind, const char *host)
{
    for (guint i = 0; i < hosts->len; i++) {
        Host *one = hosts->pdata[i];

        if ((!kind || one->kind == kind) && g_ascii_strcasecmp(one->host, host) == 0)
            return one;
    }
    return NULL;
}

/* ---- URLs ---- */

const char *host_join(Arena *arena, char **segments, guint count)
{
    g_autoptr(GString) joined = g_string_new(NULL);

    for (guint i = 0; i < count && segments[i]; i++)
        g_string_append_printf(joined, "%s%s", i ? "/" : "", segments[i]);
    return arena_strdup(arena, joined->str);
}

gboolean host_is_commit(const char *ref)
{
    return ref && strlen(ref) == 40 && ref[strspn(ref, "0123456789abcdefABCDEF")] == '\0';
}

const char *host_escape_path(Arena *arena, const char *path)
{
    g_autofree char *escaped = g_uri_escape_string(path, G_URI_RESERVED_CHARS_ALLOWED_IN_PATH, FALSE);

    return arena_strdup(arena, escaped);
}

const char *host_escape(Arena *arena, const char *text)
{
    g_autofree char *escaped = g_uri_escape_string(text, NULL, FALSE);

    return arena_strdup(arena, escaped);
}

const char *host_folder(Arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? arena_strndup(arena, path, (gsize)(slash - path) + 1) : "";
}

char *host_basic(const char *user, const char *password)
{
    g_autofree char *pair = g_strdup_printf("%s:%s", user, password);
    g_autofree char *encoded = g_base64_encode((const guchar *)pair, strlen(pair));

    return g_strdup_printf("Authorization: Basic %s", encoded);
}

const char *const *host_texts(Arena *arena, const Value *list)
{
    const char **texts = arena_new0(arena, const char *, value_count(list) + 1);

    for (guint i = 0; i < value_count(list); i++)
        texts[i] = arena_strdup(arena, value_string(value_item(list, i), ""));
    return texts;
}

gboolean host_check_page(const Host *host, guint page, GError **error)
{
    if (page <= HOST_PAGES_MAX)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "%s (%s) lists more than %d pages",
                host->kind->title, host->host, HOST_PAGES_MAX);
    return FALSE;
}

gboolean host_read_account(Host *host, Arena *arena, const HostScope *scope, HostPageFn read_page,
                           GPtrArray *found, GError **error)
{
    const char *accounts = "orgs";
    gboolean more = TRUE;

    for (guint page = 1; more; page++) {
        g_autoptr(GError) reason = NULL;

        if (!host_check_page(host, page, error))
            return FALSE;
        if (read_page(host, arena, accounts, scope->owner, page, found, &more, &reason))
            continue;
        if (page > 1 || g_str_equal(accounts, "users") ||
            !g_error_matches(reason, PAVE_ERROR, ERROR_NOT_FOUND)) {
            g_propagate_error(error, g_steal_pointer(&reason));
            return FALSE;
        }
        accounts = "users";
        page = 0;
    }
    return TRUE;
}

/* The segments of path behind prefix, unescaped, empty ones left out; NULL where one is no segment
 * of a path or path is not below prefix. */
static char **split_path(const char *path, const char *prefix)
{
    g_auto(GStrv) raw = NULL;
    g_autoptr(GPtrArray) segments = g_ptr_array_new_with_free_func(g_free);
    gsize length = strlen(prefix);

    if (!g_str_has_prefix(path, prefix) || (path[length] != '/' && path[length] != '\0'))
        return NULL;
    raw = g_strsplit(path + length, "/", -1);
    for (guint i = 0; raw[i]; i++) {
        char *segment;

        if (!*raw[i])
            continue;
        /* A slash may be escaped: in the name of a branch. */
        segment = g_uri_unescape_string(raw[i], NULL);
        if (!segment || g_str_equal(segment, ".") || g_str_equal(segment, "..") ||
            strstr(segment, "/../") || g_str_has_prefix(segment, "../") ||
            g_str_has_suffix(segment, "/..")) {
            g_free(segment);
            return NULL;
        }
        g_ptr_array_add(segments, segment);
    }
    g_ptr_array_add(segments, NULL);
    g_ptr_array_set_free_func(segments, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&segments), FALSE);
}

static const char *prefix_of(Arena *arena, const char *base)
{
    g_autoptr(GUri) uri = base ? g_uri_parse(base, G_URI_FLAGS_ENCODED, NULL) : NULL;

    return uri ? arena_strdup(arena, g_uri_get_path(uri)) : "";
}

static const char *host_of(Arena *arena, GUri *uri)
{
    if (g_uri_get_port(uri) > 0)
        return arena_printf(arena, "%s:%d", g_uri_get_host(uri), g_uri_get_port(uri));
    return arena_strdup(arena, g_uri_get_host(uri));
}

Host *hosts_parse(const GPtrArray *hosts, Arena *arena, const char *url, Place *place)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL);
    g_auto(GStrv) segments = NULL;
    const char *name;
    Host *host;

    if (!uri || !g_uri_get_host(uri) || !g_str_has_prefix(g_uri_get_scheme(uri), "http"))
        return NULL;
    name = host_of(arena, uri);
    /* Raw files of GitHub have a host of their own. */
    if (g_str_equal(name, "raw.githubusercontent.com"))
        name = "github.com";
    host = hosts_find(hosts, name);
    if (!host)
        return NULL;
    segments = split_path(g_uri_get_path(uri), prefix_of(arena, host->base));
    *place =
        (Place){.base = host->base ? arena_strdup(arena, host->base)
                                   : arena_printf(arena, "%s://%s", g_uri_get_scheme(uri), name),
                .path = ""};
    return segments && host->kind->parse(arena, segments, uri, place) ? host : NULL;
}
