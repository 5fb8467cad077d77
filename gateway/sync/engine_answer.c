#include "sync/commands.h"
#include "sync/engine.h"

/* The Collection element of a Sync's answer. */

bool sync_run_has_answer(const struct sync_run *r)
{
	return r->mode != SYNC_NORMAL || r->advance;
}

static void write_key(const struct sync_run *r, struct wbxml_writer *w)
{
	struct sync_key key = { r->stored.epoch, r->stored.generation };
	char text[SYNC_KEY_MAX];

	if (r->mode == SYNC_START)
		key = (struct sync_key){ r->to_store.epoch, 1 };
	else if (r->mode == SYNC_JOIN)
		key.generation = 1;
	else if (r->mode == SYNC_NORMAL && r->advance)
		key.generation = r->to_store.generation;
	sync_key_format(key, text);
	if (r->mode == SYNC_FAILED)
		wbxml_put(w, AIRSYNC_SYNC_KEY, r->ask->key.len ? r->ask->key : BYTES("0"));
	else
		wbxml_put_str(w, AIRSYNC_SYNC_KEY, text);
}

/* An item of another class than the folder's says so; a deletion not in 14.0. Source: MS-ASMS 2.2.2.2.1.2. The published
 * schema has no place for it in Add; it stands where Change and Delete have it. */
static bool names_class(const struct sync_run *r, const struct change *c)
{
	if (item_class(&r->c, c->id) == r->c.ops->class || c->kind == CHANGE_SOFT_DELETE)
		return false;
	return c->kind != CHANGE_DELETE || r->c.rq->version >= EAS_14_1;
}

static void write_change(struct sync_run *r, struct wbxml_writer *w, const struct change *c, enum err *e)
{
	static const wbxml_tag tags[] = { [CHANGE_DELETE] = AIRSYNC_DELETE,
		[CHANGE_SOFT_DELETE] = AIRSYNC_SOFT_DELETE,
		[CHANGE_UPDATE] = AIRSYNC_CHANGE,
		[CHANGE_ADD] = AIRSYNC_ADD };
	struct request_figures *f = &r->c.rq->figures;
	uint32_t *const counts[] = { [CHANGE_DELETE] = &f->deletes,
		[CHANGE_SOFT_DELETE] = &f->soft_deletes,
		[CHANGE_UPDATE] = &f->changes,
		[CHANGE_ADD] = &f->adds };
	char id[SERVER_ID_MAX];

	++*counts[c->kind];
	server_id_format(r->c.folder_id, c->id, id);
	wbxml_open(w, tags[c->kind]);
	if (names_class(r, c))
		wbxml_put_str(w, AIRSYNC_CLASS, eas_class_name(CLASS_SMS));
	wbxml_put_str(w, AIRSYNC_SERVER_ID, id);
	if (c->kind == CHANGE_UPDATE || c->kind == CHANGE_ADD) {
		wbxml_open(w, AIRSYNC_APPLICATION_DATA);
		*e = r->c.ops->write(&r->c, w, c);
		wbxml_close(w);
	}
	wbxml_close(w);
}

enum err sync_run_write(struct sync_run *r, struct wbxml_writer *w)
{
	enum err e = ERR_OK;

	wbxml_open(w, AIRSYNC_COLLECTION);
	if (r->c.rq->version <= EAS_12_1 && r->ask->class != CLASS_NONE)
		wbxml_put_str(w, AIRSYNC_CLASS, eas_class_name(r->ask->class));
	write_key(r, w);
	if (r->ask->id_text.len)
		wbxml_put(w, AIRSYNC_COLLECTION_ID, r->ask->id_text);
	else
		wbxml_put_uint(w, AIRSYNC_COLLECTION_ID, r->ask->id);
	wbxml_put_uint(w, AIRSYNC_STATUS, r->status);
	if (r->mode == SYNC_NORMAL || r->mode == SYNC_REPLAY) {
		if (r->more)
			wbxml_put_empty(w, AIRSYNC_MORE_AVAILABLE); /* before Commands: Windows Phone */
		wbxml_open(w, AIRSYNC_COMMANDS);
		for (size_t i = 0; i < r->changes.n && !e; i++)
			write_change(r, w, &r->changes.v[i], &e);
		wbxml_close_or_drop(w);
		if (!e)
			e = sync_commands_write(&r->c, r->ask->commands, &r->results, w);
	}
	wbxml_close(w);
	return e;
}
