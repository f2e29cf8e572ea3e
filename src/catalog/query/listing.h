/* Lists of entities as replies. */
#pragma once
#include "catalog/query/query.h"
#include "net/http_server.h"

/* Stands for nothing in a list of ids: null. */
#define ENTITY_NONE ((EntityId){G_MAXUINT32, 0})

/* before, then [entities], then after. Takes snapshot and ids (EntityId), which belong together.
 * fields as fields_write() wants them. What is long is made while it is sent. */
Response *listing_response(Request *request, Snapshot *snapshot, GArray *ids,
                           const char *const *fields, const char *before, const char *after);
