#include "commands/commands.h"
#include "io/log.h"
#include "push/push.h"
#include "sync/folder_display.h"
#include "sync/folder_names.h"
#include "sync/folder_tree.h"
#include "sync/hierarchy.h"

/* FolderCreate, FolderDelete, FolderUpdate (MS-ASCMD 2.2.1.2 to 2.2.1.4, 2.2.1.6). Each takes and gives a FolderSync
 * key: the device knows its own change, so the next FolderSync does not tell it again. */

enum {
	FOLDER_OK = 1,
	FOLDER_EXISTS = 2,
	FOLDER_SPECIAL = 3,
	FOLDER_NO_FOLDER = 4,
	FOLDER_NO_PARENT = 5,
	FOLDER_FAILED = 6,
	FOLDER_BAD_KEY = 9,
	FOLDER_MALFORMED = 10,
	NAME_MAX_CHARS = 256,
};

struct edit {
	struct request *rq;
	wbxml_tag root;
	const wbxml_tag *elements; /* of the request; 0 behind the last */
	struct imap *imap;
	struct hierarchy h;
	const struct known_folders *base;
	struct folder_list list;
	struct sync_key key; /* the new one */
	uint32_t made;       /* FolderCreate: the new folder's id */
};

static enum err answer(struct edit *x, struct wbxml_writer *w, uint32_t status)
{
	char text[SYNC_KEY_MAX];

	x->rq->reply.status = status;
	wbxml_open(w, x->root);
	wbxml_put_uint(w, FOLDERHIERARCHY_STATUS, status);
	if (status == FOLDER_OK) {
		sync_key_format(x->key, text);
		wbxml_put_str(w, FOLDERHIERARCHY_SYNC_KEY, text);
		if (x->made)
			wbxml_put_uint(w, FOLDERHIERARCHY_SERVER_ID, x->made);
	}
	wbxml_close(w);
	return ERR_OK;
}

/* What can be told the client of a refusal by IMAP; 0: the request fails as a whole. */
static uint32_t status_of(enum err e)
{
	switch (e) {
	case ERR_OK:
		return FOLDER_OK;
	case ERR_EXISTS:
		return FOLDER_EXISTS;
	case ERR_NOT_FOUND:
		return FOLDER_NO_FOLDER;
	case ERR_DENIED:
	case ERR_PROTO:
	case ERR_LIMIT:
	case ERR_UNSUPPORTED:
		return FOLDER_FAILED;
	default:
		return 0;
	}
}

/* Each element that the command has, once, and no Status, which is for answers (MS-ASCMD 2.2.3.177.6). Others are passed over. */
static bool is_well_formed(const struct edit *x)
{
	const struct wbxml_node *xml = x->rq->xml;

	for (const wbxml_tag *tag = x->elements; *tag; tag++) {
		const struct wbxml_node *n = wbxml_child(xml, *tag);

		if (!n || wbxml_next(n, *tag))
			return false;
	}
	return !wbxml_child(xml, FOLDERHIERARCHY_STATUS);
}

/* The request must be whole, the key must be good, and the folders are read as they are now. *status is 0 if all is well. */
static enum err begin(struct edit *x, uint32_t *status)
{
	const struct wbxml_node *key = wbxml_child(x->rq->xml, FOLDERHIERARCHY_SYNC_KEY);
	enum err e;

	*status = FOLDER_MALFORMED;
	if (!is_well_formed(x))
		return ERR_OK;
	*status = FOLDER_BAD_KEY;
	e = hierarchy_decode(x->rq->arena, x->rq->device.hierarchy, &x->h);
	if (e == ERR_PROTO || (!e && (hierarchy_find(&x->h, key->text, &x->base) || !x->base)))
		return ERR_OK;
	*status = 0;
	if (e || (e = request_imap(x->rq, BYTES("INBOX"), &x->imap)))
		return e;
	return folders_load(x->rq, x->imap, &x->list);
}

/* The folders as the device knows them after its own change: what others changed meanwhile is left for its FolderSync. Folder
 * `id` is now `one`, or gone (NULL). */
static enum err advance(struct edit *x, uint32_t id, const struct known_folder *one)
{
	struct known_folders now = { 0, arena_array(x->rq->arena, x->base->n + 1, sizeof(*now.v)), 0 };
	enum err e;

	if (!now.v)
		return ERR_LIMIT;
	for (size_t i = 0; i < x->base->n; i++) {
		if (one && x->base->v[i].id > id && (!now.n || now.v[now.n - 1].id < id))
			now.v[now.n++] = *one;
		if (x->base->v[i].id != id)
			now.v[now.n++] = x->base->v[i];
	}
	if (one && (!now.n || now.v[now.n - 1].id < id))
		now.v[now.n++] = *one;
	e = hierarchy_advance(x->rq, &x->h, x->base, &now, &x->key);
	if (!e)
		push_publish(x->rq, NULL, 0);
	return e;
}

/* After a folder was made or changed. If it's shown by another name than the device has given it, the next FolderSync tells. */
static enum err finish(struct edit *x, uint32_t id, struct bytes display)
{
	const struct known_folder *f;
	struct known_folders fresh;
	struct known_folder told;
	enum err e;

	if ((e = folders_load(x->rq, x->imap, &x->list)) ||
	    (e = known_folders_of(x->rq->arena, &x->list, 0, &fresh)))
		return e;
	if (!(f = known_folder(&fresh, id)))
		return advance(x, id, NULL);
	told = *f;
	told.name_hash = known_folder_name(display);
	return advance(x, id, &told);
}

/* "parent/name" in the server's terms. *status is 0, or why it can't be. */
static enum err full_name(
    struct edit *x, uint32_t parent_id, struct bytes display, struct bytes *out, uint32_t *status)
{
	const struct folder *parent = folders_by_id(&x->list, parent_id);
	char separator = parent ? parent->separator : x->list.n ? x->list.v[0].separator : '/';
	char *name;

	*status = 0;
	if (parent_id && !parent)
		*status = FOLDER_NO_PARENT;
	else if (parent && !parent->mailbox.len)
		*status = FOLDER_SPECIAL;
	else if (!display.len || display.len > NAME_MAX_CHARS * 4 ||
		 (separator && bytes_find(display, (uint8_t)separator) < display.len))
		*status = FOLDER_MALFORMED; /* a name with the separator would be another folder's child */
	if (*status)
		return ERR_OK;
	if (parent)
		name = arena_printf(
		    x->rq->arena, "%.*s%c%.*s", BYTES_ARG(parent->mailbox), separator, BYTES_ARG(display));
	else
		name = arena_printf(x->rq->arena, "%.*s%.*s", BYTES_ARG(x->list.prefix), BYTES_ARG(display));
	if (!name)
		return ERR_LIMIT;
	*out = bytes_str(name);
	return ERR_OK;
}

/* A folder that keeps its parent keeps all before its name: what is told as its parent may be further above, where the one between
 * isn't listed. And one that keeps the name that is shown keeps its own, which may be another (folder_display.h). */
static enum err new_name(struct edit *x, const struct folder *f, uint32_t parent_id, struct bytes display,
    struct bytes *out, uint32_t *status)
{
	size_t head = f->mailbox.len;
	char *name;
	enum err e;

	while (head && (char)f->mailbox.p[head - 1] != f->separator)
		head--;
	if (bytes_eq(display, f->display))
		display = bytes_of(f->mailbox.p + head, f->mailbox.len - head);
	e = full_name(x, parent_id, display, out, status);
	if (e || *status || parent_id != f->parent)
		return e;
	name =
	    arena_printf(x->rq->arena, "%.*s%.*s", (int)head, (const char *)f->mailbox.p, BYTES_ARG(display));
	*out = bytes_str(name);
	return name ? ERR_OK : ERR_LIMIT;
}

static const struct folder *folder_of_name(const struct folder_list *l, struct bytes mailbox)
{
	for (size_t i = 0; i < l->n; i++)
		if (bytes_eq(l->v[i].mailbox, mailbox) && l->v[i].exists)
			return &l->v[i];
	return NULL;
}

/* The folder that phones are shown there by that name; or Drafts, Sent or Trash, if there is none yet and a mailbox of that name
 * would be taken for it. */
static const struct folder *holder_of_name(const struct edit *x, uint32_t parent, struct bytes display)
{
	const struct folder *f = folders_by_display(&x->list, parent, display);
	enum folder_type type;
	size_t rank;

	if (f || parent)
		return f;
	type = folder_type_of_name(display, &rank);
	f = type == FOLDER_USER_MAIL ? NULL : folders_by_type(&x->list, type);
	return f && !f->exists ? f : NULL;
}

static uint32_t parent_of(const struct request *rq)
{
	uint32_t id = UINT32_MAX; /* no folder has it */

	if (folder_id_parse(wbxml_child_text(rq->xml, FOLDERHIERARCHY_PARENT_ID), &id))
		id = UINT32_MAX;
	return id;
}

static bool is_for_notes(const struct edit *x, uint32_t id)
{
	const struct folder *f = folders_by_id(&x->list, id);

	return f && folder_class(f->type) == CLASS_NOTES;
}

/* Mail folders (types 1 and 12), and below the folder of notes those of notes (17), for that is what they are there. Others
 * need a backend of their class. */
static bool type_can_be_made(const struct edit *x)
{
	bool notes = is_for_notes(x, parent_of(x->rq));
	uint32_t type = 0;

	if (bytes_to_u32(wbxml_child_text(x->rq->xml, FOLDERHIERARCHY_TYPE), FOLDER_RECIPIENT_CACHE, &type))
		return false;
	return notes ? type == FOLDER_USER_NOTES : type == FOLDER_GENERIC || type == FOLDER_USER_MAIL;
}

/* IMAP refused: tell what can be told. */
static enum err refused(struct edit *x, struct wbxml_writer *w, enum err e)
{
	uint32_t status = status_of(e);

	log_info("folder command refused by IMAP: %s (%s)", imap_problem(x->imap), err_name(e));
	return status ? answer(x, w, status) : e;
}

enum err command_folder_create(struct request *rq, struct wbxml_writer *w)
{
	static const wbxml_tag elements[] = { FOLDERHIERARCHY_SYNC_KEY, FOLDERHIERARCHY_PARENT_ID,
		FOLDERHIERARCHY_DISPLAY_NAME, FOLDERHIERARCHY_TYPE, 0 };
	struct edit x = { .rq = rq, .root = FOLDERHIERARCHY_FOLDER_CREATE, .elements = elements };
	struct bytes display = wbxml_child_text(rq->xml, FOLDERHIERARCHY_DISPLAY_NAME), name;
	const struct folder *made, *holder;
	uint32_t status;
	enum err e;

	if ((e = begin(&x, &status)))
		return e;
	if (!status && !type_can_be_made(&x))
		status = FOLDER_MALFORMED;
	if (!status && (e = full_name(&x, parent_of(rq), display, &name, &status)))
		return e;
	holder = status ? NULL : holder_of_name(&x, parent_of(rq), display);
	if (holder && (known_folder(x.base, holder->id) || !bytes_eq(holder->mailbox, name)))
		status = FOLDER_EXISTS;
	if (status)
		return answer(&x, w, status);
	/* A folder that is there but that the device was never told of: a repeated request whose answer got lost. */
	if (!folder_of_name(&x.list, name)) {
		e = imap_create(x.imap, name, IMAP_USE_NONE);
		if (e == ERR_EXISTS && rq->worker->config->imap_subscribed_only)
			e = imap_subscribe(x.imap, name); /* there, but never shown */
		if (e)
			return refused(&x, w, e);
	}
	if ((e = folders_load(rq, x.imap, &x.list)))
		return e;
	made = folder_of_name(&x.list, name);
	if (!made)
		return answer(&x, w, FOLDER_FAILED);
	x.made = made->id;
	if ((e = finish(&x, x.made, display)))
		return e;
	return answer(&x, w, FOLDER_OK);
}

/* Whether there is something below it that no phone is shown (subscribed_only). */
static enum err hides_some(struct edit *x, const struct folder *f, bool *out)
{
	struct imap_mailboxes all;
	enum err e;

	*out = false;
	if (!x->rq->worker->config->imap_subscribed_only)
		return ERR_OK;
	if ((e = imap_list(x->imap, x->rq->arena, false, &all)))
		return e;
	for (size_t i = 0; i < all.n && !*out; i++) {
		struct bytes rest = all.v[i].name, head;

		*out = bytes_take(&rest, f->mailbox.len, &head) && bytes_eq(head, f->mailbox) &&
		       rest.len > 1 && (char)rest.p[0] == f->separator &&
		       !folder_of_name(&x->list, all.v[i].name);
		if (*out)
			log_info("folder not deleted: one below it isn't subscribed to, and so not shown "
				 "folder=%u",
			    f->id);
	}
	return ERR_OK;
}

/* With all that is below it, as the phone has told its user; or nothing at all, where that can be known beforehand. */
static enum err delete_tree(struct edit *x, const struct folder *f, uint32_t *status)
{
	bool may, hides, partly = false;
	enum err e;

	*status = FOLDER_SPECIAL;
	if (folder_tree_is_special(&x->list, f))
		return ERR_OK;
	*status = FOLDER_FAILED;
	if ((e = hides_some(x, f, &hides)) || hides)
		return e;
	if ((e = folder_tree_may_go(x->imap, x->rq->arena, &x->list, f, &may)) || !may)
		return e;
	if ((e = folder_tree_delete_below(x->imap, &x->list, f, false, &partly)))
		return e;
	if (partly) { /* the phones' next FolderSync tells what is left */
		push_publish(x->rq, NULL, 0);
		return ERR_OK;
	}
	*status = FOLDER_OK;
	e = imap_delete(x->imap, f->mailbox);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The device is known to be without that folder, but not whether it has dropped those below it, too: so its next FolderSync
 * deletes them, which is nothing new to one that has. */
enum err command_folder_delete(struct request *rq, struct wbxml_writer *w)
{
	static const wbxml_tag elements[] = { FOLDERHIERARCHY_SYNC_KEY, FOLDERHIERARCHY_SERVER_ID, 0 };
	struct edit x = { .rq = rq, .root = FOLDERHIERARCHY_FOLDER_DELETE, .elements = elements };
	const struct folder *f;
	uint32_t status, id = 0;
	enum err e;

	if ((e = begin(&x, &status)))
		return e;
	if (status)
		return answer(&x, w, status);
	if (folder_id_parse(wbxml_child_text(rq->xml, FOLDERHIERARCHY_SERVER_ID), &id))
		return answer(&x, w, FOLDER_NO_FOLDER);
	f = folders_by_id(&x.list, id);
	if (!f && !known_folder(x.base, id))
		return answer(&x, w, FOLDER_NO_FOLDER);
	status = FOLDER_OK;
	if (f && (e = delete_tree(&x, f, &status))) {
		push_publish(rq, NULL, 0); /* something below it may be gone */
		return refused(&x, w, e);
	}
	if (status == FOLDER_OK && (e = advance(&x, id, NULL)))
		return e;
	return answer(&x, w, status);
}

/* The ids move along with the names, the folder's own and those of all below it, so that their sync keys stay good; and so do
 * the subscriptions of those below it. */
static enum err rename_ids(struct edit *x, struct bytes from, struct bytes to)
{
	struct bytes account = bytes_str(x->rq->account->name);

	for (size_t i = 0; i < x->list.n; i++) {
		const struct folder *f = &x->list.v[i];
		struct bytes rest = f->mailbox, head;
		char *name;
		enum err e;

		if (!bytes_take(&rest, from.len, &head) || !bytes_eq(head, from) ||
		    (rest.len && (char)rest.p[0] != f->separator))
			continue;
		name = arena_printf(x->rq->arena, "%.*s%.*s", BYTES_ARG(to), BYTES_ARG(rest));
		if (!name)
			return ERR_LIMIT;
		if ((e = store_folder_rename(
			 x->rq->worker->redis, account, f->id, BYTES("imap"), bytes_str(name))))
			return e;
		if (rest.len && f->subscribed && (e = imap_resubscribe(x->imap, f->mailbox, bytes_str(name))))
			return e;
	}
	return ERR_OK;
}

enum err command_folder_update(struct request *rq, struct wbxml_writer *w)
{
	static const wbxml_tag elements[] = { FOLDERHIERARCHY_SYNC_KEY, FOLDERHIERARCHY_SERVER_ID,
		FOLDERHIERARCHY_PARENT_ID, FOLDERHIERARCHY_DISPLAY_NAME, 0 };
	struct edit x = { .rq = rq, .root = FOLDERHIERARCHY_FOLDER_UPDATE, .elements = elements };
	struct bytes display = wbxml_child_text(rq->xml, FOLDERHIERARCHY_DISPLAY_NAME), name;
	const struct folder *f, *there, *holder;
	uint32_t status, id = 0;
	enum err e;

	if ((e = begin(&x, &status)))
		return e;
	if (!status && folder_id_parse(wbxml_child_text(rq->xml, FOLDERHIERARCHY_SERVER_ID), &id))
		status = FOLDER_NO_FOLDER;
	f = folders_by_id(&x.list, id);
	if (!status && !f)
		status = FOLDER_NO_FOLDER;
	if (!status && folder_is_special(f))
		status = FOLDER_EXISTS; /* "name exists, or special folder" */
	if (!status && is_for_notes(&x, id) != is_for_notes(&x, parent_of(rq)))
		status = FOLDER_SPECIAL; /* there, its items would be of another class */
	if (!status && (e = new_name(&x, f, parent_of(rq), display, &name, &status)))
		return e;
	if (status)
		return answer(&x, w, status);
	holder = holder_of_name(&x, parent_of(rq), display);
	there = folder_of_name(&x.list, name);
	if ((holder && holder->id != id) || (there && there->id != id))
		return answer(&x, w, FOLDER_EXISTS);
	if (!there) {
		if ((e = imap_rename(x.imap, f->mailbox, name)))
			return refused(&x, w, e);
		if ((e = rename_ids(&x, f->mailbox, name)))
			return e;
	}
	if ((e = finish(&x, id, display)))
		return e;
	return answer(&x, w, FOLDER_OK);
}
