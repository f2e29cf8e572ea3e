/* debug:wait waits, at most ten minutes, until it is over or the task is cancelled. */
#include "scaffolder/scaffolder_internal.h"

#include "spine/clock.h"
#include <math.h>

enum { WAIT_MS_MAX = 10 * 60 * 1000, LOOK_MS = 50 };

static gboolean run_wait(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    double wanted = value_number(value_get(input, "minutes"), 0) * 60000 +
                    value_number(value_get(input, "seconds"), 0) * 1000 +
                    value_number(value_get(input, "milliseconds"), 0);

    if (!(wanted <= WAIT_MS_MAX)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Waiting duration is longer than the maximum threshold of 0 hours, 10 minutes, "
                    "0 seconds");
        return FALSE;
    }
    int64_t until = clock_monotonic_ms() + (int64_t)fmax(wanted, 0);

    action_log(run, "info", "Waiting for %.3g seconds", fmax(wanted, 0) / 1000);
    for (int64_t left; (left = until - clock_monotonic_ms()) > 0;) {
        if (action_cancelled(run)) {
            g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "the wait was cancelled");
            return FALSE;
        }
        g_usleep((gulong)MIN(left, LOOK_MS) * 1000);
    }
    return TRUE;
}

const Action action_debug_wait = {
    .id = "debug:wait",
    .recovery = RECOVERY_REPEAT,
    .run = run_wait,
};
