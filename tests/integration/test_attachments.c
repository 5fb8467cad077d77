/* Attachments as phones fetch them: whole and in ranges, inline and in parts; what is refused, and what deceives. */
#include <stdio.h>

#include "base/base64.h"
#include "eas/opaque_id.h"
#include "mail/transfer.h"
#include "integration/file_side.h"

/* ---- files of every encoding ---- */

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

/* ---- what deceives ---- */

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

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 80, .services = "dovecot,redis" });
	TEST_ADD_VERSIONS(files_arrive_whole_and_in_ranges);
	TEST_ADD_VERSIONS(sizes_are_told);
	TEST_ADD_VERSIONS(each_has_its_status);
	TEST_ADD_VERSIONS(what_is_not_there_is_not_found);
	TEST_ADD_VERSIONS(a_deceived_promise_is_broken_loudly);
	TEST_ADD_ROWS(a_forged_reference, forged_cases);
	TEST_ADD_VERSIONS(a_part_that_the_server_does_not_see);
	failed = test_run("attachments");
	scene_close();
	return failed;
}
