/* Children that outlive the server: each runs under `pave shim`, which owns its PID namespace where
 * one can be made, writes output and exit status to a folder and listens on a Unix socket there. A
 * restarted server attaches again. */
#pragma once
#include "base/error.h"
#include "spine/sandbox.h"
#include <glib.h>
#include <stdint.h>

typedef struct Process Process;

typedef struct {
    const char *folder;      /* the shim's: made where missing; must not hold a process already */
    const char *const *argv; /* no shell */
    const char *const
        *env; /* "NAME=value", the whole environment; kept out of the folder and of argv */
    const char *cwd;
    const Sandbox *sandbox; /* NULL: none (our own trusted children only) */
    const char *input;      /* bytes for stdin; NULL: /dev/null */
    gsize input_length;
    int64_t
        output_size_max; /* bytes kept of the output; default 256 MiB, the child is killed beyond */
    gboolean output_turns_over; /* beyond, begin again instead and keep the former as "output.1":
                                   for what runs for months */
    const char *const *secrets; /* masked in the output before it is written, line by line; NULL */
    int grace_ms;               /* between SIGINT/SIGTERM and SIGKILL; default 10,000 */
} ProcessSpec;

/* Starts it; NULL with error where the program cannot run. Returning does not own the child:
 * process_unref() leaves it be. */
Process *process_start(const ProcessSpec *spec, GError **error);
/* The process a folder holds, running or ended. ERROR_NOT_FOUND where it never started (then it is
 * safe to start). */
Process *process_attach(const char *folder, GError **error);
void process_unref(Process *process);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Process, process_unref)

/* Waits up to timeout_ms (-1: for ever, 0: just look). TRUE once ended; *exit_code is 0-255, or
 * 128+signal. FALSE without error: it still runs. FALSE with ERROR_INTERNAL: the shim died without
 * an exit status, and everything below it with it. */
gboolean process_wait(Process *process, int timeout_ms, int *exit_code, GError **error);
/* Output (stdout and stderr, merged) from offset; what is there now, at most size. -1 with error.
 */
gssize process_read_output(Process *process, int64_t offset, char *buffer, gsize size,
                           GError **error);
/* Up to which byte somebody has taken its output over: kept beside it, so that whoever attaches
 * next goes on from there. 0 at first. */
int64_t process_output_mark(Process *process);
void process_set_output_mark(Process *process, int64_t offset);
/* SIGINT first, then SIGKILL of the whole namespace after grace_ms. Returns at once. */
void process_stop(Process *process, int first_signal);
pid_t process_pid(Process *process);
const char *process_folder(Process *process);

/* `pave shim`: never returns. */
int shim_main(int argc, char **argv);
