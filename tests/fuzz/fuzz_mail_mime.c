/* A whole mail: its structure, then the body that each kind of wish gets, then the Email class in WBXML. */
#include "fuzz/fuzzing.h"
#include "mail/mime_text.h"
#include "unit/proto/mail_sample.h"
#include "utf8_count.h"

enum { MAX_NODES = 50000 };

/* Header and body are views of the mail; sections name one part each; the bounds of mime_part.h hold. */
static void must_be_a_tree(struct bytes raw, const struct mime_part *root)
{
	size_t count = 0;

	for (const struct mime_part *p = root; p; p = mime_part_next(root, p)) {
		size_t depth = 0;

		for (const struct mime_part *up = p; up != root; up = up->parent)
			depth++;
		MUST(++count <= MIME_MAX_PARTS && depth < MIME_MAX_DEPTH);
		MUST(mime_part_find(root, bytes_str(p->section)) == p);
		MUST(p->header.p >= raw.p && p->header.p + p->header.len == p->body.p);
		MUST(p->body.p + p->body.len <= raw.p + raw.len && p->size == p->body.len);
		MUST(p->params.n <= MIME_MAX_PARAMS && p->disposition_params.n <= MIME_MAX_PARAMS);
	}
}

static void must_be_a_body(const struct sample *s)
{
	const struct body *b = &s->body;
	bool drops = s->plan.all_or_none && b->truncated;

	MUST(utf8_valid(b->data) && utf8_valid(b->preview));
	MUST(b->data.len <= s->plan.limit);
	MUST(utf8_count(b->preview) <= s->plan.preview);
	MUST(b->truncated ? b->estimated_size > b->data.len : b->estimated_size == b->data.len);
	MUST(!drops || !b->data.len);
	if (b->type == BODY_PLAIN || b->type == BODY_MIME)
		MUST(b->truncated || b->type == BODY_MIME || sample_has_crlf_only(b->data));
	for (size_t i = 0; i < s->plan.n_attachments; i++) {
		const struct attachment *at = &s->plan.attachments[i];

		MUST(at->display_name.len && sample_is_line(at->display_name));
		MUST(bytes_find(at->display_name, '/') == at->display_name.len);
		MUST(sample_is_line(at->content_id) && sample_is_line(at->content_location));
	}
}

static void must_be_written(struct arena *a, const struct sample *s, enum eas_version v)
{
	const struct wbxml_node *body;
	struct wbxml_node *root;
	struct bytes doc;
	int depth = 0;

	MUST(sample_write(a, s, v, &doc) == ERR_OK);
	MUST(wbxml_tree(a, doc, MAX_NODES, &root, NULL, NULL) == ERR_OK);
	body = wbxml_child(root, AIRSYNCBASE_BODY);
	if (v >= EAS_12_0 && s->body.type) {
		const struct wbxml_node *data = wbxml_child(body, AIRSYNCBASE_DATA);

		MUST((data != NULL) == (s->body.data.len > 0));
		MUST(!data || !sample_is_xml_text(s->body.data) || bytes_eq(data->text, s->body.data));
		MUST((wbxml_child(body, AIRSYNCBASE_TRUNCATED) != NULL) == s->body.truncated);
	}
	for (const struct wbxml_node *n = root; n; n = fuzz_next_node(n, &depth))
		MUST(wbxml_tag_info(n->tag)->opaque || sample_is_xml_text(n->text));
}

static struct sample must_make(
    struct arena *a, struct bytes raw, const struct sync_options *o, enum eas_version v)
{
	struct sample s, blind;

	MUST(sample_make(a, raw, o, v, false, &s) == ERR_OK);
	must_be_a_body(&s);
	must_be_written(a, &s, v);
	/* Without the structure the whole mail is fetched and gives the same. */
	MUST(sample_make(a, raw, o, v, true, &blind) == ERR_OK);
	must_be_a_body(&blind);
	MUST(bytes_eq(blind.body.data, s.body.data) && blind.body.truncated == s.body.truncated);
	return s;
}

/* What passes in pieces is what would not have been rewritten. */
static void must_pass_as_it_is(struct bytes raw, struct bytes made)
{
	struct mime_text_check check = { 0 };
	struct bytes rest = raw, piece;
	size_t n = raw.len % 7 + 1;

	while (rest.len && bytes_take(&rest, n < rest.len ? n : rest.len, &piece))
		mime_text_check_put(&check, piece);
	MUST(mime_text_check_end(&check) == (made.p == raw.p && made.len == raw.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum body_type types[] = { BODY_PLAIN, BODY_HTML, BODY_MIME };
	struct arena *a = arena_new(((size_t)64 << 20) + size * 4096);
	struct bytes raw = bytes_of(data, size);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct sync_options whole = sample_options(types[i], BODY_WHOLE, 100), cut = whole;
		struct sample all = must_make(a, raw, &whole, EAS_16_1), part;

		MUST(!all.body.truncated || all.root->is_cut);
		must_be_a_tree(raw, all.root);
		if (types[i] == BODY_MIME && sample_is_xml_text(raw) && sample_has_crlf_only(raw))
			MUST(bytes_eq(all.body.data, raw));
		if (types[i] == BODY_MIME)
			MUST(sample_is_xml_text(all.body.data) && sample_has_crlf_only(all.body.data));
		if (types[i] == BODY_MIME && size)
			must_pass_as_it_is(raw, all.body.data);

		/* What is cut is a beginning of the whole (but for MIME that is encoded anew). */
		cut.body[0].truncation_size =
		    (uint32_t)((size * 7 + (size ? data[size / 2] : 0)) % (all.body.data.len + 2));
		part = must_make(a, raw, &cut, EAS_14_1);
		MUST(part.body.type == all.body.type);
		if (types[i] != BODY_MIME)
			MUST(bytes_eq(part.body.data, utf8_cut(all.body.data, part.body.data.len)));
		cut.body[0].all_or_none = true;
		must_make(a, raw, &cut, EAS_2_5);
	}
	arena_free(&a);
	return 0;
}
