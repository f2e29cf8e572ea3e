#include "cli/screen.h"
#include "formats/json.h"
#include "spine/clock.h"
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static gboolean screen_is_terminal(void)
{
    return isatty(STDOUT_FILENO) && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
}

static const char *sequence(const char *text)
{
    return screen_is_terminal() && !g_getenv("NO_COLOR") ? text : "";
}

const char *screen_bold(void)
{
    return sequence("\033[1m");
}

const char *screen_dim(void)
{
    return sequence("\033[2m");
}

const char *screen_red(void)
{
    return sequence("\033[31m");
}

const char *screen_green(void)
{
    return sequence("\033[32m");
}

const char *screen_reset(void)
{
    return sequence("\033[0m");
}

void screen_json(const Value *value)
{
    g_autofree char *text = json_to_string(value, JSON_PRETTY);

    g_print("%s\n", text);
}

/* ---- tables ---- */

struct Table {
    guint columns;
    GPtrArray *cells; /* row by row, headings first */
};

static void add_cells(Table *table, const char *const *cells)
{
    for (guint i = 0; i < table->columns; i++)
        g_ptr_array_add(table->cells, g_strdup(cells[i] && cells[i][0] ? cells[i] : "-"));
}

Table *table_new(const char *const *headings)
{
    Table *table = g_new0(Table, 1);

    table->columns = g_strv_length((char **)headings);
    table->cells = g_ptr_array_new_with_free_func(g_free);
    add_cells(table, headings);
    return table;
}

void table_add(Table *table, const char *const *cells)
{
    add_cells(table, cells);
}

static void print_row(const Table *table, guint row, const glong *widths)
{
    for (guint i = 0; i < table->columns; i++) {
        const char *cell = table->cells->pdata[row * table->columns + i];
        glong padding = i + 1 < table->columns ? widths[i] - g_utf8_strlen(cell, -1) + 2 : 0;

        g_print("%s%*s", cell, (int)padding, "");
    }
    g_print("\n");
}

void table_print(Table *table, const char *empty_text)
{
    guint rows = table->cells->len / table->columns;
    g_autofree glong *widths = g_new0(glong, table->columns);

    for (guint i = 0; i < table->cells->len; i++)
        widths[i % table->columns] =
            MAX(widths[i % table->columns], g_utf8_strlen(table->cells->pdata[i], -1));
    if (rows == 1) {
        g_print("%s\n", empty_text);
    } else {
        g_print("%s", screen_dim());
        print_row(table, 0, widths);
        g_print("%s", screen_reset());
    }
    for (guint row = 1; row < rows; row++)
        print_row(table, row, widths);
    g_ptr_array_unref(table->cells);
    g_free(table);
}

/* ---- times ---- */

static const char *span(Arena *arena, int64_t ms)
{
    if (ms < 10000)
        return arena_printf(arena, "%.1f s", (double)MAX(ms, 0) / 1000);
    if (ms < 120000)
        return arena_printf(arena, "%d s", (int)(ms / 1000));
    if (ms < 120 * 60000)
        return arena_printf(arena, "%d min", (int)(ms / 60000));
    if (ms < 48 * (int64_t)3600000)
        return arena_printf(arena, "%d h", (int)(ms / 3600000));
    return arena_printf(arena, "%d days", (int)(ms / 86400000));
}

void screen_items(Arena *arena, const Value *reply, gboolean as_json, const char *const *headings,
                  TableRow row, const char *empty_text)
{
    const Value *items = value_get(reply, "items");
    Table *table;

    if (as_json) {
        screen_json(reply);
        return;
    }
    table = table_new(headings);
    for (guint i = 0; i < value_count(items); i++)
        row(table, arena, value_item(items, i));
    table_print(table, empty_text);
}

const char *screen_clip(Arena *arena, const char *text, gsize length)
{
    return arena_strndup(arena, text, strnlen(text, length));
}

const char *screen_age(Arena *arena, const char *iso_time)
{
    int64_t time;

    if (!iso_time || !clock_parse(iso_time, &time))
        return "";
    return arena_printf(arena, "%s ago", span(arena, clock_now_ms() - time));
}

const char *screen_duration(Arena *arena, const char *from_iso, const char *to_iso)
{
    int64_t from, to = clock_now_ms();

    if (!from_iso || !clock_parse(from_iso, &from) || (to_iso && !clock_parse(to_iso, &to)))
        return "";
    return span(arena, to - from);
}

/* ---- asking ---- */

char *screen_ask(const char *prompt, gboolean echo)
{
    struct termios before, after;
    gboolean hide = !echo && tcgetattr(STDIN_FILENO, &before) == 0;
    g_autofree char *line = NULL;
    size_t room = 0;
    ssize_t length;

    if (isatty(STDIN_FILENO))
        fprintf(stderr, "%s", prompt);
    if (hide) {
        after = before;
        after.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &after);
    }
    length = getline(&line, &room, stdin);
    if (hide) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fprintf(stderr, "\n");
    }
    return length < 0 ? NULL : g_strchomp(g_steal_pointer(&line));
}
