/* A registry in Markdown of what descriptors say: the same text for the same files. */
#include "catalog/descriptors/descriptors.h"
#include <string.h>

typedef struct {
    const CatalogFiles *files;
    const char *folder; /* links are relative to it */
    GHashTable *by_ref; /* ref → Descriptor */
    Arena *arena;
    GString *out;
} Readme;

/* ---- text ---- */

/* What would be markup, or end a cell. */
static void append_text(GString *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*_[]<>|", *text))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *text == '\n' || *text == '\r' ? ' ' : *text);
    }
}

static void append_link(GString *out, const char *text, const char *target)
{
    g_autofree char *escaped =
        g_uri_escape_string(target, G_URI_RESERVED_CHARS_ALLOWED_IN_PATH "?#%[]", TRUE);

    g_string_append_c(out, '[');
    append_text(out, text);
    g_string_append_printf(out, "](<%s>)", escaped);
}

static const char *path_from(Arena *arena, const char *folder, const char *file)
{
    g_autofree char *from = g_canonicalize_filename(folder, NULL);
    g_autofree char *to = g_canonicalize_filename(file, NULL);
    g_autoptr(GString) path = g_string_new(NULL);
    gsize same = 0;

    for (gsize i = 0; from[i] == to[i] && to[i]; i++)
        if (to[i] == '/')
            same = i + 1;
    if (g_str_has_prefix(to, from) && to[strlen(from)] == '/')
        same = strlen(from) + 1;
    for (const char *at = from + MIN(same, strlen(from)); *at;
         at = strchr(at, '/') ? strchr(at, '/') + 1 : "")
        g_string_append(path, "../");
    g_string_append(path, to + same);
    return arena_strdup(arena, path->str);
}

static const char *name_of(const Value *entity)
{
    return value_path_string(entity, "metadata.name", "");
}

/* ---- cells ---- */

static void append_ref(Readme *readme, const char *ref)
{
    const Descriptor *descriptor = g_hash_table_lookup(readme->by_ref, ref);
    const char *short_name = strchr(ref, ':') ? strchr(ref, ':') + 1 : ref;

    if (g_str_has_prefix(short_name, "default/"))
        short_name += strlen("default/");
    if (descriptor)
        append_link(readme->out, name_of(descriptor->entity),
                    path_from(readme->arena, readme->folder, descriptor->file));
    else
        append_text(readme->out, short_name);
}

static int compare_refs(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What entity refers to in a field of spec. */
static void append_targets(Readme *readme, const Descriptor *descriptor, const char *field)
{
    g_autoptr(GArray) relations = model_relations(readme->arena, descriptor->entity);
    g_autoptr(GPtrArray) refs = g_ptr_array_new();
    const char *parent = arena_printf(readme->arena, "/spec/%s", field);
    gsize length = strlen(parent);

    for (guint i = 0; i < relations->len; i++) {
        const Relation *relation = &g_array_index(relations, Relation, i);
        const char *target = relation->target, *pointer;

        if (descriptor_reference(readme->arena, descriptor->entity, relation, &pointer) &&
            strncmp(pointer, parent, length) == 0 &&
            (pointer[length] == '\0' || pointer[length] == '/') &&
            !g_ptr_array_find_with_equal_func(refs, target, g_str_equal, NULL))
            g_ptr_array_add(refs, (gpointer)target);
    }
    g_ptr_array_sort(refs, compare_refs);
    for (guint i = 0; i < refs->len; i++) {
        g_string_append(readme->out, i > 0 ? ", " : "");
        append_ref(readme, refs->pdata[i]);
    }
}

static void append_name(Readme *readme, const Descriptor *descriptor)
{
    const char *title = value_path_string(descriptor->entity, "metadata.title", NULL);
    const char *namespace = value_path_string(descriptor->entity, "metadata.namespace", "default");
    const char *name = name_of(descriptor->entity);

    if (!g_str_equal(namespace, "default"))
        name = arena_printf(readme->arena, "%s/%s", namespace, name);
    append_link(readme->out, name, path_from(readme->arena, readme->folder, descriptor->file));
    if (title) {
        g_string_append(readme->out, " (");
        append_text(readme->out, title);
        g_string_append_c(readme->out, ')');
    }
}

static void append_links(Readme *readme, const Descriptor *descriptor)
{
    const Value *links = value_path(descriptor->entity, "metadata.links");

    for (guint i = 0; i < value_count(links); i++) {
        const char *url = value_path_string(value_item(links, i), "url", "");

        g_string_append(readme->out, i > 0 ? ", " : "");
        append_link(readme->out, value_path_string(value_item(links, i), "title", url), url);
    }
}

/* ---- tables ---- */

typedef struct {
    const char *title, *field; /* field of spec: ">x" what it refers to, "@x" of metadata */
} Column;

typedef struct {
    const char *kind, *heading;
    Column columns[8];
} Table;

#define DESCRIPTION                                                                                \
    {                                                                                              \
        "Description", "@description"                                                              \
    }
#define LINKS                                                                                      \
    {                                                                                              \
        "Links", "@links"                                                                          \
    }

static const Table tables[] = {
    {"Domain", "Domains", {{"Owner", ">owner"}, {"Part of", ">subdomainOf"}, DESCRIPTION, LINKS}},
    {"System", "Systems", {{"Owner", ">owner"}, {"Domain", ">domain"}, DESCRIPTION, LINKS}},
    {"Component",
     "Components",
     {{"Type", "type"},
      {"Lifecycle", "lifecycle"},
      {"Owner", ">owner"},
      {"System", ">system"},
      {"Provides", ">providesApis"},
      {"Consumes", ">consumesApis"},
      DESCRIPTION,
      LINKS}},
    {"API",
     "APIs",
     {{"Type", "type"},
      {"Lifecycle", "lifecycle"},
      {"Owner", ">owner"},
      {"System", ">system"},
      DESCRIPTION,
      LINKS}},
    {"Resource",
     "Resources",
     {{"Type", "type"}, {"Owner", ">owner"}, {"System", ">system"}, DESCRIPTION, LINKS}},
    {"Group",
     "Groups",
     {{"Type", "type"}, {"Parent", ">parent"}, {"Members", ">members"}, DESCRIPTION, LINKS}},
    {"User", "Users", {{"Groups", ">memberOf"}, DESCRIPTION, LINKS}},
    {"Template", "Templates", {{"Type", "type"}, {"Owner", ">owner"}, DESCRIPTION, LINKS}},
    {NULL, NULL, {{"Kind", "*kind"}, {"Type", "type"}, {"Owner", ">owner"}, DESCRIPTION, LINKS}},
};

static void append_cell(Readme *readme, const Descriptor *descriptor, const char *field)
{
    const Value *entity = descriptor->entity;

    if (g_str_equal(field, "@links"))
        append_links(readme, descriptor);
    else if (field[0] == '>')
        append_targets(readme, descriptor, field + 1);
    else if (field[0] == '@')
        append_text(readme->out, value_path_string(value_get(entity, "metadata"), field + 1, ""));
    else if (field[0] == '*')
        append_text(readme->out, value_path_string(entity, field + 1, ""));
    else
        append_text(readme->out, value_path_string(value_get(entity, "spec"), field, ""));
}

static void append_table(Readme *readme, const Table *table, const char *heading,
                         const GPtrArray *rows)
{
    GString *out = readme->out;

    g_string_append_printf(out, "\n## %s\n\n| Name |", heading);
    for (guint i = 0; i < G_N_ELEMENTS(table->columns) && table->columns[i].title; i++)
        g_string_append_printf(out, " %s |", table->columns[i].title);
    g_string_append(out, "\n|---|");
    for (guint i = 0; i < G_N_ELEMENTS(table->columns) && table->columns[i].title; i++)
        g_string_append(out, "---|");
    for (guint row = 0; row < rows->len; row++) {
        g_string_append(out, "\n| ");
        append_name(readme, rows->pdata[row]);
        for (guint i = 0; i < G_N_ELEMENTS(table->columns) && table->columns[i].title; i++) {
            g_string_append(out, " | ");
            append_cell(readme, rows->pdata[row], table->columns[i].field);
        }
        g_string_append(out, " |");
    }
    g_string_append_c(out, '\n');
}

/* ---- the whole ---- */

static int compare_descriptors(gconstpointer a, gconstpointer b)
{
    const Descriptor *const *left = a, *const *right = b;

    return strcmp((*left)->ref, (*right)->ref);
}

static gboolean is_of(const Descriptor *descriptor, const char *kind)
{
    const char *own = value_path_string(descriptor->entity, "kind", "");

    return kind ? g_str_equal(own, kind) : !g_strv_contains(descriptor_kinds, own);
}

/* The valid ones of a kind (NULL: of none that is known), each once. */
static GPtrArray *of_kind(Readme *readme, const char *kind)
{
    GPtrArray *rows = g_ptr_array_new();
    GHashTableIter iterator;
    void *descriptor;

    g_hash_table_iter_init(&iterator, readme->by_ref);
    while (g_hash_table_iter_next(&iterator, NULL, &descriptor))
        if (is_of(descriptor, kind))
            g_ptr_array_add(rows, descriptor);
    g_ptr_array_sort(rows, compare_descriptors);
    return rows;
}

char *catalog_files_readme(const CatalogFiles *files, const char *folder)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(GHashTable) by_ref = g_hash_table_new(g_str_hash, g_str_equal);
    Readme readme = {files, folder, by_ref, arena, g_string_new("# Service registry\n")};

    for (guint i = files->descriptors->len; i > 0; i--) {
        Descriptor *descriptor = files->descriptors->pdata[i - 1];

        if (descriptor->entity)
            g_hash_table_replace(by_ref, (gpointer)descriptor->ref, descriptor);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_autoptr(GPtrArray) rows = of_kind(&readme, tables[i].kind);

        if (rows->len > 0)
            append_table(&readme, &tables[i], tables[i].heading ? tables[i].heading : "Others",
                         rows);
    }
    return g_string_free(readme.out, FALSE);
}
