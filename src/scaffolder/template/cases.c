/* A template's own tests: it is run dry with the inputs of a case, and what it makes is compared
 * with what the case expects. */
#include "formats/json.h"
#include "formats/regex.h"
#include "formats/yaml.h"
#include "scaffolder/template/files.h"
#include "spine/folder.h"

#include <string.h>

void template_case_free(TemplateCase *result)
{
    g_free(result->file);
    g_free(result->name);
    g_free(result->failure);
    g_free(result);
}

typedef struct {
    Scaffolder *scaffolder;
    gboolean update;
    GPtrArray *results;
    /* of the case at hand */
    Arena *arena;
    const char *tests; /* the folder of its file */
    const Value *made; /* directoryContents */
    GString *failure;
} Testing;

static void fail(Testing *testing, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void fail(Testing *testing, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_string_append_vprintf(testing->failure, format, arguments);
    va_end(arguments);
    if (testing->failure->len > 0 && testing->failure->str[testing->failure->len - 1] != '\n')
        g_string_append_c(testing->failure, '\n');
}

/* ---- what was made ---- */

/* NULL where there is no such file; its bytes, ended by NUL, in the arena. */
static const char *made_file(Testing *testing, const char *path, gsize *length)
{
    for (guint i = 0; i < value_count(testing->made); i++) {
        const Value *file = value_item(testing->made, i);

        if (!g_str_equal(value_path_string(file, "path", ""), path))
            continue;
        g_autofree guchar *bytes =
            g_base64_decode(value_path_string(file, "base64Content", ""), length);

        return arena_strndup(testing->arena, (const char *)bytes, *length);
    }
    return NULL;
}

static void fail_differs(Testing *testing, const char *path, const char *wanted, const char *got)
{
    g_autofree char *diff = forge_diff(path, wanted, got);

    fail(testing, "%s is not as expected:\n%s", path, diff ? diff : "(it is too long to be shown)");
}

/* ---- expectations of files ---- */

static void check_contains(Testing *testing, const char *path, const char *got, const Value *wanted)
{
    if (value_is(wanted, VALUE_ARRAY))
        for (guint i = 0; i < value_count(wanted); i++)
            check_contains(testing, path, got, value_item(wanted, i));
    else if (value_is(wanted, VALUE_STRING) && !strstr(got, value_string(wanted, "")))
        fail(testing, "%s does not contain \"%s\"", path, value_string(wanted, ""));
}

static void check_matches(Testing *testing, const char *what, const char *got, const char *pattern)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Regex) regex = regex_new(pattern, REGEX_MULTILINE, &error);

    if (error)
        fail(testing, "%s: %s", what, error->message);
    else if (!regex_matches(regex, got, strlen(got)))
        fail(testing, "%s does not match %s", what, pattern);
}

static void check_file(Testing *testing, const char *path, const Value *wanted)
{
    gsize length = 0;
    const char *got = made_file(testing, path, &length);
    const char *digest = value_path_string(wanted, "sha256", NULL);

    if (value_bool(value_get(wanted, "absent"), false)) {
        if (got)
            fail(testing, "%s is there, which it should not be", path);
        return;
    }
    if (!got) {
        fail(testing, "%s was not made", path);
        return;
    }
    if (value_is(wanted, VALUE_STRING) && strcmp(got, value_string(wanted, "")) != 0)
        fail_differs(testing, path, value_string(wanted, ""), got);
    if (!value_is(wanted, VALUE_OBJECT))
        return;
    check_contains(testing, path, got, value_get(wanted, "contains"));
    if (value_path_string(wanted, "matches", NULL))
        check_matches(testing, path, got, value_path_string(wanted, "matches", ""));
    g_autofree char *sum =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)got, length);

    if (digest && !g_str_equal(digest, sum))
        fail(testing, "%s has the SHA-256 %s, not %s", path, sum, digest);
}

static void check_files(Testing *testing, const Value *expect)
{
    const Value *files = value_get(expect, "files");

    for (guint i = 0; value_is(files, VALUE_OBJECT) && i < value_count(files); i++)
        check_file(testing, value_key_at(files, i), value_value_at(files, i));
    for (guint i = 0; value_is(files, VALUE_ARRAY) && i < value_count(files); i++)
        check_file(testing, value_string(value_item(files, i), ""),
                   value_bool_new(testing->arena, true));
    for (guint i = 0;
         value_bool(value_get(expect, "only"), false) && i < value_count(testing->made); i++) {
        const char *path = value_path_string(value_item(testing->made, i), "path", "");

        if (!value_get(files, path))
            fail(testing, "%s was made, which nothing expects", path);
    }
}

/* ---- folders ---- */

static gboolean write_folder(Testing *testing, const char *folder, GError **error)
{
    if (!folder_remove(folder, error))
        return FALSE;
    for (guint i = 0; i < value_count(testing->made); i++) {
        const Value *file = value_item(testing->made, i);
        const char *path = value_path_string(file, "path", "");
        bool executable = value_bool(value_get(file, "executable"), false);
        gsize length = 0;
        const char *bytes = made_file(testing, path, &length);

        g_mkdir_with_parents(folder, 0755);
        if (!workdir_write(folder, path, bytes, length, executable ? 0755 : 0644, error))
            return FALSE;
    }
    return TRUE;
}

static void compare_folder(Testing *testing, const char *folder)
{
    g_autoptr(GPtrArray) entries = workdir_list(folder, NULL);
    g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; entries && i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);
        g_autofree char *full = g_build_filename(folder, entry->path, NULL);
        g_autofree char *wanted = NULL;
        gsize length = 0, got_length = 0;

        if (!g_file_test(full, G_FILE_TEST_IS_REGULAR) ||
            !g_file_get_contents(full, &wanted, &length, NULL))
            continue;
        const char *got = made_file(testing, entry->path, &got_length);

        g_hash_table_add(there, entry->path);
        if (!got)
            fail(testing, "%s was not made", entry->path);
        else if (length != got_length || memcmp(got, wanted, length) != 0)
            fail_differs(testing, entry->path, wanted, got);
    }
    for (guint i = 0; i < value_count(testing->made); i++) {
        const char *path = value_path_string(value_item(testing->made, i), "path", "");

        if (!g_hash_table_contains(there, path))
            fail(testing, "%s was made, but is not in %s", path, folder);
    }
}

static void check_snapshot(Testing *testing, const char *relative)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = workdir_path(testing->tests, relative, &error);

    if (folder && testing->update)
        write_folder(testing, folder, &error);
    else if (folder && !g_file_test(folder, G_FILE_TEST_IS_DIR))
        fail(testing, "there is no folder %s; --update makes it", folder);
    else if (folder)
        compare_folder(testing, folder);
    if (error)
        fail(testing, "%s", error->message);
}

/* ---- output, log, errors ---- */

/* Every member that is wanted has to be there; what else there is does not matter. */
static bool holds(const Value *wanted, const Value *got)
{
    if (!value_is(wanted, VALUE_OBJECT))
        return value_equal(wanted, got);
    for (guint i = 0; i < value_count(wanted); i++)
        if (!holds(value_value_at(wanted, i), value_get(got, value_key_at(wanted, i))))
            return false;
    return true;
}

static void check_output(Testing *testing, const Value *wanted, const Value *got)
{
    g_autoptr(GString) a = g_string_new(NULL);
    g_autoptr(GString) b = g_string_new(NULL);

    if (!wanted || holds(wanted, got))
        return;
    yaml_write(a, wanted);
    yaml_write(b, got ? got : value_object_new(testing->arena));
    fail_differs(testing, "output", a->str, b->str);
}

static void check_log(Testing *testing, const Value *wanted, const Value *log)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < value_count(log); i++)
        g_string_append_printf(text, "%s\n",
                               value_path_string(value_item(log, i), "body.message", ""));
    check_contains(testing, "the log", text->str, wanted);
}

static void check_error(Testing *testing, const Value *wanted, const char *got)
{
    if (!wanted && got)
        fail(testing, "it failed: %s", got);
    else if (wanted && !got)
        fail(testing, "it should fail, and did not");
    else if (wanted && value_is(wanted, VALUE_STRING))
        check_contains(testing, "the error", got, wanted);
    else if (wanted && value_path_string(wanted, "matches", NULL))
        check_matches(testing, "the error", got, value_path_string(wanted, "matches", ""));
}

/* ---- running ---- */

/* What is wrong with the values, as the form says it; NULL. */
static const char *value_errors(Testing *testing, const Value *template, const Value *values,
                                const Value *secrets)
{
    const Value *errors = template_check(testing->arena, template, values, secrets);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < value_count(errors); i++) {
        const Value *error = value_item(errors, i);

        g_string_append_printf(
            text, "%s%s", i ? "; " : "",
            value_path_string(error, "stack", value_path_string(error, "message", "")));
    }
    return text->len ? arena_strdup(testing->arena, text->str) : NULL;
}

/* The files beside the template, without its tests. */
static const Value *files_beside(Arena *arena, const char *folder, GError **error)
{
    g_autoptr(GPtrArray) entries = workdir_list(folder, error);
    Value *contents = value_array_new(arena);

    for (guint i = 0; entries && i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);
        g_autofree char *full = g_build_filename(folder, entry->path, NULL);
        g_autofree char *bytes = NULL;
        gsize length;

        if (g_str_has_prefix(entry->path, "tests/") || (entry->mode & 0170000) != 0100000 ||
            !g_file_get_contents(full, &bytes, &length, NULL))
            continue;
        g_autofree char *text = g_base64_encode((const guchar *)bytes, length);
        Value *file = value_object_new(arena);

        value_set_string(arena, file, "path", entry->path);
        value_set_string(arena, file, "base64Content", text);
        value_set_bool(arena, file, "executable", (entry->mode & 0111) != 0);
        value_append(arena, contents, file);
    }
    return entries ? contents : NULL;
}

static void run_case(Testing *testing, const Value *template, const Value *contents,
                     const Value *item)
{
    Arena *arena = testing->arena;
    const Value *values = value_get(item, value_get(item, "inputs") ? "inputs" : "values");
    const Value *secrets = value_get(item, "secrets"), *expect = value_get(item, "expect");
    g_autoptr(GError) error = NULL;
    const Value *reply = NULL;

    values = values ? values : value_object_new(arena);
    secrets = secrets ? secrets : value_object_new(arena);
    const char *wrong = value_errors(testing, template, values, secrets);

    testing->scaffolder->outputs = value_get(item, "steps");
    if (!wrong)
        reply = task_dry_run(testing->scaffolder, arena, template,
                             template_defaults(arena, template, values), secrets, contents,
                             value_path_string(item, "user", "user:default/guest"), &error);
    testing->scaffolder->outputs = NULL;
    check_error(testing, value_get(expect, "error"), error ? error->message : wrong);
    testing->made = value_get(reply, "directoryContents");
    if (!reply)
        return;
    check_files(testing, expect);
    if (value_path_string(expect, "folder", NULL))
        check_snapshot(testing, value_path_string(expect, "folder", ""));
    check_output(testing, value_get(expect, "output"), value_get(reply, "output"));
    check_log(testing, value_get(expect, "log"), value_get(reply, "log"));
}

static void add_case(Testing *testing, const Value *template, const Value *contents,
                     const Value *item, const char *file)
{
    g_autoptr(GString) failure = g_string_new(NULL);
    TemplateCase *result = g_new0(TemplateCase, 1);
    gint64 begun = g_get_monotonic_time();
    const char *name = value_path_string(item, "name", NULL);

    testing->failure = failure;
    result->file = g_strdup(file);
    result->name = name ? g_strdup(name) : g_path_get_basename(file);
    if (!value_is(item, VALUE_OBJECT) || !value_is(value_get(item, "expect"), VALUE_OBJECT))
        fail(testing, "a case is an object with name, values and expect");
    else
        run_case(testing, template, contents, item);
    result->seconds = (double)(g_get_monotonic_time() - begun) / 1e6;
    result->failure = failure->len ? g_strdup(failure->str) : NULL;
    g_ptr_array_add(testing->results, result);
}

static gboolean run_file(Testing *testing, const Value *template, const Value *contents,
                         const char *path, GError **error)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autofree char *text = NULL;
    gsize length;
    const char *shown = g_str_has_prefix(path, "./") ? path + 2 : path;

    if (!g_file_get_contents(path, &text, &length, error))
        return FALSE;
    const Value *documents =
        yaml_parse_stream(testing->arena, text, (gssize)length, shown, YAML_PLAIN, diagnostics);

    if (!diagnostics_to_error(diagnostics, error))
        return FALSE;
    for (guint i = 0; i < value_count(documents); i++) {
        const Value *document = value_item(documents, i);
        bool list = value_is(document, VALUE_ARRAY);

        for (guint j = 0; j < (list ? value_count(document) : 1); j++)
            add_case(testing, template, contents, list ? value_item(document, j) : document, shown);
    }
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean test_one(const Value *template, const char *file, const char *folder, void *data,
                         GError **error)
{
    Testing *testing = data;
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    g_autofree char *tests = g_build_filename(folder, "tests", NULL);
    g_autoptr(GDir) dir = g_dir_open(tests, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, ".yaml") || g_str_has_suffix(name, ".yml"))
            g_ptr_array_add(names, g_strdup(name));
    if (names->len == 0)
        return TRUE;
    g_ptr_array_sort(names, compare_names);
    testing->arena = arena;
    testing->tests = tests;
    const Value *contents = files_beside(arena, folder, error);

    for (guint i = 0; contents && i < names->len; i++) {
        g_autofree char *path = g_build_filename(tests, g_ptr_array_index(names, i), NULL);

        if (!run_file(testing, template, contents, path, error))
            return FALSE;
    }
    return contents != NULL;
}

gboolean scaffolder_test(Scaffolder *scaffolder, const char *path, gboolean update,
                         GPtrArray *results, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    Testing testing = {.scaffolder = scaffolder, .update = update, .results = results};

    return template_files_visit(arena, path, test_one, &testing, findings, error) &&
           diagnostics_to_error(findings, error);
}
