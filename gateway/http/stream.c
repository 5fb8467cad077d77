#include "http/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <event2/buffer.h>

#include "io/fiber.h"

/* Answers that are sent while they are made. While the fiber waits for the client, the connection is in PHASE_WRITING and
 * under its rule of how slow that may be; while it makes the next piece, in PHASE_BUSY. evhttp frames the chunks and notices
 * a client that goes away, by its own callbacks. */

static void add_length(struct evkeyvalq *headers, uint64_t length)
{
	char digits[24];

	if (length == HTTP_LENGTH_UNKNOWN)
		return; /* evhttp then says chunked */
	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)length);
	evhttp_add_header(headers, "Content-Length", digits);
}

void http_stream_start(
    struct http_exchange *x, int status, const struct http_field *fields, size_t n_fields, uint64_t length)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(x->req);

	if (!x->c)
		return;
	for (size_t i = 0; i < n_fields; i++)
		evhttp_add_header(headers, fields[i].name, fields[i].value);
	add_length(headers, length);
	if (x->server->draining)
		evhttp_add_header(headers, "Connection", "close");
	evhttp_send_reply_start(x->req, status, NULL);
}

static void on_drained(struct evhttp_connection *evcon, void *arg)
{
	struct http_exchange *x = arg;

	(void)evcon;
	fiber_wake(x->loop, x->drained);
}

void http_stream_add(struct http_exchange *x, struct bytes piece)
{
	if (!x->c || !piece.len)
		return;
	if (!x->unsent && !(x->unsent = evbuffer_new()))
		abort();
	if (!evbuffer_get_length(x->unsent) && evbuffer_expand(x->unsent, HTTP_STREAM_SEND))
		abort();
	if (evbuffer_add(x->unsent, piece.p, piece.len))
		abort();
}

enum err http_stream_send(struct http_exchange *x)
{
	enum err e;

	if (!x->c)
		return ERR_CANCELLED;
	if (!x->unsent || !evbuffer_get_length(x->unsent))
		return ERR_OK;
	x->drained = fiber_ticket();
	evhttp_send_reply_chunk_with_cb(x->req, x->unsent, on_drained, x); /* leaves it empty */
	connection_set_phase(x->c, PHASE_WRITING);
	e = fiber_wait(x->drained, 0);
	if (!x->c)
		return ERR_CANCELLED;
	connection_set_phase(x->c, PHASE_BUSY);
	return e;
}

/* The exchange ends; evhttp has its request, to be freed with the connection. */
static struct connection *let_go(struct http_exchange **x)
{
	struct connection *c = (*x)->c;

	if (c) {
		c->exchange = NULL;
		c->answered = (*x)->req;
	} else {
		evhttp_request_free((*x)->req);
	}
	exchange_free(x);
	return c;
}

void http_stream_end(struct http_exchange **x)
{
	struct connection *c = let_go(x);

	if (!c)
		return;
	connection_set_phase(c, PHASE_WRITING);
	evhttp_send_reply_end(c->answered);
}

void http_stream_cut(struct http_exchange **x)
{
	struct connection *c = let_go(x);

	if (!c)
		return;
	c->is_cut = true;
	connection_close(c);
}
