/* Modules: folders with .tf files, from the configured places or from a repository. */
#include "infra/infra_internal.h"
#include "base/nearest.h"
#include "formats/hcl.h"
#include "formats/jsonschema.h"
#include "spine/folder.h"
#include <string.h>

#define MODULE_FILES_MAX 200
#define MODULE_FILE_MAX ((gsize)4 << 20)

/* ---- finding ---- */

typedef struct {
    const char *owner, *repository, *path, *ref;
} ForgeModule;

static gboolean name_is_plain(const char *name)
{
    if (!g_ascii_isalnum(*name))
        return FALSE;
    for (const char *c = name; *c; c++) {
        if (!g_ascii_isalnum(*c) && !strchr("-_.", *c))
            return FALSE;
    }
    return TRUE;
}

/* "owner/repository//path@ref"; path and ref may be missing. */
static gboolean parse_forge_name(Arena *arena, const char *name, ForgeModule *found)
{
    g_autofree char *text = g_strdup(name);
    char *at = strrchr(text, '@');
    char *path;
    g_auto(GStrv) parts = NULL;

    if (at)
        *at = '\0';
    path = strstr(text, "//");
    if (path)
        *path = '\0';
    parts = g_strsplit(text, "/", -1);
    if (g_strv_length(parts) != 2 || !*parts[0] || !*parts[1])
        return FALSE;
    found->owner = arena_strdup(arena, parts[0]);
    found->repository = arena_strdup(arena, parts[1]);
    found->path = arena_strdup(arena, path ? path + 2 : "");
    found->ref = at ? arena_strdup(arena, at + 1) : NULL;
    return TRUE;
}

static gboolean holds_module(const char *folder)
{
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    const char *name;

    while (entries && (name = g_dir_read_name(entries))) {
        if (g_str_has_suffix(name, ".tf"))
            return TRUE;
    }
    return FALSE;
}

/* The configured folder that holds the module; the module itself is root/name. In arena. */
static const char *find_root(Infra *infra, Arena *arena, const char *name, GError **error)
{
    const Value *places = config_get(infra->config, "infra.modules");

    for (guint i = 0; name_is_plain(name) && i < value_count(places); i++) {
        g_autofree char *root = config_resolve_path(
            infra->config, value_string(value_get(value_item(places, i), "path"), "."));
        g_autofree char *folder = g_build_filename(root, name, NULL);

        if (holds_module(folder))
            return arena_strdup(arena, root);
    }
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND,
                "there is no module \"%s\": no folder of that name with .tf files under"
                " infra.modules",
                name);
    return NULL;
}

/* ---- reading ---- */

static gboolean add_body(Arena *arena, Value *bodies, const char *file, GBytes *bytes,
                         Diagnostics *diagnostics)
{
    const Value *body = hcl_parse(arena, g_bytes_get_data(bytes, NULL),
                                  (gssize)g_bytes_get_size(bytes), file, diagnostics);

    value_append(arena, bodies, body);
    return body != NULL;
}

static gboolean read_folder(Arena *arena, const char *folder, Value *bodies,
                            Diagnostics *diagnostics, GError **error)
{
    g_autoptr(GDir) entries = g_dir_open(folder, 0, error);
    const char *name;

    if (!entries)
        return FALSE;
    while ((name = g_dir_read_name(entries)) && value_count(bodies) < MODULE_FILES_MAX) {
        g_autofree char *file = g_build_filename(folder, name, NULL);
        g_autoptr(GBytes) bytes = NULL;
        char *text;
        gsize length;

        if (!g_str_has_suffix(name, ".tf"))
            continue;
        if (!g_file_get_contents(file, &text, &length, error))
            return FALSE;
        bytes = g_bytes_new_take(text, length);
        if (length <= MODULE_FILE_MAX)
            add_body(arena, bodies, name, bytes, diagnostics);
    }
    return TRUE;
}

static gboolean read_repository(Infra *infra, Arena *arena, const ForgeModule *from, Value *bodies,
                                Diagnostics *diagnostics, GError **error)
{
    const Value *items = forge_list(infra->forge, arena, from->owner, from->repository, from->ref,
                                    from->path, FALSE, error);

    if (!items)
        return FALSE;
    for (guint i = 0; i < value_count(items) && i < MODULE_FILES_MAX; i++) {
        const char *path = value_string(value_get(value_item(items, i), "path"), "");
        g_autoptr(GBytes) bytes = NULL;

        if (!g_str_has_suffix(path, ".tf"))
            continue;
        bytes =
            forge_read_file(infra->forge, from->owner, from->repository, from->ref, path, error);
        if (!bytes)
            return FALSE;
        add_body(arena, bodies, path, bytes, diagnostics);
    }
    if (value_count(bodies) > 0 || diagnostics_have_errors(diagnostics))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "%s/%s has no .tf files in \"%s\"", from->owner,
                from->repository, from->path);
    return FALSE;
}

/* What the comment at the top of main.tf says, up to the first empty line. */
static const char *describe(Arena *arena, const char *folder)
{
    g_autofree char *file = g_build_filename(folder, "main.tf", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GString) said = g_string_new(NULL);

    if (!g_file_get_contents(file, &text, NULL, NULL))
        return NULL;
    for (char *line = text; line && *line == '#';) {
        char *end = strchr(line, '\n');

        if (end)
            *end = '\0';
        while (*line == '#' || *line == ' ')
            line++;
        if (*line)
            g_string_append_printf(said, "%s%s", said->len ? " " : "", line);
        line = end ? end + 1 : NULL;
    }
    return said->len ? arena_strdup(arena, said->str) : NULL;
}

gboolean infra_module_read(Infra *infra, Arena *arena, const char *name, InfraModule *module,
                           GError **error)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Value *bodies = value_array_new(arena);
    ForgeModule from;

    module->name = arena_strdup(arena, name);
    if (strchr(name, '/')) {
        if (!parse_forge_name(arena, name, &from)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "\"%s\" is no module: a name, or owner/repository//path@ref", name);
            return FALSE;
        }
        module->path = module->name;
        if (!read_repository(infra, arena, &from, bodies, diagnostics, error))
            return FALSE;
    } else {
        const char *root = find_root(infra, arena, name, error);

        if (!root)
            return FALSE;
        module->path = arena_printf(arena, "%s/%s", root, name);
        module->description = describe(arena, module->path);
        if (!read_folder(arena, module->path, bodies, diagnostics, error))
            return FALSE;
    }
    if (!diagnostics_to_error(diagnostics, error)) {
        g_prefix_error(error, "module %s: ", name);
        return FALSE;
    }
    module->schema = hcl_variables_schema(arena, bodies);
    return TRUE;
}

const Value *infra_module_value(Arena *arena, const InfraModule *module)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "name", module->name);
    value_set_string(arena, value, "description", module->description ? module->description : "");
    value_set_string(arena, value, "path", module->path);
    value_set(arena, value, "schema", module->schema);
    return value;
}

static void list_root(Infra *infra, Arena *arena, const char *root, Value *items)
{
    g_autoptr(GDir) entries = g_dir_open(root, 0, NULL);
    const char *name;

    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *folder = g_build_filename(root, name, NULL);
        g_autoptr(GError) error = NULL;
        InfraModule module = {0};

        if (!name_is_plain(name) || !holds_module(folder))
            continue;
        gboolean read = infra_module_read(infra, arena, name, &module, &error);
        Value *item = value_clone_shallow(arena, infra_module_value(arena, &module));

        if (!read)
            value_set_string(arena, item, "error", error->message);
        value_append(arena, items, item);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(value_path_string(*(const Value *const *)a, "name", ""),
                  value_path_string(*(const Value *const *)b, "name", ""));
}

const Value *infra_module_list(Infra *infra, Arena *arena)
{
    const Value *places = config_get(infra->config, "infra.modules");
    Value *items = value_array_new(arena);
    Value *sorted = value_array_new(arena);
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    for (guint i = 0; i < value_count(places); i++) {
        g_autofree char *root = config_resolve_path(
            infra->config, value_string(value_get(value_item(places, i), "path"), "."));

        list_root(infra, arena, root, items);
    }
    for (guint i = 0; i < value_count(items); i++)
        g_ptr_array_add(all, (void *)value_item(items, i));
    g_ptr_array_sort(all, by_name);
    for (guint i = 0; i < all->len; i++)
        value_append(arena, sorted, all->pdata[i]);
    return sorted;
}

/* ---- copying ---- */

char *infra_module_copy(Infra *infra, const char *name, const char *destination, GError **error)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    ForgeModule from;
    const char *root;

    if (strchr(name, '/')) {
        if (!parse_forge_name(arena, name, &from)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is no module", name);
            return NULL;
        }
        return forge_export(infra->forge, from.owner, from.repository, from.ref, "", destination,
                            error)
                   ? g_strdup(from.path)
                   : NULL;
    }
    root = find_root(infra, arena, name, error);
    return root && folder_copy(root, destination, error) ? g_strdup(name) : NULL;
}

/* ---- variables ---- */

static void say_unknown(Arena *arena, const InfraModule *module, const char *name, GString *wrong)
{
    const Value *properties = value_get(module->schema, "properties");
    const char **known = arena_new0(arena, const char *, value_count(properties) + 1);
    const char *near;

    for (guint i = 0; i < value_count(properties); i++)
        known[i] = value_key_at(properties, i);
    near = nearest_name(name, known);
    g_string_append_printf(wrong, "; there is no variable \"%s\"", name);
    if (near)
        g_string_append_printf(wrong, " (did you mean \"%s\"?)", near);
}

const Value *infra_module_fit(Arena *arena, const InfraModule *module, const Value *variables,
                              const char *environment, GError **error)
{
    const Value *properties = value_get(module->schema, "properties");
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GString) wrong = g_string_new(NULL);
    Value *fitted = value_object_new(arena);

    for (guint i = 0; i < value_count(variables); i++) {
        const char *name = value_key_at(variables, i);

        if (!value_get(properties, name))
            say_unknown(arena, module, name, wrong);
        else if (!value_is(value_value_at(variables, i), VALUE_NULL)) /* null: as if not given */
            value_set(arena, fitted, name, value_value_at(variables, i));
    }
    if (environment && value_get(properties, "environment") && !value_get(fitted, "environment"))
        value_set_string(arena, fitted, "environment", environment);
    jsonschema_validate(module->schema, fitted, diagnostics);
    for (guint i = 0; i < diagnostics_count(diagnostics); i++)
        g_string_append_printf(wrong, "; %s", diagnostics_get(diagnostics, i)->message);
    if (wrong->len == 0)
        return fitted;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the variables do not fit the module %s: %s",
                module->name, wrong->str + 2);
    return NULL;
}
