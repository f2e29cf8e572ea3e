/* Findings for people: in words, with the line, and what could be done. */
#include "catalog/findings/findings.h"
#include "formats/yaml.h"
#include <string.h>

/* ---- the place in the file ---- */

static const Relation *find_relation(const GArray *relations, const Finding *finding)
{
    for (guint i = 0; finding->relation && i < relations->len; i++) {
        const Relation *relation = &g_array_index(relations, Relation, i);

        if (relation->field && g_str_equal(relation->type, finding->relation) &&
            g_str_equal(relation->target, finding->target))
            return relation;
    }
    return NULL;
}

static void place_in(Arena *arena, const Value *document, const Finding *finding,
                     FindingPlace *place)
{
    g_autoptr(GArray) relations = model_relations(arena, document);
    const Relation *relation = find_relation(relations, finding);
    const Value *spec = value_get(document, "spec"), *at = document;

    if (relation) {
        at = relation->text;
        place->pointer = relation->item < 0
                             ? arena_printf(arena, "/spec/%s", relation->field)
                             : arena_printf(arena, "/spec/%s/%d", relation->field, relation->item);
    } else if (finding->type == FINDING_OWNER_MISSING && spec) {
        at = spec;
        place->pointer = "/spec/owner";
    }
    place->line = value_line(at);
    place->column = value_column(at);
}

gboolean finding_place(Arena *arena, const Finding *finding, const char *text, FindingPlace *place)
{
    g_autoptr(Diagnostics) ignored = diagnostics_new();
    const Value *documents = yaml_parse_stream(arena, text, -1, NULL, YAML_PLAIN, ignored);

    for (guint i = 0; i < value_count(documents); i++) {
        const Value *document = value_item(documents, i);

        if (g_strcmp0(entity_ref_of(arena, document), finding->ref) != 0)
            continue;
        place->document = i;
        place_in(arena, document, finding, place);
        return TRUE;
    }
    return FALSE;
}

/* A list must not wait for another host: of files that lie there the line is not told. */
static gboolean is_near(Catalog *catalog, Arena *arena, const Source *source)
{
    EditPlace place;

    return g_str_equal(source->type, "file") ||
           (edit_place(catalog, arena, source, &place) && edit_place_is_near(catalog, &place));
}

/* texts: source → its text, or "". */
static const char *text_of(Catalog *catalog, Arena *arena, const CatalogRow *row, GHashTable *texts)
{
    const char *text = g_hash_table_lookup(texts, row->source);
    g_auto(SourceReply) reply = {0};
    Source source;

    if (text)
        return text;
    text = "";
    if (source_parse(arena, row->source, &source, NULL) && is_near(catalog, arena, &source) &&
        source_read(catalog, arena, &source, NULL, &reply, NULL) && reply.bytes) {
        gsize length;
        const char *bytes = g_bytes_get_data(reply.bytes, &length);

        text = bytes ? arena_strndup(arena, bytes, length) : "";
    }
    g_hash_table_insert(texts, (gpointer)row->source, (gpointer)text);
    return text;
}

/* ---- in words ---- */

static const char *severity_of(FindingType type)
{
    switch (type) {
    case FINDING_OWNER_UNKNOWN:
    case FINDING_REFERENCE_BROKEN:
    case FINDING_SOURCE_ERROR:
    case FINDING_DUPLICATE:
        return "error";
    case FINDING_DEPRECATED_IN_USE:
        return "info";
    default:
        return "warning";
    }
}

static const char *message_of(Arena *arena, const Finding *finding)
{
    switch (finding->type) {
    case FINDING_OWNER_MISSING:
        return "It has no owner";
    case FINDING_OWNER_UNKNOWN:
        return arena_printf(arena, "Its owner %s does not exist", finding->target);
    case FINDING_REFERENCE_BROKEN:
        return arena_printf(arena, "It names %s (%s), which does not exist", finding->target,
                            finding->relation);
    case FINDING_ORPHAN:
        return "Nothing names it any more";
    case FINDING_DEPRECATED_IN_USE:
        return "It is deprecated, and others still depend on it";
    default:
        return finding->message;
    }
}

static void describe_place(Arena *arena, Value *value, const Finding *finding,
                           const CatalogRow *row, const char *text)
{
    FindingPlace place = {.line = finding->line, .column = finding->column};
    const char *file = finding->file ? finding->file : row ? row->source : NULL;
    const char *colon = file ? strchr(file, ':') : NULL;

    if (!finding->file && text && *text)
        finding_place(arena, finding, text, &place);
    if (colon && (g_str_has_prefix(file, "url:") || g_str_has_prefix(file, "file:")))
        file = colon + 1;
    value_set_nullable(arena, value, "file", file);
    if (place.line > 0) {
        value_set_int(arena, value, "line", place.line);
        value_set_int(arena, value, "column", place.column);
    }
    value_set_string(arena, value, "pointer", place.pointer);
}

static const Value *proposal_value(Arena *arena, const Proposal *proposal)
{
    Value *value;

    if (!proposal)
        return value_null_new(arena);
    value = value_object_new(arena);
    value_set_string(arena, value, "id", proposal->id);
    value_set_string(arena, value, "title", proposal->title);
    value_set_string(arena, value, "reason", proposal->reason);
    value_set_nullable(arena, value, "before", proposal->before);
    value_set_string(arena, value, "after", proposal->after);
    value_set_bool(arena, value, "editable", proposal->editable);
    return value;
}

const Value *finding_describe(Catalog *catalog, Arena *arena, Proposer *proposer,
                              const Finding *finding, GHashTable *texts)
{
    const CatalogRow *row = store_row(db_reader(catalog->db), arena, finding->ref, NULL);
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "id", finding->id);
    value_set_string(arena, value, "type", finding_type_name(finding->type));
    value_set_string(arena, value, "severity", severity_of(finding->type));
    value_set_string(arena, value, "ref", finding->ref);
    value_set_string(arena, value, "message", message_of(arena, finding));
    describe_place(arena, value, finding, row,
                   row && !finding->file ? text_of(catalog, arena, row, texts) : NULL);
    value_set(arena, value, "proposal",
              proposal_value(arena, finding_propose(proposer, finding, row)));
    return value;
}
