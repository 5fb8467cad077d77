#include "store/redis_channels.h"

#include <stdlib.h>
#include <string.h>
#include <hiredis/async.h>

#include "store/names.h"
#include "store/redis_link.h"

struct channel {
	struct name_node node; /* first: found by it; owns the name */
	struct redis_channels *channels;
	struct redis_subscription *subscriptions;
	bool missed; /* something may have been, since it was not subscribed for a while */
};

struct redis_subscription {
	struct channel *channel; /* NULL: all has ended */
	struct redis_subscription *next;
	void (*fn)(void *arg, struct bytes message); /* NULL: ended while its channel was speaking */
	void *arg;
};

struct redis_channels {
	struct loop *loop;
	const struct redis_address *address; /* borrowed */
	struct redis_link *link;             /* NULL until the first subscription */
	struct name_map map;
	struct channel *speaking; /* its subscriptions are being called: none may be freed */
};

/* ---- messages ---- */

static void end_channel(struct channel *ch);

static void sweep(struct channel *ch)
{
	struct redis_subscription **at = &ch->subscriptions;

	while (*at) {
		struct redis_subscription *s = *at;

		if (s->fn) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		free(s);
	}
	if (!ch->subscriptions)
		end_channel(ch);
}

static void speak(struct channel *ch, struct bytes message)
{
	struct redis_channels *c = ch->channels;

	c->speaking = ch;
	for (struct redis_subscription *s = ch->subscriptions; s; s = s->next)
		if (s->fn)
			s->fn(s->arg, message);
	c->speaking = NULL;
	sweep(ch);
}

static struct bytes text_of(const redisReply *r)
{
	return r->type == REDIS_REPLY_STRING ? bytes_of(r->str, r->len) : bytes_of(NULL, 0);
}

/* All that this connection hears: ["subscribe", channel, count], ["message", channel, text]. hiredis keeps a callback
 * for each channel too, but mixes them up when one ends, so the channel is looked up here. */
static void on_reply(redisAsyncContext *a, void *reply, void *arg)
{
	struct redis_channels *c = arg;
	const redisReply *r = reply;
	struct channel *ch;

	(void)a;
	if (!r || r->type != REDIS_REPLY_ARRAY || r->elements != 3)
		return;
	ch = (struct channel *)(void *)name_map_find(&c->map, text_of(r->element[1]));
	if (!ch)
		return;
	if (bytes_eq_str(text_of(r->element[0]), "message")) {
		speak(ch, text_of(r->element[2]));
	} else if (bytes_eq_str(text_of(r->element[0]), "subscribe") && ch->missed) {
		ch->missed = false;
		speak(ch, bytes_of(NULL, 0));
	}
}

/* ---- the connection ---- */

static void send(struct redis_channels *c, const char *verb, struct bytes channel)
{
	redisAsyncContext *a = c->link ? redis_link_context(c->link) : NULL;
	const char *argv[] = { verb, (const char *)channel.p };
	const size_t len[] = { strlen(verb), channel.len };

	if (a)
		redisAsyncCommandArgv(a, on_reply, c, 2, argv, len);
}

static void went_down(struct name_node *n, void *arg)
{
	(void)arg;
	((struct channel *)(void *)n)->missed = true;
}

static void subscribe_again(struct name_node *n, void *arg)
{
	send(arg, "SUBSCRIBE", n->name);
}

static void on_changed(void *arg, bool up)
{
	struct redis_channels *c = arg;

	name_map_each(&c->map, up ? subscribe_again : went_down, c);
}

/* ---- life ---- */

struct redis_channels *redis_channels_new(struct loop *l, const struct redis_address *address)
{
	struct redis_channels *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->loop = l;
	c->address = address;
	return c;
}

static void abandon(struct name_node *n, void *arg)
{
	struct channel *ch = (struct channel *)(void *)n;

	(void)arg;
	for (struct redis_subscription *s = ch->subscriptions; s; s = s->next)
		s->channel = NULL;
	free((void *)(uintptr_t)n->name.p);
	free(ch);
}

void redis_channels_free(struct redis_channels **c)
{
	if (!*c)
		return;
	redis_link_free(&(*c)->link);
	name_map_each(&(*c)->map, abandon, NULL);
	name_map_deinit(&(*c)->map);
	free(*c);
	*c = NULL;
}

static struct channel *start_channel(struct redis_channels *c, struct bytes name)
{
	struct channel *ch = calloc(1, sizeof(*ch));
	char *copy = strndup((const char *)name.p, name.len);

	if (!ch || !copy)
		abort();
	ch->node.name = bytes_of(copy, name.len);
	ch->channels = c;
	name_map_add(&c->map, &ch->node);
	if (!c->link)
		c->link = redis_link_new(c->loop, c->address, "subscriptions", on_changed, c);
	/* The caller believes that it hears from now on. */
	ch->missed = !redis_link_context(c->link);
	send(c, "SUBSCRIBE", ch->node.name);
	return ch;
}

static void end_channel(struct channel *ch)
{
	send(ch->channels, "UNSUBSCRIBE", ch->node.name);
	name_map_remove(&ch->channels->map, &ch->node);
	free((void *)(uintptr_t)ch->node.name.p);
	free(ch);
}

struct redis_subscription *redis_channels_subscribe(
    struct redis_channels *c, const char *channel, void (*fn)(void *arg, struct bytes message), void *arg)
{
	struct channel *ch = (struct channel *)(void *)name_map_find(&c->map, bytes_str(channel));
	struct redis_subscription *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	if (!ch)
		ch = start_channel(c, bytes_str(channel));
	*s = (struct redis_subscription){ .channel = ch, .next = ch->subscriptions, .fn = fn, .arg = arg };
	ch->subscriptions = s;
	return s;
}

void redis_unsubscribe(struct redis_subscription **s)
{
	struct redis_subscription *x = *s;

	if (!x)
		return;
	*s = NULL;
	if (!x->channel) {
		free(x);
		return;
	}
	x->fn = NULL;
	if (x->channel->channels->speaking != x->channel)
		sweep(x->channel);
}
