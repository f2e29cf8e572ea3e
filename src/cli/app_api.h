/* What the portal needs to know of the installation, and the documentation the binary carries. */
#pragma once
#include "net/http_server.h"
#include "spine/config.h"

/* Room: const Config *. */
extern const Route app_routes[];
