/* What a form offers while somebody types. */
#include "scaffolder/api/api.h"

#include "scaffolder/scaffolder_internal.h"

SCAFFOLDER_HANDLER(scaffolder_api_autocomplete)
{
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Unsupported provider: %s",
                request_param(request, "provider"));
    return NULL;
}
