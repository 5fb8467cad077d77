/* A phone's changes put into a mail that is a note: the input's first byte says which, its first line is the new title, up to a
 * form feed comes the new text, and then the mail. Whatever the mail is, its other parts must survive. */
#include "fuzz/fuzzing.h"
#include "mail/header.h"
#include "mail/mime_parse.h"
#include "notes/note_mail.h"

static const struct note_stamp stamp = {
	.uuid = BYTES("0A1B2C3D-1111-4222-8333-444455556666"),
	.message_id = BYTES("<new@x>"),
	.from = BYTES("anna@example.org"),
	.now = 1795000000,
};

static struct sync_options options_of(enum body_type type, uint32_t limit)
{
	struct sync_options o;

	sync_options_default(&o);
	o.body_count = 1;
	o.body[0] = (struct body_preference){ .type = type, .truncation_size = limit };
	return o;
}

static struct body_plan plan_of(struct arena *a, struct bytes mail, const struct sync_options *o)
{
	struct body_plan plan;
	struct mime_part *root;
	struct bytes block;

	MUST(mime_parse(a, mail, &block, &root) == ERR_OK);
	MUST(body_plan(a, root, (uint32_t)mail.len, o, EAS_14_1, &plan) == ERR_OK);
	return plan;
}

static void must_have_the_same_files(struct arena *a, struct bytes was, struct bytes is)
{
	struct sync_options o = options_of(BODY_PLAIN, BODY_WHOLE);
	struct body_plan before = plan_of(a, was, &o), after = plan_of(a, is, &o);

	MUST(before.n_attachments == after.n_attachments);
	for (size_t i = 0; i < before.n_attachments; i++)
		MUST(bytes_eq(before.attachments[i].part->body, after.attachments[i].part->body));
}

static void must_be_stamped(struct arena *a, struct bytes mail)
{
	struct header h;

	MUST(header_parse(a, mail, &h) == ERR_OK);
	MUST(bytes_eq(header_get(&h, NOTE_UUID_FIELD), stamp.uuid));
	MUST(bytes_eq(header_get(&h, "Message-ID"), stamp.message_id));
}

static void must_be_read_again(struct arena *a, const struct note_edit *e)
{
	struct sync_options o = options_of(e->type, BODY_WHOLE);
	struct bytes mail, again;

	MUST(note_make(a, e, &stamp, &mail) == ERR_OK);
	must_be_stamped(a, mail);
	MUST(note_patch(a, mail, &o, EAS_14_1, e, &stamp, &again) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(((size_t)64 << 20) + size * 8192);
	struct bytes in = bytes_of(data, size), what, title = { 0 }, text = { 0 }, out;
	struct note_edit e = { 0 };
	struct sync_options shown;
	enum err err;

	if (bytes_take(&in, 1, &what)) {
		(void)bytes_split(&in, '\n', &title);
		(void)bytes_split(&in, '\f', &text);
		e.type = what.p[0] & 1 ? BODY_HTML : BODY_PLAIN;
		e.has_subject = what.p[0] & 2;
		e.has_text = what.p[0] & 4;
		e.subject = title;
		e.text = text;
		shown = options_of(what.p[0] & 8 ? BODY_HTML : BODY_PLAIN, what.p[0] & 16 ? 20 : BODY_WHOLE);
		must_be_read_again(a, &e);
		err = note_patch(a, in, &shown, EAS_14_1, &e, &stamp, &out);
		MUST(err == ERR_OK || err == ERR_UNSUPPORTED);
		if (!err && out.len) {
			must_be_stamped(a, out);
			must_have_the_same_files(a, header_skip_junk(in), out);
		}
	}
	arena_free(&a);
	return 0;
}
