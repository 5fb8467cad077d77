/* Attachments as phones fetch them: whole and in ranges, inline and in parts, several at once, and when IMAP breaks off. */
#include <stdio.h>
#include <unistd.h>

#include "base/base64.h"
#include "eas/opaque_id.h"
#include "mail/transfer.h"
#include "integration/processes.h"

/* ---- mails with one attachment ---- */

static struct bytes octets(size_t n)
{
	uint8_t *p = test_keep(n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 + i / 257 + i / 65536);
	return bytes_of(p, n);
}

static struct bytes text_lines(size_t n)
{
	static const char line[] = "Gr\xC3\xBC\xC3\x9F"
				   "e = a line of text, a b\r\n";
	struct buf b;
	struct bytes out;

	buf_init(&b, test_arena(), 0);
	while (b.len < n)
		buf_put_str(&b, line);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return test_copy(out);
}

static void put_regular(struct buf *b, struct bytes file)
{
	transfer_put_base64(b, file);
}

/* Lines of all lengths: nothing tells its size but reading it. */
static void put_irregular(struct buf *b, struct bytes file)
{
	size_t n = 3;
	struct bytes line;

	while (file.len && bytes_take(&file, n < file.len ? n : file.len, &line)) {
		base64_put(b, line, BASE64_PLAIN);
		buf_put_str(b, "\r\n");
		n = n % 57 + 3;
	}
}

/* Regular wherever it is looked at, but not in between: two lines hold less than the others, and one more is there for them. */
static void put_deceiving(struct buf *b, struct bytes file)
{
	size_t line = 0;
	struct bytes part;

	for (; file.len; line++) {
		size_t n = line == 600 || line == 700 ? 30 : 57;

		assert_true(bytes_take(&file, n < file.len ? n : file.len, &part));
		base64_put(b, part, BASE64_PLAIN);
		for (; n < 57; n += 3) /* what is no digit is skipped */
			buf_put_str(b, "    ");
		buf_put_str(b, "\r\n");
	}
}

static void put_as_it_is(struct buf *b, struct bytes file)
{
	buf_put(b, file);
}

static void put_uuencoded(struct buf *b, struct bytes file)
{
	struct bytes line;

	buf_put_str(b, "begin 644 file\r\n");
	while (file.len && bytes_take(&file, file.len < 45 ? file.len : 45, &line)) {
		buf_put_u8(b, (uint8_t)(32 + line.len));
		for (size_t i = 0; i < line.len; i += 3) {
			uint32_t v = (uint32_t)line.p[i] << 16;

			v |= i + 1 < line.len ? (uint32_t)line.p[i + 1] << 8 : 0;
			v |= i + 2 < line.len ? line.p[i + 2] : 0;
			for (int shift = 18; shift >= 0; shift -= 6)
				buf_put_u8(b, (uint8_t)((v >> shift & 63) ? 32 + (v >> shift & 63) : '`'));
		}
		buf_put_str(b, "\r\n");
	}
	buf_put_str(b, "`\r\nend\r\n");
}

static const struct file_case {
	const char *name, *encoding;
	struct bytes (*make)(size_t n);
	size_t n;
	void (*put)(struct buf *b, struct bytes file);
} file_cases[] = {
	{ "small", "base64", octets, 100, put_regular },
	{ "one octet", "base64", octets, 1, put_regular },
	{ "large", "base64", octets, 400001, put_regular },
	{ "large, of whole lines", "base64", octets, 57 * 4000, put_regular },
	{ "large, in lines of all lengths", "base64", octets, 200002, put_irregular },
	{ "quoted-printable", "quoted-printable", text_lines, 150 * 1000, transfer_put_quoted_printable },
	{ "8bit", "8bit", text_lines, 100 * 1000, put_as_it_is },
	{ "uuencoded", "x-uuencode", octets, 10000, put_uuencoded },
	{ "empty", "base64", octets, 0, put_regular },
};

static struct bytes mail_with(const char *subject, const char *encoding, struct bytes file,
    void (*put)(struct buf *b, struct bytes file))
{
	struct bytes mail;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_printf(&b,
	    "From: a@example.org\r\nSubject: %s\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\nContent-Type: text/plain\r\n\r\nsee "
	    "below\r\n"
	    "--cut\r\nContent-Type: application/x-test; name=file.bin\r\nContent-Transfer-Encoding: %s\r\n"
	    "Content-Disposition: attachment; filename=file.bin\r\n\r\n",
	    subject, encoding);
	put(&b, file);
	buf_put_str(&b, file.len ? "\r\n--cut--\r\n" : "--cut--\r\n");
	assert_int_equal(buf_done(&b, &mail), ERR_OK);
	return mail;
}

static const char *reference_of(struct phone *ph, const char *subject)
{
	struct phone_item *i = phone_item_with_subject(scene_inbox(ph), subject);

	assert_non_null(i);
	assert_int_equal(i->attachment_count, 1);
	return i->attachments[0].reference;
}

/* ---- whole and in ranges ---- */

static const struct part_of_file {
	const char *range; /* NULL: no Range */
	uint64_t first, last;
} parts_of_file[] = {
	{ NULL, 0, UINT64_MAX }, { "0-0", 0, 0 }, { "0-56", 0, 56 }, { "1-99", 1, 99 },
	{ "57-5000", 57, 5000 }, { "99999-200001", 99999, 200001 }, { "200000-200000", 200000, 200000 },
	{ "10-4000000000", 10, UINT64_MAX }, /* as much as there is */
};

static struct bytes want_of(struct bytes file, const struct part_of_file *p)
{
	uint64_t last = p->last < file.len ? p->last : file.len - 1;

	return p->first < file.len ? bytes_of(file.p + p->first, (size_t)(last - p->first + 1)) : file;
}

static void fetch_parts_of(struct phone *ph, const char *reference, struct bytes file)
{
	struct bytes data, type;
	unsigned status;

	for (size_t k = 0; k < sizeof(parts_of_file) / sizeof(parts_of_file[0]); k++) {
		const struct part_of_file *p = &parts_of_file[k];

		SCENE_OK(ph, phone_fetch_attachment(ph, reference, p->range, false, &status, &data, &type));
		if (p->range && p->first >= file.len) {
			assert_int_equal(status, 8);
			continue;
		}
		assert_int_equal(status, 1);
		assert_bytes_str(type, "application/x-test");
		assert_bytes_equal(data, want_of(file, p));
	}
}

/* What says how the answer came: parts are asked for by the header or in the compact query, and only then sent. */
static void assert_form(struct phone *ph)
{
	struct bytes type = phone_answer_header(&ph->reply, "Content-Type");

	assert_bytes_str(type,
	    ph->accept_multipart ? "application/vnd.ms-sync.multipart" : "application/vnd.ms-sync.wbxml");
	assert_int_equal(phone_answer_header(&ph->reply, "Content-Encoding").len, 0);
	if (ph->accept_multipart)
		assert_true(phone_answer_header(&ph->reply, "Content-Length").len > 0);
}

static void old_form(struct phone *ph, const char *reference, struct bytes file)
{
	struct bytes data, type, length;
	unsigned status;
	uint64_t n;

	SCENE_OK(ph, phone_fetch_attachment(ph, reference, NULL, true, &status, &data, &type));
	assert_bytes_equal(data, file);
	length = phone_answer_header(&ph->reply, "Content-Length");
	assert_int_equal(bytes_to_u64(length, UINT64_MAX, &n), ERR_OK);
	assert_int_equal(n, file.len);
	if (file.len)
		assert_bytes_str(type, "application/x-test");
}

static void files_arrive_whole_and_in_ranges(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
		const struct file_case *c = &file_cases[i];

		scene_append_raw(
		    user, "INBOX", mail_with(c->name, c->encoding, c->make(c->n), c->put), "", NULL);
	}
	ph = scene_synced_phone(user, "FILES", v);
	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
		const struct file_case *c = &file_cases[i];
		const char *reference = reference_of(ph, c->name);
		struct bytes file = c->make(c->n);

		for (int form = 0; form < 3; form++) {
			ph->accept_multipart = form > 0;
			ph->compact_query = form == 2;
			fetch_parts_of(ph, reference, file);
			assert_form(ph);
		}
		ph->accept_multipart = ph->compact_query = false;
		if (v <= EAS_12_1)
			old_form(ph, reference, file);
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(files_arrive_whole_and_in_ranges)

/* What the phone is told before: of base64 to the octet in whole lines, and never far off. */
static void sizes_are_told(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_item *i;
	struct phone *ph;

	scene_append_raw(
	    user, "INBOX", mail_with("sized", "base64", octets(57 * 3000 + 20), put_regular), "", NULL);
	ph = scene_synced_phone(user, "SIZES", v);
	i = phone_item_with_subject(scene_inbox(ph), "sized");
	assert_non_null(i);
	assert_in_range(i->attachments[0].size, 57 * 3000 + 18, 57 * 3000 + 22);
}
TEST_VERSIONS(sizes_are_told)

/* ---- what is refused ---- */

static void open_fetch(struct wbxml_writer *w, const char *reference)
{
	wbxml_open(w, ITEMOPERATIONS_FETCH);
	wbxml_put_str(w, ITEMOPERATIONS_STORE, "Mailbox");
	if (reference)
		wbxml_put_str(w, AIRSYNCBASE_FILE_REFERENCE, reference);
}

static const struct wbxml_node *fetches(const struct phone *ph)
{
	return wbxml_child(wbxml_child(ph->root, ITEMOPERATIONS_RESPONSE), ITEMOPERATIONS_FETCH);
}

static const struct refusal_case {
	const char *reference; /* NULL: the right one */
	const char *range;
	bool twice, schema;
	const char *status;
} refusals[] = {
	{ NULL, "5-4", false, false, "8" },
	{ NULL, "x-4", false, false, "8" },
	{ NULL, "4", false, false, "8" },
	{ NULL, "-4", false, false, "8" },
	{ NULL, "100-200", false, false, "8" }, /* it has 100 octets */
	{ NULL, NULL, true, false, "2" },
	{ NULL, NULL, false, true, "2" },
	{ "", NULL, false, false, "15" },
	{ "1:1", NULL, false, false, "15" },
	{ "1:1:2 BODY[1]", NULL, false, false, "15" },
	{ "1:1:2)\r\na LOGOUT", NULL, false, false, "15" },
	{ "INBOX:1:2", NULL, false, false, "15" },
	{ "4000000:1:2", NULL, false, false, "15" },
};

static void put_refusal(struct wbxml_writer *w, const struct refusal_case *c, const char *right)
{
	const char *reference = c->reference ? c->reference : right;

	open_fetch(w, reference);
	if (c->twice)
		wbxml_put_str(w, AIRSYNCBASE_FILE_REFERENCE, reference);
	if (c->range || c->schema) {
		wbxml_open(w, ITEMOPERATIONS_OPTIONS);
		if (c->schema) {
			wbxml_open(w, ITEMOPERATIONS_SCHEMA);
			wbxml_put_empty(w, AIRSYNCBASE_BODY);
			wbxml_close(w);
		}
		if (c->range)
			wbxml_put_str(w, ITEMOPERATIONS_RANGE, c->range);
		wbxml_close(w);
	}
	wbxml_close(w);
}

/* All in one request: none stops the others, and one that is right among them is answered. */
static void each_has_its_status(enum eas_version v)
{
	const size_t n = sizeof(refusals) / sizeof(refusals[0]);
	const char *user = scene_user(), *right;
	const struct wbxml_node *fetch;
	struct wbxml_writer *w;
	struct phone *ph;

	scene_append_raw(user, "INBOX", mail_with("right", "base64", octets(100), put_regular), "", NULL);
	ph = scene_synced_phone(user, "STATUS", v);
	for (int form = 0; form < 2; form++) {
		ph->accept_multipart = form;
		right = reference_of(ph, "right");
		w = phone_request(ph);
		wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
		for (size_t i = 0; i < n; i++)
			put_refusal(w, &refusals[i], right);
		put_refusal(w, &(struct refusal_case){ 0 }, right);
		wbxml_close(w);
		SCENE_OK(ph, phone_command(ph, CMD_ITEM_OPERATIONS, NULL));
		fetch = fetches(ph);
		for (size_t i = 0; i < n; i++, fetch = wbxml_next(fetch, ITEMOPERATIONS_FETCH)) {
			assert_bytes_str(wbxml_child_text(fetch, ITEMOPERATIONS_STATUS), refusals[i].status);
			assert_null(wbxml_child(fetch, ITEMOPERATIONS_PROPERTIES));
		}
		assert_bytes_str(wbxml_child_text(fetch, ITEMOPERATIONS_STATUS), "1");
	}
}
TEST_VERSIONS(each_has_its_status)

/* A part that the mail doesn't have, the attachment of a mail that is gone, and what another account calls so. */
static void what_is_not_there_is_not_found(enum eas_version v)
{
	const char *user = scene_user(), *other = scene_user();
	struct phone *ph, *stranger;
	struct bytes data, type;
	char wrong[64], *kept;
	unsigned status;

	scene_append_raw(user, "INBOX", mail_with("gone", "base64", octets(100), put_regular), "", NULL);
	ph = scene_synced_phone(user, "GONE", v);
	stranger = scene_synced_phone(other, "STRANGER", v);
	kept = test_keep(strlen(reference_of(ph, "gone")) + 1);
	strcpy(kept, reference_of(ph, "gone"));
	snprintf(wrong, sizeof(wrong), "%s.7", kept);
	SCENE_OK(ph, phone_fetch_attachment(ph, wrong, NULL, false, &status, &data, &type));
	assert_int_equal(status, 15); /* none of ours */
	SCENE_OK(stranger, phone_fetch_attachment(stranger, kept, NULL, false, &status, &data, &type));
	assert_int_equal(status, 15);
	scene_expunge(user, "INBOX", "gone");
	SCENE_OK(ph, phone_fetch_attachment(ph, kept, NULL, false, &status, &data, &type));
	assert_int_equal(status, 6);
	if (v <= EAS_12_1) {
		assert_true(phone_fetch_attachment(ph, kept, NULL, true, &status, &data, &type) != ERR_OK);
		assert_int_equal(ph->reply.status, 500);
	}
}
TEST_VERSIONS(what_is_not_there_is_not_found)

/* ---- several ---- */

static void put_item(struct wbxml_writer *w, struct phone *ph, const char *subject, unsigned type)
{
	open_fetch(w, NULL);
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, scene_inbox(ph)->id);
	wbxml_put_str(w, AIRSYNC_SERVER_ID, phone_item_with_subject(scene_inbox(ph), subject)->id);
	wbxml_open(w, ITEMOPERATIONS_OPTIONS);
	wbxml_open(w, ITEMOPERATIONS_SCHEMA);
	wbxml_put_empty(w, EMAIL_SUBJECT);
	wbxml_put_empty(w, AIRSYNCBASE_BODY);
	wbxml_close(w);
	wbxml_put_uint(w, AIRSYNC_MIME_SUPPORT, 2);
	wbxml_open(w, AIRSYNCBASE_BODY_PREFERENCE);
	wbxml_put_uint(w, AIRSYNCBASE_TYPE, type);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
}

static uint32_t u32_at(struct bytes body, size_t at)
{
	assert_true(at + 4 <= body.len);
	return (uint32_t)body.p[at] | (uint32_t)body.p[at + 1] << 8 | (uint32_t)body.p[at + 2] << 16 |
	       (uint32_t)body.p[at + 3] << 24;
}

/* Part n of the answer; the parts lie one behind the other and fill it. */
static struct bytes part(const struct phone *ph, uint32_t n)
{
	struct bytes body = ph->reply.body;
	uint32_t count = u32_at(body, 0), at = 4 + 8 * count;

	assert_true(n < count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(u32_at(body, 4 + 8 * i), at);
		at += u32_at(body, 8 + 8 * i);
	}
	assert_int_equal(at, body.len);
	return bytes_of(body.p + u32_at(body, 4 + 8 * n), u32_at(body, 8 + 8 * n));
}

static struct bytes data_of(struct phone *ph, const struct wbxml_node *holder, bool base64)
{
	const struct wbxml_node *p = wbxml_child(holder, ITEMOPERATIONS_PART);
	struct bytes text = wbxml_child_text(holder, base64 ? ITEMOPERATIONS_DATA : AIRSYNCBASE_DATA), out;
	uint32_t n;

	assert_true(ph->accept_multipart ? p && !text.len : !p && text.len);
	if (p) {
		assert_int_equal(bytes_to_u32(p->text, UINT32_MAX, &n), ERR_OK);
		return part(ph, n);
	}
	if (!base64)
		return text;
	assert_int_equal(base64_decode(ph->arena, text, &out), ERR_OK);
	return out;
}

static const struct wbxml_node *properties_of(const struct wbxml_node *fetch)
{
	assert_bytes_str(wbxml_child_text(fetch, ITEMOPERATIONS_STATUS), "1");
	return wbxml_child(fetch, ITEMOPERATIONS_PROPERTIES);
}

static void assert_item(
    struct phone *ph, const struct wbxml_node *fetch, const char *subject, const char *holds)
{
	const struct wbxml_node *p = properties_of(fetch);
	struct bytes data = data_of(ph, wbxml_child(p, AIRSYNCBASE_BODY), false);

	assert_bytes_str(wbxml_child_text(p, EMAIL_SUBJECT), subject);
	assert_non_null(memmem(data.p, data.len, holds, strlen(holds)));
	for (const struct wbxml_node *c = p->child; c; c = c->next)
		assert_true(c->tag == EMAIL_SUBJECT || c->tag == AIRSYNCBASE_BODY); /* the Schema's */
}

static void several_at_once(enum eas_version v)
{
	const char *user = scene_user();
	struct bytes large = octets(300 * 1000), small = octets(50);
	const struct wbxml_node *fetch;
	struct wbxml_writer *w;
	struct phone *ph;

	scene_append_raw(user, "INBOX", mail_with("large", "base64", large, put_irregular), "", NULL);
	scene_append_raw(user, "INBOX", mail_with("small", "base64", small, put_regular), "", NULL);
	ph = scene_synced_phone(user, "SEVERAL", v);
	for (int form = 0; form < 2; form++) {
		ph->accept_multipart = form;
		w = phone_request(ph);
		wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
		open_fetch(w, reference_of(ph, "large"));
		wbxml_close(w);
		put_item(w, ph, "small", 1);
		open_fetch(w, "no reference");
		wbxml_close(w);
		open_fetch(w, reference_of(ph, "small"));
		wbxml_close(w);
		put_item(w, ph, "large", 4);
		wbxml_close(w);
		SCENE_OK(ph, phone_command(ph, CMD_ITEM_OPERATIONS, NULL));
		assert_form(ph);
		fetch = fetches(ph);
		assert_bytes_equal(data_of(ph, properties_of(fetch), true), large);
		fetch = wbxml_next(fetch, ITEMOPERATIONS_FETCH);
		assert_item(ph, fetch, "small", "see below");
		fetch = wbxml_next(fetch, ITEMOPERATIONS_FETCH);
		assert_bytes_str(wbxml_child_text(fetch, ITEMOPERATIONS_STATUS), "15");
		fetch = wbxml_next(fetch, ITEMOPERATIONS_FETCH);
		assert_bytes_equal(data_of(ph, properties_of(fetch), true), small);
		assert_item(ph, wbxml_next(fetch, ITEMOPERATIONS_FETCH), "large", "filename=file.bin");
	}
}
TEST_VERSIONS(several_at_once)

/* ---- whole mails ---- */

enum { HUGE = 50 << 20, MEMORY_MOST = 1 << 20 };

/* The mail with its last line of base64 again and again: more than the test's arena holds. */
static struct bytes grown(struct bytes mail)
{
	static const char tail[] = "\r\n--cut--\r\n";
	size_t line = 78, n = mail.len - (sizeof(tail) - 1) + 2;
	uint8_t *p = test_keep(HUGE + line + sizeof(tail));

	memcpy(p, mail.p, n);
	for (; n < HUGE; n += line)
		memcpy(p + n, p + n - line, line);
	memcpy(p + n, tail + 2, sizeof(tail) - 3);
	return bytes_of(p, n + sizeof(tail) - 3);
}

/* As MIME, whole or (limit) not; all its properties, or the Schema's. */
static const struct wbxml_node *fetch_mime(
    struct phone *ph, const char *subject, bool schema, uint32_t limit, uint32_t preview)
{
	struct wbxml_writer *w = phone_request(ph);

	wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
	open_fetch(w, NULL);
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, scene_inbox(ph)->id);
	wbxml_put_str(w, AIRSYNC_SERVER_ID, phone_item_with_subject(scene_inbox(ph), subject)->id);
	wbxml_open(w, ITEMOPERATIONS_OPTIONS);
	if (schema) {
		wbxml_open(w, ITEMOPERATIONS_SCHEMA);
		wbxml_put_empty(w, EMAIL_SUBJECT);
		wbxml_close(w);
	}
	wbxml_put_uint(w, AIRSYNC_MIME_SUPPORT, 2);
	wbxml_open(w, AIRSYNCBASE_BODY_PREFERENCE);
	wbxml_put_uint(w, AIRSYNCBASE_TYPE, 4);
	if (limit)
		wbxml_put_uint(w, AIRSYNCBASE_TRUNCATION_SIZE, limit);
	if (preview)
		wbxml_put_uint(w, AIRSYNCBASE_PREVIEW, preview);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_ITEM_OPERATIONS, NULL));
	assert_form(ph);
	return properties_of(fetches(ph));
}

static void assert_whole(struct phone *ph, const struct wbxml_node *properties, struct bytes mail)
{
	const struct wbxml_node *body = wbxml_child(properties, AIRSYNCBASE_BODY);
	struct bytes data = data_of(ph, body, false);
	uint32_t size;

	assert_int_equal(
	    bytes_to_u32(wbxml_child_text(body, AIRSYNCBASE_ESTIMATED_DATA_SIZE), UINT32_MAX, &size), ERR_OK);
	assert_int_equal(size, mail.len);
	assert_bytes_str(wbxml_child_text(body, AIRSYNCBASE_TYPE), "4");
	assert_null(wbxml_child(body, AIRSYNCBASE_TRUNCATED));
	assert_true(bytes_eq(bytes_trim(data), bytes_trim(mail))); /* too long to be shown */
	assert_non_null(
	    memmem(ph->reply.body.p, ph->reply.body.len, mail.p, mail.len)); /* to its last line end */
	assert_non_null(wbxml_child(properties, AIRSYNCBASE_ATTACHMENTS));
}

/* 50 MB pass through, within the document and as a part of the answer. */
static void a_whole_mail_takes_no_memory(enum eas_version v)
{
	const char *user = scene_user();
	struct bytes small = mail_with("warm", "base64", octets(400 * 1000), put_irregular),
		     mail = grown(mail_with("huge", "base64", octets(57 * 1000), put_regular));
	struct phone *ph;

	scene_append_raw(user, "INBOX", small, "", NULL);
	scene_append_raw(user, "INBOX", mail, "", NULL);
	ph = scene_synced_phone(user, "HUGE", v);
	ph->timeout_ms = 120 * 1000;
	for (int form = 0; form < 2; form++) {
		size_t base;

		ph->accept_multipart = form;
		assert_whole(ph, fetch_mime(ph, "warm", false, 0, 0), small);
		base = process_memory_begin();
		assert_whole(ph, fetch_mime(ph, "huge", false, 0, 0), mail);
		process_memory_end(base, mail.len, MEMORY_MOST);
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_whole_mail_takes_no_memory)

/* What is no text as it is must be encoded anew; what is cut, or not wanted, is not whole. */
static void not_all_mails_pass(enum eas_version v)
{
	const char *user = scene_user();
	struct bytes file = octets(400 * 1000), mail = mail_with("clean", "base64", file, put_regular), data;
	const struct wbxml_node *p, *body;
	struct phone *ph;

	scene_append_raw(user, "INBOX", mail, "", NULL);
	scene_append_raw(user, "INBOX", mail_with("\xFC", "base64", file, put_regular), "", NULL);
	ph = scene_synced_phone(user, "PASS", v);
	for (int form = 0; form < 2; form++) {
		ph->accept_multipart = form;
		p = fetch_mime(ph, "clean", false, 0, 50);
		assert_whole(ph, p, mail);
		body = wbxml_child(p, AIRSYNCBASE_BODY);
		assert_bytes_str(
		    wbxml_child_text(body, AIRSYNCBASE_PREVIEW), v < EAS_14_0 ? "" : "see below");
		assert_whole(ph, fetch_mime(ph, "clean", false, (uint32_t)mail.len, 0), mail);
		body =
		    wbxml_child(fetch_mime(ph, "clean", false, (uint32_t)mail.len - 1, 0), AIRSYNCBASE_BODY);
		assert_bytes_str(wbxml_child_text(body, AIRSYNCBASE_TRUNCATED), "1");
		assert_int_equal(bytes_trim(data_of(ph, body, false)).len, mail.len - 2);
		p = fetch_mime(ph, "clean", true, 0, 0);
		assert_bytes_str(wbxml_child_text(p, EMAIL_SUBJECT), "clean");
		assert_ptr_equal(p->child->next, NULL);
		body = wbxml_child(fetch_mime(ph, "\xC3\xBC", false, 0, 0), AIRSYNCBASE_BODY);
		data = data_of(ph, body, false);
		assert_int_equal(bytes_trim(data).len, mail.len - strlen("clean\r\n") + strlen("\xC3\xBC"));
		assert_non_null(memmem(data.p, 100, "Subject: \xC3\xBC\r\n", 13));
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(not_all_mails_pass)

/* ---- what breaks off ---- */

/* The samples look regular, what lies between them isn't: the parts' table has promised what can't be kept. Without parts
 * nothing was promised. */
static void a_deceived_promise_is_broken_loudly(enum eas_version v)
{
	const char *user = scene_user();
	struct bytes file = octets(57 * 2000), data, type;
	struct phone *ph;
	unsigned status;

	scene_append_raw(user, "INBOX", mail_with("odd", "base64", file, put_deceiving), "", NULL);
	ph = scene_synced_phone(user, "DECEIVED", v);
	ph->resends = false;
	SCENE_OK(ph, phone_fetch_attachment(ph, reference_of(ph, "odd"), NULL, false, &status, &data, &type));
	assert_bytes_equal(data, file);
	ph->accept_multipart = true;
	assert_true(phone_fetch_attachment(ph, reference_of(ph, "odd"), NULL, false, &status, &data, &type) !=
		    ERR_OK);
}
TEST_VERSIONS(a_deceived_promise_is_broken_loudly)

/* Well made, but for what no phone was ever given. */
static const struct forged_case {
	const char *name, *part;
	uint64_t item;
	unsigned status;
} forged_cases[] = {
	{ "a part that isn't there", "7", 1, 6 },
	{ "a mail that isn't there", "2", 4711, 6 },
	{ "more than a section", "2] BODY[1", 1, 15 },
	{ "another command", "2)\r\na LOGOUT", 1, 15 },
	{ "no section", "HEADER", 1, 15 },
	{ "a UID that is too large", "2", UINT64_C(1) << 32, 15 },
};

static void a_forged_reference(const struct forged_case *c)
{
	const char *user = scene_user();
	struct phone *ph;
	struct opaque_id id = { .item = c->item, .part = bytes_str(c->part) };
	struct bytes text, data, type;
	char *reference;
	unsigned status;

	scene_append_raw(user, "INBOX", mail_with("small", "base64", octets(100), put_regular), "", NULL);
	ph = scene_synced_phone(user, "FORGED", EAS_16_1);
	id.folder = (uint32_t)atoi(scene_inbox(ph)->id);
	assert_int_equal(opaque_id_format(test_arena(), bytes_str(user), &id, &text), ERR_OK);
	assert_int_equal(arena_cstr(test_arena(), text, &reference), ERR_OK);
	SCENE_OK(ph, phone_fetch_attachment(ph, reference, NULL, false, &status, &data, &type));
	assert_int_equal(status, c->status);
}
TEST_ROW(a_forged_reference)

/* Dovecot doesn't find the boundary, we do: what the phone is shown it must get. */
#define HIDDEN                                                                                               \
	"From: a@example.org\r\nSubject: hidden\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "     \
	"boundary*=us-ascii''cut\r\n\r\n--cut\r\n\r\ntext\r\n--cut\r\nContent-Type: image/x\r\n"             \
	"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.x\r\n\r\nRklMRQ==" \
	"\r\n--cut--\r\n"

static void a_part_that_the_server_does_not_see(enum eas_version v)
{
	const char *user = scene_user();
	struct bytes data, type;
	struct phone *ph;
	unsigned status;

	scene_append_raw(user, "INBOX", BYTES(HIDDEN), "", NULL);
	ph = scene_synced_phone(user, "HIDDEN", v);
	assert_int_equal(phone_item_with_subject(scene_inbox(ph), "hidden")->attachment_count, 1);
	SCENE_OK(
	    ph, phone_fetch_attachment(ph, reference_of(ph, "hidden"), NULL, false, &status, &data, &type));
	assert_int_equal(status, 1);
	assert_bytes_str(data, "FILE");
	assert_bytes_str(type, "image/x");
	SCENE_OK(
	    ph, phone_fetch_attachment(ph, reference_of(ph, "hidden"), "1-2", false, &status, &data, &type));
	assert_bytes_str(data, "IL");
}
TEST_VERSIONS(a_part_that_the_server_does_not_see)

/* The phone reads a file, or the mail itself, slowly, and IMAP goes away meanwhile: what has come isn't taken for the whole. More
 * than the buffers of two connections hold: 4 MB to send and 32 MB received by the defaults of Linux. */
static void imap_goes_in_mid_download(enum eas_version v)
{
	const char *user = scene_user();
	static struct bytes file, mail; /* once for all versions */
	struct bytes data, type;
	struct wbxml_writer *w;
	struct phone *ph;
	unsigned status;

	if (!file.len) {
		file = octets(32 * 1000 * 1000);
		mail = mail_with("big", "base64", file, put_regular);
	}
	scene_append_raw(user, "INBOX", mail, "", NULL);
	ph = scene_synced_phone(user, "BROKEN", v);
	ph->timeout_ms = 60000;
	for (int form = 0; form < 4; form++) {
		ph->accept_multipart = form % 2;
		ph->resends = false;
		w = phone_request(ph);
		wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
		if (form < 2) {
			open_fetch(w, reference_of(ph, "big"));
			wbxml_close(w);
		} else {
			put_item(w, ph, "big", 4);
		}
		wbxml_close(w);
		SCENE_OK(ph, phone_command_send(ph, CMD_ITEM_OPERATIONS, NULL));
		usleep(500 * 1000); /* sockets fill, and no more is read */
		assert_true(bed_service_kill(scene_bed(), "dovecot"));
		assert_true(phone_command_receive(ph, 60) != ERR_OK);
		assert_true(bed_service_restart(scene_bed(), "dovecot"));
		ph->resends = true;
		SCENE_OK(ph,
		    phone_fetch_attachment(ph, reference_of(ph, "big"), NULL, false, &status, &data, &type));
		assert_int_equal(status, 1);
		assert_true(bytes_eq(data, file));
	}
}
TEST_VERSIONS(imap_goes_in_mid_download)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 80, .services = "dovecot,redis" });
	TEST_ADD_VERSIONS(files_arrive_whole_and_in_ranges);
	TEST_ADD_VERSIONS(sizes_are_told);
	TEST_ADD_VERSIONS(each_has_its_status);
	TEST_ADD_VERSIONS(what_is_not_there_is_not_found);
	TEST_ADD_VERSIONS(several_at_once);
	TEST_ADD_VERSIONS(a_whole_mail_takes_no_memory);
	TEST_ADD_VERSIONS(not_all_mails_pass);
	TEST_ADD_VERSIONS(a_deceived_promise_is_broken_loudly);
	TEST_ADD_ROWS(a_forged_reference, forged_cases);
	TEST_ADD_VERSIONS(a_part_that_the_server_does_not_see);
	TEST_ADD_VERSIONS(imap_goes_in_mid_download);
	failed = test_run("attachments");
	scene_close();
	return failed;
}
