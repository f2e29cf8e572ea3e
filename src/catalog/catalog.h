/* The catalog: everything that exists is an entity with an owner. */
#pragma once
#include "base/diagnostics.h"
#include "forge/forge.h"
#include "formats/value.h"
#include "net/http_server.h"
#include "spine/config.h"
#include "spine/db.h"
#include "spine/events.h"
#include "spine/jobs.h"

typedef struct Catalog Catalog;

Catalog *catalog_new(Db *db, Events *events, Jobs *jobs, Forge *forge, const Config *config,
                     GError **error);
/* The same with the index kept in <data_folder>/catalog, so that it is not made anew at each start.
 */
Catalog *catalog_open(Db *db, Events *events, Jobs *jobs, Forge *forge, const Config *config,
                      const char *data_folder, GError **error);
void catalog_free(Catalog *catalog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Catalog, catalog_free)
/* Reads the configured locations and begins to follow pushes. */
gboolean catalog_start(Catalog *catalog, GError **error);
void catalog_stop(Catalog *catalog);

/* The entity (with relations and status) that ref names, case-insensitive, in arena.
 * ERROR_NOT_FOUND. */
const Value *catalog_get(Catalog *catalog, Arena *arena, const char *ref, GError **error);
/* Owners of an entity as refs, NULL-terminated, in arena; empty where it has none. */
const char *const *catalog_owners(Catalog *catalog, Arena *arena, const char *ref);
/* Transitive groups of a user, for identity_set_groups(). */
char **catalog_groups_of(const char *user_ref, void *catalog);
/* "component:default/x" from "x", "Component:x", … lower-cased, in arena; ERROR_INPUT. */
const char *catalog_ref(Arena *arena, const char *text, const char *default_kind,
                        const char *default_namespace, GError **error);

/* Registers a location and reads it before it returns; the entities found, [{…}]. Registering one
 * again refreshes it (exists is set). What is wrong with the files is in diagnostics, and the rest
 * is registered all the same. */
const Value *catalog_register(Catalog *catalog, Arena *arena, const char *type, const char *target,
                              const char *actor, gboolean *exists, Diagnostics *diagnostics,
                              GError **error);
/* What registering the URL would bring, [{ref, entity, before (as it is there now; absent: it is
 * new)}]; nothing is written. bytes (NULL: they are read): what the file holds, which is not there
 * yet. What is wrong with it is in diagnostics; ERROR_CONFLICT where an entity belongs to another
 * location. */
const Value *catalog_preview(Catalog *catalog, Arena *arena, const char *target, const char *bytes,
                             gsize length, Diagnostics *diagnostics, GError **error);
gboolean catalog_unregister(Catalog *catalog, const char *location_id, const char *actor,
                            GError **error);
/* The id of a registered location, in arena; NULL without error where there is none. */
const char *catalog_location_id(Catalog *catalog, Arena *arena, const char *type,
                                const char *target, GError **error);

/* Copies the folder at url (a file: folder, or a tree URL of the forge or of a host of
 * `integrations`) into destination; symlinks out of it and `..` are refused. */
gboolean catalog_read_tree(Catalog *catalog, const char *url, const char *destination,
                           GError **error);
/* The same, asking the host with token instead of its configured credentials; NULL: with those. */
gboolean catalog_read_tree_as(Catalog *catalog, const char *url, const char *token,
                              const char *destination, GError **error);
/* Where the folder at a file: URL is, to be read in place; NULL for any other URL, or where the
 * configured locations do not let it be read. Free with g_free(). */
char *catalog_local_folder(Catalog *catalog, const char *url);
/* One file, from wherever descriptors are read. ERROR_NOT_FOUND. */
GBytes *catalog_read_file(Catalog *catalog, const char *url, const char *token, GError **error);

/* ---- without a server ---- */

/* Descriptors of files. config (taken; NULL: none) may define kinds. */
typedef struct CatalogFiles CatalogFiles;
CatalogFiles *catalog_files_new(Config *config, GError **error);
void catalog_files_free(CatalogFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CatalogFiles, catalog_files_free)
/* A file, a folder (in which what says that it is a descriptor is looked for) or a pattern. FALSE
 * where it cannot be read; what is wrong in it is a finding. */
gboolean catalog_files_add(CatalogFiles *files, const char *path, GError **error);
/* Checks them against each other, too; references: whether all that is referred to is there. */
void catalog_files_lint(CatalogFiles *files, gboolean references);
const Diagnostics *catalog_files_findings(const CatalogFiles *files);
guint catalog_files_count(const CatalogFiles *files); /* that were read */
/* A registry of them in Markdown; files are linked as seen from folder. */
char *catalog_files_readme(const CatalogFiles *files, const char *folder);

extern const Route catalog_routes[];
