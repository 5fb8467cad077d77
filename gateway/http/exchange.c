#include "http/server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
#include <openssl/crypto.h>

#include "http/gzip.h"

/* One request and its answer. evhttp goes deaf while a request is in our hands: it doesn't notice that the client has
 * gone. So from http_watch_client to the answer the bufferevent has our callbacks, and reads up to READ_AHEAD bytes of
 * what a pipelining client sends already; when the answer is given evhttp takes its own place again. */

enum {
	READ_AHEAD = 4096,
	GZIP_MIN = 1024,        /* below, a packet is a packet */
	GZIP_MAX = 1024 * 1024, /* above, the loop would stand still too long */
};

/* ---- what the request says ---- */

enum http_method http_method(const struct http_exchange *x)
{
	switch (evhttp_request_get_command(x->req)) {
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_HEAD: /* the same without a body: see http_reply */
		return HTTP_GET;
	case EVHTTP_REQ_POST:
		return HTTP_POST;
	case EVHTTP_REQ_OPTIONS:
		return HTTP_OPTIONS;
	default:
		return HTTP_OTHER;
	}
}

struct bytes http_path(const struct http_exchange *x)
{
	return bytes_of(x->path, x->path_len);
}

struct bytes http_query(const struct http_exchange *x)
{
	return bytes_str(evhttp_uri_get_query(evhttp_request_get_evhttp_uri(x->req)));
}

struct bytes http_header(const struct http_exchange *x, const char *name)
{
	return bytes_str(evhttp_find_header(evhttp_request_get_input_headers(x->req), name));
}

struct bytes http_body(const struct http_exchange *x)
{
	return x->body;
}

struct bytes http_address(const struct http_exchange *x)
{
	return bytes_str(x->address);
}

struct bytes http_host(const struct http_exchange *x)
{
	return http_header(x, "Host");
}

void http_wipe_header(struct http_exchange *x, const char *name)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(x->req);

	for (struct evkeyval *h = headers->tqh_first; h; h = h->next.tqe_next)
		if (strcasecmp(h->key, name) == 0)
			OPENSSL_cleanse(h->value, strlen(h->value));
	while (evhttp_remove_header(headers, name) == 0)
		;
}

/* ---- arriving ---- */

/* Whether list (such as "gzip, deflate;q=0.5") names what is wanted and doesn't refuse it. */
static bool list_has(struct bytes list, const char *want)
{
	struct bytes item, name;

	while (bytes_split(&list, ',', &item)) {
		if (!bytes_split(&item, ';', &name) || !bytes_eq_nocase(bytes_trim(name), want))
			continue;
		item = bytes_trim(item);
		return !bytes_eq_str(item, "q=0") && !bytes_eq_str(item, "q=0.0");
	}
	return false;
}

/* evhttp takes "Content-Length " for another name than "Content-Length"; others don't (RFC 9112, 5.1). */
static bool is_name(const char *name)
{
	return *name && !strpbrk(name, " \t");
}

/* A request whose length may be read in two ways could smuggle another one past a proxy (RFC 9112, 6.3). */
static bool length_is_clear(const struct http_exchange *x)
{
	struct bytes coding = http_header(x, "Transfer-Encoding"), length = http_header(x, "Content-Length");
	unsigned lengths = 0, codings = 0;
	struct evkeyval *h;
	uint64_t n;

	TAILQ_FOREACH(h, evhttp_request_get_input_headers(x->req), next)
	{
		if (!is_name(h->key))
			return false;
		lengths += strcasecmp(h->key, "Content-Length") == 0;
		codings += strcasecmp(h->key, "Transfer-Encoding") == 0;
	}
	if (lengths + codings > 1)
		return false;
	if (codings)
		return bytes_eq_nocase(coding, "chunked");
	return !lengths || bytes_to_u64(length, UINT64_MAX, &n) == ERR_OK;
}

/* From the right, the first address that isn't one of our proxies'. False: the list says no more than that. */
static bool read_forwarded(const struct http_server *s, struct bytes list, struct address *a)
{
	struct address one;

	while (list.len && server_trusts(s, a)) {
		size_t start = list.len;

		while (start && list.p[start - 1] != ',')
			start--;
		if (address_parse(bytes_of(list.p + start, list.len - start), &one))
			return false;
		*a = one;
		list.len = start ? start - 1 : 0;
	}
	return server_trusts(s, a);
}

/* Further left than our proxies' words anybody may have written anything. So, too, in an earlier line: HAProxy adds one of
 * its own below the client's, where nginx appends to it. */
static struct address forwarded_for(const struct http_exchange *x)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(x->req);
	struct address a = x->c->client;
	struct evkeyval *h;

	TAILQ_FOREACH_REVERSE(h, headers, evkeyvalq, next)
	if (strcasecmp(h->key, "X-Forwarded-For") == 0 && !read_forwarded(x->server, bytes_str(h->value), &a))
		break;
	return a;
}

/* False: the client has too many requests under way through a proxy. */
static bool note_address(struct http_exchange *x)
{
	struct address a = x->c->client;

	if (!x->c->tls && !x->server->config->proxy_protocol && server_trusts(x->server, &a))
		a = forwarded_for(x);
	address_format(&a, x->address);
	return address_eq(&a, &x->c->client) || connection_lend(x->c, &a);
}

/* The body in one piece. 0, or the HTTP status to refuse with. */
static int take_body(struct http_exchange *x)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(x->req);
	struct bytes coding = http_header(x, "Content-Encoding");
	size_t len = evbuffer_get_length(in);

	x->body = bytes_of(evbuffer_pullup(in, -1), len);
	if (!len || !coding.len || bytes_eq_nocase(coding, "identity"))
		return 0;
	if (!bytes_eq_nocase(coding, "gzip") && !bytes_eq_nocase(coding, "x-gzip"))
		return 415;
	x->is_gzipped = true;
	return 0;
}

enum err http_expand_body(struct http_exchange *x)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(x->req);
	struct bytes raw = x->body;
	size_t len;
	enum err e;

	if (!x->is_gzipped)
		return ERR_OK;
	x->is_gzipped = false;
	x->body = bytes_of(NULL, 0);
	if ((e = gzip_expand(raw, x->server->config->max_body_bytes, &x->expanded, &len)))
		return e;
	x->body = bytes_of(x->expanded, len);
	evbuffer_drain(in, evbuffer_get_length(in));
	return ERR_OK;
}

static void on_sent(struct evhttp_request *req, void *arg)
{
	struct connection *c = arg;

	(void)req;
	bufferevent_setwatermark(c->bev, EV_READ, 0, 0);
	c->answered = NULL;
	connection_take_back(c);
	connection_set_phase(
	    c, evbuffer_get_length(bufferevent_get_input(c->bev)) ? PHASE_READING : PHASE_IDLE);
}

void exchange_on_request(struct evhttp_request *req, void *server)
{
	struct http_server *s = server;
	struct connection *c = connection_of(s, evhttp_request_get_connection(req));
	struct http_exchange *x = calloc(1, sizeof(*x));
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	int refusal;

	if (!x)
		abort();
	*x = (struct http_exchange){ .server = s, .loop = s->loop, .c = c, .req = req };
	evhttp_request_own(req);
	evhttp_request_set_on_complete_cb(req, on_sent, c);
	c->exchange = x;
	connection_set_phase(c, PHASE_BUSY);
	x->path = evhttp_uridecode(path ? path : "", 0, &x->path_len);
	if (!x->path)
		abort();
	x->takes_gzip = list_has(http_header(x, "Accept-Encoding"), "gzip");
	if (!note_address(x)) {
		static const struct http_field later = { "Retry-After", "60" };

		http_reply(&x, 503, NULL, &later, 1, bytes_of(NULL, 0));
		return;
	}
	refusal = length_is_clear(x) ? take_body(x) : 400;
	if (refusal) {
		static const struct http_field close_it = { "Connection", "close" };

		http_reply(&x, refusal, NULL, &close_it, 1, bytes_of(NULL, 0));
		return;
	}
	s->handler(x, s->arg);
}

/* ---- waiting ---- */

static void tell(void *arg)
{
	struct http_exchange *x = arg;
	void (*gone)(void *arg) = x->gone;

	x->gone = NULL;
	if (gone)
		gone(x->gone_arg);
}

/* Not at once: the one that waits may end the exchange then, and evhttp is still busy with the connection. */
void exchange_on_gone(struct http_exchange *x)
{
	x->c = NULL;
	if (!x->telling)
		x->telling = timer_start(x->loop, 0, tell, x);
}

static void on_client_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		connection_close(arg);
}

void http_watch_client(struct http_exchange *x, void (*gone)(void *arg), void *arg)
{
	x->gone = gone;
	x->gone_arg = arg;
	if (!x->c) {
		timer_cancel(&x->telling);
		exchange_on_gone(x);
		return;
	}
	bufferevent_setcb(x->c->bev, NULL, NULL, on_client_event, x->c);
	bufferevent_setwatermark(x->c->bev, EV_READ, 0, READ_AHEAD);
	bufferevent_enable(x->c->bev, EV_READ);
}

/* Connection decides what evhttp does after the answer: it stays. */
void http_park(struct http_exchange *x)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(x->req);
	struct evbuffer *in = evhttp_request_get_input_buffer(x->req);
	const char *found = evhttp_find_header(headers, "Connection");
	char *connection = found ? strdup(found) : NULL;

	free(x->expanded);
	x->expanded = NULL;
	x->body = bytes_of(NULL, 0);
	evbuffer_drain(in, evbuffer_get_length(in));
	evhttp_clear_headers(headers);
	if (connection)
		evhttp_add_header(headers, "Connection", connection);
	free(connection);
}

/* ---- the answer ---- */

void exchange_free(struct http_exchange **x)
{
	timer_cancel(&(*x)->telling);
	free((*x)->path);
	free((*x)->expanded);
	if ((*x)->unsent)
		evbuffer_free((*x)->unsent);
	free(*x);
	*x = NULL;
}

static bool is_compressible(const struct http_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct bytes type = bytes_str(fields[i].value);

		if (strcasecmp(fields[i].name, "Content-Type") == 0)
			return bytes_starts(type, "application/vnd.ms-sync.wbxml") ||
			       bytes_starts(type, "text/") || bytes_starts(type, "application/json");
	}
	return false;
}

static void free_gzipped(const void *data, size_t len, void *arg)
{
	(void)len, (void)arg;
	free((void *)(uintptr_t)data);
}

static void put_body(struct http_exchange *x, const struct http_field *fields, size_t n_fields,
    struct bytes body, struct evbuffer *out)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(x->req);
	bool fits = body.len >= GZIP_MIN && body.len <= GZIP_MAX && is_compressible(fields, n_fields);
	size_t len = 0;
	uint8_t *gzipped = fits && x->takes_gzip ? gzip_shrink(body, &len) : NULL;

	if (fits)
		evhttp_add_header(headers, "Vary", "Accept-Encoding");
	if (!gzipped) {
		evbuffer_add(out, body.p, body.len);
		return;
	}
	evhttp_add_header(headers, "Content-Encoding", "gzip");
	evbuffer_add_reference(out, gzipped, len, free_gzipped, NULL);
}

/* What evhttp would make of a reason that it doesn't know. */
static const char *reason_of(int status)
{
	switch (status) {
	case 413:
		return "Content Too Large";
	case 415:
		return "Unsupported Media Type";
	case 429:
		return "Too Many Requests";
	case 449:
		return "Retry after sending a PROVISION command";
	case 507:
		return "Insufficient Storage";
	default:
		return NULL;
	}
}

void http_reply(struct http_exchange **x, int status, const char *reason, const struct http_field *fields,
    size_t n_fields, struct bytes body)
{
	struct http_exchange *e = *x;
	struct connection *c = e->c;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(e->req);
	struct evhttp_request *req = e->req;
	struct evbuffer *out;

	if (!c) {
		evhttp_request_free(req);
		exchange_free(x);
		return;
	}
	out = evbuffer_new();
	if (!out)
		abort();
	for (size_t i = 0; i < n_fields; i++)
		evhttp_add_header(headers, fields[i].name, fields[i].value);
	if (evhttp_request_get_command(req) != EVHTTP_REQ_HEAD)
		put_body(e, fields, n_fields, body, out);
	if (e->server->draining && !evhttp_find_header(headers, "Connection"))
		evhttp_add_header(headers, "Connection", "close");
	c->exchange = NULL;
	c->answered = req;
	exchange_free(x);
	/* Not more than this is read of the next request until this answer has gone out. */
	bufferevent_setwatermark(c->bev, EV_READ, 0, READ_AHEAD);
	evhttp_send_reply(req, status, reason ? reason : reason_of(status), out);
	connection_set_phase(c, PHASE_WRITING);
	evbuffer_free(out);
}
