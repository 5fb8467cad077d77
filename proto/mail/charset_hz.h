#ifndef EASGATE_MAIL_CHARSET_HZ_H
#define EASGATE_MAIL_CHARSET_HZ_H

#include "base/buf.h"

/* HZ (hz-gb-2312), Chinese in 7 bits between "~{" and "~}", as GB2312, which iconv knows. A character cut at the end is left out.
 * Only ERR_LIMIT (arena). Source: RFC 1843. */
enum err charset_hz_to_gb2312(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;

#endif
