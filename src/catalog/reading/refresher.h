/* The threads that read what is due. */
#pragma once
#include "catalog/catalog_internal.h"

/* Should the node go away while it reads, another one does it after this time. */
#define REFRESHER_CLAIM_MS 600000

Refresher *refresher_new(Catalog *catalog);
/* Waits for what is being read. */
void refresher_free(Refresher *refresher);
/* Something may be due earlier than it was. refresher may be NULL. */
void refresher_wake(Refresher *refresher);
/* Until is_over, looked at after each reading, or time is up. */
void refresher_wait(Refresher *refresher, gboolean (*is_over)(void *data), void *data,
                    int timeout_ms);

/* Reads the location with this id, if there still is one. */
gboolean refresher_read(Catalog *catalog, const char *id, const char *actor, GError **error);
