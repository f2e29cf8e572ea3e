/* publish:gitea makes a repository with the workspace as its first commit, on Gitea or Forgejo. */
#include "scaffolder/actions/gitea/gitea.h"
#include "scaffolder/actions/hosting.h"

static const char *name_of(const Hosting *hosting)
{
    return arena_printf(hosting->arena, "%s/%s", hosting->url.owner, hosting->url.repo);
}

static const char *path_of(const Hosting *hosting, const char *rest)
{
    Arena *arena = hosting->arena;

    return arena_printf(arena, "/repos/%s/%s%s", forge_escape(arena, hosting->url.owner),
                        forge_escape(arena, hosting->url.repo), rest);
}

static gboolean open_gitea(Hosting *hosting, ActionRun *run, const Value *input, GError **error)
{
    if (!hosting_open_remote(hosting, run, input, "gitea", error))
        return FALSE;
    if (hosting->url.owner)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Invalid repository owner provided in repoUrl: it has no owner");
    return FALSE;
}

/* ---- the repository ---- */

/* An organisation and the one whom the credentials are for have different routes. */
static const char *creation_path(Hosting *hosting, GError **error)
{
    Arena *arena = hosting->arena;
    const char *owner = hosting->url.owner, *escaped = forge_escape(arena, owner);
    bool missing;
    const Value *found =
        hosting_get(hosting, arena_printf(arena, "/orgs/%s", escaped), &missing, error);

    if (!found)
        return NULL;
    if (!missing || hosting->run->dry)
        return arena_printf(arena, "/orgs/%s/repos", escaped);
    found = hosting_get(hosting, "/user", &missing, error);
    if (found && g_ascii_strcasecmp(value_path_string(found, "login", ""), owner) == 0)
        return "/user/repos";
    if (found)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "%s has no organization %s, and the credentials are not of a user of that name",
                    hosting->url.host, owner);
    return NULL;
}

static const Value *create(Hosting *hosting, const Value *input, GError **error)
{
    Arena *arena = hosting->arena;
    const char *path = creation_path(hosting, error);
    Value *body = hosting_body(arena, "name", hosting->url.repo);

    if (!path)
        return NULL;
    value_set(arena, body, "description", value_get(input, "description"));
    value_set_bool(arena, body, "private",
                   !g_str_equal(value_path_string(input, "repoVisibility", "public"), "public"));
    value_set_string(arena, body, "default_branch",
                     value_path_string(input, "defaultBranch", "main"));
    return hosting_send(hosting, "POST", path, body, error);
}

/* One that was made since the intent was written, and is as it was wanted, is of an attempt that
 * was interrupted or failed. */
static bool is_ours(Hosting *hosting, const Value *input, const Value *repository)
{
    return hosting_is_since(hosting->run, value_path_string(repository, "created_at", NULL)) &&
           g_str_equal(value_path_string(repository, "description", ""),
                       value_path_string(input, "description", ""));
}

static const Value *find_or_create(Hosting *hosting, const Value *input, GError **error)
{
    bool missing;
    const Value *repository = hosting_get(hosting, path_of(hosting, ""), &missing, error);

    if (!repository || missing)
        return repository ? create(hosting, input, error) : NULL;
    if (is_ours(hosting, input, repository))
        return repository;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "the repository %s exists already; choose another name", name_of(hosting));
    return NULL;
}

static const char *push_once(Hosting *hosting, const Value *input, const char *url,
                             const char *branch, GError **error)
{
    Arena *arena = hosting->arena;
    bool missing;
    const Value *there = hosting_get(
        hosting, path_of(hosting, arena_printf(arena, "/branches/%s", forge_escape(arena, branch))),
        &missing, error);

    if (!there || !missing)
        return there ? value_path_string(there, "commit.id", "") : NULL;
    return hosting_push(hosting, input, url, branch, error);
}

static void remember(Hosting *hosting, const Value *repository, const char *url)
{
    Value *detail = value_object_new(hosting->arena);

    value_set(hosting->arena, detail, "id", value_get(repository, "id"));
    hosting->made = detail;
    hosting_effect(hosting, &(HostingEffect){.operation = "create",
                                             .kind = "repository",
                                             .ref = name_of(hosting),
                                             .url = url,
                                             .undo_method = "DELETE",
                                             .undo_path = path_of(hosting, ""),
                                             .detail = detail});
}

static gboolean run_publish(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    const char *branch = value_path_string(input, "defaultBranch", "main"), *commit;
    g_autofree char *folder = hosting_folder(run, input, error);
    Arena *arena = run->arena;
    Hosting hosting;
    const Value *repository;

    if (!folder || !open_gitea(&hosting, run, input, error))
        return FALSE;
    if (value_bool(value_get(input, "signCommit"), false))
        action_log(run, "warning", "The commit is not signed: there is no key for it");
    repository = find_or_create(&hosting, input, error);
    if (!repository)
        return FALSE;
    const char *web = arena_printf(arena, "%s/%s", hosting.at.base, name_of(&hosting));
    const char *contents = arena_printf(arena, "%s/src/branch/%s/", web, branch);
    Value *result = hosting_body(arena, "remoteUrl", web);

    remember(&hosting, repository, web);
    commit = push_once(&hosting, input, arena_printf(arena, "%s.git", web), branch, error);
    if (!commit)
        return FALSE;
    value_set_string(arena, hosting.made, "commit", commit);
    value_set_string(arena, result, "repoContentsUrl", contents);
    value_set_string(arena, result, "commitHash", commit);
    *output = result;
    action_log(run, "info", "Published %s as %s", name_of(&hosting), web);
    return action_would_publish(run, contents, folder, error) &&
           hosting_remember_files(&hosting, name_of(&hosting), folder, error);
}

static gboolean check_publish(ActionRun *run, const Value *input, const Value **output,
                              GError **error)
{
    Hosting hosting;

    return open_gitea(&hosting, run, input, error);
}

const Action action_publish_gitea = {
    .id = "publish:gitea",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_publish,
    .check = check_publish,
    .checks = "repoUrl",
    .undo = hosting_undo,
    .undo_check = hosting_undo_check,
    .undo_text = "Deletes the repository",
};
