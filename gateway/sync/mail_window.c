#include "sync/mail_window.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mail/conversation.h"
#include "search/conversation.h"

/* Conversations are what the phone takes for them: mails with the same ConversationId, which we compute from headers. The
 * server's THREAD says which mails can have the same one at all, so that few headers must be read. It alone won't do: it
 * also joins what has nothing in common but the subject. */

enum { SECONDS_PER_DAY = 86400 };

uint32_t mail_first_day(const struct collection *c)
{
	unsigned days = filter_type_days(c->options.filter_type);

	return days ? (uint32_t)(time(NULL) / SECONDS_PER_DAY) - days : 0;
}

uint32_t mail_window(const struct collection *c)
{
	uint32_t day = mail_first_day(c);

	return day && c->options.conversation_mode ? day | SNAPSHOT_CONVERSATIONS : day;
}

static int compare_uids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

bool mail_window_has(const struct imap_uids *uids, uint32_t uid)
{
	return uids->n && bsearch(&uid, uids->v, uids->n, sizeof(*uids->v), compare_uids);
}

/* ---- which headers are to be read ---- */

/* Whether the thread of v[0..n) has mails in the window and others. */
static bool is_mixed(const struct imap_threaded *v, size_t n, const struct imap_uids *window)
{
	size_t inside = 0;

	for (size_t i = 0; i < n; i++)
		inside += mail_window_has(window, v[i].uid);
	return inside && inside < n;
}

static enum err mixed_threads(
    struct arena *a, const struct imap_threads *all, const struct imap_uids *window, struct imap_uids *out)
{
	out->v = arena_array(a, all->n, sizeof(*out->v));
	if (!out->v)
		return ERR_LIMIT;
	for (size_t i = 0, end; i < all->n; i = end) {
		for (end = i + 1; end < all->n && all->v[end].thread == all->v[i].thread; end++)
			;
		if (is_mixed(all->v + i, end - i, window))
			for (size_t k = i; k < end; k++)
				out->v[out->n++] = all->v[k].uid;
	}
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), compare_uids);
	return ERR_OK;
}

/* Without THREAD any mail may belong to any other. It is as good as missing where the server can't look into one of the mails. */
static enum err find_candidates(struct collection *c, const struct imap_uids *window, struct imap_uids *out)
{
	struct arena *a = c->rq->arena;
	struct imap_threads threads;
	enum err e = imap_thread(c->imap, a, &threads);

	*out = (struct imap_uids){ 0 };
	if (!e)
		e = mixed_threads(a, &threads, window, out);
	else if (e != ERR_NOT_FOUND && imap_goes_on(c->imap, e))
		e = imap_search_since(c->imap, a, 0, out);
	if (out->n > CONVERSATION_SCAN) {
		out->v += out->n - CONVERSATION_SCAN;
		out->n = CONVERSATION_SCAN;
	}
	return e;
}

/* ---- conversations ---- */

static int compare_ids(const void *a, const void *b)
{
	return memcmp(((const struct bytes *)a)->p, ((const struct bytes *)b)->p, CONVERSATION_ID_LEN);
}

/* The ConversationIds of the window's mails, sorted. */
struct conversations {
	struct bytes *v;
	size_t n;
};

static enum err conversations_of(struct arena *a, const struct imap_uids *window,
    const struct imap_uids *uids, const struct conversation_of *of, struct conversations *out)
{
	*out = (struct conversations){ arena_array(a, uids->n, sizeof(*out->v)), 0 };
	if (!out->v)
		return ERR_LIMIT;
	for (size_t i = 0; i < uids->n; i++)
		if (of[i].id.len && mail_window_has(window, uids->v[i]))
			out->v[out->n++] = of[i].id;
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), compare_ids);
	return ERR_OK;
}

static bool is_wanted(const struct conversations *c, const struct bytes *id)
{
	return c->n && id->len && bsearch(id, c->v, c->n, sizeof(*c->v), compare_ids);
}

static enum err add_older(struct arena *a, const struct imap_uids *uids, const struct conversation_of *of,
    const struct conversations *wanted, struct imap_uids *window)
{
	struct imap_uids all = { arena_array(a, window->n + uids->n, sizeof(*all.v)), window->n };

	if (!all.v)
		return ERR_LIMIT;
	memcpy(all.v, window->v, window->n * sizeof(*all.v));
	for (size_t i = 0; i < uids->n; i++)
		if (is_wanted(wanted, &of[i].id) && !mail_window_has(window, uids->v[i]))
			all.v[all.n++] = uids->v[i];
	qsort(all.v, all.n, sizeof(*all.v), compare_uids);
	*window = all;
	return ERR_OK;
}

/* A mail of these days that can't be read may belong to any conversation, and an old one to any that has such a mail. */
static enum err find_doubtful(struct arena *a, const struct imap_uids *uids, const struct conversation_of *of,
    const struct imap_uids *window, struct imap_uids *out)
{
	bool any = false;

	out->v = arena_array(a, uids->n, sizeof(*out->v));
	if (!out->v)
		return ERR_LIMIT;
	for (size_t i = 0; i < uids->n; i++)
		any |= of[i].unreadable && mail_window_has(window, uids->v[i]);
	for (size_t i = 0; i < uids->n; i++)
		if ((any || of[i].unreadable) && !mail_window_has(window, uids->v[i]))
			out->v[out->n++] = uids->v[i];
	return ERR_OK;
}

static enum err make_conversations_whole(
    struct collection *c, struct imap_uids *window, struct imap_uids *doubtful)
{
	struct arena *a = c->rq->arena;
	struct conversations wanted;
	struct imap_uids uids;
	struct conversation_of *of;
	enum err e;

	if (!window->n)
		return ERR_OK;
	if ((e = find_candidates(c, window, &uids)) || !uids.n ||
	    (e = conversation_ids(c->imap, a, uids.v, uids.n, &of)) ||
	    (e = conversations_of(a, window, &uids, of, &wanted)) ||
	    (e = find_doubtful(a, &uids, of, window, doubtful)))
		return e;
	return add_older(a, &uids, of, &wanted, window);
}

enum err mail_window_search(
    struct collection *c, uint32_t window, struct imap_uids *out, struct imap_uids *doubtful)
{
	uint32_t day = window & ~SNAPSHOT_CONVERSATIONS;
	enum err e = imap_search_since(c->imap, c->rq->arena, (int64_t)day * SECONDS_PER_DAY, out);

	*doubtful = (struct imap_uids){ 0 };
	return e || !(window & SNAPSHOT_CONVERSATIONS) ? e : make_conversations_whole(c, out, doubtful);
}

enum err mail_window_search_new(
    struct collection *c, uint32_t window, uint32_t first_uid, struct imap_uids *out)
{
	return imap_search_new_since(
	    c->imap, c->rq->arena, first_uid, (int64_t)window * SECONDS_PER_DAY, out);
}
