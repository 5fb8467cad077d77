#ifndef EASGATE_SYNC_NOTE_APPEND_H
#define EASGATE_SYNC_NOTE_APPEND_H

#include "notes/note_mail.h"
#include "sync/note_collection.h"

/* What a new note and a changed one have in common: they are appended. Inside gateway/sync only. */

struct note_keywords {
	struct bytes *v;
	size_t n;
	bool partial; /* something can't be a keyword: the phone must be told what is there */
};
/* The categories that the phone wants as keywords; of those that the note had (NULL: it is new), what isn't a category stays. */
enum err note_wanted_keywords(struct collection *c, const struct note_edit *edit,
    const struct imap_flags *had, struct note_keywords *out) MUST_CHECK;
/* What is in `x` but not in `y`. */
enum err note_keywords_without(struct collection *c, const struct note_keywords *x,
    const struct note_keywords *y, struct note_keywords *out) MUST_CHECK;

/* ERR_LIMIT if there is no Message-ID, for which the arena was spent. */
enum err note_stamp_of(
    struct collection *c, struct bytes uuid, struct bytes message_id, struct note_stamp *out) MUST_CHECK;
/* Tells its digest, so that the phone isn't told of its own note. */
enum err note_append(struct collection *c, struct bytes mail, uint32_t flags, const struct note_keywords *k,
    struct bytes message_id, uint32_t *digest) WAITS MUST_CHECK;

/* What IMAP refuses the phone is told, and it shows the note again as it is. Other errors stay what they are. */
enum err note_refused(struct collection *c, const char *what, enum err e, uint32_t *status) MUST_CHECK;

#endif
