/* One binary, many commands. The two that run inside other processes come first, since they must
 * stay small. */
#include "cli/cli.h"
#include "spine/process.h"
#include "spine/sandbox.h"
#include <glib.h>

int main(int argc, char **argv)
{
    if (argc > 1 && g_str_equal(argv[1], "shim"))
        return shim_main(argc - 1, argv + 1);
    if (argc > 1 && g_str_equal(argv[1], "sandbox-init"))
        return sandbox_init_main(argc - 1, argv + 1);
    return cli_main(argc, argv);
}
