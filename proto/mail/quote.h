#ifndef EASGATE_MAIL_QUOTE_H
#define EASGATE_MAIL_QUOTE_H

#include "mail/header.h"

/* The original as it stands below a reply's or a forward's own text. Only ERR_LIMIT (arena). */

struct quote {
	const struct header *header; /* of the original */
	struct bytes plain, html;    /* its text, UTF-8, in both forms */
	bool marked;                 /* each plain line after "> ", as in a reply */
};

/* The phone's plain text and, below it, who wrote the original when, and the original. */
enum err quote_plain(struct arena *a, struct bytes own, const struct quote *q, struct bytes *out) MUST_CHECK;
/* The same in HTML: inside the phone's document where it is one. Of the original's document its styles and what stands in its
 * body are taken. */
enum err quote_html(struct arena *a, struct bytes own, const struct quote *q, struct bytes *out) MUST_CHECK;

#endif
