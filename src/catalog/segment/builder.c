/* Gathers entities and makes a segment of them.
 *
 * Every distinct fact (field, folded value, spelling) is kept once; an entity is a range of the
 * numbers of its facts. At the end the documents are put in order, the facts counted out to their
 * documents, and the facts of each field put in order. */
#include "base/arena.h"
#include "catalog/segment/format.h"
#include <stdlib.h>
#include <string.h>

#define ITEM 0x80000000u /* beside a number: the key is a list here */

typedef struct {
    const char *ref, *uid, *name, *text;
    gsize text_length;
    gsize first_row;
    guint32 row_count;
} Document;

typedef struct {
    const char *folded, *original; /* folded NULL: the key alone; the same where they are */
    guint32 field, hash;
} Fact;

struct SegmentBuilder {
    Arena *arena;
    GArray *documents;  /* Document */
    GArray *rows;       /* guint32: facts, maybe with ITEM */
    GArray *facts;      /* Fact */
    GPtrArray *fields;  /* keys */
    GHashTable *by_key; /* key → number + 1 */
    guint32 *table;     /* open addressing: fact + 1 */
    gsize slots;
    guint64 text_bytes, hash_seed;
    TextCoder *coder; /* stays from one segment to the next */
};

static void start(SegmentBuilder *builder)
{
    builder->arena = arena_new(G_MAXSIZE);
    builder->documents = g_array_new(FALSE, FALSE, sizeof(Document));
    builder->rows = g_array_new(FALSE, FALSE, sizeof(guint32));
    builder->facts = g_array_new(FALSE, FALSE, sizeof(Fact));
    builder->fields = g_ptr_array_new();
    builder->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    builder->text_bytes = 0;
    builder->slots = 64;
    builder->table = g_new0(guint32, builder->slots);
}

static void clear(SegmentBuilder *builder)
{
    arena_free(builder->arena);
    g_array_unref(builder->documents);
    g_array_unref(builder->rows);
    g_array_unref(builder->facts);
    g_ptr_array_unref(builder->fields);
    g_hash_table_unref(builder->by_key);
    g_free(builder->table);
}

SegmentBuilder *segment_builder_new(void)
{
    SegmentBuilder *builder = g_new0(SegmentBuilder, 1);

    builder->coder = text_coder_new();
    builder->hash_seed = (guint64)g_random_int() << 32 | g_random_int();
    start(builder);
    return builder;
}

void segment_builder_free(SegmentBuilder *builder)
{
    if (!builder)
        return;
    clear(builder);
    text_coder_free(builder->coder);
    g_free(builder);
}

guint segment_builder_count(const SegmentBuilder *builder)
{
    return builder->documents->len;
}

gsize segment_builder_bytes(const SegmentBuilder *builder)
{
    return arena_used(builder->arena) + builder->documents->len * sizeof(Document) +
           builder->rows->len * sizeof(guint32) + builder->facts->len * sizeof(Fact) +
           builder->slots * sizeof(guint32);
}

/* ---- adding ---- */

static guint32 field_of(SegmentBuilder *builder, const char *key)
{
    gpointer found = g_hash_table_lookup(builder->by_key, key);
    char *copy;

    if (found)
        return GPOINTER_TO_UINT(found) - 1;
    copy = arena_strdup(builder->arena, key);
    g_ptr_array_add(builder->fields, copy);
    g_hash_table_insert(builder->by_key, copy, GUINT_TO_POINTER(builder->fields->len));
    return builder->fields->len - 1;
}

static void grow_table(SegmentBuilder *builder)
{
    g_free(builder->table);
    builder->slots *= 2;
    builder->table = g_new0(guint32, builder->slots);
    for (guint32 i = 0; i < builder->facts->len; i++) {
        gsize slot = g_array_index(builder->facts, Fact, i).hash & (builder->slots - 1);

        while (builder->table[slot])
            slot = (slot + 1) & (builder->slots - 1);
        builder->table[slot] = i + 1;
    }
}

static gboolean is_fact(const Fact *fact, guint32 field, const char *folded, const char *original)
{
    if (fact->field != field || !fact->folded != !folded)
        return FALSE;
    return !folded || (strcmp(fact->folded, folded) == 0 && strcmp(fact->original, original) == 0);
}

static guint32 fact_of(SegmentBuilder *builder, const SearchRow *row)
{
    const char *folded = row->value;
    const char *original = row->original ? row->original : folded;
    guint32 field = field_of(builder, row->key);
    guint32 hash = (guint32)segment_hash(folded ? original : "", builder->hash_seed ^ field);
    gsize slot = hash & (builder->slots - 1);
    Fact fact = {.field = field, .hash = hash};

    for (; builder->table[slot]; slot = (slot + 1) & (builder->slots - 1)) {
        const Fact *other = &g_array_index(builder->facts, Fact, builder->table[slot] - 1);

        if (other->hash == hash && is_fact(other, field, folded, original))
            return builder->table[slot] - 1;
    }
    if (folded) {
        fact.folded = arena_strdup(builder->arena, folded);
        fact.original =
            strcmp(folded, original) == 0 ? fact.folded : arena_strdup(builder->arena, original);
    }
    g_array_append_val(builder->facts, fact);
    g_assert(builder->facts->len < ITEM);
    builder->table[slot] = builder->facts->len;
    if (builder->facts->len > builder->slots / 2)
        grow_table(builder);
    return builder->facts->len - 1;
}

void segment_builder_add(SegmentBuilder *builder, const SegmentEntity *entity)
{
    Document document = {
        .ref = arena_strdup(builder->arena, entity->ref),
        .uid = arena_strdup(builder->arena, entity->uid),
        .name = arena_strdup(builder->arena, entity->name),
        .text = arena_strndup(builder->arena, entity->text, entity->text_length),
        .text_length = entity->text_length,
        .first_row = builder->rows->len,
        .row_count = entity->row_count,
    };

    for (guint i = 0; i < entity->row_count; i++) {
        guint32 fact = fact_of(builder, &entity->rows[i]) | (entity->rows[i].item ? ITEM : 0);

        g_array_append_val(builder->rows, fact);
    }
    builder->text_bytes += entity->text_length;
    g_array_append_val(builder->documents, document);
}

/* ---- finishing ---- */

static int compare_documents(gconstpointer a, gconstpointer b)
{
    const Document *left = a, *right = b;
    int order = strcmp(left->name, right->name);

    return order ? order : strcmp(left->uid, right->uid);
}

static void document_at(gpointer data, guint32 doc, DocumentSource *source)
{
    SegmentBuilder *builder = data;
    const Document *document = &g_array_index(builder->documents, Document, doc);

    *source = (DocumentSource){.ref = document->ref,
                               .uid = document->uid,
                               .name = document->name,
                               .text = document->text,
                               .text_length = document->text_length};
}

/* The documents of every fact: places[fact] … places[fact + 1] of documents, maybe with ITEM. */
typedef struct {
    gsize *places;
    guint32 *documents;
} FactDocuments;

static void count_out(const SegmentBuilder *builder, FactDocuments *found)
{
    const guint32 *rows = (const guint32 *)(const void *)builder->rows->data;
    g_autofree gsize *at = NULL;

    found->places = g_new0(gsize, (gsize)builder->facts->len + 1);
    found->documents = g_new(guint32, MAX(builder->rows->len, 1));
    for (guint i = 0; i < builder->rows->len; i++)
        found->places[(rows[i] & ~ITEM) + 1]++;
    for (guint i = 0; i < builder->facts->len; i++)
        found->places[i + 1] += found->places[i];
    at = g_memdup2(found->places, sizeof(gsize) * ((gsize)builder->facts->len + 1));
    for (guint32 doc = 0; doc < builder->documents->len; doc++) {
        const Document *document = &g_array_index(builder->documents, Document, doc);

        for (gsize i = document->first_row; i < document->first_row + document->row_count; i++)
            found->documents[at[rows[i] & ~ITEM]++] = doc | (rows[i] & ITEM);
    }
}

/* A fact in the order of its field; head: the first bytes of its folded text that not all share. */
typedef struct {
    guint64 head;
    const Fact *fact;
} FactPlace;

static guint64 head_of(const char *text)
{
    guint64 head = 0;

    for (guint i = 0; i < sizeof(head); i++) {
        head = head << 8 | (guint8)*text;
        text += *text != '\0';
    }
    return head;
}

static gsize shared_length(const FactPlace *places, gsize count)
{
    const char *first = count ? places[0].fact->folded : "";
    gsize shared = strlen(first);

    for (gsize i = 1; i < count; i++) {
        gsize same = 0;

        while (same < shared && places[i].fact->folded[same] == first[same])
            same++;
        shared = same;
    }
    return shared;
}

static int compare_facts(const void *a, const void *b)
{
    const FactPlace *left = a, *right = b;
    int order = left->head < right->head ? -1 : left->head > right->head;

    if (order == 0)
        order = strcmp(left->fact->folded, right->fact->folded);
    return order ? order : strcmp(left->fact->original, right->fact->original);
}

/* Takes ITEM off documents, tells the field of it, and leaves each document once. */
static guint32 take_items(FieldWriter *fields, guint32 *documents, gsize count)
{
    guint32 kept = 0;

    for (gsize i = 0; i < count; i++) {
        guint32 doc = documents[i] & ~ITEM;

        if (documents[i] & ITEM)
            field_writer_list(fields, doc);
        if (kept == 0 || documents[kept - 1] != doc)
            documents[kept++] = doc;
    }
    return kept;
}

static void write_field(const SegmentBuilder *builder, FieldWriter *fields,
                        const FactDocuments *found, FactPlace *places, gsize count)
{
    const Fact *facts = (const Fact *)(const void *)builder->facts->data;
    gsize shared = shared_length(places, count);

    for (gsize i = 0; i < count; i++)
        places[i].head = head_of(places[i].fact->folded + shared);
    qsort(places, count, sizeof(FactPlace), compare_facts);
    for (gsize i = 0; i < count; i++) {
        const Fact *fact = places[i].fact;
        gsize start_at = found->places[fact - facts], end = found->places[fact - facts + 1];
        guint32 *documents = found->documents + start_at;
        guint32 kept = take_items(fields, documents, end - start_at);

        field_writer_value(fields, fact->folded, strlen(fact->folded), fact->original, documents,
                           kept);
    }
}

static void write_nulls(FieldWriter *fields, const FactDocuments *found, gsize fact)
{
    for (gsize i = found->places[fact]; i < found->places[fact + 1]; i++) {
        field_writer_null(fields, found->documents[i] & ~ITEM);
        if (found->documents[i] & ITEM)
            field_writer_list(fields, found->documents[i] & ~ITEM);
    }
}

static int compare_keys(const void *a, const void *b, gpointer keys)
{
    const GPtrArray *fields = keys;

    return strcmp(fields->pdata[*(const guint32 *)a], fields->pdata[*(const guint32 *)b]);
}

/* The facts with a value by field, in order of number: starts[field] … of places; the one without,
 * or facts->len, in nulls. */
static FactPlace *facts_by_field(const SegmentBuilder *builder, gsize *starts, guint32 *nulls)
{
    guint count = builder->facts->len;
    FactPlace *places = g_new(FactPlace, MAX(count, 1));
    g_autofree gsize *at = NULL;

    for (guint i = 0; i < builder->fields->len; i++)
        nulls[i] = count;
    for (guint i = 0; i < count; i++) {
        const Fact *fact = &g_array_index(builder->facts, Fact, i);

        if (fact->folded)
            starts[fact->field + 1]++;
        else
            nulls[fact->field] = i;
    }
    for (guint i = 0; i < builder->fields->len; i++)
        starts[i + 1] += starts[i];
    at = g_memdup2(starts, sizeof(gsize) * ((gsize)builder->fields->len + 1));
    for (guint i = 0; i < count; i++) {
        const Fact *fact = &g_array_index(builder->facts, Fact, i);

        if (fact->folded)
            places[at[fact->field]++] = (FactPlace){.fact = fact};
    }
    return places;
}

static void write_fields(const SegmentBuilder *builder, SegmentWriter *writer)
{
    guint count = builder->fields->len;
    g_autoptr(FieldWriter) fields = field_writer_new(writer);
    g_autofree gsize *starts = g_new0(gsize, (gsize)count + 1);
    g_autofree guint32 *nulls = g_new(guint32, MAX(count, 1)),
                       *order = g_new(guint32, MAX(count, 1));
    g_autofree FactPlace *places = facts_by_field(builder, starts, nulls);
    FactDocuments found;

    count_out(builder, &found);
    for (guint32 i = 0; i < count; i++)
        order[i] = i;
    g_qsort_with_data(order, (gint)count, sizeof(guint32), (GCompareDataFunc)compare_keys,
                      builder->fields);
    for (guint i = 0; i < count; i++) {
        guint32 field = order[i];

        field_writer_begin(fields, builder->fields->pdata[field]);
        if (nulls[field] < builder->facts->len)
            write_nulls(fields, &found, nulls[field]);
        write_field(builder, fields, &found, places + starts[field],
                    starts[field + 1] - starts[field]);
        field_writer_end(fields);
    }
    field_writer_finish(fields);
    g_free(found.places);
    g_free(found.documents);
}

static void write_documents(SegmentBuilder *builder, SegmentWriter *writer)
{
    g_autoptr(TextCoder) plain = text_coder_new();
    TextCoder *coder = builder->coder;

    if (writer->path && builder->text_bytes >= TEXT_LARGE && !text_coder_is_used(coder))
        text_coder_train(coder, document_at, builder, builder->documents->len);
    if (!writer->path || !text_coder_is_used(coder))
        coder = plain;
    segment_write_documents(writer, coder, document_at, builder);
}

Segment *segment_builder_finish(SegmentBuilder *builder, const char *path, int64_t seq,
                                GError **error)
{
    SegmentWriter writer;

    g_array_sort(builder->documents, compare_documents);
    segment_writer_init(&writer, path, builder->documents->len, seq);
    write_documents(builder, &writer);
    write_fields(builder, &writer);
    clear(builder);
    start(builder);
    return segment_writer_finish(&writer, error);
}
