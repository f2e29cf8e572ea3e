#include "spine/config.h"
#include <math.h>
#include <string.h>

#define SECOND_MS 1000.0
#define DURATION_MS_MAX 0x1p53

typedef struct {
    const char *name;
    double ms;
} Unit;

static const Unit short_units[] = {{"ms", 1},
                                   {"s", SECOND_MS},
                                   {"m", 60 * SECOND_MS},
                                   {"h", 3600 * SECOND_MS},
                                   {"d", 86400 * SECOND_MS},
                                   {"w", 604800 * SECOND_MS},
                                   {NULL}};
static const Unit member_units[] = {{"milliseconds", 1},
                                    {"seconds", SECOND_MS},
                                    {"minutes", 60 * SECOND_MS},
                                    {"hours", 3600 * SECOND_MS},
                                    {"days", 86400 * SECOND_MS},
                                    {"weeks", 604800 * SECOND_MS},
                                    {NULL}};
static const Unit iso_date_units[] = {{"D", 86400 * SECOND_MS}, {"W", 604800 * SECOND_MS}, {NULL}};
static const Unit iso_time_units[] = {
    {"H", 3600 * SECOND_MS}, {"M", 60 * SECOND_MS}, {"S", SECOND_MS}, {NULL}};

/* The longest unit that text begins with. */
static const Unit *unit_at(const Unit *units, const char *text)
{
    for (; units->name; units++)
        if (g_str_has_prefix(text, units->name))
            return units;
    return NULL;
}

/* Adds up "1h30m"; FALSE where text holds anything else, or nothing. */
static gboolean add_parts(const Unit *units, const char *text, const char *end, double *total)
{
    if (text == end)
        return FALSE;
    while (text < end) {
        char *after;
        double number = g_ascii_strtod(text, &after);
        const Unit *unit = after > text ? unit_at(units, after) : NULL;

        if (!unit || !g_ascii_isdigit(*text))
            return FALSE;
        *total += number * unit->ms;
        text = after + strlen(unit->name);
    }
    return text == end;
}

static gboolean add_iso(const char *text, double *total)
{
    const char *time = strchr(text, 'T'), *end = text + strlen(text);

    if (!time)
        return add_parts(iso_date_units, text, end, total);
    return (time == text || add_parts(iso_date_units, text, time, total)) &&
           add_parts(iso_time_units, time + 1, end, total);
}

static gboolean add_text(const char *text, double *total)
{
    if (*text == 'P')
        return add_iso(text + 1, total);
    return add_parts(short_units, text, text + strlen(text), total);
}

static gboolean add_members(const Value *object, double *total)
{
    for (guint i = 0; i < value_count(object); i++) {
        const Unit *unit = unit_at(member_units, value_key_at(object, i));
        double number = value_number(value_value_at(object, i), -1);

        if (!unit || !g_str_equal(unit->name, value_key_at(object, i)) || number < 0)
            return FALSE;
        *total += number * unit->ms;
    }
    return value_count(object) > 0;
}

gboolean config_parse_duration(const Value *value, int64_t *duration_ms)
{
    double total = 0;
    gboolean parsed = value_is(value, VALUE_OBJECT) ? add_members(value, &total)
                                                    : add_text(value_string(value, ""), &total);

    if (!parsed || !(total >= 0 && total <= DURATION_MS_MAX))
        return FALSE;
    *duration_ms = (int64_t)round(total);
    return TRUE;
}
