/* The small parent of `pave serve`: owns the listening sockets and restarts the server. */
#pragma once
#include <glib.h>

typedef struct {
    const int *fds; /* listening sockets, handed to the child in order, starting at fd 3 */
    guint fd_count;
    char *const *argv; /* of the server child; this very program where the first has no slash */
} SupervisorSpec;

/* Runs until SIGTERM/SIGINT (passed on, the child given its grace); the exit status. A child that
 * dies is restarted at once, then with back-off (100 ms to 5 s) when it dies again within a second;
 * a child that exits 0 or 2 (bad configuration) by itself is not. */
int supervisor_run(const SupervisorSpec *spec);
