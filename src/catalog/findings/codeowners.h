/* CODEOWNERS files, as GitHub reads them. */
#pragma once
#include "base/arena.h"

typedef struct Codeowners Codeowners;

/* Lines that GitHub would pass over (bad patterns) are passed over. In arena. */
Codeowners *codeowners_parse(Arena *arena, const char *text);
/* Who owns path (without a slash in front): "@org/team", "@user" or an address, NULL-terminated,
 * and the line that says so; nobody's list is empty. NULL where no line speaks of it. The last line
 * that matches wins. */
const char *const *codeowners_of(const Codeowners *codeowners, const char *path, int *line);
