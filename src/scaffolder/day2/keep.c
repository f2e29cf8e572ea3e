/* What is kept of a template as something is made of it: its steps and the folders it reads, so
 * that the same can be rendered again whatever becomes of the template; and the file in the
 * repository that says where it came from. */
#include "formats/json.h"
#include "formats/yaml.h"
#include "scaffolder/scaffolder_internal.h"

static const char SQL_PROVENANCE[] = "SELECT template, template_version, template_source, inputs"
                                     " FROM provenance WHERE id = $1";

/* ---- the template ---- */

const char *upgrade_content(Arena *arena, const Value *spec, const char **id)
{
    Value *content = value_object_new(arena);
    const char *text;
    g_autofree char *digest = NULL;

    value_set(arena, content, "steps", value_get(spec, "steps"));
    value_set_string(arena, content, "baseUrl",
                     value_path_string(spec, "templateInfo.baseUrl", ""));
    text = json_to_arena(arena, content, JSON_COMPACT);
    digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    *id = arena_strdup(arena, digest);
    return text;
}

/* ---- what a task made ---- */

typedef struct {
    const char *template, *version, *source, *inputs;
} Begun;

/* As it was written when the task began, its secrets masked. */
static gboolean read_begun(DbConn *conn, Arena *arena, const char *task, Begun *begun,
                           GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_PROVENANCE, "t", task);

    if (!rows || !db_rows_next(rows))
        return FALSE;
    begun->template = arena_strdup(arena, db_rows_text(rows, 0));
    begun->version = arena_strdup(arena, db_rows_text(rows, 1));
    begun->source = arena_strdup(arena, db_rows_text(rows, 2));
    begun->inputs = arena_strdup(arena, db_rows_text(rows, 3));
    return TRUE;
}

static gboolean add_repository(DbConn *tx, Runner *runner, const Effect *effect, GError **error)
{
    Arena *arena = runner->arena;
    Begun begun;
    UpgradeRow row = {.host = value_path_string(effect->detail, "host", ""),
                      .repository = effect->ref,
                      .provenance = runner->task_id,
                      .created_at = clock_now_ms()};
    const char *content;

    if (!read_begun(tx, arena, runner->task_id, &begun, error))
        return FALSE;
    row.template = begun.template;
    row.at.version = begun.version;
    row.at.inputs = json_parse(arena, begun.inputs, -1, NULL);
    row.at.sources = upgrade_store_sources(tx, arena, runner->task_id, error);
    content = upgrade_content(arena, runner->spec, &row.at.kept);
    return row.at.sources && upgrade_store_keep(tx, row.at.kept, row.template, content, error) &&
           upgrade_store_add(tx, &row, error);
}

/* A repository that is made first and filled later is made of what is read in between, too. */
static gboolean add_sources(DbConn *tx, Runner *runner, GError **error)
{
    const Value *sources = upgrade_store_sources(tx, runner->arena, runner->task_id, error);

    return sources && upgrade_store_set_sources(tx, runner->task_id, sources, error);
}

gboolean upgrade_remember(DbConn *tx, Runner *runner, const GPtrArray *effects, GError **error)
{
    bool read = false;

    for (guint i = 0; i < effects->len; i++) {
        const Effect *effect = effects->pdata[i];

        if (runner->spec && g_str_equal(effect->kind, "repository") &&
            g_str_equal(effect->operation, "create") && !add_repository(tx, runner, effect, error))
            return FALSE;
        read = read || g_str_equal(effect->kind, "source");
    }
    return !read || add_sources(tx, runner, error);
}

/* ---- the file ---- */

const char *upgrade_provenance(Arena *arena, const char *template, const char *source,
                               const char *task, const UpgradePoint *point)
{
    g_autoptr(GString) text = g_string_new(
        "# What this repository was made of. Pave reads and writes it when it upgrades the"
        " repository.\n");
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "template", template);
    value_set_string(arena, value, "version", point->version);
    value_set_string(arena, value, "source", source);
    value_set_string(arena, value, "task", task);
    value_set(arena, value, "inputs", point->inputs);
    yaml_write(text, value);
    return arena_strdup(arena, text->str);
}

bool action_publishes(const Action *action)
{
    const char *rest = g_str_has_prefix(action->id, "publish:") ? strchr(action->id, ':') + 1 : "";

    return g_str_equal(action->id, "github:repo:push") ||
           (*rest && !strchr(rest, ':') && value_path(action->input, "properties.repoUrl"));
}

/* What a task would have begun with. */
static gboolean begin_dry(Runner *runner, Begun *begun)
{
    const Value *parameters = value_get(runner->spec, "parameters");
    g_autofree char *text = json_to_string(runner_mask(runner, parameters), JSON_COMPACT);

    begun->template = value_path_string(runner->template, "entityRef", "");
    begun->source = value_path_string(runner->template, "baseUrl", "");
    begun->version = template_version(runner->scaffolder, runner->arena, runner->template);
    begun->inputs = arena_strdup(runner->arena, text);
    return TRUE;
}

gboolean upgrade_stamp(ActionRun *run, const Value *input, GError **error)
{
    Arena *arena = run->arena;
    Runner *runner = run->runner;
    g_autofree char *folder = NULL;
    UpgradePoint point = {0};
    Begun begun;

    if (!action_publishes(run->action) || !runner->spec)
        return TRUE;
    folder = workdir_path(run->workspace, value_path_string(input, "sourcePath", ""), error);
    if (!folder || !g_file_test(folder, G_FILE_TEST_IS_DIR))
        return folder != NULL;
    if (!(run->dry
              ? begin_dry(runner, &begun)
              : read_begun(db_reader(run->scaffolder->db), arena, runner->task_id, &begun, error)))
        return FALSE;
    point.version = begun.version;
    point.inputs = json_parse(arena, begun.inputs, -1, NULL);
    const char *text =
        upgrade_provenance(arena, begun.template, begun.source, runner->task_id, &point);

    return workdir_write(folder, PROVENANCE_FILE, text, strlen(text), 0644, error);
}
