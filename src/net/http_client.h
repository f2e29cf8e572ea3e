/* The HTTP client: libcurl, with the SSRF guard in one place. Synchronous; call from workers and
 * jobs. */
#pragma once
#include "base/error.h"
#include "formats/value.h"
#include <stdio.h>

typedef struct {
    const char *method; /* NULL: GET, or POST with a body */
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated */
    const char *body;
    FILE *body_file; /* instead of body: read from where it stands */
    gsize body_length;
    int timeout_ms;         /* default 30,000; negative: none */
    gsize reply_size_max;   /* default 32 MiB */
    gboolean allow_private; /* loopback, link-local and private addresses; off for every URL a
                               person or template gave */
    gboolean no_redirects;
    const char *unix_socket; /* connect here instead */
    const char *ca_file;     /* trust this PEM file too */
} HttpRequest;

typedef struct {
    long status;
    char *body; /* NUL-terminated */
    gsize length;
    GHashTable *headers; /* lower-case name → value */
} HttpReply;

void http_reply_free(HttpReply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpReply, http_reply_free)

/* The reply, whatever its status; NULL with ERROR_SERVICE_UNAVAILABLE where there was none (the
 * message names host and reason), ERROR_NOT_ALLOWED where the guard refused the address. */
HttpReply *http_send(const HttpRequest *request, GError **error);

/* The same, handing over the body as it comes; chunk returns FALSE to stop. For event streams. */
gboolean http_stream(const HttpRequest *request,
                     gboolean (*chunk)(const char *bytes, gsize length, void *data), void *data,
                     long *status, GError **error);
