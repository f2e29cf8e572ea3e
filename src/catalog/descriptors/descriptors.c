/* Finds descriptors: files that are named, folders that are walked, patterns. */
#include "catalog/descriptors/descriptors.h"
#include "catalog/model/kinds.h"
#include "formats/glob.h"
#include "formats/yaml.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 32
#define FILE_BYTES_MAX ((gsize)32 << 20)
#define FINDINGS_MAX 100000

const char *const descriptor_kinds[] = {"Domain", "System", "Component", "API",      "Resource",
                                        "Group",  "User",   "Template",  "Location", NULL};

CatalogFiles *catalog_files_new(Config *config, GError **error)
{
    CatalogFiles *files;

    if (config && !kinds_configure(config, error)) {
        config_free(config);
        return NULL;
    }
    files = g_new0(CatalogFiles, 1);
    files->config = config;

    files->arena = arena_new(G_MAXSIZE);
    files->descriptors = g_ptr_array_new();
    files->findings = diagnostics_new_for(FINDINGS_MAX);
    files->read = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    return files;
}

void catalog_files_free(CatalogFiles *files)
{
    if (!files)
        return;
    g_hash_table_unref(files->read);
    diagnostics_free(files->findings);
    g_ptr_array_unref(files->descriptors);
    arena_free(files->arena);
    config_free(files->config);
    g_free(files);
}

const Diagnostics *catalog_files_findings(const CatalogFiles *files)
{
    return files->findings;
}

guint catalog_files_count(const CatalogFiles *files)
{
    return files->files;
}

/* ---- documents ---- */

/* The skeletons of templates hold descriptors that are not yet any. */
static gboolean is_skeleton(const Value *document)
{
    const char *name = value_path_string(document, "metadata.name", "");

    return strstr(name, "${{") || strstr(name, "{{");
}

/* Whether text has one of Backstage's apiVersions, or one of a kind the organisation defined. */
static gboolean names_version(const char *text, gssize length)
{
    const GPtrArray *custom = kinds_custom();

    if (g_strstr_len(text, length, "backstage.io/v1"))
        return TRUE;
    for (guint i = 0; custom && i < custom->len; i++) {
        const Kind *kind = custom->pdata[i];

        for (const char *const *version = kind->api_versions; *version; version++)
            if (g_strstr_len(text, length, *version))
                return TRUE;
    }
    return FALSE;
}

static gboolean is_descriptor(const Value *document)
{
    return names_version(value_path_string(document, "apiVersion", ""), -1);
}

static void add_document(CatalogFiles *files, const char *file, const Value *document)
{
    Descriptor *descriptor = arena_new0(files->arena, Descriptor, 1);
    ModelFault fault = {0};
    const Value *entity;

    *descriptor = (Descriptor){.file = file, .document = document};
    g_ptr_array_add(files->descriptors, descriptor);
    entity = descriptor_resolve(files, file, document);
    if (!descriptor_check(files, descriptor, model_check_envelope(files->arena, entity, &fault),
                          &fault))
        return;
    descriptor->ref = entity_ref_of(files->arena, entity);
    /* As written: normalised, lists would be in another order than their author knows. */
    if (descriptor_check(files, descriptor, model_check_entity(files->arena, entity, &fault),
                         &fault))
        descriptor->entity = entity;
}

/* ---- files ---- */

typedef enum { NAMED, FOUND } HowFound;

static gboolean is_descriptor_name(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);

    return g_str_has_prefix(name, "catalog-info.") || g_str_has_prefix(name, "catalog-info-");
}

/* A file that was only found is looked at where it says that it is a descriptor. */
static void add_text(CatalogFiles *files, const char *path, const char *text, gsize length,
                     HowFound how)
{
    gboolean named = how == NAMED || is_descriptor_name(path);
    const char *file = arena_strdup(files->arena, path);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    const Value *documents;

    if (!named && !names_version(text, (gssize)length))
        return;
    documents = yaml_parse_stream(files->arena, text, (gssize)length, file, YAML_PLAIN, findings);
    if (!documents && how == FOUND &&
        (g_strstr_len(text, (gssize)length, "${{") || g_strstr_len(text, (gssize)length, "{%")))
        return;
    files->files++;
    for (guint i = 0; i < diagnostics_count(findings); i++)
        diagnostics_add(files->findings, diagnostics_get(findings, i));
    for (guint i = 0; i < value_count(documents); i++) {
        const Value *document = value_item(documents, i);

        if (how == NAMED || ((named || is_descriptor(document)) && !is_skeleton(document)))
            add_document(files, file, document);
    }
}

static gboolean add_file(CatalogFiles *files, const char *path, HowFound how, GError **error)
{
    char *real = realpath(path, NULL);
    g_autofree char *text = NULL;
    struct stat status;
    gsize length;

    if (!real || stat(real, &status) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "%s: %s", path, g_strerror(errno));
        free(real);
        return FALSE;
    }
    if (!g_hash_table_add(files->read, real))
        return TRUE;
    if ((gsize)status.st_size > FILE_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is larger than 32 MiB", path);
        return FALSE;
    }
    if (!g_file_get_contents(real, &text, &length, error))
        return FALSE;
    add_text(files, path, text, length, how);
    return TRUE;
}

/* ---- folders and patterns ---- */

static gboolean is_yaml(const char *name)
{
    return g_str_has_suffix(name, ".yaml") || g_str_has_suffix(name, ".yml");
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *sorted_names(const char *folder)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (name[0] != '.' && !g_str_equal(name, "node_modules"))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    return names;
}

/* pattern NULL: what may be a descriptor. Symbolic links to folders are not followed. */
static gboolean walk(CatalogFiles *files, const char *folder, const char *pattern, int depth,
                     GError **error)
{
    g_autoptr(GPtrArray) names = sorted_names(folder);

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path =
            g_str_equal(folder, ".") ? g_strdup(name) : g_build_filename(folder, name, NULL);
        struct stat status;

        if (lstat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode)) {
            if (depth < DEPTH_MAX && !walk(files, path, pattern, depth + 1, error))
                return FALSE;
        } else if (pattern ? glob_matches(pattern, path, GLOB_BRACES) : is_yaml(name)) {
            if (!add_file(files, path, pattern ? NAMED : FOUND, error))
                return FALSE;
        }
    }
    return TRUE;
}

gboolean catalog_files_add(CatalogFiles *files, const char *path, GError **error)
{
    g_autofree char *fixed = NULL, *folder = NULL;
    gsize length = strlen(path);

    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        folder = g_strndup(path, length > 1 && path[length - 1] == '/' ? length - 1 : length);
        return walk(files, folder, NULL, 0, error);
    }
    if (g_file_test(path, G_FILE_TEST_EXISTS) || !glob_has_magic(path))
        return add_file(files, path, NAMED, error);
    fixed = g_strndup(path, strcspn(path, "*?[{"));
    folder = g_path_get_dirname(*fixed ? fixed : ".");
    return walk(files, folder, g_str_has_prefix(path, "./") ? path + 2 : path, 0, error);
}
