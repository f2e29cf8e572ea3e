/* The base on disk: one file whose name says where in which log it stands.
 *
 * base-<seq>-<mark>.segment. The mark tells one log from another: a database that was restored has
 * other events under the same numbers. */
#include "catalog/index/internal.h"
#include <glib/gstdio.h>
#include <string.h>

#define PREFIX "base-"
#define SUFFIX ".segment"

/* The seq and mark of a file's name; FALSE for what is none of ours. */
static gboolean parse_name(const char *name, int64_t *seq, char **mark)
{
    const char *dash;
    guint64 number;
    g_autofree char *digits = NULL;

    if (!g_str_has_prefix(name, PREFIX) || !g_str_has_suffix(name, SUFFIX))
        return FALSE;
    name += strlen(PREFIX);
    dash = strchr(name, '-');
    digits = dash ? g_strndup(name, (gsize)(dash - name)) : g_strdup("");
    if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, &number, NULL))
        return FALSE;
    *seq = (int64_t)number;
    *mark = g_strndup(dash + 1, strlen(dash + 1) - strlen(SUFFIX));
    return TRUE;
}

/* The name of the base that stands farthest; NULL where there is none. */
static char *newest_name(const char *folder)
{
    g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
    char *newest = NULL;
    int64_t farthest = -1, seq;
    const char *name;

    while (names && (name = g_dir_read_name(names))) {
        g_autofree char *mark = NULL;

        if (!parse_name(name, &seq, &mark) || seq <= farthest)
            continue;
        farthest = seq;
        g_free(newest);
        newest = g_strdup(name);
    }
    return newest;
}

static void remove_others(const char *folder, const char *prefix, const char *kept)
{
    g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
    const char *name;

    while (names && (name = g_dir_read_name(names))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_str_has_prefix(name, prefix) && g_strcmp0(name, kept) != 0)
            g_unlink(path);
    }
}

void base_open(Index *index)
{
    g_autofree char *name = NULL, *path = NULL;
    g_autoptr(GError) error = NULL;
    int64_t seq;

    if (g_mkdir_with_parents(index->folder, 0700) != 0) {
        g_warning("catalog: %s cannot be made, the index is kept in memory", index->folder);
        g_clear_pointer(&index->folder, g_free);
        return;
    }
    name = newest_name(index->folder);
    /* Whatever else lies there was left by a process that did not get to its end. */
    remove_others(index->folder, "", name);
    if (!name)
        return;
    path = g_build_filename(index->folder, name, NULL);
    index->base = segment_open(path, &error);
    if (index->base && parse_name(name, &seq, &index->mark))
        index->seq = seq;
    else
        g_warning("catalog: the index is made anew: %s", error ? error->message : "it has no name");
}

char *base_path(Index *index, int64_t seq)
{
    g_autofree char *mark =
        index->folder && index->mark_of ? index->mark_of(seq, index->mark_data) : NULL;

    if (!mark)
        return NULL;
    return g_strdup_printf("%s/" PREFIX "%" G_GINT64_FORMAT "-%s" SUFFIX, index->folder,
                           (gint64)seq, mark);
}

void base_keep_only(Index *index, const char *path)
{
    g_autofree char *name = g_path_get_basename(path);

    /* What is no base may be being written by who makes the index anew. */
    remove_others(index->folder, PREFIX, name);
}
