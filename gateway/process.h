#ifndef EASGATE_PROCESS_H
#define EASGATE_PROCESS_H

#include "config.h"

/* What master and workers owe the system that they run on. Each problem is logged and no reason to stop. */

void process_raise_limits(void);
/* No core files: the memory of a worker is full of passwords. Who needs one lifts the limit of a running process (prlimit). */
void process_leave_no_core(void);
/* If we are root the files are given to the user that workers run as: they open them again after a rotation, which they may do
 * in a folder of root's only once the master has made the files. */
void process_open_logs(const struct config *c);
void process_reopen_logs(const struct config *c);
void process_write_pid_file(const struct config *c);
void process_notify_ready(void);

#endif
