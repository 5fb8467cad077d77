/* What a phone has of one collection: a hash with short field names, since there is one for each folder of each
 * phone. A state in a format that we do not know counts as none: the phone then starts that folder over. */
#include "store/loads.h"

#define FORMAT "1"

static void put_key(struct words *w, struct bytes account, struct bytes device, uint32_t collection)
{
	const char *id = arena_printf(w->arena, "%u", (unsigned)collection);

	if (!id)
		w->failed = ERR_LIMIT;
	words_put_key2(w, "sync", account, device, bytes_str(id));
}

void sync_ask(struct words *w, struct bytes account, struct bytes device, uint32_t collection)
{
	static const char *const names[] = { "v", "e", "g", "r", "c", "p", "s", "a" };

	words_put_str(w, "HMGET");
	put_key(w, account, device, collection);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		words_put_str(w, names[i]);
}

void sync_read(const struct redis_reply *r, struct store_sync *out)
{
	*out = (struct store_sync){ 0 };
	if (r->n != 8 || !bytes_eq_str(reply_text(&r->items[0]), FORMAT))
		return;
	out->exists = true;
	out->epoch = reply_u64(&r->items[1]);
	out->generation = (uint32_t)reply_u64(&r->items[2]);
	out->revision = (uint32_t)reply_u64(&r->items[3]);
	out->current = reply_text(&r->items[4]);
	out->previous = reply_text(&r->items[5]);
	out->settings = reply_text(&r->items[6]);
	out->adds = reply_text(&r->items[7]);
}

enum err store_sync_load(struct redis *r, struct arena *a, struct bytes account, struct bytes device,
    const uint32_t *collections, size_t n, struct store_sync *out)
{
	struct redis_reply *replies = arena_array(a, n, sizeof(*replies));
	struct words *w = arena_array(a, n, sizeof(*w));
	enum err e;

	if (!replies || !w)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		words_init(&w[i], a);
		sync_ask(&w[i], account, device, collections[i]);
	}
	if (!n || (e = words_call(r, "load sync states", w, n, replies)))
		return n ? e : ERR_OK;
	for (size_t i = 0; i < n; i++)
		sync_read(&replies[i], &out[i]);
	return ERR_OK;
}

/* ---- committing ---- */

/* Epoch and generation are compared as text: Lua's numbers have 53 bits. A revision of 0 takes no room. Deleting first keeps
 * no field of a former state, and lets a hash that has become small again be stored in the compact way. */
static struct redis_script commit_script = {
	.text = "local won = {}\n"
		"for i, key in ipairs(KEYS) do\n"
		"  local at = 10 * i - 8\n"
		"  local had = redis.call('HMGET', key, 'v', 'e', 'g', 'r')\n"
		"  local exists = had[1] == ARGV[1]\n"
		"  local ok = not exists\n"
		"  if ARGV[at] == '1' then\n"
		"    ok = exists and had[2] == ARGV[at + 1] and had[3] == ARGV[at + 2]\n"
		"         and (had[4] or '0') == ARGV[at + 3]\n"
		"  end\n"
		"  if ok then\n"
		"    local set = { 'HSET', key, 'v', ARGV[1], 'e', ARGV[at + 4], 'g', ARGV[at + 5] }\n"
		"    if exists and had[2] == ARGV[at + 4] and had[3] == ARGV[at + 5] then\n"
		"      set[#set + 1] = 'r'\n"
		"      set[#set + 1] = (had[4] or 0) + 1\n"
		"    end\n"
		"    for j, name in ipairs({ 'c', 'p', 's', 'a' }) do\n"
		"      if ARGV[at + 5 + j] ~= '' then\n"
		"        set[#set + 1] = name\n"
		"        set[#set + 1] = ARGV[at + 5 + j]\n"
		"      end\n"
		"    end\n"
		"    redis.call('DEL', key)\n"
		"    redis.call(unpack(set))\n"
		"  end\n"
		"  won[i] = ok and 1 or 0\n"
		"end\n"
		"return won\n"
};

/* Ten words, in the order in which the script reads them. */
static void put_commit(struct words *args, const struct store_sync_commit *c)
{
	words_put_u64(args, c->expect_exists);
	words_put_u64(args, c->expected_epoch);
	words_put_u64(args, c->expected_generation);
	words_put_u64(args, c->expected_revision);
	words_put_u64(args, c->next.epoch);
	words_put_u64(args, c->next.generation);
	words_put(args, c->next.current);
	words_put(args, c->next.previous);
	words_put(args, c->next.settings);
	words_put(args, c->next.adds);
}

static enum err commit(struct redis *r, struct arena *a, struct bytes account, struct bytes device,
    struct store_sync_commit *v, size_t n)
{
	struct words keys, args;
	struct redis_reply reply;
	bool lost = false;
	enum err e;

	words_init(&keys, a);
	words_init(&args, a);
	words_put_str(&args, FORMAT);
	for (size_t i = 0; i < n; i++) {
		v[i].won = false;
		put_key(&keys, account, device, v[i].collection);
		put_commit(&args, &v[i]);
	}
	if ((e = words_eval(r, "commit sync states", &commit_script, &keys, &args, &reply)))
		return e;
	for (size_t i = 0; i < n; i++) {
		v[i].won = i < reply.n && reply_u64(&reply.items[i]) == 1;
		lost = lost || !v[i].won;
	}
	return lost ? ERR_CONFLICT : ERR_OK;
}

enum err store_sync_commit(
    struct redis *r, struct bytes account, struct bytes device, struct store_sync_commit *v, size_t n)
{
	struct arena *a;
	enum err e;

	if (!n)
		return ERR_OK;
	a = arena_new(WORDS_SCRATCH);
	e = commit(r, a, account, device, v, n);
	arena_free(&a);
	return e;
}

enum err store_sync_forget(
    struct redis *r, struct bytes account, struct bytes device, const uint32_t *collections, size_t n)
{
	struct redis_reply reply;
	struct words w;
	struct arena *a;
	enum err e;

	if (!n)
		return ERR_OK;
	a = arena_new(WORDS_SCRATCH);
	words_init(&w, a);
	words_put_str(&w, "UNLINK");
	for (size_t i = 0; i < n; i++)
		put_key(&w, account, device, collections[i]);
	e = words_call(r, "forget sync states", &w, 1, &reply);
	arena_free(&a);
	return e;
}
