/* The relations of a whole catalog in little memory, for making the index anew: refs are numbers,
 * what is declared are pairs of numbers, and both ends of each find it. */
#pragma once
#include "catalog/catalog_internal.h"

typedef struct Graph Graph;

Graph *graph_new(void);
void graph_free(Graph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Graph, graph_free)
/* An entity and what it declares (Relation); one thread at a time. */
void graph_add(Graph *graph, const char *ref, const GArray *declared);
/* After the last; from now on any number of threads may ask. */
void graph_finish(Graph *graph);

guint32 graph_count(const Graph *graph);
/* FALSE for a ref that no entity has. */
gboolean graph_find(const Graph *graph, const char *ref, guint32 *number);
gboolean graph_is_entity(const Graph *graph, guint32 number);
/* Adds what it declares, and the other ends of what is declared of it; texts live as long as graph.
 */
void graph_add_declared(const Graph *graph, guint32 number, GArray *relations);
void graph_add_incoming(const Graph *graph, guint32 number, GArray *relations);
