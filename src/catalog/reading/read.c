/* Reads everything a location names, and what that names in turn. */
#include "catalog/index/changes.h"
#include "catalog/source/discovery.h"
#include "catalog/model/kinds.h"
#include "catalog/reading/ingest.h"
#include "catalog/reading/internal.h"
#include "formats/json.h"
#include <string.h>
#include <unistd.h>

#define SOURCES_MAX 2000000
#define DEPTH_MAX 16
#define FILES_A_CHUNK 32
#define URL_THREADS 8
#define CHUNKS_AHEAD 96 /* as much as a batch: it is read while the one before is written */
#define SLOW_MS 1000 /* what was read meanwhile does not wait longer than this for what is slow */
#define PREVIEW_BATCH 1000
#define PREVIEW_ENTITIES_MAX 10000u
#define PREVIEW_BYTES_MAX ((gsize)64 << 20)

/* ---- batches ---- */

ReadingBatch *reading_batch_new(void)
{
    ReadingBatch *batch = g_new0(ReadingBatch, 1);

    batch->emissions = g_ptr_array_new();
    batch->chunks = g_ptr_array_new_with_free_func((GDestroyNotify)reading_chunk_unref);
    return batch;
}

void reading_batch_free(ReadingBatch *batch)
{
    if (!batch)
        return;
    g_ptr_array_unref(batch->emissions);
    g_ptr_array_unref(batch->chunks);
    g_free(batch);
}

static void note_repository(Reading *reading, const Source *source)
{
    const char *repository = source_repository(reading->catalog, reading->arena, source);
    GPtrArray *known = reading->repositories;

    if (repository && !g_ptr_array_find_with_equal_func(known, repository, g_str_equal, NULL))
        g_ptr_array_add(known, (gpointer)repository);
}

/* ---- the targets of a Location ---- */

static gboolean check_limits(Reading *reading, Emission *parent, const Source *source, int depth)
{
    g_autoptr(GError) error = NULL;
    guint known = value_count(parent->status);

    if (depth < DEPTH_MAX && reading->tasks->len < SOURCES_MAX)
        return TRUE;
    g_set_error(&error, PAVE_ERROR, ERROR_INPUT,
                "locations name each other more than %d deep, or more than %d files", DEPTH_MAX,
                SOURCES_MAX);
    reading_add_error(reading, parent, source, NULL, error);
    reading_mark_failed(reading, source_format(reading->arena, source), parent, known);
    return FALSE;
}

static void read_source(Reading *reading, Emission *parent, const Source *source, gboolean optional,
                        int depth)
{
    g_autofree char *name = g_strdup_printf("%s:%s", source->type, source->target);
    const Task task = {parent, source, optional, depth};

    if (manifest_has(reading->manifest, name))
        return;
    manifest_add(reading->manifest, name, 0, NULL);
    note_repository(reading, source);
    g_array_append_val(reading->tasks, task);
}

static void read_target(Reading *reading, Emission *parent, const Source *base, const char *type,
                        const Value *target, int depth)
{
    gboolean optional =
        g_str_equal(value_path_string(parent->entity, "spec.presence", "required"), "optional");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) sources = NULL;
    Source *source = arena_new0(reading->arena, Source, 1);
    guint known = value_count(parent->status);

    *source = (Source){type ? type : base->type, value_string(target, "")};
    if (!source_resolve(reading->catalog, reading->arena, base, type, value_string(target, ""),
                        source, &error) ||
        !(sources = source_expand(reading->catalog, reading->arena, source, &error))) {
        if (optional && g_error_matches(error, PAVE_ERROR, ERROR_NOT_FOUND))
            return;
        reading_add_error(reading, parent, source, target, error);
        reading_mark_failed(reading, source_format(reading->arena, source), parent, known);
        /* What it would have named is unknown, and stays. */
        g_hash_table_add(reading->refused, (gpointer)parent->ref);
        return;
    }
    for (guint i = 0; i < sources->len; i++)
        if (check_limits(reading, parent, sources->pdata[i], depth))
            read_source(reading, parent, sources->pdata[i], optional, depth);
}

void reading_read_targets(Reading *reading, Emission *parent, const Source *base, int depth)
{
    const Value *spec = value_get(parent->entity, "spec");
    const char *type = value_path_string(spec, "type", NULL);
    const Value *target = value_get(spec, "target"), *targets = value_get(spec, "targets");

    if (target)
        read_target(reading, parent, base, type, target, depth);
    for (guint i = 0; i < value_count(targets); i++)
        read_target(reading, parent, base, type, value_item(targets, i), depth);
}

/* ---- going on ---- */

/* Files share a chunk; of URLs each is waited for alone. */
static ReadingChunk *next_chunk(Reading *reading)
{
    ReadingChunk *chunk = reading_chunk_new();
    guint room = FILES_A_CHUNK;

    while (room > 0 && reading->next < reading->tasks->len) {
        const Task *task = &g_array_index(reading->tasks, Task, reading->next);
        gboolean is_file = g_str_equal(task->source->type, "file");
        SourceText text = {.source = *task->source, .parent = task->parent->ref};

        if (!is_file && chunk->texts->len > 0)
            break;
        text.name = source_format(chunk->arena, task->source);
        text.etag = reading->known ? manifest_etag(reading->known, text.name,
                                                   reading_context(reading, task->parent->ref))
                                   : NULL;
        g_array_append_val(chunk->texts, text);
        g_ptr_array_add(chunk->owners, GUINT_TO_POINTER(reading->next++));
        room = is_file ? room - 1 : 0;
    }
    return chunk;
}

/* No threads for a few files. */
static void ensure_pool(Reading *reading)
{
    guint left = reading->tasks->len - reading->next;
    gboolean files;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (reading->pool || left == 0)
        return;
    files = g_str_equal(g_array_index(reading->tasks, Task, reading->next).source->type, "file");
    if (left <= (files ? FILES_A_CHUNK : 1))
        reading->pool = reading_pool_new(reading->catalog, reading->origin, 0, TRUE);
    else
        reading->pool = reading_pool_new(reading->catalog, reading->origin,
                                         files ? (guint)CLAMP(cores, 1, 64) : URL_THREADS, FALSE);
}

static void fill_pool(Reading *reading)
{
    while (reading->next < reading->tasks->len && reading_pool_size(reading->pool) < CHUNKS_AHEAD)
        reading_pool_put(reading->pool, next_chunk(reading));
}

/* What nobody has begun to read when time is up is left for the next time. */
static void give_up_late(Reading *reading)
{
    g_autoptr(GError) error = NULL;
    const Source self = {reading->origin->type, reading->origin->target};

    if (reading->until_ms == 0 || reading->next == reading->tasks->len ||
        clock_monotonic_ms() < reading->until_ms)
        return;
    g_set_error(&error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE,
                "it takes longer than its schedule allows: %u of %u sources were not read",
                reading->tasks->len - reading->next, reading->tasks->len);
    reading_add_error(reading, reading->locations->pdata[0], &self, NULL, error);
    for (; reading->next < reading->tasks->len; reading->next++) {
        const Task *task = &g_array_index(reading->tasks, Task, reading->next);
        g_autofree char *name = g_strdup_printf("%s:%s", task->source->type, task->source->target);

        reading_mark_failed(reading, name, task->parent, value_count(task->parent->status));
    }
}

static gboolean is_read(const Reading *reading)
{
    return reading->next == reading->tasks->len &&
           (!reading->pool || reading_pool_size(reading->pool) == 0);
}

/* The locations come last, when all that was wrong with what they name is known: those that were
 * named last before those that name them. */
static ReadingBatch *last_batch(Reading *reading, guint limit)
{
    ReadingBatch *batch = reading_batch_new();

    guint end = reading->locations->len - reading->given, count = MIN(limit, end);

    reading->given += count;
    reading->ended = count == end;
    batch->last = TRUE;
    for (guint i = end - count; i < end; i++)
        g_ptr_array_add(batch->emissions, reading->locations->pdata[i]);
    return batch;
}

ReadingBatch *reading_next(Reading *reading, guint limit)
{
    g_autoptr(ReadingBatch) batch = reading_batch_new();

    if (reading->ended)
        return NULL;
    for (;;) {
        ReadingChunk *chunk;

        give_up_late(reading);
        if (batch->emissions->len >= limit || is_read(reading) ||
            commits_are_stopping(reading->catalog))
            break;
        ensure_pool(reading);
        fill_pool(reading);
        chunk = reading_pool_take(reading->pool, SLOW_MS);
        if (chunk)
            reading_take_chunk(reading, chunk, batch);
        else if (batch->emissions->len > 0)
            break;
    }
    return batch->emissions->len > 0 ? g_steal_pointer(&batch) : last_batch(reading, limit);
}

/* ---- the location itself ---- */

/* "generated-<sha1>", the entity that stands for what was configured or registered. */
static const Value *location_entity(Catalog *catalog, Arena *arena, const CatalogLocation *location)
{
    const char *ref = location_entity_ref(arena, location->type, location->target);
    const Source self = {location->type, location->target};
    Value *entity = value_object_new(arena), *metadata = value_object_new(arena);
    Value *spec = value_object_new(arena);

    value_set_string(arena, metadata, "namespace", "default");
    value_set_string(arena, metadata, "name", strchr(ref, '/') + 1);
    value_set_string(arena, spec, "type", location->type);
    value_set_string(arena, spec, "target", location->target);
    if (discovery_is_found(location))
        value_set_string(arena, spec, "presence", "optional");
    value_set_string(arena, entity, "apiVersion", "backstage.io/v1alpha1");
    value_set_string(arena, entity, "kind", "Location");
    value_set(arena, entity, "metadata", metadata);
    value_set(arena, entity, "spec", spec);
    return entity_annotate(catalog, arena, &self, source_format(arena, &self), entity);
}

/* What an entity depends on besides its own text. */
static guint32 digest_configuration(const Catalog *catalog)
{
    static const char *const paths[] = {"catalog", "integrations", "backend.reading"};
    g_autoptr(GString) text = g_string_new(PAVE_VERSION);

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
        json_write(text, config_get(catalog->config, paths[i]), JSON_COMPACT);
    g_string_append(text, kinds_digest());
    return (guint32)text_digest(text->str);
}

static void begin(Reading *reading)
{
    const Source self = {reading->origin->type, reading->origin->target};
    Emission root = {.source = reading->origin_ref};

    root.entity = location_entity(reading->catalog, reading->arena, reading->origin);
    root.ref = entity_ref_of(reading->arena, root.entity);
    reading_is_first(reading, root.ref);
    note_repository(reading, &self);
    reading_read_targets(reading, reading_keep_location(reading, &root), &self, 0);
}

static Reading *make(Catalog *catalog, const CatalogLocation *location, const Manifest *known,
                     Diagnostics *diagnostics)
{
    Reading *reading = g_new0(Reading, 1);
    const Source self = {location->type, location->target};

    reading->catalog = catalog;
    reading->arena = arena_new(G_MAXSIZE);
    reading->origin = location;
    reading->origin_ref = source_format(reading->arena, &self);
    reading->configuration = digest_configuration(catalog);
    reading->diagnostics = diagnostics;
    reading->known = known;
    reading->manifest = manifest_new();
    reading->tasks = g_array_new(FALSE, FALSE, sizeof(Task));
    reading->emitted = g_hash_table_new(g_direct_hash, g_direct_equal);
    reading->refused = g_hash_table_new(g_str_hash, g_str_equal);
    reading->parents = g_hash_table_new(g_str_hash, g_str_equal);
    reading->locations = g_ptr_array_new();
    reading->read = g_hash_table_new(g_direct_hash, g_direct_equal);
    reading->forgotten = g_hash_table_new(g_direct_hash, g_direct_equal);
    reading->failed = g_hash_table_new(g_str_hash, g_str_equal);
    reading->sources = g_ptr_array_new();
    reading->repositories = g_ptr_array_new();
    return reading;
}

Reading *reading_new(Catalog *catalog, const CatalogLocation *location, const Manifest *known,
                     Diagnostics *diagnostics)
{
    Reading *reading = make(catalog, location, known, diagnostics);
    int64_t timeout_ms = schedule_timeout(catalog, location);

    reading->until_ms = timeout_ms ? clock_monotonic_ms() + timeout_ms : 0;
    begin(reading);
    return reading;
}

/* What names it is not read: only its ref is known, and nothing is written of it. */
Reading *reading_new_beside(Catalog *catalog, const CatalogLocation *location, const char *parent,
                            const Source *source, Diagnostics *diagnostics)
{
    Reading *reading = make(catalog, location, NULL, diagnostics);
    Emission *naming = arena_new0(reading->arena, Emission, 1);
    Source *copy = arena_new0(reading->arena, Source, 1);

    naming->ref = arena_strdup(reading->arena, parent);
    *copy = (Source){arena_strdup(reading->arena, source->type),
                     arena_strdup(reading->arena, source->target)};
    read_source(reading, naming, copy, FALSE, 0);
    return reading;
}

void reading_free(Reading *reading)
{
    if (!reading)
        return;
    reading_pool_free(reading->pool);
    manifest_free(reading->manifest);
    g_array_unref(reading->tasks);
    g_hash_table_unref(reading->emitted);
    g_hash_table_unref(reading->refused);
    g_hash_table_unref(reading->parents);
    g_ptr_array_unref(reading->locations);
    g_hash_table_unref(reading->read);
    g_hash_table_unref(reading->forgotten);
    g_hash_table_unref(reading->failed);
    g_ptr_array_unref(reading->sources);
    g_ptr_array_unref(reading->repositories);
    arena_free(reading->arena);
    g_free(reading);
}

static gboolean check_preview(const CatalogLocation *location, guint entities, const Arena *arena,
                              GError **error)
{
    if (entities <= PREVIEW_ENTITIES_MAX && arena_used(arena) <= PREVIEW_BYTES_MAX)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                "%s gives more than can be shown beforehand (%u entities or 64 MiB)",
                location->target, PREVIEW_ENTITIES_MAX);
    return FALSE;
}

GPtrArray *reading_preview(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                           GError **error)
{
    g_autoptr(Diagnostics) findings = diagnostics_new();
    g_autoptr(Reading) reading = reading_new(catalog, location, NULL, findings);
    g_autoptr(GPtrArray) emissions = g_ptr_array_new();

    for (;;) {
        g_autoptr(ReadingBatch) batch = reading_next(reading, PREVIEW_BATCH);

        if (!batch)
            return g_steal_pointer(&emissions);
        for (guint i = 0; i < batch->emissions->len; i++) {
            g_ptr_array_insert(emissions, batch->last ? (int)i : -1,
                               emission_copy(arena, batch->emissions->pdata[i]));
            if (!check_preview(location, emissions->len, arena, error))
                return NULL;
        }
        /* Locations come with the last batch. */
        if (!batch->last &&
            !check_preview(location, emissions->len + reading->locations->len, arena, error))
            return NULL;
    }
}

/* ---- what came of it ---- */

Arena *reading_arena(Reading *reading)
{
    return reading->arena;
}

gboolean reading_has(const Reading *reading, const char *ref)
{
    return g_hash_table_contains(reading->emitted, digest_key(ref));
}

gboolean reading_refused(const Reading *reading, const char *ref)
{
    return g_hash_table_contains(reading->refused, ref);
}

gboolean reading_keeps(const Reading *reading, const char *source)
{
    return manifest_remembers(reading->manifest, source) &&
           !g_hash_table_contains(reading->read, digest_key(source));
}

const Value *reading_failure(const Reading *reading, const char *source)
{
    return g_hash_table_lookup(reading->failed, source);
}

const GPtrArray *reading_sources(const Reading *reading)
{
    return reading->sources->len <= SOURCES_LISTED_MAX ? reading->sources : NULL;
}

const GPtrArray *reading_repositories(const Reading *reading)
{
    return reading->repositories;
}

const char *reading_revision(const Reading *reading)
{
    return reading->revision;
}

const char *reading_error(const Reading *reading)
{
    return reading->error;
}

gboolean reading_failed(const Reading *reading)
{
    return reading->error && !reading->succeeded;
}

const Manifest *reading_manifest(const Reading *reading)
{
    return reading->manifest;
}

const Manifest *reading_remember(Reading *reading)
{
    if (reading->known && g_hash_table_size(reading->refused) > 0)
        manifest_add_missing(reading->manifest, reading->known);
    return reading->manifest;
}
