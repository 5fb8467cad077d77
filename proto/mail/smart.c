/* How a phone's mail is opened: its bytes stay as they are, but for the one plain and the one HTML text that get the
 * quote, and for the places where parts are put in. */
#include "mail/smart.h"

#include <string.h>

#include "mail/body.h"
#include "mail/mime_parse.h"
#include "mail/text.h"
#include "mail/transfer.h"

enum { MAX_REFERENCES = 30 };

struct smarter {
	struct arena *arena;
	enum smart_kind kind;
	const struct smart_original *original;
	const char *boundary;
	struct bytes raw;                     /* the phone's mail, CRLF */
	struct header header;                 /* its fields */
	struct mime_part *root;               /* its structure */
	const struct mime_part *plain, *html; /* the texts that get the quote; NULL: there is none */
	bool attach_whole;
	bool *with_html; /* of the original's attachments: goes beside the HTML */
	struct smart *out;
	struct pieces pieces;
};

/* ---- what the phone's mail is ---- */

/* Its own text: not a file, not inside an attached mail. */
static bool is_own_text(const struct mime_part *p, const char *subtype)
{
	return mime_is(p, "text", subtype) && p->disposition != MIME_ATTACHMENT && !p->child &&
	       !mime_param(&p->disposition_params, "filename").len && !mime_param(&p->params, "name").len;
}

static bool may_be_opened(const struct mime_part *root)
{
	return !mime_is(root, "multipart", "signed") && !mime_is(root, "multipart", "encrypted") &&
	       !mime_is(root, "application", NULL);
}

static void find_texts(struct smarter *s)
{
	const struct mime_part *p = s->root;

	while (p && may_be_opened(s->root)) {
		if (!s->plain && is_own_text(p, "plain"))
			s->plain = p;
		else if (!s->html && is_own_text(p, "html"))
			s->html = p;
		p = mime_is(p, "message", NULL) ? mime_part_skip(s->root, p) : mime_part_next(s->root, p);
	}
	s->attach_whole = s->original->sealed || (!s->plain && !s->html);
}

/* Pictures that the quoted HTML shows go where its readers look for them: beside it, in a multipart/related. */
static enum err choose_pictures(struct smarter *s)
{
	const struct smart_original *o = s->original;

	s->with_html = arena_array(s->arena, o->n_attachments, sizeof(bool));
	if (!s->with_html)
		return ERR_LIMIT;
	for (size_t i = 0; i < o->n_attachments && s->html && !s->attach_whole; i++) {
		struct bytes id = o->attachments[i].content_id;

		s->with_html[i] = id.len && memmem(o->html.p, o->html.len, id.p, id.len);
	}
	return ERR_OK;
}

static bool has_pictures(const struct smarter *s)
{
	for (size_t i = 0; i < s->original->n_attachments; i++)
		if (s->with_html[i])
			return true;
	return false;
}

static bool has_files(const struct smarter *s)
{
	if (s->attach_whole)
		return true;
	for (size_t i = 0; i < s->original->n_attachments; i++)
		if (s->kind == SMART_FORWARD && !s->with_html[i])
			return true;
	return false;
}

static bool whole_is_8bit(const struct mime_part *root)
{
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p))
		if (piece_is_8bit(p))
			return true;
	return !root;
}

static bool has_8bit(const struct smarter *s)
{
	const struct smart_original *o = s->original;

	if (s->attach_whole)
		return whole_is_8bit(o->root);
	for (size_t i = 0; i < o->n_attachments; i++)
		if ((s->with_html[i] || s->kind == SMART_FORWARD) &&
		    (piece_is_8bit(o->attachments[i].part) ||
			mime_is(o->attachments[i].part, "message", NULL)))
			return true;
	return false;
}

/* ---- texts ---- */

/* One of the phone's texts as UTF-8, by the same way that mails take to phones. */
static enum err read_text(
    struct smarter *s, const struct mime_part *part, enum body_type type, struct bytes *out)
{
	struct mime_part *alone = arena_alloc(s->arena, sizeof(*alone));
	struct sync_options options;
	struct body_plan plan;
	struct body body = { 0 };
	bool enough = false;
	enum err e;

	if (!alone)
		return ERR_LIMIT;
	*alone = *part;
	alone->parent = alone->next = NULL;
	alone->size = (uint32_t)part->body.len;
	sync_options_default(&options);
	options.body_count = 1;
	options.body[0] = (struct body_preference){ .type = type, .truncation_size = BODY_WHOLE };
	if ((e = body_plan(s->arena, alone, alone->size, &options, EAS_14_1, &plan)))
		return e;
	while (!enough) {
		for (size_t i = 0; i < plan.n_fetch; i++) {
			plan.fetch[i].data = part->body;
			plan.fetch[i].fetched = true;
			plan.fetch[i].count = 0;
		}
		if ((e = body_make(s->arena, &plan, &body, &enough)))
			return e;
	}
	*out = body.data;
	return ERR_OK;
}

static enum err put_text(struct smarter *s, const struct mime_part *part)
{
	bool html = part == s->html;
	struct quote q = { &s->original->header, s->original->plain, s->original->html,
		s->kind == SMART_REPLY };
	struct bytes text;
	enum err e;

	if ((e = read_text(s, part, html ? BODY_HTML : BODY_PLAIN, &text)) ||
	    (e = html ? quote_html(s->arena, text, &q, &text) : quote_plain(s->arena, text, &q, &text)))
		return e;
	buf_printf(&s->pieces.text,
	    "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
	    html ? "html" : "plain");
	if (part->id.len) { /* a multipart/related may name it as its start */
		buf_put_str(&s->pieces.text, "Content-ID: ");
		buf_put(&s->pieces.text, part->id);
		buf_put_str(&s->pieces.text, "\r\n");
	}
	buf_put_str(&s->pieces.text, "\r\n");
	transfer_put_quoted_printable(&s->pieces.text, text);
	return s->pieces.text.failed;
}

static enum err put_file(struct smarter *s, const char *mark, const struct mime_part *part)
{
	struct mime_part file = piece_as_file(part);

	return pieces_put_part(&s->pieces, mark, s->boundary, &file);
}

static enum err put_attachments(struct smarter *s, const char *mark, bool with_html)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < s->original->n_attachments && !e; i++)
		if (s->with_html[i] == with_html)
			e = put_file(s, mark, s->original->attachments[i].part);
	return e;
}

/* A text with its quote and, for HTML, the pictures that belong to it: an entity, header and all. */
static enum err put_entity_of_text(struct smarter *s, const struct mime_part *part)
{
	enum err e;

	if (part != s->html || !has_pictures(s))
		return put_text(s, part);
	buf_printf(&s->pieces.text,
	    "Content-Type: multipart/related; type=\"text/html\"; boundary=\"r%s\"\r\n\r\n--r%s\r\n",
	    s->boundary, s->boundary);
	if ((e = put_text(s, part)) || (e = put_attachments(s, "r", true)))
		return e;
	buf_printf(&s->pieces.text, "\r\n--r%s--\r\n", s->boundary);
	return s->pieces.text.failed;
}

/* ---- the phone's mail, with its texts replaced ---- */

static void put_until(struct smarter *s, const uint8_t **at, const uint8_t *end)
{
	buf_put(&s->pieces.text, bytes_of(*at, (size_t)(end - *at)));
	*at = end;
}

/* All of it from *at to `end`, which is behind both texts or before them. */
static enum err put_body(struct smarter *s, const uint8_t **at, const uint8_t *end)
{
	const struct mime_part *in_order[2] = { s->plain, s->html };
	enum err e = ERR_OK;

	if (s->plain && s->html && s->html->header.p < s->plain->header.p) {
		in_order[0] = s->html;
		in_order[1] = s->plain;
	}
	for (size_t i = 0; i < 2 && !e && !s->attach_whole; i++) {
		const struct mime_part *p = in_order[i];

		if (!p || p == s->root || p->header.p < *at)
			continue;
		put_until(s, at, p->header.p);
		e = put_entity_of_text(s, p);
		*at = p->body.p + p->body.len;
	}
	put_until(s, at, end);
	return e ? e : s->pieces.text.failed;
}

static enum err put_whole_original(struct smarter *s, const char *mark)
{
	bool wide = whole_is_8bit(s->original->root);

	buf_printf(&s->pieces.text,
	    "\r\n--%s%s\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: %s\r\n"
	    "Content-Disposition: attachment; filename=\"message.eml\"\r\n\r\n",
	    mark, s->boundary, wide ? "8bit" : "7bit");
	return pieces_put_section(&s->pieces, "", s->original->size);
}

static enum err put_files(struct smarter *s, const char *mark)
{
	if (s->attach_whole)
		return put_whole_original(s, mark);
	return s->kind == SMART_FORWARD ? put_attachments(s, mark, false) : ERR_OK;
}

static bool is_content(const struct header_field *f)
{
	return bytes_starts_nocase(f->name, "Content-");
}

/* The fields that tell what the phone's mail is made of. */
static void put_content_fields(struct smarter *s)
{
	for (size_t i = 0; i < s->header.n; i++)
		if (is_content(&s->header.v[i]))
			header_put_field(&s->pieces.text, &s->header.v[i]);
}

/* What the phone wrote, as an entity: header, empty line, body. */
static enum err put_phone_entity(struct smarter *s)
{
	const uint8_t *at = s->root->body.p, *end = at + s->root->body.len;

	if (!s->attach_whole && (s->root == s->plain || s->root == s->html))
		return put_entity_of_text(s, s->root);
	put_content_fields(s);
	buf_put_str(&s->pieces.text, "\r\n");
	return put_body(s, &at, end);
}

static enum err put_mixed(struct smarter *s)
{
	enum err e;

	buf_printf(&s->pieces.text, "Content-Type: multipart/mixed; boundary=\"m%s\"\r\n", s->boundary);
	if (s->out->has_8bit)
		buf_put_str(&s->pieces.text, "Content-Transfer-Encoding: 8bit\r\n");
	buf_printf(&s->pieces.text, "\r\n--m%s\r\n", s->boundary);
	if ((e = put_phone_entity(s)) || (e = put_files(s, "m")))
		return e;
	buf_printf(&s->pieces.text, "\r\n--m%s--\r\n", s->boundary);
	return s->pieces.text.failed;
}

/* ---- the header ---- */

static void put_reference(struct buf *out, struct bytes id)
{
	buf_put_str(out, "\r\n <");
	buf_put(out, id);
	buf_put_u8(out, '>');
}

/* What a stranger's mail calls its ids goes into a header of ours: only what can stand there. */
static bool sound_id_next(struct bytes *value, struct bytes *out)
{
	while (message_id_next(value, out))
		if (message_id_is_sound(*out))
			return true;
	return false;
}

/* The n ids before the original's own. Without References it is the first of In-Reply-To, as for the server's THREAD and for a
 * ConversationId: that is by far most often the only one, and of several the others aren't its ancestors.
 * Source: RFC 5322, 3.6.4; RFC 5256, 3 (REFERENCES, 1.A). */
static struct bytes ancestors(const struct header *original, size_t *n)
{
	struct bytes chain = header_get(original, "References"), rest, id;

	*n = 0;
	for (rest = chain; sound_id_next(&rest, &id);)
		++*n;
	if (*n)
		return chain;
	rest = chain = header_get(original, "In-Reply-To");
	*n = sound_id_next(&rest, &id);
	return chain;
}

/* The thread's first mail and its newest ones: of a long thread that is what programs look at. */
static void put_references(struct buf *out, const struct header *original, struct bytes own_id)
{
	size_t n, at = 0;
	struct bytes rest = ancestors(original, &n), id;

	buf_put_str(out, "References:");
	for (; at < n && sound_id_next(&rest, &id); at++)
		if (at == 0 || at + MAX_REFERENCES > n)
			put_reference(out, id);
	put_reference(out, own_id);
	buf_put_str(out, "\r\n");
}

static bool is_named(struct bytes field, struct bytes wanted)
{
	struct bytes id;

	while (message_id_next(&field, &id))
		if (bytes_eq(id, wanted))
			return true;
	return false;
}

bool smart_is_threaded(const struct header *h)
{
	return header_find(h, "References") != NULL;
}

void smart_put_threading(
    struct buf *out, enum smart_kind kind, const struct header *own, const struct header *original)
{
	struct bytes value = header_get(original, "Message-ID"), id;
	bool replies = header_find(own, "In-Reply-To") != NULL;

	if (smart_is_threaded(own) || !sound_id_next(&value, &id))
		return;
	if (replies && !is_named(header_get(own, "In-Reply-To"), id))
		return;
	if (kind == SMART_REPLY && !replies) {
		buf_put_str(out, "In-Reply-To:");
		put_reference(out, id);
		buf_put_str(out, "\r\n");
	}
	put_references(out, original, id);
}

static void put_top_fields(struct smarter *s)
{
	for (size_t i = 0; i < s->header.n; i++)
		if (!is_content(&s->header.v[i]) && !bytes_eq_nocase(s->header.v[i].name, "MIME-Version"))
			header_put_field(&s->pieces.text, &s->header.v[i]);
	smart_put_threading(&s->pieces.text, s->kind, &s->header, &s->original->header);
	buf_put_str(&s->pieces.text, "MIME-Version: 1.0\r\n");
}

enum err smart_compose(struct arena *a, struct bytes raw, enum smart_kind kind,
    const struct smart_original *original, const char *boundary, struct smart *out)
{
	struct smarter s = {
		.arena = a, .kind = kind, .original = original, .boundary = boundary, .out = out
	};
	struct bytes block;
	enum err e;

	*out = (struct smart){ 0 };
	if (!header_block_len(raw) || bytes_find(raw, 0) != raw.len)
		return ERR_PROTO;
	if ((e = text_crlf(a, raw, &s.raw)) || (e = mime_parse(a, s.raw, &block, &s.root)) ||
	    (e = header_parse(a, block, &s.header)))
		return e;
	if (!s.header.n)
		return ERR_PROTO;
	find_texts(&s);
	if ((e = choose_pictures(&s)))
		return e;
	out->has_8bit = has_8bit(&s);
	pieces_init(&s.pieces, a, out);
	put_top_fields(&s);
	e = has_files(&s) ? put_mixed(&s) : put_phone_entity(&s);
	return e ? e : pieces_done(&s.pieces);
}
