#include "sync/follow_ups.h"

#include "io/log.h"
#include "sync/mail_collection.h"

enum { RECORD = DIGEST_RECORD_A | DIGEST_RECORD_B, BATCH = 100, MOST_TIDIED = 20 /* in one answer */ };

struct follow_up_record {
	uint32_t uid;
	struct follow_up flag;
	struct follow_up_record *next;
};

static const char *entry_name(struct arena *a, uint32_t validity, uint32_t uid, uint32_t letter)
{
	return arena_printf(a, "/private/vendor/easgate/followup/%u/%u/%c", validity, uid,
	    letter & DIGEST_RECORD_A ? 'a' : 'b');
}

/* ---- reading ---- */

/* It has one, and is to be told. */
static bool wants_record(const struct collection *c, const struct change *v)
{
	return mail_tells_state(c, v, EMAIL_STATE_FLAG) && v->now & RECORD &&
	       v->now & (DIGEST_FLAGGED | DIGEST_DONE);
}

static enum follow_up_status status_of(uint32_t digest)
{
	return digest & DIGEST_FLAGGED ? FOLLOW_UP_ACTIVE
	       : digest & DIGEST_DONE  ? FOLLOW_UP_COMPLETE
				       : FOLLOW_UP_NONE;
}

static enum err add_record(struct collection *c, uint32_t uid, const struct imap_entry *entry)
{
	struct follow_up_record *r = arena_alloc(c->rq->arena, sizeof(*r));
	enum err e;

	if (!r)
		return ERR_LIMIT;
	r->uid = uid;
	e = follow_up_decode(c->rq->arena, entry->value, &r->flag);
	if (e == ERR_PROTO)
		log_warn("a flag's dates in the mailbox's METADATA can't be read: %s", entry->name);
	r->next = c->follow_ups;
	c->follow_ups = r;
	return e == ERR_PROTO ? ERR_OK : e;
}

static enum err read_entries(struct collection *c, uint32_t validity, const struct change *const *v, size_t n)
{
	struct imap_entry *entries = arena_array(c->rq->arena, n, sizeof(*entries));
	enum err e;

	if (!entries)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		if (!(entries[i].name = entry_name(c->rq->arena, validity, (uint32_t)v[i]->id, v[i]->now)))
			return ERR_LIMIT;
	e = imap_get_metadata(c->imap, c->rq->arena, c->mailbox, entries, n);
	if (e == ERR_UNSUPPORTED || e == ERR_DENIED) {
		log_info("flags are shown without their dates folder=%u: %s", c->folder_id,
		    e == ERR_DENIED ? imap_problem(c->imap) : "the server has no METADATA");
		return ERR_OK;
	}
	for (size_t i = 0; i < n && !e; i++)
		if (entries[i].value.p)
			e = add_record(c, (uint32_t)v[i]->id, &entries[i]);
	return e;
}

/* ---- what another program has left of a flag ---- */

static uint32_t leftovers(const struct change *v)
{
	const struct imap_flags *f = v->kind == CHANGE_UPDATE ? v->item : NULL;

	return f ? mail_flag_bits(f) & ~mail_digest(f) : 0;
}

static enum err drop_entries(struct collection *c, uint32_t uid, uint32_t letters)
{
	enum err e = ERR_OK;

	for (uint32_t letter = DIGEST_RECORD_A; letter <= DIGEST_RECORD_B && !e; letter <<= 1)
		if (letters & letter)
			e = follow_up_keep(c, uid, letter, NULL);
	return e;
}

static enum err tidy(struct collection *c, uint32_t uid, uint32_t left)
{
	struct bytes gone[3];
	size_t n = 0;
	enum err e;

	if (left & DIGEST_DONE)
		gone[n++] = BYTES(FOLLOW_UP_DONE);
	if (left & DIGEST_RECORD_A)
		gone[n++] = BYTES(FOLLOW_UP_A);
	if (left & DIGEST_RECORD_B)
		gone[n++] = BYTES(FOLLOW_UP_B);
	e = imap_store_flags(c->imap, uid, 0, 0, NULL, 0, gone, n, 0);
	return e ? e : drop_entries(c, uid, left);
}

/* Of a mail that is gone. */
static uint32_t orphans(const struct change *v)
{
	return v->kind == CHANGE_DELETE && v->had != SNAPSHOT_UNSURE ? v->had & RECORD : 0;
}

/* Else a flag that is set again some day would have the old dates, and what belongs to no mail any more would pile up. */
static void tidy_all(struct collection *c, const struct change *v, size_t n)
{
	enum err e = ERR_OK;
	unsigned done = 0;

	for (size_t i = 0; i < n && !e && done < MOST_TIDIED; i++) {
		uint32_t uid = (uint32_t)v[i].id, left = leftovers(&v[i]), gone = orphans(&v[i]);

		if (!left && !gone)
			continue;
		if (!(e = mail_select(c, NULL)))
			e = gone ? drop_entries(c, uid, gone) : tidy(c, uid, left);
		done++;
	}
	if (e)
		log_info("what is left of a former flag stays folder=%u: %s (%s)", c->folder_id,
		    imap_problem(c->imap), err_name(e));
}

enum err follow_ups_load(struct collection *c, const struct change *v, size_t n)
{
	const struct change **wanted = arena_array(c->rq->arena, n, sizeof(struct change *));
	struct imap_status status;
	size_t n_wanted = 0;
	enum err e;

	if (!wanted)
		return ERR_LIMIT;
	tidy_all(c, v, n);
	for (size_t i = 0; i < n; i++)
		if (wants_record(c, &v[i]))
			wanted[n_wanted++] = &v[i];
	if (!n_wanted)
		return ERR_OK;
	if ((e = mail_select(c, &status)))
		return e;
	return read_entries(c, status.uid_validity, wanted, n_wanted);
}

const struct follow_up *follow_up_of(const struct collection *c, uint32_t uid, uint32_t digest)
{
	static const struct follow_up bare[] = { [FOLLOW_UP_COMPLETE] = { .status = FOLLOW_UP_COMPLETE },
		[FOLLOW_UP_ACTIVE] = { .status = FOLLOW_UP_ACTIVE } };
	enum follow_up_status status = status_of(digest);

	if (status == FOLLOW_UP_NONE)
		return NULL;
	for (struct follow_up_record *r = digest & RECORD ? c->follow_ups : NULL; r; r = r->next) {
		if (r->uid != uid)
			continue;
		r->flag.status = status;
		return &r->flag;
	}
	return &bare[status];
}

/* ---- writing ---- */

enum err follow_up_keep(struct collection *c, uint32_t uid, uint32_t letter, const struct follow_up *f)
{
	struct bytes value = { 0 };
	struct imap_status status;
	const char *name;
	enum err e;

	if ((e = mail_select(c, &status)))
		return e;
	if (!(name = entry_name(c->rq->arena, status.uid_validity, uid, letter)))
		return ERR_LIMIT;
	if (f && (e = follow_up_encode(c->rq->arena, f, &value)))
		return e;
	return imap_set_metadata(c->imap, c->mailbox, name, value);
}

enum err follow_up_is_kept(
    struct collection *c, uint32_t uid, uint32_t letter, const struct follow_up *f, bool *out)
{
	struct imap_entry entry = { 0 };
	struct imap_status status;
	struct bytes wanted;
	enum err e;

	*out = false;
	if ((e = mail_select(c, &status)) || (e = follow_up_encode(c->rq->arena, f, &wanted)))
		return e;
	if (!(entry.name = entry_name(c->rq->arena, status.uid_validity, uid, letter)))
		return ERR_LIMIT;
	e = imap_get_metadata(c->imap, c->rq->arena, c->mailbox, &entry, 1);
	*out = !e && entry.value.p && bytes_eq(entry.value, wanted);
	return e == ERR_DENIED || e == ERR_UNSUPPORTED ? ERR_OK : e;
}

/* ---- moving ---- */

static const uint32_t letters[] = { DIGEST_RECORD_A, DIGEST_RECORD_B };
enum { LETTERS = sizeof(letters) / sizeof(letters[0]) };

static enum err move_entry(struct imap *imap, struct arena *a, const struct follow_up_move *m,
    const struct imap_entry *entry, uint32_t to_uid, uint32_t letter)
{
	const char *name = entry_name(a, m->moved->uid_validity, to_uid, letter);
	enum err e = name ? imap_set_metadata(imap, m->to, name, entry->value) : ERR_LIMIT;

	return e ? e : imap_set_metadata(imap, m->from, entry->name, bytes_of(NULL, 0));
}

static enum err move_some(struct imap *imap, struct arena *a, const struct follow_up_move *m,
    uint32_t validity, size_t from, size_t n)
{
	struct imap_entry *entries = arena_array(a, n * LETTERS, sizeof(*entries));
	enum err e;

	if (!entries)
		return ERR_LIMIT;
	for (size_t i = 0; i < n * LETTERS; i++)
		if (!(entries[i].name =
			    entry_name(a, validity, m->uids[from + i / LETTERS], letters[i % LETTERS])))
			return ERR_LIMIT;
	e = imap_get_metadata(imap, a, m->from, entries, n * LETTERS);
	for (size_t i = 0; i < n * LETTERS && !e; i++)
		if (entries[i].value.p && m->moved->to[from + i / LETTERS])
			e = move_entry(
			    imap, a, m, &entries[i], m->moved->to[from + i / LETTERS], letters[i % LETTERS]);
	return e;
}

void follow_ups_move(struct imap *imap, struct arena *a, const struct follow_up_move *m)
{
	struct imap_status status;
	enum err e;

	if (!(imap_caps(imap) & IMAP_CAP_METADATA) || !m->moved->uid_validity)
		return;
	e = imap_select(imap, m->from, &status);
	for (size_t at = 0; at < m->n && !e; at += BATCH)
		e = move_some(imap, a, m, status.uid_validity, at, m->n - at < BATCH ? m->n - at : BATCH);
	if (e)
		log_info("the dates of moved mails' flags stayed behind: %s (%s)", imap_problem(imap),
		    err_name(e));
}
