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
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "No version of %s is live in %s",
                    labels[0], labels[1]);
        return NULL;
    }
    target.address = address;
    return http_proxy(request, &target, error);
}
