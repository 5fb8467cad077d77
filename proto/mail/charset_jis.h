#ifndef EASGATE_MAIL_CHARSET_JIS_H
#define EASGATE_MAIL_CHARSET_JIS_H

#include "base/buf.h"

/* Japanese as mailers write it. ISO-2022-JP: with the circled digits, roman numbers and rare names that Windows added to JIS X 0208, which
 * iconv's charsets of that name refuse. Source: RFC 1468; the additions as in CP50220. */

/* Whether text of which nothing is known is that, by its escapes. */
bool charset_jis_is(struct bytes in);

/* Whether such text is Shift_JIS: all that isn't ASCII makes pairs of it, and half of them are kana or the marks that stand among
 * them. UTF-8 and windows-1252 aren't taken for it, but Japanese without kana isn't found. */
bool charset_sjis_is(struct bytes in);

/* ISO-2022-JP in CP932, which iconv knows with all additions. A character cut at the end is left out.
 *   *out  p NULL: there is a character set in it that CP932 doesn't hold. Only ERR_LIMIT */
enum err charset_jis_to_cp932(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;

#endif
