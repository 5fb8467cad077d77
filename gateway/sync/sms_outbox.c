#include "sync/sms_outbox.h"

#define KIND "sms"
enum { KEEP_S = 24 * 60 * 60 };

static enum err owner_of(struct collection *c, struct bytes name, struct bytes *out)
{
	struct bytes account = bytes_str(c->rq->account->name);
	struct redis *redis = c->rq->worker->redis;
	enum err e;

	if (c->is_sync)
		return store_memo_claim(
		    redis, c->rq->arena, account, KIND, name, c->rq->device_id, KEEP_S, out);
	e = store_memo_get(redis, c->rq->arena, account, KIND, name, out);
	if (e != ERR_NOT_FOUND)
		return e;
	*out = c->rq->device_id; /* nobody's */
	return ERR_OK;
}

enum err sms_outbox_share(
    struct collection *c, uint32_t uid_validity, struct snapshot *now, struct changes *changes)
{
	size_t kept = 0;

	for (size_t i = 0; i < changes->n; i++) {
		const struct change *v = &changes->v[i];
		struct bytes owner = c->rq->device_id;
		char *name;
		enum err e = ERR_OK;

		if (v->kind == CHANGE_ADD) {
			name = arena_printf(c->rq->arena, "%u:%u", uid_validity, (unsigned)v->id);
			e = name ? owner_of(c, bytes_str(name), &owner) : ERR_LIMIT;
		}
		if (e)
			return e;
		if (bytes_eq(owner, c->rq->device_id))
			changes->v[kept++] = *v;
		else
			now->token = 0;
	}
	changes->n = kept;
	return ERR_OK;
}
