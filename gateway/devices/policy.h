#ifndef EASGATE_DEVICES_POLICY_H
#define EASGATE_DEVICES_POLICY_H

#include "request.h"

/* Policies and policy keys (MS-ASPROV). There is always a policy, be it one that forbids nothing: "no policy" after a
 * challenge makes clients give up or loop (quirks.md 8). */

/* Whether a device may go on, by its policy key. Called when rq->device is loaded.
 * *status is 0 if it may, else the common status to refuse the request with (142, 144; up to 12.1 HTTP 449).
 * With require_provisioning off, a new device is challenged once all the same: many tell what they are only then. */
enum err policy_gate(struct request *rq, uint32_t *status) WAITS MUST_CHECK;

/* Whether a phone may have a file of that size: ERR_DENIED if none, ERR_LIMIT if it is too large. Not only asked of the phone, but kept
 * to here. Source: MS-ASPROV 2.2.2.4 (AttachmentsEnabled), 2.2.2.39 (MaxAttachmentSize). */
enum err policy_check_file(const struct config *c, uint32_t size) MUST_CHECK;

/* The content of EASProvisionDoc, in the schema's order, as far as the version knows it. */
void policy_write(struct wbxml_writer *w, enum eas_version version, const struct config *c);
/* Names the policy as that version sees it: a key given for another one is no longer good. 8 bytes in the arena. */
enum err policy_hash(
    struct arena *a, enum eas_version version, const struct config *c, struct bytes *out) MUST_CHECK;
/* Stands in policy_key_pending for "was challenged, has not asked for its policy yet"; no key that a device may use. */
enum { POLICY_CHALLENGED = 1 };
/* Never 0 or POLICY_CHALLENGED, and small enough for clients that read it as a signed number. */
uint32_t policy_new_key(void);

#endif
