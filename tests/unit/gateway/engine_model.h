#ifndef EASGATE_TESTS_ENGINE_MODEL_H
#define EASGATE_TESTS_ENGINE_MODEL_H

/* A model for the sync engine: a server whose items tests change as they like, and a phone that takes what it is told and counts
 * what makes no sense. */
#include "testing.h"

#include "sync/engine.h"

enum { ITEMS = 120, FOLDER = 5 };

struct server {
	uint32_t digest[ITEMS + 1];          /* by id; 0 = not there */
	uint64_t modseq, changed[ITEMS + 1]; /* when the item last came, changed or went */
	uint64_t next_id;
	bool qresync;
	struct store_sync stored;
};

struct phone {
	char key[SYNC_KEY_MAX];
	bool has[ITEMS + 1];
	uint32_t digest[ITEMS + 1];
	unsigned anomalies;
};

static struct server server;

/* ---- a collection on the model server ---- */

static inline void touch(uint64_t id, uint32_t digest)
{
	server.digest[id] = digest;
	server.changed[id] = ++server.modseq;
}

static inline enum err fake_compare(
    struct collection *c, const struct snapshot *had, struct snapshot *now, struct changes *out)
{
	bool since = server.qresync && had->token;

	out->v = arena_array(c->rq->arena, ITEMS * 2, sizeof(*out->v));
	out->n = 0;
	*now = (struct snapshot){
		.validity = 1, .token = server.qresync ? server.modseq : 0, .next_id = server.next_id
	};
	for (uint64_t id = 1; id <= ITEMS; id++) {
		struct snapshot_item *item = snapshot_find(had, id);
		uint32_t digest = server.digest[id];

		if (since && server.changed[id] <= had->token && !snapshot_is_pending(had, id))
			continue; /* so the engine must know on its own what it owes */
		if (item && !digest)
			out->v[out->n++] = (struct change){ .kind = CHANGE_DELETE, .id = id };
		else if (item && digest != item->digest)
			out->v[out->n++] = (struct change){
				.kind = CHANGE_UPDATE, .id = id, .had = item->digest, .now = digest
			};
		else if (!item && digest)
			out->v[out->n++] = (struct change){ .kind = CHANGE_ADD, .id = id, .now = digest };
	}
	return ERR_OK;
}

/* A mail that vanished since the comparison; and a budget that ends after a few. */
static inline enum err fake_prepare(
    struct collection *c, struct change *v, size_t n, size_t budget, size_t *done)
{
	(void)c;
	for (*done = 0; *done < n && (*done < 7 || budget > 1000000); ++*done) {
		struct change *one = &v[*done];
		uint32_t digest = server.digest[one->id];

		if (one->kind == CHANGE_ADD && !digest)
			one->kind = CHANGE_NONE;
		else if (one->kind == CHANGE_UPDATE && one->stale && !digest)
			one->kind = CHANGE_DELETE;
		else if (one->kind == CHANGE_ADD || (one->kind == CHANGE_UPDATE && one->stale))
			one->now = digest;
	}
	return ERR_OK;
}

static inline enum err fake_write(struct collection *c, struct wbxml_writer *w, const struct change *change)
{
	(void)c;
	(void)w;
	(void)change;
	return ERR_OK;
}

static inline struct bytes data_of(const struct wbxml_node *command)
{
	return wbxml_child_text(command, AIRSYNC_APPLICATION_DATA);
}

static inline enum err fake_change(
    struct collection *c, struct snapshot_item *item, const struct wbxml_node *command, uint32_t *status)
{
	uint32_t digest = 0;

	(void)c;
	*status = 8;
	if (!server.digest[item->id])
		return ERR_OK;
	assert_int_equal(bytes_to_u32(data_of(command), UINT32_MAX, &digest), ERR_OK);
	touch(item->id, digest);
	item->digest = digest;
	*status = 1;
	return ERR_OK;
}

static inline enum err fake_remove(
    struct collection *c, uint64_t id, const struct snapshot_item *item, uint32_t *status)
{
	(void)c;
	assert_true(!item || item->id == id);
	*status = server.digest[id] ? 1 : 8;
	if (server.digest[id])
		touch(id, 0);
	return ERR_OK;
}

static inline enum err fake_add(struct collection *c, const struct wbxml_node *command,
    const struct snapshot *has, uint64_t *new_id, uint32_t *digest, uint32_t *status)
{
	(void)c;
	assert_int_equal(bytes_to_u32(data_of(command), UINT32_MAX, digest), ERR_OK);
	*new_id = server.next_id++;
	assert_null(snapshot_find(has, *new_id));
	touch(*new_id, *digest);
	*status = 1;
	return ERR_OK;
}

static const struct collection_ops fake_ops = { CLASS_EMAIL, fake_compare, fake_prepare, fake_write,
	fake_change, fake_remove, fake_add, NULL };

/* ---- one Sync ---- */

struct answer {
	enum sync_mode mode;
	uint32_t status;
	char key[SYNC_KEY_MAX];
	bool empty, more;
	struct changes changes;
	struct sync_results results;
};

static inline void key_of_answer(const struct sync_run *r, char to[SYNC_KEY_MAX])
{
	struct arena *a = test_arena();
	struct wbxml_node *root;
	struct wbxml_writer w;
	struct bytes doc, key;
	struct buf b;

	buf_init(&b, a, 0);
	wbxml_writer_init(&w, &b);
	assert_int_equal(sync_run_write((struct sync_run *)(uintptr_t)r, &w), ERR_OK);
	assert_int_equal(wbxml_done(&w, &doc), ERR_OK);
	assert_int_equal(wbxml_tree(a, doc, 10000, &root, NULL, NULL), ERR_OK);
	key = wbxml_child_text(root, AIRSYNC_SYNC_KEY);
	assert_true(key.len < SYNC_KEY_MAX);
	memcpy(to, key.p, key.len);
	to[key.len] = 0;
}

static inline struct answer run_sync(
    struct arena *a, const char *key, const struct wbxml_node *commands, uint32_t n_commands, uint32_t window)
{
	struct request rq = { .arena = a, .version = EAS_14_1 };
	struct sync_ask ask = { .id = FOLDER,
		.id_text = BYTES("5"),
		.key = bytes_str(key),
		.window = window,
		.commands = commands,
		.n_commands = n_commands,
		.get_changes = strcmp(key, "0") != 0,
		.deletes_as_moves = true };
	struct sync_run r = { .ask = &ask,
		.c = { .ops = &fake_ops, .rq = &rq, .folder_id = FOLDER },
		.stored = server.stored };
	struct answer out = { 0 };

	assert_int_equal(sync_run_open(&r), ERR_OK);
	assert_int_equal(sync_run_work(&r, window, 50000), ERR_OK);
	assert_int_equal(sync_run_close(&r), ERR_OK);
	if (r.save)
		server.stored = r.to_store;
	out.mode = r.mode;
	out.status = r.status;
	out.empty = !sync_run_has_answer(&r);
	out.more = r.more;
	out.changes = r.changes;
	out.results = r.results;
	if (!out.empty)
		key_of_answer(&r, out.key);
	return out;
}

/* ---- the phone ---- */

static inline void take(struct phone *p, const struct answer *a)
{
	if (a->empty)
		return;
	for (size_t i = 0; i < a->changes.n; i++) {
		const struct change *c = &a->changes.v[i];

		switch (c->kind) {
		case CHANGE_ADD:
			p->anomalies += p->has[c->id];
			p->has[c->id] = true;
			p->digest[c->id] = c->now;
			break;
		case CHANGE_UPDATE:
			p->anomalies += !p->has[c->id];
			p->digest[c->id] = c->now;
			break;
		case CHANGE_DELETE:
		case CHANGE_SOFT_DELETE:
			p->anomalies += !p->has[c->id];
			p->has[c->id] = false;
			break;
		case CHANGE_NONE:
			p->anomalies++;
		}
	}
	for (size_t i = 0; i < a->results.n; i++) {
		const struct sync_result *r = &a->results.v[i];
		uint32_t folder;
		uint64_t id;

		if (r->kind != AIRSYNC_ADD || !sync_result_is_told(r) || r->status != 1)
			continue;
		assert_int_equal(server_id_parse(r->server_id, &folder, &id), ERR_OK);
		p->has[id] = true;
		assert_int_equal(bytes_to_u32(r->client_id, UINT32_MAX, &p->digest[id]), ERR_OK);
	}
	strcpy(p->key, a->key);
}

static inline struct wbxml_node *node(
    struct arena *a, struct wbxml_node *parent, wbxml_tag tag, const char *text)
{
	struct wbxml_node *n = arena_alloc(a, sizeof(*n)), **at;

	n->tag = tag;
	assert_int_equal(arena_strdup(a, text, &n->text), ERR_OK);
	n->parent = parent;
	for (at = parent ? &parent->child : NULL; at && *at; at = &(*at)->next)
		;
	if (at)
		*at = n;
	return n;
}

/* What the store keeps must not live in the arena of one request. */
static inline void keep_stored(void)
{
	struct bytes *const fields[] = { &server.stored.current, &server.stored.previous,
		&server.stored.settings, &server.stored.adds };

	for (size_t i = 0; i < 4; i++)
		*fields[i] = test_copy(*fields[i]);
}

static inline void start(struct phone *p)
{
	struct arena *a = arena_new(1 << 20);
	struct answer first = run_sync(a, "0", NULL, 0, 100);

	assert_int_equal(first.status, 1);
	assert_int_equal(first.changes.n, 0);
	take(p, &first);
	keep_stored();
	arena_free(&a);
}

#endif
