/* The JSON of the documents: plain, or compressed with one of the segment's dictionaries.
 *
 * Entities are small and alike, so that each compresses well alone where a dictionary has what they
 * share. A dictionary is trained when much plain text goes to a file, and stays with the texts that
 * were compressed with it: a merge copies them as they are, with their dictionary. */
#include "catalog/segment/format.h"
#include <pthread.h>
#include <string.h>
#include <zdict.h>
#include <zstd.h>

#define COMPRESSION_LEVEL 3
#define TEXT_MAX                                                                                   \
    ((gsize)16 << 20) /* what is longer stays plain, so that a frame that claims it lies */
#define DICTIONARY_BYTES ((gsize)64 << 10)
#define SAMPLE_BYTES ((gsize)6 << 20)
#define SAMPLE_TEXT_MAX ((gsize)8 << 10)

/* ---- reading ---- */

static pthread_once_t context_once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;

static void free_context(void *context)
{
    ZSTD_freeDCtx(context);
}

static void make_key(void)
{
    g_assert(pthread_key_create(&context_key, free_context) == 0);
}

/* The thread's own, made once: making one costs as much as fifty texts. */
static ZSTD_DCtx *context_of_thread(void)
{
    ZSTD_DCtx *context;

    pthread_once(&context_once, make_key);
    context = pthread_getspecific(context_key);
    if (!context) {
        context = ZSTD_createDCtx();
        g_assert(context && pthread_setspecific(context_key, context) == 0);
    }
    return context;
}

void segment_open_dictionaries(Segment *segment)
{
    gsize count;
    const Span *spans =
        segment_span(segment, &segment->header->text_dictionaries, sizeof(Span), &count);

    segment->dictionary_count = (guint)MIN(count, TEXT_DICTIONARIES_MAX);
    for (guint i = 0; i < segment->dictionary_count; i++) {
        gsize length;
        const void *bytes = segment_span(segment, &spans[i], 1, &length);

        segment->dictionaries[i] = ZSTD_createDDict(bytes, length);
    }
}

void segment_close_dictionaries(Segment *segment)
{
    for (guint i = 0; i < segment->dictionary_count; i++)
        ZSTD_freeDDict(segment->dictionaries[i]);
}

GBytes *segment_dictionary(const Segment *segment, guint dictionary)
{
    gsize count, length;
    const Span *spans =
        segment_span(segment, &segment->header->text_dictionaries, sizeof(Span), &count);
    const void *bytes = segment_span(segment, &spans[dictionary], 1, &length);

    return g_bytes_new_static(bytes, length);
}

const guint8 *segment_text_bytes(const Segment *segment, guint32 doc, gsize *length, guint *coding)
{
    guint64 start, end;

    *length = 0;
    *coding = 0;
    if (doc >= segment->count)
        return NULL;
    start = TEXT_OFFSET(segment->text_offsets[doc]);
    end = TEXT_OFFSET(segment->text_offsets[doc + 1]);
    if (start > end || end > segment->texts_length)
        return NULL;
    *coding = TEXT_CODING(segment->text_offsets[doc]);
    *length = end - start;
    return segment->texts + start;
}

/* What a frame says it has in it, 0 where that cannot be. */
static gsize frame_length(const guint8 *bytes, gsize length)
{
    unsigned long long content = ZSTD_getFrameContentSize(bytes, length);

    return content > TEXT_MAX ? 0 : (gsize)content; /* the errors are the greatest numbers */
}

gsize segment_text_length(const Segment *segment, guint32 doc)
{
    gsize length;
    guint coding;
    const guint8 *bytes = segment_text_bytes(segment, doc, &length, &coding);

    return coding ? frame_length(bytes, length) : length;
}

static void append_decompressed(const Segment *segment, guint dictionary, const guint8 *bytes,
                                gsize length, GString *out)
{
    gsize before = out->len, content = frame_length(bytes, length), made;

    if (!content || dictionary >= segment->dictionary_count || !segment->dictionaries[dictionary])
        return;
    g_string_set_size(out, before + content);
    made = ZSTD_decompress_usingDDict(context_of_thread(), out->str + before, content, bytes,
                                      length, segment->dictionaries[dictionary]);
    if (made != content)
        g_string_truncate(out, before);
}

void segment_text(const Segment *segment, guint32 doc, GString *out)
{
    gsize length;
    guint coding;
    const guint8 *bytes = segment_text_bytes(segment, doc, &length, &coding);

    if (coding)
        append_decompressed(segment, coding - 1, bytes, length, out);
    else
        g_string_append_len(out, (const char *)bytes, (gssize)length);
}

/* ---- writing ---- */

struct TextCoder {
    GPtrArray *dictionaries; /* GBytes * */
    ZSTD_CCtx *context;
    ZSTD_CDict *prepared;
    guint coding; /* what is compressed now; 0: nothing */
    GByteArray *out;
};

TextCoder *text_coder_new(void)
{
    TextCoder *coder = g_new0(TextCoder, 1);

    coder->dictionaries = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    coder->out = g_byte_array_new();
    return coder;
}

void text_coder_free(TextCoder *coder)
{
    if (!coder)
        return;
    g_ptr_array_unref(coder->dictionaries);
    g_byte_array_unref(coder->out);
    ZSTD_freeCCtx(coder->context);
    ZSTD_freeCDict(coder->prepared);
    g_free(coder);
}

gboolean text_coder_is_used(const TextCoder *coder)
{
    return coder->coding != 0;
}

guint text_coder_add(TextCoder *coder, GBytes *dictionary)
{
    for (guint i = 0; i < coder->dictionaries->len; i++)
        if (g_bytes_equal(coder->dictionaries->pdata[i], dictionary))
            return i + 1;
    if (coder->dictionaries->len >= TEXT_DICTIONARIES_MAX)
        return 0;
    g_ptr_array_add(coder->dictionaries, g_bytes_ref(dictionary));
    return coder->dictionaries->len;
}

void text_coder_use(TextCoder *coder, guint coding)
{
    GBytes *dictionary = coder->dictionaries->pdata[coding - 1];

    if (!coder->context) {
        coder->context = ZSTD_createCCtx();
        g_assert(coder->context);
        ZSTD_CCtx_setParameter(coder->context, ZSTD_c_dictIDFlag, 0);
    }
    ZSTD_freeCDict(coder->prepared);
    coder->prepared = ZSTD_createCDict(g_bytes_get_data(dictionary, NULL),
                                       g_bytes_get_size(dictionary), COMPRESSION_LEVEL);
    ZSTD_CCtx_refCDict(coder->context, coder->prepared);
    coder->coding = coding;
}

gboolean text_coder_train(TextCoder *coder, DocumentAt at, gpointer data, guint32 count)
{
    g_autoptr(GByteArray) samples = g_byte_array_new();
    g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(size_t));
    g_autoptr(GBytes) dictionary = NULL;
    guint32 step = MAX(count / 8192, 1);
    guint8 *bytes;
    size_t length;
    guint coding;

    for (guint32 doc = 0; doc < count && samples->len < SAMPLE_BYTES; doc += step) {
        DocumentSource document;

        at(data, doc, &document);
        length = MIN(document.text_length, SAMPLE_TEXT_MAX);
        if (document.coding || length == 0)
            continue;
        g_byte_array_append(samples, document.text, (guint)length);
        g_array_append_val(sizes, length);
    }
    bytes = g_malloc(DICTIONARY_BYTES);
    length = ZDICT_trainFromBuffer(bytes, DICTIONARY_BYTES, samples->data,
                                   (const size_t *)(const void *)sizes->data, sizes->len);
    dictionary = g_bytes_new_take(bytes, ZDICT_isError(length) ? 0 : length);
    /* Too few texts that are alike, or too many dictionaries. */
    coding = ZDICT_isError(length) ? 0 : text_coder_add(coder, dictionary);
    if (coding)
        text_coder_use(coder, coding);
    return coding != 0;
}

void text_coder_encode(TextCoder *coder, DocumentSource *document)
{
    size_t bound, length;

    if (!coder->coding || document->coding || document->text_length == 0 ||
        document->text_length > TEXT_MAX)
        return;
    bound = ZSTD_compressBound(document->text_length);
    g_byte_array_set_size(coder->out, (guint)bound);
    length = ZSTD_compress2(coder->context, coder->out->data, bound, document->text,
                            document->text_length);
    if (ZSTD_isError(length) || length > document->text_length - document->text_length / 8)
        return;
    document->text = coder->out->data;
    document->text_length = length;
    document->coding = coder->coding;
}

void text_coder_write(const TextCoder *coder, SegmentWriter *writer)
{
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(Span));

    for (guint i = 0; i < coder->dictionaries->len; i++) {
        GBytes *dictionary = coder->dictionaries->pdata[i];
        Span span = segment_writer_span(writer, g_bytes_get_data(dictionary, NULL),
                                        g_bytes_get_size(dictionary));

        g_array_append_val(spans, span);
    }
    writer->header.text_dictionaries =
        segment_writer_span(writer, spans->data, sizeof(Span) * spans->len);
}
