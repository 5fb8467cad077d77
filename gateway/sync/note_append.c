#include "sync/note_append.h"

#include <time.h>

#include "io/log.h"
#include "sync/mail_collection.h"

void note_options(const struct sync_options *asked, struct sync_options *out)
{
	*out = *asked;
	out->filter_type = FILTER_ALL;
	out->mime_support = MIME_NEVER;
	out->body_part.type = BODY_NONE;
}

/* ---- stamps ---- */

enum err note_stamp_of(
    struct collection *c, struct bytes uuid, struct bytes message_id, struct note_stamp *out)
{
	*out = (struct note_stamp){ .uuid = uuid,
		.message_id = message_id,
		.from = bytes_str(c->rq->account->address),
		.now = time(NULL) };
	return message_id.len ? ERR_OK : ERR_LIMIT;
}

/* ---- keywords ---- */

/* Servers compare them without regard to letter case. */
static bool contains(const struct note_keywords *k, struct bytes one)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->v[i].len == one.len && bytes_same_nocase(k->v[i].p, (const char *)one.p, one.len))
			return true;
	return false;
}

enum err note_wanted_keywords(struct collection *c, const struct note_edit *edit,
    const struct imap_flags *had, struct note_keywords *out)
{
	size_t n_had = had ? had->n_keywords : 0;
	enum err e;

	*out = (struct note_keywords){ .v = arena_array(
					   c->rq->arena, NOTE_MAX_CATEGORIES + n_had, sizeof(*out->v)) };
	if (!out->v)
		return ERR_LIMIT;
	for (size_t i = 0; i < n_had; i++)
		if (!email_is_category(had->keywords[i]))
			out->v[out->n++] = had->keywords[i];
	for (const struct wbxml_node *n = wbxml_child(edit->categories, NOTES_CATEGORY); n;
	     n = wbxml_next(n, NOTES_CATEGORY)) {
		struct bytes keyword;

		e = email_keyword(c->rq->arena, n->text, &keyword);
		if (e && e != ERR_UNSUPPORTED)
			return e;
		if (e) {
			out->partial = true;
			log_info("a note's category can't be an IMAP keyword folder=%u", c->folder_id);
		} else if (keyword.len && !contains(out, keyword)) {
			out->v[out->n++] = keyword;
		}
	}
	return ERR_OK;
}

enum err note_keywords_without(struct collection *c, const struct note_keywords *x,
    const struct note_keywords *y, struct note_keywords *out)
{
	*out = (struct note_keywords){ .v = arena_array(c->rq->arena, x->n, sizeof(*out->v)) };
	if (!out->v)
		return ERR_LIMIT;
	for (size_t i = 0; i < x->n; i++)
		if (!contains(y, x->v[i]))
			out->v[out->n++] = x->v[i];
	return ERR_OK;
}

/* ---- outcomes ---- */

enum err note_refused(struct collection *c, const char *what, enum err e, uint32_t *status)
{
	if (e == ERR_NOT_FOUND)
		*status = SYNC_STATUS_NOT_FOUND;
	else if (e == ERR_DENIED || e == ERR_UNSUPPORTED)
		*status = SYNC_STATUS_CONFLICT;
	else
		return e;
	log_info("%s folder=%u: %s (%s)", what, c->folder_id, imap_problem(c->imap), err_name(e));
	return ERR_OK;
}

/* ---- appending ---- */

/* A server without UIDPLUS must be asked for the UID. */
enum err note_append(struct collection *c, struct bytes mail, uint32_t flags, const struct note_keywords *k,
    struct bytes message_id, uint32_t *digest)
{
	struct imap_uids found;
	uint32_t uid;
	enum err e;

	if ((e = imap_append_with_keywords(c->imap, c->mailbox, mail, flags | IMAP_SEEN, k->v, k->n, &uid)))
		return e;
	c->cache = NULL;
	if (!uid) {
		if ((e = mail_select(c, NULL)) ||
		    (e = imap_search_message_id(c->imap, c->rq->arena, message_id, &found)))
			return e;
		uid = found.n ? found.v[found.n - 1] : 0;
	}
	*digest = uid && !k->partial ? note_digest(uid, k->v, k->n) : SNAPSHOT_UNSURE;
	return ERR_OK;
}
