/* The one error domain. Its codes are Backstage's error names, and each has an HTTP status.
 *
 * A caller's fault becomes a GError of this domain whose message a person can act on: what was
 * wrong, where, what to do. The world's faults (disk, database, network) use
 * ERROR_SERVICE_UNAVAILABLE or ERROR_INTERNAL and are logged once at the top. Our own faults are
 * g_assert(), which stays on in production. */
#pragma once
#include <glib.h>

#define PAVE_ERROR pave_error_quark()
GQuark pave_error_quark(void);

typedef enum {
    ERROR_INTERNAL,            /* 500 "Error" */
    ERROR_INPUT,               /* 400 "InputError" */
    ERROR_AUTHENTICATION,      /* 401 "AuthenticationError" */
    ERROR_NOT_ALLOWED,         /* 403 "NotAllowedError" */
    ERROR_NOT_FOUND,           /* 404 "NotFoundError" */
    ERROR_CONFLICT,            /* 409 "ConflictError" */
    ERROR_NOT_MODIFIED,        /* 304 "NotModifiedError" */
    ERROR_TOO_LARGE,           /* 413 "PayloadTooLargeError" */
    ERROR_NOT_IMPLEMENTED,     /* 501 "NotImplementedError" */
    ERROR_SERVICE_UNAVAILABLE, /* 503 "ServiceUnavailableError" */
    ERROR_CANCELLED,           /* 499 "CancelledError": the person who asked took it back */
} PaveErrorCode;

/* The name Backstage's clients know, "Error" for anything outside our domain. Static. */
const char *error_name(const GError *error);

/* The HTTP status for error, 500 for anything outside our domain. */
unsigned error_status(const GError *error);
