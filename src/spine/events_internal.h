/* Shared by events.c and events_follow.c. */
#pragma once
#include "spine/events.h"

gboolean events_read_head(DbConn *conn, int64_t *seq, char **digest, GError **error);
Db *events_db(Events *events);
