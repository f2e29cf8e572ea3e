/* Time and ids. Times are int64 milliseconds UTC. */
#pragma once
#include "formats/value.h"
#include <glib.h>
#include <stdint.h>

/* Now, in ms since 1970 UTC. Tests may fix it with clock_set_for_tests(); 0 lets it run again. */
int64_t clock_now_ms(void);
void clock_set_for_tests(int64_t now_ms);
/* For waits and durations; never goes back. */
int64_t clock_monotonic_ms(void);

/* "2026-03-01T12:00:00.123Z"; free with g_free(). */
char *clock_format(int64_t time_ms);
/* The same as a value in arena; a null value for 0, which is no time. */
Value *clock_value(Arena *arena, int64_t time_ms);
/* ISO 8601 with offset; FALSE where it is none. */
gboolean clock_parse(const char *text, int64_t *time_ms);

/* A new UUIDv7 as text; free with g_free(). Ids made later sort later. */
char *clock_new_id(void);
