#include "formats/yaml.h"
#include "formats/yaml_core.h"
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 64
#define NODES_MAX 1000000
#define TAG_PREFIX "tag:yaml.org,2002:"

/* What an alias stands for, and what it costs to repeat it. */
typedef struct {
    const Value *value;
    guint nodes;
    int height;
} Anchor;

typedef struct {
    yaml_parser_t parser;
    yaml_event_t event;
    gboolean has_event;
    Arena *arena;
    const char *file;
    YamlDialect dialect;
    Diagnostics *diagnostics;
    GHashTable *anchors; /* name → Anchor, both in arena */
    guint nodes;
    gboolean failed;
} Loader;

/* A loaded node; height is 1 for a scalar. */
typedef struct {
    Value *value;
    int height;
} Node;

static gboolean load_node(Loader *loader, int depth, Node *node);

static int mark_line(yaml_mark_t mark)
{
    return (int)mark.line + 1;
}

static int mark_column(yaml_mark_t mark)
{
    return (int)mark.column + 1;
}

static gboolean stop_at(Loader *loader, int line, int column, const char *code, const char *message)
{
    diagnostics_error(loader->diagnostics, code, loader->file, line, column, "%s", message);
    loader->failed = TRUE;
    return FALSE;
}

/* Reports at the current event and stops the load. */
static gboolean stop(Loader *loader, const char *code, const char *message)
{
    yaml_mark_t mark = loader->event.start_mark;

    return stop_at(loader, mark_line(mark), mark_column(mark), code, message);
}

/* The reader gives a byte offset where the scanner gives a mark. */
static yaml_mark_t mark_of_offset(const yaml_parser_t *parser)
{
    const char *text = (const char *)parser->input.string.start;
    const char *bad =
        text + MIN(parser->problem_offset, (gsize)((const char *)parser->input.string.end - text));
    yaml_mark_t mark = {0};

    for (; text < bad; text++) {
        if (*text == '\n') {
            mark.line++;
            mark.column = 0;
        } else if (((guchar)*text & 0xc0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

static void report_syntax(Loader *loader)
{
    const yaml_parser_t *parser = &loader->parser;
    yaml_mark_t mark =
        parser->error == YAML_READER_ERROR ? mark_of_offset(parser) : parser->problem_mark;
    g_autofree char *context = NULL;

    if (parser->context && parser->error != YAML_READER_ERROR)
        context =
            g_strdup_printf(" %s (line %d, column %d)", parser->context,
                            mark_line(parser->context_mark), mark_column(parser->context_mark));
    diagnostics_error(
        loader->diagnostics, "yaml-syntax", loader->file, mark_line(mark), mark_column(mark),
        "%s%s", parser->problem ? parser->problem : "the text is not YAML", context ? context : "");
}

static gboolean next_event(Loader *loader)
{
    if (loader->has_event)
        yaml_event_delete(&loader->event);
    loader->has_event = yaml_parser_parse(&loader->parser, &loader->event) == 1;
    if (!loader->has_event) {
        report_syntax(loader);
        loader->failed = TRUE;
    }
    return loader->has_event;
}

/* ---- scalars ---- */

/* The kind a "!!tag" asks for; FALSE where it is none of the core schema's. */
static gboolean kind_of_tag(const char *tag, ValueKind *kind)
{
    static const struct {
        const char *name;
        ValueKind kind;
    } tags[] = {{"str", VALUE_STRING}, {"int", VALUE_NUMBER}, {"float", VALUE_NUMBER},
                {"bool", VALUE_BOOL},  {"null", VALUE_NULL},  {"map", VALUE_OBJECT},
                {"seq", VALUE_ARRAY}};

    for (gsize i = 0; i < G_N_ELEMENTS(tags); i++)
        if (g_str_has_prefix(tag, TAG_PREFIX) &&
            g_str_equal(tag + strlen(TAG_PREFIX), tags[i].name)) {
            *kind = tags[i].kind;
            return TRUE;
        }
    return FALSE;
}

static void warn_of_tag(Loader *loader, const char *tag)
{
    g_autofree char *message = g_strdup_printf("the tag %s is not known and was ignored", tag);

    diagnostics_add(loader->diagnostics,
                    &(Diagnostic){.severity = DIAGNOSTIC_WARNING,
                                  .code = "yaml-unknown-tag",
                                  .message = message,
                                  .file = loader->file,
                                  .line = mark_line(loader->event.start_mark),
                                  .column = mark_column(loader->event.start_mark)});
}

static Value *tagged_scalar(Loader *loader, const char *tag, const char *text, gsize length)
{
    ValueKind kind = VALUE_STRING;
    Value *value;

    if (!g_str_equal(tag, "!") && !kind_of_tag(tag, &kind))
        warn_of_tag(loader, tag);
    if (kind == VALUE_STRING)
        return value_string_wrap(loader->arena, text, length);
    value = yaml_core_value(loader->arena, text, length);
    if (value_kind(value) == kind)
        return value;
    stop(loader, "yaml-tag", "the value is not what its tag says");
    return NULL;
}

static gboolean load_scalar(Loader *loader, Node *node)
{
    const yaml_event_t *event = &loader->event;
    gsize length = event->data.scalar.length;
    const char *tag = (const char *)event->data.scalar.tag;
    char *text = arena_strndup(loader->arena, (const char *)event->data.scalar.value, length);

    node->height = 1;
    if (tag)
        node->value = tagged_scalar(loader, tag, text, length);
    else if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        node->value = yaml_core_value(loader->arena, text, length);
    else
        node->value = value_string_wrap(loader->arena, text, length);
    return node->value != NULL;
}

/* ---- collections ---- */

static gboolean load_sequence(Loader *loader, int depth, Node *node)
{
    Value *array = value_array_new(loader->arena);

    node->value = array;
    node->height = 1;
    for (;;) {
        Node item;

        if (!next_event(loader))
            return FALSE;
        if (loader->event.type == YAML_SEQUENCE_END_EVENT)
            return TRUE;
        if (!load_node(loader, depth + 1, &item))
            return FALSE;
        value_append(loader->arena, array, item.value);
        node->height = MAX(node->height, item.height + 1);
    }
}

static const char *read_key(Loader *loader)
{
    const yaml_event_t *event = &loader->event;
    const char *text = (const char *)event->data.scalar.value;

    if (event->type != YAML_SCALAR_EVENT) {
        stop(loader, "yaml-key", "a key must be a plain word or a string");
        return NULL;
    }
    if (strlen(text) != event->data.scalar.length) {
        stop(loader, "yaml-key", "a key may not hold a NUL character");
        return NULL;
    }
    return arena_strdup(loader->arena, text);
}

static gboolean is_merge_key(const Loader *loader)
{
    return loader->dialect == YAML_MERGE_KEYS && loader->event.type == YAML_SCALAR_EVENT &&
           loader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           g_str_equal((const char *)loader->event.data.scalar.value, "<<");
}

static gboolean charge_nodes(Loader *loader, guint nodes)
{
    loader->nodes += nodes;
    if (loader->nodes <= NODES_MAX && !arena_exhausted(loader->arena))
        return TRUE;
    return stop(loader, "yaml-too-large",
                "the document is too large once its aliases are expanded");
}

/* Members of source that object does not have yet. */
static gboolean merge_members(Loader *loader, Value *object, const Value *source)
{
    if (!charge_nodes(loader, value_count(source)))
        return FALSE;
    for (guint i = 0; i < value_count(source); i++) {
        const char *key = value_key_at(source, i);

        if (value_get(object, key))
            continue;
        value_set(loader->arena, object, key, value_value_at(source, i));
        value_set_key_position(object, key, value_key_line(source, key),
                               value_key_column(source, key));
    }
    return TRUE;
}

static gboolean merge(Loader *loader, Value *object, const Value *source)
{
    gboolean list = value_is(source, VALUE_ARRAY);

    for (guint i = 0; i < (list ? value_count(source) : 1); i++) {
        const Value *mapping = list ? value_item(source, i) : source;

        if (!value_is(mapping, VALUE_OBJECT))
            return stop_at(loader, value_line(mapping), value_column(mapping), "yaml-merge",
                           "<< takes a mapping or a list of mappings");
        if (!merge_members(loader, object, mapping))
            return FALSE;
    }
    return TRUE;
}

static void report_duplicate(Loader *loader, const char *key, yaml_mark_t mark, int first_line)
{
    diagnostics_error(loader->diagnostics, "yaml-duplicate-key", loader->file, mark_line(mark),
                      mark_column(mark), "the key \"%s\" is there twice, first in line %d", key,
                      first_line);
    loader->failed = TRUE;
}

/* One member; the current event is its key. What << names is kept for later, since written members
 * win wherever they stand. */
static gboolean load_member(Loader *loader, int depth, Node *node, const Value **merged)
{
    yaml_mark_t mark = loader->event.start_mark;
    gboolean merging = is_merge_key(loader);
    const char *key = read_key(loader);
    Node member;

    if (!key || !next_event(loader) || !load_node(loader, depth + 1, &member))
        return FALSE;
    node->height = MAX(node->height, member.height + 1);
    if (merging && !*merged) {
        *merged = member.value;
    } else if (merging || value_get(node->value, key)) {
        report_duplicate(loader, key, mark, value_key_line(node->value, key));
    } else {
        value_set(loader->arena, node->value, key, member.value);
        value_set_key_position(node->value, key, mark_line(mark), mark_column(mark));
    }
    return TRUE;
}

static gboolean load_mapping(Loader *loader, int depth, Node *node)
{
    const Value *merged = NULL;

    node->value = value_object_new(loader->arena);
    node->height = 1;
    for (;;) {
        if (!next_event(loader))
            return FALSE;
        if (loader->event.type == YAML_MAPPING_END_EVENT)
            return !merged || merge(loader, node->value, merged);
        if (!load_member(loader, depth, node, &merged))
            return FALSE;
    }
}

/* ---- nodes ---- */

static gboolean load_alias(Loader *loader, int depth, Node *node)
{
    const char *name = (const char *)loader->event.data.alias.anchor;
    const Anchor *anchor = g_hash_table_lookup(loader->anchors, name);

    if (!anchor)
        return stop(loader, "yaml-alias", "the alias names an anchor that is not there before it");
    if (depth + anchor->height > DEPTH_MAX)
        return stop(loader, "yaml-too-deep", "nested deeper than 64 levels");
    /* A value is not changed once it was handed out, so that an alias can share it. */
    node->value = (Value *)anchor->value;
    node->height = anchor->height;
    return charge_nodes(loader, anchor->nodes);
}

static void keep_anchor(Loader *loader, const char *name, const Node *node, guint nodes)
{
    Anchor *anchor = arena_new0(loader->arena, Anchor, 1);

    *anchor = (Anchor){node->value, nodes, node->height};
    g_hash_table_insert(loader->anchors, (gpointer)name, anchor);
}

static const char *anchor_of_event(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return (const char *)event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return (const char *)event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return (const char *)event->data.mapping_start.anchor;
    default:
        return NULL;
    }
}

static gboolean load_content(Loader *loader, int depth, Node *node)
{
    switch (loader->event.type) {
    case YAML_SCALAR_EVENT:
        return load_scalar(loader, node);
    case YAML_SEQUENCE_START_EVENT:
        return load_sequence(loader, depth, node);
    case YAML_MAPPING_START_EVENT:
        return load_mapping(loader, depth, node);
    default:
        g_assert_not_reached();
    }
}

/* The node that the current event begins; afterwards the current event is its last. */
static gboolean load_node(Loader *loader, int depth, Node *node)
{
    yaml_mark_t mark = loader->event.start_mark;
    guint before = loader->nodes;
    const char *anchor;

    if (loader->event.type == YAML_ALIAS_EVENT)
        return load_alias(loader, depth, node);
    if (depth >= DEPTH_MAX)
        return stop(loader, "yaml-too-deep", "nested deeper than 64 levels");
    if (!charge_nodes(loader, 1))
        return FALSE;
    anchor = arena_strdup(loader->arena, anchor_of_event(&loader->event));
    if (!load_content(loader, depth, node))
        return FALSE;
    value_set_position(node->value, mark_line(mark), mark_column(mark));
    if (anchor)
        keep_anchor(loader, anchor, node, loader->nodes - before);
    return TRUE;
}

/* ---- documents ---- */

static gboolean is_empty_document(const Loader *loader)
{
    return loader->event.type == YAML_SCALAR_EVENT && loader->event.data.scalar.length == 0 &&
           loader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           !loader->event.data.scalar.tag && !loader->event.data.scalar.anchor;
}

static gboolean load_document(Loader *loader, Value *documents)
{
    Node node;

    g_hash_table_remove_all(loader->anchors);
    if (!next_event(loader))
        return FALSE;
    if (!is_empty_document(loader)) {
        if (!load_node(loader, 0, &node))
            return FALSE;
        value_append(loader->arena, documents, node.value);
    }
    return next_event(loader);
}

static void load_stream(Loader *loader, Value *documents)
{
    while (next_event(loader)) {
        if (loader->event.type == YAML_STREAM_END_EVENT)
            return;
        if (loader->event.type == YAML_DOCUMENT_START_EVENT && !load_document(loader, documents))
            return;
    }
}

Value *yaml_parse_stream(Arena *arena, const char *text, gssize length, const char *file,
                         YamlDialect dialect, Diagnostics *diagnostics)
{
    g_autoptr(GHashTable) anchors = g_hash_table_new(g_str_hash, g_str_equal);
    Loader loader = {.arena = arena,
                     .file = file,
                     .dialect = dialect,
                     .diagnostics = diagnostics,
                     .anchors = anchors};
    Value *documents = value_array_new(arena);

    g_assert(yaml_parser_initialize(&loader.parser));
    yaml_parser_set_input_string(&loader.parser, (const unsigned char *)text,
                                 length < 0 ? strlen(text) : (gsize)length);
    load_stream(&loader, documents);
    if (loader.has_event)
        yaml_event_delete(&loader.event);
    yaml_parser_delete(&loader.parser);
    return loader.failed ? NULL : documents;
}

Value *yaml_parse(Arena *arena, const char *text, gssize length, const char *file,
                  YamlDialect dialect, Diagnostics *diagnostics)
{
    const Value *documents = yaml_parse_stream(arena, text, length, file, dialect, diagnostics);
    const Value *second = value_item(documents, 1);

    if (second) {
        diagnostics_error(diagnostics, "yaml-documents", file, value_line(second),
                          value_column(second), "a second document begins here; one is expected");
        return NULL;
    }
    return (Value *)value_item(documents, 0);
}
