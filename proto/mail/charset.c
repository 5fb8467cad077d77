#include "mail/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "mail/charset_hz.h"
#include "mail/charset_jis.h"

/* The charsets that make up nearly all mail are converted here. Beside speed that keeps iconv, which may
 * load a module from disk each time it is opened, off the usual path. */
enum way {
	WAY_GUESS, /* nothing or nonsense was declared */
	WAY_UTF8,
	WAY_1252, /* also for iso-8859-1, which has nothing where windows-1252 has quotes and the euro */
	WAY_8859_15,
	WAY_ICONV,   /* ASCII-based, a byte for each character */
	WAY_PAIRS,   /* iconv; ASCII-based, but two bytes or more for other characters */
	WAY_ESCAPES, /* iconv; ASCII bytes need not mean ASCII */
	WAY_JIS,     /* the same, by way of CP932 */
	WAY_HZ,      /* the same, by way of GB18030 */
	WAY_UTF16,   /* the same, in either order */
};

struct charset {
	const char *key; /* the name's letters and digits in lower case */
	enum way way;
	const char *iconv; /* what to open; NULL: the name as it is */
};

/* Names that iconv lacks, that mean less than what mails contain, or that need no iconv at all.
 * Source: WHATWG Encoding Standard, 4.2 for what a name stands for in practice; the rest as met in mails. */
static const struct charset charsets[] = {
	{ "", WAY_GUESS, NULL },
	{ "usascii", WAY_GUESS, NULL },
	{ "ascii", WAY_GUESS, NULL },
	{ "ansix341968", WAY_GUESS, NULL },
	{ "iso646us", WAY_GUESS, NULL },
	{ "646", WAY_GUESS, NULL },
	{ "unknown8bit", WAY_GUESS, NULL },
	{ "xunknown", WAY_GUESS, NULL },
	{ "unknown", WAY_GUESS, NULL },
	{ "default", WAY_GUESS, NULL },
	{ "binary", WAY_GUESS, NULL },
	{ "8bit", WAY_GUESS, NULL },
	{ "7bit", WAY_GUESS, NULL },
	{ "utf8", WAY_UTF8, NULL },
	{ "unicode11utf8", WAY_UTF8, NULL },
	{ "utf8mb4", WAY_UTF8, NULL },
	{ "iso88591", WAY_1252, NULL },
	{ "iso885911", WAY_ICONV, "CP874" },
	{ "latin1", WAY_1252, NULL },
	{ "l1", WAY_1252, NULL },
	{ "cp819", WAY_1252, NULL },
	{ "windows1252", WAY_1252, NULL },
	{ "cp1252", WAY_1252, NULL },
	{ "ansi", WAY_1252, NULL },
	{ "iso885915", WAY_8859_15, NULL },
	{ "latin9", WAY_8859_15, NULL },
	{ "iso88599", WAY_ICONV, "CP1254" },
	{ "latin5", WAY_ICONV, "CP1254" },
	{ "iso88598i", WAY_ICONV, "ISO-8859-8" },
	{ "iso88598e", WAY_ICONV, "ISO-8859-8" },
	{ "iso88596i", WAY_ICONV, "ISO-8859-6" },
	{ "iso88596e", WAY_ICONV, "ISO-8859-6" },
	{ "tis620", WAY_ICONV, "CP874" },
	{ "windows874", WAY_ICONV, "CP874" },
	{ "macroman", WAY_ICONV, "MACINTOSH" },
	{ "xmacroman", WAY_ICONV, "MACINTOSH" },
	{ "mac", WAY_ICONV, "MACINTOSH" },
	{ "xmaccyrillic", WAY_ICONV, "MAC-CYRILLIC" },
	{ "xmacce", WAY_ICONV, "MAC-CENTRALEUROPE" },
	{ "koi8", WAY_ICONV, "KOI8-R" },
	{ "gb2312", WAY_PAIRS, "GB18030" },
	{ "gb23121980", WAY_PAIRS, "GB18030" },
	{ "gb231280", WAY_PAIRS, "GB18030" },
	{ "csgb2312", WAY_PAIRS, "GB18030" },
	{ "hzgb2312", WAY_HZ, NULL },
	{ "hz", WAY_HZ, NULL },
	{ "gbk", WAY_PAIRS, "GB18030" },
	{ "xgbk", WAY_PAIRS, "GB18030" },
	{ "cp936", WAY_PAIRS, "GB18030" },
	{ "euccn", WAY_PAIRS, "GB18030" },
	{ "big5", WAY_PAIRS, "BIG5-HKSCS" },
	{ "xbig5", WAY_PAIRS, "BIG5-HKSCS" },
	{ "cnbig5", WAY_PAIRS, "BIG5-HKSCS" },
	{ "ksc56011987", WAY_PAIRS, "CP949" },
	{ "ksc5601", WAY_PAIRS, "CP949" },
	{ "ksx1001", WAY_PAIRS, "CP949" },
	{ "korean", WAY_PAIRS, "CP949" },
	{ "euckr", WAY_PAIRS, "CP949" },
	{ "windows949", WAY_PAIRS, "CP949" },
	{ "shiftjis", WAY_PAIRS, "CP932" },
	{ "sjis", WAY_PAIRS, "CP932" },
	{ "xsjis", WAY_PAIRS, "CP932" },
	{ "windows31j", WAY_PAIRS, "CP932" },
	{ "mskanji", WAY_PAIRS, "CP932" },
	{ "eucjp", WAY_PAIRS, "EUC-JP-MS" },
	{ "xeucjp", WAY_PAIRS, "EUC-JP-MS" },
	{ "iso2022jp", WAY_JIS, NULL },
	{ "iso2022jpms", WAY_JIS, NULL },
	{ "cp50220", WAY_JIS, NULL },
	{ "cp50221", WAY_JIS, NULL },
	{ "iso2022jp1", WAY_JIS, NULL },
	{ "iso2022jp2", WAY_JIS, NULL },
	{ "iso2022jp3", WAY_ESCAPES, NULL },
	{ "iso2022kr", WAY_ESCAPES, NULL },
	{ "iso2022cn", WAY_ESCAPES, NULL },
	{ "utf7", WAY_ESCAPES, NULL },
	{ "unicode11utf7", WAY_ESCAPES, "UTF-7" },
	{ "unicode20utf7", WAY_ESCAPES, "UTF-7" },
	{ "utf16", WAY_UTF16, NULL },
	{ "utf16le", WAY_UTF16, "UTF-16LE" },
	{ "utf16be", WAY_UTF16, "UTF-16BE" },
	{ "unicode", WAY_UTF16, NULL },
	{ "ucs2", WAY_UTF16, NULL },
	{ "utf32", WAY_ESCAPES, NULL },
	{ "utf32le", WAY_ESCAPES, NULL },
	{ "utf32be", WAY_ESCAPES, NULL },
};

enum { NAME_MAX_LEN = 40 };

/* What iconv may be given: its other characters (a slash starts options) are no part of any charset's
 * name. */
static bool name_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_' || c == '.' || c == ':';
}

/* Splits a name into the spelling for iconv and the key for the table. False: no name of any charset. */
static bool name_read(struct bytes name, char plain[NAME_MAX_LEN + 1], char key[NAME_MAX_LEN + 1])
{
	size_t n = 0, k = 0;

	name = bytes_trim(name);
	if (name.len && (name.p[0] == '"' || name.p[0] == '\''))
		name = bytes_of(name.p + 1, name.len - 1);
	for (size_t i = 0; i < name.len && name_byte(name.p[i]); i++) {
		uint8_t c = name.p[i];

		if (n == NAME_MAX_LEN)
			return false;
		plain[n++] = (char)c;
		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c | 0x20);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			key[k++] = (char)c;
	}
	plain[n] = key[k] = 0;
	return true;
}

/* A code page by any of the names that it goes by: "windows1251", "x-cp1251", "ibm-850". What iconv calls it goes to `plain`. */
static void read_code_page(const char *key, char plain[NAME_MAX_LEN + 1])
{
	static const char *const prefixes[] = { "windows", "win", "cp", "ibm", "xwindows", "xwin", "xcp",
		"xibm" };
	char digits[6];
	int end;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t n = strlen(prefixes[i]);

		if (strncmp(key, prefixes[i], n) || sscanf(key + n, "%5[0-9]%n", digits, &end) != 1 ||
		    key[n + (size_t)end])
			continue;
		snprintf(plain, NAME_MAX_LEN + 1, "CP%s", digits);
		return;
	}
}

static struct charset charset_find(struct bytes name, char plain[NAME_MAX_LEN + 1])
{
	char key[NAME_MAX_LEN + 1];

	if (!name_read(name, plain, key))
		return (struct charset){ "", WAY_GUESS, NULL };
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (strcmp(key, charsets[i].key) == 0)
			return charsets[i];
	read_code_page(key, plain);
	return (struct charset){ plain, WAY_ICONV, NULL };
}

bool charset_is_vague(struct bytes name)
{
	char plain[NAME_MAX_LEN + 1];

	return charset_find(name, plain).way == WAY_GUESS;
}

bool charset_is_ascii_based(struct bytes name)
{
	char plain[NAME_MAX_LEN + 1];

	return charset_find(name, plain).way < WAY_ESCAPES;
}

static bool is_ascii(struct bytes in)
{
	const uint8_t *p = in.p;
	size_t n = in.len;
	uint64_t w, bits = 0;

	for (; n >= sizeof(w); n -= sizeof(w), p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		bits |= w;
	}
	for (; n; n--)
		bits |= *p++;
	return (bits & (~(uint64_t)0 / 255 * 0x80)) == 0;
}

/* Whether the rest is the beginning of one valid character that was cut. */
static bool is_cut_char(struct bytes rest)
{
	size_t want;

	if (rest.len == 0 || rest.len > 3)
		return rest.len == 0;
	want = rest.p[0] >= 0xF0 && rest.p[0] < 0xF5 ? 4 : rest.p[0] >= 0xE0 ? 3 : rest.p[0] >= 0xC2 ? 2 : 0;
	if (rest.p[0] >= 0xF5 || rest.len >= want)
		return false;
	for (size_t i = 1; i < rest.len; i++)
		if ((rest.p[i] & 0xC0) != 0x80)
			return false;
	return true;
}

static bool has_multibyte(struct bytes in)
{
	while (in.len) {
		size_t n = utf8_char_len(in);

		if (n > 1)
			return true;
		in = bytes_of(in.p + (n ? n : 1), in.len - (n ? n : 1));
	}
	return false;
}

/* Valid UTF-8, apart from a character cut at the end: that is taken off. Text that isn't said to be UTF-8 must
 * have shown a whole character before: the last letter of "caf\xE9" would look like a cut one. */
static bool is_utf8(struct bytes in, bool declared, struct bytes *out)
{
	size_t n = utf8_valid_len(in);
	struct bytes whole = bytes_of(in.p, n);

	if (n < in.len &&
	    !(is_cut_char(bytes_of(in.p + n, in.len - n)) && (declared || has_multibyte(whole))))
		return false;
	*out = whole;
	return true;
}

uint32_t charset_windows_1252(uint8_t c)
{
	static const uint16_t high_1252[32] = {
		0x20AC,
		UTF8_REPLACEMENT,
		0x201A,
		0x0192,
		0x201E,
		0x2026,
		0x2020,
		0x2021,
		0x02C6,
		0x2030,
		0x0160,
		0x2039,
		0x0152,
		UTF8_REPLACEMENT,
		0x017D,
		UTF8_REPLACEMENT,
		UTF8_REPLACEMENT,
		0x2018,
		0x2019,
		0x201C,
		0x201D,
		0x2022,
		0x2013,
		0x2014,
		0x02DC,
		0x2122,
		0x0161,
		0x203A,
		0x0153,
		UTF8_REPLACEMENT,
		0x017E,
		0x0178,
	};

	return c >= 0x80 && c < 0xA0 ? high_1252[c - 0x80] : c;
}

static uint32_t single_byte_char(enum way way, uint8_t c)
{
	if (way == WAY_8859_15)
		switch (c) {
		case 0xA4:
			return 0x20AC;
		case 0xA6:
			return 0x0160;
		case 0xA8:
			return 0x0161;
		case 0xB4:
			return 0x017D;
		case 0xB8:
			return 0x017E;
		case 0xBC:
			return 0x0152;
		case 0xBD:
			return 0x0153;
		case 0xBE:
			return 0x0178;
		}
	return charset_windows_1252(c);
}

static enum err from_single_byte(struct arena *a, enum way way, struct bytes in, struct bytes *out)
{
	struct buf b;
	size_t from = 0;

	buf_init(&b, a, 0);
	for (size_t i = 0; i < in.len; i++) {
		if (in.p[i] < 0x80)
			continue;
		buf_put(&b, bytes_of(in.p + from, i - from));
		utf8_put(&b, single_byte_char(way, in.p[i]));
		from = i + 1;
	}
	buf_put(&b, bytes_of(in.p + from, in.len - from));
	return buf_done(&b, out);
}

/* Mails that declare nothing, or declare what they are not: UTF-8 if it can be.
 *   declared  they say that it is UTF-8 */
static enum err from_guess(struct arena *a, struct bytes in, bool declared, struct bytes *out)
{
	if (is_utf8(in, declared, out))
		return ERR_OK;
	return has_multibyte(in) ? utf8_repair(a, in, out) : from_single_byte(a, WAY_1252, in, out);
}

/* How many bytes are no character there: where two make one, both, so that the next one isn't made of the second. */
static size_t wrong_bytes(enum way way, const char *from, size_t left)
{
	size_t unit = way == WAY_UTF16 || (way == WAY_PAIRS && left > 1 && (from[1] & 0x80)) ? 2 : 1;

	return unit < left ? unit : left;
}

static void convert(iconv_t cd, enum way way, struct bytes in, struct buf *out)
{
	char *from = (char *)(uintptr_t)in.p, *to;
	size_t left = in.len, room, had;

	while (left) {
		had = room = left + left / 2 + 64;
		to = (char *)buf_room(out, room);
		if (!to)
			return;
		if (iconv(cd, &from, &left, &to, &room) != (size_t)-1) {
			buf_claim(out, had - room);
			break;
		}
		buf_claim(out, had - room);
		if (errno == EINVAL) /* cut in the middle of a character */
			return;
		if (errno == EILSEQ) {
			had = wrong_bytes(way, from, left);
			utf8_put(out, UTF8_REPLACEMENT);
			from += had;
			left -= had;
		}
	}
	had = room = 64;
	to = (char *)buf_room(out, room);
	if (to &&
	    iconv(cd, NULL, NULL, &to, &room) != (size_t)-1) /* what a stateful charset still holds back */
		buf_claim(out, had - room);
}

static enum err from_iconv(
    struct arena *a, const char *name, enum way way, struct bytes in, struct bytes *out)
{
	iconv_t cd = iconv_open("UTF-8", name);
	struct buf b;

	if (cd == (iconv_t)-1)
		return from_guess(a, in, false, out);
	buf_init(&b, a, 0);
	convert(cd, way, in, &b);
	iconv_close(cd);
	return buf_done(&b, out);
}

static enum err from_jis(struct arena *a, struct bytes in, struct bytes *out)
{
	struct bytes sjis;
	enum err e = charset_jis_to_cp932(a, in, &sjis);

	if (e)
		return e;
	return sjis.p ? from_iconv(a, "CP932", WAY_PAIRS, sjis, out)
		      : from_iconv(a, "ISO-2022-JP-2", WAY_ESCAPES, in, out);
}

static enum err from_hz(struct arena *a, struct bytes in, struct bytes *out)
{
	struct bytes gb;
	enum err e = charset_hz_to_gb2312(a, in, &gb);

	return e ? e : from_iconv(a, "GB18030", WAY_PAIRS, gb, out);
}

/* Without a mark it should begin with the higher byte (RFC 2781, 4.3), but a zero tells better: most begin with a letter or a
 * blank. */
static const char *utf16_order(struct bytes in)
{
	if (in.len >= 2 && ((in.p[0] == 0xFE && in.p[1] == 0xFF) || (in.p[0] == 0xFF && in.p[1] == 0xFE)))
		return "UTF-16";
	return in.len >= 2 && in.p[0] && !in.p[1] ? "UTF-16LE" : "UTF-16BE";
}

enum err charset_to_utf8(struct arena *a, struct bytes name, struct bytes in, struct bytes *out)
{
	char plain[NAME_MAX_LEN + 1];
	struct charset c = charset_find(name, plain);

	if (c.way == WAY_GUESS && charset_jis_is(in)) {
		c = (struct charset){ "", WAY_JIS, NULL };
	} else if (c.way < WAY_ESCAPES && is_ascii(in)) {
		*out = in;
		return ERR_OK;
	}
	switch (c.way) {
	case WAY_GUESS:
		if (!is_utf8(in, false, out) && charset_sjis_is(in))
			return from_iconv(a, "CP932", WAY_PAIRS, in, out);
		return from_guess(a, in, false, out);
	case WAY_UTF8:
		return from_guess(a, in, true, out);
	case WAY_1252:
	case WAY_8859_15:
		/* Text that can be UTF-8 is: nobody writes such pairs of characters in Latin-1. */
		return is_utf8(in, false, out) ? ERR_OK : from_single_byte(a, c.way, in, out);
	case WAY_JIS:
		return from_jis(a, in, out);
	case WAY_HZ:
		return from_hz(a, in, out);
	case WAY_UTF16:
		return from_iconv(a, c.iconv ? c.iconv : utf16_order(in), c.way, in, out);
	case WAY_ICONV:
	case WAY_PAIRS:
	case WAY_ESCAPES:
		break;
	}
	return from_iconv(a, c.iconv ? c.iconv : plain, c.way, in, out);
}
