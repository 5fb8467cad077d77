#ifndef EASGATE_TESTS_PEER_H
#define EASGATE_TESTS_PEER_H

/* What the tests of streams share: servers in child processes, with plain blocking calls. */
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/stream.h"
#include "unit/backends/on_fiber.h"

struct peer {
	pid_t pid;
	int listener;
	uint16_t port;
};

static inline int peer_listen(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&a, len) || listen(fd, 512) ||
	    getsockname(fd, (struct sockaddr *)&a, &len))
		fail_msg("cannot listen");
	*port = ntohs(a.sin_port);
	return fd;
}

/* Serves each connection in turn with `script`, until peer_stop. */
static inline struct peer peer_start(void (*script)(int fd, void *arg), void *arg)
{
	struct peer p = { 0 };

	p.listener = peer_listen(&p.port);
	p.pid = fork();
	if (p.pid == 0) {
		alarm(120); /* a test that aborts leaves nobody behind for ever */
		signal(SIGPIPE, SIG_IGN);
		for (;;) {
			int fd = accept(p.listener, NULL, NULL);

			if (fd == -1)
				_exit(0);
			script(fd, arg);
			close(fd);
		}
	}
	return p;
}

static inline void peer_stop(struct peer *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->listener);
}

static inline struct stream_target peer_target(const struct peer *p)
{
	return (
	    struct stream_target){ .host = "127.0.0.1", .port = p->port, .connect_ms = 5000, .io_ms = 5000 };
}

static inline struct stream *peer_connect(const struct stream_target *t)
{
	struct stream *s = NULL;
	const char *why = "";
	enum err e = stream_connect(t, &s, &why);

	if (e)
		fail_msg("connect: %s, %s", err_name(e), why);
	return s;
}

/* Reads exactly n bytes, or up to the close; gives how many. */
static inline size_t peer_read_n(struct stream *s, void *to, size_t n)
{
	size_t have = 0, got;

	while (have < n) {
		assert_int_equal(stream_read(s, (uint8_t *)to + have, n - have, &got), ERR_OK);
		if (!got)
			break;
		have += got;
	}
	return have;
}

#endif
