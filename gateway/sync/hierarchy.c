#include "sync/hierarchy.h"

enum err hierarchy_find(const struct hierarchy *h, struct bytes text, const struct known_folders **out)
{
	struct sync_key key;

	if (sync_key_parse(text, &key))
		return ERR_STALE_KEY;
	*out = NULL;
	if (key.generation == 0)
		return ERR_OK;
	if (key.epoch != h->epoch)
		return ERR_STALE_KEY;
	if (key.generation == h->current.generation)
		*out = &h->current;
	else if (key.generation == h->previous.generation)
		*out = &h->previous;
	return *out ? ERR_OK : ERR_STALE_KEY;
}

enum err hierarchy_advance(struct request *rq, struct hierarchy *h, const struct known_folders *base,
    struct known_folders *now, struct sync_key *key)
{
	struct hierarchy next = { .epoch = h->epoch ? h->epoch : sync_key_new_epoch() };
	struct bytes encoded;
	enum err e;

	if (h->current.generation && known_folders_equal(&h->current, now)) {
		*key = (struct sync_key){ h->epoch, h->current.generation };
		return ERR_OK;
	}
	now->generation = h->current.generation + 1;
	next.current = *now;
	if (base)
		next.previous = *base;
	*key = (struct sync_key){ next.epoch, now->generation };
	if ((e = hierarchy_encode(rq->arena, &next, &encoded)))
		return e;
	e = store_hierarchy_commit(rq->worker->redis, bytes_str(rq->account->name), rq->device_id,
	    rq->device.hierarchy_generation, rq->device.hierarchy_generation + 1, encoded);
	if (!e) {
		rq->device.hierarchy_generation++;
		*h = next;
	}
	return e;
}
