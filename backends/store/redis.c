/* Calls: what fibers send and wait for. A call is on the heap, since hiredis reports to it even after its fiber
 * gave up; a fiber that gave up is taken out of it and never touched again. */
#include "store/redis.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <hiredis/async.h>
#include <openssl/sha.h>

#include "store/redis_channels.h"
#include "store/redis_link.h"

/* A healthy Redis answers within milliseconds. One that stays silent this long has stopped, and then all the fibers
 * behind it would wait for their deadlines. */
enum { ANSWER_MS = 5000, FIRST_CONNECT_MS = 1000 };

struct waiter {
	uint64_t ticket;
	struct waiter *next;
	bool gone; /* redis_free was called meanwhile */
};

struct redis {
	struct loop *loop;
	struct redis_address address;
	struct redis_link *link;
	struct redis_channels *channels;
	bool tried; /* the first attempt has ended, one way or the other */
	struct waiter *waiters;
	uint64_t round_trips;
};

struct call {
	struct loop *loop;
	uint64_t ticket;
	struct arena *arena; /* the caller's; NULL once it gave up */
	struct redis_reply *replies;
	size_t sent, answered;
	enum err failed;
};

/* ---- life ---- */

static void on_changed(void *arg, bool up)
{
	struct redis *r = arg;

	(void)up;
	r->tried = true;
	for (struct waiter *w = r->waiters; w; w = w->next)
		fiber_wake(r->loop, w->ticket);
}

enum err redis_new(struct loop *l, const char *url, struct redis **out)
{
	struct redis *r = calloc(1, sizeof(*r));
	enum err e;

	if (!r)
		abort();
	if ((e = redis_address_parse(url, &r->address))) {
		free(r);
		return e;
	}
	r->loop = l;
	r->link = redis_link_new(l, &r->address, "commands", on_changed, r);
	r->channels = redis_channels_new(l, &r->address);
	*out = r;
	return ERR_OK;
}

enum err redis_url_check(const char *url)
{
	struct redis_address a;
	enum err e = redis_address_parse(url, &a);

	if (!e)
		redis_address_deinit(&a);
	return e;
}

void redis_free(struct redis **r)
{
	if (!*r)
		return;
	for (struct waiter *w = (*r)->waiters; w; w = w->next) {
		w->gone = true;
		fiber_wake((*r)->loop, w->ticket);
	}
	redis_channels_free(&(*r)->channels);
	redis_link_free(&(*r)->link); /* ends all calls */
	redis_address_deinit(&(*r)->address);
	free(*r);
	*r = NULL;
}

bool redis_is_up(const struct redis *r)
{
	return redis_link_context(r->link) != NULL;
}

uint64_t redis_round_trips(const struct redis *r)
{
	return r->round_trips;
}

/* ---- waiting for the connection ---- */

static enum err wait_changed(struct redis *r, uint32_t timeout_ms)
{
	struct waiter w = { .ticket = fiber_ticket(), .next = r->waiters };
	struct waiter **at = &r->waiters;
	enum err e;

	r->waiters = &w;
	e = fiber_wait(w.ticket, timeout_ms);
	if (w.gone)
		return ERR_UNAVAILABLE;
	while (*at != &w)
		at = &(*at)->next;
	*at = w.next;
	return e;
}

enum err redis_wait_up(struct redis *r, uint32_t timeout_ms)
{
	uint64_t end = loop_now_ms() + timeout_ms, now;
	enum err e;

	while (!redis_is_up(r)) {
		if ((now = loop_now_ms()) >= end)
			return ERR_UNAVAILABLE;
		e = wait_changed(r, (uint32_t)(end - now));
		if (e && !(e == ERR_TIMEOUT && fiber_time_left_ms()))
			return e;
	}
	return ERR_OK;
}

/* A worker may be asked before its first connection had a chance to stand. */
static enum err connected(struct redis *r, redisAsyncContext **out)
{
	enum err e = fiber_check();

	if (!e && !r->tried)
		e = wait_changed(r, FIRST_CONNECT_MS);
	if (e)
		return e == ERR_TIMEOUT && fiber_time_left_ms() ? ERR_UNAVAILABLE : e;
	*out = redis_link_context(r->link);
	return *out ? ERR_OK : ERR_UNAVAILABLE;
}

/* ---- answers ---- */

/* hiredis refuses to nest deeper than seven arrays. */
static enum err copy_reply(struct arena *a, const redisReply *in, struct redis_reply *out)
{
	enum err e;

	switch (in->type) {
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
	case REDIS_REPLY_ERROR:
		out->kind = in->type == REDIS_REPLY_STRING   ? REDIS_TEXT
			    : in->type == REDIS_REPLY_STATUS ? REDIS_STATUS
							     : REDIS_ERROR;
		return arena_dup(a, bytes_of(in->str, in->len), &out->text);
	case REDIS_REPLY_INTEGER:
		out->kind = REDIS_INTEGER;
		out->integer = in->integer;
		return ERR_OK;
	case REDIS_REPLY_ARRAY:
		out->kind = REDIS_ARRAY;
		out->n = in->elements;
		if (!(out->items = arena_array(a, in->elements, sizeof(*out->items))))
			return ERR_LIMIT;
		for (size_t i = 0; i < in->elements; i++)
			if ((e = copy_reply(a, in->element[i], &out->items[i])))
				return e;
		return ERR_OK;
	}
	out->kind = REDIS_NIL;
	return ERR_OK;
}

/* Once for each command of a call, in order; without a reply when the connection has ended. */
static void on_reply(redisAsyncContext *ctx, void *reply, void *arg)
{
	struct call *c = arg;
	enum err e = ERR_OK;

	(void)ctx;
	if (!reply)
		e = ERR_UNAVAILABLE;
	else if (c->arena && !c->failed)
		e = copy_reply(c->arena, reply, &c->replies[c->answered]);
	if (e && !c->failed)
		c->failed = e;
	if (++c->answered < c->sent)
		return;
	if (c->arena)
		fiber_wake(c->loop, c->ticket);
	else
		free(c);
}

/* ---- calls ---- */

struct argv {
	const char **text;
	size_t *len;
};

static enum err argv_alloc(struct arena *a, const struct redis_command *v, size_t n, struct argv *out)
{
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].argc > most)
			most = v[i].argc;
	out->text = arena_array(a, most, sizeof(*out->text));
	out->len = arena_array(a, most, sizeof(*out->len));
	return out->text && out->len ? ERR_OK : ERR_LIMIT;
}

static bool send_command(
    redisAsyncContext *ctx, const struct redis_command *v, const struct argv *argv, struct call *c)
{
	for (size_t i = 0; i < v->argc; i++) {
		argv->text[i] = v->argv[i].p ? (const char *)v->argv[i].p : "";
		argv->len[i] = v->argv[i].len;
	}
	return redisAsyncCommandArgv(ctx, on_reply, c, (int)v->argc, argv->text, argv->len) == REDIS_OK;
}

/* After the wait. All that `r` still is to a finished call may have been freed. */
static enum err finish(struct redis *r, struct call *c, enum err waited, uint64_t since_ms)
{
	enum err e = waited ? waited : c->failed;

	if (c->answered == c->sent) {
		free(c);
		return e;
	}
	c->arena = NULL;
	if (e == ERR_TIMEOUT && loop_now_ms() - since_ms >= ANSWER_MS) {
		redis_link_break(r->link, "no answer");
		return ERR_UNAVAILABLE;
	}
	return e;
}

enum err redis_call(
    struct redis *r, struct arena *a, const struct redis_command *v, size_t n, struct redis_reply *replies)
{
	redisAsyncContext *ctx;
	struct argv argv;
	struct call *c;
	uint64_t now = loop_now_ms();
	enum err e;

	if (!n)
		return ERR_OK;
	if ((e = argv_alloc(a, v, n, &argv)) || (e = connected(r, &ctx)))
		return e;
	if (!(c = calloc(1, sizeof(*c))))
		abort();
	*c = (struct call){
		.loop = r->loop, .ticket = fiber_ticket(), .arena = a, .replies = replies, .sent = n
	};
	memset(replies, 0, n * sizeof(*replies));
	for (size_t i = 0; i < n; i++)
		if (!send_command(ctx, &v[i], &argv, c)) {
			/* It only refuses on its way down, and then all of a batch: nothing waits between. */
			assert(i == 0);
			free(c);
			return ERR_UNAVAILABLE;
		}
	r->round_trips++;
	fiber_tally()->store_trips++;
	return finish(r, c, fiber_wait(c->ticket, ANSWER_MS), now);
}

/* ---- scripts ---- */

static void script_hash(struct redis_script *s)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sha[SHA_DIGEST_LENGTH];

	if (s->sha[0])
		return;
	SHA1((const uint8_t *)s->text, strlen(s->text), sha);
	for (size_t i = 0; i < sizeof(sha); i++) {
		s->sha[2 * i] = digits[sha[i] >> 4];
		s->sha[2 * i + 1] = digits[sha[i] & 15];
	}
}

enum err redis_eval(struct redis *r, struct arena *a, struct redis_script *s, const struct bytes *keys,
    size_t n_keys, const struct bytes *args, size_t n_args, struct redis_reply *out)
{
	struct bytes *argv = arena_array(a, 3 + n_keys + n_args, sizeof(*argv));
	const char *count = arena_printf(a, "%zu", n_keys);
	struct redis_command command = { argv, 3 + n_keys + n_args };
	enum err e;

	if (!argv || !count)
		return ERR_LIMIT;
	script_hash(s);
	argv[0] = BYTES("EVALSHA");
	argv[1] = bytes_str(s->sha);
	argv[2] = bytes_str(count);
	for (size_t i = 0; i < n_keys; i++)
		argv[3 + i] = keys[i];
	for (size_t i = 0; i < n_args; i++)
		argv[3 + n_keys + i] = args[i];
	if ((e = redis_call(r, a, &command, 1, out)) || out->kind != REDIS_ERROR ||
	    !bytes_starts(out->text, "NOSCRIPT"))
		return e;
	argv[0] = BYTES("EVAL"); /* which also keeps it for the next time */
	argv[1] = bytes_str(s->text);
	return redis_call(r, a, &command, 1, out);
}

/* ---- subscriptions ---- */

struct redis_subscription *redis_subscribe(
    struct redis *r, const char *channel, void (*fn)(void *arg, struct bytes message), void *arg)
{
	return redis_channels_subscribe(r->channels, channel, fn, arg);
}
