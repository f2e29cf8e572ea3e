/* publish:github:pull-request: the workspace's files as a branch and a pull request. On GitHub they
 * are sent by its API of git objects, so that only what the workspace has is touched. */
#include "scaffolder/actions/github/pull_request.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 5000 };

const char *pull_text(const PullRequest *pull, const char *member)
{
    return value_path_string(pull->input, member, "");
}

bool pull_is_set(const PullRequest *pull, const char *member)
{
    return value_bool(value_get(pull->input, member), false);
}

static const char *on_head(const PullRequest *pull, const char *rest)
{
    return arena_printf(pull->hosting->arena, "%s%s", pull->head_path, rest);
}

/* ---- files ---- */

/* targetPath/path, which stays inside. */
const char *pull_target(const PullRequest *pull, const char *path)
{
    Arena *arena = pull->hosting->arena;
    const char *target = pull_text(pull, "targetPath");

    while (g_str_has_prefix(target, "./"))
        target += 2;
    while (*target == '/')
        target++;
    if (!*target || g_str_equal(target, "."))
        return path;
    return arena_printf(arena, "%s%s%s", target, g_str_has_suffix(target, "/") ? "" : "/", path);
}

static Value *tree_entry(const PullRequest *pull, const char *path, const char *mode)
{
    Arena *arena = pull->hosting->arena;
    Value *entry = hosting_body(arena, "path", path);

    value_set_string(arena, entry, "mode", mode);
    value_set_string(arena, entry, "type", "blob");
    return entry;
}

static const char *send_blob(const PullRequest *pull, const char *bytes, gsize length,
                             GError **error)
{
    g_autofree char *encoded = g_base64_encode((const guchar *)bytes, length);
    Value *body = hosting_body(pull->hosting->arena, "content", encoded);
    const Value *blob;

    value_set_string(pull->hosting->arena, body, "encoding", "base64");
    blob = hosting_send(pull->hosting, "POST", on_head(pull, "/git/blobs"), body, error);
    return blob ? value_path_string(blob, "sha", "") : NULL;
}

static gboolean add_file(const PullRequest *pull, const char *folder, const WorkdirEntry *entry,
                         Value *tree, GError **error)
{
    g_autofree char *path = g_build_filename(folder, entry->path, NULL);
    g_autofree char *bytes = NULL;
    const char *sha;
    gsize length;

    if (S_ISLNK(entry->mode)) {
        bytes = g_file_read_link(path, error);
        length = bytes ? strlen(bytes) : 0;
    } else if (!g_file_get_contents(path, &bytes, &length, error)) {
        return FALSE;
    }
    sha = bytes ? send_blob(pull, bytes, length, error) : NULL;
    if (!sha)
        return FALSE;
    Value *item = tree_entry(pull, pull_target(pull, entry->path),
                             S_ISLNK(entry->mode)    ? "120000"
                             : entry->mode & S_IXUSR ? "100755"
                                                     : "100644");

    value_set_string(pull->hosting->arena, item, "sha", sha);
    value_append(pull->hosting->arena, tree, item);
    return TRUE;
}

/* What is there no more is not deleted again: GitHub would refuse it. */
static gboolean add_deleted(const PullRequest *pull, const char *parent, const char *path,
                            Value *tree, GError **error)
{
    Arena *arena = pull->hosting->arena;
    g_autofree char *escaped = g_uri_escape_string(path, "/", FALSE);
    bool missing;

    if (!hosting_get(pull->hosting,
                     on_head(pull, arena_printf(arena, "/contents/%s?ref=%s", escaped, parent)),
                     &missing, error))
        return FALSE;
    if (missing && !pull->hosting->run->dry)
        return TRUE;
    Value *item = tree_entry(pull, path, "100644");

    value_set(arena, item, "sha", value_null_new(arena));
    value_append(arena, tree, item);
    return TRUE;
}

/* The files of the workspace, and those to be deleted. */
static Value *tree_of(const PullRequest *pull, const char *parent, GError **error)
{
    const Value *deleted = value_get(pull->input, "filesToDelete");
    g_autofree char *folder = hosting_folder(pull->hosting->run, pull->input, error);
    g_autoptr(GPtrArray) entries = folder ? workdir_list(folder, error) : NULL;
    Value *tree = value_array_new(pull->hosting->arena);

    if (!entries)
        return NULL;
    if (entries->len > FILES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                    "a pull request of more than %d files is not made", FILES_MAX);
        return NULL;
    }
    for (guint i = 0; i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);

        if (!S_ISDIR(entry->mode) && !add_file(pull, folder, entry, tree, error))
            return NULL;
    }
    for (guint i = 0; i < value_count(deleted); i++)
        if (!add_deleted(pull, parent, value_string(value_item(deleted, i), ""), tree, error))
            return NULL;
    return tree;
}

/* ---- the branch ---- */

/* A branch's commit; "" where there is none. */
static const char *find_head(const PullRequest *pull, const char *path, const char *branch,
                             GError **error)
{
    g_autofree char *name = g_uri_escape_string(branch, "/", FALSE);
    bool missing;
    const Value *ref = hosting_get(
        pull->hosting, arena_printf(pull->hosting->arena, "%s/git/ref/heads/%s", path, name),
        &missing, error);

    return !ref ? NULL : missing ? "" : value_path_string(ref, "object.sha", "");
}

static const Value *author_of(const PullRequest *pull)
{
    const Config *config = pull->hosting->run->scaffolder->config;
    const char *name = value_path_string(
        pull->input, "gitAuthorName", config_string(config, "scaffolder.defaultAuthor.name", NULL));
    const char *email =
        value_path_string(pull->input, "gitAuthorEmail",
                          config_string(config, "scaffolder.defaultAuthor.email", NULL));

    if (pull_is_set(pull, "forceEmptyGitAuthor") || (!name && !email))
        return NULL;
    Value *author = hosting_body(pull->hosting->arena, "name", name ? name : "Scaffolder");

    value_set_string(pull->hosting->arena, author, "email",
                     email ? email : "scaffolder@pave.localhost");
    return author;
}

/* The commit on top of parent; parent itself, and *changed false, where it would change nothing. */
static const char *make_commit(const PullRequest *pull, const char *parent, bool *changed,
                               GError **error)
{
    Hosting *hosting = pull->hosting;
    Arena *arena = hosting->arena;
    Value *body = value_object_new(arena), *parents = value_array_new(arena);
    const Value *tree, *items = tree_of(pull, parent, error), *before, *commit;
    bool missing;

    before =
        items ? hosting_get(hosting, on_head(pull, arena_printf(arena, "/git/commits/%s", parent)),
                            &missing, error)
              : NULL;
    if (!before)
        return NULL;
    value_set_string(arena, body, "base_tree", value_path_string(before, "tree.sha", NULL));
    value_set(arena, body, "tree", items);
    tree = hosting_send(hosting, "POST", on_head(pull, "/git/trees"), body, error);
    if (!tree)
        return NULL;
    *changed = hosting->run->dry || pull_is_set(pull, "createWhenEmpty") ||
               !value_equal(value_get(tree, "sha"), value_path(before, "tree.sha"));
    if (!*changed)
        return parent;
    body = hosting_body(arena, "message",
                        value_path_string(pull->input, "commitMessage", pull_text(pull, "title")));
    value_set_string(arena, body, "tree", value_path_string(tree, "sha", ""));
    value_append(arena, parents, value_string_new(arena, parent));
    value_set(arena, body, "parents", parents);
    value_set(arena, body, "author", author_of(pull));
    commit = hosting_send(hosting, "POST", on_head(pull, "/git/commits"), body, error);
    return commit ? value_path_string(commit, "sha", "") : NULL;
}

static gboolean move_branch(const PullRequest *pull, const char *commit, bool exists,
                            GError **error)
{
    Hosting *hosting = pull->hosting;
    Arena *arena = hosting->arena;
    const char *path = on_head(pull, arena_printf(arena, "/git/refs/heads/%s", pull->branch));
    Value *body = hosting_body(arena, "sha", commit);

    if (exists)
        return hosting_send(hosting, "PATCH", path, body, error) != NULL;
    value_set_string(arena, body, "ref", arena_printf(arena, "refs/heads/%s", pull->branch));
    if (!hosting_send(hosting, "POST", on_head(pull, "/git/refs"), body, error))
        return FALSE;
    hosting_effect(
        hosting,
        &(HostingEffect){.operation = "create",
                         .kind = "branch",
                         .ref = arena_printf(arena, "%s:%s", github_name(hosting), pull->branch),
                         .undo_method = "DELETE",
                         .undo_path = path});
    return TRUE;
}

/* The branch with the files on it; *commit NULL where there is nothing to propose. */
static gboolean make_branch(const PullRequest *pull, const char **commit, GError **error)
{
    Hosting *hosting = pull->hosting;
    const char *there = find_head(pull, pull->head_path, pull->branch, error);
    const char *from = there ? find_head(pull, github_path(hosting, ""), pull->base, error) : NULL;
    bool again = !hosting->run->fresh && !hosting->run->dry;

    *commit = NULL;
    if (!from)
        return FALSE;
    if (!*from && !hosting->run->dry) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s has no branch %s", github_name(hosting),
                    pull->base);
        return FALSE;
    }
    if (*there && !pull_is_set(pull, "update") && !again) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                    "the branch %s of %s exists already; the input update: true adds to it",
                    pull->branch, github_name(hosting));
        return FALSE;
    }
    bool changed;
    const char *parent = *there ? there : from, *made = make_commit(pull, parent, &changed, error);

    if (!made)
        return FALSE;
    /* Nothing differs: no branch. */
    if (!*there && !changed)
        return TRUE;
    *commit = made;
    return (*there && !changed) || move_branch(pull, made, *there != '\0', error);
}

/* ---- the pull request ---- */

static const Value *find_open(const PullRequest *pull, GError **error)
{
    Hosting *hosting = pull->hosting;
    Arena *arena = hosting->arena;
    const char *head = arena_printf(
        arena, "%s:%s", pull->head_owner ? pull->head_owner : hosting->url.owner, pull->branch);
    const Value *open = hosting_list(
        hosting,
        github_path(hosting,
                    arena_printf(arena, "/pulls?state=open&head=%s&base=%s&per_page=10",
                                 forge_escape(arena, head), forge_escape(arena, pull->base))),
        error);

    return !open ? NULL : value_count(open) ? value_item(open, 0) : value_null_new(arena);
}

static const Value *open_pull(const PullRequest *pull, GError **error)
{
    Hosting *hosting = pull->hosting;
    Arena *arena = hosting->arena;
    const Value *found = find_open(pull, error);
    Value *body = hosting_body(arena, "title", pull_text(pull, "title"));

    if (!found || value_is(found, VALUE_OBJECT))
        return found;
    value_set_string(arena, body, "body", pull_text(pull, "description"));
    value_set_string(arena, body, "head",
                     pull->head_owner ? arena_printf(arena, "%s:%s", pull->head_owner, pull->branch)
                                      : pull->branch);
    value_set_string(arena, body, "base", pull->base);
    value_set_bool(arena, body, "draft", pull_is_set(pull, "draft"));
    return hosting_send(hosting, "POST", github_path(hosting, "/pulls"), body, error);
}

static gboolean ask_people(const PullRequest *pull, int64_t number, GError **error)
{
    static const HostingMember reviewers[] = {{"reviewers", NULL},
                                              {"teamReviewers", "team_reviewers"}};
    static const HostingMember assignees[] = {{"assignees", NULL}};
    Hosting *hosting = pull->hosting;
    Arena *arena = hosting->arena;
    Value *review = value_object_new(arena), *assign = value_object_new(arena);

    hosting_copy(arena, review, pull->input, reviewers, 2);
    hosting_copy(arena, assign, pull->input, assignees, 1);
    return (value_count(review) == 0 ||
            hosting_try(
                hosting, "POST",
                github_path(
                    hosting,
                    arena_printf(arena, "/pulls/%" G_GINT64_FORMAT "/requested_reviewers", number)),
                review, "the reviewers", error)) &&
           (value_count(assign) == 0 ||
            hosting_try(
                hosting, "POST",
                github_path(hosting,
                            arena_printf(arena, "/issues/%" G_GINT64_FORMAT "/assignees", number)),
                assign, "the assignees", error));
}

/* A fork of the one whom the token is for, which GitHub makes in the background. */
static gboolean use_fork(PullRequest *pull, GError **error)
{
    Hosting *hosting = pull->hosting;
    const Value *fork = hosting_send(hosting, "POST", github_path(hosting, "/forks"),
                                     value_object_new(hosting->arena), error);

    if (!fork)
        return FALSE;
    pull->head_owner = value_path_string(fork, "owner.login", hosting->url.owner);
    pull->head_path = arena_printf(hosting->arena, "/repos/%s",
                                   value_path_string(fork, "full_name", github_name(hosting)));
    return TRUE;
}

const Value *pull_output(Hosting *hosting, const char *base, const char *url, int64_t number)
{
    Value *output = hosting_body(hosting->arena, "targetBranchName", base);

    value_set_string(hosting->arena, output, "remoteUrl", url);
    value_set_int(hosting->arena, output, "pullRequestNumber", number);
    return output;
}

static const Value *finish(const PullRequest *pull, const Value *opened, GError **error)
{
    Hosting *hosting = pull->hosting;
    Arena *arena = hosting->arena;
    int64_t number = value_int(value_get(opened, "number"), 0);
    const char *url =
        value_path_string(opened, "html_url",
                          arena_printf(arena, "%s/%s/pull/%" G_GINT64_FORMAT, hosting->at.base,
                                       github_name(hosting), number));

    hosting_effect(
        hosting,
        &(HostingEffect){
            .operation = "create",
            .kind = "pull-request",
            .ref = arena_printf(arena, "%s#%" G_GINT64_FORMAT, github_name(hosting), number),
            .url = url,
            .undo_method = "PATCH",
            .undo_path =
                github_path(hosting, arena_printf(arena, "/pulls/%" G_GINT64_FORMAT, number)),
            .undo_body = hosting_body(arena, "state", "closed")});
    return ask_people(pull, number, error) ? pull_output(hosting, pull->base, url, number) : NULL;
}

gboolean pull_run_github(PullRequest *pull, const Value **output, GError **error)
{
    Hosting *hosting = pull->hosting;
    const Value *opened;
    const char *commit;
    bool missing;

    pull->head_path = github_path(hosting, "");
    if (!pull->base) {
        const Value *repository = hosting_get(hosting, github_path(hosting, ""), &missing, error);

        if (!repository)
            return FALSE;
        pull->base = value_path_string(repository, "default_branch", "main");
    }
    if ((pull_is_set(pull, "forceFork") && !use_fork(pull, error)) ||
        !make_branch(pull, &commit, error))
        return FALSE;
    if (!commit) {
        action_log(hosting->run, "warning", "Nothing differs from %s: no pull request is made",
                   pull->base);
        *output = pull_output(hosting, pull->base, "", 0);
        return TRUE;
    }
    opened = open_pull(pull, error);
    *output = opened ? finish(pull, opened, error) : NULL;
    return *output != NULL;
}
