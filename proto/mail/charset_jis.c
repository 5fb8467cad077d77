#include "mail/charset_jis.h"

enum { ESC = 0x1B };

enum set {
	SET_ASCII,
	SET_KANA,  /* a half-width kana in each octet */
	SET_KANJI, /* JIS X 0208: two octets */
	SET_OTHER
};

static const struct escape {
	const char *text; /* behind ESC */
	enum set set;
} escapes[] = {
	{ "(B", SET_ASCII },
	{ "(J", SET_ASCII }, /* JIS-Roman: as ASCII but for the yen and the overline */
	{ "(H", SET_ASCII }, /* some old mailers' mistake for it */
	{ "(I", SET_KANA },
	{ "$B", SET_KANJI },
	{ "$@", SET_KANJI },
	{ "$(B", SET_KANJI },
	{ "$(@", SET_KANJI },
};

/* Which set the escape at the beginning chooses; *len: of it. 0: it is cut off. */
static enum set read_escape(struct bytes in, size_t *len)
{
	bool is_cut = false;

	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		struct bytes text = bytes_str(escapes[i].text), has = bytes_of(in.p + 1, in.len - 1);

		*len = 1 + text.len;
		if (has.len >= text.len && bytes_eq(bytes_of(has.p, text.len), text))
			return escapes[i].set;
		is_cut = is_cut || (has.len < text.len && bytes_eq(has, bytes_of(text.p, has.len)));
	}
	*len = 0;
	return is_cut ? SET_ASCII : SET_OTHER;
}

bool charset_jis_is(struct bytes in)
{
	size_t at, len;

	while ((at = bytes_find(in, ESC)) < in.len) {
		in = bytes_of(in.p + at, in.len - at);
		if (read_escape(in, &len) != SET_OTHER && len && !bytes_eq_str(bytes_of(in.p + 1, 2), "(B"))
			return true;
		in = bytes_of(in.p + 1, in.len - 1);
	}
	return false;
}

/* Two rows of 94 cells each become one row of 188. */
static void put_kanji(struct buf *out, uint8_t row, uint8_t cell)
{
	uint8_t r = (uint8_t)(row - 0x21), c = (uint8_t)(cell - 0x21);

	buf_put_u8(out, (uint8_t)(r / 2 + (r < 62 ? 0x81 : 0xC1)));
	buf_put_u8(out, (uint8_t)(r % 2 ? c + 0x9F : c < 63 ? c + 0x40 : c + 0x41));
}

static bool is_cell(uint8_t c)
{
	return c >= 0x21 && c <= 0x7E;
}

enum err charset_jis_to_cp932(struct arena *a, struct bytes in, struct bytes *out)
{
	enum set set = SET_ASCII;
	struct buf b;
	size_t len;

	*out = (struct bytes){ 0 };
	buf_init(&b, a, 0);
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.p[i];

		if (c == ESC) {
			set = read_escape(bytes_of(in.p + i, in.len - i), &len);
			if (set == SET_OTHER)
				return ERR_OK;
			if (!len)
				break;
			i += len - 1;
		} else if (set == SET_KANA && c >= 0x21 && c <= 0x5F) {
			buf_put_u8(&b, c | 0x80);
		} else if (set == SET_KANJI && is_cell(c)) {
			if (i + 1 == in.len)
				break;
			if (is_cell(in.p[i + 1]))
				put_kanji(&b, c, in.p[++i]);
		} else {
			if (c == '\n')
				set = SET_ASCII; /* each line begins so */
			buf_put_u8(&b, c);
		}
	}
	return buf_done(&b, out);
}

/* ---- Shift_JIS ---- */

/* Hiragana, katakana, or punctuation. */
static bool is_kana(uint8_t lead, uint8_t trail)
{
	return (lead == 0x82 && trail >= 0x9F && trail <= 0xF1) ||
	       (lead == 0x83 && trail >= 0x40 && trail <= 0x96) ||
	       (lead == 0x81 && trail >= 0x41 && trail <= 0x5B);
}

bool charset_sjis_is(struct bytes in)
{
	enum { LEAST = 2 }; /* one may be a quote mark and a letter of windows-1252 */
	size_t pairs = 0, kana = 0;

	for (size_t i = 0; i < in.len; i++) {
		uint8_t lead = in.p[i], trail;

		if (lead < 0x80)
			continue;
		if (lead == 0x80 || (lead >= 0xA0 && lead < 0xE0) || lead >= 0xF0)
			return false;
		if (++i == in.len) /* cut in a character */
			break;
		trail = in.p[i];
		if (trail < 0x40 || trail == 0x7F || trail > 0xFC)
			return false;
		pairs++;
		kana += is_kana(lead, trail);
	}
	return kana >= LEAST && kana >= pairs - kana;
}
