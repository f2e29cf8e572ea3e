/* Places where a test holds the server still, to kill it there. Without -Dfailpoints=true they cost
 * nothing and do nothing. */
#pragma once

#ifdef PAVE_FAILPOINTS
/* Blocks for ever where the folder PAVE_FAILPOINTS holds a file "<place>.<name>.armed", which
 * becomes "….hit". What is not a letter, digit or dash in name counts as a dash. */
void failpoint(const char *place, const char *name);
#else
static inline void failpoint(const char *place, const char *name)
{
    (void)place;
    (void)name;
}
#endif
