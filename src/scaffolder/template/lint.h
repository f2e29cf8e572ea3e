/* What is wrong with a template, without running it. */
#pragma once
#include "base/diagnostics.h"
#include "scaffolder/scaffolder_internal.h"

/* A template under examination. */
typedef struct {
    const Scaffolder *scaffolder; /* its actions are those that are known */
    Arena *arena;
    const Value *template; /* knows the places it was written at */
    const char *file;      /* named in findings */
    const char *folder;    /* where the files beside it are; NULL: unknown */
    const char *shown;     /* what stands for folder in findings; "" or "dir/" */
    Diagnostics *findings;
    GHashTable *parameters; /* name → property (const Value *) */
    GHashTable *used;       /* names of parameters that something reads */
    GHashTable *secrets;    /* names of the fields that go to `secrets` */
    bool uses_all;          /* something reads `parameters` as a whole */
} Lint;

/* Everything below; template.yaml's folder is folder. */
void template_lint(const Scaffolder *scaffolder, Arena *arena, const Value *template,
                   const char *file, const char *folder, const char *shown, Diagnostics *findings);

/* A finding at value, which may be NULL. hint may be NULL. */
void lint_add(Lint *lint, DiagnosticSeverity severity, const char *code, const Value *value,
              const char *hint, const char *format, ...) G_GNUC_PRINTF(6, 7);
/* The same where object has key. */
void lint_add_at_key(Lint *lint, DiagnosticSeverity severity, const char *code, const Value *object,
                     const char *key, const char *format, ...) G_GNUC_PRINTF(6, 7);
/* "did you mean …?" of what is nearest to name among the keys of table; NULL. */
const char *lint_hint(Lint *lint, const char *name, GHashTable *table);
/* A text with an expression or a statement in it. */
bool lint_is_dynamic(const Value *value);

void lint_form(Lint *lint);
void lint_unused_parameters(Lint *lint);
void lint_expressions(Lint *lint);
void lint_skeletons(Lint *lint);
