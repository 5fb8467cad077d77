#include "http/server.h"

#include <assert.h>
#include <stdlib.h>
#include <event2/listener.h>

#include "http/tls.h"
#include "io/log.h"

/* The listening side: evhttp with or without TLS on sockets that the master bound, limits, stopping. */

enum { SWEEP_MS = 1000, ANY_METHOD = 0xFFFF /* the handler answers 405, with Allow */ };

bool server_trusts(const struct http_server *s, const struct address *a)
{
	for (size_t i = 0; i < s->n_trusted; i++)
		if (network_has(&s->trusted[i], a))
			return true;
	return false;
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void read_trusted(struct http_server *s)
{
	size_t n = count(s->config->trusted_proxies);

	s->trusted = calloc(n + 1, sizeof(*s->trusted));
	if (!s->trusted)
		abort();
	for (size_t i = 0; i < n; i++)
		if (network_parse(bytes_str(s->config->trusted_proxies[i]), &s->trusted[s->n_trusted]) ==
		    ERR_OK)
			s->n_trusted++;
}

/* ---- listeners ---- */

static void accept_from(struct evhttp_bound_socket *b, void *arg)
{
	(void)arg;
	evconnlistener_enable(evhttp_bound_socket_get_listener(b));
}

static void accept_from_all(struct http_server *s)
{
	if (s->evhttp_tls)
		evhttp_foreach_bound_socket(s->evhttp_tls, accept_from, NULL);
	if (s->evhttp_plain)
		evhttp_foreach_bound_socket(s->evhttp_plain, accept_from, NULL);
}

/* Mostly EMFILE. The socket stays readable, so going on at once would turn the loop into a busy one. */
static void on_accept_error(struct evconnlistener *l, void *arg)
{
	/* evconnlistener hands its own argument, the evhttp; the server is found through evhttp's bufferevent hook only,
	 * so the listener is switched off and the next sweep, which looks at all of them, switches it on. */
	(void)arg;
	evconnlistener_disable(l);
	log_error("cannot accept connections: %s", evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

static void on_sweep(void *arg)
{
	struct http_server *s = arg;

	connections_sweep(s);
	if (s->accepting)
		accept_from_all(s);
	timer_restart(s->sweep, SWEEP_MS);
}

static struct evhttp *make_evhttp(
    struct http_server *s, struct bufferevent *(*make)(struct event_base *, void *))
{
	struct evhttp *h = evhttp_new(loop_base(s->loop));

	if (!h)
		abort();
	evhttp_set_allowed_methods(h, ANY_METHOD);
	evhttp_set_max_headers_size(h, (ev_ssize_t)s->config->max_header_bytes);
	evhttp_set_max_body_size(h, (ev_ssize_t)s->config->max_body_bytes);
	/* A body that is too long is read to its end before 413 is said: a client that is cut off in the middle
	 * would never see it, and try again. */
	evhttp_set_flags(h, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_default_content_type(h, NULL);
	evhttp_set_bevcb(h, make, s);
	evhttp_set_gencb(h, exchange_on_request, s);
	return h;
}

/* Accepts nothing yet. */
static enum err listen_on(struct evhttp *h, const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct evhttp_bound_socket *b = evhttp_accept_socket_with_handle(h, fds[i]);

		if (!b) {
			log_error("cannot listen: %s", evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
			return ERR_UNAVAILABLE;
		}
		evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(b), on_accept_error);
		evconnlistener_disable(evhttp_bound_socket_get_listener(b));
	}
	return ERR_OK;
}

/* ---- life ---- */

static void free_server(void *arg)
{
	struct http_server *s = arg;

	SSL_CTX_free(s->tls);
	free(s->trusted);
	free(s->by_fd);
	free(s);
}

static enum err start(struct http_server *s, const struct http_server_opts *opts)
{
	size_t n_tls = count(s->config->listen);
	char why[512];
	enum err e = ERR_OK;

	assert(n_tls <= opts->n_fds);
	if (n_tls) {
		e = tls_context_new(s->config, opts->ticket_keys, &s->tls, why, sizeof(why));
		if (e) {
			log_error("%s", why);
			return e;
		}
		s->evhttp_tls = make_evhttp(s, connection_make_tls);
		e = listen_on(s->evhttp_tls, opts->fds, n_tls);
	}
	if (!e && opts->n_fds > n_tls) {
		s->evhttp_plain = make_evhttp(s, connection_make_plain);
		e = listen_on(s->evhttp_plain, opts->fds + n_tls, opts->n_fds - n_tls);
	}
	return e;
}

enum err http_server_new(struct loop *l, const struct http_server_opts *opts, struct http_server **out)
{
	struct http_server *s = calloc(1, sizeof(*s));
	enum err e;

	if (!s)
		abort();
	*s = (struct http_server){
		.loop = l, .config = opts->config, .handler = opts->handler, .arg = opts->arg
	};
	read_trusted(s);
	s->sweep = timer_start(l, SWEEP_MS, on_sweep, s);
	e = start(s, opts);
	if (e)
		http_server_free(&s);
	*out = s;
	return e;
}

void http_server_accept(struct http_server *s)
{
	s->accepting = true;
	accept_from_all(s);
}

static void note_socket(struct evhttp_bound_socket *b, void *found)
{
	*(struct evhttp_bound_socket **)found = b;
}

/* One by one, as evhttp must not lose a socket while it walks over them. */
static void stop_listening(struct evhttp *h)
{
	struct evhttp_bound_socket *b;

	do {
		b = NULL;
		evhttp_foreach_bound_socket(h, note_socket, (void *)&b);
		if (b)
			evhttp_del_accept_socket(h, b);
	} while (b);
}

void http_server_drain(struct http_server *s)
{
	s->draining = true;
	if (s->evhttp_tls)
		stop_listening(s->evhttp_tls);
	if (s->evhttp_plain)
		stop_listening(s->evhttp_plain);
	connections_close_idle(s);
}

uint32_t http_server_connections(const struct http_server *s)
{
	return s->connections;
}

void http_server_free(struct http_server **s)
{
	struct http_server *x = *s;

	if (!x)
		return;
	timer_cancel(&x->sweep);
	if (x->evhttp_tls)
		evhttp_free(x->evhttp_tls);
	if (x->evhttp_plain)
		evhttp_free(x->evhttp_plain);
	/* what evhttp announced in this loop turn still comes back to us at its end */
	loop_defer(x->loop, free_server, x);
	*s = NULL;
}
