#include "sync/verbs.h"

#include <time.h>

#include "io/log.h"
#include "sync/mail_collection.h"

#define KIND "verb"
enum { KEEP_S = 365 * 24 * 60 * 60 };

static struct bytes name_of(struct arena *a, uint32_t folder, uint32_t uid)
{
	return bytes_str(arena_printf(a, "%u:%u", folder, uid));
}

static enum err remember(struct request *rq, uint32_t folder, uint32_t uid, struct bytes value)
{
	struct bytes name = name_of(rq->arena, folder, uid);

	return name.len ? store_memo_set(
			      rq->worker->redis, bytes_str(rq->account->name), KIND, name, value, KEEP_S)
			: ERR_LIMIT;
}

void verb_note(struct request *rq, uint32_t folder, uint32_t uid, enum mail_verb verb)
{
	char *value = arena_printf(rq->arena, "%d %lld", (int)verb, (long long)time(NULL));
	enum err e = value ? remember(rq, folder, uid, bytes_str(value)) : ERR_LIMIT;

	if (e)
		log_info("when a mail was answered or forwarded is not remembered: %s", err_name(e));
}

enum err verb_mark(struct imap *imap, uint32_t uid, uint32_t flag, const struct imap_flags *had)
{
	static const struct bytes again = { (const uint8_t *)VERB_AGAIN, sizeof(VERB_AGAIN) - 1 };
	bool repeats = had && had->flags & flag && imap_may_add_keywords(imap);
	bool has = repeats && mail_flag_bits(had) & DIGEST_VERB_AGAIN;

	return imap_store_flags(imap, uid, flag, 0, &again, repeats && !has, &again, has, 0);
}

/* What is remembered of each; p NULL: nothing. */
static enum err recall(
    struct request *rq, uint32_t folder, const uint32_t *uids, size_t n, struct bytes **values)
{
	struct bytes *names = arena_array(rq->arena, n, sizeof(*names));

	*values = arena_array(rq->arena, n, sizeof(**values));
	if (!names || !*values)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		if (!(names[i] = name_of(rq->arena, folder, uids[i])).len)
			return ERR_LIMIT;
	return store_memo_get_many(
	    rq->worker->redis, rq->arena, bytes_str(rq->account->name), KIND, names, n, *values);
}

static enum err move(struct request *rq, uint32_t from, uint32_t to, const uint32_t *uids, size_t n,
    const struct imap_moved *moved)
{
	struct bytes *values;
	enum err e = recall(rq, from, uids, n, &values);

	for (size_t i = 0; i < n && !e; i++)
		if (values[i].p && moved->to[i])
			e = remember(rq, to, moved->to[i], values[i]);
	return e;
}

void verbs_move(struct request *rq, uint32_t from, uint32_t to, const uint32_t *uids, size_t n,
    const struct imap_moved *moved)
{
	enum err e = n && moved->uid_validity ? move(rq, from, to, uids, n, moved) : ERR_OK;

	if (e)
		log_info("when moved mails were answered or forwarded is forgotten from=%u to=%u: %s", from,
		    to, err_name(e));
}

/* ---- reading ---- */

static bool is_wanted(const struct collection *c, const struct change *v)
{
	return mail_tells_state(c, v, EMAIL_STATE_VERB) && v->now & DIGEST_VERB;
}

/* "3 1795000000" */
static bool parse(struct bytes text, struct verb *out)
{
	struct bytes verb;
	uint64_t when;
	uint32_t n;

	if (!bytes_split(&text, ' ', &verb) || bytes_to_u32(verb, VERB_FORWARD, &n) || !n ||
	    bytes_to_u64(text, INT32_MAX * UINT64_C(2), &when))
		return false;
	out->verb = (enum mail_verb)n;
	out->time = (int64_t)when;
	return true;
}

static enum err keep(struct collection *c, uint32_t uid, struct bytes text)
{
	struct verb *one = arena_alloc(c->rq->arena, sizeof(*one));

	if (!one)
		return ERR_LIMIT;
	if (!parse(text, one))
		return ERR_OK;
	one->uid = uid;
	one->next = c->verbs;
	c->verbs = one;
	return ERR_OK;
}

static enum err ask(struct collection *c, const uint32_t *uids, size_t n)
{
	struct bytes *values;
	enum err e = recall(c->rq, c->folder_id, uids, n, &values);

	for (size_t i = 0; i < n && !e; i++)
		if (values[i].p)
			e = keep(c, uids[i], values[i]);
	return e;
}

enum err verbs_load(struct collection *c, const struct change *v, size_t n)
{
	uint32_t *uids;
	size_t wanted = 0;

	uids = arena_array(c->rq->arena, n, sizeof(*uids));
	if (!uids)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		if (is_wanted(c, &v[i]))
			uids[wanted++] = (uint32_t)v[i].id;
	return wanted ? ask(c, uids, wanted) : ERR_OK;
}

const struct verb *verb_of(const struct collection *c, uint32_t uid, uint32_t digest)
{
	for (const struct verb *v = c->verbs; v; v = v->next)
		if (v->uid == uid)
			return digest & (v->verb == VERB_FORWARD ? DIGEST_FORWARDED : DIGEST_ANSWERED) ? v
												       : NULL;
	return NULL;
}
