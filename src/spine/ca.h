/* A certificate authority of Pave's own, for names that only exist inside of Pave
 * ("order-service.staging.internal"). Its key is sealed like every other secret. */
#pragma once
#include "base/error.h"
#include "spine/secrets.h"

typedef struct {
    char *ca_file;           /* the authority's certificate, PEM */
    char *bundle_file;       /* the same and the machine's own authorities */
    char *certificate, *key; /* of the server, PEM texts; the chain included */
} LocalCa;

/* Opens folder, making what is missing: the authority (10 years), and a server certificate (90
 * days, made anew 30 days before its end and when names change) for names, NULL-terminated,
 * wildcards allowed. */
LocalCa *local_ca_open(const char *folder, Secrets *secrets, const char *const *names,
                       GError **error);
void local_ca_free(LocalCa *ca);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LocalCa, local_ca_free)
