/* Bringing the catalog up to what its locations say, and when. */
#pragma once
#include "catalog/catalog_internal.h"

/* Reads location and brings table, log and index up to it, unless it was removed or changed since
 * it was loaded: nothing is read then. What is wrong with its files is in
 * diagnostics and on the entities; FALSE where it could not be written down. */
gboolean location_ingest(Catalog *catalog, const CatalogLocation *location, const char *actor,
                         Diagnostics *diagnostics, GError **error);

/* Reads the one source of it that has ref, without the rest; all of it where none has. */
gboolean location_ingest_entity(Catalog *catalog, const CatalogLocation *location, const char *ref,
                                const char *actor, Diagnostics *diagnostics, GError **error);

/* ---- when (schedule.c) ---- */

/* When a location that was read at read_at, for the failures-th time in vain, is read again; 0:
 * never by itself. */
int64_t schedule_next(Catalog *catalog, const CatalogLocation *location, int64_t read_at,
                      int64_t failures);
/* How long a reading of it may take, in ms; 0: as long as it takes. */
int64_t schedule_timeout(Catalog *catalog, const CatalogLocation *location);
/* When one that was never read is read first. */
int64_t schedule_first(Catalog *catalog, const CatalogLocation *location);
/* From now on it is due at this time. */
gboolean schedule_set(Catalog *catalog, const char *location_id, int64_t next_at, GError **error);
