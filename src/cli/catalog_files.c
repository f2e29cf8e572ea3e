/* `pave catalog lint` and `pave catalog readme`: the catalog's files without a server. */
#include "catalog/catalog.h"
#include "cli/cli_internal.h"
#include "cli/commands.h"
#include "formats/diagnostics_format.h"
#include <stdio.h>
#include <string.h>

#define BEGIN_MARK "<!-- pave catalog: begin -->"
#define END_MARK "<!-- pave catalog: end -->"

/* In functions that have configs. */
#define CONFIG_OPTION                                                                              \
    {                                                                                              \
        "config", 'c', 0, G_OPTION_ARG_FILENAME_ARRAY, &configs,                                   \
            "Configuration that defines kinds (catalog.kinds); may be repeated", "FILE"            \
    }

/* The repository the current folder lies in, as seen from it; else the folder itself. */
static char *default_path(void)
{
    g_autofree char *here = g_get_current_dir();
    g_autoptr(GString) path = g_string_new(NULL);
    const char *slash;

    for (;;) {
        g_autofree char *git = g_build_filename(path->len > 0 ? path->str : ".", ".git", NULL);

        if (g_file_test(git, G_FILE_TEST_EXISTS))
            return g_strdup(path->len > 0 ? path->str : ".");
        slash = strrchr(here, '/');
        if (!slash || slash == here)
            return g_strdup(".");
        here[slash - here] = '\0';
        g_string_append(path, path->len > 0 ? "/.." : "..");
    }
}

/* configs NULL: only Backstage's kinds. */
static CatalogFiles *read_files(char **paths, char **configs, GError **error)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Config) config =
        configs ? config_load((const char *const *)configs, diagnostics) : NULL;
    g_autoptr(CatalogFiles) files = NULL;
    g_autofree char *usual = paths[0] ? NULL : default_path();

    if (!diagnostics_to_error(diagnostics, error))
        return NULL;
    files = catalog_files_new(g_steal_pointer(&config), error);
    if (!files)
        return NULL;
    if (usual && !catalog_files_add(files, usual, error))
        return NULL;
    for (; *paths; paths++)
        if (!catalog_files_add(files, *paths, error))
            return NULL;
    return g_steal_pointer(&files);
}

/* ---- lint ---- */

static void print_summary(const CatalogFiles *files, const Diagnostics *findings)
{
    guint errors = 0;

    for (guint i = 0; i < diagnostics_count(findings); i++)
        errors += diagnostics_get(findings, i)->severity == DIAGNOSTIC_ERROR;
    g_printerr("%u files, %u errors, %u warnings\n", catalog_files_count(files), errors,
               diagnostics_count(findings) - errors);
}

int command_catalog_lint(int argc, char **argv)
{
    g_autofree char *name = NULL;
    g_auto(GStrv) rest = NULL, configs = NULL;
    gboolean no_references = FALSE;
    const GOptionEntry entries[] = {
        {"format", 'f', 0, G_OPTION_ARG_STRING, &name,
         "text (default), github (annotations), sarif or json", "FORMAT"},
        {"no-references", 0, 0, G_OPTION_ARG_NONE, &no_references,
         "Do not warn of references to what is in none of the files", NULL},
        CONFIG_OPTION,
        {NULL}};
    g_autoptr(CatalogFiles) files = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    DiagnosticsFormat format = DIAGNOSTICS_TEXT;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (name && !diagnostics_format_from_name(name, &format))
        return cli_usage("'%s' is no format; use text, github, sarif or json", name);
    files = read_files(rest, configs, &error);
    if (!files)
        return cli_fail(error);
    catalog_files_lint(files, !no_references);
    diagnostics_write(out, catalog_files_findings(files), format);
    fwrite(out->str, 1, out->len, stdout);
    if (format == DIAGNOSTICS_TEXT)
        print_summary(files, catalog_files_findings(files));
    return diagnostics_have_errors(catalog_files_findings(files)) ? EXIT_FAILED : EXIT_OK;
}

/* ---- readme ---- */

/* old with what stands between the marks replaced; where there are none, with it at its end. */
static char *put_between_marks(const char *old, const char *registry)
{
    const char *begin = strstr(old, BEGIN_MARK);
    const char *end = begin ? strstr(begin, END_MARK) : NULL;
    g_autofree char *marked = g_strdup_printf(BEGIN_MARK "\n%s\n" END_MARK, registry);

    if (end)
        return g_strdup_printf("%.*s%s%s", (int)(begin - old), old, marked, end + strlen(END_MARK));
    return g_strdup_printf("%s%s%s\n", old, *old ? "\n" : "", marked);
}

static int write_readme(const char *path, const char *registry, gboolean check, GError **error)
{
    g_autofree char *old = NULL, *text = NULL;

    if (!g_file_get_contents(path, &old, NULL, NULL))
        old = g_strdup("");
    text = put_between_marks(old, registry);
    if (g_str_equal(text, old))
        return EXIT_OK;
    if (check) {
        g_printerr("%s is not what `pave catalog readme --output %s` would write\n", path, path);
        return EXIT_FAILED;
    }
    return g_file_set_contents(path, text, -1, error) ? EXIT_OK : cli_fail(*error);
}

int command_catalog_readme(int argc, char **argv)
{
    g_autofree char *output = NULL;
    g_auto(GStrv) rest = NULL, configs = NULL;
    gboolean check = FALSE;
    const GOptionEntry entries[] = {{"output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
                                     "Write it into FILE, between its marks where it has them",
                                     "FILE"},
                                    {"check", 0, 0, G_OPTION_ARG_NONE, &check,
                                     "Write nothing; fail where FILE is not up to date", NULL},
                                    CONFIG_OPTION,
                                    {NULL}};
    g_autoptr(CatalogFiles) files = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = NULL, *registry = NULL;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (check && !output)
        return cli_usage("--check takes --output FILE, which it compares");
    files = read_files(rest, configs, &error);
    if (!files)
        return cli_fail(error);
    if (diagnostics_have_errors(catalog_files_findings(files)))
        g_printerr("pave: some files are not valid and left out; `pave catalog lint` says why\n");
    folder = output ? g_path_get_dirname(output) : g_strdup(".");
    registry = catalog_files_readme(files, folder);
    if (output)
        return write_readme(output, registry, check, &error);
    fputs(registry, stdout);
    return EXIT_OK;
}
