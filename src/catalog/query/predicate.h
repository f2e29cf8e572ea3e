/* What entities must be: `filter=` parameters and predicates in JSON become the same tree. */
#pragma once
#include "base/error.h"
#include "formats/value.h"

typedef enum {
    PREDICATE_ALL, /* of the children */
    PREDICATE_ANY,
    PREDICATE_NOT, /* the one child */
    PREDICATE_EXISTS,
    PREDICATE_EQUALS,
    PREDICATE_PREFIX,
    PREDICATE_CONTAINS, /* value is somewhere in it */
} PredicateKind;

typedef struct Predicate Predicate;
struct Predicate {
    PredicateKind kind;
    const char *key, *value;    /* of the others, folded */
    const Predicate **children; /* of the first three, NULL-terminated */
};

/* From `filter=` parameters (NULL-terminated; none: all). */
const Predicate *predicate_from_filters(Arena *arena, const char *const *filters, GError **error);
/* From a predicate in JSON; NULL value: all. */
const Predicate *predicate_from_value(Arena *arena, const Value *query, GError **error);

/* By hand: a leaf (value NULL for PREDICATE_EXISTS), and branches of what is given. */
const Predicate *predicate_leaf(Arena *arena, PredicateKind kind, const char *key,
                                const char *value);
const Predicate *predicate_branch(Arena *arena, PredicateKind kind, const GPtrArray *children);
const Predicate *predicate_both(Arena *arena, const Predicate *one, const Predicate *other);
/* key is one of values (NULL-terminated). */
const Predicate *predicate_one_of(Arena *arena, const char *key, const char *const *values);
/* One of keys (NULL-terminated) has a value like value, as kind has it. */
const Predicate *predicate_any_key(Arena *arena, PredicateKind kind, const char *const *keys,
                                   const char *value);

/* Whether it asks for nothing. */
gboolean predicate_is_everything(const Predicate *predicate);
/* Appends a text that is the same for the same question, and for no other. */
void predicate_write(GString *out, const Predicate *predicate);
