/* The system calls no sandboxed program needs: mounting, loading kernel code, the clock, keys of
 * the kernel, other namespaces. Refused with EPERM rather than deadly, since programs try and go
 * on. */
#pragma once
#include <glib.h>

/* For this process and all below it, for ever. FALSE with errno. */
gboolean seccomp_enter(void);
