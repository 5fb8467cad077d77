#include <time.h>

#include "io/log.h"
#include "mail/header.h"
#include "notes/note_mail.h"
#include "sync/command_mark.h"
#include "sync/mail_collection.h"
#include "sync/note_collection.h"

/* What a phone does to notes. A mail never changes, so a changed note is a new mail with the same UUID, and then the former is
 * deleted. Each step can be the last one of a worker's life: what the phone repeats is recognised by what stands in the mail,
 * an Add by its UUID and a Change by its Message-ID, which are made of what the phone has said. */

enum {
	STATUS_OK = 1,
	STATUS_BAD_ITEM = 6,
	STATUS_CONFLICT = 7,
	STATUS_NOT_FOUND = 8,
	STATUS_NO_SPACE = 9,
	MAX_ALIKE = 100 /* notes with the same content under the same ClientId */
};

void note_options(const struct sync_options *asked, struct sync_options *out)
{
	*out = *asked;
	out->filter_type = FILTER_ALL;
	out->mime_support = MIME_NEVER;
	out->body_part.type = BODY_NONE;
}

/* ---- stamps ---- */

static enum err make_stamp(
    struct collection *c, struct bytes uuid, struct bytes message_id, struct note_stamp *out)
{
	*out = (struct note_stamp){ .uuid = uuid,
		.message_id = message_id,
		.from = bytes_str(c->rq->account->address),
		.now = time(NULL) };
	return message_id.len ? ERR_OK : ERR_LIMIT;
}

/* ---- keywords ---- */

struct keywords {
	struct bytes *v;
	size_t n;
};

static bool contains(const struct keywords *k, struct bytes one)
{
	for (size_t i = 0; i < k->n; i++)
		if (bytes_eq(k->v[i], one))
			return true;
	return false;
}

/* The categories that the phone wants as keywords; of those that the note has, what isn't a category stays. */
static enum err wanted_keywords(
    struct collection *c, const struct note_edit *edit, const struct imap_flags *had, struct keywords *out)
{
	size_t n_had = had ? had->n_keywords : 0;
	enum err e;

	*out =
	    (struct keywords){ arena_array(c->rq->arena, NOTE_MAX_CATEGORIES + n_had, sizeof(*out->v)), 0 };
	if (!out->v)
		return ERR_LIMIT;
	for (size_t i = 0; i < n_had; i++)
		if (!email_category(had->keywords[i]).len)
			out->v[out->n++] = had->keywords[i];
	for (const struct wbxml_node *n = wbxml_child(edit->categories, NOTES_CATEGORY); n;
	     n = wbxml_next(n, NOTES_CATEGORY)) {
		struct bytes keyword;

		if ((e = email_keyword(c->rq->arena, n->text, &keyword)))
			return e;
		if (keyword.len && !contains(out, keyword))
			out->v[out->n++] = keyword;
	}
	return ERR_OK;
}

/* What is in `x` but not in `y`. */
static enum err keywords_without(
    struct collection *c, const struct keywords *x, const struct keywords *y, struct keywords *out)
{
	*out = (struct keywords){ arena_array(c->rq->arena, x->n, sizeof(*out->v)), 0 };
	if (!out->v)
		return ERR_LIMIT;
	for (size_t i = 0; i < x->n; i++)
		if (!contains(y, x->v[i]))
			out->v[out->n++] = x->v[i];
	return ERR_OK;
}

/* ---- outcomes ---- */

/* What IMAP refuses the phone is told, and it shows the note again as it is. Other errors stay what they are. */
static enum err refused(struct collection *c, const char *what, enum err e, uint32_t *status)
{
	if (e == ERR_NOT_FOUND)
		*status = STATUS_NOT_FOUND;
	else if (e == ERR_DENIED || e == ERR_UNSUPPORTED)
		*status = STATUS_CONFLICT;
	else
		return e;
	log_info("%s folder=%u: %s (%s)", what, c->folder_id, imap_problem(c->imap), err_name(e));
	return ERR_OK;
}

/* ---- appending ---- */

/* Its digest, so that the phone isn't told of its own note. A server without UIDPLUS must be asked for the UID. */
static enum err append(struct collection *c, struct bytes mail, uint32_t flags, const struct keywords *k,
    struct bytes message_id, uint32_t *digest)
{
	struct imap_uids found;
	uint32_t uid;
	enum err e;

	if ((e = imap_append_with_keywords(c->imap, c->mailbox, mail, flags | IMAP_SEEN, k->v, k->n, &uid)))
		return e;
	c->cache = NULL;
	if (!uid) {
		if ((e = mail_select(c, NULL)) ||
		    (e = imap_search_message_id(c->imap, c->rq->arena, message_id, &found)))
			return e;
		uid = found.n ? found.v[found.n - 1] : 0;
	}
	*digest = uid ? note_digest(uid, k->v, k->n) : SNAPSHOT_UNSURE;
	return ERR_OK;
}

/* ---- Add ---- */

/* Listed although it isn't there yet: it is made by its first note. */
static enum err open_mailbox(struct collection *c)
{
	enum err e = mail_select(c, NULL);

	if (e != ERR_NOT_FOUND || c->folder_type != FOLDER_NOTES || c->status.known || !c->imap)
		return e;
	if ((e = imap_create(c->imap, c->mailbox, IMAP_USE_NONE)) && e != ERR_EXISTS)
		return e;
	return imap_status(c->imap, c->mailbox, &c->status);
}

/* A phone may count its ClientIds from the beginning again: a UUID that it has a note of is another note's, which only happens
 * to say the same. One that it hasn't is of this note, from a former try. */
static enum err choose_uuid(struct collection *c, const struct wbxml_node *command,
    const struct snapshot *has, struct bytes *uuid, uint64_t *id)
{
	char text[NOTE_UUID_LEN + 1];

	for (uint64_t salt = 0; salt < MAX_ALIKE; salt++) {
		note_uuid_format(
		    command_hash(c, command, 2 * salt), command_hash(c, command, 2 * salt + 1), text);
		*id = note_id(bytes_str(text));
		if (!snapshot_find(has, *id))
			return arena_strdup(c->rq->arena, text, uuid);
	}
	return ERR_PROTO;
}

static enum err add(struct collection *c, const struct note_edit *edit, struct bytes uuid,
    struct bytes message_id, uint32_t *digest)
{
	struct note_stamp stamp;
	struct keywords k;
	struct bytes mail;
	enum err e;

	if ((e = make_stamp(c, uuid, message_id, &stamp)) || (e = wanted_keywords(c, edit, NULL, &k)) ||
	    (e = note_make(c->rq->arena, edit, &stamp, &mail)))
		return e;
	return append(c, mail, 0, &k, message_id, digest);
}

enum err note_add(struct collection *c, const struct wbxml_node *command, const struct snapshot *has,
    uint64_t *new_id, uint32_t *digest, uint32_t *status)
{
	const struct note_list *l;
	const struct note_copy *there;
	struct note_edit edit;
	struct bytes uuid;
	enum err e;

	*status = STATUS_BAD_ITEM;
	e = note_edit_read(c->rq->arena, wbxml_child(command, AIRSYNC_APPLICATION_DATA), &edit);
	if (!e)
		e = choose_uuid(c, command, has, &uuid, new_id);
	if (e == ERR_PROTO)
		return ERR_OK;
	if (e)
		return e;
	if (!(e = open_mailbox(c)))
		e = note_list_load(c, true, &l);
	if (!e && (there = note_find(l, *new_id)))
		*digest = there->digest;
	else if (!e)
		e = add(c, &edit, uuid, command_message_id(c, command, 0), digest);
	if (e == ERR_LIMIT)
		*status = STATUS_NO_SPACE;
	if (e == ERR_LIMIT || e == ERR_DENIED) {
		log_info(
		    "note not added folder=%u: %s (%s)", c->folder_id, imap_problem(c->imap), err_name(e));
		return ERR_OK;
	}
	if (!e)
		*status = STATUS_OK;
	return e;
}

/* ---- Change ---- */

struct change_run {
	struct collection *c;
	struct snapshot_item *item; /* what the phone has */
	const struct note_copy *copies, *now;
	size_t n_copies;
	struct note_edit edit;
	struct bytes raw;
	struct bytes message_id; /* of the mail that this change makes */
	struct keywords had, want;
};

/* Only a whole note can be changed: one that takes too much memory is left as it is. */
static enum err fetch_raw(struct collection *c, uint32_t uid, struct bytes *out)
{
	uint32_t most = c->rq->worker->config->request_memory_bytes / 8;
	struct imap_part_request whole = { .uid = uid, .section = "", .count = most };
	enum err e = imap_fetch_parts(c->imap, c->rq->arena, &whole, 1);

	if (e)
		return e;
	*out = whole.data;
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
	struct keywords add, remove;
	enum err e;

	if ((e = keywords_without(x->c, &x->want, &x->had, &add)) ||
	    (e = keywords_without(x->c, &x->had, &x->want, &remove)))
		return e;
	if ((add.n || remove.n) &&
	    (e = imap_store_flags(x->c->imap, x->now->uid, 0, 0, add.v, add.n, remove.v, remove.n, 0)))
		return e;
	x->c->cache = NULL;
	x->item->digest = note_digest(x->now->uid, x->want.v, x->want.n);
	return ERR_OK;
}

static enum err patch(struct change_run *x, struct bytes *out)
{
	struct sync_options shown;
	struct note_stamp stamp;
	enum err e;

	note_options(&x->c->options, &shown);
	if ((e = make_stamp(x->c, x->now->uuid, x->message_id, &stamp)))
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
	enum err e = append(x->c, mail, flags, &x->want, x->message_id, &digest);

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
	*status = STATUS_OK;
	if (bytes_eq(message_id, x->message_id)) { /* done by a former try */
		if (!(e = delete_replaced(x, 0)))
			x->item->digest = x->now->digest;
		return e;
	}
	if ((e = patch(x, &mail)))
		return e;
	changes = mail.len || !same_keywords(x);
	other = is_other_than_phone_had(x, message_id);
	if (changes && other && !x->c->options.client_wins) {
		*status = STATUS_CONFLICT; /* the server's version stays: MS-ASCMD 2.2.3.41 */
		return ERR_OK;
	}
	return mail.len ? put_new_copy(x, mail) : store_keywords(x);
}

static enum err find_note(struct change_run *x, uint64_t id)
{
	const struct note_list *l;
	enum err e = note_list_load(x->c, false, &l);

	if (e)
		return e;
	x->copies = note_copies(l, id, &x->n_copies);
	if (!x->n_copies)
		return ERR_NOT_FOUND;
	x->now = &x->copies[x->n_copies - 1];
	x->had = (struct keywords){ x->now->flags->keywords, x->now->flags->n_keywords };
	return ERR_OK;
}

enum err note_change(
    struct collection *c, struct snapshot_item *item, const struct wbxml_node *command, uint32_t *status)
{
	struct change_run x = { .c = c, .item = item };
	enum err e;

	*status = STATUS_BAD_ITEM;
	e = note_edit_read(c->rq->arena, wbxml_child(command, AIRSYNC_APPLICATION_DATA), &x.edit);
	if (e == ERR_PROTO)
		return ERR_OK;
	if (e)
		return e;
	x.message_id = command_message_id(c, command, item->id ^ item->digest);
	if (!(e = find_note(&x, item->id)) && !(e = wanted_keywords(c, &x.edit, x.now->flags, &x.want)) &&
	    !(e = fetch_raw(c, x.now->uid, &x.raw)))
		e = apply_change(&x, status);
	return e ? refused(c, "note not changed", e, status) : ERR_OK;
}

/* ---- Delete ---- */

static bool has_trash(const struct collection *c)
{
	return c->trash_id && c->trash_id != c->folder_id;
}

/* Gone for good is only what the phone has seen: older copies go to the trash, where there is one. */
static enum err delete_copies(struct collection *c, const struct note_copy *v, size_t n)
{
	bool all_to_trash = c->deletes_as_moves && has_trash(c);
	uint32_t *uids = arena_array(c->rq->arena, n, sizeof(*uids));
	size_t n_trash = all_to_trash ? n : n - 1;
	enum err e = ERR_OK;

	if (!uids)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		uids[i] = v[i].uid;
	c->cache = NULL;
	if (n_trash && has_trash(c) && (e = mail_move_to_trash(c, uids, n_trash)) && e != ERR_NOT_FOUND)
		return e;
	return all_to_trash ? e : imap_expunge(c->imap, &uids[n - 1], 1);
}

/* Somebody has changed it since. A deletion wins over that as long as nothing is lost by it; for good is deleted only what the
 * phone has seen. */
static bool is_unseen(const struct snapshot_item *item, const struct note_copy *now)
{
	return item && item->digest != SNAPSHOT_UNSURE && item->digest != now->digest;
}

enum err note_remove(struct collection *c, uint64_t id, const struct snapshot_item *item, uint32_t *status)
{
	const struct note_list *l = NULL;
	const struct note_copy *v = NULL;
	size_t n = 0;
	enum err e;

	*status = STATUS_NOT_FOUND;
	if (!c->imap)
		return ERR_OK;
	if ((e = note_list_load(c, false, &l)))
		return e;
	v = note_copies(l, id, &n);
	if (!n)
		return ERR_OK;
	*status = STATUS_CONFLICT;
	if (is_unseen(item, &v[n - 1]) && !c->options.client_wins && !(c->deletes_as_moves && has_trash(c)))
		return ERR_OK;
	*status = STATUS_OK;
	e = delete_copies(c, v, n);
	if (e == ERR_LIMIT)
		e = ERR_DENIED; /* no room in the trash */
	return e ? refused(c, "note not deleted", e, status) : ERR_OK;
}
