#include "catalog/editing/edit_host.h"
#include "formats/json.h"
#include <string.h>

/* Whom is asked, and about what. */
typedef struct {
    Host *host;
    Arena *arena;
    const Place *place;
    const char *repository; /* the URL of its API */
} Session;

static Session session_of(Host *host, Arena *arena, const Place *place)
{
    const char *owner = host_escape(arena, place->owner), *name = host_escape(arena, place->name);

    return (Session){host, arena, place,
                     host->kind == &host_gitlab
                         ? arena_printf(arena, "%s/projects/%s%%2F%s", host->api, owner, name)
                         : arena_printf(arena, "%s/repos/%s/%s", host->api, owner, name)};
}

gboolean edit_host_can(const Host *host)
{
    return host && host->authorization && (host->kind == &host_gitlab || host->kind == &host_gitea);
}

/* ---- calls ---- */

static const char *words_of(const Value *body)
{
    const Value *message = value_get(body, "message");

    return value_is(message, VALUE_STRING) ? value_string(message, "")
                                           : value_path_string(body, "error", "without a reason");
}

/* GitLab says 400 for a file that changed since, Gitea 422. */
static int code_of(long status)
{
    switch (status) {
    case 401:
    case 403:
        return ERROR_NOT_ALLOWED;
    case 404:
        return ERROR_NOT_FOUND;
    case 400:
    case 409:
    case 422:
        return ERROR_CONFLICT;
    default:
        return ERROR_SERVICE_UNAVAILABLE;
    }
}

/* What method gives at path below the repository; also for 404 where that is allowed. */
static const Value *call(const Session *session, const char *method, const char *path,
                         const Value *body, gboolean may_miss, long *status, GError **error)
{
    g_autofree char *text = body ? json_to_string(body, JSON_COMPACT) : NULL;
    g_autofree char *url = g_strconcat(session->repository, path, NULL);
    const char *const headers[] = {session->host->authorization, "Accept: application/json",
                                   body ? "Content-Type: application/json" : NULL, NULL};
    HttpRequest request = {.method = method,
                           .url = url,
                           .headers = headers,
                           .body = text,
                           .body_length = text ? strlen(text) : 0,
                           .allow_private = session->host->is_configured,
                           .no_redirects = TRUE};
    g_autoptr(HttpReply) reply = http_send(&request, error);
    const Value *value;

    if (!reply)
        return NULL;
    if (status)
        *status = reply->status;
    value = json_parse(session->arena, reply->body, (gssize)reply->length, NULL);
    if (reply->status / 100 == 2 || (may_miss && reply->status == 404))
        return value ? value : value_null_new(session->arena);
    g_set_error(error, PAVE_ERROR, code_of(reply->status), "%s (%s) answered %ld: %s",
                session->host->kind->title, session->host->host, reply->status, words_of(value));
    return NULL;
}

/* ---- reading ---- */

static gboolean is_gitlab(const Session *session)
{
    return session->host->kind == &host_gitlab;
}

static const char *file_path(const Session *session)
{
    const char *path = session->place->path;

    return is_gitlab(session) ? arena_printf(session->arena, "/repository/files/%s",
                                             host_escape(session->arena, path))
                              : arena_printf(session->arena, "/contents/%s",
                                             host_escape_path(session->arena, path));
}

static const Value *find_branch(const Session *session, const char *branch, long *status,
                                GError **error)
{
    const char *path =
        arena_printf(session->arena, "%s/branches/%s", is_gitlab(session) ? "/repository" : "",
                     host_escape(session->arena, branch));

    return call(session, "GET", path, NULL, TRUE, status, error);
}

/* The branch that the place's ref means; *branch NULL where it means something else. */
static gboolean branch_of(const Session *session, const char **branch, GError **error)
{
    const char *ref = session->place->ref;
    const Value *reply;
    long status;

    if (!ref || g_str_equal(ref, "HEAD")) {
        reply = call(session, "GET", "", NULL, FALSE, NULL, error);
        *branch = value_path_string(reply, "default_branch", NULL);
        return reply != NULL;
    }
    reply = find_branch(session, ref, &status, error);
    *branch = status == 200 ? ref : NULL;
    return reply != NULL;
}

gboolean edit_host_read(Host *host, Arena *arena, const Place *place, ForgeFile *file,
                        const char **commit, GError **error)
{
    const Session session = session_of(host, arena, place);
    const char *ref = host_escape(arena, place->ref ? place->ref : "HEAD");
    const Value *reply = call(&session, "GET",
                              place->ref || is_gitlab(&session)
                                  ? arena_printf(arena, "%s?ref=%s", file_path(&session), ref)
                                  : file_path(&session),
                              NULL, FALSE, NULL, error);
    guchar *bytes;
    gsize length;

    if (!reply)
        return FALSE;
    if (!g_str_equal(value_path_string(reply, "encoding", ""), "base64")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is no file, or too large to be edited here",
                    place->path);
        return FALSE;
    }
    bytes = g_base64_decode(value_path_string(reply, "content", ""), &length);
    file->bytes = g_bytes_new_take(bytes, length);
    file->blob = value_path_string(reply, is_gitlab(&session) ? "blob_id" : "sha", "");
    *commit = value_path_string(reply, "last_commit_id", NULL);
    return branch_of(&session, &file->branch, error);
}

/* ---- changing ---- */

/* Both make the new branch along with the commit. */
static const Value *change_body(const Session *session, const ForgeChange *change,
                                const char *branch, const char *commit)
{
    Arena *arena = session->arena;
    g_autofree char *content =
        g_base64_encode((const guchar *)change->content, strlen(change->content));
    Value *body = value_object_new(arena), *author = value_object_new(arena);

    value_set_string(arena, body, "content", content);
    if (is_gitlab(session)) {
        value_set_string(arena, body, "encoding", "base64");
        value_set_string(arena, body, "branch", change->new_branch ? change->new_branch : branch);
        value_set_string(arena, body, "start_branch", change->new_branch ? branch : NULL);
        value_set_string(arena, body, "commit_message", change->message);
        value_set_string(arena, body, "author_name", change->author_name);
        value_set_string(arena, body, "author_email", change->author_email);
        value_set_string(arena, body, "last_commit_id", commit);
        return body;
    }
    value_set_string(arena, author, "name", change->author_name);
    value_set_string(arena, author, "email", change->author_email);
    value_set_string(arena, body, "sha", change->blob);
    value_set_string(arena, body, "message", change->message);
    value_set_string(arena, body, "branch", branch);
    value_set_string(arena, body, "new_branch", change->new_branch);
    value_set(arena, body, "author", author);
    return body;
}

static const Value *open_request(const Session *session, const ForgeChange *change,
                                 const char *branch, GError **error)
{
    Arena *arena = session->arena;
    g_autofree char *title = g_strndup(change->message, strcspn(change->message, "\n"));
    const char *text = arena_printf(arena, "Proposed by %s in Pave.", change->author_name);
    Value *body = value_object_new(arena);

    value_set_string(arena, body, "title", title);
    value_set_string(arena, body, is_gitlab(session) ? "source_branch" : "head",
                     change->new_branch);
    value_set_string(arena, body, is_gitlab(session) ? "target_branch" : "base", branch);
    value_set_string(arena, body, is_gitlab(session) ? "description" : "body", text);
    return call(session, "POST", is_gitlab(session) ? "/merge_requests" : "/pulls", body, FALSE,
                NULL, error);
}

/* GitLab tells no commit, but where the branch stands now. */
static const Value *commit_of(const Session *session, const Value *reply, const char *branch)
{
    const Value *found;

    if (!is_gitlab(session))
        return value_get(reply, "commit");
    found = find_branch(session, branch, NULL, NULL);
    return value_get(found, "commit");
}

static const char *link_of(const Value *value)
{
    return value_path_string(value, "web_url", value_path_string(value, "html_url", ""));
}

const Value *edit_host_change(Host *host, Arena *arena, const Place *place, const char *commit,
                              const ForgeChange *change, GError **error)
{
    const Session session = session_of(host, arena, place);
    const char *branch, *target;
    const Value *reply, *made, *request = NULL;
    Value *result = value_object_new(arena);

    if (!branch_of(&session, &branch, error))
        return NULL;
    if (!branch) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is no branch, so that it cannot be changed",
                    place->ref);
        return NULL;
    }
    reply = call(&session, "PUT", file_path(&session),
                 change_body(&session, change, branch, commit), FALSE, NULL, error);
    if (reply && change->new_branch)
        request = open_request(&session, change, branch, error);
    if (!reply || (change->new_branch && !request))
        return NULL;
    target = change->new_branch ? change->new_branch : branch;
    made = commit_of(&session, reply, target);
    value_set_string(arena, result, "commit",
                     value_path_string(made, is_gitlab(&session) ? "id" : "sha", ""));
    value_set_string(arena, result, "branch", target);
    value_set_string(arena, result, "url", link_of(request ? request : made));
    return result;
}
