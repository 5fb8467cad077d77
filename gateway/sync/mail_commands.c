#include "io/log.h"
#include "sync/mail_collection.h"

/* What a phone changes of a mail: read mark, flag, categories; and its deletion. */

enum {
	STATUS_OK = 1,
	STATUS_BAD_ITEM = 6,
	STATUS_CONFLICT = 7,
	STATUS_NOT_FOUND = 8,
	FLAG_ACTIVE = 2,
	MAX_CATEGORIES = 300
};

struct wanted_flags {
	uint32_t add, remove;
	bool has_categories;
	struct bytes *categories; /* as keywords */
	size_t n_categories;
};

/* Flag { Status 2 } is \Flagged; 0, 1 (done) and an empty Flag are not. Source: MS-ASEMAIL 2.2.2.34. */
static bool parse_flag(const struct wbxml_node *flag, struct wanted_flags *out)
{
	uint32_t status = 0;

	if (wbxml_child_uint(flag, EMAIL_STATUS, 0, FLAG_ACTIVE, &status))
		return false;
	*(status == FLAG_ACTIVE ? &out->add : &out->remove) |= IMAP_FLAGGED;
	return true;
}

static enum err parse_categories(
    struct arena *a, const struct wbxml_node *categories, struct wanted_flags *out)
{
	out->categories = arena_array(a, MAX_CATEGORIES, sizeof(*out->categories));
	if (!out->categories)
		return ERR_LIMIT;
	out->has_categories = true;
	for (const struct wbxml_node *n = wbxml_child(categories, EMAIL_CATEGORY); n;
	     n = wbxml_next(n, EMAIL_CATEGORY)) {
		enum err e;

		if (out->n_categories == MAX_CATEGORIES)
			return ERR_PROTO;
		if ((e = email_keyword(a, n->text, &out->categories[out->n_categories])))
			return e;
		out->n_categories += out->categories[out->n_categories].len > 0;
	}
	return ERR_OK;
}

/* ERR_PROTO: a malformed item. What may not be changed in a mail is skipped, as real clients send it along. */
static enum err parse(struct arena *a, const struct wbxml_node *data, struct wanted_flags *out)
{
	const struct wbxml_node *flag = wbxml_child(data, EMAIL_FLAG),
				*categories = wbxml_child(data, EMAIL_CATEGORIES);
	bool read;

	*out = (struct wanted_flags){ 0 };
	if (wbxml_child(data, EMAIL_READ)) {
		if (wbxml_child_bool(data, EMAIL_READ, false, &read))
			return ERR_PROTO;
		*(read ? &out->add : &out->remove) |= IMAP_SEEN;
	}
	if (flag && !parse_flag(flag, out))
		return ERR_PROTO;
	return categories ? parse_categories(a, categories, out) : ERR_OK;
}

static bool contains(const struct bytes *v, size_t n, struct bytes one)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_eq(v[i], one))
			return true;
	return false;
}

struct keywords {
	struct bytes *v;
	size_t n;
};

/* The mail's categories become those that the phone sent: its other keywords stay. */
static enum err keywords_to_remove(
    struct collection *c, uint32_t uid, const struct wanted_flags *want, struct keywords *out)
{
	const struct imap_flags *now;
	struct imap_messages m;
	enum err e;

	*out = (struct keywords){ 0 };
	if ((e = imap_fetch_messages(c->imap, c->rq->arena, &uid, 1, &m)))
		return e;
	if (!m.n)
		return ERR_NOT_FOUND;
	now = &m.v[0].flags;
	out->v = arena_array(c->rq->arena, now->n_keywords, sizeof(*out->v));
	if (!out->v)
		return ERR_LIMIT;
	for (size_t i = 0; i < now->n_keywords; i++)
		if (email_category(now->keywords[i]).len &&
		    !contains(want->categories, want->n_categories, now->keywords[i]))
			out->v[out->n++] = now->keywords[i];
	return ERR_OK;
}

/* The digest as it is with the phone's change, so that the change isn't told to the phone that made it. */
static uint32_t digest_after(uint32_t digest, const struct wanted_flags *want)
{
	if (want->add & IMAP_SEEN)
		digest |= DIGEST_READ;
	if (want->remove & IMAP_SEEN)
		digest &= ~(uint32_t)DIGEST_READ;
	if (want->add & IMAP_FLAGGED)
		digest |= DIGEST_FLAGGED;
	if (want->remove & IMAP_FLAGGED)
		digest &= ~(uint32_t)DIGEST_FLAGGED;
	if (want->has_categories) {
		struct imap_flags f = { .keywords = want->categories,
			.n_keywords = (uint16_t)want->n_categories };

		digest = (digest & ((1u << DIGEST_KEYWORDS_SHIFT) - 1)) | mail_digest(&f);
	}
	return digest;
}

/* ---- conflicts ---- */

/* The bits of a digest that the phone wants to set. */
static uint32_t digest_touched(const struct wanted_flags *want)
{
	uint32_t mask = 0;

	if ((want->add | want->remove) & IMAP_SEEN)
		mask |= DIGEST_READ;
	if ((want->add | want->remove) & IMAP_FLAGGED)
		mask |= DIGEST_FLAGGED;
	return want->has_categories ? mask | UINT32_MAX << DIGEST_KEYWORDS_SHIFT : mask;
}

/* Whether the same property was changed on both sides, and not to the same. */
static enum err look_for_conflict(
    struct collection *c, const struct snapshot_item *item, const struct wanted_flags *want, bool *out)
{
	uint32_t uid = (uint32_t)item->id, mask = digest_touched(want), now;
	struct imap_messages m;
	enum err e;

	*out = false;
	if (item->digest == SNAPSHOT_UNSURE)
		return ERR_OK;
	if ((e = imap_fetch_messages(c->imap, c->rq->arena, &uid, 1, &m)))
		return e;
	if (!m.n)
		return ERR_NOT_FOUND;
	now = mail_digest(&m.v[0].flags);
	*out = ((now ^ item->digest) & mask) && ((now ^ digest_after(item->digest, want)) & mask);
	return ERR_OK;
}

static enum err store(struct collection *c, uint64_t id, const struct wanted_flags *want,
    const struct keywords *remove, uint64_t unchanged_since)
{
	if (!want->add && !want->remove && !want->n_categories && !remove->n)
		return ERR_OK;
	return imap_store_flags(c->imap, (uint32_t)id, want->add, want->remove, want->categories,
	    want->n_categories, remove->v, remove->n, unchanged_since);
}

/* Conflict 1, the default: the server's change stays (MS-ASCMD 2.2.3.41). Where the server knows modseqs the mail is only looked
 * at if it changed at all since the phone's last Sync, be it by the phone itself. */
static enum err store_unless_changed(struct collection *c, const struct snapshot_item *item,
    const struct wanted_flags *want, const struct keywords *remove, bool *conflict)
{
	bool modseqs = c->token && imap_caps(c->imap) & IMAP_CAP_CONDSTORE;
	enum err e = modseqs ? store(c, item->id, want, remove, c->token) : ERR_CONFLICT;

	*conflict = false;
	if (e != ERR_CONFLICT)
		return e;
	if ((e = look_for_conflict(c, item, want, conflict)) || *conflict)
		return e;
	return store(c, item->id, want, remove, 0);
}

enum err mail_change(
    struct collection *c, struct snapshot_item *item, const struct wbxml_node *command, uint32_t *status)
{
	struct keywords remove = { 0 };
	struct wanted_flags want;
	bool conflict = false;
	enum err e;

	*status = STATUS_BAD_ITEM;
	e = parse(c->rq->arena, wbxml_child(command, AIRSYNC_APPLICATION_DATA), &want);
	if (e == ERR_PROTO)
		return ERR_OK;
	if (e || (e = mail_select(c, NULL)))
		return e;
	if (want.has_categories)
		e = keywords_to_remove(c, (uint32_t)item->id, &want, &remove);
	if (!e && c->options.client_wins)
		e = store(c, item->id, &want, &remove, 0);
	else if (!e)
		e = store_unless_changed(c, item, &want, &remove, &conflict);
	if (e == ERR_NOT_FOUND || e == ERR_DENIED) {
		*status =
		    e == ERR_NOT_FOUND ? STATUS_NOT_FOUND : STATUS_CONFLICT; /* the server's version stays */
		log_info("flags not stored folder=%u uid=%u: %s", c->folder_id, (unsigned)item->id,
		    imap_problem(c->imap));
		return ERR_OK;
	}
	if (e)
		return e;
	*status = conflict ? STATUS_CONFLICT : STATUS_OK;
	if (!conflict)
		item->digest = digest_after(item->digest, &want);
	return ERR_OK;
}

/* ---- deletion ---- */

enum err mail_move_to_trash(struct collection *c, const uint32_t *uids, size_t n)
{
	struct imap_moved moved;
	enum err e = imap_move(c->imap, c->rq->arena, uids, n, c->trash, &moved);

	if (e != ERR_NOT_FOUND)
		return e;
	/* The trash that we listed isn't there yet. */
	if ((e = imap_create(c->imap, c->trash, IMAP_USE_TRASH)) && e != ERR_EXISTS)
		return e;
	if ((e = mail_select(c, NULL)))
		return e;
	return imap_move(c->imap, c->rq->arena, uids, n, c->trash, &moved);
}

enum err mail_remove(struct collection *c, uint64_t id, const struct snapshot_item *item, uint32_t *status)
{
	uint32_t uid = (uint32_t)id;
	bool to_trash = c->deletes_as_moves && c->trash_id && c->trash_id != c->folder_id;
	enum err e;

	(void)item;
	*status = STATUS_NOT_FOUND;
	if (!uid || id > UINT32_MAX || !c->imap)
		return ERR_OK;
	if ((e = mail_select(c, NULL)))
		return e;
	e = to_trash ? mail_move_to_trash(c, &uid, 1) : imap_expunge(c->imap, &uid, 1);
	if (e == ERR_DENIED || e == ERR_LIMIT) {
		*status = STATUS_CONFLICT; /* the phone must show it again */
		log_info("mail not deleted folder=%u uid=%u: %s", c->folder_id, uid, imap_problem(c->imap));
		return ERR_OK;
	}
	if (e && e != ERR_NOT_FOUND)
		return e;
	*status = STATUS_OK;
	return ERR_OK;
}
