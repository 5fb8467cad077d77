#include <stdlib.h>

#include "base/hash.h"
#include "sync/mail_collection.h"
#include "sync/note_collection.h"

/* How a note is known by the mails that it is kept in. */

uint32_t note_digest(uint32_t uid, const struct bytes *keywords, size_t n_keywords)
{
	uint8_t octets[4] = { (uint8_t)(uid >> 24), (uint8_t)(uid >> 16), (uint8_t)(uid >> 8), (uint8_t)uid };
	uint64_t sum = 0;
	uint32_t digest;

	for (size_t i = 0; i < n_keywords; i++) /* a sum: servers list them in any order */
		if (email_is_category(keywords[i]))
			sum += hash64(keywords[i], 0);
	digest = (uint32_t)hash64(bytes_of(octets, sizeof(octets)), sum);
	return digest == SNAPSHOT_UNSURE ? 0 : digest;
}

static int compare_uids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static enum err fill(struct collection *c, const struct copy_list *l, struct bytes field, struct copy *out)
{
	char made[NOTE_UUID_LEN + 1];
	enum err e = ERR_OK;

	out->name = copy_field_value(field);
	if (!out->name.len) {
		note_uuid_of_mail(l->uid_validity, out->uid, made);
		e = arena_strdup(c->rq->arena, made, &out->name);
	}
	out->id = note_id(out->name);
	return e;
}

static uint32_t digest(const struct copy *copy)
{
	return note_digest(copy->uid, copy->flags->keywords, copy->flags->n_keywords);
}

enum err notes_of_mails(struct collection *c, struct imap_uids *uids, uint64_t **ids)
{
	const struct copy_list *l;
	bool *shown = arena_array(c->rq->arena, uids->n, sizeof(*shown));
	size_t kept = 0;
	enum err e;

	*ids = arena_array(c->rq->arena, uids->n, sizeof(**ids));
	if (!shown || !*ids)
		return ERR_LIMIT;
	if ((e = copies_load(c, &note_kind, true, &l)))
		return e;
	for (size_t i = 0; i < l->n; i++) {
		const uint32_t *found =
		    bsearch(&l->v[i].uid, uids->v, uids->n, sizeof(*uids->v), compare_uids);

		if (!found || copies_find(l, l->v[i].id) != &l->v[i])
			continue;
		shown[found - uids->v] = true;
		(*ids)[found - uids->v] = l->v[i].id;
	}
	for (size_t i = 0; i < uids->n; i++)
		if (shown[i]) {
			uids->v[kept] = uids->v[i];
			(*ids)[kept++] = (*ids)[i];
		}
	uids->n = kept;
	return ERR_OK;
}

const struct copy_kind note_kind = {
	.section = "HEADER.FIELDS (" NOTE_UUID_FIELD ")",
	.mail_bits = UINT32_MAX,
	.fill = fill,
	.digest = digest,
	.options = note_options,
};
