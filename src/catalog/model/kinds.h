/* The kinds an entity may be: Backstage's own, and those an organisation defines in
 * `catalog.kinds`.
 *
 * The table of the organisation's kinds belongs to the process, as its configuration does: what an
 * entity declares is asked on many floors and threads that know no catalog. */
#pragma once
#include "base/diagnostics.h"
#include "formats/value.h"
#include "spine/config.h"

typedef enum {
    SPEC_TEXT,       /* not empty */
    SPEC_TEXTS,      /* a list of such */
    SPEC_REFERENCES, /* of references; Backstage's schema says nothing of it */
    SPEC_PROFILE,
    SPEC_PRESENCE, /* "required" or "optional" */
    SPEC_REMOTES,  /* of an MCP server */
    SPEC_STEPS,    /* of a template */
    SPEC_PAGES,    /* of parameters: one or a list */
    SPEC_OBJECT,
} SpecType;

typedef struct {
    const char *name; /* of a custom kind: a dotted path below spec */
    SpecType type;
    gboolean required;
    const char *relation, *inverse;
    const char *target_kind; /* of a reference without one; NULL: it must say */
} SpecField;

typedef struct {
    const char *kind;
    const char *const *api_versions; /* NULL-terminated */
    const char *spec_type;           /* only entities of this spec.type; NULL: any */
    const SpecField *fields;         /* ended by one without a name */
    const Value *schema;             /* of a custom kind; NULL: fields are all there is */
    const char *plural;
} Kind;

/* The kind of an entity; NULL where nobody knows it. */
const Kind *kind_of(const Value *entity);
/* What an unknown kind or apiVersion most likely should be, in arena; NULL. */
const char *kind_hint(Arena *arena, const Value *entity);
/* The value of a field. */
const Value *kind_value(const Kind *kind, const SpecField *field, const Value *spec);
/* JSON Schema of a kind, in arena. */
const Value *kind_schema(Arena *arena, const Kind *kind);
/* [{apiVersion, kind, plural, schema, custom}] of every kind, in arena. */
const Value *kinds_list(Arena *arena);

/* Reads `catalog.kinds` and takes the place of what was read before, which is gone then: call it
 * while nothing else runs. ERROR_INPUT with line and column. */
gboolean kinds_configure(const Config *config, GError **error);
/* The custom kinds (Kind *), NULL where there are none; and a digest of their definitions, "" then.
 */
const GPtrArray *kinds_custom(void);
const char *kinds_digest(void);
