#include "mail/text_part.h"

#include <string.h>

#include "mail/transfer.h"

static size_t count_8bit(struct bytes text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] >= 0x80;
	return n;
}

/* Quoted-printable stays readable; base64 is shorter where most isn't ASCII, and never looks like a boundary. */
static bool wants_base64(struct bytes text)
{
	return count_8bit(text) > text.len / 4 || bytes_starts(text, "--") ||
	       (text.len && memmem(text.p, text.len, "\n--", 3));
}

/* The text as it is, also where it doesn't end with a line end. */
static void put_encoded(struct buf *out, struct bytes text, bool base64)
{
	if (base64) {
		transfer_put_base64(out, text);
		return;
	}
	transfer_put_quoted_printable(out, text);
	if (text.len && text.p[text.len - 1] != '\n')
		buf_put_str(out, "=\r\n");
}

void text_part_put(struct buf *out, const char *subtype, struct bytes text)
{
	bool base64 = wants_base64(text);

	buf_printf(out, "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    subtype, base64 ? "base64" : "quoted-printable");
	put_encoded(out, text, base64);
}
