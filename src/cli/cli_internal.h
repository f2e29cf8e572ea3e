/* What the commands share. */
#pragma once
#include "base/error.h"
#include "cli/cli.h"
#include "formats/value.h"
#include <glib.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_ALLOWED = 3, EXIT_NOT_FOUND = 4 };

/* How long a token lives that was made without saying so. */
enum { TOKEN_DAYS = 90 };

typedef struct {
    const char *name;     /* "release create" */
    const char *usage;    /* what follows the name */
    const char *summary;  /* one line */
    const char *examples; /* lines for --help */
    int (*run)(int argc, char **argv);
} Command;

/* Every command, ended by one without a name. */
extern const Command cli_commands[];

/* Parses options (ended by {NULL}) of the command that argv[0] names; what is left becomes *rest
 * (free with g_strfreev()). FALSE after it printed what is wrong. --help prints and exits. */
gboolean cli_parse(int argc, char **argv, const GOptionEntry *options, char ***rest);
/* Prints "pave: message" and gives the exit status that fits. */
int cli_fail(const GError *error);
int cli_usage(const char *format, ...) G_GNUC_PRINTF(1, 2);
