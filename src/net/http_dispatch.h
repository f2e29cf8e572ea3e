/* The callbacks libmicrohttpd gets. Nothing outside net/ includes this. */
#pragma once
#include "net/http_internal.h"

enum MHD_Result http_on_request(void *data, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *bytes,
                                size_t *size, void **context);
void *http_on_target(void *data, const char *target, struct MHD_Connection *connection);
void http_on_completed(void *data, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode code);

/* http_head.c: fills in what the head says; NULL, or what is wrong with it. */
const char *http_read_head(Request *request, const char *url, const char *method,
                           const char *version);
/* Decodes the path into segments; FALSE where it is no path. */
gboolean http_split_path(Request *request);
