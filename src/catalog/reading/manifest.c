#include "catalog/reading/manifest.h"
#include <string.h>

#define PARTS 256
#define ETAG_MAX 255

static const char SQL_LOAD[] =
    "SELECT part, sources FROM catalog_manifest WHERE location_id = $1 ORDER BY part";
static const char SQL_LOAD_PART[] =
    "SELECT part, sources FROM catalog_manifest WHERE location_id = $1 AND part = $2";
static const char SQL_SAVE[] =
    "INSERT INTO catalog_manifest (location_id, part, sources) VALUES ($1, $2, $3)"
    " ON CONFLICT (location_id, part) DO UPDATE SET sources = excluded.sources";
static const char SQL_REMOVE[] =
    "DELETE FROM catalog_manifest WHERE location_id = $1 AND part = $2";

typedef struct {
    guint64 source;
    guint32 context;
    char etag[]; /* "": it is always read */
} Entry;

struct Manifest {
    GHashTable *entries; /* of Entry, by source */
    Arena *arena;
    guint counts[PARTS];
};

typedef struct {
    int64_t number;
    GBytes *bytes; /* NULL: it is empty now */
} Part;

guint64 text_digest(const char *text)
{
    guint64 hash = G_GUINT64_CONSTANT(14695981039346656037);

    for (; *text; text++)
        hash = (hash ^ (guchar)*text) * G_GUINT64_CONSTANT(1099511628211);
    hash = (hash ^ hash >> 33) * G_GUINT64_CONSTANT(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * G_GUINT64_CONSTANT(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 33;
}

static guint entry_hash(gconstpointer entry)
{
    return (guint)((const Entry *)entry)->source;
}

static gboolean entry_equal(gconstpointer a, gconstpointer b)
{
    return ((const Entry *)a)->source == ((const Entry *)b)->source;
}

static guint part_of(guint64 digest)
{
    return (guint)(digest >> 56);
}

Manifest *manifest_new(void)
{
    Manifest *manifest = g_new0(Manifest, 1);

    manifest->entries = g_hash_table_new(entry_hash, entry_equal);
    manifest->arena = arena_new(G_MAXSIZE);
    return manifest;
}

void manifest_free(Manifest *manifest)
{
    if (!manifest)
        return;
    g_hash_table_unref(manifest->entries);
    arena_free(manifest->arena);
    g_free(manifest);
}

static const Entry *find(const Manifest *manifest, guint64 digest)
{
    const Entry key = {.source = digest};

    return g_hash_table_lookup(manifest->entries, &key);
}

static void add(Manifest *manifest, guint64 source, guint32 context, const char *etag, gsize length)
{
    Entry *entry = arena_alloc(manifest->arena, sizeof *entry + length + 1);

    entry->source = source;
    entry->context = context;
    memcpy(entry->etag, etag, length);
    if (g_hash_table_replace(manifest->entries, entry, entry))
        manifest->counts[part_of(source)]++;
}

void manifest_add(Manifest *manifest, const char *source, guint32 context, const char *etag)
{
    gsize length = etag ? strlen(etag) : 0;

    add(manifest, text_digest(source), context, etag ? etag : "", length > ETAG_MAX ? 0 : length);
}

void manifest_forget(Manifest *manifest, const char *source)
{
    guint64 digest = text_digest(source);

    if (find(manifest, digest))
        add(manifest, digest, 0, "", 0);
}

void manifest_add_missing(Manifest *manifest, const Manifest *other)
{
    GHashTableIter iterator;
    gpointer entry;

    g_hash_table_iter_init(&iterator, other->entries);
    while (g_hash_table_iter_next(&iterator, &entry, NULL))
        if (!g_hash_table_contains(manifest->entries, entry))
            add(manifest, ((const Entry *)entry)->source, 0, "", 0);
}

const char *manifest_etag(const Manifest *manifest, const char *source, guint32 context)
{
    const Entry *entry = find(manifest, text_digest(source));

    return entry && entry->context == context && *entry->etag ? entry->etag : NULL;
}

guint manifest_count(const Manifest *manifest)
{
    return g_hash_table_size(manifest->entries);
}

gboolean manifest_has(const Manifest *manifest, const char *source)
{
    return find(manifest, text_digest(source)) != NULL;
}

gboolean manifest_remembers(const Manifest *manifest, const char *source)
{
    const Entry *entry = find(manifest, text_digest(source));

    return entry && *entry->etag;
}

gboolean manifest_within(const Manifest *manifest, const Manifest *other)
{
    GHashTableIter iterator;
    gpointer entry;

    g_hash_table_iter_init(&iterator, manifest->entries);
    while (g_hash_table_iter_next(&iterator, &entry, NULL))
        if (!g_hash_table_contains(other->entries, entry))
            return FALSE;
    return TRUE;
}

/* ---- as bytes: digest, context, length of the etag, etag, … by digest ---- */

static int compare_entries(gconstpointer a, gconstpointer b)
{
    guint64 x = (*(const Entry *const *)a)->source, y = (*(const Entry *const *)b)->source;

    return (x > y) - (x < y);
}

static void append_number(GByteArray *bytes, guint64 number, guint size)
{
    guchar parts[8];

    for (guint i = 0; i < size; i++)
        parts[i] = (guchar)(number >> 8 * i);
    g_byte_array_append(bytes, parts, size);
}

static guint64 read_number(const guchar *bytes, guint size)
{
    guint64 number = 0;

    for (guint i = 0; i < size; i++)
        number |= (guint64)bytes[i] << 8 * i;
    return number;
}

/* The entries of the parts that are wanted. */
static GPtrArray **sort_out(const Manifest *manifest, const gboolean *wanted)
{
    GPtrArray **parts = g_new0(GPtrArray *, PARTS);
    GHashTableIter iterator;
    gpointer key;

    g_hash_table_iter_init(&iterator, manifest->entries);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        guint part = part_of(((const Entry *)key)->source);

        if (!wanted[part])
            continue;
        if (!parts[part])
            parts[part] = g_ptr_array_new();
        g_ptr_array_add(parts[part], key);
    }
    return parts;
}

static GBytes *encode(GPtrArray *entries)
{
    GByteArray *bytes = g_byte_array_new();

    g_ptr_array_sort(entries, compare_entries);
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = entries->pdata[i];
        guint length = (guint)strlen(entry->etag);

        append_number(bytes, entry->source, 8);
        append_number(bytes, entry->context, 4);
        append_number(bytes, length, 1);
        g_byte_array_append(bytes, (const guchar *)entry->etag, length);
    }
    return g_byte_array_free_to_bytes(bytes);
}

/* What is cut short is forgotten, and its sources are read again. */
static void decode(Manifest *manifest, GBytes *part)
{
    gsize length;
    const guchar *bytes = g_bytes_get_data(part, &length);

    for (gsize at = 0; at + 13 <= length && at + 13 + bytes[at + 12] <= length;
         at += 13 + (gsize)bytes[at + 12])
        add(manifest, read_number(bytes + at, 8), (guint32)read_number(bytes + at + 8, 4),
            (const char *)bytes + at + 13, bytes[at + 12]);
}

static gboolean load(DbRows *rows, Manifest *manifest, GError **error)
{
    while (rows && db_rows_next(rows)) {
        g_autoptr(GBytes) bytes = db_rows_blob(rows, 1);

        decode(manifest, bytes);
    }
    return rows && !db_rows_error(rows, error);
}

Manifest *manifest_load(DbConn *conn, const char *location_id, GError **error)
{
    g_autoptr(Manifest) manifest = manifest_new();
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_LOAD, "t", location_id);

    return load(rows, manifest, error) ? g_steal_pointer(&manifest) : NULL;
}

/* ---- saving ---- */

static void part_free(gpointer data)
{
    Part *part = data;

    g_clear_pointer(&part->bytes, g_bytes_unref);
    g_free(part);
}

static void find_changed(const Manifest *manifest, const Manifest *known, gboolean *changed)
{
    GHashTableIter iterator;
    gpointer key;

    for (guint i = 0; i < PARTS; i++)
        changed[i] = manifest->counts[i] != (known ? known->counts[i] : 0);
    g_hash_table_iter_init(&iterator, manifest->entries);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        const Entry *entry = key, *old = known ? find(known, entry->source) : NULL;

        if (!old || old->context != entry->context || !g_str_equal(old->etag, entry->etag))
            changed[part_of(entry->source)] = TRUE;
    }
}

GPtrArray *manifest_parts(const Manifest *manifest, const Manifest *known)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func(part_free);
    gboolean changed[PARTS];
    g_autofree GPtrArray **entries = NULL;

    find_changed(manifest, known, changed);
    entries = sort_out(manifest, changed);
    for (guint i = 0; i < PARTS; i++) {
        Part *part;

        if (!changed[i])
            continue;
        part = g_new0(Part, 1);
        *part = (Part){i, entries[i] ? encode(entries[i]) : NULL};
        g_ptr_array_add(parts, part);
        g_clear_pointer(&entries[i], g_ptr_array_unref);
    }
    return parts;
}

gboolean manifest_save(DbConn *tx, const char *location_id, const GPtrArray *parts, GError **error)
{
    for (guint i = 0; i < parts->len; i++) {
        const Part *part = parts->pdata[i];

        if (part->bytes
                ? db_exec(tx, error, SQL_SAVE, "tib", location_id, part->number, part->bytes) < 0
                : db_exec(tx, error, SQL_REMOVE, "ti", location_id, part->number) < 0)
            return FALSE;
    }
    return TRUE;
}

gboolean manifest_forget_stored(DbConn *tx, const char *location_id, const char *source,
                                GError **error)
{
    g_autoptr(Manifest) manifest = manifest_new();
    guint part = part_of(text_digest(source));
    g_autoptr(DbRows) rows = db_query(tx, error, SQL_LOAD_PART, "ti", location_id, (int64_t)part);
    g_autoptr(GPtrArray) parts = NULL;

    if (!load(rows, manifest, error))
        return FALSE;
    g_clear_pointer(&rows, db_rows_free);
    manifest_forget(manifest, source);
    parts = manifest_parts(manifest, NULL);
    return manifest_save(tx, location_id, parts, error);
}
