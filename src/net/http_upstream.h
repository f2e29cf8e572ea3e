/* One HTTP/1.1 exchange with a service behind us, on a socket of its own. Nothing outside net/
 * includes this. */
#pragma once
#include "net/http_internal.h"

typedef struct {
    int fd;
    Request *request; /* whose client may leave while we wait; not owned */
    GByteArray *buffer;
    gsize at;
    /* of the reply */
    unsigned status;
    GPtrArray *headers; /* name, value, … */
    enum { BODY_NONE, BODY_LENGTH, BODY_CHUNKED, BODY_UNTIL_CLOSE } framing;
    uint64_t left; /* of the body, or of the chunk */
    gboolean in_chunk;
} Upstream;

Upstream *upstream_connect(Request *request, const char *address, guint16 port, GError **error);
void upstream_free(Upstream *upstream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Upstream, upstream_free)

/* Sends all of it. *answered is set, and TRUE returned, where the service has begun to answer and
 * takes no more. */
gboolean upstream_send(Upstream *upstream, const void *bytes, gsize length, gboolean *answered,
                       GError **error);
/* Reads status and headers, passing over 1xx (but not 101). */
gboolean upstream_read_head(Upstream *upstream, GError **error);
const char *upstream_header(const Upstream *upstream, const char *name);
/* Bytes of the body, 0 at its end, -1 with error. */
gssize upstream_read_body(Upstream *upstream, void *buffer, gsize size, GError **error);
/* What was read beyond the head, after a 101. */
GBytes *upstream_take_early(Upstream *upstream);
