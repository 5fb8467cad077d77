#include "sync/draft_collection.h"

#include "base/varint.h"
#include "eas/opaque_id.h"
#include "io/log.h"
#include "sync/command_mark.h"
#include "sync/mail_collection.h"
#include "sync/open.h"

/* The commands of phones on drafts. Of those that write, each is done once: a mail that was made by a command is known by the mark in
 * its header, one that was sent by what Redis has of it. */

enum {
	MAX_ALIKE = 100 /* drafts with the same content under the same ClientId */
};

/* ---- showing ---- */

static enum err compare(
    struct collection *c, const struct snapshot *had, struct snapshot *now, struct changes *out)
{
	return copies_compare(c, &draft_kind, had, now, out);
}

static enum err prepare(struct collection *c, struct change *v, size_t n, size_t budget, size_t *done)
{
	return copies_prepare(c, &draft_kind, v, n, budget, done);
}

/* A draft that changes is told whole: what its text was nobody knows any more. */
static enum err write(struct collection *c, struct wbxml_writer *w, const struct change *change)
{
	struct change whole = *change;

	whole.kind = CHANGE_ADD;
	return mail_write(c, w, &whole);
}

/* ---- what is told of what was made ---- */

static enum err remember(struct draft_run *x, uint32_t uid)
{
	struct buf b;

	buf_init(&b, x->c->rq->arena, 0);
	varint_put(&b, uid);
	varint_put_bytes(&b, x->made.conversation_id);
	varint_put_bytes(&b, x->made.conversation_index);
	for (size_t i = 0; i < x->edit.n_added; i++) {
		varint_put_bytes(&b, x->edit.added[i].client_id);
		varint_put_bytes(&b, bytes_str(x->made.added[i]));
	}
	return buf_done(&b, &x->c->told);
}

static enum err tell_attachments(struct collection *c, struct wbxml_writer *w, uint64_t uid, struct bytes in)
{
	struct opaque_id id = { .folder = c->folder_id, .item = uid };
	struct bytes client_id, reference;
	enum err e;

	wbxml_open(w, AIRSYNCBASE_ATTACHMENTS);
	while (in.len) {
		if (varint_get_bytes(&in, &client_id) || varint_get_bytes(&in, &id.part))
			return ERR_PROTO;
		if ((e = opaque_id_format(c->rq->arena, bytes_str(c->rq->account->name), &id, &reference)))
			return e;
		wbxml_open(w, AIRSYNCBASE_ATTACHMENT);
		wbxml_put(w, AIRSYNCBASE_CLIENT_ID, client_id);
		wbxml_put(w, AIRSYNCBASE_FILE_REFERENCE, reference);
		wbxml_close(w);
	}
	wbxml_close_or_drop(w);
	return ERR_OK;
}

static enum err tell(struct collection *c, struct wbxml_writer *w, struct bytes told)
{
	struct bytes conversation, index;
	uint64_t uid;
	enum err e;

	if (varint_get_max(&told, UINT32_MAX, &uid) || varint_get_bytes(&told, &conversation) ||
	    varint_get_bytes(&told, &index))
		return ERR_PROTO;
	if ((e = tell_attachments(c, w, uid, told)))
		return e;
	wbxml_put(w, EMAIL2_CONVERSATION_ID, conversation);
	wbxml_put(w, EMAIL2_CONVERSATION_INDEX, index);
	return ERR_OK;
}

/* ---- outcomes ---- */

/* What the phone is told of an error that is its draft's own; others stay what they are. */
static enum err refused(struct collection *c, const char *what, enum err e, uint32_t *status)
{
	switch (e) {
	case ERR_NOT_FOUND:
		*status = SYNC_STATUS_NOT_FOUND;
		break;
	case ERR_PROTO:
	case ERR_UNSUPPORTED:
		*status = SYNC_STATUS_BAD_ITEM;
		break;
	case ERR_DENIED:
		*status = SYNC_STATUS_CONFLICT;
		break;
	case ERR_LIMIT:
		*status = SYNC_STATUS_NO_SPACE;
		break;
	default:
		return e;
	}
	log_info("%s folder=%u: %s (%s)", what, c->folder_id,
	    e == ERR_PROTO         ? "malformed"
	    : e == ERR_UNSUPPORTED ? "it can't be changed without a loss"
				   : imap_problem(c->imap),
	    err_name(e));
	return ERR_OK;
}

static bool is_to_be_sent(const struct wbxml_node *command)
{
	return wbxml_child(command, EMAIL2_SEND) != NULL;
}

static bool has_flags(const struct wbxml_node *command)
{
	const struct wbxml_node *data = wbxml_child(command, AIRSYNC_APPLICATION_DATA);

	return wbxml_child(data, EMAIL_READ) || wbxml_child(data, EMAIL_FLAG) ||
	       wbxml_child(data, EMAIL_CATEGORIES);
}

/* Read mark, flag and categories of the mail that the draft is now. */
static enum err change_flags(struct collection *c, uint64_t id, uint32_t uid, uint32_t *digest,
    const struct wbxml_node *command, uint32_t *status)
{
	struct snapshot_item mail = { uid, draft_digest_turn(*digest, id, uid) };
	enum err e;

	*status = SYNC_STATUS_OK;
	if (!has_flags(command))
		return ERR_OK;
	c->cache = NULL;
	e = mail_change(c, &mail, command, status);
	*digest = draft_digest_turn(mail.digest, id, uid);
	return e;
}

static uint32_t bits_said(const struct wbxml_node *command)
{
	const struct wbxml_node *data = wbxml_child(command, AIRSYNC_APPLICATION_DATA);

	return (wbxml_child(data, EMAIL_READ) ? DIGEST_READ : 0) |
	       (wbxml_child(data, EMAIL_FLAG) ? DIGEST_FLAG : 0);
}

/* Of the marks a phone has those that it had and those that it has set: what others have set meanwhile is still to be told. */
static uint32_t keep_marks(uint32_t digest, uint32_t had, uint32_t said)
{
	uint32_t kept = ~(draft_kind.mail_bits | said);

	if (digest == SNAPSHOT_UNSURE || had == SNAPSHOT_UNSURE)
		return digest;
	return (digest & ~kept) | (had & kept);
}

/* ---- Change ---- */

static const struct copy *find_marked(const struct copy_list *l, uint64_t mark)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].more && draft_field_of(&l->v[i])->mark == mark)
			return &l->v[i];
	return NULL;
}

/* Whether of the draft as the phone has it perhaps only a former state can be read. */
static bool is_former(const struct draft_run *x, const struct snapshot_item *item)
{
	return x->copy && copy_may_be_former(x->list, &draft_kind, x->copy, item->digest) &&
	       !draft_run_is_done(x);
}

/* A draft that can't be read, or is signed, can't be changed, nor be sent changed. What the phone says of it becomes a draft of its own, so
 * that nothing is lost and the folder goes on; as after any conflict the phone is shown what there is. */
static enum err save_apart(struct draft_run *x, uint32_t *status)
{
	uint32_t uid, digest;
	enum err e;

	*status = SYNC_STATUS_CONFLICT;
	if (x->command->tag == AIRSYNC_ADD)
		return ERR_OK; /* said again after a lost answer: it is added now as another one */
	log_warn(
	    "a draft is signed or can't be read: what a phone says of it is kept as another draft folder=%u",
	    x->c->folder_id);
	if (!draft_edit_has_content(&x->edit) || find_marked(x->list, x->mark))
		return ERR_OK;
	x->copy = NULL;
	x->original = NULL;
	x->edit.n_removed = 0;
	e = draft_run_make(x, false);
	return e ? e : draft_run_save(x, &uid, &digest);
}

/* Whether its content is another than the phone had when it was changed there. Where that isn't known, what this phone has made
 * itself will do, and what nobody has changed yet. */
static bool is_other_than_phone_had(const struct draft_run *x, const struct snapshot_item *item)
{
	const struct draft_field *f = draft_field_of(x->copy);

	if (item->digest == SNAPSHOT_UNSURE)
		return x->copy->uid != item->id && (!f || f->device != command_device(x->c));
	return (item->digest ^ x->copy->digest) >> DIGEST_KEYWORDS_SHIFT;
}

static enum err save_change(struct draft_run *x, struct snapshot_item *item, uint32_t *uid)
{
	enum err e;

	*uid = x->copy->uid;
	if (!draft_edit_has_content(&x->edit))
		return ERR_OK;
	if ((e = draft_run_make(x, false)))
		return e;
	if (draft_run_is_done(x)) {
		item->digest = x->copy->digest;
		e = draft_delete_copies(x->c, x->list, item->id, x->copy->uid);
	} else if (x->made.is_same) {
		log_debug("draft is as it was folder=%u uid=%u", x->c->folder_id, x->copy->uid);
	} else {
		e = draft_run_save(x, uid, &item->digest);
	}
	return e || !x->edit.n_added ? e : remember(x, *uid);
}

/* As the phone has it, before this command. */
static uint32_t digest_had(const struct collection *c, const struct snapshot_item *item)
{
	const struct snapshot_item *had = c->had ? snapshot_find(c->had, item->id) : NULL;

	return item->digest == SNAPSHOT_UNSURE && had ? had->digest : item->digest;
}

static enum err apply_change(struct draft_run *x, struct snapshot_item *item, uint32_t *status)
{
	bool sends = is_to_be_sent(x->command), says = draft_edit_has_content(&x->edit), other;
	uint32_t uid, had = digest_had(x->c, item);
	enum err e;

	if (!x->copy && sends)
		return draft_send(x, true, status);
	if (!x->copy)
		return ERR_NOT_FOUND;
	other = !draft_run_is_done(x) && is_other_than_phone_had(x, item);
	if (other && (sends || says) && !x->c->options.client_wins) {
		*status = SYNC_STATUS_CONFLICT; /* the server's version stays: MS-ASCMD 2.2.3.41 */
		return ERR_OK;
	}
	if (sends)
		return draft_send(x, true, status);
	if ((e = save_change(x, item, &uid)))
		return e;
	e = change_flags(x->c, item->id, uid, &item->digest, x->command, status);
	item->digest = keep_marks(item->digest, had, bits_said(x->command));
	/* The phone doesn't know what else there is, or hears of a failure although its content is stored: it is told what is there. */
	if (other || (says && *status != SYNC_STATUS_OK))
		item->digest = SNAPSHOT_UNSURE;
	return e;
}

/* The same whenever the phone sends the command again, also in a request that says more than the one whose answer was lost: `item`
 * is SNAPSHOT_UNSURE then. */
static uint64_t seed_of(const struct collection *c, const struct snapshot_item *item)
{
	const struct snapshot_item *had = c->had ? snapshot_find(c->had, item->id) : NULL;

	return item->id ^ (had ? had->digest : item->digest);
}

static bool may_be_unreadable(const struct draft_run *x, uint64_t id)
{
	return copies_may_hide(x->list, id) || x->is_unreadable;
}

static bool is_missing(enum err e, uint32_t status)
{
	return e == ERR_NOT_FOUND || (!e && status == SYNC_STATUS_NOT_FOUND);
}

enum err draft_change(
    struct collection *c, struct snapshot_item *item, const struct wbxml_node *command, uint32_t *status)
{
	struct draft_run x;
	enum err e;

	*status = SYNC_STATUS_BAD_ITEM;
	if (mail_change_is_forbidden(wbxml_child(command, AIRSYNC_APPLICATION_DATA)))
		return ERR_OK;
	*status = SYNC_STATUS_OK;
	e = draft_run_init(&x, c, command, seed_of(c, item));
	if (!e)
		e = copies_load(c, &draft_kind, false, &x.list);
	if (!e) {
		x.copy = copies_find(x.list, item->id);
		e = is_former(&x, item) ? ERR_NOT_FOUND : apply_change(&x, item, status);
		if (e == ERR_UNSUPPORTED || (may_be_unreadable(&x, item->id) && is_missing(e, *status)))
			e = save_apart(&x, status);
	}
	return e ? refused(c, "draft not changed", e, status) : ERR_OK;
}

/* ---- Add ---- */

/* Listed although it isn't there yet: it is made by its first draft. */
static enum err open_mailbox(struct collection *c)
{
	enum err e = mail_select(c, NULL);

	if (e != ERR_NOT_FOUND || c->status.known || !c->imap)
		return e;
	if ((e = collection_make(c->imap, c)))
		return e;
	return imap_status(c->imap, c->mailbox, &c->status);
}

/* A phone may count its ClientIds from the beginning again: a draft that it has is another one, which only happens to say the same.
 * One that it hasn't is from a former try. */
static enum err find_former(struct draft_run *x, const struct snapshot *has, const struct copy **out)
{
	for (uint64_t salt = 0; salt < MAX_ALIKE; salt++) {
		x->mark = command_hash(x->c, x->command, salt);
		*out = find_marked(x->list, x->mark);
		if (!*out || !snapshot_find(has, (*out)->id))
			return ERR_OK;
	}
	return ERR_PROTO;
}

static enum err save_new(
    struct draft_run *x, const struct snapshot *has, uint64_t *new_id, uint32_t *digest, uint32_t *status)
{
	static const struct imap_flags fresh = { .flags = IMAP_SEEN };
	const struct copy *former;
	uint32_t uid;
	enum err e;

	if ((e = find_former(x, has, &former)) || (e = draft_run_make(x, false)))
		return e;
	if (former) {
		uid = former->uid;
		*digest = keep_marks(former->digest, mail_digest(&fresh), 0);
	} else if ((e = draft_run_save(x, &uid, digest))) {
		return e;
	}
	*new_id = former ? former->id : uid;
	if ((e = remember(x, uid)))
		return e;
	e = change_flags(x->c, *new_id, uid, digest, x->command, status);
	if (*status != SYNC_STATUS_OK)
		*digest = SNAPSHOT_UNSURE;
	*status = SYNC_STATUS_OK; /* it is there; what can't be marked so is told as it is */
	return e == ERR_PROTO ? ERR_OK : e;
}

/* It never was a draft here, and is told to be gone in the same answer: the phone has its own to be rid of. */
static enum err send_new(struct draft_run *x, uint64_t *new_id, uint32_t *digest, uint32_t *status)
{
	*new_id = (x->mark >> 8) | UINT64_C(1) << 48; /* no UID */
	*digest = SNAPSHOT_UNSURE;
	return draft_send(x, false, status);
}

enum err draft_add(struct collection *c, const struct wbxml_node *command, const struct snapshot *has,
    uint64_t *new_id, uint32_t *digest, uint32_t *status)
{
	struct draft_run x;
	enum err e;

	*status = SYNC_STATUS_BAD_ITEM;
	e = draft_run_init(&x, c, command, 0);
	if (!e && x.edit.n_removed)
		e = ERR_PROTO;
	if (!e && !(e = open_mailbox(c)))
		e = copies_load(c, &draft_kind, true, &x.list);
	if (!e)
		e = is_to_be_sent(command) ? send_new(&x, new_id, digest, status)
					   : save_new(&x, has, new_id, digest, status);
	return e ? refused(c, "draft not added", e, status) : ERR_OK;
}

/* ---- Delete ---- */

/* Somebody has changed it since: for good is deleted only what the phone has seen, as with any conflict (MS-ASCMD 2.2.3.41). */
static bool is_kept(const struct collection *c, const struct snapshot_item *item, const struct copy *copy)
{
	bool to_trash = c->deletes_as_moves && mail_has_trash(c);

	return item && item->digest != SNAPSHOT_UNSURE &&
	       ((item->digest ^ copy->digest) & draft_kind.mail_bits) && !c->options.client_wins && !to_trash;
}

static enum err remove_item(
    struct collection *c, uint64_t id, const struct snapshot_item *item, uint32_t *status)
{
	const struct copy_list *l;
	const struct copy *copy;
	enum err e;

	*status = SYNC_STATUS_NOT_FOUND;
	if (!c->imap)
		return ERR_OK;
	if ((e = copies_load(c, &draft_kind, false, &l)))
		return e;
	if (!(copy = copies_find(l, id))) {
		*status = copies_missing_status(l, id);
		return ERR_OK;
	}
	if (is_kept(c, item, copy)) {
		*status = SYNC_STATUS_CONFLICT;
		return ERR_OK;
	}
	c->cache = NULL;
	if ((e = mail_remove(c, copy->uid, item, status)) || *status != SYNC_STATUS_OK)
		return e;
	return draft_delete_copies(c, l, id, copy->uid);
}

const struct collection_ops draft_collection = {
	.class = CLASS_EMAIL,
	.compare = compare,
	.prepare = prepare,
	.write = write,
	.change = draft_change,
	.remove = remove_item,
	.add = draft_add,
	.tell = tell,
};
