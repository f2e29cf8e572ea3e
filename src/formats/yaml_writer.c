#include "formats/json.h"
#include "formats/yaml.h"
#include "formats/yaml_core.h"
#include <math.h>
#include <string.h>

/* libyaml looks for the colon of a simple key within 1,024 characters. */
#define SIMPLE_KEY_BYTES_MAX 512

static void write_node(GString *out, const Value *value, int indent);

static void write_indent(GString *out, int indent)
{
    while (indent-- > 0)
        g_string_append_c(out, ' ');
}

/* ---- strings ---- */

/* Printable as YAML has it, without the line breaks of YAML 1.1, which libyaml still knows. */
static gboolean is_printable(gunichar character)
{
    if (character < 0xa0)
        return character >= 0x20 && character < 0x7f;
    if (character == 0x2028 || character == 0x2029 || character == 0xfeff)
        return FALSE;
    return character != 0xfffe && character != 0xffff;
}

/* All of text is valid and printable, or one of the bytes in also. */
static gboolean all_printable(const char *text, gsize length, const char *also)
{
    const char *end = text + length;

    while (text < end) {
        gunichar character = g_utf8_get_char_validated(text, end - text);

        if ((gint32)character < 0 || character == 0)
            return FALSE;
        if (!is_printable(character) && !(character < 0x80 && strchr(also, (int)character)))
            return FALSE;
        text = g_utf8_next_char(text);
    }
    return TRUE;
}

static gboolean starts_as_plain(const char *text)
{
    if (strchr("-?:", *text))
        return text[1] != '\0' && text[1] != ' ' && !g_str_has_prefix(text, "---");
    return !strchr(" ,[]{}#&*!|>'\"%@`", *text) && !g_str_has_prefix(text, "...");
}

static gboolean is_plain(const char *text, gsize length)
{
    if (length == 0 || !all_printable(text, length, ""))
        return FALSE;
    if (!starts_as_plain(text) || text[length - 1] == ' ' || text[length - 1] == ':')
        return FALSE;
    if (strstr(text, ": ") || strstr(text, " #") || g_str_equal(text, "<<"))
        return FALSE;
    return yaml_core_kind(text) == VALUE_STRING;
}

static void write_quoted(GString *out, const char *text, gsize length)
{
    const char *end = text + length;

    g_string_append_c(out, '"');
    while (text < end) {
        gunichar character = *text ? g_utf8_get_char_validated(text, end - text) : 0;
        gboolean valid = (gint32)character >= 0;

        if (!valid)
            g_string_append(out, "\xef\xbf\xbd");
        else if (character == '"' || character == '\\')
            g_string_append_printf(out, "\\%c", (char)character);
        else if (character == '\n')
            g_string_append(out, "\\n");
        else if (is_printable(character))
            g_string_append_unichar(out, character);
        else
            g_string_append_printf(out, "\\u%04x", character);
        text = valid && *text ? g_utf8_next_char(text) : text + 1;
    }
    g_string_append_c(out, '"');
}

/* A block scalar finds its indentation by its first line that is not empty. */
static gboolean is_literal(const char *text, gsize length)
{
    gsize breaks = strspn(text, "\n");

    return memchr(text, '\n', length) && breaks < length && !strchr(" \t", text[breaks]) &&
           all_printable(text, length, "\n\t");
}

static void write_literal(GString *out, const char *text, gsize length, int indent)
{
    gboolean ended = text[length - 1] == '\n';
    const char *end = text + length;

    g_string_append_c(out, '|');
    if (!ended)
        g_string_append_c(out, '-');
    else if (text[length - 2] == '\n')
        g_string_append_c(out, '+');
    while (text < end) {
        gsize line = strcspn(text, "\n");

        g_string_append_c(out, '\n');
        if (line > 0)
            write_indent(out, indent);
        g_string_append_len(out, text, (gssize)line);
        text += line + 1;
    }
}

static void write_string(GString *out, const char *text, gsize length, int indent)
{
    if (is_plain(text, length))
        g_string_append_len(out, text, (gssize)length);
    else if (is_literal(text, length))
        write_literal(out, text, length, MAX(indent, 2));
    else
        write_quoted(out, text, length);
}

/* ---- nodes ---- */

static void write_number(GString *out, const Value *value)
{
    double number = value_number(value, 0);

    if (isnan(number))
        g_string_append(out, ".nan");
    else if (isinf(number))
        g_string_append(out, number < 0 ? "-.inf" : ".inf");
    else
        json_write(out, value, JSON_COMPACT);
}

static void write_key(GString *out, const char *key, int indent)
{
    gsize length = strlen(key);
    gboolean simple = length <= SIMPLE_KEY_BYTES_MAX;

    if (!simple)
        g_string_append(out, "? ");
    if (is_plain(key, length))
        g_string_append(out, key);
    else
        write_quoted(out, key, length);
    if (!simple) {
        g_string_append_c(out, '\n');
        write_indent(out, indent);
    }
    g_string_append_c(out, ':');
}

/* What follows "key:": a scalar on the same line, a collection on the next. */
static void write_member_value(GString *out, const Value *value, int indent)
{
    if (value_count(value) > 0) {
        g_string_append_c(out, '\n');
        write_indent(out, indent);
    } else {
        g_string_append_c(out, ' ');
    }
    write_node(out, value, indent);
}

static void write_object(GString *out, const Value *object, int indent)
{
    for (guint i = 0; i < value_count(object); i++) {
        if (i > 0) {
            g_string_append_c(out, '\n');
            write_indent(out, indent);
        }
        write_key(out, value_key_at(object, i), indent);
        write_member_value(out, value_value_at(object, i), indent + 2);
    }
}

static void write_array(GString *out, const Value *array, int indent)
{
    for (guint i = 0; i < value_count(array); i++) {
        if (i > 0) {
            g_string_append_c(out, '\n');
            write_indent(out, indent);
        }
        g_string_append(out, "- ");
        write_node(out, value_item(array, i), indent + 2);
    }
}

/* The node from where out stands; its further lines are indented by indent. No line end. */
static void write_node(GString *out, const Value *value, int indent)
{
    switch (value_kind(value)) {
    case VALUE_NULL:
        g_string_append(out, "null");
        break;
    case VALUE_BOOL:
        g_string_append(out, value_bool(value, false) ? "true" : "false");
        break;
    case VALUE_NUMBER:
        write_number(out, value);
        break;
    case VALUE_STRING:
        write_string(out, value_string(value, ""), value_string_length(value), indent);
        break;
    case VALUE_ARRAY:
        if (value_count(value) == 0)
            g_string_append(out, "[]");
        write_array(out, value, indent);
        break;
    case VALUE_OBJECT:
        if (value_count(value) == 0)
            g_string_append(out, "{}");
        write_object(out, value, indent);
        break;
    }
}

void yaml_write(GString *out, const Value *value)
{
    write_node(out, value, 0);
    g_string_append_c(out, '\n');
}
