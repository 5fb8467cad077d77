#ifndef EASGATE_PROCESS_H
#define EASGATE_PROCESS_H

#include "config.h"

/* What the master owes the system that it runs on. Each problem is logged and no reason to stop. */

void process_raise_limits(void);
/* If we are root the files are given to the user that workers run as: they open them again after a rotation, which they may do
 * in a folder of root's only once the master has made the files. */
void process_open_logs(const struct config *c);
void process_reopen_logs(const struct config *c);
void process_write_pid_file(const struct config *c);
void process_notify_ready(void);

#endif
