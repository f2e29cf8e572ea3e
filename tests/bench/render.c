/* Renders a template over and over: `render TEMPLATE CONTEXT`. A line "parse N" or "compiled N" asks
 * for N renderings, and is answered with the CPU time they took in nanoseconds; "show 1" with the
 * text, which ends at a NUL. */
#include "formats/json.h"
#include "formats/nunjucks.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    g_autofree char *text = NULL, *json = NULL;
    char what[16];
    long times;

    if (argc != 3 || !g_file_get_contents(argv[1], &text, NULL, NULL) ||
        !g_file_get_contents(argv[2], &json, NULL, NULL))
        return 2;
    const Value *context = json_parse(arena, json, -1, NULL);
    const NunjucksTemplate *template = nunjucks_compile(arena, text, NULL, NULL);

    while (template && scanf("%15s %ld", what, &times) == 2) {
        int64_t start = cpu_ns();

        for (long i = 0; i < times; i++) {
            g_autoptr(Arena) own = arena_new(ARENA_REQUEST_BYTES);
            const char *out = *what == 'p'
                                  ? nunjucks_render(own, text, context, NULL, NULL)
                                  : nunjucks_template_render(own, template, context, NULL, NULL);

            if (strcmp(what, "show") == 0)
                fwrite(out, 1, strlen(out) + 1, stdout);
        }
        if (strcmp(what, "show") != 0)
            printf("%lld\n", (long long)(cpu_ns() - start));
        fflush(stdout);
    }
    return 0;
}
