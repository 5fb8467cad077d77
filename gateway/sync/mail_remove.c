#include "io/log.h"
#include "sync/follow_ups.h"
#include "sync/mail_collection.h"

/* A mail that a phone deletes: into the trash, or for good. */

bool mail_has_trash(const struct collection *c)
{
	return c->trash_id && c->trash_id != c->folder_id;
}

static enum err move_to_trash(struct collection *c, const uint32_t *uids, size_t n, struct imap_moved *moved)
{
	enum err e = imap_move(c->imap, c->rq->arena, uids, n, c->trash, moved);

	if (e != ERR_NOT_FOUND)
		return e;
	/* The trash that we listed isn't there yet. */
	if ((e = imap_create(c->imap, c->trash, IMAP_USE_TRASH)) && e != ERR_EXISTS)
		return e;
	if ((e = mail_select(c, NULL)))
		return e;
	return imap_move(c->imap, c->rq->arena, uids, n, c->trash, moved);
}

enum err mail_move_to_trash(struct collection *c, const uint32_t *uids, size_t n)
{
	struct imap_moved moved;

	return move_to_trash(c, uids, n, &moved);
}

/* The mail's flag goes with it, or ends with it. */
static void remove_record(struct collection *c, uint32_t uid, uint32_t letter, const struct imap_moved *moved)
{
	enum err e = ERR_OK;

	if (moved->uid_validity)
		follow_ups_move(c->imap, c->rq->arena,
		    &(struct follow_up_move){
			.from = c->mailbox, .to = c->trash, .uids = &uid, .n = 1, .moved = moved });
	else
		e = follow_up_keep(c, uid, letter, NULL);
	if (e)
		log_info("a deleted mail's flag stays in the mailbox's METADATA folder=%u uid=%u: %s",
		    c->folder_id, uid, imap_problem(c->imap));
}

enum err mail_remove(struct collection *c, uint64_t id, const struct snapshot_item *item, uint32_t *status)
{
	uint32_t uid = (uint32_t)id;
	bool to_trash = c->deletes_as_moves && mail_has_trash(c);
	struct imap_moved moved = { 0 };
	enum err e;

	*status = SYNC_STATUS_NOT_FOUND;
	if (!uid || id > UINT32_MAX || !c->imap)
		return ERR_OK;
	if ((e = mail_select(c, NULL)))
		return e;
	e = to_trash ? move_to_trash(c, &uid, 1, &moved) : imap_expunge(c->imap, &uid, 1);
	if (e == ERR_DENIED || e == ERR_LIMIT) {
		*status = SYNC_STATUS_CONFLICT; /* the phone must show it again */
		log_info("mail not deleted folder=%u uid=%u: %s", c->folder_id, uid, imap_problem(c->imap));
		return ERR_OK;
	}
	if (e && e != ERR_NOT_FOUND)
		return e;
	if (!e && item && item->digest & (DIGEST_RECORD_A | DIGEST_RECORD_B))
		remove_record(c, uid, item->digest, &moved);
	*status = SYNC_STATUS_OK;
	return ERR_OK;
}
