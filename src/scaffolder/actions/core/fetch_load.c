/* What a file of a skeleton loads when it is rendered: other files of the skeleton. */
#include "scaffolder/actions/core/fetch.h"

#include <string.h>

enum { LOAD_BYTES_MAX = 1024 * 1024 };

static const char *load_file(void *data, Arena *arena, const char *name, GError **error)
{
    const FetchLoad *load = data;
    g_autoptr(GError) failure = NULL;
    g_autoptr(GBytes) bytes =
        load->folder
            ? workdir_read(load->folder, name, LOAD_BYTES_MAX, &failure)
            : skeleton_fetch_beside(load->run, load->input, name, LOAD_BYTES_MAX, &failure);
    gsize length = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;

    /* A file that is not there may be left out, which the template says. */
    if (g_error_matches(failure, PAVE_ERROR, ERROR_NOT_FOUND))
        return NULL;
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (length > 0 && (memchr(text, 0, length) || !g_utf8_validate(text, (gssize)length, NULL))) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is no text", name);
        return NULL;
    }
    return arena_strndup(arena, length > 0 ? text : "", length);
}

static void let_load(FetchRendering *rendering, FetchLoad load)
{
    rendering->load = load;
    rendering->options.load = load_file;
    rendering->options.load_data = &rendering->load;
}

void fetch_load_from(ActionRun *run, const char *folder, FetchRendering *rendering)
{
    let_load(rendering, (FetchLoad){.run = run, .folder = folder});
}

void fetch_load_beside(ActionRun *run, const Value *input, FetchRendering *rendering)
{
    let_load(rendering, (FetchLoad){.run = run, .input = input});
}
