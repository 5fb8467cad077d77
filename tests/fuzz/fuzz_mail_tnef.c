/* winmail.dat: the stream by itself, then as a part of a mail; and RTF, packed and unpacked. */
#include "fuzz/fuzzing.h"
#include "mail/rtf.h"
#include "mail/tnef_part.h"
#include "mail/tnef_skim.h"
#include "mail/transfer.h"
#include "unit/proto/mail_sample.h"

static void must_be_inside(struct bytes part, struct bytes all)
{
	MUST(part.len == 0 || (part.p >= all.p && part.p + part.len <= all.p + all.len));
}

static void read_stream(struct arena *a, struct bytes in)
{
	struct tnef t;
	struct tnef_file f;
	enum err e = tnef_read(a, in, &t);

	MUST(e == ERR_OK || e == ERR_PROTO);
	MUST(t.n_files <= TNEF_MAX_FILES);
	MUST(utf8_valid(t.plain) && utf8_valid(t.html) && sample_has_crlf_only(t.plain));
	MUST(sample_is_line(t.message_class) && sample_is_line(t.subject));
	MUST(sample_is_line(t.voice.caller) && sample_is_line(t.voice.order) && utf8_valid(t.voice.notes));
	for (size_t i = 0; i < t.n_files; i++) {
		MUST(sample_is_line(t.files[i].name) && sample_is_line(t.files[i].type));
		MUST(sample_is_line(t.files[i].content_id) && sample_is_line(t.files[i].content_location));
		must_be_inside(t.files[i].data, in);
		MUST(tnef_file_read(a, in, (uint32_t)i + 1, &f) == ERR_OK);
	}
	MUST(tnef_file_read(a, in, (uint32_t)t.n_files + 1, &f) == ERR_NOT_FOUND);
}

/* In pieces: what isn't too much of them is the same as the whole. */
static void skim(struct arena *a, struct bytes in)
{
	struct tnef whole, skimmed;
	struct tnef_skim s;
	uint32_t want = 64;
	struct bytes out;

	tnef_skim_init(&s, a);
	for (unsigned pieces = 0; want && s.at <= in.len; pieces++) {
		size_t left = in.len - (size_t)s.at;
		bool last = want >= left;

		MUST(pieces < 10);
		if (tnef_skim_take(&s, bytes_of(in.p + s.at, last ? left : want), last, &want))
			return;
	}
	MUST(buf_done(&s.out, &out) == ERR_OK && tnef_read(a, out, &skimmed) == ERR_OK);
	if (s.at > in.len || tnef_read(a, in, &whole))
		return;
	MUST(bytes_eq(skimmed.plain, whole.plain) && bytes_eq(skimmed.html, whole.html));
	MUST(skimmed.n_files == whole.n_files);
}

static void read_rtf(struct arena *a, struct bytes in)
{
	struct bytes unpacked, plain, html;

	MUST(rtf_unpack(a, in, &unpacked) == ERR_OK && unpacked.len <= RTF_LARGEST);
	MUST(rtf_read(a, in, &plain, &html) == ERR_OK);
	MUST(!plain.len || !html.len);
	MUST(utf8_valid(plain) && utf8_valid(html) && sample_has_crlf_only(plain));
}

/* A phone gets something of it in every kind, and what is listed has a name. */
static void read_mail(struct arena *a, struct bytes in)
{
	static const enum body_type types[] = { BODY_PLAIN, BODY_HTML, BODY_MIME };
	struct bytes raw, doc;
	struct buf b;

	buf_init(&b, a, 0);
	buf_put_str(&b, "Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	transfer_put_base64(&b, in);
	MUST(buf_done(&b, &raw) == ERR_OK);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct sync_options o = sample_options(types[i], 1000, 100);
		struct sample s;

		MUST(sample_make(a, raw, &o, EAS_16_1, i & 1, &s) == ERR_OK);
		MUST(s.body.data.len <= 1000 && utf8_valid(s.body.data));
		for (size_t k = 0; k < s.plan.n_attachments; k++)
			MUST(s.plan.attachments[k].display_name.len);
		MUST(sample_write(a, &s, EAS_16_1, &doc) == ERR_OK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(((size_t)64 << 20) + size * 4096);
	struct bytes in = bytes_of(data, size);

	read_stream(a, in);
	skim(a, in);
	read_rtf(a, in);
	read_mail(a, in);
	arena_free(&a);
	return 0;
}
