#include "deployments/deployments_internal.h"

/* A failed deployment starts again when its job is retried; one that was verifying starts again
 * when its process died together with the server. */

static const char *const NAMES[] = {
    [DEPLOYMENT_QUEUED] = "queued",         [DEPLOYMENT_STARTING] = "starting",
    [DEPLOYMENT_VERIFYING] = "verifying",   [DEPLOYMENT_LIVE] = "live",
    [DEPLOYMENT_SUPERSEDED] = "superseded", [DEPLOYMENT_FAILED] = "failed",
    [DEPLOYMENT_STOPPED] = "stopped",
};

#define TO(state) (1u << (state))

static const guint LEGAL[] = {
    [DEPLOYMENT_QUEUED] = TO(DEPLOYMENT_STARTING) | TO(DEPLOYMENT_FAILED),
    [DEPLOYMENT_STARTING] = TO(DEPLOYMENT_VERIFYING) | TO(DEPLOYMENT_FAILED),
    [DEPLOYMENT_VERIFYING] = TO(DEPLOYMENT_LIVE) | TO(DEPLOYMENT_FAILED) | TO(DEPLOYMENT_STARTING),
    [DEPLOYMENT_LIVE] = TO(DEPLOYMENT_SUPERSEDED) | TO(DEPLOYMENT_STOPPED),
    [DEPLOYMENT_SUPERSEDED] = 0,
    [DEPLOYMENT_FAILED] = TO(DEPLOYMENT_STARTING),
    [DEPLOYMENT_STOPPED] = 0,
};

const char *deployment_state_name(DeploymentState state)
{
    return NAMES[state];
}

DeploymentState deployment_state_parse(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++)
        if (g_strcmp0(NAMES[i], name) == 0)
            return (DeploymentState)i;
    g_assert_not_reached();
}

gboolean deployment_state_may_become(DeploymentState from, DeploymentState to)
{
    return (LEGAL[from] & TO(to)) != 0;
}

const char *instance_state_name(InstanceState state)
{
    static const char *const names[] = {
        [INSTANCE_STARTING] = "starting",   [INSTANCE_HEALTHY] = "healthy",
        [INSTANCE_UNHEALTHY] = "unhealthy", [INSTANCE_CRASHED] = "crashed",
        [INSTANCE_STOPPED] = "stopped",
    };

    return names[state];
}
