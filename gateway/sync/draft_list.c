#include <stdlib.h>

#include "base/hash.h"
#include "sync/draft_collection.h"
#include "sync/mail_collection.h"

/* Which mail is which draft. Of several that claim the same id the newest is that draft; another is one of its own (somebody has
 * copied it), unless a mail that is here has replaced it: that one was only not deleted any more. */

const struct draft_field *draft_field_of(const struct copy *copy)
{
	return copy->more;
}

static uint64_t hash_of(uint32_t number, uint64_t seed)
{
	uint8_t octets[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
		(uint8_t)number };

	return hash64(bytes_of(octets, sizeof(octets)), seed);
}

uint32_t draft_validity(const struct collection *c, uint32_t uid_validity)
{
	uint32_t v = (uint32_t)hash_of(uid_validity, hash64(bytes_str(c->rq->account->name), 0));

	return v ? v : 1; /* 0 says that there is no field */
}

uint32_t draft_digest_turn(uint32_t digest, uint64_t id, uint32_t uid)
{
	if (id == uid || digest == SNAPSHOT_UNSURE)
		return digest;
	return digest ^ (uint32_t)hash_of(uid, 0) << DIGEST_KEYWORDS_SHIFT;
}

static enum err fill(struct collection *c, const struct copy_list *l, struct bytes text, struct copy *out)
{
	struct bytes value = copy_field_value(text);
	struct draft_field *field;
	enum err e;

	out->id = out->uid;
	if (!value.len)
		return ERR_OK;
	field = arena_alloc(c->rq->arena, sizeof(*field));
	if (!field)
		return ERR_LIMIT;
	if ((e = draft_field_parse(c->rq->arena, value, field)))
		return e;
	if (field->validity != draft_validity(c, l->uid_validity))
		return ERR_OK; /* it comes from another mailbox */
	out->more = field;
	if (field->id)
		out->id = field->id;
	return ERR_OK;
}

static int by_id_and_uid(const void *a, const void *b)
{
	const struct copy *x = *(struct copy *const *)a, *y = *(struct copy *const *)b;

	if (x->id != y->id)
		return (x->id > y->id) - (x->id < y->id);
	return (x->uid > y->uid) - (x->uid < y->uid);
}

static int compare_uids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool is_claim(const struct copy *copy)
{
	return copy->id != copy->uid;
}

static enum err settle(struct collection *c, struct copy_list *l)
{
	struct copy **claims = arena_array(c->rq->arena, l->n, sizeof(struct copy *));
	uint32_t *replaced = arena_array(c->rq->arena, l->n, sizeof(*replaced));
	size_t n = 0, n_replaced = 0;

	if (!claims || !replaced)
		return ERR_LIMIT;
	for (size_t i = 0; i < l->n; i++) {
		if (is_claim(&l->v[i]))
			claims[n++] = &l->v[i];
		if (l->v[i].more && draft_field_of(&l->v[i])->replaces)
			replaced[n_replaced++] = draft_field_of(&l->v[i])->replaces;
	}
	if (n)
		qsort(claims, n, sizeof(struct copy *), by_id_and_uid);
	if (n_replaced)
		qsort(replaced, n_replaced, sizeof(*replaced), compare_uids);
	for (size_t i = 0; i + 1 < n; i++)
		if (claims[i]->id == claims[i + 1]->id &&
		    !bsearch(&claims[i]->uid, replaced, n_replaced, sizeof(*replaced), compare_uids))
			claims[i]->id = claims[i]->uid;
	return ERR_OK;
}

static uint32_t digest(const struct copy *copy)
{
	return draft_digest_turn(mail_digest(copy->flags), copy->id, copy->uid);
}

static void same_options(const struct sync_options *asked, struct sync_options *out)
{
	*out = *asked;
}

const struct copy_kind draft_kind = {
	.section = "HEADER.FIELDS (" DRAFT_FIELD ")",
	.has_window = true,
	.mail_bits = UINT32_MAX << DIGEST_KEYWORDS_SHIFT,
	.fill = fill,
	.settle = settle,
	.digest = digest,
	.options = same_options,
};
