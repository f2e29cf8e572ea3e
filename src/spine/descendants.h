/* Whoever is below this process. Orphans count where it is a subreaper, as the shim is. */
#pragma once

/* SIGKILL to all of them; they are still to be reaped. */
void descendants_kill(void);
