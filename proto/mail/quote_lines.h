#ifndef EASGATE_MAIL_QUOTE_LINES_H
#define EASGATE_MAIL_QUOTE_LINES_H

#include "base/bytes.h"

/* The lines that mailers write above what they quote, in the sender's language: known by their words alone, since nothing
 * marks them. What looks like one only in part is taken for the sender's own text. Lines come without tags and line ends. */

/* Takes the lines of a text one after the other. Begins zeroed. */
struct quote_lines {
	size_t start;   /* where the first line of the block begins that is being read */
	unsigned seen;  /* what it had; 0: no block is being read */
	unsigned lines; /* since its "From:" */
};

/* The next line, which begins `at`. True: from q->start on all is the original, as Outlook and Samsung quote it: below
 * "-----Original Message-----", or below the lines From, Sent, To and Subject. */
bool quote_lines_take(struct quote_lines *q, struct bytes line, size_t at);

/* Whether that line right above a quote introduces it: "Anna wrote:".
 *   apart  there are empty lines between the two */
bool quote_lines_introduce(struct bytes line, bool apart);
/* Whether the line above such a one begins it: "On Tuesday, 5 May 2026, Anna" above "<anna@example.org> wrote:". */
bool quote_lines_continue(struct bytes first, struct bytes second);

#endif
