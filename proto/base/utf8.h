#ifndef EASGATE_BASE_UTF8_H
#define EASGATE_BASE_UTF8_H

#include "base/buf.h"

/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */

enum { UTF8_REPLACEMENT = 0xFFFD };

/* The length of the character at the beginning, 1 to 4; 0 if it is broken or there is none. */
size_t utf8_char_len(struct bytes in);
/* How many bytes at the beginning are valid and whole characters. */
size_t utf8_valid_len(struct bytes in);
bool utf8_valid(struct bytes in);
/* Takes one character. A broken sequence gives UTF8_REPLACEMENT and is taken up to where the next character
 * may begin. `in` must not be empty. */
uint32_t utf8_next(struct bytes *in);
/* c is a character; a surrogate or a number above U+10FFFF is written as UTF8_REPLACEMENT. */
void utf8_put(struct buf *out, uint32_t c);
/* `in` itself if it is valid, else a copy in which each broken sequence is U+FFFD. */
enum err utf8_repair(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;
/* The longest beginning of at most max bytes (characters) that does not end inside a character. `in` is
 * valid. */
struct bytes utf8_cut(struct bytes in, size_t max_bytes);
struct bytes utf8_cut_chars(struct bytes in, size_t max_chars);

#endif
