#include "notes/note_put.h"

#include <string.h>

#include "mail/encoded_word.h"
#include "mail/header.h"
#include "mail/mime_parse.h"
#include "mail/smime.h"
#include "mail/text.h"
#include "mail/text_part.h"

/* A phone's changes put into the mail that the note is. */

enum { MAX_ROUNDS = 12 };

/* ---- what of a note the phone knows ---- */

struct patch {
	struct arena *arena;
	enum eas_version version;
	const struct sync_options *shown;
	const struct note_edit *edit;
	const struct note_stamp *stamp;
	struct bytes raw;
	struct mime_part *root;
	struct header header; /* of the root */
	struct text {
		const struct mime_part *part;
		bool in_plain, in_html; /* shown to who asks for plain text, for HTML */
	} * texts;                      /* that are replaced, in the order of the mail */
	size_t n_texts;
	bool new_subject, new_text;
};

/* All that the plan wants is in memory. */
static void fetch_from_raw(struct patch *p, struct body_plan *plan)
{
	for (size_t i = 0; i < plan->n_fetch; i++) {
		struct body_fetch *f = &plan->fetch[i];

		f->data = f->part ? f->part->body : p->raw;
		f->count = 0;
		f->fetched = true;
	}
}

/* The text as a phone gets it that asks so. */
static enum err show(struct patch *p, const struct sync_options *options, struct body *out)
{
	struct body_plan plan;
	bool enough = false;
	enum err e;

	*out = (struct body){ 0 };
	if ((e = body_plan(p->arena, p->root, (uint32_t)p->raw.len, options, p->version, &plan)))
		return e;
	for (int round = 0; round < MAX_ROUNDS && !enough && !e; round++) {
		fetch_from_raw(p, &plan);
		e = body_make(p->arena, &plan, out, &enough);
	}
	return e;
}

static struct sync_options whole_as(enum body_type type)
{
	struct sync_options o;

	sync_options_default(&o);
	o.body_count = 1;
	o.body[0] = (struct body_preference){ .type = type, .truncation_size = BODY_WHOLE };
	return o;
}

static enum err text_is_new(struct patch *p, bool *out)
{
	struct sync_options whole = whole_as(p->edit->type);
	struct body body;
	enum err e;

	*out = false;
	if (!p->edit->has_text || p->edit->is_cut)
		return ERR_OK;
	if ((e = show(p, &whole, &body)))
		return e;
	if (body.type == p->edit->type && text_same(body.data, p->edit->text))
		return ERR_OK;
	if ((e = show(p, p->shown, &body)))
		return e;
	*out = !(body.type == p->edit->type && body.truncated && body.data.len &&
		 text_same(body.data, p->edit->text));
	return ERR_OK;
}

static enum err subject_is_new(struct patch *p, bool *out)
{
	struct bytes had;
	enum err e = header_get_text(p->arena, &p->header, "Subject", &had);

	*out = !e && p->edit->has_subject && !bytes_eq(bytes_trim(had), bytes_trim(p->edit->subject));
	return e;
}

/* ---- which parts are its text ---- */

/* Room for that many texts more. */
static enum err more_texts(struct patch *p, size_t n)
{
	size_t had = p->n_texts * sizeof(*p->texts);

	p->texts = arena_grow(p->arena, p->texts, had, had + n * sizeof(*p->texts));
	return p->texts ? ERR_OK : ERR_LIMIT;
}

/* The text of that part; a new one is put at the end. */
static struct text *text_of(struct patch *p, const struct mime_part *part)
{
	for (size_t i = 0; i < p->n_texts; i++)
		if (p->texts[i].part == part)
			return &p->texts[i];
	p->texts[p->n_texts] = (struct text){ .part = part };
	return &p->texts[p->n_texts++];
}

/* What was found inside a part, by decoding it, has no place in the mail. */
static bool is_in_raw(const struct patch *p, const struct mime_part *part)
{
	const uint8_t *end = p->raw.p + p->raw.len;

	return part && part->header.p >= p->raw.p && part->header.p <= end &&
	       part->body.p >= part->header.p && part->body.len <= (size_t)(end - part->body.p);
}

/* The texts that are shown when a phone asks for that type. */
static enum err list_texts(struct patch *p, enum body_type type)
{
	struct sync_options whole = whole_as(type);
	struct body_plan plan;
	enum err e = body_plan(p->arena, p->root, (uint32_t)p->raw.len, &whole, p->version, &plan);

	if (e)
		return e;
	if (plan.cut || plan.tnef || plan.placeholder || !plan.n_text)
		return ERR_UNSUPPORTED;
	if ((e = more_texts(p, plan.n_text)))
		return e;
	for (size_t i = 0; i < plan.n_text; i++) {
		const struct mime_part *part = plan.fetch[i].part;

		if (!is_in_raw(p, part) || !mime_is(part, "text", NULL))
			return ERR_UNSUPPORTED;
		*(type == BODY_PLAIN ? &text_of(p, part)->in_plain : &text_of(p, part)->in_html) = true;
	}
	return ERR_OK;
}

static void sort_texts(struct patch *p)
{
	for (size_t i = 1; i < p->n_texts; i++)
		for (size_t k = i; k && p->texts[k].part->header.p < p->texts[k - 1].part->header.p; k--) {
			struct text other = p->texts[k];

			p->texts[k] = p->texts[k - 1];
			p->texts[k - 1] = other;
		}
}

static enum err find_texts(struct patch *p)
{
	enum err e;

	if (smime_is_sealed(p->root))
		return ERR_UNSUPPORTED;
	if ((e = list_texts(p, BODY_PLAIN)) || (e = list_texts(p, BODY_HTML)))
		return e;
	sort_texts(p);
	return ERR_OK;
}

/* ---- the new text ---- */

static struct text *first_in_both(struct patch *p)
{
	for (size_t i = 0; i < p->n_texts; i++)
		if (p->texts[i].in_plain && p->texts[i].in_html)
			return &p->texts[i];
	return NULL;
}

/* Whoever asks for plain text or for HTML shall see the new text once: so it goes into one text that both are shown, or else into
 * one of each. The others are part of it now. */
static bool takes_new_text(struct patch *p, const struct text *t)
{
	const struct text *both = first_in_both(p);

	if (both)
		return t == both;
	for (const struct text *before = p->texts; before < t; before++)
		if (before->in_html == t->in_html)
			return false;
	return true;
}

/* A part keeps its form, unless that would lose the form of what the phone sent. */
static enum body_type form_of(const struct patch *p, const struct text *t)
{
	if (mime_is(t->part, "text", "html"))
		return BODY_HTML;
	return t->in_html ? p->edit->type : BODY_PLAIN;
}

static enum err text_as(struct patch *p, enum body_type type, struct bytes *out)
{
	struct bytes inner;
	struct buf b;
	size_t used;
	enum err e;

	*out = p->edit->text;
	if (type == p->edit->type)
		return ERR_OK;
	if (type == BODY_PLAIN)
		return text_from_html(p->arena, p->edit->text, 0, out, &used);
	if ((e = text_to_html(p->arena, p->edit->text, &inner)))
		return e;
	buf_init(&b, p->arena, 0);
	buf_put_str(&b, "<html><head></head><body>");
	buf_put(&b, inner);
	buf_put_str(&b, "</body></html>\r\n");
	return buf_done(&b, out);
}

static const char *subtype_of(enum body_type type, const struct mime_part *part)
{
	if (type == BODY_HTML)
		return "html";
	return mime_is(part, "text", "markdown") ? "markdown" : "plain";
}

static enum err put_new_text(struct patch *p, struct buf *out, const struct text *t)
{
	enum body_type type = form_of(p, t);
	struct bytes text = { 0 };
	enum err e = takes_new_text(p, t) ? text_as(p, type, &text) : ERR_OK;

	if (!e)
		text_part_put(out, subtype_of(type, t->part), text);
	return e;
}

/* ---- writing ---- */

static bool is_one_of(struct bytes name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_eq_nocase(name, names[i]))
			return true;
	return false;
}

/* Said of the body that was there. */
static bool describes_body(struct bytes name)
{
	static const char *const names[] = { "Content-Type", "Content-Transfer-Encoding", "Content-MD5",
		"Content-Length", "Lines" };

	return is_one_of(name, names, sizeof(names) / sizeof(names[0]));
}

static bool is_stamped(struct bytes name)
{
	static const char *const names[] = { "Date", "Message-ID", "X-Uniform-Type-Identifier",
		NOTE_UUID_FIELD };

	return is_one_of(name, names, sizeof(names) / sizeof(names[0]));
}

static enum err put_part(struct patch *p, struct buf *out, const struct text *t)
{
	struct header h;
	enum err e = header_parse(p->arena, t->part->header, &h);

	for (size_t i = 0; i < h.n && !e; i++)
		if (!describes_body(h.v[i].name))
			header_put_field(out, &h.v[i]);
	return e ? e : put_new_text(p, out, t);
}

static void put_created(struct patch *p, struct buf *out)
{
	struct bytes date = header_get(&p->header, "Date");

	if (header_find(&p->header, "X-Mail-Created-Date"))
		return;
	if (date.len)
		note_put_field(out, "X-Mail-Created-Date", date);
	else
		note_put_date(out, "X-Mail-Created-Date", p->stamp->now);
}

/* The mail's own header but for the fields that say what its body is, if that is `replaced`. */
static void put_header(struct patch *p, struct buf *out, bool replaced)
{
	bool is_mime = false;

	for (size_t i = 0; i < p->header.n; i++) {
		const struct header_field *f = &p->header.v[i];

		is_mime = is_mime || bytes_eq_nocase(f->name, "MIME-Version");
		if (is_stamped(f->name) || (replaced && describes_body(f->name)) ||
		    bytes_eq_nocase(f->name, "Content-Length") || bytes_eq_nocase(f->name, "Lines") ||
		    (p->new_subject && bytes_eq_nocase(f->name, "Subject")))
			continue;
		header_put_field(out, f);
	}
	if (p->new_subject && p->edit->subject.len)
		header_field_put(out, "Subject", p->edit->subject);
	note_put_stamp(out, p->stamp);
	put_created(p, out);
	if (replaced && !is_mime)
		buf_put_str(out, "MIME-Version: 1.0\r\n");
}

/* What isn't text goes out as it is: boundaries, other parts, what stands between them. */
static enum err put_body(struct patch *p, struct buf *out)
{
	const uint8_t *at = p->root->body.p, *end = at + p->root->body.len;
	enum err e;

	buf_put_str(out, "\r\n");
	for (size_t i = 0; i < p->n_texts; i++) {
		const struct mime_part *part = p->texts[i].part;

		buf_put(out, bytes_of(at, (size_t)(part->header.p - at)));
		if ((e = put_part(p, out, &p->texts[i])))
			return e;
		at = part->body.p + part->body.len;
	}
	buf_put(out, bytes_of(at, (size_t)(end - at)));
	return ERR_OK;
}

static enum err write_patched(struct patch *p, struct bytes *out)
{
	bool replaced = p->n_texts == 1 && p->texts[0].part == p->root;
	struct buf b;
	enum err e;

	buf_init(&b, p->arena, 0);
	buf_room(
	    &b, p->raw.len + p->edit->text.len + 4096); /* once, so that it isn't copied while it grows */
	put_header(p, &b, replaced);
	e = replaced ? put_new_text(p, &b, &p->texts[0]) : put_body(p, &b);
	return e ? e : buf_done(&b, out);
}

enum err note_patch(struct arena *a, struct bytes raw, const struct sync_options *shown,
    enum eas_version version, const struct note_edit *edit, const struct note_stamp *stamp, struct bytes *out)
{
	struct patch p = { .arena = a,
		.version = version,
		.shown = shown,
		.edit = edit,
		.stamp = stamp,
		.raw = header_skip_junk(raw) };
	struct bytes block;
	enum err e;

	*out = (struct bytes){ 0 };
	if ((e = mime_parse(a, p.raw, &block, &p.root)) || (e = header_parse(a, block, &p.header)))
		return e;
	if ((e = subject_is_new(&p, &p.new_subject)) || (e = text_is_new(&p, &p.new_text)))
		return e;
	if (!p.new_subject && !p.new_text)
		return ERR_OK;
	if (p.new_text && (e = find_texts(&p)))
		return e;
	return write_patched(&p, out);
}
