/* A reverse proxy for services: streams both ways, passes upgrades, strips hop-by-hop headers and
 * Pave's own cookie and credentials. */
#pragma once
#include "net/http_server.h"

typedef struct {
    const char *address; /* "127.0.0.1" */
    guint16 port;
    const char *cookie_to_strip; /* name of Pave's session cookie */
    const char *forwarded_proto; /* "http" or "https" */
} ProxyTarget;

/* For STREAM handlers. ERROR_SERVICE_UNAVAILABLE (502-like) where the target does not answer. */
Response *http_proxy(Request *request, const ProxyTarget *target, GError **error);
