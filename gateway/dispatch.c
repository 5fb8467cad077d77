#include "dispatch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/rand.h>

#include "answer.h"
#include "autodiscover.h"
#include "commands/commands.h"
#include "devices/policy.h"
#include "io/log.h"
#include "request_read.h"
#include "request_steps.h"

/* Each request runs on a fiber of its own that is cancelled when the client goes away. One that parks loses its fiber: see
 * held.c. */

enum { SEEN_EVERY_S = 300 };

/* ---- a request from its exchange ---- */

struct job {
	struct worker *worker;
	struct http_exchange *x;
	const struct route *route;
	uint64_t fiber, started_ms;
	bool answered;
};

static void make_id(char *out, size_t len)
{
	static uint32_t process;
	static uint64_t counter;

	if (!process && RAND_bytes((unsigned char *)&process, sizeof(process)) != 1)
		abort();
	snprintf(out, len, "%08x-%llx", process, (unsigned long long)++counter);
}

static struct request *new_request(const struct job *j)
{
	static const struct request_line empty = { .command = CMD_NONE };
	struct request *rq = arena_alloc(fiber_arena(), sizeof(*rq));

	assert(rq); /* no budget is that small */
	/* Views of the exchange end with the answer; the log and the device's record come after it. */
	*rq = (struct request){
		.worker = j->worker,
		.arena = fiber_arena(),
		.exchange = j->x,
		.name = "-",
		.command = CMD_NONE,
		.version = EAS_VERSIONS,
		.user_agent = http_header(j->x, "User-Agent"),
		.address = http_address(j->x),
		.line = &empty,
		.body = http_body(j->x),
		.body_len = http_body(j->x).len,
		.started_ms = j->started_ms,
	};
	if (arena_dup(rq->arena, rq->user_agent, &rq->user_agent) ||
	    arena_dup(rq->arena, rq->address, &rq->address))
		rq->user_agent = rq->address = (struct bytes){ 0 };
	make_id(rq->id, sizeof(rq->id));
	return rq;
}

/* Log lines of this fiber say from now on whom they are about. */
void request_note_in_log(struct request *rq)
{
	struct log_context *c = arena_alloc(rq->arena, sizeof(*c));
	char *device = NULL;

	if (!c)
		return;
	c->request = rq->id;
	c->account = rq->account ? rq->account->name : NULL;
	if (rq->device_id.len && arena_cstr(rq->arena, rq->device_id, &device) == ERR_OK)
		c->device = device;
	log_context_set(c);
}

static enum err sign_in(struct request *rq)
{
	uint32_t retry_after_s = 0;
	enum err e = auth_check(rq->worker->auth, http_header(rq->exchange, "Authorization"), rq->address,
	    &rq->account, &retry_after_s);

	http_wipe_header(rq->exchange, "Authorization");
	request_note_in_log(rq);
	if (e ==
	    ERR_DENIED) { /* too many failures: 401 would make phones ask for the password, 403 give up */
		rq->reply = (struct reply){ .kind = REPLY_HTTP,
			.http_status = 503,
			.status = STATUS_SERVER_ERROR_RETRY_LATER,
			.retry_after_s = retry_after_s ? retry_after_s : 60 };
	}
	return e;
}

/* What was gzipped, now that it is known who sent it. False: it was refused, and rq->reply says how. */
static bool open_body(struct request *rq, enum err *e)
{
	*e = http_expand_body(rq->exchange);
	rq->body = http_body(rq->exchange);
	if (*e != ERR_PROTO && *e != ERR_LIMIT)
		return !*e;
	rq->reply = (struct reply){ .kind = REPLY_HTTP,
		.http_status = *e == ERR_LIMIT ? 413 : 400,
		.status = STATUS_INVALID_CONTENT };
	*e = ERR_OK;
	return false;
}

/* ---- commands ---- */

static enum err load_device(struct request *rq)
{
	enum err e;

	if (!rq->device_id.len)
		return ERR_OK;
	e = store_device_load(
	    rq->worker->redis, rq->arena, bytes_str(rq->account->name), rq->device_id, &rq->device);
	rq->device_loaded = e == ERR_OK;
	return e;
}

static enum err run_command(struct request *rq, struct wbxml_writer *w, unsigned line_status)
{
	const struct command *c;
	uint32_t status = 0;
	bool go_on;
	enum err e;

	if (!open_body(rq, &e) || (e = request_read(rq, w, line_status, &go_on)) || !go_on)
		return e;
	c = command_of(rq->command);
	if (!c->loads_device) {
		if ((e = load_device(rq)))
			return e;
		if (eas_command_info(rq->command)->policy_checked && (e = policy_gate(rq, &status)))
			return e;
	}
	return status ? request_refuse(rq, w, status) : c->run(rq, w);
}

/* When the device was last seen, and as what; not at every request, and after the answer. A name that clients only try out is
 * no device (Gmail). */
static void note_device(struct request *rq)
{
	struct store_device *d = &rq->device;
	const char *version = rq->version < EAS_VERSIONS ? eas_version_name(rq->version) : "";
	bool same = d->exists && bytes_eq(d->type, rq->device_type) &&
		    bytes_eq(d->user_agent, rq->user_agent) && bytes_eq_str(d->version, version);
	int64_t now = time(NULL);

	if (!rq->device_loaded || bytes_eq_nocase(rq->device_id, "validate") ||
	    (same && now - d->last_seen < SEEN_EVERY_S))
		return;
	d->type = rq->device_type;
	d->user_agent = rq->user_agent;
	d->version = bytes_str(version);
	d->last_seen = now;
	if (store_device_save(rq->worker->redis, bytes_str(rq->account->name), rq->device_id, d,
		STORE_DEVICE_TYPE | STORE_DEVICE_USER_AGENT | STORE_DEVICE_VERSION | STORE_DEVICE_LAST_SEEN))
		log_debug("the device's record was not brought up to date");
}

void request_finish(struct request *rq, enum err e, struct wbxml_writer *w)
{
	if (e == ERR_CANCELLED && !rq->worker->draining) {
		request_release(rq);
		answer_nobody(rq);
	} else {
		answer_send(rq, e, w);
	}
}

/* ---- routes ---- */

static void serve_command(struct job *j, struct request *rq)
{
	struct wbxml_writer w;
	struct buf out;
	unsigned status;
	enum err e = request_read_line(rq, &status);

	buf_init(&out, rq->arena, 0);
	wbxml_writer_init(&w, &out);
	if (!e)
		e = sign_in(rq);
	if (!e)
		e = run_command(rq, &w, status);
	else if (e == ERR_DENIED)
		e = ERR_OK; /* sign_in has said what to answer */
	j->answered = true;
	if (e || rq->reply.kind != REPLY_PARKED)
		request_finish(rq, e, &w);
	if (!e && rq->account)
		note_device(rq);
}

static void serve_options(struct job *j, struct request *rq)
{
	enum err e = sign_in(rq);

	rq->name = "OPTIONS";
	if (e == ERR_DENIED) {
		e = ERR_OK;
	} else if (!e) {
		rq->reply.lists = true;
		rq->reply.allow = "OPTIONS,POST";
	}
	j->answered = true;
	request_finish(rq, e, NULL);
}

static void serve_eas(struct job *j, struct request *rq)
{
	if (http_method(j->x) == HTTP_OPTIONS)
		serve_options(j, rq);
	else
		serve_command(j, rq);
}

static void serve_autodiscover_xml(struct job *j, struct request *rq)
{
	enum err e = sign_in(rq);

	rq->name = "Autodiscover";
	if (!e && open_body(rq, &e))
		e = autodiscover_xml(rq);
	else if (e == ERR_DENIED)
		e = ERR_OK;
	j->answered = true;
	request_finish(rq, e, NULL);
}

#define JSON_PATH "/autodiscover/autodiscover.json"

static void serve_autodiscover_json(struct job *j, struct request *rq)
{
	struct bytes rest = http_path(j->x);
	enum err e;

	rq->name = "AutodiscoverV2";
	rest = bytes_of(rest.p + sizeof(JSON_PATH) - 1, rest.len - (sizeof(JSON_PATH) - 1));
	e = autodiscover_json(rq, rest);
	j->answered = true;
	request_finish(rq, e, NULL);
}

/* Array order matters not: no path is the beginning of another. */
static const struct route {
	const char *path;     /* letter case is ignored */
	bool more_may_follow; /* "/v1.0/…" */
	bool get, post, options;
	const char *allow;
	void (*serve)(struct job *j, struct request *rq); /* on a fiber; NULL: healthz */
} routes[] = {
	{ "/Microsoft-Server-ActiveSync", false, false, true, true, "OPTIONS, POST", serve_eas },
	{ "/autodiscover/autodiscover.xml", false, false, true, false, "POST", serve_autodiscover_xml },
	{ JSON_PATH, true, true, false, false, "GET", serve_autodiscover_json },
	{ "/healthz", false, true, false, false, "GET", NULL },
};

static const struct route *route_of(struct bytes path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const struct route *r = &routes[i];

		if (bytes_eq_nocase(path, r->path))
			return r;
		if (r->more_may_follow && bytes_starts_nocase(path, r->path) &&
		    path.p[strlen(r->path)] == '/')
			return r;
	}
	return NULL;
}

static bool takes(const struct route *r, enum http_method method)
{
	switch (method) {
	case HTTP_GET:
		return r->get;
	case HTTP_POST:
		return r->post;
	case HTTP_OPTIONS:
		return r->options;
	case HTTP_OTHER:
		return false;
	}
	return false;
}

static void reply_healthz(struct http_exchange *x, const struct worker *w)
{
	static const struct http_field text = { "Content-Type", "text/plain" };
	bool up = redis_is_up(w->redis);

	http_reply(&x, up ? 200 : 503, NULL, &text, 1, up ? BYTES("ok\n") : BYTES("Redis is down\n"));
}

/* ---- fibers ---- */

static void on_client_gone(void *arg)
{
	struct job *j = arg;

	fiber_cancel(j->worker->loop, j->fiber);
}

static void run_job(void *arg)
{
	struct job *j = arg;
	struct request *rq = new_request(j);

	request_note_in_log(rq);
	j->route->serve(j, rq);
	assert(j->answered);
	account_unref(&rq->account);
	log_context_set(NULL);
	free(j);
}

static void start_job(struct http_exchange *x, struct worker *w, const struct route *route)
{
	struct fiber_opts opts = { .name = "request",
		.arena_budget = w->config->request_memory_bytes,
		.deadline_ms = w->config->request_timeout_s * 1000 };
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		abort();
	*j = (struct job){ .worker = w, .x = x, .route = route, .started_ms = loop_now_ms() };
	j->fiber = fiber_start(w->loop, &opts, run_job, j);
	http_watch_client(x, on_client_gone, j);
}

void dispatch_exchange(struct http_exchange *x, void *arg)
{
	const struct route *route = route_of(http_path(x));
	struct worker *w = arg;

	if (!route) {
		http_reply(&x, 404, NULL, NULL, 0, bytes_of(NULL, 0));
	} else if (!takes(route, http_method(x))) {
		struct http_field allow = { "Allow", route->allow };

		http_reply(&x, 405, NULL, &allow, 1, bytes_of(NULL, 0));
	} else if (!route->serve) {
		reply_healthz(x, w);
	} else {
		start_job(x, w, route);
	}
}
