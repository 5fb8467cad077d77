/* Device records: one hash each, whose fields are readable as they are, for administrators and dashboards. */
#include <time.h>

#include "base/buf.h"
#include "store/key.h"
#include "store/loads.h"

enum kind { FIELD_TEXT, FIELD_BOOL, FIELD_U32, FIELD_U64, FIELD_I64 };

/* Fields with the value 0 or "" are not stored. */
static const struct field {
	const char *name;
	enum kind kind;
	size_t offset;
	unsigned bit; /* STORE_DEVICE_…; 0 = not written by store_device_save */
} fields[] = {
	/* clang-format off */
	{ "type",     FIELD_TEXT, offsetof(struct store_device, type),                 STORE_DEVICE_TYPE },
	{ "agent",    FIELD_TEXT, offsetof(struct store_device, user_agent),           STORE_DEVICE_USER_AGENT },
	{ "model",    FIELD_TEXT, offsetof(struct store_device, model),                STORE_DEVICE_INFORMATION },
	{ "imei",     FIELD_TEXT, offsetof(struct store_device, imei),                 STORE_DEVICE_INFORMATION },
	{ "name",     FIELD_TEXT, offsetof(struct store_device, friendly_name),        STORE_DEVICE_INFORMATION },
	{ "os",       FIELD_TEXT, offsetof(struct store_device, os),                   STORE_DEVICE_INFORMATION },
	{ "lang",     FIELD_TEXT, offsetof(struct store_device, os_language),          STORE_DEVICE_INFORMATION },
	{ "phone",    FIELD_TEXT, offsetof(struct store_device, phone_number),         STORE_DEVICE_INFORMATION },
	{ "operator", FIELD_TEXT, offsetof(struct store_device, mobile_operator),      STORE_DEVICE_INFORMATION },
	{ "sms",      FIELD_BOOL, offsetof(struct store_device, outbound_sms),         STORE_DEVICE_INFORMATION },
	{ "key",      FIELD_U32,  offsetof(struct store_device, policy_key),           STORE_DEVICE_POLICY },
	{ "newkey",   FIELD_U32,  offsetof(struct store_device, policy_key_pending),   STORE_DEVICE_POLICY },
	{ "policy",   FIELD_TEXT, offsetof(struct store_device, policy_hash),          STORE_DEVICE_POLICY },
	{ "version",  FIELD_TEXT, offsetof(struct store_device, version),              STORE_DEVICE_VERSION },
	{ "first",    FIELD_I64,  offsetof(struct store_device, first_seen),           0 },
	{ "last",     FIELD_I64,  offsetof(struct store_device, last_seen),            STORE_DEVICE_LAST_SEEN },
	{ "ping",     FIELD_TEXT, offsetof(struct store_device, ping),                 STORE_DEVICE_PING },
	{ "sync",     FIELD_TEXT, offsetof(struct store_device, sync_request),         STORE_DEVICE_SYNC_REQUEST },
	{ "tree",     FIELD_TEXT, offsetof(struct store_device, hierarchy),            0 },
	{ "treegen",  FIELD_U64,  offsetof(struct store_device, hierarchy_generation), 0 },
	/* clang-format on */
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* ---- loading ---- */

void device_ask(struct words *w, struct bytes account, struct bytes device)
{
	words_put_str(w, "HMGET");
	words_put_key1(w, "dev", account, device);
	for (size_t i = 0; i < N_FIELDS; i++)
		words_put_str(w, fields[i].name);
}

static void read_field(const struct field *f, const struct redis_reply *r, struct store_device *out)
{
	void *to = (char *)out + f->offset;

	switch (f->kind) {
	case FIELD_TEXT:
		*(struct bytes *)to = reply_text(r);
		break;
	case FIELD_BOOL:
		*(bool *)to = reply_u64(r) != 0;
		break;
	case FIELD_U32:
		*(uint32_t *)to = (uint32_t)reply_u64(r);
		break;
	case FIELD_U64:
		*(uint64_t *)to = reply_u64(r);
		break;
	case FIELD_I64:
		*(int64_t *)to = (int64_t)reply_u64(r);
		break;
	}
}

void device_read(const struct redis_reply *r, struct store_device *out)
{
	*out = (struct store_device){ 0 };
	for (size_t i = 0; i < N_FIELDS && i < r->n; i++) {
		if (r->items[i].kind == REDIS_TEXT)
			out->exists = true;
		read_field(&fields[i], &r->items[i], out);
	}
}

enum err store_device_load(
    struct redis *r, struct arena *a, struct bytes account, struct bytes device, struct store_device *out)
{
	struct redis_reply reply;
	struct words w;
	enum err e;

	words_init(&w, a);
	device_ask(&w, account, device);
	if ((e = words_call(r, "load a device", &w, 1, &reply)))
		return e;
	device_read(&reply, out);
	return ERR_OK;
}

enum err store_load_for_sync(struct redis *r, struct arena *a, struct bytes account, struct bytes device,
    const uint32_t *collections, size_t n, struct store_device *d, struct store_sync *out)
{
	struct redis_reply *replies = arena_array(a, n + 1, sizeof(*replies));
	struct words *w = arena_array(a, n + 1, sizeof(*w));
	enum err e;

	if (!replies || !w)
		return ERR_LIMIT;
	words_init(&w[n], a);
	device_ask(&w[n], account, device);
	for (size_t i = 0; i < n; i++) {
		words_init(&w[i], a);
		sync_ask(&w[i], account, device, collections[i]);
	}
	if ((e = words_call(r, "load for a sync", w, n + 1, replies)))
		return e;
	device_read(&replies[n], d);
	for (size_t i = 0; i < n; i++)
		sync_read(&replies[i], &out[i]);
	return ERR_OK;
}

/* ---- saving ---- */

/* False if the field has its zero value. */
static bool put_value(struct words *w, const struct field *f, const struct store_device *d)
{
	const void *at = (const char *)d + f->offset;
	const struct bytes *text = at;
	uint64_t n = 0;

	switch (f->kind) {
	case FIELD_TEXT:
		if (!text->len)
			return false;
		words_put_str(w, f->name);
		words_put(w, *text);
		return true;
	case FIELD_BOOL:
		n = *(const bool *)at;
		break;
	case FIELD_U32:
		n = *(const uint32_t *)at;
		break;
	case FIELD_U64:
		n = *(const uint64_t *)at;
		break;
	case FIELD_I64:
		n = (uint64_t) * (const int64_t *)at;
		break;
	}
	if (!n)
		return false;
	words_put_str(w, f->name);
	words_put_u64(w, n);
	return true;
}

static void put_hash_command(
    struct words *w, struct arena *a, const char *verb, struct bytes account, struct bytes device)
{
	words_init(w, a);
	words_put_str(w, verb);
	words_put_key1(w, "dev", account, device);
}

/* The global index lies in another slot, so it can't be in a script with the rest. It is only an index: what it
 * misses after a crash comes with the next save. */
static void put_index(struct words *w, struct bytes account, struct bytes device, int64_t seen, bool only_new)
{
	struct buf b;
	struct bytes member = { 0 };
	enum err e;

	buf_init(&b, w->arena, 0);
	key_put_name(&b, account);
	buf_put_u8(&b, ':');
	key_put_name(&b, device);
	if ((e = buf_done(&b, &member)))
		w->failed = e;
	words_put_str(w, "ZADD");
	words_put_str(w, "eas:devices");
	if (only_new)
		words_put_str(w, "NX");
	words_put_u64(w, (uint64_t)seen);
	words_put(w, member);
}

static enum err save(struct redis *r, struct arena *a, struct bytes account, struct bytes device,
    const struct store_device *d, unsigned bits)
{
	struct words w[5], *first = &w[0], *index = &w[1], *all = &w[2], *set = &w[3], *del = &w[4];
	struct redis_reply replies[5];
	int64_t seen = d->last_seen ? d->last_seen : (int64_t)time(NULL);
	size_t n = 3;

	put_hash_command(first, a, "HSETNX", account, device);
	words_put_str(first, "first");
	words_put_u64(first, (uint64_t)(d->first_seen ? d->first_seen : seen));
	words_init(index, a);
	words_put_str(index, "SADD");
	words_put_key(index, "devs", account);
	words_put(index, device);
	words_init(all, a);
	put_index(all, account, device, seen, !(bits & STORE_DEVICE_LAST_SEEN));
	put_hash_command(set, a, "HSET", account, device);
	put_hash_command(del, a, "HDEL", account, device);
	for (size_t i = 0; i < N_FIELDS; i++)
		if ((fields[i].bit & bits) && !put_value(set, &fields[i], d))
			words_put_str(del, fields[i].name);
	/* Either may have turned out empty. */
	if (set->n > 2)
		w[n++] = *set;
	if (del->n > 2)
		w[n++] = *del;
	return words_call(r, "save a device", w, n, replies);
}

enum err store_device_save(
    struct redis *r, struct bytes account, struct bytes device, const struct store_device *d, unsigned bits)
{
	struct arena *a = arena_new(WORDS_SCRATCH);
	enum err e = save(r, a, account, device, d, bits);

	arena_free(&a);
	return e;
}

enum err store_hierarchy_commit(struct redis *r, struct bytes account, struct bytes device, uint64_t expected,
    uint64_t generation, struct bytes hierarchy)
{
	static struct redis_script script = {
		.text = "if (redis.call('HGET', KEYS[1], 'treegen') or '0') ~= ARGV[1] then return 0 end\n"
			"redis.call('HSET', KEYS[1], 'treegen', ARGV[2], 'tree', ARGV[3])\n"
			"return 1\n"
	};
	struct arena *a = arena_new(WORDS_SCRATCH);
	struct redis_reply reply;
	struct words keys, args;
	enum err e;

	words_init(&keys, a);
	words_init(&args, a);
	words_put_key1(&keys, "dev", account, device);
	words_put_u64(&args, expected);
	words_put_u64(&args, generation);
	words_put(&args, hierarchy);
	e = words_eval(r, "commit a folder list", &script, &keys, &args, &reply);
	if (!e && !reply_u64(&reply))
		e = ERR_CONFLICT;
	arena_free(&a);
	return e;
}
