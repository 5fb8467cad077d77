#include "sync/engine.h"

#include <stdlib.h>
#include <string.h>

#include "io/log.h"
#include "sync/commands.h"
#include "sync/replay.h"
#include "sync/stubs.h"

void sync_settings_get(const struct store_sync *s, struct sync_options *out)
{
	struct bytes in = s->settings;

	if (!s->exists || !in.len || sync_options_get(&in, out))
		sync_options_default(out);
}

bool sync_settings_get_sms(const struct store_sync *s, struct sync_options *out)
{
	struct bytes in = s->settings;
	struct sync_options first;

	return s->exists && in.len && !sync_options_get(&in, &first) && in.len && !sync_options_get(&in, out);
}

static enum err fail(struct sync_run *r, uint32_t status)
{
	r->mode = SYNC_FAILED;
	r->status = status;
	return ERR_OK;
}

/* ---- what the key means ---- */

static enum err open_snapshot(struct sync_run *r, struct bytes stored, uint32_t generation)
{
	struct arena *a = r->c.rq->arena;
	enum err e = stored.len ? snapshot_decode(a, stored, &r->base) : ERR_OK;

	if (e == ERR_PROTO || (!e && stored.len && r->base.generation != generation)) {
		log_warn(
		    "stored sync state of folder %u is damaged: the phone starts it over", r->c.folder_id);
		return fail(r, SYNC_STATUS_BAD_KEY);
	}
	return e;
}

static bool decodes(struct sync_run *r, struct bytes stored, enum err *e)
{
	struct snapshot ignored;

	*e = snapshot_decode(r->c.rq->arena, stored, &ignored);
	return !*e;
}

static bool settings_changed(const struct sync_run *r)
{
	struct sync_options had, had_sms;
	bool sms = sync_settings_get_sms(&r->stored, &had_sms);

	sync_settings_get(&r->stored, &had);
	if (sms != r->c.sms.wanted || (sms && !sync_options_equal(&had_sms, &r->c.sms.options)))
		return true;
	return !sync_options_equal(&had, &r->c.options);
}

/* Whether key 1 leads on from the stored state. With other options the first page would be another one. A damaged state is what the
 * phone was told to leave by status 3: joining it would send the phone in circles. */
static enum err can_join(struct sync_run *r, bool *out)
{
	enum err e = ERR_OK;

	*out = r->stored.exists && r->stored.generation <= 2 && decodes(r, r->stored.current, &e) &&
	       (r->stored.generation == 1 || (!settings_changed(r) && decodes(r, r->stored.previous, &e)));
	return e == ERR_PROTO ? ERR_OK : e;
}

/* Key 0. iOS starts a folder a second time while the first start is under way: as long as the phone has not taken
 * more than the first page, it joins the state that is there instead of voiding the key that it just got. */
static enum err open_start(struct sync_run *r)
{
	bool joins;
	enum err e = can_join(r, &joins);

	r->mode = joins ? SYNC_JOIN : SYNC_START;
	r->save = joins && settings_changed(r);
	r->base.generation = r->next.generation = 1;
	return e;
}

static enum err open_replay(struct sync_run *r, uint32_t generation)
{
	struct arena *a = r->c.rq->arena;
	uint64_t hash = sync_commands_hash(r->ask->commands);
	enum err e;

	if ((e = open_snapshot(r, r->stored.previous, generation)) || r->mode == SYNC_FAILED)
		return e;
	e = sync_results_decode(a, r->stored.adds, &r->results);
	if (e == ERR_PROTO)
		return fail(r, SYNC_STATUS_BAD_KEY);
	if (e)
		return e;
	if (hash != r->results.commands_hash) {
		r->mode = SYNC_NORMAL; /* the Adds that were made are still recognised by r->results */
		r->off_former_key = true;
		return ERR_OK;
	}
	e = snapshot_decode(a, r->stored.current, &r->next);
	if (e == ERR_PROTO)
		return fail(r, SYNC_STATUS_BAD_KEY);
	r->mode = SYNC_REPLAY;
	return e;
}

/* The generation that stored.previous is the state of; 0 if there is none. */
static uint32_t previous_generation(const struct sync_run *r)
{
	struct snapshot s;

	if (!r->stored.previous.len || snapshot_decode(r->c.rq->arena, r->stored.previous, &s))
		return 0;
	return s.generation;
}

/* What the request says, and for the rest what was said before. */
static void take_options(struct sync_run *r)
{
	const struct sync_ask *ask = r->ask;
	bool conversation_mode;

	sync_settings_get(&r->stored, &r->c.options);
	r->c.sms.wanted = sync_settings_get_sms(&r->stored, &r->c.sms.options);
	conversation_mode =
	    ask->has_conversation_mode ? ask->conversation_mode : r->c.options.conversation_mode;
	if (ask->has_options) {
		r->c.options = ask->options;
		r->c.sms.wanted = ask->wants_sms;
		r->c.sms.options = ask->sms_options;
	}
	r->c.options.conversation_mode = conversation_mode;
	r->c.deletes_as_moves = ask->deletes_as_moves;
}

/* Options that name no class are for the collection's own. Mail folders have text messages, too. Source: MS-ASCMD 2.2.3.125. */
static bool classes_fit(const struct sync_ask *ask, enum eas_class own)
{
	if (ask->options.class != CLASS_NONE && ask->options.class != own)
		return false;
	return !ask->wants_sms || own == CLASS_EMAIL;
}

/* Whether this collection has what the request asks for. Source: MS-ASCMD 2.2.3.36.2, 2.2.3.68.2, 2.2.3.103.2. */
static bool options_fit(const struct sync_run *r)
{
	const struct sync_ask *ask = r->ask;

	if (!r->c.ops)
		return true;
	if (ask->has_conversation_mode && r->c.ops->class != CLASS_EMAIL)
		return false;
	/* Of a note nothing can be ghosted. An empty list names nothing: LG's phones send one with every folder. */
	if (ask->names_supported && r->c.ops->class == CLASS_NOTES)
		return false;
	if (!ask->has_options)
		return true;
	if (!classes_fit(ask, r->c.ops->class))
		return false;
	if ((ask->options.max_items || ask->sms_options.max_items) &&
	    r->c.folder_type != FOLDER_RECIPIENT_CACHE)
		return false;
	return filter_type_fits(ask->options.filter_type, r->c.ops->class) &&
	       filter_type_fits(ask->sms_options.filter_type, CLASS_SMS);
}

enum err sync_run_open(struct sync_run *r)
{
	struct sync_key key;

	r->status = SYNC_STATUS_OK;
	take_options(r);
	if (r->ask->status)
		return fail(r, r->ask->status);
	if (!options_fit(r))
		return fail(r, SYNC_STATUS_PROTOCOL);
	if (r->ask->key_current)
		key = (struct sync_key){ r->stored.epoch, r->stored.exists ? r->stored.generation : 0 };
	else if (sync_key_parse(r->ask->key, &key))
		return fail(r, SYNC_STATUS_BAD_KEY);
	if (r->ask->key_current &&
	    (key.epoch != r->ask->proven.epoch || key.generation != r->ask->proven.generation))
		return fail(r, SYNC_STATUS_INCOMPLETE);
	r->key = key;
	if (key.generation == 0)
		return r->ask->key_current ? fail(r, SYNC_STATUS_BAD_KEY) : open_start(r);
	if (!r->stored.exists || key.epoch != r->stored.epoch)
		return fail(r, SYNC_STATUS_BAD_KEY);
	if (key.generation == r->stored.generation) {
		r->mode = SYNC_NORMAL;
		return open_snapshot(r, r->stored.current, key.generation);
	}
	if (key.generation < r->stored.generation && key.generation == previous_generation(r))
		return open_replay(r, key.generation);
	return fail(r, SYNC_STATUS_BAD_KEY);
}

bool sync_run_needs_backend(const struct sync_run *r)
{
	return r->mode == SYNC_NORMAL || r->mode == SYNC_REPLAY;
}

bool sync_run_fetches(const struct sync_run *r)
{
	bool first_look = !r->base.validity;

	return r->mode == SYNC_NORMAL && r->ask->get_changes && (first_look || r->base.n_pending);
}

/* ---- the work ---- */

static int by_sending_order(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->kind != y->kind)
		return (x->kind > y->kind) - (x->kind < y->kind);
	return (x->id < y->id) - (x->id > y->id); /* the newest first */
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

typedef int compare_fn(const void *, const void *);

static bool is_sorted(const uint8_t *v, size_t n, size_t size, compare_fn *compare)
{
	for (size_t i = 1; i < n; i++)
		if (compare(v + (i - 1) * size, v + i * size) > 0)
			return false;
	return true;
}

/* What waits of a large folder comes in the other order, all of one kind: to look is much cheaper than to sort it anew for each
 * page. */
static void sort_turned(void *v, size_t n, size_t size, compare_fn *compare)
{
	uint8_t *front = v, *back = front + (n ? n - 1 : 0) * size, held[sizeof(struct change)];

	for (; front < back; front += size, back -= size) {
		memcpy(held, front, size);
		memcpy(front, back, size);
		memcpy(back, held, size);
	}
	if (!is_sorted(v, n, size, compare))
		qsort(v, n, size, compare);
}

static void sort_changes(struct changes *c)
{
	sort_turned(c->v, c->n, sizeof(*c->v), by_sending_order);
}

/* Fetches the items of the first `window` changes, in as many batches as their bytes need; what is over the budget
 * waits for the next Sync. Returns in *ready how many can be sent. */
static enum err prepare(struct sync_run *r, size_t window, size_t budget, size_t *ready)
{
	size_t before = arena_used(r->c.rq->arena), at = 0, done;
	size_t n = window < r->changes.n ? window : r->changes.n;
	enum err e;

	while (at < n) {
		size_t spent = arena_used(r->c.rq->arena) - before;

		/* A replay leaves nothing for later: it says all that was said the first time. */
		if (at && (spent >= budget || (r->c.enough && r->mode != SYNC_REPLAY)))
			break;
		e = r->c.ops->prepare(
		    &r->c, r->changes.v + at, n - at, spent < budget ? budget - spent : 0, &done);
		if (e)
			return e;
		at += done;
	}
	*ready = at;
	return ERR_OK;
}

/* Takes over into `next` what goes out: new items, the newest first, stand behind all else. */
static enum err apply(struct arena *a, struct snapshot *next, const struct changes *c)
{
	struct snapshot_item *added = arena_array(a, c->n, sizeof(*added));
	size_t n = 0;

	if (!added)
		return ERR_LIMIT;
	for (size_t i = 0; i < c->n; i++) {
		const struct change *one = &c->v[i];

		switch (one->kind) {
		case CHANGE_DELETE:
		case CHANGE_SOFT_DELETE:
			snapshot_remove(next, one->id);
			break;
		case CHANGE_UPDATE:
			snapshot_put(next, one->id, one->now);
			break;
		case CHANGE_ADD:
			added[n++] = (struct snapshot_item){ one->id, one->now };
			break;
		case CHANGE_NONE:
			break;
		}
	}
	snapshot_put_all(next, added, n);
	return ERR_OK;
}

/* What wasn't sent is remembered as pending, so that the next Sync need not compare everything again. */
static enum err keep_pending(struct sync_run *r, size_t sent)
{
	size_t n = r->changes.n - sent;
	uint64_t *ids = arena_array(r->c.rq->arena, n, sizeof(*ids));

	if (!ids)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		ids[i] = r->changes.v[sent + i].id;
	sort_turned(ids, n, sizeof(*ids), compare_ids);
	return snapshot_set_pending(r->c.rq->arena, &r->next, ids, n);
}

static void drop_nothings(struct changes *c, size_t *ready)
{
	size_t kept = 0, kept_ready = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].kind == CHANGE_NONE)
			continue;
		kept_ready += i < *ready;
		c->v[kept++] = c->v[i];
	}
	c->n = kept;
	*ready = kept_ready;
}

static enum err send_changes(struct sync_run *r, size_t window, size_t budget)
{
	struct snapshot head = { 0 };
	size_t ready = 0;
	enum err e;

	r->c.is_sync = true;
	e = r->c.ops->compare(&r->c, &r->next, &head, &r->changes);
	if (!e)
		e = stubs_ask(&r->c, &r->next, window, &r->changes);
	if (!e) {
		sort_changes(&r->changes);
		e = prepare(r, window, budget, &ready);
	}
	r->c.is_sync = false;
	if (e)
		return e;
	stubs_settle(&r->changes, ready);
	drop_nothings(&r->changes, &ready);
	r->more = ready < r->changes.n;
	if ((e = keep_pending(r, ready)))
		return e;
	r->changes.n = ready;
	if ((e = apply(r->c.rq->arena, &r->next, &r->changes)) ||
	    (e = stubs_keep(r->c.rq->arena, &r->next, &r->changes, &r->more)))
		return e;
	r->next.validity = head.validity;
	r->next.token = head.token;
	r->next.next_id = head.next_id;
	r->next.window_day = head.window_day;
	r->next.side = head.side;
	return ERR_OK;
}

static bool sides_differ(const struct snapshot_side *a, const struct snapshot_side *b)
{
	return a->validity != b->validity || a->token != b->token || a->window_day != b->window_day ||
	       a->next_id != b->next_id;
}

static bool heads_differ(const struct snapshot *a, const struct snapshot *b)
{
	return a->validity != b->validity || a->token != b->token || a->window_day != b->window_day ||
	       a->next_id != b->next_id || a->n_pending != b->n_pending || a->n_stubs != b->n_stubs ||
	       a->stubs_hour != b->stubs_hour || sides_differ(&a->side, &b->side);
}

static enum err work_normal(struct sync_run *r, size_t window, size_t budget)
{
	enum err e;

	r->c.validity = r->base.validity ? r->base.validity : r->c.validity;
	r->c.token = r->base.token;
	r->c.sms.validity = r->base.side.validity;
	r->c.sms.token = r->base.side.token;
	r->c.had = &r->base;
	/* room for what this page can add: WindowSize is at most 512, client Adds at most 200 */
	if ((e = snapshot_copy(r->c.rq->arena, &r->base, window + r->ask->n_commands, &r->next)))
		return e;
	if ((e = replay_own_commands(
		 r->c.rq->arena, &r->next, &r->results, NULL))) /* those of a lost answer */
		return e;
	if ((e = sync_commands_run(&r->c, r->ask->commands, &r->next, &r->results)))
		return e;
	if (r->ask->get_changes && (e = send_changes(r, window, budget)))
		return e;
	/* The first answer after key 0 always moves on, so that the client sees that the folder is done; and so does one to the
	 * former key: what is stored must become what that phone has. */
	r->advance =
	    r->changes.n || r->more || r->ask->n_commands || r->base.validity == 0 || r->off_former_key;
	r->save = r->advance || heads_differ(&r->base, &r->next) || settings_changed(r);
	return ERR_OK;
}

/* Items may have changed or gone since the lost answer was made, and some can't be read now. */
static enum err say_anew(struct sync_run *r, size_t ready)
{
	struct arena *a = r->c.rq->arena;
	struct changes said = { r->changes.v, ready };
	size_t had_stubs = r->next.n_stubs;
	bool differs;
	enum err e;

	if ((e = replay_say_anew(a, &r->base, &r->next, said.v, said.n, &differs)) ||
	    (e = stubs_keep(a, &r->next, &said, &r->more)))
		return e;
	if (differs || r->next.n_stubs != had_stubs) {
		r->mode = SYNC_NORMAL; /* a generation of its own, after the same former one */
		r->save = true;
	}
	return ERR_OK;
}

static enum err work_replay(struct sync_run *r, size_t budget)
{
	struct snapshot has;
	size_t ready = 0;
	enum err e;

	r->c.validity = r->next.validity ? r->next.validity : r->c.validity;
	r->c.sms.validity = r->next.side.validity;
	if ((e = snapshot_copy(r->c.rq->arena, &r->base, r->results.n, &has)) ||
	    (e = replay_own_commands(r->c.rq->arena, &has, &r->results, &r->next)))
		return e;
	if ((e = replay_changes(r->c.rq->arena, &has, &r->next, &r->changes)))
		return e;
	sort_changes(&r->changes);
	/* The same changes as the first time, whatever their size: they fitted then. */
	if ((e = prepare(r, r->changes.n, budget > SIZE_MAX / 2 ? budget : SIZE_MAX / 2, &ready)) ||
	    (e = say_anew(r, ready)))
		return e;
	drop_nothings(&r->changes, &ready);
	r->more =
	    r->next.n_pending > 0 || settings_changed(r); /* what these ask for comes with the next key */
	r->advance = true;
	r->save = r->save || settings_changed(r);
	return ERR_OK;
}

enum err sync_run_work(struct sync_run *r, uint32_t window, size_t budget)
{
	if (r->mode == SYNC_REPLAY)
		return work_replay(r, budget);
	return r->mode == SYNC_NORMAL ? work_normal(r, window, budget) : ERR_OK;
}

enum err sync_peek(struct collection *c, const struct snapshot *has, struct sync_peek *out)
{
	struct snapshot head;
	struct changes changes;
	enum err e;

	*out = (struct sync_peek){ 0 };
	c->had = has;
	e = c->ops->compare(c, has, &head, &changes);
	c->had = NULL;
	if (e)
		return e;
	out->changes = (uint32_t)changes.n;
	for (size_t i = 0; i < changes.n; i++)
		out->adds += changes.v[i].kind == CHANGE_ADD ||
			     (changes.v[i].kind == CHANGE_UPDATE && c->ops->class != CLASS_EMAIL);
	return ERR_OK;
}

/* ---- the next state ---- */

static enum err close_start(struct sync_run *r)
{
	r->to_store.epoch = sync_key_new_epoch();
	r->to_store.generation = 1;
	r->save = true;
	return snapshot_encode(r->c.rq->arena, &r->next, &r->to_store.current);
}

static enum err close_normal(struct sync_run *r)
{
	struct arena *a = r->c.rq->arena;
	enum err e;

	r->to_store.epoch = r->stored.epoch;
	if (!r->advance) { /* the same key: only what it was compared with, or the options, moved on */
		r->to_store.generation = r->stored.generation;
		r->to_store.previous = r->stored.previous;
		r->to_store.adds = r->stored.adds;
		r->next.generation = r->stored.generation;
		return snapshot_encode(a, &r->next, &r->to_store.current);
	}
	r->to_store.generation = r->stored.generation + 1;
	r->next.generation = r->to_store.generation;
	if ((e = snapshot_encode(a, &r->base, &r->to_store.previous)) ||
	    (e = snapshot_encode(a, &r->next, &r->to_store.current)))
		return e;
	return sync_results_encode(a, &r->results, &r->to_store.adds);
}

enum err sync_run_close(struct sync_run *r)
{
	struct buf settings;
	enum err e = ERR_OK;

	r->to_store = (struct store_sync){ .exists = true };
	if (r->mode == SYNC_START)
		e = close_start(r);
	else if (r->mode == SYNC_NORMAL && r->save)
		e = close_normal(r);
	else if ((r->mode == SYNC_REPLAY || r->mode == SYNC_JOIN) && r->save)
		r->to_store = r->stored; /* only the options are other ones */
	else
		return ERR_OK;
	if (e)
		return e;
	buf_init(&settings, r->c.rq->arena, 0);
	sync_options_put(&settings, &r->c.options);
	if (r->c.sms.wanted)
		sync_options_put(&settings, &r->c.sms.options);
	return buf_done(&settings, &r->to_store.settings);
}
