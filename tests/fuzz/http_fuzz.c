/* The strictness layer: heads as libmicrohttpd hands them over. What passes must be beyond doubt.
 */
#include "net/http_internal.h"
#include <string.h>

#define HEADERS_MAX 64

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size);

static guint count_named(const HttpHeader *headers, guint count, const char *name)
{
    guint found = 0;

    for (guint i = 0; i < count; i++)
        found += g_ascii_strcasecmp(headers[i].name, name) == 0;
    return found;
}

/* The input: method, target, version and then names and values by turns, a line each. */
int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
    g_autofree char *text = g_strndup((const char *)bytes, MIN(size, 8192));
    g_auto(GStrv) lines = g_strsplit(text, "\n", 3 + 2 * HEADERS_MAX);
    g_autoptr(Arena) arena = arena_new(1 << 20);
    HttpHeader headers[HEADERS_MAX];
    guint lengths, codings, count = 0, total = g_strv_length(lines);

    if (total < 3)
        return 0;
    for (guint i = 3; i + 1 < total && count < HEADERS_MAX; i += 2)
        headers[count++] =
            (HttpHeader){lines[i], lines[i + 1], strlen(lines[i]), strlen(lines[i + 1])};
    http_parse_host(arena, lines[0]);
    http_percent_decode(arena, lines[1], strlen(lines[1]), FALSE);
    if (http_strict_check(lines[0], lines[1], lines[2], headers, count, TRUE))
        return 0;
    lengths = count_named(headers, count, "Content-Length");
    codings = count_named(headers, count, "Transfer-Encoding");
    g_assert_cmpuint(lengths + codings, <=, 1);
    g_assert_cmpuint(count_named(headers, count, "Host"), <=, 1);
    g_assert_true(lines[1][0] == '/' && !strpbrk(lines[1], " \t\r"));
    for (guint i = 0; i < count; i++)
        g_assert_true(headers[i].name[0] && !strpbrk(headers[i].name, " :\t\r"));
    return 0;
}
