/* Calls to a host's API: who asks, what its answers mean, and when it wants to be left alone. */
#include "catalog/source/host.h"
#include "catalog/source/internal.h"
#include "formats/json.h"
#include "spine/clock.h"
#include <string.h>

/* What a limit without a time of its own stands for, and the longest that is believed. */
#define PAUSE_MS ((int64_t)60 * 1000)
#define PAUSE_MAX_MS ((int64_t)24 * 60 * 60 * 1000)

/* ---- limits ---- */

static const char *header(const HttpReply *reply, const char *name)
{
    return g_hash_table_lookup(reply->headers, name);
}

/* A time in seconds since 1970 (GitHub, GitLab). */
static gboolean epoch_of(const char *text, int64_t *at)
{
    int64_t seconds = text ? g_ascii_strtoll(text, NULL, 10) : 0;

    *at = seconds * 1000;
    return seconds > 0 && seconds < ((int64_t)1 << 40);
}

static gboolean retry_after_of(const char *text, int64_t *at)
{
    char *end;
    int64_t seconds = text ? g_ascii_strtoll(text, &end, 10) : -1;

    if (seconds < 0 || seconds > PAUSE_MAX_MS / 1000 || *end)
        return FALSE;
    *at = clock_now_ms() + seconds * 1000;
    return TRUE;
}

/* Whether reply says that too much was asked; then *until is when asking may go on. */
static gboolean is_limited(const HttpReply *reply, int64_t *until)
{
    const char *remaining = header(reply, "x-ratelimit-remaining");
    gboolean used_up = remaining && g_str_equal(remaining, "0");
    int64_t now = clock_now_ms();

    if (reply->status != 429 &&
        !(reply->status == 403 && (used_up || header(reply, "retry-after"))))
        return FALSE;
    if (!retry_after_of(header(reply, "retry-after"), until) &&
        !epoch_of(header(reply, "x-ratelimit-reset"), until) &&
        !epoch_of(header(reply, "ratelimit-reset"), until))
        *until = now + PAUSE_MS;
    *until = CLAMP(*until, now + 1000, now + PAUSE_MAX_MS);
    return TRUE;
}

static void set_limited(GError **error, const Host *host, int64_t until)
{
    g_autofree char *time = clock_format(until);

    g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE,
                "%s (%s) takes no more requests until %s, since its rate limit is used up; it is "
                "asked again after that%s",
                host->kind->title, host->host, time,
                host->authorization ? "" : ". A token below integrations has a higher limit");
}

int64_t host_open_at(const Host *host)
{
    int64_t until = atomic_load(&host->open_at);

    return until > clock_now_ms() ? until : 0;
}

static gboolean check_open(Host *host, GError **error)
{
    int64_t until = host_open_at(host);

    if (until == 0)
        return TRUE;
    set_limited(error, host, until);
    return FALSE;
}

/* ---- answers ---- */

/* What the host says about it, in one line without control characters; NULL. */
static char *reason_of(const HttpReply *reply)
{
    g_autoptr(Arena) arena = arena_new((gsize)4 << 20);
    const Value *body =
        reply->length < 65536 ? json_parse(arena, reply->body, (gssize)reply->length, NULL) : NULL;
    const char *reason =
        value_string(value_get(body, "message"), value_path_string(body, "error.message", NULL));
    char *line;

    if (!reason)
        reason = value_string(value_get(body, "error"), NULL);
    if (!reason)
        return NULL;
    line = g_utf8_substring(reason, 0, MIN(g_utf8_strlen(reason, -1), 200));
    for (char *c = line; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    return line;
}

static void set_failed(GError **error, const Host *host, const HttpReply *reply)
{
    g_autofree char *reason = reason_of(reply);
    /* 409: GitHub's word for a repository without a commit. */
    int code = reply->status == 404 || reply->status == 409   ? ERROR_NOT_FOUND
               : reply->status == 401 || reply->status == 403 ? ERROR_NOT_ALLOWED
               : reply->status >= 500                         ? ERROR_SERVICE_UNAVAILABLE
                                                              : ERROR_INPUT;
    const char *advice = "";

    if (reply->status == 401 && host->authorization)
        advice = "; the credentials below integrations are not accepted";
    else if (reply->status == 401 || reply->status == 403)
        advice = host->authorization ? "; the credentials below integrations may not read this"
                                     : "; there are no credentials for it below integrations";
    g_set_error(error, PAVE_ERROR, code, "%s (%s) answered %ld%s%s%s", host->kind->title,
                host->host, reply->status, reason ? ": " : "", reason ? reason : "", advice);
}

/* ---- calls ---- */

static gboolean lies_below(const char *url, const char *base)
{
    gsize length = base ? strlen(base) : 0;

    return length && strncmp(url, base, length) == 0 && strchr("/?", url[length]);
}

/* The credentials go to the host's own API and to nothing else. */
static HttpReply *send(const Host *host, const HostCall *call, const char *url, GError **error)
{
    g_autofree char *accept = g_strdup_printf("Accept: %s", call->accept ? call->accept : "*/*");
    g_autofree char *condition =
        call->known_etag ? g_strdup_printf("If-None-Match: %s", call->known_etag) : NULL;
    g_autoptr(GPtrArray) headers = g_ptr_array_new();
    HttpRequest request = {.url = url,
                           .body = call->body,
                           .body_length = call->body ? strlen(call->body) : 0,
                           .reply_size_max = SOURCE_BYTES_MAX,
                           /* Where a host stands is the operator's to say. */
                           .allow_private = host->is_configured,
                           .no_redirects = TRUE};

    g_ptr_array_add(headers, accept);
    if (host->authorization && (lies_below(url, host->api) || g_strcmp0(url, host->graphql) == 0))
        g_ptr_array_add(headers, host->authorization);
    if (condition)
        g_ptr_array_add(headers, condition);
    if (call->body)
        g_ptr_array_add(headers, (gpointer) "Content-Type: application/json");
    g_ptr_array_add(headers, NULL);
    request.headers = (const char *const *)headers->pdata;
    return http_send(&request, error);
}

/* A repository that was renamed answers with where it is now; the credentials do not leave the API.
 */
static const char *redirect_of(const Host *host, const HttpReply *reply)
{
    const char *location = header(reply, "location");

    if (reply->status != 301 && reply->status != 302 && reply->status != 307 &&
        reply->status != 308)
        return NULL;
    return location && lies_below(location, host->api) ? location : NULL;
}

HttpReply *host_call(Host *host, const HostCall *call, GError **error)
{
    g_autoptr(HttpReply) reply = NULL;
    const char *moved;
    int64_t until;

    if (!check_open(host, error))
        return NULL;
    reply = send(host, call, call->url, error);
    moved = reply ? redirect_of(host, reply) : NULL;
    if (moved) {
        HttpReply *second = send(host, call, moved, error);

        http_reply_free(reply);
        reply = second;
    }
    if (!reply)
        return NULL;
    if (reply->status == 200 || (reply->status == 304 && call->known_etag))
        return g_steal_pointer(&reply);
    if (is_limited(reply, &until)) {
        atomic_store(&host->open_at, until);
        set_limited(error, host, until);
    } else {
        set_failed(error, host, reply);
    }
    return NULL;
}

static gboolean has_next(const HttpReply *reply)
{
    const char *link = header(reply, "link");

    return link && (strstr(link, "rel=\"next\"") || strstr(link, "rel=next"));
}

const Value *host_call_json(Host *host, Arena *arena, const HostCall *call, gboolean *next_link,
                            GError **error)
{
    HostCall json = *call;
    g_autoptr(HttpReply) reply = NULL;
    const Value *value;

    if (!json.accept)
        json.accept = "application/json";
    reply = host_call(host, &json, error);
    if (!reply)
        return NULL;
    if (next_link)
        *next_link = has_next(reply);
    value = json_parse(arena, reply->body, (gssize)reply->length, error);
    if (!value)
        g_prefix_error(error, "%s (%s) answered with what is no JSON: ", host->kind->title,
                       host->host);
    return value;
}

const char *host_content_etag(Arena *arena, const char *bytes, gsize length)
{
    g_autofree char *digest =
        g_compute_checksum_for_data(G_CHECKSUM_SHA1, (const guchar *)(bytes ? bytes : ""), length);

    return arena_printf(arena, "sha1-%s", digest);
}

gboolean host_call_file(Host *host, Arena *arena, const HostCall *call, SourceReply *reply,
                        GError **error)
{
    const char *known = call->known_etag;
    HostCall conditional = *call;
    g_autoptr(HttpReply) answer = NULL;

    /* One that we computed means nothing to the host. */
    if (known && g_str_has_prefix(known, "sha1-"))
        conditional.known_etag = NULL;
    answer = host_call(host, &conditional, error);
    if (!answer)
        return FALSE;
    reply->etag = arena_strdup(arena, header(answer, "etag"));
    reply->revision = arena_strdup(arena, header(answer, "x-gitlab-last-commit-id"));
    if (answer->status == 304) {
        reply->etag = known;
        reply->unchanged = TRUE;
        return TRUE;
    }
    if (!reply->etag)
        reply->etag = host_content_etag(arena, answer->body, answer->length);
    reply->unchanged = g_strcmp0(reply->etag, known) == 0;
    if (!reply->unchanged)
        reply->bytes = g_bytes_new(answer->body, answer->length);
    return TRUE;
}
