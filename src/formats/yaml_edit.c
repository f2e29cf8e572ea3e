#include "formats/yaml_edit.h"
#include "formats/json.h"
#include "formats/yaml.h"
#include <string.h>

#define ARENA_BYTES ((gsize)256 << 20)

/* What is to be changed, and the text it stands in. */
typedef struct {
    Arena *arena;
    const char *text;
    const Value *documents, *root, *parent;
    guint document;
    const char *key; /* the last segment of the pointer */
    const char *value;
} Edit;

static gboolean refuse(GError **error, const char *why)
{
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "It cannot be changed in its place: %s", why);
    return FALSE;
}

/* ---- places ---- */

/* The byte at which a line begins. */
static const char *line_start(const char *text, int line)
{
    for (int i = 1; i < line && text; i++) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return text;
}

static const char *place(const char *text, int line, int column)
{
    const char *at = line > 0 ? line_start(text, line) : NULL;

    for (int i = 1; i < column && at && *at; i++)
        at = g_utf8_next_char(at);
    return at;
}

/* ---- the result, proven ---- */

static const Value *parse(Arena *arena, const char *text)
{
    g_autoptr(Diagnostics) ignored = diagnostics_new();

    return yaml_parse_stream(arena, text, -1, NULL, YAML_PLAIN, ignored);
}

static const Value *member(const Value *parent, const char *key)
{
    if (value_is(parent, VALUE_ARRAY))
        return value_item(parent, (guint)g_ascii_strtoull(key, NULL, 10));
    return value_get(parent, key);
}

/* Whether `after` is `before` but for key of parent. */
static gboolean differs_only(const Edit *edit, const Value *before, const Value *after)
{
    const Value *changed = member(before, edit->key);

    if (before != edit->parent) {
        if (value_kind(before) != value_kind(after) || value_count(before) != value_count(after))
            return FALSE;
        if (value_is(before, VALUE_OBJECT)) {
            for (guint i = 0; i < value_count(before); i++)
                if (!differs_only(edit, value_value_at(before, i),
                                  value_get(after, value_key_at(before, i))))
                    return FALSE;
            return TRUE;
        }
        if (!value_is(before, VALUE_ARRAY))
            return value_equal(before, after);
        for (guint i = 0; i < value_count(before); i++)
            if (!differs_only(edit, value_item(before, i), value_item(after, i)))
                return FALSE;
        return TRUE;
    }
    if (value_kind(before) != value_kind(after) ||
        value_count(after) != value_count(before) + (changed ? 0 : 1) ||
        g_strcmp0(value_string(member(after, edit->key), NULL), edit->value) != 0)
        return FALSE;
    for (guint i = 0; i < value_count(before); i++) {
        gboolean list = value_is(before, VALUE_ARRAY);
        const Value *old = list ? value_item(before, i) : value_value_at(before, i);
        const Value *new = list ? value_item(after, i) : value_get(after, value_key_at(before, i));

        if (old != changed && !(new &&value_equal(old, new)))
            return FALSE;
    }
    return TRUE;
}

/* Takes `length` bytes at `at` out of the text and puts `token` in; NULL unless just what was
 * wanted changed. */
static char *try_token(const Edit *edit, const char *at, gsize length, const char *token)
{
    g_autoptr(Arena) arena = arena_new(ARENA_BYTES);
    g_autofree char *changed =
        g_strdup_printf("%.*s%s%s", (int)(at - edit->text), edit->text, token, at + length);
    const Value *documents = parse(arena, changed);

    if (!documents || !differs_only(edit, edit->documents, documents))
        return NULL;
    return g_steal_pointer(&changed);
}

/* ---- how a string is written ---- */

/* As it was quoted before, as plain as it can be, or quoted so that it is right anywhere. */
static void add_tokens(const Edit *edit, char quote, GPtrArray *tokens)
{
    const Value *value = value_string_new(edit->arena, edit->value);
    g_autoptr(GString) plain = g_string_new(NULL);

    yaml_write(plain, value);
    g_string_truncate(plain, plain->len - 1);
    if (quote && !strpbrk(edit->value, "'\"\\\n"))
        g_ptr_array_add(tokens, arena_printf(edit->arena, "%c%s%c", quote, edit->value, quote));
    g_ptr_array_add(tokens, arena_strdup(edit->arena, plain->str));
    g_ptr_array_add(tokens, (char *)json_to_arena(edit->arena, value, JSON_COMPACT));
}

/* The bytes of the string at `at`; 0 where it is of a kind that is not replaced. */
static gsize token_length(const char *at, const char *value)
{
    const char *end = at + 1;

    if (*at == '"') {
        while (*end && *end != '"')
            end += *end == '\\' && end[1] ? 2 : 1;
        return *end ? (gsize)(end + 1 - at) : 0;
    }
    if (*at == '\'') {
        while (*end && (*end != '\'' || end[1] == '\''))
            end += *end == '\'' ? 2 : 1;
        return *end ? (gsize)(end + 1 - at) : 0;
    }
    return g_str_has_prefix(at, value) ? strlen(value) : 0;
}

static char *replace(const Edit *edit, const Value *old, GError **error)
{
    const char *at = place(edit->text, value_line(old), value_column(old));
    gsize length = at ? token_length(at, value_string(old, "")) : 0;
    g_autoptr(GPtrArray) tokens = g_ptr_array_new();

    if (length == 0) {
        refuse(error, "it is written over several lines, or with an anchor or a tag");
        return NULL;
    }
    add_tokens(edit, *at == '"' || *at == '\'' ? *at : '\0', tokens);
    for (guint i = 0; i < tokens->len; i++) {
        char *changed = try_token(edit, at, length, tokens->pdata[i]);

        if (changed)
            return changed;
    }
    refuse(error, "more than it would change");
    return NULL;
}

/* ---- new members ---- */

/* The member before which a new one reads well: after what says what the thing is. */
static const char *next_key(const Value *parent)
{
    for (guint i = value_count(parent) - 1; i > 0; i--) {
        const char *key = value_key_at(parent, i - 1);

        if (g_str_equal(key, "lifecycle") || g_str_equal(key, "type"))
            return value_key_at(parent, i);
    }
    return value_key_at(parent, 0);
}

static char *insert_line(const Edit *edit, const char *token)
{
    const char *next = next_key(edit->parent);
    int line = value_key_line(edit->parent, next);
    const char *start = line > 0 ? line_start(edit->text, line) : NULL;
    const char *key = place(edit->text, line, value_key_column(edit->parent, next));
    const char *end = start ? strchr(start, '\n') : NULL;
    g_autofree char *added = NULL;

    if (!start || !key || strspn(start, " ") != (gsize)(key - start))
        return NULL;
    added = g_strdup_printf("%.*s%s: %s%s\n", (int)(key - start), start, edit->key, token,
                            end && end > start && end[-1] == '\r' ? "\r" : "");
    return try_token(edit, start, 0, added);
}

static char *insert_in_braces(const Edit *edit, const char *brace, const char *token)
{
    g_autofree char *added =
        g_strdup_printf("%s%s: %s%s", brace[1] == ' ' ? " " : "", edit->key, token,
                        value_count(edit->parent) == 0 ? ""
                        : brace[1] == ' '              ? ","
                                                       : ", ");

    return try_token(edit, brace + 1, 0, added);
}

static char *insert(const Edit *edit, GError **error)
{
    const char *at = place(edit->text, value_line(edit->parent), value_column(edit->parent));
    g_autoptr(GPtrArray) tokens = g_ptr_array_new();

    add_tokens(edit, '\0', tokens);
    for (guint i = 0; at && i < tokens->len; i++) {
        char *changed = *at == '{' ? insert_in_braces(edit, at, tokens->pdata[i])
                        : value_count(edit->parent) > 0 ? insert_line(edit, tokens->pdata[i])
                                                        : NULL;

        if (changed)
            return changed;
    }
    refuse(error, "there is no place for a new line");
    return NULL;
}

/* ---- all of it ---- */

static char *unescape(const char *segment)
{
    g_autoptr(GString) key = g_string_new(segment);

    g_string_replace(key, "~1", "/", 0);
    g_string_replace(key, "~0", "~", 0);
    return g_string_free(g_steal_pointer(&key), FALSE);
}

static gboolean open_edit(Edit *edit, const char *pointer, GError **error)
{
    const char *last = strrchr(pointer, '/');
    g_autofree char *above = last ? g_strndup(pointer, (gsize)(last - pointer)) : NULL;
    g_autofree char *key = last ? unescape(last + 1) : NULL;

    edit->documents = parse(edit->arena, edit->text);
    edit->root = value_item(edit->documents, edit->document);
    edit->parent = above ? (*above ? value_pointer(edit->root, above) : edit->root) : NULL;
    edit->key = arena_strdup(edit->arena, key);
    if (value_is(edit->parent, VALUE_OBJECT) ||
        (value_is(edit->parent, VALUE_ARRAY) && member(edit->parent, edit->key)))
        return TRUE;
    return refuse(error, "it is not there");
}

char *yaml_set_string(const char *text, guint document, const char *pointer, const char *value,
                      GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_BYTES);
    Edit edit = {.arena = arena, .text = text, .document = document, .value = value};
    const Value *old;

    if (!open_edit(&edit, pointer, error))
        return NULL;
    old = member(edit.parent, edit.key);
    if (!old)
        return insert(&edit, error);
    if (value_is(old, VALUE_STRING))
        return replace(&edit, old, error);
    refuse(error, "it is no text");
    return NULL;
}
