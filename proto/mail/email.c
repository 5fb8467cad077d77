#include "mail/email.h"

#include <strings.h>

#include "base/time.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "mail/body_write.h"
#include "mail/conversation.h"
#include "mail/draft.h"
#include "mail/message_class.h"
#include "mail/tnef_part.h"
#include "mail/voice.h"

struct job {
	struct wbxml_writer *w;
	struct arena *arena;
	enum eas_version version;
	const struct email *m;
	bool is_change; /* of state alone: what the mail hasn't any more must be said, too */
	struct header header;
	const char *class;
	struct voice voice;
	struct draft_field drafted; /* validity 0: none */
	enum err failed;
};

/* An empty value is left out. */
static void put(struct job *j, wbxml_tag tag, struct bytes value)
{
	if (value.len)
		wbxml_put(j->w, tag, value);
}

/* The result of a call that may have failed; by pointer, since the call stands among the arguments. */
static void put_made(struct job *j, wbxml_tag tag, enum err e, const struct bytes *value)
{
	if (e)
		j->failed = e;
	else
		put(j, tag, *value);
}

static void put_bool(struct job *j, wbxml_tag tag, bool value)
{
	wbxml_put_uint(j->w, tag, value);
}

static void put_list(struct job *j, wbxml_tag tag, const char *name, const char *separator, size_t max)
{
	struct mail_addresses list;
	struct bytes text = { 0 };
	enum err e = header_addresses(j->arena, &j->header, name, &list);

	if (!e)
		e = address_list_format(j->arena, &list, separator, max, &text);
	put_made(j, tag, e, &text);
}

static void put_to(struct job *j, wbxml_tag tag)
{
	put_list(j, tag, "To", ", ", EMAIL_ADDRESSES_MAX);
}

static void put_cc(struct job *j, wbxml_tag tag)
{
	put_list(j, tag, "Cc", ", ", EMAIL_ADDRESSES_MAX);
}

static void put_bcc(struct job *j, wbxml_tag tag)
{
	put_list(j, tag, "Bcc", ", ", EMAIL_BCC_MAX);
}

static void put_from(struct job *j, wbxml_tag tag)
{
	put_list(j, tag, header_find(&j->header, "From") ? "From" : "Sender", ", ", EMAIL_ADDRESSES_MAX);
}

static void put_reply_to(struct job *j, wbxml_tag tag)
{
	put_list(j, tag, "Reply-To", ";", EMAIL_ADDRESSES_MAX);
}

/* Only where it differs from From. Source: MS-ASEMAIL 2.2.2.70. */
static void put_sender(struct job *j, wbxml_tag tag)
{
	struct mail_addresses from, sender;
	enum err e;

	if ((e = header_addresses(j->arena, &j->header, "From", &from)) ||
	    (e = header_addresses(j->arena, &j->header, "Sender", &sender)))
		j->failed = e;
	else if (from.n && sender.n && !address_same(from.v[0].address, sender.v[0].address))
		put_list(j, tag, "Sender", ", ", EMAIL_ADDRESSES_MAX);
}

static void put_names(struct job *j, wbxml_tag tag, const char *name)
{
	struct mail_addresses list;
	struct bytes text = { 0 };
	enum err e = header_addresses(j->arena, &j->header, name, &list);

	if (!e)
		e = address_names(j->arena, &list, EMAIL_ADDRESSES_MAX, &text);
	put_made(j, tag, e, &text);
}

static void put_display_to(struct job *j, wbxml_tag tag)
{
	put_names(j, tag, "To");
}

static void put_subject(struct job *j, wbxml_tag tag)
{
	struct bytes text = { 0 };

	put_made(j, tag, header_get_text(j->arena, &j->header, "Subject", &text), &text);
}

static void put_date(struct job *j, wbxml_tag tag)
{
	int64_t t = j->m->received;
	struct bytes text = { 0 };
	struct buf b;

	if (!t && time_parse_mail(header_get(&j->header, "Date"), &t))
		t = 0;
	buf_init(&b, j->arena, 0);
	time_put_eas(&b, t);
	put_made(j, tag, buf_done(&b, &text), &text);
}

static void put_topic(struct job *j, wbxml_tag tag)
{
	struct bytes text = { 0 };

	put_made(j, tag, conversation_topic(j->arena, &j->header, &text), &text);
}

uint32_t email_importance(const struct header *h)
{
	struct bytes importance = header_get(h, "Importance"), number = header_get(h, "X-Priority");
	struct bytes priority = header_get(h, "Priority");
	uint8_t digit = number.len ? number.p[0] : 0;
	bool high, low;

	if (!importance.len)
		importance = header_get(h, "X-MSMail-Priority");
	high = importance.len ? bytes_eq_nocase(importance, "high")
	       : digit        ? digit == '1' || digit == '2'
			      : bytes_eq_nocase(priority, "urgent");
	low = importance.len ? bytes_eq_nocase(importance, "low")
	      : digit        ? digit == '4' || digit == '5'
			     : bytes_eq_nocase(priority, "non-urgent");
	return high ? 2 : low ? 0 : 1;
}

static void put_importance(struct job *j, wbxml_tag tag)
{
	wbxml_put_uint(j->w, tag, email_importance(&j->header));
}

static void put_read(struct job *j, wbxml_tag tag)
{
	put_bool(j, tag, j->m->read);
}

static void put_message_class(struct job *j, wbxml_tag tag)
{
	wbxml_put_str(j->w, tag, j->class);
}

static void put_content_class(struct job *j, wbxml_tag tag)
{
	wbxml_put_str(j->w, tag,
	    message_class_is_meeting(j->class) ? "urn:content-classes:calendarmessage"
					       : "urn:content-classes:message");
}

/* All text is UTF-8 by now. */
static void put_cpid(struct job *j, wbxml_tag tag)
{
	wbxml_put_str(j->w, tag, "65001");
}

/* An empty Flag says that there is none. Source: MS-ASEMAIL 2.2.2.34. */
static void put_flag(struct job *j, wbxml_tag tag)
{
	wbxml_open(j->w, tag);
	if (j->m->flag)
		follow_up_write(j->w, j->m->flag);
	wbxml_close(j->w);
}

static void put_categories(struct job *j, wbxml_tag tag)
{
	enum err e = email_put_categories(j->w, tag, EMAIL_CATEGORY, j->m->keywords, j->m->n_keywords);

	if (e)
		j->failed = e;
}

static struct bytes file_reference(struct job *j, const struct attachment *at)
{
	const struct draft_name *name = draft_field_name(&j->drafted, bytes_str(at->part->section));
	struct opaque_id id = j->m->id;
	struct bytes text = { 0 };
	enum err e;

	id.part = name ? name->part : bytes_str(at->part->section);
	if (name)
		id.item = name->uid;
	if ((e = opaque_id_format(j->arena, j->m->account, &id, &text)))
		j->failed = e;
	return text;
}

/* Source: MS-ASEMAIL 2.2.2.82, 2.2.2.83: the duration is that of the newest one. */
static void put_recording(struct job *j, size_t i)
{
	const struct body_plan *plan = j->m->plan;
	uint32_t order = voice_order(&j->voice, plan->attachments, plan->n_attachments, i);

	if (j->version < EAS_14_0 || !order)
		return;
	if (order == 1 && j->voice.duration_s)
		wbxml_put_uint(j->w, EMAIL2_UM_ATT_DURATION, j->voice.duration_s);
	wbxml_put_uint(j->w, EMAIL2_UM_ATT_ORDER, order);
}

static void put_attachment(struct job *j, size_t i)
{
	const struct attachment *at = &j->m->plan->attachments[i];

	wbxml_open(j->w, AIRSYNCBASE_ATTACHMENT);
	put(j, AIRSYNCBASE_DISPLAY_NAME, at->display_name);
	put(j, AIRSYNCBASE_FILE_REFERENCE, file_reference(j, at));
	wbxml_put_uint(j->w, AIRSYNCBASE_METHOD, at->method);
	wbxml_put_uint(j->w, AIRSYNCBASE_ESTIMATED_DATA_SIZE, at->size);
	put(j, AIRSYNCBASE_CONTENT_ID, at->content_id);
	put(j, AIRSYNCBASE_CONTENT_LOCATION, at->content_location);
	if (at->is_inline)
		put_bool(j, AIRSYNCBASE_IS_INLINE, true);
	put_recording(j, i);
	wbxml_close(j->w);
}

static void put_attachments(struct job *j, wbxml_tag tag)
{
	const struct body_plan *plan = j->m->plan;

	if (!plan || !plan->n_attachments)
		return;
	wbxml_open(j->w, tag);
	for (size_t i = 0; i < plan->n_attachments; i++)
		put_attachment(j, i);
	wbxml_close(j->w);
}

/* Source: MS-ASEMAIL 2.2.2.5 (Attachment), as protocol version 2.5 has it. */
static void put_old_attachments(struct job *j, wbxml_tag tag)
{
	const struct body_plan *plan = j->m->plan;

	if (!plan || !plan->n_attachments)
		return;
	wbxml_open(j->w, tag);
	for (size_t i = 0; i < plan->n_attachments; i++) {
		const struct attachment *at = &plan->attachments[i];

		wbxml_open(j->w, EMAIL_ATTACHMENT);
		put(j, EMAIL_ATT_NAME, file_reference(j, at));
		wbxml_put_uint(j->w, EMAIL_ATT_SIZE, at->size);
		wbxml_put_uint(j->w, EMAIL_ATT_METHOD, at->method);
		put(j, EMAIL_DISPLAY_NAME, at->display_name);
		wbxml_close(j->w);
	}
	wbxml_close(j->w);
}

static void put_body(struct job *j, wbxml_tag tag)
{
	(void)tag;
	if (j->m->body)
		body_write(j->w, j->version, j->m->body, j->m->multipart_number, j->m->gap);
}

/* Source: MS-ASAIRS 2.2.2.10. */
static void put_body_part(struct job *j, wbxml_tag tag)
{
	const struct body_part *part = j->m->body_part;
	const struct body *b;

	if (!part)
		return;
	b = &part->body;
	wbxml_open(j->w, tag);
	wbxml_put_uint(j->w, AIRSYNCBASE_STATUS, part->status);
	wbxml_put_uint(j->w, AIRSYNCBASE_TYPE, BODY_HTML);
	wbxml_put_uint(j->w, AIRSYNCBASE_ESTIMATED_DATA_SIZE, b->estimated_size);
	if (b->truncated)
		put_bool(j, AIRSYNCBASE_TRUNCATED, true);
	put(j, AIRSYNCBASE_DATA, b->data);
	put(j, AIRSYNCBASE_PREVIEW, b->preview);
	wbxml_close(j->w);
}

static void put_old_body(struct job *j, wbxml_tag tag)
{
	const struct body *b = j->m->body;
	bool mime = b && b->type == BODY_MIME;

	(void)tag;
	if (!b || b->type == BODY_NONE)
		return;
	if (b->truncated)
		put_bool(j, mime ? EMAIL_MIME_TRUNCATED : EMAIL_BODY_TRUNCATED, true);
	put(j, mime ? EMAIL_MIME_DATA : EMAIL_BODY, b->data);
	wbxml_put_uint(j->w, mime ? EMAIL_MIME_SIZE : EMAIL_BODY_SIZE, b->estimated_size);
}

static void put_native_type(struct job *j, wbxml_tag tag)
{
	if (j->m->body && j->m->body->native != BODY_NONE)
		wbxml_put_uint(j->w, tag, j->m->body->native);
}

static void put_conversation_id(struct job *j, wbxml_tag tag)
{
	struct bytes id = { 0 };

	put_made(j, tag, conversation_id(j->arena, &j->header, &id), &id);
}

static void put_conversation_index(struct job *j, wbxml_tag tag)
{
	struct bytes index = { 0 };

	put_made(j, tag, conversation_index(j->arena, &j->header, j->m->received, &index), &index);
}

/* IMAP doesn't tell which came last, nor when. Source: MS-ASEMAIL 2.2.2.44. */
static void put_last_verb(struct job *j, wbxml_tag tag)
{
	unsigned verb = j->m->verb ? j->m->verb : j->m->answered ? 1 : j->m->forwarded ? 3 : 0;

	if (verb || j->is_change)
		wbxml_put_uint(j->w, tag, verb);
}

static void put_last_verb_time(struct job *j, wbxml_tag tag)
{
	struct bytes text = { 0 };
	struct buf b;

	if (!j->m->verb)
		return;
	buf_init(&b, j->arena, 0);
	time_put_eas(&b, j->m->verb_time);
	put_made(j, tag, buf_done(&b, &text), &text);
}

static bool is_same_address(struct bytes a, struct bytes b)
{
	return a.len == b.len && strncasecmp((const char *)a.p, (const char *)b.p, a.len) == 0;
}

static bool is_among(struct job *j, const char *name, struct bytes address)
{
	struct mail_addresses list;

	if (j->failed || (j->failed = header_addresses(j->arena, &j->header, name, &list)))
		return false;
	for (size_t i = 0; i < list.n; i++)
		if (is_same_address(list.v[i].address, address))
			return true;
	return false;
}

static bool is_named(struct job *j, struct bytes address)
{
	return is_among(j, "To", address) || is_among(j, "Cc", address);
}

/* The mail was sent to another address, from which it was passed on to the user. */
static bool is_passed_on(struct job *j)
{
	struct mail_addresses list;

	if (j->failed || (j->failed = header_addresses(j->arena, &j->header, "Delivered-To", &list)))
		return false;
	for (size_t i = 0; i < list.n; i++)
		if (is_named(j, list.v[i].address))
			return true;
	return false;
}

/* Whether the mail system has noted that the mail was for the user. Best is whom it was for as it came in (Postfix X-Original-To, Exim
 * Envelope-To); Delivered-To (Dovecot, qmail) is who got it in the end, be it by an alias. */
static bool is_noted(struct job *j, struct bytes own)
{
	if (header_find(&j->header, "X-Original-To") || header_find(&j->header, "Envelope-To"))
		return is_among(j, "X-Original-To", own) || is_among(j, "Envelope-To", own);
	return is_among(j, "Delivered-To", own) && !is_passed_on(j);
}

/* Where nobody has noted it the mail may have come by a list or an alias. Left out when it is 0. Source: MS-ASEMAIL 2.2.2.61. */
static void put_received_as_bcc(struct job *j, wbxml_tag tag)
{
	struct bytes own = j->m->own;

	if (own.len && is_noted(j, own) && !is_named(j, own) && !j->failed &&
	    !header_find(&j->header, "Resent-To") && !header_find(&j->header, "List-Id"))
		put_bool(j, tag, true);
}

static void put_caller(struct job *j, wbxml_tag tag)
{
	put(j, tag, j->voice.caller);
}

static void put_user_notes(struct job *j, wbxml_tag tag)
{
	put(j, tag, j->voice.notes);
}

static void put_is_draft(struct job *j, wbxml_tag tag)
{
	if (j->m->draft)
		put_bool(j, tag, true);
}

/* MS-ASEMAIL 2.2.2; MS-ASWBXML 2.1.2.1.3, 2.1.2.1.18 and 2.1.2.1.23 for the versions. Array order is emit
 * order. */
static const struct prop {
	wbxml_tag tag;
	eas_version_set versions;
	unsigned state; /* EMAIL_STATE_…: what can change in a mail that stays the same; 0: it can't */
	void (*put)(struct job *j, wbxml_tag tag);
} props[] = {
	{ EMAIL_TO, EAS_ALL, 0, put_to },
	{ EMAIL_CC, EAS_ALL, 0, put_cc },
	{ EMAIL_FROM, EAS_ALL, 0, put_from },
	{ EMAIL_SUBJECT, EAS_ALL, 0, put_subject },
	{ EMAIL_REPLY_TO, EAS_ALL, 0, put_reply_to },
	{ EMAIL_DATE_RECEIVED, EAS_ALL, 0, put_date },
	{ EMAIL_DISPLAY_TO, EAS_ALL, 0, put_display_to },
	{ EMAIL_THREAD_TOPIC, EAS_ALL, 0, put_topic },
	{ EMAIL_IMPORTANCE, EAS_ALL, 0, put_importance },
	{ EMAIL_READ, EAS_ALL, EMAIL_STATE_READ, put_read },
	{ EMAIL_ATTACHMENTS, EAS_UNTIL(EAS_2_5), 0, put_old_attachments },
	{ EMAIL_BODY, EAS_UNTIL(EAS_2_5), 0, put_old_body },
	{ AIRSYNCBASE_ATTACHMENTS, EAS_SINCE(EAS_12_0), 0, put_attachments },
	{ AIRSYNCBASE_BODY, EAS_SINCE(EAS_12_0), 0, put_body },
	{ AIRSYNCBASE_BODY_PART, EAS_SINCE(EAS_14_1), 0, put_body_part },
	{ EMAIL_MESSAGE_CLASS, EAS_ALL, 0, put_message_class },
	{ EMAIL_INTERNET_CPID, EAS_ALL, 0, put_cpid },
	{ EMAIL_FLAG, EAS_SINCE(EAS_12_0), EMAIL_STATE_FLAG, put_flag },
	{ EMAIL_CONTENT_CLASS, EAS_SINCE(EAS_12_0), 0, put_content_class },
	{ AIRSYNCBASE_NATIVE_BODY_TYPE, EAS_SINCE(EAS_12_0), 0, put_native_type },
	{ EMAIL2_CONVERSATION_ID, EAS_SINCE(EAS_14_0), 0, put_conversation_id },
	{ EMAIL2_CONVERSATION_INDEX, EAS_SINCE(EAS_14_0), 0, put_conversation_index },
	{ EMAIL2_LAST_VERB_EXECUTED, EAS_SINCE(EAS_14_0), EMAIL_STATE_VERB, put_last_verb },
	{ EMAIL2_LAST_VERB_EXECUTION_TIME, EAS_SINCE(EAS_14_0), EMAIL_STATE_VERB, put_last_verb_time },
	{ EMAIL2_RECEIVED_AS_BCC, EAS_SINCE(EAS_14_0), 0, put_received_as_bcc },
	{ EMAIL2_SENDER, EAS_SINCE(EAS_14_0), 0, put_sender },
	{ EMAIL2_UM_CALLER_ID, EAS_SINCE(EAS_14_0), 0, put_caller },
	{ EMAIL2_UM_USER_NOTES, EAS_SINCE(EAS_14_0), 0, put_user_notes },
	{ EMAIL_CATEGORIES, EAS_SINCE(EAS_14_0), EMAIL_STATE_CATEGORIES, put_categories },
	{ EMAIL2_IS_DRAFT, EAS_SINCE(EAS_16_0), 0, put_is_draft },
	{ EMAIL2_BCC, EAS_SINCE(EAS_16_0), 0, put_bcc },
};

/* ---- as a result of Find ---- */

static void put_display_cc(struct job *j, wbxml_tag tag)
{
	put_names(j, tag, "Cc");
}

static void put_display_bcc(struct job *j, wbxml_tag tag)
{
	put_names(j, tag, "Bcc");
}

static void put_draft_or_not(struct job *j, wbxml_tag tag)
{
	put_bool(j, tag, j->m->draft);
}

static void put_preview(struct job *j, wbxml_tag tag)
{
	if (j->m->body)
		put(j, tag, j->m->body->preview);
}

static void put_has_attachments(struct job *j, wbxml_tag tag)
{
	bool has = false;

	for (size_t i = 0; j->m->plan && i < j->m->plan->n_attachments; i++)
		has = has || !j->m->plan->attachments[i].is_inline;
	put_bool(j, tag, has);
}

/* MS-ASCMD 2.2.1.2 (Find). Array order is emit order. */
static const struct prop found_props[] = {
	{ EMAIL_SUBJECT, EAS_ALL, 0, put_subject },
	{ EMAIL_DATE_RECEIVED, EAS_ALL, 0, put_date },
	{ EMAIL_DISPLAY_TO, EAS_ALL, 0, put_display_to },
	{ FIND_DISPLAY_CC, EAS_ALL, 0, put_display_cc },
	{ FIND_DISPLAY_BCC, EAS_ALL, 0, put_display_bcc },
	{ EMAIL_IMPORTANCE, EAS_ALL, 0, put_importance },
	{ EMAIL_READ, EAS_ALL, 0, put_read },
	{ EMAIL2_IS_DRAFT, EAS_ALL, 0, put_draft_or_not },
	{ FIND_PREVIEW, EAS_ALL, 0, put_preview },
	{ FIND_HAS_ATTACHMENTS, EAS_ALL, 0, put_has_attachments },
	{ EMAIL_FROM, EAS_ALL, 0, put_from },
};

enum err email_write_found(struct wbxml_writer *w, const struct email *m)
{
	struct job j = { .w = w, .arena = w->out->arena, .version = EAS_16_1, .m = m };

	j.failed = header_parse(j.arena, m->header, &j.header);
	for (size_t i = 0; i < sizeof(found_props) / sizeof(found_props[0]) && !j.failed; i++)
		found_props[i].put(&j, found_props[i].tag);
	return j.failed ? j.failed : w->out->failed;
}

/* ---- whole ---- */

/* A signed or encrypted voice mail, or a report about one, needs its own class more. */
static enum err read_class(struct job *j)
{
	const struct body_plan *plan = j->m->plan;
	enum err e = message_class(j->arena, plan, &j->class);

	if (e)
		return e;
	if (strcmp(j->class, "IPM.Note") == 0 && voice_is_told(&j->header))
		j->class = "IPM.Note.Microsoft.Voicemail";
	if (!message_class_is_voice(j->class))
		return ERR_OK;
	return voice_read(
	    j->arena, &j->header, plan && plan->root ? tnef_of_mail(plan->root) : NULL, &j->voice);
}

static enum err read_header(struct job *j)
{
	enum err e;

	if ((e = header_parse(j->arena, j->m->header, &j->header)) || (e = read_class(j)) || !j->m->draft)
		return e;
	e = draft_field_parse(j->arena, header_get(&j->header, DRAFT_FIELD), &j->drafted);
	if (j->drafted.validity != j->m->draft_validity)
		j->drafted = (struct draft_field){ 0 };
	return e;
}

enum err email_write(struct wbxml_writer *w, enum eas_version version, const struct email *m)
{
	struct job j = { .w = w, .arena = w->out->arena, .version = version, .m = m };

	j.failed = read_header(&j);
	for (size_t i = 0; i < sizeof(props) / sizeof(props[0]) && !j.failed; i++)
		if (eas_version_in(version, props[i].versions) &&
		    (!m->schema || wbxml_child(m->schema, props[i].tag)))
			props[i].put(&j, props[i].tag);
	return j.failed ? j.failed : w->out->failed;
}

enum err email_write_state(
    struct wbxml_writer *w, enum eas_version version, const struct email *m, unsigned what)
{
	struct job j = { .w = w, .arena = w->out->arena, .version = version, .m = m, .is_change = true };

	for (size_t i = 0; i < sizeof(props) / sizeof(props[0]) && !j.failed; i++)
		if (eas_version_in(version, props[i].versions) && props[i].state & what)
			props[i].put(&j, props[i].tag);
	return j.failed ? j.failed : w->out->failed;
}

unsigned email_state_in(enum eas_version version)
{
	unsigned all = 0;

	for (size_t i = 0; i < sizeof(props) / sizeof(props[0]); i++)
		if (eas_version_in(version, props[i].versions))
			all |= props[i].state;
	return all;
}

enum err email_write_stub(
    struct wbxml_writer *w, enum eas_version version, const struct email *m, const char *why)
{
	char *text = arena_printf(w->out->arena,
	    "This message could not be shown here%s%s. It is unchanged on the mail "
	    "server.\r\n",
	    why ? ": " : "", why ? why : "");
	struct body body = { .type = BODY_PLAIN, .native = BODY_PLAIN };
	struct email stub = *m;

	if (!text)
		return ERR_LIMIT;
	body.data = bytes_str(text);
	body.estimated_size = (uint32_t)body.data.len;
	stub.plan = NULL;
	stub.body = &body;
	stub.multipart_number = 0;
	stub.body_part = NULL;
	if (stub.header.len > 64 * 1024) /* perhaps it was the header that was too much */
		stub.header.len = 64 * 1024;
	return email_write(w, version, &stub);
}
