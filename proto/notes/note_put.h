#ifndef EASGATE_NOTES_NOTE_PUT_H
#define EASGATE_NOTES_NOTE_PUT_H

#include "notes/note_mail.h"

/* Pieces of the mail that a note is, for note_mail.c and note_patch.c. */

void note_put_field(struct buf *out, const char *name, struct bytes value);
void note_put_date(struct buf *out, const char *name, int64_t t);
/* What every copy of a note gets anew: Date, Message-ID, and the two fields that make it that note. */
void note_put_stamp(struct buf *out, const struct note_stamp *stamp);

#endif
