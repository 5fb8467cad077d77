#ifndef EASGATE_MAIL_DRAFT_MAKER_H
#define EASGATE_MAIL_DRAFT_MAKER_H

#include "mail/draft.h"

/* The mail that a draft becomes. It is always made anew, in the plainest form that holds it:
 *
 * 	mixed                     where there are files
 * 		alternative       where the text is HTML
 * 			plain
 * 			related   where it shows pictures
 * 				html, pictures
 * 		files
 *
 * or, with the phone's own MIME, that and the files beside it. What the phone says apart of its header (iOS often does, and often
 * doesn't) counts. Inside proto/mail only. */

struct draft_maker {
	struct arena *arena;
	const struct smart_original *base;
	const bool *removed;
	const struct draft_field *names;
	uint32_t uid;
	const struct draft_edit *edit;
	const struct draft_stamp *stamp;
	struct draft_made *out;
	struct header source;   /* of which fields are kept */
	struct mime_part *mime; /* the phone's own; NULL: none */
	bool *in_mime;          /* for each attachment of base whether it has that, too; NULL: no */
	bool is_sealed;         /* base is */
	bool is_html, has_new_text;
	struct bytes plain, html;
	bool *base_shown, *added_shown; /* by the HTML: a picture */
	size_t n_files, n_shown;
	struct draft_field field;
	struct pieces pieces;
};

/* ---- which parts there are: draft_parts.c ---- */

/* The phone's own MIME. ERR_PROTO: it is none; ERR_UNSUPPORTED: the draft's files would go. */
enum err draft_read_mime(struct draft_maker *m) MUST_CHECK;
/* Which files and pictures there will be, and in which section each. */
enum err draft_choose_parts(struct draft_maker *m) MUST_CHECK;
enum err draft_number_parts(struct draft_maker *m) MUST_CHECK;
/* How many attachments of the base may stay, and whether that one does. */
size_t draft_n_base(const struct draft_maker *m);
bool draft_is_kept(const struct draft_maker *m, size_t i);

/* ---- writing: draft_header.c, draft_write.c ---- */

enum err draft_put_header(struct draft_maker *m) MUST_CHECK;
/* All of it. */
enum err draft_write(struct draft_maker *m) MUST_CHECK;

#endif
