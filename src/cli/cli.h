/* The command line: `pave serve` is the server, every other command is a client of the HTTP API. */
#pragma once

/* Runs the command argv names. Exit status: 0 done, 1 failed, 2 used wrongly or badly configured, 3
 * not allowed or not signed in, 4 not found, 130 interrupted. */
int cli_main(int argc, char **argv);
