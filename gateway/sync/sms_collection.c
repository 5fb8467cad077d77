#include <time.h>

#include "io/log.h"
#include "sms/sms.h"
#include "sync/command_mark.h"
#include "sync/mail_collection.h"
#include "sync/sms_outbox.h"

/* The Email class, and beside it in Inbox, Sent and Outbox the SMS class (MS-ASMS), for phones that ask for it by Options of that
 * class. SMS are mails in a mailbox of their own, and are treated as such: all that is special is that two mailboxes are one
 * collection. An SMS's id is its UID with SNAPSHOT_SIDE; what the mailbox was compared with last is the snapshot's `side`. */

enum { MAX_ALIKE = 100 };

static bool is_sms(uint64_t id)
{
	return id & SNAPSHOT_SIDE;
}

enum eas_class item_class(const struct collection *c, uint64_t id)
{
	return c->ops->class == CLASS_EMAIL && is_sms(id) ? CLASS_SMS : c->ops->class;
}

static uint64_t uid_of(uint64_t id)
{
	return id & ~SNAPSHOT_SIDE;
}

/* The mailbox with the SMS as a collection of mails; one for the request, since what is prepared and what has been read of flags
 * belongs to it. NULL if the arena is spent. */
static struct collection *sms_of(struct collection *c)
{
	struct collection *s = c->cache ? c->cache : arena_alloc(c->rq->arena, sizeof(*s));
	struct follow_up_record *follow_ups = s ? s->follow_ups : NULL;
	struct verb *verbs = s ? s->verbs : NULL;

	if (!s)
		return NULL;
	c->cache = s;
	*s = *c;
	s->follow_ups = follow_ups;
	s->verbs = verbs;
	s->ops = &mail_collection;
	s->folder_type = FOLDER_USER_MAIL;
	s->passes_mime = false;
	s->is_sync = false; /* they are written in another form, and rules are for mails */
	s->mailbox = c->sms.mailbox;
	s->status = c->sms.status;
	s->token = c->sms.token;
	s->validity = c->sms.validity;
	s->options = c->sms.wanted ? c->sms.options : c->options; /* a fetch asks for its own */
	s->sms = (struct collection_sms){ 0 };
	return s;
}

/* ---- comparing ---- */

/* Ids are in order, so what is beside stands behind all mails. */
static size_t count_mails(const struct snapshot *s)
{
	size_t n = s->n_items;

	while (n && is_sms(s->items[n - 1].id))
		n--;
	return n;
}

static struct snapshot mails_in(const struct snapshot *s)
{
	struct snapshot mails = *s;

	mails.n_items = count_mails(s);
	while (mails.n_pending && is_sms(mails.pending[mails.n_pending - 1].last))
		mails.n_pending--;
	return mails;
}

/* The SMS by themselves, as if they were mails. */
static enum err sms_in(struct arena *a, const struct snapshot *s, struct snapshot *out)
{
	size_t first = count_mails(s), at = 0;

	*out = (struct snapshot){ .validity = s->side.validity,
		.token = s->side.token,
		.next_id = s->side.next_id,
		.window_day = s->side.window_day };
	out->items = arena_array(a, s->n_items - first, sizeof(*out->items));
	out->pending = arena_array(a, s->n_pending, sizeof(*out->pending));
	if (!out->items || !out->pending)
		return ERR_LIMIT;
	for (size_t i = first; i < s->n_items; i++)
		out->items[out->n_items++] =
		    (struct snapshot_item){ uid_of(s->items[i].id), s->items[i].digest };
	while (at < s->n_pending && !is_sms(s->pending[at].last))
		at++;
	for (; at < s->n_pending; at++)
		out->pending[out->n_pending++] =
		    (struct snapshot_range){ uid_of(s->pending[at].first), uid_of(s->pending[at].last) };
	return ERR_OK;
}

/* What is in the Outbox is sent by the phone that gets it: only one that has offered to do so (MS-ASMS 3.1.4.3). */
static bool may_have(const struct collection *c)
{
	return c->sms.wanted && (c->folder_type != FOLDER_OUTBOX || c->rq->device.outbound_sms);
}

/* All that the phone has of them goes: it doesn't want them any more, or their mailbox is gone or another one. */
static enum err drop_all(
    struct arena *a, const struct snapshot *had, enum change_kind kind, struct changes *out)
{
	*out = (struct changes){ arena_array(a, had->n_items, sizeof(*out->v)), 0 };
	if (!out->v)
		return ERR_LIMIT;
	for (size_t i = 0; i < had->n_items; i++)
		out->v[out->n++] = (struct change){ .kind = kind, .id = had->items[i].id };
	return ERR_OK;
}

/* Whether their mailbox isn't there any more, or is another one. What the server refuses to tell of, perhaps for a moment, isn't
 * gone. */
static enum err is_gone(const struct collection *c, const struct snapshot *had, bool *out)
{
	bool listed;
	enum err e;

	*out = true;
	if (!had->n_items && !had->n_pending)
		return ERR_OK;
	if (c->sms.status.known && c->sms.status.uid_validity != had->validity)
		return ERR_OK;
	e = imap_is_listed(c->imap, c->sms.mailbox, &listed);
	*out = !listed;
	return e;
}

/* The phone keeps what it has; all is compared when the mailbox can be looked at. */
static enum err keep_all(const struct snapshot *had, struct snapshot *now, struct changes *out)
{
	*out = (struct changes){ 0 };
	*now = (struct snapshot){ .validity = had->validity, .window_day = had->window_day };
	return ERR_OK;
}

static enum err compare_sms(
    struct collection *c, const struct snapshot *had, struct snapshot *now, struct changes *out)
{
	struct collection *s = sms_of(c);
	bool gone;
	enum err e = ERR_NOT_FOUND;

	*now = (struct snapshot){ 0 };
	if (!s)
		return ERR_LIMIT;
	if (!may_have(c))
		return drop_all(c->rq->arena, had, CHANGE_SOFT_DELETE, out);
	if (!c->sms.mailbox.len)
		return drop_all(c->rq->arena, had, CHANGE_DELETE, out);
	if (c->sms.status.known)
		e = mail_compare(s, had, now, out);
	if (!e && c->folder_type == FOLDER_OUTBOX)
		e = sms_outbox_share(c, (uint32_t)now->validity, now, out);
	if (e != ERR_NOT_FOUND)
		return e;
	if ((e = is_gone(c, had, &gone)))
		return e;
	if (!gone)
		return keep_all(had, now, out);
	*now = (struct snapshot){ 0 };
	return drop_all(c->rq->arena, had, CHANGE_DELETE, out);
}

static enum err join(struct arena *a, struct changes *mails, const struct changes *sms)
{
	struct change *v;

	if (!sms->n)
		return ERR_OK;
	v = arena_array(a, mails->n + sms->n, sizeof(*v));
	if (!v)
		return ERR_LIMIT;
	for (size_t i = 0; i < mails->n; i++)
		v[i] = mails->v[i];
	for (size_t i = 0; i < sms->n; i++) {
		v[mails->n + i] = sms->v[i];
		v[mails->n + i].id |= SNAPSHOT_SIDE;
	}
	*mails = (struct changes){ v, mails->n + sms->n };
	return ERR_OK;
}

static enum err compare(
    struct collection *c, const struct snapshot *had, struct snapshot *now, struct changes *out)
{
	struct snapshot mails = mails_in(had), had_sms, now_sms;
	struct changes sms;
	enum err e = mail_compare(c, &mails, now, out);

	now->side = (struct snapshot_side){ 0 };
	if (e || (!may_have(c) && mails.n_items == had->n_items))
		return e;
	if ((e = sms_in(c->rq->arena, had, &had_sms)) || (e = compare_sms(c, &had_sms, &now_sms, &sms)))
		return e;
	now->side =
	    (struct snapshot_side){ now_sms.validity, now_sms.token, now_sms.next_id, now_sms.window_day };
	return join(c->rq->arena, out, &sms);
}

/* ---- fetching and writing ---- */

/* The server says nothing of their mailbox, and compare_sms has kept all. They are left as they are, so that the mails go on. */
static bool is_out_of_reach(const struct collection *c)
{
	return c->sms.wanted && !c->sms.status.known;
}

static void leave(struct change *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].kind == CHANGE_ADD || v[i].kind == CHANGE_UPDATE)
			v[i].kind = CHANGE_NONE;
}

/* As many of the first ones as are of the same kind; the engine asks for the rest. */
static enum err prepare(struct collection *c, struct change *v, size_t n, size_t budget, size_t *done)
{
	bool sms = n && is_sms(v[0].id);
	struct collection *from = sms ? sms_of(c) : c;
	size_t same = 0;
	enum err e;

	if (!from)
		return ERR_LIMIT;
	while (same < n && is_sms(v[same].id) == sms)
		same++;
	if (sms && is_out_of_reach(c)) {
		leave(v, same);
		*done = same;
		return ERR_OK;
	}
	for (size_t i = 0; i < same; i++)
		v[i].id &= ~SNAPSHOT_SIDE;
	e = mail_prepare(from, v, same, budget, done);
	for (size_t i = 0; i < same && sms; i++)
		v[i].id |= SNAPSHOT_SIDE;
	c->enough |= from->enough;
	return e;
}

/* The Outbox's are to be sent: what isn't the text must reach nobody, so it names no number. */
static enum err write_stub(const struct collection *c, struct wbxml_writer *w, struct email *m)
{
	if (c->folder_type == FOLDER_OUTBOX)
		m->header = bytes_of(NULL, 0);
	if (!m->received)
		m->received = time(NULL);
	return sms_write_stub(w, c->rq->version, m);
}

static enum err write_sms(
    struct collection *c, struct collection *s, struct wbxml_writer *w, const struct change *change)
{
	struct wbxml_mark mark = wbxml_mark(w);
	struct email m;
	enum err e = mail_problem(change);

	mail_describe(s, change, &m);
	m.multipart_number = c->multipart_number;
	if (!e)
		e = sms_write(w, c->rq->version, &m);
	if (!e) {
		if (c->multipart_number && m.body)
			c->multipart_data = m.body->data;
		return ERR_OK;
	}
	log_warn("SMS shown as a stub folder=%u uid=%u cause=\"%s\"", c->folder_id, (unsigned)change->id,
	    err_name(e));
	c->rq->figures.stubs++;
	wbxml_rollback(w, mark);
	return write_stub(c, w, &m);
}

static enum err write(struct collection *c, struct wbxml_writer *w, const struct change *change)
{
	struct change sms = *change;
	struct collection *s;

	if (!is_sms(change->id))
		return mail_write(c, w, change);
	if (!(s = sms_of(c)))
		return ERR_LIMIT;
	sms.id = uid_of(change->id);
	return change->kind == CHANGE_ADD ? write_sms(c, s, w, &sms) : mail_write(s, w, &sms);
}

/* ---- commands ---- */

static enum err change(
    struct collection *c, struct snapshot_item *item, const struct wbxml_node *command, uint32_t *status)
{
	struct snapshot_item sms = { uid_of(item->id), item->digest };
	struct collection *s;
	enum err e;

	if (!is_sms(item->id))
		return mail_change(c, item, command, status);
	if (!(s = sms_of(c)))
		return ERR_LIMIT;
	*status = SYNC_STATUS_NOT_FOUND;
	if (!c->sms.wanted || !c->imap)
		return ERR_OK;
	e = mail_change(s, &sms, command, status);
	item->digest = sms.digest;
	return e;
}

static enum err remove_item(
    struct collection *c, uint64_t id, const struct snapshot_item *item, uint32_t *status)
{
	struct collection *s;

	if (!is_sms(id))
		return mail_remove(c, id, item, status);
	if (!(s = sms_of(c)))
		return ERR_LIMIT;
	*status = SYNC_STATUS_NOT_FOUND;
	return c->sms.wanted && c->imap ? mail_remove(s, uid_of(id), NULL, status) : ERR_OK;
}

/* The mailbox is made by its first SMS. */
static enum err open_mailbox(struct collection *c, struct collection *s)
{
	enum err e = mail_select(s, NULL);

	if (e != ERR_NOT_FOUND || c->sms.status.known)
		return e;
	if ((e = imap_create(c->imap, c->sms.mailbox, IMAP_USE_NONE)) && e != ERR_EXISTS)
		return e;
	if ((e = imap_status(c->imap, c->sms.mailbox, &c->sms.status)))
		return e;
	return mail_select(s, NULL);
}

/* The mail of an earlier try of this command, whose outcome was never stored: one that the phone hasn't. */
static enum err find_former(struct collection *c, const struct wbxml_node *command,
    const struct snapshot *has, struct bytes *message_id, uint32_t *uid)
{
	struct imap_uids found;
	enum err e;

	*uid = 0;
	for (uint64_t salt = 0; salt < MAX_ALIKE; salt++) {
		*message_id = command_message_id(c, command, salt);
		if (!message_id->len)
			return ERR_LIMIT;
		if ((e = imap_search_message_id(c->imap, c->rq->arena, *message_id, &found)) || !found.n)
			return e;
		*uid = found.v[found.n - 1];
		if (!snapshot_find(has, *uid | SNAPSHOT_SIDE))
			return ERR_OK;
		*uid = 0;
	}
	return ERR_DENIED;
}

static uint32_t flags_of(const struct sms *sms)
{
	return (sms->read ? IMAP_SEEN : 0) | (sms->flag.status == FOLLOW_UP_ACTIVE ? IMAP_FLAGGED : 0);
}

static enum err append(struct collection *c, const struct sms *sms, struct bytes message_id, uint32_t *uid)
{
	struct imap_uids found;
	struct bytes mail;
	enum err e;

	if ((e = sms_make(c->rq->arena, sms, message_id, time(NULL), &mail)) ||
	    (e = imap_append(c->imap, c->sms.mailbox, mail, flags_of(sms), sms->received, uid)) || *uid)
		return e;
	if ((e = imap_search_message_id(c->imap, c->rq->arena, message_id, &found)))
		return e;
	*uid = found.n ? found.v[found.n - 1] : 0;
	return *uid ? ERR_OK : ERR_UNAVAILABLE; /* the phone repeats it, and then it is found */
}

static enum err add_sms(struct collection *c, const struct wbxml_node *command, const struct snapshot *has,
    const struct sms *sms, uint32_t *uid)
{
	struct collection *s = sms_of(c);
	struct bytes message_id;
	enum err e;

	if (!s)
		return ERR_LIMIT;
	if ((e = open_mailbox(c, s)) || (e = find_former(c, command, has, &message_id, uid)) || *uid)
		return e;
	return append(c, sms, message_id, uid);
}

/* What a flag has beside \Flagged is kept as by a mail's Change. The SMS is there in any case: a phone whose flag can't be kept whole is
 * told so. */
static enum err keep_flag(
    struct collection *c, const struct wbxml_node *command, const struct sms *sms, struct snapshot_item *item)
{
	struct collection *s = sms_of(c);
	uint32_t status;
	enum err e;

	if (sms->flag.status != FOLLOW_UP_COMPLETE && !follow_up_has_more(&sms->flag))
		return ERR_OK;
	if (!s)
		return ERR_LIMIT;
	e = mail_change(s, item, command, &status);
	if (!e && status != SYNC_STATUS_OK)
		item->digest = SNAPSHOT_UNSURE;
	return e;
}

static enum err add(struct collection *c, const struct wbxml_node *command, const struct snapshot *has,
    uint64_t *new_id, uint32_t *digest, uint32_t *status)
{
	struct imap_flags flags = { 0 };
	struct snapshot_item item;
	struct sms sms;
	uint32_t uid;
	enum err e;

	*status = SYNC_STATUS_BAD_ITEM;
	if (!bytes_eq_nocase(wbxml_child_text(command, AIRSYNC_CLASS), "SMS"))
		return mail_collection.add ? mail_collection.add(c, command, has, new_id, digest, status)
					   : ERR_OK;
	e = sms_read(c->rq->arena, wbxml_child(command, AIRSYNC_APPLICATION_DATA), &sms);
	if (e == ERR_PROTO || (!e && (!c->sms.wanted || !c->imap)))
		return ERR_OK;
	if (!e)
		e = add_sms(c, command, has, &sms, &uid);
	if (e == ERR_DENIED || e == ERR_LIMIT) {
		log_info(
		    "SMS not added folder=%u: %s (%s)", c->folder_id, imap_problem(c->imap), err_name(e));
		return ERR_OK;
	}
	if (e)
		return e;
	flags.flags = flags_of(&sms);
	item = (struct snapshot_item){ uid, mail_digest(&flags) };
	if ((e = keep_flag(c, command, &sms, &item)))
		return e;
	*new_id = uid | SNAPSHOT_SIDE;
	*digest = item.digest;
	*status = SYNC_STATUS_OK;
	return ERR_OK;
}

const struct collection_ops mail_and_sms_collection = {
	.class = CLASS_EMAIL,
	.compare = compare,
	.prepare = prepare,
	.write = write,
	.change = change,
	.remove = remove_item,
	.add = add,
};
