#include "base/time.h"
#include "imap/connection.h"
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

enum err imap_run_search(struct imap *c, struct arena *a, struct imap_uids *out)
{
	struct search s = { .arena = c->scratch };
	enum err e = imap_run(c, on_search, &s);

	return e ? e : uids_sort(a, s.uids.v, s.uids.n, out);
}

enum err imap_search_since(struct imap *c, struct arena *a, int64_t day, struct imap_uids *out)
{
	enum err e;

	*out = (struct imap_uids){ 0 };
	if ((e = imap_begin(c)))
		return e;
	imap_put_search(c);
	imap_put(c, "UNDELETED SINCE ");
	time_put_imap_date(&c->out, day);
	return imap_run_search(c, a, out);
}

enum err imap_search_new_since(
    struct imap *c, struct arena *a, uint32_t first_uid, int64_t day, struct imap_uids *out)
{
	enum err e;

	*out = (struct imap_uids){ 0 };
	if ((e = imap_begin(c)))
		return e;
	imap_put_search(c);
	imap_put(c, "UID %u:* UNDELETED SINCE ", first_uid);
	time_put_imap_date(&c->out, day);
	return imap_run_search(c, a, out);
}

enum err imap_search_message_id(
    struct imap *c, struct arena *a, struct bytes message_id, struct imap_uids *out)
{
	bool ascii = true;
	enum err e;

	*out = (struct imap_uids){ 0 };
	if ((e = imap_begin(c)))
		return e;
	for (size_t i = 0; i < message_id.len; i++)
		ascii = ascii && message_id.p[i] < 0x80;
	imap_put_search(c);
	imap_put(c, ascii ? "HEADER Message-ID " : "CHARSET UTF-8 HEADER Message-ID ");
	imap_put_string(c, message_id);
	return imap_run_search(c, a, out);
}
