#define VALUE_READER /* the functions themselves are this file's */
#include "formats/value_layout.h"
#include <math.h>
#include <string.h>

/* Objects with more members than this carry a hash index; below it a scan is quicker. */
#define SCANNED_MEMBERS_MAX 8

const char *value_kind_name(ValueKind kind)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};

    g_assert((unsigned)kind < G_N_ELEMENTS(names));
    return names[kind];
}

/* ---- reading ---- */

guint value_key_hash(const char *key, gsize length)
{
    guint hash = 2166136261u;

    for (gsize i = 0; i < length; i++)
        hash = (hash ^ (guchar)key[i]) * 16777619u;
    return hash ^ hash >> 15;
}

static ValueMember *find_member(const Value *object, const char *key, gsize length)
{
    if (!value_is(object, VALUE_OBJECT))
        return NULL;
    return value_find_member(object, key, length, value_key_hash(key, length));
}

const Value *value_get(const Value *object, const char *key)
{
    const ValueMember *member = find_member(object, key, strlen(key));

    return member ? member->value : NULL;
}

int value_key_line(const Value *object, const char *key)
{
    const ValueMember *member = find_member(object, key, strlen(key));

    return member ? member->line : 0;
}

int value_key_column(const Value *object, const char *key)
{
    const ValueMember *member = find_member(object, key, strlen(key));

    return member ? member->column : 0;
}

const Value *value_path(const Value *value, const char *path)
{
    for (const char *end = path + strlen(path); end; end = g_strrstr_len(path, end - path, ".")) {
        const ValueMember *member = find_member(value, path, (gsize)(end - path));
        const Value *found;

        if (!member)
            continue;
        if (*end == '\0')
            return member->value;
        found = value_path(member->value, end + 1);
        if (found)
            return found;
    }
    return NULL;
}

const char *value_path_string(const Value *value, const char *path, const char *fallback)
{
    return value_string(value_path(value, path), fallback);
}

static const Value *item_at_token(const Value *array, const char *token)
{
    guint64 index;

    if (!g_ascii_string_to_unsigned(token, 10, 0, G_MAXUINT, &index, NULL))
        return NULL;
    if (token[0] == '0' && token[1] != '\0')
        return NULL;
    return value_item(array, (guint)index);
}

const Value *value_pointer(const Value *value, const char *pointer)
{
    g_auto(GStrv) tokens = NULL;

    if (*pointer == '\0')
        return value;
    if (*pointer != '/')
        return NULL;
    tokens = g_strsplit(pointer, "/", -1);
    for (char **token = tokens + 1; *token && value; token++) {
        g_autoptr(GString) key = g_string_new(*token);

        g_string_replace(key, "~1", "/", 0);
        g_string_replace(key, "~0", "~", 0);
        value = value_is(value, VALUE_ARRAY) ? item_at_token(value, key->str)
                                             : value_get(value, key->str);
    }
    return value;
}

static bool numbers_equal(const Value *a, const Value *b)
{
    if (a->is_int && b->is_int)
        return a->integer == b->integer;
    if (a->is_int != b->is_int) {
        const Value *integer = a->is_int ? a : b;
        double number = a->is_int ? b->number : a->number;

        return value_fits_int64(number) && (int64_t)number == integer->integer;
    }
    return a->number == b->number;
}

static bool items_equal(const Value *a, const Value *b)
{
    for (guint i = 0; i < a->count; i++)
        if (!value_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

static bool members_equal(const Value *a, const Value *b)
{
    for (guint i = 0; i < a->count; i++) {
        const ValueMember *other = find_member(b, a->members[i].key, strlen(a->members[i].key));

        if (!other || !value_equal(a->members[i].value, other->value))
            return false;
    }
    return true;
}

bool value_equal(const Value *a, const Value *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind || a->count != b->count)
        return false;
    switch (a->kind) {
    case VALUE_NULL:
        return true;
    case VALUE_BOOL:
        return a->boolean == b->boolean;
    case VALUE_NUMBER:
        return numbers_equal(a, b);
    case VALUE_STRING:
        return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
    case VALUE_ARRAY:
        return items_equal(a, b);
    case VALUE_OBJECT:
        return members_equal(a, b);
    }
    g_assert_not_reached();
}

/* ---- building ---- */

static Value *value_new(Arena *arena, ValueKind kind)
{
    Value *value = arena_new0(arena, Value, 1);

    value->kind = kind;
    return value;
}

Value *value_null_new(Arena *arena)
{
    return value_new(arena, VALUE_NULL);
}

Value *value_bool_new(Arena *arena, bool boolean)
{
    Value *value = value_new(arena, VALUE_BOOL);

    value->boolean = boolean;
    return value;
}

Value *value_number_new(Arena *arena, double number)
{
    Value *value = value_new(arena, VALUE_NUMBER);

    value->number = number;
    return value;
}

Value *value_int_new(Arena *arena, int64_t integer)
{
    Value *value = value_new(arena, VALUE_NUMBER);

    value->is_int = true;
    value->integer = integer;
    return value;
}

Value *value_string_new(Arena *arena, const char *text)
{
    return text ? value_string_new_length(arena, text, strlen(text)) : value_null_new(arena);
}

Value *value_string_new_length(Arena *arena, const char *text, gsize length)
{
    return value_string_wrap(arena, arena_strndup(arena, text, length), length);
}

Value *value_string_wrap(Arena *arena, const char *text, gsize length)
{
    Value *value = value_new(arena, VALUE_STRING);

    value->text = text;
    value->length = length;
    return value;
}

Value *value_array_new(Arena *arena)
{
    return value_new(arena, VALUE_ARRAY);
}

Value *value_object_new(Arena *arena)
{
    return value_new(arena, VALUE_OBJECT);
}

/* Containers grow by doubling, so capacity is always a power of two (the index relies on it). */
static guint grown_capacity(const Value *value)
{
    g_assert(value->capacity <= G_MAXUINT / 4);
    return value->capacity ? value->capacity * 2 : 4;
}

static void grow_array(Arena *arena, Value *array, guint capacity)
{
    const Value **items = arena_new0(arena, const Value *, capacity);

    if (array->count)
        memcpy(items, array->items, array->count * sizeof *items);
    array->items = items;
    array->capacity = capacity;
}

void value_append(Arena *arena, Value *array, const Value *item)
{
    g_assert(array->kind == VALUE_ARRAY);
    if (!item)
        return;
    if (array->count == array->capacity)
        grow_array(arena, array, grown_capacity(array));
    array->items[array->count++] = item;
}

void value_truncate(Value *array, guint count)
{
    g_assert(array->kind == VALUE_ARRAY);
    array->count = MIN(array->count, count);
}

static void index_member(Value *object, guint position)
{
    guint mask = object->capacity * 2 - 1;
    guint slot = object->members[position].hash & mask;

    while (object->index[slot])
        slot = (slot + 1) & mask;
    object->index[slot] = position + 1;
}

static void rebuild_index(Value *object)
{
    memset(object->index, 0, object->capacity * 2 * sizeof *object->index);
    for (guint i = 0; i < object->count; i++)
        index_member(object, i);
}

static void grow_object(Arena *arena, Value *object, guint capacity)
{
    ValueMember *members = arena_new0(arena, ValueMember, capacity);

    if (object->count)
        memcpy(members, object->members, object->count * sizeof *members);
    object->members = members;
    object->capacity = capacity;
    if (capacity > SCANNED_MEMBERS_MAX) {
        object->index = arena_new0(arena, guint, capacity * 2);
        rebuild_index(object);
    }
}

static void add_member(Arena *arena, Value *object, const char *key, const Value *value)
{
    gsize length = strlen(key);

    if (object->count == object->capacity)
        grow_object(arena, object, grown_capacity(object));
    object->members[object->count] = (ValueMember){.key = arena_strndup(arena, key, length),
                                                   .value = value,
                                                   .hash = value_key_hash(key, length),
                                                   .length = (guint)length};
    object->count++;
    if (object->index)
        index_member(object, object->count - 1);
}

static void remove_member(Value *object, ValueMember *member)
{
    gsize after = (gsize)(object->members + object->count - (member + 1));

    memmove(member, member + 1, after * sizeof *member);
    object->count--;
    if (object->index)
        rebuild_index(object);
}

void value_set(Arena *arena, Value *object, const char *key, const Value *value)
{
    ValueMember *member;

    g_assert(object->kind == VALUE_OBJECT);
    member = find_member(object, key, strlen(key));
    if (member && value)
        member->value = value;
    else if (member)
        remove_member(object, member);
    else if (value)
        add_member(arena, object, key, value);
}

void value_set_string(Arena *arena, Value *object, const char *key, const char *text)
{
    value_set(arena, object, key, text ? value_string_new(arena, text) : NULL);
}

void value_set_nullable(Arena *arena, Value *object, const char *key, const char *text)
{
    value_set(arena, object, key, value_string_new(arena, text));
}

void value_set_int(Arena *arena, Value *object, const char *key, int64_t integer)
{
    value_set(arena, object, key, value_int_new(arena, integer));
}

void value_set_number(Arena *arena, Value *object, const char *key, double number)
{
    value_set(arena, object, key, value_number_new(arena, number));
}

void value_set_bool(Arena *arena, Value *object, const char *key, bool boolean)
{
    value_set(arena, object, key, value_bool_new(arena, boolean));
}

void value_set_position(Value *value, int line, int column)
{
    value->line = line;
    value->column = column;
}

void value_set_key_position(Value *object, const char *key, int line, int column)
{
    ValueMember *member = find_member(object, key, strlen(key));

    g_assert(member);
    member->line = line;
    member->column = column;
}

static void copy_members(Arena *arena, Value *copy)
{
    for (guint i = 0; i < copy->count; i++) {
        copy->members[i].key = arena_strdup(arena, copy->members[i].key);
        copy->members[i].value = value_copy(arena, copy->members[i].value);
    }
}

Value *value_copy(Arena *arena, const Value *value)
{
    Value *copy;

    if (!value)
        return NULL;
    copy = value_clone_shallow(arena, value);
    if (copy->kind == VALUE_STRING)
        copy->text = arena_strndup(arena, copy->text, copy->length);
    if (copy->kind == VALUE_ARRAY)
        for (guint i = 0; i < copy->count; i++)
            copy->items[i] = value_copy(arena, copy->items[i]);
    if (copy->kind == VALUE_OBJECT)
        copy_members(arena, copy);
    return copy;
}

/* The smallest capacity that grown_capacity() could have reached for count. */
static guint fitting_capacity(guint count)
{
    guint capacity = 4;

    while (capacity < count)
        capacity *= 2;
    return capacity;
}

Value *value_clone_shallow(Arena *arena, const Value *value)
{
    Value *copy = value_new(arena, value_kind(value));

    if (!value)
        return copy;
    *copy = *value;
    if (value->kind == VALUE_OBJECT)
        copy->index = NULL;
    if (value->kind == VALUE_ARRAY && value->count)
        grow_array(arena, copy, fitting_capacity(value->count));
    if (value->kind == VALUE_OBJECT && value->count)
        grow_object(arena, copy, fitting_capacity(value->count));
    if (!value->count)
        copy->capacity = 0;
    return copy;
}
