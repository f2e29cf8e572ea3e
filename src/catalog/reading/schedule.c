/* When a location is read again: by its own schedule, the default one or Backstage's interval, and
 * later the more often it failed. */
#include "catalog/source/discovery.h"
#include "catalog/reading/ingest.h"
#include "catalog/reading/refresher.h"

#define INTERVAL_MS 100000
#define BACK_OFF_MAX_MS 3600000

/* The member of the location's own schedule, or of the default one; NULL: neither has it. */
static const Value *scheduled(Catalog *catalog, const CatalogLocation *location, const char *name)
{
    const Value *locations = config_get(catalog->config, "catalog.locations");
    const Value *own = value_get(discovery_schedule(catalog, location), name);

    for (guint i = 0; !own && i < value_count(locations); i++) {
        const Value *entry = value_item(locations, i);

        if (g_str_equal(value_path_string(entry, "type", "file"), location->type) &&
            g_str_equal(value_path_string(entry, "target", ""), location->target))
            own = value_get(value_get(entry, "schedule"), name);
    }
    return own ? own : value_get(config_get(catalog->config, "catalog.schedule"), name);
}

static int64_t duration_of(const Value *value)
{
    int64_t duration_ms;

    return config_parse_duration(value, &duration_ms) && duration_ms > 0 ? duration_ms : 0;
}

/* A number in [from, to), so that what began together does not stay together. */
static int64_t between(int64_t from, int64_t to)
{
    return to > from ? from + (int64_t)(g_random_double() * (double)(to - from)) : from;
}

static gboolean is_off(const Value *interval)
{
    return (value_is(interval, VALUE_BOOL) && !value_bool(interval, true)) ||
           g_strcmp0(value_string(interval, NULL), "false") == 0;
}

/* From one reading to the next that nothing asks for; 0: there is none. */
static int64_t interval_of(Catalog *catalog, const CatalogLocation *location)
{
    const Value *processing = config_get(catalog->config, "catalog.processingInterval");
    int64_t frequency = duration_of(scheduled(catalog, location, "frequency"));

    if (frequency)
        return between(frequency, frequency + frequency / 10);
    if (is_off(processing))
        return 0;
    frequency = processing ? duration_of(processing) : INTERVAL_MS;
    return between(frequency, frequency + frequency / 2);
}

int64_t schedule_next(Catalog *catalog, const CatalogLocation *location, int64_t read_at,
                      int64_t failures)
{
    int64_t interval = interval_of(catalog, location);

    if (interval == 0)
        return 0;
    for (int64_t i = 0; i < failures && interval < BACK_OFF_MAX_MS; i++)
        interval = MIN(interval * 2, MAX(interval, BACK_OFF_MAX_MS));
    return read_at + interval;
}

int64_t schedule_timeout(Catalog *catalog, const CatalogLocation *location)
{
    return duration_of(scheduled(catalog, location, "timeout"));
}

int64_t schedule_first(Catalog *catalog, const CatalogLocation *location)
{
    return clock_now_ms() + duration_of(scheduled(catalog, location, "initialDelay"));
}

typedef struct {
    const char *id;
    int64_t at;
} Due;

static gboolean write_due(DbConn *tx, void *data, GError **error)
{
    const Due *due = data;

    return store_set_due(tx, due->id, due->at, error);
}

gboolean schedule_set(Catalog *catalog, const char *location_id, int64_t next_at, GError **error)
{
    Due due = {location_id, next_at};

    if (!db_write(catalog->db, write_due, &due, NULL, error))
        return FALSE;
    refresher_wake(catalog->refresher);
    return TRUE;
}
