#include "spine/sandbox_forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BUFFER_SIZE = 32768, LINKS_MAX = 512, EVENTS_AT_ONCE = 32 };

/* One direction of a link: what was read and not yet written. */
typedef struct {
    gsize start, end;
    gboolean ended; /* nothing more will be read */
    gboolean told;  /* and the other side knows it */
    char bytes[BUFFER_SIZE];
} Flow;

/* Two sockets and what flows between them; flow[i] was read from fd[i]. */
typedef struct Link {
    int fd[2];
    guint32 watched[2];
    Flow flow[2];
    gboolean dead;
} Link;

/* What an epoll event is about: a listener, or a side of a link. */
typedef struct {
    int listen_fd; /* -1: a link's */
    guint16 port;
    Link *link;
    int side;
} Watch;

struct Forwards {
    int epoll_fd;
    guint links;
};

static void fail(const char *what, guint16 port)
{
    fprintf(stderr, "pave: port %u: %s: %s\n", port, what, g_strerror(errno));
    _exit(126);
}

static void listen_on(Forwards *forwards, guint16 port, const struct sockaddr *address,
                      socklen_t length)
{
    int one = 1, fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    Watch *watch;

    if (fd < 0 && errno == EAFNOSUPPORT)
        return; /* no IPv6 on this machine */
    if (fd < 0)
        fail("socket", port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(fd, address, length) != 0) {
        if (address->sa_family == AF_INET6 && errno == EADDRNOTAVAIL) {
            close(fd);
            return;
        }
        fail("bind", port);
    }
    if (listen(fd, 128) != 0)
        fail("listen", port);
    watch = g_new0(Watch, 1);
    watch->listen_fd = fd;
    watch->port = port;
    epoll_ctl(forwards->epoll_fd, EPOLL_CTL_ADD, fd,
              &(struct epoll_event){.events = EPOLLIN, .data.ptr = watch});
}

Forwards *forwards_new(const guint16 *ports, guint count)
{
    Forwards *forwards = g_new0(Forwards, 1);

    forwards->epoll_fd = count ? epoll_create1(EPOLL_CLOEXEC) : -1;
    for (guint i = 0; i < count; i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET,
                                 .sin_port = htons(ports[i]),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                                  .sin6_port = htons(ports[i]),
                                  .sin6_addr = IN6ADDR_LOOPBACK_INIT};

        listen_on(forwards, ports[i], (struct sockaddr *)&v4, sizeof(v4));
        listen_on(forwards, ports[i], (struct sockaddr *)&v6, sizeof(v6));
    }
    return forwards;
}

int forwards_poll_fd(const Forwards *forwards)
{
    return forwards->epoll_fd;
}

/* ---- links ---- */

typedef struct {
    Link link;
    Watch watch[2];
} LinkAndWatches;

static int connect_to(guint16 port)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "/run/pave/forward/%u", port);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void open_link(Forwards *forwards, int client_fd, guint16 port)
{
    int server_fd = forwards->links < LINKS_MAX ? connect_to(port) : -1;
    LinkAndWatches *made;

    if (server_fd < 0) {
        close(client_fd);
        return;
    }
    made = g_new0(LinkAndWatches, 1);
    made->link.fd[0] = client_fd;
    made->link.fd[1] = server_fd;
    for (int side = 0; side < 2; side++) {
        made->watch[side] = (Watch){.listen_fd = -1, .link = &made->link, .side = side};
        made->link.watched[side] = EPOLLIN;
        epoll_ctl(forwards->epoll_fd, EPOLL_CTL_ADD, made->link.fd[side],
                  &(struct epoll_event){.events = EPOLLIN, .data.ptr = &made->watch[side]});
    }
    forwards->links++;
}

static void fill(Link *link, int side)
{
    Flow *flow = &link->flow[side];
    ssize_t got;

    if (flow->ended || flow->end > 0)
        return;
    got = recv(link->fd[side], flow->bytes, BUFFER_SIZE, MSG_DONTWAIT);
    if (got > 0)
        flow->end = (gsize)got;
    else if (got == 0)
        flow->ended = TRUE;
    else if (errno != EAGAIN && errno != EINTR)
        link->dead = TRUE;
}

static void drain(Link *link, int side)
{
    Flow *flow = &link->flow[side];
    int to = link->fd[!side];

    while (flow->start < flow->end) {
        ssize_t sent = send(to, flow->bytes + flow->start, flow->end - flow->start,
                            MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            link->dead = link->dead || errno != EAGAIN;
            return;
        }
        flow->start += (gsize)sent;
    }
    flow->start = flow->end = 0;
    if (flow->ended && !flow->told) {
        shutdown(to, SHUT_WR);
        flow->told = TRUE;
    }
}

static void close_link(Forwards *forwards, Link *link)
{
    close(link->fd[0]);
    close(link->fd[1]);
    forwards->links--;
}

static void watch_again(Forwards *forwards, LinkAndWatches *both)
{
    for (int side = 0; side < 2; side++) {
        const Flow *own = &both->link.flow[side], *other = &both->link.flow[!side];
        guint32 wanted = 0;

        if (!own->ended && own->end == 0)
            wanted |= EPOLLIN;
        if (other->end > 0)
            wanted |= EPOLLOUT;
        if (wanted != both->link.watched[side])
            epoll_ctl(forwards->epoll_fd, EPOLL_CTL_MOD, both->link.fd[side],
                      &(struct epoll_event){.events = wanted, .data.ptr = &both->watch[side]});
        both->link.watched[side] = wanted;
    }
}

static void carry(Forwards *forwards, Link *link, guint32 events, int side)
{
    for (int i = 0; i < 2; i++) {
        fill(link, i);
        drain(link, i);
    }
    /* A side that hung up with nothing left to bring is told of again and again otherwise. */
    if ((events & (EPOLLHUP | EPOLLERR)) && link->flow[side].ended)
        link->dead = TRUE;
    if (link->flow[0].told && link->flow[1].told)
        link->dead = TRUE;
}

void forwards_carry(Forwards *forwards)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    g_autoptr(GPtrArray) closed = g_ptr_array_new_with_free_func(g_free);
    int count = epoll_wait(forwards->epoll_fd, events, EVENTS_AT_ONCE, 0);

    for (int i = 0; i < count; i++) {
        Watch *watch = events[i].data.ptr;
        int fd;

        if (watch->listen_fd >= 0) {
            while ((fd = accept4(watch->listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
                open_link(forwards, fd, watch->port);
            continue;
        }
        if (watch->link->dead)
            continue; /* closed by an earlier event of this round */
        carry(forwards, watch->link, events[i].events, watch->side);
        if (watch->link->dead) {
            close_link(forwards, watch->link);
            g_ptr_array_add(closed, watch->link);
        } else {
            watch_again(forwards, (LinkAndWatches *)watch->link);
        }
    }
}
