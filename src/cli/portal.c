#include "cli/portal.h"
#include <gio/gio.h>
#include <pthread.h>
#include <string.h>

#define ROOT "/pave/web/dist"
#define INDEX ROOT "/index.html"

struct Portal {
    pthread_mutex_t lock;
    GHashTable *files; /* resource path → GBytes, unpacked once */
};

static const char *const PAGES[] = {
    "catalog",        "create", "repositories", "runs",     "deployments",
    "infrastructure", "dora",   "events",       "docs",     "settings",
    "login",          "assets", "tasks",        "services", NULL};

static const struct {
    const char *suffix, *type;
} TYPES[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
};

static const char NO_PORTAL[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Pave</title>"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:38rem;margin:15vh auto;padding:0 "
    "1rem}"
    "</style></head><body><h1>Pave is running</h1><p>This build carries no portal. Run "
    "<code>script/build</code>, which makes the portal and the program, and start it again.</p>"
    "<p>The API and the command line (<code>pave --help</code>) work all the "
    "same.</p></body></html>";

Portal *portal_new(void)
{
    Portal *portal = g_new0(Portal, 1);

    pthread_mutex_init(&portal->lock, NULL);
    portal->files =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    return portal;
}

void portal_free(Portal *portal)
{
    if (!portal)
        return;
    g_hash_table_unref(portal->files);
    pthread_mutex_destroy(&portal->lock);
    g_free(portal);
}

static GBytes *find(Portal *portal, const char *path)
{
    GBytes *bytes;

    pthread_mutex_lock(&portal->lock);
    bytes = g_hash_table_lookup(portal->files, path);
    if (!bytes) {
        bytes = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
        if (bytes)
            g_hash_table_insert(portal->files, g_strdup(path), bytes);
    }
    if (bytes)
        g_bytes_ref(bytes);
    pthread_mutex_unlock(&portal->lock);
    return bytes;
}

static const char *type_of(const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS(TYPES); i++)
        if (g_str_has_suffix(path, TYPES[i].suffix))
            return TYPES[i].type;
    return "application/octet-stream";
}

/* "/acme-corp/order-service.git" and what is below it, as a person opens it; NULL for a page. */
static char *repository_page(const char *path)
{
    g_auto(GStrv) segments = g_strsplit(path + 1, "/", 3);
    g_autofree char *page = NULL;
    guint count = g_strv_length(segments);

    if (count < 2 || !segments[0][0] || !segments[1][0] || g_strv_contains(PAGES, segments[0]))
        return NULL;
    if (g_str_has_suffix(segments[1], ".git"))
        segments[1][strlen(segments[1]) - 4] = '\0';
    page = g_strjoin("/", "/repositories", segments[0], segments[1], segments[2], NULL);
    return g_uri_escape_string(page, "/", FALSE);
}

static Response *not_found(const Request *request, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "There is nothing at %s",
                request_path(request));
    return NULL;
}

Response *portal_serve(Request *request, void *data, GError **error)
{
    Portal *portal = data;
    const char *path = request_path(request);
    g_autofree char *name = g_strconcat(ROOT, path, NULL), *page = NULL;
    g_autoptr(GBytes) bytes = g_str_has_suffix(path, "/") ? NULL : find(portal, name);

    if (bytes && !g_str_equal(name, INDEX))
        return response_header(response_bytes(200, type_of(name), bytes), "Cache-Control",
                               g_str_has_prefix(path, "/assets/")
                                   ? "public, max-age=31536000, immutable"
                                   : "public, max-age=3600");
    if (g_str_has_prefix(path, "/assets/") || g_str_equal(path, "/favicon.ico"))
        return not_found(request, error);
    page = repository_page(path);
    if (page)
        return response_redirect(302, page);
    g_clear_pointer(&bytes, g_bytes_unref);
    bytes = find(portal, INDEX);
    if (!bytes)
        return response_text(200, "text/html; charset=utf-8", NO_PORTAL);
    return response_header(response_bytes(200, "text/html; charset=utf-8", bytes), "Cache-Control",
                           "no-cache");
}
