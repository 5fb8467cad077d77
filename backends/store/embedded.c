/* Who may write in the folder is settled by two bytes of one lock file: the master holds the first, its redis-server
 * the second. Such a lock (fcntl) belongs to a process, survives exec, is not inherited by fork and ends with the
 * process, and the kernel names its holder. A pid file would do none of that. */
#include "store/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <hiredis/hiredis.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { POLL_MS = 5, PING_MS = 1000, STOP_MS = 30 * 1000 };
enum { LOCK_MASTER, LOCK_SERVER };

struct embedded_redis {
	char *program, *dir, *socket, *url; /* owned */
	int lock_fd;                        /* closing it gives our lock up */
	uid_t uid;                          /* whom the server runs as; 0 = as we do */
	gid_t gid;
	pid_t pid; /* 0 = none */
};

static char why_text[512];

__attribute__((format(printf, 3, 4))) static enum err fail(const char **why, enum err e, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why_text, sizeof(why_text), fmt, args);
	va_end(args);
	*why = why_text;
	return e;
}

/* ---- time ---- */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void pause_shortly(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000 }, NULL);
}

/* ---- locks ---- */

static bool lock_byte(int fd, int byte)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	return fcntl(fd, F_SETLK, &l) == 0;
}

/* The process other than us that holds it; 0 if none does. */
static pid_t lock_holder(int fd, int byte)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	return fcntl(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK ? l.l_pid : 0;
}

/* ---- talking to it ---- */

static redisReply *ask(const struct embedded_redis *r, const char *command)
{
	const struct timeval limit = { .tv_sec = PING_MS / 1000 };
	redisContext *c = redisConnectUnixWithTimeout(r->socket, limit);
	redisReply *reply = NULL;

	if (!c)
		abort();
	if (!c->err && redisSetTimeout(c, limit) == REDIS_OK)
		reply = redisCommand(c, command);
	redisFree(c);
	return reply; /* NULL: nobody there, or it went without an answer */
}

static bool answers(const struct embedded_redis *r)
{
	redisReply *reply = ask(r, "PING");
	bool ok = reply && reply->type == REDIS_REPLY_STATUS; /* an error while it loads its data */

	freeReplyObject(reply);
	return ok;
}

/* ---- what was left behind ---- */

static enum err end_orphan(struct embedded_redis *r, unsigned wait_ms, const char **why)
{
	uint64_t end = now_ms() + wait_ms;
	pid_t pid = lock_holder(r->lock_fd, LOCK_SERVER);

	if (pid) {
		freeReplyObject(ask(r, "SHUTDOWN"));
		if (lock_holder(r->lock_fd, LOCK_SERVER) == pid)
			kill(pid, SIGTERM); /* its socket is gone, or it is busy */
	}
	while ((pid = lock_holder(r->lock_fd, LOCK_SERVER)) != 0) {
		if (now_ms() >= end)
			return fail(why, ERR_UNAVAILABLE,
			    "the redis-server of an earlier run (pid %d) does not end", (int)pid);
		pause_shortly();
	}
	unlink(r->socket);
	return ERR_OK;
}

/* ---- starting ---- */

/* Tells the master through the pipe, which exec would have closed, why it could not become redis-server. */
static _Noreturn void give_up(int pipe_fd)
{
	ssize_t told = write(pipe_fd, &errno, sizeof(errno));

	_exit(told == sizeof(errno) ? 127 : 126);
}

/* In the child. */
static _Noreturn void become_server(const struct embedded_redis *r, pid_t master, int pipe_fd)
{
	const char *const argv[] = { r->program, "--port", "0", "--unixsocket", r->socket, "--unixsocketperm",
		"700", "--dir", r->dir, "--logfile", "redis.log", "--loglevel", "warning", "--daemonize",
		"no", "--databases", "1", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
		"--maxmemory-policy", "noeviction",
		/* Most sync states then stay in the compact form. The name that both Redis 6 and 7 know. */
		"--hash-max-ziplist-value", "512", NULL };
	sigset_t none;
	int null;

	setpgid(0, 0); /* Ctrl-C is for the master, which ends us last */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (r->uid && (setgroups(0, NULL) != 0 || setgid(r->gid) != 0 || setuid(r->uid) != 0))
		give_up(pipe_fd);
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* setuid would undo it */
	if (getppid() != master)
		_exit(1); /* it died before we asked to be told */
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null != -1)
		dup2(null, STDIN_FILENO);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	fcntl(r->lock_fd, F_SETFD, 0);
	if (lock_byte(r->lock_fd, LOCK_SERVER))
		execvp(r->program, (char **)(uintptr_t)argv);
	give_up(pipe_fd);
}

static enum err spawn(struct embedded_redis *r, const char **why)
{
	pid_t master = getpid();
	int fds[2], error = 0;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return fail(why, ERR_UNAVAILABLE, "cannot make a pipe: %s", strerror(errno));
	r->pid = fork();
	if (r->pid == 0)
		become_server(r, master, fds[1]);
	close(fds[1]);
	if (r->pid == -1) {
		close(fds[0]);
		r->pid = 0;
		return fail(why, ERR_UNAVAILABLE, "cannot fork: %s", strerror(errno));
	}
	do
		n = read(fds[0], &error, sizeof(error));
	while (n == -1 && errno == EINTR);
	close(fds[0]);
	if (n <= 0)
		return ERR_OK;
	waitpid(r->pid, NULL, 0);
	r->pid = 0;
	return fail(why, ERR_UNAVAILABLE, "cannot run %s: %s", r->program, strerror(error));
}

/* True once it has ended, and then nobody's child any more. */
static bool reap(struct embedded_redis *r, int flags)
{
	pid_t got;

	do
		got = waitpid(r->pid, NULL, flags);
	while (got == -1 && errno == EINTR);
	if (got == 0)
		return false;
	r->pid = 0; /* also if somebody else reaped it */
	return true;
}

static void end_server(struct embedded_redis *r)
{
	uint64_t end = now_ms() + STOP_MS;

	if (!r->pid)
		return;
	kill(r->pid, SIGTERM);
	while (!reap(r, WNOHANG)) {
		if (now_ms() >= end) {
			kill(r->pid, SIGKILL);
			reap(r, 0);
			return;
		}
		pause_shortly();
	}
}

static enum err run(struct embedded_redis *r, unsigned wait_ms, const char **why)
{
	uint64_t end = now_ms() + wait_ms;
	enum err e;

	if ((e = end_orphan(r, wait_ms, why)) || (e = spawn(r, why)))
		return e;
	while (!answers(r)) {
		if (reap(r, WNOHANG))
			return fail(why, ERR_UNAVAILABLE, "%s ended at once; %s/redis.log says why",
			    r->program, r->dir);
		if (now_ms() >= end) {
			end_server(r);
			return fail(why, ERR_UNAVAILABLE, "%s did not answer within %u ms; see %s/redis.log",
			    r->program, wait_ms, r->dir);
		}
		pause_shortly();
	}
	return ERR_OK;
}

/* ---- the folder ---- */

/* A master that is root lets the owner of the state folder run the server. */
static enum err choose_user(struct embedded_redis *r, const char *state_dir, const char **why)
{
	struct stat st;

	if (geteuid() != 0)
		return ERR_OK;
	if (stat(state_dir, &st) != 0 || chown(r->dir, st.st_uid, st.st_gid) != 0)
		return fail(why, ERR_UNAVAILABLE, "cannot give %s to the owner of %s: %s", r->dir, state_dir,
		    strerror(errno));
	r->uid = st.st_uid;
	r->gid = st.st_gid;
	return ERR_OK;
}

__attribute__((format(printf, 1, 2))) static char *text(const char *fmt, ...)
{
	va_list args;
	char *out;

	va_start(args, fmt);
	if (vasprintf(&out, fmt, args) == -1)
		abort();
	va_end(args);
	return out;
}

static enum err prepare(struct embedded_redis *r, const char *state_dir, const char **why)
{
	char absolute[PATH_MAX];
	char *lock;
	enum err e;

	if ((mkdir(state_dir, 0700) != 0 && errno != EEXIST) || !realpath(state_dir, absolute))
		return fail(
		    why, ERR_UNAVAILABLE, "cannot use the state folder %s: %s", state_dir, strerror(errno));
	r->dir = text("%s/redis", absolute);
	r->socket = text("%s/redis.sock", r->dir);
	r->url = text("unix://%s", r->socket);
	if (strlen(r->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return fail(why, ERR_UNAVAILABLE,
		    "the path of the state folder is too long for a unix socket: %s", r->socket);
	if (strpbrk(r->socket, "?@"))
		return fail(why, ERR_UNAVAILABLE, "the path of the state folder may not hold '?' or '@': %s",
		    r->socket);
	if ((mkdir(r->dir, 0700) != 0 && errno != EEXIST) || chmod(r->dir, 0700) != 0)
		return fail(why, ERR_UNAVAILABLE, "cannot use %s: %s", r->dir, strerror(errno));
	if ((e = choose_user(r, state_dir, why)))
		return e;
	lock = text("%s/lock", r->dir);
	r->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	free(lock);
	if (r->lock_fd == -1)
		return fail(why, ERR_UNAVAILABLE, "cannot open %s/lock: %s", r->dir, strerror(errno));
	if (!lock_byte(r->lock_fd, LOCK_MASTER))
		return fail(why, ERR_EXISTS, "another easgate (pid %d) runs on the state folder %s",
		    (int)lock_holder(r->lock_fd, LOCK_MASTER), state_dir);
	return ERR_OK;
}

/* ---- for the master ---- */

enum err embedded_redis_start(const char *redis_server, const char *state_dir, unsigned wait_ms,
    struct embedded_redis **out, const char **why)
{
	struct embedded_redis *r = calloc(1, sizeof(*r));
	enum err e;

	if (!r)
		abort();
	r->lock_fd = -1;
	r->program = text("%s", redis_server);
	if ((e = prepare(r, state_dir, why)) || (e = run(r, wait_ms, why)))
		embedded_redis_stop(&r);
	*out = r;
	return e;
}

const char *embedded_redis_url(const struct embedded_redis *r)
{
	return r->url;
}

pid_t embedded_redis_pid(const struct embedded_redis *r)
{
	return r->pid;
}

enum err embedded_redis_restart(struct embedded_redis *r, unsigned wait_ms, const char **why)
{
	r->pid = 0;
	return run(r, wait_ms, why);
}

void embedded_redis_stop(struct embedded_redis **r)
{
	struct embedded_redis *x = *r;

	if (!x)
		return;
	*r = NULL;
	end_server(x);
	if (x->lock_fd != -1)
		close(x->lock_fd);
	free(x->program);
	free(x->dir);
	free(x->socket);
	free(x->url);
	free(x);
}
