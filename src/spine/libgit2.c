#include "spine/libgit2.h"
#include <pthread.h>

/* For the life of the process: a worker thread that used it may end after a room did, and gives
 * its part back only while the library is up. */
static void start(void)
{
    git_libgit2_init();
    /* The folders are ours, whoever started us; without this libgit2 refuses another's. */
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
}

void libgit2_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, start);
}
