#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/util.h>

#include "io/stream_priv.h"

/* Finds the addresses of a host and connects to the one that answers first, as RFC 8305 (Happy Eyeballs) has
 * it: IPv6 and IPv4 in turn, each a moment after the one before or as soon as that has failed. One dead
 * address then costs a quarter of a second, not the whole time limit. */
enum { MAX_ADDRESSES = 8, STAGGER_MS = 250, UNIX_RETRY_MS = 10 };

/* ---- resolving ---- */

struct lookup {
	struct loop *loop;
	uint64_t ticket;
	struct evutil_addrinfo *found;
	int error;
	bool done;
	bool abandoned; /* the fiber has gone: the callback frees this */
};

static void lookup_free(struct lookup *k)
{
	if (k->found)
		evutil_freeaddrinfo(k->found);
	free(k);
}

static void on_lookup(int error, struct evutil_addrinfo *found, void *arg)
{
	struct lookup *k = arg;

	k->error = error;
	k->found = found;
	k->done = true;
	if (k->abandoned)
		lookup_free(k);
	else
		fiber_wake(k->loop, k->ticket);
}

static void say_not_found(const char **why, const char *host, int error)
{
	if (error == EVUTIL_EAI_AGAIN)
		say_why(why, "no name server answers for %.255s", host);
	else if (!error || error == EVUTIL_EAI_NONAME || error == EVUTIL_EAI_NODATA ||
		 error == EVUTIL_EAI_FAIL)
		say_why(why, "no address found for %.255s", host); /* a name without addresses is EAI_FAIL */
	else
		say_why(why, "cannot look up %.255s: %s", host, evutil_gai_strerror(error));
}

static enum err look_up(
    const struct stream_target *t, struct limit limit, struct lookup **out, const char **why)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
		.ai_flags = EVUTIL_AI_NUMERICSERV };
	struct evdns_getaddrinfo_request *request;
	struct lookup *k;
	char port[8];
	uint32_t left;
	enum err e = limit_left(limit, &left);

	if (e)
		return e;
	k = calloc(1, sizeof(*k));
	if (!k)
		abort();
	k->loop = fiber_loop();
	k->ticket = fiber_ticket();
	snprintf(port, sizeof(port), "%u", (unsigned)t->port);
	request = evdns_getaddrinfo(loop_dns(k->loop), t->host, port, &hints, on_lookup, k);
	e = fiber_wait(k->ticket, left);
	if (!k->done) {
		k->abandoned = true;
		evdns_getaddrinfo_cancel(request);
		assert(e);
		return e;
	}
	if (!e && (k->error || !k->found)) {
		say_not_found(why, t->host, k->error);
		e = ERR_UNAVAILABLE;
	}
	if (e)
		lookup_free(k);
	else
		*out = k;
	return e;
}

/* Takes what is found in turns: the first IPv6, the first IPv4, the second IPv6 … */
static size_t order_addresses(const struct lookup *k, const struct evutil_addrinfo *out[MAX_ADDRESSES])
{
	const struct evutil_addrinfo *six = k->found, *four = k->found;
	size_t n = 0;

	while ((six || four) && n < MAX_ADDRESSES) {
		while (six && six->ai_family != AF_INET6)
			six = six->ai_next;
		while (four && four->ai_family != AF_INET)
			four = four->ai_next;
		if (six && n < MAX_ADDRESSES) {
			out[n++] = six;
			six = six->ai_next;
		}
		if (four && n < MAX_ADDRESSES) {
			out[n++] = four;
			four = four->ai_next;
		}
	}
	return n;
}

/* ---- connecting ---- */

struct race;

struct attempt {
	struct race *race;
	struct event event;
	int fd; /* -1 = none, or no more */
};

/* Lies on the stack of the fiber that waits for it. */
struct race {
	struct loop *loop;
	uint64_t ticket;
	struct attempt attempts[MAX_ADDRESSES];
	size_t started, live;
	int winner; /* a connected socket, or -1 */
	int error;  /* errno of the last that failed */
};

static void attempt_lost(struct attempt *a, int error)
{
	a->race->error = error;
	close(a->fd);
	a->fd = -1;
	a->race->live--;
}

static void on_attempt(evutil_socket_t fd, short what, void *arg)
{
	struct attempt *a = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error) {
		attempt_lost(a, error);
	} else if (a->race->winner == -1) {
		a->race->winner = a->fd;
		a->fd = -1;
		a->race->live--;
	}
	fiber_wake(a->race->loop, a->race->ticket);
}

static void start_attempt(struct race *r, const struct evutil_addrinfo *address)
{
	struct attempt *a = &r->attempts[r->started++];

	a->race = r;
	a->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd == -1) {
		r->error = errno;
		return;
	}
	r->live++;
	if (connect(a->fd, address->ai_addr, (socklen_t)address->ai_addrlen) != 0 && errno != EINPROGRESS) {
		attempt_lost(a, errno);
		return;
	}
	event_assign(&a->event, loop_base(r->loop), a->fd, EV_WRITE, on_attempt, a);
	event_add(&a->event, NULL);
}

static void race_end(struct race *r)
{
	for (size_t i = 0; i < r->started; i++) {
		if (r->attempts[i].fd == -1)
			continue;
		event_del(&r->attempts[i].event);
		close(r->attempts[i].fd);
	}
}

/* Waits until some attempt is decided, or until it is time for the next one. */
static enum err race_wait(struct race *r, struct limit limit, bool more)
{
	uint32_t left, ms;
	enum err e = limit_left(limit, &left);

	if (e)
		return e;
	ms = more && (!left || left > STAGGER_MS) ? STAGGER_MS : left;
	r->ticket = fiber_ticket();
	e = fiber_wait(r->ticket, ms);
	if (e == ERR_TIMEOUT && more && (e = fiber_check()) == ERR_OK)
		e = limit_left(limit, &left);
	return e;
}

static enum err race_run(struct race *r, const struct lookup *k, struct limit limit)
{
	const struct evutil_addrinfo *addresses[MAX_ADDRESSES];
	size_t count = order_addresses(k, addresses);
	enum err e = ERR_OK;

	while (!e && r->winner == -1) {
		if (r->started < count)
			start_attempt(r, addresses[r->started]);
		if (r->live)
			e = race_wait(r, limit, r->started < count);
		else if (r->started == count)
			e = ERR_UNAVAILABLE;
	}
	return e;
}

static void set_tcp_options(int fd)
{
	/* Idle connections are kept for minutes: probe them before a NAT on the way forgets them. */
	int on = 1, idle_s = 120, interval_s = 30, probes = 4;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

static enum err connect_tcp(const struct stream_target *t, struct limit limit, int *fd, const char **why)
{
	struct race r = { .loop = fiber_loop(), .winner = -1 };
	struct lookup *k = NULL;
	enum err e = look_up(t, limit, &k, why);

	if (e)
		return e;
	e = race_run(&r, k, limit);
	race_end(&r);
	lookup_free(k);
	if (r.winner != -1) {
		set_tcp_options(r.winner);
		*fd = r.winner;
		return ERR_OK;
	}
	if (e == ERR_UNAVAILABLE)
		say_why(why, "cannot connect to %.255s port %u: %s", t->host, (unsigned)t->port,
		    strerror(r.error));
	return e;
}

/* A unix socket is connected at once or not at all; a full backlog is EAGAIN, and nothing tells when it
 * empties. */
static enum err connect_unix(const struct stream_target *t, struct limit limit, int *out, const char **why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(t->host);
	enum err e = ERR_OK;
	uint32_t left;
	int fd;

	if (len >= sizeof(address.sun_path)) {
		say_why(why, "the path of a unix socket has at most %zu bytes", sizeof(address.sun_path) - 1);
		return ERR_UNAVAILABLE;
	}
	memcpy(address.sun_path, t->host, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	while (fd != -1 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		if (errno != EAGAIN) {
			say_why(why, "cannot connect to %s: %s", t->host, strerror(errno));
			e = ERR_UNAVAILABLE;
		} else if (!(e = limit_left(limit, &left))) {
			e = fiber_sleep(UNIX_RETRY_MS);
		}
		if (e) {
			close(fd);
			return e;
		}
	}
	if (fd == -1) {
		say_why(why, "cannot make a socket: %s", strerror(errno));
		return ERR_UNAVAILABLE;
	}
	*out = fd;
	return ERR_OK;
}

enum err connect_any(const struct stream_target *t, struct limit limit, int *fd, const char **why)
{
	return t->host[0] == '/' ? connect_unix(t, limit, fd, why) : connect_tcp(t, limit, fd, why);
}
