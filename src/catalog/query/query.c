#include "catalog/query/query.h"

const QueryView *query_view_new(Arena *arena, const Snapshot *snapshot, QueryMemory *memory)
{
    QueryView *view = arena_new0(arena, QueryView, 1);
    SegmentPart *parts;

    view->count = snapshot_segment_count(snapshot);
    view->number = snapshot_number(snapshot);
    view->memory = memory;
    view->parts = parts = arena_new0(arena, SegmentPart, view->count + 1);
    for (guint i = 0; i < view->count; i++)
        parts[i] = (SegmentPart){snapshot_segment(snapshot, i), snapshot_dead(snapshot, i)};
    return view;
}
