#include "dispatch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "commands/commands.h"
#include "io/log.h"
#include "request_steps.h"

/* A request that waits without a fiber: a few hundred bytes beside its connection, from which a later fiber goes on. */

struct held {
	struct worker *worker;
	struct http_exchange *exchange;
	struct account *account; /* a reference */
	void (*gone)(void *arg);
	void *gone_arg;
	struct parked *parked; /* push's, while a fiber runs */
	void (*done)(void *arg, bool held);
	void *done_arg;
	uint64_t fiber;
	char id[24];
	enum eas_command command;
	enum eas_version version;
	bool multipart, has_policy_key;
	uint32_t policy_key;
	uint64_t started_ms;
	size_t body_len;
	struct request_figures figures;
	struct bytes device_id, device_type, user_agent, content_type; /* in `texts` */
	uint8_t texts[];
};

static struct bytes put_text(uint8_t **at, struct bytes text)
{
	struct bytes kept = { *at, text.len };

	if (text.len)
		memcpy(*at, text.p, text.len);
	*at += text.len;
	return kept;
}

struct held *dispatch_hold(struct request *rq, void (*gone)(void *arg), void *arg)
{
	size_t size = rq->device_id.len + rq->device_type.len + rq->user_agent.len + rq->content_type.len;
	struct held *h = calloc(1, sizeof(*h) + size);
	uint8_t *at;

	if (!h)
		abort();
	request_release(rq); /* nothing is held while it waits */
	*h = (struct held){
		.worker = rq->worker,
		.exchange = rq->exchange,
		.account = account_ref(rq->account),
		.gone = gone,
		.gone_arg = arg,
		.command = rq->command,
		.version = rq->version,
		.multipart = rq->multipart,
		.has_policy_key = rq->has_policy_key,
		.policy_key = rq->policy_key,
		.started_ms = rq->started_ms,
		.body_len = rq->body_len,
		.figures = rq->figures,
	};
	memcpy(h->id, rq->id, sizeof(h->id));
	at = h->texts;
	h->device_id = put_text(&at, rq->device_id);
	h->device_type = put_text(&at, rq->device_type);
	h->user_agent = put_text(&at, rq->user_agent);
	h->content_type = put_text(&at, rq->content_type);
	rq->content_type = rq->body = (struct bytes){ 0 };
	rq->xml = NULL;
	rq->reply.kind = REPLY_PARKED;
	http_park(h->exchange);
	http_watch_client(h->exchange, gone, arg);
	return h;
}

/* Without arena, and without a reference of its own to the account. */
static void fill_request(const struct held *h, struct request *rq)
{
	static const struct request_line empty = { .command = CMD_NONE };

	*rq = (struct request){
		.worker = h->worker,
		.exchange = h->exchange,
		.account = h->account,
		.name = eas_command_name(h->command),
		.command = h->command,
		.version = h->version,
		.multipart = h->multipart,
		.has_policy_key = h->has_policy_key,
		.policy_key = h->policy_key,
		.device_id = h->device_id,
		.device_type = h->device_type,
		.user_agent = h->user_agent,
		.content_type = h->content_type,
		.address = http_address(h->exchange),
		.line = &empty,
		.body_len = h->body_len,
		.started_ms = h->started_ms,
		.figures = h->figures,
		.parked = h->parked,
	};
	memcpy(rq->id, h->id, sizeof(rq->id));
}

static void held_free(struct held **h)
{
	account_unref(&(*h)->account);
	free(*h);
	*h = NULL;
}

static void on_gone_while_running(void *arg)
{
	struct held *h = arg;

	fiber_cancel(h->worker->loop, h->fiber);
}

static void resume(void *arg)
{
	struct held *h = arg;
	struct request *rq = arena_alloc(fiber_arena(), sizeof(*rq));
	void (*done)(void *arg, bool held) = h->done;
	void *done_arg = h->done_arg;
	struct wbxml_writer w;
	struct buf out;
	bool still;
	enum err e;

	assert(rq);
	fill_request(h, rq);
	rq->arena = fiber_arena();
	account_ref(rq->account);
	request_note_in_log(rq);
	buf_init(&out, rq->arena, 0);
	wbxml_writer_init(&w, &out);
	e = command_of(rq->command)->run(rq, &w);
	still = !e && rq->reply.kind == REPLY_PARKED;
	if (still) {
		request_release(rq);
		h->figures = rq->figures;
		http_watch_client(h->exchange, h->gone, h->gone_arg);
	} else {
		request_finish(rq, e, &w);
		held_free(&h);
	}
	account_unref(&rq->account);
	log_context_set(NULL);
	done(done_arg, still);
}

void dispatch_resume(struct held *h, struct parked *p, void (*done)(void *arg, bool held), void *arg)
{
	const struct config *c = h->worker->config;
	struct fiber_opts opts = { .name = "resumed request",
		.arena_budget = c->request_memory_bytes,
		.deadline_ms = c->request_timeout_s * 1000 };

	h->parked = p;
	h->done = done;
	h->done_arg = arg;
	h->fiber = fiber_start(h->worker->loop, &opts, resume, h);
	http_watch_client(h->exchange, on_gone_while_running, h);
}

void dispatch_drop(struct held **h)
{
	struct held *x = *h;
	struct request rq;

	*h = NULL;
	if (!x)
		return;
	fill_request(x, &rq);
	answer_nobody(&rq);
	held_free(&x);
}
