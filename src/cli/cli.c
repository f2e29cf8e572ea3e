#include "cli/cli_internal.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Command *current; /* for the texts of cli_parse() */

/* ---- texts ---- */

static int print_help(void)
{
    g_print("Pave, an internal developer platform.\n\nUsage: pave COMMAND [OPTION…]\n\n");
    for (const Command *command = cli_commands; command->name; command++)
        if (command->summary)
            g_print("  %-20s %s\n", command->name, command->summary);
    g_print("\n`pave COMMAND --help` tells more, with examples.\n\n"
            "PAVE_URL and PAVE_TOKEN name the server and the credential; `pave login` keeps them\n"
            "in a file otherwise. Exit status: 0 done, 1 failed, 2 used wrongly, 3 not allowed or\n"
            "not signed in, 4 not found.\n");
    return EXIT_OK;
}

int cli_usage(const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_printerr("pave: %s\n", message);
    if (current)
        g_printerr("Try `pave %s --help`.\n", current->name);
    return EXIT_USAGE;
}

int cli_fail(const GError *error)
{
    g_printerr("pave: %s\n", error->message);
    if (g_error_matches(error, PAVE_ERROR, ERROR_AUTHENTICATION)) {
        g_printerr("Sign in with `pave login`, or set PAVE_TOKEN.\n");
        return EXIT_NOT_ALLOWED;
    }
    if (g_error_matches(error, PAVE_ERROR, ERROR_NOT_ALLOWED))
        return EXIT_NOT_ALLOWED;
    if (g_error_matches(error, PAVE_ERROR, ERROR_INPUT))
        return EXIT_USAGE;
    return g_error_matches(error, PAVE_ERROR, ERROR_NOT_FOUND) ? EXIT_NOT_FOUND : EXIT_FAILED;
}

gboolean cli_parse(int argc, char **argv, const GOptionEntry *options, char ***rest)
{
    g_autofree char *usage = g_strdup_printf("%s %s", current->name, current->usage);
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    g_autofree char *examples =
        current->examples ? g_strconcat("Examples:\n", current->examples, NULL) : NULL;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) copy = g_new0(char *, argc + 1);

    copy[0] = g_strdup("pave");
    for (int i = 1; i < argc; i++)
        copy[i] = g_strdup(argv[i]);
    g_set_prgname("pave");
    g_option_context_set_summary(context, current->summary);
    g_option_context_set_description(context, examples);
    if (options)
        g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse_strv(context, &copy, &error)) {
        cli_usage("%s", error->message);
        return FALSE;
    }
    *rest = copy[0] ? g_strdupv(copy + 1) : g_new0(char *, 1);
    return TRUE;
}

/* ---- dispatch ---- */

/* The longest name that argv begins with: "release create" before "release". */
static const Command *find_command(int argc, char **argv, int *words)
{
    for (*words = 2; *words >= 1; --*words) {
        g_autofree char *name = NULL;

        if (argc <= *words)
            continue;
        name = *words == 2 ? g_strdup_printf("%s %s", argv[1], argv[2]) : g_strdup(argv[1]);
        for (const Command *command = cli_commands; command->name; command++)
            if (g_str_equal(command->name, name))
                return command;
    }
    return NULL;
}

static int suggest(const char *name)
{
    gboolean any = FALSE;

    g_printerr("pave: there is no command '%s'\n", name);
    for (const Command *command = cli_commands; command->name; command++)
        if (command->summary && g_str_has_prefix(command->name, name)) {
            g_printerr("  pave %s\n", command->name);
            any = TRUE;
        }
    if (!any)
        g_printerr("`pave help` lists the commands.\n");
    return EXIT_USAGE;
}

static int help_for(int argc, char **argv)
{
    char *help[] = {argv[0], (char *)"--help", NULL};
    int words;

    if (argc < 3)
        return print_help();
    current = find_command(argc - 1, argv + 1, &words);
    return current ? current->run(2, help) : suggest(argv[2]);
}

/* As it is: GLib would turn what the locale's charset lacks into question marks, in JSON too. */
static void print_raw(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}

static void print_error_raw(const char *text)
{
    fputs(text, stderr);
}

int cli_main(int argc, char **argv)
{
    int words;

    g_set_print_handler(print_raw);
    g_set_printerr_handler(print_error_raw);
    if (argc < 2 || g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h"))
        return print_help();
    if (g_str_equal(argv[1], "help"))
        return help_for(argc, argv);
    if (g_str_equal(argv[1], "--version") || g_str_equal(argv[1], "version")) {
        g_print("pave %s\n", PAVE_VERSION);
        return EXIT_OK;
    }
    current = find_command(argc, argv, &words);
    return current ? current->run(argc - words, argv + words) : suggest(argv[1]);
}
