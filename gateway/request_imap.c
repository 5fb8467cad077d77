#include "io/log.h"
#include "request.h"

enum err request_imap(struct request *rq, struct bytes prefer, struct imap **out)
{
	const char *why = NULL;
	uint64_t from = loop_now_ms();
	enum err e = ERR_OK;

	if (!rq->imap) {
		e = imap_open(rq->worker->imap, &rq->account->imap, prefer, &rq->imap, &why);
		rq->figures.backend_ms += (uint32_t)(loop_now_ms() - from);
	}
	if (e == ERR_AUTH)
		auth_forget(rq->worker->auth, rq->account);
	if (e)
		log_warn("IMAP connection failed: %s (%s)", why ? why : "no reason known", err_name(e));
	else
		*out = rq->imap;
	return e;
}

void request_imap_release(struct request *rq)
{
	if (!rq->imap)
		return;
	rq->figures.imap_round_trips += imap_round_trips(rq->imap);
	imap_close(&rq->imap);
}
