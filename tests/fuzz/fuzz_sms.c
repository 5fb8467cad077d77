/* An SMS made into a mail and told again: up to a newline the sender, up to the next the receivers, then the text. Whatever they
 * hold, the mail's header is ours, and numbers and text come back. */
#include "fuzz/fuzzing.h"
#include "mail/header.h"
#include "mail/mime_parse.h"
#include "sms/sms.h"

static void must_be_ours(struct arena *a, struct bytes mail)
{
	struct header h;

	MUST(header_parse(a, mail, &h) == ERR_OK);
	MUST(h.n >= 5 && h.n <= 12);
	MUST(bytes_eq_str(header_get(&h, "Message-ID"), "<1@x>"));
	MUST(bytes_eq_str(header_get(&h, "X-Message-Class"), "IPM.Note.Mobile.SMS"));
	for (size_t i = 0; i < h.n; i++)
		MUST(!bytes_eq_nocase(h.v[i].name, "Bcc"));
}

static void must_be_told(struct arena *a, struct bytes mail)
{
	struct sync_options o;
	struct mime_part *root;
	struct body_plan plan;
	struct wbxml_writer w;
	struct email m = { 0 };
	struct bytes doc;
	struct buf b;

	sync_options_default(&o);
	MUST(mime_parse(a, mail, &m.header, &root) == ERR_OK);
	MUST(body_plan(a, root, (uint32_t)mail.len, &o, EAS_14_1, &plan) == ERR_OK);
	m.plan = &plan;
	buf_init(&b, a, 0);
	wbxml_writer_init(&w, &b);
	wbxml_open(&w, AIRSYNC_APPLICATION_DATA);
	MUST(sms_write(&w, EAS_14_1, &m) == ERR_OK);
	wbxml_close(&w);
	MUST(wbxml_done(&w, &doc) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(((size_t)16 << 20) + size * 4096);
	struct bytes in = bytes_of(data, size), mail;
	struct sms s = { .importance = 1 };

	(void)bytes_split(&in, '\n', &s.from);
	(void)bytes_split(&in, '\n', &s.to);
	s.text = in;
	MUST(sms_make(a, &s, BYTES("<1@x>"), 1795000000, &mail) == ERR_OK);
	must_be_ours(a, mail);
	must_be_told(a, mail);
	must_be_told(a, in); /* a mail of another program's making */
	arena_free(&a);
	return 0;
}
