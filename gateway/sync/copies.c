#include "sync/copies.h"

#include <stdlib.h>

#include "sync/mail_collection.h"
#include "sync/mail_window.h"

/* Which items a mailbox holds. */

enum { MAX_RECOGNISED = 100 /* each is compared with all that the phone has */ };

struct bytes copy_field_value(struct bytes field)
{
	size_t colon = bytes_find(field, ':');

	return colon < field.len ? bytes_trim(bytes_of(field.p + colon + 1, field.len - colon - 1))
				 : bytes_of(NULL, 0);
}

static int by_id_and_uid(const void *a, const void *b)
{
	const struct copy *x = a, *y = b;

	if (x->id != y->id)
		return (x->id > y->id) - (x->id < y->id);
	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* Mails never change: which item one was that the phone has, that it is. */
static void recognise(
    const struct collection *c, const struct copy_kind *kind, const struct copy_list *l, struct copy *unread)
{
	struct copy as = *unread;

	if (!c->had || c->had->validity != l->uid_validity)
		return;
	for (size_t i = 0; i < c->had->n_items; i++) {
		const struct snapshot_item *had = &c->had->items[i];

		as.id = had->id;
		if (had->digest == SNAPSHOT_UNSURE || ((kind->digest(&as) ^ had->digest) & kind->mail_bits))
			continue;
		unread->id = had->id;
		return;
	}
}

/* A mail that is gone by the time its field is asked for is left out; one without the field gives an empty block. */
static enum err ask_for_names(
    struct collection *c, const struct copy_kind *kind, const struct imap_changes *all, struct copy_list *l)
{
	struct imap_part_request *asked = arena_array(c->rq->arena, all->n, sizeof(*asked));
	const struct imap_flags **flags = arena_array(c->rq->arena, all->n, sizeof(struct imap_flags *));
	size_t n = 0;
	enum err e;

	l->v = arena_array(c->rq->arena, all->n, sizeof(*l->v));
	l->unread = arena_array(c->rq->arena, all->n, sizeof(*l->unread));
	if (!asked || !flags || !l->v || !l->unread)
		return ERR_LIMIT;
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].flags & IMAP_DELETED)
			continue; /* it was replaced, or is as good as gone */
		flags[n] = &all->v[i];
		asked[n++] = (struct imap_part_request){ .uid = all->v[i].uid, .section = kind->section };
	}
	if (n && (e = imap_fetch_parts(c->imap, c->rq->arena, asked, n)))
		return e;
	for (size_t i = 0; i < n; i++) {
		struct copy *copy = &l->v[l->n];

		if (!asked[i].found && asked[i].problem)
			l->unread[l->n_unread++] = (struct copy){ .uid = asked[i].uid, .flags = flags[i] };
		if (!asked[i].found)
			continue;
		*copy = (struct copy){ .uid = asked[i].uid, .flags = flags[i] };
		if ((e = kind->fill(c, l, asked[i].data, copy)))
			return e;
		l->n++;
	}
	if (kind->settle && (e = kind->settle(c, l)))
		return e;
	for (size_t i = 0; i < l->n; i++)
		l->v[i].digest = kind->digest(&l->v[i]);
	for (size_t i = 0; i < l->n_unread && i < MAX_RECOGNISED; i++)
		recognise(c, kind, l, &l->unread[i]);
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_id_and_uid);
	return ERR_OK;
}

static enum err look_at_window(struct collection *c, uint32_t window, struct copy_list *l)
{
	struct imap_uids inside, doubtful;
	enum err e;

	if (!window)
		return ERR_OK;
	if ((e = mail_window_search(c, window, &inside, &doubtful)))
		return e;
	for (size_t i = 0; i < l->n; i++)
		l->v[i].outside =
		    !mail_window_has(&inside, l->v[i].uid) && !mail_window_has(&doubtful, l->v[i].uid);
	return ERR_OK;
}

static uint32_t window_of(const struct collection *c, const struct copy_kind *kind)
{
	return kind->has_window ? mail_window(c) : 0;
}

enum err copies_load(
    struct collection *c, const struct copy_kind *kind, bool known_will_do, const struct copy_list **out)
{
	struct imap_changes all;
	struct imap_status status;
	struct copy_list *l = known_will_do ? c->cache : NULL;
	enum err e;

	*out = l;
	if (l)
		return ERR_OK;
	l = arena_alloc(c->rq->arena, sizeof(*l));
	if (!l)
		return ERR_LIMIT;
	if ((e = mail_select(c, &status)) || (e = imap_fetch_changes(c->imap, c->rq->arena, 0, &all)))
		return e;
	l->uid_validity = status.uid_validity;
	l->modseq = all.highest_modseq ? all.highest_modseq : status.highest_modseq;
	if ((e = ask_for_names(c, kind, &all, l)) || (e = look_at_window(c, window_of(c, kind), l)))
		return e;
	*out = c->cache = l;
	return ERR_OK;
}

/* The first copy of that id or of a greater one. */
static size_t lower_bound(const struct copy_list *l, uint64_t id)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->v[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct copy *copies_of(const struct copy_list *l, uint64_t id, size_t *n)
{
	size_t first = lower_bound(l, id);

	for (*n = 0; first + *n < l->n && l->v[first + *n].id == id;)
		++*n;
	return l->v + first;
}

const struct copy *copies_find(const struct copy_list *l, uint64_t id)
{
	size_t n;
	const struct copy *v = copies_of(l, id, &n);

	return n ? &v[n - 1] : NULL;
}

/* ---- what can't be read ---- */

static bool may_be(const struct copy *unread, uint64_t id)
{
	return !unread->id || unread->id == id;
}

bool copies_may_hide(const struct copy_list *l, uint64_t id)
{
	for (size_t i = 0; i < l->n_unread; i++)
		if (may_be(&l->unread[i], id))
			return true;
	for (size_t i = 0; l->n_unread && i < l->n; i++) /* one that passes for one that can't be read */
		if (l->v[i].uid == id && l->v[i].id != id)
			return true;
	return false;
}

enum err copies_missing(const struct copy_list *l, uint64_t id)
{
	return copies_may_hide(l, id) ? ERR_UNAVAILABLE : ERR_NOT_FOUND;
}

uint32_t copies_missing_status(const struct copy_list *l, uint64_t id)
{
	return copies_may_hide(l, id) ? SYNC_STATUS_CONFLICT : SYNC_STATUS_NOT_FOUND;
}

bool copy_may_be_former(
    const struct copy_list *l, const struct copy_kind *kind, const struct copy *copy, uint32_t had)
{
	if (had == SNAPSHOT_UNSURE || !((had ^ copy->digest) & kind->mail_bits))
		return false;
	for (size_t i = 0; i < l->n_unread; i++)
		if (copy->uid < l->unread[i].uid && may_be(&l->unread[i], copy->id))
			return true;
	return false;
}

/* ---- comparing ---- */

/* Only QRESYNC makes HIGHESTMODSEQ grow when messages vanish (RFC 7162, 3.2.5). With a next_id the phone knew the drafts by UIDs: it
 * spoke a version in which they are mails like others. */
static bool is_unchanged(const struct collection *c, const struct snapshot *had, uint32_t window)
{
	return !had->next_id && had->validity == c->status.uid_validity && had->token && !had->n_pending &&
	       had->token == c->status.highest_modseq && had->window_day == window &&
	       (imap_caps(c->imap) & IMAP_CAP_QRESYNC);
}

static bool is_newest(const struct copy_list *l, size_t i)
{
	return i + 1 == l->n || l->v[i + 1].id != l->v[i].id;
}

static void compare_one(const struct copy_list *l, const struct copy_kind *kind,
    const struct snapshot_item *had, const struct copy *copy, struct changes *out)
{
	struct change *next = &out->v[out->n];

	if (had && (copy ? copy_may_be_former(l, kind, copy, had->digest) : copies_may_hide(l, had->id)))
		return; /* the phone keeps what it has */
	if (!copy)
		*next = (struct change){ .kind = CHANGE_DELETE, .id = had->id };
	else if (!had && !copy->outside)
		*next = (struct change){ .kind = CHANGE_ADD, .id = copy->id, .now = copy->digest };
	else if (had && copy->outside)
		*next = (struct change){ .kind = CHANGE_SOFT_DELETE, .id = had->id };
	else if (had && copy->digest != had->digest)
		*next = (struct change){
			.kind = CHANGE_UPDATE, .id = copy->id, .had = had->digest, .now = copy->digest
		};
	else
		return;
	out->n++;
}

static void compare_list(
    const struct copy_list *l, const struct copy_kind *kind, const struct snapshot *had, struct changes *out)
{
	size_t i = 0, k = 0;

	while (i < had->n_items || k < l->n) {
		const struct snapshot_item *item = i < had->n_items ? &had->items[i] : NULL;
		const struct copy *copy = k < l->n ? &l->v[k] : NULL;

		if (copy && !is_newest(l, k)) {
			k++;
			continue;
		}
		if (item && copy && item->id < copy->id)
			copy = NULL;
		else if (item && copy && copy->id < item->id)
			item = NULL;
		compare_one(l, kind, item, copy, out);
		i += item != NULL;
		k += copy != NULL;
	}
}

enum err copies_compare(struct collection *c, const struct copy_kind *kind, const struct snapshot *had,
    struct snapshot *now, struct changes *out)
{
	bool looked_at = had->validity && had->validity != MAIL_NO_VALIDITY;
	uint32_t window = window_of(c, kind);
	const struct copy_list *l;
	enum err e;

	if (!c->mailbox.len || !c->status.known)
		return mail_compare(c, had, now, out); /* nothing there: that is the same for all classes */
	*out = (struct changes){ 0 };
	*now = (struct snapshot){ .validity = had->validity, .token = had->token, .window_day = window };
	if (looked_at && had->validity != c->status.uid_validity)
		return ERR_NOT_FOUND; /* another mailbox has taken its name */
	if (is_unchanged(c, had, window))
		return ERR_OK;
	if ((e = copies_load(c, kind, false, &l)))
		return e;
	if (looked_at && had->validity != l->uid_validity)
		return ERR_NOT_FOUND;
	now->validity = l->uid_validity;
	now->token = l->n_unread ? 0 : l->modseq; /* 0: all is looked at again */
	out->v = arena_array(c->rq->arena, had->n_items + l->n, sizeof(*out->v));
	if (!out->v)
		return ERR_LIMIT;
	compare_list(l, kind, had, out);
	return ERR_OK;
}

/* ---- fetching ---- */

/* The collection as the machinery of mails takes it. In the arena, since what is prepared refers to the options. NULL if that is
 * spent. */
static struct collection *as_mail(const struct collection *c, const struct copy_kind *kind)
{
	struct collection *mail = arena_alloc(c->rq->arena, sizeof(*mail));

	if (!mail)
		return NULL;
	*mail = *c;
	mail->is_sync = false; /* they are written in another form */
	kind->options(&c->options, &mail->options);
	return mail;
}

/* How the item stands now; NULL if there is nothing to be fetched. */
static const struct copy *settle_kind(
    const struct copy_list *l, const struct copy_kind *kind, struct change *v)
{
	const struct copy *copy;

	if (v->kind != CHANGE_UPDATE && v->kind != CHANGE_ADD)
		return NULL;
	copy = copies_find(l, v->id);
	if (!copy) {
		v->kind =
		    v->kind == CHANGE_UPDATE && !copies_may_hide(l, v->id) ? CHANGE_DELETE : CHANGE_NONE;
		return NULL;
	}
	if (v->kind == CHANGE_UPDATE && copy_may_be_former(l, kind, copy, v->had)) {
		v->kind = CHANGE_NONE;
		return NULL;
	}
	v->now = copy->digest;
	if (v->kind == CHANGE_UPDATE && v->stale && v->now == v->had) {
		v->kind = CHANGE_NONE;
		return NULL;
	}
	return copy;
}

/* A mail that vanished since the list was made: what took its place is seen at the next look, for it came after that. */
static void take_mail(struct change *v, const struct change *mail)
{
	if (mail->kind == CHANGE_NONE)
		v->kind = CHANGE_NONE;
	v->item = mail->item;
	v->is_stub = mail->is_stub;
}

enum err copies_prepare(struct collection *c, const struct copy_kind *kind, struct change *v, size_t n,
    size_t budget, size_t *done)
{
	struct change *mails = arena_array(c->rq->arena, n, sizeof(*mails));
	struct collection *mail = as_mail(c, kind);
	const struct copy_list *l;
	size_t n_mails = 0, ready = 0, at = 0;
	enum err e;

	if (!mails || !mail)
		return ERR_LIMIT;
	if ((e = copies_load(c, kind, true, &l)))
		return e;
	for (size_t i = 0; i < n; i++) {
		const struct copy *copy = settle_kind(l, kind, &v[i]);

		if (copy)
			mails[n_mails++] = (struct change){ .kind = CHANGE_ADD, .id = copy->uid };
	}
	if (n_mails && (e = mail_prepare(mail, mails, n_mails, budget, &ready)))
		return e;
	for (*done = 0; *done < n; ++*done) {
		struct change *one = &v[*done];

		if (one->kind != CHANGE_UPDATE && one->kind != CHANGE_ADD)
			continue;
		if (at == ready)
			break;
		take_mail(one, &mails[at++]);
	}
	c->follow_ups = mail->follow_ups;
	c->verbs = mail->verbs;
	c->enough |= mail->enough;
	return ERR_OK;
}
