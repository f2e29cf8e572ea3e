#include "deployments/deployments_internal.h"

#include <stdatomic.h>
#include <string.h>

/* Every request to a service asks here, so it takes no lock: a name is added once and stays, only
 * its port changes. The names a server ever sees are few. */

enum { BUCKETS = 1024 };

typedef struct Entry {
    struct Entry *next; /* never changes */
    char *key;
    _Atomic(guint16) port;
} Entry;

struct Routes {
    _Atomic(Entry *) buckets[BUCKETS];
};

Routes *routes_new(void)
{
    return g_new0(Routes, 1);
}

void routes_free(Routes *routes)
{
    for (guint i = 0; routes && i < BUCKETS; i++) {
        Entry *entry = atomic_load(&routes->buckets[i]);

        while (entry) {
            Entry *next = entry->next;

            g_free(entry->key);
            g_free(entry);
            entry = next;
        }
    }
    g_free(routes);
}

static gboolean matches(const char *key, const char *service, const char *environment)
{
    gsize length = strlen(service);

    return strncmp(key, service, length) == 0 && key[length] == '/' &&
           strcmp(key + length + 1, environment) == 0;
}

static guint bucket_of(const char *service, const char *environment)
{
    return (g_str_hash(service) * 31 + g_str_hash(environment)) % BUCKETS;
}

static Entry *find(Routes *routes, const char *service, const char *environment)
{
    Entry *entry = atomic_load_explicit(&routes->buckets[bucket_of(service, environment)],
                                        memory_order_acquire);

    while (entry && !matches(entry->key, service, environment))
        entry = entry->next;
    return entry;
}

void routes_set(Routes *routes, const char *service, const char *environment, guint16 port)
{
    _Atomic(Entry *) *bucket = &routes->buckets[bucket_of(service, environment)];
    Entry *entry = find(routes, service, environment);

    if (!entry) {
        entry = g_new0(Entry, 1);
        entry->key = g_strconcat(service, "/", environment, NULL);
        entry->next = atomic_load(bucket);
        atomic_store_explicit(bucket, entry, memory_order_release);
    }
    atomic_store(&entry->port, port);
}

guint16 routes_get(Routes *routes, const char *service, const char *environment)
{
    Entry *entry = find(routes, service, environment);

    return entry ? atomic_load(&entry->port) : 0;
}
