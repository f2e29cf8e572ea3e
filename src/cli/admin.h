/* Finding an installation on this machine, shared by `pave serve` and the administrator's commands.
 */
#pragma once
#include "spine/config.h"

/* files NULL: ./app-config.yaml. NULL after what is wrong was printed. */
Config *cli_load_config(char **files);
/* Of the configuration, or the usual one; free with g_free(). */
char *cli_data_folder(const Config *config);
