#ifndef EASGATE_MASTER_H
#define EASGATE_MASTER_H

#include "config.h"

/* The master process: binds ports, runs the embedded Redis, forks workers and replaces them. It reads nothing that
 * comes from the network. Stays in the foreground.
 *
 *	SIGHUP           reads config and certificate again: new workers take over, the old ones drain
 *	SIGTERM, SIGINT  drains and stops; a second one stops at once
 *	SIGUSR1          opens the log files again
 *
 * Returns the exit status of the program. */
int master_run(const char *config_path);

/* Puts the config's problems on standard error. For config_load. */
void master_complain(void *arg, const char *text);

#endif
