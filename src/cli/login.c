/* `pave login`, `logout`, `whoami`. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/screen.h"
#include "formats/json.h"
#include <string.h>
#include <unistd.h>

/* ---- login ---- */

typedef struct {
    char *username, *token;
    gboolean guest;
} Login;

static void login_clear(Login *login)
{
    g_free(login->username);
    g_free(login->token);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Login, login_clear)

static HttpReply *post_json(Client *client, const char *path, const char *header, const Value *body,
                            GError **error)
{
    g_autofree char *url = g_strconcat(client->url, path, NULL);
    g_autofree char *text = json_to_string(body, JSON_COMPACT);
    const char *headers[] = {"Content-Type: application/json", header, NULL};
    HttpRequest request = {.url = url,
                           .headers = headers,
                           .body = text,
                           .body_length = strlen(text),
                           .allow_private = TRUE,
                           .ca_file = g_getenv("PAVE_CA_FILE")};
    HttpReply *reply = http_send(&request, error);

    if (reply && !client_check(reply, client->arena, error))
        g_clear_pointer(&reply, http_reply_free);
    return reply;
}

/* "Cookie: …" of a new session. */
static char *open_session(Client *client, const Login *login, GError **error)
{
    Arena *arena = client->arena;
    Value *body = value_object_new(arena);
    g_autoptr(HttpReply) reply = NULL;
    const char *cookie;

    if (login->guest) {
        value_set_string(arena, body, "provider", "guest");
    } else {
        g_autofree char *password = screen_ask("Password: ", FALSE);

        value_set_string(arena, body, "provider", "password");
        value_set_string(arena, body, "username", login->username);
        value_set_string(arena, body, "password", password ? password : "");
    }
    reply = post_json(client, "/api/identity/v1/login", NULL, body, error);
    cookie = reply ? g_hash_table_lookup(reply->headers, "set-cookie") : NULL;
    if (reply && !cookie)
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE,
                    "%s does not answer as a Pave server does", client->url);
    return cookie ? g_strdup_printf("Cookie: %.*s", (int)strcspn(cookie, ";"), cookie) : NULL;
}

/* The session is traded for a token, which `pave tokens` and the portal list by name. */
static const Value *make_token(Client *client, const char *cookie, GError **error)
{
    Arena *arena = client->arena;
    Value *body = value_object_new(arena);
    g_autoptr(HttpReply) reply = NULL, logout = NULL;

    value_set_string(arena, body, "name", arena_printf(arena, "pave on %s", g_get_host_name()));
    value_set_int(arena, body, "expiresInSeconds", (int64_t)TOKEN_DAYS * 86400);
    reply = post_json(client, "/api/identity/v1/tokens", cookie, body, error);
    if (!reply)
        return NULL;
    logout = post_json(client, "/api/identity/v1/logout", cookie, value_object_new(arena), NULL);
    return json_parse(arena, reply->body, (gssize)reply->length, error);
}

static gboolean choose_user(Login *login, GError **error)
{
    if (login->guest || login->username)
        return TRUE;
    login->username = screen_ask("User name: ", TRUE);
    if (login->username && login->username[0])
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "no user name was given");
    return FALSE;
}

static gboolean get_token(Client *client, Login *login, char **token, char **id, GError **error)
{
    g_autofree char *cookie = NULL;
    const Value *made;

    if (login->token) {
        *token = g_strdup(login->token);
        return TRUE;
    }
    if (!choose_user(login, error))
        return FALSE;
    cookie = open_session(client, login, error);
    made = cookie ? make_token(client, cookie, error) : NULL;
    *token = g_strdup(value_path_string(made, "token", NULL));
    *id = g_strdup(value_path_string(made, "id", NULL));
    return made != NULL;
}

/* "user:default/ada" of the credential the client has; NULL with error. */
static const Value *who_am_i(Client *client, GError **error)
{
    const Value *session = client_get(client, error, "/api/identity/v1/session");

    if (session && !value_path_string(session, "user.ref", NULL)) {
        g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "You are not signed in to %s",
                    client->url);
        return NULL;
    }
    return session;
}

int command_login(int argc, char **argv)
{
    g_auto(Login) login = {0};
    const GOptionEntry entries[] = {
        {"guest", 'g', 0, G_OPTION_ARG_NONE, &login.guest, "As the guest, where guests are let in",
         NULL},
        {"username", 'u', 0, G_OPTION_ARG_STRING, &login.username,
         "As this user; the password is asked for, or read from standard input", "NAME"},
        {"token", 't', 0, G_OPTION_ARG_STRING, &login.token, "With a token made before", "TOKEN"},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *token = NULL, *id = NULL;
    const Value *session;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (rest[0] && rest[1])
        return cli_usage("login takes one URL");
    if (rest[0])
        g_setenv("PAVE_URL", rest[0], TRUE);
    g_unsetenv("PAVE_TOKEN");
    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    g_clear_pointer(&client->token, g_free);
    if (!get_token(client, &login, &token, &id, &error))
        return cli_fail(error);
    client->token = g_strdup(token);
    session = who_am_i(client, &error);
    if (!session || !credentials_write(client->url, token, id, &error))
        return cli_fail(error);
    g_print("Signed in to %s as %s.\n", client->url, value_path_string(session, "user.ref", ""));
    return EXIT_OK;
}

int command_logout(int argc, char **argv)
{
    g_auto(GStrv) rest = NULL;
    g_autofree char *url = g_strdup(g_getenv("PAVE_URL")), *token = NULL, *id = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;

    if (!cli_parse(argc, argv, NULL, &rest))
        return EXIT_USAGE;
    if (!credentials_read(&url, &token, &id)) {
        g_print("You were not signed in.\n");
        return EXIT_OK;
    }
    client = client_open(NULL);
    if (client && id) { /* a server that is gone keeps nobody signed in here */
        g_free(client->token);
        client->token = g_strdup(token);
        client_call(client, "DELETE", arena_printf(client->arena, "/api/identity/v1/tokens/%s", id),
                    NULL, NULL);
    }
    if (!credentials_remove(url, &error))
        return cli_fail(error);
    g_print("Signed out of %s.\n", url);
    return EXIT_OK;
}

int command_whoami(int argc, char **argv)
{
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {{"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print JSON", NULL},
                                    {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    const Value *session, *groups;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    client = client_open(&error);
    session = client ? who_am_i(client, &error) : NULL;
    if (!session)
        return cli_fail(error);
    if (as_json) {
        screen_json(session);
        return EXIT_OK;
    }
    g_print("%s at %s\n", value_path_string(session, "user.ref", ""), client->url);
    groups = value_get(session, "groups");
    for (guint i = 0; i < value_count(groups); i++)
        g_print("  in %s\n", value_string(value_item(groups, i), ""));
    return EXIT_OK;
}
