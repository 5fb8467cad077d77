#include "base/hash.h"
#include "commands/commands.h"
#include "sending/outgoing.h"

/* SendMail (MS-ASCMD 2.2.1.17), SmartReply (2.2.1.21), SmartForward (2.2.1.20): up to 12.1 the body is the mail and the query
 * says the rest, from 14.0 on all is in one document. What is sent and how is the business of outgoing.c. */

enum { CLIENT_ID_MAX = 64 /* the documents say 40 */ };

/* What the phone said of the original. */
struct source_ids {
	struct bytes folder, item, long_id, instance;
};

static bool is_digit_at(struct bytes in, size_t i)
{
	return i < in.len && in.p[i] >= '0' && in.p[i] <= '9';
}

/* "2010-03-20T22:40:00.000Z" or "20100320T224000Z". */
static bool is_date_time(struct bytes in)
{
	return in.len >= 16 && in.p[in.len - 1] == 'Z' && is_digit_at(in, 0) && is_digit_at(in, 3) &&
	       bytes_find(in, 'T') < in.len;
}

static uint32_t read_xml(struct outgoing *o, struct source_ids *ids)
{
	const struct wbxml_node *xml = o->rq->xml, *source = wbxml_child(xml, COMPOSEMAIL_SOURCE);
	const struct wbxml_node *mime = wbxml_child(xml, COMPOSEMAIL_MIME);
	bool is_invitation = wbxml_child(xml, COMPOSEMAIL_FORWARDEES) || wbxml_child(xml, AIRSYNCBASE_BODY);

	if (mime)
		o->mime = mime->text;
	o->save = wbxml_child(xml, COMPOSEMAIL_SAVE_IN_SENT_ITEMS) != NULL;
	o->client_id = wbxml_child_text(xml, COMPOSEMAIL_CLIENT_ID);
	o->replaces_mime = wbxml_child(xml, COMPOSEMAIL_REPLACE_MIME) != NULL;
	*ids = (struct source_ids){ wbxml_child_text(source, COMPOSEMAIL_FOLDER_ID),
		wbxml_child_text(source, COMPOSEMAIL_ITEM_ID), wbxml_child_text(source, COMPOSEMAIL_LONG_ID),
		wbxml_child_text(source, COMPOSEMAIL_INSTANCE_ID) };
	if (wbxml_child_text(xml, COMPOSEMAIL_ACCOUNT_ID).len)
		return STATUS_INVALID_ACCOUNT_ID; /* there is one account, and it has no id */
	if (o->client_id.len > CLIENT_ID_MAX || (o->is_smart && !source))
		return STATUS_INVALID_XML;
	if (is_invitation) /* of a calendar item: no folder of ours has such */
		return mime ? STATUS_INVALID_MIME_BODY_COMBINATION : STATUS_INVALID_SMART_FORWARD_PARAMETERS;
	return 0;
}

static void read_query(struct outgoing *o, struct source_ids *ids)
{
	const struct request_line *line = o->rq->line;

	o->mime = o->rq->body;
	o->save = line->save_in_sent;
	*ids = (struct source_ids){ line->collection_id, line->item_id, line->long_id, line->occurrence };
}

/* A mail that replaces the original's text as well may go out without the original: somebody has moved it. */
static enum err find_original(struct outgoing *o, const struct source_ids *ids, uint32_t *status)
{
	enum err e;

	if (ids->instance.len && !is_date_time(ids->instance)) {
		*status = STATUS_INVALID_DATE_TIME;
		return ERR_OK;
	}
	e = original_find(o->rq, ids->folder, ids->item, ids->long_id, &o->original, status);
	if (!e && *status == STATUS_ITEM_NOT_FOUND && o->replaces_mime) {
		o->original = (struct original){ 0 };
		*status = 0;
	}
	return e;
}

/* Of the phone's own words: what they name may have moved when it asks again. */
static uint64_t hash_ids(const struct source_ids *ids)
{
	return hash64(
	    ids->instance, hash64(ids->long_id, hash64(bytes_trim(ids->item), hash64(ids->folder, 0))));
}

static enum err run(struct outgoing *o, struct wbxml_writer *w)
{
	struct source_ids ids = { 0 };
	uint32_t status = 0;
	enum err e = ERR_OK;

	if (o->rq->xml)
		status = read_xml(o, &ids);
	else
		read_query(o, &ids);
	o->source = hash_ids(&ids);
	if (!status && o->is_smart)
		e = find_original(o, &ids, &status);
	if (e)
		return e;
	if (status == STATUS_INVALID_IDS && !o->rq->xml)
		status =
		    STATUS_ITEM_NOT_FOUND; /* up to 12.1 both are HTTP 500 here, while other commands answer 400 */
	return status ? request_refuse(o->rq, w, status) : outgoing_run(o, w);
}

enum err command_send_mail(struct request *rq, struct wbxml_writer *w)
{
	struct outgoing *o = arena_alloc(rq->arena, sizeof(*o));

	if (!o)
		return ERR_LIMIT;
	o->rq = rq;
	return run(o, w);
}

static enum err run_smart(struct request *rq, struct wbxml_writer *w, enum smart_kind kind)
{
	struct outgoing *o = arena_alloc(rq->arena, sizeof(*o));

	if (!o)
		return ERR_LIMIT;
	o->rq = rq;
	o->is_smart = true;
	o->kind = kind;
	return run(o, w);
}

enum err command_smart_reply(struct request *rq, struct wbxml_writer *w)
{
	return run_smart(rq, w, SMART_REPLY);
}

enum err command_smart_forward(struct request *rq, struct wbxml_writer *w)
{
	return run_smart(rq, w, SMART_FORWARD);
}
