#ifndef EASGATE_PROCESS_H
#define EASGATE_PROCESS_H

#include "config.h"

/* What the master owes the system that it runs on. Each problem is logged and no reason to stop. */

void process_raise_limits(void);
void process_open_logs(const struct config *c);
void process_write_pid_file(const struct config *c);
void process_notify_ready(void);

#endif
