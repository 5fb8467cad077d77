/* A winmail.dat in base64, of which only pieces are fetched. Where in the text an octet stands follows from the length of its
 * lines. If they aren't equally long a piece isn't what it should be, which shows, and all is fetched. */
#include "mail/body_skim.h"

#include "mail/base64_grid.h"
#include "mail/tnef_skim.h"
#include "mail/transfer.h"

struct body_skim {
	struct tnef_skim stream;
	struct base64_grid grid; /* its size is at most two too large */
	uint32_t skip;           /* octets of the piece before those that are wanted */
};

/* False: the text has no such lines. */
static bool find_grid(const struct body_fetch *f, struct base64_grid *out)
{
	uint32_t line = (uint32_t)bytes_find(f->data, '\r'), size = f->part->size;

	if (!line || line % 4 || line == f->data.len)
		return false;
	*out = (struct base64_grid){ line, (size / (line + 2) * (uint64_t)line + size % (line + 2)) / 4 * 3 };
	return true;
}

static enum err begin(struct arena *a, struct body_plan *plan, const struct body_fetch *f)
{
	struct body_skim *k = arena_alloc(a, sizeof(*k));

	if (!k)
		return ERR_LIMIT;
	*k = (struct body_skim){ 0 };
	if (!find_grid(f, &k->grid))
		return ERR_PROTO;
	tnef_skim_init(&k->stream, a);
	plan->skim = k;
	return ERR_OK;
}

static void fetch(struct body_fetch *f, uint32_t from, uint32_t count)
{
	f->from = from;
	f->count = count;
	f->data = (struct bytes){ 0 };
	f->fetched = false;
}

static enum err take_piece(struct arena *a, struct body_plan *plan, struct body_fetch *f, uint32_t *want)
{
	bool last = f->data.len < f->count;
	struct bytes octets, skipped;
	enum err e;

	if ((e = transfer_decode(a, MIME_BASE64, f->data, &octets)) ||
	    (!plan->skim && (e = begin(a, plan, f))))
		return e;
	if (!bytes_take(&octets, plan->skim->skip, &skipped))
		octets.len = 0;
	return tnef_skim_take(&plan->skim->stream, octets, last, want);
}

enum err body_skim_take(
    struct arena *a, struct body_plan *plan, struct body_fetch *f, struct bytes *data, bool *more)
{
	struct body_skim *k;
	uint32_t want, from;
	enum err e;

	*more = false;
	if (!f->count)
		return transfer_decode(a, f->part->encoding, f->data, data);
	e = take_piece(a, plan, f, &want);
	k = plan->skim;
	if (e == ERR_PROTO || (!e && k->stream.at > k->grid.size)) { /* or the last file is cut */
		fetch(f, 0, 0);
		*more = true;
		return ERR_OK;
	}
	if (e)
		return e;
	if (!want || k->stream.at == k->grid.size)
		return buf_done(&k->stream.out, data);
	from = base64_grid_seek(&k->grid, k->stream.at, &k->skip);
	fetch(f, from, base64_grid_span(&k->grid, (uint64_t)k->skip + want));
	*more = true;
	return ERR_OK;
}
