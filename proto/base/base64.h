#ifndef EASGATE_BASE_BASE64_H
#define EASGATE_BASE_BASE64_H

#include "base/buf.h"

/* Base64 (RFC 4648). What we write is the standard alphabet with padding, unless flags say otherwise. */
enum base64_flags { BASE64_PLAIN = 0, BASE64_URL = 1, BASE64_UNPADDED = 2 };

void base64_put(struct buf *out, struct bytes in, unsigned flags);
/* Both alphabets, with or without padding, white space skipped. ERR_PROTO for any other character, for data
 * after the padding, or for a single character left over; ERR_LIMIT when the arena is spent. */
enum err base64_decode(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;

/* What a character of the standard alphabet stands for; BASE64_NO_DIGIT for all others. */
enum { BASE64_NO_DIGIT = 64 };
extern const uint8_t base64_values[256];

/* Decodes whole groups of four digits of the standard alphabet, from p until something else comes or fewer than four are
 * left: the quick way through what is mostly digits. It may go over line ends (CRLF) between groups. Returns where it stopped.
 *   *to  where the octets go, and moves on behind them; BASE64_SLACK octets more than they need must be there */
enum { BASE64_SLACK = 32 };
const uint8_t *base64_decode_groups(const uint8_t *p, const uint8_t *end, uint8_t **to);

/* For what else reads base64, digit by digit: the three octets of four digits, and the whole octets of what is there of the last four.
 * v has the digits, 6 bits each and the newest lowest. Both return where the next octet goes. */
uint8_t *base64_put_group(uint32_t v, uint8_t *to);
uint8_t *base64_put_last(uint32_t v, size_t digits, uint8_t *to);

#endif
