#include "base/time.h"
#include "imap/halves.h"
#include "imap/uid_set.h"

/* SEARCH and its compact answer, ESEARCH (RFC 4731). */

struct search {
	struct arena *arena;
	struct imap_uids uids;
	size_t cap;
};

/* "3 5 9" */
static enum err read_search(struct search *s, struct imap_reader *r)
{
	uint32_t uid;
	enum err e;

	while (imap_peek(r) >= '0' && imap_peek(r) <= '9') {
		if ((e = imap_read_u32(r, &uid)))
			return e;
		if (!uid)
			return ERR_PROTO;
		if ((e = uids_add(s->arena, &s->uids, &s->cap, uid)))
			return e;
		(void)imap_accept(r, ' ');
	}
	/* (MODSEQ n) may follow. Anything else isn't understood, and a part of a result would be taken for the whole. */
	return !imap_peek(r) || imap_peek(r) == '(' ? ERR_OK : ERR_PROTO;
}

/* "(TAG "a3") UID ALL 1:4,9 COUNT 5"; the tag may be missing (RFC 4466, 2.6.2) */
static enum err read_esearch(struct search *s, struct imap_reader *r)
{
	struct bytes name, set;
	enum err e;

	if (imap_peek(r) == '(' && (e = imap_skip_value(r)))
		return e;
	while (imap_peek(r)) {
		if (imap_accept(r, ' '))
			continue;
		if ((e = imap_read_word(r, &name)))
			return e;
		if (bytes_eq_nocase(name, "UID"))
			continue;
		if ((e = imap_expect(r, ' ')))
			return e;
		if (!bytes_eq_nocase(name, "ALL"))
			e = imap_skip_value(r);
		else if (!(e = imap_read_word(r, &set)))
			e = uid_set_expand(s->arena, set, &s->uids, &s->cap);
		if (e)
			return e;
	}
	return ERR_OK;
}

static enum err on_search(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	(void)number;
	if (bytes_eq_nocase(keyword, "SEARCH"))
		return read_search(arg, &c->reader);
	if (bytes_eq_nocase(keyword, "ESEARCH"))
		return read_esearch(arg, &c->reader);
	return ERR_OK;
}

void imap_put_search(struct imap *c)
{
	imap_command(c, c->caps & IMAP_CAP_ESEARCH ? "UID SEARCH RETURN (ALL) " : "UID SEARCH ");
}

static enum err begin(struct imap *c, bool utf8)
{
	enum err e = imap_begin(c);

	if (e)
		return e;
	imap_put_search(c);
	if (utf8)
		imap_put(c, "CHARSET UTF-8 ");
	return ERR_OK;
}

enum err imap_run_search(struct imap *c, struct arena *a, struct imap_uids *out)
{
	struct search s = { .arena = c->scratch };
	enum err e = imap_run(c, on_search, &s);

	return e ? e : uids_sort(a, s.uids.v, s.uids.n, out);
}

static void put_keys(struct imap *c, const struct imap_search_keys *keys)
{
	if (keys->undeleted)
		imap_put(c, keys->put ? "UNDELETED " : "UNDELETED");
	if (keys->put)
		keys->put(c, keys->arg);
}

/* ---- where not all can be looked at ---- */

struct apart {
	struct arena *arena;
	const struct imap_search_keys *keys;
	struct imap_uids found;
	size_t cap;
};

static enum err ask_range(struct imap *c, const uint32_t *uids, size_t n, void *arg)
{
	struct apart *x = arg;
	struct imap_uids some;
	enum err e = begin(c, x->keys->utf8);

	if (e)
		return e;
	imap_put(c, "UID %u:%u ", uids[0], uids[n - 1]);
	put_keys(c, x->keys);
	e = imap_run_search(c, x->arena, &some);
	for (size_t i = 0; i < some.n && !e; i++)
		e = uids_add(x->arena, &x->found, &x->cap, some.v[i]);
	return e;
}

static enum err fail_one(struct imap *c, uint32_t uid, void *arg)
{
	struct apart *x = arg;

	(void)c;
	return x->keys->takes_unsure ? uids_add(x->arena, &x->found, &x->cap, uid) : ERR_OK;
}

static enum err ask_for_all(
    struct imap *c, struct arena *a, const struct imap_search_keys *keys, struct imap_uids *out)
{
	enum err e = begin(c, false);

	if (e)
		return e;
	imap_put(c, "UID %u:*%s", keys->first_uid ? keys->first_uid : 1, keys->undeleted ? " UNDELETED" : "");
	return imap_run_search(c, a, out);
}

/* Which messages there are the server knows without looking into any; but it may still end the connection for what was before. */
static enum err list_all(
    struct imap *c, struct arena *a, const struct imap_search_keys *keys, struct imap_uids *out)
{
	enum err e = ask_for_all(c, a, keys, out);

	return e && c->broken && imap_goes_on(c, e) ? ask_for_all(c, a, keys, out) : e;
}

static enum err search_apart(
    struct imap *c, struct arena *a, const struct imap_search_keys *keys, enum err why, struct imap_uids *out)
{
	struct apart x = { .arena = a, .keys = keys };
	struct halves h = { ask_range, fail_one, "a search", &x };
	struct imap_uids all;
	enum err e;

	if (!imap_goes_on(c, why))
		return why;
	if ((e = list_all(c, a, keys, &all)) || (e = imap_ask_by_halves(c, &h, all.v, all.n, why)))
		return e;
	return uids_sort(a, x.found.v, x.found.n, out);
}

enum err imap_search_for(
    struct imap *c, struct arena *a, const struct imap_search_keys *keys, struct imap_uids *out)
{
	enum err e = begin(c, keys->utf8);

	*out = (struct imap_uids){ 0 };
	if (e)
		return e;
	if (keys->first_uid)
		imap_put(c, "UID %u:* ", keys->first_uid);
	put_keys(c, keys);
	e = imap_run_search(c, a, out);
	if (e == ERR_UNAVAILABLE || (e == ERR_DENIED && keys->takes_unsure))
		e = search_apart(c, a, keys, e, out);
	return e;
}

/* ---- */

static void put_since(struct imap *c, const void *arg)
{
	imap_put(c, "SINCE ");
	time_put_imap_date(&c->out, *(const int64_t *)arg);
}

enum err imap_search_since(struct imap *c, struct arena *a, int64_t day, struct imap_uids *out)
{
	return imap_search_new_since(c, a, 0, day, out);
}

enum err imap_search_new_since(
    struct imap *c, struct arena *a, uint32_t first_uid, int64_t day, struct imap_uids *out)
{
	return imap_search_for(c, a,
	    &(struct imap_search_keys){ .put = put_since,
		.arg = &day,
		.undeleted = true,
		.takes_unsure = true,
		.first_uid = first_uid },
	    out);
}

static void put_message_id(struct imap *c, const void *arg)
{
	imap_put(c, "HEADER Message-ID ");
	imap_put_string(c, *(const struct bytes *)arg);
}

enum err imap_search_message_id(
    struct imap *c, struct arena *a, struct bytes message_id, struct imap_uids *out)
{
	struct imap_search_keys keys = { .put = put_message_id, .arg = &message_id };

	for (size_t i = 0; i < message_id.len; i++)
		keys.utf8 |= message_id.p[i] >= 0x80;
	return imap_search_for(c, a, &keys, out);
}
