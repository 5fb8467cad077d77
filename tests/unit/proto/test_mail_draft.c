/* Drafts that phones write: the field in their header, and the mails that they become. */
#include "mail/address.h"
#include "mail/body.h"
#include "mail/draft.h"
#include "mail/email.h"
#include "mail/mime_parse.h"
#include "mail/part_header.h"
#include "mail/transfer.h"
#include "unit/proto/item_data.h"
#include "testing.h"

/* ---- the field ---- */

static const struct field_case {
	const char *name, *text;
	uint32_t validity, id, replaces;
	size_t n_names;
} field_cases[] = {
	{ "all of it", "1700000000 5 7 12345678901234567890 99 2=5/3 1.2.2=7/2", 1700000000, 5, 7, 2 },
	{ "folded", "17 0 0 1 2\r\n 2=5/3\r\n\t3=5/4", 17, 0, 0, 2 },
	{ "no names", "17 5 6 1 2", 17, 5, 6, 0 },
	{ "empty", "", 0, 0, 0, 0 },
	{ "too few", "17 5 6 1", 0, 0, 0, 0 },
	{ "no number", "17 5 six 1 2", 0, 0, 0, 0 },
	{ "too large", "17 4294967296 6 1 2", 0, 0, 0, 0 },
	{ "a name without a part", "17 5 6 1 2 2=5/", 0, 0, 0, 0 },
	{ "a name without a mail", "17 5 6 1 2 2=/3", 0, 0, 0, 0 },
	{ "a name that is none", "17 5 6 1 2 x", 0, 0, 0, 0 },
};

static void field(const struct field_case *c)
{
	struct draft_field f, again;
	struct bytes text;
	struct buf b;

	assert_int_equal(draft_field_parse(test_arena(), bytes_str(c->text), &f), ERR_OK);
	assert_int_equal(f.validity, c->validity);
	assert_int_equal(f.id, c->id);
	assert_int_equal(f.replaces, c->replaces);
	assert_int_equal(f.n_names, c->n_names);
	if (!f.validity)
		return;
	buf_init(&b, test_arena(), 0);
	draft_field_put(&b, &f);
	assert_int_equal(buf_done(&b, &text), ERR_OK);
	assert_true(bytes_starts(text, DRAFT_FIELD ": "));
	text = bytes_of(text.p + sizeof(DRAFT_FIELD), text.len - sizeof(DRAFT_FIELD));
	assert_int_equal(draft_field_parse(test_arena(), text, &again), ERR_OK);
	assert_int_equal(again.mark, f.mark);
	assert_int_equal(again.device, f.device);
	assert_int_equal(again.n_names, f.n_names);
	for (size_t i = 0; i < f.n_names; i++) {
		const struct draft_name *n = draft_field_find(&again, f.names[i].uid, f.names[i].part);

		assert_non_null(n);
		assert_ptr_equal(n, draft_field_name(&again, f.names[i].section));
	}
}
TEST_ROW(field)

/* ---- names of files, addresses ---- */

static const char *const names[] = { "a.txt", "with \"quotes\" and \\.txt", "Übersicht.pdf",
	"中文的文件名.doc", "100% sure; really.txt",
	"a very long name that no line would take whole, since there are a hundred and fifty characters of "
	"it at "
	"least, and then some more so that it is really long.txt" };

static void a_name_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct mime_part part = { .disposition = MIME_ATTACHMENT }, *root;
		struct bytes block, mail, name;
		struct buf b;

		assert_int_equal(
		    part_file_name(test_arena(), bytes_str(names[i]), &part.disposition_params), ERR_OK);
		buf_init(&b, test_arena(), 0);
		part_header_put(&b, &part);
		assert_int_equal(buf_done(&b, &mail), ERR_OK);
		assert_int_equal(mime_parse(test_arena(), mail, &block, &root), ERR_OK);
		assert_int_equal(
		    mime_param_decode(test_arena(), &root->disposition_params, "filename", &name), ERR_OK);
		assert_bytes_str(name, names[i]);
	}
}

static const char *const address_lines[] = { "<a@x>", "\"A\" <a@x>, \"B, the \\\"B\\\"\" <b@y>",
	"\"Jörg Ä\" <j@x>, <ü@ö.example>", "\"=?no word\" <a@x>" };

static void addresses_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(address_lines) / sizeof(address_lines[0]); i++) {
		struct mail_addresses list;
		struct bytes block, text;
		struct header h;
		struct buf b;

		assert_int_equal(address_list(test_arena(), bytes_str(address_lines[i]), &list), ERR_OK);
		buf_init(&b, test_arena(), 0);
		address_field_put(&b, "To", &list);
		assert_int_equal(buf_done(&b, &block), ERR_OK);
		assert_int_equal(header_parse(test_arena(), block, &h), ERR_OK);
		assert_int_equal(header_addresses(test_arena(), &h, "To", &list), ERR_OK);
		assert_int_equal(address_list_format(test_arena(), &list, ", ", 1000, &text), ERR_OK);
		assert_bytes_str(text, address_lines[i]);
	}
}

/* ---- mails ---- */

static const struct draft_field no_names;

static struct draft_stamp stamp_of(uint32_t replaces)
{
	return (struct draft_stamp){ .from = BYTES("me@example.org"),
		.message_id = BYTES("<new@example.org>"),
		.now = 1795000000,
		.boundary = "B0",
		.truncation_size = BODY_WHOLE,
		.field = { .validity = 17, .id = 5, .replaces = replaces, .mark = 1, .device = 2 } };
}

/* The sections filled in from the mail that they are of. */
static struct bytes joined(const struct smart *m, const struct mime_part *root)
{
	struct bytes out = { 0 };
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put(&b, m->header);
	for (size_t i = 0; i < m->n; i++) {
		const struct mime_part *part =
		    m->v[i].section ? mime_part_find((struct mime_part *)root, bytes_str(m->v[i].section))
				    : NULL;

		assert_true(part || !m->v[i].section);
		buf_put(&b, part ? part->body : m->v[i].text);
	}
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

/* As gateway/sending/original.c reads it, from a mail in memory. */
struct base {
	struct bytes raw;
	struct mime_part *root;
	struct smart_original mail;
};

static struct bytes shown(struct base *x, enum body_type type, struct body_plan *plan)
{
	static struct sync_options o[2];
	struct sync_options *mine = &o[type == BODY_HTML];
	struct body body = { 0 };
	bool enough = false;

	sync_options_default(mine);
	mine->body_count = 1;
	mine->body[0] = (struct body_preference){ .type = type, .truncation_size = BODY_WHOLE };
	assert_int_equal(
	    body_plan(test_arena(), x->root, (uint32_t)x->raw.len, mine, EAS_16_1, plan), ERR_OK);
	for (int round = 0; round < 4 && !enough; round++) {
		for (size_t i = 0; i < plan->n_fetch; i++) {
			plan->fetch[i].data = plan->fetch[i].part ? plan->fetch[i].part->body : x->raw;
			plan->fetch[i].count = 0;
			plan->fetch[i].fetched = true;
		}
		assert_int_equal(body_make(test_arena(), plan, &body, &enough), ERR_OK);
	}
	return body.data;
}

static void read_base(struct base *x, struct bytes raw)
{
	static struct body_plan plain, html;
	struct bytes block;

	*x = (struct base){ .raw = raw };
	assert_int_equal(mime_parse(test_arena(), raw, &block, &x->root), ERR_OK);
	assert_int_equal(header_parse(test_arena(), block, &x->mail.header), ERR_OK);
	x->mail.root = x->root;
	x->mail.size = (uint32_t)raw.len;
	x->mail.plain = shown(x, BODY_PLAIN, &plain);
	x->mail.html = shown(x, BODY_HTML, &html);
	x->mail.has_html = html.native == BODY_HTML;
	x->mail.attachments = html.attachments;
	x->mail.n_attachments = html.n_attachments;
}

static void assert_part(const struct base *x, const char *section, struct bytes content)
{
	const struct mime_part *part = mime_part_find(x->root, bytes_str(section));
	struct bytes data;

	assert_non_null(part);
	assert_int_equal(transfer_decode(test_arena(), part->encoding, part->body, &data), ERR_OK);
	assert_int_equal(data.len, content.len);
	assert_memory_equal(data.p, content.p, content.len);
}

static struct draft_attachment files[] = {
	{ .client_id = BYTES("1"),
	    .name = BYTES("one.bin"),
	    .type = BYTES("image/png; x=y"),
	    .content = BYTES("\0\1\2") },
	{ .client_id = BYTES("2"),
	    .name = BYTES("pic.png"),
	    .type = BYTES("image/png"),
	    .content = BYTES("png"),
	    .content_id = BYTES("pic@x"),
	    .is_inline = true },
	{ .client_id = BYTES("3"),
	    .name = BYTES("in.eml"),
	    .content = BYTES("Subject: x\n\nhi\n"),
	    .is_mail = true },
	{ .client_id = BYTES("4"),
	    .name = BYTES("no type"),
	    .type = BYTES("multipart/mixed"),
	    .content = BYTES("4") },
};

static void make(struct base *from, const bool *removed, const struct draft_field *known, uint32_t uid,
    const struct draft_edit *edit, struct draft_made *made, struct base *out)
{
	struct draft_stamp stamp = stamp_of(uid);

	assert_int_equal(
	    draft_make(test_arena(), from ? &from->mail : NULL, removed, known, uid, edit, &stamp, made),
	    ERR_OK);
	read_base(out, joined(&made->mail, from ? from->root : NULL));
}

static const struct form_case {
	const char *name, *text;
	enum body_type type;
	size_t n_files;
} forms[] = {
	{ "plain", "hello\r\nyou", BODY_PLAIN, 0 },
	{ "nothing at all", "", BODY_NONE, 0 },
	{ "plain with files", "-- \r\nsignature", BODY_PLAIN, 4 },
	{ "HTML", "<p>hällo</p>", BODY_HTML, 0 },
	{ "HTML with files and a picture that it doesn't show", "<p>hällo</p>", BODY_HTML, 4 },
	{ "HTML with files and a picture", "<p><img src=\"cid:pic@x\"></p>", BODY_HTML, 4 },
	{ "HTML with a picture alone", "<img src='cid:pic@x'>", BODY_HTML, 2 },
	{ "a MIME of its own", "Subject: own\r\nContent-Type: text/plain\r\n\r\nmine\r\n", BODY_MIME, 0 },
	{ "a MIME of its own with files", "Subject: own\r\n\r\nmine\r\n", BODY_MIME, 4 },
};

static void form(const struct form_case *c)
{
	struct draft_edit e = {
		.type = c->type, .text = bytes_str(c->text), .added = files, .n_added = c->n_files
	};
	struct draft_made made;
	struct base x;

	make(NULL, NULL, &no_names, 0, &e, &made, &x);
	for (size_t i = 0; i < c->n_files; i++)
		assert_part(&x, made.added[i],
		    files[i].is_mail ? BYTES("Subject: x\r\n\r\nhi\r\n") : files[i].content);
	assert_int_equal(x.mail.n_attachments, c->n_files);
	if (c->type == BODY_HTML)
		assert_bytes_str(x.mail.html, c->text);
	else if (c->type == BODY_PLAIN)
		assert_bytes_str(x.mail.plain, c->text);
	assert_int_equal(made.conversation_id.len, 16);
	assert_non_null(header_find(&x.mail.header, DRAFT_FIELD));
	assert_non_null(header_find(&x.mail.header, "Date"));
}
TEST_ROW(form)

static void parts_keep_their_names(void **state)
{
	struct draft_edit
	    e = { .type = BODY_HTML, .text = BYTES("<img src='cid:pic@x'>"), .added = files, .n_added = 4 },
	    change = { .has = { [DRAFT_SUBJECT] = true }, .line = { [DRAFT_SUBJECT] = BYTES("new") } },
	    text = { .type = BODY_PLAIN, .text = BYTES("no picture"), .added = files, .n_added = 1 };
	struct draft_field f2, f3;
	struct draft_made made, made2, made3;
	bool first_goes[5] = { false }, none[5] = { false };
	struct base x, y, z;

	(void)state;
	make(NULL, NULL, &no_names, 0, &e, &made, &x);
	for (size_t i = 0; i < x.mail.n_attachments; i++)
		first_goes[i] = bytes_eq_str(x.mail.attachments[i].display_name, "one.bin");
	make(&x, first_goes, &no_names, 10, &change, &made2, &y);
	assert_int_equal(y.mail.n_attachments, 3);
	assert_bytes_str(y.mail.html, "<img src='cid:pic@x'>");
	assert_int_equal(
	    draft_field_parse(test_arena(), header_get(&y.mail.header, DRAFT_FIELD), &f2), ERR_OK);
	assert_int_equal(f2.n_names, 3);
	make(&y, none, &f2, 11, &text, &made3, &z);
	assert_int_equal(z.mail.n_attachments, 4);
	assert_int_equal(
	    draft_field_parse(test_arena(), header_get(&z.mail.header, DRAFT_FIELD), &f3), ERR_OK);
	for (size_t i = 1; i < 4; i++) { /* as they were called first */
		const struct draft_name *n = draft_field_find(&f3, 10, bytes_str(made.added[i]));
		char section[32];

		assert_non_null(n);
		snprintf(section, sizeof(section), "%.*s", BYTES_ARG(n->section));
		assert_part(
		    &z, section, files[i].is_mail ? BYTES("Subject: x\r\n\r\nhi\r\n") : files[i].content);
	}
	assert_part(&z, made3.added[0], files[0].content);
	assert_bytes_str(z.mail.plain, "no picture");
	assert_true(bytes_eq(made.conversation_id, made3.conversation_id));
}

static const struct line_case {
	const char *name, *base;
	struct draft_edit edit;
	const char *want; /* a field that is there, or with ! isn't */
} lines[] = {
	{ "what isn't said stays", "To: a@x\r\nX-Y: z\r\n\r\n", { .n_added = 0 }, "To: a@x\r\n" },
	{ "an empty one goes", "To: a@x\r\n\r\n", { .has = { [DRAFT_TO] = true } }, "!To:" },
	{ "other fields stay", "X-Y: z\r\n\r\n", { .has = { [DRAFT_TO] = true } }, "X-Y: z\r\n" },
	{ "a high importance", "\r\n", { .has_importance = true, .importance = 2 }, "Importance: high\r\n" },
	{ "a normal one", "Importance: high\r\nX-Priority: 1\r\n\r\n",
	    { .has_importance = true, .importance = 1 }, "!Priority" },
	{ "its Message-ID stays", "Message-ID: <was@x>\r\n\r\n", { .has_importance = true, .importance = 1 },
	    "Message-ID: <was@x>\r\n" },
	{ "its sender stays", "From: other@x\r\n\r\n", { .has_importance = true, .importance = 1 },
	    "!me@example.org" },
	{ "half an address", "\r\n",
	    { .has = { [DRAFT_TO] = true }, .line = { [DRAFT_TO] = BYTES("Bob S") } }, "To: Bob S\r\n" },
};

static void line(const struct line_case *c)
{
	struct draft_made made;
	bool absent = c->want[0] == '!';
	const char *want = c->want + absent;
	struct base x, y;

	read_base(&x, bytes_str(c->base));
	make(&x, NULL, &no_names, 9, &c->edit, &made, &y);
	assert_int_equal(memmem(y.raw.p, y.raw.len, want, strlen(want)) == NULL, absent);
}
TEST_ROW(line)

static void what_is_sent_says_nothing_of_drafts(void **state)
{
	struct draft_stamp stamp = stamp_of(0);
	struct draft_edit e = { .n_added = 0 };
	struct draft_made made;
	struct base x;

	(void)state;
	stamp.field = no_names;
	read_base(&x, BYTES("To: a@x\r\nFcc: mailbox://x\r\nX-Mozilla-Draft-Info: i\r\n" DRAFT_FIELD
			    ": 17 5 6 1 2\r\nX-Other: stays\r\n\r\nhi\r\n"));
	assert_int_equal(draft_make(test_arena(), &x.mail, NULL, &no_names, 9, &e, &stamp, &made), ERR_OK);
	assert_null(memmem(made.mail.header.p, made.mail.header.len, "Draft", 5));
	assert_null(memmem(made.mail.header.p, made.mail.header.len, "Fcc", 3));
	assert_non_null(memmem(made.mail.header.p, made.mail.header.len, "X-Other: stays", 14));
}

static const struct refusal {
	const char *name, *base;
	struct draft_edit edit;
	enum err want;
} refusals[] = {
	{ "signed",
	    "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n\r\nsig\r\n--b--\r\n",
	    { .type = BODY_PLAIN, .text = BYTES("y") }, ERR_UNSUPPORTED },
	{ "signed, and its files would go",
	    "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: a/b\r\n\r\nf\r\n--b\r\n"
	    "Content-Type: application/pgp-signature\r\n\r\nsig\r\n--b--\r\n",
	    { .type = BODY_MIME, .text = BYTES("Subject: y\r\n\r\ny\r\n") }, ERR_UNSUPPORTED },
	{ "no mail", "Subject: x\r\n\r\n", { .type = BODY_MIME, .text = BYTES("") }, ERR_PROTO },
	{ "no header", "Subject: x\r\n\r\n", { .type = BODY_MIME, .text = BYTES("\r\nx") }, ERR_PROTO },
};

static void is_refused(const struct refusal *c)
{
	static const bool none[4];
	struct draft_stamp stamp = stamp_of(9);
	struct draft_made made;
	struct base x;

	read_base(&x, bytes_str(c->base));
	assert_int_equal(
	    draft_make(test_arena(), &x.mail, none, &no_names, 9, &c->edit, &stamp, &made), c->want);
}
TEST_ROW(is_refused)

/* What was shown cut comes back cut: that is no change. */
static void a_cut_text_is_no_change(void **state)
{
	struct draft_edit e = { .type = BODY_PLAIN, .text = BYTES("0123456789") };
	struct draft_stamp stamp = stamp_of(9);
	struct draft_made made;
	struct base x, y;

	(void)state;
	read_base(&x, BYTES("Subject: x\r\n\r\n0123456789abcdefghij\r\n"));
	stamp.truncation_size = 10;
	assert_int_equal(draft_make(test_arena(), &x.mail, NULL, &no_names, 9, &e, &stamp, &made), ERR_OK);
	read_base(&y, joined(&made.mail, x.root));
	assert_bytes_str(y.mail.plain, "0123456789abcdefghij\r\n");
	stamp.truncation_size = BODY_WHOLE;
	assert_int_equal(draft_make(test_arena(), &x.mail, NULL, &no_names, 9, &e, &stamp, &made), ERR_OK);
	read_base(&y, joined(&made.mail, x.root));
	assert_bytes_str(y.mail.plain, "0123456789");
}

/* Of 60 blind copies a phone is shown those that 1,024 bytes hold, and has but these to send back. */
enum { BLIND_COPIES = 60 };

static const struct unshown_case {
	const char *name;
	size_t first, end; /* of the list, or of what is shown where `end` says so, what comes back */
	const char *more;
	size_t want;
} unshown_cases[] = {
	{ "as it was shown", 0, SIZE_MAX, "", BLIND_COPIES },
	{ "one more", 0, SIZE_MAX, "new@x", BLIND_COPIES + 1 },
	{ "half a name more", 0, SIZE_MAX, "Bob S", BLIND_COPIES + 1 },
	{ "one less", 1, SIZE_MAX, "", BLIND_COPIES - 1 },
	{ "one again that isn't shown", 0, SIZE_MAX, "recipient50@department.example.org", BLIND_COPIES },
	{ "none at all", 0, 0, "", 0 },
	{ "others", 0, 0, "new@x, more@x", 2 },
	{ "all of them: this phone has written them", 0, BLIND_COPIES, "", BLIND_COPIES },
	{ "all but one that isn't shown", 0, BLIND_COPIES - 1, "", BLIND_COPIES - 1 },
};

static struct bytes blind_copies(const char *before, size_t first, size_t end, const char *after)
{
	struct bytes out;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, before);
	for (size_t i = first; i < end; i++)
		buf_printf(&b, "%srecipient%02zu@department.example.org", i > first ? ",\r\n " : "", i);
	if (end > first && *after >= ' ')
		buf_put_str(&b, ", ");
	buf_put_str(&b, after);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

static void who_was_not_shown_stays(const struct unshown_case *c)
{
	struct draft_edit e = { .has = { [DRAFT_BCC] = true } };
	struct draft_made made;
	struct mail_addresses list;
	struct base x, y;
	size_t shown;

	read_base(&x, blind_copies("Subject: x\r\nBcc: ", 0, BLIND_COPIES, "\r\n\r\nhi\r\n"));
	assert_int_equal(header_addresses(test_arena(), &x.mail.header, "Bcc", &list), ERR_OK);
	assert_int_equal(address_list_count_shown(test_arena(), &list, ", ", EMAIL_BCC_MAX, &shown), ERR_OK);
	assert_in_range(shown, 2, BLIND_COPIES - 2);
	e.line[DRAFT_BCC] = blind_copies("", c->first, c->end == SIZE_MAX ? shown : c->end, c->more);
	make(&x, NULL, &no_names, 9, &e, &made, &y);
	assert_int_equal(header_addresses(test_arena(), &y.mail.header, "Bcc", &list), ERR_OK);
	assert_int_equal(list.n, c->want);
	assert_int_equal(made.is_same, c->want == BLIND_COPIES);
}
TEST_ROW(who_was_not_shown_stays)

/* ---- what the phone says ---- */

#define FILE_HEAD "\tAirSyncBase:Attachments\n\t\tAirSyncBase:Add\n\t\t\tAirSyncBase:ClientId \"1\"\n"

static const struct edit_case {
	const char *name, *data;
	enum err want;
} edits[] = {
	{ "nothing", "", ERR_OK },
	{ "lines", "\tEmail:To \"a@x\"\n\tEmail:Subject \"s\"\n\tEmail2:Bcc \"b@x\"\n", ERR_OK },
	{ "importance", "\tEmail:Importance \"2\"\n", ERR_OK },
	{ "importance that is none", "\tEmail:Importance \"3\"\n", ERR_PROTO },
	{ "a text", "\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"1\"\n\t\tAirSyncBase:Data \"x\"\n", ERR_OK },
	{ "a text without a type", "\tAirSyncBase:Body\n\t\tAirSyncBase:Data \"x\"\n", ERR_PROTO },
	{ "a text as RTF", "\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"3\"\n\t\tAirSyncBase:Data \"x\"\n",
	    ERR_PROTO },
	{ "a subject beside a MIME",
	    "\tEmail:Subject \"s\"\n\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"4\"\n\t\tAirSyncBase:Data "
	    "\"x\"\n",
	    ERR_OK },
	{ "a file", FILE_HEAD "\t\t\tAirSyncBase:Content #0001\n\t\t\tAirSyncBase:Method \"1\"\n", ERR_OK },
	{ "a file without content", FILE_HEAD "\t\t\tAirSyncBase:Method \"1\"\n", ERR_PROTO },
	{ "a file by OLE", FILE_HEAD "\t\t\tAirSyncBase:Content #0001\n\t\t\tAirSyncBase:Method \"6\"\n",
	    ERR_PROTO },
	{ "a file without a name of its own",
	    "\tAirSyncBase:Attachments\n\t\tAirSyncBase:Add\n\t\t\tAirSyncBase:Content #0001\n", ERR_PROTO },
	{ "a content id that ends the line",
	    FILE_HEAD "\t\t\tAirSyncBase:Content #0001\n\t\t\tAirSyncBase:ContentId \"a b\"\n", ERR_PROTO },
	{ "a file that goes",
	    "\tAirSyncBase:Attachments\n\t\tAirSyncBase:Delete\n\t\t\tAirSyncBase:FileReference \"x\"\n",
	    ERR_OK },
};

static void edit(const struct edit_case *c)
{
	struct draft_edit e;

	assert_int_equal(draft_edit_read(test_arena(), item_data(c->data), &e), c->want);
	if (c->want == ERR_OK)
		assert_int_equal(draft_edit_has_content(&e), c->data[0] != 0);
}
TEST_ROW(edit)

int main(void)
{
	TEST_ADD_ROWS(edit, edits);
	TEST_ADD_ROWS(field, field_cases);
	TEST_ADD(a_name_comes_back);
	TEST_ADD(addresses_come_back);
	TEST_ADD_ROWS(form, forms);
	TEST_ADD(parts_keep_their_names);
	TEST_ADD_ROWS(line, lines);
	TEST_ADD(what_is_sent_says_nothing_of_drafts);
	TEST_ADD_ROWS(is_refused, refusals);
	TEST_ADD(a_cut_text_is_no_change);
	TEST_ADD_ROWS(who_was_not_shown_stays, unshown_cases);
	return test_run("mail_draft");
}
