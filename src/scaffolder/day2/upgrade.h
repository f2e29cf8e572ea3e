/* Upgrading what a template made: what it was made of is kept, so that the old template can be
 * rendered again, held against the new one, and both against what the repository became. */
#pragma once
#include "forge/forge.h"
#include "scaffolder/running/running.h"

#define SCAFFOLDER_UPGRADE "scaffolder.upgrade"
#define SCAFFOLDER_UPGRADE_CHECK "scaffolder.upgrade-check"
#define PROVENANCE_FILE ".pave/provenance.yaml"

/* A template at a version, with what it was run with. */
typedef struct {
    const char *version;
    const char *kept;     /* id of its steps; NULL: they are not known */
    const Value *sources; /* URL → kept tree */
    const Value *inputs;
} UpgradePoint;

/* In front of a URL among sources: it is a file, the only one of the kept folder. */
#define UPGRADE_FILE "file at "

enum { BEHIND_NO, BEHIND_YES, BEHIND_UNKNOWN };

/* A repository that a template made; strings and values in an arena. */
typedef struct {
    const char *host, *repository; /* "owner/name" */
    const char *provenance;        /* the task */
    const char *template;
    UpgradePoint at, to; /* to.version NULL: no upgrade is open */
    const char *latest;
    int64_t behind, checked_at;
    const char *state;                  /* "current", "behind", "open", "merged", "unknown" */
    const char *branch, *branch_commit; /* NULL: there was no upgrade yet */
    int64_t pull_number;                /* 0: none */
    const char *pull_url, *pull_state;
    int64_t conflicts;
    int64_t created_at, updated_at;
} UpgradeRow;

/* ---- rows (upgrade_store.c) ---- */

/* NULL without error where there is none. host NULL: whatever it is. */
UpgradeRow *upgrade_store_find(DbConn *conn, Arena *arena, const char *host,
                               const char *repository, GError **error);
/* UpgradeRow *, those of that name whose upgrade has that number, one for each host. */
GPtrArray *upgrade_store_find_pulls(DbConn *conn, Arena *arena, const char *repository,
                                    int64_t number, GError **error);
/* UpgradeRow *, of what is there still; template, repository and state may be NULL. */
GPtrArray *upgrade_store_list(DbConn *conn, Arena *arena, const char *template,
                              const char *repository, const char *state, guint limit,
                              guint offset, GError **error);
/* Adds how many are in each state to counts, an object. */
gboolean upgrade_store_count(DbConn *conn, Arena *arena, const char *template,
                             const char *repository, Value *counts, GError **error);
gboolean upgrade_store_add(DbConn *tx, const UpgradeRow *row, GError **error);
/* Of all that a task made. */
gboolean upgrade_store_set_sources(DbConn *tx, const char *provenance, const Value *sources,
                                   GError **error);
gboolean upgrade_store_save(DbConn *tx, const UpgradeRow *row, GError **error);
/* What was found; the row keeps an open upgrade. */
gboolean upgrade_store_checked(DbConn *tx, const UpgradeRow *row, GError **error);
/* They have to be checked again: those of a template, or those whose sources name text. How many. */
int64_t upgrade_store_stale(DbConn *tx, const char *template, const char *like, GError **error);
gboolean upgrade_store_keep(DbConn *tx, const char *id, const char *template, const char *content,
                            GError **error);
const Value *upgrade_store_kept(DbConn *conn, Arena *arena, const char *id, GError **error);
/* {URL: tree} of all that a task read. */
const Value *upgrade_store_sources(DbConn *conn, Arena *arena, const char *provenance,
                                   GError **error);
/* The first entity that a task registered; NULL. */
const char *upgrade_store_entity(DbConn *conn, Arena *arena, const char *provenance);

/* ---- what is kept (keep.c) ---- */

/* {steps, baseUrl} of an instantiated template, and the digest that is its id. */
const char *upgrade_content(Arena *arena, const Value *spec, const char **id);
/* In the transaction that remembers the effects of a step: what it made can be upgraded. */
gboolean upgrade_remember(DbConn *tx, Runner *runner, const GPtrArray *effects, GError **error);
/* Puts PROVENANCE_FILE into what a step is going to publish. */
gboolean upgrade_stamp(ActionRun *run, const Value *input, GError **error);
/* The text of PROVENANCE_FILE. */
const char *upgrade_provenance(Arena *arena, const char *template, const char *source,
                               const char *task, const UpgradePoint *point);

/* ---- rendering (render.c) ---- */

struct Render {
    const char *host, *repository; /* what is published is taken where it is this one */
    const Value *sources;          /* URL → tree: nothing else is read; NULL: what is there now */
    Value *fetched;                /* URL → tree of what was read */
    const Value *recorded;         /* outputs of the steps when they ran */
    const char *folder;            /* gets the files */
    bool taken;
};

/* The files that a template (at a point, with its steps kept as content) makes for a repository, in
 * folder. point->sources NULL: read now, and set. */
gboolean upgrade_render(Scaffolder *scaffolder, Arena *arena, const UpgradeRow *row,
                        UpgradePoint *point, const Value *content, const char *folder,
                        GError **error);
/* The kept tree of a source as it is now; free with g_free(). */
char *upgrade_read_source(Scaffolder *scaffolder, const char *url, const char *destination,
                          GError **error);
/* Whether action makes a repository of the workspace. */
bool action_publishes(const Action *action);

/* ---- versions (versions.c) ---- */

/* What templates are now; one for a request or a job. */
typedef struct {
    Scaffolder *scaffolder;
    Arena *arena;
    GHashTable *templates, *trees;
} UpgradeNow;
void upgrade_now_clear(UpgradeNow *now);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UpgradeNow, upgrade_now_clear)
UpgradeNow upgrade_now(Scaffolder *scaffolder, Arena *arena);
/* Sets latest, behind and state. */
void upgrade_check(UpgradeNow *now, UpgradeRow *row);
/* Checks the rows that have to be, and writes what was found. */
gboolean upgrade_check_all(Scaffolder *scaffolder, Arena *arena, GPtrArray *rows, GError **error);
/* Learns of GitHub what became of open pull requests. */
gboolean upgrade_ask_host(Scaffolder *scaffolder, Arena *arena, UpgradeRow *row, GError **error);
/* The point a repository would come to, with its content; ERROR_INPUT names the inputs that are
 * missing. values (NULL) are those that the old template did not ask for. */
gboolean upgrade_target(Scaffolder *scaffolder, Arena *arena, const UpgradeRow *row,
                        const Value *values, UpgradePoint *point, const Value **content,
                        GError **error);

/* ---- upgrades (upgrade.c) ---- */

const Value *upgrade_preview(Scaffolder *scaffolder, Arena *arena, const UpgradeRow *row,
                             const Value *values, GError **error);
/* Submits the job; its id. */
const char *upgrade_submit(DbConn *tx, Scaffolder *scaffolder, Arena *arena,
                           const UpgradeRow *row, const Value *values, const char *actor,
                           GError **error);
gboolean upgrade_run(Job *job, const Value **output, GError **error, void *scaffolder);
/* As the API shows it. */
const Value *upgrade_value(Scaffolder *scaffolder, Arena *arena, const UpgradeRow *row);
/* Where the repository is; in arena. */
const ForgeLocation *upgrade_location(Arena *arena, const UpgradeRow *row);
/* The title, and what a person has to know of outcome, in Markdown (upgrade_text.c). */
const char *upgrade_title(Arena *arena, const UpgradeRow *row, const char *version);
const char *upgrade_body(Arena *arena, const UpgradeRow *row, const UpgradePoint *to,
                         const Value *outcome);
const char *upgrade_short(Arena *arena, const char *version);

/* ---- what happens elsewhere (follow.c) ---- */

void upgrade_follow(Scaffolder *scaffolder, Events *events);
gboolean upgrade_run_check(Job *job, const Value **output, GError **error, void *scaffolder);
/* An open upgrade was merged or closed. */
gboolean upgrade_settle(DbConn *tx, UpgradeRow *row, const char *state, GError **error);

/* ---- campaigns (campaigns.c) ---- */

gboolean campaign_item_ended(DbConn *tx, const char *job, const char *state, void *scaffolder,
                             GError **error);
gboolean campaign_settle(DbConn *tx, const UpgradeRow *row, const char *state, GError **error);
const char *campaign_start(Scaffolder *scaffolder, Arena *arena, const char *template,
                           const Value *repositories, const Value *values, const char *title,
                           const char *actor, GError **error);
/* All, without items; one, with its items. */
const Value *campaign_list(Scaffolder *scaffolder, Arena *arena, guint limit, GError **error);
const Value *campaign_get(Scaffolder *scaffolder, Arena *arena, const char *id, GError **error);
gboolean campaign_cancel(Scaffolder *scaffolder, Arena *arena, const char *id, const char *actor,
                         GError **error);
/* Those that failed. */
gboolean campaign_retry(Scaffolder *scaffolder, Arena *arena, const char *id, const char *actor,
                        GError **error);
