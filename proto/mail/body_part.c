#include "mail/body_part.h"

#include "base/utf8.h"
#include "mail/conversation.h"
#include "mail/header.h"
#include "mail/text.h"
#include "mail/unquote.h"

/* Of a reply at least so much is looked at: its new part may stand below the quote. */
enum { LOOK = 64 * 1024 };

bool body_part_wanted(const struct sync_options *options, enum eas_version version)
{
	return version >= EAS_14_1 && options->body_part.type == BODY_HTML;
}

/* A forward belongs to a thread, too, but whom it goes to need not have what it quotes. */
static enum err is_reply(struct arena *a, const struct header *h, bool *out)
{
	bool is_forward;
	enum err e = conversation_is_forward(a, h, &is_forward);

	*out = !e && !is_forward && (header_get(h, "In-Reply-To").len || header_get(h, "References").len);
	return e;
}

enum err body_part_plan(struct arena *a, struct bytes header, struct mime_part *root, uint32_t size,
    const struct sync_options *options, enum eas_version version, struct body_part *out)
{
	struct sync_options *o = arena_alloc(a, sizeof(*o)); /* the plan borrows it */
	struct header h;
	enum err e;

	if (!o)
		return ERR_LIMIT;
	*out = (struct body_part){ .wish = options->body_part, .status = BODY_PART_OK };
	if ((e = header_parse(a, header, &h)) || (e = is_reply(a, &h, &out->is_reply)))
		return e;
	sync_options_default(o);
	o->body_count = 1;
	o->body[0] = out->wish;
	o->body[0].all_or_none = false;
	o->body[0].preview = 0;
	if ((out->is_reply || out->wish.preview) && out->wish.truncation_size < LOOK)
		o->body[0].truncation_size = LOOK;
	return body_plan(a, root, size, o, version, &out->plan);
}

/* Cuts to the wish and tells the size. complete: `html` is all of the new part. */
static void fit(const struct body_part *part, struct bytes html, bool complete, struct body *out)
{
	uint32_t limit =
	    part->wish.truncation_size < part->plan.most ? part->wish.truncation_size : part->plan.most;

	out->data = html.len > limit ? utf8_cut(html, limit) : html;
	out->truncated = !complete || out->data.len < html.len;
	if (complete || out->estimated_size < html.len)
		out->estimated_size = (uint32_t)html.len + !complete;
	if (out->truncated && part->wish.all_or_none)
		out->data = (struct bytes){ 0 };
}

static enum err make_preview(
    struct arena *a, const struct body_part *part, struct bytes html, struct bytes *out)
{
	size_t max = part->wish.preview;
	struct bytes text;
	enum err e;

	*out = (struct bytes){ 0 };
	if (!max)
		return ERR_OK;
	if ((e = text_words_from_html(a, html, max * 8 + 256, &text)))
		return e;
	return text_preview(a, text, max, out);
}

/* Where no words are left it was no quote, or the answer stands inside it: then all of it is shown, unless what is new may still lie
 * behind the beginning that was looked at. */
static enum err take_new(struct arena *a, const struct body *b, struct bytes *html, bool *ended)
{
	struct bytes words;
	enum err e = html_unquote(a, b->data, html, ended);

	if (e || html->len == b->data.len || (b->truncated && !*ended) ||
	    (e = text_words_from_html(a, *html, 1, &words)) || bytes_trim(words).len)
		return e;
	*html = b->data;
	*ended = false;
	return ERR_OK;
}

enum err body_part_make(struct arena *a, struct body_part *part, bool *enough)
{
	struct body *b = &part->body;
	struct bytes html;
	bool ended = false;
	enum err e = body_make(a, &part->plan, b, enough);

	if (e || !*enough)
		return e;
	html = b->data;
	if (part->is_reply && (e = take_new(a, b, &html, &ended)))
		return e;
	/* All that we looked at is a quote without an end: what is new, if anything, lies behind it. */
	if (part->is_reply && b->truncated && !ended && html.len < b->data.len &&
	    html.len < part->wish.truncation_size) {
		part->status = BODY_PART_TOO_LARGE;
		*b = (struct body){ .type = b->type, .native = b->native };
		return ERR_OK;
	}
	fit(part, html, !b->truncated || ended, b);
	return make_preview(a, part, html, &b->preview);
}
