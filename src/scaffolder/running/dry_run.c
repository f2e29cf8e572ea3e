/* A dry run: the steps of a task by their own code, with a workspace of their own, that announce
 * what they would change outside of it. */
#include "scaffolder/scaffolder_internal.h"

#include "formats/yaml.h"
#include "spine/folder.h"

#include <stdio.h>

enum { DIAGNOSTICS_MAX = 200, PUBLISHED_BYTES_MAX = 16 * 1024 * 1024 };

/* ---- files in and out ---- */

gboolean dry_run_write(const char *folder, const Value *contents, GError **error)
{
    for (guint i = 0; i < value_count(contents); i++) {
        const Value *file = value_item(contents, i);
        const char *text = value_path_string(file, "base64Content", "");
        bool executable = value_bool(value_get(file, "executable"), false);
        gsize length;
        g_autofree guchar *bytes = g_base64_decode(text, &length);

        if (!workdir_write(folder, value_path_string(file, "path", ""), (const char *)bytes, length,
                           executable ? 0755 : 0644, error))
            return FALSE;
    }
    return TRUE;
}

/* Bytes without the secrets, which may stand between zeros. */
static GString *mask_bytes(const Masker *masker, const char *bytes, gsize length)
{
    GString *masked = g_string_sized_new(length);

    for (gsize at = 0; at < length; at++) {
        gsize size = strnlen(bytes + at, length - at);
        g_autofree char *text = masker_mask(masker, bytes + at, size);

        g_string_append(masked, text);
        at += size;
        if (at < length)
            g_string_append_c(masked, '\0');
    }
    return masked;
}

static const Value *read_contents(const Runner *runner, GError **error)
{
    Arena *arena = runner->arena;
    const char *folder = runner->workspace;
    g_autoptr(GPtrArray) entries = workdir_list(folder, error);
    Value *contents = value_array_new(arena);

    for (guint i = 0; entries && i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);
        g_autofree char *path = g_build_filename(folder, entry->path, NULL);
        g_autofree char *bytes = NULL;
        gsize length;

        if ((entry->mode & 0170000) != 0100000 || !g_file_get_contents(path, &bytes, &length, NULL))
            continue;
        g_autoptr(GString) masked = mask_bytes(runner->masker, bytes, length);
        g_autofree char *text = g_base64_encode((const guchar *)masked->str, masked->len);
        g_autofree char *shown = masker_mask(runner->masker, entry->path, strlen(entry->path));
        Value *file = value_object_new(arena);

        value_set_string(arena, file, "path", shown);
        value_set_bool(arena, file, "executable", (entry->mode & 0111) != 0);
        value_set_string(arena, file, "base64Content", text);
        value_append(arena, contents, file);
    }
    return entries ? contents : NULL;
}

/* ---- what is announced ---- */

void dry_run_effects(Runner *runner, const ActionRun *run)
{
    Arena *arena = runner->arena;

    for (guint i = 0; runner->effects && i < run->effects->len; i++) {
        const Effect *effect = g_ptr_array_index(run->effects, i);
        Value *item = value_object_new(arena);

        value_set_string(arena, item, "step", run->step_id);
        value_set_string(arena, item, "action", run->action->id);
        value_set_string(arena, item, "operation", effect->operation);
        value_set_string(arena, item, "kind", effect->kind);
        value_set_string(arena, item, "ref", effect->ref);
        value_set_string(arena, item, "url", effect->url);
        value_set(arena, item, "detail", effect->detail);
        value_set_string(arena, item, "diff", effect->diff);
        value_append(arena, runner->effects, runner_mask(runner, item));
    }
}

void dry_run_diagnostic(Runner *runner, const char *step, const char *warning)
{
    Arena *arena = runner->arena;
    g_autofree char *masked = masker_mask(runner->masker, warning, strlen(warning));
    Value *item = value_object_new(arena);
    const char *end = strstr(masked, ": ");
    int line = 0, column = 0;
    bool placed = false;

    if (!runner->diagnostics || value_count(runner->diagnostics) >= DIAGNOSTICS_MAX)
        return;
    value_set_string(arena, item, "severity", "warning");
    value_set_string(arena, item, "code", "expression");
    /* "template:default/x:12:7: …": the numbers stand before the first ": ". */
    for (const char *at = end; at && at > masked && !placed; at--) {
        placed = *at == ':' && sscanf(at, ":%d:%d: ", &line, &column) == 2;
        if (placed)
            value_set_string(arena, item, "file",
                             arena_strndup(arena, masked, (gsize)(at - masked)));
    }
    value_set_string(arena, item, "message", placed ? end + 2 : masked);
    if (placed) {
        value_set_int(arena, item, "line", line);
        value_set_int(arena, item, "column", column);
    }
    value_set_string(arena, item, "step", step);
    value_append(arena, runner->diagnostics, item);
}

gboolean action_would_publish(ActionRun *run, const char *contents_url, const char *folder,
                              GError **error)
{
    Runner *runner = run->runner;

    if (!run->dry || !runner->published)
        return TRUE;
    g_autofree char *copy =
        g_strdup_printf("%s/published-%u", runner->folder, g_hash_table_size(runner->published));

    if (!folder_copy(folder, copy, error))
        return FALSE;
    g_hash_table_insert(runner->published, g_strdup(contents_url), g_steal_pointer(&copy));
    return TRUE;
}

char *action_would_read(ActionRun *run, const char *url, gsize *length)
{
    GHashTableIter iter;
    gpointer prefix, folder;

    if (!run->dry || !run->runner->published)
        return NULL;
    g_hash_table_iter_init(&iter, run->runner->published);
    while (g_hash_table_iter_next(&iter, &prefix, &folder)) {
        if (!g_str_has_prefix(url, prefix))
            continue;
        const char *rest = url + strlen(prefix);
        g_autofree char *path = workdir_path(folder, rest + strspn(rest, "/"), NULL);
        g_autofree char *bytes = NULL;

        if (path && g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
            g_file_get_contents(path, &bytes, length, NULL) && *length <= PUBLISHED_BYTES_MAX)
            return g_steal_pointer(&bytes);
    }
    return NULL;
}

/* ---- where expressions stand ---- */

/* The template as its author wrote it, where text holds it: then every expression knows its line.
 * Else template. */
static const Value *as_written(Arena *arena, const Value *template, const char *text, gsize length)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    const Value *documents =
        yaml_parse_stream(arena, text, (gssize)length, "template.yaml", YAML_PLAIN, diagnostics);

    for (guint i = 0; i < value_count(documents); i++) {
        const Value *document = value_item(documents, i);

        if (!value_equal(value_path(document, "spec.steps"), value_path(template, "spec.steps")) ||
            g_strcmp0(value_path_string(document, "metadata.name", NULL),
                      value_path_string(template, "metadata.name", NULL)) != 0)
            continue;
        Value *copy = value_clone_shallow(arena, template);

        value_set(arena, copy, "spec", value_get(document, "spec"));
        return copy;
    }
    return template;
}

/* The file of contents that holds the template, or the one the catalog read it from. */
static const Value *located(Scaffolder *scaffolder, Arena *arena, const Value *template,
                            const Value *contents)
{
    for (guint i = 0; i < value_count(contents); i++) {
        const char *path = value_path_string(value_item(contents, i), "path", "");
        gsize length = 0;

        if (!g_str_has_suffix(path, ".yaml") && !g_str_has_suffix(path, ".yml"))
            continue;
        if (strchr(path, '/'))
            continue;
        g_autofree guchar *bytes = g_base64_decode(
            value_path_string(value_item(contents, i), "base64Content", ""), &length);
        const Value *found = as_written(arena, template, (const char *)bytes, length);

        if (found != template)
            return found;
    }
    if (contents || !scaffolder->catalog)
        return template;
    g_autoptr(GBytes) bytes =
        catalog_read_file(scaffolder->catalog, template_base_url(arena, template), NULL, NULL);

    return bytes
               ? as_written(arena, template, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes))
               : template;
}

/* ---- running ---- */

static const Value *dry_log(Arena *arena, GPtrArray *lines)
{
    Value *log = value_array_new(arena);

    for (guint i = 0; i < lines->len; i++) {
        Value *item = value_object_new(arena);

        value_set(arena, item, "body", task_event_body(arena, g_ptr_array_index(lines, i)));
        value_append(arena, log, item);
    }
    return log;
}

static const Value *run_dry(Runner *runner, const Value *spec, const Value *contents,
                            GError **error)
{
    Arena *arena = runner->arena;
    const Value *output = NULL;
    Value *reply = value_object_new(arena);

    if ((runner->source && !dry_run_write(runner->source, contents, error)) ||
        !runner_run(runner, spec, &output, error))
        return NULL;
    const Value *produced = read_contents(runner, error);

    if (!produced)
        return NULL;
    value_set(arena, reply, "log", dry_log(arena, runner->log));
    value_set(arena, reply, "directoryContents", produced);
    value_set(arena, reply, "output", runner_mask(runner, output));
    value_set(arena, reply, "steps", value_get(spec, "steps"));
    value_set(arena, reply, "effects", runner->effects);
    value_set(arena, reply, "diagnostics", runner->diagnostics);
    return reply;
}

static const Value *run_in(const char *folder, Scaffolder *scaffolder, Arena *arena,
                           const Value *spec, const Value *secrets, const Value *contents,
                           const char *actor, GError **error)
{
    g_autoptr(Masker) masker = masker_new();
    g_autoptr(GPtrArray) log = g_ptr_array_new();
    g_autoptr(GHashTable) published =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Runner runner = {.scaffolder = scaffolder,
                     .arena = arena,
                     .task_id = "dry-run",
                     .actor = actor,
                     .template = value_get(spec, "templateInfo"),
                     /* Of a registered template alone anything would be remembered. */
                     .spec = contents ? NULL : spec,
                     .folder = folder,
                     .workspace = arena_printf(arena, "%s/workspace", folder),
                     .source = contents ? arena_printf(arena, "%s/template", folder) : NULL,
                     .masker = masker,
                     .secrets = secrets ? secrets : value_object_new(arena),
                     .log = log,
                     .effects = value_array_new(arena),
                     .diagnostics = value_array_new(arena),
                     .published = published};

    for (guint i = 0; i < value_count(secrets); i++)
        masker_add(masker, value_string(value_value_at(secrets, i), ""));
    g_mkdir_with_parents(runner.workspace, 0755);
    if (runner.source)
        g_mkdir_with_parents(runner.source, 0755);
    return run_dry(&runner, spec, contents, error);
}

const Value *task_dry_run(Scaffolder *scaffolder, Arena *arena, const Value *template,
                          const Value *values, const Value *secrets, const Value *contents,
                          const char *actor, GError **error)
{
    const Value *written = located(scaffolder, arena, template, contents);
    const Value *spec = template_instantiate(scaffolder, arena, written, values, actor, error);
    g_autofree char *folder = spec ? g_dir_make_tmp("pave-dry-run-XXXXXX", error) : NULL;

    if (!folder)
        return NULL;
    const Value *reply = run_in(folder, scaffolder, arena, spec, secrets, contents, actor, error);

    folder_remove(folder, NULL);
    return reply;
}
