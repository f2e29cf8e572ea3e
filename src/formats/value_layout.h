/* What a value is made of, and its readers to be inlined: for the engines that read values in their
 * innermost loops. Everybody else includes value.h. */
#pragma once
#include "formats/value.h"
#include <math.h>
#include <string.h>

/* The one external copy of each reader is value.c's. */
#ifndef VALUE_READER
#define VALUE_READER extern inline __attribute__((gnu_inline))
#endif

typedef struct {
    const char *key;
    const Value *value;
    guint hash, length; /* of key */
    int line, column;
} ValueMember;

struct Value {
    ValueKind kind : 8;
    bool is_int : 1;
    bool boolean : 1;
    int line, column;
    guint count, capacity; /* of an array or object */
    union {
        double number;
        int64_t integer;
        struct {
            const char *text;
            gsize length;
        };
        const Value **items;
        struct {
            ValueMember *members;
            guint *index; /* slot → member + 1; of size 2 × capacity; NULL while small */
        };
    };
};

/* True where number is integral and an int64 holds it. 2^63 itself is beyond. */
bool value_fits_int64(double number);
bool value_same_bytes(const char *a, const char *b, gsize length);
bool value_member_is(const ValueMember *member, guint hash, const char *key, gsize length);
/* NULL where object, which is one, has no such member. */
ValueMember *value_find_member(const Value *object, const char *key, gsize length, guint hash);

VALUE_READER ValueKind value_kind(const Value *value)
{
    return value ? value->kind : VALUE_NULL;
}

VALUE_READER bool value_is(const Value *value, ValueKind kind)
{
    return value && value->kind == kind;
}

VALUE_READER int value_line(const Value *value)
{
    return value ? value->line : 0;
}

VALUE_READER int value_column(const Value *value)
{
    return value ? value->column : 0;
}

VALUE_READER bool value_bool(const Value *value, bool fallback)
{
    return value_is(value, VALUE_BOOL) ? value->boolean : fallback;
}

VALUE_READER double value_number(const Value *value, double fallback)
{
    if (!value_is(value, VALUE_NUMBER))
        return fallback;
    return value->is_int ? (double)value->integer : value->number;
}

VALUE_READER bool value_fits_int64(double number)
{
    return number >= -0x1p63 && number < 0x1p63 && floor(number) == number;
}

VALUE_READER int64_t value_int(const Value *value, int64_t fallback)
{
    if (!value_is(value, VALUE_NUMBER))
        return fallback;
    if (value->is_int)
        return value->integer;
    return value_fits_int64(value->number) ? (int64_t)value->number : fallback;
}

VALUE_READER bool value_is_int(const Value *value)
{
    return value_is(value, VALUE_NUMBER) && value->is_int;
}

VALUE_READER const char *value_string(const Value *value, const char *fallback)
{
    return value_is(value, VALUE_STRING) ? value->text : fallback;
}

VALUE_READER gsize value_string_length(const Value *value)
{
    return value_is(value, VALUE_STRING) ? value->length : 0;
}

VALUE_READER guint value_count(const Value *value)
{
    return value ? value->count : 0;
}

VALUE_READER const Value *value_item(const Value *array, guint index)
{
    return value_is(array, VALUE_ARRAY) && index < array->count ? array->items[index] : NULL;
}

VALUE_READER const char *value_key_at(const Value *object, guint index)
{
    return value_is(object, VALUE_OBJECT) && index < object->count ? object->members[index].key
                                                                   : NULL;
}

VALUE_READER const Value *value_value_at(const Value *object, guint index)
{
    return value_is(object, VALUE_OBJECT) && index < object->count ? object->members[index].value
                                                                   : NULL;
}

/* As memcmp() tells; without a call where they are as short as names are. */
VALUE_READER bool value_same_bytes(const char *a, const char *b, gsize length)
{
    guint64 first[2], last[2];

    if (length < sizeof *first) {
        for (gsize i = 0; i < length; i++)
            if (a[i] != b[i])
                return false;
        return true;
    }
    if (length > 2 * sizeof *first)
        return memcmp(a, b, length) == 0;
    memcpy(&first[0], a, sizeof *first);
    memcpy(&first[1], b, sizeof *first);
    memcpy(&last[0], a + length - sizeof *last, sizeof *last);
    memcpy(&last[1], b + length - sizeof *last, sizeof *last);
    return ((first[0] ^ first[1]) | (last[0] ^ last[1])) == 0;
}

VALUE_READER bool value_member_is(const ValueMember *member, guint hash, const char *key,
                                  gsize length)
{
    return member->hash == hash && member->length == length &&
           value_same_bytes(member->key, key, length);
}

VALUE_READER ValueMember *value_find_member(const Value *object, const char *key, gsize length,
                                            guint hash)
{
    guint mask;

    if (!object->index) {
        for (guint i = 0; i < object->count; i++)
            if (value_member_is(&object->members[i], hash, key, length))
                return &object->members[i];
        return NULL;
    }
    mask = object->capacity * 2 - 1;
    for (guint slot = hash & mask; object->index[slot]; slot = (slot + 1) & mask)
        if (value_member_is(&object->members[object->index[slot] - 1], hash, key, length))
            return &object->members[object->index[slot] - 1];
    return NULL;
}

VALUE_READER const Value *value_get_hashed(const Value *object, const char *key, gsize length,
                                           guint hash)
{
    const ValueMember *member = value_find_member(object, key, length, hash);

    return member ? member->value : NULL;
}
