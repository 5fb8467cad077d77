#include "sync/sync_request.h"

#include "base/varint.h"
#include "sync/folders.h"

enum {
	FORMAT = 2,
	WINDOW_DEFAULT = 100,
	WINDOW_MAX = 512,
	MAX_COMMANDS = 200,
};

/* 0 and what is above 512 count as 512. Source: MS-ASCMD 2.2.3.199. */
static enum err get_window(const struct wbxml_node *parent, bool *has, uint32_t *out)
{
	const struct wbxml_node *n = wbxml_child(parent, AIRSYNC_WINDOW_SIZE);
	enum err e;

	*has = n != NULL;
	if (!n)
		return ERR_OK;
	e = bytes_to_u32(bytes_trim(n->text), UINT32_MAX, out);
	if (e == ERR_LIMIT || (!e && (*out == 0 || *out > WINDOW_MAX))) {
		*out = WINDOW_MAX;
		e = ERR_OK;
	}
	return e;
}

/* Up to two blocks in any order: the folder's own class, and SMS. One of SMS alone leaves the other class as if it had no
 * options. */
static void parse_options(const struct wbxml_node *collection, struct sync_ask *ask)
{
	const struct wbxml_node *n = wbxml_child(collection, AIRSYNC_OPTIONS);
	bool own = false;

	sync_options_default(&ask->options);
	for (; n; n = wbxml_next(n, AIRSYNC_OPTIONS)) {
		struct sync_options o;
		enum err e = sync_options_parse(n, &o);

		if (e) {
			ask->status = e == ERR_UNSUPPORTED ? STATUS_BODY_PART_PREFERENCE_TYPE_NOT_SUPPORTED
							   : SYNC_STATUS_PROTOCOL;
			return;
		}
		if (o.class == CLASS_SMS ? ask->wants_sms : own) {
			ask->status = SYNC_STATUS_PROTOCOL;
			return;
		}
		ask->has_options = true;
		if (o.class == CLASS_SMS) {
			ask->wants_sms = true;
			ask->sms_options = o;
		} else {
			own = true;
			ask->options = o;
		}
	}
}

static uint32_t count_commands(const struct wbxml_node *commands)
{
	uint32_t n = 0;

	for (const struct wbxml_node *c = commands ? commands->child : NULL; c; c = c->next)
		n++;
	return n;
}

static void parse_collection(enum eas_version version, const struct wbxml_node *n, struct sync_ask *ask)
{
	const struct wbxml_node *get_changes = wbxml_child(n, AIRSYNC_GET_CHANGES);
	const struct wbxml_node *supported = wbxml_child(n, AIRSYNC_SUPPORTED);
	struct bytes class = wbxml_child_text(n, AIRSYNC_CLASS);
	bool initial;

	*ask = (struct sync_ask){ .id_text = wbxml_child_text(n, AIRSYNC_COLLECTION_ID),
		.key = wbxml_child_text(n, AIRSYNC_SYNC_KEY),
		.window = WINDOW_DEFAULT };
	initial = ask->key.len == 0 || bytes_eq_str(ask->key, "0");
	ask->names_supported = initial && supported && supported->child;
	ask->has_conversation_mode = version >= EAS_14_0 && wbxml_child(n, AIRSYNC_CONVERSATION_MODE) != NULL;
	ask->commands = wbxml_child(n, AIRSYNC_COMMANDS);
	ask->n_commands = count_commands(ask->commands);
	if (folder_id_parse(ask->id_text, &ask->id))
		ask->id = 0;
	/* GetChanges with key 0 is an error by the documents, but go-activesync and others send it: quirks.md, wire rule 4 */
	if (!ask->id_text.len || !wbxml_child(n, AIRSYNC_SYNC_KEY) ||
	    (class.len && eas_class_parse(class, &ask->class)) ||
	    wbxml_child_bool(n, AIRSYNC_DELETES_AS_MOVES, true, &ask->deletes_as_moves) ||
	    wbxml_child_bool(n, AIRSYNC_GET_CHANGES, get_changes != NULL || !initial, &ask->get_changes) ||
	    wbxml_child_bool(n, AIRSYNC_CONVERSATION_MODE, false, &ask->conversation_mode) ||
	    get_window(n, &ask->has_window, &ask->window) || ask->n_commands > MAX_COMMANDS)
		ask->status = SYNC_STATUS_PROTOCOL;
	parse_options(n, ask);
}

/* Wait is in minutes, HeartbeatInterval in seconds; only one of them. Source: MS-ASCMD 2.2.3.197, 2.2.3.86.2. */
static void parse_wait(struct request *rq, const struct wbxml_node *xml, struct sync_request *s)
{
	const struct wbxml_node *wait = wbxml_child(xml, AIRSYNC_WAIT);
	const struct wbxml_node *heartbeat = wbxml_child(xml, AIRSYNC_HEARTBEAT_INTERVAL);
	uint32_t unit = wait ? 60 : 1, n;
	uint32_t least = (rq->worker->config->heartbeat_min_s + unit - 1) / unit;
	uint32_t most = rq->worker->config->heartbeat_max_s / unit;
	enum err e;

	if (!wait && !heartbeat)
		return;
	e = bytes_to_u32(bytes_trim((wait ? wait : heartbeat)->text), UINT32_MAX, &n);
	if ((wait && heartbeat) || (e && e != ERR_LIMIT)) {
		s->status = SYNC_STATUS_PROTOCOL;
		return;
	}
	if (e)
		n = UINT32_MAX;
	if (n == 0)
		return; /* "don't wait", says iOS */
	if (n < least || n > most) {
		s->status = SYNC_STATUS_WAIT_RANGE;
		s->limit = n < least ? least : most;
		return;
	}
	s->heartbeat_s = n * unit;
}

static struct sync_ask *find_ask(struct sync_request *s, uint32_t id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].id == id)
			return &s->v[i];
	return NULL;
}

/* Adds the cached collections that the request doesn't name, and what else it doesn't say. */
static enum err merge_cached(
    struct arena *a, struct bytes cached, bool partial, struct sync_request *s, size_t room)
{
	struct sync_ask *v = arena_array(a, room, sizeof(*v));
	uint64_t n, id, window, heartbeat;
	struct bytes format;

	if (!v)
		return ERR_LIMIT;
	if (!bytes_take(&cached, 1, &format) || format.p[0] != FORMAT ||
	    varint_get_max(&cached, UINT32_MAX, &heartbeat) || varint_get_max(&cached, WINDOW_MAX, &window) ||
	    varint_get_max(&cached, room, &n))
		return ERR_PROTO;
	if (!partial || !s->heartbeat_s)
		s->heartbeat_s = (uint32_t)heartbeat;
	if (!partial || !s->window)
		s->window = (uint32_t)window;
	for (size_t i = 0; i < n; i++) {
		uint64_t moves;

		if (varint_get_max(&cached, UINT32_MAX, &id) ||
		    varint_get_max(&cached, WINDOW_MAX, &window) || varint_get_max(&cached, 1, &moves))
			return ERR_PROTO;
		v[i] = (struct sync_ask){ .key_current = true,
			.get_changes = true,
			.id = (uint32_t)id,
			.window = (uint32_t)window,
			.deletes_as_moves = moves != 0 };
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t epoch, generation;

		if (varint_get(&cached, &epoch) || varint_get_max(&cached, UINT32_MAX, &generation))
			return ERR_PROTO;
		v[i].proven = (struct sync_key){ epoch, (uint32_t)generation };
		if (!find_ask(s, v[i].id) && s->n < room)
			s->v[s->n++] = v[i];
	}
	return ERR_OK;
}

static void drop_doubles(struct sync_request *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < i; k++)
			if (s->v[i].id && s->v[i].id == s->v[k].id)
				s->v[i].status = SYNC_STATUS_PROTOCOL;
}

static enum err parse_named(
    struct request *rq, const struct wbxml_node *xml, struct sync_request *s, size_t room)
{
	const struct wbxml_node *n = wbxml_child(wbxml_child(xml, AIRSYNC_COLLECTIONS), AIRSYNC_COLLECTION);
	bool has_window = false;

	for (; n; n = wbxml_next(n, AIRSYNC_COLLECTION)) {
		if (s->n == room) {
			s->status = SYNC_STATUS_TOO_MANY;
			s->limit = (uint32_t)room;
			return ERR_OK;
		}
		parse_collection(rq->version, n, &s->v[s->n++]);
	}
	drop_doubles(s);
	if (get_window(xml, &has_window, &s->window))
		s->status = SYNC_STATUS_PROTOCOL;
	parse_wait(rq, xml, s);
	return ERR_OK;
}

enum err sync_request_parse(
    struct request *rq, const struct wbxml_node *xml, struct bytes cached, struct sync_request *out)
{
	size_t room = rq->worker->config->max_sync_collections;
	bool partial = xml && wbxml_child(xml, AIRSYNC_PARTIAL);
	enum err e;

	*out = (struct sync_request){ .v = arena_array(rq->arena, room, sizeof(*out->v)) };
	if (!out->v)
		return ERR_LIMIT;
	if (xml && (e = parse_named(rq, xml, out, room)))
		return e;
	if (!out->status && (!xml || partial)) {
		out->from_cache = true;
		if (partial && !xml->child->next)
			out->status = SYNC_STATUS_PROTOCOL; /* Partial alone says nothing */
		else if ((e = merge_cached(rq->arena, cached, partial, out, room)) == ERR_PROTO || !out->n)
			out->status = SYNC_STATUS_INCOMPLETE;
		else if (e)
			return e;
	} else if (!out->status && !out->n) {
		out->status = SYNC_STATUS_PROTOCOL;
	}
	if (!out->window)
		out->window = WINDOW_MAX;
	return ERR_OK;
}

enum err sync_request_encode(
    struct arena *a, const struct sync_request *s, struct bytes *out, size_t *shape_len)
{
	struct buf b;

	buf_init(&b, a, 0);
	buf_put_u8(&b, FORMAT);
	varint_put(&b, s->heartbeat_s);
	varint_put(&b, s->window);
	varint_put(&b, s->n);
	for (size_t i = 0; i < s->n; i++) {
		varint_put(&b, s->v[i].id);
		varint_put(&b, s->v[i].window);
		varint_put(&b, s->v[i].deletes_as_moves);
	}
	*shape_len = b.len;
	for (size_t i = 0; i < s->n; i++) {
		varint_put(&b, s->v[i].proven.epoch);
		varint_put(&b, s->v[i].proven.generation);
	}
	return buf_done(&b, out);
}
