#include "deployments/deployments_internal.h"

#include "spine/folder.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

/* A tar from outside becomes a layer in one pass: read, checked, written below app/ with owners and
 * times taken off, hashed as it is and stored compressed. The same files give the same digest. */

enum {
    CHUNK = 65536,
    PATH_LENGTH_MAX = 4096,
    ENTRIES_MAX = 200000,
    PROCFILE_SIZE_MAX = 65536,
    GZIP_WINDOW = 15 + 16,
};

static const int64_t UNPACKED_SIZE_MAX = (int64_t)2 << 30;
static const char ROOT[] = "app";

void layer_clear(Layer *layer)
{
    g_free(layer->digest);
    g_free(layer->diff_id);
    g_free(layer->procfile);
}

/* ---- paths ---- */

char *archive_entry_path(const char *path, GError **error)
{
    g_auto(GStrv) parts = NULL;
    g_autoptr(GString) clean = g_string_new(NULL);
    const char *wrong = NULL;

    if (!path || !*path || strlen(path) > PATH_LENGTH_MAX)
        wrong = "has no usable path";
    else if (*path == '/')
        wrong = "has an absolute path";
    else if (!g_utf8_validate(path, -1, NULL))
        wrong = "has a path that is not UTF-8";
    parts = g_strsplit(wrong ? "" : path, "/", -1);
    for (char **part = parts; !wrong && *part; part++) {
        if (g_str_equal(*part, ".."))
            wrong = "leads out of the folder";
        else if (**part && !g_str_equal(*part, "."))
            g_string_append_printf(clean, "%s%s", clean->len ? "/" : "", *part);
    }
    if (wrong) {
        g_autofree char *shown = path ? g_utf8_make_valid(path, MIN(strlen(path), 200)) : NULL;

        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the archive's entry \"%s\" %s",
                    shown ? shown : "", wrong);
        return NULL;
    }
    return g_string_free(g_steal_pointer(&clean), FALSE);
}

/* ---- writing the layer ---- */

typedef struct {
    ArchiveReader read;
    void *data;
    char *in;       /* CHUNK bytes */
    GError *failed; /* of a callback */
    BlobWriter *blob;
    z_stream zip;
    crypto_hash_sha256_state hash;
    struct archive *from, *to;
    GHashTable *files, *links; /* paths seen */
    int64_t unpacked;
    guint entries;
    char *procfile;
} Copy;

static void copy_free(Copy *copy)
{
    archive_read_free(copy->from);
    archive_write_free(copy->to);
    deflateEnd(&copy->zip);
    if (copy->blob)
        blob_writer_drop(copy->blob);
    g_hash_table_unref(copy->files);
    g_hash_table_unref(copy->links);
    g_clear_error(&copy->failed);
    g_free(copy->procfile);
    g_free(copy->in);
    g_free(copy);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Copy, copy_free)

static la_ssize_t on_read(struct archive *archive, void *data, const void **buffer)
{
    Copy *copy = data;
    gssize got = copy->failed ? -1 : copy->read(copy->in, CHUNK, copy->data, &copy->failed);

    *buffer = copy->in;
    if (got < 0)
        archive_set_error(archive, EIO, "the upload ended early");
    return got;
}

static gboolean compress_into_blob(Copy *copy, const void *bytes, gsize length, int flush)
{
    guint8 out[CHUNK / 4];

    copy->zip.next_in = (Bytef *)bytes;
    copy->zip.avail_in = (uInt)length;
    do {
        copy->zip.next_out = out;
        copy->zip.avail_out = sizeof(out);
        deflate(&copy->zip, flush);
        if (!blob_writer_add(copy->blob, out, sizeof(out) - copy->zip.avail_out, &copy->failed))
            return FALSE;
    } while (copy->zip.avail_out == 0);
    return TRUE;
}

static la_ssize_t on_write(struct archive *archive, void *data, const void *bytes, size_t length)
{
    Copy *copy = data;

    if (copy->failed)
        return -1;
    crypto_hash_sha256_update(&copy->hash, bytes, length);
    return compress_into_blob(copy, bytes, length, Z_NO_FLUSH) ? (la_ssize_t)length : -1;
}

static gboolean broken(Copy *copy, struct archive *archive, GError **error)
{
    if (copy->failed)
        g_propagate_error(error, g_steal_pointer(&copy->failed));
    else
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the archive cannot be read: %s",
                    archive_error_string(archive) ? archive_error_string(archive) : "damaged");
    return FALSE;
}

static gboolean refuse(const char *path, const char *why, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the archive's entry \"%s\" %s", path, why);
    return FALSE;
}

static gboolean is_below_link(Copy *copy, const char *path)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        g_autofree char *parent = g_strndup(path, (gsize)(slash - path));

        if (g_hash_table_contains(copy->links, parent))
            return TRUE;
    }
    return FALSE;
}

/* What a link points to, checked; NULL where the entry is none. */
static gboolean check_links(Copy *copy, struct archive_entry *entry, const char *path,
                            struct archive_entry *made, GError **error)
{
    const char *symbolic = archive_entry_symlink(entry);
    const char *hard = archive_entry_hardlink(entry);
    g_autofree char *target = NULL, *below = NULL;

    if (hard) {
        target = archive_entry_path(hard, error);
        if (!target)
            return FALSE;
        if (!g_hash_table_contains(copy->files, target))
            return refuse(path, "is a link to a file that did not come before it", error);
        below = g_build_filename(ROOT, target, NULL);
        archive_entry_set_hardlink(made, below);
    } else if (archive_entry_filetype(entry) == AE_IFLNK) {
        if (!symbolic || !folder_link_stays_inside(path, symbolic))
            return refuse(path, "is a symbolic link that leads out of the folder", error);
        archive_entry_set_symlink(made, symbolic);
        g_hash_table_add(copy->links, g_strdup(path));
    }
    return TRUE;
}

static gboolean check_kind(Copy *copy, struct archive_entry *entry, const char *path,
                           GError **error)
{
    mode_t kind = archive_entry_filetype(entry);

    if (kind != AE_IFREG && kind != AE_IFDIR && kind != AE_IFLNK && !archive_entry_hardlink(entry))
        return refuse(path, "is neither file nor folder nor link", error);
    if (++copy->entries > ENTRIES_MAX)
        return refuse(path, "is one too many", error);
    copy->unpacked += MAX(archive_entry_size(entry), 0);
    if (copy->unpacked > UNPACKED_SIZE_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "a release may have %d GiB at most",
                    (int)(UNPACKED_SIZE_MAX >> 30));
        return FALSE;
    }
    if (is_below_link(copy, path))
        return refuse(path, "lies behind a symbolic link", error);
    return TRUE;
}

static gboolean copy_bytes(Copy *copy, const char *path, gsize size, GError **error)
{
    g_autoptr(GString) procfile =
        g_str_equal(path, "Procfile") && size <= PROCFILE_SIZE_MAX ? g_string_new(NULL) : NULL;
    g_autofree char *bytes = g_malloc(CHUNK);

    while (size) {
        la_ssize_t got = archive_read_data(copy->from, bytes, MIN(size, (gsize)CHUNK));

        if (got <= 0)
            return broken(copy, copy->from, error);
        if (archive_write_data(copy->to, bytes, (size_t)got) != got)
            return broken(copy, copy->to, error);
        if (procfile)
            g_string_append_len(procfile, bytes, got);
        size -= (gsize)got;
    }
    if (procfile) {
        g_free(copy->procfile);
        copy->procfile = g_string_free(g_steal_pointer(&procfile), FALSE);
    }
    return TRUE;
}

static gboolean copy_entry(Copy *copy, struct archive_entry *entry, GError **error)
{
    g_autofree char *path = archive_entry_path(archive_entry_pathname(entry), error);
    g_autofree char *below = NULL;
    struct archive_entry *made;
    gboolean is_file, copied;

    if (!path)
        return FALSE;
    if (!*path)
        return TRUE;
    if (!check_kind(copy, entry, path, error))
        return FALSE;
    is_file = archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry);
    below = g_build_filename(ROOT, path, NULL);
    made = archive_entry_new();
    archive_entry_set_pathname(made, below);
    archive_entry_set_filetype(made, archive_entry_filetype(entry));
    archive_entry_set_perm(made, archive_entry_filetype(entry) == AE_IFDIR ||
                                         (archive_entry_perm(entry) & 0111)
                                     ? 0755
                                     : 0644);
    archive_entry_set_size(made, is_file ? archive_entry_size(entry) : 0);
    copied = check_links(copy, entry, path, made, error);
    if (copied && archive_write_header(copy->to, made) != ARCHIVE_OK)
        copied = broken(copy, copy->to, error);
    archive_entry_free(made);
    if (!copied || !is_file)
        return copied;
    g_hash_table_add(copy->files, g_strdup(path));
    return copy_bytes(copy, path, (gsize)archive_entry_size(entry), error);
}

static Copy *copy_new(Blobs *blobs, ArchiveReader read, void *data, GError **error)
{
    g_autoptr(Copy) copy = g_new0(Copy, 1);

    copy->read = read;
    copy->data = data;
    copy->in = g_malloc(CHUNK);
    copy->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    copy->links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    crypto_hash_sha256_init(&copy->hash);
    g_assert(deflateInit2(&copy->zip, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8,
                          Z_DEFAULT_STRATEGY) == Z_OK);
    copy->from = archive_read_new();
    archive_read_support_format_tar(copy->from);
    archive_read_support_filter_gzip(copy->from);
    archive_read_support_filter_zstd(copy->from);
    copy->to = archive_write_new();
    archive_write_set_format_pax_restricted(copy->to);
    archive_write_set_bytes_per_block(copy->to, 10240);
    copy->blob = blobs_write(blobs, error);
    return copy->blob ? g_steal_pointer(&copy) : NULL;
}

static gboolean finish(Copy *copy, Layer *layer, GError **error)
{
    guint8 hash[crypto_hash_sha256_BYTES];
    char hex[crypto_hash_sha256_BYTES * 2 + 1];

    if (archive_write_close(copy->to) != ARCHIVE_OK || !compress_into_blob(copy, NULL, 0, Z_FINISH))
        return broken(copy, copy->to, error);
    crypto_hash_sha256_final(&copy->hash, hash);
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    layer->digest = blob_writer_finish(g_steal_pointer(&copy->blob), &layer->size, error);
    if (!layer->digest)
        return FALSE;
    layer->diff_id = g_strconcat("sha256:", hex, NULL);
    layer->procfile = g_steal_pointer(&copy->procfile);
    return TRUE;
}

gboolean archive_to_layer(Blobs *blobs, ArchiveReader read, void *data, Layer *layer,
                          GError **error)
{
    g_autoptr(Copy) copy = copy_new(blobs, read, data, error);
    struct archive_entry *entry;
    int status;

    if (!copy)
        return FALSE;
    if (archive_write_open(copy->to, copy, NULL, on_write, NULL) != ARCHIVE_OK)
        return broken(copy, copy->to, error);
    if (archive_read_open(copy->from, copy, NULL, on_read, NULL) != ARCHIVE_OK)
        return broken(copy, copy->from, error);
    while ((status = archive_read_next_header(copy->from, &entry)) == ARCHIVE_OK)
        if (!copy_entry(copy, entry, error))
            return FALSE;
    if (status != ARCHIVE_EOF)
        return broken(copy, copy->from, error);
    if (!copy->entries) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the archive is empty");
        return FALSE;
    }
    return finish(copy, layer, error);
}

/* ---- unpacking ---- */

typedef struct archive ArchiveIn;
typedef struct archive ArchiveOut;
static void archive_in_free(ArchiveIn *archive)
{
    archive_read_free(archive);
}
static void archive_out_free(ArchiveOut *archive)
{
    archive_write_free(archive);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveIn, archive_in_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveOut, archive_out_free)

static gboolean unpack_failed(struct archive *archive, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "a release cannot be unpacked: %s",
                archive_error_string(archive) ? archive_error_string(archive) : "damaged");
    return FALSE;
}

static gboolean unpack_bytes(ArchiveIn *in, ArchiveOut *out, GError **error)
{
    const void *bytes;
    size_t length;
    la_int64_t offset;
    int status;

    while ((status = archive_read_data_block(in, &bytes, &length, &offset)) == ARCHIVE_OK)
        if (archive_write_data_block(out, bytes, length, offset) != ARCHIVE_OK)
            return unpack_failed(out, error);
    return status == ARCHIVE_EOF ? TRUE : unpack_failed(in, error);
}

static char *in_folder(const char *folder, const char *path, GError **error)
{
    g_autofree char *clean = archive_entry_path(path, error);

    if (!clean)
        return NULL;
    if (!g_str_has_prefix(clean, "app/")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "a release holds %s, outside app/", clean);
        return NULL;
    }
    return g_build_filename(folder, clean + strlen("app/"), NULL);
}

static gboolean unpack_entry(ArchiveIn *in, ArchiveOut *out, struct archive_entry *entry,
                             const char *folder, GError **error)
{
    g_autofree char *path = in_folder(folder, archive_entry_pathname(entry), error);
    g_autofree char *target = NULL;

    if (!path)
        return FALSE;
    if (archive_entry_hardlink(entry)) {
        target = in_folder(folder, archive_entry_hardlink(entry), error);
        if (!target)
            return FALSE;
        archive_entry_set_hardlink(entry, target);
    }
    archive_entry_set_pathname(entry, path);
    if (archive_write_header(out, entry) != ARCHIVE_OK)
        return unpack_failed(out, error);
    return unpack_bytes(in, out, error) &&
           (archive_write_finish_entry(out) == ARCHIVE_OK || unpack_failed(out, error));
}

gboolean archive_unpack(const char *layer_file, const char *folder, GError **error)
{
    g_autoptr(ArchiveIn) in = archive_read_new();
    g_autoptr(ArchiveOut) out = archive_write_disk_new();
    g_autofree char *real = NULL;
    struct archive_entry *entry;
    int status;

    if (g_mkdir_with_parents(folder, 0700) != 0 || !(real = realpath(folder, NULL))) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s: %s", folder, g_strerror(errno));
        return FALSE;
    }
    archive_read_support_format_tar(in);
    archive_read_support_filter_gzip(in);
    archive_write_disk_set_options(out, ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                                            ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_PERM);
    if (archive_read_open_filename(in, layer_file, CHUNK) != ARCHIVE_OK)
        return unpack_failed(in, error);
    while ((status = archive_read_next_header(in, &entry)) == ARCHIVE_OK)
        if (!unpack_entry(in, out, entry, real, error))
            return FALSE;
    return status == ARCHIVE_EOF ? TRUE : unpack_failed(in, error);
}
