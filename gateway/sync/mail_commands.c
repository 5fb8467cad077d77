#include <strings.h>

#include "io/log.h"
#include "sync/follow_ups.h"
#include "sync/mail_collection.h"

/* What a phone changes of a mail: read mark, flag, categories. */

enum {
	MAX_CATEGORIES = 300,
	FLAG_KEYWORDS = 3,
};

struct keywords {
	struct bytes *v;
	size_t n;
};

struct wanted_flags {
	uint32_t add, remove;
	bool has_categories, has_flag;
	bool is_less; /* than the phone wants: it must be told what is there */
	struct follow_up flag;
	uint32_t letter; /* flag has properties that are kept in METADATA: DIGEST_RECORD_A or _B; else 0 */
	uint32_t former; /* letters that the mail had and that go */
	struct keywords categories, set, clear; /* set, clear: those of follow_up.h */
};

/* ---- what the phone wants ---- */

static enum err parse_categories(
    struct arena *a, const struct wbxml_node *categories, struct wanted_flags *out)
{
	out->categories.v = arena_array(a, MAX_CATEGORIES, sizeof(*out->categories.v));
	if (!out->categories.v)
		return ERR_LIMIT;
	out->has_categories = true;
	for (const struct wbxml_node *n = wbxml_child(categories, EMAIL_CATEGORY); n;
	     n = wbxml_next(n, EMAIL_CATEGORY)) {
		enum err e;

		if (out->categories.n == MAX_CATEGORIES)
			return ERR_PROTO;
		e = email_keyword(a, n->text, &out->categories.v[out->categories.n]);
		if (e && e != ERR_UNSUPPORTED)
			return e;
		out->is_less |= e == ERR_UNSUPPORTED;
		out->categories.n += !e && out->categories.v[out->categories.n].len;
	}
	return ERR_OK;
}

/* What a client must not even try to change, in a draft neither. Source: MS-ASEMAIL 2.2.2 (ConversationId and so on). */
bool mail_change_is_forbidden(const struct wbxml_node *data)
{
	static const wbxml_tag fixed[] = { EMAIL2_CONVERSATION_ID, EMAIL2_CONVERSATION_INDEX, EMAIL2_SENDER,
		EMAIL2_RECEIVED_AS_BCC, EMAIL2_UM_CALLER_ID, EMAIL2_UM_USER_NOTES };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (wbxml_child(data, fixed[i]))
			return true;
	return false;
}

/* ERR_PROTO: a malformed item, or one that isn't to be. What else can't be changed in a mail is skipped: for Subject and the like no
 * status is given, and a client may send it along. */
static enum err parse(struct arena *a, const struct wbxml_node *data, struct wanted_flags *out)
{
	const struct wbxml_node *flag = wbxml_child(data, EMAIL_FLAG),
				*categories = wbxml_child(data, EMAIL_CATEGORIES);
	enum err e;
	bool read;

	*out = (struct wanted_flags){ .has_flag = flag != NULL };
	if (mail_change_is_forbidden(data))
		return ERR_PROTO;
	if (wbxml_child(data, EMAIL_READ)) {
		if (wbxml_child_bool(data, EMAIL_READ, false, &read))
			return ERR_PROTO;
		*(read ? &out->add : &out->remove) |= IMAP_SEEN;
	}
	if (flag && (e = follow_up_read(a, flag, &out->flag)))
		return e;
	return categories ? parse_categories(a, categories, out) : ERR_OK;
}

static void turn(struct wanted_flags *w, bool on, const char *keyword)
{
	struct keywords *k = on ? &w->set : &w->clear;

	k->v[k->n++] = bytes_str(keyword);
}

/* How the flag is kept in this mailbox, whose mail has these bits now. */
static enum err plan_flag(struct collection *c, uint32_t had, struct wanted_flags *w)
{
	bool keeps = imap_may_add_keywords(c->imap), more = follow_up_has_more(&w->flag);

	w->set.v = arena_array(c->rq->arena, FLAG_KEYWORDS, sizeof(*w->set.v));
	w->clear.v = arena_array(c->rq->arena, FLAG_KEYWORDS, sizeof(*w->clear.v));
	if (!w->set.v || !w->clear.v)
		return ERR_LIMIT;
	*(w->flag.status == FOLLOW_UP_ACTIVE ? &w->add : &w->remove) |= IMAP_FLAGGED;
	if (w->flag.status == FOLLOW_UP_COMPLETE && keeps)
		turn(w, true, FOLLOW_UP_DONE);
	else if (had & DIGEST_DONE)
		turn(w, false, FOLLOW_UP_DONE);
	if (more && keeps && imap_caps(c->imap) & IMAP_CAP_METADATA)
		w->letter = had & DIGEST_RECORD_A ? DIGEST_RECORD_B : DIGEST_RECORD_A;
	w->is_less |= (more && !w->letter) || (w->flag.status == FOLLOW_UP_COMPLETE && !keeps);
	w->former = had & (DIGEST_RECORD_A | DIGEST_RECORD_B) & ~w->letter;
	return ERR_OK;
}

static void turn_letters(struct wanted_flags *w)
{
	if (w->letter)
		turn(w, true, w->letter == DIGEST_RECORD_A ? FOLLOW_UP_A : FOLLOW_UP_B);
	if (w->former & DIGEST_RECORD_A)
		turn(w, false, FOLLOW_UP_A);
	if (w->former & DIGEST_RECORD_B)
		turn(w, false, FOLLOW_UP_B);
}

/* Puts `other` in the place of `one`; false if it isn't there. */
static bool replace(struct bytes *v, size_t n, struct bytes one, struct bytes other)
{
	bool found = false;

	for (size_t i = 0; i < n; i++)
		if (v[i].len == one.len && !strncasecmp((const char *)v[i].p, (const char *)one.p, one.len)) {
			v[i] = other;
			found = true;
		}
	return found;
}

/* The mail's categories become those that the phone sent: its other keywords stay, and a keyword that already stands for one of
 * these, however it is spelt. */
static enum err compare_categories(struct collection *c, const struct imap_flags *now, struct wanted_flags *w)
{
	struct keywords gone = { arena_array(c->rq->arena, now->n_keywords + w->clear.n, sizeof(*gone.v)),
		0 };

	if (!gone.v)
		return ERR_LIMIT;
	for (size_t i = 0; i < now->n_keywords; i++) {
		struct bytes category, keyword;
		enum err e = email_category(c->rq->arena, now->keywords[i], &category);

		if (e)
			return e;
		if (!category.len)
			continue;
		e = email_keyword(c->rq->arena, category, &keyword);
		if (e && e != ERR_UNSUPPORTED)
			return e;
		if (e || !replace(w->categories.v, w->categories.n, keyword, now->keywords[i]))
			gone.v[gone.n++] = now->keywords[i];
	}
	for (size_t i = 0; i < w->clear.n; i++)
		gone.v[gone.n++] = w->clear.v[i];
	w->clear = gone;
	return ERR_OK;
}

static enum err fetch_flags(struct collection *c, uint64_t id, const struct imap_flags **out)
{
	uint32_t uid = (uint32_t)id;
	struct imap_messages m;
	enum err e = imap_fetch_messages(c->imap, c->rq->arena, &uid, 1, &m);

	if (e)
		return e;
	*out = m.n ? &m.v[0].flags : NULL;
	return m.n ? ERR_OK : ERR_NOT_FOUND;
}

static uint32_t flag_digest(const struct wanted_flags *w)
{
	struct imap_flags f = {
		.flags = w->add & IMAP_FLAGGED, .keywords = w->set.v, .n_keywords = (uint16_t)w->set.n
	};

	return mail_digest(&f);
}

/* The digest as it is with the phone's change, so that the change isn't told to the phone that made it. */
static uint32_t digest_after(uint32_t digest, const struct wanted_flags *want)
{
	if (want->is_less)
		return SNAPSHOT_UNSURE;
	if (want->add & IMAP_SEEN)
		digest |= DIGEST_READ;
	if (want->remove & IMAP_SEEN)
		digest &= ~(uint32_t)DIGEST_READ;
	if (want->has_flag)
		digest = (digest & ~(uint32_t)DIGEST_FLAG) | flag_digest(want);
	if (want->has_categories) {
		struct imap_flags f = { .keywords = want->categories.v,
			.n_keywords = (uint16_t)want->categories.n };

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
	if (want->has_flag)
		mask |= DIGEST_FLAG;
	return want->has_categories ? mask | UINT32_MAX << DIGEST_KEYWORDS_SHIFT : mask;
}

/* Whether the same property was changed on both sides, and not to the same. */
static enum err look_for_conflict(
    struct collection *c, const struct snapshot_item *item, const struct wanted_flags *want, bool *out)
{
	uint32_t mask = digest_touched(want), digest;
	const struct imap_flags *now;
	enum err e;

	*out = false;
	if (item->digest == SNAPSHOT_UNSURE)
		return ERR_OK;
	if ((e = fetch_flags(c, item->id, &now)))
		return e;
	digest = mail_digest(now);
	*out = ((digest ^ item->digest) & mask) && ((digest ^ digest_after(item->digest, want)) & mask);
	return ERR_OK;
}

static enum err store(
    struct collection *c, uint64_t id, const struct wanted_flags *w, uint64_t unchanged_since)
{
	size_t n = w->categories.n + w->set.n;
	struct bytes *add = arena_array(c->rq->arena, n, sizeof(*add));

	if (!add)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		add[i] = i < w->categories.n ? w->categories.v[i] : w->set.v[i - w->categories.n];
	return imap_store_flags(
	    c->imap, (uint32_t)id, w->add, w->remove, add, n, w->clear.v, w->clear.n, unchanged_since);
}

/* Conflict 1, the default: the server's change stays (MS-ASCMD 2.2.3.41). Where the server knows modseqs the mail is only looked
 * at if it changed at all since the phone's last Sync, be it by the phone itself. */
static enum err store_unless_changed(
    struct collection *c, const struct snapshot_item *item, const struct wanted_flags *want, bool *conflict)
{
	bool modseqs = c->token && imap_caps(c->imap) & IMAP_CAP_CONDSTORE;
	enum err e = modseqs ? store(c, item->id, want, c->token) : ERR_CONFLICT;

	*conflict = false;
	if (e != ERR_CONFLICT)
		return e;
	if ((e = look_for_conflict(c, item, want, conflict)) || *conflict)
		return e;
	return store(c, item->id, want, 0);
}

/* The flag's other properties are there before the keyword that says so. Where they can't be, the phone is told so. */
static enum err keep_record(struct collection *c, uint32_t uid, struct wanted_flags *w)
{
	enum err e = w->letter ? follow_up_keep(c, uid, w->letter, &w->flag) : ERR_OK;

	if (e != ERR_UNSUPPORTED && e != ERR_DENIED)
		return e;
	log_info("a flag's dates not stored folder=%u uid=%u: %s", c->folder_id, uid, imap_problem(c->imap));
	w->former |= w->letter;
	w->letter = 0;
	w->is_less = true;
	return ERR_OK;
}

/* The same flag once more: a command that is repeated, for its outcome was not stored, must not meet its own doing as a
 * conflict. */
static enum err look_for_same_record(struct collection *c, uint32_t uid, uint32_t had, struct wanted_flags *w)
{
	uint32_t letter = had & DIGEST_RECORD_A ? DIGEST_RECORD_A : had & DIGEST_RECORD_B;
	bool same;
	enum err e;

	if (!w->letter || !letter)
		return ERR_OK;
	if ((e = follow_up_is_kept(c, uid, letter, &w->flag, &same)) || !same)
		return e;
	w->letter = letter;
	w->former &= ~letter;
	return ERR_OK;
}

static enum err forget_former(struct collection *c, uint32_t uid, const struct wanted_flags *w)
{
	enum err e = ERR_OK;

	for (uint32_t letter = DIGEST_RECORD_A; letter <= DIGEST_RECORD_B && !e; letter <<= 1)
		if (w->former & letter)
			e = follow_up_keep(c, uid, letter, NULL);
	return e == ERR_DENIED || e == ERR_UNSUPPORTED ? ERR_OK : e;
}

/* Fits the phone's wish to the mailbox and to what the mail has. */
static enum err prepare_change(struct collection *c, const struct snapshot_item *item, struct wanted_flags *w)
{
	const struct imap_flags *now;
	enum err e;

	if (!w->has_flag && !w->has_categories)
		return ERR_OK;
	if ((e = fetch_flags(c, item->id, &now)))
		return e;
	if (w->has_flag && ((e = plan_flag(c, mail_flag_bits(now), w)) ||
			       (e = look_for_same_record(c, (uint32_t)item->id, mail_flag_bits(now), w)) ||
			       (e = keep_record(c, (uint32_t)item->id, w))))
		return e;
	if (w->has_flag)
		turn_letters(w);
	if (w->has_categories && (e = compare_categories(c, now, w)))
		return e;
	if (!imap_may_add_keywords(c->imap) && w->categories.n) {
		w->categories.n = 0;
		w->is_less = true;
	}
	if (w->is_less)
		log_info("the mailbox can't keep all of a mail's flag or categories folder=%u uid=%u",
		    c->folder_id, (unsigned)item->id);
	return ERR_OK;
}

/* The server may spell a keyword as another mail has it already: then the phone is told. */
static enum err look_at_categories(struct collection *c, uint64_t id, struct wanted_flags *w)
{
	struct imap_flags wanted = { .keywords = w->categories.v, .n_keywords = (uint16_t)w->categories.n };
	const struct imap_flags *now;
	enum err e;

	if (!w->categories.n)
		return ERR_OK;
	if ((e = fetch_flags(c, id, &now)))
		return e;
	w->is_less |=
	    mail_digest(now) >> DIGEST_KEYWORDS_SHIFT != mail_digest(&wanted) >> DIGEST_KEYWORDS_SHIFT;
	return ERR_OK;
}

/* *conflict: nothing was done. */
static enum err run_change(
    struct collection *c, const struct snapshot_item *item, struct wanted_flags *want, bool *conflict)
{
	enum err e = prepare_change(c, item, want);

	*conflict = false;
	if (!e && c->options.client_wins)
		e = store(c, item->id, want, 0);
	else if (!e)
		e = store_unless_changed(c, item, want, conflict);
	if (e || *conflict || (e = look_at_categories(c, item->id, want)))
		return e;
	return forget_former(c, (uint32_t)item->id, want);
}

enum err mail_change(
    struct collection *c, struct snapshot_item *item, const struct wbxml_node *command, uint32_t *status)
{
	struct wanted_flags want;
	bool conflict;
	enum err e;

	*status = SYNC_STATUS_BAD_ITEM;
	e = parse(c->rq->arena, wbxml_child(command, AIRSYNC_APPLICATION_DATA), &want);
	if (e == ERR_PROTO)
		return ERR_OK;
	if (e || (e = mail_select(c, NULL)))
		return e;
	e = run_change(c, item, &want, &conflict);
	if (e == ERR_NOT_FOUND || e == ERR_DENIED) {
		*status = e == ERR_NOT_FOUND ? SYNC_STATUS_NOT_FOUND
					     : SYNC_STATUS_CONFLICT; /* the server's version stays */
		log_info("flags not stored folder=%u uid=%u: %s", c->folder_id, (unsigned)item->id,
		    imap_problem(c->imap));
		return ERR_OK;
	}
	if (e)
		return e;
	*status = conflict ? SYNC_STATUS_CONFLICT : SYNC_STATUS_OK;
	if (!conflict)
		item->digest = digest_after(item->digest, &want);
	return ERR_OK;
}
