#include "cli/cli_internal.h"

const Command cli_commands[] = {
    {"serve", "[OPTION…]", "Run the server",
     "  pave serve --config app-config.yaml --data /var/lib/pave --port 7007\n"
     "  pave serve --config app-config.yaml --config app-config.local.yaml\n"
     "  sudo pave serve --config /etc/pave/app-config.yaml --user pave",
     command_serve},
    {"serve-child", "", NULL, NULL, command_serve_child},
    {NULL},
};
