/* What a template reads: names with their members, filters, and other templates. */
#include "formats/nunjucks_javascript.h"
#include "formats/nunjucks_tree.h"

#include <string.h>

enum { NAMES_MAX = 16 };

typedef struct {
    const char *text;
    GHashTable *bound; /* names that the template itself gives a value to */
    NunjucksFound found;
    void *data;
    bool guarded; /* under `is defined` or `default` */
} Reads;

bool nunjucks_knows_filter(const char *name)
{
    const NjFilterEntry *const tables[] = {nj_text_filters, nj_html_filters, nj_value_filters,
                                           nj_list_filters, nj_scaffolder_filters};

    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        for (const NjFilterEntry *entry = tables[i]; entry->name; entry++)
            if (g_str_equal(entry->name, name))
                return true;
    return g_str_equal(name, "jsonify");
}

static bool binds_children(const NjNode *node)
{
    return node->kind == NJ_FOR || node->kind == NJ_SET || node->kind == NJ_MACRO ||
           node->kind == NJ_CALL_BLOCK || node->kind == NJ_IMPORT || node->kind == NJ_FROM;
}

static void bind_names(Reads *reads, const NjNode *node)
{
    if (!node)
        return;
    if (node->kind == NJ_MACRO)
        g_hash_table_add(reads->bound, (char *)node->name);
    for (const NjNode *child = node->first; child; child = child->next) {
        if (binds_children(node) && child->name)
            g_hash_table_add(reads->bound, (char *)child->name);
        bind_names(reads, child);
    }
    for (const NjNode *pair = node->named; pair; pair = pair->next) {
        if (binds_children(node))
            g_hash_table_add(reads->bound, (char *)pair->name);
        bind_names(reads, pair);
    }
    bind_names(reads, node->a);
    bind_names(reads, node->b);
    bind_names(reads, node->c);
}

static void report(Reads *reads, NunjucksRead *read, gsize offset)
{
    const char *line = reads->text;

    read->line = 1;
    for (gsize i = 0; i < offset; i++)
        if (reads->text[i] == '\n') {
            read->line++;
            line = reads->text + i + 1;
        }
    read->column = (int)g_utf8_strlen(line, reads->text + offset - line) + 1;
    read->guarded = reads->guarded;
    reads->found(read, reads->data);
}

static void visit(Reads *reads, const NjNode *node);

/* `parameters.a["b"]`: the members that are constants, from the name on. */
static void visit_path(Reads *reads, const NjNode *node)
{
    const NjNode *chain[NAMES_MAX];
    NunjucksRead read = {0};
    guint count = 0;

    for (; node->kind == NJ_LOOKUP || node->kind == NJ_MEMBER; node = node->a) {
        if (node->kind == NJ_LOOKUP && node->b->kind != NJ_LITERAL)
            visit(reads, node->b);
        if (count == NAMES_MAX)
            return;
        chain[count++] = node;
    }
    if (node->kind != NJ_SYMBOL) {
        visit(reads, node);
        return;
    }
    if (g_hash_table_contains(reads->bound, node->name))
        return;
    const char *names[NAMES_MAX + 1] = {node->name};

    read.names = names;
    for (read.count = 1; count > 0; read.count++) {
        const NjNode *step = chain[--count];
        const NjNode *key = step->kind == NJ_MEMBER ? step : step->b;

        if (step->kind == NJ_LOOKUP &&
            (key->kind != NJ_LITERAL || !value_is(key->value, VALUE_STRING)))
            break;
        names[read.count] = value_string(key->value, "");
    }
    report(reads, &read, node->offset);
}

static void visit_children(Reads *reads, const NjNode *node)
{
    for (const NjNode *child = node->first; child; child = child->next) {
        if (!binds_children(node))
            visit(reads, child);
        else if (child->kind == NJ_PAIR)
            visit(reads, child->b);
    }
    for (const NjNode *pair = node->named; pair; pair = pair->next)
        visit(reads, pair->b);
}

static void visit_filter(Reads *reads, const NjNode *node)
{
    bool before = reads->guarded;
    NunjucksRead read = {.filter = node->name};

    report(reads, &read, node->offset);
    reads->guarded |= g_str_equal(node->name, "default") || g_str_equal(node->name, "d");
    visit(reads, node->a);
    reads->guarded = before;
    visit(reads, node->b);
    visit_children(reads, node);
}

static void report_load(Reads *reads, const NjNode *node)
{
    bool before = reads->guarded;
    NunjucksRead read = {.loads = true};

    if (node->a->kind == NJ_LITERAL)
        read.load = value_string(node->a->value, NULL);
    reads->guarded = node->kind == NJ_INCLUDE && node->open;
    report(reads, &read, node->a->offset);
    reads->guarded = before;
}

static void report_bound(Reads *reads)
{
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, reads->bound);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        NunjucksRead read = {.binds = name, .line = 1, .column = 1};

        reads->found(&read, reads->data);
    }
}

static void visit(Reads *reads, const NjNode *node)
{
    bool before = reads->guarded;

    if (!node)
        return;
    switch (node->kind) {
    case NJ_LOCAL:
    case NJ_LOOP:
        return; /* the template's own */
    case NJ_SYMBOL:
    case NJ_MEMBER:
    case NJ_LOOKUP:
        visit_path(reads, node);
        return;
    case NJ_FILTER:
    case NJ_FILTER_BLOCK:
        visit_filter(reads, node);
        return;
    case NJ_TEST:
        reads->guarded |=
            g_str_equal(node->name, "defined") || g_str_equal(node->name, "undefined");
        break;
    case NJ_EXTENDS:
    case NJ_INCLUDE:
    case NJ_IMPORT:
    case NJ_FROM:
        report_load(reads, node);
        break;
    default:
        break;
    }
    visit(reads, node->a);
    visit(reads, node->b);
    visit(reads, node->c);
    visit_children(reads, node);
    reads->guarded = before;
}

bool nunjucks_reads(const char *text, const NunjucksOptions *options, NunjucksFound found,
                    void *data, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GHashTable) bound = g_hash_table_new(g_str_hash, g_str_equal);
    Reads reads = {.text = text, .bound = bound, .found = found, .data = data};
    NunjucksTemplate template;

    if (!nj_template_init(&template, arena, text, options, error))
        return false;
    bind_names(&reads, template.tree);
    report_bound(&reads);
    g_hash_table_add(bound, "loop");
    g_hash_table_add(bound, "caller");
    visit(&reads, template.tree);
    return true;
}
