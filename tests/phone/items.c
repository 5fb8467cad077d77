/* Ping, MoveItems, ItemOperations, GetAttachment, SendMail, Settings. */
#include "phone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"

static unsigned number_of(const struct wbxml_node *parent, wbxml_tag tag)
{
	uint32_t n;

	return bytes_to_u32(wbxml_child_text(parent, tag), UINT32_MAX, &n) ? 0 : n;
}

static const char *text_of(struct phone *ph, struct bytes text)
{
	char *copy;

	return arena_cstr(ph->arena, text, &copy) ? "" : copy;
}

/* ---- Ping (MS-ASCMD 2.2.1.13) ---- */

enum err phone_ping_send(struct phone *ph, unsigned heartbeat_s, const char *const *folder_ids, size_t count)
{
	struct wbxml_writer *w = phone_request(ph);

	if (!heartbeat_s && !count)
		return phone_command_send(ph, CMD_PING, NULL);
	wbxml_open(w, PING_PING);
	if (heartbeat_s)
		wbxml_put_uint(w, PING_HEARTBEAT_INTERVAL, heartbeat_s);
	if (count) {
		wbxml_open(w, PING_FOLDERS);
		for (size_t i = 0; i < count; i++) {
			wbxml_open(w, PING_FOLDER);
			wbxml_put_str(w, PING_ID, folder_ids[i]);
			wbxml_put_str(w, PING_CLASS, "Email");
			wbxml_close(w);
		}
		wbxml_close(w);
	}
	wbxml_close(w);
	return phone_command_send(ph, CMD_PING, NULL);
}

enum err phone_ping_receive(
    struct phone *ph, unsigned heartbeat_s, const char **changed, size_t cap, size_t *count)
{
	const struct wbxml_node *list;
	enum err e = phone_command_receive(ph, heartbeat_s ? heartbeat_s : 3600);

	*count = 0;
	if (e)
		return e;
	if (!ph->root)
		return ERR_PROTO;
	list = wbxml_child(ph->root, PING_FOLDERS);
	for (const struct wbxml_node *n = wbxml_child(list, PING_FOLDER); n && *count < cap;
	     n = wbxml_next(n, PING_FOLDER))
		changed[(*count)++] = text_of(ph, bytes_trim(n->text));
	return ERR_OK;
}

enum err phone_ping(struct phone *ph, unsigned heartbeat_s, const char *folder_id, bool *has_changed)
{
	const char *changed[1];
	size_t count;
	enum err e;

	*has_changed = false;
	if ((e = phone_ping_send(ph, heartbeat_s, &folder_id, 1)) ||
	    (e = phone_ping_receive(ph, heartbeat_s, changed, 1, &count)))
		return e;
	*has_changed = ph->status == 2 && count == 1 && !strcmp(changed[0], folder_id);
	return ERR_OK;
}

/* ---- MoveItems (MS-ASCMD 2.2.1.12) ---- */

enum err phone_move_item(
    struct phone *ph, const char *id, const char *from, const char *to, unsigned *status, const char **new_id)
{
	struct wbxml_writer *w = phone_request(ph);
	const struct wbxml_node *response;
	char *old_id = strdup(id); /* the replica may own it */
	enum err e;

	if (!old_id)
		abort();
	*status = 0;
	*new_id = "";
	wbxml_open(w, MOVE_MOVE_ITEMS);
	wbxml_open(w, MOVE_MOVE);
	wbxml_put_str(w, MOVE_SRC_MSG_ID, old_id);
	wbxml_put_str(w, MOVE_SRC_FLD_ID, from);
	wbxml_put_str(w, MOVE_DST_FLD_ID, to);
	wbxml_close(w);
	wbxml_close(w);
	e = phone_command(ph, CMD_MOVE_ITEMS, NULL);
	response = e ? NULL : wbxml_child(ph->root, MOVE_RESPONSE);
	if (response) {
		*status = number_of(response, MOVE_STATUS);
		*new_id = text_of(ph, wbxml_child_text(response, MOVE_DST_MSG_ID));
		if (*status == 3)
			phone_replica_move(&ph->replica, from, old_id, to, *new_id);
	}
	free(old_id);
	return e;
}

/* ---- ItemOperations (MS-ASCMD 2.2.1.10) ---- */

/* The part of that number of a multipart answer, for an element with Part in place of Data. */
static struct bytes part_of(const struct phone *ph, uint32_t index)
{
	uint32_t count, place[2];
	struct bytes body = ph->reply.body;

	if (body.len < sizeof(count))
		return bytes_of(NULL, 0);
	memcpy(&count, body.p, sizeof(count));
	if (index >= count || body.len - sizeof(count) < (index + 1) * sizeof(place))
		return bytes_of(NULL, 0);
	memcpy(place, body.p + sizeof(count) + index * sizeof(place), sizeof(place));
	if (place[0] > body.len || place[1] > body.len - place[0])
		return bytes_of(NULL, 0);
	return bytes_of(body.p + place[0], place[1]);
}

static const struct wbxml_node *fetched(struct phone *ph, unsigned *status)
{
	const struct wbxml_node *fetch =
	    wbxml_child(wbxml_child(ph->root, ITEMOPERATIONS_RESPONSE), ITEMOPERATIONS_FETCH);

	*status = fetch ? number_of(fetch, ITEMOPERATIONS_STATUS) : ph->status;
	return wbxml_child(fetch, ITEMOPERATIONS_PROPERTIES);
}

static void put_body_preference(struct wbxml_writer *w, const struct phone_body_preference *body)
{
	if (!body)
		return;
	wbxml_open(w, ITEMOPERATIONS_OPTIONS);
	if (body->type == 4)
		wbxml_put_uint(w, AIRSYNC_MIME_SUPPORT, 2);
	wbxml_open(w, AIRSYNCBASE_BODY_PREFERENCE);
	wbxml_put_uint(w, AIRSYNCBASE_TYPE, body->type);
	if (body->truncation != PHONE_WHOLE)
		wbxml_put_uint(w, AIRSYNCBASE_TRUNCATION_SIZE, body->truncation);
	if (body->all_or_none)
		wbxml_put_uint(w, AIRSYNCBASE_ALL_OR_NONE, 1);
	if (body->preview)
		wbxml_put_uint(w, AIRSYNCBASE_PREVIEW, body->preview);
	wbxml_close(w);
	wbxml_close(w);
}

/* A body that came as a part of its own. */
static void take_body_part(struct phone *ph, struct phone_item *item, const struct wbxml_node *properties)
{
	const struct wbxml_node *part =
	    wbxml_child(wbxml_child(properties, AIRSYNCBASE_BODY), ITEMOPERATIONS_PART);
	struct bytes data;
	uint32_t index;

	if (!part || bytes_to_u32(bytes_trim(part->text), UINT16_MAX, &index))
		return;
	data = part_of(ph, index);
	free(item->body);
	item->body = calloc(1, data.len + 1);
	if (!item->body)
		abort();
	if (data.len)
		memcpy(item->body, data.p, data.len);
	item->body_len = data.len;
	item->has_body_data = true;
}

enum err phone_fetch_item(struct phone *ph, const char *folder_id, const char *id,
    const struct phone_body_preference *body, unsigned *status, struct phone_item **item)
{
	struct wbxml_writer *w = phone_request(ph);
	const struct wbxml_node *properties;
	enum err e;

	*item = NULL;
	*status = 0;
	wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
	wbxml_open(w, ITEMOPERATIONS_FETCH);
	wbxml_put_str(w, ITEMOPERATIONS_STORE, "Mailbox");
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, folder_id);
	wbxml_put_str(w, AIRSYNC_SERVER_ID, id);
	put_body_preference(w, body);
	wbxml_close(w);
	wbxml_close(w);
	if ((e = phone_command(ph, CMD_ITEM_OPERATIONS, NULL)))
		return e;
	properties = fetched(ph, status);
	if (!properties)
		return ERR_OK;
	*item = phone_item_new(id);
	phone_item_apply(*item, properties);
	take_body_part(ph, *item, properties);
	return ERR_OK;
}

static enum err get_attachment(
    struct phone *ph, const char *reference, unsigned *status, struct bytes *data, struct bytes *content_type)
{
	enum err e =
	    phone_command(ph, CMD_GET_ATTACHMENT, &(struct phone_params){ .attachment_name = reference });

	if (e)
		return e;
	*status = 1;
	*data = ph->reply.body;
	*content_type = phone_answer_header(&ph->reply, "Content-Type");
	return ERR_OK;
}

enum err phone_fetch_attachment(struct phone *ph, const char *reference, const char *range, bool old_form,
    unsigned *status, struct bytes *data, struct bytes *content_type)
{
	const struct wbxml_node *properties;
	struct wbxml_writer *w;
	uint32_t index;
	enum err e;

	*status = 0;
	*data = *content_type = bytes_of(NULL, 0);
	if (old_form)
		return get_attachment(ph, reference, status, data, content_type);
	w = phone_request(ph);
	wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
	wbxml_open(w, ITEMOPERATIONS_FETCH);
	wbxml_put_str(w, ITEMOPERATIONS_STORE, "Mailbox");
	wbxml_put_str(w, AIRSYNCBASE_FILE_REFERENCE, reference);
	if (range) {
		wbxml_open(w, ITEMOPERATIONS_OPTIONS);
		wbxml_put_str(w, ITEMOPERATIONS_RANGE, range);
		wbxml_close(w);
	}
	wbxml_close(w);
	wbxml_close(w);
	if ((e = phone_command(ph, CMD_ITEM_OPERATIONS, NULL)))
		return e;
	properties = fetched(ph, status);
	*content_type = wbxml_child_text(properties, AIRSYNCBASE_CONTENT_TYPE);
	if (wbxml_child(properties, ITEMOPERATIONS_PART)) {
		index = number_of(properties, ITEMOPERATIONS_PART);
		*data = part_of(ph, index);
		return ERR_OK;
	}
	return base64_decode(ph->arena, wbxml_child_text(properties, ITEMOPERATIONS_DATA), data);
}

enum err phone_empty_folder(struct phone *ph, const char *folder_id, bool with_subfolders, unsigned *status)
{
	struct wbxml_writer *w = phone_request(ph);
	const struct wbxml_node *n;
	enum err e;

	*status = 0;
	wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
	wbxml_open(w, ITEMOPERATIONS_EMPTY_FOLDER_CONTENTS);
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, folder_id);
	if (with_subfolders) {
		wbxml_open(w, ITEMOPERATIONS_OPTIONS);
		wbxml_put_empty(w, ITEMOPERATIONS_DELETE_SUB_FOLDERS);
		wbxml_close(w);
	}
	wbxml_close(w);
	wbxml_close(w);
	if ((e = phone_command(ph, CMD_ITEM_OPERATIONS, NULL)))
		return e;
	n = wbxml_child(wbxml_child(ph->root, ITEMOPERATIONS_RESPONSE), ITEMOPERATIONS_EMPTY_FOLDER_CONTENTS);
	*status = n ? number_of(n, ITEMOPERATIONS_STATUS) : ph->status;
	return ERR_OK;
}

/* ---- SendMail (MS-ASCMD 2.2.1.17) ---- */

static void put_source(struct wbxml_writer *w, const struct phone_source *source)
{
	const struct {
		wbxml_tag tag;
		const char *text;
	} ids[] = {
		{ COMPOSEMAIL_FOLDER_ID, source->folder_id },
		{ COMPOSEMAIL_ITEM_ID, source->item_id },
		{ COMPOSEMAIL_LONG_ID, source->long_id },
		{ COMPOSEMAIL_INSTANCE_ID, source->instance_id },
	};

	wbxml_open(w, COMPOSEMAIL_SOURCE);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (ids[i].text)
			wbxml_put_str(w, ids[i].tag, ids[i].text);
	wbxml_close(w);
}

static void put_mail(
    struct phone *ph, enum eas_command cmd, const struct phone_mail *mail, const struct phone_source *source)
{
	struct wbxml_writer *w = phone_request(ph);
	char id[32];

	snprintf(id, sizeof(id), "%lld", (long long)phone_now_us());
	wbxml_open(w, eas_command_info(cmd)->root);
	wbxml_put_str(w, COMPOSEMAIL_CLIENT_ID, mail->client_id ? mail->client_id : id);
	if (source)
		put_source(w, source);
	if (mail->save_in_sent)
		wbxml_put_empty(w, COMPOSEMAIL_SAVE_IN_SENT_ITEMS);
	if (source && source->replace_mime)
		wbxml_put_empty(w, COMPOSEMAIL_REPLACE_MIME);
	wbxml_open(w, COMPOSEMAIL_MIME);
	wbxml_opaque(w, mail->mime);
	wbxml_close(w);
	wbxml_close(w);
}

enum err phone_send_mail_start(struct phone *ph, const struct phone_mail *mail)
{
	put_mail(ph, CMD_SEND_MAIL, mail, NULL);
	return phone_command_send(ph, CMD_SEND_MAIL, NULL);
}

enum err phone_send_mail(struct phone *ph, const struct phone_mail *mail)
{
	if (ph->version >= EAS_14_0) {
		put_mail(ph, CMD_SEND_MAIL, mail, NULL);
		return phone_command(ph, CMD_SEND_MAIL, NULL);
	}
	return phone_command_raw(ph, CMD_SEND_MAIL,
	    &(struct phone_params){ .save_in_sent = mail->save_in_sent }, "message/rfc822", mail->mime);
}

enum err phone_send_smart_start(
    struct phone *ph, enum eas_command cmd, const struct phone_mail *mail, const struct phone_source *source)
{
	put_mail(ph, cmd, mail, source);
	return phone_command_send(ph, cmd, NULL);
}

enum err phone_send_smart(
    struct phone *ph, enum eas_command cmd, const struct phone_mail *mail, const struct phone_source *source)
{
	struct phone_params params = { .collection_id = source->folder_id,
		.item_id = source->item_id,
		.long_id = source->long_id,
		.save_in_sent = mail->save_in_sent };

	if (ph->version >= EAS_14_0) {
		put_mail(ph, cmd, mail, source);
		return phone_command(ph, cmd, NULL);
	}
	return phone_command_raw(ph, cmd, &params, "message/rfc822", mail->mime);
}

/* ---- Settings (MS-ASCMD 2.2.1.18) ---- */

enum err phone_settings_device(struct phone *ph, const char *model, unsigned *status)
{
	struct wbxml_writer *w = phone_request(ph);
	enum err e;

	*status = 0;
	wbxml_open(w, SETTINGS_SETTINGS);
	wbxml_open(w, SETTINGS_DEVICE_INFORMATION);
	wbxml_open(w, SETTINGS_SET);
	wbxml_put_str(w, SETTINGS_MODEL, model);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	if ((e = phone_command(ph, CMD_SETTINGS, NULL)))
		return e;
	*status = number_of(wbxml_child(ph->root, SETTINGS_DEVICE_INFORMATION), SETTINGS_STATUS);
	return ERR_OK;
}

enum err phone_settings_user(struct phone *ph, char *address, size_t cap, unsigned *status)
{
	struct wbxml_writer *w = phone_request(ph);
	const struct wbxml_node *info, *holder;
	enum err e;

	*status = 0;
	address[0] = '\0';
	wbxml_open(w, SETTINGS_SETTINGS);
	wbxml_open(w, SETTINGS_USER_INFORMATION);
	wbxml_put_empty(w, SETTINGS_GET);
	wbxml_close(w);
	wbxml_close(w);
	if ((e = phone_command(ph, CMD_SETTINGS, NULL)))
		return e;
	info = wbxml_child(ph->root, SETTINGS_USER_INFORMATION);
	*status = number_of(info, SETTINGS_STATUS);
	holder = wbxml_child(info, SETTINGS_GET);
	if (ph->version >= EAS_14_1)
		holder = wbxml_child(wbxml_child(holder, SETTINGS_ACCOUNTS), SETTINGS_ACCOUNT);
	holder = wbxml_child(holder, SETTINGS_EMAIL_ADDRESSES);
	snprintf(address, cap, "%.*s", BYTES_ARG(wbxml_child_text(holder, SETTINGS_SMTP_ADDRESS)));
	return ERR_OK;
}
