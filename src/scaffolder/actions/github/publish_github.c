/* publish:github makes a repository with the workspace as its first commit: on the built-in forge
 * where the host is mapped to it, else on GitHub. */
#include "scaffolder/actions/repository_undo.h"
#include "scaffolder/scaffolder_internal.h"

#include <sys/stat.h>

/* What the forge does not do yet is said, not passed over. */
static const char *const NOT_HONOURED[] = {
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
};

typedef struct {
    const char *host, *owner, *name;
} RepoUrl;

static gboolean parse_repo_url(ActionRun *run, const char *text, RepoUrl *url, GError **error)
{
    const char *query = strchr(text, '?');
    g_autoptr(GHashTable) parameters =
        query ? g_uri_parse_params(query + 1, -1, "&", G_URI_PARAMS_WWW_FORM, NULL) : NULL;
    Arena *arena = run->arena;

    url->host = arena_strndup(arena, text, query ? (gsize)(query - text) : strlen(text));
    if (parameters) {
        url->owner = arena_strdup(arena, g_hash_table_lookup(parameters, "owner"));
        url->name = arena_strdup(arena, g_hash_table_lookup(parameters, "repo"));
    }
    if (url->owner && *url->owner && url->name && *url->name)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Invalid repo URL passed to publisher: %s, missing %s", text,
                url->owner && *url->owner ? "repo" : "owner");
    return FALSE;
}

static void warn_about(ActionRun *run, const Value *input)
{
    for (gsize i = 0; i < G_N_ELEMENTS(NOT_HONOURED); i++)
        if (value_get(input, NOT_HONOURED[i]))
            action_log(run, "warning", "The input %s has no effect here", NOT_HONOURED[i]);
}

/* Every file of the first commit, with its digest, so that a later version of the template can be
 * held against what is there then. */
static gboolean remember_files(ActionRun *run, const char *folder, const RepoUrl *url,
                               GError **error)
{
    g_autoptr(GPtrArray) entries = workdir_list(folder, error);

    for (guint i = 0; entries && i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);
        g_autofree char *path = g_build_filename(folder, entry->path, NULL);
        g_autofree char *bytes = NULL;
        gsize length;

        if (!S_ISREG(entry->mode))
            continue;
        if (!g_file_get_contents(path, &bytes, &length, error))
            return FALSE;
        g_autofree char *digest =
            g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, length);
        Value *detail = value_object_new(run->arena);

        value_set_string(run->arena, detail, "path", entry->path);
        value_set_string(run->arena, detail, "digest",
                         arena_printf(run->arena, "sha256:%s", digest));
        action_effect(run, &(Effect){.operation = "create",
                                     .kind = "file",
                                     .ref = arena_printf(run->arena, "%s/%s/%s", url->owner,
                                                         url->name, entry->path),
                                     .detail = detail});
    }
    return entries != NULL;
}

static gboolean remember(ActionRun *run, const char *folder, const RepoUrl *url,
                         const Value *published, GError **error)
{
    Value *detail = value_object_new(run->arena);

    value_set_string(run->arena, detail, "host", url->host);
    value_set(run->arena, detail, "commit", value_get(published, "commitHash"));
    action_effect(run, &(Effect){.operation = "create",
                                 .kind = "repository",
                                 .ref = arena_printf(run->arena, "%s/%s", url->owner, url->name),
                                 .url = value_path_string(published, "remoteUrl", NULL),
                                 .detail = detail});
    return remember_files(run, folder, url, error);
}

static gboolean publish(ActionRun *run, const Value *input, const char *folder, const RepoUrl *url,
                        const Value **output, GError **error)
{
    const Config *config = run->scaffolder->config;
    const char *author = config_string(config, "scaffolder.defaultAuthor.name", "Scaffolder");
    const char *email =
        config_string(config, "scaffolder.defaultAuthor.email", "scaffolder@pave.localhost");
    const char *message =
        config_string(config, "scaffolder.defaultCommitMessage", "initial commit");
    ForgePublish request = {
        .host = url->host,
        .owner = url->owner,
        .name = url->name,
        .description = value_path_string(input, "description", NULL),
        .visibility = value_path_string(input, "repoVisibility", "private"),
        .default_branch = value_path_string(input, "defaultBranch", "master"),
        .protect_default_branch = value_bool(value_get(input, "protectDefaultBranch"), true),
        .folder = folder,
        .message = value_path_string(input, "gitCommitMessage", message),
        .author_name = value_path_string(input, "gitAuthorName", author),
        .author_email = value_path_string(input, "gitAuthorEmail", email),
        .actor = run->runner->actor,
        .cause = run->runner->task_id,
        .intent_id = run->intent_id,
        .dry = run->dry,
    };

    *output = forge_publish(run->scaffolder->forge, run->arena, &request, error);
    return *output != NULL;
}

static char *source_folder(ActionRun *run, const Value *input, GError **error)
{
    return workdir_path(run->workspace, value_path_string(input, "sourcePath", ""), error);
}

static gboolean run_publish(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    RepoUrl url = {0};
    g_autofree char *folder = source_folder(run, input, error);

    if (!folder || !parse_repo_url(run, value_path_string(input, "repoUrl", ""), &url, error))
        return FALSE;
    warn_about(run, input);
    if (!publish(run, input, folder, &url, output, error))
        return FALSE;
    action_log(run, "info", "Published %s/%s as %s", url.owner, url.name,
               value_path_string(*output, "remoteUrl", ""));
    return action_would_publish(run, value_path_string(*output, "repoContentsUrl", ""), folder,
                                error) &&
           remember(run, folder, &url, *output, error);
}

/* Whether the host is known and the name free. */
static gboolean check_publish(ActionRun *run, const Value *input, const Value **output,
                              GError **error)
{
    RepoUrl url = {0};

    return parse_repo_url(run, value_path_string(input, "repoUrl", ""), &url, error) &&
           publish(run, input, run->workspace, &url, output, error);
}

static gboolean probe_publish(ActionRun *run, const Value *input, const Value **output,
                              GError **error)
{
    RepoUrl url = {0};
    g_autofree char *folder = source_folder(run, input, error);
    g_autoptr(GError) failure = NULL;

    if (!folder || !parse_repo_url(run, value_path_string(input, "repoUrl", ""), &url, error))
        return FALSE;
    const Value *found = forge_probe(run->scaffolder->forge, run->arena, url.host, url.owner,
                                     url.name, run->intent_id, &failure);

    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    *output = found;
    return !found || remember(run, folder, &url, found, error);
}

const Action action_publish_github = {
    .id = "publish:github",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_publish,
    .check = check_publish,
    .checks = "repoUrl",
    .probe = probe_publish,
    .undo = repository_undo,
    .undo_check = repository_undo_check,
    .undo_text = "Deletes the repository",
};
