#include "base/error.h"

static const struct {
    const char *name;
    unsigned status;
} names[] = {
    [ERROR_INTERNAL] = {"Error", 500},
    [ERROR_INPUT] = {"InputError", 400},
    [ERROR_AUTHENTICATION] = {"AuthenticationError", 401},
    [ERROR_NOT_ALLOWED] = {"NotAllowedError", 403},
    [ERROR_NOT_FOUND] = {"NotFoundError", 404},
    [ERROR_CONFLICT] = {"ConflictError", 409},
    [ERROR_NOT_MODIFIED] = {"NotModifiedError", 304},
    [ERROR_TOO_LARGE] = {"PayloadTooLargeError", 413},
    [ERROR_NOT_IMPLEMENTED] = {"NotImplementedError", 501},
    [ERROR_SERVICE_UNAVAILABLE] = {"ServiceUnavailableError", 503},
    [ERROR_CANCELLED] = {"CancelledError", 499},
};

G_DEFINE_QUARK(pave - error - quark, pave_error)

static int code_of(const GError *error)
{
    if (error->domain != PAVE_ERROR)
        return ERROR_INTERNAL;
    g_assert(error->code >= 0 && error->code < (int)G_N_ELEMENTS(names));
    return error->code;
}

const char *error_name(const GError *error)
{
    return names[code_of(error)].name;
}

unsigned error_status(const GError *error)
{
    return names[code_of(error)].status;
}
