#ifndef EASGATE_MAIL_TNEF_SKIM_H
#define EASGATE_MAIL_TNEF_SKIM_H

#include "base/buf.h"

/* A winmail.dat read in pieces and without the content of its large files: what a list shows of it is a few kilobytes of
 * megabytes. */
struct tnef_skim {
	struct buf out;  /* the stream as tnef_read takes it, with files' sizes instead of their content */
	uint64_t at;     /* where in the stream the next piece begins */
	unsigned pieces; /* taken */
};

void tnef_skim_init(struct tnef_skim *s, struct arena *a);
/* The octets from s->at on.
 *   last  there are no further ones in the stream
 *   want  so many are wanted next, from the new s->at on; 0: that was all
 * ERR_PROTO: that's no TNEF, is broken or cut, or takes too many pieces: it is to be read whole. ERR_LIMIT (arena). */
enum err tnef_skim_take(struct tnef_skim *s, struct bytes piece, bool last, uint32_t *want) MUST_CHECK;

#endif
