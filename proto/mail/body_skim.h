#ifndef EASGATE_MAIL_BODY_SKIM_H
#define EASGATE_MAIL_BODY_SKIM_H

#include "mail/body.h"

/* Takes what was fetched of the plan's winmail.dat: all of it, or (fetch.count isn't 0) the next piece of one that is skimmed.
 *   data  the stream so far, for tnef_unfold
 *   more  a further piece is wanted, and `f` says which
 * Only ERR_LIMIT (arena). */
enum err body_skim_take(
    struct arena *a, struct body_plan *plan, struct body_fetch *f, struct bytes *data, bool *more) MUST_CHECK;

#endif
