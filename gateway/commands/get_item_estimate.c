#include "commands/commands.h"
#include "sync/open.h"

/* GetItemEstimate (MS-ASCMD 2.2.1.9): how many changes the next Sync would bring. Changes no state and no key. */

enum {
	STATUS_OK = 1,
	STATUS_BAD_COLLECTION = 2,
	STATUS_NOT_PRIMED = 3,
	STATUS_BAD_KEY = 4,
	MAX_COLLECTIONS = 300
};

struct estimate {
	const struct wbxml_node *node;
	struct bytes id_text;
	uint32_t id, status, count;
	struct store_sync stored;
	struct snapshot has;
	struct collection c;
};

static size_t count_collections(const struct request *rq)
{
	const struct wbxml_node *all = wbxml_child(rq->xml, GETITEMESTIMATE_COLLECTIONS);
	size_t n = 0;

	for (const struct wbxml_node *c = wbxml_child(all, GETITEMESTIMATE_COLLECTION); c;
	     c = wbxml_next(c, GETITEMESTIMATE_COLLECTION))
		n++;
	return n;
}

/* The block that isn't for SMS. */
static const struct wbxml_node *own_options(const struct wbxml_node *collection)
{
	const struct wbxml_node *n = wbxml_child(collection, AIRSYNC_OPTIONS);

	while (n && bytes_eq_nocase(wbxml_child_text(n, AIRSYNC_CLASS), eas_class_name(CLASS_SMS)))
		n = wbxml_next(n, AIRSYNC_OPTIONS);
	return n;
}

/* The request's own options; `out` has those of the last Sync. Up to 12.1 the filter stands in the collection itself. */
static enum err parse_options(const struct estimate *s, struct sync_options *out)
{
	const struct wbxml_node *options = own_options(s->node);
	const struct wbxml_node *filter = wbxml_child(s->node, AIRSYNC_FILTER_TYPE);
	uint32_t type;

	if (options)
		return sync_options_parse(options, out);
	if (!filter)
		return ERR_OK;
	if (bytes_to_u32(bytes_trim(filter->text), FILTERS - 1, &type))
		return ERR_PROTO;
	out->filter_type = (enum filter_type)type;
	return ERR_OK;
}

/* ConversationMode has a place of its own, too. Source: MS-ASCMD 2.2.3.36.1. */
static enum err parse_all(const struct estimate *s, struct sync_options *out)
{
	bool mode, said = s->c.rq->version >= EAS_14_0 && wbxml_child(s->node, AIRSYNC_CONVERSATION_MODE);
	enum err e;

	sync_settings_get(&s->stored, out);
	mode = out->conversation_mode;
	if (said && (s->c.ops->class != CLASS_EMAIL ||
			wbxml_child_bool(s->node, AIRSYNC_CONVERSATION_MODE, false, &mode)))
		return ERR_PROTO;
	e = parse_options(s, out);
	out->conversation_mode = mode;
	return e;
}

/* Options that can't be read, or not for this class. Up to 12.1 there is one status for all of that.
 * Source: MS-ASCMD 2.2.3.68.1, 2.2.3.103.1. */
static void read_options(struct estimate *s)
{
	bool old = s->c.rq->version <= EAS_12_1;

	if (parse_all(s, &s->c.options))
		s->status = old ? STATUS_BAD_COLLECTION : STATUS_INVALID_XML;
	else if (s->c.options.max_items && s->c.folder_type != FOLDER_RECIPIENT_CACHE)
		s->status = STATUS_BAD_COLLECTION;
	else if (!filter_type_fits(s->c.options.filter_type, s->c.ops->class))
		s->status = old ? STATUS_BAD_COLLECTION : STATUS_SERVER_ERROR;
}

static void check_key(struct estimate *s, struct arena *a)
{
	struct bytes text = wbxml_child_text(s->node, AIRSYNC_SYNC_KEY);
	struct bytes state;
	struct sync_key key;

	if (!s->stored.exists) {
		s->status = STATUS_NOT_PRIMED;
		return;
	}
	s->status = STATUS_BAD_KEY;
	if (sync_key_parse(text, &key) || key.epoch != s->stored.epoch || key.generation == 0)
		return;
	state = key.generation == s->stored.generation ? s->stored.current : s->stored.previous;
	if (!state.len || snapshot_decode(a, state, &s->has) || s->has.generation != key.generation)
		return;
	s->c.sms.wanted = sync_settings_get_sms(&s->stored, &s->c.sms.options);
	s->status = STATUS_OK;
}

/* What is wrong with the request is told before what is wrong with its key. */
static void check(struct estimate *s, struct arena *a)
{
	s->status = s->c.ops ? STATUS_OK : STATUS_BAD_COLLECTION;
	if (s->status == STATUS_OK)
		read_options(s);
	if (s->status == STATUS_OK)
		check_key(s, a);
}

static enum err load(struct request *rq, struct estimate *v, size_t n)
{
	uint32_t *ids = arena_array(rq->arena, n, sizeof(*ids));
	struct store_sync *stored = arena_array(rq->arena, n, sizeof(*stored));
	struct collection **c = arena_array(rq->arena, n, sizeof(struct collection *));
	struct known_folders known;
	size_t used = 0;
	enum err e;

	if (!ids || !stored || !c)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		ids[i] = v[i].id;
		c[i] = &v[i].c;
	}
	if ((e = store_sync_load(rq->worker->redis, rq->arena, bytes_str(rq->account->name), rq->device_id,
		 ids, n, stored)) ||
	    (e = device_folders(rq, &known)) || (e = collections_find(rq, &known, ids, c, n)))
		return e;
	for (size_t i = 0; i < n; i++) {
		v[i].stored = stored[i];
		check(&v[i], rq->arena);
		if (v[i].status == STATUS_OK)
			c[used++] = &v[i].c;
	}
	return collections_connect(rq, c, used);
}

static enum err count(struct estimate *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct sync_peek peek;
		enum err e;

		if (v[i].status != STATUS_OK)
			continue;
		e = sync_peek(&v[i].c, &v[i].has, &peek);
		if (e == ERR_NOT_FOUND)
			v[i].status = STATUS_BAD_COLLECTION;
		else if (e)
			return e;
		v[i].count = peek.changes;
	}
	return ERR_OK;
}

static void write_one(const struct request *rq, const struct estimate *s, struct wbxml_writer *w)
{
	wbxml_open(w, GETITEMESTIMATE_RESPONSE);
	wbxml_put_uint(w, GETITEMESTIMATE_STATUS, s->status);
	wbxml_open(w, GETITEMESTIMATE_COLLECTION);
	if (rq->version <= EAS_12_1)
		wbxml_put_str(
		    w, GETITEMESTIMATE_CLASS, eas_class_name(s->c.ops ? s->c.ops->class : CLASS_EMAIL));
	wbxml_put(w, GETITEMESTIMATE_COLLECTION_ID, s->id_text);
	wbxml_put_uint(w, GETITEMESTIMATE_ESTIMATE, s->count);
	wbxml_close(w);
	wbxml_close(w);
}

enum err command_get_item_estimate(struct request *rq, struct wbxml_writer *w)
{
	const struct wbxml_node *all = wbxml_child(rq->xml, GETITEMESTIMATE_COLLECTIONS);
	size_t n = count_collections(rq), used = 0;
	struct estimate *v;
	enum err e;

	if (!n || n > MAX_COLLECTIONS)
		return request_refuse(rq, w, STATUS_INVALID_XML);
	v = arena_array(rq->arena, n, sizeof(*v));
	if (!v)
		return ERR_LIMIT;
	for (const struct wbxml_node *c = wbxml_child(all, GETITEMESTIMATE_COLLECTION); c;
	     c = wbxml_next(c, GETITEMESTIMATE_COLLECTION), used++) {
		v[used].node = c;
		v[used].id_text = wbxml_child_text(c, GETITEMESTIMATE_COLLECTION_ID);
		if (folder_id_parse(v[used].id_text, &v[used].id))
			v[used].id = 0;
	}
	if ((e = load(rq, v, n)) || (e = count(v, n)))
		return e;
	wbxml_open(w, GETITEMESTIMATE_GET_ITEM_ESTIMATE);
	for (size_t i = 0; i < n; i++)
		write_one(rq, &v[i], w);
	wbxml_close(w);
	return ERR_OK;
}
