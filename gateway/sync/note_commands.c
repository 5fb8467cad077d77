#include "io/log.h"
#include "sync/command_mark.h"
#include "sync/mail_collection.h"
#include "sync/note_append.h"

/* A phone's new notes, and its deletions. An Add that is repeated, for the worker died before its outcome was stored, is known by
 * the note's UUID, which is made of what the phone has said. */

enum {
	MAX_ALIKE = 100 /* notes with the same content under the same ClientId */
};

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
	struct note_keywords k;
	struct bytes mail;
	enum err e;

	if ((e = note_stamp_of(c, uuid, message_id, &stamp)) ||
	    (e = note_wanted_keywords(c, edit, NULL, &k)) ||
	    (e = note_make(c->rq->arena, edit, &stamp, &mail)))
		return e;
	return note_append(c, mail, 0, &k, message_id, digest);
}

enum err note_add(struct collection *c, const struct wbxml_node *command, const struct snapshot *has,
    uint64_t *new_id, uint32_t *digest, uint32_t *status)
{
	const struct copy_list *l;
	const struct copy *there;
	struct note_edit edit;
	struct bytes uuid;
	enum err e;

	*status = SYNC_STATUS_BAD_ITEM;
	e = note_edit_read(c->rq->arena, wbxml_child(command, AIRSYNC_APPLICATION_DATA), &edit);
	if (!e)
		e = choose_uuid(c, command, has, &uuid, new_id);
	if (e == ERR_PROTO)
		return ERR_OK;
	if (e)
		return e;
	if (!(e = open_mailbox(c)))
		e = copies_load(c, &note_kind, true, &l);
	if (!e && (there = copies_find(l, *new_id)))
		*digest = there->digest;
	else if (!e)
		e = add(c, &edit, uuid, command_message_id(c, command, 0), digest);
	if (e == ERR_LIMIT)
		*status = SYNC_STATUS_NO_SPACE;
	if (e == ERR_LIMIT || e == ERR_DENIED) {
		log_info(
		    "note not added folder=%u: %s (%s)", c->folder_id, imap_problem(c->imap), err_name(e));
		return ERR_OK;
	}
	if (!e)
		*status = SYNC_STATUS_OK;
	return e;
}

/* ---- Delete ---- */

/* Gone for good is only what the phone has seen: older copies go to the trash, where there is one. */
static enum err delete_copies(struct collection *c, const struct copy *v, size_t n)
{
	bool all_to_trash = c->deletes_as_moves && mail_has_trash(c);
	uint32_t *uids = arena_array(c->rq->arena, n, sizeof(*uids));
	size_t n_trash = all_to_trash ? n : n - 1;
	enum err e = ERR_OK;

	if (!uids)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		uids[i] = v[i].uid;
	c->cache = NULL;
	if (n_trash && mail_has_trash(c) && (e = mail_move_to_trash(c, uids, n_trash)) && e != ERR_NOT_FOUND)
		return e;
	return all_to_trash ? e : imap_expunge(c->imap, &uids[n - 1], 1);
}

/* Somebody has changed it since. A deletion wins over that as long as nothing is lost by it; for good is deleted only what the
 * phone has seen. */
static bool is_unseen(const struct snapshot_item *item, const struct copy *now)
{
	return item && item->digest != SNAPSHOT_UNSURE && item->digest != now->digest;
}

enum err note_remove(struct collection *c, uint64_t id, const struct snapshot_item *item, uint32_t *status)
{
	const struct copy_list *l = NULL;
	const struct copy *v = NULL;
	size_t n = 0;
	enum err e;

	*status = SYNC_STATUS_NOT_FOUND;
	if (!c->imap)
		return ERR_OK;
	if ((e = copies_load(c, &note_kind, false, &l)))
		return e;
	v = copies_of(l, id, &n);
	*status = copies_missing_status(l, id);
	if (!n)
		return ERR_OK;
	*status = SYNC_STATUS_CONFLICT;
	if (is_unseen(item, &v[n - 1]) && !c->options.client_wins &&
	    !(c->deletes_as_moves && mail_has_trash(c)))
		return ERR_OK;
	*status = SYNC_STATUS_OK;
	e = delete_copies(c, v, n);
	if (e == ERR_LIMIT)
		e = ERR_DENIED; /* no room in the trash */
	return e ? note_refused(c, "note not deleted", e, status) : ERR_OK;
}
