#include <inttypes.h>
#include <time.h>

#include "base/hash.h"
#include "eas/opaque_id.h"
#include "io/log.h"
#include "mail/address.h"
#include "sending/spliced.h"
#include "sync/command_mark.h"
#include "sync/draft_collection.h"
#include "sync/follow_ups.h"
#include "sync/mail_collection.h"

/* What adding, changing and sending a draft have in common. */

enum err draft_run_init(
    struct draft_run *x, struct collection *c, const struct wbxml_node *command, uint64_t seed)
{
	*x = (struct draft_run){ .c = c, .command = command };
	x->mark = command_hash(c, command, seed);
	return draft_edit_read(c->rq->arena, wbxml_child(command, AIRSYNC_APPLICATION_DATA), &x->edit);
}

/* ---- what it was ---- */

static enum err fetch_base(struct draft_run *x)
{
	enum err e;

	x->original = arena_alloc(x->c->rq->arena, sizeof(*x->original));
	if (!x->original)
		return ERR_LIMIT;
	*x->original = (struct original){ .mailbox = x->c->mailbox,
		.folder = x->c->folder_id,
		.uid = x->copy->uid,
		.uid_validity = x->list->uid_validity };
	e = original_fetch(x->c->rq, x->original);
	x->is_unreadable = e == ERR_NOT_FOUND; /* it was listed just now */
	return e;
}

/* The section of this mail that the phone means; empty: it isn't there (any more). ERR_NOT_FOUND: no reference of ours. */
static enum err section_of(struct draft_run *x, struct bytes reference, struct bytes *out)
{
	const struct draft_field *f = draft_field_of(x->copy);
	struct request *rq = x->c->rq;
	const struct draft_name *name = NULL;
	struct opaque_id id;
	enum err e = opaque_id_parse(rq->arena, bytes_str(rq->account->name), reference, &id);

	*out = bytes_of(NULL, 0);
	if (e || id.folder != x->c->folder_id || !id.part.len || id.item > UINT32_MAX)
		return e ? e : ERR_NOT_FOUND;
	if (f)
		name = draft_field_find(f, (uint32_t)id.item, id.part);
	if (name)
		*out = name->section;
	else if (id.item == x->copy->uid)
		*out = id.part;
	return ERR_OK;
}

bool draft_run_is_done(const struct draft_run *x)
{
	const struct draft_field *f = x->copy ? draft_field_of(x->copy) : NULL;

	return f && f->mark == x->mark;
}

/* What this same command has put in goes, to be put in again: each file then gets the place that it has. */
static void find_added(const struct draft_run *x, bool *removed)
{
	const struct smart_original *base = &x->original->mail;

	for (size_t i = 0; i < base->n_attachments; i++)
		removed[i] =
		    !draft_field_name(draft_field_of(x->copy), bytes_str(base->attachments[i].part->section));
}

static enum err find_removed(struct draft_run *x, bool *removed)
{
	const struct smart_original *base = &x->original->mail;

	if (draft_run_is_done(x)) {
		find_added(x, removed);
		return ERR_OK;
	}
	for (size_t k = 0; k < x->edit.n_removed; k++) {
		struct bytes section;
		enum err e = section_of(x, x->edit.removed[k], &section);

		if (e)
			return e == ERR_NOT_FOUND ? ERR_PROTO : e;
		for (size_t i = 0; i < base->n_attachments; i++)
			if (bytes_eq_str(section, base->attachments[i].part->section))
				removed[i] = true;
	}
	return ERR_OK;
}

/* ---- making ---- */

static uint32_t shown_size(const struct draft_run *x)
{
	const struct body_preference *p = sync_options_body(&x->c->options, x->edit.type);

	return p ? p->truncation_size : BODY_WHOLE;
}

static enum err stamp_of(const struct draft_run *x, bool sent, struct draft_stamp *out)
{
	struct request *rq = x->c->rq;
	struct bytes address = bytes_str(rq->account->address);
	char *id = arena_printf(rq->arena, "<%016" PRIx64 "%016" PRIx64 "@%.*s>", x->mark,
	    command_hash(x->c, x->command, ~x->mark), BYTES_ARG(address_domain(address)));

	*out = (struct draft_stamp){ .from = address,
		.message_id = bytes_str(id),
		.now = time(NULL),
		.boundary = sending_word(rq->arena),
		.truncation_size = shown_size(x) };
	if (!sent)
		out->field = (struct draft_field){ .validity = draft_validity(x->c, x->list->uid_validity),
			.id = x->copy ? (uint32_t)x->copy->id : 0,
			.replaces = x->copy ? x->copy->uid : 0,
			.mark = x->mark,
			.device = command_device(x->c) };
	return id && out->boundary ? ERR_OK : ERR_LIMIT;
}

enum err draft_run_make(struct draft_run *x, bool sent)
{
	static const struct draft_field no_names = { 0 };
	const struct draft_field *names = x->copy ? draft_field_of(x->copy) : NULL;
	struct smart_original *base = NULL;
	struct draft_stamp stamp;
	bool *removed = NULL;
	enum err e;

	if (x->copy) {
		if ((e = fetch_base(x)))
			return e;
		base = &x->original->mail;
		removed = arena_array(x->c->rq->arena, base->n_attachments, sizeof(*removed));
		if (!removed)
			return ERR_LIMIT;
		if ((e = find_removed(x, removed)))
			return e;
	}
	if ((e = stamp_of(x, sent, &stamp)))
		return e;
	return draft_make(x->c->rq->arena, base, removed, names ? names : &no_names,
	    x->copy ? x->copy->uid : 0, &x->edit, &stamp, &x->made);
}

/* ---- saving ---- */

/* A server without UIDPLUS must be asked. */
static enum err find_saved(struct draft_run *x, uint32_t *uid)
{
	const struct copy_list *l;
	enum err e;

	x->c->cache = NULL;
	if ((e = copies_load(x->c, &draft_kind, false, &l)))
		return e;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].more && draft_field_of(&l->v[i])->mark == x->mark && l->v[i].uid > *uid)
			*uid = l->v[i].uid;
	return *uid ? ERR_OK : ERR_UNAVAILABLE; /* the phone repeats it, and then it is found */
}

static enum err append(struct draft_run *x, uint32_t *uid)
{
	const struct imap_flags *had = x->copy ? x->copy->flags : NULL;
	uint32_t flags = IMAP_DRAFT | (had ? had->flags & ~(uint32_t)IMAP_DELETED : IMAP_SEEN);
	struct spliced body;
	enum err e;

	spliced_init(&body, x->c->rq, x->original, &x->made.mail);
	e = spliced_append(&body, x->made.mail.header,
	    &(struct spliced_target){ .mailbox = x->c->mailbox,
		.flags = flags,
		.keywords = had ? had->keywords : NULL,
		.n_keywords = had ? had->n_keywords : 0 },
	    uid);
	spliced_deinit(&body);
	return e || *uid ? e : find_saved(x, uid);
}

static void take_dates_along(struct draft_run *x, uint32_t uid)
{
	struct imap_moved moved = { .uid_validity = x->list->uid_validity, .to = &uid };

	if (mail_flag_bits(x->copy->flags) & (DIGEST_RECORD_A | DIGEST_RECORD_B))
		follow_ups_move(x->c->imap, x->c->rq->arena,
		    &(struct follow_up_move){ .from = x->c->mailbox,
			.to = x->c->mailbox,
			.uids = &x->copy->uid,
			.n = 1,
			.moved = &moved });
}

enum err draft_delete_copies(struct collection *c, const struct copy_list *l, uint64_t id, uint32_t but)
{
	size_t n, n_uids = 0;
	const struct copy *v = copies_of(l, id, &n);
	uint32_t *uids = arena_array(c->rq->arena, n, sizeof(*uids));
	enum err e;

	if (!uids)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		if (v[i].uid != but)
			uids[n_uids++] = v[i].uid;
	if (!n_uids)
		return ERR_OK;
	c->cache = NULL;
	if (!(e = mail_select(c, NULL)))
		e = imap_expunge(c->imap, uids, n_uids);
	if (e != ERR_DENIED && e != ERR_LIMIT && e != ERR_UNSUPPORTED)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	log_info("former copy of a draft not deleted folder=%u uid=%u: %s (%s)", c->folder_id, uids[0],
	    imap_problem(c->imap), err_name(e));
	return ERR_OK;
}

enum err draft_run_save(struct draft_run *x, uint32_t *uid, uint32_t *digest)
{
	static const struct imap_flags fresh = { .flags = IMAP_SEEN };
	const struct imap_flags *flags = x->copy ? x->copy->flags : &fresh;
	enum err e;

	*uid = 0;
	if ((e = append(x, uid)))
		return e;
	x->c->cache = NULL;
	*digest = draft_digest_turn(mail_digest(flags), x->copy ? x->copy->id : *uid, *uid);
	if (!x->copy)
		return ERR_OK;
	take_dates_along(x, *uid);
	return draft_delete_copies(x->c, x->list, x->copy->id, *uid);
}
