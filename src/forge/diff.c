/* Two versions of a text as people read a change. */
#include "forge/forge_internal.h"

enum { TEXT_BYTES_MAX = 1024 * 1024, DIFF_BYTES_MAX = 256 * 1024 };

char *forge_diff(const char *path, const char *before, const char *after)
{
    git_diff_options options = GIT_DIFF_OPTIONS_INIT;
    git_patch *patch = NULL;
    git_buf text = GIT_BUF_INIT;
    char *diff = NULL;

    if (strlen(before) > TEXT_BYTES_MAX || strlen(after) > TEXT_BYTES_MAX)
        return NULL;
    libgit2_start();
    if (git_patch_from_buffers(&patch, before, strlen(before), path, after, strlen(after), path,
                               &options) == 0 &&
        git_patch_to_buf(&text, patch) == 0 && text.size > 0 && text.size <= DIFF_BYTES_MAX)
        diff = g_strdup(text.ptr);
    git_buf_dispose(&text);
    git_patch_free(patch);
    return diff;
}
