/* The one value type in which YAML, JSON, templates, expressions and schemas meet.
 *
 * A value lives in an arena, knows the line and column it was written at, and does not change once
 * it was handed to somebody else. Absent ("undefined") is the NULL pointer; every reader below
 * accepts NULL. */
#pragma once
#include "base/arena.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_NUMBER,
    VALUE_STRING,
    VALUE_ARRAY,
    VALUE_OBJECT
} ValueKind;

typedef struct Value Value;

/* The name of kind as JSON Schema spells it: "null", "boolean", "number", "string", "array",
 * "object". */
const char *value_kind_name(ValueKind kind);

/* ---- reading ---- */

ValueKind value_kind(const Value *value);          /* VALUE_NULL for NULL */
bool value_is(const Value *value, ValueKind kind); /* false for NULL */
int value_line(const Value *value);   /* 1-based, 0 where it was not read from a file */
int value_column(const Value *value); /* 1-based, 0 likewise */

bool value_bool(const Value *value, bool fallback);
double value_number(const Value *value, double fallback);
int64_t value_int(const Value *value,
                  int64_t fallback);   /* fallback also for a fraction or beyond int64 */
bool value_is_int(const Value *value); /* an exact int64: written without fraction or exponent */
const char *value_string(const Value *value,
                         const char *fallback); /* UTF-8; may hold NUL only if length says so */
gsize value_string_length(const Value *value);

guint value_count(const Value *value);                    /* items or members; 0 for a scalar */
const Value *value_item(const Value *array, guint index); /* NULL out of range */
const char *value_key_at(const Value *object,
                         guint index); /* members keep the order they were written in */
const Value *value_value_at(const Value *object, guint index);
const Value *value_get(const Value *object,
                       const char *key); /* NULL where absent or not an object */
/* The same for a key that is looked for often: object is one, and hash is value_key_hash()'s. */
const Value *value_get_hashed(const Value *object, const char *key, gsize length, guint hash);
guint value_key_hash(const char *key, gsize length);
int value_key_line(const Value *object, const char *key);
int value_key_column(const Value *object, const char *key);

/* Member by dotted path ("metadata.name"): each step tries the longest key that matches first, so
 * that keys which contain dots are found. */
const Value *value_path(const Value *value, const char *path);
const char *value_path_string(const Value *value, const char *path, const char *fallback);

/* Member by RFC 6901 pointer ("/spec/steps/0"). */
const Value *value_pointer(const Value *value, const char *pointer);

/* Deep equality as JSON has it: member order does not matter, 1 equals 1.0. */
bool value_equal(const Value *a, const Value *b);

/* ---- building ---- (the builder owns the value until it hands it out) */

Value *value_null_new(Arena *arena);
Value *value_bool_new(Arena *arena, bool boolean);
Value *value_number_new(Arena *arena, double number);
Value *value_int_new(Arena *arena, int64_t integer);
Value *value_string_new(Arena *arena, const char *text); /* copies; NULL gives a null value */
Value *value_string_new_length(Arena *arena, const char *text, gsize length);
/* A string whose text already lives in arena (or is constant) and is ended by NUL: not copied. */
Value *value_string_wrap(Arena *arena, const char *text, gsize length);
Value *value_array_new(Arena *arena);
Value *value_object_new(Arena *arena);

void value_append(Arena *arena, Value *array, const Value *item); /* NULL is ignored */
void value_truncate(Value *array, guint count);                   /* keeps the first count items */
/* Sets or replaces; a NULL value removes the member. The key is copied. */
void value_set(Arena *arena, Value *object, const char *key, const Value *value);
void value_set_string(Arena *arena, Value *object, const char *key,
                      const char *text); /* NULL: no member */
void value_set_nullable(Arena *arena, Value *object, const char *key,
                        const char *text); /* NULL: a member that is null */
void value_set_int(Arena *arena, Value *object, const char *key, int64_t integer);
void value_set_number(Arena *arena, Value *object, const char *key, double number);
void value_set_bool(Arena *arena, Value *object, const char *key, bool boolean);
void value_set_position(Value *value, int line, int column);
void value_set_key_position(Value *object, const char *key, int line, int column);

/* A deep copy into arena, positions kept. */
Value *value_copy(Arena *arena, const Value *value);
/* A shallow copy of an object or array that may be changed. */
Value *value_clone_shallow(Arena *arena, const Value *value);
