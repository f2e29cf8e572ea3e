/* publish:github:pull-request on the built-in forge, and the action. */
#include "scaffolder/actions/github/pull_request.h"

#include <sys/stat.h>

static gboolean add_content(const PullRequest *pull, const char *folder, const WorkdirEntry *entry,
                            Value *files, GError **error)
{
    Arena *arena = pull->hosting->arena;
    g_autofree char *path = g_build_filename(folder, entry->path, NULL);
    g_autofree char *bytes = NULL;
    Value *file = hosting_body(arena, "path", pull_target(pull, entry->path));
    gsize length;

    if (!g_file_get_contents(path, &bytes, &length, error))
        return FALSE;
    value_set(arena, file, "content", value_string_new_length(arena, bytes, length));
    value_set_bool(arena, file, "executable", entry->mode & S_IXUSR);
    value_append(arena, files, file);
    return TRUE;
}

static const Value *contents_of(const PullRequest *pull, GError **error)
{
    Arena *arena = pull->hosting->arena;
    const Value *deleted = value_get(pull->input, "filesToDelete");
    g_autofree char *folder = hosting_folder(pull->hosting->run, pull->input, error);
    g_autoptr(GPtrArray) entries = folder ? workdir_list(folder, error) : NULL;
    Value *files = value_array_new(arena);

    for (guint i = 0; entries && i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);

        if (S_ISREG(entry->mode) && !add_content(pull, folder, entry, files, error))
            return NULL;
    }
    for (guint i = 0; i < value_count(deleted); i++)
        value_append(arena, files,
                     hosting_body(arena, "path", value_string(value_item(deleted, i), "")));
    return entries ? files : NULL;
}

/* Opened, or the one that an interrupted attempt opened. */
static const Value *open_builtin(PullRequest *pull, const char **commit, GError **error)
{
    Hosting *hosting = pull->hosting;
    ActionRun *run = hosting->run;
    Forge *forge = run->scaffolder->forge;
    const ForgeLocation at = {
        .host = hosting->url.host, .owner = hosting->url.owner, .name = hosting->url.repo};
    const ForgeBranch branch = {
        .owner = at.owner,
        .repository = at.name,
        .name = pull->branch,
        .base = pull->base,
        .files = contents_of(pull, error),
        .update = pull_is_set(pull, "update") || !run->fresh,
        .allow_empty = pull_is_set(pull, "createWhenEmpty"),
        .message = value_path_string(pull->input, "commitMessage", pull_text(pull, "title")),
        .author_name = value_path_string(pull->input, "gitAuthorName", "Scaffolder"),
        .author_email =
            value_path_string(pull->input, "gitAuthorEmail", "scaffolder@pave.localhost"),
        .actor = run->runner->actor,
        .cause = run->runner->task_id};
    g_autoptr(GError) why = NULL;
    const Value *found;

    if (!branch.files ||
        !forge_branch_files(forge, hosting->arena, &branch, commit, &pull->base, error))
        return NULL;
    if (!*commit)
        return value_null_new(hosting->arena);
    found = forge_pull_find(forge, hosting->arena, &at, pull->branch, &why);
    if (found || why)
        return why ? (g_propagate_error(error, g_steal_pointer(&why)), NULL) : found;
    return forge_pull_open(forge, hosting->arena,
                           &(ForgePull){.at = &at,
                                        .title = pull_text(pull, "title"),
                                        .body = pull_text(pull, "description"),
                                        .head = pull->branch,
                                        .base = pull->base,
                                        .actor = run->runner->actor,
                                        .cause = run->runner->task_id},
                           error);
}

gboolean pull_run_builtin(PullRequest *pull, const Value **output, GError **error)
{
    Hosting *hosting = pull->hosting;
    Arena *arena = hosting->arena;
    const char *commit = "";
    const Value *opened =
        hosting->run->dry ? value_object_new(arena) : open_builtin(pull, &commit, error);

    if (!opened)
        return FALSE;
    int64_t number = value_int(value_get(opened, "number"), 0);
    const char *url = value_path_string(opened, "url", ""),
               *base = pull->base ? pull->base : "main";

    *output = pull_output(hosting, base, url, number);
    if (!commit) {
        action_log(hosting->run, "warning", "Nothing differs from %s: no pull request is made",
                   base);
        return TRUE;
    }
    Value *detail = hosting_body(arena, "branch", pull->branch);

    value_set_int(arena, detail, "number", number);
    hosting_effect(hosting, &(HostingEffect){.operation = "create",
                                             .kind = "pull-request",
                                             .ref = arena_printf(arena, "%s#%" G_GINT64_FORMAT,
                                                                 github_name(hosting), number),
                                             .url = url,
                                             .detail = detail});
    return TRUE;
}

static gboolean run_pull_request(ActionRun *run, const Value *input, const Value **output,
                                 GError **error)
{
    Hosting hosting;
    PullRequest pull = {.hosting = &hosting,
                        .input = input,
                        .base = value_path_string(input, "targetBranchName", NULL),
                        .branch = value_path_string(input, "branchName", "")};

    if (!hosting_open(&hosting, run, input, "github", error))
        return FALSE;
    return hosting.builtin ? pull_run_builtin(&pull, output, error)
                           : pull_run_github(&pull, output, error);
}

/* The pull request of the built-in forge, which has no API of another host to be asked. */
static gboolean undo_pull_request(ActionRun *run, const Effect *effect, GError **error)
{
    g_auto(GStrv) parts = g_strsplit_set(effect->ref, "/#", 3);
    const ForgeLocation at = {.host = value_path_string(effect->detail, "host", ""),
                              .owner = parts[0],
                              .name = parts[0] ? parts[1] : NULL};
    int64_t number = value_int(value_get(effect->detail, "number"), 0);
    g_autoptr(GError) why = NULL;

    if (value_get(effect->detail, "undo") || !number || !at.name)
        return hosting_undo(run, effect, error);
    const Value *pull = forge_pull_get(run->scaffolder->forge, run->arena, &at, number, &why);

    if (!pull && !g_error_matches(why, PAVE_ERROR, ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    return !pull || !g_str_equal(value_path_string(pull, "state", ""), "open") ||
           forge_pull_close(run->scaffolder->forge, run->arena, &at, number, run->runner->actor,
                            run->runner->task_id, error);
}

const Action action_publish_github_pull_request = {
    .id = "publish:github:pull-request",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_pull_request,
    .undo = undo_pull_request,
    .undo_text = "Closes the pull request, and deletes the branch that was made on GitHub",
};
