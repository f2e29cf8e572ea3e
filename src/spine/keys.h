/* The key-encryption keys: a file of one base64 key a line, the first being the current one; the
 * others only open what was sealed before. A key's id is a hash of it, so no name can be wrong. */
#pragma once
#include "base/error.h"

enum { KEY_BYTES = 32, KEY_ID_BYTES = 8 };

typedef struct {
    guint8 id[KEY_ID_BYTES];
    guint8 bytes[KEY_BYTES];
} Key;

typedef struct Keys Keys;

/* From PAVE_KEY where it is set, else from file, which is made with a new key where it is missing
 * and make is set. A file that others may read is refused. */
Keys *keys_load(const char *file, gboolean make, GError **error);
void keys_free(Keys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keys, keys_free)

const Key *keys_current(const Keys *keys);
const Key *keys_find(const Keys *keys, const guint8 *id); /* NULL where there is none */
/* Lower-case hex; free with g_free(). */
char *key_id_text(const Key *key);

/* Writes a new key before those of the file; ERROR_INPUT where keys come from PAVE_KEY. */
gboolean keys_add(const char *file, GError **error);
