/* Who is behind: what a repository was made of, held against what its template is now. A template's
 * repository may have moved without the template: what counts are the steps and the folders they
 * read. */
#include "scaffolder/scaffolder_internal.h"

#include "formats/json.h"
#include "spine/folder.h"

/* A template as it is now; entity NULL: it is not there, or cannot run. */
typedef struct {
    const Value *entity;
    const char *version, *kept;
} Present;

UpgradeNow upgrade_now(Scaffolder *scaffolder, Arena *arena)
{
    return (UpgradeNow){scaffolder, arena, g_hash_table_new(g_str_hash, g_str_equal),
                        g_hash_table_new(g_str_hash, g_str_equal)};
}

void upgrade_now_clear(UpgradeNow *now)
{
    g_clear_pointer(&now->templates, g_hash_table_unref);
    g_clear_pointer(&now->trees, g_hash_table_unref);
}

static const Present *present(UpgradeNow *now, const char *ref)
{
    Present *found = g_hash_table_lookup(now->templates, ref);
    const Value *spec;

    if (found)
        return found;
    found = arena_new0(now->arena, Present, 1);
    g_hash_table_insert(now->templates, (char *)ref, found);
    found->entity = template_get(now->scaffolder, now->arena, ref, NULL);
    if (!found->entity)
        return found;
    spec = template_instantiate(now->scaffolder, now->arena, found->entity,
                                value_object_new(now->arena), NULL, NULL);
    if (!spec) {
        found->entity = NULL;
        return found;
    }
    upgrade_content(now->arena, spec, &found->kept);
    found->version =
        template_version(now->scaffolder, now->arena, value_get(spec, "templateInfo"));
    return found;
}

/* "" where it cannot be read. */
static const char *tree_now(UpgradeNow *now, const char *url)
{
    const char *known = g_hash_table_lookup(now->trees, url);
    g_autofree char *folder = NULL, *tree = NULL;

    if (known)
        return known;
    folder = g_dir_make_tmp("pave-template-XXXXXX", NULL);
    tree = folder ? upgrade_read_source(now->scaffolder, url, folder, NULL) : NULL;
    if (folder)
        folder_remove(folder, NULL);
    known = tree ? arena_strdup(now->arena, tree) : "";
    g_hash_table_insert(now->trees, (char *)url, (char *)known);
    return known;
}

static int64_t behind(UpgradeNow *now, const UpgradeRow *row, const Present *template)
{
    const Value *sources = row->at.sources;

    if (!row->at.kept || !template->entity)
        return BEHIND_UNKNOWN;
    if (!g_str_equal(row->at.kept, template->kept))
        return BEHIND_YES;
    for (guint i = 0; i < value_count(sources); i++)
        if (!g_str_equal(tree_now(now, value_key_at(sources, i)),
                         value_string(value_value_at(sources, i), "")))
            return BEHIND_YES;
    return BEHIND_NO;
}

static const char *state_of(const UpgradeRow *row)
{
    if (g_str_equal(row->state, "open"))
        return "open";
    if (row->behind == BEHIND_NO)
        return g_strcmp0(row->pull_state, "merged") == 0 ? "merged" : "current";
    return row->behind == BEHIND_YES ? "behind" : "unknown";
}

void upgrade_check(UpgradeNow *now, UpgradeRow *row)
{
    const Present *template = present(now, row->template);

    row->behind = behind(now, row, template);
    row->latest = row->behind == BEHIND_YES ? template->version : row->at.version;
    row->checked_at = clock_now_ms();
    row->state = state_of(row);
}

static gboolean write_checked(DbConn *tx, void *data, GError **error)
{
    const GPtrArray *rows = data;

    for (guint i = 0; i < rows->len; i++)
        if (!upgrade_store_checked(tx, rows->pdata[i], error))
            return FALSE;
    return TRUE;
}

gboolean upgrade_check_all(Scaffolder *scaffolder, Arena *arena, GPtrArray *rows, GError **error)
{
    g_auto(UpgradeNow) now = upgrade_now(scaffolder, arena);
    g_autoptr(GPtrArray) checked = g_ptr_array_new();

    for (guint i = 0; i < rows->len; i++) {
        UpgradeRow *row = rows->pdata[i];

        if (row->checked_at > 0 || !row->at.kept)
            continue;
        upgrade_check(&now, row);
        g_ptr_array_add(checked, row);
    }
    return checked->len == 0 || db_write(scaffolder->db, write_checked, checked, NULL, error);
}

static gboolean write_settled(DbConn *tx, void *data, GError **error)
{
    UpgradeRow *row = data;

    return upgrade_settle(tx, row, row->pull_state, error);
}

gboolean upgrade_ask_host(Scaffolder *scaffolder, Arena *arena, UpgradeRow *row, GError **error)
{
    const Value *pull;
    const char *state;

    if (!g_str_equal(row->state, "open") || row->pull_number == 0 ||
        forge_kind_of_host(scaffolder->forge, row->host) != FORGE_GITHUB)
        return TRUE;
    pull = forge_pull_get(scaffolder->forge, arena,
                          upgrade_location(arena, row), row->pull_number, error);
    state = value_path_string(pull, "state", "open");
    if (!pull || g_str_equal(state, "open"))
        return pull != NULL;
    row->pull_state = state;
    return db_write(scaffolder->db, write_settled, row, NULL, error);
}

/* ---- what it would come to ---- */

/* Secrets were not recorded, and rendering needs none. */
static bool is_of_secrets(const Value *wrong)
{
    return g_str_has_prefix(value_path_string(wrong, "property", ""), "secrets");
}

static gboolean refuse_missing(const Value *errors, GError **error)
{
    g_autoptr(GString) fields = g_string_new(NULL);

    for (guint i = 0; i < value_count(errors); i++) {
        const Value *wrong = value_item(errors, i);
        const char *text = value_path_string(wrong, "title", value_path_string(wrong, "stack", ""));

        if (!is_of_secrets(wrong))
            g_string_append_printf(fields, "%s%s", fields->len ? "; " : "", text);
    }
    if (fields->len == 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "the template asks for what it did not ask for then: %s", fields->str);
    return FALSE;
}

static const Value *merged_inputs(Arena *arena, const Value *entity, const Value *old,
                                  const Value *values)
{
    Value *inputs = value_clone_shallow(arena, old);

    for (guint i = 0; value_is(values, VALUE_OBJECT) && i < value_count(values); i++)
        value_set(arena, inputs, value_key_at(values, i), value_value_at(values, i));
    return template_defaults(arena, entity, inputs);
}

gboolean upgrade_target(Scaffolder *scaffolder, Arena *arena, const UpgradeRow *row,
                        const Value *values, UpgradePoint *point, const Value **content,
                        GError **error)
{
    const Value *entity = template_get(scaffolder, arena, row->template, error), *spec;

    if (!entity)
        return FALSE;
    if (!row->at.kept) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                    "%s was made before templates were kept, so that it cannot be upgraded",
                    row->repository);
        return FALSE;
    }
    if (forge_kind_of_host(scaffolder->forge, row->host) == FORGE_UNKNOWN) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "an upgrade is a pull request of the built-in forge or of GitHub; %s is on %s",
                    row->repository, row->host);
        return FALSE;
    }
    /* What an open upgrade was told need not be told again. */
    const Value *known = g_str_equal(row->state, "open") ? row->to.inputs : row->at.inputs;

    *point = (UpgradePoint){.inputs = merged_inputs(arena, entity, known, values)};
    if (!refuse_missing(template_check(arena, entity, point->inputs, value_object_new(arena)),
                        error))
        return FALSE;
    spec = template_instantiate(scaffolder, arena, entity, point->inputs, NULL, error);
    if (!spec)
        return FALSE;
    *content = json_parse(arena, upgrade_content(arena, spec, &point->kept), -1, NULL);
    point->version = template_version(scaffolder, arena, value_get(spec, "templateInfo"));
    return TRUE;
}
