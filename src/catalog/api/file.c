/* The file an entity came from: read, and changed as a commit or a proposal. */
#include "catalog/editing/edit.h"
#include "formats/diagnostics_format.h"
#include <string.h>

/* ---- reading ---- */

static const char *url_of(Catalog *catalog, Arena *arena, const EditFile *file)
{
    const Value *repository;

    if (!g_str_equal(file->source.type, "url"))
        return NULL;
    if (!file->in_repository || !edit_place_is_near(catalog, &file->place))
        return file->source.target;
    repository = forge_get(catalog->forge, arena, file->place.at.owner, file->place.at.name, NULL);
    return arena_printf(arena, "%s/blob/%s/%s", value_path_string(repository, "htmlUrl", ""),
                        file->place.at.ref, file->place.at.path);
}

static const Value *modes_of(Catalog *catalog, Request *request, const EditFile *file,
                             const char **why)
{
    Arena *arena = request_arena(request);
    g_autoptr(GError) error = NULL;
    Value *modes = value_array_new(arena);

    if (file->reason)
        return modes;
    if (edit_may_commit(catalog, arena, file, access_principal(request), &error))
        value_append(arena, modes, value_string_new(arena, "commit"));
    else
        *why = arena_strdup(arena, error->message);
    value_append(arena, modes, value_string_new(arena, "pull-request"));
    return modes;
}

static const Value *file_value(Catalog *catalog, Request *request, const EditFile *file)
{
    Arena *arena = request_arena(request);
    Value *value = value_object_new(arena);
    const char *reason = file->reason;

    value_set_nullable(arena, value, "url", url_of(catalog, arena, file));
    if (file->in_repository) {
        Value *repository = value_object_new(arena);

        value_set_string(arena, repository, "host", file->place.at.host);
        value_set_string(arena, repository, "owner", file->place.at.owner);
        value_set_string(arena, repository, "name", file->place.at.name);
        value_set(arena, value, "repository", repository);
    } else {
        value_set(arena, value, "repository", value_null_new(arena));
    }
    value_set_string(arena, value, "path",
                     file->in_repository ? file->place.at.path : file->source.target);
    value_set_nullable(arena, value, "ref",
                       file->head.branch ? file->head.branch : file->place.at.ref);
    value_set_nullable(arena, value, "revision", file->head.blob);
    value_set_string(arena, value, "content", edit_text(arena, file));
    value_set_bool(arena, value, "editable", !file->reason);
    value_set(arena, value, "modes", modes_of(catalog, request, file, &reason));
    value_set_nullable(arena, value, "reason", reason);
    return value;
}

Response *catalog_api_file(Request *request, void *room, GError **error)
{
    g_auto(EditFile) file = {0};

    return edit_open(room, request_arena(request), catalog_ref_of_path(request), &file, error)
               ? response_json(request, 200, file_value(room, request, &file))
               : NULL;
}

/* ---- changing ---- */

typedef struct {
    EditChange change;
    const char *revision;
} Wanted;

static gboolean wanted_of(Request *request, Wanted *wanted, GError **error)
{
    const Value *body = request_body_json(request, error);
    const char *mode;

    if (!body)
        return FALSE;
    mode = value_path_string(body, "mode", "commit");
    wanted->change.content = catalog_body_string(body, "request/body", "content", error);
    if (!wanted->change.content)
        return FALSE;
    if (strlen(wanted->change.content) != value_string_length(value_get(body, "content"))) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "request/body/content must be text");
        return FALSE;
    }
    wanted->revision = catalog_body_string(body, "request/body", "revision", error);
    if (!wanted->revision)
        return FALSE;
    if (!g_str_equal(mode, "commit") && !g_str_equal(mode, "pull-request")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body/mode must be \"commit\" or \"pull-request\"");
        return FALSE;
    }
    wanted->change.proposal = g_str_equal(mode, "pull-request");
    wanted->change.message = value_path_string(body, "message", NULL);
    wanted->change.branch = value_path_string(body, "branch", NULL);
    wanted->change.principal = access_principal(request);
    wanted->change.actor = access_actor(request);
    return TRUE;
}

static Response *refuse(Request *request, const Diagnostics *diagnostics)
{
    g_autoptr(GError) first = NULL;

    diagnostics_to_error(diagnostics, &first);
    return response_error_with(request, first,
                               diagnostics_to_value(request_arena(request), diagnostics));
}

static gboolean check_fresh(Arena *arena, const EditFile *file, const Wanted *wanted,
                            GError **error)
{
    if (!file->head.blob || !g_str_equal(file->head.blob, wanted->revision)) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                    "%s was changed since it was read; read it again", file->source.target);
        return FALSE;
    }
    if (g_str_equal(edit_text(arena, file), wanted->change.content)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "The file has this content already");
        return FALSE;
    }
    return TRUE;
}

static Response *tried(Request *request, const Diagnostics *diagnostics)
{
    Arena *arena = request_arena(request);
    Value *reply = value_object_new(arena);

    value_set(arena, reply, "diagnostics", diagnostics_to_value(arena, diagnostics));
    return response_json(request, 200, reply);
}

static Response *committed(Request *request, const Value *result, const Diagnostics *diagnostics)
{
    Arena *arena = request_arena(request);
    Value *reply = value_clone_shallow(arena, result);

    value_set(arena, reply, "diagnostics", diagnostics_to_value(arena, diagnostics));
    return response_json(request, 201, reply);
}

Response *catalog_api_file_change(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_auto(EditFile) file = {0};
    Wanted wanted = {0};
    const Value *result;

    if (!wanted_of(request, &wanted, error) ||
        !edit_open(room, arena, catalog_ref_of_path(request), &file, error))
        return NULL;
    if (!file.reason && !check_fresh(arena, &file, &wanted, error))
        return NULL;
    edit_check(room, arena, &file, &wanted.change, diagnostics);
    if (g_strcmp0(request_query(request, "dryRun"), "true") == 0)
        return tried(request, diagnostics);
    if (!file.reason && diagnostics_have_errors(diagnostics))
        return refuse(request, diagnostics);
    result = edit_commit(room, arena, &file, &wanted.change, error);
    return result ? committed(request, result, diagnostics) : NULL;
}
