#include "pipelines/commands.h"

#include "base/error.h"

#include <string.h>

/* ---- commands ---- */

static const struct {
    const char *escaped;
    char plain;
    gboolean in_properties_only;
} ESCAPES[] = {{"%0D", '\r', FALSE}, {"%0A", '\n', FALSE}, {"%3A", ':', TRUE}, {"%2C", ',', TRUE},
               {"%5D", ']', TRUE},   {"%3B", ';', TRUE},   {"%25", '%', FALSE}};

static const char *unescaped(Arena *arena, const char *text, gsize length, gboolean property)
{
    char *out = arena_strndup(arena, text, length);
    char *to = out;
    for (const char *from = out; *from;) {
        guint found = G_N_ELEMENTS(ESCAPES);
        for (guint i = 0; *from == '%' && i < G_N_ELEMENTS(ESCAPES); i++)
            if (g_ascii_strncasecmp(from, ESCAPES[i].escaped, 3) == 0 &&
                (property || !ESCAPES[i].in_properties_only))
                found = i;
        if (found < G_N_ELEMENTS(ESCAPES)) {
            *to++ = ESCAPES[found].plain;
            from += 3;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return out;
}

static const Value *properties_of(Arena *arena, const char *text, gsize length, char separator)
{
    Value *properties = value_object_new(arena);
    const char *end = text + length;
    while (text < end) {
        const char *stop = memchr(text, separator, (gsize)(end - text));
        if (!stop)
            stop = end;
        const char *equals = memchr(text, '=', (gsize)(stop - text));
        if (equals) {
            g_autofree char *name = g_strstrip(g_strndup(text, (gsize)(equals - text)));
            const char *value = unescaped(arena, equals + 1, (gsize)(stop - equals - 1), TRUE);
            if (*name && *value)
                value_set_string(arena, properties, name, value);
        }
        text = stop + 1;
    }
    return properties;
}

static gboolean parse(Arena *arena, const char *start, const char *close, const char *data,
                      char separator, Command *command)
{
    gsize name = 0;
    while (start + name < close && start[name] != ' ')
        name++;
    if (!name)
        return FALSE;
    command->name = arena_strndup(arena, start, name);
    for (const char *here = command->name; *here; here++)
        if (!g_ascii_isalpha(*here) && *here != '-' && !g_ascii_isdigit(*here) && *here != '_')
            return FALSE;
    const char *rest = start + name;
    while (rest < close && *rest == ' ')
        rest++;
    command->properties = properties_of(arena, rest, (gsize)(close - rest), separator);
    command->data = unescaped(arena, data, strlen(data), FALSE);
    return TRUE;
}

gboolean command_parse(Arena *arena, const char *line, Command *command)
{
    const char *start = line + strspn(line, " \t");
    if (g_str_has_prefix(start, "::")) {
        const char *close = strstr(start + 2, "::");
        return close && parse(arena, start + 2, close, close + 2, ',', command);
    }
    if (g_str_has_prefix(start, "##[")) {
        const char *close = strchr(start, ']');
        return close && parse(arena, start + 3, close, close + 1, ';', command);
    }
    return FALSE;
}

/* ---- files ---- */

static const Value *invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static const Value *invalid(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, PAVE_ERROR, ERROR_INPUT, message);
    return NULL;
}

/* The lines between here and the one that is exactly mark; NULL where it never comes. */
static const char *block(Arena *arena, const char **here, const char *end, const char *mark)
{
    const char *start = *here;
    gsize length = strlen(mark);
    for (const char *line = start; line < end;) {
        const char *stop = memchr(line, '\n', (gsize)(end - line));
        const char *line_end = stop ? stop : end;
        if ((gsize)(line_end - line) == length && memcmp(line, mark, length) == 0) {
            *here = stop ? stop + 1 : end;
            return arena_strndup(arena, start, line > start ? (gsize)(line - start - 1) : 0);
        }
        if (!stop)
            break;
        line = stop + 1;
    }
    return NULL;
}

const Value *command_file_parse(Arena *arena, const char *text, gsize length, GError **error)
{
    Value *values = value_object_new(arena);
    const char *here = text, *end = text + length;
    if (memchr(text, '\0', length) || !g_utf8_validate_len(text, length, NULL))
        return invalid(error, "the file is not UTF-8 text");
    while (here < end) {
        const char *stop = memchr(here, '\n', (gsize)(end - here));
        g_autofree char *line = g_strndup(here, (gsize)((stop ? stop : end) - here));
        here = stop ? stop + 1 : end;
        const char *equals = strchr(line, '='), *heredoc = strstr(line, "<<");
        if (!*line)
            continue;
        if (equals && (!heredoc || equals < heredoc)) {
            if (equals == line)
                return invalid(error, "invalid format '%s': the name is empty", line);
            g_autofree char *name = g_strndup(line, (gsize)(equals - line));
            value_set_string(arena, values, name, equals + 1);
            continue;
        }
        if (!heredoc || heredoc == line || !heredoc[2])
            return invalid(error, "invalid format '%s': write NAME=value or NAME<<MARK", line);
        g_autofree char *name = g_strndup(line, (gsize)(heredoc - line));
        const char *value = block(arena, &here, end, heredoc + 2);
        if (!value)
            return invalid(error, "the value of '%s' has no end: no line is '%s'", name,
                           heredoc + 2);
        value_set_string(arena, values, name, value);
    }
    return values;
}
