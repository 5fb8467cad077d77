#include "sync/moved_mails.h"

#define KIND "gone"
enum { KEEP_S = 365 * 24 * 60 * 60, MOST_MOVES = 20 };

/* "5:17", of a folder and a UID. */
static struct bytes place(struct arena *a, uint32_t folder, uint32_t uid)
{
	return bytes_str(arena_printf(a, "%u:%u", folder, uid));
}

enum err moved_mail_note(struct request *rq, uint32_t from, uint32_t uid, uint32_t to, uint32_t new_uid)
{
	struct bytes name = place(rq->arena, from, uid), value = place(rq->arena, to, new_uid);

	return name.len && value.len ? store_memo_set(rq->worker->redis, bytes_str(rq->account->name), KIND,
					   name, value, KEEP_S)
				     : ERR_LIMIT;
}

enum err moved_mail_find(struct request *rq, uint32_t *folder, uint32_t *uid)
{
	struct bytes name, value, first;
	unsigned moves;
	enum err e;

	for (moves = 0; moves < MOST_MOVES; moves++) {
		name = place(rq->arena, *folder, *uid);
		if (!name.len)
			return ERR_LIMIT;
		e = store_memo_get(
		    rq->worker->redis, rq->arena, bytes_str(rq->account->name), KIND, name, &value);
		if (e)
			return e == ERR_NOT_FOUND && moves ? ERR_OK : e;
		if (!bytes_split(&value, ':', &first) || bytes_to_u32(first, UINT32_MAX, folder) ||
		    bytes_to_u32(value, UINT32_MAX, uid))
			return ERR_NOT_FOUND;
	}
	return ERR_NOT_FOUND;
}
