#include "sync/premark.h"

#include "sync/mail_collection.h"

enum { MAX_TRIES = 3 };

/* What a device has of a folder, before and after. */
struct premark {
	struct arena *arena;
	uint32_t uid_validity;
	const uint32_t *uids;
	size_t n;
	bool differs;
};

/* A state that is damaged, or of another mailbox's ids, is left as it is; one of a mailbox that the move has made gets its ids. One that
 * hasn't been compared with a mailbox yet is left, too: a device that has just started the folder, or starts it a second
 * time, has nothing of it and must get all. */
static enum err mark(struct premark *p, struct bytes *stored)
{
	struct snapshot had, now;
	enum err e = stored->len ? snapshot_decode(p->arena, *stored, &had) : ERR_PROTO;

	if (e == ERR_PROTO ||
	    (!e && had.validity != p->uid_validity && (had.validity != MAIL_NO_VALIDITY || had.n_items)))
		return ERR_OK;
	if (e || (e = snapshot_copy(p->arena, &had, p->n, &now)))
		return e;
	now.validity = p->uid_validity;
	for (size_t i = 0; i < p->n; i++)
		if (!snapshot_find(&now, p->uids[i]))
			snapshot_put(&now, p->uids[i], SNAPSHOT_UNSURE);
	if (now.n_items == had.n_items)
		return ERR_OK;
	p->differs = true;
	return snapshot_encode(p->arena, &now, stored);
}

/* The former state, too: from there an answer that got lost is computed again. */
static enum err attempt(struct request *rq, uint32_t folder, struct premark *p)
{
	struct bytes account = bytes_str(rq->account->name);
	struct store_sync s;
	enum err e;

	if ((e = store_sync_load(rq->worker->redis, rq->arena, account, rq->device_id, &folder, 1, &s)) ||
	    !s.exists || (e = mark(p, &s.current)) || (e = mark(p, &s.previous)) || !p->differs)
		return e;
	return store_sync_commit(rq->worker->redis, account, rq->device_id,
	    &(struct store_sync_commit){ .collection = folder,
		.expect_exists = true,
		.expected_epoch = s.epoch,
		.expected_generation = s.generation,
		.expected_revision = s.revision,
		.next = s },
	    1);
}

enum err sync_premark(
    struct request *rq, uint32_t folder, uint32_t uid_validity, const uint32_t *uids, size_t n)
{
	enum err e = ERR_CONFLICT;

	for (int i = 0; i < MAX_TRIES && e == ERR_CONFLICT; i++) {
		struct premark p = { .arena = rq->arena, .uid_validity = uid_validity, .uids = uids, .n = n };

		e = attempt(rq, folder, &p);
	}
	return e == ERR_CONFLICT ? ERR_OK : e; /* the device is at it itself: then it is told as ever */
}
