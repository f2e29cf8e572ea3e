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
} PredicateKind;

typedef struct Predicate Predicate;
struct Predicate {
    PredicateKind kind;
    const char *key, *value;    /* of the last three, folded */
    const Predicate **children; /* of the others, NULL-terminated */
};

/* From `filter=` parameters (NULL-terminated; none: all). */
const Predicate *predicate_from_filters(Arena *arena, const char *const *filters, GError **error);
/* From a predicate in JSON; NULL value: all. */
const Predicate *predicate_from_value(Arena *arena, const Value *query, GError **error);

/* "key is one of values" and "all of these hold", for predicates that are made by hand. */
const Predicate *predicate_one_of(Arena *arena, const char *key, const char *const *values);
const Predicate *predicate_both(Arena *arena, const Predicate *one, const Predicate *other);

/* Whether it asks for nothing. */
gboolean predicate_is_everything(const Predicate *predicate);
/* Appends a text that is the same for the same question, and for no other. */
void predicate_write(GString *out, const Predicate *predicate);
