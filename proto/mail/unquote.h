#ifndef EASGATE_MAIL_UNQUOTE_H
#define EASGATE_MAIL_UNQUOTE_H

#include "base/buf.h"

/* A reply without what it quotes: HTML in, HTML out. What counts as a quote is what mailers mark as one: a
 * blockquote of type cite, the containers of Gmail, Thunderbird, Yahoo and Proton, all that stands behind the
 * separators of Outlook and Samsung or below the lines that they write above a quote (quote_lines.h), and blockquotes that
 * text_to_html made; with each what introduces it ("Anna wrote:"). A blockquote that only indents stays. `html` may be cut anywhere; time is linear.
 *   out    `html` itself where nothing is quoted
 *   ended  the rest of the mail, also what a cut `html` doesn't show, is a quote: nothing new follows
 * Only ERR_LIMIT (arena). Source: MS-ASAIRS 2.2.2.10 asks for it and doesn't say how. */
enum err html_unquote(struct arena *a, struct bytes html, struct bytes *out, bool *ended) MUST_CHECK;

#endif
