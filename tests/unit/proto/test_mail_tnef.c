/* winmail.dat: attributes and properties (MS-OXTNEF), compressed RTF (MS-OXRTFCP), HTML in RTF (MS-OXRTFEX), and how a mail with
 * one looks to a phone. */
#include "mail/message_class.h"
#include "mail/rtf.h"
#include "mail/tnef_part.h"
#include "mail/transfer.h"
#include "wbxml/dump.h"
#include "unit/proto/mail_pieces.h"

/* ---- writing a stream ---- */

static void put_u16(struct buf *b, uint32_t n)
{
	buf_put_u8(b, (uint8_t)n);
	buf_put_u8(b, (uint8_t)(n >> 8));
}

static void put_u32(struct buf *b, uint32_t n)
{
	put_u16(b, n & 0xFFFF);
	put_u16(b, n >> 16);
}

static void put_attribute(struct buf *b, uint8_t level, uint32_t id, struct bytes data)
{
	buf_put_u8(b, level);
	put_u32(b, id);
	put_u32(b, (uint32_t)data.len);
	buf_put(b, data);
	put_u16(b, 0); /* a checksum that nobody looks at */
}

static void begin(struct buf *b)
{
	buf_init(b, test_arena(), 0);
	put_u32(b, 0x223E9F78);
	put_u16(b, 1);
}

static struct bytes done(const struct buf *b)
{
	struct bytes out;

	assert_int_equal(buf_done(b, &out), ERR_OK);
	return test_copy(out);
}

static void put_padded(struct buf *b, struct bytes data)
{
	put_u32(b, (uint32_t)data.len);
	buf_put(b, data);
	for (size_t i = data.len; i % 4; i++)
		buf_put_u8(b, 0);
}

/* One of a variable type, as most are. */
static void put_prop(struct buf *b, uint32_t type, uint32_t id, struct bytes data)
{
	put_u16(b, type);
	put_u16(b, id);
	put_u32(b, 1);
	put_padded(b, data);
}

static struct bytes unpacked_rtf(const char *rtf)
{
	struct buf b;

	buf_init(&b, test_arena(), 0);
	put_u32(&b, (uint32_t)strlen(rtf) + 12);
	put_u32(&b, (uint32_t)strlen(rtf));
	put_u32(&b, 0x414C454D);
	put_u32(&b, 0);
	buf_put_str(&b, rtf);
	return done(&b);
}

/* A message with HTML, a file with a long name, and a picture with a Content-ID. */
static struct bytes sample_stream(void)
{
	struct buf b, props;

	begin(&b);
	put_attribute(&b, 1, 0x00069007, BYTES("\xE3\x04\0\0\0\0\0\0")); /* code page 1251 */
	put_attribute(&b, 1, 0x00078008, BYTES("IPM.Microsoft Mail.Note\0"));
	put_attribute(&b, 1, 0x00018004, BYTES("\xCF\xF0\0"));
	buf_init(&props, test_arena(), 0);
	put_u32(&props, 3);
	put_u16(&props, 3);
	put_u16(&props, 0x3FDE);
	put_u32(&props, 65001);
	put_u16(&props, 0x1F); /* a named one, which is nothing to us */
	put_u16(&props, 0x8001);
	buf_put(&props, BYTES("0123456789abcdef"));
	put_u32(&props, 1);
	put_padded(&props, BYTES("n\0a\0\0\0"));
	put_u32(&props, 1);
	put_padded(&props, BYTES("x\0\0\0"));
	put_prop(&props, 0x102, 0x1013,
	    BYTES("<p>Gr\xC3\xBC\xC3\x9F"
		  "e</p>"));
	put_attribute(&b, 1, 0x00069003, done(&props));
	put_attribute(&b, 2, 0x00069002, BYTES("\1\0"));
	put_attribute(&b, 2, 0x0006800F, BYTES("data one"));
	put_attribute(&b, 2, 0x00018010, BYTES("SHORT~1.TXT\0"));
	buf_init(&props, test_arena(), 0);
	put_u32(&props, 2);
	put_prop(&props, 0x1F, 0x3707, BYTES("a\0 \0\x31\x04.\0t\0x\0t\0\0\0"));
	put_prop(&props, 0x1E, 0x370E, BYTES("text/plain\0"));
	put_attribute(&b, 2, 0x00069005, done(&props));
	put_attribute(&b, 2, 0x00069002, BYTES("\1\0"));
	put_attribute(&b, 2, 0x00018010, BYTES("p.png\0"));
	put_attribute(&b, 2, 0x0006800F, BYTES("\x89PNG"));
	buf_init(&props, test_arena(), 0);
	put_u32(&props, 2);
	put_prop(&props, 0x1E, 0x370E, BYTES("image/png\0"));
	put_prop(&props, 0x1E, 0x3712, BYTES("p1@x\0"));
	put_attribute(&b, 2, 0x00069005, done(&props));
	return done(&b);
}

/* ---- the stream ---- */

static void a_whole_stream(void **state)
{
	struct tnef t;

	(void)state;
	assert_int_equal(tnef_read(test_arena(), sample_stream(), &t), ERR_OK);
	assert_true(t.whole);
	assert_bytes_str(t.message_class, "IPM.Microsoft Mail.Note");
	assert_bytes_str(t.subject, "\xD0\x9F\xD1\x80");
	assert_bytes_str(t.html, "<p>Gr\xC3\xBC\xC3\x9F"
				 "e</p>");
	assert_int_equal(t.n_files, 2);
	assert_bytes_str(t.files[0].name, "a \xD0\xB1.txt");
	assert_bytes_str(t.files[0].data, "data one");
	assert_bytes_str(t.files[1].name, "p.png");
	assert_bytes_str(t.files[1].type, "image/png");
	assert_bytes_str(t.files[1].content_id, "p1@x");
}

/* Cut anywhere, what stands before the cut is there. */
static void cut_anywhere(void **state)
{
	struct bytes all = sample_stream();
	struct tnef t;

	(void)state;
	for (size_t n = 0; n < all.len; n++) {
		enum err e = tnef_read(test_arena(), test_copy(bytes_of(all.p, n)), &t);

		assert_int_equal(e, n < 6 ? ERR_PROTO : ERR_OK);
		assert_true(e || t.n_files <= 2);
	}
	assert_int_equal(tnef_read(test_arena(), BYTES("not TNEF at all"), &t), ERR_PROTO);
}

static void a_class_without_texts(void **state)
{
	struct buf b;
	struct tnef t;

	(void)state;
	begin(&b);
	put_attribute(&b, 1, 0x00078008, BYTES("IPM.Microsoft Schedule.MtgReq\0"));
	put_attribute(&b, 1, 0x0002800C, BYTES("Come?\n\0"));
	buf_put_str(&b, "garbage at the end");
	assert_int_equal(tnef_read(test_arena(), done(&b), &t), ERR_OK);
	assert_bytes_str(t.message_class, "IPM.Microsoft Schedule.MtgReq");
	assert_bytes_str(t.plain, "Come?\r\n");
	assert_false(t.whole);
}

/* ---- RTF ---- */

static const struct rtf_case {
	const char *name, *rtf, *plain, *html;
} rtf_cases[] = {
	{ "text", "{\\rtf1\\ansi Hello\\par World}", "Hello\r\nWorld", "" },
	{ "escapes", "{\\rtf1 a\\{b\\}c\\\\d\\~e}",
	    "a{b}c\\d\xC2\xA0"
	    "e",
	    "" },
	{ "line ends mean nothing", "{\\rtf1 a\r\nb}", "ab", "" },
	{ "a code page", "{\\rtf1\\ansi\\ansicpg1251 \\'cf\\'f0}", "\xD0\x9F\xD1\x80", "" },
	{ "a font's charset", "{\\rtf1{\\fonttbl{\\f0 A;}{\\f1\\fcharset204 B;}}\\f0 \\'e9{\\f1 \\'cf}\\'e9}",
	    "\xC3\xA9\xD0\x9F\xC3\xA9", "" },
	{ "Unicode with its substitute", "{\\rtf1\\uc1 \\u1055?\\u1088 ?.}", "\xD0\x9F\xD1\x80.", "" },
	{ "Unicode, two substitutes", "{\\rtf1\\uc2 \\u8364\\'80\\'80x}", "\xE2\x82\xACx", "" },
	{ "a pair of units", "{\\rtf1\\uc1\\u-10179?\\u-8704?}", "\xF0\x9F\x98\x80", "" },
	{ "half a pair", "{\\rtf1\\uc1\\u-8704?x}", "\xEF\xBF\xBDx", "" },
	{ "what is no text", "{\\rtf1{\\info{\\author A}}{\\*\\generator G;}{\\pict 0011}{\\stylesheet s;}x}",
	    "x", "" },
	{ "binary", "{\\rtf1 a\\bin3 }}}b}", "ab", "" },
	{ "symbols", "{\\rtf1 \\ldblquote a\\rdblquote\\emdash b\\tab c}",
	    "\xE2\x80\x9C"
	    "a\xE2\x80\x9D\xE2\x80\x94"
	    "b\tc",
	    "" },
	{ "HTML inside",
	    "{\\rtf1\\ansi\\fromhtml1 {\\*\\htmltag64 <p>}\\htmlrtf {\\b\\htmlrtf0 Hi \\'e9\\htmlrtf "
	    "}\\htmlrtf0 "
	    "{\\*\\htmltag72 </p>}}",
	    "", "<p>Hi \xC3\xA9</p>" },
	{ "HTML: entities are markup",
	    "{\\rtf1\\fromhtml1 {\\*\\htmltag84 &lt;}\\htmlrtf <\\htmlrtf0 a{\\*\\mhtmltag0 x}}", "",
	    "&lt;a" },
	{ "no end", "{\\rtf1 a{\\b b", "ab", "" },
	{ "too many ends", "{\\rtf1 a}}}}b", "ab", "" },
	{ "not RTF", "Hello", "", "" },
	{ "a lone backslash", "{\\rtf1 a\\", "a", "" },
};

static void reads_rtf(const struct rtf_case *c)
{
	struct bytes plain, html;

	assert_int_equal(rtf_read_compressed(test_arena(), unpacked_rtf(c->rtf), &plain, &html), ERR_OK);
	assert_bytes_str(plain, c->plain);
	assert_bytes_str(html, c->html);
}
TEST_ROW(reads_rtf)

/* The two worked examples of MS-OXRTFCP 4.1. */
static const struct unpack_case {
	const char *name, *hex, *want;
} unpack_cases[] = {
	{ "simple, 4.1.1",
	    "2d 00 00 00 2b 00 00 00 4c 5a 46 75 f1 c5 c7 a7 03 00 0a 00 72 63 70 67 31 32 35 42 32 0a f3 20 "
	    "68 65 6c 09 00 "
	    "20 62 77 05 b0 6c 64 7d 0a 80 0f a0",
	    "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n" },
	{ "a reference over the write position, 4.1.2",
	    "1a 00 00 00 1c 00 00 00 4c 5a 46 75 e2 d4 4b 51 41 00 04 20 57 58 59 5a 0d 6e 7d 01 0e b0",
	    "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}" },
	{ "cut in its header", "2d 00 00 00 2b 00", "" },
	{ "of another kind", "2d 00 00 00 2b 00 00 00 41 41 41 41 00 00 00 00 41", "" },
};

static void unpacks(const struct unpack_case *c)
{
	struct bytes in = test_hex(c->hex), out;

	assert_int_equal(rtf_unpack(test_arena(), in, &out), ERR_OK);
	assert_bytes_str(out, c->want);
	for (size_t n = 0; n < in.len; n++) {
		assert_int_equal(rtf_unpack(test_arena(), test_copy(bytes_of(in.p, n)), &out), ERR_OK);
		assert_true(out.len <= strlen(c->want));
	}
}
TEST_ROW(unpacks)

/* A megabyte of tiny groups takes memory for the text, not for each group. */
static void many_groups(void **state)
{
	struct arena *a = arena_new((size_t)16 << 20);
	struct bytes rtf, plain, html;
	struct buf b;

	(void)state;
	buf_init(&b, a, 0);
	buf_put_str(&b, "{\\rtf1 ");
	while (b.len < 1 << 20)
		buf_put_str(&b, "{{a}");
	assert_int_equal(buf_done(&b, &rtf), ERR_OK);
	assert_int_equal(rtf_read(a, rtf, &plain, &html), ERR_OK);
	assert_int_equal(plain.len, (rtf.len - 7) / 4);
	arena_free(&a);
}

/* ---- in a mail ---- */

static struct bytes mail_with(struct bytes stream, const char *text)
{
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n");
	buf_put_str(&b, text);
	buf_put_str(&b,
	    "\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: "
	    "base64\r\n\r\n");
	transfer_put_base64(&b, stream);
	buf_put_str(&b, "\r\n--b--\r\n");
	return done(&b);
}

static void takes_its_place(void **state)
{
	static const enum body_type types[] = { BODY_PLAIN, BODY_HTML, BODY_MIME };
	static const char *const texts[] = { "Gr\xC3\xBC\xC3\x9F"
					     "e",
		"<p>Gr\xC3\xBC\xC3\x9F"
		"e</p>" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sync_options o = sample_options(types[i], BODY_WHOLE, 0);
		struct bytes mail = mail_with(sample_stream(), "");
		struct sample s = pieces_make(mail, &o, EAS_16_1);

		assert_bytes_equal(s.body.data, i < 2 ? bytes_str(texts[i]) : mail);
		assert_false(s.body.truncated);
		assert_int_equal(s.body.native, BODY_HTML);
		assert_int_equal(s.plan.n_attachments, 2);
		assert_bytes_str(s.plan.attachments[0].display_name, "a \xD0\xB1.txt");
		assert_int_equal(s.plan.attachments[0].size, 8);
		assert_string_equal(s.plan.attachments[0].part->section, "2~1");
		assert_string_equal(s.plan.attachments[1].part->section, "2~2");
		assert_int_equal(
		    s.plan.attachments[1].is_inline, types[i] != BODY_HTML); /* the HTML doesn't show it */
		assert_bytes_str(s.plan.attachments[1].content_id, "p1@x");
	}
}

static void another_text_wins(void **state)
{
	struct sync_options o = sample_options(BODY_HTML, 1000, 0);
	struct sample s = pieces_make(mail_with(sample_stream(), "Hello"), &o, EAS_14_1);

	(void)state;
	assert_non_null(memmem(s.body.data.p, s.body.data.len, "Hello", 5));
	assert_null(memmem(s.body.data.p, s.body.data.len, "Gr", 2));
	assert_int_equal(s.plan.n_attachments, 2);
}

static void what_is_no_tnef_stays(void **state)
{
	struct sync_options o = sample_options(BODY_PLAIN, 1000, 0);
	struct sample s = pieces_make(mail_with(BYTES("something else"), "Hello"), &o, EAS_14_1);

	(void)state;
	assert_bytes_str(s.body.data, "Hello");
	assert_int_equal(s.plan.n_attachments, 1);
	assert_bytes_str(s.plan.attachments[0].display_name, "winmail.dat");
	assert_string_equal(s.plan.attachments[0].part->section, "2");
}

/* ---- skimmed ---- */

enum { KB = 1024, MAX_SIZES = 10 };

/* A text of so many octets, then files of these sizes, each with its title behind its data. */
static struct bytes stream_of(size_t text, const uint32_t *sizes)
{
	uint8_t *room = test_keep(4000 * KB);
	struct buf b;

	memset(room, 'x', 4000 * KB);
	begin(&b);
	put_attribute(&b, 1, 0x0002800C, bytes_of(room, text));
	for (size_t i = 0; i < MAX_SIZES && sizes[i]; i++) {
		put_attribute(&b, 2, 0x00069002, BYTES("\1\0"));
		put_attribute(&b, 2, 0x0006800F, bytes_of(room, sizes[i]));
		put_attribute(&b, 2, 0x00018010, bytes_str(arena_printf(test_arena(), "%zu.txt", i)));
	}
	return done(&b);
}

static const struct skim_case {
	const char *name;
	size_t text;
	uint32_t sizes[MAX_SIZES];
	size_t cut;    /* octets off the end of the mail */
	size_t spoilt; /* where a line of the base64 is longer than the others; 0: nowhere */
	size_t most;   /* octets that are fetched; 0: all of the mail, at least */
} skim_cases[] = {
	{ "a large file", 100, { 3000 * KB }, 0, 0, 200 * KB },
	{ "among small ones", 100, { 10, 3000 * KB, 20 }, 0, 0, 200 * KB },
	{ "several", 100, { 400 * KB, 3, 500 * KB + 1, 300 * KB + 2 }, 0, 0, 400 * KB },
	{ "behind a long text", 300 * KB, { 3000 * KB }, 0, 0, 700 * KB },
	{ "files that are just not large", 100,
	    { 63 * KB, 63 * KB, 63 * KB, 63 * KB, 63 * KB, 63 * KB, 63 * KB, 63 * KB, 63 * KB }, 0, 0, 0 },
	{ "too many", 100, { 100 * KB, 100 * KB, 100 * KB, 100 * KB, 100 * KB, 100 * KB, 100 * KB, 100 * KB },
	    0, 0, 0 },
	{ "a stream that is cut", 100, { 300 * KB, 20 }, 200, 0, 0 },
	{ "a stream that is cut in the large file", 100, { 3000 * KB }, 400 * KB, 0, 0 },
	{ "lines of another length", 100, { 400 * KB, 20 }, 0, 100 * KB, 0 },
};

static struct bytes with_long_line(struct bytes mail, size_t at)
{
	struct buf b;

	while (mail.p[at] != '\r')
		at++;
	buf_init(&b, test_arena(), 0);
	buf_put(&b, bytes_of(mail.p, at));
	buf_put(&b, bytes_of(mail.p + at + 2, mail.len - at - 2));
	return done(&b);
}

/* What a phone is shown is the same, and the large files are left where they are. */
static void skims(const struct skim_case *c)
{
	struct bytes stream = stream_of(c->text, c->sizes), mail = mail_with(stream, "");
	struct sync_options o = sample_options(BODY_PLAIN, BODY_WHOLE, 0);
	struct sample s;
	size_t n = 0;

	mail.len -= c->cut;
	if (c->spoilt)
		mail = with_long_line(mail, c->spoilt);
	assert_int_equal(sample_make(test_arena(), mail, &o, EAS_16_1, false, &s), ERR_OK);
	assert_int_equal(s.body.data.len, c->text);
	for (; n < MAX_SIZES && c->sizes[n]; n++) {
		if (n == s.plan.n_attachments || (c->cut && n == s.plan.n_attachments - 1))
			break;
		assert_int_equal(s.plan.attachments[n].size, c->sizes[n]);
		assert_bytes_str(
		    s.plan.attachments[n].display_name, arena_printf(test_arena(), "%zu.txt", n));
	}
	assert_true(c->cut || n == s.plan.n_attachments);
	if (c->most)
		assert_in_range(s.fetched, 1, c->most);
	else
		assert_in_range(s.fetched, mail.len - KB, 4 * mail.len);
}
TEST_ROW(skims)

/* An item in an item: its text as a file. */
static void an_embedded_item(void **state)
{
	struct tnef_file f;
	struct buf b, props, object;

	(void)state;
	buf_init(&object, test_arena(), 0);
	buf_put_str(&object, "0123456789abcdef");
	buf_put(&object, sample_stream());
	begin(&b);
	put_attribute(&b, 2, 0x00069002, BYTES("\1\0")); /* of level 2 as it is written; 1 is met too */
	buf_init(&props, test_arena(), 0);
	put_u32(&props, 2);
	put_u16(&props, 3);
	put_u16(&props, 0x3705);
	put_u32(&props, 5);
	put_prop(&props, 0x0D, 0x3701, done(&object));
	put_attribute(&b, 2, 0x00069005, done(&props));
	assert_int_equal(tnef_file_read(test_arena(), done(&b), 1, &f), ERR_OK);
	assert_bytes_str(f.name, "\xD0\x9F\xD1\x80.htm");
	assert_bytes_str(f.type, "text/html");
	assert_bytes_str(f.data, "<p>Gr\xC3\xBC\xC3\x9F"
				 "e</p>");
	assert_int_equal(tnef_file_read(test_arena(), done(&b), 2, &f), ERR_NOT_FOUND);
	assert_int_equal(tnef_file_read(test_arena(), done(&b), 0, &f), ERR_NOT_FOUND);
	assert_int_equal(tnef_file_read(test_arena(), BYTES("x"), 1, &f), ERR_NOT_FOUND);
}

/* ---- what kind of item it is ---- */

/* A text, and the class as the attribute and as the property; NULL: neither. */
static struct bytes classed_stream(const char *attribute, const char *property)
{
	struct buf b, props;

	begin(&b);
	if (attribute)
		put_attribute(&b, 1, 0x00078008, bytes_of(attribute, strlen(attribute) + 1));
	put_attribute(&b, 1, 0x0002800C, BYTES("Come?\0"));
	if (property) {
		buf_init(&props, test_arena(), 0);
		put_u32(&props, 1);
		put_prop(&props, 0x1E, 0x001A, bytes_of(property, strlen(property) + 1));
		put_attribute(&b, 1, 0x00069003, done(&props));
	}
	return done(&b);
}

static const struct class_case {
	const char *name, *attribute, *property, *want;
} class_cases[] = {
	{ "an invitation", "IPM.Microsoft Schedule.MtgReq", NULL, "IPM.Note" },
	{ "a cancellation", "IPM.Microsoft Schedule.MtgCncl", NULL, "IPM.Note" },
	{ "accepted", "IPM.Microsoft Schedule.MtgRespP", NULL, "IPM.Schedule.Meeting.Resp.Pos" },
	{ "perhaps", "IPM.Microsoft Schedule.MtgRespA", NULL, "IPM.Schedule.Meeting.Resp.Tent" },
	{ "declined", "IPM.Microsoft Schedule.MtgRespN", NULL, "IPM.Schedule.Meeting.Resp.Neg" },
	{ "with what stood before it in old times", "Microsoft Mail v3.0 IPM.Microsoft Schedule.MtgRespN",
	    NULL, "IPM.Schedule.Meeting.Resp.Neg" },
	{ "as MAPI calls it", NULL, "IPM.Schedule.Meeting.Resp.Pos", "IPM.Schedule.Meeting.Resp.Pos" },
	{ "of somebody's own form", NULL, "ipm.schedule.meeting.resp.pos.Room",
	    "IPM.Schedule.Meeting.Resp.Pos" },
	{ "MAPI knows better", "IPM.Microsoft Mail.Note", "IPM.Note.Microsoft.Voicemail.UM.CA",
	    "IPM.Note.Microsoft.Voicemail" },
	{ "a class that only begins so", NULL, "IPM.Schedule.Meeting.Resp.Positive", "IPM.Note" },
	{ "a class that is cut", NULL, "IPM.Schedule.Meeting", "IPM.Note" },
	{ "a read receipt", "IPM.Microsoft Mail.Read Receipt", NULL, "REPORT.IPM.NOTE.IPNRN" },
	{ "not delivered", "IPM.Microsoft Mail.Non-Delivery", "REPORT.IPM.Note.NDR", "REPORT.IPM.NOTE.NDR" },
	{ "an invitation not delivered", NULL, "REPORT.IPM.Schedule.Meeting.Request.NDR",
	    "REPORT.IPM.SCHEDULE.MEETING.REQUEST.NDR" },
	{ "a post", NULL, "IPM.Post", "IPM.Post" },
	{ "S/MIME, which TNEF hasn't", NULL, "IPM.Note.SMIME", "IPM.Note" },
	{ "a task", "IPM.Microsoft Mail.Note", "IPM.TaskRequest", "IPM.Note" },
	{ "nothing", NULL, NULL, "IPM.Note" },
};

static void tells_its_class(const struct class_case *c)
{
	struct bytes mail = mail_with(classed_stream(c->attribute, c->property), "");

	for (enum body_type t = BODY_PLAIN; t <= BODY_MIME; t++) {
		struct sync_options o = sample_options(t, 1000, 0);
		struct sample s = pieces_make(mail, &o, EAS_16_1);

		assert_string_equal(sample_class(test_arena(), &s.plan), c->want);
	}
}
TEST_ROW(tells_its_class)

/* Somebody else's item that is passed on says nothing of the mail. */
static void of_an_enclosed_mail(void **state)
{
	struct sync_options o = sample_options(BODY_PLAIN, 1000, 0);
	struct sample s;
	struct buf b;

	(void)state;
	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, HEAD "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nlook\r\n--o\r\n"
			     "Content-Type: message/rfc822\r\n\r\n");
	buf_put(&b, mail_with(classed_stream("IPM.Microsoft Schedule.MtgReq", NULL), ""));
	buf_put_str(&b, "\r\n--o--\r\n");
	s = pieces_make(done(&b), &o, EAS_16_1);
	assert_string_equal(sample_class(test_arena(), &s.plan), "IPM.Note");
}

/* ---- voice mail ---- */

static void put_number(struct buf *b, uint32_t id, uint32_t n)
{
	put_u16(b, 3);
	put_u16(b, id);
	put_u32(b, n);
}

static void put_file(struct buf *b, const char *name)
{
	struct buf props;

	put_attribute(b, 2, 0x00069002, BYTES("\1\0"));
	put_attribute(b, 2, 0x00018010, bytes_of(name, strlen(name) + 1));
	put_attribute(b, 2, 0x0006800F, BYTES("RIFF"));
	buf_init(&props, test_arena(), 0);
	put_u32(&props, 1);
	put_prop(&props, 0x1E, 0x370E, BYTES("audio/wav\0"));
	put_attribute(b, 2, 0x00069005, done(&props));
}

static struct bytes voice_stream(void)
{
	struct buf b, props;

	begin(&b);
	put_attribute(&b, 1, 0x00078008, BYTES("IPM.Note.Microsoft.Voicemail.UM.CA\0"));
	buf_init(&props, test_arena(), 0);
	put_u32(&props, 5);
	put_number(&props, 0x6801, 35);
	put_prop(&props, 0x1E, 0x6802, BYTES("+49 30 12345\0"));
	put_prop(&props, 0x1E, 0x6805, BYTES("new.wav; gone.wav;old.wav\0"));
	put_u16(&props, 0x1F); /* its number among the named ones is another in each mailbox */
	put_u16(&props, 0x8001);
	buf_put(&props, test_hex("8e854244e3a9804eb900317a210cc15b"));
	put_u32(&props, 1);
	put_padded(&props, BYTES("U\0M\0A\0u\0d\0i\0o\0N\0o\0t\0e\0s\0\0\0"));
	put_u32(&props, 1);
	put_padded(&props, BYTES("c\0a\0l\0l\0\n\0b\0a\0c\0k\0\0\0"));
	put_u16(&props, 0x1F); /* another set's name of that kind */
	put_u16(&props, 0x8002);
	buf_put(&props, test_hex("00000000000000000000000000000000"));
	put_u32(&props, 1);
	put_padded(&props, BYTES("U\0M\0A\0u\0d\0i\0o\0N\0o\0t\0e\0s\0\0\0"));
	put_u32(&props, 1);
	put_padded(&props, BYTES("x\0\0\0"));
	put_attribute(&b, 1, 0x00069003, done(&props));
	put_file(&b, "old.wav");
	put_file(&b, "new.wav");
	return done(&b);
}

static void a_voice_mail(void **state)
{
	struct sync_options o = sample_options(BODY_PLAIN, 1000, 0);
	struct sample s = pieces_make(mail_with(voice_stream(), "text"), &o, EAS_16_1);
	static const char *const wanted[] = {
		"Email:MessageClass \"IPM.Note.Microsoft.Voicemail\"\n",
		"Email2:UmCallerID \"+49 30 12345\"\n",
		"Email2:UmUserNotes \"call\\nback\"\n",
		"AirSyncBase:DisplayName \"old.wav\"\n",
		"Email2:UmAttOrder \"2\"\n",
		"AirSyncBase:DisplayName \"new.wav\"\n",
		"Email2:UmAttDuration \"35\"\n",
		"Email2:UmAttOrder \"1\"\n",
	};
	struct bytes doc, dump;

	(void)state;
	assert_int_equal(sample_write(test_arena(), &s, EAS_16_1, &doc), ERR_OK);
	assert_int_equal(wbxml_dump(test_arena(), doc, &dump), ERR_OK);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_non_null(memmem(dump.p, dump.len, wanted[i], strlen(wanted[i])));
}

/* ---- streams of the world ---- */

static const struct world_case {
	const char *name, *path, *message_class;
	size_t files, bytes; /* of all files together */
	const char *last_name;
	uint32_t voice_s;
} world_cases[] = {
	{ "data before its name", "corpus/mail/teamwork-tnef-data-before-name.tnef",
	    "IPM.Microsoft Mail.Note", 3, 289, "boot.ini", 0 },
	{ "garbage at its end", "corpus/mail/teamwork-tnef-garbage-at-end.tnef",
	    "IPM.Microsoft Mail.Read Receipt", 0, 0, NULL, 0 },
	{ "a long name", "corpus/mail/teamwork-tnef-long-filename.tnef", "IPM.Microsoft Mail.Note", 1, 279,
	    "allproductsmar2000.dat", 0 },
	{ "a voice mail", "corpus/mail/teamwork-tnef-multi-value-attribute.tnef",
	    "IPM.Note.Microsoft.Voicemail.UM.CA", 1, 10656, NULL, 5 },
};

static void of_the_world(const struct world_case *c)
{
	struct bytes in = test_file(test_shared(c->path));
	struct tnef t;
	size_t sum = 0;

	assert_int_equal(tnef_read(test_arena(), in, &t), ERR_OK);
	assert_bytes_str(t.message_class, c->message_class);
	assert_int_equal(t.n_files, c->files);
	for (size_t i = 0; i < t.n_files; i++)
		sum += t.files[i].data.len;
	assert_int_equal(sum, c->bytes);
	if (c->last_name)
		assert_bytes_str(t.files[t.n_files - 1].name, c->last_name);
	assert_int_equal(t.voice.duration_s, c->voice_s);
}
TEST_ROW(of_the_world)

int main(void)
{
	TEST_ADD(a_whole_stream);
	TEST_ADD(cut_anywhere);
	TEST_ADD(a_class_without_texts);
	TEST_ADD_ROWS(reads_rtf, rtf_cases);
	TEST_ADD_ROWS(unpacks, unpack_cases);
	TEST_ADD(many_groups);
	TEST_ADD(takes_its_place);
	TEST_ADD(another_text_wins);
	TEST_ADD(what_is_no_tnef_stays);
	TEST_ADD_ROWS(skims, skim_cases);
	TEST_ADD(an_embedded_item);
	TEST_ADD_ROWS(tells_its_class, class_cases);
	TEST_ADD(of_an_enclosed_mail);
	TEST_ADD(a_voice_mail);
	TEST_ADD_ROWS(of_the_world, world_cases);
	return test_run("mail tnef");
}
