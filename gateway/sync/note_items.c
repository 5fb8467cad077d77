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

enum err note_compare(
    struct collection *c, const struct snapshot *had, struct snapshot *now, struct changes *out)
{
	return copies_compare(c, &note_kind, had, now, out);
}

enum err note_prepare(struct collection *c, struct change *v, size_t n, size_t budget, size_t *done)
{
	return copies_prepare(c, &note_kind, v, n, budget, done);
}

/* ---- writing ---- */

enum err note_write_item(struct collection *c, struct wbxml_writer *w, const struct change *change)
{
	struct wbxml_mark mark = wbxml_mark(w);
	struct email m;
	enum err e = mail_problem(change);

	mail_describe(c, change, &m);
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
