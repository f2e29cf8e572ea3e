/* Diagnostics as others read them: a person, GitHub, a viewer of SARIF, a script. */
#pragma once
#include "base/diagnostics.h"
#include "formats/value.h"

typedef enum {
    DIAGNOSTICS_TEXT,   /* file:line:column: severity: message (hint) */
    DIAGNOSTICS_GITHUB, /* workflow commands, shown beside the lines of a pull request */
    DIAGNOSTICS_SARIF,  /* SARIF 2.1.0 */
    DIAGNOSTICS_JSON    /* {"findings": […], "errors": n, "warnings": n} */
} DiagnosticsFormat;

/* From "text", "github", "sarif" or "json"; FALSE for any other name. */
gboolean diagnostics_format_from_name(const char *name, DiagnosticsFormat *format);
void diagnostics_write(GString *out, const Diagnostics *list, DiagnosticsFormat format);
/* [{severity, code, message, file, line, column, pointer, hint}], as the API gives them. */
const Value *diagnostics_to_value(Arena *arena, const Diagnostics *list);
