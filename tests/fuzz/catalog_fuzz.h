/* A small catalog that questions are asked of. */
#pragma once
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

static const char *const fuzz_entities[] = {
    "{\"kind\":\"Component\",\"metadata\":{\"name\":\"a\",\"uid\":\"1\",\"tags\":[\"java\",\"a.b\"]"
    ","
    "\"title\":\"A b\"},\"spec\":{\"type\":\"service\",\"owner\":\"team-a\"}}",
    "{\"kind\":\"Component\",\"metadata\":{\"name\":\"b\",\"uid\":\"2\",\"tags\":[\"go\"]},"
    "\"spec\":{"
    "\"type\":\"library\",\"lifecycle\":null}}",
    "{\"kind\":\"Group\",\"metadata\":{\"name\":\"team-a\",\"uid\":\"3\"},\"spec\":{\"children\":[]"
    "},"
    "\"relations\":[{\"type\":\"ownerOf\",\"targetRef\":\"component:default/a\"}]}",
};

static Segment *fuzz_segment_new(void)
{
    g_autoptr(SegmentBuilder) builder = segment_builder_new();
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);

    for (gsize i = 0; i < G_N_ELEMENTS(fuzz_entities); i++) {
        const Value *entity = json_parse(arena, fuzz_entities[i], -1, NULL);
        SegmentEntity document = {.ref = entity_ref_of(arena, entity),
                                  .uid = value_path_string(entity, "metadata.uid", ""),
                                  .name = value_path_string(entity, "metadata.name", ""),
                                  .text = fuzz_entities[i],
                                  .text_length = strlen(fuzz_entities[i])};

        document.rows = entity_flatten(arena, entity, &document.row_count);
        segment_builder_add(builder, &document);
    }
    return segment_builder_finish(builder, NULL, 0, NULL);
}

/* Asks it, and holds what a page says against itself. */
static void fuzz_ask(const Predicate *predicate, const QueryPageRequest *request)
{
    static Segment *segment;
    static QueryMemory *memory;

    if (!segment) {
        segment = fuzz_segment_new();
        memory = query_memory_new(1 << 20);
    }
    {
        const SegmentPart part = {segment, NULL};
        const QueryView view = {&part, 1, 1, memory};
        g_autoptr(QueryMatch) match = query_match_new(&view, predicate);
        g_auto(QueryPage) page = {0};

        query_page(match, request, &page);
        g_assert(page.first + page.hits->len <= page.total || page.hits->len == 0);
        g_assert(page.hits->len <= request->limit);
        g_assert(query_match_count(match) <= segment_count(segment));
    }
}
