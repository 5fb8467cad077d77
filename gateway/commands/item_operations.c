#include "commands/commands.h"
#include "commands/fetch_file.h"
#include "commands/move_conversation.h"
#include "eas/opaque_id.h"
#include "io/log.h"
#include "push/push.h"
#include "sync/folder_tree.h"
#include "sync/open.h"

/* ItemOperations (MS-ASCMD 2.2.1.10): fetches items and attachments, empties folders, moves conversations. One result for
 * each operation; one that fails doesn't stop the others. */

enum { MAX_OPERATIONS = 100 };

/* What an error of one operation is told as; the connection's own errors fail the whole request. */
static bool status_of(enum err e, uint32_t *status)
{
	switch (e) {
	case ERR_OK:
		*status = IO_OK;
		return true;
	case ERR_NOT_FOUND:
		*status = IO_NOT_FOUND;
		return true;
	case ERR_LIMIT:
		*status = IO_TOO_LARGE;
		return true;
	case ERR_DENIED:
		*status = IO_DENIED;
		return true;
	case ERR_UNSUPPORTED:
		*status = IO_SERVER_ERROR;
		return true;
	default:
		return false;
	}
}

/* ---- items ---- */

/* By a LongId that Search gave, or by ServerId and its folder. ERR_NOT_FOUND: neither. */
static enum err read_item_id(struct request *rq, const struct wbxml_node *n, uint32_t *folder, uint64_t *id)
{
	const struct wbxml_node *long_id = wbxml_child(n, SEARCH_LONG_ID);
	struct opaque_id named = { 0 };
	uint32_t of_item;

	if (long_id) {
		enum err e = opaque_id_parse(rq->arena, bytes_str(rq->account->name), long_id->text, &named);

		*folder = named.folder;
		*id = named.item;
		return e || !named.part.len ? e : ERR_NOT_FOUND;
	}
	if (server_id_parse(wbxml_child_text(n, AIRSYNC_SERVER_ID), &of_item, id) ||
	    folder_id_parse(wbxml_child_text(n, AIRSYNC_COLLECTION_ID), folder) || *folder != of_item)
		return ERR_NOT_FOUND;
	return ERR_OK;
}

static enum err find_item(
    struct request *rq, const struct wbxml_node *n, struct collection *c, uint64_t *id, uint32_t *status)
{
	struct collection *one[] = { c };
	struct known_folders known;
	uint32_t folder;
	enum err e;

	*status = IO_NOT_FOUND;
	if ((e = read_item_id(rq, n, &folder, id)))
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if ((e = device_folders(rq, &known)) || (e = collections_find(rq, &known, &folder, one, 1)))
		return e;
	if (!c->ops || !c->mailbox.len)
		return ERR_OK;
	*status = sync_options_parse(wbxml_child(n, ITEMOPERATIONS_OPTIONS), &c->options) ? IO_PROTOCOL_ERROR
											  : IO_OK;
	return *status == IO_OK ? collections_connect(rq, one, 1) : ERR_OK;
}

/* A mail as a file of its own: what passes from IMAP does so in one way. */
static enum err add_passing(const struct collection *c)
{
	const struct collection_passing *p = &c->passing;
	struct attachment_source *mail = arena_alloc(c->rq->arena, sizeof(*mail));

	if (!mail)
		return ERR_LIMIT;
	*mail = (struct attachment_source){ .mailbox = c->mailbox,
		.uid = p->uid,
		.uid_validity = p->uid_validity,
		.section = "",
		.encoding = MIME_BINARY,
		.encoded_size = p->size,
		.size = p->size,
		.count = p->size };
	return item_parts_add(
	    c->rq->parts, (struct item_part){ .file = mail, .gap = p->gap, .is_text = true });
}

static enum err write_item(struct collection *c, struct wbxml_writer *w, const struct wbxml_node *n,
    const struct change *item, uint32_t status)
{
	static const wbxml_tag ids[] = { AIRSYNC_COLLECTION_ID, AIRSYNC_SERVER_ID,
		SEARCH_LONG_ID }; /* as asked */
	enum err e = ERR_OK;

	wbxml_open(w, ITEMOPERATIONS_FETCH);
	wbxml_put_uint(w, ITEMOPERATIONS_STATUS, status);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (wbxml_child(n, ids[i]))
			wbxml_put(w, ids[i], wbxml_child_text(n, ids[i]));
	if (status == IO_OK) {
		wbxml_put_str(w, AIRSYNC_CLASS, eas_class_name(c->ops->class));
		wbxml_open(w, ITEMOPERATIONS_PROPERTIES);
		e = c->ops->write(c, w, item);
		wbxml_close(w);
	}
	wbxml_close(w);
	if (!e && c->passing.size)
		return add_passing(c);
	if (!e && c->multipart_data.len)
		e = item_parts_add(c->rq->parts, (struct item_part){ .bytes = c->multipart_data });
	return e;
}

/* The properties that are wanted: those of all Schema elements together, as one. NULL: all. */
static enum err read_schema(struct arena *a, const struct wbxml_node *options, const struct wbxml_node **out)
{
	struct wbxml_node *all, **end;

	*out = NULL;
	if (!wbxml_child(options, ITEMOPERATIONS_SCHEMA))
		return ERR_OK;
	*out = all = arena_alloc(a, sizeof(*all));
	if (!all)
		return ERR_LIMIT;
	*all = (struct wbxml_node){ .tag = ITEMOPERATIONS_SCHEMA };
	end = &all->child;
	for (const struct wbxml_node *n = wbxml_child(options, ITEMOPERATIONS_SCHEMA); n;
	     n = wbxml_next(n, ITEMOPERATIONS_SCHEMA))
		for (const struct wbxml_node *p = n->child; p; p = p->next) {
			if (!(*end = arena_alloc(a, sizeof(**end))))
				return ERR_LIMIT;
			**end = (struct wbxml_node){ .tag = p->tag, .parent = all };
			end = &(*end)->next;
		}
	return ERR_OK;
}

static enum err fetch_item(struct request *rq, const struct wbxml_node *n, struct wbxml_writer *w)
{
	struct collection c = { .rq = rq };
	struct change item = { .kind = CHANGE_ADD };
	size_t done = 0;
	uint32_t status;
	enum err e;

	if ((e = find_item(rq, n, &c, &item.id, &status)) ||
	    (e = read_schema(rq->arena, wbxml_child(n, ITEMOPERATIONS_OPTIONS), &c.schema)))
		return e;
	c.passes_mime = !rq->parts->holds && (c.ops == &mail_collection || c.ops == &mail_and_sms_collection);
	c.multipart_number = rq->parts->multipart ? item_parts_next(rq->parts) : 0;
	if (status == IO_OK && !(e = c.ops->prepare(&c, &item, 1, SIZE_MAX, &done)) &&
	    item.kind != CHANGE_ADD)
		e = ERR_NOT_FOUND;
	if (e && !status_of(e, &status))
		return e;
	rq->figures.fetches++;
	return write_item(&c, w, n, &item, status);
}

static enum err fetch(struct request *rq, const struct wbxml_node *n, struct wbxml_writer *w)
{
	struct bytes store = wbxml_child_text(n, ITEMOPERATIONS_STORE);

	if (wbxml_child(n, AIRSYNCBASE_FILE_REFERENCE))
		return fetch_file(rq, n, w);
	if (bytes_eq_nocase(store, "Mailbox") &&
	    (wbxml_child(n, AIRSYNC_SERVER_ID) || wbxml_child(n, SEARCH_LONG_ID)))
		return fetch_item(rq, n, w);
	wbxml_open(w, ITEMOPERATIONS_FETCH);
	wbxml_put_uint(w, ITEMOPERATIONS_STATUS,
	    bytes_eq_nocase(store, "Mailbox") ? IO_PROTOCOL_ERROR : IO_UNKNOWN_STORE);
	wbxml_close(w);
	return ERR_OK;
}

/* ---- EmptyFolderContents ---- */

static enum err empty(struct request *rq, const struct wbxml_node *n, bool *partly)
{
	bool subfolders =
	    wbxml_child(wbxml_child(n, ITEMOPERATIONS_OPTIONS), ITEMOPERATIONS_DELETE_SUB_FOLDERS) != NULL;
	struct imap_status ignored;
	struct folder_list list;
	const struct folder *f;
	struct imap *imap;
	uint32_t id = 0;
	enum err e;

	if (folder_id_parse(wbxml_child_text(n, AIRSYNC_COLLECTION_ID), &id))
		return ERR_NOT_FOUND;
	if ((e = request_imap(rq, BYTES("INBOX"), &imap)) || (e = folders_load(rq, imap, &list)))
		return e;
	f = folders_by_id(&list, id);
	if (!f || !f->mailbox.len)
		return ERR_NOT_FOUND;
	if (f->exists && ((e = imap_select(imap, f->mailbox, &ignored)) || (e = imap_expunge_all(imap))))
		return e;
	push_publish(rq, &id, 1);
	if (!subfolders)
		return ERR_OK;
	if ((e = folder_tree_delete_below(imap, &list, f, true, partly)))
		return e;
	push_publish(rq, NULL, 0);
	return ERR_OK;
}

static enum err empty_folder(struct request *rq, const struct wbxml_node *n, struct wbxml_writer *w)
{
	bool partly = false;
	enum err e = empty(rq, n, &partly);
	uint32_t status;

	if (!status_of(e, &status))
		return e;
	if (!e && partly)
		status = IO_PARTLY;
	if (e)
		log_info("folder not emptied: %s (%s)", rq->imap ? imap_problem(rq->imap) : "", err_name(e));
	wbxml_open(w, ITEMOPERATIONS_EMPTY_FOLDER_CONTENTS);
	wbxml_put_uint(w, ITEMOPERATIONS_STATUS, status);
	wbxml_put(w, AIRSYNC_COLLECTION_ID, wbxml_child_text(n, AIRSYNC_COLLECTION_ID));
	wbxml_close(w);
	return ERR_OK;
}

/* ---- all of them ---- */

/* In the schema's order of results. */
static const struct operation {
	wbxml_tag tag;
	enum err (*run)(struct request *rq, const struct wbxml_node *n, struct wbxml_writer *w);
} operations[] = {
	{ ITEMOPERATIONS_MOVE, move_conversation },
	{ ITEMOPERATIONS_EMPTY_FOLDER_CONTENTS, empty_folder },
	{ ITEMOPERATIONS_FETCH, fetch },
};
enum { KINDS = sizeof(operations) / sizeof(operations[0]), KIND_FETCH = KINDS - 1 };

/* KINDS: what isn't known is passed over. */
static size_t kind_of(const struct wbxml_node *n)
{
	size_t k = 0;

	while (k < KINDS && operations[k].tag != n->tag)
		k++;
	return k;
}

/* NULL: all of them fetch. */
static const struct wbxml_node *last_change(const struct request *rq)
{
	const struct wbxml_node *last = NULL;

	for (const struct wbxml_node *c = rq->xml->child; c; c = c->next)
		if (kind_of(c) < KIND_FETCH)
			last = c;
	return last;
}

/* The results of one kind, until it is their turn in the document. */
struct results {
	struct buf out;
	struct wbxml_writer w;
};

static enum err put_results(struct request *rq, struct results *kinds, struct wbxml_writer *w)
{
	for (size_t k = 0; k < KINDS; k++) {
		struct wbxml_fragment f;
		enum err e = wbxml_fragment_done(&kinds[k].w, &f);

		if (e)
			return e;
		wbxml_put_fragment(w, &f);
		if (k == KIND_FETCH)
			item_parts_shift(rq->parts, w->out->len - f.bytes.len);
	}
	return ERR_OK;
}

/* From the first to `last` as the request has them, for what is fetched behind an EmptyFolderContents is gone, and what is fetched
 * before it isn't. */
static enum err run_in_order(struct request *rq, const struct wbxml_node *last, struct wbxml_writer *w)
{
	struct results *kinds = arena_array(rq->arena, KINDS, sizeof(*kinds));
	const struct wbxml_node *c = rq->xml->child;
	enum err e = ERR_OK;

	if (!kinds)
		return ERR_LIMIT;
	for (size_t k = 0; k < KINDS; k++) {
		buf_init(&kinds[k].out, rq->arena, 0);
		wbxml_fragment_init(&kinds[k].w, &kinds[k].out);
	}
	rq->parts->holds = true;
	for (; c != last->next && !e; c = c->next)
		if (kind_of(c) < KINDS)
			e = operations[kind_of(c)].run(rq, c, &kinds[kind_of(c)].w);
	rq->parts->holds = false;
	return e ? e : put_results(rq, kinds, w);
}

static enum err run_all(struct request *rq, struct wbxml_writer *w)
{
	const struct wbxml_node *last = last_change(rq);
	enum err e = last ? run_in_order(rq, last, w) : ERR_OK;

	for (const struct wbxml_node *c = last ? last->next : rq->xml->child; c && !e; c = c->next)
		if (kind_of(c) == KIND_FETCH)
			e = fetch(rq, c, w);
	return e;
}

static size_t count_operations(const struct request *rq)
{
	size_t n = 0;

	for (const struct wbxml_node *c = rq->xml->child; c; c = c->next)
		n++;
	return n;
}

/* A multipart answer where the client takes one; else attachments in the midst of the document, which is then streamed. */
static enum err answer_with_parts(struct request *rq, struct wbxml_writer *w)
{
	struct bytes doc;
	enum err e = wbxml_done(w, &doc);

	if (e || (!rq->parts->n && !rq->parts->multipart))
		return e;
	return item_parts_reply(rq->parts, doc, &rq->reply);
}

enum err command_item_operations(struct request *rq, struct wbxml_writer *w)
{
	size_t n = count_operations(rq);
	struct item_parts parts;
	enum err e;

	if (!n || n > MAX_OPERATIONS)
		return request_refuse(rq, w, n ? IO_TOO_LARGE : IO_PROTOCOL_ERROR);
	item_parts_init(&parts, rq->arena, rq->multipart);
	rq->parts = &parts;
	wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
	wbxml_put_uint(w, ITEMOPERATIONS_STATUS, IO_OK);
	wbxml_open(w, ITEMOPERATIONS_RESPONSE);
	e = run_all(rq, w);
	wbxml_close(w);
	wbxml_close(w);
	return e ? e : answer_with_parts(rq, w);
}
