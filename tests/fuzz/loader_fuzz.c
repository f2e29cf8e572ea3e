/* Any bytes as a catalog-info.yaml: envelope, placeholders, model, normalising and annotating. What
 * is accepted is an entity of the catalog: its text reads back as itself, it is as it would be
 * normalised, and accepted again. What is refused says why. */
#include "catalog/catalog_internal.h"
#include "catalog/reading/reading.h"
#include "formats/json.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

#define FILE_NAME "/nowhere/catalog-info.yaml"

static const char configuration[] =
    "catalog: {rules: [{allow: [Component, API, Resource, System, Domain, Group, User, Location,"
    " Template]}], locations: [{type: file, target: " FILE_NAME "}]}\n";

/* Made once: neither is changed by reading. */
static Catalog *catalog_of_nothing(void)
{
    static Catalog catalog;
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();

    if (catalog.config)
        return &catalog;
    catalog.config = config_parse(configuration, "/", diagnostics);
    g_assert_nonnull(catalog.config);
    catalog.sources = sources_new(catalog.config);
    return &catalog;
}

static void check_accepted(Arena *arena, const Found *found)
{
    ModelFault fault;
    const Value *back = json_parse(arena, found->text, -1, NULL);

    g_assert_nonnull(found->ref);
    g_assert_true(value_equal(back, found->entity));
    g_assert_true(value_equal(model_normalize(arena, back), back));
    g_assert_true(model_check_envelope(arena, back, &fault));
    g_assert_true(model_check_entity(arena, back, &fault));
    g_assert_cmpstr(entity_ref_of(arena, back), ==, found->ref);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const CatalogLocation origin = {
        .id = "1", .type = "file", .target = FILE_NAME, .origin = "config"};
    SourceText text = {
        .source = {"file", FILE_NAME}, .name = "file:" FILE_NAME, .parent = "location:default/a"};

    source_text_parse(catalog_of_nothing(), arena, &origin, &text, (const char *)data, size);
    g_assert((text.found == NULL) == (text.fault_count > 0));
    for (guint i = 0; text.found && i < text.found->len; i++) {
        const Found *found = text.found->pdata[i];

        if (found->entity && found->allowed)
            check_accepted(arena, found);
        else
            g_assert_cmpuint(found->fault_count, >, 0);
        for (guint j = 0; j < found->fault_count; j++)
            g_assert_nonnull(found->faults[j].message);
    }
    source_text_clear(&text);
    return 0;
}
