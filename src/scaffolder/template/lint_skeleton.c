/* The files a template fetches: whether they are there, parse, and read what they are given. */
#include "scaffolder/template/lint.h"

#include "formats/nunjucks.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_BYTES_MAX = 1024 * 1024, FILES_MAX = 2000 };

typedef struct {
    Lint *lint;
    const Value *input;
    const char *root;   /* "values" or "cookiecutter" */
    const char *folder; /* the skeleton's, where its files load others from */
    const char *prefix; /* of its files in findings */
    const char *path;   /* of the file that is read, in folder */
    const char *file;   /* as it is named in findings */
    GHashTable *read;   /* names that some file reads */
    GHashTable *bound;  /* names that some file gives a value to */
    GHashTable *seen;   /* files that were read */
    bool reads_all;
    bool loads;     /* some file loads another one, which sees its names */
    bool gathering; /* finding out about bound and loads; then comes what is to be said */
    NunjucksOptions options;
    guint files;
} Skeletons;

static void add(Skeletons *all, const NunjucksRead *read, DiagnosticSeverity severity,
                const char *code, const char *message)
{
    diagnostics_add(all->lint->findings, &(Diagnostic){.severity = severity,
                                                       .code = code,
                                                       .message = message,
                                                       .file = all->file,
                                                       .line = read->line,
                                                       .column = read->column});
}

/* ---- what a file reads ---- */

static void check_name(Skeletons *all, const NunjucksRead *read)
{
    static const char *const known[] = {"range", "joiner", "cycler", NULL};
    const char *name = read->names[0];

    if (!g_strv_contains(known, name) && !read->guarded &&
        !(all->loads && g_hash_table_contains(all->bound, name)))
        add(all, read, DIAGNOSTIC_WARNING, "template-undefined",
            arena_printf(all->lint->arena, "nothing is called %s here: files see only %s", name,
                         all->root));
}

static void check_value(Skeletons *all, const NunjucksRead *read)
{
    const Value *values = value_get(all->input, "values");
    Arena *arena = all->lint->arena;

    if (read->count < 2) {
        all->reads_all = true;
        return;
    }
    const char *name = read->names[1];

    g_hash_table_add(all->read, arena_strdup(arena, name));
    if (value_is(values, VALUE_OBJECT) && !value_get(values, name) && !read->guarded)
        add(all, read, DIAGNOSTIC_WARNING, "template-undefined",
            arena_printf(arena, "%s.%s is read, but the step passes no %s", all->root, name, name));
}

static void check_file(Skeletons *all, const char *path);

/* A file that is loaded is rendered, whatever the step says of it. */
static void check_load(Skeletons *all, const NunjucksRead *read)
{
    const char *path = all->path, *file = all->file;
    Arena *arena = all->lint->arena;

    all->loads = true;
    if (!read->load) {
        all->reads_all = true;
        return;
    }
    const char *loaded = nunjucks_resolve_name(arena, path, read->load);
    g_autoptr(GBytes) bytes = workdir_read(all->folder, loaded, FILE_BYTES_MAX, NULL);

    if (bytes)
        check_file(all, loaded);
    all->path = path;
    all->file = file;
    if (!bytes && !read->guarded && !all->gathering)
        add(all, read, DIAGNOSTIC_ERROR, "template-load",
            arena_printf(arena, "there is no file %s in the skeleton", loaded));
}

static void found(const NunjucksRead *read, void *data)
{
    Skeletons *all = data;

    if (read->loads)
        check_load(all, read);
    else if (read->binds && all->gathering)
        g_hash_table_add(all->bound, arena_strdup(all->lint->arena, read->binds));
    else if (all->gathering || read->binds)
        return;
    else if (read->filter && !nunjucks_knows_filter(read->filter))
        add(all, read, DIAGNOSTIC_ERROR, "template-unknown-filter",
            arena_printf(all->lint->arena, "there is no filter %s", read->filter));
    else if (read->names && g_str_equal(read->names[0], all->root))
        check_value(all, read);
    else if (read->names)
        check_name(all, read);
}

static void check_text(Skeletons *all, const char *text, const NunjucksOptions *options)
{
    g_autoptr(GError) error = NULL;
    int line = 1, column = 1, message = 0;

    if (nunjucks_reads(text, options, found, all, &error) || all->gathering)
        return;
    if (sscanf(error->message, "template:%d:%d: %n", &line, &column, &message) != 2)
        message = 0;
    diagnostics_error(all->lint->findings, "template-file", all->file, line, column, "%s",
                      error->message + message);
}

/* Says that files may load others; which ones is told by their reads. */
static const char *load_nothing(void *data, Arena *arena, const char *name, GError **error)
{
    return NULL;
}

/* ---- files ---- */

static bool has_content_rendered(Skeletons *all, const char *path)
{
    const Value *untouched = value_get(all->input, "copyWithoutTemplating");
    const Value *extension = value_get(all->input, "templateFileExtension");
    const char *suffix = value_bool(extension, false) ? ".njk" : value_string(extension, "");
    bool rendered = !*suffix || g_str_has_suffix(path, suffix);

    for (guint i = 0; value_is(untouched, VALUE_ARRAY) && i < value_count(untouched); i++)
        if (path_glob_matches(value_string(value_item(untouched, i), ""), path))
            rendered = false;
    return rendered;
}

static void begin_file(Skeletons *all, const char *path)
{
    all->path = path;
    all->file = arena_printf(all->lint->arena, "%s%s", all->prefix, path);
}

static void check_file(Skeletons *all, const char *path)
{
    g_autofree char *full = g_build_filename(all->folder, path, NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    struct stat status;

    if (!g_hash_table_add(all->seen, arena_strdup(all->lint->arena, path)) ||
        ++all->files > FILES_MAX || lstat(full, &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size > FILE_BYTES_MAX || !g_file_get_contents(full, &bytes, &length, NULL) ||
        memchr(bytes, 0, length) || !g_utf8_validate(bytes, (gssize)length, NULL))
        return;
    begin_file(all, path);
    check_text(all, bytes, &all->options);
}

static void check_entries(Skeletons *all, const GPtrArray *entries)
{
    NunjucksOptions name_options = all->options;

    name_options.load = NULL; /* names load nothing */
    for (guint i = 0; i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);
        const char *slash = strrchr(entry->path, '/');

        begin_file(all, entry->path);
        /* The name of a folder is checked once, not with every file in it. */
        if (strstr(slash ? slash : entry->path, "${{"))
            check_text(all, entry->path, &name_options);
        if (has_content_rendered(all, entry->path))
            check_file(all, entry->path);
    }
}

/* Twice: what one file gives a value to, others may read. entries: NULL for the one file path. */
static void check_files(Skeletons *all, const char *relative, const GPtrArray *entries,
                        const char *path)
{
    Arena *arena = all->lint->arena;
    bool here = g_str_equal(relative, ".");

    all->folder = arena_printf(arena, "%s/%s", all->lint->folder, relative);
    all->prefix =
        arena_printf(arena, "%s%s%s", all->lint->shown, here ? "" : relative, here ? "" : "/");
    all->loads = false;
    g_hash_table_remove_all(all->bound);
    for (int pass = 0; pass < 2; pass++) {
        all->gathering = pass == 0;
        all->files = 0;
        g_hash_table_remove_all(all->seen);
        if (entries)
            check_entries(all, entries);
        else
            check_file(all, path);
    }
}

static void check_folder(Skeletons *all, const char *relative)
{
    g_autofree char *folder = g_build_filename(all->lint->folder, relative, NULL);
    g_autoptr(GPtrArray) entries = workdir_list(folder, NULL);

    if (entries)
        check_files(all, relative, entries, NULL);
}

static void check_single(Skeletons *all, const char *relative)
{
    g_autofree char *folder = g_path_get_dirname(relative);
    g_autofree char *name = g_path_get_basename(relative);

    check_files(all, folder, NULL, name);
}

/* What nothing of the files reads is passed for nothing. */
static void check_unread(Skeletons *all)
{
    const Value *values = value_get(all->input, "values");

    for (guint i = 0; !all->reads_all && value_is(values, VALUE_OBJECT) && i < value_count(values);
         i++)
        if (!g_hash_table_contains(all->read, value_key_at(values, i)))
            lint_add_at_key(all->lint, DIAGNOSTIC_WARNING, "template-unused-value", values,
                            value_key_at(values, i), "%s is passed, but no file reads %s.%s",
                            value_key_at(values, i), all->root, value_key_at(values, i));
}

/* The constant beginning of url up to the folder before its first expression. */
static char *constant_part(const char *url)
{
    const char *expression = strstr(url, "${{");
    g_autofree char *start = expression ? g_strndup(url, (gsize)(expression - url)) : NULL;
    char *slash = start ? strrchr(start, '/') : NULL;

    while (g_str_has_prefix(url, "./"))
        url += 2;
    if (!expression)
        return g_strdup(url);
    if (!slash)
        return g_strdup(".");
    *slash = '\0';
    return g_strdup(g_str_has_prefix(start, "./") ? start + 2 : start);
}

/* With an expression in its url each folder below the constant part may be meant. */
static void check_skeleton(Skeletons *all, const char *relative, bool dynamic)
{
    g_autofree char *folder = g_build_filename(all->lint->folder, relative, NULL);
    g_autoptr(GDir) dir = dynamic ? g_dir_open(folder, 0, NULL) : NULL;
    const char *name;

    if (!dynamic)
        check_folder(all, relative);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *inner = g_build_filename(relative, name, NULL);
        g_autofree char *full = g_build_filename(folder, name, NULL);

        if (g_file_test(full, G_FILE_TEST_IS_DIR) && !g_file_test(full, G_FILE_TEST_IS_SYMLINK))
            check_folder(all, inner);
    }
}

static void check_step(Lint *lint, const Value *step)
{
    const char *action = value_path_string(step, "action", "");
    const Value *input = value_get(step, "input"), *url = value_get(input, "url");
    bool cookiecutter = value_bool(value_get(input, "cookiecutterCompat"), false);
    bool renders = g_str_has_prefix(action, "fetch:template");
    bool single = g_str_has_suffix(action, ":file"), dynamic = lint_is_dynamic(url);

    if (!g_str_has_prefix(action, "fetch:") || !value_is(url, VALUE_STRING) ||
        strstr(value_string(url, ""), "://"))
        return;
    g_autofree char *relative = constant_part(value_string(url, ""));
    g_autofree char *path = workdir_path(lint->folder, relative, NULL);

    if (!path || !g_file_test(path, G_FILE_TEST_EXISTS)) {
        lint_add(lint, DIAGNOSTIC_ERROR, "template-url", url, NULL,
                 "there is no %s beside the template", relative);
        return;
    }
    if (!renders || g_str_equal(relative, "."))
        return;
    g_autoptr(GHashTable) read = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) bound = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    Skeletons all = {.lint = lint,
                     .input = input,
                     .root = cookiecutter ? "cookiecutter" : "values",
                     .read = read,
                     .bound = bound,
                     .seen = seen};

    all.options = (NunjucksOptions){.variable_start = cookiecutter ? "{{" : NULL,
                                    .variable_end = cookiecutter ? "}}" : NULL,
                                    .cookiecutter = cookiecutter,
                                    .load = load_nothing};
    if (single && !dynamic)
        check_single(&all, relative);
    else if (!single)
        check_skeleton(&all, relative, dynamic);
    else
        return;
    check_unread(&all);
}

void lint_skeletons(Lint *lint)
{
    const Value *steps = value_path(lint->template, "spec.steps");

    for (guint i = 0; lint->folder && value_is(steps, VALUE_ARRAY) && i < value_count(steps); i++)
        check_step(lint, value_item(steps, i));
}
