#include <stdlib.h>

#include "base/hash.h"
#include "sync/mail_collection.h"
#include "sync/note_collection.h"

/* Which notes a mailbox holds. Nothing of it is stored: UUIDs are asked for anew whenever something has changed, one short
 * field of each mail. */

#define UUID_SECTION "HEADER.FIELDS (" NOTE_UUID_FIELD ")"

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

/* The field of a note; empty if it has none. */
static struct bytes uuid_in(struct bytes field)
{
	size_t colon = bytes_find(field, ':');

	return colon < field.len ? bytes_trim(bytes_of(field.p + colon + 1, field.len - colon - 1))
				 : bytes_of(NULL, 0);
}

static enum err fill(struct collection *c, const struct note_list *l, const struct imap_part_request *asked,
    const struct imap_flags *flags, struct note_copy *out)
{
	struct bytes uuid = uuid_in(asked->data);
	char made[NOTE_UUID_LEN + 1];
	enum err e = ERR_OK;

	if (!uuid.len) {
		note_uuid_of_mail(l->uid_validity, asked->uid, made);
		e = arena_strdup(c->rq->arena, made, &uuid);
	}
	*out = (struct note_copy){ .id = note_id(uuid),
		.uid = asked->uid,
		.digest = note_digest(asked->uid, flags->keywords, flags->n_keywords),
		.flags = flags,
		.uuid = uuid };
	return e;
}

static int by_id_and_uid(const void *a, const void *b)
{
	const struct note_copy *x = a, *y = b;

	if (x->id != y->id)
		return (x->id > y->id) - (x->id < y->id);
	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* A mail that is gone by the time its field is asked for is left out; one without the field gives an empty block. */
static enum err ask_for_uuids(struct collection *c, const struct imap_changes *all, struct note_list *l)
{
	struct imap_part_request *asked = arena_array(c->rq->arena, all->n, sizeof(*asked));
	const struct imap_flags **flags = arena_array(c->rq->arena, all->n, sizeof(struct imap_flags *));
	size_t n = 0;
	enum err e;

	l->v = arena_array(c->rq->arena, all->n, sizeof(*l->v));
	if (!asked || !flags || !l->v)
		return ERR_LIMIT;
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].flags & IMAP_DELETED)
			continue; /* it was replaced, or is as good as gone */
		flags[n] = &all->v[i];
		asked[n++] = (struct imap_part_request){ .uid = all->v[i].uid, .section = UUID_SECTION };
	}
	if (n && (e = imap_fetch_parts(c->imap, c->rq->arena, asked, n)))
		return e;
	for (size_t i = 0; i < n; i++)
		if (asked[i].found && (e = fill(c, l, &asked[i], flags[i], &l->v[l->n++])))
			return e;
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_id_and_uid);
	return ERR_OK;
}

enum err note_list_load(struct collection *c, bool known_will_do, const struct note_list **out)
{
	struct imap_changes all;
	struct imap_status status;
	struct note_list *l = known_will_do ? c->cache : NULL;
	enum err e;

	*out = l;
	if (l)
		return ERR_OK;
	l = arena_alloc(c->rq->arena, sizeof(*l));
	if (!l)
		return ERR_LIMIT;
	if ((e = mail_select(c, &status)) || (e = imap_fetch_changes(c->imap, c->rq->arena, 0, &all)))
		return e;
	l->uid_validity = status.uid_validity;
	l->modseq = all.highest_modseq ? all.highest_modseq : status.highest_modseq;
	if ((e = ask_for_uuids(c, &all, l)))
		return e;
	*out = c->cache = l;
	return ERR_OK;
}

/* The first copy of that id or of a greater one. */
static size_t lower_bound(const struct note_list *l, uint64_t id)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->v[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct note_copy *note_copies(const struct note_list *l, uint64_t id, size_t *n)
{
	size_t first = lower_bound(l, id);

	for (*n = 0; first + *n < l->n && l->v[first + *n].id == id;)
		++*n;
	return l->v + first;
}

const struct note_copy *note_find(const struct note_list *l, uint64_t id)
{
	size_t n;
	const struct note_copy *v = note_copies(l, id, &n);

	return n ? &v[n - 1] : NULL;
}
