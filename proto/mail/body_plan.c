/* Which parts of a mail are its text, and how much of them a phone's wish needs. */
#include <assert.h>
#include <string.h>

#include "mail/body.h"
#include "mail/charset.h"
#include "mail/smime.h"
#include "mail/tnef_part.h"
#include "mail/transfer.h"

enum {
	WHOLE_BELOW = 8 * 1024,    /* parts up to here are fetched whole: a second round trip costs more */
	HTML_HEAD = 24 * 1024,     /* styles and markup that stand before the first words of HTML */
	HTML_PER_TEXT = 6,         /* bytes of HTML behind one byte of text */
	UNKNOWN_MAIL = 512 * 1024, /* of a mail whose structure the server could not tell */
	REPORT_PART = 4 * 1024,
	SKIM_ABOVE = 256 * 1024, /* a winmail.dat above that is read without its large files */
	SKIM_FIRST = 64 * 1024,
	RETURNED_HEADER = 16 * 1024, /* signatures and traces stand before what it tells of the structure */
	MOST_SHRINK = 4,             /* UTF-32 */
	EMPTY_TEXT = 2,              /* a lone line end: some mailers fill an alternative with that */
};

/* ---- which parts ---- */

static bool is_html(const struct mime_part *p)
{
	return mime_is(p, "text", "html");
}

static bool is_named(const struct mime_part *p)
{
	return mime_param(&p->disposition_params, "filename").len ||
	       mime_param(&p->disposition_params, "filename*").len ||
	       mime_param(&p->disposition_params, "filename*0").len ||
	       mime_param(&p->disposition_params, "filename*0*").len || mime_param(&p->params, "name").len ||
	       mime_param(&p->params, "name*").len;
}

/* Text that is read rather than opened. A named text behind something else is a file that a mailer showed
 * inline. A multipart without parts is text that lost its boundary. */
static bool says_text(const struct mime_part *p)
{
	static const char *const plain[] = { "plain", "enriched", "richtext", "markdown", "x-markdown" };
	bool ok = is_html(p) || (mime_is(p, "multipart", NULL) && !p->child);

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		ok = ok || mime_is(p, "text", plain[i]);
	if (!ok || p->disposition == MIME_ATTACHMENT)
		return false;
	return !p->parent || p == p->parent->child || mime_is(p->parent, "multipart", "alternative") ||
	       !is_named(p);
}

static bool is_message(const struct mime_part *p)
{
	return mime_is(p, "message", "rfc822") || mime_is(p, "message", "global");
}

/* The walk over what belongs to this mail itself: enclosed messages are closed boxes. */
static struct mime_part *next_part(const struct mime_part *root, const struct mime_part *p)
{
	return is_message(p) ? mime_part_skip(root, p) : mime_part_next(root, p);
}

/* Once for each part, since the walks ask for it on every level above. */
static void mark_texts(struct mime_part *root)
{
	for (struct mime_part *p = root; p; p = next_part(root, p))
		p->is_text = says_text(p);
}

/* What texts of more than `empty` octets a branch of a multipart/alternative holds. */
static void branch_holds(const struct mime_part *branch, uint32_t empty, bool *plain, bool *html)
{
	*plain = *html = false;
	for (const struct mime_part *p = branch; p && !(*plain && *html); p = next_part(branch, p)) {
		if (p->size <= empty || !p->is_text)
			continue;
		*html = *html || is_html(p);
		*plain = *plain || !is_html(p);
	}
}

/* The branch to show: the last one that has the wanted type (RFC 2046, 5.1.4), a pure one rather than a
 * mixed one for plain text, else the last one with any text. */
static const struct mime_part *best_branch(
    const struct mime_part *alternative, bool want_html, uint32_t empty)
{
	const struct mime_part *best = NULL;
	int best_rank = 0;

	for (const struct mime_part *b = alternative->child; b; b = b->next) {
		bool plain, html;
		int rank;

		branch_holds(b, empty, &plain, &html);
		if (want_html)
			rank = html ? 2 : plain;
		else
			rank = plain && !html ? 3 : plain ? 2 : html;
		if (rank && rank >= best_rank) {
			best = b;
			best_rank = rank;
		}
	}
	return best;
}

/* "ok" is a text too, if there is no longer one. */
static const struct mime_part *chosen_branch(const struct mime_part *alternative, bool want_html)
{
	const struct mime_part *best = best_branch(alternative, want_html, EMPTY_TEXT);

	return best ? best : best_branch(alternative, want_html, 0);
}

/* The part that a multipart/related shows: the one named as its start, else the first one, else the first
 * text if a picture comes first. Source: RFC 2387, 3.2. */
static const struct mime_part *related_root(const struct mime_part *related)
{
	struct bytes start = mime_param(&related->params, "start");

	for (const struct mime_part *p = related->child; p && start.len; p = p->next)
		if (bytes_eq(bytes_trim(p->id), start))
			return p;
	for (const struct mime_part *p = related->child; p; p = p->next)
		if (p->is_text || mime_is(p, "multipart", NULL))
			return p;
	return related->child;
}

enum role { ROLE_TEXT, ROLE_ATTACHMENT, ROLE_NOTHING };

/* Parts that hold no content of their own: markers of other formats, and versions of a text that is shown
 * otherwise. */
static bool is_bookkeeping(const struct mime_part *p)
{
	return mime_is(p, "application", "pgp-encrypted") || mime_is(p, "application", "applefile") ||
	       mime_is(p, "text", "x-amp-html") || (mime_is(p, "multipart", NULL) && p->child);
}

/* A walk that tells each part's role. What a multipart decides is decided once, when the walk comes to it: of
 * a thousand texts each one may be an alternative to all others, on every level. */
struct walk {
	const struct mime_part *root, *part;
	enum role role; /* of `part` */
	bool want_html;
	size_t depth;
	struct level {
		const struct mime_part *multipart;
		const struct mime_part *shown; /* the only child whose texts are shown; NULL: all of them */
		enum role shown_text, other_text;
	} levels[MIME_MAX_DEPTH];
};

static void enter(struct walk *w, enum role text)
{
	const struct mime_part *p = w->part;
	struct level *l = &w->levels[w->depth++];

	*l = (struct level){ .multipart = p, .shown_text = text };
	if (mime_is(p, "multipart", "alternative")) {
		l->shown = chosen_branch(p, w->want_html);
		l->other_text = ROLE_NOTHING;
		if (!l->shown)
			l->shown_text = ROLE_NOTHING;
	} else if (mime_is(p, "multipart", "related")) {
		l->shown = related_root(p);
		l->other_text = ROLE_ATTACHMENT;
	}
}

static bool walk_next(struct walk *w)
{
	const struct mime_part *p = w->part = w->part ? next_part(w->root, w->part) : w->root;
	const struct level *up;
	enum role text = ROLE_TEXT;

	if (!p)
		return false;
	while (w->depth && w->levels[w->depth - 1].multipart != p->parent)
		w->depth--;
	if (w->depth) {
		up = &w->levels[w->depth - 1];
		text = up->shown && up->shown != p ? up->other_text : up->shown_text;
	}
	w->role = is_bookkeeping(p) ? ROLE_NOTHING : p->is_text ? text : ROLE_ATTACHMENT;
	if (p->child && !is_message(p))
		enter(w, text);
	return true;
}

static struct walk walk_begin(const struct mime_part *root, bool want_html)
{
	return (struct walk){ .root = root, .want_html = want_html };
}

static bool has_html(const struct mime_part *root)
{
	struct walk w = walk_begin(root, true);

	while (walk_next(&w))
		if (w.role == ROLE_TEXT && is_html(w.part))
			return true;
	return false;
}

/* ---- which representation ---- */

/* The preference for that type, unless it has been tried in vain. */
static const struct body_preference *wish(const struct body_plan *plan, enum body_type type)
{
	return plan->tried & 1u << type ? NULL : sync_options_body(plan->options, type);
}

static bool try_mime(const struct body_plan *plan, struct body_preference *out)
{
	const struct sync_options *o = plan->options;
	/* 2.5 has no preferences: MIMESupport and MIMETruncation say it all. */
	static const struct body_preference old = { .type = BODY_MIME, .truncation_size = BODY_WHOLE };
	const struct body_preference *mime = plan->version == EAS_2_5 ? &old : wish(plan, BODY_MIME);

	if (!mime || o->mime_support == MIME_NEVER ||
	    (o->mime_support == MIME_FOR_SMIME && !(plan->root && smime_kind_of(plan->root))))
		return false;
	*out = *mime;
	if (o->mime_truncation < out->truncation_size)
		out->truncation_size = o->mime_truncation;
	return !(mime->all_or_none && plan->size > out->truncation_size);
}

/* Decoded size of all texts of the mail when shown in that type. */
static uint64_t text_size(const struct mime_part *root, bool want_html)
{
	struct walk w = walk_begin(root, want_html);
	uint64_t n = 0;

	while (walk_next(&w))
		if (w.role == ROLE_TEXT)
			n += transfer_decoded_size(w.part->encoding, w.part->size);
	return n;
}

/* Whether it is worth trying: no charset shrinks more than this on its way to UTF-8. */
static bool may_fit(const struct body_plan *plan, const struct body_preference *p)
{
	return !p->all_or_none || !plan->root ||
	       text_size(plan->root, p->type == BODY_HTML) / MOST_SHRINK <= p->truncation_size;
}

/* Neither plain text nor HTML is listed. RTF is answered with the native type, since a gateway makes none. */
static struct body_preference substitute(const struct body_plan *plan)
{
	const struct sync_options *o = plan->options;
	const struct body_preference *rtf = sync_options_body(o, BODY_RTF);
	struct body_preference p = { .type = BODY_PLAIN, .truncation_size = o->truncation };

	if (rtf) {
		p = *rtf;
		p.type = plan->native;
	} else if (o->body_count) { /* only MIME was listed, and MIME isn't allowed for this mail */
		p = o->body[0];
		p.type = BODY_PLAIN;
	}
	return p;
}

/* The native type first, then the other one. Of those that must fit whole the first that may; body_make sees whether it
 * does. False if all have been tried. Source: MS-ASAIRS 2.2.2.40; classes 3.1 there. */
static bool choose(const struct body_plan *plan, struct body_preference *out)
{
	enum body_type other = plan->native == BODY_HTML ? BODY_PLAIN : BODY_HTML;
	const struct body_preference *native = wish(plan, plan->native), *second = wish(plan, other);

	if (try_mime(plan, out))
		return true;
	if (native && (!sync_options_body(plan->options, other) || may_fit(plan, native))) {
		*out = *native;
		return true;
	}
	if (second) {
		*out = *second;
		return true;
	}
	*out = substitute(plan);
	return (plan->tried & (1u << BODY_PLAIN | 1u << BODY_HTML)) == 0;
}

/* ---- how much ---- */

/* Octets of the encoded part that give the wanted text; 0 = all of it. */
static uint32_t octets_for(const struct body_plan *plan, const struct mime_part *p)
{
	uint64_t n = plan->limit;
	uint32_t count;

	if (n > BODY_LONGEST_TEXT)
		n = BODY_LONGEST_TEXT;
	if (is_html(p) && plan->type == BODY_PLAIN)
		n = n * HTML_PER_TEXT + HTML_HEAD;
	else if (plan->preview && n < (is_html(p) ? HTML_HEAD : 4 * BODY_PREVIEW_MAX))
		n = is_html(p) ? HTML_HEAD : 4 * BODY_PREVIEW_MAX;
	if (n > BODY_LONGEST_TEXT)
		n = BODY_LONGEST_TEXT;
	count = transfer_encoded_size(p->encoding, (uint32_t)n + 4); /* the last character may be cut */
	return p->size <= WHOLE_BELOW || p->size / 4 * 3 <= count ? 0 : count;
}

static uint32_t saturate(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* How long the part's text is at least: what shrinks on its way are encodings, charsets of several bytes, and the line ends of
 * format=flowed. */
static uint32_t least_text(const struct mime_part *p)
{
	uint32_t n = bytes_eq_nocase(mime_param(&p->params, "format"), "flowed") ? p->size / 2 : p->size;

	if (p->encoding == MIME_QUOTED_PRINTABLE)
		n /= 3;
	else if (p->encoding != MIME_7BIT && p->encoding != MIME_8BIT)
		n /= 2;
	return charset_is_ascii_based(mime_param(&p->params, "charset")) ? n : n / MOST_SHRINK;
}

/* Takes the texts up to what the limit can show. */
static void plan_texts(struct body_plan *plan)
{
	bool html = plan->type == BODY_HTML;
	struct walk w = walk_begin(plan->root, html);
	uint64_t have = 0;

	plan->text_size = saturate(text_size(plan->root, html));
	plan->cut = plan->root->is_cut;
	if (plan->limit == 0 && !plan->preview)
		return;
	while (walk_next(&w)) {
		const struct mime_part *p = w.part;

		if (w.role != ROLE_TEXT)
			continue;
		if (have > plan->limit) {
			plan->cut = true;
			break;
		}
		plan->fetch[plan->n_fetch++] =
		    (struct body_fetch){ .section = p->section, .count = octets_for(plan, p), .part = p };
		have += is_html(p) && !html ? 0 : least_text(p); /* HTML may be markup alone */
	}
	plan->n_text = plan->n_fetch;
}

/* Beside MIME the preview needs a text of its own: MIME may be cut inside its header. */
static void plan_mime_preview(struct body_plan *plan)
{
	struct walk w = walk_begin(plan->root, false);

	while (walk_next(&w)) {
		const struct mime_part *p = w.part;
		uint32_t count =
		    transfer_encoded_size(p->encoding, is_html(p) ? HTML_HEAD : 4 * BODY_PREVIEW_MAX);

		if (w.role != ROLE_TEXT || p->size <= EMPTY_TEXT)
			continue;
		plan->fetch[plan->n_fetch++] = (struct body_fetch){
			.section = p->section, .count = count >= p->size ? 0 : count, .part = p
		};
		plan->n_preview = 1;
		return;
	}
}

static void plan_report_part(struct body_plan *plan, const struct mime_part *p, uint32_t count)
{
	plan->fetch[plan->n_fetch++] =
	    (struct body_fetch){ .section = p->section, .count = count, .part = p };
}

/* A delivery report or read receipt says in its second part what it reports, and may return the mail, or only its header, in
 * its third (RFC 6522; RFC 3464, RFC 8098). */
static void plan_report(struct body_plan *plan)
{
	const struct mime_part *status = NULL, *header = NULL;

	if (!mime_is(plan->root, "multipart", "report"))
		return;
	for (const struct mime_part *p = plan->root->child; p; p = p->next) {
		if (!status && mime_is_report(p))
			status = p;
		else if (!header && mime_is_headers(p))
			header = p;
		else if (!plan->reported && is_message(p))
			plan->reported = p->child;
	}
	if (status)
		plan_report_part(plan, status, REPORT_PART);
	if (status && header && !plan->reported)
		plan_report_part(plan, header, RETURNED_HEADER);
}

/* The first one: it has to be unpacked before it is known what the mail holds. */
static void plan_tnef(struct body_plan *plan)
{
	for (struct mime_part *p = plan->root; p; p = next_part(plan->root, p)) {
		if (!tnef_is_part(p))
			continue;
		plan->tnef = p;
		plan->tnef_alone = text_size(plan->root, true) <= EMPTY_TEXT;
		plan->fetch[plan->n_fetch++] = (struct body_fetch){ .section = p->section,
			.count = p->encoding == MIME_BASE64 && p->size > SKIM_ABOVE ? SKIM_FIRST : 0,
			.part = p };
		return;
	}
}

static enum err plan_attachments(struct arena *a, struct body_plan *plan)
{
	bool html = plan->type != BODY_PLAIN;
	struct walk w = walk_begin(plan->root, html);
	size_t n = 0;
	enum err e;

	while (walk_next(&w))
		n += w.role == ROLE_ATTACHMENT;
	plan->attachments = arena_array(a, n, sizeof(*plan->attachments));
	if (!plan->attachments)
		return ERR_LIMIT;
	for (w = walk_begin(plan->root, html); walk_next(&w);) {
		if (w.role != ROLE_ATTACHMENT)
			continue;
		e = attachment_of(
		    a, w.part, (unsigned)plan->n_attachments + 1, &plan->attachments[plan->n_attachments]);
		if (e)
			return e;
		if (plan->native != BODY_HTML) /* there is nothing that could show it */
			plan->attachments[plan->n_attachments].is_inline = false;
		plan->n_attachments++;
	}
	return ERR_OK;
}

static const char *placeholder_for(const struct mime_part *root)
{
	static const char encrypted[] = "This message is encrypted. Its content is attached.";
	enum smime_kind kind = smime_kind_of(root);

	if (kind == SMIME_RECEIPT)
		return "This is the receipt of a signed message. It is attached.";
	if (kind == SMIME_SIGNED)
		return "This message is signed. Its content is attached.";
	return kind == SMIME_ENCRYPTED || mime_is(root, "multipart", "encrypted") ? encrypted : NULL;
}

/* Room for all that the others may plan. */
static enum err plan_room(struct arena *a, struct body_plan *plan)
{
	enum { BESIDE = 4 }; /* a text for the preview, two parts of a report, a winmail.dat */
	size_t texts = 1;    /* the whole mail */

	if (plan->root && plan->type != BODY_MIME) {
		struct walk w = walk_begin(plan->root, plan->type == BODY_HTML);

		for (texts = 0; walk_next(&w);)
			texts += w.role == ROLE_TEXT;
	}
	plan->fetch = arena_array(a, texts + BESIDE, sizeof(*plan->fetch));
	return plan->fetch ? ERR_OK : ERR_LIMIT;
}

/* Fills in what follows from the wish. */
static enum err plan_wish(struct arena *a, struct body_plan *out, const struct body_preference *choice)
{
	const struct mime_part *root = out->root;
	uint32_t size = out->size;
	enum err e;

	out->type = choice->type;
	out->limit = choice->truncation_size < out->most ? choice->truncation_size : out->most;
	out->all_or_none = choice->all_or_none;
	out->preview = out->version >= EAS_14_0 ? choice->preview : 0;
	if ((e = plan_room(a, out)) || (root && (e = plan_attachments(a, out))))
		return e;
	if (out->type == BODY_MIME || !root) {
		uint32_t count = out->limit;

		/* It has to be read before it is known what is in it. */
		if (!root && (out->type != BODY_MIME || count < UNKNOWN_MAIL))
			count = UNKNOWN_MAIL;

		out->text_size = size;
		out->fetch[0] = (struct body_fetch){ .section = "", .count = count >= size ? 0 : count };
		out->n_fetch = out->n_text = count > 0;
		if (root && out->preview)
			plan_mime_preview(out);
	} else {
		out->placeholder = placeholder_for(root);
		plan_texts(out);
	}
	if (root) {
		plan_report(out);
		plan_tnef(out);
	}
	return ERR_OK;
}

static struct body_plan plan_begin(const struct body_plan *what)
{
	return (struct body_plan){ .root = what->root,
		.size = what->size,
		.version = what->version,
		.options = what->options,
		.native = what->native,
		.most = what->most,
		.raw_mime = what->raw_mime,
		.tried = what->tried };
}

enum err body_plan(struct arena *a, struct mime_part *root, uint32_t size, const struct sync_options *options,
    enum eas_version version, struct body_plan *out)
{
	struct body_preference choice;

	*out = (struct body_plan){
		.root = root, .size = size, .version = version, .options = options, .most = BODY_WHOLE
	};
	if (root)
		mark_texts(root);
	out->native = root && has_html(root) ? BODY_HTML : BODY_PLAIN;
	choose(out, &choice);
	return plan_wish(a, out, &choice);
}

void body_plan_cap(struct body_plan *plan, uint32_t most)
{
	plan->most = most;
	if (plan->limit > most)
		plan->limit = most;
}

void body_plan_pass(struct body_plan *plan, uint32_t size)
{
	assert(plan->type == BODY_MIME && plan->root && plan->n_text == 1);
	plan->n_fetch--;
	plan->n_text = 0;
	memmove(plan->fetch, plan->fetch + 1, plan->n_fetch * sizeof(*plan->fetch));
	plan->passing = size;
}

enum err body_plan_next(struct arena *a, struct body_plan *plan, bool *found)
{
	struct body_plan next = plan_begin(plan);
	struct body_preference choice;
	enum err e = ERR_OK;

	next.tried = (uint8_t)(next.tried | 1u << plan->type);
	*found = choose(&next, &choice);
	if (!*found || (e = plan_wish(a, &next, &choice)))
		return e;
	for (size_t i = 0; i < next.n_fetch; i++) {
		struct body_fetch *f = &next.fetch[i];

		if (!f->part || !f->part->body.p)
			continue;
		f->data = f->part->body; /* the tree was made out of the mail itself */
		f->count = 0;
		f->fetched = true;
	}
	*plan = next;
	return ERR_OK;
}
