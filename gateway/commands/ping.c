#include "base/varint.h"
#include "commands/commands.h"
#include "push/push.h"
#include "sync/open.h"

/* Ping (MS-ASCMD 2.2.1.13): tells that something changed, never what. It answers "changes" only for a folder whose next
 * Sync will really bring something: everything else is a loop that empties batteries. */

enum {
	FORMAT = 1,
	STATUS_EXPIRED = 1,
	STATUS_CHANGES = 2,
	STATUS_MISSING = 3,
	STATUS_SYNTAX = 4,
	STATUS_HEARTBEAT = 5,
	STATUS_TOO_MANY = 6,
	STATUS_FOLDERS = 7,
};

struct ping {
	struct request *rq;
	uint32_t heartbeat_s;
	uint32_t *ids;
	size_t n;
	uint32_t status; /* 0: go on */
	uint32_t limit;  /* with 5 and 6 */
	struct store_sync *stored;
	struct collection *c;
	struct push_folder *folders;
	uint64_t mark;
};

static enum err write_status(struct ping *p, struct wbxml_writer *w, uint32_t status)
{
	p->rq->reply.status = status;
	wbxml_open(w, PING_PING);
	wbxml_put_uint(w, PING_STATUS, status);
	if (status == STATUS_CHANGES) {
		wbxml_open(w, PING_FOLDERS);
		for (size_t i = 0; i < p->n; i++)
			if (p->folders[i].changed)
				wbxml_put_uint(w, PING_FOLDER, p->folders[i].id);
		wbxml_close(w);
	}
	if (status == STATUS_TOO_MANY)
		wbxml_put_uint(w, PING_MAX_FOLDERS, p->limit);
	if (status == STATUS_HEARTBEAT)
		wbxml_put_uint(w, PING_HEARTBEAT_INTERVAL, p->limit);
	wbxml_close(w);
	return ERR_OK;
}

/* ---- parameters: what the request leaves out is what the last one said ---- */

static enum err remembered(struct ping *p, bool heartbeat, bool folders)
{
	struct bytes in = p->rq->device.ping, format;
	uint64_t seconds, n, id;

	if (!bytes_take(&in, 1, &format) || format.p[0] != FORMAT ||
	    varint_get_max(&in, UINT32_MAX, &seconds) || varint_get_max(&in, in.len, &n)) {
		p->status = STATUS_MISSING;
		return ERR_OK;
	}
	if (heartbeat)
		p->heartbeat_s = (uint32_t)seconds;
	if (!folders)
		return ERR_OK;
	p->ids = arena_array(p->rq->arena, n, sizeof(*p->ids));
	if (!p->ids)
		return ERR_LIMIT;
	for (p->n = 0; p->n < n; p->n++) {
		if (varint_get_max(&in, UINT32_MAX, &id))
			return ERR_PROTO;
		p->ids[p->n] = (uint32_t)id;
	}
	return ERR_OK;
}

static enum err remember(struct ping *p)
{
	struct bytes encoded;
	struct buf b;
	enum err e;

	buf_init(&b, p->rq->arena, 0);
	buf_put_u8(&b, FORMAT);
	varint_put(&b, p->heartbeat_s);
	varint_put(&b, p->n);
	for (size_t i = 0; i < p->n; i++)
		varint_put(&b, p->ids[i]);
	if ((e = buf_done(&b, &encoded)) || bytes_eq(encoded, p->rq->device.ping))
		return e;
	p->rq->device.ping = encoded;
	return store_device_save(p->rq->worker->redis, bytes_str(p->rq->account->name), p->rq->device_id,
	    &p->rq->device, STORE_DEVICE_PING);
}

static bool has_id(const struct ping *p, uint32_t id)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->ids[i] == id)
			return true;
	return false;
}

/* Some clients write the id as the folder's own text, go-activesync among them. */
static struct bytes folder_text(const struct wbxml_node *folder)
{
	struct bytes id = wbxml_child_text(folder, PING_ID);

	return id.len ? id : bytes_trim(folder->text);
}

static enum err parse_folders(struct ping *p, const struct wbxml_node *folders)
{
	size_t most = p->rq->worker->config->max_ping_folders;
	uint32_t id;

	p->ids = arena_array(p->rq->arena, most, sizeof(*p->ids));
	if (!p->ids)
		return ERR_LIMIT;
	for (const struct wbxml_node *n = wbxml_child(folders, PING_FOLDER); n;
	     n = wbxml_next(n, PING_FOLDER)) {
		if (folder_id_parse(folder_text(n), &id) || has_id(p, id)) {
			p->status = STATUS_SYNTAX;
		} else if (p->n == most) {
			p->status = STATUS_TOO_MANY;
			p->limit = (uint32_t)most;
		} else {
			p->ids[p->n++] = id;
		}
	}
	return ERR_OK;
}

static void check_heartbeat(struct ping *p)
{
	const struct config *config = p->rq->worker->config;

	if (p->status ||
	    (p->heartbeat_s >= config->heartbeat_min_s && p->heartbeat_s <= config->heartbeat_max_s))
		return;
	p->status = STATUS_HEARTBEAT;
	p->limit =
	    p->heartbeat_s < config->heartbeat_min_s ? config->heartbeat_min_s : config->heartbeat_max_s;
}

static enum err parse(struct ping *p)
{
	const struct wbxml_node *heartbeat = wbxml_child(p->rq->xml, PING_HEARTBEAT_INTERVAL);
	const struct wbxml_node *folders = wbxml_child(p->rq->xml, PING_FOLDERS);
	enum err e = ERR_OK;

	if (heartbeat && (e = bytes_to_u32(bytes_trim(heartbeat->text), UINT32_MAX, &p->heartbeat_s)))
		p->status = e == ERR_LIMIT ? 0 : STATUS_SYNTAX;
	if (heartbeat && e == ERR_LIMIT)
		p->heartbeat_s = UINT32_MAX; /* beyond the bound, as check_heartbeat will say */
	if (folders && (e = parse_folders(p, folders)))
		return e;
	if (!p->status && (!heartbeat || !folders) && (e = remembered(p, !heartbeat, !folders)))
		return e;
	if (!p->status && !p->n)
		p->status = STATUS_MISSING;
	check_heartbeat(p);
	return ERR_OK;
}

/* ---- looking ---- */

static enum err load_states(struct ping *p)
{
	struct request *rq = p->rq;

	p->stored = arena_array(rq->arena, p->n, sizeof(*p->stored));
	p->c = arena_array(rq->arena, p->n, sizeof(*p->c));
	if (!p->stored || !p->c)
		return ERR_LIMIT;
	return store_sync_load(rq->worker->redis, rq->arena, bytes_str(rq->account->name), rq->device_id,
	    p->ids, p->n, p->stored);
}

static const struct folder *folder_of_mailbox(const struct folder_list *l, struct bytes mailbox)
{
	for (size_t i = 0; i < l->n; i++)
		if (bytes_eq(l->v[i].mailbox, mailbox))
			return &l->v[i];
	return NULL;
}

/* The folder's SMS, if the phone asks for them. The Outbox has nothing else, so it is their mailbox that is watched; beside
 * mails they are looked at when something happens to those, or another device has brought some. */
static enum err fill_sms(struct ping *p, size_t i, const struct folder_list *now)
{
	struct collection *c = &p->c[i];
	const struct folder *f;
	enum err e = collection_sms_mailbox(p->rq, c->folder_type, &c->sms.mailbox);

	c->sms.wanted = c->sms.mailbox.len && sync_settings_get_sms(&p->stored[i], &c->sms.options);
	if (e || !c->sms.wanted)
		return e;
	f = folder_of_mailbox(now, c->sms.mailbox);
	if (f)
		c->sms.status = f->status;
	if (c->folder_type == FOLDER_OUTBOX) {
		p->folders[i].mailbox = c->sms.mailbox;
		p->folders[i].seen = c->sms.status;
	}
	return ERR_OK;
}

/* A folder that the phone never synced is left alone, and not even watched: iOS names such folders in every Ping. */
static enum err fill(struct ping *p, const struct folder_list *now)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < p->n && !e; i++) {
		const struct folder *f = folders_by_id(now, p->ids[i]);

		p->folders[i].id = p->ids[i];
		p->c[i] = (struct collection){ .rq = p->rq, .imap = p->rq->imap, .folder_id = p->ids[i] };
		if (!f || f->type == FOLDER_GENERIC || !p->stored[i].exists)
			continue;
		p->c[i].folder_type = f->type;
		e = fill_sms(p, i, now);
		if (f->type == FOLDER_OUTBOX && !p->c[i].sms.wanted)
			continue;
		p->c[i].ops = collection_ops_of(f->type, p->rq->version);
		p->folders[i].look_first =
		    p->c[i].ops != &mail_collection && p->c[i].ops != &mail_and_sms_collection;
		if (f->type == FOLDER_OUTBOX)
			continue;
		p->c[i].mailbox = p->folders[i].mailbox = f->mailbox;
		p->c[i].status = p->folders[i].seen = f->status;
	}
	return e;
}

/* What the phone's next Sync of that folder would bring. */
static enum err look(struct ping *p, size_t i, struct sync_peek *out)
{
	struct snapshot has;
	enum err e;

	*out = (struct sync_peek){ 0 };
	if (!p->c[i].ops)
		return ERR_OK;
	e = snapshot_decode(p->rq->arena, p->stored[i].current, &has);
	if (e == ERR_PROTO) { /* Sync will say status 3: let it */
		out->changes = out->adds = 1;
		return ERR_OK;
	}
	if (e)
		return e;
	sync_settings_get(&p->stored[i], &p->c[i].options);
	e = sync_peek(&p->c[i], &has, out);
	return e == ERR_NOT_FOUND ? ERR_OK : e; /* the folder list tells */
}

static enum err look_at_all(struct ping *p, bool only_changed, bool *adds, bool *changes)
{
	*adds = *changes = false;
	for (size_t i = 0; i < p->n; i++) {
		struct sync_peek peek;
		enum err e;

		if (only_changed && !p->folders[i].changed)
			continue;
		if ((e = look(p, i, &peek)))
			return e;
		p->folders[i].changed = peek.changes > 0;
		*adds |= peek.adds > 0;
		*changes |= peek.changes > 0;
	}
	return ERR_OK;
}

static enum err start(struct ping *p, struct wbxml_writer *w)
{
	struct folder_list now;
	bool differ, adds, changes;
	struct imap *imap;
	enum err e;

	if ((e = parse(p)))
		return e;
	if (p->status)
		return write_status(p, w, p->status);
	p->folders = arena_array(p->rq->arena, p->n, sizeof(*p->folders));
	if (!p->folders)
		return ERR_LIMIT;
	p->mark = push_mark(p->rq->worker->push, p->rq->account);
	if ((e = remember(p)) || (e = load_states(p)) || (e = request_imap(p->rq, BYTES("INBOX"), &imap)) ||
	    (e = folders_load(p->rq, imap, &now)) || (e = device_folders_differ(p->rq, &now, &differ)))
		return e;
	if (differ)
		return write_status(p, w, STATUS_FOLDERS);
	if ((e = fill(p, &now)) || (e = look_at_all(p, false, &adds, &changes)))
		return e;
	if (changes)
		return write_status(p, w, STATUS_CHANGES);
	return push_park(p->rq, &(struct push_wait){ p->heartbeat_s, p->folders, p->n, p->mark });
}

/* ---- going on after the wait ---- */

static enum err look_again(struct ping *p, struct wbxml_writer *w, enum push_why why)
{
	struct folder_list now;
	bool differ, adds, changes;
	struct imap *imap;
	enum err e;

	if ((e = store_device_load(p->rq->worker->redis, p->rq->arena, bytes_str(p->rq->account->name),
		 p->rq->device_id, &p->rq->device)) ||
	    (e = load_states(p)) || (e = request_imap(p->rq, BYTES("INBOX"), &imap)) ||
	    (e = folders_load(p->rq, imap, &now)) || (e = device_folders_differ(p->rq, &now, &differ)))
		return e;
	if (differ)
		return write_status(p, w, STATUS_FOLDERS);
	if ((e = fill(p, &now)) || (e = look_at_all(p, why == PUSH_CHANGED, &adds, &changes)))
		return e;
	if (changes && parked_is_doubtful(p->rq->parked)) {
		parked_wait_on(p->rq);
		return ERR_OK;
	}
	if (adds || (changes && why == PUSH_DUE))
		return write_status(p, w, STATUS_CHANGES);
	parked_saw(p->rq->parked, p->folders);
	if (changes)
		parked_wait_quietly(p->rq);
	else
		parked_wait_on(p->rq);
	return ERR_OK;
}

/* Tells of the folders with new items; what else happened in others wasn't looked at. False if there is none any more: a look that
 * was under way when they came has seen to them. */
static bool only_new(struct ping *p)
{
	bool any = false;

	for (size_t i = 0; i < p->n; i++)
		any |= p->folders[i].has_new;
	for (size_t i = 0; i < p->n && any; i++)
		p->folders[i].changed = p->folders[i].has_new;
	return any;
}

static enum err go_on(struct ping *p, struct wbxml_writer *w)
{
	enum push_why why = parked_why(p->rq->parked);
	enum err e;

	if ((e = parked_folders(p->rq->parked, p->rq->arena, &p->folders, &p->n)))
		return e;
	p->ids = arena_array(p->rq->arena, p->n, sizeof(*p->ids));
	if (!p->ids)
		return ERR_LIMIT;
	for (size_t i = 0; i < p->n; i++)
		p->ids[i] = p->folders[i].id;
	switch (why) {
	case PUSH_TIMEOUT:
		return write_status(p, w, STATUS_EXPIRED);
	case PUSH_NEW:
		return only_new(p) ? write_status(p, w, STATUS_CHANGES) : look_again(p, w, PUSH_CHANGED);
	case PUSH_CHANGED:
	case PUSH_FOLDERS:
	case PUSH_DUE:
		return look_again(p, w, why);
	}
	return ERR_OK;
}

enum err command_ping(struct request *rq, struct wbxml_writer *w)
{
	struct ping p = { .rq = rq };

	return rq->parked ? go_on(&p, w) : start(&p, w);
}
