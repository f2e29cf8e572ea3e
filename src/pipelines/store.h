/* Runs and their nodes in the database. */
#pragma once
#include "pipelines/plan.h"
#include "spine/db.h"

/* Takes the run for this transaction: another one that wants it waits (or is run again). */
gboolean store_lock_run(DbConn *tx, const char *id, GError **error);

/* The whole run, with its plan and its nodes, in arena. ERROR_NOT_FOUND. */
Run *store_load_run(DbConn *conn, Arena *arena, const char *id, GError **error);
/* Runs (Run *) newest first, without plan and payload; repository may be NULL. */
gboolean store_list_runs(DbConn *conn, Arena *arena, const char *repository, guint limit,
                         GPtrArray *found, GError **error);
/* The nodes of a run whose plan is loaded, into run->nodes. */
gboolean store_load_nodes(DbConn *conn, Run *run, GError **error);

/* A new run: takes its number, writes it and its nodes. ERROR_CONFLICT where trigger_id has made
 * its run already. */
gboolean store_insert_run(DbConn *tx, Run *run, const char *trigger_id, GError **error);
/* Whether a trigger has made its run already. */
gboolean store_has_run(DbConn *conn, const char *trigger_id, const char *repository,
                       const char *workflow_path, gboolean *has, GError **error);
/* Ids (in the run's arena) of the runs of its concurrency group that have not ended: those made
 * before it, or later than it. */
gboolean store_group(DbConn *conn, const Run *run, gboolean later, GPtrArray *ids, GError **error);
/* What changed of run and nodes. */
gboolean store_save_run(DbConn *tx, Run *run, GError **error);

/* The run and node a queue job belongs to, in arena; *run_id NULL where it belongs to none. */
gboolean store_find_job(DbConn *conn, Arena *arena, const char *queue_job, const char **run_id,
                        const char **node_id, GError **error);

/* What a running job tells of itself; guarded by its being the node's job still. */
gboolean store_report(DbConn *tx, const char *node_id, const char *queue_job, const Value *outputs,
                      const Value *report, GError **error);

RunNode *store_node(const Run *run, const char *node_id);
