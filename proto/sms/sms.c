#include "sms/sms.h"

#include <string.h>

#include "base/time.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "mail/encoded_word.h"
#include "mail/header.h"
#include "mail/text.h"
#include "mail/text_part.h"

#define FROM_FIELD "X-SMS-From"
#define TO_FIELD "X-SMS-To"
#define MOBILE "[MOBILE:"

enum { MAX_NUMBERS = 4096, SUBJECT_CHARS = 60 };

/* ---- what a phone says ---- */

static enum err read_text(struct arena *a, const struct wbxml_node *data, struct bytes *out)
{
	const struct wbxml_node *body = wbxml_child(data, AIRSYNCBASE_BODY),
				*text = wbxml_child(body, AIRSYNCBASE_DATA);
	uint32_t type = 0;
	enum err e;

	*out = (struct bytes){ 0 };
	if (!body)
		return ERR_OK;
	if (wbxml_child_uint(body, AIRSYNCBASE_TYPE, BODY_PLAIN, BODY_MIME, &type) || type != BODY_PLAIN ||
	    (text && text->text.len > SMS_MAX_TEXT))
		return ERR_PROTO;
	if (!text || (e = utf8_repair(a, text->text, out)))
		return text ? e : ERR_OK;
	return text_crlf(a, *out, out);
}

static enum err read_numbers(struct arena *a, const struct wbxml_node *data, wbxml_tag tag, struct bytes *out)
{
	struct bytes text = wbxml_child_text(data, tag);

	return text.len > MAX_NUMBERS ? ERR_PROTO : utf8_repair(a, text, out);
}

enum err sms_read(struct arena *a, const struct wbxml_node *data, struct sms *out)
{
	struct bytes received = wbxml_child_text(data, EMAIL_DATE_RECEIVED);
	const struct wbxml_node *flag = wbxml_child(data, EMAIL_FLAG);
	enum err e;

	*out = (struct sms){ 0 };
	if ((received.len && time_parse_eas(received, &out->received)) ||
	    wbxml_child_uint(data, EMAIL_IMPORTANCE, 1, 2, &out->importance) ||
	    wbxml_child_bool(data, EMAIL_READ, false, &out->read))
		return ERR_PROTO;
	if ((flag && (e = follow_up_read(a, flag, &out->flag))) ||
	    (e = read_numbers(a, data, EMAIL_FROM, &out->from)) ||
	    (e = read_numbers(a, data, EMAIL_TO, &out->to)) || (e = read_text(a, data, &out->text)))
		return e;
	return out->from.len || out->to.len || out->text.len ? ERR_OK : ERR_PROTO;
}

/* ---- the mail ---- */

static bool is_of_number(uint8_t c)
{
	return (c >= '0' && c <= '9') || c == '+' || c == '*' || c == '#';
}

/* The next number of a list such as "Anna" [MOBILE:+1 555 0100], 5550101: its digits. False at the end. */
static bool next_number(struct bytes *list, char to[32])
{
	struct bytes one, mark;
	size_t n = 0;

	if (!bytes_split(list, ',', &one))
		return false;
	mark = one;
	while (mark.len && !bytes_starts_nocase(mark, MOBILE))
		mark = bytes_of(mark.p + 1, mark.len - 1);
	if (mark.len)
		one = bytes_of(mark.p + strlen(MOBILE), mark.len - strlen(MOBILE));
	for (size_t i = 0; i < one.len && n < 31; i++)
		if (is_of_number(one.p[i]))
			to[n++] = (char)one.p[i];
	to[n] = '\0';
	return true;
}

/* An address that mail programs can show; no mail goes there (RFC 6761, 6.4). */
static void put_addresses(struct buf *out, struct bytes list)
{
	const char *separator = "";
	char number[32];

	while (next_number(&list, number)) {
		if (!number[0])
			continue;
		buf_printf(out, "%s \"%s\" <%s@sms.invalid>", separator, number, number);
		separator = ",\r\n";
	}
}

static void put_list(struct buf *out, const char *name, const char *own_name, struct bytes list)
{
	struct bytes addresses;
	struct buf b;

	if (!list.len)
		return;
	header_field_put(out, own_name, list);
	buf_init(&b, out->arena, 0);
	put_addresses(&b, list);
	if (buf_done(&b, &addresses)) {
		out->failed = ERR_LIMIT;
		return;
	}
	if (!addresses.len)
		return;
	buf_put_str(out, name);
	buf_put_str(out, ":");
	buf_put(out, addresses);
	buf_put_str(out, "\r\n");
}

static enum err put_subject(struct buf *out, struct bytes text)
{
	struct bytes subject;
	enum err e = text_preview(out->arena, text, SUBJECT_CHARS, &subject);

	if (!e && subject.len)
		header_field_put(out, "Subject", subject);
	return e;
}

enum err sms_make(
    struct arena *a, const struct sms *s, struct bytes message_id, int64_t now, struct bytes *out)
{
	static const char *const importance[] = { "low", "normal", "high" };
	struct buf b;
	enum err e;

	buf_init(&b, a, 0);
	put_list(&b, "From", FROM_FIELD, s->from);
	put_list(&b, "To", TO_FIELD, s->to);
	if ((e = put_subject(&b, s->text)))
		return e;
	buf_put_str(&b, "Date: ");
	time_put_mail(&b, s->received ? s->received : now);
	buf_put_str(&b, "\r\nMessage-ID: ");
	buf_put(&b, message_id);
	buf_put_str(&b, "\r\nX-Message-Class: IPM.Note.Mobile.SMS\r\n");
	if (s->importance != 1)
		buf_printf(&b, "Importance: %s\r\n", importance[s->importance]);
	buf_put_str(&b, "MIME-Version: 1.0\r\n");
	text_part_put(&b, "plain", s->text);
	return buf_done(&b, out);
}

/* ---- what a phone is told ---- */

/* Of a mail that another program made: what stands before the @ is the number. */
static enum err numbers_of_addresses(
    struct arena *a, const struct header *h, const char *name, struct bytes *out)
{
	struct mail_addresses list;
	struct buf b;
	enum err e;

	if ((e = header_addresses(a, h, name, &list)))
		return e;
	buf_init(&b, a, 0);
	for (size_t i = 0; i < list.n && b.len < MAX_NUMBERS; i++) {
		struct bytes address = list.v[i].address;

		if (i)
			buf_put_str(&b, ", ");
		if (list.v[i].name.len) {
			buf_put_u8(&b, '"');
			buf_put(&b, list.v[i].name);
			buf_put_str(&b, "\" ");
		}
		buf_put_str(&b, MOBILE);
		buf_put(&b, bytes_of(address.p, bytes_find(address, '@')));
		buf_put_u8(&b, ']');
	}
	return buf_done(&b, out);
}

static enum err put_numbers(
    struct wbxml_writer *w, const struct header *h, wbxml_tag tag, const char *own_name, const char *name)
{
	struct arena *a = w->out->arena;
	struct bytes text;
	enum err e = header_get_text(a, h, own_name, &text);

	if (!e && !text.len)
		e = numbers_of_addresses(a, h, name, &text);
	if (!e && text.len)
		wbxml_put(w, tag, text);
	return e;
}

/* What an SMS shares with mails. Source: MS-ASMS 2.2.2. */
static const struct wbxml_node *shared_properties(struct wbxml_node nodes[10])
{
	static const wbxml_tag tags[] = { EMAIL_DATE_RECEIVED, EMAIL_IMPORTANCE, EMAIL_READ,
		EMAIL_INTERNET_CPID, EMAIL_FLAG, EMAIL_SUBJECT, AIRSYNCBASE_BODY, EMAIL2_CONVERSATION_ID,
		EMAIL2_CONVERSATION_INDEX };
	size_t n = sizeof(tags) / sizeof(tags[0]);

	memset(nodes, 0, 10 * sizeof(nodes[0]));
	for (size_t i = 0; i < n; i++)
		nodes[1 + i] = (struct wbxml_node){
			.tag = tags[i], .parent = &nodes[0], .next = i + 1 < n ? &nodes[2 + i] : NULL
		};
	nodes[0].child = &nodes[1];
	return nodes;
}

enum err sms_write(struct wbxml_writer *w, enum eas_version version, const struct email *m)
{
	struct wbxml_node nodes[10];
	struct email shared = *m;
	struct header h;
	enum err e;

	if ((e = header_parse(w->out->arena, m->header, &h)) ||
	    (e = put_numbers(w, &h, EMAIL_TO, TO_FIELD, "To")) ||
	    (e = put_numbers(w, &h, EMAIL_FROM, FROM_FIELD, "From")))
		return e;
	wbxml_put_str(w, EMAIL_MESSAGE_CLASS, "IPM.Note.Mobile.SMS");
	shared.schema = shared_properties(nodes);
	return email_write(w, version, &shared);
}

enum err sms_write_stub(struct wbxml_writer *w, enum eas_version version, const struct email *m)
{
	static const struct bytes text =
	    BYTES("This text message could not be shown here. It is unchanged on the mail server.\r\n");
	struct body body = {
		.type = BODY_PLAIN, .native = BODY_PLAIN, .data = text, .estimated_size = (uint32_t)text.len
	};
	struct email stub = *m;

	stub.plan = NULL;
	stub.body = &body;
	stub.body_part = NULL;
	stub.multipart_number = 0;
	if (stub.header.len > 64 * 1024) /* perhaps it was the header that was too much */
		stub.header.len = 64 * 1024;
	return sms_write(w, version, &stub);
}
