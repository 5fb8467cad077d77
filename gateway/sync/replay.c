#include "sync/replay.h"

enum err replay_own_commands(
    struct arena *a, struct snapshot *has, const struct sync_results *results, const struct snapshot *next)
{
	for (size_t i = 0; i < results->n; i++) {
		const struct sync_result *one = &results->v[i];
		const struct snapshot_item *there;
		struct snapshot_item *item;
		uint32_t folder;
		uint64_t id;
		enum err e;

		if (one->status == SYNC_STATUS_CONFLICT && !server_id_parse(one->server_id, &folder, &id) &&
		    (e = snapshot_refuse(a, has, id, one->kind == AIRSYNC_DELETE)))
			return e;
		if (one->status != SYNC_STATUS_OK || server_id_parse(one->server_id, &folder, &id))
			continue;
		item = snapshot_find(has, id);
		there = next ? snapshot_find(next, id) : NULL;
		if (one->kind == AIRSYNC_CHANGE && item)
			item->digest = SNAPSHOT_UNSURE;
		else if (one->kind == AIRSYNC_DELETE)
			snapshot_remove(has, id);
		else if (one->kind == AIRSYNC_ADD && next &&
			 !one->former) /* the id of a former one was never told */
			snapshot_put(has, id, there ? there->digest : SNAPSHOT_UNSURE);
	}
	return ERR_OK;
}

/* ---- what the lost answer said ---- */

static struct change update_of(const struct snapshot_item *had, const struct snapshot_item *now)
{
	return (struct change){
		.kind = CHANGE_UPDATE, .id = now->id, .had = had->digest, .now = now->digest, .stale = true
	};
}

enum err replay_changes(
    struct arena *a, const struct snapshot *from, const struct snapshot *to, struct changes *out)
{
	struct change *v = arena_array(a, from->n_items + to->n_items, sizeof(*v));
	size_t i = 0, k = 0, n = 0;

	if (!v)
		return ERR_LIMIT;
	while (i < from->n_items || k < to->n_items) {
		const struct snapshot_item *had = i < from->n_items ? &from->items[i] : NULL;
		const struct snapshot_item *now = k < to->n_items ? &to->items[k] : NULL;

		if (!now || (had && had->id < now->id)) {
			v[n++] = (struct change){ .kind = CHANGE_DELETE, .id = had->id };
			i++;
		} else if (!had || now->id < had->id) {
			v[n++] = (struct change){ .kind = CHANGE_ADD, .id = now->id, .now = now->digest };
			k++;
		} else {
			if (had->digest != now->digest)
				v[n++] = update_of(had, now);
			i++;
			k++;
		}
	}
	*out = (struct changes){ v, n };
	return ERR_OK;
}

/* ---- what is said instead ---- */

/* Returns whether it is other than what `next` says that the phone was told. */
static bool say_anew(const struct snapshot *base, struct snapshot *next, const struct change *c)
{
	const struct snapshot_item *told = snapshot_find(next, c->id), *had = snapshot_find(base, c->id);
	bool there = c->kind == CHANGE_NONE ? had != NULL : c->kind == CHANGE_UPDATE || c->kind == CHANGE_ADD;
	uint32_t digest = c->kind == CHANGE_NONE && had ? had->digest : c->now;

	if (there ? told && told->digest == digest : !told)
		return false;
	if (there)
		snapshot_put(next, c->id, digest);
	else
		snapshot_remove(next, c->id);
	return true;
}

enum err replay_say_anew(struct arena *a, const struct snapshot *base, struct snapshot *next,
    const struct change *v, size_t n, bool *differs)
{
	enum err e = ERR_OK;

	*differs = false;
	for (size_t i = 0; i < n && !e; i++) {
		if (!say_anew(base, next, &v[i]))
			continue;
		*differs = true;
		if (v[i].kind == CHANGE_NONE)
			e = snapshot_add_pending(a, next, v[i].id);
	}
	return e;
}
