/* The portal's files, carried by the binary, and the redirects of git URLs that a browser opens. */
#pragma once
#include "net/http_server.h"

typedef struct Portal Portal;

Portal *portal_new(void);
void portal_free(Portal *portal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Portal, portal_free)
/* For http_server_set_fallback(). */
Response *portal_serve(Request *request, void *portal, GError **error);
