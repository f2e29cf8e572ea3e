/* Every room of the server, opened floor by floor and closed the other way round. */
#pragma once
#include "net/http_server.h"
#include "spine/config.h"

typedef struct House House;

typedef struct {
    const Config *config;
    const char *data_folder;
    const char *base_url;
    guint16 port;
    const char *program; /* this binary */
    /* bound and listening; taken */
    int tcp_fd, api_fd, ingress_fd;
} HouseSpec;

/* Opens the database, the rooms and at last the doors. NULL with error where a part cannot start.
 */
House *house_open(const HouseSpec *spec, GError **error);
/* Ends requests, then jobs, and leaves children under their shims. */
void house_close(House *house);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(House, house_close)

/* The sockets inside of the data folder; free with g_free(). */
char *house_api_socket(const char *data_folder);
char *house_ingress_socket(const char *data_folder);
