/* publish:github, github:repo:create and github:repo:push: a repository, its first commit, or both;
 * on the built-in forge where the host is mapped to it, else on GitHub. */
#include "scaffolder/actions/github/github.h"
#include "scaffolder/actions/repository_undo.h"

/* What the built-in forge does not do is said, not passed over. */
static const char *const NOT_BUILT_IN[] = {
    "homepage",
    "access",
    "bypassPullRequestAllowances",
    "requiredApprovingReviewCount",
    "restrictions",
    "requireCodeOwnerReviews",
    "dismissStaleReviews",
    "requiredStatusCheckContexts",
    "collaborators",
    "token",
    "topics",
    "repoVariables",
    "secrets",
    "oidcCustomization",
    "requiredCommitSigning",
    "requiredLinearHistory",
    "customProperties",
    "subscribe",
    "workflowAccess",
};

/* ---- the built-in forge ---- */

static void warn_about(ActionRun *run, const Value *input)
{
    for (gsize i = 0; i < G_N_ELEMENTS(NOT_BUILT_IN); i++)
        if (value_get(input, NOT_BUILT_IN[i]))
            action_log(run, "warning", "The input %s has no effect on the built-in forge",
                       NOT_BUILT_IN[i]);
}

static ForgePublish request_of(Hosting *hosting, const Value *input, const char *folder)
{
    ActionRun *run = hosting->run;
    const Config *config = run->scaffolder->config;
    const char *author = config_string(config, "scaffolder.defaultAuthor.name", "Scaffolder");
    const char *email =
        config_string(config, "scaffolder.defaultAuthor.email", "scaffolder@pave.localhost");
    const char *message =
        config_string(config, "scaffolder.defaultCommitMessage", "initial commit");

    return (ForgePublish){
        .host = hosting->url.host,
        .owner = hosting->url.owner,
        .name = hosting->url.repo,
        .description = value_path_string(input, "description", NULL),
        .visibility = value_path_string(input, "repoVisibility", "private"),
        .default_branch = value_path_string(input, "defaultBranch", "master"),
        .protect_default_branch =
            folder && value_bool(value_get(input, "protectDefaultBranch"), true),
        .folder = folder,
        .message = value_path_string(input, "gitCommitMessage", message),
        .author_name = value_path_string(input, "gitAuthorName", author),
        .author_email = value_path_string(input, "gitAuthorEmail", email),
        .actor = run->runner->actor,
        .cause = run->runner->task_id,
        .intent_id = run->intent_id,
        .dry = run->dry,
    };
}

static void remember_builtin(Hosting *hosting, const Value *published)
{
    Value *detail = value_object_new(hosting->arena);

    value_set(hosting->arena, detail, "commit", value_get(published, "commitHash"));
    hosting_effect(hosting, &(HostingEffect){.operation = "create",
                                             .kind = "repository",
                                             .ref = github_name(hosting),
                                             .url = value_path_string(published, "remoteUrl", NULL),
                                             .detail = detail});
}

static const Value *publish_builtin(Hosting *hosting, const Value *input, const char *folder,
                                    GError **error)
{
    ActionRun *run = hosting->run;
    const ForgePublish request = request_of(hosting, input, folder);
    const Value *made;

    warn_about(run, input);
    made = forge_publish(run->scaffolder->forge, run->arena, &request, error);
    if (made)
        remember_builtin(hosting, made);
    return made;
}

/* ---- GitHub ---- */

/* The first commit, where the branch has none yet. */
static const char *push_once(Hosting *hosting, const Value *input, const char *url,
                             const char *branch, GError **error)
{
    const char *head = github_branch_head(hosting, branch, error);

    return !head || *head ? head : hosting_push(hosting, input, url, branch, error);
}

static gboolean protect(Hosting *hosting, const Value *input, const char *branch, GError **error)
{
    return !value_bool(value_get(input, "protectDefaultBranch"), true) ||
           github_protect(hosting, input, branch, "protectEnforceAdmins", error);
}

static const Value *publish_github(Hosting *hosting, const Value *input, GError **error)
{
    const char *branch = value_path_string(input, "defaultBranch", "master");
    const Value *repository = github_repository_make(hosting, input, error);
    Value *output = repository ? github_urls(hosting, repository, branch) : NULL;
    const char *commit =
        output
            ? push_once(hosting, input, value_path_string(output, "remoteUrl", ""), branch, error)
            : NULL;

    if (!commit || !protect(hosting, input, branch, error) ||
        !github_repository_finish(hosting, input, repository, branch, error))
        return NULL;
    value_set_string(hosting->arena, output, "commitHash", commit);
    value_set_string(hosting->arena, hosting->made, "commit", commit);
    return output;
}

static gboolean run_publish(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    Hosting hosting;
    g_autofree char *folder = hosting_folder(run, input, error);

    if (!folder || !hosting_open(&hosting, run, input, "github", error))
        return FALSE;
    *output = hosting.builtin ? publish_builtin(&hosting, input, folder, error)
                              : publish_github(&hosting, input, error);
    if (!*output)
        return FALSE;
    action_log(run, "info", "Published %s as %s", github_name(&hosting),
               value_path_string(*output, "remoteUrl", ""));
    return action_would_publish(run, value_path_string(*output, "repoContentsUrl", ""), folder,
                                error) &&
           hosting_remember_files(&hosting, github_name(&hosting), folder, error);
}

/* Whether the host is known and, on the built-in forge, the name free. */
static gboolean check_publish(ActionRun *run, const Value *input, const Value **output,
                              GError **error)
{
    Hosting hosting;

    if (!hosting_open(&hosting, run, input, "github", error))
        return FALSE;
    const ForgePublish request = request_of(&hosting, input, NULL);

    return !hosting.builtin ||
           forge_publish(run->scaffolder->forge, run->arena, &request, error) != NULL;
}

/* On GitHub the action itself goes on from what is there. */
static gboolean probe_publish(ActionRun *run, const Value *input, const Value **output,
                              GError **error)
{
    Hosting hosting;
    g_autofree char *folder = hosting_folder(run, input, error);
    g_autoptr(GError) failure = NULL;

    if (!folder || !hosting_open(&hosting, run, input, "github", error))
        return FALSE;
    if (!hosting.builtin)
        return TRUE;
    const Value *found = forge_probe(run->scaffolder->forge, run->arena, hosting.url.host,
                                     hosting.url.owner, hosting.url.repo, run->intent_id, &failure);

    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    *output = found;
    if (!found)
        return TRUE;
    remember_builtin(&hosting, found);
    return hosting_remember_files(&hosting, github_name(&hosting), folder, error);
}

/* GitHub's effects carry the call that takes them back. */
static gboolean undo_publish(ActionRun *run, const Effect *effect, GError **error)
{
    return value_get(effect->detail, "undo") || !g_str_equal(effect->kind, "repository")
               ? hosting_undo(run, effect, error)
               : repository_undo(run, effect, error);
}

static gboolean check_undo(ActionRun *run, const Effect *effect, const char **warning, bool *gone,
                           GError **error)
{
    return !g_str_equal(effect->kind, "repository") ||
           repository_undo_check(run, effect, warning, gone, error);
}

const Action action_publish_github = {
    .id = "publish:github",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_publish,
    .check = check_publish,
    .checks = "repoUrl",
    .probe = probe_publish,
    .undo = undo_publish,
    .undo_check = check_undo,
    .undo_text = "Deletes the repository",
};

/* ---- github:repo:create ---- */

static gboolean run_create(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    Hosting hosting;
    const Value *repository;

    if (!hosting_open(&hosting, run, input, "github", error))
        return FALSE;
    if (hosting.builtin) {
        *output = publish_builtin(&hosting, input, NULL, error);
        return *output != NULL;
    }
    repository = github_repository_make(&hosting, input, error);
    if (!repository || !github_repository_finish(&hosting, input, repository, NULL, error))
        return FALSE;
    *output = github_urls(&hosting, repository, "master");
    return TRUE;
}

const Action action_github_repo_create = {
    .id = "github:repo:create",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_create,
    .check = check_publish,
    .checks = "repoUrl",
    .undo = undo_publish,
    .undo_check = check_undo,
    .undo_text = "Deletes the repository",
};

/* ---- github:repo:push ---- */

static void remember_push(Hosting *hosting, const char *branch, const char *commit)
{
    Arena *arena = hosting->arena;
    Value *detail = hosting_body(arena, "commit", commit);

    hosting_effect(
        hosting, &(HostingEffect){.operation = "create",
                                  .kind = "branch",
                                  .ref = arena_printf(arena, "%s:%s", github_name(hosting), branch),
                                  .undo_method = "DELETE",
                                  .undo_path = github_path(
                                      hosting, arena_printf(arena, "/git/refs/heads/%s", branch)),
                                  .detail = detail});
}

static gboolean run_push(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const char *branch = value_path_string(input, "defaultBranch", "master"), *commit;
    g_autofree char *folder = hosting_folder(run, input, error);
    Hosting hosting;
    const Value *repository;
    bool missing;

    if (!folder || !hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    repository = hosting_get(&hosting, github_path(&hosting, ""), &missing, error);
    if (!repository)
        return FALSE;
    if (missing && !run->dry) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no repository %s at %s",
                    github_name(&hosting), hosting.url.host);
        return FALSE;
    }
    Value *urls = github_urls(&hosting, repository, branch);

    commit = hosting_push(&hosting, input, value_path_string(urls, "remoteUrl", ""), branch, error);
    if (!commit)
        return FALSE;
    remember_push(&hosting, branch, commit);
    if (!protect(&hosting, input, branch, error))
        return FALSE;
    value_set_string(run->arena, urls, "commitHash", commit);
    *output = urls;
    return action_would_publish(run, value_path_string(urls, "repoContentsUrl", ""), folder,
                                error) &&
           hosting_remember_files(&hosting, github_name(&hosting), folder, error);
}

/* A branch that has a commit since the intent got it by it: git refuses a second first commit. */
static gboolean probe_push(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const char *branch = value_path_string(input, "defaultBranch", "master");
    Hosting hosting;
    const Value *repository, *commit;
    const char *head;
    bool missing;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    head = github_branch_head(&hosting, branch, error);
    if (!head || !*head)
        return head != NULL;
    commit = hosting_get(&hosting,
                         github_path(&hosting, arena_printf(run->arena, "/git/commits/%s", head)),
                         &missing, error);
    repository = commit ? hosting_get(&hosting, github_path(&hosting, ""), &missing, error) : NULL;
    if (!repository)
        return FALSE;
    if (!hosting_is_since(run, value_path_string(commit, "committer.date", NULL)) ||
        value_count(value_get(commit, "parents")) > 0)
        return TRUE;
    Value *urls = github_urls(&hosting, repository, branch);

    remember_push(&hosting, branch, head);
    value_set_string(run->arena, urls, "commitHash", head);
    *output = urls;
    return protect(&hosting, input, branch, error);
}

const Action action_github_repo_push = {
    .id = "github:repo:push",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_push,
    .probe = probe_push,
    .undo = hosting_undo,
    .undo_text = "Deletes the branch that was pushed",
};
