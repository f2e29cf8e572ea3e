/* Rendering a template again, as far as its repository: the steps that touch the workspace run as
 * in a dry run, what others gave out is what was recorded when they ran, and nothing is changed
 * outside. */
#include "scaffolder/scaffolder_internal.h"

#include "spine/folder.h"

/* ---- what is read ---- */

static const char FILE_NAME[] = "file";

static gboolean write_file(const char *folder, GBytes *bytes, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    return workdir_write(folder, FILE_NAME, data, length, 0644, error);
}

char *upgrade_read_source(Scaffolder *scaffolder, const char *url, const char *destination,
                          GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    if (!g_str_has_prefix(url, UPGRADE_FILE))
        return catalog_read_tree(scaffolder->catalog, url, destination, error)
                   ? forge_keep(scaffolder->forge, destination, error)
                   : NULL;
    bytes = catalog_read_file(scaffolder->catalog, url + strlen(UPGRADE_FILE), NULL, error);
    return bytes && write_file(destination, bytes, error)
               ? forge_keep(scaffolder->forge, destination, error)
               : NULL;
}

static gboolean read_source(ActionRun *run, const char *url, const char *destination,
                            GError **error)
{
    Render *render = run->runner->render;
    const char *tree = value_string(value_get(render->sources, url), NULL);
    g_autofree char *kept = NULL;

    if (tree)
        return forge_kept(run->scaffolder->forge, tree, destination, error);
    if (render->sources) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND,
                    "%s was not read when the template ran, so that nothing of it is kept", url);
        return FALSE;
    }
    kept = upgrade_read_source(run->scaffolder, url, destination, error);
    if (kept)
        value_set_string(run->arena, render->fetched, url, kept);
    return kept != NULL;
}

gboolean render_read_tree(ActionRun *run, const char *url, const char *destination, GError **error)
{
    return read_source(run, url, destination, error);
}

GBytes *render_read_file(ActionRun *run, const char *url, GError **error)
{
    g_autofree char *folder = g_build_filename(run->runner->folder, "file-XXXXXX", NULL);
    g_autofree char *path = NULL, *bytes = NULL;
    const char *key = arena_printf(run->arena, "%s%s", UPGRADE_FILE, url);
    gsize length = 0;

    if (!g_mkdtemp(folder)) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s", folder);
        return NULL;
    }
    path = g_build_filename(folder, FILE_NAME, NULL);
    if (read_source(run, key, folder, error))
        g_file_get_contents(path, &bytes, &length, error);
    folder_remove(folder, NULL);
    return bytes ? g_bytes_new_take(g_steal_pointer(&bytes), length) : NULL;
}

char *render_keep_file(ActionRun *run, GBytes *bytes, GError **error)
{
    g_autofree char *folder = g_build_filename(run->runner->folder, "file-XXXXXX", NULL);
    char *tree = NULL;

    if (!g_mkdtemp(folder)) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s", folder);
        return NULL;
    }
    if (write_file(folder, bytes, error))
        tree = forge_keep(run->scaffolder->forge, folder, error);
    folder_remove(folder, NULL);
    return tree;
}

/* ---- steps ---- */

static bool is_ours(const Render *render, const char *repo_url)
{
    const char *query = strchr(repo_url, '?');
    g_autoptr(GHashTable) parameters =
        query ? g_uri_parse_params(query + 1, -1, "&", G_URI_PARAMS_WWW_FORM, NULL) : NULL;
    const char *owner = parameters ? g_hash_table_lookup(parameters, "owner") : NULL;
    const char *name = parameters ? g_hash_table_lookup(parameters, "repo") : NULL;
    g_autofree char *repository = g_strdup_printf("%s/%s", owner ? owner : "", name ? name : "");

    return g_ascii_strcasecmp(repository, render->repository) == 0 &&
           g_ascii_strncasecmp(repo_url, render->host, strlen(render->host)) == 0;
}

static gboolean take(ActionRun *run, const Value *input, GError **error)
{
    Render *render = run->runner->render;
    g_autofree char *folder =
        workdir_path(run->workspace, value_path_string(input, "sourcePath", ""), error);

    if (!folder || !folder_copy(folder, render->folder, error))
        return FALSE;
    render->taken = true;
    g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "what comes after it is of no interest");
    return FALSE;
}

static bool touches_workspace(const Action *action)
{
    return action->dry_run && (action->changes_workspace || g_str_has_prefix(action->id, "fs:"));
}

bool render_step(ActionRun *run, const Value *input, const Value **output, gboolean *done,
                 GError **error)
{
    const Render *render = run->runner->render;
    const Value *recorded = value_get(render->recorded, run->step_id);

    if (action_publishes(run->action) &&
        is_ours(render, value_path_string(input, "repoUrl", ""))) {
        *done = take(run, input, error);
        return true;
    }
    if (touches_workspace(run->action) || !recorded)
        return false;
    *output = recorded;
    *done = TRUE;
    return true;
}

/* ---- the whole ---- */

static const Value *recorded_outputs(Scaffolder *scaffolder, Arena *arena, const char *task)
{
    const Value *steps = value_get(jobs_get(db_reader(scaffolder->db), arena, task, NULL), "steps");
    Value *outputs = value_object_new(arena);

    for (guint i = 0; i < value_count(steps); i++) {
        const Value *step = value_item(steps, i), *output = value_get(step, "output");

        if (value_is(output, VALUE_OBJECT))
            value_set(arena, outputs, value_path_string(step, "id", ""), output);
    }
    return outputs;
}

static const Value *spec_of(Scaffolder *scaffolder, Arena *arena, const UpgradeRow *row,
                            const UpgradePoint *point, const Value *content, const char **actor)
{
    const Value *task = jobs_get(db_reader(scaffolder->db), arena, row->provenance, NULL);
    const Value *user = value_path(task, "payload.spec.user");
    Value *spec = value_object_new(arena), *info = value_object_new(arena);

    *actor = arena_strdup(arena, value_path_string(task, "actor", "service:pave"));
    value_set_string(arena, info, "entityRef", row->template);
    value_set(arena, info, "baseUrl", value_get(content, "baseUrl"));
    value_set(arena, spec, "steps", value_get(content, "steps"));
    value_set(arena, spec, "parameters", point->inputs);
    value_set(arena, spec, "user", user ? user : value_object_new(arena));
    value_set(arena, spec, "templateInfo", info);
    return spec;
}

static gboolean run_steps(Runner *runner, const Value *spec, const UpgradeRow *row, GError **error)
{
    const Value *output = NULL;
    g_autoptr(GError) why = NULL;

    if (g_mkdir_with_parents(runner->workspace, 0755) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s", runner->workspace);
        return FALSE;
    }
    if (!runner_run(runner, spec, &output, &why) && !runner->render->taken) {
        g_propagate_prefixed_error(error, g_steal_pointer(&why),
                                   "%s cannot be rendered: ", row->template);
        return FALSE;
    }
    if (runner->render->taken)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "%s does not make %s any more", row->template,
                row->repository);
    return FALSE;
}

gboolean upgrade_render(Scaffolder *scaffolder, Arena *arena, const UpgradeRow *row,
                        UpgradePoint *point, const Value *content, const char *folder,
                        GError **error)
{
    g_autofree char *passing = g_dir_make_tmp("pave-render-XXXXXX", error);
    g_autoptr(Masker) masker = masker_new();
    g_autoptr(GPtrArray) log = g_ptr_array_new();
    Render render = {.host = row->host,
                     .repository = row->repository,
                     .sources = point->sources,
                     .fetched = value_object_new(arena),
                     .recorded = recorded_outputs(scaffolder, arena, row->provenance),
                     .folder = folder};
    Runner runner = {.scaffolder = scaffolder,
                     .arena = arena,
                     .task_id = row->provenance,
                     .folder = passing,
                     .masker = masker,
                     .secrets = value_object_new(arena),
                     .log = log,
                     .render = &render};
    const Value *spec = spec_of(scaffolder, arena, row, point, content, &runner.actor);
    gboolean rendered;

    if (!passing)
        return FALSE;
    runner.workspace = arena_printf(arena, "%s/workspace", passing);
    runner.template = value_get(spec, "templateInfo");
    rendered = run_steps(&runner, spec, row, error);
    folder_remove(passing, NULL);
    if (rendered && !point->sources)
        point->sources = render.fetched;
    return rendered;
}
