#include "cli/client.h"
#include "formats/json.h"
#include "spine/clock.h"
#include <stdarg.h>
#include <string.h>

#define DEFAULT_URL "http://localhost:7007"

Client *client_open(GError **error)
{
    Client *client = g_new0(Client, 1);
    const char *url = g_getenv("PAVE_URL"), *token = g_getenv("PAVE_TOKEN");

    client->arena = arena_new(ARENA_STEP_BYTES);
    client->url = g_strdup(url && url[0] ? url : NULL);
    if (token && token[0])
        client->token = g_strdup(token);
    else
        credentials_read(&client->url, &client->token, NULL);
    if (!client->url)
        client->url = g_strdup(DEFAULT_URL);
    while (g_str_has_suffix(client->url, "/"))
        client->url[strlen(client->url) - 1] = '\0';
    if (g_str_has_prefix(client->url, "http://") || g_str_has_prefix(client->url, "https://"))
        return client;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "'%s' is no URL of a Pave server", client->url);
    client_free(client);
    return NULL;
}

void client_free(Client *client)
{
    if (!client)
        return;
    g_free(client->url);
    g_free(client->token);
    arena_free(client->arena);
    g_free(client);
}

const char *client_escape(Client *client, const char *text)
{
    g_autofree char *escaped = g_uri_escape_string(text, NULL, FALSE);

    return arena_strdup(client->arena, escaped);
}

/* ---- replies ---- */

static PaveErrorCode code_of(long status)
{
    switch (status) {
    case 400:
        return ERROR_INPUT;
    case 401:
        return ERROR_AUTHENTICATION;
    case 403:
        return ERROR_NOT_ALLOWED;
    case 404:
        return ERROR_NOT_FOUND;
    case 409:
        return ERROR_CONFLICT;
    case 413:
        return ERROR_TOO_LARGE;
    case 501:
        return ERROR_NOT_IMPLEMENTED;
    case 502:
    case 503:
    case 504:
        return ERROR_SERVICE_UNAVAILABLE;
    }
    return ERROR_INTERNAL;
}

/* The scaffolder tells each wrong parameter by itself: {errors: [{title, message, property}]},
 * where the title is a sentence that names the field. */
static char *join_errors(const Value *errors)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < value_count(errors); i++) {
        const Value *one = value_item(errors, i);
        const char *message = value_path_string(one, "title", NULL);

        if (!message)
            message = value_path_string(one, "message", "");
        g_string_append_printf(text, "%s%s", i ? "\n      " : "", message);
    }
    return g_string_free(text, FALSE);
}

gboolean client_check(const HttpReply *reply, Arena *arena, GError **error)
{
    const Value *body;
    const char *message;
    g_autofree char *joined = NULL;

    if (reply->status < 400)
        return TRUE;
    body = json_parse(arena, reply->body, (gssize)reply->length, NULL);
    message = value_path_string(body, "error.message", NULL);
    if (!message && value_count(value_get(body, "errors")) > 0)
        message = joined = join_errors(value_get(body, "errors"));
    if (message)
        g_set_error(error, PAVE_ERROR, (int)code_of(reply->status), "%s", message);
    else
        g_set_error(error, PAVE_ERROR, (int)code_of(reply->status), "the server answered %ld",
                    reply->status);
    return FALSE;
}

static const Value *read_reply(Client *client, const HttpReply *reply, GError **error)
{
    const char *type = g_hash_table_lookup(reply->headers, "content-type");

    if (!client_check(reply, client->arena, error))
        return NULL;
    if (reply->length == 0)
        return value_null_new(client->arena);
    if (!type || !strstr(type, "json")) {
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE,
                    "%s does not answer as a Pave server does; is PAVE_URL right?", client->url);
        return NULL;
    }
    return json_parse(client->arena, reply->body, (gssize)reply->length, error);
}

/* ---- requests ---- */

#define OUTAGE_MS 60000
#define PAUSE_US 300000

static const Value *send_request(Client *client, HttpRequest *request, const char *path,
                                 const char *type, GError **error)
{
    g_autofree char *url = g_strconcat(client->url, path, NULL);
    g_autofree char *bearer = g_strconcat("Authorization: Bearer ", client->token, NULL);
    g_autofree char *content = g_strconcat("Content-Type: ", type, NULL);
    const char *headers[4] = {"Accept: application/json"};
    g_autoptr(HttpReply) reply = NULL;
    guint count = 1;

    if (client->token)
        headers[count++] = bearer;
    if (type)
        headers[count++] = content;
    request->url = url;
    request->headers = headers;
    request->allow_private = TRUE; /* a person's own choice of server */
    request->ca_file = g_getenv("PAVE_CA_FILE");
    reply = http_send(request, error);
    return reply ? read_reply(client, reply, error) : NULL;
}

/* What may be sent twice. The step of a workflow, which runs on while the server is restarted,
 * outlasts that; a person is told at once. */
static const Value *send_again(Client *client, HttpRequest *request, const char *path,
                               const char *type, GError **error)
{
    int64_t give_up_at = clock_monotonic_ms() + OUTAGE_MS;

    for (;;) {
        GError *why = NULL;
        const Value *reply = send_request(client, request, path, type, &why);

        if (reply)
            return reply;
        if (!g_getenv("PAVE_INTENT") || clock_monotonic_ms() > give_up_at ||
            !g_error_matches(why, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE)) {
            g_propagate_error(error, why);
            return NULL;
        }
        g_error_free(why);
        g_usleep(PAUSE_US);
        if (request->body_file)
            rewind(request->body_file);
    }
}

static const Value *call(Client *client, const char *method, const char *path, const Value *body,
                         gboolean twice, GError **error)
{
    g_autofree char *text = body ? json_to_string(body, JSON_COMPACT) : NULL;
    const char *type = text ? "application/json" : NULL;
    HttpRequest request = {.method = method,
                           .body = text,
                           .body_length = text ? strlen(text) : 0,
                           .timeout_ms = 60000};

    return twice ? send_again(client, &request, path, type, error)
                 : send_request(client, &request, path, type, error);
}

const Value *client_call(Client *client, const char *method, const char *path, const Value *body,
                         GError **error)
{
    return call(client, method, path, body, g_str_equal(method, "GET"), error);
}

const Value *client_call_once(Client *client, const char *path, const Value *body, GError **error)
{
    return call(client, "POST", path, body, TRUE, error);
}

const Value *client_get(Client *client, GError **error, const char *format, ...)
{
    g_autofree char *path = NULL;
    va_list arguments;

    va_start(arguments, format);
    path = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return client_call(client, "GET", path, NULL, error);
}

const Value *client_upload(Client *client, const char *path, FILE *file, gsize length,
                           GError **error)
{
    HttpRequest request = {.body_file = file, .body_length = length, .timeout_ms = 600000};

    return send_again(client, &request, path, "application/x-tar", error);
}

gboolean client_stream(Client *client, const char *path,
                       gboolean (*chunk)(const char *bytes, gsize length, void *data), void *data,
                       GError **error)
{
    g_autofree char *url = g_strconcat(client->url, path, NULL);
    g_autofree char *bearer = g_strconcat("Authorization: Bearer ", client->token, NULL);
    const char *headers[] = {client->token ? bearer : "Accept: */*", NULL};
    HttpRequest request = {.url = url,
                           .headers = headers,
                           .timeout_ms = -1,
                           .allow_private = TRUE,
                           .ca_file = g_getenv("PAVE_CA_FILE")};
    long status = 0;

    if (!http_stream(&request, chunk, data, &status, error))
        return FALSE;
    if (status < 400)
        return TRUE;
    g_set_error(error, PAVE_ERROR, (int)code_of(status), "the server answered %ld", status);
    return FALSE;
}
