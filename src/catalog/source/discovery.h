/* Locations that nobody writes down: the repositories of an organisation, found by asking its host.
 *
 * Each entry of `catalog.providers` is a location of its own (type "github-discovery", target its
 * id, origin "discovery"), so that it is read on a schedule, backs off and tells its state as every
 * other location does. Reading it makes one location of type "url" for each repository, also of
 * origin "discovery" and with the provider's location in created_by, which are then read by
 * themselves: one that is broken or slow delays no other. Their files may be missing. The people
 * and teams of an organisation ("github-org") are read as a file is, which source_read() writes. */
#pragma once
#include "catalog/source/source.h"

typedef struct CatalogLocation CatalogLocation;

/* Makes the locations of the configured providers, removes those of others with all they found, and
 * asks for a reading. */
gboolean discovery_start(Catalog *catalog, GError **error);
/* Follows new repositories of the forge. */
void discovery_register(Catalog *catalog);

/* Whether location is read by discovery_read() instead of as a source. */
gboolean discovery_is_provider(const CatalogLocation *location);
/* Whether location was found by a provider: then its file may be missing. */
gboolean discovery_is_found(const CatalogLocation *location);
/* Brings the locations of a provider up to what its host has now, and asks for a reading of the new
 * ones. Nothing changes where the host cannot be asked. */
gboolean discovery_read(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                        GError **error);
/* The `schedule` that the provider of location has; NULL. */
const Value *discovery_schedule(Catalog *catalog, const CatalogLocation *location);
