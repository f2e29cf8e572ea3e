#include "cli/log.h"
#include "spine/clock.h"
#include <glib.h>
#include <string.h>
#include <unistd.h>

static const char *level_name(GLogLevelFlags level)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return "error";
    if (level & G_LOG_LEVEL_WARNING)
        return "warning";
    return level & G_LOG_LEVEL_DEBUG ? "debug" : "info";
}

static void append_quoted(GString *line, const char *text)
{
    g_string_append_c(line, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(line, '\\');
        if (*text == '\n')
            g_string_append(line, "\\n");
        else if ((unsigned char)*text >= 0x20)
            g_string_append_c(line, *text);
    }
    g_string_append_c(line, '"');
}

static GLogWriterOutput write_line(GLogLevelFlags level, const GLogField *fields, gsize count,
                                   void *data)
{
    const char *message = "", *domain = NULL;
    g_autoptr(GString) line = NULL;
    g_autofree char *now = NULL;

    if ((level & G_LOG_LEVEL_DEBUG) && !g_getenv("PAVE_DEBUG"))
        return G_LOG_WRITER_HANDLED;
    for (gsize i = 0; i < count; i++) {
        if (g_str_equal(fields[i].key, "MESSAGE"))
            message = fields[i].value;
        else if (g_str_equal(fields[i].key, "GLIB_DOMAIN"))
            domain = fields[i].value;
    }
    now = clock_format(clock_now_ms());
    line = g_string_new(NULL);
    g_string_append_printf(line, "time=%s level=%s ", now, level_name(level));
    if (domain)
        g_string_append_printf(line, "room=%s ", domain);
    g_string_append(line, "msg=");
    append_quoted(line, message);
    g_string_append_c(line, '\n');
    /* one write a line, so that those of several threads do not mix */
    if (write(STDERR_FILENO, line->str, line->len) < 0)
        return G_LOG_WRITER_UNHANDLED;
    return G_LOG_WRITER_HANDLED;
}

void log_to_stderr(void)
{
    g_log_set_writer_func(write_line, NULL, NULL);
}
