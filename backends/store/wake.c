/* Wake-ups: one channel for each account, so that a worker hears of its own accounts only. */
#include <stdlib.h>
#include <string.h>

#include "store/key.h"
#include "store/names.h"
#include "store/store.h"
#include "store/words.h"

struct wake {
	struct name_node node; /* first: found by it; owns the account's name */
	struct store_wakes *wakes;
	struct redis_subscription *subscription;
	unsigned count;
};

struct store_wakes {
	struct redis *redis;
	void (*fn)(void *arg, struct bytes account, struct bytes what);
	void *arg;
	struct name_map map;
};

enum err store_wake_publish(struct redis *r, struct bytes account, struct bytes what)
{
	struct arena *a = arena_new(WORDS_SCRATCH);
	struct redis_reply reply;
	struct words w;
	enum err e;

	words_init(&w, a);
	words_put_str(&w, "PUBLISH");
	words_put_key(&w, "wake", account);
	words_put(&w, what);
	e = words_call(r, "publish a wake-up", &w, 1, &reply);
	arena_free(&a);
	return e;
}

static void on_message(void *arg, struct bytes message)
{
	struct wake *k = arg;

	k->wakes->fn(k->wakes->arg, k->node.name, message);
}

struct store_wakes *store_wakes_new(
    struct redis *r, void (*fn)(void *arg, struct bytes account, struct bytes what), void *arg)
{
	struct store_wakes *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->redis = r;
	w->fn = fn;
	w->arg = arg;
	return w;
}

static void wake_free(struct name_node *n, void *arg)
{
	struct wake *k = (struct wake *)(void *)n;

	(void)arg;
	redis_unsubscribe(&k->subscription);
	free((void *)(uintptr_t)n->name.p);
	free(k);
}

void store_wakes_free(struct store_wakes **w)
{
	if (!*w)
		return;
	name_map_each(&(*w)->map, wake_free, NULL);
	name_map_deinit(&(*w)->map);
	free(*w);
	*w = NULL;
}

static enum err channel_of(struct arena *a, struct bytes account, char **out)
{
	struct buf b;
	struct bytes name;
	enum err e;

	buf_init(&b, a, 0);
	key_put(&b, "wake", account, NULL, 0);
	e = buf_done(&b, &name);
	return e ? e : arena_cstr(a, name, out);
}

static struct wake *wake_new(struct store_wakes *w, struct bytes account, const char *channel)
{
	struct wake *k = calloc(1, sizeof(*k));
	uint8_t *name = malloc(account.len + 1);

	if (!k || !name)
		abort();
	if (account.len)
		memcpy(name, account.p, account.len);
	k->node.name = bytes_of(name, account.len);
	k->wakes = w;
	k->subscription = redis_subscribe(w->redis, channel, on_message, k);
	name_map_add(&w->map, &k->node);
	return k;
}

enum err store_wakes_add(struct store_wakes *w, struct bytes account)
{
	struct wake *k = (struct wake *)(void *)name_map_find(&w->map, account);
	struct arena *a;
	char *channel;
	enum err e;

	if (!k) {
		a = arena_new(WORDS_SCRATCH);
		e = channel_of(a, account, &channel);
		k = e ? NULL : wake_new(w, account, channel);
		arena_free(&a);
		if (e)
			return e;
	}
	k->count++;
	return ERR_OK;
}

void store_wakes_remove(struct store_wakes *w, struct bytes account)
{
	struct wake *k = (struct wake *)(void *)name_map_find(&w->map, account);

	if (!k || --k->count)
		return;
	name_map_remove(&w->map, &k->node);
	wake_free(&k->node, NULL);
}
