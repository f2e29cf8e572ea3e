#include "spine/keys.h"

#include "spine/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

enum { KEY_FILE_SIZE_MAX = 65536 };

struct Keys {
    GArray *keys; /* Key; the first is the current one */
};

void keys_free(Keys *keys)
{
    if (!keys)
        return;
    sodium_memzero(keys->keys->data, keys->keys->len * sizeof(Key));
    g_array_unref(keys->keys);
    g_free(keys);
}

const Key *keys_current(const Keys *keys)
{
    return &g_array_index(keys->keys, Key, 0);
}

const Key *keys_find(const Keys *keys, const guint8 *id)
{
    for (guint i = 0; i < keys->keys->len; i++) {
        const Key *key = &g_array_index(keys->keys, Key, i);

        if (memcmp(key->id, id, KEY_ID_BYTES) == 0)
            return key;
    }
    return NULL;
}

char *key_id_text(const Key *key)
{
    char text[KEY_ID_BYTES * 2 + 1];

    return g_strdup(sodium_bin2hex(text, sizeof(text), key->id, KEY_ID_BYTES));
}

static gboolean add_key(Keys *keys, const char *text, const char *where, GError **error)
{
    Key key;
    size_t length = 0;
    guint8 hash[crypto_generichash_BYTES];

    if (sodium_base642bin(key.bytes, sizeof(key.bytes), text, strlen(text), " \t\r", &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        length != KEY_BYTES) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s must hold keys of %d bytes in base64",
                    where, KEY_BYTES);
        return FALSE;
    }
    crypto_generichash(hash, sizeof(hash), key.bytes, KEY_BYTES, NULL, 0);
    memcpy(key.id, hash, KEY_ID_BYTES);
    g_array_append_val(keys->keys, key);
    sodium_memzero(&key, sizeof(key));
    return TRUE;
}

static Keys *parse(const char *text, const char *where, GError **error)
{
    g_autoptr(Keys) keys = g_new0(Keys, 1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    keys->keys = g_array_new(FALSE, FALSE, sizeof(Key));
    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        if (**line && **line != '#' && !add_key(keys, *line, where, error))
            return NULL;
    }
    if (!keys->keys->len) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s holds no key", where);
        return NULL;
    }
    return g_steal_pointer(&keys);
}

static char *new_key_text(void)
{
    guint8 bytes[KEY_BYTES];
    char *text = g_malloc(sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL));

    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2base64(text, sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL),
                      bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(bytes, sizeof(bytes));
    return text;
}

/* The whole file anew: a key and what was there before. */
static gboolean write_file(const char *file, const char *before, GError **error)
{
    g_autofree char *key = new_key_text();
    g_autofree char *text = g_strconcat(key, "\n", before, NULL);
    g_autofree char *folder = g_path_get_dirname(file);
    g_autofree char *name = g_path_get_basename(file);
    fd_auto folder_fd = -1;

    if (g_mkdir_with_parents(folder, 0700) != 0 ||
        (folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s: %s", folder, g_strerror(errno));
        return FALSE;
    }
    return fd_replace_file(folder_fd, name, text, strlen(text), 0600, error);
}

static char *read_file(const char *file, GError **error)
{
    char *text = fd_read_file_at(AT_FDCWD, file, KEY_FILE_SIZE_MAX);
    struct stat info;

    if (!text) {
        g_set_error(error, PAVE_ERROR, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
                    "the key file %s cannot be read: %s", file, g_strerror(errno));
        return NULL;
    }
    if (stat(file, &info) == 0 && (info.st_mode & 077)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "the key file %s can be read by others: chmod 600 it", file);
        g_clear_pointer(&text, g_free);
    }
    return text;
}

Keys *keys_load(const char *file, gboolean make, GError **error)
{
    const char *given = g_getenv("PAVE_KEY");
    g_autofree char *text = NULL;

    g_assert(sodium_init() >= 0);
    if (given && *given)
        return parse(given, "PAVE_KEY", error);
    if (make && access(file, F_OK) != 0 && errno == ENOENT && !write_file(file, "", error))
        return NULL;
    text = read_file(file, error);
    return text ? parse(text, file, error) : NULL;
}

gboolean keys_add(const char *file, GError **error)
{
    const char *given = g_getenv("PAVE_KEY");
    g_autofree char *text = NULL;

    if (given && *given) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "the key comes from PAVE_KEY: put it into a key file first");
        return FALSE;
    }
    text = read_file(file, error);
    return text && write_file(file, text, error);
}
