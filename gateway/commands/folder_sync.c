#include "commands/commands.h"
#include "io/log.h"
#include "sync/hierarchy.h"

/* FolderSync (MS-ASCMD 2.2.1.5). Ids belong to the account: a device that starts over with key 0, as Gmail does at every
 * refresh, gets the same ids, and the sync keys of its folders stay good. */

enum { FOLDER_OK = 1, FOLDER_FAILED = 6, FOLDER_BAD_KEY = 9, FOLDER_MALFORMED = 10 };

struct difference {
	const struct folder_list *list;
	const struct known_folders *had, *now; /* had may be NULL */
};

static bool same(const struct known_folder *a, const struct known_folder *b)
{
	return a->parent == b->parent && a->type == b->type && a->name_hash == b->name_hash;
}

static void write_folder(struct wbxml_writer *w, wbxml_tag tag, const struct folder *f)
{
	wbxml_open(w, tag);
	wbxml_put_uint(w, FOLDERHIERARCHY_SERVER_ID, f->id);
	wbxml_put_uint(w, FOLDERHIERARCHY_PARENT_ID, f->parent);
	wbxml_put(w, FOLDERHIERARCHY_DISPLAY_NAME, f->display);
	wbxml_put_uint(w, FOLDERHIERARCHY_TYPE, f->type);
	wbxml_close(w);
}

/* Updates and Adds in the list's order (parents first), Deletes by id. With w NULL it only counts. */
static uint32_t write_differences(struct wbxml_writer *w, const struct difference *d, wbxml_tag kind)
{
	uint32_t count = 0;

	for (size_t i = 0; kind != FOLDERHIERARCHY_DELETE && i < d->list->n; i++) {
		const struct folder *f = &d->list->v[i];
		const struct known_folder *was = d->had ? known_folder(d->had, f->id) : NULL;
		const struct known_folder *is = known_folder(d->now, f->id);

		if (kind == FOLDERHIERARCHY_ADD ? was != NULL : (!was || same(was, is)))
			continue;
		if (w)
			write_folder(w, kind, f);
		count++;
	}
	for (size_t i = 0; kind == FOLDERHIERARCHY_DELETE && d->had && i < d->had->n; i++) {
		if (known_folder(d->now, d->had->v[i].id))
			continue;
		if (w) {
			wbxml_open(w, FOLDERHIERARCHY_DELETE);
			wbxml_put_uint(w, FOLDERHIERARCHY_SERVER_ID, d->had->v[i].id);
			wbxml_close(w);
		}
		count++;
	}
	return count;
}

static const wbxml_tag kinds[] = { FOLDERHIERARCHY_UPDATE, FOLDERHIERARCHY_DELETE,
	FOLDERHIERARCHY_ADD }; /* XSD order */

static void write_answer(
    struct request *rq, struct wbxml_writer *w, const struct difference *d, struct sync_key key)
{
	char text[SYNC_KEY_MAX];
	uint32_t count = 0;

	sync_key_format(key, text);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		count += write_differences(NULL, d, kinds[i]);
	rq->figures.changes += count;
	wbxml_open(w, FOLDERHIERARCHY_FOLDER_SYNC);
	wbxml_put_uint(w, FOLDERHIERARCHY_STATUS, FOLDER_OK);
	wbxml_put_str(w, FOLDERHIERARCHY_SYNC_KEY, text);
	wbxml_open(w, FOLDERHIERARCHY_CHANGES);
	wbxml_put_uint(w, FOLDERHIERARCHY_COUNT, count);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		write_differences(w, d, kinds[i]);
	wbxml_close(w);
	wbxml_close(w);
}

/* States of folders that are gone would stay in Redis for ever. A failure is no matter: it's tried again when the next
 * folder goes. */
static void forget_gone(struct request *rq, const struct difference *d)
{
	uint32_t *gone = d->had ? arena_array(rq->arena, d->had->n, sizeof(*gone)) : NULL;
	size_t n = 0;

	for (size_t i = 0; gone && i < d->had->n; i++)
		if (!known_folder(d->now, d->had->v[i].id))
			gone[n++] = d->had->v[i].id;
	if (n && store_sync_forget(rq->worker->redis, bytes_str(rq->account->name), rq->device_id, gone, n))
		log_info("sync states of %zu deleted folders could not be removed", n);
}

enum err command_folder_sync(struct request *rq, struct wbxml_writer *w)
{
	const struct wbxml_node *key_node = wbxml_child(rq->xml, FOLDERHIERARCHY_SYNC_KEY);
	const struct known_folders *base;
	struct known_folders now, had;
	struct folder_list list;
	struct difference d;
	struct hierarchy h;
	struct sync_key key;
	struct imap *imap;
	enum err e;

	if (!key_node)
		return request_refuse(rq, w, FOLDER_MALFORMED);
	e = hierarchy_decode(rq->arena, rq->device.hierarchy, &h);
	if (e == ERR_PROTO)
		h = (struct hierarchy){ 0 }; /* damaged: the device starts over, by key 0 or by status 9 */
	else if (e)
		return e;
	if (hierarchy_find(&h, key_node->text, &base))
		return request_refuse(rq, w, FOLDER_BAD_KEY);
	rq->reply.resync = base == NULL;
	had = base ? *base : (struct known_folders){ 0 };
	if ((e = request_imap(rq, BYTES("INBOX"), &imap)) || (e = folders_load(rq, imap, &list)) ||
	    (e = known_folders_of(rq->arena, &list, 0, &now)))
		return e;
	e = hierarchy_advance(rq, &h, base ? &had : NULL, &now, &key);
	if (e == ERR_CONFLICT)
		return request_refuse(rq, w, FOLDER_FAILED); /* two at once: the client tries again */
	if (e)
		return e;
	d = (struct difference){ &list, base ? &had : NULL, &now };
	forget_gone(rq, &d);
	write_answer(rq, w, &d, key);
	return ERR_OK;
}
