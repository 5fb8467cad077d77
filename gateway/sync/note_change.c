#include "io/log.h"
#include "mail/header.h"
#include "sync/command_mark.h"
#include "sync/mail_collection.h"
#include "sync/note_append.h"

/* A phone's Change of a note. A mail never changes, so a changed note is a new mail with the same UUID, and then the former is
 * deleted. Each step can be the last one of a worker's life: a Change that is repeated is known by the Message-ID of the new
 * mail, which is made of what the phone has said. */

struct change_run {
	struct collection *c;
	struct snapshot_item *item; /* what the phone has */
	const struct copy *copies, *now;
	size_t n_copies;
	bool is_former;     /* perhaps: a newer one, which can't be read, may be it, too */
	bool is_unreadable; /* it is there, or may be, but the server can't read it */
	struct note_edit edit;
	struct bytes raw;
	struct bytes message_id; /* of the mail that this change makes */
	struct note_keywords had, want;
};

/* Only a whole note can be changed: one that takes too much memory is left as it is. */
static enum err fetch_raw(struct change_run *x)
{
	struct request *rq = x->c->rq;
	uint32_t most = rq->worker->config->request_memory_bytes / 8;
	struct imap_part_request whole = { .uid = x->now->uid, .section = "", .count = most };
	enum err e = imap_fetch_parts(x->c->imap, rq->arena, &whole, 1);

	if (e)
		return e;
	x->raw = whole.data;
	x->is_unreadable = whole.problem;
	if (whole.problem)
		return ERR_NOT_FOUND;
	if (!whole.found)
		return ERR_DENIED; /* replaced this moment: the phone is told by what */
	return whole.data.len < most ? ERR_OK : ERR_UNSUPPORTED;
}

static enum err message_id_in(const struct change_run *x, struct bytes *out)
{
	struct header h;
	enum err e = header_parse(x->c->rq->arena, x->raw, &h);

	*out = e ? bytes_of(NULL, 0) : header_get(&h, "Message-ID");
	return e;
}

static bool ends_with(struct bytes text, struct bytes end)
{
	return text.len >= end.len && bytes_eq(bytes_of(text.p + text.len - end.len, end.len), end);
}

/* Whether the note is another than the phone had when it was changed there. Where that isn't known, a copy that this phone
 * has made itself will do. */
static bool is_other_than_phone_had(const struct change_run *x, struct bytes message_id)
{
	if (x->item->digest == SNAPSHOT_UNSURE)
		return !ends_with(message_id, command_domain(x->c));
	return x->now->digest != x->item->digest;
}

/* The mails that this change replaces: the one that it was made of, and that which the phone had. What else carries the UUID
 * nobody has looked at. Where the server doesn't allow it they stay, for the newest is shown; if the connection breaks, the phone
 * shall repeat its change, and comes here again. */
static enum err delete_replaced(struct change_run *x, uint32_t made_of)
{
	uint32_t *uids = arena_array(x->c->rq->arena, x->n_copies, sizeof(*uids));
	size_t n = 0;
	enum err e;

	if (!uids)
		return ERR_LIMIT;
	for (size_t i = 0; i < x->n_copies; i++)
		if (x->copies[i].uid == made_of ||
		    (x->copies[i].digest == x->item->digest && &x->copies[i] != x->now))
			uids[n++] = x->copies[i].uid;
	if (!n)
		return ERR_OK;
	x->c->cache = NULL;
	if (!(e = mail_select(x->c, NULL)))
		e = imap_expunge(x->c->imap, uids, n);
	if (e != ERR_DENIED && e != ERR_LIMIT && e != ERR_UNSUPPORTED)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	log_info("former copy of a note not deleted folder=%u uid=%u: %s (%s)", x->c->folder_id, uids[0],
	    imap_problem(x->c->imap), err_name(e));
	return ERR_OK;
}

/* Categories alone: the mail stays. */
static enum err store_keywords(struct change_run *x)
{
	struct note_keywords add, remove;
	enum err e;

	if ((e = note_keywords_without(x->c, &x->want, &x->had, &add)) ||
	    (e = note_keywords_without(x->c, &x->had, &x->want, &remove)))
		return e;
	if ((add.n || remove.n) &&
	    (e = imap_store_flags(x->c->imap, x->now->uid, 0, 0, add.v, add.n, remove.v, remove.n, 0)))
		return e;
	x->c->cache = NULL;
	x->item->digest = x->want.partial ? SNAPSHOT_UNSURE : note_digest(x->now->uid, x->want.v, x->want.n);
	return ERR_OK;
}

static enum err patch(struct change_run *x, struct bytes *out)
{
	struct sync_options shown;
	struct note_stamp stamp;
	enum err e;

	note_options(&x->c->options, &shown);
	if ((e = note_stamp_of(x->c, x->now->name, x->message_id, &stamp)))
		return e;
	return note_patch(x->c->rq->arena, x->raw, &shown, x->c->rq->version, &x->edit, &stamp, out);
}

static bool same_keywords(const struct change_run *x)
{
	return note_digest(0, x->had.v, x->had.n) == note_digest(0, x->want.v, x->want.n);
}

static enum err put_new_copy(struct change_run *x, struct bytes mail)
{
	uint32_t digest, flags = x->now->flags->flags & ~(uint32_t)IMAP_DELETED;
	enum err e = note_append(x->c, mail, flags, &x->want, x->message_id, &digest);

	if (e || (e = delete_replaced(x, x->now->uid)))
		return e;
	x->item->digest = digest;
	return ERR_OK;
}

static enum err apply_change(struct change_run *x, uint32_t *status)
{
	struct bytes message_id, mail = { 0 };
	bool changes, other;
	enum err e;

	if ((e = message_id_in(x, &message_id)))
		return e;
	*status = SYNC_STATUS_OK;
	if (bytes_eq(message_id, x->message_id)) { /* done by a former try */
		if (!(e = delete_replaced(x, 0)))
			x->item->digest = x->now->digest;
		return e;
	}
	if (x->is_former) {
		x->is_unreadable = true;
		return ERR_NOT_FOUND;
	}
	if ((e = patch(x, &mail)))
		return e;
	changes = mail.len || !same_keywords(x);
	other = is_other_than_phone_had(x, message_id);
	if (changes && other && !x->c->options.client_wins) {
		*status = SYNC_STATUS_CONFLICT; /* the server's version stays: MS-ASCMD 2.2.3.41 */
		return ERR_OK;
	}
	return mail.len ? put_new_copy(x, mail) : store_keywords(x);
}

static enum err find_note(struct change_run *x, uint64_t id)
{
	const struct copy_list *l;
	enum err e = copies_load(x->c, &note_kind, false, &l);

	if (e)
		return e;
	x->copies = copies_of(l, id, &x->n_copies);
	x->is_unreadable = !x->n_copies && copies_may_hide(l, id);
	if (!x->n_copies)
		return ERR_NOT_FOUND;
	x->now = &x->copies[x->n_copies - 1];
	x->is_former = copy_may_be_former(l, &note_kind, x->now, x->item->digest);
	x->had = (struct note_keywords){ .v = x->now->flags->keywords, .n = x->now->flags->n_keywords };
	return ERR_OK;
}

/* A note that can't be read can't be changed either. What the phone says of it becomes a note of its own, so that nothing is lost and
 * the folder goes on; as after any conflict the phone is shown what there is. */
static enum err save_apart(struct change_run *x, const struct wbxml_node *command, uint32_t *status)
{
	static const struct snapshot nothing;
	uint64_t id;
	uint32_t digest;
	enum err e;

	log_warn(
	    "a note that the mail server can't read was changed by a phone: the change is kept as a note of "
	    "its own folder=%u",
	    x->c->folder_id);
	e = note_add(x->c, command, &nothing, &id, &digest, status);
	if (!e && *status == SYNC_STATUS_OK)
		*status = SYNC_STATUS_CONFLICT;
	return e;
}

enum err note_change(
    struct collection *c, struct snapshot_item *item, const struct wbxml_node *command, uint32_t *status)
{
	struct change_run x = { .c = c, .item = item };
	enum err e;

	*status = SYNC_STATUS_BAD_ITEM;
	e = note_edit_read(c->rq->arena, wbxml_child(command, AIRSYNC_APPLICATION_DATA), &x.edit);
	if (e == ERR_PROTO)
		return ERR_OK;
	if (e)
		return e;
	x.message_id = command_message_id(c, command, item->id ^ item->digest);
	if (!(e = find_note(&x, item->id)) &&
	    !(e = note_wanted_keywords(c, &x.edit, x.now->flags, &x.want)) && !(e = fetch_raw(&x)))
		e = apply_change(&x, status);
	if (e == ERR_NOT_FOUND && x.is_unreadable)
		e = save_apart(&x, command, status);
	return e ? note_refused(c, "note not changed", e, status) : ERR_OK;
}
