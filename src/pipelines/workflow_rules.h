/* The check of a workflow file as tables: each key with the kinds of value it takes, the contexts
 * its expressions may use (as GitHub documents them), and what to look at beneath it. */
#pragma once
#include "base/diagnostics.h"
#include "formats/value.h"

enum {
    IS_TEXT = 1,
    IS_NUMBER = 2,
    IS_BOOL = 4,
    IS_MAP = 8,
    IS_LIST = 16,
    IS_EMPTY = 32,
    IS_SCALAR = IS_TEXT | IS_NUMBER | IS_BOOL,
    IS_ANY = 63
};

typedef struct {
    Arena *arena;
    const char *file, *source;
    Diagnostics *diagnostics;
} Checker;

typedef struct {
    const char *name;
    guint kinds;
    const char *const *contexts; /* NULL: no expressions */
    void (*check)(Checker *checker, const Value *value, const char *name);
    gboolean is_condition;
} Rule;

extern const char *const IN_GLOBAL[];
extern const char *const IN_GLOBAL_ENV[];
extern const char *const IN_JOB_IF[];
extern const char *const IN_JOB[];
extern const char *const IN_JOB_ENV[];
extern const char *const IN_STEP_IF[];
extern const char *const IN_STEP[];
extern const char *const IN_CALL_OUTPUT[];

void check_report(Checker *checker, const char *code, int line, int column, const char *hint,
                  const char *message);
/* An error at where's place. */
void check_wrong(Checker *checker, const Value *where, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* value against the rule of its key; every member of map against its rule in rules (ended by an
 * empty one); what is how to call the mapping. */
void check_value(Checker *checker, const Value *value, const Rule *rule);
void check_mapping(Checker *checker, const Value *map, const Rule *rules, const char *what);
void check_required(Checker *checker, const Value *map, const char *key, const char *what);
/* The expressions in every text of value. */
void check_texts(Checker *checker, const Value *value, const Rule *rule);
const Rule *check_rule_of(const Rule *rules, const char *name);

/* Parts that several keys share. */
gboolean check_is_id(const char *text);
guint check_kind_of(const Value *value);
void check_scalars(Checker *checker, const Value *map, const char *name);
void check_text_list(Checker *checker, const Value *value, const char *name);
void check_defaults(Checker *checker, const Value *map, const char *name);
void check_concurrency(Checker *checker, const Value *value, const char *name);
void check_permissions(Checker *checker, const Value *value, const char *name);

/* The two big parts of a file. */
void check_on(Checker *checker, const Value *on, const char *name);
void check_jobs(Checker *checker, const Value *jobs, const char *name);
