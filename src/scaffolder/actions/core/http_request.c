/* http:request asks a service. What may be asked twice is repeated after an interruption; what may
 * not is looked for where the step says how, else a person is asked. The step's intent goes with
 * each request as Idempotency-Key, so that a server that honours it does the same thing once. */
#include "formats/json.h"
#include "net/http_client.h"
#include "net/url_list.h"
#include "scaffolder/scaffolder_internal.h"

enum { TIMEOUT_MS = 60 * 1000, TIMEOUT_MS_MAX = 10 * 60 * 1000, REPLY_BYTES_MAX = 4 * 1024 * 1024 };

static bool is_among(const char *const *names, const char *name)
{
    return g_strv_contains(names, name);
}

static const char *method_of(Arena *arena, const Value *input)
{
    g_autofree char *upper = g_ascii_strup(value_path_string(input, "method", "GET"), -1);

    return arena_strdup(arena, upper);
}

static bool only_reads(const char *method)
{
    static const char *const reading[] = {"GET", "HEAD", "OPTIONS", NULL};

    return is_among(reading, method);
}

static StepRecovery recovery_of(const Value *input)
{
    static const char *const repeatable[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", NULL};
    g_autofree char *method = g_ascii_strup(value_path_string(input, "method", "GET"), -1);

    if (is_among(repeatable, method) || value_bool(value_get(input, "idempotent"), false))
        return RECOVERY_REPEAT;
    return value_get(input, "probe") ? RECOVERY_PROBE : RECOVERY_ASK;
}

/* ---- the request ---- */

static const char *with_params(Arena *arena, const char *url, const Value *params)
{
    g_autoptr(GString) full = g_string_new(url);

    for (guint i = 0; value_is(params, VALUE_OBJECT) && i < value_count(params); i++) {
        const Value *value = value_value_at(params, i);
        g_autofree char *text = value_is(value, VALUE_STRING) ? g_strdup(value_string(value, ""))
                                                              : json_to_string(value, JSON_COMPACT);
        g_autofree char *key = g_uri_escape_string(value_key_at(params, i), NULL, FALSE);
        g_autofree char *escaped = g_uri_escape_string(text, NULL, FALSE);

        g_string_append_printf(full, "%c%s=%s", strchr(full->str, '?') ? '&' : '?', key, escaped);
    }
    return arena_strdup(arena, full->str);
}

/* `url`, or `path` below this server's own address. */
static const char *url_of(ActionRun *run, const Value *input, GError **error)
{
    const char *url = value_path_string(input, "url", NULL);
    const char *path = value_path_string(input, "path", NULL);
    const char *base = config_string(run->scaffolder->config, "backend.baseUrl", "");

    if (!url == !path) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "http:request needs either url or path");
        return NULL;
    }
    if (path) {
        gsize length = strlen(base);

        while (length > 0 && base[length - 1] == '/')
            length--;
        url = arena_printf(run->arena, "%.*s/%s", (int)length, base, path + strspn(path, "/"));
    }
    return with_params(run->arena, url, value_get(input, "params"));
}

/* Where the configuration has a list only what is on it, which may be in a private network. */
static gboolean may_ask(ActionRun *run, const char *url, bool *listed, GError **error)
{
    const Value *allowed = config_get(run->scaffolder->config, "scaffolder.http.allow");

    *listed = url_list_allows(allowed, url);
    if (*listed || !allowed)
        return TRUE;
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_PARSE_RELAXED, NULL);

    g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                "http:request may not ask %s: scaffolder.http.allow of the configuration does not "
                "have it",
                uri && g_uri_get_host(uri) ? g_uri_get_host(uri) : "that address");
    return FALSE;
}

static gboolean add_header(ActionRun *run, GPtrArray *headers, const char *name, const char *value,
                           GError **error)
{
    if (!*name || strpbrk(name, "\r\n: ") || strpbrk(value, "\r\n")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is no header", name);
        return FALSE;
    }
    g_ptr_array_add(headers, (char *)arena_printf(run->arena, "%s: %s", name, value));
    return TRUE;
}

static GPtrArray *headers_of(ActionRun *run, const Value *given, bool json, GError **error)
{
    g_autoptr(GPtrArray) headers = g_ptr_array_new();
    bool typed = false;

    for (guint i = 0; value_is(given, VALUE_OBJECT) && i < value_count(given); i++) {
        const char *name = value_key_at(given, i);

        typed = typed || g_ascii_strcasecmp(name, "content-type") == 0;
        if (!add_header(run, headers, name, value_string(value_value_at(given, i), ""), error))
            return NULL;
    }
    if (json && !typed && !add_header(run, headers, "Content-Type", "application/json", error))
        return NULL;
    if (*run->intent_id && !add_header(run, headers, "Idempotency-Key", run->intent_id, error))
        return NULL;
    g_ptr_array_add(headers, NULL);
    return g_steal_pointer(&headers);
}

static int timeout_of(const Value *input)
{
    return (int)CLAMP(value_int(value_get(input, "timeout"), TIMEOUT_MS), 1, TIMEOUT_MS_MAX);
}

/* ---- the reply ---- */

static const Value *body_of(Arena *arena, const HttpReply *reply)
{
    const char *type = g_hash_table_lookup(reply->headers, "content-type");
    const Value *json = NULL;

    if (type && strstr(type, "json"))
        json = json_parse(arena, reply->body, (gssize)reply->length, NULL);
    if (json)
        return json;
    Value *body = value_object_new(arena);
    g_autofree char *text = g_utf8_make_valid(reply->body ? reply->body : "", -1);

    value_set_string(arena, body, "message", text);
    return body;
}

static const Value *output_of(Arena *arena, const HttpReply *reply)
{
    /* What a server sets for a browser is nobody's to keep. */
    static const char *const hidden[] = {"set-cookie", "authorization", "www-authenticate", NULL};
    Value *output = value_object_new(arena), *headers = value_object_new(arena);
    GHashTableIter iter;
    gpointer name, value;

    g_hash_table_iter_init(&iter, reply->headers);
    while (g_hash_table_iter_next(&iter, &name, &value))
        if (!is_among(hidden, name))
            value_set_string(arena, headers, name, value);
    value_set_int(arena, output, "code", reply->status);
    value_set(arena, output, "headers", headers);
    value_set(arena, output, "body", body_of(arena, reply));
    return output;
}

static bool is_allowed(const Value *input, long status)
{
    const Value *allowed = value_get(input, "allowedStatuses");

    for (guint i = 0; i < value_count(allowed); i++)
        if (value_int(value_item(allowed, i), 0) == status)
            return true;
    return !allowed &&
           (status < 400 || value_bool(value_get(input, "continueOnBadResponse"), false));
}

static gboolean refuse(ActionRun *run, const char *method, const HttpReply *reply, GError **error)
{
    g_autofree char *shown = g_utf8_make_valid(reply->body ? reply->body : "", -1);

    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Unable to complete request: %s answered %ld: %.500s", method, reply->status,
                shown);
    return FALSE;
}

/* ---- asking ---- */

static HttpReply *ask(ActionRun *run, const Value *input, const char *method, const char *url,
                      const Value *body, GError **error)
{
    bool text = value_is(body, VALUE_STRING), listed = false;
    g_autofree char *json = body && !text ? json_to_string(body, JSON_COMPACT) : NULL;
    g_autoptr(GPtrArray) headers =
        headers_of(run, value_get(input, "headers"), json != NULL, error);

    if (!headers || !may_ask(run, url, &listed, error))
        return NULL;
    HttpRequest request = {.method = method,
                           .url = url,
                           .headers = (const char *const *)headers->pdata,
                           .body = text ? value_string(body, "") : json,
                           .timeout_ms = timeout_of(input),
                           .reply_size_max = REPLY_BYTES_MAX,
                           .allow_private = listed,
                           .no_redirects = TRUE};

    request.body_length = request.body ? strlen(request.body) : 0;
    return http_send(&request, error);
}

static void remember(ActionRun *run, const char *method, const char *url, const Value *output)
{
    Value *detail = value_object_new(run->arena);
    const char *operation = g_str_equal(method, "DELETE") ? "delete"
                            : g_str_equal(method, "POST") ? "create"
                                                          : "update";
    const char *query = strchr(url, '?');
    const char *place = arena_strndup(run->arena, url, query ? (gsize)(query - url) : strlen(url));

    value_set_string(run->arena, detail, "method", method);
    value_set(run->arena, detail, "code", run->dry ? NULL : value_get(output, "code"));
    if (!only_reads(method))
        action_effect(run, &(Effect){.operation = operation,
                                     .kind = "request",
                                     .ref = arena_printf(run->arena, "%s %s", method, place),
                                     .url = place,
                                     .detail = detail});
}

/* A dry run sends nothing, not even what only reads: the request itself tells things. */
static const Value *foreseen(ActionRun *run, const Value *input)
{
    Value *output = value_object_new(run->arena);
    const Value *allowed = value_get(input, "allowedStatuses");

    value_set_int(run->arena, output, "code", value_int(value_item(allowed, 0), 200));
    value_set(run->arena, output, "headers", value_object_new(run->arena));
    value_set(run->arena, output, "body", value_object_new(run->arena));
    return output;
}

static gboolean run_request(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    const char *method = method_of(run->arena, input), *url = url_of(run, input, error);
    const char *query = url ? strchr(url, '?') : NULL;
    bool shown = value_bool(value_get(input, "logRequestPath"), true), listed;

    if (!url || !may_ask(run, url, &listed, error))
        return FALSE;
    if (shown)
        action_log(run, "info", "%s %.*s", method, (int)(query ? query - url : (int)strlen(url)),
                   url);
    if (run->dry) {
        *output = foreseen(run, input);
        remember(run, method, url, *output);
        return TRUE;
    }
    g_autoptr(HttpReply) reply = ask(run, input, method, url, value_get(input, "body"), error);

    if (!reply || !is_allowed(input, reply->status))
        return reply ? refuse(run, method, reply, error) : FALSE;
    *output = output_of(run->arena, reply);
    remember(run, method, url, *output);
    return TRUE;
}

static gboolean probe_request(ActionRun *run, const Value *input, const Value **output,
                              GError **error)
{
    const Value *probe = value_get(input, "probe");
    const char *method = method_of(run->arena, input), *url = url_of(run, input, error);
    const char *place = value_path_string(probe, "url", NULL);

    if (!probe || !place || !url)
        return url != NULL;
    g_autoptr(HttpReply) reply = ask(run, probe, "GET", place, NULL, error);

    if (!reply)
        return FALSE;
    if (reply->status == 404)
        return TRUE;
    if (reply->status >= 300)
        return refuse(run, "the probe", reply, error);
    *output = output_of(run->arena, reply);
    remember(run, method, url, *output);
    return TRUE;
}

const Action action_http_request = {
    .id = "http:request",
    .recovery = RECOVERY_ASK,
    .recover = recovery_of,
    .dry_run = true,
    .run = run_request,
    .probe = probe_request,
};
