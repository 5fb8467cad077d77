/* Blocking connections on non-blocking sockets: every wait is a poll with a deadline. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char default_path[] = "/Microsoft-Server-ActiveSync";

int64_t phone_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- where the server is ---- */

static char *dup_or_die(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		abort();
	return copy;
}

static enum err split_port(char *host, uint16_t *port)
{
	char *end = strrchr(host, ':');
	uint32_t n;

	if (host[0] == '[') { /* an IPv6 address in brackets */
		char *close = strchr(host, ']');

		if (!close)
			return ERR_PROTO;
		end = close[1] == ':' ? close + 1 : NULL;
		*close = '\0';
		memmove(host, host + 1, strlen(host + 1) + 1); /* what stands behind the bracket stays */
	}
	if (!end)
		return ERR_OK;
	if (bytes_to_u32(bytes_str(end + 1), UINT16_MAX, &n))
		return ERR_PROTO;
	*end = '\0';
	*port = (uint16_t)n;
	return ERR_OK;
}

enum err phone_server_init(struct phone_server *s, const char *url, const char *ca_file, bool insecure)
{
	const char *rest = strstr(url, "://"), *slash;
	enum err e;

	memset(s, 0, sizeof(*s));
	s->tls = strncasecmp(url, "http://", 7) != 0;
	s->port = s->tls ? 443 : 80;
	s->insecure = insecure;
	s->ca_file = dup_or_die(ca_file);
	if (rest && s->tls && strncasecmp(url, "https://", 8) != 0)
		return ERR_PROTO;
	rest = rest ? rest + 3 : url;
	slash = strchr(rest, '/');
	s->path = dup_or_die(slash && slash[1] ? slash : default_path);
	s->host = slash ? strndup(rest, (size_t)(slash - rest)) : dup_or_die(rest);
	if (!s->host)
		abort();
	e = split_port(s->host, &s->port);
	return e ? e : s->host[0] ? ERR_OK : ERR_PROTO;
}

void phone_server_deinit(struct phone_server *s)
{
	free(s->host);
	free(s->path);
	free(s->ca_file);
	memset(s, 0, sizeof(*s));
}

/* ---- waiting ---- */

static int64_t deadline_in(int timeout_ms)
{
	return phone_now_us() + (int64_t)timeout_ms * 1000;
}

/* events: POLLIN or POLLOUT */
static enum err wait_for(struct phone_wire *w, short events, int64_t deadline_us)
{
	struct pollfd p = { .fd = w->fd, .events = events };
	int rc;

	do {
		int64_t left = (deadline_us - phone_now_us()) / 1000;

		rc = left < 0 ? 0 : poll(&p, 1, (int)left + 1);
	} while (rc < 0 && errno == EINTR);
	if (rc > 0)
		return ERR_OK;
	snprintf(w->problem, sizeof(w->problem), "no %s within the time limit",
	    events == POLLIN ? "answer" : "progress in sending");
	return ERR_TIMEOUT;
}

/* ---- opening ---- */

static enum err connect_one(struct phone_wire *w, const struct addrinfo *ai, int64_t deadline_us)
{
	int on = 1, problem = 0;
	socklen_t len = sizeof(problem);

	w->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return ERR_UNAVAILABLE;
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(w->fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return ERR_OK;
	if (errno != EINPROGRESS) {
		problem = errno;
	} else {
		enum err e = wait_for(w, POLLOUT, deadline_us);

		if (e)
			return e;
		getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &problem, &len);
	}
	if (!problem)
		return ERR_OK;
	snprintf(w->problem, sizeof(w->problem), "cannot connect: %s", strerror(problem));
	return ERR_UNAVAILABLE;
}

static enum err connect_any(struct phone_wire *w, const struct phone_server *s, int64_t deadline_us)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	enum err e = ERR_NOT_FOUND;
	char port[8];
	int rc;

	snprintf(port, sizeof(port), "%u", s->port);
	rc = getaddrinfo(s->host, port, &hints, &list);
	if (rc) {
		snprintf(w->problem, sizeof(w->problem), "the name %s has no address: %s", s->host,
		    gai_strerror(rc));
		return ERR_NOT_FOUND;
	}
	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		e = connect_one(w, ai, deadline_us);
		if (!e)
			break;
		if (w->fd >= 0)
			close(w->fd);
		w->fd = -1;
	}
	freeaddrinfo(list);
	return e;
}

static void note_tls_problem(struct phone_wire *w, const char *doing)
{
	unsigned long code = ERR_peek_last_error();
	long verify = w->ssl ? SSL_get_verify_result(w->ssl) : X509_V_OK;

	if (verify != X509_V_OK)
		snprintf(w->problem, sizeof(w->problem), "%s: the certificate isn't accepted: %s", doing,
		    X509_verify_cert_error_string(verify));
	else
		snprintf(w->problem, sizeof(w->problem), "%s: %s", doing,
		    code ? ERR_reason_error_string(code) : "the server hung up");
	ERR_clear_error();
}

static SSL_CTX *context_new(struct phone_wire *w, const struct phone_server *s)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx)
		abort();
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_read_ahead(ctx, 1); /* several records by one read, as phones' own libraries do */
	SSL_CTX_set_default_read_buffer_len(ctx, 64 * 1024);
	SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE);
	if (s->insecure)
		return ctx;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (s->ca_file ? SSL_CTX_load_verify_file(ctx, s->ca_file) : SSL_CTX_set_default_verify_paths(ctx))
		return ctx;
	snprintf(w->problem, sizeof(w->problem), "cannot read the certificates in %s",
	    s->ca_file ? s->ca_file : "the system's store");
	SSL_CTX_free(ctx);
	return NULL;
}

void phone_tls_expect(SSL *ssl, const char *host)
{
	struct in6_addr any;

	SSL_set1_host(ssl, host); /* takes addresses, too */
	if (inet_pton(AF_INET, host, &any) != 1 && inet_pton(AF_INET6, host, &any) != 1)
		SSL_set_tlsext_host_name(ssl, host);
}

static enum err start_tls(struct phone_wire *w, const struct phone_server *s, int64_t deadline_us)
{
	SSL_CTX *ctx = context_new(w, s);
	enum err e = ERR_OK;

	if (!ctx)
		return ERR_NOT_FOUND;
	w->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx); /* w->ssl keeps it */
	if (!w->ssl)
		abort();
	phone_tls_expect(w->ssl, s->host);
	SSL_set_fd(w->ssl, w->fd);
	while (!e) {
		int rc = SSL_connect(w->ssl);
		int why = SSL_get_error(w->ssl, rc);

		if (rc == 1)
			return ERR_OK;
		if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
			note_tls_problem(w, "TLS");
			return ERR_UNAVAILABLE;
		}
		e = wait_for(w, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline_us);
	}
	return e;
}

enum err phone_wire_open(const struct phone_server *s, int timeout_ms, struct phone_wire **out)
{
	struct phone_wire *w = calloc(1, sizeof(*w));
	int64_t deadline_us = deadline_in(timeout_ms);
	enum err e;

	if (!w)
		abort();
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets whose peer has gone */
	*out = w;
	w->fd = -1;
	if ((e = connect_any(w, s, deadline_us)))
		return e;
	return s->tls ? start_tls(w, s, deadline_us) : ERR_OK;
}

void phone_wire_free(struct phone_wire **w)
{
	if (!*w)
		return;
	SSL_free((*w)->ssl);
	if ((*w)->fd >= 0)
		close((*w)->fd);
	free((*w)->in);
	free(*w);
	*w = NULL;
}

/* ---- sending and receiving ---- */

/* Sends some: how many bytes in *n; 0 = try again after a wait for *events. */
static enum err send_some(struct phone_wire *w, struct bytes data, size_t *n, short *events)
{
	ssize_t rc;

	*n = 0;
	*events = POLLOUT;
	if (w->ssl) {
		int ok = SSL_write_ex(w->ssl, data.p, data.len, n);
		int why = SSL_get_error(w->ssl, ok);

		if (ok)
			return ERR_OK;
		if (why == SSL_ERROR_WANT_READ)
			*events = POLLIN;
		else if (why != SSL_ERROR_WANT_WRITE) {
			note_tls_problem(w, "sending");
			return ERR_UNAVAILABLE;
		}
		return ERR_OK;
	}
	rc = send(w->fd, data.p, data.len, MSG_NOSIGNAL);
	if (rc < 0 && errno != EAGAIN && errno != EINTR) {
		snprintf(w->problem, sizeof(w->problem), "sending: %s", strerror(errno));
		return ERR_UNAVAILABLE;
	}
	*n = rc > 0 ? (size_t)rc : 0;
	return ERR_OK;
}

enum err phone_wire_send(struct phone_wire *w, struct bytes data, int timeout_ms)
{
	int64_t deadline_us = deadline_in(timeout_ms);
	enum err e = ERR_OK;

	while (data.len && !e) {
		short events;
		size_t n;

		if ((e = send_some(w, data, &n, &events)))
			break;
		data = bytes_of(data.p + n, data.len - n);
		if (!n)
			e = wait_for(w, events, deadline_us);
	}
	return e;
}

enum err phone_wire_send_slowly(struct phone_wire *w, struct bytes data, size_t piece, int pause_ms)
{
	struct bytes some;
	enum err e = ERR_OK;

	while (data.len && !e) {
		if (!bytes_take(&data, piece < data.len ? piece : data.len, &some))
			return ERR_PROTO;
		e = phone_wire_send(w, some, 10000);
		poll(NULL, 0, pause_ms);
	}
	return e;
}

/* Reads what is there; 0 bytes = try again after a wait for *events. A close sets w->ended. */
static void receive_some(struct phone_wire *w, short *events)
{
	enum { ROOM = 64 * 1024 };
	size_t n = 0;

	*events = POLLIN;
	if (w->in_cap - w->in_len < ROOM) {
		w->in_cap = w->in_cap * 2 + ROOM;
		w->in = realloc(w->in, w->in_cap);
		if (!w->in)
			abort();
	}
	if (w->ssl) {
		int ok = SSL_read_ex(w->ssl, w->in + w->in_len, ROOM, &n);
		int why = SSL_get_error(w->ssl, ok);

		if (!ok && why == SSL_ERROR_WANT_WRITE)
			*events = POLLOUT;
		else if (!ok && why != SSL_ERROR_WANT_READ)
			w->ended = true; /* a cut without close_notify counts as a close: HTTP lengths tell */
		ERR_clear_error();
	} else {
		ssize_t rc = recv(w->fd, w->in + w->in_len, ROOM, 0);

		if (rc == 0 || (rc < 0 && errno != EAGAIN && errno != EINTR))
			w->ended = true;
		n = rc > 0 ? (size_t)rc : 0;
	}
	if (n && !w->in_len)
		w->first_byte_us = phone_now_us();
	w->in_len += n;
}

/* All that is there, so that a long answer isn't looked at after each piece. */
static enum err receive_more(struct phone_wire *w, int64_t deadline_us)
{
	size_t had = w->in_len;
	enum err e = ERR_OK;

	while (!e && !w->ended) {
		size_t before = w->in_len;
		short events;

		receive_some(w, &events);
		if (w->in_len > before)
			continue;
		if (w->in_len > had || w->ended)
			break;
		e = wait_for(w, events, deadline_us);
	}
	return e;
}

enum err phone_wire_more(struct phone_wire *w, int timeout_ms)
{
	return receive_more(w, deadline_in(timeout_ms));
}

enum err phone_wire_wait(struct phone_wire *w, int timeout_ms)
{
	enum err e = w->in_len ? ERR_OK : receive_more(w, deadline_in(timeout_ms));

	if (!e && !w->in_len) {
		snprintf(w->problem, sizeof(w->problem), "the server hung up without an answer");
		return ERR_UNAVAILABLE;
	}
	return e;
}

enum err phone_wire_receive(struct phone_wire *w, struct arena *a, int timeout_ms, struct phone_answer *out)
{
	int64_t deadline_us = deadline_in(timeout_ms);
	size_t used;
	enum err e;

	for (;;) {
		struct bytes have = bytes_of(w->in, w->in_len);

		if (!w->in_len && w->ended) {
			snprintf(w->problem, sizeof(w->problem), "the server hung up without an answer");
			return ERR_UNAVAILABLE;
		}
		e = w->in_len ? phone_answer_read(a, have, w->ended, out, &used) : ERR_TRUNCATED;
		if (!e || e != ERR_TRUNCATED)
			break;
		if ((e = receive_more(w, deadline_us)))
			return e;
	}
	w->last_byte_us = phone_now_us();
	if (e) {
		snprintf(w->problem, sizeof(w->problem),
		    w->ended ? "the answer is cut off" : "the answer is no HTTP");
		return w->ended ? ERR_UNAVAILABLE : e;
	}
	/* The answer points into w->in, which the next one overwrites: into the arena with it. */
	if ((e = arena_dup(a, out->head, &out->head)) || (e = arena_dup(a, out->body, &out->body)))
		return e;
	w->in_len -= used;
	memmove(w->in, w->in + used, w->in_len);
	return ERR_OK;
}
