/* What a step says back: workflow commands on its output, and the files it writes. Pure. */
#pragma once
#include "formats/value.h"

/* "::error file=a.js,line=3::text", or the old "##[error]text". Strings live in the arena. */
typedef struct {
    const char *name;
    const char *data;
    const Value *properties;
} Command;

/* FALSE where line is no command. */
gboolean command_parse(Arena *arena, const char *line, Command *command);

/* GITHUB_OUTPUT, GITHUB_ENV and GITHUB_STATE: "NAME=value" lines and "NAME<<MARK" blocks, as an
 * object of texts. ERROR_INPUT says what is wrong with it. */
const Value *command_file_parse(Arena *arena, const char *text, gsize length, GError **error);
