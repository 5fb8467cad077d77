#ifndef EASGATE_MAIL_BASE64_GRID_H
#define EASGATE_MAIL_BASE64_GRID_H

#include "base/bytes.h"

/* Base64 as mail programs write it: all lines equally long but the last. Then the length of what it encodes is known, and
 * where in the text an octet of it stands, before the text was read. */
struct base64_grid {
	uint32_t line; /* digits on a line, a multiple of 4; its end is CRLF */
	uint64_t size; /* octets when decoded */
};

/* A view into the encoded text and where it is taken from. */
struct base64_sample {
	uint32_t at;
	struct bytes text;
};

/* Looks for the grid in samples of a text of `encoded_size` octets: the first must be its beginning, the last its end. False
 * if any of them doesn't fit. What lies between the samples isn't seen: who decodes it all must still compare sizes. */
bool base64_grid_find(
    uint32_t encoded_size, const struct base64_sample *samples, size_t n, struct base64_grid *out);

/* Where to begin reading in order to decode from octet `first` on: the line's place in the text, and how many of its octets
 * stand before `first`. */
uint32_t base64_grid_seek(const struct base64_grid *g, uint64_t first, uint32_t *skip);
/* How many octets of text, from the beginning of a line, hold n decoded ones, with line ends. At most UINT32_MAX. */
uint32_t base64_grid_span(const struct base64_grid *g, uint64_t n);

#endif
