/* Where skeletons come from: beside the template, or a URL the catalog may read. */
#include "scaffolder/scaffolder_internal.h"
#include "spine/folder.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- URLs ---- */

/* names/… with "." and ".." gone; NULL where it climbs above keep names. */
static char *join_names(const char *base, const char *relative, guint keep)
{
    g_autofree char *joined = g_strconcat(base, "/", relative, NULL);
    g_auto(GStrv) names = g_strsplit(joined, "/", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();

    for (char **name = names; *name; name++) {
        if (g_str_equal(*name, "..")) {
            if (kept->len <= keep)
                return NULL;
            g_ptr_array_set_size(kept, (int)kept->len - 1);
        } else if (**name && !g_str_equal(*name, ".")) {
            g_ptr_array_add(kept, *name);
        }
    }
    g_ptr_array_add(kept, NULL);
    return g_strjoinv("/", (char **)kept->pdata);
}

static guint count_names(const char *path)
{
    guint count = 0;

    for (; *path; path++)
        count += *path != '/' && (path[1] == '/' || path[1] == '\0');
    return count;
}

static const char *leaves(const char *url, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "\"%s\" leads out of the folder the template is in, which is not allowed", url);
    return NULL;
}

static const char *resolve_file(Arena *arena, const char *base, const char *url, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(base + strspn(base, "/") - 1);
    g_autofree char *path = join_names(folder, url, count_names(folder));

    return path ? arena_printf(arena, "file:/%s", path) : leaves(url, error);
}

/* "https://host/owner/repo/blob/main/dir/template.yaml": beside it, at most up to the branch. */
static const char *resolve_browse(Arena *arena, const char *base, const char *url, GError **error)
{
    const char *host = strstr(base, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;

    if (!path) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "No integration found for location %s", base);
        return NULL;
    }
    g_autofree char *folder = g_path_get_dirname(path);
    g_auto(GStrv) names = g_strsplit(folder + 1, "/", 4);
    g_autofree char *joined = join_names(folder, url, 4);

    if (!joined)
        return leaves(url, error);
    if (g_strv_length(names) >= 3 && g_str_equal(names[2], "blob")) {
        g_auto(GStrv) parts = g_strsplit(joined, "/", 4);

        return arena_printf(arena, "%.*s/%s/%s/tree/%s", (int)(path - base), base, parts[0],
                            parts[1], parts[3] ? parts[3] : "");
    }
    return arena_printf(arena, "%.*s/%s", (int)(path - base), base, joined);
}

const char *template_resolve_url(Arena *arena, const char *base_url, const char *url,
                                 GError **error)
{
    if (g_str_has_prefix(url, "https://") || g_str_has_prefix(url, "http://"))
        return arena_strdup(arena, url);
    if (*url == '/' || strchr(url, '\\') || g_str_has_prefix(url, "file:")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "\"%s\" is refused: give a path relative to the template, or an https URL",
                    url);
        return NULL;
    }
    if (g_str_has_prefix(base_url, "file:/"))
        return resolve_file(arena, base_url + strlen("file:"), url, error);
    return resolve_browse(arena, base_url, url, error);
}

/* ---- fetching ---- */

/* A dry run of files that were sent along reads what is beside the template from them. */
static bool lies_beside(ActionRun *run, const char *url)
{
    return run->runner->source && !g_str_has_prefix(url, "https://") &&
           !g_str_has_prefix(url, "http://");
}

static char *path_beside(ActionRun *run, const char *url, GError **error)
{
    while (g_str_has_prefix(url, "./"))
        url += 2;
    return workdir_path(run->runner->source, url, error);
}

static const char *absolute_url(ActionRun *run, const char *url, GError **error)
{
    const char *base = value_path_string(run->runner->template, "baseUrl", "");

    if (run->scaffolder->offline) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "%s is not beside the template, and there is no server to fetch it with", url);
        return NULL;
    }
    return template_resolve_url(run->arena, base, url, error);
}

/* tree is what is kept of it; file: there the one file is called so. */
static void announce_source(ActionRun *run, const char *url, const char *digest, const char *tree,
                            bool file)
{
    Value *detail = value_object_new(run->arena);

    value_set_string(run->arena, detail, "digest", digest);
    value_set_nullable(run->arena, detail, "tree", tree);
    if (file)
        value_set_bool(run->arena, detail, "file", true);
    action_effect(run,
                  &(Effect){.operation = "read", .kind = "source", .ref = url, .detail = detail});
}

static gboolean fetch_into(ActionRun *run, const Value *input, const char *url, Skeleton *source,
                           GError **error)
{
    source->folder = g_build_filename(run->runner->folder, "source-XXXXXX", NULL);
    source->temporary = true;
    if (!g_mkdtemp(source->folder)) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s", source->folder);
        return FALSE;
    }
    if (run->runner->render)
        return render_read_tree(run, url, source->folder, error);
    return catalog_read_tree_as(run->scaffolder->catalog, url,
                                value_path_string(input, "token", NULL), source->folder, error);
}

Skeleton *skeleton_fetch(ActionRun *run, const Value *input, GError **error)
{
    g_autoptr(Skeleton) source = g_new0(Skeleton, 1);
    const char *url = value_path_string(input, "url", "");

    if (lies_beside(run, url)) {
        source->folder = path_beside(run, url, error);
        return source->folder ? g_steal_pointer(&source) : NULL;
    }
    const char *absolute = absolute_url(run, url, error);

    if (!absolute)
        return NULL;
    action_log(run, "info", "Fetching template content from %s", url);
    source->folder =
        run->runner->render ? NULL : catalog_local_folder(run->scaffolder->catalog, absolute);
    g_autofree char *tree = NULL;

    if (!source->folder && !fetch_into(run, input, absolute, source, error))
        return NULL;
    /* Kept, so that the same can be rendered again when the template has changed. */
    if (!run->dry && !(tree = forge_keep(run->scaffolder->forge, source->folder, error)))
        return NULL;
    g_autofree char *digest = skeleton_digest(source->folder, NULL);

    announce_source(run, absolute, digest, tree, false);
    return g_steal_pointer(&source);
}

static GBytes *read_beside(ActionRun *run, const char *url, GError **error)
{
    g_autofree char *path = path_beside(run, url, error);
    g_autofree char *bytes = NULL;
    gsize length;

    /* Not through a symlink, which could lead anywhere. */
    if (path &&
        (!g_file_test(path, G_FILE_TEST_IS_REGULAR) || g_file_test(path, G_FILE_TEST_IS_SYMLINK))) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no file %s beside the template",
                    url);
        return NULL;
    }
    return path && g_file_get_contents(path, &bytes, &length, error)
               ? g_bytes_new_take(g_steal_pointer(&bytes), length)
               : NULL;
}

GBytes *skeleton_fetch_file(ActionRun *run, const Value *input, GError **error)
{
    const char *url = value_path_string(input, "url", "");

    if (lies_beside(run, url))
        return read_beside(run, url, error);
    const char *absolute = absolute_url(run, url, error);

    if (!absolute)
        return NULL;
    action_log(run, "info", "Fetching template content from %s", url);
    g_autoptr(GBytes) bytes =
        run->runner->render ? render_read_file(run, absolute, error)
                            : catalog_read_file(run->scaffolder->catalog, absolute,
                                                value_path_string(input, "token", NULL), error);
    g_autofree char *tree = NULL;

    if (!bytes || (!run->dry && !(tree = render_keep_file(run, bytes, error))))
        return NULL;
    g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);

    announce_source(run, absolute, arena_printf(run->arena, "sha256:%s", sum), tree, true);
    return g_steal_pointer(&bytes);
}

/* Where url is a folder of this machine; NULL where it is not, and with an error. */
static char *local_folder(ActionRun *run, const char *url, GError **error)
{
    const char *absolute;

    if (lies_beside(run, url))
        return path_beside(run, url, error);
    absolute = absolute_url(run, url, error);
    return absolute && !run->runner->render
               ? catalog_local_folder(run->scaffolder->catalog, absolute)
               : NULL;
}

/* A folder of this machine is left by no symlink; elsewhere the host sees to it. */
static gboolean check_beside(ActionRun *run, const char *folder, const char *name, gsize max,
                             GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *local = local_folder(run, folder, &failure);
    g_autoptr(GBytes) bytes = local ? workdir_read(local, name, max, &failure) : NULL;

    if (!failure)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

GBytes *skeleton_fetch_beside(ActionRun *run, const Value *input, const char *name, gsize max,
                              GError **error)
{
    const char *url = value_path_string(input, "url", ""), *slash = strrchr(url, '/');
    const char *folder = slash ? arena_strndup(run->arena, url, (gsize)(slash - url)) : ".";
    g_autofree char *path = workdir_path(run->runner->folder, name, error);
    Value *beside = value_object_new(run->arena);

    if (!path || !check_beside(run, folder, name, max, error))
        return NULL;
    if (strpbrk(url, "?#")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "nothing can be loaded beside %s", url);
        return NULL;
    }
    value_set_string(run->arena, beside, "url",
                     arena_printf(run->arena, "%s%s", folder, path + strlen(run->runner->folder)));
    value_set_nullable(run->arena, beside, "token", value_path_string(input, "token", NULL));
    g_autoptr(GBytes) bytes = skeleton_fetch_file(run, beside, error);

    if (!bytes || g_bytes_get_size(bytes) <= max)
        return g_steal_pointer(&bytes);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" has more than %zu bytes", name, max);
    return NULL;
}

void skeleton_free(Skeleton *source)
{
    if (source->temporary && source->folder)
        folder_remove(source->folder, NULL);
    g_free(source->folder);
    g_free(source);
}

/* ---- digests ---- */

static gboolean digest_entry(GChecksum *sum, const char *folder, const WorkdirEntry *entry,
                             GError **error)
{
    g_autofree char *path = g_build_filename(folder, entry->path, NULL);
    g_autofree char *bytes = NULL;
    gsize length = 0;

    if (S_ISDIR(entry->mode))
        return TRUE;
    if (S_ISLNK(entry->mode)) {
        bytes = g_file_read_link(path, error);
        length = bytes ? strlen(bytes) : 0;
    } else if (!g_file_get_contents(path, &bytes, &length, error)) {
        return FALSE;
    }
    g_checksum_update(sum, (const guchar *)entry->path, (gssize)strlen(entry->path) + 1);
    /* Who may read a file differs between machines, what it is and whether it runs does not. */
    g_autofree char *shape = g_strdup_printf("%o:%zu", (guint)(entry->mode & 0170111), length);
    g_checksum_update(sum, (const guchar *)shape, (gssize)strlen(shape) + 1);
    g_checksum_update(sum, (const guchar *)bytes, (gssize)length);
    return bytes != NULL;
}

char *skeleton_digest(const char *folder, GError **error)
{
    g_autoptr(GPtrArray) entries = workdir_list(folder, error);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    for (guint i = 0; entries && i < entries->len; i++)
        if (!digest_entry(sum, folder, g_ptr_array_index(entries, i), error))
            return NULL;
    return entries ? g_strconcat("sha256:", g_checksum_get_string(sum), NULL) : NULL;
}
