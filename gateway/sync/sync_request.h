#ifndef EASGATE_SYNC_SYNC_REQUEST_H
#define EASGATE_SYNC_SYNC_REQUEST_H

#include "eas/options.h"
#include "request.h"
#include "sync/sync_key.h"
#include "sync/sync_status.h"

/* A Sync request, decoded (MS-ASCMD 2.2.1.21), with what it leaves out filled in from the device's cached request. */
struct sync_ask {
	struct bytes id_text;   /* CollectionId as sent */
	uint32_t id;            /* 0: can't be an id of ours */
	struct bytes key;       /* SyncKey as sent */
	bool key_current;       /* from the cache: the key is whatever it is now, if that is `proven` */
	struct sync_key proven; /* the key that the phone was last seen to have; generation 0: none */
	enum eas_class class;   /* ≤12.1 */
	bool has_options;
	struct sync_options options;
	bool has_conversation_mode, conversation_mode; /* 14.0 and later */
	bool wants_sms;                                /* by an Options block of that class */
	struct sync_options sms_options;
	uint32_t window; /* 1..512 */
	bool has_window;
	bool deletes_as_moves, get_changes;
	bool names_supported; /* a start says which properties the phone knows */
	const struct wbxml_node *commands;
	uint32_t n_commands;
	uint32_t status; /* 0, or why this collection can't be done: 4, 164 */
};

struct sync_request {
	struct sync_ask *v;
	size_t n;
	uint32_t window;      /* of all collections together, 1..512 */
	uint32_t heartbeat_s; /* 0: answer at once */
	bool from_cache;      /* an empty or a partial request */
	uint32_t status;      /* 0, or why the whole can't be done: 4, 13, 14, 15 */
	uint32_t limit;       /* with 14 (in the unit that was asked in) and 15 */
};

/* xml     NULL for an empty request
 * cached  what the device's last whole request was, in stored form; may be empty
 * A faulty request is ERR_OK with a status. */
enum err sync_request_parse(struct request *rq, const struct wbxml_node *xml, struct bytes cached,
    struct sync_request *out) MUST_CHECK;
/* The stored form: collections, windows and waiting time, then what is proven of their keys; their options are kept with their
 * states. shape_len: how much of it says what is asked for, without the keys. */
enum err sync_request_encode(
    struct arena *a, const struct sync_request *s, struct bytes *out, size_t *shape_len) MUST_CHECK;

#endif
