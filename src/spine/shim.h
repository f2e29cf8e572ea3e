/* What process.c and `pave shim` say to each other. A process folder holds:
 *
 *   lock     locked by the shim while it lives
 *   pid      the child's, once it runs
 *   output   stdout and stderr (output.1: what came before, where it turns over)
 *   exit     the exit status, once everything has ended
 *   taken    up to which byte of it the server has taken the output over
 *   control  a Unix socket: "stop <signal>\n" asks, end of file tells that it is over
 *
 * The order (arguments, environment, input) comes over a memory file, so that no secret of the
 * environment is ever on a disk or in a command line. */
#pragma once

enum { SHIM_ORDER_FD = 3, SHIM_STATUS_FD = 4 };

/* argv, env, cwd, input, output_size_max, output_turns_over, grace_ms, sandboxed, secrets */
#define SHIM_ORDER_TYPE "(aayaaysayxbibaay)"

#define SHIM_LOCK "lock"
#define SHIM_PID "pid"
#define SHIM_OUTPUT "output"
#define SHIM_OUTPUT_OLD "output.1"
#define SHIM_EXIT "exit"
#define SHIM_CONTROL "control"
#define SHIM_TAKEN "taken"
