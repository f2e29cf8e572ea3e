/* What the files that take a reading in share. */
#pragma once
#include "catalog/index/changes.h"
#include "catalog/reading/reading.h"

typedef struct {
    Catalog *catalog;
    const CatalogLocation *location;
    const char *actor;
    Reading *reading;
    const Manifest *known;
    gboolean first;     /* there is nothing of this location yet */
    gboolean beside;    /* one source is read, without the rest of the location */
    gboolean unindexed; /* what changes is put into the index at the end */
    guint64 changed;
    int64_t began_at;
} Ingest;

/* What is planned for one transaction; the emissions outlive it. */
typedef struct {
    Ingest *ingest;
    DbConn *conn;
    Changes *changes;
    GError **error;
} Plan;

/* Plans what becomes of one emission; FALSE with plan->error. */
gboolean plan_emission(Plan *plan, const Emission *emission);
/* Plans what becomes of what came from source and was not emitted this time. */
gboolean plan_source(Plan *plan, const char *source);
