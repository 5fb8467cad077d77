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
	out->digest = note_digest(out->uid, out->flags->keywords, out->flags->n_keywords);
	return e;
}

const struct copy_kind note_kind = {
	.section = "HEADER.FIELDS (" NOTE_UUID_FIELD ")",
	.fill = fill,
	.options = note_options,
};
