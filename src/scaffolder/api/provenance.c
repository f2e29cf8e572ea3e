/* What was created by which template. */
#include "scaffolder/api/api.h"

#include "scaffolder/scaffolder_internal.h"

enum { PROVENANCE_MAX = 100 };

SCAFFOLDER_HANDLER(scaffolder_api_provenance)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    const char *entity = request_query(request, "entity");
    const char *repository = request_query(request, "repository");
    const char *kind = entity ? "entity" : repository ? "repository" : NULL;
    const char *ref = repository;
    int64_t limit;

    if (!request_query_int(request, "limit", 1, PROVENANCE_MAX, 20, &limit, error) ||
        (entity && !(ref = catalog_ref(arena, entity, "component", "default", error))))
        return NULL;
    const Value *items = provenance_list(scaffolder, arena, kind, ref, (guint)limit, error);

    return items ? response_items(request, items) : NULL;
}
