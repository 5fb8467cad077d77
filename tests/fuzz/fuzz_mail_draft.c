/* A phone's changes put into a draft: the input's first byte says which, a line of recipients and a line of file name follow, up to a
 * form feed the text, and then the draft as it was. Each file must be where it is said to be, with every byte. */
#include "fuzz/fuzzing.h"
#include "mail/body.h"
#include "mail/draft.h"
#include "mail/mime_parse.h"
#include "mail/transfer.h"

static const struct draft_field no_names;

static struct smart_original base_of(struct arena *a, struct bytes raw, struct body_plan *plan)
{
	struct smart_original o = {
		.size = (uint32_t)raw.len, .plain = raw, .html = raw, .has_html = raw.len & 1
	};
	struct sync_options *options = arena_alloc(a, sizeof(*options));
	struct mime_part *root;
	struct bytes block;

	sync_options_default(options);
	MUST(mime_parse(a, raw, &block, &root) == ERR_OK && header_parse(a, block, &o.header) == ERR_OK);
	MUST(body_plan(a, root, o.size, options, EAS_16_1, plan) == ERR_OK);
	o.root = root;
	o.attachments = plan->attachments;
	o.n_attachments = plan->n_attachments;
	return o;
}

static struct bytes joined(struct arena *a, const struct smart *m, struct mime_part *root)
{
	struct bytes out = { 0 };
	struct buf b;

	buf_init(&b, a, 0);
	buf_put(&b, m->header);
	for (size_t i = 0; i < m->n; i++)
		buf_put(&b,
		    m->v[i].section ? mime_part_find(root, bytes_str(m->v[i].section))->body : m->v[i].text);
	MUST(buf_done(&b, &out) == ERR_OK);
	return out;
}

static const struct mime_part *must_find(struct mime_part *root, struct bytes section)
{
	const struct mime_part *part = mime_part_find(root, section);

	MUST(part);
	return part;
}

/* The files that were put in have bytes of their own; those that stay are the same as before. */
static void must_hold_files(struct arena *a, const struct smart_original *base, const struct draft_edit *e,
    const struct draft_made *made, struct bytes mail)
{
	struct draft_field f;
	struct mime_part *root;
	struct bytes block, data;
	struct header h;

	MUST(mime_parse(a, mail, &block, &root) == ERR_OK && header_parse(a, block, &h) == ERR_OK);
	for (size_t i = 0; i < e->n_added; i++) {
		const struct mime_part *part = must_find(root, bytes_str(made->added[i]));

		MUST(transfer_decode(a, part->encoding, part->body, &data) == ERR_OK);
		MUST(e->added[i].is_mail || bytes_eq(data, e->added[i].content));
	}
	if (e->type == BODY_MIME || !base)
		return;
	MUST(draft_field_parse(a, header_get(&h, DRAFT_FIELD), &f) == ERR_OK);
	MUST(f.n_names == base->n_attachments);
	for (size_t i = 0; i < base->n_attachments; i++) {
		const struct draft_name *n =
		    draft_field_find(&f, 9, bytes_str(base->attachments[i].part->section));

		MUST(n && bytes_eq(must_find(root, n->section)->body, base->attachments[i].part->body));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(((size_t)64 << 20) + size * 8192);
	struct bytes in = bytes_of(data, size), what, to = { 0 }, name = { 0 }, text = { 0 };
	struct draft_stamp stamp = { .from = BYTES("me@example.org"),
		.message_id = BYTES("<1@x>"),
		.now = 1795000000,
		.boundary = "6b1f0c94e7a2d853",
		.truncation_size = 20,
		.field = { .validity = 17, .replaces = 9 } };
	struct draft_attachment file = { .client_id = BYTES("1"), .content_id = BYTES("p@x") };
	struct draft_edit e = { .added = &file };
	bool *none;

	/* Nobody can guess our boundaries; but the fuzzer sees what is compared. */
	if (size && memmem(data, size, stamp.boundary, strlen(stamp.boundary)))
		in.len = 0;
	if (bytes_take(&in, 1, &what)) {
		struct body_plan *plan = arena_alloc(a, sizeof(*plan));
		struct draft_made made;
		struct smart_original o;
		enum err err;

		(void)bytes_split(&in, '\n', &to);
		(void)bytes_split(&in, '\n', &name);
		(void)bytes_split(&in, '\f', &text);
		e.type = (enum body_type[]){ BODY_NONE, BODY_PLAIN, BODY_HTML, BODY_MIME }[what.p[0] & 3];
		e.text = text;
		for (size_t i = 0; i < DRAFT_LINES; i++) {
			e.has[i] = what.p[0] & 4;
			e.line[i] = to;
		}
		e.n_added = what.p[0] >> 3 & 1;
		file.name = file.type = name;
		file.content = text;
		file.is_inline = what.p[0] & 16;
		file.is_mail = what.p[0] & 32;
		o = base_of(a, in, plan);
		none = arena_array(a, o.n_attachments, sizeof(*none));
		err = draft_make(a, what.p[0] & 64 ? &o : NULL, none, &no_names, 9, &e, &stamp, &made);
		MUST(err == ERR_OK || err == ERR_UNSUPPORTED || err == ERR_PROTO);
		if (!err)
			must_hold_files(a, what.p[0] & 64 ? &o : NULL, &e, &made,
			    joined(a, &made.mail, (struct mime_part *)o.root));
	}
	arena_free(&a);
	return 0;
}
