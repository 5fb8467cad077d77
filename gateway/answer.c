#include "answer.h"

#include <assert.h>
#include <stdio.h>

#include "access_log.h"
#include "answer_stream.h"
#include "commands/commands.h"
#include "io/log.h"

static const char wbxml_type[] = "application/vnd.ms-sync.wbxml";

enum { RETRY_S = 30, RETRY_LIMIT_S = 300, MAX_FIELDS = 12, CLIENT_GONE = 0 };

/* What becomes of an error that a handler has no answer of its own for (DESIGN 7). Nothing that passes is answered by
 * 401, 403 or 500: on those a client runs Autodiscover again or asks for the password. */
static const struct failure {
	int http; /* 0: by status */
	uint32_t status, retry_s;
	enum log_level level;
} failures[ERR_COUNT] = {
	[ERR_TRUNCATED] = { 0, STATUS_INVALID_XML, 0, LOG_LEVEL_INFO },
	[ERR_PROTO] = { 0, STATUS_INVALID_XML, 0, LOG_LEVEL_INFO },
	[ERR_LIMIT] = { 503, STATUS_SERVER_ERROR_RETRY_LATER, RETRY_LIMIT_S, LOG_LEVEL_WARN },
	[ERR_AUTH] = { 401, 0, 0, LOG_LEVEL_DEBUG },
	[ERR_DENIED] = { 0, STATUS_ACCESS_DENIED, 0, LOG_LEVEL_INFO },
	[ERR_NOT_FOUND] = { 0, STATUS_ITEM_NOT_FOUND, 0, LOG_LEVEL_INFO },
	[ERR_EXISTS] = { 503, STATUS_SERVER_ERROR_RETRY_LATER, RETRY_S, LOG_LEVEL_WARN },
	[ERR_STALE_KEY] = { 0, STATUS_SYNC_STATE_NOT_FOUND, 0, LOG_LEVEL_WARN },
	[ERR_CONFLICT] = { 503, STATUS_SERVER_ERROR_RETRY_LATER, RETRY_S, LOG_LEVEL_WARN },
	[ERR_UNSUPPORTED] = { 501, STATUS_COMMAND_NOT_SUPPORTED, 0, LOG_LEVEL_WARN },
	[ERR_UNAVAILABLE] = { 503, STATUS_SERVER_ERROR_RETRY_LATER, RETRY_S, LOG_LEVEL_WARN },
	[ERR_TIMEOUT] = { 503, STATUS_SERVER_ERROR_RETRY_LATER, RETRY_S, LOG_LEVEL_WARN },
	[ERR_CANCELLED] = { 503, STATUS_SERVER_ERROR_RETRY_LATER, 1, LOG_LEVEL_DEBUG },
};

/* ---- header fields ---- */

struct fields {
	struct http_field v[MAX_FIELDS];
	size_t n;
	char retry[16];
};

static void add(struct fields *f, const char *name, const char *value)
{
	assert(f->n < MAX_FIELDS);
	f->v[f->n++] = (struct http_field){ name, value };
}

/* NULL when the arena is spent: then the field is left out. */
static const char *text_of(struct buf *b)
{
	struct bytes text;

	buf_put_u8(b, 0);
	return buf_done(b, &text) ? NULL : (const char *)text.p;
}

static void add_lists(struct request *rq, struct fields *f, bool with_resync)
{
	eas_version_set versions = rq->worker->config->versions;
	struct buf v, c;
	const char *list;

	buf_init(&v, rq->arena, 0);
	buf_init(&c, rq->arena, 0);
	commands_put_versions(&v, versions);
	commands_put_names(&c, versions);
	list = text_of(&v);
	if (list)
		add(f, "MS-ASProtocolVersions", list);
	if (list && with_resync)
		add(f, "X-MS-RP", list);
	list = text_of(&c);
	if (list)
		add(f, "MS-ASProtocolCommands", list);
}

/* type: NULL without a body. */
static void add_usual(struct request *rq, struct fields *f, int http, const char *type)
{
	const struct reply *r = &rq->reply;
	uint32_t retry_s = r->retry_after_s || http != 503 ? r->retry_after_s : RETRY_S;

	add(f, "MS-Server-ActiveSync", "15.1");
	add(f, "Cache-Control", "private");
	add(f, "request-id", rq->id);
	if (type)
		add(f, "Content-Type", type);
	if (http == 401)
		add(f, "WWW-Authenticate", "Basic realm=\"easgate\", charset=\"UTF-8\"");
	if (retry_s) {
		snprintf(f->retry, sizeof(f->retry), "%u", retry_s);
		add(f, "Retry-After", f->retry);
	}
	if (r->allow)
		add(f, "Allow", r->allow);
	if (r->lists || r->resync)
		add_lists(rq, f, r->resync);
}

/* ---- */

static void start_over(struct wbxml_writer *w)
{
	struct buf *out = w->out;

	buf_init(out, out->arena, out->max);
	wbxml_writer_init(w, out);
}

/* What the mail server said last, if it refused something; else NULL. Must be asked before the connection is given back. */
static const char *imap_words(const struct request *rq)
{
	return rq->imap && *imap_problem(rq->imap) ? arena_printf(rq->arena, "%s", imap_problem(rq->imap))
						   : NULL;
}

static void log_failure(const struct request *rq, enum err e, const char *imap)
{
	const struct failure *f = &failures[e];

	if (imap)
		log_event(f->level, "request failed", LOG_STR("command", rq->name),
		    LOG_STR("error", err_name(e)), LOG_STR("imap", imap));
	else
		log_event(
		    f->level, "request failed", LOG_STR("command", rq->name), LOG_STR("error", err_name(e)));
}

/* Turns an error into an answer: in the body, where command and version allow it. */
static void apply_failure(struct request *rq, enum err e, struct wbxml_writer *w)
{
	const struct failure *f = &failures[e];

	rq->reply = (struct reply){
		.kind = REPLY_HTTP, .http_status = f->http, .status = f->status, .retry_after_s = f->retry_s
	};
	if (f->http)
		return;
	rq->reply.kind = REPLY_WBXML;
	if (!w || rq->version >= EAS_VERSIONS || request_refuse(rq, w, f->status)) {
		rq->reply.kind = REPLY_HTTP;
		rq->reply.http_status = 400;
	}
}

/* What was written; nothing if that is only the head of a document. */
static enum err written(struct wbxml_writer *w, struct bytes *out)
{
	enum { HEAD = 4 };
	enum err e;

	*out = (struct bytes){ 0 };
	if (!w)
		return ERR_OK;
	e = wbxml_done(w, out);
	if (!e && out->len <= HEAD)
		*out = (struct bytes){ 0 };
	return e;
}

static void send(struct request *rq, int http, struct bytes body, const char *type)
{
	struct fields f = { .n = 0 };

	add_usual(rq, &f, http, body.len ? type : NULL);
	access_log_write(rq, http, body.len);
	http_reply(&rq->exchange, http, NULL, f.v, f.n, body);
}

/* What is streamed needs the IMAP connection to the end. */
static void send_stream(struct request *rq)
{
	struct fields f = { .n = 0 };

	add_usual(rq, &f, 200, rq->reply.content_type ? rq->reply.content_type : wbxml_type);
	answer_stream(rq, f.v, f.n);
}

void answer_send(struct request *rq, enum err e, struct wbxml_writer *w)
{
	const char *type = wbxml_type, *imap = e ? imap_words(rq) : NULL;
	struct bytes body = { 0 };

	if (!e && rq->reply.kind == REPLY_STREAM) {
		send_stream(rq);
		return;
	}
	request_release(rq);
	if (!e && rq->reply.kind == REPLY_WBXML)
		e = written(w, &body);
	if (e) {
		if (e == ERR_AUTH && rq->account)
			auth_forget(rq->worker->auth, rq->account);
		if (w)
			start_over(w);
		log_failure(rq, e, imap);
		apply_failure(rq, e, w);
		body = (struct bytes){ 0 };
		if (rq->reply.kind == REPLY_WBXML && written(w, &body))
			body = (struct bytes){ 0 };
	}
	if (rq->reply.kind == REPLY_RAW) {
		body = rq->reply.raw;
		type = rq->reply.content_type ? rq->reply.content_type : "application/octet-stream";
	}
	send(rq, rq->reply.http_status ? rq->reply.http_status : 200, body, type);
}

void answer_nobody(struct request *rq)
{
	access_log_write(rq, CLIENT_GONE, 0);
	/* sent where the client is still there: a process that ends */
	http_reply(&rq->exchange, 503, NULL, NULL, 0, bytes_of(NULL, 0));
}
