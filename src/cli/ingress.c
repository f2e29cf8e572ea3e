#include "cli/ingress.h"
#include "identity/identity.h"
#include "net/http_proxy.h"
#include <string.h>

struct Ingress {
    Deployments *deployments;
};

Ingress *ingress_new(Deployments *deployments)
{
    Ingress *ingress = g_new0(Ingress, 1);

    ingress->deployments = deployments;
    return ingress;
}

void ingress_free(Ingress *ingress)
{
    g_free(ingress);
}

static gboolean is_known(const Ingress *ingress, const char *environment)
{
    return g_strv_contains(deployments_environments(ingress->deployments), environment);
}

/* What a person sees who opens a service before it runs; it looks again by itself. */
static Response *not_yet(const char *service, const char *environment)
{
    g_autofree char *page = g_strdup_printf(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta http-equiv=\"refresh\" content=\"2\"><title>%s in %s</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;"
        "padding:0 1rem;color:#222}@media(prefers-color-scheme:dark){body{background:#1a1b1e;"
        "color:#c9c9c9}}</style></head><body><h1>%s is not running in %s</h1>"
        "<p>No version of it is live there yet. This page looks again every two seconds.</p>"
        "</body></html>",
        service, environment, service, environment);

    return response_header(response_text(503, "text/html; charset=utf-8", page), "Cache-Control",
                           "no-store");
}

static gboolean wants_page(const Request *request)
{
    const char *accept = request_header(request, "Accept");

    return accept && strstr(accept, "text/html");
}

/* A label of a host name, and so nothing that HTML would read. */
static gboolean is_label(const char *text)
{
    return text[0] && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

Response *ingress_serve(Request *request, void *data, GError **error)
{
    const Ingress *ingress = data;
    const char *host = request_host(request);
    g_auto(GStrv) labels = g_strsplit(host ? host : "", ".", 4);
    g_autofree char *address = NULL;
    ProxyTarget target = {.cookie_to_strip = IDENTITY_COOKIE,
                          .forwarded_proto = request_is_tls(request) ? "https" : "http"};

    if (g_strv_length(labels) != 3 || !is_known(ingress, labels[1]) ||
        (!g_str_equal(labels[2], "localhost") && !g_str_equal(labels[2], "internal")))
        return response_header(
            response_text(421, "text/plain; charset=utf-8", "This host is not served here.\n"),
            "Connection", "close");
    if (!deployments_route(ingress->deployments, labels[0], labels[1], &address, &target.port)) {
        if (wants_page(request) && is_label(labels[0]))
            return not_yet(labels[0], labels[1]);
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "No version of %s is live in %s",
                    labels[0], labels[1]);
        return NULL;
    }
    target.address = address;
    return http_proxy(request, &target, error);
}
