#include "catalog/index/graph.h"
#include <string.h>

typedef struct {
    guint32 hash, number; /* number + 1; 0: free */
} Slot;

typedef struct {
    guint32 source, target;
    guint32 kind;
} Edge;

typedef struct {
    const char *type, *inverse;
} EdgeKind;

/* Edges by one of their ends: those of number are [starts[number], starts[number + 1]) of order. */
typedef struct {
    guint32 *starts, *order;
} EdgeList;

struct Graph {
    Arena *arena;
    GPtrArray *refs;
    GByteArray *entities; /* a byte a ref */
    Slot *slots;
    guint32 slot_count; /* a power of two */
    GArray *kinds, *edges;
    EdgeList by_source, by_target;
};

Graph *graph_new(void)
{
    Graph *graph = g_new0(Graph, 1);

    graph->arena = arena_new(G_MAXSIZE);
    graph->refs = g_ptr_array_new();
    graph->entities = g_byte_array_new();
    graph->slot_count = 1024;
    graph->slots = g_new0(Slot, graph->slot_count);
    graph->kinds = g_array_new(FALSE, FALSE, sizeof(EdgeKind));
    graph->edges = g_array_new(FALSE, FALSE, sizeof(Edge));
    return graph;
}

void graph_free(Graph *graph)
{
    if (!graph)
        return;
    arena_free(graph->arena);
    g_ptr_array_unref(graph->refs);
    g_byte_array_unref(graph->entities);
    g_free(graph->slots);
    g_array_unref(graph->kinds);
    g_array_unref(graph->edges);
    g_free(graph->by_source.starts);
    g_free(graph->by_source.order);
    g_free(graph->by_target.starts);
    g_free(graph->by_target.order);
    g_free(graph);
}

/* ---- refs as numbers ---- */

/* The slot of ref, or the free one where it belongs. */
static Slot *slot_of(const Graph *graph, const char *ref, guint32 hash)
{
    for (guint32 at = hash;; at++) {
        Slot *slot = &graph->slots[at & (graph->slot_count - 1)];

        if (slot->number == 0 ||
            (slot->hash == hash && g_str_equal(graph->refs->pdata[slot->number - 1], ref)))
            return slot;
    }
}

static void grow_slots(Graph *graph)
{
    Slot *old = graph->slots;
    guint32 count = graph->slot_count;

    graph->slot_count = count * 2;
    graph->slots = g_new0(Slot, graph->slot_count);
    for (guint32 i = 0; i < count; i++) {
        guint32 at = old[i].hash;

        if (old[i].number == 0)
            continue;
        while (graph->slots[at & (graph->slot_count - 1)].number != 0)
            at++;
        graph->slots[at & (graph->slot_count - 1)] = old[i];
    }
    g_free(old);
}

static guint32 intern(Graph *graph, const char *ref)
{
    guint32 hash = g_str_hash(ref) * 0x9e3779b1U;
    Slot *slot = slot_of(graph, ref, hash);

    if (slot->number)
        return slot->number - 1;
    g_ptr_array_add(graph->refs, arena_strdup(graph->arena, ref));
    g_byte_array_append(graph->entities, (const guint8 *)"", 1);
    *slot = (Slot){hash, graph->refs->len};
    if (graph->refs->len * 2 > graph->slot_count)
        grow_slots(graph);
    return graph->refs->len - 1;
}

static guint32 kind_of(Graph *graph, const Relation *relation)
{
    EdgeKind kind;

    for (guint32 i = 0; i < graph->kinds->len; i++) {
        const EdgeKind *known = &g_array_index(graph->kinds, EdgeKind, i);

        if (g_str_equal(known->type, relation->type) &&
            g_str_equal(known->inverse, relation->inverse))
            return i;
    }
    kind = (EdgeKind){arena_strdup(graph->arena, relation->type),
                      arena_strdup(graph->arena, relation->inverse)};
    g_array_append_val(graph->kinds, kind);
    return graph->kinds->len - 1;
}

void graph_add(Graph *graph, const char *ref, const GArray *declared)
{
    guint32 source = intern(graph, ref);

    graph->entities->data[source] = 1;
    for (guint i = 0; i < declared->len; i++) {
        const Relation *relation = &g_array_index(declared, Relation, i);
        Edge edge = {source, intern(graph, relation->target), kind_of(graph, relation)};

        g_array_append_val(graph->edges, edge);
    }
}

/* ---- edges by their ends ---- */

static guint32 end_of(const Graph *graph, guint32 edge, gboolean target)
{
    const Edge *at = &g_array_index(graph->edges, Edge, edge);

    return target ? at->target : at->source;
}

/* A counting sort: the numbers of an end are dense. */
static void sort_edges(const Graph *graph, EdgeList *list, gboolean target)
{
    guint32 count = graph->refs->len;

    list->starts = g_new0(guint32, (gsize)count + 2);
    list->order = g_new(guint32, graph->edges->len);
    for (guint32 i = 0; i < graph->edges->len; i++)
        list->starts[end_of(graph, i, target) + 2]++;
    for (guint32 i = 1; i < count + 2; i++)
        list->starts[i] += list->starts[i - 1];
    for (guint32 i = 0; i < graph->edges->len; i++)
        list->order[list->starts[end_of(graph, i, target) + 1]++] = i;
}

void graph_finish(Graph *graph)
{
    sort_edges(graph, &graph->by_source, FALSE);
    sort_edges(graph, &graph->by_target, TRUE);
}

guint32 graph_count(const Graph *graph)
{
    return graph->refs->len;
}

gboolean graph_find(const Graph *graph, const char *ref, guint32 *number)
{
    const Slot *slot = slot_of(graph, ref, g_str_hash(ref) * 0x9e3779b1U);

    if (slot->number == 0 || !graph->entities->data[slot->number - 1])
        return FALSE;
    *number = slot->number - 1;
    return TRUE;
}

gboolean graph_is_entity(const Graph *graph, guint32 number)
{
    return graph->entities->data[number];
}

void graph_add_declared(const Graph *graph, guint32 number, GArray *relations)
{
    const EdgeList *list = &graph->by_source;

    for (guint32 i = list->starts[number]; i < list->starts[number + 1]; i++) {
        const Edge *edge = &g_array_index(graph->edges, Edge, list->order[i]);
        const EdgeKind *kind = &g_array_index(graph->kinds, EdgeKind, edge->kind);
        Relation relation = {kind->type, kind->inverse, graph->refs->pdata[edge->target]};

        g_array_append_val(relations, relation);
    }
}

void graph_add_incoming(const Graph *graph, guint32 number, GArray *relations)
{
    const EdgeList *list = &graph->by_target;

    for (guint32 i = list->starts[number]; i < list->starts[number + 1]; i++) {
        const Edge *edge = &g_array_index(graph->edges, Edge, list->order[i]);
        const EdgeKind *kind = &g_array_index(graph->kinds, EdgeKind, edge->kind);
        Relation relation = {kind->inverse, kind->type, graph->refs->pdata[edge->source]};

        g_array_append_val(relations, relation);
    }
}
