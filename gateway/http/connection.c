#include "http/server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>

#include "base/hash.h"
#include "http/proxy_header.h"
#include "io/log.h"

/* Connections around evhttp: how many an address may have, the PROXY header before the first request, and cutting off
 * those that make us wait. evhttp accepts and owns them. It calls us when it wants a bufferevent, but tells
 * nothing more of the new connection then; so we look at it at the end of that loop turn, before any byte of it was
 * read, and find evhttp's own object as the argument of the bufferevent's callbacks. */

enum { SLOWEST_BYTES_PER_S = 1024 };

struct newcomer {
	struct newcomer *next;
	struct bufferevent *bev; /* a reference */
	bool tls;
};

/* evhttp's callbacks, while ours stand in their place. */
struct takeover {
	bufferevent_data_cb read, write;
	bufferevent_event_cb event;
};

/* ---- queues ---- */

static void leave_queue(struct connection *c)
{
	if (!c->queue)
		return;
	*(c->before ? &c->before->after : &c->queue->first) = c->after;
	*(c->after ? &c->after->before : &c->queue->last) = c->before;
	c->before = c->after = NULL;
	c->queue = NULL;
}

static void enter_queue(struct connection *c, struct queue *q, uint32_t seconds)
{
	leave_queue(c);
	c->due_ms = loop_now_ms() + seconds * 1000ull;
	c->before = q->last;
	*(q->last ? &q->last->after : &q->first) = c;
	q->last = c;
	c->queue = q;
}

void connection_set_phase(struct connection *c, enum phase phase)
{
	const struct config *config = c->server->config;

	c->phase = phase;
	switch (phase) {
	case PHASE_IDLE:
		enter_queue(c, &c->server->idle, config->idle_timeout_s);
		break;
	case PHASE_PROXY:
	case PHASE_READING:
		c->moved = 0;
		enter_queue(c, &c->server->moving, config->read_timeout_s);
		break;
	case PHASE_WRITING:
		c->moved = evbuffer_get_length(bufferevent_get_output(c->bev));
		enter_queue(c, &c->server->moving, config->read_timeout_s);
		break;
	case PHASE_BUSY:
		leave_queue(c);
		break;
	}
}

/* Whether enough went through since the last look. A head of a request is small, so one that comes drop by drop never
 * gets on; a body may take as long as it likes, at this speed. */
static bool gets_on(struct connection *c)
{
	size_t left, moved = c->moved;

	if (c->phase == PHASE_WRITING) {
		left = evbuffer_get_length(bufferevent_get_output(c->bev));
		moved = c->moved - left;
	}
	return moved / SLOWEST_BYTES_PER_S >= c->server->config->read_timeout_s;
}

void connections_sweep(struct http_server *s)
{
	uint64_t now = loop_now_ms();
	struct connection *c;

	while ((c = s->idle.first) && (c->due_ms <= now || s->draining))
		connection_close(c);
	while ((c = s->moving.first) && c->due_ms <= now) {
		if (gets_on(c))
			connection_set_phase(c, c->phase);
		else
			connection_close(c);
	}
}

void connections_close_idle(struct http_server *s)
{
	while (s->idle.first)
		connection_close(s->idle.first);
}

/* ---- counting by address ---- */

static struct peer **peer_place(struct http_server *s, const struct address *network)
{
	struct peer **p = &s->peers[hash64(bytes_of(network, sizeof(*network)), 0) % PEER_BUCKETS];

	while (*p && !address_eq(&(*p)->network, network))
		p = &(*p)->next;
	return p;
}

static bool count_in(struct connection *c, struct address network)
{
	struct peer **place;

	address_to_network(&network);
	place = peer_place(c->server, &network);
	if (!*place) {
		*place = calloc(1, sizeof(**place));
		if (!*place)
			abort();
		(*place)->network = network;
	}
	c->peer = *place;
	return ++c->peer->count <= c->server->config->max_connections_per_address;
}

static void count_out(struct connection *c)
{
	struct peer **place;

	if (!c->peer || --c->peer->count)
		return;
	place = peer_place(c->server, &c->peer->network);
	*place = c->peer->next;
	free(c->peer);
}

bool connection_lend(struct connection *c, const struct address *client)
{
	c->is_lent = true;
	return count_in(c, *client);
}

void connection_take_back(struct connection *c)
{
	if (!c->is_lent)
		return;
	c->is_lent = false;
	count_out(c);
	c->peer = NULL;
}

/* ---- life ---- */

struct connection *connection_of(struct http_server *s, struct evhttp_connection *evcon)
{
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(evcon));

	assert(fd >= 0 && (size_t)fd < s->by_fd_len && s->by_fd[fd]);
	return s->by_fd[fd];
}

static void remember(struct connection *c)
{
	struct http_server *s = c->server;
	size_t fd = (size_t)bufferevent_getfd(c->bev), len = s->by_fd_len ? s->by_fd_len : 256;

	while (len <= fd)
		len *= 2;
	if (len > s->by_fd_len) {
		s->by_fd = realloc(s->by_fd, len * sizeof(*s->by_fd));
		if (!s->by_fd)
			abort();
		memset(s->by_fd + s->by_fd_len, 0, (len - s->by_fd_len) * sizeof(*s->by_fd));
		s->by_fd_len = len;
	}
	s->by_fd[fd] = c;
	s->connections++;
}

/* The first bytes of a request end the idle time. */
static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct connection *c = arg;

	(void)buffer;
	if (!info->n_added)
		return;
	if (c->phase == PHASE_IDLE)
		connection_set_phase(c, PHASE_READING);
	if (c->phase != PHASE_WRITING)
		c->moved += info->n_added;
}

/* Says goodbye, so that the phone keeps its session ticket and doesn't take the end for an attack. One that is cut off is
 * to take it for one: to a client of HTTP/1.0 the end of the connection is the end of the answer. */
static void say_goodbye(struct connection *c)
{
	static const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	SSL *ssl = c->tls ? bufferevent_openssl_get_ssl(c->bev) : NULL;

	if (c->is_cut) { /* Linux resets the connection then; SO_LINGER comes too late, after evhttp's shutdown */
		(void)connect(bufferevent_getfd(c->bev), &nowhere, sizeof(nowhere));
		return;
	}

	if (ssl && SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
}

static void free_request(void *req)
{
	evhttp_request_free(req);
}

/* evhttp frees the connection, for whatever reason. The request that it was answering it only forgets then, as once it was
 * ours; until it has done so we must leave it. */
static void on_close(struct evhttp_connection *evcon, void *arg)
{
	struct connection *c = arg;
	struct http_exchange *x = c->exchange;

	(void)evcon;
	say_goodbye(c);
	evbuffer_remove_cb(bufferevent_get_input(c->bev), on_input, c);
	leave_queue(c);
	count_out(c);
	c->server->by_fd[bufferevent_getfd(c->bev)] = NULL;
	c->server->connections--;
	if (c->answered)
		loop_defer(c->server->loop, free_request, c->answered);
	free(c->takeover);
	free(c);
	if (x)
		exchange_on_gone(x);
}

void connection_close(struct connection *c)
{
	evhttp_connection_free(c->evcon);
}

/* ---- the PROXY header ---- */

static void on_proxy_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		connection_close(arg);
}

static void hand_to_evhttp(struct connection *c)
{
	bufferevent_setcb(c->bev, c->takeover->read, c->takeover->write, c->takeover->event, c->evcon);
	free(c->takeover);
	c->takeover = NULL;
	connection_set_phase(c, PHASE_READING);
	if (evbuffer_get_length(bufferevent_get_input(c->bev)))
		bufferevent_trigger(c->bev, EV_READ, 0);
}

static void on_proxy_data(struct bufferevent *bev, void *arg)
{
	struct connection *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t len = evbuffer_get_length(in), used;
	struct address client;
	enum err e;

	if (len > PROXY_HEADER_MAX)
		len = PROXY_HEADER_MAX;
	e = proxy_header_parse(bytes_of(evbuffer_pullup(in, (ev_ssize_t)len), len), &used, &client);
	if (e == ERR_TRUNCATED && len < PROXY_HEADER_MAX)
		return;
	if (e) {
		log_warn("a proxy sent no PROXY header: switch proxy_protocol off here, or on there");
		connection_close(c);
		return;
	}
	evbuffer_drain(in, used);
	if (client.family) {
		c->client = client;
		if (!count_in(c, c->client)) {
			connection_close(c);
			return;
		}
	}
	hand_to_evhttp(c);
}

static void take_over(struct connection *c)
{
	void *evcon;

	c->takeover = calloc(1, sizeof(*c->takeover));
	if (!c->takeover)
		abort();
	bufferevent_getcb(c->bev, &c->takeover->read, &c->takeover->write, &c->takeover->event, &evcon);
	bufferevent_setcb(c->bev, on_proxy_data, NULL, on_proxy_event, c);
	connection_set_phase(c, PHASE_PROXY);
}

/* ---- accepting ---- */

/* False: it may not stay. Behind a proxy all come from one address, so that one isn't counted: requests are (exchange.c). */
static bool admit(struct connection *c)
{
	struct http_server *s = c->server;
	bool from_proxy = !c->tls && server_trusts(s, &c->client);

	if (!c->tls && s->config->proxy_protocol) {
		if (!from_proxy)
			return false;
		take_over(c);
		return true;
	}
	connection_set_phase(c, PHASE_READING);
	return from_proxy || count_in(c, c->client);
}

static void welcome(struct http_server *s, struct bufferevent *bev, struct evhttp_connection *evcon, bool tls)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	*c = (struct connection){ .server = s, .evcon = evcon, .bev = bev, .tls = tls };
	address_of_sockaddr(evhttp_connection_get_addr(evcon), &c->client);
	remember(c);
	evbuffer_add_cb(bufferevent_get_input(bev), on_input, c);
	evhttp_connection_set_closecb(evcon, on_close, c);
	if (!admit(c))
		connection_close(c);
}

static void on_turn_end(void *arg)
{
	struct http_server *s = arg;

	while (s->newcomers) {
		struct newcomer *n = s->newcomers;
		bufferevent_data_cb read, write;
		bufferevent_event_cb event;
		void *evcon;

		s->newcomers = n->next;
		bufferevent_getcb(n->bev, &read, &write, &event, &evcon);
		/* evhttp may have given it up meanwhile: then it has no callbacks any more */
		if (!bufferevent_decref(n->bev) && evcon)
			welcome(s, n->bev, evcon, n->tls);
		free(n);
	}
}

static struct bufferevent *announce(struct http_server *s, struct bufferevent *bev, bool tls)
{
	struct newcomer *n = calloc(1, sizeof(*n));

	if (!n || !bev)
		abort();
	bufferevent_incref(bev);
	*n = (struct newcomer){ s->newcomers, bev, tls };
	if (!s->newcomers)
		loop_defer(s->loop, on_turn_end, s);
	s->newcomers = n;
	return bev;
}

struct bufferevent *connection_make_plain(struct event_base *base, void *server)
{
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	/* libevent's 16 KB at once are four turns of the loop for a piece of a long answer. With TLS they must remain: they make
	 * a record, and what OpenSSL leaves of more than that libevent would write behind what follows. */
	if (bev)
		bufferevent_set_max_single_write(bev, HTTP_STREAM_SEND);
	return announce(server, bev, false);
}

struct bufferevent *connection_make_tls(struct event_base *base, void *server)
{
	struct http_server *s = server;
	SSL *ssl = SSL_new(s->tls);
	struct bufferevent *bev;

	if (!ssl)
		abort();
	bev = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	return announce(s, bev, true);
}
