/* A repository of GitHub: made, found again by what made it, and set up. */
#include "scaffolder/actions/github/github.h"

const char *github_name(const Hosting *hosting)
{
    return arena_printf(hosting->arena, "%s/%s", hosting->url.owner, hosting->url.repo);
}

const char *github_path(const Hosting *hosting, const char *rest)
{
    Arena *arena = hosting->arena;

    return arena_printf(arena, "/repos/%s/%s%s", forge_escape(arena, hosting->url.owner),
                        forge_escape(arena, hosting->url.repo), rest);
}

Value *github_urls(Hosting *hosting, const Value *repository, const char *branch)
{
    Arena *arena = hosting->arena;
    const char *web = arena_printf(arena, "%s/%s", hosting->at.base, github_name(hosting));
    Value *urls = value_object_new(arena);

    web = value_path_string(repository, "html_url", web);
    value_set_string(
        arena, urls, "remoteUrl",
        value_path_string(repository, "clone_url", arena_printf(arena, "%s.git", web)));
    value_set_string(arena, urls, "repoContentsUrl",
                     arena_printf(arena, "%s/blob/%s", web, branch));
    return urls;
}

const char *github_branch_head(Hosting *hosting, const char *branch, GError **error)
{
    Arena *arena = hosting->arena;
    g_autofree char *name = g_uri_escape_string(branch, "/", FALSE);
    ForgeReply reply = {0};

    /* 409: an empty repository. */
    if (hosting->run->dry)
        return "";
    if (!forge_host_call(&hosting->at,
                         &(ForgeCall){.method = "GET",
                                      .path = github_path(
                                          hosting, arena_printf(arena, "/git/ref/heads/%s", name)),
                                      .allowed = {404, 409}},
                         &reply, error))
        return NULL;
    return reply.status == 200 ? value_path_string(reply.body, "object.sha", "") : "";
}

/* ---- making ---- */

/* The intent stands in the homepage while the repository is made: it is there from the first moment
 * on, so that an interrupted step knows its own. */
static const char *mark_of(const Hosting *hosting)
{
    const ActionRun *run = hosting->run;

    return arena_printf(hosting->arena, "%s/create/tasks/%s#%s",
                        config_string(run->scaffolder->config, "backend.baseUrl", ""),
                        run->runner->task_id, run->intent_id);
}

static bool is_made_by(Hosting *hosting, const Value *input, const Value *repository)
{
    const char *homepage = value_path_string(repository, "homepage", ""),
               *wanted = value_path_string(input, "homepage", NULL), *mark = strrchr(homepage, '#');

    if (mark && *hosting->run->intent_id && g_str_equal(mark + 1, hosting->run->intent_id))
        return true;
    return wanted && g_str_equal(homepage, wanted) &&
           hosting_is_since(hosting->run, value_path_string(repository, "created_at", NULL));
}

static const Value *creation(Hosting *hosting, const Value *input, bool organization)
{
    static const HostingMember members[] = {
        {"deleteBranchOnMerge", "delete_branch_on_merge"},
        {"allowMergeCommit", "allow_merge_commit"},
        {"allowSquashMerge", "allow_squash_merge"},
        {"squashMergeCommitTitle", "squash_merge_commit_title"},
        {"squashMergeCommitMessage", "squash_merge_commit_message"},
        {"allowRebaseMerge", "allow_rebase_merge"},
        {"allowAutoMerge", "allow_auto_merge"},
        {"allowUpdateBranch", "allow_update_branch"},
        {"hasProjects", "has_projects"},
        {"hasWiki", "has_wiki"},
        {"hasIssues", "has_issues"},
        {"autoInit", "auto_init"},
        {"description", NULL}};
    Arena *arena = hosting->arena;
    const char *visibility = value_path_string(input, "repoVisibility", "private");
    Value *body = hosting_body(arena, "name", hosting->url.repo);

    hosting_copy(arena, body, input, members, G_N_ELEMENTS(members));
    value_set_string(arena, body, "homepage", mark_of(hosting));
    value_set_bool(arena, body, "private", !g_str_equal(visibility, "public"));
    if (!organization)
        return body;
    value_set_string(arena, body, "visibility", visibility);
    if (value_count(value_get(input, "customProperties")) > 0)
        value_set(arena, body, "custom_properties", value_get(input, "customProperties"));
    return body;
}

/* An organisation and a person have different routes. */
static const Value *create(Hosting *hosting, const Value *input, GError **error)
{
    Arena *arena = hosting->arena;
    const char *owner = forge_escape(arena, hosting->url.owner);
    bool missing;
    const Value *account =
        hosting_get(hosting, arena_printf(arena, "/users/%s", owner), &missing, error);

    if (!account)
        return NULL;
    if (missing && !hosting->run->dry) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s has no organization or person %s",
                    hosting->url.host, hosting->url.owner);
        return NULL;
    }
    bool organization = g_str_equal(value_path_string(account, "type", ""), "Organization");

    return hosting_send(hosting, "POST",
                        organization ? arena_printf(arena, "/orgs/%s/repos", owner) : "/user/repos",
                        creation(hosting, input, organization), error);
}

static const Value *find_or_create(Hosting *hosting, const Value *input, GError **error)
{
    bool missing;
    const Value *repository = hosting_get(hosting, github_path(hosting, ""), &missing, error);

    if (!repository || missing)
        return repository ? create(hosting, input, error) : NULL;
    if (is_made_by(hosting, input, repository))
        return repository;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "the repository %s exists already; choose another name", github_name(hosting));
    return NULL;
}

/* ---- who may do what ---- */

static const char *team_path(Hosting *hosting, const char *team, bool repository)
{
    Arena *arena = hosting->arena;
    const char *owner = forge_escape(arena, hosting->url.owner);
    const char *path = arena_printf(arena, "/orgs/%s/teams/%s", owner, forge_escape(arena, team));

    return repository ? arena_printf(arena, "%s%s", path, github_path(hosting, "")) : path;
}

/* "acme/team-a" is a team of the owner, anything else a person. */
static const char *team_of(const Hosting *hosting, const char *access)
{
    const char *slash = access ? strchr(access, '/') : NULL;

    return slash && g_ascii_strncasecmp(access, hosting->url.owner, (gsize)(slash - access)) == 0 &&
                   strlen(hosting->url.owner) == (gsize)(slash - access)
               ? slash + 1
               : NULL;
}

/* Before anything is made: a team that is not there would leave a repository nobody may see. */
static gboolean check_access(Hosting *hosting, const Value *input, GError **error)
{
    const char *access = value_path_string(input, "access", NULL), *team = team_of(hosting, access);
    bool missing;

    if (!team || hosting->run->dry)
        return TRUE;
    if (!hosting_get(hosting, team_path(hosting, team, false), &missing, error))
        return FALSE;
    if (!missing)
        return TRUE;
    g_set_error(
        error, PAVE_ERROR, ERROR_INPUT,
        "Received 'Not Found' from the API; one of org: %s or team: %s was not found within "
        "GitHub.",
        hosting->url.owner, team);
    return FALSE;
}

static const char *access_path(Hosting *hosting, const char *team, const char *user)
{
    return team ? team_path(hosting, team, true)
                : github_path(hosting, arena_printf(hosting->arena, "/collaborators/%s",
                                                    forge_escape(hosting->arena, user)));
}

static void remember_access(Hosting *hosting, const char *name, const char *permission,
                            const char *path)
{
    Value *detail = hosting_body(hosting->arena, "permission", permission);

    hosting_effect(hosting, &(HostingEffect){.operation = "create",
                                             .kind = "access",
                                             .ref = arena_printf(hosting->arena, "%s:%s",
                                                                 github_name(hosting), name),
                                             .undo_method = "DELETE",
                                             .undo_path = path,
                                             .detail = detail});
}

static gboolean give_access(Hosting *hosting, const Value *input, GError **error)
{
    const char *access = value_path_string(input, "access", NULL), *team = team_of(hosting, access);

    if (!access || !*access || g_str_equal(access, hosting->url.owner))
        return TRUE;
    const char *path = access_path(hosting, team, access);

    if (!hosting_send(hosting, "PUT", path, hosting_body(hosting->arena, "permission", "admin"),
                      error))
        return FALSE;
    remember_access(hosting, access, "admin", path);
    return TRUE;
}

static gboolean add_collaborator(Hosting *hosting, const Value *one, GError **error)
{
    Arena *arena = hosting->arena;
    const char *team = value_path_string(one, "team", NULL),
               *user = value_path_string(one, "user", NULL),
               *permission = value_path_string(one, "access", "push");
    const char *name = hosting_name_of(arena, team ? team : user ? user : "");
    const char *path = access_path(hosting, team ? name : NULL, name);

    if (!hosting_try(hosting, "PUT", path, hosting_body(arena, "permission", permission),
                     arena_printf(arena, "%s access for %s", permission, name), error))
        return FALSE;
    remember_access(hosting, name, permission, path);
    return TRUE;
}

/* ---- settings ---- */

static gboolean set_topics(Hosting *hosting, const Value *topics, GError **error)
{
    Arena *arena = hosting->arena;
    Value *names = value_array_new(arena), *body = value_object_new(arena);

    if (!topics)
        return TRUE;
    for (guint i = 0; i < value_count(topics); i++) {
        g_autofree char *lower = g_ascii_strdown(value_string(value_item(topics, i), ""), -1);

        value_append(arena, names, value_string_new(arena, lower));
    }
    value_set(arena, body, "names", names);
    return hosting_try(hosting, "PUT", github_path(hosting, "/topics"), body, "topics", error);
}

static gboolean set_oidc(Hosting *hosting, const Value *oidc, GError **error)
{
    Value *body = value_object_new(hosting->arena);

    if (!oidc)
        return TRUE;
    value_set_bool(hosting->arena, body, "use_default",
                   value_bool(value_get(oidc, "useDefault"), true));
    value_set(hosting->arena, body, "include_claim_keys", value_get(oidc, "includeClaimKeys"));
    return hosting_send(hosting, "PUT", github_path(hosting, "/actions/oidc/customization/sub"),
                        body, error) != NULL;
}

static gboolean subscribe(Hosting *hosting, const Value *input, GError **error)
{
    Value *body = value_object_new(hosting->arena);

    if (!value_bool(value_get(input, "subscribe"), false))
        return TRUE;
    value_set_bool(hosting->arena, body, "subscribed", true);
    value_set_bool(hosting->arena, body, "ignored", false);
    return hosting_send(hosting, "PUT", github_path(hosting, "/subscription"), body, error) != NULL;
}

static gboolean set_workflow_access(Hosting *hosting, const Value *input, GError **error)
{
    const char *level = value_path_string(input, "workflowAccess", NULL);

    return !level ||
           hosting_send(hosting, "PUT", github_path(hosting, "/actions/permissions/access"),
                        hosting_body(hosting->arena, "access_level", level), error) != NULL;
}

static gboolean set_up(Hosting *hosting, const Value *input, GError **error)
{
    const Value *collaborators = value_get(input, "collaborators");
    const char *actions = github_path(hosting, "/actions");

    if (!give_access(hosting, input, error))
        return FALSE;
    for (guint i = 0; i < value_count(collaborators); i++)
        if (!add_collaborator(hosting, value_item(collaborators, i), error))
            return FALSE;
    return set_topics(hosting, value_get(input, "topics"), error) &&
           github_put_variables(hosting, actions, value_get(input, "repoVariables"), error) &&
           github_put_secrets(hosting, actions, value_get(input, "secrets"), error) &&
           set_oidc(hosting, value_get(input, "oidcCustomization"), error) &&
           set_workflow_access(hosting, input, error) && subscribe(hosting, input, error);
}

const Value *github_repository_make(Hosting *hosting, const Value *input, GError **error)
{
    Arena *arena = hosting->arena;
    Value *detail = value_object_new(arena);
    const Value *repository =
        check_access(hosting, input, error) ? find_or_create(hosting, input, error) : NULL;

    if (!repository)
        return NULL;
    hosting->made = detail;
    value_set(arena, detail, "id", value_get(repository, "id"));
    hosting_effect(hosting,
                   &(HostingEffect){.operation = "create",
                                    .kind = "repository",
                                    .ref = github_name(hosting),
                                    .url = value_path_string(github_urls(hosting, repository, ""),
                                                             "remoteUrl", NULL),
                                    .undo_method = "DELETE",
                                    .undo_path = github_path(hosting, ""),
                                    .detail = detail});
    return set_up(hosting, input, error) ? repository : NULL;
}

gboolean github_repository_finish(Hosting *hosting, const Value *input, const Value *repository,
                                  const char *default_branch, GError **error)
{
    const char *homepage = value_path_string(input, "homepage", NULL);
    Value *body = value_object_new(hosting->arena);

    if (default_branch &&
        !g_str_equal(value_path_string(repository, "default_branch", ""), default_branch))
        value_set_string(hosting->arena, body, "default_branch", default_branch);
    value_set_string(hosting->arena, body, "homepage", homepage);
    return value_count(body) == 0 ||
           hosting_send(hosting, "PATCH", github_path(hosting, ""), body, error) != NULL;
}
