#ifndef EASGATE_HTTP_SERVER_H
#define EASGATE_HTTP_SERVER_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/ssl.h>

#include "http/address.h"
#include "http/http.h"

/* What the files of this folder share. Nobody above includes it. */

/* A connection in the order in which its time comes: all in one queue wait equally long, so its head is the first. */
struct connection;
struct queue {
	struct connection *first, *last;
};

/* Connections are counted by address (IPv6: by /64, which is one customer). */
struct peer {
	struct peer *next;
	struct address network;
	uint32_t count;
};
enum { PEER_BUCKETS = 1024 };

enum phase {
	PHASE_PROXY,   /* its PROXY header is awaited */
	PHASE_IDLE,    /* between two requests; nothing of the next has come */
	PHASE_READING, /* handshake and request arrive */
	PHASE_BUSY,    /* the handler has it, or it is parked */
	PHASE_WRITING, /* the answer goes out */
};

struct connection {
	struct http_server *server;
	struct evhttp_connection *evcon;   /* owns us: frees us through its close callback */
	struct bufferevent *bev;           /* evcon's */
	struct http_exchange *exchange;    /* in PHASE_BUSY */
	struct evhttp_request *answered;   /* in PHASE_WRITING; evhttp frees it when the answer is out */
	struct peer *peer;                 /* NULL: not counted */
	struct takeover *takeover;         /* in PHASE_PROXY */
	struct connection *before, *after; /* in `queue` */
	struct queue *queue;               /* NULL in PHASE_BUSY */
	uint64_t due_ms;                   /* when it is looked at again */
	size_t moved; /* READING: bytes since the last look; WRITING: what was left to send then */
	struct address client;
	enum phase phase;
	bool tls;
	bool is_lent; /* see connection_lend */
	bool is_cut;  /* it ends in the midst of an answer, and must not look as if it were whole */
};

struct http_exchange {
	struct http_server *server;
	struct loop *loop;          /* also when the server is gone */
	struct connection *c;       /* NULL: the client has gone */
	struct evhttp_request *req; /* owned */
	char *path;                 /* owned, decoded */
	size_t path_len;
	uint8_t *expanded; /* owned: the body, if it came gzipped */
	struct bytes body;
	char address[ADDRESS_TEXT_MAX];
	bool takes_gzip, is_gzipped; /* the client, the body */
	void (*gone)(void *arg);     /* NULL: nobody asked, or it was told */
	void *gone_arg;
	struct timer *telling;   /* the client has gone: gone is called at the next turn */
	struct evbuffer *unsent; /* owned: what was added to a stream; NULL: nothing ever */
	uint64_t drained;        /* the ticket of the fiber that waits for what is streamed to go out */
};

struct http_server {
	struct loop *loop;
	const struct config *config;
	void (*handler)(struct http_exchange *x, void *arg);
	void *arg;
	SSL_CTX *tls;
	struct evhttp *evhttp_tls, *evhttp_plain; /* NULL: no such listener */
	struct network *trusted;
	size_t n_trusted;
	struct newcomer *newcomers;
	struct connection **by_fd;
	size_t by_fd_len;
	struct queue moving, idle;
	struct timer *sweep;
	struct peer *peers[PEER_BUCKETS];
	uint32_t connections;
	bool accepting; /* it was told to */
	bool draining;
};

/* ---- connection.c ---- */

/* evhttp's hook: makes the bufferevent of a connection that was just accepted. */
struct bufferevent *connection_make_tls(struct event_base *base, void *server);
struct bufferevent *connection_make_plain(struct event_base *base, void *server);
struct connection *connection_of(struct http_server *s, struct evhttp_connection *evcon);
void connection_set_phase(struct connection *c, enum phase phase);
void connection_close(struct connection *c);
/* A proxy's connection counts as this client's while his request is under way. False: he has too many. */
bool connection_lend(struct connection *c, const struct address *client);
void connection_take_back(struct connection *c); /* nothing to do if it isn't lent */
/* Closes those whose time is up. */
void connections_sweep(struct http_server *s);
void connections_close_idle(struct http_server *s);

/* ---- server.c ---- */

bool server_trusts(const struct http_server *s, const struct address *a);

/* ---- exchange.c ---- */

void exchange_on_request(struct evhttp_request *req, void *server);
/* The client has gone: tells who waits for it. The connection is closed by now. */
void exchange_on_gone(struct http_exchange *x);
void exchange_free(struct http_exchange **x); /* not what evhttp holds of it */

#endif
