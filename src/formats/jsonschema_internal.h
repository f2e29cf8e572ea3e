/* The parts of the validator: the walk, and the keywords of each kind of value. */
#pragma once
#include "formats/jsonschema.h"
#include "formats/regex.h"

/* A schema is outside input too: what it may cost has a ceiling. */
enum { SCHEMA_STEPS_MAX = 2000000 };

typedef struct {
    Arena *arena;
    const Value *root;
    GPtrArray *found;
    GHashTable *regexes; /* pattern → Regex */
    GString *pointer;
    int64_t steps;
    guint depth, failures, quiet;
} SchemaWalk;

typedef struct {
    const char *name;
    bool (*holds)(SchemaWalk *v, const Value *schema, const Value *argument, const Value *instance);
} SchemaKeyword;

/* Each ended by an entry without a name. */
extern const SchemaKeyword schema_scalar_keywords[], schema_member_keywords[];

/* Notes a violation; always false. */
bool schema_fail(SchemaWalk *v, const Value *schema, const char *keyword, const Value *instance,
                 const Value *argument, const char *format, ...) G_GNUC_PRINTF(6, 7);
bool schema_check(SchemaWalk *v, const Value *schema, const Value *instance);
bool schema_check_member(SchemaWalk *v, const Value *schema, const char *key, const Value *member);
bool schema_check_item(SchemaWalk *v, const Value *schema, const Value *array, guint index);
/* Failures of instance under schema, without reporting them. */
guint schema_failures_of(SchemaWalk *v, const Value *schema, const Value *instance);

bool schema_has_type(const Value *instance, const char *type);
/* NULL where pattern is none. */
const Regex *schema_regex_of(SchemaWalk *v, const char *pattern);
/* Holds count against the keyword's limit ("minItems", "maxLength", …). */
bool schema_count_bound(SchemaWalk *v, const Value *schema, const char *keyword,
                        const Value *argument, const Value *instance, int64_t count,
                        const char *words, const char *unit);

/* What keeps `#/definitions/x` from being followed for ever. */
enum { JSONSCHEMA_DEPTH_MAX = 96 };

/* The schema a "$ref" within root names; NULL where there is none. */
const Value *jsonschema_resolve(const Value *root, const char *reference);

/* Does instance hold under schema, whose references are looked up in root? */
bool jsonschema_holds(Arena *arena, const Value *root, const Value *schema, const Value *instance);

/* Does text have the format? Formats nobody knows hold for every text. */
bool jsonschema_format(const char *format, const char *text, gsize length);
/* The format in words: "an e-mail address". */
const char *jsonschema_format_words(const char *format);
