/* Parameters of Content-Type and Content-Disposition: RFC 2045, 5.1, and RFC 2231. */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "mail/charset.h"
#include "mail/header.h"

/* A quoted string behind its opening quote. Only quotes and backslashes are unescaped: Windows paths are not
 * escaped by those who send them. Without an end it ends at the semicolon. */
static enum err take_quoted(struct arena *a, struct bytes *rest, struct bytes *out)
{
	size_t end = 0, n = 0;
	uint8_t *p;

	while (end < rest->len && rest->p[end] != '"')
		end += rest->p[end] == '\\' && end + 1 < rest->len ? 2 : 1;
	if (end >= rest->len)
		end = bytes_find(*rest, ';');
	p = arena_alloc(a, end);
	if (!p)
		return ERR_LIMIT;
	for (size_t i = 0; i < end; i++) {
		if (rest->p[i] == '\\' && i + 1 < end && (rest->p[i + 1] == '"' || rest->p[i + 1] == '\\'))
			i++;
		if (rest->p[i] != '\r' && rest->p[i] != '\n')
			p[n++] = rest->p[i];
	}
	*out = bytes_of(p, n);
	*rest = bytes_of(rest->p + end, rest->len - end);
	return ERR_OK;
}

/* Without quotes: up to the semicolon, without a comment behind it. */
static struct bytes take_bare(struct bytes *rest)
{
	struct bytes value;
	size_t comment;

	value = bytes_of(rest->p, bytes_find(*rest, ';'));
	*rest = bytes_of(rest->p + value.len, rest->len - value.len);
	comment = bytes_find(value, '(');
	if (comment > 0 && comment < value.len && value.p[comment - 1] == ' ')
		value.len = comment;
	return bytes_trim(value);
}

static enum err take_param(struct arena *a, struct bytes *rest, struct mime_param *out)
{
	size_t n = 0;
	enum err e;

	while (n < rest->len && rest->p[n] != '=' && rest->p[n] != ';')
		n++;
	out->name = bytes_trim(bytes_of(rest->p, n));
	out->value = (struct bytes){ 0 };
	*rest = bytes_of(rest->p + n, rest->len - n);
	if (rest->len && rest->p[0] == '=') {
		*rest = bytes_trim(bytes_of(rest->p + 1, rest->len - 1));
		if (rest->len && rest->p[0] == '"') {
			*rest = bytes_of(rest->p + 1, rest->len - 1);
			if ((e = take_quoted(a, rest, &out->value)))
				return e;
		} else {
			out->value = take_bare(rest);
		}
	}
	n = bytes_find(*rest, ';');
	n += n < rest->len;
	*rest = bytes_of(rest->p + n, rest->len - n);
	return ERR_OK;
}

static size_t count_semicolons(struct bytes in)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len && n < MIME_MAX_PARAMS - 1; i++)
		n += in.p[i] == ';';
	return n;
}

enum err header_params(struct arena *a, struct bytes value, struct bytes *head, struct mime_params *out)
{
	struct bytes rest = value;
	struct mime_param p;
	size_t room;
	enum err e;

	*out = (struct mime_params){ 0 };
	*head = take_bare(&rest);
	if (!rest.len)
		return ERR_OK;
	rest = bytes_of(rest.p + 1, rest.len - 1);
	room = count_semicolons(rest) + 1;
	out->v = arena_array(a, room, sizeof(*out->v));
	if (!out->v)
		return ERR_LIMIT;
	while (rest.len && out->n < room) {
		if ((e = take_param(a, &rest, &p)))
			return e;
		if (p.name.len)
			out->v[out->n++] = p;
	}
	return ERR_OK;
}

static const struct mime_param *find(const struct mime_params *params, const char *name)
{
	for (size_t i = 0; i < params->n; i++)
		if (bytes_eq_nocase(params->v[i].name, name))
			return &params->v[i];
	return NULL;
}

static void put_percent_decoded(struct buf *out, struct bytes in)
{
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.p[i];

		if (c == '%' && i + 2 < in.len && hex_digit(in.p[i + 1]) >= 0 &&
		    hex_digit(in.p[i + 2]) >= 0) {
			c = (uint8_t)(hex_digit(in.p[i + 1]) << 4 | hex_digit(in.p[i + 2]));
			i += 2;
		}
		buf_put_u8(out, c);
	}
}

/* charset'language'text; a value without the two quotes is all text. */
static void put_extended(struct buf *out, struct bytes value, struct bytes *charset)
{
	struct bytes rest = value, name, language;

	if (bytes_split(&rest, '\'', &name) && bytes_find(rest, '\'') < rest.len &&
	    bytes_split(&rest, '\'', &language)) {
		*charset = name;
		value = rest;
	}
	put_percent_decoded(out, value);
}

/* name*, or name*0, name*1*, … RFC 2231, 3 and 4. False if there is none. */
static bool put_pieces(
    struct buf *out, const struct mime_params *params, const char *name, struct bytes *charset)
{
	char key[40];
	const struct mime_param *p;
	size_t i;

	snprintf(key, sizeof(key), "%s*", name);
	if ((p = find(params, key))) {
		put_extended(out, p->value, charset);
		return true;
	}
	for (i = 0; i < MIME_MAX_PARAMS; i++) {
		snprintf(key, sizeof(key), "%s*%zu*", name, i);
		if ((p = find(params, key))) {
			if (i == 0)
				put_extended(out, p->value, charset);
			else
				put_percent_decoded(out, p->value);
			continue;
		}
		key[strlen(key) - 1] = 0;
		if (!(p = find(params, key)))
			break;
		buf_put(out, p->value);
	}
	return i > 0;
}

enum err mime_param_decode(
    struct arena *a, const struct mime_params *params, const char *name, struct bytes *out)
{
	struct bytes charset = { 0 }, octets;
	struct buf b;
	enum err e;

	buf_init(&b, a, 0);
	if (!put_pieces(&b, params, name, &charset))
		return header_text(a, mime_param(params, name), charset, out);
	if ((e = buf_done(&b, &octets)))
		return e;
	if (charset.len && (e = charset_to_utf8(a, charset, octets, &octets)))
		return e;
	return header_text(a, octets, BYTES(""), out);
}
