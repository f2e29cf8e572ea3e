/* The same publication against GitHub's REST API, where a host is GitHub itself.
 *
 * Each step looks first whether it was done: the repository carries the intent in its homepage
 * (set as it is created, so there is no moment in which it exists without it), the push is done
 * when the branch has a head. */
#include "forge/forge_internal.h"
#include "spine/folder.h"
#include "formats/json.h"
#include "net/http_client.h"
#include <glib/gstdio.h>

typedef struct {
    ForgeGitHub at;
    Arena *arena;
    const ForgePublish *publish;
    const char *homepage; /* where the intent is kept */
    Value *warnings;
} GitHub;

/* ---- the API ---- */

static const char *api_of(Arena *arena, const Value *integration, const char *host)
{
    g_autofree char *base = g_strdup(value_string(value_get(integration, "apiBaseUrl"), ""));

    if (!*base)
        return g_ascii_strcasecmp(host, "github.com") == 0
                   ? "https://api.github.com"
                   : arena_printf(arena, "https://%s/api/v3", host);
    while (g_str_has_suffix(base, "/"))
        base[strlen(base) - 1] = '\0';
    return arena_strdup(arena, base);
}

const Value *forge_github_call(const ForgeGitHub *github, const char *method, const char *path,
                               const Value *body, long allowed, long *status, GError **error)
{
    g_autofree char *text = body ? json_to_string(body, JSON_COMPACT) : NULL;
    g_autofree char *url = g_strconcat(github->api, path, NULL);
    g_autofree char *credentials = g_strconcat("Authorization: Bearer ", github->token, NULL);
    const char *const headers[] = {credentials,
                                   "Accept: application/vnd.github+json",
                                   "X-GitHub-Api-Version: 2022-11-28",
                                   "User-Agent: Pave/" PAVE_VERSION,
                                   body ? "Content-Type: application/json" : NULL,
                                   NULL};
    /* The address is the operator's, from the configuration: it may be in a private network. */
    HttpRequest request = {.method = method,
                           .url = url,
                           .headers = headers,
                           .body = text,
                           .body_length = text ? strlen(text) : 0,
                           .allow_private = TRUE,
                           .no_redirects = TRUE};
    g_autoptr(HttpReply) reply = http_send(&request, error);
    const Value *value;

    if (!reply)
        return NULL;
    *status = reply->status;
    value = reply->length > 0 ? json_parse(github->arena, reply->body, (gssize)reply->length, NULL)
                              : NULL;
    if (reply->status / 100 == 2 || reply->status == allowed)
        return value ? value : value_null_new(github->arena);
    g_set_error(error, PAVE_ERROR,
                reply->status == 401 || reply->status == 403   ? ERROR_NOT_ALLOWED
                : reply->status == 404                         ? ERROR_NOT_FOUND
                : reply->status == 409 || reply->status == 422 ? ERROR_CONFLICT
                                                               : ERROR_SERVICE_UNAVAILABLE,
                "GitHub answered %ld to %s %s: %s", reply->status, method, path,
                value_string(value_get(value, "message"), "without a reason"));
    return NULL;
}

void forge_github_open(ForgeGitHub *github, Forge *forge, Arena *arena, const char *host)
{
    const Value *integration = forge_github_integration(forge, host);

    github->arena = arena;
    github->api = api_of(arena, integration, host);
    github->token = value_string(value_get(integration, "token"), "");
}

static const Value *call(const GitHub *github, const char *method, const char *path,
                         const Value *body, long allowed, long *status, GError **error)
{
    return forge_github_call(&github->at, method, path, body, allowed, status, error);
}

static void open_github(GitHub *github, Forge *forge, Arena *arena, const char *host,
                        const char *intent_id, const char *cause)
{
    forge_github_open(&github->at, forge, arena, host);
    github->arena = arena;
    github->homepage = arena_printf(arena, "%s/create/tasks/%s#%s", forge->base_url,
                                    cause ? cause : "", intent_id ? intent_id : "");
    github->warnings = value_array_new(arena);
}

static gboolean made_by(const Value *repository, const char *intent_id)
{
    const char *homepage = value_string(value_get(repository, "homepage"), "");
    const char *mark = strrchr(homepage, '#');

    return intent_id && mark && g_str_equal(mark + 1, intent_id);
}

/* ---- the steps ---- */

static const char *repository_path(const GitHub *github, const char *owner, const char *name)
{
    return arena_printf(github->arena, "/repos/%s/%s", owner, name);
}

static const Value *creation(const GitHub *github)
{
    Arena *arena = github->arena;
    const ForgePublish *publish = github->publish;
    const char *visibility = publish->visibility ? publish->visibility : "private";
    Value *body = value_object_new(arena);

    value_set_string(arena, body, "name", publish->name);
    value_set_string(arena, body, "description", publish->description ? publish->description : "");
    value_set_string(arena, body, "homepage", github->homepage);
    value_set_bool(arena, body, "private", !g_str_equal(visibility, "public"));
    value_set_bool(arena, body, "auto_init", false);
    return body;
}

/* An organisation and a person have different routes. */
static const char *creation_path(const GitHub *github, GError **error)
{
    const char *owner = github->publish->owner;
    long status = 0;
    const Value *account = call(github, "GET", arena_printf(github->arena, "/users/%s", owner),
                                NULL, 0, &status, error);

    if (!account)
        return NULL;
    if (g_str_equal(value_string(value_get(account, "type"), ""), "Organization"))
        return arena_printf(github->arena, "/orgs/%s/repos", owner);
    return "/user/repos";
}

static const Value *find_or_create(const GitHub *github, GError **error)
{
    const ForgePublish *publish = github->publish;
    const char *path = repository_path(github, publish->owner, publish->name);
    long status = 0;
    const Value *repository = call(github, "GET", path, NULL, 404, &status, error);

    if (!repository)
        return NULL;
    if (status == 404) {
        path = creation_path(github, error);
        return path ? call(github, "POST", path, creation(github), 0, &status, error) : NULL;
    }
    if (made_by(repository, publish->intent_id))
        return repository;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "the repository %s/%s exists already; choose another name", publish->owner,
                publish->name);
    return NULL;
}

/* The commit of the branch; "" where there is none yet (GitHub says 409 for an empty repository).
 */
static const char *branch_head(const GitHub *github, const char *branch, GError **error)
{
    const char *path = arena_printf(
        github->arena, "%s/git/ref/heads/%s",
        repository_path(github, github->publish->owner, github->publish->name), branch);
    long status = 0;
    GError *why = NULL;
    const Value *ref = call(github, "GET", path, NULL, 404, &status, &why);

    if (status == 409)
        g_clear_error(&why);
    if (why) {
        g_propagate_error(error, why);
        return NULL;
    }
    return status == 200 ? value_path_string(ref, "object.sha", "") : "";
}

/* git learns the token from its environment: it is in no command line and in no URL it prints. */
const char *const *forge_github_git_environment(const ForgeGitHub *github)
{
    Arena *arena = github->arena;
    const char **env = arena_new0(arena, const char *, 6);
    g_autofree char *pair = g_strconcat("x-access-token:", github->token, NULL);
    g_autofree char *encoded = g_base64_encode((const guchar *)pair, strlen(pair));

    env[0] = "GIT_CONFIG_COUNT=2";
    env[1] = "GIT_CONFIG_KEY_0=http.extraHeader";
    env[2] = arena_printf(arena, "GIT_CONFIG_VALUE_0=Authorization: Basic %s", encoded);
    env[3] = "GIT_CONFIG_KEY_1=safe.directory";
    env[4] = "GIT_CONFIG_VALUE_1=*";
    return env;
}

static gboolean push(const GitHub *github, const char *folder, const char *url, const char *branch,
                     GError **error)
{
    g_autofree char *refspec = g_strdup_printf("refs/heads/%s:refs/heads/%s", branch, branch);
    const char *const arguments[] = {"push", "--quiet", url, refspec, NULL};

    return forge_git_run(arguments, forge_github_git_environment(&github->at), folder, NULL, error);
}

static gboolean build_and_push(const GitHub *github, Forge *forge, const char *url,
                               const char *branch, GError **error)
{
    const ForgePublish *publish = github->publish;
    g_autofree char *id = clock_new_id();
    g_autofree char *aside = g_build_filename(forge->repositories, ".new", id, NULL);
    ForgeAuthor author = {publish->message ? publish->message : "initial commit",
                          publish->author_name ? publish->author_name : "Pave",
                          publish->author_email ? publish->author_email : "pave@localhost",
                          publish->actor, publish->cause};
    gboolean pushed =
        forge_git_build(aside, publish->folder, branch, publish->intent_id, &author, error) &&
        push(github, aside, url, branch, error);

    folder_remove(aside, NULL);
    return pushed;
}

static gboolean set_default_branch(const GitHub *github, const Value *repository,
                                   const char *branch, GError **error)
{
    const ForgePublish *publish = github->publish;
    Value *body = value_object_new(github->arena);
    long status = 0;

    if (g_str_equal(value_string(value_get(repository, "default_branch"), ""), branch))
        return TRUE;
    value_set_string(github->arena, body, "default_branch", branch);
    return call(github, "PATCH", repository_path(github, publish->owner, publish->name), body, 0,
                &status, error) != NULL;
}

/* GitHub offers protection of private repositories only in paid plans; that it does not is worth a
 * warning, not a failure. */
static gboolean protect(const GitHub *github, const char *branch, GError **error)
{
    Arena *arena = github->arena;
    const ForgePublish *publish = github->publish;
    Value *body = value_object_new(arena);
    const char *path = arena_printf(arena, "%s/branches/%s/protection",
                                    repository_path(github, publish->owner, publish->name), branch);
    long status = 0;
    const Value *reply;

    value_set(arena, body, "required_status_checks", value_null_new(arena));
    value_set_bool(arena, body, "enforce_admins", true);
    value_set(arena, body, "required_pull_request_reviews", value_null_new(arena));
    value_set(arena, body, "restrictions", value_null_new(arena));
    value_set_bool(arena, body, "allow_force_pushes", false);
    value_set_bool(arena, body, "allow_deletions", false);
    reply = call(github, "PUT", path, body, 403, &status, error);
    if (reply && status == 403)
        value_append(arena, github->warnings,
                     value_string_new(arena, value_string(value_get(reply, "message"),
                                                          "GitHub does not protect the branch")));
    return reply != NULL;
}

static const Value *result(const GitHub *github, const Value *repository, const char *branch,
                           const char *head)
{
    Arena *arena = github->arena;
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "remoteUrl",
                     value_string(value_get(repository, "clone_url"), ""));
    value_set_string(arena, value, "repoContentsUrl",
                     arena_printf(arena, "%s/blob/%s",
                                  value_string(value_get(repository, "html_url"), ""), branch));
    value_set_string(arena, value, "commitHash", *head ? head : NULL);
    if (value_count(github->warnings) > 0)
        value_set(arena, value, "warnings", github->warnings);
    return value;
}

const Value *forge_github_publish(Forge *forge, Arena *arena, const ForgePublish *publish,
                                  GError **error)
{
    GitHub github = {.publish = publish};
    const char *branch = publish->default_branch ? publish->default_branch : "main";
    const Value *repository;
    const char *head;

    if (!forge_check_name(publish->owner, publish->name, error))
        return NULL;
    open_github(&github, forge, arena, publish->host, publish->intent_id, publish->cause);
    repository = find_or_create(&github, error);
    if (!repository)
        return NULL;
    head = branch_head(&github, branch, error);
    if (!head)
        return NULL;
    if (!*head && publish->folder) {
        if (!build_and_push(&github, forge, value_string(value_get(repository, "clone_url"), ""),
                            branch, error))
            return NULL;
        head = branch_head(&github, branch, error);
    }
    if (!head || !set_default_branch(&github, repository, branch, error) ||
        (publish->protect_default_branch && !protect(&github, branch, error)))
        return NULL;
    return result(&github, repository, branch, head);
}

const Value *forge_github_probe(Forge *forge, Arena *arena, const char *host, const char *owner,
                                const char *name, const char *intent_id, GError **error)
{
    ForgePublish publish = {.host = host, .owner = owner, .name = name};
    GitHub github = {.publish = &publish};
    const Value *repository;
    const char *branch;
    const char *head;
    long status = 0;

    if (!forge_check_name(owner, name, error))
        return NULL;
    open_github(&github, forge, arena, host, intent_id, NULL);
    repository =
        call(&github, "GET", repository_path(&github, owner, name), NULL, 404, &status, error);
    if (!repository || status == 404 || !made_by(repository, intent_id))
        return NULL;
    /* Found, but whole only with its first commit: without one the publication goes on. */
    branch = value_string(value_get(repository, "default_branch"), "main");
    head = branch_head(&github, branch, error);
    return head && *head ? result(&github, repository, branch, head) : NULL;
}
