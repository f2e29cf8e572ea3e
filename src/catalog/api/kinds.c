/* What an entity may be, for forms and tools. */
#include "catalog/catalog_internal.h"
#include "catalog/model/kinds.h"

Response *catalog_api_kinds(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    Value *body = value_object_new(arena);

    value_set(arena, body, "items", kinds_list(arena));
    return response_json(request, 200, body);
}
