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
    const char *root; /* "values" or "cookiecutter" */
    const char *file; /* as it is named in findings */
    GHashTable *read; /* names that some file reads */
    bool reads_all;
    NunjucksOptions options;
    guint files;
} Skeletons;

static void found(const NunjucksRead *read, void *data)
{
    Skeletons *all = data;
    Lint *lint = all->lint;
    const Value *values = value_get(all->input, "values");
    const char *name = read->count > 1 ? read->names[1] : NULL;
    const char *message = NULL;

    if (read->filter) {
        if (!nunjucks_knows_filter(read->filter))
            message = arena_printf(lint->arena, "there is no filter %s", read->filter);
    } else if (!g_str_equal(read->names[0], all->root)) {
        static const char *const known[] = {"range", "joiner", "cycler", NULL};

        if (!g_strv_contains(known, read->names[0]) && !read->guarded)
            message = arena_printf(lint->arena, "nothing is called %s here: files see only %s",
                                   read->names[0], all->root);
    } else if (!name) {
        all->reads_all = true;
    } else {
        g_hash_table_add(all->read, arena_strdup(lint->arena, name));
        if (value_is(values, VALUE_OBJECT) && !value_get(values, name) && !read->guarded)
            message = arena_printf(lint->arena, "%s.%s is read, but the step passes no %s",
                                   all->root, name, name);
    }
    if (message)
        diagnostics_add(
            lint->findings,
            &(Diagnostic){.severity = read->filter ? DIAGNOSTIC_ERROR : DIAGNOSTIC_WARNING,
                          .code = read->filter ? "template-unknown-filter" : "template-undefined",
                          .message = message,
                          .file = all->file,
                          .line = read->line,
                          .column = read->column});
}

static void check_text(Skeletons *all, const char *text)
{
    g_autoptr(GError) error = NULL;
    int line = 1, column = 1, message = 0;

    if (nunjucks_reads(text, &all->options, found, all, &error))
        return;
    if (sscanf(error->message, "template:%d:%d: %n", &line, &column, &message) != 2)
        message = 0;
    diagnostics_error(all->lint->findings, "template-file", all->file, line, column, "%s",
                      error->message + message);
}

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

static void check_file(Skeletons *all, const char *path, const char *full)
{
    g_autofree char *bytes = NULL;
    gsize length;
    struct stat status;

    if (++all->files > FILES_MAX || lstat(full, &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size > FILE_BYTES_MAX || !has_content_rendered(all, path) ||
        !g_file_get_contents(full, &bytes, &length, NULL) || memchr(bytes, 0, length) ||
        !g_utf8_validate(bytes, (gssize)length, NULL))
        return;
    check_text(all, bytes);
}

static void check_folder(Skeletons *all, const char *relative)
{
    g_autofree char *folder = g_build_filename(all->lint->folder, relative, NULL);
    g_autoptr(GPtrArray) entries = workdir_list(folder, NULL);

    for (guint i = 0; entries && i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);
        g_autofree char *full = g_build_filename(folder, entry->path, NULL);
        const char *slash = strrchr(entry->path, '/');

        all->file =
            arena_printf(all->lint->arena, "%s%s/%s", all->lint->shown, relative, entry->path);
        /* The name of a folder is checked once, not with every file in it. */
        if (strstr(slash ? slash : entry->path, "${{"))
            check_text(all, entry->path);
        check_file(all, entry->path, full);
    }
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
    Skeletons all = {.lint = lint,
                     .input = input,
                     .root = cookiecutter ? "cookiecutter" : "values",
                     .read = read};

    all.options = (NunjucksOptions){.variable_start = cookiecutter ? "{{" : NULL,
                                    .variable_end = cookiecutter ? "}}" : NULL,
                                    .cookiecutter = cookiecutter};
    all.file = arena_printf(lint->arena, "%s%s", lint->shown, relative);
    if (single && !dynamic)
        check_file(&all, relative, path);
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
