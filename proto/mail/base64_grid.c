#include "mail/base64_grid.h"

enum { LINE_END = 2, LINE_MAX_DIGITS = 1000 };

static bool is_digit(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
	       c == '/';
}

/* Up to `end`, where padding and the last line end begin, every octet is what its place asks for. */
static bool fits(const struct base64_sample *s, uint32_t line, uint64_t end)
{
	for (size_t i = 0; i < s->text.len && s->at + (uint64_t)i < end; i++) {
		uint32_t column = (uint32_t)((s->at + (uint64_t)i) % (line + LINE_END));
		uint8_t c = s->text.p[i];

		if (column < line ? !is_digit(c) : c != (column == line ? '\r' : '\n'))
			return false;
	}
	return true;
}

/* Takes such octets off the end, at most max; how many. */
static unsigned strip(struct bytes *text, const char *any, unsigned max)
{
	unsigned n = 0;

	while (
	    n < max && text->len && bytes_find(bytes_str(any), text->p[text->len - 1]) < bytes_str(any).len) {
		text->len--;
		n++;
	}
	return n;
}

bool base64_grid_find(
    uint32_t encoded_size, const struct base64_sample *samples, size_t n, struct base64_grid *out)
{
	struct bytes tail = samples[n - 1].text;
	uint64_t digits, end, rest;
	unsigned pads;
	size_t line = bytes_find(samples[0].text, '\r');

	if (samples[0].at || samples[n - 1].at + (uint64_t)tail.len != encoded_size || !line || line % 4 ||
	    line > LINE_MAX_DIGITS || line == samples[0].text.len)
		return false;
	(void)strip(&tail, "\r\n", UINT32_MAX);
	pads = strip(&tail, "=", 2);
	end = samples[n - 1].at + (uint64_t)tail.len;
	rest = (end + pads) % (line + LINE_END);
	digits = (end + pads) / (line + LINE_END) * line + rest;
	if (!tail.len || rest > line || digits % 4)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!fits(&samples[i], (uint32_t)line, end))
			return false;
	*out = (struct base64_grid){ (uint32_t)line, digits / 4 * 3 - pads };
	return true;
}

uint32_t base64_grid_seek(const struct base64_grid *g, uint64_t first, uint32_t *skip)
{
	uint32_t octets = g->line / 4 * 3;

	*skip = (uint32_t)(first % octets);
	return (uint32_t)(first / octets * (g->line + LINE_END));
}

uint32_t base64_grid_span(const struct base64_grid *g, uint64_t n)
{
	uint32_t octets = g->line / 4 * 3;
	uint64_t span = (n / octets + (n % octets != 0)) * (g->line + LINE_END);

	return span < UINT32_MAX ? (uint32_t)span : UINT32_MAX;
}
