/* What the actions of source hosts share: whose repository is meant, whom to ask as whom, and the
 * one place where they send. */
#pragma once
#include "forge/forge.h"
#include "formats/repo_url.h"
#include "scaffolder/scaffolder_internal.h"

typedef struct {
    ActionRun *run;
    Arena *arena;
    RepoUrl url;
    ForgeHost at;
    bool builtin; /* the host is mapped to the built-in forge; `at` is of no use then */
    Value *made;  /* detail of the repository that was made, which gets its commit later */
} Hosting;

/* What input.repoUrl names, at a host of kind. Credentials are input.token, else those of
 * integrations, else the secret USER_OAUTH_TOKEN of the person who started the task. */
gboolean hosting_open(Hosting *hosting, ActionRun *run, const Value *input, const char *kind,
                      GError **error);
/* The same for what means nothing on the built-in forge. */
gboolean hosting_open_remote(Hosting *hosting, ActionRun *run, const Value *input, const char *kind,
                             GError **error);

/* In a dry run nothing is sent: what is asked for is missing, what is changed answers {}. */

/* *missing: it is not there (the value is null then). */
const Value *hosting_get(Hosting *hosting, const char *path, bool *missing, GError **error);
/* Every item of a list, of at most 20 pages. */
const Value *hosting_list(Hosting *hosting, const char *path, GError **error);
const Value *hosting_send(Hosting *hosting, const char *method, const char *path, const Value *body,
                          GError **error);
/* The same where `allowed` is an answer too: *status tells. */
const Value *hosting_ask(Hosting *hosting, const char *method, const char *path, const Value *body,
                         long allowed, long *status, GError **error);
/* The same for what Backstage goes on without: "Skipping <what>, <reason>" is a warning. */
gboolean hosting_try(Hosting *hosting, const char *method, const char *path, const Value *body,
                     const char *what, GError **error);

/* Git's commit of a folder of the workspace, pushed as the branch's first; its id. */
const char *hosting_push(Hosting *hosting, const Value *input, const char *url, const char *branch,
                         GError **error);
/* sourcePath below the workspace; free with g_free(). */
char *hosting_folder(ActionRun *run, const Value *input, GError **error);

/* A change, with what takes it back: a call of the host's API. method NULL: nothing does by itself
 * (it goes away with its repository). */
typedef struct {
    const char *operation, *kind, *ref, *url;
    const char *undo_method, *undo_path;
    const Value *undo_body;
    Value *detail; /* more of it; NULL */
} HostingEffect;
void hosting_effect(Hosting *hosting, const HostingEffect *effect);
/* ActionUndoFn of every action here. */
gboolean hosting_undo(ActionRun *run, const Effect *effect, GError **error);

/* ActionUndoCheckFn of what makes a repository (its branches may have commits since) or a group (it
 * may hold what others made) on GitLab or Gitea. */
gboolean hosting_undo_check(ActionRun *run, const Effect *effect, const char **warning, bool *gone,
                            GError **error);

/* Effects of every file of a repository's first commit, with digests. */
gboolean hosting_remember_files(Hosting *hosting, const char *repository, const char *folder,
                                GError **error);

/* text is shown nowhere. */
void hosting_mask(ActionRun *run, const char *text);
/* Values of the form's entity references: "group:default/team-a" → "team-a". */
const char *hosting_name_of(Arena *arena, const char *ref);
/* When the intent was written, so that what is older is not its effect. */
int64_t hosting_intent_ms(const ActionRun *run);
/* Whether the time a host tells is not before the intent. */
bool hosting_is_since(const ActionRun *run, const char *time);

/* Copies members of input to body under the host's names. */
typedef struct {
    const char *input, *key;
} HostingMember;
void hosting_copy(Arena *arena, Value *body, const Value *input, const HostingMember *members,
                  gsize count);
/* Sets a string member, NULL: none; the body again. */
Value *hosting_body(Arena *arena, const char *key, const char *text);
