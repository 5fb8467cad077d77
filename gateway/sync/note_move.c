#include "sync/mail_collection.h"
#include "sync/note_collection.h"

/* A note that has no UUID is another one in another mailbox; any other stays itself. */
static uint64_t id_there(
    const struct copy_list *l, const struct copy *newest, const struct imap_moved *moved, uint32_t new_uid)
{
	char uuid[NOTE_UUID_LEN + 1];

	note_uuid_of_mail(l->uid_validity, newest->uid, uuid);
	if (!bytes_eq_str(newest->name, uuid))
		return newest->id;
	if (!new_uid || !moved->uid_validity)
		return 0;
	note_uuid_of_mail(moved->uid_validity, new_uid, uuid);
	return note_id(bytes_str(uuid));
}

/* The folder that notes_folder names is listed before it is there. */
static enum err move_to(
    struct collection *from, struct collection *to, const uint32_t *uids, size_t n, struct imap_moved *moved)
{
	enum err e = imap_move(from->imap, from->rq->arena, uids, n, to->mailbox, moved);

	if (e != ERR_NOT_FOUND || to->folder_type != FOLDER_NOTES)
		return e;
	if ((e = imap_create(from->imap, to->mailbox, IMAP_USE_NONE)) && e != ERR_EXISTS)
		return e;
	if ((e = mail_select(from, NULL)))
		return e;
	return imap_move(from->imap, from->rq->arena, uids, n, to->mailbox, moved);
}

enum err note_move(
    struct collection *from, struct collection *to, uint64_t id, uint64_t *new_id, bool *no_target)
{
	const struct copy_list *l;
	const struct copy *v;
	struct imap_moved moved;
	uint32_t *uids;
	size_t n;
	enum err e;

	*no_target = false;
	if ((e = copies_load(from, &note_kind, false, &l)))
		return e;
	v = copies_of(l, id, &n);
	if (!n)
		return ERR_NOT_FOUND;
	uids = arena_array(from->rq->arena, n, sizeof(*uids));
	if (!uids)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		uids[i] = v[i].uid;
	e = move_to(from, to, uids, n, &moved);
	*no_target = e == ERR_NOT_FOUND;
	if (!e)
		*new_id = id_there(l, &v[n - 1], &moved, moved.to[n - 1]);
	return e;
}
