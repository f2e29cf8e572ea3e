/* Diagnostics as others read them: a person, GitHub, a viewer of SARIF, a script. */
#pragma once
#include "base/diagnostics.h"

typedef enum {
    DIAGNOSTICS_TEXT,   /* file:line:column: severity: message (hint) */
    DIAGNOSTICS_GITHUB, /* workflow commands, shown beside the lines of a pull request */
    DIAGNOSTICS_SARIF,  /* SARIF 2.1.0 */
    DIAGNOSTICS_JSON    /* {"findings": […], "errors": n, "warnings": n} */
} DiagnosticsFormat;

/* From "text", "github", "sarif" or "json"; FALSE for any other name. */
gboolean diagnostics_format_from_name(const char *name, DiagnosticsFormat *format);
void diagnostics_write(GString *out, const Diagnostics *list, DiagnosticsFormat format);
