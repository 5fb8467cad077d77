#include "mail/compose.h"

#include "base/time.h"
#include "mail/text.h"

struct composer {
	struct arena *arena;
	const struct compose_options *options;
	struct header header;
	struct compose *out;
	size_t cap; /* of out->to */
};

/* What may stand in an SMTP command: no blanks, no control characters, no angle brackets. */
static bool is_sendable(struct bytes address)
{
	size_t at = bytes_find(address, '@');

	if (at == 0 || at + 1 >= address.len || address.len > 320)
		return false;
	for (size_t i = 0; i < address.len; i++)
		if (address.p[i] <= ' ' || address.p[i] == 127 || address.p[i] == '<' || address.p[i] == '>')
			return false;
	return true;
}

/* <undisclosed-recipients:;>, as some programs of Windows write what stands for nobody. */
static bool is_empty_group(struct bytes address)
{
	return address.len >= 2 && bytes_eq_str(bytes_of(address.p + address.len - 2, 2), ":;");
}

static enum err add_recipient(struct composer *c, struct bytes address)
{
	struct compose *out = c->out;

	if (is_empty_group(address))
		return ERR_OK;
	if (!is_sendable(address)) {
		out->n_unsendable++;
		return ERR_OK;
	}
	for (size_t i = 0; i < out->n_to; i++)
		if (address_same(out->to[i], address))
			return ERR_OK;
	if (out->n_to == COMPOSE_MAX_RECIPIENTS) {
		out->n_surplus++;
		return ERR_OK;
	}
	if (out->n_to == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 8;

		out->to = arena_grow(c->arena, out->to, c->cap * sizeof(*out->to), cap * sizeof(*out->to));
		if (!out->to)
			return ERR_LIMIT;
		c->cap = cap;
	}
	out->to[out->n_to++] = address;
	return ERR_OK;
}

/* The header block with CRLF line ends. A lone CR, which some servers take for a line end, becomes a blank before
 * anything is read, so that what we read is what we send. */
static enum err clean_header(struct arena *a, struct bytes block, struct bytes *out)
{
	struct bytes line, piece;
	struct buf b;

	buf_init(&b, a, 0);
	while (bytes_split(&block, '\n', &line)) {
		if (line.len && line.p[line.len - 1] == '\r')
			line.len--;
		while (line.len && line.p[0] == '\r') /* a blank would make a continuation of it */
			line = bytes_of(line.p + 1, line.len - 1);
		if (!bytes_trim(line).len) /* a line of blanks alone would end the header for some readers */
			continue;
		for (bool first = true; bytes_split(&line, '\r', &piece); first = false) {
			if (!first)
				buf_put_u8(&b, ' ');
			buf_put(&b, piece);
		}
		buf_put_str(&b, "\r\n");
	}
	return buf_done(&b, out);
}

static enum err read_recipients(struct composer *c)
{
	static const char *const names[] = { "To", "Cc", "Bcc" };
	struct mail_addresses list;
	enum err e;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((e = header_addresses(c->arena, &c->header, names[i], &list)))
			return e;
		for (size_t k = 0; k < list.n; k++)
			if ((e = add_recipient(c, list.v[k].address)))
				return e;
		if (list.n ==
		    ADDRESS_MAX) /* of more than that the rest wasn't read, be those here all the same */
			c->out->n_surplus++;
	}
	return c->out->n_to ? ERR_OK : ERR_NOT_FOUND;
}

/* "*@example.org" takes every address of that domain, and of none below it. */
static bool fits(struct bytes pattern, struct bytes address)
{
	size_t at = bytes_find(address, '@');

	if (pattern.len < 2 || pattern.p[0] != '*' || pattern.p[1] != '@')
		return address_same(address, pattern);
	return at < address.len && address_same(bytes_of(address.p + at, address.len - at),
				       bytes_of(pattern.p + 1, pattern.len - 1));
}

static bool may_send_as(const struct compose_options *o, struct bytes address)
{
	if (o->any_from || address_same(address, o->from))
		return true;
	for (size_t i = 0; i < o->n_own; i++)
		if (fits(o->own[i], address))
			return true;
	return false;
}

/* The From that the header keeps, or the account's own one instead. */
static enum err read_from(struct composer *c, struct mail_address *from)
{
	struct mail_addresses list;
	enum err e = header_addresses(c->arena, &c->header, "From", &list);

	if (e)
		return e;
	*from = list.n ? list.v[0] : (struct mail_address){ c->options->from_name, c->options->from };
	c->out->from_replaced =
	    list.n != 1 || !is_sendable(from->address) || !may_send_as(c->options, from->address);
	if (c->out->from_replaced &&
	    !(list.n && is_sendable(from->address) && may_send_as(c->options, from->address)))
		from->address = c->options->from;
	c->out->from_foreign = list.n && !may_send_as(c->options, list.v[0].address);
	c->out->from = from->address;
	return ERR_OK;
}

/* A Sender is somebody who may send, as From is; with another one the mail says of whom it comes that it doesn't. */
static enum err sender_fits(struct composer *c, const struct header_field *f, bool *out)
{
	struct header one = { .v = (struct header_field *)(uintptr_t)f, .n = 1 };
	struct mail_addresses list;
	enum err e = header_addresses(c->arena, &one, "Sender", &list);

	*out = !e;
	for (size_t i = 0; i < list.n && *out; i++)
		*out = may_send_as(c->options, list.v[i].address);
	return e;
}

static bool read_id(struct bytes value, struct bytes *id)
{
	return message_id_next(&value, id) && message_id_is_sound(*id);
}

/* What is written anew where it is missing is missing, too, where it says nothing. By a broken Message-ID the copy in Sent isn't found. */
static bool is_worthless(const struct header_field *f)
{
	struct bytes ignored;

	if (bytes_eq_nocase(f->name, "Message-ID"))
		return !read_id(f->value, &ignored);
	return bytes_eq_nocase(f->name, "Date") && !f->value.len;
}

/* What isn't a sender's to write, and who else got the mail when it was sent before (RFC 5322, 3.6.6, 3.6.7). */
static enum err drop_fields(struct composer *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->header.n; i++) {
		const struct header_field *f = &c->header.v[i];
		bool fits = !bytes_eq_nocase(f->name, "Return-Path") &&
			    !bytes_eq_nocase(f->name, "Resent-Bcc") && !is_worthless(f);
		enum err e = bytes_eq_nocase(f->name, "Sender") ? sender_fits(c, f, &fits) : ERR_OK;

		if (e)
			return e;
		if (fits)
			c->header.v[kept++] = *f;
	}
	c->header.n = kept;
	return ERR_OK;
}

static void put_header(struct composer *c, struct buf *out, const struct mail_address *from, bool with_bcc)
{
	const struct compose_options *o = c->options;

	if (!header_find(&c->header, "Date")) {
		buf_put_str(out, "Date: ");
		time_put_mail(out, o->date);
		buf_put_str(out, "\r\n");
	}
	if (c->out->from_replaced) {
		struct mail_address one = *from;

		address_field_put(out, "From", &(struct mail_addresses){ &one, 1 });
	}
	if (!header_find(&c->header, "Message-ID") && o->message_id.len) {
		buf_put_str(out, "Message-ID: ");
		buf_put(out, o->message_id);
		buf_put_str(out, "\r\n");
	}
	buf_put(out, o->fields);
	for (size_t i = 0; i < c->header.n; i++) {
		const struct header_field *f = &c->header.v[i];

		if (bytes_eq_nocase(f->name, "Bcc") && !with_bcc)
			continue;
		if (bytes_eq_nocase(f->name, "From") && c->out->from_replaced)
			continue;
		buf_put(out, f->whole);
	}
	buf_put_str(out, "\r\n");
}

static enum err write_copy(
    struct composer *c, const struct mail_address *from, struct bytes body, bool with_bcc, struct bytes *out)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_room(&b, body.len + 4096); /* once, so that a large mail is not copied while it grows */
	put_header(c, &b, from, with_bcc);
	buf_put(&b, body);
	if (!b.failed && (b.len < 2 || b.p[b.len - 1] != '\n'))
		buf_put_str(&b, "\r\n");
	return buf_done(&b, out);
}

static enum err read_message_id(struct composer *c)
{
	struct bytes value = header_get(&c->header, "Message-ID"), id;
	const char *text;

	if (!value.len) {
		c->out->message_id = c->options->message_id;
		return ERR_OK;
	}
	(void)read_id(value, &id); /* else it would have been left out */
	text = arena_printf(c->arena, "<%.*s>", BYTES_ARG(id));
	c->out->message_id = bytes_str(text);
	return text ? ERR_OK : ERR_LIMIT;
}

enum err compose_read(
    struct arena *a, struct bytes raw, const struct compose_options *options, struct compose *out)
{
	struct composer c = { .arena = a, .options = options, .out = out };
	struct mail_address from;
	struct bytes block, body;
	size_t head = header_block_len(raw);
	enum err e;

	*out = (struct compose){ 0 };
	if (!head || bytes_find(raw, 0) != raw.len)
		return ERR_PROTO;
	if ((e = clean_header(a, bytes_of(raw.p, head), &block)) || (e = header_parse(a, block, &c.header)))
		return e;
	if (!c.header.n)
		return ERR_PROTO;
	if ((e = drop_fields(&c)) || (e = read_recipients(&c)) || (e = read_from(&c, &from)) ||
	    (e = read_message_id(&c)) || (e = text_crlf(a, bytes_of(raw.p + head, raw.len - head), &body)) ||
	    (e = write_copy(&c, &from, body, false, &out->wire)))
		return e;
	out->sent = out->wire;
	return header_find(&c.header, "Bcc") ? write_copy(&c, &from, body, true, &out->sent) : ERR_OK;
}
