#include <string.h>

#include "base/time.h"
#include "imap/fetched.h"
#include "imap/uid_set.h"

/* What alters a mailbox: STORE, EXPUNGE, APPEND. Moving is in move.c. */

void imap_put_uids(struct imap *c, const char *before, const struct imap_uids *uids, const char *after)
{
	for (size_t at = 0; at < uids->n && !c->out.failed;) {
		imap_command(c, "%s ", before);
		uid_set_put(&c->out, uids->v, uids->n, IMAP_SET_BYTES, &at);
		imap_put(c, "%s", after);
	}
}

/* ---- flags ---- */

struct seen {
	uint32_t uid;
	bool there;
	struct imap_keywords keywords;
};

static enum err on_fetch(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct seen *s = arg;
	struct imap_fetched f;
	enum err e;

	if (!number || !bytes_eq_nocase(keyword, "FETCH"))
		return ERR_OK;
	if ((e = imap_read_fetch(c, c->scratch, &s->keywords, &f)))
		return e;
	s->there |= f.flags.uid == s->uid;
	return ERR_OK;
}

struct edit {
	char sign;
	uint32_t flags;
	const struct bytes *keywords;
	size_t n;
};

static bool is_empty(const struct edit *d)
{
	return !d->flags && !d->n;
}

static void put_store(struct imap *c, uint32_t uid, const struct edit *d, uint64_t unchanged_since)
{
	imap_command(c, "UID STORE %u ", uid);
	if (unchanged_since)
		imap_put(c, "(UNCHANGEDSINCE %llu) ", (unsigned long long)unchanged_since);
	imap_put(c, "%cFLAGS.SILENT ", d->sign);
	imap_put_flags(c, d->flags, d->keywords, d->n);
}

/* STORE says OK for a message that isn't there, and tells nothing of one that was so before: hence the FETCH. */
static enum err run_store(struct imap *c, struct seen *s)
{
	enum err e;

	imap_command(c, "UID FETCH %u (UID)", s->uid);
	if ((e = imap_run(c, on_fetch, s)))
		return e;
	for (size_t i = 0; i < c->n_commands; i++)
		if (bytes_eq_nocase(c->answers[i].code.name, "MODIFIED"))
			return ERR_CONFLICT;
	return s->there ? ERR_OK : ERR_NOT_FOUND;
}

enum err imap_store_flags(struct imap *c, uint32_t uid, uint32_t add, uint32_t remove,
    const struct bytes *add_keywords, size_t n_add, const struct bytes *remove_keywords, size_t n_remove,
    uint64_t unchanged_since)
{
	struct edit edits[] = { { '+', add, add_keywords, n_add },
		{ '-', remove, remove_keywords, n_remove } };
	struct seen s = { .uid = uid };
	enum err e;

	if (!(c->caps & IMAP_CAP_CONDSTORE))
		unchanged_since = 0;
	if (is_empty(&edits[0]) && is_empty(&edits[1]))
		return ERR_OK;
	if ((e = imap_begin(c)) || (e = imap_check_rights(c, add | remove)))
		return e;
	if ((n_add || n_remove) && !(c->selected.may_change & IMAP_SYSTEM_FLAGS))
		return imap_check_rights(c, IMAP_SYSTEM_FLAGS); /* keywords neither */
	for (size_t i = 0; i < 2; i++) {
		if (is_empty(&edits[i]))
			continue;
		put_store(c, uid, &edits[i], unchanged_since);
		if (!unchanged_since || i || is_empty(&edits[1]))
			continue;
		/* The first edit raises the modseq: the second can't have the condition and waits for its outcome. */
		if ((e = run_store(c, &s)))
			return e;
		imap_next(c);
		unchanged_since = 0;
	}
	return run_store(c, &s);
}

bool imap_may_add_keywords(const struct imap *c)
{
	return c->selected.name && c->selected.may_change & IMAP_NEW_KEYWORDS;
}

/* ---- expunge ---- */

/* Those that carry \Deleted and shall stay. */
static enum err find_others(struct imap *c, const struct imap_uids *ours, struct imap_uids *others)
{
	uint32_t validity = c->selected.status.uid_validity;
	size_t kept = 0, at = 0;
	enum err e;

	imap_put_reselect(c);
	imap_put_search(c);
	imap_put(c, "DELETED");
	if ((e = imap_run_search(c, c->scratch, others)) || (e = imap_check_validity(c, validity)))
		return e;
	imap_next(c);
	for (size_t i = 0; i < others->n; i++) {
		while (at < ours->n && ours->v[at] < others->v[i])
			at++;
		if (at == ours->n || ours->v[at] != others->v[i])
			others->v[kept++] = others->v[i];
	}
	others->n = kept;
	return ERR_OK;
}

/* Within a call that has begun. Without UID EXPUNGE the mark is taken from the others for a moment. */
enum err imap_expunge_uids(struct imap *c, const struct imap_uids *ours)
{
	struct imap_uids others = { 0 };
	bool uidplus = c->caps & IMAP_CAP_UIDPLUS;
	enum err e;

	if (!c->selected.name)
		return ERR_NOT_FOUND;
	if ((e = imap_check_rights(c, IMAP_DELETED)))
		return e;
	if (!uidplus && (e = find_others(c, ours, &others)))
		return e;
	imap_put_uids(c, "UID STORE", &others, " -FLAGS.SILENT (\\Deleted)");
	imap_put_uids(c, "UID STORE", ours, " +FLAGS.SILENT (\\Deleted)");
	if (uidplus)
		imap_put_uids(c, "UID EXPUNGE", ours, "");
	else
		imap_command(c, "EXPUNGE");
	imap_put_uids(c, "UID STORE", &others, " +FLAGS.SILENT (\\Deleted)");
	return imap_run(c, NULL, NULL);
}

enum err imap_expunge(struct imap *c, const uint32_t *uids, size_t n)
{
	struct imap_uids ours;
	enum err e;

	if (!n)
		return ERR_OK;
	if ((e = imap_begin(c)) || (e = uids_sort(c->scratch, uids, n, &ours)))
		return e;
	return imap_expunge_uids(c, &ours);
}

enum err imap_expunge_all(struct imap *c)
{
	enum err e;

	if ((e = imap_begin(c)))
		return e;
	if (!c->selected.name)
		return ERR_NOT_FOUND;
	if ((e = imap_check_rights(c, IMAP_DELETED)))
		return e;
	imap_put_reselect(c); /* else the server may leave the newest */
	imap_command(c, "UID STORE 1:* +FLAGS.SILENT (\\Deleted)");
	imap_command(c, "EXPUNGE");
	if ((e = imap_run_all(c, NULL, NULL)))
		return e;
	if (c->answers[2].err)
		return c->answers[2].err;
	return c->selected.status.messages ? c->answers[1].err
					   : ERR_OK; /* some refuse 1:* where there is nothing */
}

/* ---- append ---- */

static void put_append(struct imap *c, struct bytes mailbox, uint32_t flags, const struct bytes *keywords,
    size_t n_keywords, int64_t date)
{
	imap_command(c, "APPEND ");
	imap_put_mailbox(c, mailbox);
	imap_put(c, " ");
	imap_put_flags(c, flags, keywords, n_keywords);
	imap_put(c, " ");
	if (date) {
		imap_put(c, "\"");
		time_put_imap(&c->out, date);
		imap_put(c, "\" ");
	}
}

static enum err run_append(struct imap *c, struct bytes mailbox, uint32_t *uid)
{
	struct bytes args, validity;
	enum err e;

	if ((e = imap_run(c, NULL, NULL)))
		return imap_explain_refusal(c, mailbox, true, e);
	args = c->answers[0].code.args;
	if (!bytes_eq_nocase(c->answers[0].code.name, "APPENDUID") || bytes_find(args, ' ') >= args.len)
		return ERR_OK;
	(void)bytes_split(&args, ' ', &validity);
	if (bytes_to_u32(args, UINT32_MAX, uid))
		*uid = 0;
	return ERR_OK;
}

enum err imap_append(
    struct imap *c, struct bytes mailbox, struct bytes message, uint32_t flags, int64_t date, uint32_t *uid)
{
	enum err e;

	*uid = 0;
	if ((e = imap_begin(c)))
		return e;
	put_append(c, mailbox, flags, NULL, 0, date);
	imap_put_literal(c, message);
	return run_append(c, mailbox, uid);
}

enum err imap_append_with_keywords(struct imap *c, struct bytes mailbox, struct bytes message, uint32_t flags,
    const struct bytes *keywords, size_t n_keywords, uint32_t *uid)
{
	enum err e;

	*uid = 0;
	if ((e = imap_begin(c)))
		return e;
	put_append(c, mailbox, flags, keywords, n_keywords, 0);
	imap_put_literal(c, message);
	return run_append(c, mailbox, uid);
}

enum err imap_append_long(struct imap *c, struct bytes mailbox, struct bytes head, struct source *rest,
    uint32_t flags, const struct bytes *keywords, size_t n_keywords, uint32_t *uid)
{
	enum err e;

	*uid = 0;
	if ((e = imap_begin(c)))
		return e;
	put_append(c, mailbox, flags, keywords, n_keywords, 0);
	imap_put_long_literal(c, head, rest);
	return run_append(c, mailbox, uid);
}
