/* A job's output, live. */
#pragma once
#include "cli/client.h"

typedef enum {
    FOLLOW_STEPS = 1 << 0,   /* a heading for each step, and how it ended */
    FOLLOW_QUIET = 1 << 1,   /* waits only */
    FOLLOW_NO_WAIT = 1 << 2, /* what is there now */
} FollowFlags;

/* Prints the lines of a job from its first until it has ended; the job as /api/jobs/v1 gives it. A
 * server that restarts meanwhile is waited for. */
const Value *follow_job(Client *client, const char *job_id, FollowFlags flags, GError **error);
