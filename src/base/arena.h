/* Memory that lives as long as one unit of work (a request, a job step, a command) and dies with
 * it.
 *
 * Nobody frees what an arena gave, so an error path cannot leak it. An arena belongs to one thread
 * at a time. */
#pragma once
#include <glib.h>

typedef struct Arena Arena;

/* ceiling_bytes bounds what outside input may make the arena grow to; see arena_exhausted(). */
Arena *arena_new(gsize ceiling_bytes);
void arena_free(Arena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Arena, arena_free)

/* size zeroed bytes, aligned for any type. Never NULL: the ceiling is soft, so that only loops over
 * outside input need to check arena_exhausted(), not every caller. A single request above 1 GiB is
 * our own fault and asserts. */
void *arena_alloc(Arena *arena, gsize size);

/* What is not memory of the arena (a compiled pattern) but dies with it: freed, the last first, by
 * arena_free(). */
void arena_own(Arena *arena, gpointer object, GDestroyNotify destroy);

/* True once more than the ceiling was handed out. Every parser and engine checks it in its loop and
 * stops with ERROR_INPUT "… is too large". */
gboolean arena_exhausted(const Arena *arena);

/* Bytes handed out so far. */
gsize arena_used(const Arena *arena);

/* Copies of text; arena_strndup stops at length and always terminates. NULL gives NULL. */
char *arena_strdup(Arena *arena, const char *text);
char *arena_strndup(Arena *arena, const char *text, gsize length);
char *arena_printf(Arena *arena, const char *format, ...) G_GNUC_PRINTF(2, 3);

#define arena_new0(arena, Type, count) ((Type *)arena_alloc((arena), sizeof(Type) * (gsize)(count)))

/* Ceilings that most units of work use. */
#define ARENA_REQUEST_BYTES ((gsize)64 << 20)
#define ARENA_STEP_BYTES ((gsize)256 << 20)
