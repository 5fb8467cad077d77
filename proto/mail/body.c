#include "mail/body.h"

#include "base/utf8.h"
#include "mail/body_skim.h"
#include "mail/charset.h"
#include "mail/enriched.h"
#include "mail/mime_parse.h"
#include "mail/mime_text.h"
#include "mail/header.h"
#include "mail/text.h"
#include "mail/tnef_part.h"
#include "mail/transfer.h"

static const char html_begin[] =
    "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">"
    "</head><body>\r\n";
static const char html_end[] = "</body></html>\r\n";

enum { MORE_FACTOR = 6 }; /* a second fetch takes so many times the first */

/* The body while it is put together. */
struct maker {
	struct arena *arena;
	struct body_plan *plan;
	struct buf out;
	bool complete;  /* everything is in out */
	uint64_t taken; /* bytes of text that out was made of */
};

static bool is_html(const struct mime_part *p)
{
	return mime_is(p, "text", "html");
}

/* Whether there is no more than what was fetched. The caller may have fetched less than asked, and sizes
 * in BODYSTRUCTURE may be somewhat wrong. */
static bool is_whole(const struct body_plan *plan, const struct body_fetch *f)
{
	size_t size = f->part ? f->part->size : plan->size;

	if (f->count && f->data.len >= f->count)
		return f->data.len >= size;
	return f->data.len + f->data.len / 16 + 64 >= size;
}

/* HTML that names a charset is believed by some programs, though what they get is UTF-8. */
static enum err say_utf8(struct arena *a, struct bytes html, struct bytes *out)
{
	struct bytes name = html_declared_charset(html);
	struct buf b;

	*out = html;
	if (!name.len || bytes_eq_nocase(name, "utf-8"))
		return ERR_OK;
	buf_init(&b, a, 0);
	buf_put(&b, bytes_of(html.p, (size_t)(name.p - html.p)));
	buf_put_str(&b, "utf-8");
	buf_put(&b, bytes_of(name.p + name.len, html.len - (size_t)(name.p - html.p) - name.len));
	return buf_done(&b, out);
}

/* The octets of a text part as UTF-8. */
static enum err part_text(struct maker *m, const struct body_fetch *f, struct bytes *out)
{
	const struct mime_part *p = f->part;
	struct bytes charset = mime_param(&p->params, "charset"), octets, format, declared;
	enum err e;

	if ((e = transfer_decode(m->arena, p->encoding, f->data, &octets)))
		return e;
	if (!charset.len && (e = mime_param_decode(m->arena, &p->params, "charset", &charset)))
		return e;
	if (is_html(p) && charset_is_vague(charset) && (declared = html_declared_charset(octets)).len &&
	    charset_is_ascii_based(declared)) /* or else it could not be read there */
		charset = declared;
	if ((e = charset_to_utf8(m->arena, charset, octets, out)) || is_html(p))
		return e;
	if (mime_is(p, "text", "enriched"))
		return text_from_enriched(m->arena, *out, out);
	if (mime_is(p, "text", "richtext"))
		return text_from_richtext(m->arena, *out, out);
	format = mime_param(&p->params, "format");
	if (bytes_eq_nocase(format, "flowed") &&
	    (e = text_unflow(m->arena, *out, bytes_eq_nocase(mime_param(&p->params, "delsp"), "yes"), out)))
		return e;
	return text_crlf(m->arena, *out, out);
}

/* Of text for a preview: quotes and runs of blanks are dropped, so that it takes some more than it will hold. */
static size_t preview_room(const struct body_plan *plan)
{
	return plan->preview ? (size_t)plan->preview * 8 + 256 : 0;
}

static size_t room_left(const struct maker *m)
{
	size_t want = m->plan->limit;

	if (m->plan->limit == BODY_WHOLE)
		return 0;
	if (want < preview_room(m->plan))
		want = preview_room(m->plan);
	/* One byte more than the limit shows that there is more. */
	return m->out.len <= want ? want - m->out.len + 1 : 1;
}

static enum err put_as_plain(struct maker *m, const struct body_fetch *f, struct bytes text)
{
	size_t len = text.len, used = len;
	enum err e;

	if (is_html(f->part)) {
		attachments_refer(m->plan->attachments, m->plan->n_attachments, text);
		if ((e = text_from_html(m->arena, text, room_left(m), &text, &used)))
			return e;
	}
	m->taken -= len - used;
	if (m->out.len && text.len)
		buf_put_str(&m->out, m->out.p[m->out.len - 1] == '\n' ? "\r\n" : "\r\n\r\n");
	buf_put(&m->out, text);
	m->complete = m->complete && used == len;
	return ERR_OK;
}

static enum err put_as_html(struct maker *m, const struct body_fetch *f, struct bytes text)
{
	enum err e;

	if (is_html(f->part)) {
		attachments_refer(m->plan->attachments, m->plan->n_attachments, text);
		e = say_utf8(m->arena, text, &text);
		buf_put(&m->out, text);
		return e;
	}
	if (!text.len && m->plan->n_text > 1) /* many mailers put an empty text in front of a file */
		return ERR_OK;
	if ((e = text_to_html(m->arena, text, &text)))
		return e;
	if (!m->out.len)
		buf_put_str(&m->out, html_begin);
	buf_put(&m->out, text);
	if (m->plan->n_text == 1 && !m->plan->cut)
		buf_put_str(&m->out, html_end);
	return ERR_OK;
}

static enum err put_texts(struct maker *m)
{
	struct body_plan *plan = m->plan;
	struct bytes text;
	enum err e;

	for (size_t i = 0; i < plan->n_text; i++) {
		const struct body_fetch *f = &plan->fetch[i];

		if ((e = part_text(m, f, &text)))
			return e;
		m->taken += text.len;
		if ((e = plan->type == BODY_HTML ? put_as_html(m, f, text) : put_as_plain(m, f, text)))
			return e;
		m->complete = m->complete && is_whole(plan, f);
		if (plan->limit != BODY_WHOLE && m->out.len > plan->limit) {
			m->complete = m->complete && i + 1 == plan->n_text;
			break;
		}
	}
	return m->out.failed;
}

/* Marks what is cut short to be fetched again; false if nothing is. */
static bool want_more(struct body_plan *plan, size_t first, size_t n)
{
	bool any = false;

	for (size_t i = first; i < first + n; i++) {
		struct body_fetch *f = &plan->fetch[i];
		uint64_t count = (uint64_t)f->count * MORE_FACTOR;

		if (is_whole(plan, f) || f->data.len < f->count || !f->count || f->count >= BODY_LONGEST_TEXT)
			continue;
		if (count > BODY_LONGEST_TEXT)
			count = BODY_LONGEST_TEXT;
		f->count = count >= (f->part ? f->part->size : plan->size) ? 0 : (uint32_t)count;
		f->fetched = false;
		any = true;
	}
	return any;
}

static uint32_t saturate(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* Of the whole body: known if we have it, else in the proportion that its beginning shows. */
static uint32_t estimate(const struct maker *m, size_t have)
{
	uint64_t size;

	if (m->complete && !m->plan->cut)
		return saturate(have);
	size = m->taken && have ? (uint64_t)m->plan->text_size * have / m->taken : m->plan->text_size;
	return saturate(size > have ? size : (uint64_t)have + 1);
}

/* Of plain text that was HTML the addresses can't be told from words any more: so it is made once more. */
static enum err put_words(struct maker *m, struct bytes *out)
{
	struct bytes text;
	struct buf b;
	enum err e;

	buf_init(&b, m->arena, 0);
	for (size_t i = 0; i < m->plan->n_text && b.len < preview_room(m->plan); i++) {
		const struct body_fetch *f = &m->plan->fetch[i];

		if ((e = part_text(m, f, &text)) ||
		    (is_html(f->part) &&
			(e = text_words_from_html(m->arena, text, preview_room(m->plan), &text))))
			return e;
		buf_put(&b, text);
		buf_put_str(&b, "\r\n");
	}
	return buf_done(&b, out);
}

static enum err make_preview(struct maker *m, struct bytes text, struct body *out)
{
	enum err e = ERR_OK;

	/* Beside a plain body it would say the same again. Source: MS-ASAIRS 2.2.2.35. */
	if (!m->plan->preview || (out->type == BODY_PLAIN && out->data.len))
		return ERR_OK;
	if (m->plan->type == BODY_HTML)
		e = text_words_from_html(m->arena, text, preview_room(m->plan), &text);
	else if (m->plan->n_text)
		e = put_words(m, &text);
	if (e)
		return e;
	return text_preview(m->arena, text, m->plan->preview, &out->preview);
}

/* Cuts to what the phone takes. */
static void limit_data(const struct body_plan *plan, struct bytes text, bool complete, struct body *out)
{
	out->data = text.len > plan->limit ? utf8_cut(text, plan->limit) : text;
	out->truncated = !complete || plan->cut || out->data.len < text.len;
	if (out->truncated && plan->all_or_none)
		out->data = (struct bytes){ 0 };
	if (!text.len && complete && !plan->cut)
		out->truncated = false;
}

/* Whether what was fetched is all HTML that there is: as plain text another alternative may have been taken. */
static bool is_all_html(const struct body_plan *plan)
{
	for (size_t i = 0; i < plan->n_text; i++)
		if (plan->type != BODY_HTML && !is_html(plan->fetch[i].part))
			return false;
	return plan->n_text > 0;
}

static enum err make_text(struct arena *a, struct body_plan *plan, struct body *out, bool *enough)
{
	struct maker m = { .arena = a, .plan = plan, .complete = plan->n_text > 0 || plan->text_size == 0 };
	struct bytes text;
	enum err e;

	buf_init(&m.out, a, 0);
	if ((e = put_texts(&m)))
		return e;
	if (m.complete && !plan->cut && is_all_html(plan))
		attachments_settle(plan->attachments, plan->n_attachments);
	if (!m.out.len && plan->placeholder) {
		buf_put_str(&m.out, plan->placeholder);
		m.complete = true;
	}
	if ((e = buf_done(&m.out, &text)))
		return e;
	text =
	    bytes_of(text.p, utf8_valid_len(text)); /* all pieces are valid; this is a safety net for cuts */
	if ((e = wbxml_clean(a, text, &text))) /* or else Data would be shorter than EstimatedDataSize says */
		return e;
	if (!m.complete && text.len <= plan->limit && plan->limit && want_more(plan, 0, plan->n_text)) {
		*enough = false;
		return ERR_OK;
	}
	limit_data(plan, text, m.complete, out);
	out->estimated_size = estimate(&m, text.len);
	return make_preview(&m, text, out);
}

/* Out of the text that was fetched for it beside the MIME. */
static enum err make_mime_preview(struct arena *a, struct body_plan *plan, struct body *out, bool *enough)
{
	struct maker m = { .arena = a, .plan = plan };
	const struct body_fetch *f = &plan->fetch[plan->n_text];
	struct bytes text;
	enum err e;

	if (!plan->n_preview)
		return ERR_OK;
	if ((e = part_text(&m, f, &text)))
		return e;
	if (is_html(f->part) && (e = text_words_from_html(a, text, preview_room(plan), &text)))
		return e;
	if ((e = text_preview(a, text, plan->preview, &out->preview)))
		return e;
	*enough = out->preview.len || !want_more(plan, plan->n_text, plan->n_preview);
	return ERR_OK;
}

static enum err make_mime(struct arena *a, struct body_plan *plan, struct body *out, bool *enough)
{
	struct bytes raw = plan->n_text ? plan->fetch[0].data : (struct bytes){ 0 }, text;
	bool whole = plan->n_text && is_whole(plan, &plan->fetch[0]);
	enum err e;

	if (plan->passing) {
		out->passes = true;
		out->estimated_size = plan->passing;
		return make_mime_preview(a, plan, out, enough);
	}
	if (raw.len > plan->limit) { /* more was read, so as to know its structure */
		raw.len = plan->limit;
		whole = false;
	}
	text = raw;
	if (!plan->raw_mime && (e = mime_text(a, raw, whole, &text)))
		return e;
	limit_data(plan, text, whole || plan->size == 0, out);
	out->estimated_size = out->truncated && plan->size > out->data.len ? plan->size : saturate(text.len);
	return make_mime_preview(a, plan, out, enough);
}

/* The plan for what is known of the mail now. What was fetched for the old one serves again. */
static enum err plan_again(struct arena *a, struct body_plan *plan, struct mime_part *root)
{
	struct body_plan again;
	bool found = true;
	enum err e;

	if ((e = body_plan(a, root, plan->size, plan->options, plan->version, &again)))
		return e;
	if (plan->passing && again.type == BODY_MIME)
		body_plan_pass(&again, plan->passing);
	body_plan_cap(&again, plan->most);
	again.raw_mime = plan->raw_mime;
	while (plan->tried & 1u << again.type && found)
		if ((e = body_plan_next(a, &again, &found)))
			return e;
	for (size_t i = 0; i < again.n_fetch; i++) {
		struct body_fetch *f = &again.fetch[i];

		if (f->part && f->part->body.p) {
			f->data = f->part->body;
			f->fetched = true;
			f->count = 0;
		}
		for (size_t k = 0; k < plan->n_fetch && !f->fetched; k++)
			if (plan->fetch[k].fetched && strcmp(f->section, plan->fetch[k].section) == 0) {
				f->data = plan->fetch[k].data;
				f->count = plan->fetch[k].count;
				f->fetched = true;
			}
	}
	*plan = again;
	return ERR_OK;
}

/* The structure was not known: the mail itself has been fetched instead, and tells. */
static enum err parse_mail(struct arena *a, struct body_plan *plan)
{
	bool whole = is_whole(plan, &plan->fetch[0]);
	struct mime_part *root;
	struct bytes header;
	enum err e;

	if ((e = mime_parse(a, plan->fetch[0].data, &header, &root)) || (e = plan_again(a, plan, root)))
		return e;
	plan->cut = plan->cut || (!whole && plan->type != BODY_MIME);
	return ERR_OK;
}

/* What a winmail.dat holds takes its place, when as much of it is there as shows that. Once unpacked it stays so: another plan for the mail finds it done. */
static enum err unpack_tnef(struct arena *a, struct body_plan *plan)
{
	struct body_fetch *f = &plan->fetch[plan->n_fetch - 1];
	struct mime_part *part = plan->tnef;
	bool unfolded = true, cut = plan->cut, more;
	struct bytes data;
	enum err e;

	if (!mime_is(part, "multipart", NULL)) {
		if (!f->fetched)
			return ERR_OK;
		if ((e = body_skim_take(a, plan, f, &data, &more)) || more)
			return e;
		if ((e = tnef_unfold(a, part, data, plan->tnef_alone, &unfolded)))
			return e;
	}
	plan->tnef = NULL;
	if (!unfolded)
		return ERR_OK;
	if ((e = plan_again(a, plan, plan->root)))
		return e;
	plan->tnef = NULL; /* one is enough */
	plan->cut = plan->cut || cut;
	return ERR_OK;
}

/* Of the mail that a report returns only the header is there. */
static enum err read_returned_header(struct arena *a, struct body_plan *plan)
{
	struct bytes text, header;
	struct mime_part *root;
	enum err e;

	for (size_t i = plan->n_text + plan->n_preview; i < plan->n_fetch && !plan->reported; i++) {
		const struct body_fetch *f = &plan->fetch[i];

		if (!mime_is_headers(f->part) || !f->data.len)
			continue;
		if ((e = transfer_decode(a, f->part->encoding, f->data, &text)) ||
		    (e = mime_parse(a, text, &header, &root)))
			return e;
		plan->reported = root;
	}
	return ERR_OK;
}

static bool is_fetched(const struct body_plan *plan)
{
	for (size_t i = 0; i < plan->n_fetch; i++)
		if (!plan->fetch[i].fetched)
			return false;
	return true;
}

static enum err make(struct arena *a, struct body_plan *plan, struct body *out, bool *enough)
{
	enum err e;

	*enough = true;
	if (!plan->root && plan->n_text && (e = parse_mail(a, plan))) /* of MIME for its attachments' sake */
		return e;
	if ((plan->tnef && (e = unpack_tnef(a, plan))) || (e = read_returned_header(a, plan)))
		return e;
	*out = (struct body){ .type = plan->type, .native = plan->native };
	if (!is_fetched(plan)) {
		*enough = false;
		return ERR_OK;
	}
	if (plan->type == BODY_NONE)
		return ERR_OK;
	return plan->type == BODY_MIME ? make_mime(a, plan, out, enough) : make_text(a, plan, out, enough);
}

enum err body_make(struct arena *a, struct body_plan *plan, struct body *out, bool *enough)
{
	bool another = true;
	enum err e;

	for (;;) {
		if ((e = make(a, plan, out, enough)) || !*enough || !out->truncated || !plan->all_or_none)
			return e;
		if ((e = body_plan_next(a, plan, &another)) || !another)
			return e;
		if (!is_fetched(plan)) {
			*enough = false;
			return ERR_OK;
		}
	}
}
