#include "sync/mail_collection.h"

#include <time.h>

#include "base/hash.h"

const struct collection_ops mail_collection = {
	.class = CLASS_EMAIL,
	.compare = mail_compare,
	.prepare = mail_prepare,
	.write = mail_write,
	.change = mail_change,
	.remove = mail_remove,
	.add = NULL, /* a mail is only added by drafts (16.x) and SMS */
};

uint32_t mail_digest(const struct imap_flags *f)
{
	uint32_t digest = 0, keywords = 0;

	if (f->flags & IMAP_SEEN)
		digest |= DIGEST_READ;
	if (f->flags & IMAP_FLAGGED)
		digest |= DIGEST_FLAGGED;
	if (f->flags & IMAP_ANSWERED)
		digest |= DIGEST_ANSWERED;
	if (f->flags & IMAP_FORWARDED)
		digest |= DIGEST_FORWARDED;
	for (size_t i = 0; i < f->n_keywords; i++) /* a sum: servers list them in any order */
		if (email_category(f->keywords[i]).len)
			keywords += (uint32_t)hash64(f->keywords[i], 0);
	return digest | keywords << DIGEST_KEYWORDS_SHIFT;
}

enum err mail_select(struct collection *c, struct imap_status *status)
{
	struct imap_status now;
	enum err e = c->imap ? imap_select(c->imap, c->mailbox, &now) : ERR_NOT_FOUND;

	if (!e && c->validity && c->validity != MAIL_NO_VALIDITY && c->validity != now.uid_validity)
		e = ERR_NOT_FOUND;
	if (!e && status)
		*status = now;
	return e;
}

uint32_t mail_first_day(const struct collection *c)
{
	/* that of tasks means two weeks here (MS-ASCMD 2.2.3.68.2) */
	enum filter_type f =
	    c->options.filter_type == FILTER_INCOMPLETE ? FILTER_2_WEEKS : c->options.filter_type;
	unsigned days = filter_type_days(f);

	return days ? (uint32_t)(time(NULL) / (24 * 60 * 60)) - days : 0;
}
