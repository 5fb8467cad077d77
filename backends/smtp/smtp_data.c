#include "smtp/smtp_data.h"

#include <string.h>

/* What one byte may become: the end of a line that a lone CR left open, a doubled dot. */
enum { MOST_PER_BYTE = 4 };

static size_t end_line(struct smtp_data *d, uint8_t *out)
{
	d->inside_line = d->had_cr = false;
	memcpy(out, "\r\n", 2);
	return 2;
}

size_t smtp_data_put(struct smtp_data *d, struct bytes *in, uint8_t *out, size_t cap)
{
	size_t n = 0;

	for (; in->len && cap - n >= MOST_PER_BYTE; in->p++, in->len--) {
		uint8_t c = *in->p;

		if (c == '\n') {
			n += end_line(d, out + n);
			continue;
		}
		if (d->had_cr)
			n += end_line(d, out + n);
		if (c == '\r') {
			d->had_cr = true;
			continue;
		}
		if (c == '.' && !d->inside_line)
			out[n++] = '.';
		out[n++] = c;
		d->inside_line = true;
	}
	return n;
}

size_t smtp_data_end(struct smtp_data *d, uint8_t *out)
{
	size_t n = d->inside_line || d->had_cr ? end_line(d, out) : 0;

	memcpy(out + n, ".\r\n", 3);
	return n + 3;
}
