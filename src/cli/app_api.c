#include "cli/app_api.h"
#include "formats/markdown.h"
#include "formats/value.h"
#include <gio/gio.h>
#include <string.h>

#define DOCS "/pave/docs/"

static Response *get_info(Request *request, void *room, GError **error)
{
    const App *app = room;
    const Config *config = app->config;
    Arena *arena = request_arena(request);
    Value *info = value_object_new(arena);

    value_set_string(arena, info, "title", config_string(config, "app.title", "Pave"));
    value_set_string(arena, info, "organization", config_string(config, "organization.name", ""));
    value_set_string(arena, info, "version", PAVE_VERSION);
    value_set_string(arena, info, "baseUrl", config_string(config, "backend.baseUrl", ""));
    value_set(arena, info, "environments", deployments_environment_list(app->deployments, arena));
    return response_json(request, 200, info);
}

/* ---- documentation ---- */

static GBytes *read_document(const char *path)
{
    g_autofree char *name =
        g_strdup_printf(DOCS "%s%s", path, g_str_has_suffix(path, ".md") ? "" : ".md");

    return g_resources_lookup_data(name, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

/* Its first heading. */
static char *title_of(GBytes *bytes, const char *path)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length), *end;

    if (length < 3 || strncmp(text, "# ", 2) != 0)
        return g_strdup(path);
    end = memchr(text, '\n', length);
    return g_strndup(text + 2, (end ? (gsize)(end - text) : length) - 2);
}

static void add_document(Arena *arena, Value *list, const char *path)
{
    g_autoptr(GBytes) bytes = read_document(path);
    g_autofree char *title = bytes ? title_of(bytes, path) : NULL;
    g_autofree char *name = g_strndup(path, strlen(path) - strlen(".md"));
    Value *item = value_object_new(arena);

    if (!bytes)
        return;
    value_set_string(arena, item, "path", name);
    value_set_string(arena, item, "title", title);
    value_append(arena, list, item);
}

/* Folders too, one level: docs are shallow. */
static void list_folder(Arena *arena, Value *list, const char *folder)
{
    g_autofree char *resource = g_strconcat(DOCS, folder, NULL);
    g_auto(GStrv) names =
        g_resources_enumerate_children(resource, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

    for (guint i = 0; names && names[i]; i++) {
        g_autofree char *path = g_strconcat(folder, names[i], NULL);

        if (g_str_has_suffix(path, "/") && !folder[0])
            list_folder(arena, list, path);
        else if (g_str_has_suffix(path, ".md"))
            add_document(arena, list, path);
    }
}

static Response *list_documents(Request *request, void *room, GError **error)
{
    Value *list = value_array_new(request_arena(request));

    list_folder(request_arena(request), list, "");
    return response_json(request, 200, list);
}

static Response *get_document(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    const char *path = request_param(request, "path");
    g_autoptr(GBytes) bytes = read_document(path);
    g_autofree char *title = NULL, *html = NULL;
    Value *document;

    if (!bytes) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "There is no page '%s'", path);
        return NULL;
    }
    title = title_of(bytes, path);
    html = markdown_to_html(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    document = value_object_new(arena);
    value_set_string(arena, document, "title", title);
    value_set_string(arena, document, "html", html);
    return response_json(request, 200, document);
}

const Route app_routes[] = {
    {"GET", "/api/app/v1/info", get_info, ROUTE_INLINE, PERMISSION_PUBLIC},
    {"GET", "/api/app/v1/docs", list_documents, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/app/v1/docs/{path...}", get_document, ROUTE_WORKER, PERMISSION_PUBLIC},
    {NULL},
};
