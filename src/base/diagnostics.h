/* What is wrong with a person's file: one list for API, portal, CLI, SARIF and annotations. */
#pragma once
#include <glib.h>

typedef enum { DIAGNOSTIC_ERROR, DIAGNOSTIC_WARNING, DIAGNOSTIC_INFO } DiagnosticSeverity;

/* One finding. Every string is owned by the list; file, pointer and hint may be NULL, line and
 * column are 1-based and 0 where unknown. */
typedef struct {
    DiagnosticSeverity severity;
    const char *code;    /* stable and machine readable: "yaml-duplicate-key" */
    const char *message; /* a sentence a person can act on */
    const char *file;
    int line, column;
    const char *pointer; /* RFC 6901 JSON pointer to the value */
    const char *hint;    /* what to do about it */
} Diagnostic;

typedef struct Diagnostics Diagnostics;

Diagnostics *diagnostics_new(void);
/* For more findings than anybody reads: those of many files at once. */
Diagnostics *diagnostics_new_for(guint findings_max);
void diagnostics_free(Diagnostics *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Diagnostics, diagnostics_free)

/* Copies *finding. Of more than the most (1,000), further ones are left out. */
void diagnostics_add(Diagnostics *list, const Diagnostic *finding);

/* An error at file:line:column; the message is printf-formatted. */
void diagnostics_error(Diagnostics *list, const char *code, const char *file, int line, int column,
                       const char *format, ...) G_GNUC_PRINTF(6, 7);

/* By file, line and column. */
void diagnostics_sort(Diagnostics *list);
guint diagnostics_count(const Diagnostics *list);
const Diagnostic *diagnostics_get(const Diagnostics *list, guint index);
gboolean diagnostics_have_errors(const Diagnostics *list);

/* "file:line:column: message (hint)" of the first error, as ERROR_INPUT; FALSE and sets error if
 * there is one. */
gboolean diagnostics_to_error(const Diagnostics *list, GError **error);
