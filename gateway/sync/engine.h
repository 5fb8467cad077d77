#ifndef EASGATE_SYNC_ENGINE_H
#define EASGATE_SYNC_ENGINE_H

#include "sync/collection.h"
#include "sync/results.h"
#include "sync/sync_key.h"
#include "sync/sync_request.h"

/* One collection of one Sync: from its key and its stored state to its answer and its next state (DESIGN 4).
 *
 *   key 0        state is made, or joined if it has just been made; no items
 *   current key  the phone's commands are done, then it gets what differs
 *   former key   a replay: the answer was lost. With the same commands, the phone gets exactly what it should have got,
 *                computed from the two snapshots, under the same key (under a new one if an item is no longer what that
 *                answer said); with others, it is a sync from the former state
 *   other key    status 3 */
enum sync_mode { SYNC_START, SYNC_JOIN, SYNC_NORMAL, SYNC_REPLAY, SYNC_FAILED };

struct sync_run {
	const struct sync_ask *ask;
	struct collection c;
	struct store_sync stored; /* as loaded */
	struct sync_key key;      /* that the phone has, as its request shows */
	enum sync_mode mode;
	uint32_t status;             /* of the collection; 1 unless it failed */
	struct snapshot base, next;  /* what the phone has now, and with this answer */
	struct sync_results results; /* of its commands */
	struct changes changes;      /* what goes out: [0..n) */
	bool more;                   /* MoreAvailable */
	bool advance;                /* the answer carries a new key */
	bool off_former_key; /* SYNC_NORMAL from the former key: the lost answer's commands were others */
	bool save;           /* something is to be stored, with or without a new key */
	struct store_sync to_store;
};

/* What the key means. Doesn't wait. A damaged state is status 3 for this collection only. Status 13 is for the whole: an empty or
 * partial request doesn't say which key the phone has, and it may not have got the newest. */
enum err sync_run_open(struct sync_run *r) MUST_CHECK;
/* Whether the server must be asked at all. */
bool sync_run_needs_backend(const struct sync_run *r);
/* Whether items will be fetched, as far as that is known before the server is asked. */
bool sync_run_fetches(const struct sync_run *r);
/* Commands, comparison, and the fetching of what goes out.
 *   window  most changes to send;  budget  about how many bytes
 * ERR_NOT_FOUND: the folder is gone. */
enum err sync_run_work(struct sync_run *r, uint32_t window, size_t budget) WAITS MUST_CHECK;
/* The state to store, if r->save. */
enum err sync_run_close(struct sync_run *r) MUST_CHECK;
/* Whether there is anything to say of this collection. */
bool sync_run_has_answer(const struct sync_run *r);
/* The Collection element. */
enum err sync_run_write(struct sync_run *r, struct wbxml_writer *w) WAITS MUST_CHECK;

/* How many changes the next Sync would send, and how many of them are new contents (a new item; of another class than mail also
 * a changed one): for GetItemEstimate and Ping. Nothing is
 * stored or fetched. c->options hold what to ask with. */
struct sync_peek {
	uint32_t changes, adds;
};
enum err sync_peek(struct collection *c, const struct snapshot *has, struct sync_peek *out) WAITS MUST_CHECK;

/* The sticky options of a stored state, defaults if there are none; and those for SMS: whether it has any. */
void sync_settings_get(const struct store_sync *s, struct sync_options *out);
bool sync_settings_get_sms(const struct store_sync *s, struct sync_options *out);

#endif
