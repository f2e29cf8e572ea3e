#include "catalog/query/fields.h"
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

#define FIELDS_MAX 200

gboolean fields_parse(Arena *arena, const char *const *parameters, const char *const **fields,
                      GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    const char **list;

    for (; parameters && *parameters; parameters++) {
        g_auto(GStrv) parts = g_strsplit(*parameters, ",", FIELDS_MAX);

        for (char **part = parts; *part; part++) {
            if (strchr(*part, '[')) {
                g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                            "Invalid field \"%s\", array type fields are not supported", *part);
                return FALSE;
            }
            if (*g_strstrip(*part) && found->len < FIELDS_MAX)
                g_ptr_array_add(found, arena_strdup(arena, *part));
        }
    }
    list = arena_new0(arena, const char *, found->len + 1);
    for (guint i = 0; i < found->len; i++)
        list[i] = found->pdata[i];
    *fields = list;
    return TRUE;
}

/* A piece of the text. */
typedef struct {
    const char *start, *end;
} Slice;

/* Behind the string that begins at at; NULL where it does not end. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        const char *before;

        at = memchr(at, '"', (gsize)(end - at));
        if (!at)
            return NULL;
        for (before = at; before[-1] == '\\'; before--) /* ends at the quote at the latest */
            ;
        if ((at - before) % 2 == 0)
            return at + 1;
    }
    return NULL;
}

/* Behind the object or array that begins at at; NULL where the text ends within it. */
static const char *skip_nested(const char *at, const char *end)
{
    int depth = 0;

    while (at && at < end) {
        switch (*at) {
        case '"':
            at = skip_string(at, end);
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (--depth == 0)
                return at + 1;
            break;
        default:
            break;
        }
        at++;
    }
    return NULL;
}

/* Behind the value that begins at at; NULL where the text ends within it. */
static const char *skip_value(const char *at, const char *end)
{
    if (at >= end)
        return NULL;
    if (*at == '"')
        return skip_string(at, end);
    if (*at == '{' || *at == '[')
        return skip_nested(at, end);
    while (at < end && *at != ',' && *at != '}' && *at != ']')
        at++;
    return at;
}

/* The member that begins at *at, which is moved behind it; FALSE where there is no more. */
static gboolean next_member(const char **at, const char *end, Slice *key, Slice *value)
{
    const char *start = *at;

    if (start < end && (*start == '{' || *start == ','))
        start++;
    if (start >= end || *start != '"')
        return FALSE;
    key->start = start;
    key->end = skip_string(start, end);
    if (!key->end || key->end >= end || *key->end != ':')
        return FALSE;
    value->start = key->end + 1;
    value->end = skip_value(value->start, end);
    *at = value->end;
    return value->end != NULL;
}

/* A path of fields below one object, and the member it begins with. */
typedef struct {
    const char *path;
    Slice key, value; /* key.start NULL: the object has none */
    gsize key_length;
    const char *rest; /* of the path, NULL at its end */
} Match;

/* Takes the member where path begins with its key: the shortest key is meant, joined with what
 * follows its dot where that is no key of the object, as annotations are. */
static void match_member(Match *match, const char *name, gsize length, Slice key, Slice value)
{
    if (match->key.start && match->key_length <= length)
        return;
    if (strncmp(match->path, name, length) != 0 ||
        (match->path[length] != '.' && match->path[length] != '\0'))
        return;
    match->key = key;
    match->value = value;
    match->key_length = length;
    match->rest = match->path[length] == '.' ? match->path + length + 1 : NULL;
}

static void match_members(Match *matches, guint count, Slice object)
{
    const char *at = object.start;
    Slice key, value;

    if (at >= object.end || *at != '{')
        return;
    while (next_member(&at, object.end, &key, &value)) {
        const char *name = key.start + 1;
        gsize length = (gsize)(key.end - key.start) - 2;
        g_autoptr(Arena) arena = NULL;

        if (memchr(name, '\\', length)) {
            arena = arena_new(ARENA_REQUEST_BYTES);
            name = value_string(json_parse(arena, key.start, key.end - key.start, NULL), "");
            length = strlen(name);
        }
        for (guint i = 0; i < count; i++)
            match_member(&matches[i], name, length, key, value);
    }
}

static gboolean write_members(GString *out, Slice object, const char *const *paths, guint count);

/* The member that the first of matches begins with, whole where one of them asks for all of it;
 * FALSE where none of them leads to something in it. */
static gboolean write_member(GString *out, const Match *matches, guint count)
{
    g_autofree const char **paths = g_new(const char *, count);
    guint below = 0;

    g_string_append_len(out, matches->key.start, matches->key.end - matches->key.start);
    g_string_append_c(out, ':');
    for (guint i = 0; i < count; i++) {
        if (matches[i].key.start != matches->key.start)
            continue;
        if (!matches[i].rest) {
            g_string_append_len(out, matches->value.start,
                                matches->value.end - matches->value.start);
            return TRUE;
        }
        paths[below++] = matches[i].rest;
    }
    return write_members(out, matches->value, paths, below);
}

/* Members stand in the order in which they are first asked for; FALSE where there is none. */
static gboolean write_members(GString *out, Slice object, const char *const *paths, guint count)
{
    g_autofree Match *matches = g_new0(Match, count);
    gsize start = out->len;

    for (guint i = 0; i < count; i++)
        matches[i].path = paths[i];
    match_members(matches, count, object);
    for (guint i = 0; i < count; i++) {
        const char *key = matches[i].key.start;
        gsize before = out->len;

        if (!key)
            continue;
        g_string_append_c(out, before == start ? '{' : ',');
        if (!write_member(out, &matches[i], count - i))
            g_string_truncate(out, before);
        for (guint j = i + 1; j < count; j++)
            if (matches[j].key.start == key)
                matches[j].key.start = NULL;
    }
    g_string_append(out, out->len == start ? "{}" : "}");
    return out->len > start + 2;
}

void fields_write(GString *out, const char *text, gsize length, const char *const *fields)
{
    if (fields && *fields)
        write_members(out, (Slice){text, text + length}, fields,
                      g_strv_length((char **)(void *)fields));
    else
        g_string_append_len(out, text, (gssize)length);
}
