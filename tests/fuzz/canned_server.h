#ifndef EASGATE_TESTS_FUZZ_CANNED_SERVER_H
#define EASGATE_TESTS_FUZZ_CANNED_SERVER_H

/* A server whose part of the session is an input of the fuzzer: it says all of it at once, whatever it is asked, and
 * then no more. So a session takes no time, and the code under test runs as always: on a fiber, through
 * backends/io. */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <event2/event.h>

#include "fuzz/fuzzing.h"
#include "io/log.h"
#include "io/stream.h"

struct canned_server {
	struct loop *loop;
	struct sockaddr_un address;
	struct bytes says; /* borrowed */
	int last;          /* the connection; open until the next one, so that nobody's writes fail */
	void (*client)(void *arg);
	void *arg;
};

static inline void canned_accept(evutil_socket_t listener, short what, void *arg)
{
	struct canned_server *s = arg;

	(void)what;
	if (s->last != -1)
		close(s->last);
	s->last = accept(listener, NULL, NULL);
	MUST(s->last != -1);
	/* What doesn't fit is lost: then the session ends earlier. */
	if (s->says.len)
		(void)!send(s->last, s->says.p, s->says.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(s->last, SHUT_WR);
}

/* Lives as long as the process. */
static inline struct canned_server *canned_server(void)
{
	static struct canned_server s = { .last = -1 };

	if (s.loop)
		return &s;
	log_level_set(LOG_LEVEL_ERROR);
	s.loop = loop_new();
	s.address.sun_family = AF_UNIX;
	snprintf(s.address.sun_path, sizeof(s.address.sun_path), "/tmp/easgate-fuzz-%d", (int)getpid());
	return &s;
}

static inline struct stream_target canned_target(const struct canned_server *s)
{
	return (struct stream_target){ .host = s->address.sun_path, .connect_ms = 1000, .io_ms = 1000 };
}

static inline void canned_main(void *arg)
{
	struct canned_server *s = arg;

	s->client(s->arg);
	loop_stop(s->loop);
}

/* Runs client(arg) on a fiber, against a server that says that. It listens only so long: the fuzzer ends without
 * letting anybody clean up. */
static inline void canned_run(
    struct canned_server *s, struct bytes says, void (*client)(void *arg), void *arg)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct event *accepts =
	    event_new(loop_base(s->loop), listener, EV_READ | EV_PERSIST, canned_accept, s);

	s->says = says;
	s->client = client;
	s->arg = arg;
	MUST(!bind(listener, (struct sockaddr *)&s->address, sizeof(s->address)) && !listen(listener, 8));
	event_add(accepts, NULL);
	fiber_start(s->loop, &(struct fiber_opts){ .name = "client", .deadline_ms = 20000 }, canned_main, s);
	loop_run(s->loop);
	event_free(accepts);
	close(listener);
	unlink(s->address.sun_path);
}

#endif
