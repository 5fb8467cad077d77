#ifndef EASGATE_PHONE_SYNC_REQUEST_H
#define EASGATE_PHONE_SYNC_REQUEST_H

#include "phone.h"

/* The bodies of requests; no connection is needed, so the load generator uses them too. */

/* Keys that the request leaves open come from the replica, which may be NULL where it leaves none. */
void phone_sync_put(
    struct wbxml_writer *w, enum eas_version v, struct phone_replica *r, const struct phone_sync *rq);
void phone_estimate_put(struct wbxml_writer *w, enum eas_version v, const struct phone_folder *f,
    const struct phone_collection *c);

#endif
