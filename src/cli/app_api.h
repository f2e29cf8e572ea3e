/* What the portal needs to know of the installation, and the documentation the binary carries. */
#pragma once
#include "deployments/deployments.h"

typedef struct {
    const Config *config;
    Deployments *deployments;
} App;

/* Room: App *. */
extern const Route app_routes[];
