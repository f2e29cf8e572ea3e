/* The ports of a sandbox that has no network: each leads to a Unix socket that was mounted into it.
 * One loop, no threads; for sandbox-init alone. */
#pragma once
#include <glib.h>

typedef struct Forwards Forwards;

/* Listens on 127.0.0.1 and ::1 at each port; "/run/pave/forward/<port>" is where it leads. Ends the
 * process with a reason where it cannot. */
Forwards *forwards_new(const guint16 *ports, guint count);
/* Readable when forwards_carry() has something to do; -1 where there is nothing to forward. */
int forwards_poll_fd(const Forwards *forwards);
void forwards_carry(Forwards *forwards);
