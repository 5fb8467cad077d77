#include <stdlib.h>
#include <string.h>

#include "base/utf7.h"
#include "imap/connection.h"

/* Mailboxes: STATUS, SELECT, CREATE, DELETE, RENAME. */
enum { PIPELINE_BYTES = 16 * 1024 };

/* ---- names ---- */

/* As LIST and STATUS spell it. INBOX in any letter case is INBOX (RFC 3501, 5.1). */
enum err imap_read_mailbox_name(struct imap *c, struct arena *a, struct bytes *out)
{
	struct bytes wire;
	uint8_t *raw;
	enum err e;

	if ((e = imap_read_string(&c->reader, c->scratch, &wire)))
		return e;
	if (!wire.p)
		wire = BYTES("NIL"); /* a mailbox of that name */
	if (bytes_eq_nocase(wire, "INBOX")) {
		*out = BYTES("INBOX");
		return ERR_OK;
	}
	e = utf7_to_utf8(a, wire, out);
	if (e != ERR_PROTO)
		return e;
	raw = arena_alloc(a, wire.len + 1);
	if (!raw)
		return ERR_LIMIT;
	raw[0] = IMAP_RAW_NAME;
	memcpy(raw + 1, wire.p, wire.len);
	*out = bytes_of(raw, wire.len + 1);
	return ERR_OK;
}

static struct bytes canonical_name(struct bytes name)
{
	return bytes_eq_nocase(name, "INBOX") ? BYTES("INBOX") : name;
}

static bool is_selected(const struct imap *c, struct bytes mailbox)
{
	return c->selected.name &&
	       bytes_eq(bytes_of(c->selected.name, c->selected.len), canonical_name(mailbox));
}

/* ---- STATUS ---- */

const char *imap_status_items(const struct imap *c)
{
	return c->caps & IMAP_CAP_CONDSTORE ? "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"
					    : "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)";
}

/* " (MESSAGES 3 UIDNEXT 8 …)" */
enum err imap_read_status_items(struct imap *c, struct imap_status *out)
{
	struct imap_reader *r = &c->reader;
	struct imap_status s = *out;
	struct bytes name;
	enum err e;

	if ((e = imap_expect(r, ' ')) || (e = imap_expect(r, '(')))
		return e;

	while (!e && !imap_accept(r, ')')) {
		uint32_t *to = NULL;

		if (imap_accept(r, ' '))
			continue;
		if ((e = imap_read_atom(r, &name)) || (e = imap_expect(r, ' ')))
			break;
		if (bytes_eq_nocase(name, "MESSAGES"))
			to = &s.messages;
		else if (bytes_eq_nocase(name, "UNSEEN"))
			to = &s.unseen;
		else if (bytes_eq_nocase(name, "UIDNEXT"))
			to = &s.uid_next;
		else if (bytes_eq_nocase(name, "UIDVALIDITY"))
			to = &s.uid_validity;
		if (to)
			e = imap_read_u32(r, to);
		else if (bytes_eq_nocase(name, "HIGHESTMODSEQ"))
			e = imap_read_number(r, UINT64_MAX, &s.highest_modseq);
		else
			e = imap_skip_value(r);
	}
	s.known = true;
	if (!e)
		*out = s;
	return e;
}

enum err imap_read_status(struct imap *c, struct arena *a, struct bytes *mailbox, struct imap_status *out)
{
	enum err e;

	*out = (struct imap_status){ 0 };
	if ((e = imap_read_mailbox_name(c, a, mailbox)))
		return e;
	return imap_read_status_items(c, out);
}

struct status_many {
	const struct bytes *mailboxes;
	size_t n, next; /* next: whose answer is to come, as they are asked in order */
	struct imap_status *out;
};

/* For the next one of that name, looked for from where the last answer belonged: with thousands of mailboxes a look at
 * all of them for each answer would take long. Who asks twice gets two answers. */
static enum err on_status(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct status_many *m = arg;
	struct imap_status s;
	struct bytes name;
	enum err e;

	(void)number;
	if (!bytes_eq_nocase(keyword, "STATUS"))
		return ERR_OK;
	if ((e = imap_read_status(c, c->scratch, &name, &s)))
		return e;
	for (size_t k = 0; k < m->n; k++) {
		size_t i = (m->next + k) % m->n;

		if (!bytes_eq(canonical_name(m->mailboxes[i]), name))
			continue;
		m->out[i] = s;
		m->next = i + 1;
		break;
	}
	return ERR_OK;
}

void imap_put_deselect(struct imap *c)
{
	if (!c->selected.name)
		return;
	if (c->caps & IMAP_CAP_UNSELECT) {
		imap_command(c, "UNSELECT");
	} else { /* CLOSE alone would expunge; after EXAMINE it doesn't (RFC 3501, 6.4.2) */
		imap_command(c, "EXAMINE ");
		imap_put_mailbox(c, bytes_of(c->selected.name, c->selected.len));
		imap_command(c, "CLOSE");
	}
	imap_forget_selected(c);
}

void imap_put_status(struct imap *c, struct bytes mailbox)
{
	imap_command(c, "STATUS ");
	imap_put_mailbox(c, mailbox);
	imap_put(c, " %s", imap_status_items(c));
}

/* Why a STATUS is refused without a reason. */
static enum err explain_status(struct imap *c, struct bytes mailbox)
{
	bool listed;
	enum err e = imap_is_listed(c, mailbox, &listed);

	if (e)
		return e;
	imap_set_problem(c, BYTES("the IMAP server refuses to tell of the mailbox, without a reason"));
	return listed ? ERR_UNAVAILABLE : ERR_NOT_FOUND;
}

enum err imap_status(struct imap *c, struct bytes mailbox, struct imap_status *out)
{
	struct status_many m = { &mailbox, 1, 0, out };
	const struct imap_answer *answer;
	enum err e;

	*out = (struct imap_status){ 0 };
	if ((e = imap_begin(c)))
		return e;
	if (is_selected(c, mailbox))
		imap_put_deselect(c);
	imap_put_status(c, mailbox);
	if ((e = imap_run_all(c, on_status, &m)))
		return e;
	answer = &c->answers[c->n_commands - 1];
	if (answer->err == ERR_DENIED && !answer->code.name.len)
		return explain_status(c, mailbox);
	if (answer->err || out->known)
		return answer->err;
	return imap_fail(c, ERR_PROTO, "no STATUS in the answer to STATUS");
}

enum err imap_status_many(struct imap *c, const struct bytes *mailboxes, size_t n, struct imap_status *out)
{
	struct status_many m = { mailboxes, n, 0, out };

	memset(out, 0, n * sizeof(*out));
	for (size_t i = 0; i < n;) {
		enum err e = imap_begin(c);

		if (e)
			return e;
		while (i < n && imap_pending_bytes(c) < PIPELINE_BYTES) {
			if (is_selected(c, mailboxes[i]))
				imap_put_deselect(c);
			imap_put_status(c, mailboxes[i++]);
		}
		if ((e = imap_run_all(c, on_status, &m)))
			return e;
	}
	return ERR_OK;
}

/* ---- SELECT ---- */

enum err imap_on_select(struct imap *c, struct bytes keyword)
{
	if (bytes_eq_nocase(keyword, "OK") && bytes_eq_nocase(c->code.name, "CLOSED"))
		c->selected.status =
		    (struct imap_status){ .known = true }; /* so far it was about the former one */
	return ERR_OK;
}

static enum err on_select(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	(void)number;
	*(bool *)arg |= bytes_eq_nocase(keyword, "EXISTS");
	return imap_on_select(c, keyword);
}

static void put_select(struct imap *c, struct bytes mailbox)
{
	imap_command(c, "SELECT ");
	imap_put_mailbox(c, mailbox);
	if (c->caps & IMAP_CAP_CONDSTORE)
		imap_put(c, " (CONDSTORE)");
	c->selected.may_change = UINT32_MAX; /* who doesn't tell allows all */
	c->selected.status = (struct imap_status){ .known = true };
}

void imap_put_reselect(struct imap *c)
{
	put_select(c, bytes_of(c->selected.name, c->selected.len));
	c->selected.stale = false;
}

enum err imap_check_validity(struct imap *c, uint32_t validity)
{
	if (c->selected.status.uid_validity == validity)
		return ERR_OK;
	imap_set_problem(c, BYTES("another mailbox has taken the name of the one that was selected"));
	imap_forget_selected(c);
	return ERR_NOT_FOUND;
}

enum err imap_reselect(struct imap *c, struct bytes mailbox)
{
	struct bytes name = canonical_name(mailbox);
	bool told = false;
	enum err e;

	if ((e = imap_begin(c)))
		return e;
	imap_forget_selected(c); /* whatever happens, the former one is closed */
	put_select(c, name);
	if ((e = imap_run(c, on_select, &told)))
		return e == ERR_DENIED && !c->answers[0].code.name.len ? ERR_NOT_FOUND : e;
	if (!told)
		return imap_fail(c, ERR_PROTO, "the IMAP server does not tell how many messages there are");
	if (bytes_eq_nocase(c->answers[0].code.name, "READ-ONLY"))
		c->selected.may_change = 0;
	c->selected.name = malloc(name.len + 1);
	if (!c->selected.name)
		abort();
	memcpy(c->selected.name, name.p, name.len);
	c->selected.name[name.len] = 0;
	c->selected.len = name.len;
	c->selected.fresh = true;
	return ERR_OK;
}

/* What the server refuses is no error: only one of begin's, or of the connection, is. */
enum err imap_status_selected(struct imap *c, struct bytes mailbox, struct imap_status *out)
{
	enum err e = imap_reselect(c, mailbox);
	bool refused = e && !c->broken && c->n_commands;

	*out = e ? (struct imap_status){ 0 } : c->selected.status;
	return refused ? ERR_OK : e;
}

enum err imap_check_rights(struct imap *c, uint32_t flags)
{
	if (!(flags & IMAP_SYSTEM_FLAGS & ~c->selected.may_change))
		return ERR_OK;
	imap_set_problem(c, BYTES("the mailbox is read-only, or that right on it is missing"));
	return ERR_DENIED;
}

enum err imap_select(struct imap *c, struct bytes mailbox, struct imap_status *out)
{
	enum err e = c->broken ? ERR_UNAVAILABLE : ERR_OK;

	if (!e && (c->selected.stale || !is_selected(c, mailbox)))
		e = imap_reselect(c, mailbox);
	if (e)
		return e;
	*out = c->selected.status;
	out->known = c->selected.fresh;
	return ERR_OK;
}

/* ---- CREATE, DELETE, RENAME ---- */

static const char *use_name(enum imap_use use)
{
	switch (use) {
	case IMAP_USE_DRAFTS:
		return "\\Drafts";
	case IMAP_USE_SENT:
		return "\\Sent";
	case IMAP_USE_TRASH:
		return "\\Trash";
	case IMAP_USE_JUNK:
		return "\\Junk";
	case IMAP_USE_ARCHIVE:
		return "\\Archive";
	case IMAP_USE_ALL:
		return "\\All";
	case IMAP_USE_FLAGGED:
		return "\\Flagged";
	case IMAP_USE_NONE:
	case IMAP_USE_INBOX:
		break;
	}
	return NULL;
}

enum err imap_explain_refusal(struct imap *c, struct bytes mailbox, bool should_exist, enum err refused)
{
	char *said;
	struct imap_status s;
	enum err e;

	if (refused != ERR_DENIED || c->broken || !c->n_commands ||
	    c->answers[c->n_commands - 1].code.name.len)
		return refused;
	said = c->problem; /* about the refusal: it outlives the question */
	c->problem = NULL;
	e = imap_status(c, mailbox, &s);
	free(c->broken ? said : c->problem);
	if (!c->broken)
		c->problem = said;
	if (should_exist)
		return e ? e : ERR_DENIED;
	if (e == ERR_UNAVAILABLE && !c->broken)
		return ERR_EXISTS; /* it is there, though it can't be used now */
	return e == ERR_NOT_FOUND ? ERR_DENIED : e ? e : ERR_EXISTS;
}

/* What stands before the last command is no more than a preparation. */
static enum err run_for_last(struct imap *c)
{
	enum err e = imap_run_all(c, NULL, NULL);

	return e ? e : c->answers[c->n_commands - 1].err;
}

enum err imap_subscribe(struct imap *c, struct bytes mailbox)
{
	enum err e = imap_begin(c);

	if (e)
		return e;
	imap_command(c, "SUBSCRIBE ");
	imap_put_mailbox(c, mailbox);
	return imap_run_all(c, NULL, NULL);
}

enum err imap_resubscribe(struct imap *c, struct bytes from, struct bytes to)
{
	enum err e = imap_begin(c);

	if (e)
		return e;
	imap_command(c, "SUBSCRIBE ");
	imap_put_mailbox(c, to);
	imap_command(c, "UNSUBSCRIBE ");
	imap_put_mailbox(c, from);
	return imap_run_all(c, NULL, NULL);
}

enum err imap_create(struct imap *c, struct bytes mailbox, enum imap_use use)
{
	const char *attribute = use_name(use);
	enum err e;

	if ((e = imap_begin(c)))
		return e;
	imap_command(c, "CREATE ");
	imap_put_mailbox(c, mailbox);
	if (attribute && (c->caps & IMAP_CAP_CREATE_SPECIAL_USE))
		imap_put(c, " (USE (%s))", attribute);
	if ((e = imap_run(c, NULL, NULL)))
		return imap_explain_refusal(c, mailbox, false, e);
	return imap_subscribe(c, mailbox);
}

enum err imap_delete(struct imap *c, struct bytes mailbox)
{
	enum err e;

	if ((e = imap_begin(c)))
		return e;
	if (is_selected(c, mailbox))
		imap_put_deselect(c);
	imap_pool_forget_mailbox(c, canonical_name(mailbox));
	imap_command(c, "DELETE ");
	imap_put_mailbox(c, mailbox);
	if ((e = run_for_last(c)))
		return imap_explain_refusal(c, mailbox, true, e);
	if ((e = imap_begin(c)))
		return e;
	imap_command(c, "UNSUBSCRIBE ");
	imap_put_mailbox(c, mailbox);
	return imap_run_all(c, NULL, NULL);
}

enum err imap_rename(struct imap *c, struct bytes from, struct bytes to)
{
	enum err e;

	if ((e = imap_begin(c)))
		return e;
	if (is_selected(c, from))
		imap_put_deselect(c);
	imap_pool_forget_mailbox(c, canonical_name(from));
	imap_command(c, "RENAME ");
	imap_put_mailbox(c, from);
	imap_put(c, " ");
	imap_put_mailbox(c, to);
	if ((e = run_for_last(c)))
		return imap_explain_refusal(c, from, true, e);
	return imap_resubscribe(c, from, to);
}
