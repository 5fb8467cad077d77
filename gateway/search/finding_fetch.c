#include "search/finding.h"

#include "sync/drafts.h"

/* The results of a page. Those of one folder are fetched together, as far as the answer's bytes allow. */

/* How many are fetched before anybody looks at the size of the answer: texts are 4 MB at most (mail/body.h), whole mails may be
 * an eighth of the request's memory. */
enum { STEP_SHORT = FINDING_PAGE, STEP_TEXT = 10, STEP_MIME = 1, SHORT_BODY = 32 * 1024 };

static size_t step_of(const struct sync_options *o)
{
	size_t step = o->body_count ? STEP_SHORT : STEP_TEXT;

	for (size_t i = 0; i < o->body_count; i++) {
		size_t mine = o->body[i].type == BODY_MIME ? STEP_MIME : STEP_TEXT;

		if (o->body[i].truncation_size > SHORT_BODY && mine < step)
			step = mine;
	}
	return step;
}

/* The changes of one folder as an array, for prepare; then back to where they stand in the page. */
static enum err prepare_folder(struct request *rq, struct collection *c, struct finding_item *items, size_t n)
{
	struct change *changes = arena_array(rq->arena, n, sizeof(*changes));
	size_t *places = arena_array(rq->arena, n, sizeof(*places)), count = 0, at = 0;
	enum err e;

	if (!changes || !places)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		if (items[i].c != c)
			continue;
		places[count] = i;
		changes[count++] = items[i].mail;
	}
	if (c->ops == &draft_collection && (e = drafts_ids(c, changes, count)))
		return e;
	while (at < count) {
		size_t done = 0;

		if ((e = c->ops->prepare(c, changes + at, count - at, SIZE_MAX, &done)))
			return e;
		at += done;
	}
	for (size_t i = 0; i < count; i++)
		items[places[i]].mail = changes[i];
	return ERR_OK;
}

static bool is_first_of_folder(const struct finding_item *items, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (items[i].c == items[at].c)
			return false;
	return true;
}

static enum err prepare_items(
    struct request *rq, struct finding_item *items, size_t n, const struct sync_options *options)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < n && !e; i++) {
		if (!is_first_of_folder(items, i))
			continue;
		items[i].c->options = items[i].c->sms.options = *options;
		e = prepare_folder(rq, items[i].c, items, n);
	}
	return e;
}

enum err finding_fetch(struct request *rq, const struct finding *f, struct finding_range range,
    const struct sync_options *options, struct finding_page *out)
{
	size_t first = range.first < f->n ? range.first : f->n, wanted = f->n - first, kept = 0;
	size_t step = step_of(options), start = arena_used(rq->arena);
	size_t budget = rq->worker->config->sync_response_bytes;
	enum err e;

	if (wanted > (size_t)range.last - range.first + 1)
		wanted = (size_t)range.last - range.first + 1;
	if (wanted > FINDING_PAGE)
		wanted = FINDING_PAGE;
	*out = (struct finding_page){ .v = arena_array(rq->arena, wanted, sizeof(*out->v)) };
	if (!out->v)
		return ERR_LIMIT;
	while (out->n < wanted && (!out->n || arena_used(rq->arena) - start < budget)) {
		size_t n = wanted - out->n < step ? wanted - out->n : step;

		for (size_t i = 0; i < n; i++) {
			const struct finding_hit *hit = &f->v[first + out->n + i];

			out->v[out->n + i] =
			    (struct finding_item){ hit->c, { .kind = CHANGE_ADD, .id = hit->id } };
		}
		if ((e = prepare_items(rq, out->v + out->n, n, options)))
			return e;
		out->n += n;
	}
	out->taken = (uint32_t)out->n;
	for (size_t i = 0; i < out->n; i++)
		if (out->v[i].mail.kind == CHANGE_ADD)
			out->v[kept++] = out->v[i];
	out->n = kept;
	return ERR_OK;
}
