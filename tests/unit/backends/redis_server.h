#ifndef EASGATE_TESTS_REDIS_SERVER_H
#define EASGATE_TESTS_REDIS_SERVER_H

/* A private redis-server on a unix socket in a folder of its own, append-only so that it can be killed and started
 * again, and a way to run a test on a fiber with a connection to it. */
#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing.h"

#include "store/redis.h"

struct redis_server {
	char dir[64], socket[96], url[128];
	const char *extra[8]; /* more arguments, NULL-terminated */
	pid_t pid;
};

static inline bool redis_server_answers(const struct redis_server *s)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool up;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", s->socket);
	up = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
	close(fd);
	return up;
}

static inline void redis_server_run(struct redis_server *s)
{
	const char *argv[32] = { "redis-server", "--port", "0", "--unixsocket", s->socket, "--dir", s->dir,
		"--save", "", "--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning",
		"--logfile", "log" };
	size_t n = 17;

	for (size_t i = 0; s->extra[i]; i++)
		argv[n++] = s->extra[i];
	unlink(s->socket);
	s->pid = fork();
	if (s->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[0], (char **)(uintptr_t)argv);
		_exit(127);
	}
	for (int i = 0; i < 2000 && !redis_server_answers(s); i++) {
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
			fail_msg("redis-server ended at once: see %s/log", s->dir);
		usleep(5000);
	}
}

static inline void redis_server_start(struct redis_server *s)
{
	snprintf(s->dir, sizeof(s->dir), "/tmp/easgate-test-redis-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->socket, sizeof(s->socket), "%s/redis.sock", s->dir);
	snprintf(s->url, sizeof(s->url), "unix://%s", s->socket);
	redis_server_run(s);
}

static inline void redis_server_kill(struct redis_server *s)
{
	if (!s->pid)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

static inline int redis_server_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static inline void redis_server_stop(struct redis_server *s)
{
	redis_server_kill(s);
	nftw(s->dir, redis_server_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- a test on a fiber ---- */

struct redis_test {
	struct redis_server server;
	struct loop *loop;
	struct redis *r;
	void (*fn)(struct redis_test *t);
};

static inline void redis_test_main(void *arg)
{
	struct redis_test *t = arg;

	t->fn(t);
	loop_stop(t->loop);
}

/* fn on a fiber, with t->r on its way up. */
static inline void redis_test_on(struct redis_test *t, const char *url)
{
	t->loop = loop_new();
	assert_int_equal(redis_new(t->loop, url, &t->r), ERR_OK);
	fiber_start(
	    t->loop, &(struct fiber_opts){ .name = "test", .deadline_ms = 60000 }, redis_test_main, t);
	loop_run(t->loop);
	redis_free(&t->r);
	loop_free(&t->loop);
}

static inline void redis_test(void (*fn)(struct redis_test *t))
{
	struct redis_test t = { .fn = fn };

	redis_server_start(&t.server);
	redis_test_on(&t, t.server.url);
	redis_server_stop(&t.server);
}

/* ---- commands ---- */

enum { REDIS_TEST_ARGS = 8 };

/* One command of words; the last argument is NULL. */
static inline enum err redis_say(struct redis *r, struct redis_reply *out, const char *const *words)
{
	struct bytes argv[REDIS_TEST_ARGS];
	struct redis_command c = { argv, 0 };

	while (words[c.argc]) {
		argv[c.argc] = bytes_str(words[c.argc]);
		c.argc++;
	}
	return redis_call(r, fiber_arena(), &c, 1, out);
}
#define REDIS_SAY(r, out, ...) redis_say((r), (out), (const char *const[]){ __VA_ARGS__, NULL })

/* The same, answered by a number. */
static inline int64_t redis_say_integer(struct redis *r, const char *const *words)
{
	struct redis_reply reply;

	assert_int_equal(redis_say(r, &reply, words), ERR_OK);
	assert_int_equal(reply.kind, REDIS_INTEGER);
	return reply.integer;
}
#define REDIS_SAY_INTEGER(r, ...) redis_say_integer((r), (const char *const[]){ __VA_ARGS__, NULL })

#endif
