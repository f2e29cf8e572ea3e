/* What the files of the catalog share: references, the model, the index, queries, sources. */
#pragma once
#include "base/diagnostics.h"
#include "catalog/catalog.h"
#include "catalog/query/fields.h"
#include "catalog/index/index.h"
#include "catalog/query/predicate.h"
#include "catalog/query/query.h"
#include "catalog/source/source.h"
#include "spine/access.h"
#include "spine/clock.h"
#include <pthread.h>

#define ANNOTATION_LOCATION "backstage.io/managed-by-location"
#define ANNOTATION_ORIGIN "backstage.io/managed-by-origin-location"
#define ANNOTATION_VIEW_URL "backstage.io/view-url"
#define ANNOTATION_EDIT_URL "backstage.io/edit-url"
#define ANNOTATION_SOURCE "backstage.io/source-location"

typedef struct HistoryKeeper HistoryKeeper;
typedef struct Findings Findings;
typedef struct Follower Follower;
typedef struct Commits Commits;
typedef struct Refresher Refresher;

struct Catalog {
    Db *db;
    Events *events;
    Jobs *jobs;
    Forge *forge;
    const Config *config;
    Index *index;
    QueryMemory *memory; /* of what was asked of the index */
    Sources *sources;
    HistoryKeeper *history;
    Findings *findings;
    Follower *follower;
    Commits *commits;
    Refresher *refresher;
};

/* ---- references (model/ref.c) ---- */

typedef struct {
    const char *kind, *namespace, *name; /* as written; kind is NULL where nothing gives one */
} EntityRef;

/* "[kind:][namespace/]name"; default_kind may be NULL, then a missing kind is an error. */
gboolean entity_ref_parse(Arena *arena, const char *text, const char *default_kind,
                          const char *default_namespace, EntityRef *ref, GError **error);
/* "kind:namespace/name" in lower case. */
const char *entity_ref_format(Arena *arena, const char *kind, const char *namespace,
                              const char *name);
/* The ref of an entity that has kind and name; NULL where it has not. */
const char *entity_ref_of(Arena *arena, const Value *entity);
/* Lower case, independent of the locale. */
const char *text_fold(Arena *arena, const char *text);
/* "location:default/generated-<sha1>", the ref of a location's own entity. */
const char *location_entity_ref(Arena *arena, const char *type, const char *target);

/* ---- the model (model/) ---- */

/* Why an entity is refused, in Backstage's words; cause may be NULL. */
typedef struct {
    const char *name, *message; /* "InputError", … */
    const char *cause_name, *cause_message;
    int line, column;
    const char *hint; /* what to do about it; NULL */
} ModelFault;

/* The envelope: an object with apiVersion, kind and metadata.name. */
gboolean model_check_envelope(Arena *arena, const Value *entity, ModelFault *fault);
/* Members, field formats, then what the kind demands of spec. The envelope was checked. */
gboolean model_check_entity(Arena *arena, const Value *entity, ModelFault *fault);
/* entity with its namespace filled in and its reference lists sorted, as Backstage emits it. */
Value *model_normalize(Arena *arena, const Value *entity);

typedef struct {
    const char *type, *inverse, *target;
    /* Where it is declared, as far as that is known: member of spec, place in its list (-1: it is
     * none) and the text. */
    const char *field;
    int item;
    const Value *text;
} Relation;

/* What spec declares: Relation in arena. */
GArray *model_relations(Arena *arena, const Value *entity);

/* ---- flattening (query/flatten.c) ---- */

/* The rows of entity, sorted, none twice, in arena; texts that need no folding are shared with it.
 */
const SearchRow *entity_flatten(Arena *arena, const Value *entity, guint *count);

/* ---- locations (store/store.c, reading/location.c) ---- */

typedef struct CatalogLocation CatalogLocation;
struct CatalogLocation {
    const char *id, *type, *target, *origin, *created_by;
};

/* NULL without error where there is none. In arena. */
CatalogLocation *store_location(DbConn *conn, Arena *arena, const char *id, GError **error);
CatalogLocation *store_location_of(DbConn *conn, Arena *arena, const char *type, const char *target,
                                   GError **error);
GPtrArray *store_locations(DbConn *conn, Arena *arena, const char *origin, GError **error);
gboolean store_add_location(DbConn *tx, const CatalogLocation *location, GError **error);
gboolean store_change_location(DbConn *tx, const CatalogLocation *location, GError **error);
gboolean store_remove_location(DbConn *tx, const char *id, GError **error);
/* Ids of the locations that read from "owner/name". */
GPtrArray *store_locations_of_repository(DbConn *conn, Arena *arena, const char *repository,
                                         GError **error);
gboolean store_set_sources(DbConn *tx, const char *location_id, const GPtrArray *repositories,
                           GError **error);

CatalogRow *store_row(DbConn *conn, Arena *arena, const char *ref, GError **error);
gboolean store_put_row(DbConn *tx, const CatalogRow *row, GError **error);
/* A row that is not there yet; ERROR_CONFLICT where it is. */
gboolean store_add_row(DbConn *tx, const CatalogRow *row, GError **error);
/* Only where it begins in its source has changed. */
gboolean store_move_row(DbConn *tx, const CatalogRow *row, GError **error);
gboolean store_remove_row(DbConn *tx, const char *ref, GError **error);
/* CatalogRow * (ref, source and status alone) of at most limit entities that have a status. */
GPtrArray *store_faulty_rows(DbConn *conn, Arena *arena, guint limit, GError **error);

/* Does a location (id, type, target, entityRef) match a predicate (NULL: all)? ERROR_INPUT for one
 * that is malformed, whether or not it mattered. */
gboolean location_filter_check(const Value *query, GError **error);
gboolean location_filter_matches(const Value *query, const Value *location);

/* Lets a registered location name another target, and reads that; ERROR_CONFLICT where it is
 * registered already. What only the old one gave is gone. */
gboolean location_change(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                         const char *type, const char *target, const char *actor, GError **error);

/* A row of the table whose texts are not parsed yet. */
typedef struct {
    CatalogRow row;
    const char *entity, *status;
} StoredRow;

/* StoredRow * in arena: the next rows after uid, at most limit, by uid. */
GPtrArray *store_rows_after(DbConn *conn, Arena *arena, const char *uid, guint limit,
                            GError **error);
/* Fills in the row; FALSE, with a warning, where it does not parse. */
gboolean store_parse_row(Arena *arena, StoredRow *row);

/* ---- how reading goes (store/reading.c) ---- */

typedef struct {
    int64_t read_at, next_at; /* 0: never */
    int64_t failures;         /* since it last went well */
    const char *error, *revision;
} ReadingState;

/* All zero where there is none yet. */
gboolean store_reading(DbConn *conn, Arena *arena, const char *location_id, ReadingState *state,
                       GError **error);
gboolean store_set_reading(DbConn *tx, const char *location_id, const ReadingState *state,
                           GError **error);
/* Only when it is due. */
gboolean store_set_due(DbConn *tx, const char *location_id, int64_t next_at, GError **error);
gboolean store_forget_reading(DbConn *tx, const char *location_id, GError **error);
typedef struct {
    const char *id;
    int64_t next_at;
} DueLocation;

/* DueLocation of the next that are due, or will be. */
GArray *store_due(DbConn *conn, Arena *arena, guint limit, GError **error);
/* Puts off a location that is due at next_at, unless another node did. */
gboolean store_claim_due(DbConn *tx, const char *location_id, int64_t due_at, int64_t next_at,
                         GError **error);

/* What stands under a ref, without its text. */
typedef struct {
    const char *uid, *location_id, *parent, *source; /* uid NULL: nothing */
    const char *status;
    int line;
    gboolean same_text;
} Standing;

/* same_text: its text is text. */
gboolean store_standing(DbConn *conn, Arena *arena, const char *ref, const char *text,
                        Standing *standing, GError **error);
/* Refs of what came from source, and of what names each (NULL: nothing), one after the other. */
gboolean store_refs_of_source(DbConn *conn, Arena *arena, const char *location_id,
                              const char *source, GPtrArray *refs, GError **error);
/* Names of the sources of a location after one ("": the first), in order. */
GPtrArray *store_sources_after(DbConn *conn, Arena *arena, const char *location_id,
                               const char *after, guint limit, GError **error);
/* CatalogRow * of a location, at most limit. */
GPtrArray *store_some_rows(DbConn *conn, Arena *arena, const char *location_id, guint limit,
                           GError **error);
/* Entities by location: id → int64_t. */
GHashTable *store_counts(DbConn *conn, GError **error);

/* Removes a location with all its entities; events in the same transaction. */
gboolean location_remove(Catalog *catalog, const CatalogLocation *location, const char *actor,
                         GError **error);
/* Removes one entity; it comes back when its location is read and still names it. */
gboolean entity_remove(Catalog *catalog, const char *ref, const char *actor, GError **error);

/* ---- history (history/) ---- */

/* One version of an entity: the one that stands, one that was replaced, or its deletion. */
typedef struct {
    const char *ref, *uid, *source;
    int64_t version, at;
    const char *actor, *revision; /* who brought it, the commit it was read at; NULL: unknown */
    const Value *entity;          /* NULL: deleted in this version */
} HistoryVersion;

/* Numbers row as what follows old (NULL: nothing was there): a new version where the entity itself
 * changed, the same one where only its status did. */
void history_succeed(CatalogRow *row, const CatalogRow *old, const char *actor,
                     const char *revision);
/* Keeps old, which row replaces (NULL: which is deleted), in the transaction that does so. Nothing
 * is kept of a first version (old NULL) and of one that goes on. */
gboolean history_record(DbConn *tx, const CatalogRow *old, const CatalogRow *row, const char *actor,
                        GError **error);
/* Tells in an event's payload which version row is, at which revision, and in what it differs from
 * old. */
void history_describe(Arena *arena, Value *payload, const CatalogRow *old, const CatalogRow *row);
/* In what two versions differ: [{path, before, after}], at most limit of them; *truncated tells
 * that there were more. Either may be NULL. */
Value *history_changes(Arena *arena, const Value *before, const Value *after, guint limit,
                       gboolean *truncated);
/* The versions of ref, newest first, at most limit: the one that stands, then those it replaced,
 * older than the version before ("<uid>-<version>") unless that is NULL. HistoryVersion * in
 * arena. */
GPtrArray *history_read(Catalog *catalog, Arena *arena, const char *ref, const char *before,
                        guint limit, GError **error);
/* The version id of ref; ERROR_NOT_FOUND. */
const HistoryVersion *history_find(Catalog *catalog, Arena *arena, const char *ref, const char *id,
                                   GError **error);
/* "<uid>-<version>", by which a version is named. */
const char *history_version_id(Arena *arena, const HistoryVersion *version);
/* Forgets, once and then every hour, what catalog.history.keep does not keep. */
HistoryKeeper *history_keeper_new(Db *db, const Config *config);
void history_keeper_free(HistoryKeeper *keeper);
/* One round of it: versions that ended before. */
gboolean history_forget(Db *db, int64_t before, GError **error);

gboolean store_add_version(DbConn *tx, const HistoryVersion *version, int64_t ended_at,
                           GError **error);
/* HistoryVersion * of ref that were replaced, newest first, older than (before_uid, before) unless
 * that is NULL. */
GPtrArray *store_versions(DbConn *conn, Arena *arena, const char *ref, const char *before_uid,
                          int64_t before, guint limit, GError **error);
/* Forgets at most limit versions that ended before; how many, -1 with error. */
int64_t store_forget_versions(DbConn *tx, int64_t before, int64_t limit, GError **error);

/* ---- reading (see reading.h) ---- */

/* entity with $text, $json, $yaml, $openapi and $asyncapi replaced, files relative to base. *at is
 * the place of the one that failed. */
const Value *placeholders_resolve(Catalog *catalog, Arena *arena, const Value *entity,
                                  const Source *base, const Value **at, GError **error);
/* Whether value holds an object that a placeholder could be: one key, which begins with "$". */
gboolean placeholders_are_in(const Value *value);

/* Whether entity may come from origin, by catalog.rules and the location's own. */
gboolean rules_allow(Catalog *catalog, const Value *entity, const CatalogLocation *origin);

/* ---- the index and the log (index/follow.c) ---- */

/* Brings the index of a catalog that starts up to the log. */
gboolean follow_open(Catalog *catalog, GError **error);
/* Follows what other nodes write; NULL where there are none. */
Follower *follower_new(Catalog *catalog);
void follower_free(Follower *follower);

/* ---- refreshing (reading/refresh.c) ---- */

/* The job that reads locations again, and the follower of pushes that asks for it. */
void refresh_register(Catalog *catalog);
/* Asks for a refresh of locations (ids); of an entity (ref, or NULL) of the first one before all
 * else. */
gboolean refresh_submit(Catalog *catalog, const char *const *location_ids, const char *ref,
                        const char *actor, GError **error);
/* The same in a transaction. */
gboolean refresh_submit_in(DbConn *tx, Catalog *catalog, Arena *arena,
                           const char *const *location_ids, const char *actor, const char *cause,
                           GError **error);

/* ---- routes that live outside api/api.c ---- */

#define CATALOG_HANDLER(name) Response *name(Request *request, void *room, GError **error)
CATALOG_HANDLER(catalog_api_by_refs);
CATALOG_HANDLER(catalog_api_entities);
CATALOG_HANDLER(catalog_api_query);
CATALOG_HANDLER(catalog_api_query_post);
CATALOG_HANDLER(catalog_api_facets);
CATALOG_HANDLER(catalog_api_facets_post);
CATALOG_HANDLER(catalog_api_search);
CATALOG_HANDLER(catalog_api_locations);
CATALOG_HANDLER(catalog_api_location);
CATALOG_HANDLER(catalog_api_location_add);
CATALOG_HANDLER(catalog_api_location_remove);
CATALOG_HANDLER(catalog_api_location_by_entity);
CATALOG_HANDLER(catalog_api_refresh);
CATALOG_HANDLER(catalog_api_validate);
CATALOG_HANDLER(catalog_api_analyze);
CATALOG_HANDLER(catalog_api_kinds);
CATALOG_HANDLER(catalog_api_sources);
CATALOG_HANDLER(catalog_api_origin);
CATALOG_HANDLER(catalog_api_export);
CATALOG_HANDLER(catalog_api_file);
CATALOG_HANDLER(catalog_api_file_change);
CATALOG_HANDLER(catalog_api_finding_apply);
CATALOG_HANDLER(catalog_api_findings);
CATALOG_HANDLER(catalog_api_history);
CATALOG_HANDLER(catalog_api_history_version);
CATALOG_HANDLER(catalog_api_locations_query);
CATALOG_HANDLER(catalog_api_location_change);
CATALOG_HANDLER(catalog_api_openapi);
CATALOG_HANDLER(catalog_api_permissions);
CATALOG_HANDLER(catalog_api_apply_conditions);
CATALOG_HANDLER(catalog_api_authorize);

/* The ref that the path's kind, namespace and name are. */
const char *catalog_ref_of_path(Request *request);
/* ERROR_INPUT "request/body must have required property 'x'" where the body has no such string. */
const char *catalog_body_string(const Value *body, const char *where, const char *name,
                                GError **error);
/* A whole number ≥ minimum, fallback where absent, in Backstage's words otherwise. */
gboolean catalog_query_int(const Request *request, const char *name, int64_t minimum,
                           int64_t fallback, int64_t *number, GError **error);
/* ERROR_INPUT for a query parameter that is not one of names. */
gboolean catalog_check_parameters(const Request *request, const char *const *names, GError **error);
/* The `filter=` parameters; ERROR_INPUT. */
const Predicate *catalog_filters_of(Request *request, GError **error);
/* The texts of a list, NULL-terminated. */
const char **catalog_texts(Arena *arena, const Value *list);
