/* Sync and GetItemEstimate (MS-ASCMD 2.2.1.21, 2.2.1.9): builds the request in the order that the documents want, applies the
 * answer to the replica. */
#include "phone.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync_request.h"

static enum err refuse(struct phone *ph, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static enum err refuse(struct phone *ph, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(ph->problem, sizeof(ph->problem), fmt, args);
	va_end(args);
	return ERR_PROTO;
}

static const char *text_of(struct phone *ph, const struct wbxml_node *parent, wbxml_tag tag)
{
	char *text;

	if (arena_cstr(ph->arena, wbxml_child_text(parent, tag), &text))
		return "";
	return text;
}

static unsigned number_of(const struct wbxml_node *parent, wbxml_tag tag)
{
	uint32_t n;

	return bytes_to_u32(wbxml_child_text(parent, tag), UINT32_MAX, &n) ? 0 : n;
}

/* ---- the answer ---- */

static void read_results(struct phone *ph, struct phone_folder *f, const struct wbxml_node *responses)
{
	if (responses && !responses->child)
		phone_replica_anomaly(&ph->replica, "folder %s: empty Responses", f->name);
	for (const struct wbxml_node *n = responses ? responses->child : NULL;
	     n && ph->result_count < PHONE_MAX_RESULTS; n = n->next) {
		struct phone_result *r = &ph->results[ph->result_count++];

		*r = (struct phone_result){ .command = n->tag,
			.folder_id = f->id,
			.client_id = text_of(ph, n, AIRSYNC_CLIENT_ID),
			.server_id = text_of(ph, n, AIRSYNC_SERVER_ID),
			.status = number_of(n, AIRSYNC_STATUS),
			.node = n };
		if (n->tag == AIRSYNC_FETCH && r->status == 1 && phone_item(f, r->server_id))
			phone_item_apply(
			    phone_item(f, r->server_id), wbxml_child(n, AIRSYNC_APPLICATION_DATA));
	}
}

static const struct phone_result *edit_result(
    const struct phone *ph, const struct phone_edit *edit, const char *folder_id)
{
	for (size_t i = 0; i < ph->result_count; i++) {
		const struct phone_result *r = &ph->results[i];

		if (r->command == edit->command && !strcmp(r->folder_id, folder_id) &&
		    !strcmp(edit->command == AIRSYNC_ADD ? r->client_id : r->server_id, edit->id))
			return r;
	}
	return NULL;
}

static unsigned edit_status(const struct phone *ph, const struct phone_edit *edit, const char *folder_id)
{
	const struct phone_result *r = edit_result(ph, edit, folder_id);

	return r ? r->status : 1;
}

/* `text` may be the field's own. */
static void set_text(char **field, const char *text)
{
	char *own = strdup(text);

	if (!own)
		abort();
	free(*field);
	*field = own;
}

/* Of a note, categories that aren't said are gone. */
static void keep_note(struct phone_item *i, const struct phone_edit *edit)
{
	if (edit->subject)
		set_text(&i->subject, edit->subject);
	if (edit->text) {
		set_text(&i->body, edit->text);
		i->body_len = strlen(i->body);
		i->body_type = edit->text_type ? edit->text_type : 1;
	}
	set_text(&i->categories, edit->categories ? edit->categories : "");
}

/* The reference that the answer has for a new file; "" if it has none. */
static struct bytes reference_of(const struct phone_result *r, const char *client_id)
{
	const struct wbxml_node *list =
	    wbxml_child(r ? wbxml_child(r->node, AIRSYNC_APPLICATION_DATA) : NULL, AIRSYNCBASE_ATTACHMENTS);

	for (const struct wbxml_node *n = wbxml_child(list, AIRSYNCBASE_ATTACHMENT); n;
	     n = wbxml_next(n, AIRSYNCBASE_ATTACHMENT))
		if (bytes_eq_str(wbxml_child_text(n, AIRSYNCBASE_CLIENT_ID), client_id))
			return wbxml_child_text(n, AIRSYNCBASE_FILE_REFERENCE);
	return BYTES("");
}

static void keep_draft(struct phone_item *i, const struct phone_edit *edit, const struct phone_result *r)
{
	const struct {
		char **field;
		const char *text;
	} lines[] = { { &i->to, edit->to }, { &i->cc, edit->cc }, { &i->bcc, edit->bcc },
		{ &i->reply_to, edit->reply_to }, { &i->subject, edit->subject }, { &i->body, edit->text } };

	for (size_t n = 0; n < sizeof(lines) / sizeof(lines[0]); n++)
		if (lines[n].text)
			set_text(lines[n].field, lines[n].text);
	if (edit->text) {
		i->body_len = strlen(i->body);
		i->body_type = edit->text_type ? edit->text_type : 1;
	}
	if (edit->importance)
		i->importance = (unsigned)edit->importance - 1;
	for (size_t n = 0; n < edit->drop_count; n++)
		phone_item_drop_file(i, edit->drop[n]);
	for (size_t n = 0; n < edit->file_count; n++)
		phone_item_keep_file(i, edit->files[n].name, reference_of(r, edit->files[n].client_id),
		    edit->files[n].content.len);
}

static void keep_added(struct phone *ph, struct phone_folder *f, const struct phone_edit *edit)
{
	const struct phone_result *r = edit_result(ph, edit, f->id);

	if (edit->draft && r && r->status == 1 && r->server_id[0]) {
		struct phone_item *i = phone_folder_keep_item(f, r->server_id);

		i->is_draft = true;
		i->read = edit->read != PHONE_NO;
		keep_draft(i, edit, r);
	} else if ((edit->note || edit->sms) && r && r->status == 1 && r->server_id[0])
		keep_note(phone_folder_keep_item(f, r->server_id), edit);
}

static void note_read_and_flag(struct phone_item *i, const struct phone_edit *edit)
{
	if (edit->read != PHONE_UNSAID)
		i->read = edit->read == PHONE_YES;
	if (edit->flag != PHONE_UNSAID)
		i->flag = edit->flag == PHONE_YES ? 2 : 0;
	if (edit->flag_text) {
		i->flag = strncmp(edit->flag_text, "Status=", 7) ? 0 : (unsigned)atoi(edit->flag_text + 7);
		set_text(&i->flag_text, edit->flag_text);
	}
	if (edit->categories)
		set_text(&i->categories, edit->categories);
}

enum { CONFLICT = 7 };

/* What the phone did itself and the server has taken is in its replica, too. */
static void apply_edits(struct phone *ph, struct phone_folder *f, const struct phone_collection *c)
{
	for (size_t n = 0; n < c->edit_count; n++) {
		const struct phone_edit *edit = &c->edits[n];
		struct phone_item *i = phone_item(f, edit->id);

		unsigned status = edit_status(ph, edit, f->id);

		if (edit->command == AIRSYNC_ADD)
			keep_added(ph, f, edit);
		if (!i || (status != 1 && !(status == CONFLICT && edit->command == AIRSYNC_DELETE)))
			continue;
		if (edit->command ==
		    AIRSYNC_DELETE) /* gone at once; where the server's version stays it comes back */
			phone_folder_forget_item(f, edit->id);
		else if (edit->command == AIRSYNC_CHANGE && edit->note)
			keep_note(i, edit);
		else if (edit->command == AIRSYNC_CHANGE) {
			if (edit->draft)
				keep_draft(i, edit, edit_result(ph, edit, f->id));
			note_read_and_flag(i, edit);
		}
	}
}

static const struct phone_collection *asked_for(const struct phone_sync *rq, const char *folder_id)
{
	for (size_t i = 0; rq && i < rq->count; i++)
		if (!strcmp(rq->collections[i].folder_id, folder_id))
			return &rq->collections[i];
	return NULL;
}

static void keep_key(struct phone *ph, struct phone_folder *f, const char *asked, struct bytes key)
{
	char *former = strdup(asked), *now = strndup((const char *)key.p, key.len);

	if (!former || !now)
		abort();
	if (!key.len)
		phone_replica_anomaly(&ph->replica, "folder %s: Status 1 without a SyncKey", f->name);
	free(f->former_key);
	f->former_key = former;
	free(f->key);
	f->key = now;
}

static void apply_collection(struct phone *ph, const struct phone_sync *rq, const struct wbxml_node *n)
{
	struct phone_folder *f = phone_folder(&ph->replica, text_of(ph, n, AIRSYNC_COLLECTION_ID));
	const struct phone_collection *c;
	const char *asked;

	if (!f) {
		phone_replica_anomaly(&ph->replica,
		    "Sync: a Collection for the folder \"%s\", which isn't there",
		    text_of(ph, n, AIRSYNC_COLLECTION_ID));
		return;
	}
	f->status = number_of(n, AIRSYNC_STATUS);
	f->more = wbxml_child(n, AIRSYNC_MORE_AVAILABLE) != NULL;
	if (f->status != 1)
		return;
	c = asked_for(rq, f->id);
	asked = c && c->key ? c->key : f->key;
	if (!strcmp(asked, "0"))
		phone_folder_forget_all(f); /* it starts over */
	keep_key(ph, f, asked, wbxml_child_text(n, AIRSYNC_SYNC_KEY));
	read_results(ph, f, wbxml_child(n, AIRSYNC_RESPONSES));
	if (c)
		apply_edits(ph, f, c);
	phone_replica_apply_commands(&ph->replica, f, wbxml_child(n, AIRSYNC_COMMANDS));
}

static void clear_outcome(struct phone *ph)
{
	for (struct phone_folder *f = ph->replica.folders; f; f = f->next) {
		f->status = 0;
		f->more = false;
		f->added = f->changed = f->deleted = f->soft_deleted = 0;
	}
}

static void apply_answer(struct phone *ph, const struct phone_sync *rq)
{
	const struct wbxml_node *list = wbxml_child(ph->root, AIRSYNC_COLLECTIONS);

	if (list && !list->child)
		phone_replica_anomaly(&ph->replica, "Sync: empty Collections");
	for (const struct wbxml_node *n = wbxml_child(list, AIRSYNC_COLLECTION); n;
	     n = wbxml_next(n, AIRSYNC_COLLECTION))
		apply_collection(ph, rq, n);
	/* An empty answer: the server took all that was asked, and has nothing to tell. */
	for (size_t i = 0; !ph->root && rq && i < rq->count; i++) {
		struct phone_folder *f = phone_folder(&ph->replica, rq->collections[i].folder_id);

		if (f) {
			f->status = 1;
			apply_edits(ph, f, &rq->collections[i]);
		}
	}
}

/* ---- the command ---- */

enum err phone_sync_send(struct phone *ph, const struct phone_sync *rq)
{
	if (rq)
		phone_sync_put(phone_request(ph), ph->version, &ph->replica, rq);
	return phone_command_send(ph, CMD_SYNC, NULL);
}

enum err phone_sync_receive(struct phone *ph, const struct phone_sync *rq)
{
	unsigned hold_s = rq ? rq->heartbeat_s + rq->wait_min * 60 : 3600;
	enum err e = phone_command_receive(ph, hold_s);

	clear_outcome(ph);
	if (!e)
		apply_answer(ph, rq);
	return e;
}

enum err phone_sync(struct phone *ph, const struct phone_sync *rq)
{
	enum err e = phone_sync_send(ph, rq);

	return e ? e : phone_sync_receive(ph, rq);
}

enum err phone_sync_one(struct phone *ph, const struct phone_collection *c)
{
	return phone_sync(ph, &(struct phone_sync){ .collections = c, .count = 1 });
}

enum err phone_edit_one(
    struct phone *ph, struct phone_folder *f, const struct phone_edit *edit, unsigned *status)
{
	struct phone_collection c = { .folder_id = f->id, .edits = edit, .edit_count = 1 };
	enum err e = phone_sync_one(ph, &c);

	if (e)
		return e;
	*status = edit_status(ph, edit, f->id);
	if (ph->status != 1 || f->status != 1)
		return refuse(ph, "Sync of %s: Status %u", f->name, f->status ? f->status : ph->status);
	return ERR_OK;
}

/* ---- a whole folder ---- */

static const struct phone_options_block default_options = {
	.bodies = { { .type = 1, .truncation = 500 } },
};

static enum err one_step(struct phone *ph, struct phone_folder *f, const struct phone_collection *c)
{
	enum err e = phone_sync_one(ph, c);

	if (e)
		return e;
	if (ph->status != 1)
		return refuse(ph, "Sync of %s: Status %u for the whole request", f->name, ph->status);
	if (f->status != 1)
		return refuse(ph, "Sync of %s: Collection Status %u", f->name, f->status);
	return ERR_OK;
}

enum err phone_sync_folder(struct phone *ph, struct phone_folder *f, const struct phone_collection *c)
{
	struct phone_collection prime = { .folder_id = f->id, .key = "0" },
				rq = { .window = 100, .options = &default_options };
	unsigned total[4] = { 0 }, idle = 0;
	enum err e = ERR_OK;

	if (c)
		rq = *c;
	rq.folder_id = f->id;
	rq.key = NULL;
	prime.class = rq.class;
	if (!strcmp(f->key, "0") && (e = one_step(ph, f, &prime)))
		return e;
	do {
		if ((e = one_step(ph, f, &rq)))
			return e;
		idle = f->added + f->changed + f->deleted + f->soft_deleted ? 0 : idle + 1;
		total[0] += f->added;
		total[1] += f->changed;
		total[2] += f->deleted;
		total[3] += f->soft_deleted;
		if (f->more && idle > 1) {
			phone_replica_anomaly(
			    &ph->replica, "folder %s: MoreAvailable without progress", f->name);
			return refuse(
			    ph, "Sync of %s: MoreAvailable without progress, %u times", f->name, idle);
		}
		rq.edits = NULL; /* once */
		rq.edit_count = 0;
	} while (f->more);
	f->added = total[0];
	f->changed = total[1];
	f->deleted = total[2];
	f->soft_deleted = total[3];
	return ERR_OK;
}

/* ---- GetItemEstimate ---- */

enum err phone_estimate_of(
    struct phone *ph, const struct phone_collection *c, unsigned *status, unsigned *estimate)
{
	const struct wbxml_node *response;
	enum err e;

	*status = *estimate = 0;
	phone_estimate_put(phone_request(ph), ph->version, phone_folder(&ph->replica, c->folder_id), c);
	if ((e = phone_command(ph, CMD_GET_ITEM_ESTIMATE, NULL)))
		return e;
	response = wbxml_child(ph->root, GETITEMESTIMATE_RESPONSE);
	*status = number_of(response, GETITEMESTIMATE_STATUS);
	*estimate = number_of(wbxml_child(response, GETITEMESTIMATE_COLLECTION), GETITEMESTIMATE_ESTIMATE);
	return ERR_OK;
}

enum err phone_estimate(struct phone *ph, struct phone_folder *f, const struct phone_options_block *options,
    unsigned *status, unsigned *estimate)
{
	const struct phone_collection c = { .folder_id = f->id, .options = options };

	return phone_estimate_of(ph, &c, status, estimate);
}
