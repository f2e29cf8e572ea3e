#include "base/arena.h"
#include <string.h>

/* Under AddressSanitizer what was not handed out is poisoned, with a gap after every piece, so that
 * an overrun inside the arena is found as it would be with malloc. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define GAP 16
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define GAP 0
#endif

#define ALIGNMENT ((gsize)16)
#define CHUNK_BYTES_MIN ((gsize)4096)
#define CHUNK_BYTES_MAX ((gsize)256 << 10)
#define REQUEST_BYTES_MAX ((gsize)1 << 30)

typedef struct Chunk Chunk;
struct Chunk {
    Chunk *next;
    gsize size;
    _Alignas(16) char bytes[];
};

typedef struct Owned Owned;
struct Owned {
    gpointer object;
    GDestroyNotify destroy;
    Owned *next;
};

struct Arena {
    Owned *owned;
    Chunk *chunks; /* the first is the one being filled */
    gsize filled;  /* of the first chunk */
    gsize ceiling;
    gsize used;
    gsize next_size;
};

Arena *arena_new(gsize ceiling_bytes)
{
    Arena *arena = g_new0(Arena, 1);

    arena->ceiling = ceiling_bytes;
    arena->next_size = CHUNK_BYTES_MIN;
    return arena;
}

void arena_free(Arena *arena)
{
    if (!arena)
        return;
    for (Owned *owned = arena->owned; owned; owned = owned->next)
        owned->destroy(owned->object);
    for (Chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, chunk->size);
        g_free(chunk);
    }
    g_free(arena);
}

static Chunk *chunk_new(gsize size)
{
    Chunk *chunk = g_malloc0(sizeof(Chunk) + size);

    chunk->size = size;
    ASAN_POISON_MEMORY_REGION(chunk->bytes, chunk->size);
    return chunk;
}

/* A piece too large to share a chunk gets one of its own, behind the chunk being filled. */
static void *alloc_alone(Arena *arena, gsize size)
{
    Chunk *chunk = chunk_new(size);

    if (arena->chunks) {
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
    } else {
        arena->chunks = chunk;
        arena->filled = size;
    }
    return chunk->bytes;
}

static void start_chunk(Arena *arena)
{
    Chunk *chunk = chunk_new(arena->next_size);

    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->filled = 0;
    arena->next_size = MIN(arena->next_size * 2, CHUNK_BYTES_MAX);
}

static gsize left_in_chunk(const Arena *arena)
{
    return arena->chunks ? arena->chunks->size - arena->filled : 0;
}

void *arena_alloc(Arena *arena, gsize size)
{
    gsize room = ((size + ALIGNMENT - 1) & ~(ALIGNMENT - 1)) + GAP;
    void *piece;

    g_assert(size <= REQUEST_BYTES_MAX);
    arena->used += room;
    if (left_in_chunk(arena) < room && room > arena->next_size / 2) {
        piece = alloc_alone(arena, room);
    } else {
        if (left_in_chunk(arena) < room)
            start_chunk(arena);
        piece = arena->chunks->bytes + arena->filled;
        arena->filled += room;
    }
    ASAN_UNPOISON_MEMORY_REGION(piece, size);
    return piece;
}

void arena_own(Arena *arena, gpointer object, GDestroyNotify destroy)
{
    Owned *owned = arena_new0(arena, Owned, 1);

    *owned = (Owned){object, destroy, arena->owned};
    arena->owned = owned;
}

gboolean arena_exhausted(const Arena *arena)
{
    return arena->used > arena->ceiling;
}

gsize arena_used(const Arena *arena)
{
    return arena->used;
}

char *arena_strdup(Arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_strndup(Arena *arena, const char *text, gsize length)
{
    char *copy;

    if (!text)
        return NULL;
    copy = arena_alloc(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *arena_printf(Arena *arena, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return arena_strdup(arena, text);
}
