#include "sync_request.h"

#include <string.h>

static void put_say(struct wbxml_writer *w, wbxml_tag tag, enum phone_say say)
{
	if (say != PHONE_UNSAID)
		wbxml_put_uint(w, tag, say == PHONE_YES);
}

/* ---- Options ---- */

static void put_preference(struct wbxml_writer *w, wbxml_tag tag, const struct phone_body_preference *p)
{
	if (!p->type)
		return;
	wbxml_open(w, tag);
	wbxml_put_uint(w, AIRSYNCBASE_TYPE, p->type);
	if (p->truncation != PHONE_WHOLE)
		wbxml_put_uint(w, AIRSYNCBASE_TRUNCATION_SIZE, p->truncation);
	if (p->all_or_none)
		wbxml_put_uint(w, AIRSYNCBASE_ALL_OR_NONE, 1);
	if (p->preview)
		wbxml_put_uint(w, AIRSYNCBASE_PREVIEW, p->preview);
	wbxml_close(w);
}

static void put_options(struct wbxml_writer *w, const struct phone_options_block *o)
{
	wbxml_open(w, AIRSYNC_OPTIONS);
	if (o->class)
		wbxml_put_str(w, AIRSYNC_CLASS, o->class);
	if (o->filter)
		wbxml_put_uint(w, AIRSYNC_FILTER_TYPE, (unsigned)o->filter - 1);
	put_say(w, AIRSYNC_CONFLICT, o->server_wins);
	if (o->mime_support)
		wbxml_put_uint(w, AIRSYNC_MIME_SUPPORT, (unsigned)o->mime_support - 1);
	if (o->mime_truncation)
		wbxml_put_uint(w, AIRSYNC_MIME_TRUNCATION, (unsigned)o->mime_truncation - 1);
	if (o->max_items)
		wbxml_put_uint(w, AIRSYNC_MAX_ITEMS, o->max_items);
	for (size_t i = 0; i < sizeof(o->bodies) / sizeof(o->bodies[0]); i++)
		put_preference(w, AIRSYNCBASE_BODY_PREFERENCE, &o->bodies[i]);
	put_preference(w, AIRSYNCBASE_BODY_PART_PREFERENCE, &o->body_part);
	wbxml_close(w);
}

/* ---- Commands ---- */

/* Status 2 wants a type and four dates (MS-ASEMAIL 2.2.2.34); due in a week, as phones do. */
static void put_flag(struct wbxml_writer *w, enum phone_say flag)
{
	static const char start[] = "2026-11-24T08:00:00.000Z", due[] = "2026-12-01T08:00:00.000Z";

	if (flag == PHONE_UNSAID)
		return;
	wbxml_open(w, EMAIL_FLAG);
	if (flag == PHONE_YES) {
		wbxml_put_uint(w, EMAIL_STATUS, 2);
		wbxml_put_str(w, EMAIL_FLAG_TYPE, "Flag for follow up");
		wbxml_put_str(w, TASKS_START_DATE, start);
		wbxml_put_str(w, TASKS_UTC_START_DATE, start);
		wbxml_put_str(w, TASKS_DUE_DATE, due);
		wbxml_put_str(w, TASKS_UTC_DUE_DATE, due);
	}
	wbxml_close(w);
}

static void put_flag_text(struct wbxml_writer *w, const char *text)
{
	struct bytes rest = bytes_str(text), name, line;

	wbxml_open(w, EMAIL_FLAG);
	while (bytes_split(&rest, '\n', &line)) {
		if (!bytes_split(&line, '=', &name))
			continue;
		for (const struct phone_flag_name *n = phone_flag_names; n->tag; n++)
			if (bytes_eq_str(name, n->name))
				wbxml_put(w, n->tag, line);
	}
	wbxml_close(w);
}

static void put_categories(struct wbxml_writer *w, const struct phone_edit *edit)
{
	struct bytes rest = bytes_str(edit->categories), one;

	if (!edit->categories)
		return;
	wbxml_open(w, edit->note ? NOTES_CATEGORIES : EMAIL_CATEGORIES);
	while (bytes_split(&rest, '\n', &one))
		wbxml_put(w, edit->note ? NOTES_CATEGORY : EMAIL_CATEGORY, one);
	wbxml_close(w);
}

static void put_file(struct wbxml_writer *w, const struct phone_file *f)
{
	wbxml_open(w, AIRSYNCBASE_ADD);
	wbxml_put_str(w, AIRSYNCBASE_CLIENT_ID, f->client_id);
	wbxml_put(w, AIRSYNCBASE_CONTENT, f->content);
	wbxml_put_str(w, AIRSYNCBASE_DISPLAY_NAME, f->name);
	wbxml_put_uint(w, AIRSYNCBASE_METHOD, f->is_mail ? 5 : 1);
	if (f->content_id)
		wbxml_put_str(w, AIRSYNCBASE_CONTENT_ID, f->content_id);
	if (f->type)
		wbxml_put_str(w, AIRSYNCBASE_CONTENT_TYPE, f->type);
	if (f->is_inline)
		wbxml_put_empty(w, AIRSYNCBASE_IS_INLINE);
	wbxml_close(w);
}

static void put_files(struct wbxml_writer *w, const struct phone_edit *edit)
{
	if (!edit->file_count && !edit->drop_count)
		return;
	wbxml_open(w, AIRSYNCBASE_ATTACHMENTS);
	for (size_t i = 0; i < edit->file_count; i++)
		put_file(w, &edit->files[i]);
	for (size_t i = 0; i < edit->drop_count; i++) {
		wbxml_open(w, AIRSYNCBASE_DELETE);
		wbxml_put_str(w, AIRSYNCBASE_FILE_REFERENCE, edit->drop[i]);
		wbxml_close(w);
	}
	wbxml_close(w);
}

static void put_content(struct wbxml_writer *w, const struct phone_edit *edit)
{
	if (edit->to)
		wbxml_put_str(w, EMAIL_TO, edit->to);
	if (edit->cc)
		wbxml_put_str(w, EMAIL_CC, edit->cc);
	if (edit->from)
		wbxml_put_str(w, EMAIL_FROM, edit->from);
	if (edit->reply_to)
		wbxml_put_str(w, EMAIL_REPLY_TO, edit->reply_to);
	if (edit->importance)
		wbxml_put_uint(w, EMAIL_IMPORTANCE, (unsigned)edit->importance - 1);
	if (edit->received)
		wbxml_put_str(w, EMAIL_DATE_RECEIVED, edit->received);
	if (edit->subject)
		wbxml_put_str(w, edit->note ? NOTES_SUBJECT : EMAIL_SUBJECT, edit->subject);
	if (edit->bcc)
		wbxml_put_str(w, EMAIL2_BCC, edit->bcc);
	put_files(w, edit);
	if (!edit->text)
		return;
	wbxml_open(w, AIRSYNCBASE_BODY);
	wbxml_put_uint(w, AIRSYNCBASE_TYPE, edit->text_type ? edit->text_type : 1);
	wbxml_put_str(w, AIRSYNCBASE_DATA, edit->text);
	wbxml_close(w);
}

static void put_data(struct wbxml_writer *w, const struct phone_edit *edit)
{
	wbxml_open(w, AIRSYNC_APPLICATION_DATA);
	put_content(w, edit);
	if (edit->note)
		wbxml_put_str(w, NOTES_MESSAGE_CLASS, "IPM.StickyNote");
	put_say(w, EMAIL_READ, edit->read);
	if (edit->flag_text)
		put_flag_text(w, edit->flag_text);
	else
		put_flag(w, edit->flag);
	put_categories(w, edit);
	if (edit->other)
		wbxml_put_uint(w, edit->other, 1);
	wbxml_close(w);
}

static void put_edit(struct wbxml_writer *w, const struct phone_edit *edit)
{
	wbxml_open(w, edit->command);
	if (edit->sms && edit->command == AIRSYNC_ADD)
		wbxml_put_str(w, AIRSYNC_CLASS, "SMS");
	wbxml_put_str(w, edit->command == AIRSYNC_ADD ? AIRSYNC_CLIENT_ID : AIRSYNC_SERVER_ID, edit->id);
	if (edit->command == AIRSYNC_ADD || edit->command == AIRSYNC_CHANGE) {
		if (!edit->bare)
			put_data(w, edit);
		if (edit->send)
			wbxml_put_empty(w, EMAIL2_SEND);
	}
	wbxml_close(w);
}

/* ---- the request ---- */

static const char *key_of(struct phone_replica *r, const struct phone_collection *c)
{
	const struct phone_folder *f = c->key || !r ? NULL : phone_folder(r, c->folder_id);

	return c->key ? c->key : f ? f->key : "0";
}

/* The order of the children matters: Status 4 otherwise. */
static void put_collection(
    struct wbxml_writer *w, enum eas_version v, struct phone_replica *r, const struct phone_collection *c)
{
	wbxml_open(w, AIRSYNC_COLLECTION);
	if (c->class || v <= EAS_12_1)
		wbxml_put_str(w, AIRSYNC_CLASS, c->class ? c->class : "Email");
	wbxml_put_str(w, AIRSYNC_SYNC_KEY, key_of(r, c));
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, c->folder_id);
	put_say(w, AIRSYNC_DELETES_AS_MOVES, c->deletes_as_moves);
	put_say(w, AIRSYNC_GET_CHANGES, c->get_changes);
	if (c->window)
		wbxml_put_uint(w, AIRSYNC_WINDOW_SIZE, c->window);
	put_say(w, AIRSYNC_CONVERSATION_MODE, c->conversation_mode);
	if (c->options)
		put_options(w, c->options);
	if (c->sms)
		put_options(w, c->sms);
	if (c->edit_count) {
		wbxml_open(w, AIRSYNC_COMMANDS);
		for (size_t i = 0; i < c->edit_count; i++)
			put_edit(w, &c->edits[i]);
		wbxml_close(w);
	}
	wbxml_close(w);
}

void phone_sync_put(
    struct wbxml_writer *w, enum eas_version v, struct phone_replica *r, const struct phone_sync *rq)
{
	wbxml_open(w, AIRSYNC_SYNC);
	if (rq->count) {
		wbxml_open(w, AIRSYNC_COLLECTIONS);
		for (size_t i = 0; i < rq->count; i++)
			put_collection(w, v, r, &rq->collections[i]);
		wbxml_close(w);
	}
	if (rq->wait_min)
		wbxml_put_uint(w, AIRSYNC_WAIT, rq->wait_min);
	if (rq->heartbeat_s)
		wbxml_put_uint(w, AIRSYNC_HEARTBEAT_INTERVAL, rq->heartbeat_s);
	if (rq->window)
		wbxml_put_uint(w, AIRSYNC_WINDOW_SIZE, rq->window);
	if (rq->partial)
		wbxml_put_empty(w, AIRSYNC_PARTIAL);
	wbxml_close(w);
}

/* The two forms of MS-ASCMD 2.2.1.9.1. */
void phone_estimate_put(struct wbxml_writer *w, enum eas_version v, const struct phone_folder *f,
    const struct phone_collection *c)
{
	const struct phone_options_block *options = c->options;

	wbxml_open(w, GETITEMESTIMATE_GET_ITEM_ESTIMATE);
	wbxml_open(w, GETITEMESTIMATE_COLLECTIONS);
	wbxml_open(w, GETITEMESTIMATE_COLLECTION);
	if (v >= EAS_14_0) {
		wbxml_put_str(w, AIRSYNC_SYNC_KEY, f->key);
		wbxml_put_str(w, GETITEMESTIMATE_COLLECTION_ID, f->id);
		put_say(w, AIRSYNC_CONVERSATION_MODE, c->conversation_mode);
		if (options)
			put_options(w, options);
	} else {
		wbxml_put_str(w, GETITEMESTIMATE_CLASS, "Email");
		wbxml_put_str(w, GETITEMESTIMATE_COLLECTION_ID, f->id);
		wbxml_put_uint(
		    w, AIRSYNC_FILTER_TYPE, options && options->filter ? (unsigned)options->filter - 1 : 0);
		wbxml_put_str(w, AIRSYNC_SYNC_KEY, f->key);
	}
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
}
