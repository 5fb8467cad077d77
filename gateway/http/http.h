#ifndef EASGATE_HTTP_HTTP_H
#define EASGATE_HTTP_HTTP_H

#include "config.h"
#include "io/fiber.h"

/* The HTTP front: TLS, evhttp, limits, slow senders, proxies. What stands above sees an exchange: one request
 * and the one reply that it gets, now or an hour later. */
struct http_server; /* one per worker */
struct http_exchange;

enum { HTTP_TICKET_KEYS_LEN = 80 };

struct http_server_opts {
	const struct config *config;
	const int
	    *fds; /* listening sockets that the master bound, in the order of listen, then listen_plain */
	size_t n_fds;
	const uint8_t
	    *ticket_keys; /* HTTP_TICKET_KEYS_LEN random bytes that all workers share, so that a phone resumes
	                             * its TLS session at any of them; NULL = keys of this process alone */
	void (*handler)(
	    struct http_exchange *x, void *arg); /* called on the loop when a request has arrived whole */
	void *arg;
};
/* ERR_UNAVAILABLE if certificate or key can't be used; the log says why. It takes no connection before http_server_accept. */
enum err http_server_new(
    struct loop *l, const struct http_server_opts *opts, struct http_server **out) MUST_CHECK;
/* From now on it takes connections. Until then they stay queued in its listening sockets, for it or for whoever else holds
 * them. */
void http_server_accept(struct http_server *s);
/* No new connections: its listening sockets are closed, and what is queued in them is left to whoever else holds them. Idle
 * connections are closed, the others after their present answer. */
void http_server_drain(struct http_server *s);
uint32_t http_server_connections(const struct http_server *s);
/* Closes all connections. Exchanges that are still out are dead: reply to them to free them. Accepts NULL, sets NULL. */
void http_server_free(struct http_server **s);

enum http_method { HTTP_GET, HTTP_POST, HTTP_OPTIONS, HTTP_OTHER };

/* Views, valid until the exchange is replied to. */
enum http_method http_method(const struct http_exchange *x);
struct bytes http_path(const struct http_exchange *x);  /* percent-decoded, without the query */
struct bytes http_query(const struct http_exchange *x); /* raw, without '?' */
struct bytes http_header(const struct http_exchange *x, const char *name); /* empty if absent */
struct bytes http_body(const struct http_exchange *x);    /* as it came; see http_expand_body */
struct bytes http_address(const struct http_exchange *x); /* the client's, after X-Forwarded-For or PROXY */
struct bytes http_host(const struct http_exchange *x);
/* Makes the body what it was before it was gzipped, if it was: to be called when it is known who asks, for a few bytes of gzip
 * are much work. ERR_PROTO: damaged; ERR_LIMIT: more than max_body. */
enum err http_expand_body(struct http_exchange *x) WAITS MUST_CHECK;
/* Overwrites and drops a header that was read: the password. */
void http_wipe_header(struct http_exchange *x, const char *name);

/* From now until the reply, a client that goes away is noticed: gone(arg) is called on the loop, once, and the
 * exchange is dead (reply to it all the same to free it, nothing is sent). Call it for every request that waits,
 * parked or running. The request's body and headers are given up by http_park to save memory: copy before. */
void http_watch_client(struct http_exchange *x, void (*gone)(void *arg), void *arg);
void http_park(struct http_exchange *x);

struct http_field {
	const char *name, *value;
};
/* Sends the reply and frees the exchange (*x is NULL afterwards). The body is copied, gzipped if the client takes it and it
 * pays. reason NULL = the usual one. */
void http_reply(struct http_exchange **x, int status, const char *reason, const struct http_field *fields,
    size_t n_fields, struct bytes body);

/* A reply that is sent while it is being made, by a fiber: start, any number of adds and sends, then end or cut, in each of which the
 * exchange is freed. It is never gzipped. The client must be watched: see http_watch_client.
 *   length  of the body, sent as Content-Length; HTTP_LENGTH_UNKNOWN: chunked, or to a client of HTTP/1.0 until the end */
#define HTTP_LENGTH_UNKNOWN UINT64_MAX
void http_stream_start(
    struct http_exchange *x, int status, const struct http_field *fields, size_t n_fields, uint64_t length);
/* Copies to what is sent next. Nothing if the client has gone. */
void http_stream_add(struct http_exchange *x, struct bytes piece);
/* Sends what was added, and waits until it has gone out to the socket: the more at once, the less work, and the more memory.
 * A client that takes less than a request may bring in the same time (read_timeout) is cut off. ERR_CANCELLED: it has gone. */
enum {
	HTTP_STREAM_SEND = 64 * 1024 - 256
}; /* a good size: with libevent's own head of it, four TLS records and 64 KB */
enum err http_stream_send(struct http_exchange *x) WAITS MUST_CHECK;
/* Only what was sent is sent. */
void http_stream_end(struct http_exchange **x);
/* The answer can't be finished: ends the connection so that no client takes what it has for the whole. */
void http_stream_cut(struct http_exchange **x);

#endif
