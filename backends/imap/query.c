#include "mail/query.h"

#include <stdlib.h>

#include "base/time.h"
#include "imap/fetched.h"
#include "imap/halves.h"
#include "imap/uid_set.h"

/* SEARCH for what people look for: a query tree as search keys (RFC 3501, 6.4.4), and when the mails found were
 * received. The answer to SEARCH is read in search.c. */

enum { SECONDS_PER_DAY = 86400, PIPELINE_BYTES = 16 * 1024 };

static const struct {
	enum query_place place;
	const char *key;
} places[] = {
	{ PLACE_FROM, "FROM" },
	{ PLACE_TO, "TO" },
	{ PLACE_CC, "CC" },
	{ PLACE_BCC, "BCC" },
	{ PLACE_SUBJECT, "SUBJECT" },
	{ PLACE_BODY, "BODY" },
};

/* IMAP has no key for attachments. These are the types of mails that have some: nearly always, and cheap to look up. */
#define ATTACHMENT_KEYS "OR HEADER Content-Type \"multipart/mixed\" HEADER Content-Type \"application/\""

static bool is_ascii(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] >= 0x80)
			return false;
	return true;
}

/* Recursion: query.h bounds the depth. */
static bool all_ascii(const struct query *q)
{
	return !q || (is_ascii(q->text) && all_ascii(q->left) && all_ascii(q->right));
}

/* Each place is a key of its own; OR takes two. */
static void put_text(struct imap *c, const struct query *q)
{
	bool fuzzy = (c->caps & IMAP_CAP_FUZZY) && !q->exact; /* RFC 6203, 3: for the one key behind it */
	unsigned left = q->places;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!(left & places[i].place))
			continue;
		left &= ~(unsigned)places[i].place;
		imap_put(c, "%s%s%s ", left ? "OR " : "", fuzzy ? "FUZZY " : "", places[i].key);
		imap_put_string(c, q->text);
		if (left)
			imap_put(c, " ");
	}
}

static void put_day(struct imap *c, const char *key, int64_t day)
{
	imap_put(c, "%s ", key);
	time_put_imap_date(&c->out, day * SECONDS_PER_DAY);
}

static void put_query(struct imap *c, const struct query *q)
{
	switch (q->kind) {
	case QUERY_AND:
	case QUERY_OR:
		imap_put(c, q->kind == QUERY_AND ? "(" : "OR ");
		put_query(c, q->left);
		imap_put(c, " ");
		put_query(c, q->right);
		imap_put(c, q->kind == QUERY_AND ? ")" : "");
		break;
	case QUERY_NOT:
		imap_put(c, "NOT ");
		put_query(c, q->left);
		break;
	case QUERY_TEXT:
		put_text(c, q);
		break;
	case QUERY_SINCE:
		put_day(c, "SINCE", q->day);
		break;
	case QUERY_BEFORE:
		put_day(c, "BEFORE", q->day);
		break;
	case QUERY_READ:
		imap_put(c, "SEEN");
		break;
	case QUERY_FLAGGED:
		imap_put(c, "FLAGGED");
		break;
	case QUERY_ATTACHMENT:
		imap_put(c, ATTACHMENT_KEYS);
		break;
	}
}

static void put_keys(struct imap *c, const void *arg)
{
	put_query(c, arg);
}

enum err imap_search(struct imap *c, struct arena *a, const struct query *q, struct imap_uids *out)
{
	return imap_search_for(c, a,
	    &(struct imap_search_keys){
		.put = q ? put_keys : NULL, .arg = q, .undeleted = true, .utf8 = !all_ascii(q) },
	    out);
}

/* ---- when they were received ---- */

struct dates {
	const uint32_t *uids; /* ascending */
	size_t n;
	int64_t *v;
	struct imap_keywords keywords;
};

static enum err on_date(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct dates *d = arg;
	struct imap_fetched f;
	const uint32_t *found;
	enum err e;

	if (!number || !bytes_eq_nocase(keyword, "FETCH"))
		return ERR_OK;
	if ((e = imap_read_fetch(c, c->scratch, &d->keywords, &f)))
		return e;
	found = bsearch(&f.flags.uid, d->uids, d->n, sizeof(*d->uids), compare_uids);
	if (found && f.date)
		d->v[found - d->uids] = f.date;
	return ERR_OK;
}

static enum err ask_dates(struct imap *c, const uint32_t *uids, size_t n, void *arg)
{
	struct dates *d = arg;
	size_t at = 0;
	enum err e = ERR_OK;

	while (at < n && !e) {
		if ((e = imap_begin(c)))
			break;
		d->keywords.n = 0; /* they lived in scratch */
		while (at < n && imap_pending_bytes(c) < PIPELINE_BYTES) {
			imap_command(c, "UID FETCH ");
			uid_set_put(&c->out, uids, n, IMAP_SET_BYTES, &at);
			imap_put(c, " (UID INTERNALDATE)");
		}
		e = imap_run(c, on_date, d);
	}
	return e;
}

/* It stays without a date. */
static enum err fail_date(struct imap *c, uint32_t uid, void *arg)
{
	(void)c, (void)uid, (void)arg;
	return ERR_OK;
}

enum err imap_fetch_dates(struct imap *c, struct arena *a, const uint32_t *uids, size_t n, int64_t **out)
{
	struct dates d = { .uids = uids, .n = n, .v = arena_array(a, n, sizeof(*d.v)) };
	struct halves h = { ask_dates, fail_date, "its date", &d };
	enum err e;

	*out = d.v;
	if (!d.v)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		d.v[i] = IMAP_NO_DATE;
	e = ask_dates(c, uids, n, &d);
	return e == ERR_UNAVAILABLE ? imap_ask_by_halves(c, &h, uids, n, e) : e;
}
