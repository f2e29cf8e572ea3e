/* The server's own log: a line on stderr for each message, time=… level=… room=… msg="…". */
#pragma once

void log_to_stderr(void);
