#include "io/log.h"
#include "request.h"

static uint64_t bytes_in(const struct imap *c)
{
	uint64_t in, out;

	imap_byte_counts(c, &in, &out);
	return in;
}

enum err request_imap(struct request *rq, struct bytes prefer, struct imap **out)
{
	const char *why = NULL;
	enum err e = ERR_OK;

	if (!rq->imap && !(e = imap_open(rq->worker->imap, &rq->account->imap, prefer, &rq->imap, &why))) {
		imap_keep_login(rq->imap, &rq->account->imap);
		rq->imap_trips_before = imap_round_trips(rq->imap);
		rq->imap_in_before = bytes_in(rq->imap);
	}
	if (e == ERR_AUTH)
		auth_forget(rq->worker->auth, rq->account);
	if (e)
		log_warn("IMAP connection failed: %s (%s)", why ? why : "no reason known", err_name(e));
	else
		*out = rq->imap;
	return e;
}

void request_release(struct request *rq)
{
	struct fiber_tally *tally = fiber_tally();

	rq->figures.backend_ms += (uint32_t)(tally->waited_us / 1000);
	rq->figures.redis_round_trips += tally->store_trips;
	*tally = (struct fiber_tally){ 0 };
	if (!rq->imap)
		return;
	rq->figures.imap_round_trips += imap_round_trips(rq->imap) - rq->imap_trips_before;
	rq->figures.imap_in += bytes_in(rq->imap) - rq->imap_in_before;
	imap_close(&rq->imap);
}
