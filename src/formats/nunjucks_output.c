/* What a run prints, and how much of everything it may have. */
#include "formats/nunjucks_run_internal.h"

#include <math.h>
#include <string.h>

bool nj_too_long(NjRun *run)
{
    return nj_fail(run, "the template takes too long");
}

bool nj_out_grow(NjRun *run, gsize more)
{
    NjRunning *running = nj_running(run);

    if (!nj_room(run, running->length, more))
        return false;
    running->size = MAX(running->size * 2, running->length + more);
    running->out = g_realloc(running->out, running->size);
    return true;
}

NjVal nj_taken_back(NjRun *run, gsize start)
{
    NjRunning *running = nj_running(run);
    NjVal text = nj_text_length(run, running->out + start, running->length - start);

    running->length = start;
    return text;
}

static bool print_integer(NjRun *run, int64_t integer)
{
    char digits[24];
    gsize at = sizeof digits;
    guint64 rest = integer < 0 ? -(guint64)integer : (guint64)integer;

    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (integer < 0)
        digits[--at] = '-';
    return nj_out(run, digits + at, sizeof digits - at);
}

static bool print_bool(NjRun *run, bool boolean)
{
    return nj_out(run, boolean ? "true" : "false", boolean ? 4 : 5);
}

static bool print_slowly(NjRun *run, NjVal v)
{
    g_autoptr(GString) out = g_string_new(NULL);

    return nj_append(run, out, nj_boxed(run, v)) && nj_out(run, out->str, out->len);
}

bool nj_print(NjRun *run, NjVal v)
{
    if (v.kind == NJ_PLAIN_BOOL)
        return print_bool(run, v.boolean);
    if (v.kind == NJ_PLAIN_NUMBER && v.number == floor(v.number) && fabs(v.number) < 1e15)
        return print_integer(run, (int64_t)v.number);
    if (v.kind != NJ_VALUE)
        return print_slowly(run, v);
    switch (value_kind(v.value)) {
    case VALUE_STRING:
        return nj_out(run, value_string(v.value, ""), value_string_length(v.value));
    case VALUE_BOOL:
        return print_bool(run, value_bool(v.value, false));
    case VALUE_NUMBER:
        if (value_is_int(v.value))
            return print_integer(run, value_int(v.value, 0));
        return print_slowly(run, v);
    default:
        return print_slowly(run, v);
    }
}
