/* What a command asks of the server: JSON over its HTTP API. */
#pragma once
#include "formats/value.h"
#include "net/http_client.h"

typedef struct {
    char *url;    /* without a slash at its end */
    char *token;  /* NULL: none */
    Arena *arena; /* of the command: what calls return lives in it */
} Client;

/* The server and credential of PAVE_URL and PAVE_TOKEN, else of `pave login`. */
Client *client_open(GError **error);
void client_free(Client *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

/* The reply's JSON (a null value where it has no body). The server's own words become the error. */
const Value *client_call(Client *client, const char *method, const char *path, const Value *body,
                         GError **error);
const Value *client_get(Client *client, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* A POST whose effect comes once however often it is sent. */
const Value *client_call_once(Client *client, const char *path, const Value *body, GError **error);
/* POSTs length bytes of file, whose effect comes once as well. */
const Value *client_upload(Client *client, const char *path, FILE *file, gsize length,
                           GError **error);
/* A GET whose body is handed over as it comes. */
gboolean client_stream(Client *client, const char *path,
                       gboolean (*chunk)(const char *bytes, gsize length, void *data), void *data,
                       GError **error);
/* Fails with the server's words for a status from 400. */
gboolean client_check(const HttpReply *reply, Arena *arena, GError **error);

/* Percent-encodes one segment or query value, in the client's arena. */
const char *client_escape(Client *client, const char *text);

/* ---- ~/.config/pave/credentials.json ---- */

/* url NULL: the current one. FALSE where there is none. */
gboolean credentials_read(char **url, char **token, char **token_id);
gboolean credentials_write(const char *url, const char *token, const char *token_id,
                           GError **error);
gboolean credentials_remove(const char *url, GError **error);
