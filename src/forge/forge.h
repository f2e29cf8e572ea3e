/* The built-in git host, and the same few verbs against GitHub's REST API where a host is GitHub
 * itself.
 *
 * Repositories are bare, at <data>/repositories/<owner>/<name>.git. The `git` program does
 * transport, libgit2 reading. A push is an event, dev.pave.forge.ref.updated: subject
 * "repository:<owner>/<name>", payload {owner, name, ref, before, after, commits:[{id, message,
 * author, timestamp}], actor}; cause is the job that pushed, where one did. */
#pragma once
#include "formats/value.h"
#include "net/http_server.h"
#include "spine/access.h"
#include "spine/config.h"
#include "spine/db.h"
#include "spine/events.h"
#include "spine/secrets.h"

typedef struct Forge Forge;

Forge *forge_new(Db *db, Events *events, Secrets *secrets, const Config *config,
                 const char *data_folder, GError **error);
void forge_free(Forge *forge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Forge, forge_free)
/* Compares every repository's refs with what was recorded and emits the events a crash swallowed.
 */
gboolean forge_start(Forge *forge, GError **error);

/* Somebody by name ("user:default/ada") as who signs in, for what happens when nobody asks; free with
 * principal_unref(). Without such a function nobody is in a group. */
typedef Principal *(*ForgePeopleFn)(const char *ref, void *data);
void forge_set_people(Forge *forge, ForgePeopleFn people, void *data);

/* Where a "github.com?owner=…&repo=…" or "https://github.com/o/r/…" leads: configuration maps hosts
 * to the built-in forge. */
typedef enum { FORGE_BUILTIN, FORGE_GITHUB, FORGE_UNKNOWN } ForgeKind;
ForgeKind forge_kind_of_host(Forge *forge, const char *host);

typedef struct {
    const char *host, *owner, *name;
    const char *description, *visibility; /* "private", "internal", "public" */
    const char *default_branch;
    gboolean protect_default_branch;
    const char *folder; /* files of the first commit */
    const char *message, *author_name, *author_email;
    const char *actor, *cause; /* who, and the job id */
    const char *intent_id;     /* written into the repository, so that forge_probe() finds it */
    gboolean dry;              /* make nothing: what would be answered, with a commit of zeros */
} ForgePublish;

/* Makes a repository of the built-in forge with folder as its first commit. {remoteUrl,
 * repoContentsUrl, commitHash} in arena. ERROR_CONFLICT where the name exists (and was not made by the same
 * intent_id), touching nothing. Works again after an interruption: it goes on where it stopped. */
const Value *forge_publish(Forge *forge, Arena *arena, const ForgePublish *publish, GError **error);
/* The unified diff of two texts; NULL where they are the same, or too long to be read. Free with
 * g_free(). */
char *forge_diff(const char *path, const char *before, const char *after);
/* What an intent made: as forge_publish(), or NULL without error where it made nothing. */
const Value *forge_probe(Forge *forge, Arena *arena, const char *host, const char *owner,
                         const char *name, const char *intent_id, GError **error);

/* {owner, name, description, defaultBranch, visibility, protectedBranches, cloneUrl, htmlUrl,
 * createdAt, pushedAt, createdBy, archived, archivedAt, head, cause}; ERROR_NOT_FOUND. */
const Value *forge_get(Forge *forge, Arena *arena, const char *owner, const char *name,
                       GError **error);

/* [{owner, name, defaultBranch, visibility, htmlUrl}] of every repository, by name. */
const Value *forge_repositories(Forge *forge, Arena *arena, GError **error);

/* [{name, head, protected}] of its branches, by name; ERROR_NOT_FOUND. */
const Value *forge_branches(Forge *forge, Arena *arena, const char *owner, const char *name,
                            GError **error);

/* Splits a browse or raw URL of a known repository: "https://github.com/o/r/blob/main/dir/x.yaml",
 * "…/tree/main/dir", "…/raw/…". FALSE with ERROR_INPUT for anything else. Strings in arena. */
typedef struct {
    const char *host, *owner, *name, *ref, *path;
} ForgeLocation;
gboolean forge_parse_url(Forge *forge, Arena *arena, const char *url, ForgeLocation *location,
                         GError **error);

/* Who may change a repository, as refs, NULL-terminated, in arena: who made it, the owners its
 * catalog-info.yaml names, and "repository:<owner>/<name>" for its own jobs. ERROR_NOT_FOUND. */
const char *const *forge_owners_of(Forge *forge, Arena *arena, const char *owner, const char *name,
                                   GError **error);

/* Whether a change of a branch, as an event names its actor and cause, is one that a push of theirs
 * could have made: an owner's or an administrator's, or what came as a push of a job or a service.
 * Anything else is a proposal. */
gboolean forge_may_push(Forge *forge, Arena *arena, const char *owner, const char *name,
                        const char *actor, const char *cause);

/* Built-in repositories. ref: branch, tag or commit; NULL or "HEAD": the default branch.
 * ERROR_NOT_FOUND. */
GBytes *forge_read_file(Forge *forge, const char *owner, const char *name, const char *ref,
                        const char *path, GError **error);
/* Which version of a file was read: ids of its blob and of the commit, in hex. */
typedef struct {
    char blob[41], commit[41];
} ForgeVersion;
/* The same with its version; *bytes is NULL where known_blob (may be NULL) is still what is there.
 */
gboolean forge_read_version(Forge *forge, const char *owner, const char *name, const char *ref,
                            const char *path, const char *known_blob, ForgeVersion *version,
                            GBytes **bytes, GError **error);
char *forge_resolve(Forge *forge, const char *owner, const char *name, const char *ref,
                    GError **error); /* 40-hex commit */
/* [{path, type: "file"|"dir"|"symlink", size, mode}] of a folder, or of the whole tree. */
const Value *forge_list(Forge *forge, Arena *arena, const char *owner, const char *name,
                        const char *ref, const char *path, gboolean recursive, GError **error);
/* Writes the tree of a commit under subpath ("" for all) into destination; modes kept; symlinks
 * that leave it are refused. */
gboolean forge_export(Forge *forge, const char *owner, const char *name, const char *ref,
                      const char *subpath, const char *destination, GError **error);
/* Whether every symlink of a commit's tree stays inside it. ERROR_INPUT names the first that
 * leaves. */
gboolean forge_check_links(Forge *forge, const char *owner, const char *name, const char *ref,
                           GError **error);
/* {id, message, author:{name,email}, timestamp, parents} of a commit. */
const Value *forge_commit(Forge *forge, Arena *arena, const char *owner, const char *name,
                          const char *ref, GError **error);
/* Commits reachable from newer and not from older (NULL: all, at most limit), newest first. */
const Value *forge_commits_between(Forge *forge, Arena *arena, const char *owner, const char *name,
                                   const char *older, const char *newer, guint limit,
                                   GError **error);
/* Who committed to a folder ("": all of it) since then, who did most first: [{name, email,
 * commits}]; merges and Pave's own commits are not counted, and of the last 5,000 commits only. */
const Value *forge_contributors(Forge *forge, Arena *arena, const char *owner, const char *name,
                                const char *ref, const char *folder, int64_t since_ms,
                                GError **error);
/* The paths in which two commits differ, as an array of strings, at most limit. */
const Value *forge_changed_paths(Forge *forge, Arena *arena, const char *owner, const char *name,
                                 const char *older, const char *newer, guint limit, GError **error);
/* Commits files (array of {path, content}; without content they go) on branch as author; the commit
 * id. A branch below "pave/" that is not there begins at the default one. */
char *forge_commit_files(Forge *forge, const char *owner, const char *name, const char *branch,
                         const Value *files, const char *message, const char *actor,
                         const char *cause, GError **error);

/* Files put on a branch of the built-in forge. */
typedef struct {
    const char *owner, *repository, *name;
    const char *base;    /* where the branch begins; NULL: the default branch */
    const Value *files;  /* [{path, content, executable}]; content null: deleted */
    gboolean update;     /* the branch may be there already */
    gboolean allow_empty; /* a new branch gets a commit even where nothing differs */
    const char *message, *author_name, *author_email, *actor, *cause;
} ForgeBranch;
/* *commit is where the branch stands then, NULL where nothing differs and no branch was made; *base
 * the branch it begins at. ERROR_CONFLICT where the branch exists, ERROR_NOT_ALLOWED for the base,
 * the default and the protected branches; who may not push (forge_may_push()) only proposes, on
 * branches below "pave/" that nobody else wrote to. */
gboolean forge_branch_files(Forge *forge, Arena *arena, const ForgeBranch *branch,
                            const char **commit, const char **base, GError **error);

/* A file as it stands at the end of a branch; strings in arena. */
typedef struct {
    GBytes *bytes;
    const char *branch; /* NULL: ref is no branch, and nothing can be changed there */
    const char *blob;   /* git's id of the content */
} ForgeFile;
void forge_file_clear(ForgeFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ForgeFile, forge_file_clear)
/* The file at names, on the built-in forge or GitHub. *file is all zero before. ERROR_NOT_FOUND. */
gboolean forge_read_head(Forge *forge, Arena *arena, const ForgeLocation *at, ForgeFile *file,
                         GError **error);

typedef struct {
    const ForgeLocation *at; /* ref: the branch */
    const char *content;
    const char *blob;       /* what was changed: ForgeFile.blob */
    const char *new_branch; /* a branch to be made for the change, NULL: it goes to ref itself */
    const char *message, *author_name, *author_email;
    const char *actor, *cause;
} ForgeChange;
/* Commits one file, by Pave on behalf of the author. With a new branch a pull request is opened as
 * well. {commit, branch, url} in arena; url is where people look at it. ERROR_CONFLICT where the
 * file is not what was changed any more, or the new branch exists. Whether the author may is the
 * caller's question. */
const Value *forge_change_file(Forge *forge, Arena *arena, const ForgeChange *change,
                               GError **error);

/* ---- pull requests, on the built-in forge or GitHub ---- */

/* Everywhere below a location is a host, an owner and a name. A pull request is {number, title,
 * body, state: "open"|"merged"|"closed", author, head, base, headCommit, baseCommit, mergeable:
 * bool|null, createdAt, updatedAt, closedAt, mergedAt, mergedBy, mergeCommit, url, labels}, in
 * arena. Events of the built-in forge: dev.pave.forge.pull_request.{opened,updated,merged,closed},
 * subject and owner and name as for a push, payload the pull request. */
typedef struct {
    const ForgeLocation *at;
    const char *title, *body;
    const char *head, *base; /* branches; base NULL: the default one */
    const Value *labels;     /* array of strings; NULL */
    const char *actor, *cause;
} ForgePull;
/* ERROR_CONFLICT where one of the same branches is open, ERROR_INPUT where head brings nothing. */
const Value *forge_pull_open(Forge *forge, Arena *arena, const ForgePull *pull, GError **error);
const Value *forge_pull_get(Forge *forge, Arena *arena, const ForgeLocation *at, int64_t number,
                            GError **error);
/* The state of one of the built-in forge as a transaction sees it; NULL without error where there
 * is none. */
const char *forge_pull_state(DbConn *conn, Arena *arena, const ForgeLocation *at, int64_t number,
                             GError **error);
/* The open one of a branch; NULL without error where there is none. */
const Value *forge_pull_find(Forge *forge, Arena *arena, const ForgeLocation *at, const char *head,
                             GError **error);
/* Sets title and body, where they are not NULL. */
const Value *forge_pull_update(Forge *forge, Arena *arena, const ForgePull *pull, int64_t number,
                               GError **error);
const Value *forge_pull_close(Forge *forge, Arena *arena, const ForgeLocation *at, int64_t number,
                              const char *actor, const char *cause, GError **error);
gboolean forge_pull_comment(Forge *forge, Arena *arena, const ForgeLocation *at, int64_t number,
                            const char *body, const char *actor, GError **error);

/* ---- what was made of something that changed (merge.c), folders kept by content (kept.c) ---- */

/* The id of folder's git tree, kept beside the repositories; free with g_free(). */
char *forge_keep(Forge *forge, const char *folder, GError **error);
/* Writes what is kept into destination. ERROR_NOT_FOUND. */
gboolean forge_kept(Forge *forge, const char *tree, const char *destination, GError **error);

/* A three-way merge into a repository, on the built-in forge or GitHub. */
typedef struct {
    const ForgeLocation *at;
    const char *base, *theirs;  /* folders: what the repository was made of, what it would be now */
    const char *label;          /* of theirs, in the marks of conflicts */
    const char *path, *content; /* one file that is written whatever was there */
    const char *branch;         /* what is made or moved */
    const char *left_at; /* the commit branch was left at; what others put on top stays; NULL */
    const char *message, *actor, *cause;
    const char *intent_id; /* in the commit's message */
} ForgeMerge;
/* The end of a branch, and whether its commit carries the intent; *tip NULL where it is not there.
 */
gboolean forge_merge_probe(Forge *forge, Arena *arena, const ForgeMerge *merge, const char **tip,
                           gboolean *found, GError **error);
/* {head, base, files: [{path, oldPath?, status: "added"|"modified"|"deleted"|"renamed"|"conflict"|
 * "kept", reason?, diff, …}], conflicts}: what would change in the default branch. Writes nothing.
 */
const Value *forge_merge_preview(Forge *forge, Arena *arena, const ForgeMerge *merge,
                                 GError **error);
/* The same on branch, with {commit}: "" where nothing changes, and then there is no branch. */
const Value *forge_merge(Forge *forge, Arena *arena, const ForgeMerge *merge, GError **error);

/* How a repository stands, on the built-in forge or GitHub; all zero where it is gone. */
typedef struct {
    gboolean exists, archived;
    guint commits; /* that are on it and not before `since`, of at most 1,000 */
} ForgeCondition;
/* at: host, owner and name count. since may be NULL: then all count. */
gboolean forge_condition(Forge *forge, Arena *arena, const ForgeLocation *at, const char *since,
                         ForgeCondition *condition, GError **error);
/* Deletes it; one that is gone is deleted. Whether actor may is the caller's question. */
gboolean forge_remove(Forge *forge, Arena *arena, const ForgeLocation *at, const char *actor,
                      const char *cause, GError **error);

/* Makes it read-only, or takes that back. ERROR_NOT_FOUND. Whether actor may is the caller's
 * question. */
gboolean forge_archive(Forge *forge, Arena *arena, const ForgeLocation *at, gboolean archived,
                       const char *actor, const char *cause, GError **error);

/* ---- source hosts by their REST API (host.c) ---- */

/* Whom is asked, and as whom. Strings live in arena. */
typedef struct {
    Arena *arena;
    const char *kind;            /* as below integrations: "github", "gitlab", … */
    const char *title;           /* for people: "GitHub" */
    const char *host;            /* "github.com" */
    const char *base, *api;      /* "https://github.com", "https://api.github.com" */
    const char *authorization;   /* the header; NULL: as nobody */
    const char *user, *password; /* for git over HTTP; NULL likewise */
    gboolean (*stopped)(void *data); /* whether to give up waiting; NULL */
    void *data;
} ForgeHost;

/* The host of an integration, with token (NULL: the integration's own credentials). ERROR_INPUT
 * where the configuration does not have it; authorization stays NULL where there are none. */
gboolean forge_host_open(Forge *forge, Arena *arena, const char *kind, const char *host,
                         const char *token, ForgeHost *opened, GError **error);

typedef struct {
    const char *method, *path; /* below the API, or a whole URL below it */
    const Value *body;         /* as JSON; NULL */
    long allowed[4];           /* statuses besides 2xx that are answers too */
} ForgeCall;

typedef struct {
    long status;
    const Value *body; /* a null value where there was none */
    const char *next;  /* the URL of the next page; NULL */
} ForgeReply;

/* Asks again, a few times and for a bounded time, where the host is out of order or wants to be
 * asked later. The host's own words are in the error: ERROR_NOT_ALLOWED for 401 and 403,
 * ERROR_NOT_FOUND for 404, ERROR_CONFLICT for 409 and 422, ERROR_INPUT for 400. */
gboolean forge_host_call(const ForgeHost *host, const ForgeCall *call, ForgeReply *reply,
                         GError **error);
/* text as a segment of a path. */
const char *forge_escape(Arena *arena, const char *text);

/* A folder's files as one commit without parents. */
typedef struct {
    const ForgeHost *host;
    const char *url;    /* where the repository is cloned from */
    const char *branch; /* of the repository; it must not be there yet */
    const char *folder;
    const char *message, *author_name, *author_email;
} ForgePush;
/* The commit, in arena. The credentials are in no command line and no URL. */
const char *forge_push(Forge *forge, Arena *arena, const ForgePush *push, GError **error);

/* Git's smart HTTP ("/{owner}/{repo}.git/…") and "/api/forge/v1/…". */
extern const Route forge_routes[];
extern const Route forge_pull_routes[]; /* "…/pulls" */
