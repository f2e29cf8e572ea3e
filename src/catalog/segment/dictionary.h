/* The distinct values of a field, ordered by the folded text, then by the spelling, both bytewise.
 *
 * They lie front-coded in blocks: a value says how much of the one before it begins with, and the
 * first of a block says all of itself, so that a value is found by halving the blocks and reading
 * one of them. A spelling that differs from the folded text in ASCII letters alone is kept as one
 * bit a byte. Damaged bytes end the reading early; they are never read beyond. */
#pragma once
#include <glib.h>

#define DICTIONARY_BLOCK 16

typedef struct {
    const guint64 *restarts; /* of every block, in bytes */
    const guint8 *bytes;
    gsize length;
    guint32 count; /* values; there is a restart for each block of them */
} Dictionary;

/* ---- reading ---- */

typedef struct {
    const Dictionary *dictionary;
    guint32 next; /* the value that dictionary_next() reads */
    const guint8 *at, *end;
    GString *folded; /* of the value read last */
    const guint8 *spelling;
    guint64 spelling_code;
} DictionaryCursor;

void dictionary_cursor_init(DictionaryCursor *cursor, const Dictionary *dictionary);
void dictionary_cursor_clear(DictionaryCursor *cursor);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DictionaryCursor, dictionary_cursor_clear)
/* The next value to read is value; FALSE where there is none. */
gboolean dictionary_seek(DictionaryCursor *cursor, guint32 value);
gboolean dictionary_next(DictionaryCursor *cursor);
/* Replaces original by the spelling of the value read last. */
void dictionary_original(const DictionaryCursor *cursor, GString *original);
gboolean dictionary_is_folded(const DictionaryCursor *cursor);

typedef enum {
    BOUND_LOWER,  /* the first value that is not less than text */
    BOUND_UPPER,  /* the first that is greater */
    BOUND_PREFIX, /* the first that is greater and does not begin with it */
} DictionaryBound;

guint32 dictionary_bound(const Dictionary *dictionary, const char *text, DictionaryBound bound);

/* ---- writing ---- */

typedef struct {
    GString *previous;
    GArray *restarts; /* guint64 */
    guint64 position;
    guint32 count;
} DictionaryWriter;

void dictionary_writer_init(DictionaryWriter *writer);
void dictionary_writer_clear(DictionaryWriter *writer);
void dictionary_writer_restart(DictionaryWriter *writer);
/* Appends the code of a value to out, whose bytes follow those given before; values come in order.
 * original NULL: as folded. How much of the value before it, in the same block, it begins with. */
gsize dictionary_encode(DictionaryWriter *writer, const char *folded, gsize length,
                        const char *original, GByteArray *out);
