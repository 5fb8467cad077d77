#include "io/stream.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/err.h>

#include "io/stream_priv.h"

/* So many bytes may move without a wait before the others get a turn: a fast peer must not hold the loop. */
enum { MOST_AT_ONCE = 256 * 1024 };

struct stream {
	struct loop *loop;
	int fd;
	SSL *ssl;                    /* NULL = plain */
	char *host, *ca_file;        /* owned */
	struct stream_target target; /* with them */
	bool broken;                 /* a fault, or a write in part: no byte can be trusted any more */
	bool busy;                   /* in a call that waits */
	size_t moved_at_once;
	uint64_t in, out;
	struct event watch_event;
	void (*watch_fn)(void *arg); /* NULL = not watched */
	void *watch_arg;
};

/* ---- helpers that connect.c and tls.c share ---- */

struct limit limit_in(uint32_t ms)
{
	return (struct limit){ ms ? loop_now_ms() + ms : 0 };
}

enum err limit_left(struct limit limit, uint32_t *ms)
{
	uint64_t now = loop_now_ms();

	*ms = 0;
	if (!limit.end_ms)
		return ERR_OK;
	if (now >= limit.end_ms)
		return ERR_TIMEOUT;
	*ms = (uint32_t)(limit.end_ms - now);
	return ERR_OK;
}

void say_why(const char **why, const char *fmt, ...)
{
	char text[768]; /* longer than any that we make */
	struct bytes copy;
	va_list args;
	int n;

	if (!why)
		return;
	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < sizeof(text));
	if (arena_dup(fiber_arena(), bytes_of(text, (size_t)n + 1), &copy))
		*why = "not enough memory to say why";
	else
		*why = (const char *)copy.p;
}

/* ---- life ---- */

static char *dup_text(const char *text)
{
	char *p = strdup(text);

	if (!p)
		abort();
	return p;
}

static struct stream *stream_new(const struct stream_target *t)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->loop = fiber_loop();
	s->fd = -1;
	s->target = *t;
	s->target.host = s->host = dup_text(t->host);
	s->target.ca_file = s->ca_file = t->ca_file ? dup_text(t->ca_file) : NULL;
	return s;
}

static void unwatch(struct stream *s)
{
	if (s->watch_fn)
		event_del(&s->watch_event);
	s->watch_fn = NULL;
}

void stream_close(struct stream **s)
{
	struct stream *x = *s;

	if (!x)
		return;
	assert(!x->busy);
	unwatch(x);
	if (x->ssl) {
		ERR_clear_error();
		if (!x->broken)
			SSL_shutdown(x->ssl); /* says goodbye, if there is room to */
		SSL_free(x->ssl);
	}
	if (x->fd != -1)
		close(x->fd);
	free(x->host);
	free(x->ca_file);
	free(x);
	*s = NULL;
}

static void say_no_answer(const char **why, const struct stream_target *t, enum err e)
{
	if (e == ERR_TIMEOUT && t->host[0] == '/')
		say_why(why, "no answer from %.255s in time", t->host);
	else if (e == ERR_TIMEOUT)
		say_why(why, "no answer from %.255s port %u in time", t->host, (unsigned)t->port);
	else if (e == ERR_CANCELLED)
		say_why(why, "cancelled while connecting to %.255s", t->host);
}

static enum err start_tls(struct stream *s, struct limit limit, const char **why)
{
	enum err e = tls_connect(s->fd, &s->target, limit, &s->ssl, why);

	if (e)
		s->broken = true;
	say_no_answer(why, &s->target, e);
	return e;
}

enum err stream_connect(const struct stream_target *target, struct stream **out, const char **why)
{
	struct limit limit = limit_in(target->connect_ms);
	struct stream *s;
	enum err e;

	if (target->tls != STREAM_PLAIN && target->host[0] == '/') {
		say_why(why, "a unix socket has no name that TLS could check");
		return ERR_UNSUPPORTED;
	}
	s = stream_new(target);
	e = connect_any(&s->target, limit, &s->fd, why);
	say_no_answer(why, &s->target, e);
	if (!e && target->tls == STREAM_TLS)
		e = start_tls(s, limit, why);
	if (e)
		stream_close(&s);
	else
		*out = s;
	return e;
}

enum err stream_starttls(struct stream *s, const char **why)
{
	uint8_t byte;
	enum err e;

	assert(!s->ssl && !s->busy && !s->watch_fn);
	if (recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
		s->broken = true;
		say_why(why,
		    "%.255s sent more than its answer to STARTTLS; somebody may tamper with the connection",
		    s->target.host);
		return ERR_PROTO;
	}
	s->busy = true;
	e = start_tls(s, limit_in(s->target.connect_ms), why);
	s->busy = false;
	return e;
}

/* ---- moving bytes: one try each; *want is what to wait for if nothing could be moved ---- */

static enum err fault(struct stream *s)
{
	s->broken = true;
	return ERR_UNAVAILABLE;
}

/* What OpenSSL's refusal means. ERR_OK with *want = 0: the peer has closed. */
static enum err tls_outcome(struct stream *s, short *want)
{
	switch (SSL_get_error(s->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		*want = EV_READ;
		return ERR_OK;
	case SSL_ERROR_WANT_WRITE:
		*want = EV_WRITE;
		return ERR_OK;
	case SSL_ERROR_ZERO_RETURN:
		return ERR_OK;
	default:
		return fault(s);
	}
}

static enum err socket_outcome(struct stream *s, ssize_t got, short event, size_t *moved, short *want)
{
	if (got >= 0)
		*moved = (size_t)got;
	else if (errno == EAGAIN || errno == EINTR)
		*want = event;
	else
		return fault(s);
	return ERR_OK;
}

static enum err try_read(struct stream *s, void *to, size_t cap, bool peek, size_t *moved, short *want)
{
	int ok;

	*moved = 0;
	*want = 0;
	if (!s->ssl)
		return socket_outcome(s, recv(s->fd, to, cap, peek ? MSG_PEEK : 0), EV_READ, moved, want);
	ERR_clear_error();
	ok = peek ? SSL_peek_ex(s->ssl, to, cap, moved) : SSL_read_ex(s->ssl, to, cap, moved);
	return ok ? ERR_OK : tls_outcome(s, want);
}

static enum err try_write(struct stream *s, struct bytes data, size_t *moved, short *want)
{
	enum err e;

	*moved = 0;
	*want = 0;
	if (!s->ssl)
		return socket_outcome(s, send(s->fd, data.p, data.len, MSG_NOSIGNAL), EV_WRITE, moved, want);
	ERR_clear_error();
	if (SSL_write_ex(s->ssl, data.p, data.len, moved))
		return ERR_OK;
	e = tls_outcome(s, want);
	return e || *want ? e : fault(s);
}

/* ---- for fibers ---- */

static enum err begin(struct stream *s)
{
	enum err e;

	assert(!s->busy && !s->watch_fn);
	if (s->broken)
		return ERR_UNAVAILABLE;
	if (s->moved_at_once < MOST_AT_ONCE)
		return fiber_check();
	s->moved_at_once = 0;
	s->busy = true;
	e = fiber_yield();
	s->busy = false;
	return e;
}

static enum err wait_io(struct stream *s, short want, uint32_t timeout_ms)
{
	enum err e;

	s->busy = true;
	s->moved_at_once = 0;
	e = fiber_wait_fd(s->fd, want, timeout_ms);
	s->busy = false;
	return e;
}

enum err stream_read(struct stream *s, void *to, size_t cap, size_t *out)
{
	short want;
	enum err e = begin(s);

	assert(cap);
	while (!e && !(e = try_read(s, to, cap, false, out, &want)) && want)
		e = wait_io(s, want, s->target.io_ms);
	if (e)
		return e;
	s->in += *out;
	s->moved_at_once += *out;
	return ERR_OK;
}

enum err stream_write(struct stream *s, struct bytes data)
{
	bool begun = false; /* the peer may have got a part, or OpenSSL a record that it must finish */
	enum err e = ERR_OK;

	while (!e && data.len) {
		struct bytes sent;
		size_t n = 0;
		short want = 0;

		if ((e = begin(s)) || (e = try_write(s, data, &n, &want)))
			break;
		begun = begun || n || s->ssl;
		if (want)
			e = wait_io(s, want, s->target.io_ms);
		bytes_take(&data, n, &sent);
		s->out += n;
		s->moved_at_once += n;
	}
	if (e && begun)
		s->broken = true;
	return e;
}

enum err stream_wait_readable(struct stream *s, uint32_t timeout_ms)
{
	struct limit limit = limit_in(timeout_ms);
	enum err e = begin(s);

	while (!e) {
		uint8_t byte;
		size_t n;
		short want;
		uint32_t left;

		/* A socket may be readable for a session ticket alone, and bytes may wait inside OpenSSL. */
		if ((e = try_read(s, &byte, 1, true, &n, &want)) || !want || (e = limit_left(limit, &left)))
			break;
		e = wait_io(s, want, left);
	}
	return e;
}

/* ---- without a fiber ---- */

bool stream_is_dead(struct stream *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN | POLLRDHUP };
	uint8_t byte;
	size_t n;
	short want;

	if (s->broken || (s->ssl && (SSL_get_shutdown(s->ssl) & SSL_RECEIVED_SHUTDOWN)))
		return true;
	if (poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)))
		return true;
	if (!(p.revents & POLLIN))
		return false;
	return try_read(s, &byte, 1, true, &n, &want) || (!n && !want);
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;
	void (*fn)(void *) = s->watch_fn;
	uint8_t byte;
	size_t n;
	short want;

	(void)fd, (void)what;
	if (!try_read(s, &byte, 1, true, &n, &want) && want) {
		event_add(&s->watch_event, NULL); /* only TLS had something to say */
		return;
	}
	s->watch_fn = NULL;
	fn(s->watch_arg);
}

void stream_watch(struct stream *s, void (*fn)(void *arg), void *arg)
{
	assert(!s->busy);
	unwatch(s);
	if (!fn)
		return;
	s->watch_fn = fn;
	s->watch_arg = arg;
	event_assign(&s->watch_event, loop_base(s->loop), s->fd, EV_READ, on_watch, s);
	event_add(&s->watch_event, NULL);
	if (s->broken || (s->ssl && SSL_has_pending(s->ssl)))
		event_active(&s->watch_event, EV_READ, 0);
}

bool stream_is_tls(const struct stream *s)
{
	return s->ssl != NULL;
}

void stream_counts(const struct stream *s, uint64_t *in, uint64_t *out)
{
	*in = s->in;
	*out = s->out;
}
