/* RTF's text (RTF 1.9.1), and the HTML that Outlook hides in it (MS-OXRTFEX 2.1.3): there, markup stands in groups
 * \*\htmltag, and what only RTF readers shall see between \htmlrtf and \htmlrtf0. */
#include "mail/rtf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/text.h"

enum {
	MAX_DEPTH = 100,
	MAX_FONTS = 256,
	MAX_WORD = 32,
	MAX_DIGITS = 10,
	DEFAULT_CODEPAGE = 1252,
	UTF8_CODEPAGE = 65001
};

/* What a group inherits from the one around it. */
struct group {
	bool hidden;    /* a destination that isn't shown */
	bool rtf_only;  /* between \htmlrtf and \htmlrtf0 */
	bool fonts;     /* in the font table */
	unsigned per_u; /* \uc: so many characters behind a \u stand for the same */
	unsigned font;
};

struct reader {
	struct arena *arena;
	struct bytes in;
	struct buf out;
	struct buf octets; /* text in the font's code page that is not converted yet */
	struct group groups[MAX_DEPTH];
	size_t depth, deeper; /* deeper: levels that aren't kept */
	unsigned codepage;
	unsigned font_codepage[MAX_FONTS]; /* 0: the document's */
	unsigned skip;                     /* characters that a \u has said already */
	uint32_t high;                     /* first half of a surrogate pair */
	bool starred;                      /* \* has just been read */
	bool is_html;
};

/* \fcharset. Source: RTF 1.9.1, Font Table. */
static const struct font_charset {
	int charset;
	unsigned codepage;
} font_charsets[] = {
	{ 77, 10000 },
	{ 128, 932 },
	{ 129, 949 },
	{ 134, 936 },
	{ 136, 950 },
	{ 161, 1253 },
	{ 162, 1254 },
	{ 163, 1258 },
	{ 177, 1255 },
	{ 178, 1256 },
	{ 186, 1257 },
	{ 204, 1251 },
	{ 222, 874 },
	{ 238, 1250 },
	{ 255, 437 },
};

/* Words that stand for text. */
static const struct symbol {
	const char *word, *text;
} symbols[] = {
	{ "par", "\r\n" },
	{ "line", "\r\n" },
	{ "sect", "\r\n" },
	{ "page", "\r\n" },
	{ "row", "\r\n" },
	{ "tab", "\t" },
	{ "cell", "\t" },
	{ "lquote", "\xE2\x80\x98" },
	{ "rquote", "\xE2\x80\x99" },
	{ "ldblquote", "\xE2\x80\x9C" },
	{ "rdblquote", "\xE2\x80\x9D" },
	{ "bullet", "\xE2\x80\xA2" },
	{ "endash", "\xE2\x80\x93" },
	{ "emdash", "\xE2\x80\x94" },
	{ "enspace", " " },
	{ "emspace", " " },
};

/* Groups of what is no text, even where they aren't starred. */
static const char *const hidden_words[] = { "colortbl", "stylesheet", "info", "pict", "header", "footer",
	"headerl", "headerr", "headerf", "footerl", "footerr", "footerf", "fldinst", "themedata", "datastore",
	"listtable", "rsidtbl", "object" };

static struct group *top(struct reader *r)
{
	return &r->groups[r->depth];
}

static void flush(struct reader *r)
{
	unsigned font = top(r)->font,
		 codepage = r->font_codepage[font] ? r->font_codepage[font] : r->codepage;
	struct bytes octets, text;
	char name[16];

	if (!r->octets.len)
		return;
	snprintf(name, sizeof(name), codepage == UTF8_CODEPAGE ? "utf-8" : "cp%u", codepage);
	if (buf_done(&r->octets, &octets) || charset_to_utf8(r->arena, bytes_str(name), octets, &text))
		r->out.failed = ERR_LIMIT;
	else
		buf_put(&r->out, text);
	r->octets.len = 0; /* its memory serves again: there may be a million small groups */
}

static bool is_shown(struct reader *r)
{
	const struct group *g = top(r);

	return !g->hidden && !g->fonts && !(r->is_html && g->rtf_only);
}

static void put_octet(struct reader *r, uint8_t c)
{
	if (r->skip)
		r->skip--;
	else if (is_shown(r))
		buf_put_u8(&r->octets, c);
}

static void put_text(struct reader *r, const char *text)
{
	if (!is_shown(r))
		return;
	flush(r);
	buf_put_str(&r->out, text);
}

/* \u says UTF-16, as a signed number. */
static void put_unit(struct reader *r, int number)
{
	uint32_t c = (uint32_t)number & 0xFFFF;

	r->skip = top(r)->per_u;
	if (c >= 0xD800 && c < 0xDC00) {
		r->high = c;
		return;
	}
	if (c >= 0xDC00 && c < 0xE000 && r->high)
		c = 0x10000 + ((r->high - 0xD800) << 10) + (c - 0xDC00);
	r->high = 0;
	if (!is_shown(r) || !c)
		return;
	flush(r);
	utf8_put(&r->out, c);
}

/* ---- control words ---- */

static void set_font(struct reader *r, int number)
{
	flush(r);
	top(r)->font = number >= 0 && number < MAX_FONTS ? (unsigned)number : 0;
}

static void set_font_charset(struct reader *r, int number)
{
	for (size_t i = 0; i < sizeof(font_charsets) / sizeof(font_charsets[0]); i++)
		if (font_charsets[i].charset == number && top(r)->fonts)
			r->font_codepage[top(r)->font] = font_charsets[i].codepage;
}

static void set_codepage(struct reader *r, int number)
{
	if (number > 0)
		r->codepage = (unsigned)number;
}

static void set_per_u(struct reader *r, int number)
{
	top(r)->per_u = number >= 0 && number < 16 ? (unsigned)number : 1;
}

static void set_rtf_only(struct reader *r, int number)
{
	flush(r);
	top(r)->rtf_only = number != 0;
}

static void set_html(struct reader *r, int number)
{
	r->is_html = number != 0;
}

static void set_fonts(struct reader *r, int number)
{
	(void)number;
	top(r)->fonts = true;
}

static void skip_binary(struct reader *r, int number)
{
	struct bytes skipped;

	if (number > 0 && !bytes_take(&r->in, (size_t)number, &skipped))
		r->in.len = 0;
}

static const struct command {
	const char *word;
	void (*run)(struct reader *r, int number);
} commands[] = {
	{ "u", put_unit },
	{ "f", set_font },
	{ "fcharset", set_font_charset },
	{ "ansicpg", set_codepage },
	{ "uc", set_per_u },
	{ "htmlrtf", set_rtf_only },
	{ "fromhtml", set_html },
	{ "fonttbl", set_fonts },
	{ "bin", skip_binary },
};

/* number: -1 where there is none, as for \htmlrtf, which then means 1. */
static void run_word(struct reader *r, const char *word, int number)
{
	bool starred = r->starred;

	r->starred = false;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(word, commands[i].word) == 0) {
			commands[i].run(r, number);
			return;
		}
	if (starred) { /* \*\htmltag64 holds markup; of all other starred groups we know nothing */
		flush(r);
		top(r)->hidden = top(r)->hidden || !r->is_html || strcmp(word, "htmltag") != 0;
		return;
	}
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (strcmp(word, symbols[i].word) == 0)
			put_text(r, symbols[i].text);
	for (size_t i = 0; i < sizeof(hidden_words) / sizeof(hidden_words[0]); i++)
		if (strcmp(word, hidden_words[i]) == 0)
			top(r)->hidden = true;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* "par", "u-3913", "f12": the word, its number, and the one blank that belongs to it. */
static void read_word(struct reader *r)
{
	char word[MAX_WORD + 1], digits[MAX_DIGITS + 2];
	size_t n = 0, d = 0, i = 0;
	struct bytes in = r->in;

	for (; i < in.len && is_letter(in.p[i]); i++)
		if (n < MAX_WORD)
			word[n++] = (char)in.p[i];
	word[n] = 0;
	if (i + 1 < in.len && in.p[i] == '-' && is_digit(in.p[i + 1])) {
		digits[d++] = '-';
		i++;
	}
	for (; i < in.len && is_digit(in.p[i]); i++)
		if (d < MAX_DIGITS)
			digits[d++] = (char)in.p[i];
	digits[d] = 0;
	i += i < in.len && in.p[i] == ' ';
	r->in = bytes_of(in.p + i, in.len - i);
	run_word(r, word, d ? (int)strtol(digits, NULL, 10) : -1);
}

/* Behind a backslash. */
static void read_control(struct reader *r)
{
	struct bytes c;

	if (r->in.len && is_letter(r->in.p[0])) {
		read_word(r);
		return;
	}
	if (!bytes_take(&r->in, 1, &c))
		return;
	if (c.p[0] == '\'') {
		if (r->in.len >= 2 && hex_digit(r->in.p[0]) >= 0 && hex_digit(r->in.p[1]) >= 0) {
			put_octet(r, (uint8_t)(hex_digit(r->in.p[0]) << 4 | hex_digit(r->in.p[1])));
			r->in = bytes_of(r->in.p + 2, r->in.len - 2);
		}
	} else if (c.p[0] == '*') {
		r->starred = true;
	} else if (c.p[0] == '~') {
		put_text(r, "\xC2\xA0");
	} else if (c.p[0] == '_') {
		put_text(r, "-");
	} else if (c.p[0] == '\r' || c.p[0] == '\n') {
		put_text(r, "\r\n");
	} else if (strchr("\\{}", c.p[0]) && c.p[0]) {
		put_octet(r, c.p[0]);
	}
}

static void open_group(struct reader *r)
{
	flush(r);
	r->starred = false;
	r->skip = 0;
	if (r->depth + 1 == MAX_DEPTH) {
		r->deeper++;
		return;
	}
	r->groups[r->depth + 1] = r->groups[r->depth];
	r->depth++;
}

static void close_group(struct reader *r)
{
	flush(r);
	r->starred = false;
	r->skip = 0;
	if (r->deeper)
		r->deeper--;
	else if (r->depth)
		r->depth--;
}

static void read_all(struct reader *r)
{
	struct bytes c;

	while (!r->out.failed && r->out.len < RTF_LARGEST && bytes_take(&r->in, 1, &c)) {
		switch (c.p[0]) {
		case '{':
			open_group(r);
			break;
		case '}':
			close_group(r);
			break;
		case '\\':
			read_control(r);
			break;
		case '\r':
		case '\n':
		case 0:
			break;
		default:
			put_octet(r, c.p[0]);
		}
	}
	flush(r);
}

enum err rtf_read(struct arena *a, struct bytes in, struct bytes *plain, struct bytes *html)
{
	struct reader *r;
	struct bytes text;
	enum err e;

	*plain = *html = (struct bytes){ 0 };
	if (!bytes_starts(in, "{\\rtf"))
		return ERR_OK;
	r = arena_alloc(a, sizeof(*r));
	if (!r)
		return ERR_LIMIT;
	r->arena = a;
	r->in = in;
	r->codepage = DEFAULT_CODEPAGE;
	r->groups[0].per_u = 1;
	buf_init(&r->out, a, 0);
	buf_init(&r->octets, a, 0);
	read_all(r);
	if ((e = buf_done(&r->out, &text)) || (e = utf8_repair(a, text, &text)))
		return e;
	if (r->is_html)
		*html = text;
	else
		e = text_crlf(a, text, plain);
	return e;
}
