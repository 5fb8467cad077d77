#include "mail/encoded_word.h"

#include <string.h>

enum {
	WORD_TEXT =
	    45, /* columns of a word's text after which it ends: 12 more for the last character, 12 around it */
	FOLD_AT = 70,      /* columns */
	LONGEST_WORD = 900 /* what can't be folded below the 998 characters of a line is encoded */
};

static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void encoded_words_put(struct buf *out, struct bytes text)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t column = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];
		bool first = (c & 0xC0) != 0x80;

		if (i == 0 || (first && column > WORD_TEXT)) {
			buf_put_str(out, i ? "?=\r\n =?utf-8?Q?" : "=?utf-8?Q?");
			column = 0;
		}
		if (is_plain(c)) {
			buf_put_u8(out, c);
			column++;
		} else {
			buf_put_u8(out, '=');
			buf_put_u8(out, (uint8_t)digits[c >> 4]);
			buf_put_u8(out, (uint8_t)digits[c & 15]);
			column += 3;
		}
	}
	if (text.len)
		buf_put_str(out, "?=");
}

/* Whether a reader gets the text back when it stands in the header as it is. */
static bool needs_no_words(struct bytes text)
{
	size_t word = 0;

	if (text.len && (text.p[0] == ' ' || text.p[text.len - 1] == ' '))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];

		word = c == ' ' ? 0 : word + 1;
		if (c < ' ' || c >= 127 || word > LONGEST_WORD ||
		    (c == '=' && i + 1 < text.len && text.p[i + 1] == '?'))
			return false;
	}
	return true;
}

static void put_folded(struct buf *out, struct bytes text, size_t column)
{
	for (size_t i = 0; i < text.len; i++, column++) {
		bool can_fold = text.p[i] == ' ' && text.p[i - 1] != ' ' && text.p[i + 1] != ' ';

		if (can_fold && column > FOLD_AT) {
			buf_put_str(out, "\r\n");
			column = 0;
		}
		buf_put_u8(out, text.p[i]);
	}
}

/* On one line. */
static void put_flat(struct buf *out, struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_put_u8(out, text.p[i] < ' ' || text.p[i] == 127 ? ' ' : text.p[i]);
}

void header_field_put(struct buf *out, const char *name, struct bytes text)
{
	struct bytes line;
	struct buf flat;

	buf_init(&flat, out->arena, 0);
	put_flat(&flat, text);
	if (buf_done(&flat, &line)) {
		out->failed = ERR_LIMIT;
		return;
	}
	buf_put_str(out, name);
	buf_put_str(out, ": ");
	if (needs_no_words(line))
		put_folded(out, line, strlen(name) + 2);
	else
		encoded_words_put(out, line);
	buf_put_str(out, "\r\n");
}
