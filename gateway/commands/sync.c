#include "commands/commands.h"
#include "devices/policy.h"
#include "io/log.h"
#include "push/push.h"
#include "sync/open.h"

/* Sync (MS-ASCMD 2.2.1.21): loads the states, lets each collection do its work, stores the new states, and only then
 * answers: a lost answer becomes a replay. The rules of one collection are in sync/engine.c. */

enum { MAX_TRIES = 3, MAX_NODES = 100000 };

struct sync {
	struct request *rq;
	struct sync_request ask;
	struct sync_run *runs;
	struct known_folders known;
	uint64_t mark;
};

static enum err refuse(struct sync *s, struct wbxml_writer *w, uint32_t status, uint32_t limit)
{
	s->rq->reply.status = status;
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_put_uint(w, AIRSYNC_STATUS, status);
	if (limit)
		wbxml_put_uint(w, AIRSYNC_LIMIT, limit);
	wbxml_close(w);
	return ERR_OK;
}

/* ---- states ---- */

/* A whole request names its collections, so that device and states come in one round trip; for an empty or partial one the
 * device's cached request must be there first. */
static enum err load(struct sync *s)
{
	struct request *rq = s->rq;
	struct bytes account = bytes_str(rq->account->name);
	bool whole = rq->xml && !wbxml_child(rq->xml, AIRSYNC_PARTIAL);
	struct store_sync *stored;
	uint32_t *ids;
	enum err e;

	if (!whole && !rq->device_loaded) {
		if ((e = store_device_load(
			 rq->worker->redis, rq->arena, account, rq->device_id, &rq->device)))
			return e;
		rq->device_loaded = true;
	}
	if ((e = sync_request_parse(rq, rq->xml, rq->device.sync_request, &s->ask)))
		return e;
	ids = arena_array(rq->arena, s->ask.n, sizeof(*ids));
	stored = arena_array(rq->arena, s->ask.n, sizeof(*stored));
	s->runs = arena_array(rq->arena, s->ask.n, sizeof(*s->runs));
	if (!ids || !stored || !s->runs)
		return ERR_LIMIT;
	for (size_t i = 0; i < s->ask.n; i++)
		ids[i] = s->ask.v[i].id;
	if ((e = store_load_for_sync(
		 rq->worker->redis, rq->arena, account, rq->device_id, ids, s->ask.n, &rq->device, stored)))
		return e;
	rq->device_loaded = true;
	for (size_t i = 0; i < s->ask.n; i++) {
		s->runs[i].ask = &s->ask.v[i];
		s->runs[i].stored = stored[i];
		s->runs[i].c.rq = rq;
	}
	return device_folders(rq, &s->known);
}

static enum err find_folders(struct sync *s)
{
	struct collection **c = arena_array(s->rq->arena, s->ask.n, sizeof(struct collection *));
	uint32_t *ids = arena_array(s->rq->arena, s->ask.n, sizeof(*ids));

	if (!c || !ids)
		return ERR_LIMIT;
	for (size_t i = 0; i < s->ask.n; i++) {
		c[i] = &s->runs[i].c;
		ids[i] = s->ask.v[i].id;
	}
	return collections_find(s->rq, &s->known, ids, c, s->ask.n);
}

/* ---- the work ---- */

/* A folder that isn't (any more) what the phone takes it for. */
static void fail_folder(struct sync_run *r)
{
	r->mode = SYNC_FAILED;
	r->status = SYNC_STATUS_NOT_FOUND;
	r->save = false;
}

static enum err open_runs(struct sync *s)
{
	struct collection **c = arena_array(s->rq->arena, s->ask.n, sizeof(struct collection *));
	size_t n = 0;
	enum err e;

	if (!c)
		return ERR_LIMIT;
	for (size_t i = 0; i < s->ask.n; i++) {
		struct sync_run *r = &s->runs[i];

		if ((e = sync_run_open(r)))
			return e;
		if (!r->c.ops && r->mode != SYNC_FAILED)
			fail_folder(r);
		r->c.fetches = sync_run_fetches(r);
		if (sync_run_needs_backend(r))
			c[n++] = &r->c;
	}
	return collections_connect(s->rq, c, n);
}

/* Collections in the order of the request, until the window or the byte budget of the whole is used up; what comes then is
 * left out, unless it has commands: those are done in any case. */
static enum err work(struct sync *s)
{
	size_t budget = s->rq->worker->config->sync_response_bytes, start = arena_used(s->rq->arena);
	uint32_t window = s->ask.window;

	for (size_t i = 0; i < s->ask.n; i++) {
		struct sync_run *r = &s->runs[i];
		size_t spent = arena_used(s->rq->arena) - start;
		bool full = window == 0 || spent >= budget;
		uint32_t mine = r->ask->window < window ? r->ask->window : window;
		enum err e;

		if (full && r->mode == SYNC_NORMAL && !r->ask->n_commands)
			continue;
		e = sync_run_work(r, full ? 1 : mine, full ? 0 : budget - spent);
		if (e == ERR_NOT_FOUND) {
			fail_folder(r);
			continue;
		}
		if (e)
			return e;
		window -= r->changes.n < window ? (uint32_t)r->changes.n : window;
	}
	return ERR_OK;
}

static enum err commit(struct sync *s)
{
	struct store_sync_commit *v = arena_array(s->rq->arena, s->ask.n, sizeof(*v));
	size_t n = 0;
	enum err e;

	if (!v)
		return ERR_LIMIT;
	for (size_t i = 0; i < s->ask.n; i++) {
		struct sync_run *r = &s->runs[i];

		if ((e = sync_run_close(r)))
			return e;
		if (!r->save)
			continue;
		v[n++] = (struct store_sync_commit){ .collection = r->c.folder_id,
			.expect_exists = r->stored.exists,
			.expected_epoch = r->stored.epoch,
			.expected_generation = r->stored.generation,
			.expected_revision = r->stored.revision,
			.next = r->to_store };
	}
	if (!n)
		return ERR_OK;
	return store_sync_commit(
	    s->rq->worker->redis, bytes_str(s->rq->account->name), s->rq->device_id, v, n);
}

static bool is_worth_remembering(const struct sync *s)
{
	if (s->rq->version < EAS_12_1)
		return false;
	for (size_t i = 0; i < s->ask.n; i++)
		if (s->ask.v[i].n_commands || s->runs[i].mode == SYNC_FAILED || s->runs[i].mode == SYNC_START)
			return false;
	return true;
}

/* Empty and partial requests of later refer to the last whole one without commands, and to the keys that the phone had then: an
 * answer that brings a new key may get lost, and only a request that names that key shows that it did not. So when keys
 * move on, the former note will do, unless something else was asked for; it holds no more in any case. */
static enum err remember_request(struct sync *s)
{
	struct request *rq = s->rq;
	struct bytes encoded, shape;
	bool advances = false;
	size_t shape_len;
	enum err e;

	if (!is_worth_remembering(s))
		return ERR_OK;
	for (size_t i = 0; i < s->ask.n; i++) {
		s->ask.v[i].proven = s->runs[i].key;
		advances |= s->runs[i].advance;
	}
	if ((e = sync_request_encode(rq->arena, &s->ask, &encoded, &shape_len)) ||
	    bytes_eq(encoded, rq->device.sync_request))
		return e;
	shape = bytes_of(encoded.p, shape_len);
	if (advances && rq->device.sync_request.len >= shape_len &&
	    bytes_eq(bytes_of(rq->device.sync_request.p, shape_len), shape))
		return ERR_OK;
	rq->device.sync_request = encoded;
	return store_device_save(rq->worker->redis, bytes_str(rq->account->name), rq->device_id, &rq->device,
	    STORE_DEVICE_SYNC_REQUEST);
}

/* What the phone changed is news for the account's other devices. */
static void tell_others(struct sync *s)
{
	uint32_t *ids = arena_array(s->rq->arena, s->ask.n, sizeof(*ids));
	size_t n = 0;

	for (size_t i = 0; ids && i < s->ask.n; i++)
		if (s->runs[i].mode == SYNC_NORMAL && s->ask.v[i].n_commands)
			ids[n++] = s->ask.v[i].id;
	if (n)
		push_publish(s->rq, ids, n);
}

/* ---- the answer ---- */

static bool has_answer(const struct sync *s)
{
	for (size_t i = 0; i < s->ask.n; i++)
		if (sync_run_has_answer(&s->runs[i]))
			return true;
	return false;
}

/* One folder that is gone: 12, and the phone fetches the folder list. Among several, the others go on. */
static bool only_gone_folders(const struct sync *s)
{
	for (size_t i = 0; i < s->ask.n; i++)
		if (s->runs[i].mode != SYNC_FAILED || s->runs[i].status != SYNC_STATUS_NOT_FOUND)
			return false;
	return s->ask.n > 0;
}

/* The folder list is looked at when the wait begins, and whenever it may have changed: a phone that does nothing but hanging
 * Syncs hears of it in no other way. */
static enum err folders_changed(struct sync *s, bool *out)
{
	struct folder_list now;
	struct imap *imap;
	enum err e;

	*out = false;
	if (s->rq->parked && parked_why(s->rq->parked) != PUSH_FOLDERS)
		return ERR_OK;
	if ((e = request_imap(s->rq, BYTES("INBOX"), &imap)) || (e = folders_load(s->rq, imap, &now)))
		return e;
	return device_folders_differ(s->rq, &now, out);
}

static enum err park(struct sync *s)
{
	struct push_folder *v;

	if (s->rq->parked) {
		parked_wait_on(s->rq);
		return ERR_OK;
	}
	v = arena_array(s->rq->arena, s->ask.n, sizeof(*v));
	if (!v)
		return ERR_LIMIT;
	for (size_t i = 0; i < s->ask.n; i++) {
		const struct collection *c = &s->runs[i].c;
		bool sms = !c->mailbox.len && c->sms.wanted; /* the Outbox, which has no mails */

		v[i] = (struct push_folder){ .id = c->folder_id,
			.mailbox = sms ? c->sms.mailbox : c->mailbox,
			.seen = sms ? c->sms.status : c->status };
	}
	return push_park(s->rq, &(struct push_wait){ s->ask.heartbeat_s, v, s->ask.n, s->mark });
}

static enum err write_answer(struct sync *s, struct wbxml_writer *w)
{
	enum err e = ERR_OK;

	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_open(w, AIRSYNC_COLLECTIONS);
	for (size_t i = 0; i < s->ask.n && !e; i++) {
		struct sync_run *r = &s->runs[i];

		if (sync_run_has_answer(r) || s->rq->version < EAS_12_1)
			e = sync_run_write(r, w);
		if (r->status != 1)
			s->rq->reply.status = r->status;
	}
	wbxml_close(w);
	wbxml_close(w);
	return e;
}

static enum err answer(struct sync *s, struct wbxml_writer *w)
{
	bool changed;
	enum err e;

	if (only_gone_folders(s))
		return refuse(s, w, SYNC_STATUS_FOLDERS_CHANGED, 0);
	if (has_answer(s) || s->rq->version < EAS_12_1)
		return write_answer(s, w);
	if (s->ask.heartbeat_s) {
		if ((e = folders_changed(s, &changed)))
			return e;
		return changed ? refuse(s, w, SYNC_STATUS_FOLDERS_CHANGED, 0) : park(s);
	}
	return ERR_OK; /* an empty 200: nothing new, the keys stay */
}

static bool is_incomplete(const struct sync *s)
{
	for (size_t i = 0; i < s->ask.n; i++)
		if (s->runs[i].mode == SYNC_FAILED && s->runs[i].status == SYNC_STATUS_INCOMPLETE)
			return true;
	return false;
}

/* While it hung, another Sync of the phone moved a key on. What was news for this one the phone has by now: an answer would only
 * bring it again, and might void the key that the phone has got. */
static bool is_overtaken(const struct sync *s)
{
	for (size_t i = 0; i < s->ask.n; i++) {
		const struct sync_run *r = &s->runs[i];

		if (r->mode == SYNC_REPLAY || r->off_former_key ||
		    (r->mode == SYNC_FAILED && r->status == SYNC_STATUS_BAD_KEY))
			return true;
	}
	return is_incomplete(s);
}

/* ERR_CONFLICT: another request of this device was faster for one of the collections. */
static enum err attempt(struct sync *s, struct wbxml_writer *w, bool *answered)
{
	uint32_t gate;
	enum err e;

	*answered = true;
	if ((e = load(s)))
		return e;
	if ((e = policy_gate(s->rq, &gate)))
		return e;
	if (gate)
		return request_refuse(s->rq, w, gate);
	if (s->ask.status)
		return refuse(s, w, s->ask.status, s->ask.limit);
	if ((e = find_folders(s)) || (e = open_runs(s)))
		return e;
	if (!s->rq->parked && is_incomplete(s))
		return refuse(s, w, SYNC_STATUS_INCOMPLETE, 0);
	if (s->rq->parked && is_overtaken(s))
		return ERR_OK; /* an empty 200 */
	*answered = false;
	if ((e = work(s)) || (e = commit(s)))
		return e;
	tell_others(s);
	return remember_request(s);
}

/* Whether the phone has said something that changes the server. */
static bool may_write(const struct request *rq)
{
	const struct wbxml_node *all = wbxml_child(rq->xml, AIRSYNC_COLLECTIONS);

	for (const struct wbxml_node *c = wbxml_child(all, AIRSYNC_COLLECTION); c;
	     c = wbxml_next(c, AIRSYNC_COLLECTION))
		if (wbxml_child(c, AIRSYNC_COMMANDS))
			return true;
	return false;
}

/* After a lost race everything is read again: a doubled request then finds that it is a replay. */
static enum err run(struct sync *s, struct wbxml_writer *w, bool *answered)
{
	struct request *rq = s->rq;
	bool writes = may_write(rq);
	struct push_write write;
	enum err e = ERR_CONFLICT;

	if (writes)
		push_write_begin(&write, rq);
	for (int i = 0; i < MAX_TRIES && e == ERR_CONFLICT; i++) {
		*s = (struct sync){ .rq = rq, .mark = s->mark };
		rq->device_loaded = false;
		e = attempt(s, w, answered);
	}
	if (writes)
		push_write_end(&write);
	return e;
}

/* A hanging Sync goes on: it is done anew from its body. */
static enum err read_parked_body(struct request *rq)
{
	struct bytes body = parked_body(rq->parked);
	struct wbxml_node *root = NULL;
	enum err e = ERR_OK;

	if (body.len)
		e = wbxml_tree(rq->arena, body, MAX_NODES, &root, NULL, NULL);
	rq->xml = root;
	return e;
}

enum err command_sync(struct request *rq, struct wbxml_writer *w)
{
	struct sync s = { .rq = rq };
	bool answered = false;
	enum err e;

	if (rq->parked && parked_why(rq->parked) == PUSH_TIMEOUT)
		return ERR_OK; /* an empty 200 */
	if (rq->parked && (e = read_parked_body(rq)))
		return e;
	s.mark = push_mark(rq->worker->push, rq->account);
	e = run(&s, w, &answered);
	if (e == ERR_CONFLICT)
		return refuse(&s, w, SYNC_STATUS_RETRY, 0);
	if (e || answered)
		return e;
	return answer(&s, w);
}
