/* publish:gitlab makes a project with the workspace as its first commit. */
#include "scaffolder/actions/gitlab/gitlab.h"

static const Value *output_of(Hosting *hosting, const Value *project, const char *branch,
                              const char *commit, bool created)
{
    Arena *arena = hosting->arena;
    const char *foreseen = arena_printf(arena, "%s/%s", hosting->at.base, gitlab_name(hosting));
    const char *url = value_path_string(project, "http_url_to_repo", foreseen);
    Value *output = value_object_new(arena);

    if (g_str_has_suffix(url, ".git"))
        url = arena_strndup(arena, url, strlen(url) - 4);
    value_set_string(arena, output, "remoteUrl", url);
    value_set_string(arena, output, "repoContentsUrl",
                     arena_printf(arena, "%s/-/blob/%s", url, branch));
    value_set_int(arena, output, "projectId", value_int(value_get(project, "id"), 0));
    value_set_string(arena, output, "commitHash", commit);
    value_set_bool(arena, output, "created", created);
    return output;
}

/* ---- the project ---- */

static const Value *creation(Hosting *hosting, const Value *input, int64_t namespace_id)
{
    Arena *arena = hosting->arena;
    const Value *settings = value_get(input, "settings"), *topics = value_get(input, "topics");
    Value *body = hosting_body(arena, "name", hosting->url.repo);

    value_set_int(arena, body, "namespace_id", namespace_id);
    value_set_string(arena, body, "visibility",
                     value_path_string(input, "repoVisibility", "private"));
    if (value_count(topics) > 0)
        value_set(arena, body, "topics", topics);
    for (guint i = 0; i < value_count(settings); i++)
        value_set(arena, body, value_key_at(settings, i), value_value_at(settings, i));
    return body;
}

static const Value *create(Hosting *hosting, const Value *input, GError **error)
{
    Arena *arena = hosting->arena;
    bool missing;
    const Value *namespace = hosting_get(
        hosting, arena_printf(arena, "/namespaces/%s", forge_escape(arena, hosting->url.owner)),
        &missing, error);

    if (!namespace)
        return NULL;
    if (missing && !hosting->run->dry) {
        g_set_error(
            error, PAVE_ERROR, ERROR_INPUT,
            "The namespace %s is not found or the user doesn't have permissions to access it",
            hosting->url.owner);
        return NULL;
    }
    return hosting_send(hosting, "POST", "/projects",
                        creation(hosting, input, value_int(value_get(namespace, "id"), 0)), error);
}

/* Ours where whom the token is for made it since the intent was written. */
static gboolean is_made_by(Hosting *hosting, const Value *project, bool *ours, GError **error)
{
    bool missing;
    const Value *user;

    *ours = false;
    if (!hosting_is_since(hosting->run, value_path_string(project, "created_at", NULL)))
        return TRUE;
    user = hosting_get(hosting, "/user", &missing, error);
    *ours = user && value_equal(value_get(user, "id"), value_get(project, "creator_id"));
    return user != NULL;
}

static void remember_project(Hosting *hosting, const Value *project)
{
    Value *detail = value_object_new(hosting->arena);

    value_set(hosting->arena, detail, "id", value_get(project, "id"));
    hosting->made = detail;
    hosting_effect(hosting, &(HostingEffect){.operation = "create",
                                             .kind = "repository",
                                             .ref = gitlab_name(hosting),
                                             .url = value_path_string(project, "web_url", NULL),
                                             .undo_method = "DELETE",
                                             .undo_path = gitlab_path(hosting, ""),
                                             .detail = detail});
}

/* *created: it is this step's; else it was there, and may stay so. */
static const Value *find_or_create(Hosting *hosting, const Value *input, bool *created,
                                   GError **error)
{
    bool missing;
    const Value *project = hosting_get(hosting, gitlab_path(hosting, ""), &missing, error);

    *created = true;
    if (!project || missing)
        return project ? create(hosting, input, error) : NULL;
    if (!is_made_by(hosting, project, created, error))
        return NULL;
    if (*created || value_bool(value_get(input, "skipExisting"), false))
        return project;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "the project %s exists already; choose another name, or skipExisting: true",
                gitlab_name(hosting));
    return NULL;
}

/* ---- who owns it ---- */

/* Whom the input's token is for; the project itself is made with the integration's. */
static gboolean token_user(Hosting *hosting, const Value *input, int64_t *id, GError **error)
{
    ForgeHost as_user;
    ForgeReply reply;

    *id = 0;
    if (hosting->run->dry)
        return TRUE;
    if (!forge_host_open(hosting->run->scaffolder->forge, hosting->arena, "gitlab",
                         hosting->url.host, value_path_string(input, "token", NULL), &as_user,
                         error) ||
        !forge_host_call(&as_user, &(ForgeCall){.method = "GET", .path = "/user"}, &reply, error))
        return FALSE;
    *id = value_int(value_get(reply.body, "id"), 0);
    return TRUE;
}

static gboolean add_owner(Hosting *hosting, const Value *input, GError **error)
{
    const char *name = value_path_string(input, "ownerUsername", NULL);
    Value *body = value_object_new(hosting->arena);
    int64_t id;
    long status;

    if (!name && !value_bool(value_get(input, "setUserAsOwner"), false))
        return TRUE;
    if (!(name ? gitlab_user(hosting, name, &id, error) : token_user(hosting, input, &id, error)))
        return FALSE;
    value_set_int(hosting->arena, body, "user_id", id);
    value_set_int(hosting->arena, body, "access_level", 50);
    /* 409: is one already. */
    return (id == 0 && !hosting->run->dry) ||
           hosting_ask(hosting, "POST", gitlab_path(hosting, "/members"), body, 409, &status,
                       error) != NULL;
}

/* ---- branches and variables ---- */

static gboolean set_branch(Hosting *hosting, const Value *branch, const char *standard,
                           GError **error)
{
    const char *name = value_path_string(branch, "name", "");
    long status;
    bool made;

    if (value_bool(value_get(branch, "create"), false) &&
        !gitlab_branch_ensure(hosting, name, value_path_string(branch, "ref", standard), &made,
                              error))
        return FALSE;
    /* 409: it is protected already. */
    return !value_bool(value_get(branch, "protect"), false) ||
           hosting_ask(hosting, "POST", gitlab_path(hosting, "/protected_branches"),
                       hosting_body(hosting->arena, "name", name), 409, &status, error) != NULL;
}

static gboolean set_variable(Hosting *hosting, const Value *variable, GError **error)
{
    Arena *arena = hosting->arena;
    Value *body = value_clone_shallow(arena, variable);
    const char *key = value_path_string(variable, "key", ""),
               *scope = value_path_string(variable, "environment_scope", "*");
    const char *path =
        gitlab_path(hosting, arena_printf(arena, "/variables/%s?filter[environment_scope]=%s",
                                          forge_escape(arena, key), forge_escape(arena, scope)));
    bool missing;

    if (value_bool(value_get(variable, "masked"), false) ||
        value_bool(value_get(variable, "masked_and_hidden"), false))
        hosting_mask(hosting->run, value_path_string(variable, "value", NULL));
    /* There already where an attempt was interrupted. */
    return hosting_get(hosting, path, &missing, error) &&
           (!missing ||
            hosting_send(hosting, "POST", gitlab_path(hosting, "/variables"), body, error));
}

static gboolean set_up(Hosting *hosting, const Value *input, const char *branch, GError **error)
{
    const Value *branches = value_get(input, "branches"),
                *variables = value_get(input, "projectVariables");

    for (guint i = 0; i < value_count(branches); i++)
        if (!set_branch(hosting, value_item(branches, i), branch, error))
            return FALSE;
    for (guint i = 0; i < value_count(variables); i++)
        if (!set_variable(hosting, value_item(variables, i), error))
            return FALSE;
    return TRUE;
}

/* ---- the action ---- */

static bool is_pushed(const Value *input)
{
    return value_bool(value_get(input, "sourcePath"), true);
}

/* The first commit, where the branch has none; "" where none is wanted. */
static const char *push_once(Hosting *hosting, const Value *input, const Value *project,
                             const char *branch, GError **error)
{
    Arena *arena = hosting->arena;
    bool missing;
    const Value *there;

    if (!is_pushed(input))
        return "";
    there = hosting_get(hosting,
                        gitlab_path(hosting, arena_printf(arena, "/repository/branches/%s",
                                                          forge_escape(arena, branch))),
                        &missing, error);
    if (!there || !missing)
        return there ? value_path_string(there, "commit.id", "") : NULL;
    return hosting_push(
        hosting, input,
        value_path_string(project, "http_url_to_repo",
                          arena_printf(arena, "%s/%s.git", hosting->at.base, gitlab_name(hosting))),
        branch, error);
}

static gboolean remember_files(Hosting *hosting, const Value *input, const char *contents_url,
                               GError **error)
{
    g_autofree char *folder = is_pushed(input) ? hosting_folder(hosting->run, input, error) : NULL;

    return !is_pushed(input) ||
           (folder && action_would_publish(hosting->run, contents_url, folder, error) &&
            hosting_remember_files(hosting, gitlab_name(hosting), folder, error));
}

/* With setUserAsOwner the project is the integration's to make. */
static gboolean open_as_maker(Hosting *hosting, ActionRun *run, const Value *input, GError **error)
{
    Value *as_integration = value_clone_shallow(run->arena, input);

    if (value_bool(value_get(input, "setUserAsOwner"), false)) {
        hosting_mask(run, value_path_string(input, "token", NULL));
        value_set(run->arena, as_integration, "token", NULL);
    }
    return hosting_open_remote(hosting, run, as_integration, "gitlab", error);
}

static gboolean run_publish(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    const char *branch = value_path_string(input, "defaultBranch", "master"), *commit;
    Hosting hosting;
    const Value *project;
    bool created;

    if (!open_as_maker(&hosting, run, input, error))
        return FALSE;
    if (value_bool(value_get(input, "signCommit"), false))
        action_log(run, "warning", "The commit is not signed: there is no key for it");
    project = find_or_create(&hosting, input, &created, error);
    if (!project)
        return FALSE;
    if (!created) {
        action_log(run, "info", "The project %s is there already, and stays as it is",
                   gitlab_name(&hosting));
        *output = output_of(&hosting, project, branch, "", false);
        return TRUE;
    }
    remember_project(&hosting, project);
    commit = add_owner(&hosting, input, error) ? push_once(&hosting, input, project, branch, error)
                                               : NULL;
    if (!commit)
        return FALSE;
    value_set_string(run->arena, hosting.made, "commit", commit);
    if (!set_up(&hosting, input, branch, error))
        return FALSE;
    *output = output_of(&hosting, project, branch, commit, true);
    action_log(run, "info", "Published %s as %s", gitlab_name(&hosting),
               value_path_string(*output, "remoteUrl", ""));
    return remember_files(&hosting, input, value_path_string(*output, "repoContentsUrl", ""),
                          error);
}

static gboolean check_publish(ActionRun *run, const Value *input, const Value **output,
                              GError **error)
{
    Hosting hosting;

    return hosting_open_remote(&hosting, run, input, "gitlab", error);
}

const Action action_publish_gitlab = {
    .id = "publish:gitlab",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_publish,
    .check = check_publish,
    .checks = "repoUrl",
    .undo = hosting_undo,
    .undo_check = hosting_undo_check,
    .undo_text = "Deletes the project",
};
