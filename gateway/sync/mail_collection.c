#include "sync/mail_collection.h"

#include "base/hash.h"
#include "sync/verbs.h"

const struct collection_ops mail_collection = {
	.class = CLASS_EMAIL,
	.compare = mail_compare,
	.prepare = mail_prepare,
	.write = mail_write,
	.change = mail_change,
	.remove = mail_remove,
	.add = NULL, /* a mail is only added by drafts (16.x) and SMS */
};

/* The bits of flags and of keywords that stand for one. */
static const struct {
	uint32_t flag;
	const char *keyword;
	uint32_t digest;
} bits[] = {
	{ IMAP_SEEN, NULL, DIGEST_READ },
	{ IMAP_FLAGGED, NULL, DIGEST_FLAGGED },
	{ IMAP_ANSWERED, NULL, DIGEST_ANSWERED },
	{ IMAP_FORWARDED, NULL, DIGEST_FORWARDED },
	{ 0, FOLLOW_UP_DONE, DIGEST_DONE },
	{ 0, FOLLOW_UP_A, DIGEST_RECORD_A },
	{ 0, FOLLOW_UP_B, DIGEST_RECORD_B },
	{ 0, VERB_AGAIN, DIGEST_VERB_AGAIN },
};

uint32_t mail_flag_bits(const struct imap_flags *f)
{
	uint32_t digest = 0;

	for (size_t k = 0; k < sizeof(bits) / sizeof(bits[0]); k++) {
		if (f->flags & bits[k].flag)
			digest |= bits[k].digest;
		for (size_t i = 0; bits[k].keyword && i < f->n_keywords; i++)
			if (bytes_eq_nocase(f->keywords[i], bits[k].keyword))
				digest |= bits[k].digest;
	}
	return digest;
}

uint32_t mail_digest(const struct imap_flags *f)
{
	static const uint32_t record = DIGEST_RECORD_A | DIGEST_RECORD_B;
	uint32_t digest = mail_flag_bits(f), keywords = 0;

	if (digest & DIGEST_FLAGGED && digest & DIGEST_DONE)
		digest &= ~(DIGEST_DONE | record);
	if (!(digest & (DIGEST_FLAGGED | DIGEST_DONE)))
		digest &= ~record;
	if (!(digest & (DIGEST_ANSWERED | DIGEST_FORWARDED)))
		digest &= ~(uint32_t)DIGEST_VERB_AGAIN;
	for (size_t i = 0; i < f->n_keywords; i++) /* a sum: servers list them in any order */
		if (email_is_category(f->keywords[i]))
			keywords += (uint32_t)hash64(f->keywords[i], 0);
	return digest | keywords << DIGEST_KEYWORDS_SHIFT;
}

unsigned mail_state_to_tell(enum eas_version version, uint32_t had, uint32_t now)
{
	uint32_t other = had == SNAPSHOT_UNSURE ? UINT32_MAX : had ^ now;
	unsigned changed = 0;

	if (other & DIGEST_READ)
		changed |= EMAIL_STATE_READ;
	if (other & DIGEST_FLAG)
		changed |= EMAIL_STATE_FLAG;
	if (other & DIGEST_VERB)
		changed |= EMAIL_STATE_VERB;
	if (other >> DIGEST_KEYWORDS_SHIFT)
		changed |= EMAIL_STATE_CATEGORIES;
	return changed & email_state_in(version);
}

bool mail_tells_state(const struct collection *c, const struct change *change, enum email_state what)
{
	if (change->now == SNAPSHOT_UNSURE)
		return false;
	if (change->kind == CHANGE_ADD)
		return email_state_in(c->rq->version) & what;
	return change->kind == CHANGE_UPDATE &&
	       mail_state_to_tell(c->rq->version, change->had, change->now) & what;
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
