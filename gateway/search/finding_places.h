#ifndef EASGATE_SEARCH_FINDING_PLACES_H
#define EASGATE_SEARCH_FINDING_PLACES_H

#include "search/finding.h"

/* The mailboxes that a search looks into. Inside gateway/search only. */

/* One class of a folder's items: SMS are in a mailbox of their own beside the mails. */
struct finding_place {
	struct collection *c; /* one for each place, although two may be of the same folder */
	enum eas_class class; /* EMAIL, NOTES or SMS */
};
struct bytes finding_place_mailbox(const struct finding_place *p);
/* False: it is empty, or not there. */
enum err finding_place_may_have(const struct finding_place *p, bool *out) WAITS MUST_CHECK;

/* Those that are asked for, with IMAP open. Errors as of finding_run. */
enum err finding_places(struct request *rq, const struct finding_ask *ask, struct finding_place **out,
    size_t *n) WAITS MUST_CHECK;

#endif
