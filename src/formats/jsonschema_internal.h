/* The parts of the validator: the walk, the keywords of each kind of value, references. */
#pragma once
#include "formats/jsonschema.h"
#include "formats/regex.h"

/* A schema is outside input too: what it may cost has a ceiling. */
enum {
    SCHEMA_STEPS_MAX = 2000000,
    SCHEMA_EFFORT_MAX = 20000, /* of all patterns together: about a second */
    JSONSCHEMA_DEPTH_MAX = 96  /* keeps `#/definitions/x` from being followed for ever */
};

/* What `$schema` says, as bits, so that a keyword can belong to several. */
typedef enum {
    DRAFT_07 = 1 << 0,
    DRAFT_2019 = 1 << 1,
    DRAFT_2020 = 1 << 2,
    DRAFT_NEW = DRAFT_2019 | DRAFT_2020,
    DRAFT_ALL = DRAFT_07 | DRAFT_NEW
} SchemaDraft;

/* ---- references ---- */

/* A schema with an `$id` of its own, or the document. */
typedef struct {
    const char *uri; /* absolute, without fragment */
    const Value *root;
    SchemaDraft draft;
} SchemaResource;

typedef struct {
    const Value *schema; /* NULL: nothing is there */
    const SchemaResource *resource;
} SchemaTarget;

typedef struct SchemaIndex SchemaIndex;

/* Every `$id` and anchor of the document; everything lives in arena, but the index itself. */
SchemaIndex *schema_index_new(Arena *arena, const Value *root);
void schema_index_free(SchemaIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SchemaIndex, schema_index_free)
const SchemaResource *schema_index_root(const SchemaIndex *index);
/* Does anything in the document ask for what nobody evaluated? */
bool schema_index_tracks(const SchemaIndex *index);
/* The resource schema begins; NULL where it is inside of one. */
const SchemaResource *schema_index_entered(const SchemaIndex *index, const Value *schema);
/* What reference names, seen from inside of resource. */
SchemaTarget schema_index_resolve(const SchemaIndex *index, const SchemaResource *resource,
                                  const char *reference);
/* The "$dynamicAnchor" called name of resource. */
SchemaTarget schema_index_dynamic(const SchemaIndex *index, const SchemaResource *resource,
                                  const char *name);

/* ---- the walk ---- */

/* Where the walk came through, innermost first: what "$dynamicRef" looks at. */
typedef struct SchemaScope {
    const SchemaResource *resource;
    const struct SchemaScope *outer;
} SchemaScope;

typedef struct {
    Arena *arena;
    const SchemaIndex *index;
    const SchemaScope *scope;
    GPtrArray *found;
    GHashTable *regexes; /* pattern → Regex */
    GString *pointer;
    int64_t steps;
    guint effort; /* of patterns */
    guint depth, failures, quiet;
    bool stopped, troubled; /* beyond a ceiling; a schema that is itself wrong */
} SchemaWalk;

/* Which members or items of an instance some keyword has spoken of; NULL where nobody asks. */
typedef struct {
    guint8 *bits;
    guint count;
} SchemaSeen;

static inline void schema_seen_add(SchemaSeen *seen, guint index)
{
    if (seen && index < seen->count)
        seen->bits[index / 8] |= (guint8)(1 << index % 8);
}

static inline bool schema_seen_has(const SchemaSeen *seen, guint index)
{
    return seen && (seen->bits[index / 8] & 1 << index % 8) != 0;
}

typedef struct {
    const Value *schema, *instance;
    SchemaSeen *seen;
} SchemaPlace;

typedef struct {
    const char *name;
    SchemaDraft drafts;
    bool (*holds)(SchemaWalk *v, const SchemaPlace *at, const Value *argument);
} SchemaKeyword;

/* Each ended by an entry without a name. */
extern const SchemaKeyword schema_scalar_keywords[], schema_item_keywords[],
    schema_member_keywords[], schema_combining_keywords[];

SchemaDraft schema_draft(const SchemaWalk *v);

/* Notes a violation; always false. */
bool schema_fail(SchemaWalk *v, const SchemaPlace *at, const char *keyword, const Value *argument,
                 const char *format, ...) G_GNUC_PRINTF(5, 6);
/* The same for what is wrong with the schema itself: then nothing holds, whatever a `not` or an
 * `anyOf` around it says. */
bool schema_trouble(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                    const Value *argument, const char *format, ...) G_GNUC_PRINTF(5, 6);

/* The instance itself under another schema; what that speaks of goes into seen where it holds. */
bool schema_check(SchemaWalk *v, const Value *schema, const Value *instance, SchemaSeen *seen);
bool schema_check_member(SchemaWalk *v, const Value *schema, const char *key, const Value *member);
bool schema_check_item(SchemaWalk *v, const Value *schema, const Value *array, guint index);
/* Failures of instance under schema, without reporting them. */
guint schema_failures_of(SchemaWalk *v, const Value *schema, const Value *instance,
                         SchemaSeen *seen);

bool schema_has_type(const Value *instance, const char *type);
/* Does text match? false too where pattern is none or gives up, which is reported. */
bool schema_pattern_fits(SchemaWalk *v, const SchemaPlace *at, const Value *pattern,
                         const char *text, gsize length);
/* Holds count against the keyword's limit ("minItems", "maxLength", …). */
bool schema_count_bound(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                        const Value *argument, int64_t count, const char *words, const char *unit);

/* Does instance hold under schema, which is in resource? */
bool jsonschema_holds(Arena *arena, const SchemaIndex *index, const SchemaResource *resource,
                      const Value *schema, const Value *instance);

/* ---- words ---- */

void schema_pointer_append(GString *pointer, const char *key);
/* "text", "a whole number". */
const char *schema_type_words(const char *type);
/* What a simple pattern asks for: "begin with a lower-case letter and hold only …"; NULL where it
 * is not simple. Free with g_free(). */
char *schema_pattern_words(const char *pattern);

/* ---- formats ---- */

/* Does text have the format? Formats nobody knows hold for every text. */
bool jsonschema_format(const char *format, const char *text, gsize length);
/* The format in words: "an e-mail address". */
const char *jsonschema_format_words(const char *format);

bool format_is_hostname(const char *text, gsize length);
bool format_is_idn_hostname(const char *text, gsize length);
bool format_is_email(const char *text, gsize length);
bool format_is_idn_email(const char *text, gsize length);
bool format_is_ipv4(const char *text, gsize length);
bool format_is_ipv6(const char *text, gsize length);
bool format_is_uri(const char *text, gsize length);
bool format_is_uri_reference(const char *text, gsize length);
bool format_is_iri(const char *text, gsize length);
bool format_is_iri_reference(const char *text, gsize length);
bool format_is_uri_template(const char *text, gsize length);
bool format_is_json_pointer(const char *text, gsize length);
bool format_is_json_pointer_fragment(const char *text, gsize length);
bool format_is_relative_json_pointer(const char *text, gsize length);
