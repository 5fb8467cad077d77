#include "io/log.h"
#include "sync/mail_collection.h"
#include "sync/note_collection.h"

/* What differs between the phone's notes and the mailbox, and the fetching and writing of notes. A note is fetched as the mail
 * that it is. */

const struct collection_ops note_collection = {
	.class = CLASS_NOTES,
	.compare = note_compare,
	.prepare = note_prepare,
	.write = note_write_item,
	.change = note_change,
	.remove = note_remove,
	.add = note_add,
};

/* The collection as the machinery of mails takes it: notes know neither FilterType nor MIME. In the arena, since what is
 * prepared refers to the options. NULL if that is spent. */
static struct collection *as_mail(const struct collection *c)
{
	struct collection *mail = arena_alloc(c->rq->arena, sizeof(*mail));

	if (!mail)
		return NULL;
	*mail = *c;
	note_options(&c->options, &mail->options);
	return mail;
}

/* ---- comparing ---- */

/* Only QRESYNC makes HIGHESTMODSEQ grow when messages vanish (RFC 7162, 3.2.5). */
static bool is_unchanged(const struct collection *c, const struct snapshot *had)
{
	return had->validity == c->status.uid_validity && had->token && !had->n_pending &&
	       had->token == c->status.highest_modseq && (imap_caps(c->imap) & IMAP_CAP_QRESYNC);
}

static bool is_newest(const struct note_list *l, size_t i)
{
	return i + 1 == l->n || l->v[i + 1].id != l->v[i].id;
}

static void compare_list(const struct note_list *l, const struct snapshot *had, struct changes *out)
{
	size_t i = 0, k = 0;

	while (i < had->n_items || k < l->n) {
		const struct snapshot_item *item = i < had->n_items ? &had->items[i] : NULL;
		const struct note_copy *copy = k < l->n ? &l->v[k] : NULL;

		if (copy && !is_newest(l, k)) {
			k++;
		} else if (!copy || (item && item->id < copy->id)) {
			out->v[out->n++] = (struct change){ .kind = CHANGE_DELETE, .id = item->id };
			i++;
		} else if (!item || copy->id < item->id) {
			out->v[out->n++] =
			    (struct change){ .kind = CHANGE_ADD, .id = copy->id, .now = copy->digest };
			k++;
		} else {
			if (copy->digest != item->digest)
				out->v[out->n++] = (struct change){ .kind = CHANGE_UPDATE,
					.id = copy->id,
					.had = item->digest,
					.now = copy->digest };
			i++;
			k++;
		}
	}
}

enum err note_compare(
    struct collection *c, const struct snapshot *had, struct snapshot *now, struct changes *out)
{
	bool looked_at = had->validity && had->validity != MAIL_NO_VALIDITY;
	const struct note_list *l;
	enum err e;

	if (!c->mailbox.len || !c->status.known)
		return mail_compare(c, had, now, out); /* nothing there: that is the same for all classes */
	*out = (struct changes){ 0 };
	*now = (struct snapshot){ .validity = had->validity, .token = had->token };
	if (looked_at && had->validity != c->status.uid_validity)
		return ERR_NOT_FOUND; /* another mailbox has taken its name */
	if (is_unchanged(c, had))
		return ERR_OK;
	if ((e = note_list_load(c, false, &l)))
		return e;
	if (looked_at && had->validity != l->uid_validity)
		return ERR_NOT_FOUND;
	now->validity = l->uid_validity;
	now->token = l->modseq;
	out->v = arena_array(c->rq->arena, had->n_items + l->n, sizeof(*out->v));
	if (!out->v)
		return ERR_LIMIT;
	compare_list(l, had, out);
	return ERR_OK;
}

/* ---- fetching ---- */

/* How the note stands now; NULL if there is nothing to be fetched. */
static const struct note_copy *settle_kind(const struct note_list *l, struct change *v)
{
	const struct note_copy *copy;

	if (v->kind != CHANGE_UPDATE && v->kind != CHANGE_ADD)
		return NULL;
	copy = note_find(l, v->id);
	if (!copy) {
		v->kind = v->kind == CHANGE_UPDATE ? CHANGE_DELETE : CHANGE_NONE;
		return NULL;
	}
	v->now = copy->digest;
	if (v->kind == CHANGE_UPDATE && v->stale && v->now == v->had) {
		v->kind = CHANGE_NONE;
		return NULL;
	}
	return copy;
}

/* A mail that vanished since the list was made: what took its place is seen at the next look, for it came after that. */
static void take_mail(struct change *v, struct change *mail)
{
	if (mail->kind == CHANGE_NONE)
		v->kind = CHANGE_NONE;
	v->item = mail;
}

enum err note_prepare(struct collection *c, struct change *v, size_t n, size_t budget, size_t *done)
{
	struct change *mails = arena_array(c->rq->arena, n, sizeof(*mails));
	struct collection *mail = as_mail(c);
	const struct note_list *l;
	size_t n_mails = 0, ready = 0, at = 0;
	enum err e;

	if (!mails || !mail)
		return ERR_LIMIT;
	if ((e = note_list_load(c, true, &l)))
		return e;
	for (size_t i = 0; i < n; i++) {
		const struct note_copy *copy = settle_kind(l, &v[i]);

		if (copy)
			mails[n_mails++] = (struct change){ .kind = CHANGE_ADD, .id = copy->uid };
	}
	if (n_mails && (e = mail_prepare(mail, mails, n_mails, budget, &ready)))
		return e;
	for (*done = 0; *done < n; ++*done) {
		struct change *one = &v[*done];

		if (one->kind != CHANGE_UPDATE && one->kind != CHANGE_ADD)
			continue;
		if (at == ready)
			break;
		take_mail(one, &mails[at++]);
	}
	return ERR_OK;
}

/* ---- writing ---- */

enum err note_write_item(struct collection *c, struct wbxml_writer *w, const struct change *change)
{
	struct wbxml_mark mark = wbxml_mark(w);
	struct email m;
	enum err e = mail_problem(change->item);

	mail_describe(c, change->item, &m);
	m.multipart_number = c->multipart_number;
	if (!e)
		e = note_write(w, c->rq->version, &m);
	if (!e) {
		if (c->multipart_number && m.body)
			c->multipart_data = m.body->data;
		return ERR_OK;
	}
	log_warn("note shown as a stub folder=%u id=%llu cause=\"%s\"", c->folder_id,
	    (unsigned long long)change->id, err_name(e));
	c->rq->figures.stubs++;
	wbxml_rollback(w, mark);
	return note_write_stub(w, c->rq->version, &m);
}
