#ifndef EASGATE_MAIL_TEXT_H
#define EASGATE_MAIL_TEXT_H

#include "base/buf.h"

/* Between HTML and plain text, both UTF-8. Plain text has CRLF line ends. Only ERR_LIMIT (arena). */

/* HTML as text that reads well: paragraphs, lists, quotes ("> "), tables, links with their address where
 * the text doesn't show it. Style, scripts, head and hidden preheaders are left out. `html` may be cut
 * anywhere. It has no say over memory or stack: nesting is counted, not followed.
 *   max   stop when that many bytes of text are there; 0 = all
 *   used  about how many bytes of html are in out; html.len if and only if all of them are */
enum err text_from_html(
    struct arena *a, struct bytes html, size_t max, struct bytes *out, size_t *used) MUST_CHECK;

/* The same without what a preview is better without: link addresses, what stands for images, and rules. If there is nothing
 * else, with them. */
enum err text_words_from_html(struct arena *a, struct bytes html, size_t max, struct bytes *out) MUST_CHECK;

/* Plain text as an HTML document's body: line breaks, runs of blanks, links, quotes as <blockquote>. */
enum err text_to_html(struct arena *a, struct bytes text, struct bytes *out) MUST_CHECK;

/* Joins the lines of format=flowed (RFC 3676). delsp: the blank before a soft break belongs to the
 * encoding. */
enum err text_unflow(struct arena *a, struct bytes text, bool delsp, struct bytes *out) MUST_CHECK;

/* The beginning of a text on one line, at most max characters, without runs of white space: for Preview. Without quotes, too,
 * and without the addresses that stand in brackets behind what they are of ("here <https://…>"), if there is anything else. */
enum err text_preview(struct arena *a, struct bytes text, size_t max, struct bytes *out) MUST_CHECK;

/* Bare LF and bare CR as CRLF; `in` itself if it has no such. */
enum err text_crlf(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;

/* Whether two texts say the same: blanks at the end are nobody's, and line ends come in two forms. */
bool text_same(struct bytes x, struct bytes y);

/* The charset that HTML declares for itself in its first kilobytes, or empty. */
struct bytes html_declared_charset(struct bytes html);

#endif
