/* IMAP keywords and the categories that phones show.
 *
 * A keyword is an atom of ASCII characters, a category any text. What an atom may have stays as it is; a blank becomes "_", as
 * Thunderbird does it; all else, and the beginning of what would mean something other than a category, stands in base32 between
 * "&" and "-": servers don't tell upper from lower case in keywords, which base64 would need. So each category has a keyword of its
 * own, and comes back from it as it was. */
#include <string.h>

#include "base/utf8.h"
#include "mail/email.h"

/* Thunderbird's labels, which other mailers took over. */
static const struct label {
	const char *keyword, *category;
} labels[] = {
	{ "$label1", "Important" },
	{ "$label2", "Work" },
	{ "$label3", "Personal" },
	{ "$label4", "To Do" },
	{ "$label5", "Later" },
};

/* Keywords without a dollar sign that mean a state and no category. */
static const char *const states[] = { "NonJunk", "NotJunk", "Junk", "JunkRecorded", "Forwarded", "Redirected",
	"MDNSent", "unknown-0", "Old" };

enum { CATEGORIES_MAX = 300 }; /* MS-ASEMAIL 2.2.2.16 */

static bool is_state(struct bytes keyword)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (bytes_eq_nocase(keyword, states[i]))
			return true;
	return keyword.len == 0 || keyword.p[0] == '$' || keyword.p[0] == '\\';
}

/* Source: RFC 3501, 9 (atom-specials, resp-specials). */
static bool is_atom(uint8_t c)
{
	return c > ' ' && c < 127 && !strchr("(){%*\"\\]", c);
}

/* Nothing that XML forbids, and no line end. */
static bool is_printable(struct bytes in)
{
	for (size_t i = 0; i < in.len; i++)
		if (in.p[i] < ' ' || in.p[i] == 127)
			return false;
	return utf8_valid(in);
}

bool email_is_category(struct bytes keyword)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (bytes_eq_nocase(keyword, labels[i].keyword))
			return true;
	return !is_state(keyword);
}

/* ---- to a keyword ---- */

/* Whether the octet stands in the keyword as it is, or as "_". */
static bool is_plain(uint8_t c)
{
	return c == ' ' || (is_atom(c) && c != '_' && c != '&');
}

/* RFC 4648, 6, without padding, in lower case. */
static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";

static void put_base32(struct buf *out, struct bytes in)
{
	uint32_t bits = 0;
	unsigned n = 0;

	for (size_t i = 0; i < in.len; i++) {
		bits = bits << 8 | in.p[i];
		for (n += 8; n >= 5; n -= 5)
			buf_put_u8(out, (uint8_t)digits[bits >> (n - 5) & 31]);
	}
	if (n)
		buf_put_u8(out, (uint8_t)digits[bits << (5 - n) & 31]);
}

/* Up to the next plain octet; at least `least` octets. */
static void put_shift(struct buf *out, struct bytes *rest, size_t least)
{
	struct bytes shifted = *rest;
	size_t n = 0;

	while (n < rest->len && (n < least || !is_plain(rest->p[n])))
		n++;
	shifted.len = n;
	*rest = bytes_of(rest->p + n, rest->len - n);
	buf_put_u8(out, '&');
	put_base32(out, shifted);
	buf_put_u8(out, '-');
}

static enum err encode(struct arena *a, struct bytes category, struct bytes *out)
{
	struct bytes rest = category;
	struct buf b;

	buf_init(&b, a, 0);
	if (is_state(category))
		put_shift(&b, &rest, 1);
	while (rest.len) {
		if (!is_plain(rest.p[0])) {
			put_shift(&b, &rest, 1);
			continue;
		}
		buf_put_u8(&b, rest.p[0] == ' ' ? '_' : rest.p[0]);
		rest = bytes_of(rest.p + 1, rest.len - 1);
	}
	return buf_done(&b, out);
}

enum err email_keyword(struct arena *a, struct bytes category, struct bytes *out)
{
	enum err e;

	category = bytes_trim(category);
	*out = (struct bytes){ 0 };
	if (!category.len)
		return ERR_OK;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (bytes_eq(category, bytes_str(labels[i].category))) {
			*out = bytes_str(labels[i].keyword);
			return ERR_OK;
		}
	if (category.len > EMAIL_KEYWORD_MAX || !is_printable(category))
		return ERR_UNSUPPORTED;
	if ((e = encode(a, category, out)))
		return e;
	return out->len <= EMAIL_KEYWORD_MAX ? ERR_OK : ERR_UNSUPPORTED;
}

/* ---- from a keyword ---- */

static bool take_base32(struct buf *out, struct bytes in)
{
	uint32_t bits = 0;
	unsigned n = 0;

	for (size_t i = 0; i < in.len; i++) {
		const char *at = in.p[i] ? strchr(digits, in.p[i]) : NULL;

		if (!at)
			return false;
		bits = (bits << 5 | (uint32_t)(at - digits)) & 0xFFFF;
		n += 5;
		if (n < 8)
			continue;
		n -= 8;
		buf_put_u8(out, (uint8_t)(bits >> n));
	}
	return true;
}

static enum err decode(struct arena *a, struct bytes keyword, struct bytes *out)
{
	struct bytes rest = keyword, shifted;
	struct buf b;

	buf_init(&b, a, 0);
	while (rest.len) {
		uint8_t c = rest.p[0];

		rest = bytes_of(rest.p + 1, rest.len - 1);
		if (c != '&') {
			buf_put_u8(&b, c == '_' ? ' ' : c);
			continue;
		}
		if (!bytes_split(&rest, '-', &shifted) || !take_base32(&b, shifted))
			return ERR_PROTO;
	}
	return buf_done(&b, out);
}

/* Only what we would write is read so: any other keyword is its own name. */
static enum err read_own(struct arena *a, struct bytes keyword, struct bytes *out)
{
	struct bytes again;
	enum err e;

	if ((e = decode(a, keyword, out)) || !out->len || !is_printable(*out))
		return e ? e : ERR_PROTO;
	if ((e = encode(a, *out, &again)))
		return e;
	return bytes_eq(again, keyword) ? ERR_OK : ERR_PROTO;
}

enum err email_category(struct arena *a, struct bytes keyword, struct bytes *out)
{
	enum err e;

	*out = (struct bytes){ 0 };
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (bytes_eq_nocase(keyword, labels[i].keyword)) {
			*out = bytes_str(labels[i].category);
			return ERR_OK;
		}
	if (is_state(keyword))
		return ERR_OK;
	e = read_own(a, keyword, out);
	if (e == ERR_PROTO)
		*out = keyword;
	return e == ERR_PROTO ? ERR_OK : e;
}

static bool is_among(const struct bytes *v, size_t n, struct bytes one)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_eq(v[i], one))
			return true;
	return false;
}

enum err email_put_categories(
    struct wbxml_writer *w, wbxml_tag list, wbxml_tag one, const struct bytes *keywords, size_t n)
{
	struct bytes *names =
	    arena_array(w->out->arena, n < CATEGORIES_MAX ? n : CATEGORIES_MAX, sizeof(*names));
	size_t n_names = 0;
	enum err e;

	if (!names)
		return ERR_LIMIT;
	wbxml_open(w, list);
	for (size_t i = 0; i < n && n_names < CATEGORIES_MAX; i++) {
		if ((e = email_category(w->out->arena, keywords[i], &names[n_names])))
			return e;
		if (!names[n_names].len || is_among(names, n_names, names[n_names]))
			continue;
		wbxml_put(w, one, names[n_names++]);
	}
	wbxml_close(w);
	return ERR_OK;
}
