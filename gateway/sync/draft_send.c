#include <inttypes.h>

#include "io/log.h"
#include "sending/outgoing.h"
#include "sync/command_mark.h"
#include "sync/draft_collection.h"

/* A draft that is to be sent. What the phone has changed with it is not saved before: if it can't be sent nothing has happened, and the
 * phone still has all of it. */

/* Of a mail's own statuses those of drafts. Source: MS-ASCMD 2.2.2 (183). */
static uint32_t item_status(uint32_t status)
{
	switch (status) {
	case 0:
		return SYNC_STATUS_OK;
	case STATUS_ITEM_NOT_FOUND:
		return SYNC_STATUS_NOT_FOUND;
	case STATUS_MESSAGE_HAS_NO_RECIPIENT:
	case STATUS_MESSAGE_RECIPIENT_UNRESOLVED:
		return STATUS_INVALID_RECIPIENTS;
	case STATUS_SERVER_ERROR_RETRY_LATER:
		return STATUS_MAIL_SUBMISSION_FAILED; /* 111 is of whole requests */
	default:
		return status;
	}
}

/* Two of them: nobody's mail shall be taken for another's that was sent. */
static struct bytes name_of(const struct draft_run *x)
{
	return bytes_str(arena_printf(x->c->rq->arena, "draft %016" PRIx64 "%016" PRIx64, x->mark,
	    command_hash(x->c, x->command, ~x->mark)));
}

enum err draft_send(struct draft_run *x, bool is_change, uint32_t *status)
{
	struct outgoing *o = arena_alloc(x->c->rq->arena, sizeof(*o));
	enum err e;

	if (!o)
		return ERR_LIMIT;
	o->rq = x->c->rq;
	o->save = true;
	o->client_id = name_of(x);
	o->is_made = true;
	o->is_gone = is_change && !x->copy;
	if (!o->client_id.len)
		return ERR_LIMIT;
	if (!o->is_gone) {
		if ((e = draft_run_make(x, true)))
			return e;
		o->made = x->made.mail;
		if (x->original)
			o->original = *x->original;
	}
	if ((e = outgoing_send(o)))
		return e;
	if (o->is_under_way)
		return ERR_UNAVAILABLE; /* how it ends isn't known, so nothing is told of it */
	*status = item_status(o->status);
	if (*status != SYNC_STATUS_OK || !x->copy)
		return ERR_OK;
	log_info("draft sent folder=%u uid=%u", x->c->folder_id, x->copy->uid);
	return draft_delete_copies(x->c, x->list, x->copy->id, 0);
}
