#include "spine/clock.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/random.h>
#include <time.h>

static _Atomic int64_t fixed_ms;

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
    int64_t fixed = atomic_load(&fixed_ms);

    return fixed ? fixed : read_clock(CLOCK_REALTIME);
}

void clock_set_for_tests(int64_t now_ms)
{
    atomic_store(&fixed_ms, now_ms);
}

int64_t clock_monotonic_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

char *clock_format(int64_t time_ms)
{
    int64_t milliseconds = time_ms % 1000;
    int64_t seconds = time_ms / 1000;

    if (milliseconds < 0) {
        milliseconds += 1000;
        seconds--;
    }
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    if (!date) /* beyond the year 9999 */
        return g_strdup("9999-12-31T23:59:59.999Z");
    g_autofree char *whole = g_date_time_format(date, "%Y-%m-%dT%H:%M:%S");
    return g_strdup_printf("%s.%03dZ", whole, (int)milliseconds);
}

Value *clock_value(Arena *arena, int64_t time_ms)
{
    g_autofree char *text = time_ms ? clock_format(time_ms) : NULL;

    return value_string_new(arena, text);
}

gboolean clock_parse(const char *text, int64_t *time_ms)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) date = text ? g_date_time_new_from_iso8601(text, utc) : NULL;

    if (!date)
        return FALSE;
    *time_ms = g_date_time_to_unix(date) * 1000 + g_date_time_get_microsecond(date) / 1000;
    return TRUE;
}

/* The 60 bits of time and counter of the newest id, so that ids made within one millisecond (or
 * after the clock went back) still sort in the order they were made. */
static uint64_t next_stamp(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t last;
    uint64_t stamp = (uint64_t)read_clock(CLOCK_REALTIME) << 12;

    pthread_mutex_lock(&lock);
    if (stamp <= last)
        stamp = last + 1;
    last = stamp;
    pthread_mutex_unlock(&lock);
    return stamp;
}

char *clock_new_id(void)
{
    uint64_t stamp = next_stamp();
    uint8_t random[8];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        g_error("the kernel gives no random bytes");
    return g_strdup_printf("%08x-%04x-7%03x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                           (unsigned)(stamp >> 28), (unsigned)(stamp >> 12) & 0xffff,
                           (unsigned)stamp & 0xfff, (random[0] & 0x3f) | 0x80, random[1], random[2],
                           random[3], random[4], random[5], random[6], random[7]);
}
