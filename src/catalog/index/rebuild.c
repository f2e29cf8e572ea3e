/* The index made anew from the table, in two passes and in memory that does not grow with the text:
 * first what every entity declares, then the documents, in runs that become segments.
 *
 * The table may change meanwhile. What the second pass finds is written with the relations of the
 * first, so that both ends of each agree; what changed since then is in the log, from which the
 * index goes on. What was in the first pass only leaves ends behind, which are taken away at last.
 */
#include "catalog/index/graph.h"
#include "catalog/index/internal.h"
#include <glib/gstdio.h>
#include <string.h>

#define PAGE_ROWS 512
#define WORKERS_MAX 4
#define RUN_DOCUMENTS 16384 /* a builder of more falls out of the processor's caches */
#define RUN_BYTES ((gsize)160 << 20)
/* A table that fits into so little is not worth a file a run. */
#define MEMORY_DOCUMENTS 16384

typedef struct {
    Index *index;
    DbConn *conn;
    Graph *graph;
    int64_t seq;
    pthread_mutex_t lock; /* of all below, of conn and, in the first pass, of graph */
    char *last_uid;
    GError *error;
    guint8 *seen; /* a byte a ref: the second pass found it */
    GPtrArray *segments;
    guint run;
} Rebuild;

/* A page of rows, and what is made of them. */
typedef struct {
    Arena *arena;
    GPtrArray *rows; /* StoredRow * */
} Page;

/* ---- pages ---- */

static void page_clear(Page *page)
{
    g_clear_pointer(&page->rows, g_ptr_array_unref);
    g_clear_pointer(&page->arena, arena_free);
}

/* FALSE at the end, or once something failed. */
static gboolean next_page(Rebuild *rebuild, Page *page)
{
    gboolean more;

    page_clear(page);
    page->arena = arena_new(G_MAXSIZE);
    pthread_mutex_lock(&rebuild->lock);
    if (!rebuild->error)
        page->rows = store_rows_after(rebuild->conn, page->arena, rebuild->last_uid, PAGE_ROWS,
                                      &rebuild->error);
    more = page->rows && page->rows->len > 0;
    if (more) {
        const StoredRow *last = page->rows->pdata[page->rows->len - 1];

        g_free(rebuild->last_uid);
        rebuild->last_uid = g_strdup(last->row.uid);
    }
    pthread_mutex_unlock(&rebuild->lock);
    return more;
}

/* Runs work on some threads at once, this one among them. */
static void run_pass(Rebuild *rebuild, void *(*work)(void *))
{
    pthread_t threads[WORKERS_MAX];
    guint count = CLAMP(g_get_num_processors(), 1, WORKERS_MAX) - 1, started = 0;

    g_free(rebuild->last_uid);
    rebuild->last_uid = g_strdup("");
    while (started < count && pthread_create(&threads[started], NULL, work, rebuild) == 0)
        started++;
    work(rebuild);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

/* ---- the first pass ---- */

static void free_declared(void *data)
{
    if (data)
        g_array_unref(data);
}

static GPtrArray *declared_of_page(Page *page)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(free_declared);

    for (guint i = 0; i < page->rows->len; i++) {
        StoredRow *row = page->rows->pdata[i];

        g_ptr_array_add(all, store_parse_row(page->arena, row)
                                 ? model_relations(page->arena, row->row.entity)
                                 : NULL);
    }
    return all;
}

static void *collect_relations(void *data)
{
    Rebuild *rebuild = data;
    Page page = {0};

    while (next_page(rebuild, &page)) {
        g_autoptr(GPtrArray) declared = declared_of_page(&page);

        pthread_mutex_lock(&rebuild->lock);
        for (guint i = 0; i < page.rows->len; i++)
            if (declared->pdata[i])
                graph_add(rebuild->graph, ((const StoredRow *)page.rows->pdata[i])->row.ref,
                          declared->pdata[i]);
        pthread_mutex_unlock(&rebuild->lock);
    }
    page_clear(&page);
    return NULL;
}

/* ---- the second pass ---- */

static void keep_error(Rebuild *rebuild, GError *error)
{
    if (!rebuild->error)
        rebuild->error = error;
    else
        g_clear_error(&error);
}

/* Makes a segment of what builder holds. */
static void finish_run(Rebuild *rebuild, SegmentBuilder *builder)
{
    g_autofree char *path = NULL;
    GError *error = NULL;
    Segment *segment;

    if (segment_builder_count(builder) == 0)
        return;
    pthread_mutex_lock(&rebuild->lock);
    if (rebuild->index->folder && graph_count(rebuild->graph) > MEMORY_DOCUMENTS)
        path = g_strdup_printf("%s/rebuild-%u.segment", rebuild->index->folder, rebuild->run++);
    pthread_mutex_unlock(&rebuild->lock);
    segment = segment_builder_finish(builder, path, rebuild->seq, &error);
    /* It stays as long as it is mapped. */
    if (path)
        g_unlink(path);
    pthread_mutex_lock(&rebuild->lock);
    if (segment)
        g_ptr_array_add(rebuild->segments, segment);
    else
        keep_error(rebuild, error);
    pthread_mutex_unlock(&rebuild->lock);
}

static void add_document(Rebuild *rebuild, Arena *arena, const CatalogRow *row,
                         SegmentBuilder *builder)
{
    g_autoptr(GArray) declared = g_array_new(FALSE, FALSE, sizeof(Relation));
    g_autoptr(GArray) relations = g_array_new(FALSE, FALSE, sizeof(Relation));
    Document document = {.ref = row->ref,
                         .uid = row->uid,
                         .parent = row->parent,
                         .location_id = row->location_id,
                         .source = row->source,
                         .entity = row->entity,
                         .status = row->status,
                         .declared = declared,
                         .relations = relations};
    SegmentEntity entity;
    guint32 number;

    /* It came after the first pass: the log has it. */
    if (!graph_find(rebuild->graph, row->ref, &number))
        return;
    rebuild->seen[number] = 1;
    graph_add_declared(rebuild->graph, number, declared);
    g_array_append_vals(relations, declared->data, declared->len);
    graph_add_incoming(rebuild->graph, number, relations);
    relations_settle(declared);
    relations_settle(relations);
    entity = document_compose(arena, &document);
    segment_builder_add(builder, &entity);
}

static void *build_documents(void *data)
{
    Rebuild *rebuild = data;
    g_autoptr(SegmentBuilder) builder = segment_builder_new();
    Page page = {0};

    while (next_page(rebuild, &page)) {
        for (guint i = 0; i < page.rows->len; i++) {
            StoredRow *row = page.rows->pdata[i];

            if (store_parse_row(page.arena, row))
                add_document(rebuild, page.arena, &row->row, builder);
        }
        if (segment_builder_count(builder) >= RUN_DOCUMENTS ||
            segment_builder_bytes(builder) >= RUN_BYTES)
            finish_run(rebuild, builder);
    }
    finish_run(rebuild, builder);
    page_clear(&page);
    return NULL;
}

/* ---- the whole ---- */

/* Targets of what was there in the first pass only. */
static GPtrArray *orphaned_targets(const Rebuild *rebuild)
{
    g_autoptr(GArray) declared = g_array_new(FALSE, FALSE, sizeof(Relation));
    GPtrArray *targets = g_ptr_array_new();

    for (guint32 i = 0; i < graph_count(rebuild->graph); i++)
        if (graph_is_entity(rebuild->graph, i) && !rebuild->seen[i])
            graph_add_declared(rebuild->graph, i, declared);
    for (guint i = 0; i < declared->len; i++)
        g_ptr_array_add(targets, (gpointer)g_array_index(declared, Relation, i).target);
    return targets;
}

static void put_segments(Rebuild *rebuild)
{
    Index *index = rebuild->index;
    g_autoptr(GPtrArray) touched = orphaned_targets(rebuild);
    g_auto(Draft) draft = {0};

    pthread_mutex_lock(&index->write_lock);
    g_clear_pointer(&index->base, segment_unref);
    draft_init(&draft, NULL);
    for (guint i = 0; i < rebuild->segments->len; i++)
        draft_append(&draft, segment_ref(rebuild->segments->pdata[i]));
    index_switch(index, draft_finish(&draft));
    atomic_store(&index->seq, rebuild->seq);
    pthread_mutex_unlock(&index->write_lock);
    index_touch(index, touched);
    background_tidy(index->background);
}

static void rebuild_clear(Rebuild *rebuild)
{
    pthread_mutex_destroy(&rebuild->lock);
    graph_free(rebuild->graph);
    g_ptr_array_unref(rebuild->segments);
    g_free(rebuild->last_uid);
    g_free(rebuild->seen);
}

gboolean index_rebuild(Index *index, DbConn *conn, GError **error)
{
    Rebuild rebuild = {.index = index, .conn = conn};
    gboolean done;

    if (!events_read_head(conn, &rebuild.seq, NULL, error))
        return FALSE;
    pthread_mutex_init(&rebuild.lock, NULL);
    rebuild.graph = graph_new();
    rebuild.segments = g_ptr_array_new_with_free_func((GDestroyNotify)segment_unref);
    run_pass(&rebuild, collect_relations);
    graph_finish(rebuild.graph);
    rebuild.seen = g_malloc0(MAX(graph_count(rebuild.graph), 1));
    run_pass(&rebuild, build_documents);
    done = !rebuild.error;
    if (done)
        put_segments(&rebuild);
    else
        g_propagate_error(error, rebuild.error);
    rebuild_clear(&rebuild);
    return done;
}
