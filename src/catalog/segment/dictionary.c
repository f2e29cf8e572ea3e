#include "catalog/segment/dictionary.h"
#include <string.h>

/* How a value is spelled; a greater code is a length + SPELLING_BYTES, and its bytes follow. */
enum { SPELLING_FOLDED, SPELLING_MASK, SPELLING_BYTES };

static gboolean read_number(const guint8 **at, const guint8 *end, guint64 *number)
{
    guint64 value = 0;

    for (guint shift = 0; *at < end && shift < 64; shift += 7) {
        guint8 byte = *(*at)++;

        value |= (guint64)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *number = value;
            return TRUE;
        }
    }
    return FALSE;
}

static void append_number(GByteArray *out, guint64 number)
{
    guint8 bytes[10];
    guint count = 0;

    do {
        bytes[count++] = (guint8)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
        number >>= 7;
    } while (number);
    g_byte_array_append(out, bytes, count);
}

/* ---- reading ---- */

void dictionary_cursor_init(DictionaryCursor *cursor, const Dictionary *dictionary)
{
    *cursor = (DictionaryCursor){.dictionary = dictionary, .folded = g_string_sized_new(64)};
    dictionary_seek(cursor, 0);
}

void dictionary_cursor_clear(DictionaryCursor *cursor)
{
    g_string_free(cursor->folded, TRUE);
    cursor->folded = NULL;
}

static gboolean seek_block(DictionaryCursor *cursor, guint32 block)
{
    const Dictionary *dictionary = cursor->dictionary;
    guint64 offset = dictionary->restarts[block];

    g_string_truncate(cursor->folded, 0);
    cursor->next = block * DICTIONARY_BLOCK;
    cursor->end = dictionary->bytes + dictionary->length;
    cursor->at = offset < dictionary->length ? dictionary->bytes + offset : cursor->end;
    return offset < dictionary->length;
}

gboolean dictionary_seek(DictionaryCursor *cursor, guint32 value)
{
    if (value >= cursor->dictionary->count) {
        cursor->next = cursor->dictionary->count;
        return FALSE;
    }
    if (value < cursor->next || value / DICTIONARY_BLOCK > cursor->next / DICTIONARY_BLOCK ||
        !cursor->at)
        if (!seek_block(cursor, value / DICTIONARY_BLOCK))
            return FALSE;
    while (cursor->next < value)
        if (!dictionary_next(cursor))
            return FALSE;
    return TRUE;
}

static gsize spelling_length(guint64 code, gsize folded_length)
{
    return code == SPELLING_FOLDED ? 0
           : code == SPELLING_MASK ? (folded_length + 7) / 8
                                   : (gsize)(code - SPELLING_BYTES);
}

gboolean dictionary_next(DictionaryCursor *cursor)
{
    guint64 shared, rest, code;
    const guint8 *at = cursor->at;
    gsize left;

    if (cursor->next >= cursor->dictionary->count || !read_number(&at, cursor->end, &shared) ||
        !read_number(&at, cursor->end, &rest) || !read_number(&at, cursor->end, &code))
        return FALSE;
    left = (gsize)(cursor->end - at);
    if (shared > cursor->folded->len || rest > left)
        return FALSE;
    left -= rest;
    if (code >= SPELLING_BYTES + (guint64)left + 1 ||
        spelling_length(code, (gsize)(shared + rest)) > left)
        return FALSE;
    g_string_truncate(cursor->folded, shared);
    g_string_append_len(cursor->folded, (const char *)at, (gssize)rest);
    cursor->spelling = at + rest;
    cursor->spelling_code = code;
    cursor->at = cursor->spelling + spelling_length(code, cursor->folded->len);
    cursor->next++;
    return TRUE;
}

gboolean dictionary_is_folded(const DictionaryCursor *cursor)
{
    return cursor->spelling_code == SPELLING_FOLDED;
}

void dictionary_original(const DictionaryCursor *cursor, GString *original)
{
    g_string_truncate(original, 0);
    if (cursor->spelling_code >= SPELLING_BYTES) {
        g_string_append_len(original, (const char *)cursor->spelling,
                            (gssize)(cursor->spelling_code - SPELLING_BYTES));
        return;
    }
    g_string_append_len(original, cursor->folded->str, (gssize)cursor->folded->len);
    if (cursor->spelling_code == SPELLING_MASK)
        for (gsize i = 0; i < original->len; i++)
            if (cursor->spelling[i / 8] >> (i % 8) & 1)
                original->str[i] = g_ascii_toupper(original->str[i]);
}

/* Whether a value stands before the bound of text. */
static gboolean is_before(const GString *value, const char *text, gsize length,
                          DictionaryBound bound)
{
    int order = memcmp(value->str, text, MIN(value->len, length));

    if (order)
        return order < 0;
    return bound == BOUND_PREFIX ||
           (bound == BOUND_UPPER ? value->len <= length : value->len < length);
}

guint32 dictionary_bound(const Dictionary *dictionary, const char *text, DictionaryBound bound)
{
    g_auto(DictionaryCursor) cursor;
    gsize length = strlen(text);
    guint32 low = 0, high = (dictionary->count + DICTIONARY_BLOCK - 1) / DICTIONARY_BLOCK;

    dictionary_cursor_init(&cursor, dictionary);
    while (low < high) { /* the first block that does not begin before the bound */
        guint32 middle = low + (high - low) / 2;

        if (seek_block(&cursor, middle) && dictionary_next(&cursor) &&
            is_before(cursor.folded, text, length, bound))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || !seek_block(&cursor, low - 1))
        return 0;
    high = MIN(low * DICTIONARY_BLOCK, dictionary->count);
    while (cursor.next < high)
        if (!dictionary_next(&cursor) || !is_before(cursor.folded, text, length, bound))
            return cursor.next ? cursor.next - 1 : 0;
    return high;
}

/* ---- writing ---- */

void dictionary_writer_init(DictionaryWriter *writer)
{
    *writer = (DictionaryWriter){.previous = g_string_new(NULL),
                                 .restarts = g_array_new(FALSE, FALSE, sizeof(guint64))};
}

void dictionary_writer_clear(DictionaryWriter *writer)
{
    g_string_free(writer->previous, TRUE);
    g_array_unref(writer->restarts);
}

void dictionary_writer_restart(DictionaryWriter *writer)
{
    g_string_truncate(writer->previous, 0);
    g_array_set_size(writer->restarts, 0);
    writer->position = 0;
    writer->count = 0;
}

/* How original is spelled beside folded; NULL: as folded. */
static guint64 spelling_code(const char *folded, gsize length, const char *original)
{
    gsize original_length = original ? strlen(original) : 0;
    gboolean same = TRUE;

    if (!original || strcmp(original, folded) == 0)
        return SPELLING_FOLDED;
    for (gsize i = 0; i < length && same && original_length == length; i++)
        same = folded[i] == original[i] || g_ascii_toupper(folded[i]) == original[i];
    return same && original_length == length ? SPELLING_MASK : SPELLING_BYTES + original_length;
}

static void append_mask(GByteArray *out, const char *folded, const char *original, gsize length)
{
    guint start = out->len;

    g_byte_array_set_size(out, start + (guint)(length + 7) / 8);
    memset(out->data + start, 0, (length + 7) / 8);
    for (gsize i = 0; i < length; i++)
        if (folded[i] != original[i])
            out->data[start + i / 8] |= (guint8)(1 << (i % 8));
}

gsize dictionary_encode(DictionaryWriter *writer, const char *folded, gsize length,
                        const char *original, GByteArray *out)
{
    gsize shared = 0;
    guint start = out->len;
    guint64 code = spelling_code(folded, length, original);

    if (writer->count % DICTIONARY_BLOCK == 0)
        g_array_append_val(writer->restarts, writer->position);
    else
        while (shared < length && shared < writer->previous->len &&
               writer->previous->str[shared] == folded[shared])
            shared++;
    append_number(out, shared);
    append_number(out, length - shared);
    append_number(out, code);
    g_byte_array_append(out, (const guint8 *)folded + shared, (guint)(length - shared));
    if (code == SPELLING_MASK)
        append_mask(out, folded, original, length);
    else if (code >= SPELLING_BYTES)
        g_byte_array_append(out, (const guint8 *)original, (guint)(code - SPELLING_BYTES));
    writer->position += out->len - start;
    writer->count++;
    g_string_truncate(writer->previous, shared);
    g_string_append_len(writer->previous, folded + shared, (gssize)(length - shared));
    return shared;
}
