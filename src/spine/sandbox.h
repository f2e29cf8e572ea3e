/* What a child may see and do. Nothing that came from a repository runs outside one (bubblewrap).
 */
#pragma once
#include "base/error.h"
#include <glib.h>

typedef enum {
    SANDBOX_NETWORK_NONE, /* loopback of its own, and the forwards below */
    SANDBOX_NETWORK_HOST  /* the machine's */
} SandboxNetwork;

typedef struct {
    const char *from; /* on the machine */
    const char *to;   /* in the sandbox */
    gboolean writable;
} SandboxMount;

typedef struct {
    guint16 port;            /* on the sandbox's own 127.0.0.1 */
    const char *unix_socket; /* on the machine */
} SandboxForward;

typedef struct {
    SandboxNetwork network;
    const SandboxMount *mounts; /* ended by from == NULL. /usr, /bin, /lib*, /etc's harmless files
                                   are there read-only, /tmp is its own */
    const SandboxForward
        *forwards;            /* ended by port == 0; NETWORK_NONE only. Ports below 1024 work */
    const char *const *hosts; /* "127.0.0.1 order-service.staging.internal", for /etc/hosts;
                                 NULL-terminated or NULL */
    const char *hostname;     /* NULL: "pave" */
    gint64 memory_bytes_max, cpu_seconds_max; /* 0: no bound */
    guint processes_max;                      /* 0: 4096 */
} Sandbox;

/* Where this program is in every sandbox, and the folder to put on a PATH there. */
#define SANDBOX_PAVE_FOLDER "/run/pave/bin"
#define SANDBOX_PAVE SANDBOX_PAVE_FOLDER "/pave"

/* The user everything runs as inside, whoever Pave is outside. Its home is in memory. */
#define SANDBOX_HOME "/home/pave"

/* The command line that runs argv in it (NULL-terminated, free with g_strfreev()).
 * ERROR_SERVICE_UNAVAILABLE where bubblewrap is missing or the kernel forbids namespaces, saying
 * what to do. */
char **sandbox_command(const Sandbox *sandbox, const char *const *argv, const char *cwd,
                       GError **error);

/* `pave sandbox-init`: what runs first inside; sets up forwards, then the command. Never returns.
 */
int sandbox_init_main(int argc, char **argv);
