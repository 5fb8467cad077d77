#include <time.h>

#include "io/log.h"
#include "sync/draft_collection.h"
#include "sync/follow_ups.h"
#include "sync/mail_item.h"
#include "sync/verbs.h"

/* Writing mails that mail_items.c has prepared. One that can't be shown becomes a stub. */

enum err mail_problem(const struct change *change)
{
	return ((const struct mail_item *)change->item)->problem;
}

static void describe_verb(struct collection *c, uint32_t uid, uint32_t digest, struct email *m)
{
	const struct verb *v = verb_of(c, uid, digest);

	m->answered = digest & DIGEST_ANSWERED;
	m->forwarded = digest & DIGEST_FORWARDED;
	m->verb = v ? v->verb : VERB_NONE;
	m->verb_time = v ? v->time : 0;
}

void mail_describe(struct collection *c, const struct change *change, struct email *m)
{
	const struct mail_item *item = change->item;
	const struct imap_flags *f = &item->message->flags;

	*m = (struct email){ .header = item->message->header,
		.plan = &item->plan,
		.body = item->enough ? &item->body : NULL,
		.body_part = item->part_enough ? item->part : NULL,
		.received = item->message->internal_date,
		.read = (f->flags & IMAP_SEEN) != 0,
		.flag = follow_up_of(c, f->uid, mail_digest(f)),
		.draft = (f->flags & IMAP_DRAFT) || c->folder_type == FOLDER_DRAFTS,
		.own = bytes_str(c->rq->account->address),
		.keywords = f->keywords,
		.n_keywords = f->n_keywords };
	describe_verb(c, f->uid, mail_digest(f), m);
}

static void describe(struct collection *c, const struct change *change, struct email *m)
{
	const struct mail_item *item = change->item;

	mail_describe(c, change, m);
	m->id = (struct opaque_id){ .folder = c->folder_id, .item = item->message->flags.uid };
	if (c->ops == &draft_collection)
		m->draft_validity = draft_validity(c, c->status.uid_validity);
	m->account = bytes_str(c->rq->account->name);
	m->schema = c->schema;
	m->multipart_number = c->multipart_number;
}

enum err mail_write_properties(struct collection *c, struct wbxml_writer *w, const struct change *change)
{
	const struct mail_item *item = change->item;
	struct email m;
	size_t gap = 0;
	enum err e;

	describe(c, change, &m);
	m.gap = &gap;
	if ((e = email_write(w, c->rq->version, &m)))
		return e;
	if (!m.body || (c->schema && !wbxml_child(c->schema, AIRSYNCBASE_BODY)))
		return ERR_OK;
	if (m.body->passes)
		c->passing = (struct collection_passing){ .uid = item->message->flags.uid,
			.uid_validity = item->uid_validity,
			.size = m.body->estimated_size,
			.gap = gap };
	else if (c->multipart_number)
		c->multipart_data = m.body->data;
	return ERR_OK;
}

/* For whoever reads the mail. */
static const char *words_of(enum err why)
{
	switch (why) {
	case ERR_UNAVAILABLE:
	case ERR_DENIED:
		return "the mail server could not read it";
	case ERR_LIMIT:
		return "it is too large";
	default:
		return err_name(why);
	}
}

/* Where not even a header can be read, the mail must still be found on the phone: it stands among the newest, and says what
 * it is. */
static void describe_unknown(struct email *m)
{
	if (!m->header.len)
		m->header = BYTES("Subject: Message that could not be shown\r\n\r\n");
	if (!m->received)
		m->received = time(NULL);
}

static enum err write_stub(
    struct collection *c, struct wbxml_writer *w, const struct change *change, enum err why)
{
	struct email m;

	log_event(LOG_LEVEL_WARN,
	    "mail shown as a stub; what the mail server couldn't read is tried again in an hour, or when a "
	    "phone fetches it",
	    LOG_U64("folder", c->folder_id), LOG_BYTES("mailbox", c->mailbox), LOG_U64("uid", change->id),
	    LOG_STR("cause", err_name(why)));
	c->rq->figures.stubs++;
	describe(c, change, &m);
	describe_unknown(&m);
	return email_write_stub(w, c->rq->version, &m, words_of(why));
}

static enum err write_whole(struct collection *c, struct wbxml_writer *w, const struct change *change)
{
	const struct mail_item *item = change->item;
	struct wbxml_mark mark = wbxml_mark(w);
	enum err e = item->problem;

	if (item->written.bytes.len) {
		wbxml_put_fragment(w, &item->written);
		return ERR_OK;
	}
	if (!e && !(e = mail_write_properties(c, w, change)))
		return ERR_OK;
	wbxml_rollback(w, mark);
	return write_stub(c, w, change, e);
}

/* What has changed of its state: all else that the phone has of the mail stays. */
static enum err write_state(struct collection *c, struct wbxml_writer *w, const struct change *change)
{
	struct email m = { .read = change->now & DIGEST_READ,
		.flag = follow_up_of(c, (uint32_t)change->id, change->now) };
	const struct imap_flags *f = change->item;

	describe_verb(c, (uint32_t)change->id, change->now, &m);
	if (f) {
		m.keywords = f->keywords;
		m.n_keywords = f->n_keywords;
	}
	return email_write_state(
	    w, c->rq->version, &m, mail_state_to_tell(c->rq->version, change->had, change->now));
}

enum err mail_write(struct collection *c, struct wbxml_writer *w, const struct change *change)
{
	return change->kind == CHANGE_ADD ? write_whole(c, w, change) : write_state(c, w, change);
}

enum err mail_write_found(struct collection *c, struct wbxml_writer *w, const struct change *change)
{
	struct email m;

	mail_describe(c, change, &m);
	return email_write_found(w, &m);
}
