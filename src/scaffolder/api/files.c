/* The files of a registered template, read and changed by its editor. */
#include "scaffolder/api/api.h"

#include "scaffolder/scaffolder_internal.h"
#include "spine/access.h"
#include "spine/folder.h"

#include <string.h>

enum { FILES_MAX = 500, TOTAL_BYTES_MAX = 20 * 1024 * 1024 };

typedef struct {
    const Value *entity;
    const char *ref, *base;
    ForgeLocation at;   /* where it can be changed */
    const char *reason; /* why it cannot; NULL: it can */
} Files;

static gboolean open_files(Scaffolder *scaffolder, Request *request, Files *files, GError **error)
{
    Arena *arena = request_arena(request);

    files->ref = arena_printf(arena, "template:%s/%s", request_param(request, "namespace"),
                              request_param(request, "name"));
    files->entity = template_get(scaffolder, arena, files->ref, error);
    if (!files->entity)
        return FALSE;
    files->base = template_base_url(arena, files->entity);
    if (!forge_parse_url(scaffolder->forge, arena, files->base, &files->at, NULL))
        files->reason = "The template lies in no repository that Pave can write to.";
    else if (forge_kind_of_host(scaffolder->forge, files->at.host) != FORGE_BUILTIN)
        files->reason =
            arena_printf(arena, "The template lies on %s; change it there.", files->at.host);
    return TRUE;
}

/* ---- reading ---- */

static const Value *contents_of(Arena *arena, const char *folder, GError **error)
{
    g_autoptr(GPtrArray) entries = workdir_list(folder, error);
    Value *contents = value_array_new(arena);
    gsize total = 0;

    for (guint i = 0; entries && i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);
        g_autofree char *path = g_build_filename(folder, entry->path, NULL);
        g_autofree char *bytes = NULL;
        gsize length;

        if ((entry->mode & 0170000) != 0100000 || !g_file_get_contents(path, &bytes, &length, NULL))
            continue;
        total += length;
        if (value_count(contents) == FILES_MAX || total > TOTAL_BYTES_MAX) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "the template has more files than can be edited here");
            return NULL;
        }
        g_autofree char *text = g_base64_encode((const guchar *)bytes, length);
        Value *file = value_object_new(arena);

        value_set_string(arena, file, "path", entry->path);
        value_set_string(arena, file, "base64Content", text);
        value_set_bool(arena, file, "executable", (entry->mode & 0111) != 0);
        value_append(arena, contents, file);
    }
    return entries ? contents : NULL;
}

static const Value *read_contents(Scaffolder *scaffolder, Arena *arena, const Files *files,
                                  GError **error)
{
    const char *url = template_resolve_url(arena, files->base, ".", error);
    g_autofree char *folder = url ? g_dir_make_tmp("pave-template-XXXXXX", error) : NULL;

    if (!folder)
        return NULL;
    const Value *contents = catalog_read_tree(scaffolder->catalog, url, folder, error)
                                ? contents_of(arena, folder, error)
                                : NULL;

    folder_remove(folder, NULL);
    return contents;
}

/* What lies in a repository of Pave's is read by everybody who is signed in. Elsewhere Pave's token
 * reads, or Pave's own disk, where a configuration and its secrets may lie beside the template. */
static gboolean may_read(Scaffolder *scaffolder, Request *request, const Files *files,
                         GError **error)
{
    static const char *const nobody[] = {"nobody", NULL};
    const char *const *owners;

    if (!files->reason)
        return TRUE;
    owners = g_str_has_prefix(files->base, "http")
                 ? catalog_owners(scaffolder->catalog, request_arena(request), files->ref)
                 : nobody;
    return access_check(access_principal(request), "catalog.entity.update",
                        *owners ? owners : nobody, error);
}

SCAFFOLDER_HANDLER(scaffolder_api_files)
{
    Arena *arena = request_arena(request);
    Files files = {0};
    Value *reply = value_object_new(arena);

    if (!open_files(room, request, &files, error) || !may_read(room, request, &files, error))
        return NULL;
    const Value *contents = read_contents(room, arena, &files, error);

    if (!contents)
        return NULL;
    value_set_string(arena, reply, "templateRef", files.ref);
    value_set_string(arena, reply, "location", files.base);
    value_set_bool(arena, reply, "editable", !files.reason);
    value_set_string(arena, reply, "reason", files.reason);
    value_set(arena, reply, "directoryContents", contents);
    return response_json(request, 200, reply);
}

/* ---- changing ---- */

/* Files as the forge commits them, below the template's folder; those without content go. */
static const Value *changes_of(Arena *arena, const Files *files, const Value *sent, GError **error)
{
    Value *changes = value_array_new(arena);
    g_autofree char *folder = g_path_get_dirname(files->at.path);

    for (guint i = 0; value_is(sent, VALUE_ARRAY) && i < MIN(value_count(sent), FILES_MAX); i++) {
        const char *path = value_path_string(value_item(sent, i), "path", "");
        const char *content = value_path_string(value_item(sent, i), "base64Content", NULL);
        g_auto(GStrv) names = g_strsplit(path, "/", -1);
        Value *change = value_object_new(arena);
        gsize length = 0;

        if (!*path || *path == '/' || g_strv_contains((const char *const *)names, "..") ||
            g_strv_contains((const char *const *)names, ".git")) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is no path beside a template",
                        path);
            return NULL;
        }
        value_set_string(arena, change, "path",
                         g_str_equal(folder, ".") ? path
                                                  : arena_printf(arena, "%s/%s", folder, path));
        if (content) {
            g_autofree guchar *bytes = g_base64_decode(content, &length);

            value_set(arena, change, "content",
                      value_string_new_length(arena, (const char *)bytes, length));
        }
        value_append(arena, changes, change);
    }
    if (value_count(changes) == 0 || value_count(sent) > FILES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "files has to be a list of 1 to %d files",
                    FILES_MAX);
        return NULL;
    }
    return changes;
}

/* A commit needs whoever owns the repository; proposing is for everybody who is signed in, where a
 * token holds what is done: a branch is pushed, and a pull request opened. */
static gboolean may_write(Scaffolder *scaffolder, Request *request, const Files *files,
                          gboolean proposal, GError **error)
{
    static const char *const nobody[] = {"nobody", NULL};
    const char *const *owners;

    if (files->reason) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s", files->reason);
        return FALSE;
    }
    if (proposal)
        return access_check(access_principal(request), "forge.pull-request.create", NULL, error) &&
               access_check(access_principal(request), "forge.repository.push", NULL, error);
    owners = forge_owners_of(scaffolder->forge, request_arena(request), files->at.owner,
                             files->at.name, error);
    return owners && access_check(access_principal(request), "catalog.entity.update",
                                  *owners ? owners : nobody, error);
}

static const char *propose(Scaffolder *scaffolder, Request *request, const Files *files,
                           const char *branch, const char *message, GError **error)
{
    const Value *pull = forge_pull_open(
        scaffolder->forge, request_arena(request),
        &(ForgePull){
            .at = &files->at, .title = message, .head = branch, .actor = access_actor(request)},
        error);

    return value_path_string(pull, "url", NULL);
}

SCAFFOLDER_HANDLER(scaffolder_api_files_change)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error), *changes;
    const char *message = value_path_string(body, "message", "Change the template");
    gboolean proposal = g_str_equal(value_path_string(body, "mode", "commit"), "pull-request");
    g_autofree char *id = clock_new_id();
    Files files = {0};
    Value *reply = value_object_new(arena);

    if (!body || !open_files(scaffolder, request, &files, error) ||
        !may_write(scaffolder, request, &files, proposal, error) ||
        !(changes = changes_of(arena, &files, value_get(body, "files"), error)))
        return NULL;
    const char *branch =
        proposal
            ? arena_printf(arena, "pave/%s-%s", request_param(request, "name"), id + strlen(id) - 8)
        : g_str_equal(files.at.ref, "HEAD") ? NULL
                                            : files.at.ref;
    g_autofree char *commit =
        forge_commit_files(scaffolder->forge, files.at.owner, files.at.name, branch, changes,
                           message, access_actor(request), NULL, error);
    const char *url = commit ? files.base : NULL;

    if (commit && proposal)
        url = propose(scaffolder, request, &files, branch, message, error);
    if (!url)
        return NULL;
    value_set_string(arena, reply, "commit", commit);
    value_set_string(arena, reply, "branch", branch);
    value_set_string(arena, reply, "url", url);
    return response_json(request, 201, reply);
}
