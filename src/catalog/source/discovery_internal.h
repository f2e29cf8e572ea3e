/* What the files of discovery share: the providers of the configuration, and what they look for. */
#pragma once
#include "catalog/catalog_internal.h"
#include "catalog/source/discovery.h"
#include "catalog/source/host.h"
#include "catalog/source/internal.h"

typedef struct {
    const char *key;      /* below catalog.providers */
    const char *type;     /* of its locations */
    const HostKind *host; /* NULL: the forge */
    const char *owner;    /* the member that names whose repositories; NULL: everyone's */
} ProviderKind;

typedef struct {
    const ProviderKind *kind;
    const char *id;
    const Value *config;
} Provider;

/* Calls visit for each configured provider of repositories until it returns FALSE. */
gboolean providers_each(const Config *config, gboolean (*visit)(const Provider *, void *data),
                        void *data);
/* The provider of a location; FALSE where it is not configured any more. */
gboolean provider_of(const Config *config, const CatalogLocation *location, Provider *provider);
/* The URLs (const char *) of the files that provider looks for. */
GPtrArray *provider_find(Catalog *catalog, Arena *arena, const Provider *provider, GError **error);
/* Adds a found file's URL to targets for each repository that passes the provider's filters. */
gboolean provider_filter(const Provider *provider, Arena *arena, const GPtrArray *repositories,
                         GPtrArray *passed, GError **error);
