/* The way to deployed services: "<service>.<environment>.localhost" from a browser,
 * "<service>.<environment>.internal" from the sandboxes. */
#pragma once
#include "deployments/deployments.h"
#include "net/http_server.h"

typedef struct Ingress Ingress;

Ingress *ingress_new(Deployments *deployments);
void ingress_free(Ingress *ingress);
/* For http_server_set_foreign_host_handler(). */
Response *ingress_serve(Request *request, void *ingress, GError **error);
