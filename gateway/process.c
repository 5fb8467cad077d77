#include "process.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "access_log.h"
#include "io/log.h"

/* Each phone that waits is a descriptor. */
void process_raise_limits(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

static void give_logs(const struct config *c)
{
	const struct passwd *pw = *c->user && geteuid() == 0 ? getpwnam(c->user) : NULL;

	if (pw && (log_give(pw->pw_uid, pw->pw_gid) || access_log_give(pw->pw_uid, pw->pw_gid)))
		log_error("cannot give a log file to %s: %s", c->user, strerror(errno));
}

void process_leave_no_core(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_CORE, &l) == 0) {
		l.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &l);
	}
}

void process_open_logs(const struct config *c)
{
	log_level_set(c->log_level);
	if (log_open(*c->log_file ? c->log_file : NULL))
		log_error("cannot open the log file %s: %s", c->log_file, strerror(errno));
	if (access_log_open(c->access_log))
		log_error("cannot open the access log %s: %s", c->access_log, strerror(errno));
	give_logs(c);
}

void process_reopen_logs(const struct config *c)
{
	if (log_reopen() || access_log_reopen())
		log_error("a log file could not be opened again: %s", strerror(errno));
	give_logs(c);
}

void process_write_pid_file(const struct config *c)
{
	FILE *f = *c->pid_file ? fopen(c->pid_file, "w") : NULL;

	if (f) {
		fprintf(f, "%d\n", (int)getpid());
		fclose(f);
	} else if (*c->pid_file) {
		log_error("cannot write the pid file %s: %s", c->pid_file, strerror(errno));
	}
}

/* systemd's Type=notify; nothing where it isn't asked for. */
void process_notify_ready(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (!path || !*path || strlen(path) >= sizeof(sa.sun_path))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	memcpy(sa.sun_path, path, strlen(path));
	if (path[0] == '@')
		sa.sun_path[0] = '\0';
	sendto(fd, "READY=1", 7, MSG_NOSIGNAL, (struct sockaddr *)&sa,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
	close(fd);
}
