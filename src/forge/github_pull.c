/* Pull requests on GitHub, by its REST API. */
#include "forge/pull.h"

static const char *path_of(Arena *arena, const ForgeLocation *at, const char *rest)
{
    return arena_printf(arena, "/repos/%s/%s%s", at->owner, at->name, rest);
}

static const char *pull_path(Arena *arena, const ForgeLocation *at, int64_t number)
{
    return path_of(arena, at, arena_printf(arena, "/pulls/%" G_GINT64_FORMAT, number));
}

static void copy_text(Arena *arena, Value *value, const char *key, const Value *reply,
                      const char *path)
{
    value_set_nullable(arena, value, key, value_path_string(reply, path, NULL));
}

/* GitHub's pull request as ours. */
static const Value *pull_of(Arena *arena, const Value *reply)
{
    Value *value = value_object_new(arena), *labels = value_array_new(arena);
    const char *merged_at = value_path_string(reply, "merged_at", NULL);
    const Value *mergeable = value_get(reply, "mergeable"), *all = value_get(reply, "labels");

    value_set_int(arena, value, "number", value_int(value_get(reply, "number"), 0));
    value_set_string(arena, value, "title", value_path_string(reply, "title", ""));
    value_set_string(arena, value, "body", value_path_string(reply, "body", ""));
    value_set_string(arena, value, "state",
                     merged_at ? "merged" : value_path_string(reply, "state", "open"));
    copy_text(arena, value, "author", reply, "user.login");
    copy_text(arena, value, "head", reply, "head.ref");
    copy_text(arena, value, "base", reply, "base.ref");
    copy_text(arena, value, "headCommit", reply, "head.sha");
    copy_text(arena, value, "baseCommit", reply, "base.sha");
    value_set(arena, value, "mergeable", mergeable ? mergeable : value_null_new(arena));
    copy_text(arena, value, "createdAt", reply, "created_at");
    copy_text(arena, value, "updatedAt", reply, "updated_at");
    copy_text(arena, value, "closedAt", reply, "closed_at");
    copy_text(arena, value, "mergedAt", reply, "merged_at");
    copy_text(arena, value, "mergedBy", reply, "merged_by.login");
    value_set_nullable(arena, value, "mergeCommit",
                       merged_at ? value_path_string(reply, "merge_commit_sha", NULL) : NULL);
    value_set_string(arena, value, "url", value_path_string(reply, "html_url", ""));
    for (guint i = 0; i < value_count(all); i++)
        value_append(arena, labels, value_get(value_item(all, i), "name"));
    value_set(arena, value, "labels", labels);
    return value;
}

static const Value *call(Forge *forge, Arena *arena, const ForgeLocation *at, const char *method,
                         const char *path, const Value *body, GError **error)
{
    ForgeGitHub github;
    long status;

    forge_github_open(&github, forge, arena, at->host);
    return forge_github_call(&github, method, path, body, 0, &status, error);
}

static const char *default_branch(Forge *forge, Arena *arena, const ForgeLocation *at,
                                  GError **error)
{
    const Value *repository = call(forge, arena, at, "GET", path_of(arena, at, ""), NULL, error);

    return repository ? value_path_string(repository, "default_branch", "main") : NULL;
}

const Value *forge_github_pull_open(Forge *forge, Arena *arena, const ForgePull *pull,
                                    GError **error)
{
    const ForgeLocation *at = pull->at;
    const char *base = pull->base ? pull->base : default_branch(forge, arena, at, error);
    Value *body = value_object_new(arena), *labels = value_object_new(arena);
    const Value *opened;

    if (!base)
        return NULL;
    value_set_string(arena, body, "title", pull->title);
    value_set_string(arena, body, "head", pull->head);
    value_set_string(arena, body, "base", base);
    value_set_string(arena, body, "body", pull->body ? pull->body : "");
    opened = call(forge, arena, at, "POST", path_of(arena, at, "/pulls"), body, error);
    if (!opened)
        return NULL;
    opened = pull_of(arena, opened);
    value_set(arena, labels, "labels", pull->labels);
    /* Labels belong to the issue that every pull request is. */
    if (value_count(pull->labels) > 0 &&
        !call(forge, arena, at, "POST",
              path_of(arena, at,
                      arena_printf(arena, "/issues/%" G_GINT64_FORMAT "/labels",
                                   value_int(value_get(opened, "number"), 0))),
              labels, error))
        return NULL;
    return opened;
}

const Value *forge_github_pull_get(Forge *forge, Arena *arena, const ForgeLocation *at,
                                   int64_t number, GError **error)
{
    const Value *reply =
        call(forge, arena, at, "GET", pull_path(arena, at, number), NULL, error);

    return reply ? pull_of(arena, reply) : NULL;
}

const Value *forge_github_pull_find(Forge *forge, Arena *arena, const ForgeLocation *at,
                                    const char *head, GError **error)
{
    g_autofree char *escaped = g_uri_escape_string(head, NULL, FALSE);
    const char *query =
        arena_printf(arena, "/pulls?state=open&head=%s:%s&per_page=1", at->owner, escaped);
    const Value *reply = call(forge, arena, at, "GET", path_of(arena, at, query), NULL, error);

    return value_count(reply) > 0 ? pull_of(arena, value_item(reply, 0)) : NULL;
}

const Value *forge_github_pull_update(Forge *forge, Arena *arena, const ForgePull *pull,
                                      int64_t number, GError **error)
{
    Value *body = value_object_new(arena);
    const Value *reply;

    if (pull->title)
        value_set_string(arena, body, "title", pull->title);
    if (pull->body)
        value_set_string(arena, body, "body", pull->body);
    reply = call(forge, arena, pull->at, "PATCH", pull_path(arena, pull->at, number), body, error);
    return reply ? pull_of(arena, reply) : NULL;
}

const Value *forge_github_pull_close(Forge *forge, Arena *arena, const ForgeLocation *at,
                                     int64_t number, GError **error)
{
    Value *body = value_object_new(arena);
    const Value *reply;

    value_set_string(arena, body, "state", "closed");
    reply = call(forge, arena, at, "PATCH", pull_path(arena, at, number), body, error);
    return reply ? pull_of(arena, reply) : NULL;
}

gboolean forge_github_pull_comment(Forge *forge, Arena *arena, const ForgeLocation *at,
                                   int64_t number, const char *body, GError **error)
{
    Value *comment = value_object_new(arena);

    value_set_string(arena, comment, "body", body);
    return call(forge, arena, at, "POST",
                path_of(arena, at,
                        arena_printf(arena, "/issues/%" G_GINT64_FORMAT "/comments", number)),
                comment, error) != NULL;
}
