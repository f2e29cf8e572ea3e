/* One file changed on GitHub, by its contents and its pull requests. */
#include "forge/pull.h"

static const char *repository_path(Arena *arena, const ForgeLocation *at)
{
    return arena_printf(arena, "/repos/%s/%s", at->owner, at->name);
}

static const char *escape(Arena *arena, const char *text, const char *allowed)
{
    g_autofree char *escaped = g_uri_escape_string(text, allowed, FALSE);

    return arena_strdup(arena, escaped);
}

static const char *contents_path(Arena *arena, const ForgeLocation *at)
{
    return arena_printf(arena, "%s/contents/%s", repository_path(arena, at),
                        escape(arena, at->path, "/"));
}

static const Value *find_branch(const ForgeGitHub *github, const ForgeLocation *at,
                                const char *branch, long *status, GError **error)
{
    return forge_github_call(github, "GET",
                             arena_printf(github->arena, "%s/git/ref/heads/%s",
                                          repository_path(github->arena, at),
                                          escape(github->arena, branch, "/")),
                             NULL, 404, status, error);
}

/* The branch that ref means; *branch NULL where it means something else. */
static gboolean branch_of(const ForgeGitHub *github, const ForgeLocation *at, const char **branch,
                          GError **error)
{
    const Value *reply;
    long status;

    if (!at->ref || g_str_equal(at->ref, "HEAD")) {
        reply = forge_github_call(github, "GET", repository_path(github->arena, at), NULL, 0,
                                  &status, error);
        *branch = value_path_string(reply, "default_branch", NULL);
        return reply != NULL;
    }
    reply = find_branch(github, at, at->ref, &status, error);
    *branch = status == 200 ? at->ref : NULL;
    return reply != NULL;
}

static GBytes *content_of(const Value *reply, GError **error)
{
    g_autofree char *text = g_strdup(value_path_string(reply, "content", ""));
    gsize length = 0;

    if (g_str_equal(value_path_string(reply, "type", ""), "file") &&
        g_str_equal(value_path_string(reply, "encoding", ""), "base64")) {
        guchar *bytes = g_base64_decode(text, &length);

        return g_bytes_new_take(bytes, length);
    }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is no file, or too large to be edited here",
                value_path_string(reply, "path", "it"));
    return NULL;
}

gboolean forge_github_read_head(Forge *forge, Arena *arena, const ForgeLocation *at,
                                ForgeFile *file, GError **error)
{
    ForgeGitHub github;
    const Value *reply;
    long status;

    forge_github_open(&github, forge, arena, at->host);
    reply = forge_github_call(&github, "GET",
                              arena_printf(arena, "%s?ref=%s", contents_path(arena, at),
                                           escape(arena, at->ref ? at->ref : "HEAD", NULL)),
                              NULL, 0, &status, error);
    if (!reply)
        return FALSE;
    file->bytes = content_of(reply, error);
    file->blob = value_path_string(reply, "sha", "");
    return file->bytes && branch_of(&github, at, &file->branch, error);
}

/* ---- changing ---- */

static gboolean make_branch(const ForgeGitHub *github, const ForgeChange *change,
                            const char *branch, GError **error)
{
    Arena *arena = github->arena;
    Value *body = value_object_new(arena);
    long status;
    const Value *head = find_branch(github, change->at, branch, &status, error);

    if (!head)
        return FALSE;
    value_set_string(arena, body, "ref", arena_printf(arena, "refs/heads/%s", change->new_branch));
    value_set_string(arena, body, "sha", value_path_string(head, "object.sha", ""));
    return forge_github_call(github, "POST",
                             arena_printf(arena, "%s/git/refs", repository_path(arena, change->at)),
                             body, 0, &status, error) != NULL;
}

/* GitHub itself refuses the change of a file that is not `sha` any more (409). */
static const Value *put_content(const ForgeGitHub *github, const ForgeChange *change,
                                const char *branch, GError **error)
{
    Arena *arena = github->arena;
    g_autofree char *encoded =
        g_base64_encode((const guchar *)change->content, strlen(change->content));
    Value *body = value_object_new(arena), *author = value_object_new(arena);
    long status;

    value_set_string(arena, author, "name", change->author_name);
    value_set_string(arena, author, "email", change->author_email);
    value_set_string(arena, body, "message", change->message);
    value_set_string(arena, body, "content", encoded);
    value_set_string(arena, body, "sha", change->blob);
    value_set_string(arena, body, "branch", branch);
    value_set(arena, body, "author", author);
    return forge_github_call(github, "PUT", contents_path(arena, change->at), body, 0, &status,
                             error);
}

const Value *forge_github_change_file(Forge *forge, Arena *arena, const ForgeChange *change,
                                      GError **error)
{
    ForgeGitHub github;
    const char *branch, *target;
    const Value *commit, *pull;
    Value *result = value_object_new(arena);

    forge_github_open(&github, forge, arena, change->at->host);
    if (!branch_of(&github, change->at, &branch, error))
        return NULL;
    if (!branch) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is no branch, so that it cannot be changed",
                    change->at->ref);
        return NULL;
    }
    if (change->new_branch && !make_branch(&github, change, branch, error))
        return NULL;
    target = change->new_branch ? change->new_branch : branch;
    commit = put_content(&github, change, target, error);
    if (!commit)
        return NULL;
    pull = change->new_branch ? forge_change_pull(forge, arena, change, branch, error) : NULL;
    if (change->new_branch && !pull)
        return NULL;
    value_set_string(arena, result, "commit", value_path_string(commit, "commit.sha", ""));
    value_set_string(arena, result, "branch", target);
    value_set_string(arena, result, "url",
                     pull ? value_path_string(pull, "url", "")
                          : value_path_string(commit, "commit.html_url", ""));
    return result;
}
