#ifndef EASGATE_MAIL_LAYOUT_H
#define EASGATE_MAIL_LAYOUT_H

#include "base/buf.h"

/* Running text as lines: collapses white space, keeps the distance between paragraphs, quotes. It is what
 * HTML is written to when it becomes plain text. */
struct layout {
	struct buf out;
	size_t max;          /* stop at that many bytes; 0 = never */
	unsigned breaks;     /* line ends due before the next text: 1 a new line, 2 an empty line between */
	unsigned quote;      /* how deep in quotes the text stands */
	unsigned line_quote; /* the same, of the line that is being written */
	unsigned indent;     /* columns before each line's text */
	bool blank;          /* a blank is due before the next word */
	bool begun;          /* something has been written */
	bool line_empty;     /* nothing but quote marks and indent on this line yet */
	bool after_cr;       /* preformatted text ended in a CR: an LF next belongs to it */
	bool full;           /* max is reached: nothing more is taken */
};

enum { LAYOUT_MAX_QUOTE = 10, LAYOUT_MAX_INDENT = 24 };

void layout_init(struct layout *l, struct arena *a, size_t max);
/* Text with its white space collapsed; whole characters of UTF-8, in pieces as they come. */
void layout_text(struct layout *l, struct bytes text);
/* Text whose line ends (CRLF, LF or CR) and blanks count, in pieces as they come. */
void layout_pre(struct layout *l, struct bytes text);
/* Text that is kept together with what comes before it, as it is: bullets, link targets. */
void layout_raw(struct layout *l, struct bytes text);
/* At least n line ends before what comes next. */
void layout_break(struct layout *l, unsigned n);
/* One line end more, but never more than one empty line. */
void layout_newline(struct layout *l);
enum err layout_done(struct layout *l, struct bytes *out) MUST_CHECK;

#endif
