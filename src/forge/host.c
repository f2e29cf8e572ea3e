/* Source hosts by their REST API: whom the integrations name, and one call for all of them. */
#include "forge/forge_internal.h"
#include "formats/json.h"
#include "net/http_client.h"

enum {
    ATTEMPTS = 4,
    WAIT_FIRST_MS = 250,
    WAIT_MAX_MS = 60 * 1000, /* the longest a host's wish to be asked later is followed */
    WORDS_MAX = 500
};

typedef struct {
    const char *key, *title, *public_host, *api_path;
} Kind;

static const Kind KINDS[] = {
    {"github", "GitHub", "github.com", "/api/v3"},
    {"gitlab", "GitLab", "gitlab.com", "/api/v4"},
    {"gitea", "Gitea", NULL, "/api/v1"},
    {"bitbucketCloud", "Bitbucket Cloud", "bitbucket.org", ""},
    {"bitbucketServer", "Bitbucket Server", NULL, "/rest/api/1.0"},
};

/* ---- whom ---- */

static const Kind *kind_of(const char *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS(KINDS); i++)
        if (g_str_equal(KINDS[i].key, key))
            return &KINDS[i];
    g_assert_not_reached();
}

static const Value *find_integration(Forge *forge, const Kind *kind, const char *host)
{
    g_autofree char *path = g_strconcat("integrations.", kind->key, NULL);
    const Value *all = config_get(forge->config, path);

    for (guint i = 0; i < value_count(all); i++) {
        const Value *one = value_item(all, i);
        const char *name = value_path_string(one, "host", kind->public_host);

        if (name && g_ascii_strcasecmp(name, host) == 0)
            return one;
    }
    return NULL;
}

static const char *without_slashes(Arena *arena, const char *url)
{
    gsize length = strlen(url);

    while (length && url[length - 1] == '/')
        length--;
    return arena_strndup(arena, url, length);
}

/* GitHub's and Bitbucket's public APIs have hosts of their own. */
static void set_addresses(ForgeHost *host, const Kind *kind, const Value *integration)
{
    Arena *arena = host->arena;
    const char *base = value_path_string(integration, "baseUrl", NULL),
               *api = value_path_string(integration, "apiBaseUrl", NULL);

    gboolean is_public = kind->public_host && g_str_equal(kind->public_host, host->host);

    if (!base && api && *kind->api_path &&
        g_str_has_suffix(without_slashes(arena, api), kind->api_path))
        base =
            arena_strndup(arena, api, strlen(without_slashes(arena, api)) - strlen(kind->api_path));
    if (!base)
        base = arena_printf(arena, "https://%s", host->host);
    host->base = without_slashes(arena, base);
    if (!api && is_public && g_str_equal(kind->key, "github"))
        api = "https://api.github.com";
    if (!api && g_str_equal(kind->key, "bitbucketCloud"))
        api = "https://api.bitbucket.org/2.0";
    host->api =
        api ? without_slashes(arena, api) : arena_printf(arena, "%s%s", host->base, kind->api_path);
}

static const char *basic(Arena *arena, const char *user, const char *password)
{
    g_autofree char *pair = g_strconcat(user, ":", password, NULL);
    g_autofree char *encoded = g_base64_encode((const guchar *)pair, strlen(pair));

    return arena_printf(arena, "Authorization: Basic %s", encoded);
}

static void set_credentials(ForgeHost *host, const Value *integration, const char *token)
{
    Arena *arena = host->arena;
    gboolean gitea = g_str_equal(host->kind, "gitea");
    const char *user = token ? "" : value_path_string(integration, "username", "");
    const char *password = token ? token : value_path_string(integration, "token", NULL);

    if (!password || !*password)
        password = value_path_string(integration, "password",
                                     value_path_string(integration, "appPassword", ""));
    if (!*password)
        return;
    host->password = arena_strdup(arena, password);
    if (*user) {
        host->user = arena_strdup(arena, user);
        host->authorization = basic(arena, user, password);
        return;
    }
    host->user =
        g_str_equal(host->kind, "gitlab") ? "oauth2"
        : g_str_equal(host->kind, "bitbucketCloud") || g_str_equal(host->kind, "bitbucketServer")
            ? "x-token-auth"
            : "x-access-token";
    host->authorization =
        arena_printf(arena, "Authorization: %s %s", gitea ? "token" : "Bearer", password);
}

gboolean forge_host_open(Forge *forge, Arena *arena, const char *kind_key, const char *name,
                         const char *token, ForgeHost *host, GError **error)
{
    const Kind *kind = kind_of(kind_key);
    const Value *integration = find_integration(forge, kind, name);

    *host = (ForgeHost){
        .arena = arena, .kind = kind->key, .title = kind->title, .host = arena_strdup(arena, name)};
    if (!integration && g_strcmp0(kind->public_host, name) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "No matching integration configuration for host %s, please check your "
                    "integrations config: integrations.%s has no entry for it",
                    name, kind->key);
        return FALSE;
    }
    set_addresses(host, kind, integration);
    set_credentials(host, integration, token);
    return TRUE;
}

const char *forge_escape(Arena *arena, const char *text)
{
    g_autofree char *escaped = g_uri_escape_string(text, NULL, FALSE);

    return arena_strdup(arena, escaped);
}

/* ---- what it says ---- */

static void add_words(GString *words, const Value *value, guint depth)
{
    if (words->len > WORDS_MAX || depth > 4)
        return;
    if (value_is(value, VALUE_STRING)) {
        g_string_append_printf(words, "%s%s", words->len ? " " : "", value_string(value, ""));
        return;
    }
    for (guint i = 0; value_is(value, VALUE_ARRAY) && i < value_count(value); i++)
        add_words(words, value_item(value, i), depth + 1);
    for (guint i = 0; value_is(value, VALUE_OBJECT) && i < value_count(value); i++) {
        const char *key = value_key_at(value, i);

        /* "name has already been taken" of {"name": ["has already been taken"]} */
        if (value_is(value_value_at(value, i), VALUE_ARRAY))
            g_string_append_printf(words, "%s%s", words->len ? " " : "", key);
        if (!strstr(key, "url") && !g_str_equal(key, "status") && !g_str_equal(key, "resource"))
            add_words(words, value_value_at(value, i), depth + 1);
    }
}

/* The host's own words in one line: its message, and what it says about single members. */
static char *words_of(const Value *body)
{
    static const char *const members[] = {"message", "error", "error_description", "errors"};
    GString *words = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        const Value *member = value_get(body, members[i]);
        g_autoptr(GString) more = g_string_new(NULL);

        add_words(more, member, 0);
        if (more->len)
            g_string_append_printf(words, "%s%s", words->len ? ": " : "", more->str);
    }
    for (char *c = words->str; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    if (words->len > WORDS_MAX)
        g_string_truncate(
            words, (gsize)(g_utf8_find_prev_char(words->str, words->str + WORDS_MAX) - words->str));
    if (words->len == 0)
        g_string_assign(words, "without a reason");
    return g_string_free(words, FALSE);
}

static int code_of(long status)
{
    switch (status) {
    case 400:
        return ERROR_INPUT;
    case 401:
    case 403:
        return ERROR_NOT_ALLOWED;
    case 404:
        return ERROR_NOT_FOUND;
    case 409:
    case 422:
        return ERROR_CONFLICT;
    default:
        return ERROR_SERVICE_UNAVAILABLE;
    }
}

/* ---- asking ---- */

static const char *header(const HttpReply *reply, const char *name)
{
    return g_hash_table_lookup(reply->headers, name);
}

static gboolean is_limited(const HttpReply *reply)
{
    return reply->status == 429 ||
           (reply->status == 403 && (header(reply, "retry-after") ||
                                     g_strcmp0(header(reply, "x-ratelimit-remaining"), "0") == 0));
}

/* How long to wait before asking again; negative: not at all. What makes a thing and was not
 * answered may have made it, so that it is asked again only where the host says it did not. */
static int64_t wait_of(const HttpReply *reply, const ForgeCall *call, guint attempt)
{
    const char *after = header(reply, "retry-after"), *reset = header(reply, "x-ratelimit-reset");
    gboolean limited = is_limited(reply);
    int64_t wait = (int64_t)WAIT_FIRST_MS << attempt;

    if (attempt + 1 >= ATTEMPTS)
        return -1;
    if (!limited && reply->status != 503 &&
        (reply->status < 500 || reply->status == 501 || g_str_equal(call->method, "POST")))
        return -1;
    if (after)
        wait = MAX(wait, g_ascii_strtoll(after, NULL, 10) * 1000);
    else if (limited && reset)
        wait = MAX(wait, g_ascii_strtoll(reset, NULL, 10) * 1000 - clock_now_ms());
    return wait <= WAIT_MAX_MS ? wait : -1;
}

/* FALSE where waiting was given up. */
static gboolean pause_for(const ForgeHost *host, int64_t wait_ms)
{
    int64_t end = clock_monotonic_ms() + wait_ms;

    while (clock_monotonic_ms() < end) {
        if (host->stopped && host->stopped(host->data))
            return FALSE;
        g_usleep((gulong)CLAMP(end - clock_monotonic_ms(), 1, 200) * 1000);
    }
    return TRUE;
}

static HttpReply *send_once(const ForgeHost *host, const ForgeCall *call, GError **error)
{
    gboolean whole = g_str_has_prefix(call->path, host->api);
    gboolean github = g_str_equal(host->kind, "github");
    g_autofree char *url = whole ? g_strdup(call->path) : g_strconcat(host->api, call->path, NULL);
    g_autofree char *text = call->body ? json_to_string(call->body, JSON_COMPACT) : NULL;
    g_autoptr(GPtrArray) headers = g_ptr_array_new();

    g_ptr_array_add(headers, (gpointer)(github ? "Accept: application/vnd.github+json"
                                               : "Accept: application/json"));
    if (github)
        g_ptr_array_add(headers, (gpointer) "X-GitHub-Api-Version: 2022-11-28");
    g_ptr_array_add(headers, (gpointer)("User-Agent: Pave/" PAVE_VERSION));
    if (host->authorization)
        g_ptr_array_add(headers, (gpointer)host->authorization);
    if (text)
        g_ptr_array_add(headers, (gpointer) "Content-Type: application/json");
    g_ptr_array_add(headers, NULL);
    /* The address is the operator's, from the configuration: it may be in a private network. */
    return http_send(&(HttpRequest){.method = call->method,
                                    .url = url,
                                    .headers = (const char *const *)headers->pdata,
                                    .body = text,
                                    .body_length = text ? strlen(text) : 0,
                                    .allow_private = TRUE,
                                    .no_redirects = TRUE},
                     error);
}

/* The URL that Link calls the next, where it is the host's own. */
static const char *next_of(const ForgeHost *host, const HttpReply *reply)
{
    const char *links = header(reply, "link");
    g_auto(GStrv) parts = links ? g_strsplit(links, ",", 16) : NULL;

    for (guint i = 0; parts && parts[i]; i++) {
        char *from = strchr(parts[i], '<'), *to = from ? strchr(from, '>') : NULL;

        if (!to || !strstr(to, "rel=\"next\""))
            continue;
        *to = '\0';
        return g_str_has_prefix(from + 1, host->api) ? arena_strdup(host->arena, from + 1) : NULL;
    }
    return NULL;
}

static gboolean is_answer(const ForgeCall *call, long status)
{
    if (status / 100 == 2)
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(call->allowed); i++)
        if (call->allowed[i] == status)
            return TRUE;
    return FALSE;
}

static gboolean set_refused(GError **error, const ForgeHost *host, const ForgeCall *call,
                            const HttpReply *reply, const Value *body)
{
    g_autofree char *words = words_of(body);
    g_autofree char *path = g_strndup(call->path, strcspn(call->path, "?"));

    g_set_error(
        error, PAVE_ERROR, is_limited(reply) ? ERROR_SERVICE_UNAVAILABLE : code_of(reply->status),
        "%s answered %ld to %s %s: %s", host->title, reply->status, call->method, path, words);
    return FALSE;
}

gboolean forge_host_call(const ForgeHost *host, const ForgeCall *call, ForgeReply *answer,
                         GError **error)
{
    for (guint attempt = 0;; attempt++) {
        g_autoptr(HttpReply) reply = send_once(host, call, error);
        const Value *body;
        int64_t wait;

        if (!reply)
            return FALSE;
        body = reply->length ? json_parse(host->arena, reply->body, (gssize)reply->length, NULL)
                             : NULL;
        *answer = (ForgeReply){.status = reply->status,
                               .body = body ? body : value_null_new(host->arena),
                               .next = next_of(host, reply)};
        if (is_answer(call, reply->status) && !is_limited(reply))
            return TRUE;
        wait = wait_of(reply, call, attempt);
        if (wait < 0)
            return set_refused(error, host, call, reply, body);
        if (!pause_for(host, wait)) {
            g_set_error(error, PAVE_ERROR, ERROR_CANCELLED,
                        "stopped while %s wanted to be left alone", host->title);
            return FALSE;
        }
    }
}
