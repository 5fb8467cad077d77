#ifndef EASGATE_SENDING_SPLICED_H
#define EASGATE_SENDING_SPLICED_H

#include "sending/original.h"
#include "io/source.h"

/* The body of a mail made of text and of sections of another mail, read from IMAP piece by piece: whatever it holds, a few
 * hundred KB of it are in memory. */
struct spliced {
	struct request *rq;
	struct original *original; /* its mailbox is selected on rq->imap while this is read */
	const struct smart *mail;  /* borrowed */
	size_t at;                 /* the piece being read */
	uint64_t offset;           /* in its section */
	uint64_t given;            /* bytes so far */
	struct arena *chunk;       /* owned: the present one */
};

void spliced_init(struct spliced *s, struct request *rq, struct original *o, const struct smart *mail);
void spliced_deinit(struct spliced *s);
/* From the beginning, once more; selects the original's mailbox. ERR_NOT_FOUND if it is another one by now. */
enum err spliced_rewind(struct spliced *s) WAITS MUST_CHECK;
/* A source's `next`; arg is the struct spliced. ERR_NOT_FOUND: the original has gone meanwhile. */
enum err spliced_next(void *arg, struct bytes *piece) WAITS;
/* A word for boundaries that nobody can guess. NULL: the arena is spent. */
char *sending_word(struct arena *a);

/* Appends `head` and the body as one mail. Sections are read on the request's own connection, and written on another one. */
struct spliced_target {
	struct bytes mailbox;
	uint32_t flags;
	const struct bytes *keywords;
	size_t n_keywords;
};
enum err spliced_append(
    struct spliced *s, struct bytes head, const struct spliced_target *to, uint32_t *uid) WAITS MUST_CHECK;
/* By what the server said of the sections. */
uint64_t spliced_size(const struct smart *mail);

#endif
