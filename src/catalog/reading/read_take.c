/* What a location is told by its sources: entities, or what is wrong with them. */
#include "catalog/reading/internal.h"
#include <string.h>

/* ---- what is wrong ---- */

static Value *fault_source(Arena *arena, const Fault *fault)
{
    Value *source = value_object_new(arena);

    value_set_string(arena, source, "file", fault->file);
    if (fault->line > 0) {
        value_set_int(arena, source, "line", fault->line);
        value_set_int(arena, source, "column", fault->column);
    }
    return source;
}

void status_add(Arena *arena, Value *status, const Fault *fault)
{
    Value *item = value_object_new(arena), *error = value_object_new(arena);
    const char *place =
        fault->line > 0 ? arena_printf(arena, "%s:%d:%d", fault->file, fault->line, fault->column)
                        : fault->file;

    value_set_string(arena, error, "name", fault->name);
    value_set_string(arena, error, "message", fault->message);
    value_set_string(arena, item, "type", "backstage.io/catalog-processing");
    value_set_string(arena, item, "level", "error");
    value_set_string(arena, item, "message",
                     arena_printf(arena, "%s: %s (%s)", fault->name, fault->message, place));
    value_set(arena, item, "error", error);
    value_set(arena, item, "source", fault_source(arena, fault));
    value_append(arena, status, item);
}

static void add_fault(Reading *reading, Arena *arena, Emission *emission, const Fault *fault)
{
    if (!emission->status)
        emission->status = value_array_new(arena);
    status_add(arena, emission->status, fault);
    diagnostics_error(reading->diagnostics, "catalog-entity", fault->file, fault->line,
                      fault->column, "%s", fault->message);
}

static void add_faults(Reading *reading, Arena *arena, Emission *emission, const Fault *faults,
                       guint count)
{
    for (guint i = 0; i < count; i++)
        add_fault(reading, arena, emission, &faults[i]);
}

void reading_add_error(Reading *reading, Emission *parent, const Source *source, const Value *at,
                       const GError *error)
{
    add_fault(reading, reading->arena, parent,
              &(Fault){error_name(error), arena_strdup(reading->arena, error->message),
                       arena_strdup(reading->arena, source->target), value_line(at),
                       value_column(at)});
    if (!reading->error)
        reading->error = arena_strdup(reading->arena, error->message);
}

void reading_blame(Reading *reading, const char *parent, const Value *status)
{
    Emission *emission = parent ? g_hash_table_lookup(reading->parents, parent) : NULL;

    if (!emission)
        return;
    if (!emission->status)
        emission->status = value_array_new(reading->arena);
    for (guint i = 0; i < value_count(status); i++)
        value_append(reading->arena, emission->status,
                     value_copy(reading->arena, value_item(status, i)));
}

gpointer digest_key(const char *text)
{
    return (gpointer)(guintptr)text_digest(text);
}

void reading_forget(Reading *reading, const char *source)
{
    g_hash_table_add(reading->forgotten, digest_key(source));
    manifest_forget(reading->manifest, source);
}

static void note_source(Reading *reading, const char *name)
{
    if (reading->sources->len <= SOURCES_LISTED_MAX)
        g_ptr_array_add(reading->sources, arena_strdup(reading->arena, name));
}

/* What came from source stays; it shows the items that parent got since it had known ones. */
void reading_mark_failed(Reading *reading, const char *name, const Emission *parent, guint known)
{
    Value *items = g_hash_table_lookup(reading->failed, name);

    if (!items) {
        items = value_array_new(reading->arena);
        g_hash_table_insert(reading->failed, arena_strdup(reading->arena, name), items);
        note_source(reading, name);
    }
    for (guint i = known; i < value_count(parent->status); i++)
        value_append(reading->arena, items, value_item(parent->status, i));
}

/* ---- what was found ---- */

gboolean reading_is_first(Reading *reading, const char *ref)
{
    return g_hash_table_add(reading->emitted, digest_key(ref));
}

Emission *emission_copy(Arena *arena, const Emission *emission)
{
    Emission *copy = arena_new0(arena, Emission, 1);

    *copy = (Emission){.ref = arena_strdup(arena, emission->ref),
                       .parent = arena_strdup(arena, emission->parent),
                       .source = arena_strdup(arena, emission->source),
                       .entity = value_copy(arena, emission->entity),
                       .text = arena_strdup(arena, emission->text),
                       .status = value_copy(arena, emission->status),
                       .revision = arena_strdup(arena, emission->revision),
                       .line = emission->line};
    return copy;
}

/* A location, which stays to the end: all of it in the arena of the reading. */
Emission *reading_keep_location(Reading *reading, const Emission *emission)
{
    Emission *kept = emission_copy(reading->arena, emission);

    g_ptr_array_add(reading->locations, kept);
    g_hash_table_insert(reading->parents, (gpointer)kept->ref, kept);
    return kept;
}

static Emission *emission_of(ReadingChunk *chunk, const Task *task, const SourceText *text,
                             const Found *found)
{
    Emission *emission = arena_new0(chunk->arena, Emission, 1);

    *emission = (Emission){.ref = found->ref,
                           .parent = task->parent->ref,
                           .source = text->name,
                           .entity = found->entity,
                           .text = found->text,
                           .revision = text->revision,
                           .line = value_line(found->document)};
    return emission;
}

/* What is being taken from one source. */
typedef struct {
    Reading *reading;
    ReadingChunk *chunk;
    ReadingBatch *batch;
    Task task;
    const SourceText *text;
    gboolean plain; /* nothing in it has to be read again while it is unchanged */
} Taking;

/* An entity that is not valid: the reason goes to its earlier version, or to who names it. */
static void take_refused(Taking *taking, const Found *found)
{
    Reading *reading = taking->reading;
    Emission *parent = taking->task.parent, *emission;
    guint known = value_count(parent->status);

    taking->plain = FALSE;
    if (!found->ref || !reading_is_first(reading, found->ref)) {
        add_faults(reading, reading->arena, parent, found->faults, found->fault_count);
        reading_mark_failed(reading, taking->text->name, parent, known);
        return;
    }
    emission = emission_of(taking->chunk, &taking->task, taking->text, found);
    add_faults(reading, taking->chunk->arena, emission, found->faults, found->fault_count);
    g_hash_table_add(reading->refused, arena_strdup(reading->arena, found->ref));
    g_ptr_array_add(taking->batch->emissions, emission);
}

static void take_location(Taking *taking, const Emission *emission)
{
    Emission *kept = reading_keep_location(taking->reading, emission);

    taking->plain = FALSE;
    reading_read_targets(taking->reading, kept, &taking->text->source, taking->task.depth + 1);
}

static void take_found(Taking *taking, const Found *found)
{
    Reading *reading = taking->reading;
    Emission *parent = taking->task.parent, *emission;

    taking->plain &= !found->depends && found->fault_count == 0;
    if (!found->entity) {
        take_refused(taking, found);
    } else if (!found->allowed) {
        add_faults(reading, reading->arena, parent, found->faults, found->fault_count);
    } else if (!reading_is_first(reading, found->ref)) {
        taking->plain = FALSE;
        add_fault(reading, reading->arena, parent,
                  &(Fault){"ConflictError",
                           arena_printf(reading->arena, "%s is there twice", found->ref),
                           arena_strdup(reading->arena, taking->text->source.target),
                           value_line(found->document), value_column(found->document)});
    } else {
        emission = emission_of(taking->chunk, &taking->task, taking->text, found);
        add_faults(reading, taking->chunk->arena, emission, found->faults, found->fault_count);
        if (g_str_equal(value_path_string(found->entity, "kind", ""), "Location"))
            take_location(taking, emission);
        else
            g_ptr_array_add(taking->batch->emissions, emission);
    }
}

/* ---- one source ---- */

guint32 reading_context(const Reading *reading, const char *parent)
{
    return (guint32)text_digest(parent) ^ reading->configuration;
}

/* A file that was written in the last moments may be written again without looking any newer. */
static gboolean is_settled(const SourceText *text)
{
    int64_t written_s;

    if (!text->etag || !g_str_equal(text->source.type, "file"))
        return text->etag != NULL;
    written_s = g_ascii_strtoll(text->etag, NULL, 10);
    return written_s + 2 < g_get_real_time() / G_USEC_PER_SEC;
}

static void remember(Reading *reading, const Task *task, const SourceText *text, gboolean plain)
{
    gboolean known = plain && is_settled(text) &&
                     !g_hash_table_contains(reading->forgotten, digest_key(text->name));

    manifest_add(reading->manifest, text->name, reading_context(reading, task->parent->ref),
                 known ? text->etag : NULL);
}

static void take_unread(Taking *taking)
{
    Reading *reading = taking->reading;
    const SourceText *text = taking->text;
    Emission *parent = taking->task.parent;
    guint known = value_count(parent->status);

    if (text->error && taking->task.optional &&
        g_error_matches(text->error, PAVE_ERROR, ERROR_NOT_FOUND))
        return;
    if (text->error)
        reading_add_error(reading, parent, &text->source, NULL, text->error);
    else
        add_faults(reading, reading->arena, parent, text->faults, text->fault_count);
    if (!reading->error && text->fault_count > 0)
        reading->error = arena_strdup(reading->arena, text->faults[0].message);
    reading_mark_failed(reading, text->name, parent, known);
}

static void take_text(Taking *taking)
{
    Reading *reading = taking->reading;
    const SourceText *text = taking->text;

    if (text->revision && !reading->revision)
        reading->revision = arena_strdup(reading->arena, text->revision);
    reading->succeeded |= text->unchanged || text->found != NULL;
    if (text->unchanged) {
        remember(reading, &taking->task, text, TRUE);
        return;
    }
    if (!text->found) {
        take_unread(taking);
        return;
    }
    g_hash_table_add(reading->read, digest_key(text->name));
    note_source(reading, text->name);
    taking->plain = TRUE;
    for (guint i = 0; i < text->found->len; i++)
        take_found(taking, text->found->pdata[i]);
    remember(reading, &taking->task, text, taking->plain);
}

/* chunk goes into batch. */
void reading_take_chunk(Reading *reading, ReadingChunk *chunk, ReadingBatch *batch)
{
    for (guint i = 0; i < chunk->texts->len; i++) {
        Taking taking = {.reading = reading, .chunk = chunk, .batch = batch};

        taking.task =
            g_array_index(reading->tasks, Task, GPOINTER_TO_UINT(chunk->owners->pdata[i]));
        taking.text = &g_array_index(chunk->texts, SourceText, i);
        take_text(&taking);
    }
    g_ptr_array_add(batch->chunks, chunk);
}
