/* Opening a segment, its documents, and the way to its fields. */
#include "catalog/segment/format.h"
#include "spine/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* ---- the block ---- */

static guint64 hash_bytes(const guint8 *bytes, gsize length, guint64 seed)
{
    guint64 hash = seed ^ (length * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)), word;

    for (; length >= sizeof(word); bytes += sizeof(word), length -= sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        hash = (hash ^ word) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
        hash ^= hash >> 29;
    }
    word = 0;
    memcpy(&word, bytes, length);
    hash = (hash ^ word) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    hash ^= hash >> 31;
    hash *= G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    return hash ^ hash >> 32;
}

guint64 segment_hash(const char *text, guint64 seed)
{
    return hash_bytes((const guint8 *)text, strlen(text), seed);
}

guint64 segment_header_checksum(const SegmentHeader *header)
{
    return hash_bytes((const guint8 *)header, offsetof(SegmentHeader, checksum), SEGMENT_VERSION);
}

const void *segment_span(const Segment *segment, const Span *span, gsize size, gsize *count)
{
    *count = 0;
    if (span->offset > segment->size || span->length > segment->size - span->offset ||
        (size > 1 && span->offset % sizeof(guint64) != 0))
        return NULL;
    *count = span->length / size;
    return segment->bytes + span->offset;
}

/* What is wrong with the header, NULL for nothing. */
static const char *check_header(const guint8 *bytes, gsize size)
{
    const SegmentHeader *header = (const SegmentHeader *)bytes;

    if (size < sizeof(SegmentHeader) || memcmp(header->magic, SEGMENT_MAGIC, 8) != 0)
        return "it is no segment";
    if (header->version != SEGMENT_VERSION)
        return "it has another version";
    if (header->checksum != segment_header_checksum(header))
        return "its header is damaged";
    return header->size == size ? NULL : "it is cut short";
}

/* The strings end with a NUL, so that every offset in them begins one that ends. */
static const char *open_strings(const Segment *segment, const Span *span, gsize *length)
{
    const char *strings = segment_span(segment, span, 1, length);

    if (!strings || *length == 0 || strings[*length - 1] != '\0') {
        *length = 1;
        return "";
    }
    return strings;
}

static gboolean open_documents(Segment *segment)
{
    const SegmentHeader *header = segment->header;
    gsize texts, strings, fields;

    segment->count = header->document_count;
    segment->field_count = header->field_count;
    segment->texts = segment_span(segment, &header->texts, 1, &segment->texts_length);
    segment->text_offsets = segment_span(segment, &header->text_offsets, sizeof(guint64), &texts);
    segment->strings = open_strings(segment, &header->strings, &segment->strings_length);
    segment->string_offsets =
        segment_span(segment, &header->string_offsets, sizeof(guint64), &strings);
    segment->refs = segment_span(segment, &header->refs, sizeof(guint64), &segment->ref_slots);
    segment->uids = segment_span(segment, &header->uids, sizeof(guint64), &segment->uid_slots);
    segment->keys = open_strings(segment, &header->keys, &segment->keys_length);
    segment->records = segment_span(segment, &header->fields, sizeof(FieldRecord), &fields);
    return segment->count < G_MAXINT32 && texts > segment->count && strings >= segment->count &&
           fields >= segment->field_count && segment->ref_slots && segment->uid_slots &&
           (segment->ref_slots & (segment->ref_slots - 1)) == 0 &&
           (segment->uid_slots & (segment->uid_slots - 1)) == 0;
}

static void release_bytes(const guint8 *bytes, gsize size, gboolean mapped)
{
    if (mapped)
        munmap((void *)bytes, size);
    else
        free((void *)bytes);
}

void segment_let_go(const Segment *segment)
{
    if (segment->mapped)
        madvise((void *)segment->bytes, segment->size, MADV_DONTNEED);
}

Segment *segment_from_bytes(const guint8 *bytes, gsize size, gboolean mapped, GError **error)
{
    const char *why = check_header(bytes, size);
    Segment *segment;

    if (why) {
        release_bytes(bytes, size, mapped);
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "The segment cannot be used: %s", why);
        return NULL;
    }
    segment = g_new0(Segment, 1);
    atomic_init(&segment->references, 1);
    segment->bytes = bytes;
    segment->size = size;
    segment->mapped = mapped;
    segment->header = (const SegmentHeader *)bytes;
    if (!open_documents(segment)) {
        segment->field_count = 0;
        segment_unref(segment);
        g_set_error_literal(error, PAVE_ERROR, ERROR_INTERNAL,
                            "The segment cannot be used: its parts do not fit");
        return NULL;
    }
    segment_open_dictionaries(segment);
    segment->fields = g_malloc0_n(MAX(segment->field_count, 1), sizeof(*segment->fields));
    return segment;
}

Segment *segment_open(const char *path, GError **error)
{
    fd_auto fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    void *bytes;

    if (fd < 0 || fstat(fd, &info) < 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "Cannot open %s: %s", path,
                    g_strerror(errno));
        return NULL;
    }
    if ((gsize)info.st_size < sizeof(SegmentHeader)) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL,
                    "The segment cannot be used: %s is too short", path);
        return NULL;
    }
    bytes = mmap(NULL, (gsize)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "Cannot map %s: %s", path,
                    g_strerror(errno));
        return NULL;
    }
    return segment_from_bytes(bytes, (gsize)info.st_size, TRUE, error);
}

Segment *segment_ref(Segment *segment)
{
    atomic_fetch_add_explicit(&segment->references, 1, memory_order_relaxed);
    return segment;
}

void segment_unref(Segment *segment)
{
    if (!segment || atomic_fetch_sub_explicit(&segment->references, 1, memory_order_acq_rel) != 1)
        return;
    for (guint32 i = 0; segment->fields && i < segment->field_count; i++)
        segment_field_free(atomic_load(&segment->fields[i]));
    g_free((void *)segment->fields);
    segment_close_dictionaries(segment);
    release_bytes(segment->bytes, segment->size, segment->mapped);
    g_free(segment);
}

guint32 segment_count(const Segment *segment)
{
    return segment->count;
}

int64_t segment_seq(const Segment *segment)
{
    return segment->header->seq;
}

gsize segment_bytes(const Segment *segment)
{
    return segment->size;
}

/* ---- documents ---- */

/* The strings of a document are its ref, its uid and its name. */
static const char *string_of(const Segment *segment, guint32 doc, guint number)
{
    guint64 offset = doc < segment->count ? segment->string_offsets[doc] : G_MAXUINT64;

    for (; offset < segment->strings_length && number > 0; number--)
        offset += strlen(segment->strings + offset) + 1;
    return offset < segment->strings_length ? segment->strings + offset : "";
}

const char *segment_doc_ref(const Segment *segment, guint32 doc)
{
    return string_of(segment, doc, 0);
}

const char *segment_doc_uid(const Segment *segment, guint32 doc)
{
    return string_of(segment, doc, 1);
}

const char *segment_doc_name(const Segment *segment, guint32 doc)
{
    const char *name = string_of(segment, doc, 2), *slash;

    if (*name)
        return name;
    slash = strrchr(segment_doc_ref(segment, doc), '/');
    return slash ? slash + 1 : "";
}

static gboolean find_in(const Segment *segment, const guint64 *table, gsize slots, const char *text,
                        const char *(*text_of)(const Segment *segment, guint32 doc), guint32 *doc)
{
    guint64 hash = segment_hash(text, segment->header->hash_seed);
    gsize slot = hash & (slots - 1);

    for (gsize tries = 0; table[slot] && tries < slots; tries++, slot = (slot + 1) & (slots - 1)) {
        guint32 found = (guint32)table[slot] - 1;

        if (table[slot] >> 32 == hash >> 32 && strcmp(text_of(segment, found), text) == 0) {
            *doc = found;
            return found < segment->count;
        }
    }
    return FALSE;
}

gboolean segment_find(const Segment *segment, const char *ref, guint32 *doc)
{
    return find_in(segment, segment->refs, segment->ref_slots, ref, segment_doc_ref, doc);
}

gboolean segment_find_uid(const Segment *segment, const char *uid, guint32 *doc)
{
    return find_in(segment, segment->uids, segment->uid_slots, uid, segment_doc_uid, doc);
}

/* ---- the way to the fields ---- */

static const char *key_at(const Segment *segment, guint index)
{
    guint64 offset = segment->records[index].key;

    return offset < segment->keys_length ? segment->keys + offset : "";
}

guint segment_field_count(const Segment *segment)
{
    return segment->field_count;
}

const SegmentField *segment_field_at(const Segment *segment, guint index)
{
    SegmentField *field, *made;

    if (index >= segment->field_count)
        return NULL;
    field = atomic_load_explicit(&segment->fields[index], memory_order_acquire);
    if (field)
        return field;
    made = segment_field_new(segment, &segment->records[index], key_at(segment, index));
    if (atomic_compare_exchange_strong(&segment->fields[index], &field, made))
        return made;
    segment_field_free(made); /* another thread was quicker */
    return field;
}

const SegmentField *segment_field(const Segment *segment, const char *key)
{
    guint low = 0, high = segment->field_count;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        int order = strcmp(key_at(segment, middle), key);

        if (order == 0)
            return segment_field_at(segment, middle);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
