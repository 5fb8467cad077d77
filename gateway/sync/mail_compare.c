#include <stdlib.h>

#include "sync/mail_collection.h"
#include "sync/mail_window.h"

/* What differs between what the phone has and the mailbox, as cheaply as the server allows. A mail that another program has marked
 * as \Deleted isn't there, as other programs show it, too; and is there again when the mark is taken from it.
 *   nothing changed       no command at all: UIDVALIDITY and HIGHESTMODSEQ of the STATUS at the start are the same;
 *                         what earlier answers had no room for is still as it was
 *   first look            UID SEARCH for the window; flags come with the messages
 *   QRESYNC               what changed and what vanished since the snapshot's modseq
 *   else                  the flags of all messages
 * A window (FilterType) is searched anew once a day, when its first day moves; one of whole conversations (ConversationMode)
 * also when mails come or go. */

enum { MAX_CHANGES = 10 * 1000 * 1000 };

struct compare {
	struct collection *c;
	const struct snapshot *had;
	struct snapshot *now;
	struct changes *out;
	size_t cap;
	struct imap_uids window;   /* the messages within the window; only if has_window */
	struct imap_uids doubtful; /* those that may be within it */
	bool has_window;
	struct imap_uids fresh; /* else those within it of the ones that the phone doesn't have */
};

static enum err set_capacity(struct compare *x, size_t cap)
{
	struct change *v = arena_grow(x->c->rq->arena, x->out->v, x->cap * sizeof(*v), cap * sizeof(*v));

	if (!v)
		return ERR_LIMIT;
	x->out->v = v;
	x->cap = cap;
	return ERR_OK;
}

static enum err put(struct compare *x, struct change one)
{
	enum err e = x->out->n < x->cap ? ERR_OK : set_capacity(x, x->cap ? x->cap * 2 : 64);

	if (!e)
		x->out->v[x->out->n++] = one;
	return e;
}

/* Of a mail that the phone has and keeps: a change, if there is something to tell. */
static enum err compare_state(struct compare *x, const struct snapshot_item *item, struct imap_flags *f)
{
	uint32_t now = mail_digest(f);

	if (!mail_state_to_tell(x->c->rq->version, item->digest, now))
		return ERR_OK;
	return put(
	    x, (struct change){
		   .kind = CHANGE_UPDATE, .id = item->id, .had = item->digest, .now = now, .item = f });
}

/* What the phone has stays where it can't be known whether it should. */
static bool in_window(const struct compare *x, uint64_t id)
{
	uint32_t uid = (uint32_t)id;

	return !x->has_window || mail_window_has(&x->window, uid) ||
	       (mail_window_has(&x->doubtful, uid) && snapshot_find(x->had, id));
}

static enum err search_window(struct compare *x)
{
	x->has_window = true;
	return mail_window_search(x->c, x->now->window_day, &x->window, &x->doubtful);
}

static bool is_deleted(const struct imap_flags *f)
{
	return f->flags & IMAP_DELETED;
}

static bool is_known(const struct compare *x, uint32_t uid)
{
	return snapshot_find(x->had, uid) || snapshot_is_pending(x->had, uid);
}

/* The first changed mail that the phone doesn't have. It is new, isn't marked as deleted any more, or was and is outside of the window.
 * 0: there is none. */
static uint32_t first_unknown(const struct compare *x, const struct imap_changes *server)
{
	for (size_t i = 0; i < server->n; i++)
		if (!is_deleted(&server->v[i]) && !is_known(x, server->v[i].uid))
			return server->v[i].uid;
	return 0;
}

static bool loses_some(const struct compare *x, const struct imap_changes *server)
{
	for (size_t i = 0; i < server->n; i++)
		if (is_deleted(&server->v[i]) && is_known(x, server->v[i].uid))
			return true;
	return server->n_gone;
}

/* Mails that the phone has, and is to be told something of that the last answers had no room for: perhaps that they are outside. */
static bool has_pending_mails(const struct snapshot *had)
{
	size_t k = 0; /* both lists ascend */

	for (size_t i = 0; i < had->n_pending; i++) {
		while (k < had->n_items && had->items[k].id < had->pending[i].first)
			k++;
		if (k < had->n_items && had->items[k].id <= had->pending[i].last)
			return true;
	}
	return false;
}

/* Days pass, and the phone wants another filter. With whole conversations also any mail that comes or goes may draw others with
 * it; where only flags change, all stays as it is. */
static bool window_may_differ(const struct compare *x, const struct imap_changes *server)
{
	if (x->now->window_day != x->had->window_day)
		return true;
	if (x->now->window_day && has_pending_mails(x->had))
		return true;
	if (!(x->now->window_day & SNAPSHOT_CONVERSATIONS))
		return false;
	return loses_some(x, server) || first_unknown(x, server);
}

/* A copy of an old mail, put into the folder now, lies outside of the window although it is new. */
static enum err look_at_window(struct compare *x, const struct imap_changes *server)
{
	uint32_t first;

	if (window_may_differ(x, server))
		return search_window(x);
	first = x->now->window_day ? first_unknown(x, server) : 0;
	return first ? mail_window_search_new(x->c, x->now->window_day, first, &x->fresh) : ERR_OK;
}

/* ---- a folder with nothing behind it, or nothing yet ---- */

static bool was_looked_at(const struct snapshot *had)
{
	return had->validity && had->validity != MAIL_NO_VALIDITY;
}

/* Drafts, Sent, Trash and Notes are listed whether they are there or not (folders.c): once they are gone, the phone must be told
 * that they are empty, for nothing in its folder list will ever change. */
static bool is_listed_always(enum folder_type type)
{
	return type == FOLDER_DRAFTS || type == FOLDER_SENT || type == FOLDER_TRASH || type == FOLDER_NOTES;
}

/* Only what the server doesn't list is gone: a STATUS it may refuse for another reason, and may not say which. The phone keeps what
 * it has then; other folders go on. */
static enum err compare_gone(struct compare *x)
{
	bool listed;
	enum err e;

	if (!x->c->imap || !is_listed_always(x->c->folder_type))
		return ERR_NOT_FOUND;
	if ((e = imap_is_listed(x->c->imap, x->c->mailbox, &listed)))
		return e;
	if (listed)
		return ERR_NOT_FOUND;
	for (size_t i = 0; i < x->had->n_items; i++)
		if ((e = put(x, (struct change){ .kind = CHANGE_DELETE, .id = x->had->items[i].id })))
			return e;
	return ERR_OK;
}

/* It has a validity of its own, so that it counts as looked at. */
static enum err compare_empty(struct compare *x)
{
	enum err e;

	if ((x->had->n_items || was_looked_at(x->had)) && (e = compare_gone(x)))
		return e;
	x->now->validity = MAIL_NO_VALIDITY;
	x->now->token = 0;
	x->now->next_id = 0;
	return ERR_OK;
}

/* ---- first look ---- */

static enum err compare_first(struct compare *x)
{
	enum err e;

	if ((e = search_window(x)))
		return e;
	for (size_t i = 0; i < x->window.n; i++)
		if ((e = put(x, (struct change){ .kind = CHANGE_ADD, .id = x->window.v[i] })))
			return e;
	return ERR_OK;
}

/* ---- the whole list of the server ---- */

static void leave_out_deleted(struct imap_changes *server)
{
	size_t kept = 0;

	for (size_t i = 0; i < server->n; i++)
		if (!is_deleted(&server->v[i]))
			server->v[kept++] = server->v[i];
	server->n = kept;
}

static enum err compare_complete(struct compare *x, const struct imap_changes *server)
{
	const struct snapshot *had = x->had;
	size_t i = 0, k = 0;
	enum err e = ERR_OK;

	if (x->now->window_day && (e = search_window(x)))
		return e;
	while (!e && (i < had->n_items || k < server->n)) {
		const struct snapshot_item *item = i < had->n_items ? &had->items[i] : NULL;
		struct imap_flags *f = k < server->n ? &server->v[k] : NULL;

		if (!f || (item && item->id < f->uid)) {
			e = put(
			    x, (struct change){ .kind = CHANGE_DELETE, .id = item->id, .had = item->digest });
			i++;
		} else if (!item || f->uid < item->id) {
			if (in_window(x, f->uid))
				e = put(x, (struct change){
					       .kind = CHANGE_ADD, .id = f->uid, .now = mail_digest(f) });
			k++;
		} else {
			if (!in_window(x, f->uid))
				e = put(x, (struct change){ .kind = CHANGE_SOFT_DELETE, .id = f->uid });
			else
				e = compare_state(x, item, f);
			i++;
			k++;
		}
	}
	return e;
}

/* ---- what changed since the snapshot's modseq ---- */

static bool is_expunged(const struct imap_changes *server, uint64_t id)
{
	size_t lo = 0, hi = server->n_gone;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (server->gone[mid].last < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < server->n_gone && server->gone[lo].first <= id;
}

static int compare_flags_uid(const void *key, const void *element)
{
	uint32_t uid = *(const uint32_t *)key, other = ((const struct imap_flags *)element)->uid;

	return (uid > other) - (uid < other);
}

static struct imap_flags *find_changed(const struct imap_changes *server, uint64_t id)
{
	uint32_t uid = (uint32_t)id;

	return server->n ? bsearch(&uid, server->v, server->n, sizeof(*server->v), compare_flags_uid) : NULL;
}

static bool is_gone(const struct imap_changes *server, uint64_t id)
{
	const struct imap_flags *f = find_changed(server, id);

	return f ? is_deleted(f) : is_expunged(server, id);
}

/* What the phone has: gone, out of the window, or changed. */
static enum err compare_held(struct compare *x, const struct imap_changes *server)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < x->had->n_items && !e; i++) {
		const struct snapshot_item *item = &x->had->items[i];
		struct imap_flags *f = find_changed(server, item->id);

		if (is_gone(server, item->id))
			e = put(
			    x, (struct change){ .kind = CHANGE_DELETE, .id = item->id, .had = item->digest });
		else if (!in_window(x, item->id))
			e = put(x, (struct change){ .kind = CHANGE_SOFT_DELETE, .id = item->id });
		else if (f)
			e = compare_state(x, item, f);
	}
	return e;
}

/* New messages, and with a window that has moved or grown also old ones. */
static enum err compare_new(struct compare *x, const struct imap_changes *server)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < server->n && !e; i++) {
		const struct imap_flags *f = &server->v[i];

		if (is_deleted(f) || is_known(x, f->uid) || !in_window(x, f->uid))
			continue;
		if (!x->has_window && x->now->window_day && !mail_window_has(&x->fresh, f->uid))
			continue;
		e = put(x, (struct change){ .kind = CHANGE_ADD, .id = f->uid, .now = mail_digest(f) });
	}
	for (size_t i = 0; x->has_window && i < x->window.n && !e; i++) {
		uint32_t uid = x->window.v[i];

		if (!is_known(x, uid) && !find_changed(server, uid))
			e = put(x, (struct change){ .kind = CHANGE_ADD, .id = uid });
	}
	return e;
}

/* Room for all that waits, which may be most of a large folder, and this is done for each page of it. */
static enum err make_room(struct compare *x)
{
	uint64_t n = x->out->n;

	for (size_t i = 0; i < x->had->n_pending; i++) {
		uint64_t more = x->had->pending[i].last - x->had->pending[i].first;

		if (more >= MAX_CHANGES - n)
			return ERR_LIMIT;
		n += more + 1;
	}
	return n > x->cap ? set_capacity(x, (size_t)n) : ERR_OK;
}

/* What the last answers had no room for: how it stands now is seen when it's fetched. */
static enum err compare_pending(struct compare *x, const struct imap_changes *server)
{
	enum err e = make_room(x);

	for (size_t i = 0; i < x->had->n_pending && !e; i++)
		for (uint64_t id = x->had->pending[i].first; id <= x->had->pending[i].last && !e; id++) {
			const struct snapshot_item *item = snapshot_find(x->had, id);

			if (item) {
				if (!is_gone(server, id) && !find_changed(server, id) && in_window(x, id))
					e = put(x, (struct change){ .kind = CHANGE_UPDATE,
						       .id = id,
						       .had = item->digest,
						       .now = item->digest,
						       .stale = true });
			} else if (!is_gone(server, id) && in_window(x, id)) {
				e = put(x, (struct change){ .kind = CHANGE_ADD, .id = id });
			}
		}
	return e;
}

static enum err compare_since(struct compare *x, const struct imap_changes *server)
{
	enum err e;

	if ((e = look_at_window(x, server)) || (e = compare_held(x, server)) || (e = compare_new(x, server)))
		return e;
	return compare_pending(x, server);
}

/* ---- choosing the way ---- */

/* What the phone's items were compared with. Where ids weren't UIDs (Drafts, in a version in which phones write there: copies.c)
 * that says nothing. */
static uint64_t token_of(const struct snapshot *had)
{
	return had->next_id ? had->token : 0;
}

/* Only QRESYNC makes HIGHESTMODSEQ grow when messages vanish (RFC 7162, 3.2.5). */
static bool unchanged(const struct compare *x)
{
	const struct collection *c = x->c;
	uint64_t token = token_of(x->had);

	return x->had->validity == c->status.uid_validity && token && token == c->status.highest_modseq &&
	       (imap_caps(c->imap) & IMAP_CAP_QRESYNC) && x->had->window_day == x->now->window_day &&
	       !(x->now->window_day && has_pending_mails(x->had));
}

static enum err compare_server(struct compare *x)
{
	struct imap_changes server;
	struct imap_status status;
	uint64_t since;
	enum err e;

	if ((e = mail_select(x->c, &status)))
		return e;
	if (was_looked_at(x->had) && status.uid_validity != x->had->validity)
		return ERR_NOT_FOUND;
	x->now->validity = status.uid_validity;
	x->now->token = status.highest_modseq;
	x->now->next_id = status.uid_next;
	if (!x->had->n_items && !x->had->n_pending && !x->had->token)
		return compare_first(x);
	/* A modseq that went backwards (a restored backup): compare everything. */
	since = token_of(x->had) <= status.highest_modseq ? token_of(x->had) : 0;
	if ((e = imap_fetch_changes(x->c->imap, x->c->rq->arena, since, &server)))
		return e;
	if (server.highest_modseq)
		x->now->token = server.highest_modseq;
	if (!server.complete)
		return compare_since(x, &server);
	leave_out_deleted(&server);
	return compare_complete(x, &server);
}

enum err mail_compare(
    struct collection *c, const struct snapshot *had, struct snapshot *now, struct changes *out)
{
	struct compare x = { .c = c, .had = had, .now = now, .out = out };

	*out = (struct changes){ 0 };
	*now = (struct snapshot){ .validity = had->validity,
		.token = had->token,
		.window_day = mail_window(c),
		.next_id = had->next_id };
	if (!c->mailbox.len || !c->status.known)
		return compare_empty(&x);
	if (was_looked_at(had) && had->validity != c->status.uid_validity)
		return ERR_NOT_FOUND; /* another mailbox has taken its name */
	return unchanged(&x) ? compare_pending(&x, &(struct imap_changes){ 0 }) : compare_server(&x);
}
