/* A child that sends back whatever it is sent over a Unix socket. */
#pragma once
#include <glib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <signal.h>
#include <unistd.h>

static inline void net_echo_serve(int fd)
{
    char bytes[4096];
    ssize_t got;

    while ((got = read(fd, bytes, sizeof(bytes))) > 0)
        for (ssize_t at = 0, sent = 0; at < got; at += sent)
            if ((sent = send(fd, bytes + at, (size_t)(got - at), MSG_NOSIGNAL)) < 0)
                _exit(1);
    _exit(0);
}

static inline pid_t net_echo_start(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t pid;

    g_assert_cmpuint(g_strlcpy(address.sun_path, path, sizeof(address.sun_path)), <,
                     sizeof(address.sun_path));
    g_assert_cmpint(bind(listen_fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(listen(listen_fd, 16), ==, 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGCHLD, SIG_IGN);
        for (int fd; (fd = accept(listen_fd, NULL, NULL)) >= 0; close(fd))
            if (fork() == 0)
                net_echo_serve(fd);
        _exit(0);
    }
    close(listen_fd);
    return pid;
}
