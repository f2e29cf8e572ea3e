/* What the files of pull requests share: rows, what git says of two branches, and the routes. */
#pragma once
#include "forge/forge_internal.h"

#define PULL_TITLE_MAX 256
#define PULL_BODY_MAX 65536
#define PULL_LABELS_MAX 20

/* A pull request as it is kept; strings in an arena. */
typedef struct {
    const char *repository_id;
    int64_t number;
    const char *title, *body;
    const char *state; /* "open", "merged", "closed" */
    const char *author, *head, *base;
    const char *head_commit, *base_commit;
    const char *merge_commit, *merged_by; /* NULL */
    const char *labels;                   /* JSON */
    const char *cause;                    /* NULL */
    int64_t created_at, updated_at, closed_at;
} PullRow;

/* ---- rows (pull_store.c) ---- */

/* Takes the next number. ERROR_CONFLICT where one of the same branches is open. */
gboolean pull_store_add(DbConn *tx, PullRow *row, GError **error);
/* NULL without error where there is none. */
const PullRow *pull_store_find(DbConn *conn, Arena *arena, const char *repository_id,
                               int64_t number, GError **error);
const PullRow *pull_store_find_open(DbConn *conn, Arena *arena, const char *repository_id,
                                    const char *head, GError **error);
/* PullRow * by number, newest first; state NULL: all. *total may be NULL. */
GPtrArray *pull_store_list(DbConn *conn, Arena *arena, const char *repository_id,
                           const char *state, guint limit, int64_t *total, GError **error);
/* Writes what row says where it still is in state from; 0 rows where it is not. */
int64_t pull_store_save(DbConn *tx, const PullRow *row, const char *from, GError **error);
/* Title and body alone, where it still is in its state; how many rows changed. */
int64_t pull_store_word(DbConn *tx, const PullRow *row, GError **error);
/* Which commit is going to merge it. */
gboolean pull_store_intend(DbConn *tx, const PullRow *row, GError **error);
gboolean pull_store_add_comment(DbConn *tx, const char *id, const PullRow *row, const char *author,
                                const char *body, int64_t now, GError **error);
Value *pull_comment_value(Arena *arena, const char *id, const char *author, const char *body,
                          int64_t created_at);
/* [{id, author, body, createdAt}], oldest first. */
const Value *pull_store_comments(DbConn *conn, Arena *arena, const PullRow *row, GError **error);

/* ---- what git says (pull_git.c) ---- */

/* A merge of head into base; conflicts holds paths, and tree nothing where it has any. */
typedef struct {
    git_oid base, head, tree;
    GPtrArray *conflicts; /* char * */
} PullMerge;
void pull_merge_clear(PullMerge *merge);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PullMerge, pull_merge_clear)
gboolean pull_git_merge(git_repository *git, const char *base_commit, const char *head_commit,
                        PullMerge *merge, GError **error);
/* The end of a branch in hex, in arena; NULL where there is no such branch. */
const char *pull_git_tip(git_repository *git, Arena *arena, const char *branch);
/* Whether commit is in the history of tip. */
gboolean pull_git_holds(git_repository *git, const char *tip, const char *commit);
/* [{path, oldPath?, status, additions, deletions, binary, truncated, diff}] of what head brings. */
const Value *pull_git_files(git_repository *git, Arena *arena, const PullRow *row, GError **error);
/* The commits head brings, oldest first. */
const Value *pull_git_commits(git_repository *git, Arena *arena, const PullRow *row,
                              GError **error);
/* The commit that merges, written but on no branch yet. method "merge" or "squash". */
gboolean pull_git_write(git_repository *git, const PullRow *row, const PullMerge *merge,
                        const char *method, const char *actor, git_oid *id, GError **error);
/* refs/pull/<number>/head: the commits stay, whatever becomes of the branch. */
gboolean pull_git_keep(git_repository *git, int64_t number, const char *commit, GError **error);

/* ---- the verbs (pull.c) ---- */

/* A repository with its git; cleared by pull_place_clear(). */
typedef struct {
    ForgeRepository *repository;
    char *folder;
    git_repository *git;
} PullPlace;
void pull_place_clear(PullPlace *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PullPlace, pull_place_clear)
gboolean pull_place_open(Forge *forge, const char *owner, const char *name, PullPlace *place,
                         GError **error);
/* ERROR_NOT_FOUND. */
const PullRow *pull_find(Forge *forge, Arena *arena, const PullPlace *place, int64_t number,
                         GError **error);
/* As JSON has it; mergeable is null unless git is given and it is open. */
Value *pull_value(Forge *forge, Arena *arena, const ForgeRepository *repository,
                  const PullRow *row, git_repository *git);
/* dev.pave.forge.pull_request.<what>. */
Event pull_event(Forge *forge, Arena *arena, const ForgeRepository *repository, const PullRow *row,
                 const char *what, const char *actor, const char *cause);
const PullRow *pull_merge(Forge *forge, Arena *arena, PullPlace *place, const PullRow *row,
                          const char *method, const char *actor, const char *cause,
                          GError **error);
/* open TRUE: it is opened again. */
const PullRow *pull_set_open(Forge *forge, Arena *arena, const PullPlace *place,
                             const PullRow *row, gboolean open, const char *actor,
                             const char *cause, GError **error);

const Value *pull_add_comment(Forge *forge, Arena *arena, const PullRow *row, const char *body,
                              const char *author, GError **error);

/* ---- what pushes do to them (pull_refs.c) ---- */

/* PullMove * for every open pull request that is not what the refs (name → commit) say. */
typedef struct {
    PullRow row;
    Event event; /* type NULL: only the base moved */
} PullMove;
GPtrArray *pull_moves(Forge *forge, git_repository *git, Arena *arena,
                      const ForgeRepository *repository, GHashTable *refs, GPtrArray *changes,
                      GError **error);
gboolean pull_moves_write(DbConn *tx, GPtrArray *moves, GError **error);

/* The pull request of a change with a branch of its own (change.c). */
const Value *forge_change_pull(Forge *forge, Arena *arena, const ForgeChange *change,
                               const char *base, GError **error);

/* ---- GitHub (github_pull.c) ---- */

const Value *forge_github_pull_open(Forge *forge, Arena *arena, const ForgePull *pull,
                                    GError **error);
const Value *forge_github_pull_get(Forge *forge, Arena *arena, const ForgeLocation *at,
                                   int64_t number, GError **error);
const Value *forge_github_pull_find(Forge *forge, Arena *arena, const ForgeLocation *at,
                                    const char *head, GError **error);
const Value *forge_github_pull_update(Forge *forge, Arena *arena, const ForgePull *pull,
                                      int64_t number, GError **error);
const Value *forge_github_pull_close(Forge *forge, Arena *arena, const ForgeLocation *at,
                                     int64_t number, GError **error);
gboolean forge_github_pull_comment(Forge *forge, Arena *arena, const ForgeLocation *at,
                                   int64_t number, const char *body, GError **error);
