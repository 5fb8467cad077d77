#ifndef EASGATE_HTTP_HTTP_H
#define EASGATE_HTTP_HTTP_H

#include "config.h"
#include "io/loop.h"

/* The HTTP front: TLS, evhttp, limits, slow senders, proxies. What stands above sees an exchange: one request
 * and the one reply that it gets, now or an hour later. */
struct http_server;   /* one per worker */
struct http_exchange;

/* fds: listening sockets that the master bound, in the order of config's listen, then listen_plain.
 * handler is called on the loop when a request has arrived whole. */
enum err http_server_new(struct loop *l, const struct config *config, const int *fds, size_t n_fds,
    void (*handler)(struct http_exchange *x, void *arg), void *arg, struct http_server **out) MUST_CHECK;
enum err http_server_reload_certificate(struct http_server *s) MUST_CHECK; /* the old one stays on an error */
void http_server_stop_accepting(struct http_server *s);
uint32_t http_server_connections(const struct http_server *s);
void http_server_free(struct http_server **s);

enum http_method { HTTP_GET, HTTP_POST, HTTP_OPTIONS, HTTP_OTHER };

/* Views, valid until the exchange is replied to. */
enum http_method http_method(const struct http_exchange *x);
struct bytes http_path(const struct http_exchange *x);   /* percent-decoded, without the query */
struct bytes http_query(const struct http_exchange *x);  /* raw, without '?' */
struct bytes http_header(const struct http_exchange *x, const char *name); /* empty if absent */
struct bytes http_body(const struct http_exchange *x);   /* already gunzipped if it came gzipped */
struct bytes http_address(const struct http_exchange *x); /* the client's, after X-Forwarded-For or PROXY */
struct bytes http_host(const struct http_exchange *x);
bool http_is_tls(const struct http_exchange *x);

/* From now until the reply, a client that goes away is noticed: gone(arg) is called on the loop, once, and the
 * exchange is dead (reply to it all the same to free it, nothing is sent). Call it for every request that waits,
 * parked or running. The request's body and headers are given up by http_park to save memory: copy before. */
void http_watch_client(struct http_exchange *x, void (*gone)(void *arg), void *arg);
void http_park(struct http_exchange *x);

struct http_field { const char *name, *value; };
/* Sends the reply and frees the exchange (*x is NULL afterwards). The body is copied, gzipped if the client takes it and it
 * pays. reason NULL = the usual one. */
void http_reply(struct http_exchange **x, int status, const char *reason, const struct http_field *fields, size_t n_fields,
    struct bytes body);

#endif
