/* The least that libmicrohttpd can do: `hello` prints its port and answers /N with N bytes. */
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES_MAX (8 << 20)

static char body[BYTES_MAX];

static enum MHD_Result answer(void *data, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    size_t size = strtoul(url + 1, NULL, 10);
    struct MHD_Response *response;
    enum MHD_Result queued;

    /* A request with a body is told of in several calls. */
    if (!*state || *upload_size > 0) {
        *state = body;
        *upload_size = 0;
        return MHD_YES;
    }
    response = MHD_create_response_from_buffer(size < BYTES_MAX ? size : BYTES_MAX, body,
                                               MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "application/json; charset=utf-8");
    queued = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return queued;
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon;

    memset(body, 'a', sizeof body);
    /* As many event threads as Pave's own server has. */
    daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL,
                              MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE, 2u,
                              MHD_OPTION_END);
    if (!daemon)
        return 1;
    printf("%d\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    pause();
}
