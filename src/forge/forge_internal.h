/* What the files of the forge share: the room itself, repositories as rows, and git by libgit2. */
#pragma once
#include "forge/forge.h"
#include "spine/clock.h"
#include "spine/libgit2.h"
#include <pthread.h>

#define FORGE_REF_LOCKS 64

struct Forge {
    Db *db;
    const Config *config;
    char *repositories; /* <data>/repositories */
    char *hooks;        /* the hooks of every repository, ours */
    char *base_url;     /* without a slash at the end */
    char *base_host;    /* its host, with the port where it has one */
    ForgePeopleFn people;
    void *people_data;
    /* A comparison of refs with their record must not overtake another of the same repository. */
    pthread_mutex_t ref_locks[FORGE_REF_LOCKS];
};

/* ---- repositories as rows (store.c) ---- */

typedef struct {
    char *id, *owner, *name, *description, *visibility, *default_branch;
    char *protected_branches; /* separated by spaces, which no branch name holds */
    char *state; /* "creating" until it is whole, then "ready"; "removed" while it goes */
    char *intent_id, *created_by, *cause, *seed_tree;
    int64_t created_at, archived_at; /* archived_at 0: it is not archived */
} ForgeRepository;

void forge_repository_free(ForgeRepository *repository);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ForgeRepository, forge_repository_free)

/* NULL without error where there is none. */
ForgeRepository *forge_store_find(DbConn *conn, const char *owner, const char *name,
                                  GError **error);
/* All that are in state, by name. */
GPtrArray *forge_store_list(DbConn *conn, const char *state, GError **error);
/* ERROR_CONFLICT where the name is taken. */
gboolean forge_store_claim(DbConn *tx, const ForgeRepository *repository, GError **error);
gboolean forge_store_ready(DbConn *tx, const char *id, gboolean *changed, GError **error);
gboolean forge_store_release(DbConn *tx, const char *id, GError **error);
/* Nobody finds it any more; then the row and its refs go. */
gboolean forge_store_mark_removed(DbConn *tx, const char *id, GError **error);
gboolean forge_store_set_archived(DbConn *tx, const char *id, int64_t at, const char *actor,
                                  GError **error);
gboolean forge_store_remove(DbConn *tx, const char *id, GError **error);
gboolean forge_store_set_seed_tree(DbConn *tx, const char *id, const char *tree, GError **error);
/* Ref name → object id. */
GHashTable *forge_store_refs(DbConn *conn, const char *repository_id, GError **error);
/* Moves the recorded ref from before to after (either NULL: is not there). 0 where the record says
 * something else. */
int64_t forge_store_move_ref(DbConn *tx, const char *repository_id, const char *name,
                             const char *before, const char *after, GError **error);
/* When its refs last moved; 0 where it has none. */
int64_t forge_store_pushed_at(DbConn *conn, const char *repository_id);

/* ---- names and places (forge.c) ---- */

/* ERROR_INPUT unless owner and name are ones GitHub would take too. */
gboolean forge_check_name(const char *owner, const char *name, GError **error);
/* <data>/repositories/<owner>/<name>.git; free with g_free(). */
char *forge_folder(const Forge *forge, const char *owner, const char *name);
char *forge_clone_url(const Forge *forge, const char *owner, const char *name);
char *forge_html_url(const Forge *forge, const char *owner, const char *name);
/* A repository that is ready, or ERROR_NOT_FOUND. */
ForgeRepository *forge_find(Forge *forge, const char *owner, const char *name, GError **error);
/* … that is not archived, or ERROR_NOT_ALLOWED (archive.c). */
ForgeRepository *forge_find_writable(Forge *forge, const char *owner, const char *name,
                                     GError **error);
gboolean forge_check_writable(const ForgeRepository *repository, GError **error);
/* The repository of a request's {owner} and {name} as JSON has it. */
const Value *forge_repository_value(Forge *forge, Arena *arena, const ForgeRepository *repository);
/* Who may change it: who made it, and the owner its catalog-info.yaml names. In arena. */
const char *const *forge_owners(Forge *forge, Arena *arena, const ForgeRepository *repository);
/* ERROR_INPUT unless branch can be the name of one. */
gboolean forge_check_branch(const char *branch, GError **error);
gboolean forge_branch_is_protected(const ForgeRepository *repository, const char *branch);

/* ---- git (git.c) ---- */

/* Sets error from libgit2's last one; FALSE, so that it can be returned. */
gboolean forge_git_failed(GError **error, const char *what);
git_repository *forge_git_open(const char *folder, GError **error);
/* The commit a branch, tag or commit id names; ref NULL or "HEAD": default_branch. */
git_commit *forge_git_commit(git_repository *git, const char *ref, const char *default_branch,
                             GError **error);

/* What makes a commit. */
typedef struct {
    const char *message, *author_name, *author_email;
    const char *actor, *cause; /* kept in the reflog, from which a later comparison learns them */
    gboolean on_behalf;        /* the author wrote it, Pave committed it */
} ForgeAuthor;
void forge_git_set_ident(git_repository *git, const char *actor, const char *cause);
/* Writes folder as a tree; symlinks that leave it and `.git` are refused. */
gboolean forge_git_write_folder(git_repository *git, const char *folder, git_oid *tree,
                                GError **error);
/* A commit of tree, on no branch yet. */
gboolean forge_git_write_commit(git_repository *git, const git_commit *const *parents,
                                gsize parents_count, const git_oid *tree, const ForgeAuthor *author,
                                git_oid *id, GError **error);
/* A commit of tree on top of branch (NULL parent: its first), and the branch moved to it. */
gboolean forge_git_commit_tree(git_repository *git, const char *branch, git_commit *parent,
                               const git_oid *tree, const ForgeAuthor *author, git_oid *id,
                               GError **error);
/* The same on a branch of its own, which must not be there. */
gboolean forge_git_branch_tree(git_repository *git, const char *branch, git_commit *parent,
                               const git_oid *tree, const ForgeAuthor *author, git_oid *id,
                               GError **error);
/* Moves branch from parent (NULL: it is not there) to id. ERROR_CONFLICT where it is not at parent
 * any more. */
gboolean forge_git_move_branch(git_repository *git, const char *branch, const git_oid *from,
                               const git_oid *id, const ForgeAuthor *author, GError **error);
/* A bare repository at folder whose first commit holds files_folder (NULL: none). */
gboolean forge_git_build(const char *folder, const char *files_folder, const char *branch,
                         const char *intent_id, const ForgeAuthor *author, GError **error);
/* Makes what is under folder durable. */
gboolean forge_sync_folder(const char *folder, GError **error);
/* Commit as JSON has it, in arena. */
Value *forge_commit_value(Arena *arena, git_commit *commit);

/* Runs `git` with arguments (after "git") in a clean environment plus env; output may be NULL.
 * ERROR_INTERNAL with what it printed where it failed. */
gboolean forge_git_run(const char *const *arguments, const char *const *env, const char *folder,
                       char **output, GError **error);
/* The clean environment (with env added), free with g_strfreev(). */
char **forge_git_environment(const char *const *env);

/* Calls use with the tree of a folder at a ref (read.c). */
typedef gboolean (*ForgeTreeFn)(git_repository *git, git_tree *tree, void *data, GError **error);
gboolean forge_with_tree(Forge *forge, const char *owner, const char *name, const char *ref,
                         const char *path, ForgeTreeFn use, void *data, GError **error);

/* Writes tree into destination (export.c). */
gboolean forge_export_tree(git_repository *git, git_tree *tree, const char *destination,
                           GError **error);

/* ---- commits (write.c) ---- */

/* The tree of parent with files (array of {path, content}) put in it. */
gboolean forge_git_tree_with(git_repository *git, git_commit *parent, const Value *files,
                             git_oid *tree, GError **error);

/* [{path, oldPath?, status, additions, deletions, binary, truncated, diff}] between two trees
 * (NULL: nothing), so many and so long as a person looks at (pull_git.c). */
const Value *forge_diff_trees(git_repository *git, Arena *arena, git_tree *from, git_tree *to,
                              GError **error);

/* ---- refs (refs.c) ---- */

typedef struct {
    char *name, *before, *after; /* before or after may be NULL */
    Event event;
} ForgeRefChange;

/* Tells the log of every ref that is not what was recorded. actor NULL: from the reflog. */
gboolean forge_compare_refs(Forge *forge, const ForgeRepository *repository, const char *actor,
                            const char *cause, GError **error);
/* The same for a repository that becomes ready in the same transaction. */
gboolean forge_finish_publish(Forge *forge, const ForgeRepository *repository, GError **error);

/* ---- the other halves ---- */

gboolean forge_sync_configured(Forge *forge, GError **error); /* seed.c */
/* Whether who asks may push: the owners, or a job whose token names the repository (transport.c).
 */
gboolean forge_may_write(Forge *forge, Request *request, const ForgeRepository *repository,
                         GError **error);
Response *forge_post_archive(Request *request, void *room, GError **error);
Response *forge_post_unarchive(Request *request, void *room, GError **error);
Response *forge_get_info_refs(Request *request, void *room, GError **error);
Response *forge_post_upload_pack(Request *request, void *room, GError **error);
Response *forge_post_receive_pack(Request *request, void *room, GError **error);
gboolean forge_write_hooks(Forge *forge, GError **error); /* transport.c */

/* Which GitHub is spoken to. */
typedef struct {
    Arena *arena;
    ForgeHost host;
} ForgeGitHub;

void forge_github_open(ForgeGitHub *github, Forge *forge, Arena *arena, const char *host);
/* The reply's body (NULL where it has none), or an error for anything but 2xx and allowed. */
const Value *forge_github_call(const ForgeGitHub *github, const char *method, const char *path,
                               const Value *body, long allowed, long *status, GError **error);
gboolean forge_github_read_head(Forge *forge, Arena *arena, const ForgeLocation *at,
                                ForgeFile *file, GError **error);
const Value *forge_github_change_file(Forge *forge, Arena *arena, const ForgeChange *change,
                                      GError **error);
/* What lets the git program in there, for forge_git_run(); strings in arena. */
const char *const *forge_host_git_environment(const ForgeHost *host);
/* The `integrations.github` entry of a host that has a token; NULL. */
const Value *forge_github_integration(Forge *forge, const char *host);
