/* `pave template lint` and `pave template test`: templates without a server. */
#include "cli/cli_internal.h"
#include "cli/commands.h"
#include "formats/diagnostics_format.h"
#include "scaffolder/scaffolder.h"
#include <stdio.h>
#include <string.h>

/* In functions that have configs. */
#define CONFIG_OPTION                                                                              \
    {                                                                                              \
        "config", 'c', 0, G_OPTION_ARG_FILENAME_ARRAY, &configs,                                   \
            "Configuration that defines actions (scaffolder.actions); may be repeated", "FILE"     \
    }

static Config *read_config(char **configs, GError **error)
{
    static const char *const none[] = {NULL};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Config) config =
        config_load(configs ? (const char *const *)configs : none, diagnostics);

    return diagnostics_to_error(diagnostics, error) ? g_steal_pointer(&config) : NULL;
}

/* ---- lint ---- */

static gboolean lint_paths(Scaffolder *scaffolder, char **paths, guint *count,
                           Diagnostics *findings, GError **error)
{
    if (!*paths)
        return scaffolder_lint(scaffolder, ".", count, findings, error);
    for (; *paths; paths++)
        if (!scaffolder_lint(scaffolder, *paths, count, findings, error))
            return FALSE;
    return TRUE;
}

int command_template_lint(int argc, char **argv)
{
    g_autofree char *name = NULL;
    g_auto(GStrv) rest = NULL, configs = NULL;
    const GOptionEntry entries[] = {{"format", 'f', 0, G_OPTION_ARG_STRING, &name,
                                     "text (default), github (annotations), sarif or json",
                                     "FORMAT"},
                                    CONFIG_OPTION,
                                    {NULL}};
    g_autoptr(Diagnostics) findings = diagnostics_new();
    g_autoptr(Config) config = NULL;
    g_autoptr(Scaffolder) scaffolder = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    DiagnosticsFormat format = DIAGNOSTICS_TEXT;
    guint count = 0, errors = 0;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (name && !diagnostics_format_from_name(name, &format))
        return cli_usage("'%s' is no format; use text, github, sarif or json", name);
    if (!(config = read_config(configs, &error)) ||
        !(scaffolder = scaffolder_new_offline(config, &error)) ||
        !lint_paths(scaffolder, rest, &count, findings, &error))
        return cli_fail(error);
    diagnostics_sort(findings);
    diagnostics_write(out, findings, format);
    fwrite(out->str, 1, out->len, stdout);
    for (guint i = 0; i < diagnostics_count(findings); i++)
        errors += diagnostics_get(findings, i)->severity == DIAGNOSTIC_ERROR;
    if (format == DIAGNOSTICS_TEXT)
        g_printerr("%u templates, %u errors, %u warnings\n", count, errors,
                   diagnostics_count(findings) - errors);
    return errors ? EXIT_FAILED : EXIT_OK;
}

/* ---- test ---- */

static void write_tap(GString *out, const GPtrArray *results)
{
    g_string_append_printf(out, "TAP version 13\n1..%u\n", results->len);
    for (guint i = 0; i < results->len; i++) {
        const TemplateCase *result = g_ptr_array_index(results, i);
        g_auto(GStrv) lines =
            g_strsplit(result->failure ? g_strchomp(result->failure) : "", "\n", -1);

        g_string_append_printf(out, "%sok %u - %s: %s\n", result->failure ? "not " : "", i + 1,
                               result->file, result->name);
        for (char **line = lines; result->failure && *line; line++)
            g_string_append_printf(out, "  # %s\n", *line);
    }
}

static void write_junit(GString *out, const GPtrArray *results, guint failures)
{
    g_string_append_printf(out,
                           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                           "<testsuites><testsuite name=\"pave template test\" tests=\"%u\" "
                           "failures=\"%u\">\n",
                           results->len, failures);
    for (guint i = 0; i < results->len; i++) {
        const TemplateCase *result = g_ptr_array_index(results, i);
        g_autofree char *name = g_markup_escape_text(result->name, -1);
        g_autofree char *file = g_markup_escape_text(result->file, -1);
        g_autofree char *failure = g_markup_escape_text(result->failure ? result->failure : "", -1);

        g_string_append_printf(out, "<testcase name=\"%s\" classname=\"%s\" time=\"%.3f\">", name,
                               file, result->seconds);
        if (result->failure)
            g_string_append_printf(out, "<failure>%s</failure>", failure);
        g_string_append(out, "</testcase>\n");
    }
    g_string_append(out, "</testsuite></testsuites>\n");
}

static gboolean test_paths(Scaffolder *scaffolder, char **paths, gboolean update,
                           GPtrArray *results, GError **error)
{
    if (!*paths)
        return scaffolder_test(scaffolder, ".", update, results, error);
    for (; *paths; paths++)
        if (!scaffolder_test(scaffolder, *paths, update, results, error))
            return FALSE;
    return TRUE;
}

int command_template_test(int argc, char **argv)
{
    g_autofree char *format = NULL;
    g_auto(GStrv) rest = NULL, configs = NULL;
    gboolean update = FALSE;
    const GOptionEntry entries[] = {
        {"format", 'f', 0, G_OPTION_ARG_STRING, &format, "tap (default) or junit", "FORMAT"},
        {"update", 'u', 0, G_OPTION_ARG_NONE, &update,
         "Make the folders that cases compare with what was made", NULL},
        CONFIG_OPTION,
        {NULL}};
    g_autoptr(GPtrArray) results =
        g_ptr_array_new_with_free_func((GDestroyNotify)template_case_free);
    g_autoptr(Config) config = NULL;
    g_autoptr(Scaffolder) scaffolder = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    guint failures = 0;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (format && !g_str_equal(format, "tap") && !g_str_equal(format, "junit"))
        return cli_usage("'%s' is no format; use tap or junit", format);
    if (!(config = read_config(configs, &error)) ||
        !(scaffolder = scaffolder_new_offline(config, &error)) ||
        !test_paths(scaffolder, rest, update, results, &error))
        return cli_fail(error);
    for (guint i = 0; i < results->len; i++)
        failures += ((TemplateCase *)g_ptr_array_index(results, i))->failure != NULL;
    if (g_strcmp0(format, "junit") == 0)
        write_junit(out, results, failures);
    else
        write_tap(out, results);
    fwrite(out->str, 1, out->len, stdout);
    g_printerr("%u cases, %u failed\n", results->len, failures);
    return failures ? EXIT_FAILED : EXIT_OK;
}
