#include <stdlib.h>
#include <string.h>

#include "imap/connection.h"
#include "imap/fetched.h"
#include "io/log.h"

/* A new connection in the place of a broken one, so that a mail on which the server hangs up (Dovecot does so when it can't read
 * a mail's file) doesn't stop those that come after it. */

void imap_keep_login(struct imap *c, const struct imap_login *who)
{
	c->who = who;
}

uint32_t imap_mends(const struct imap *c)
{
	return c->mends;
}

/* The same mailbox as before. */
static enum err select_again(struct imap *c)
{
	uint32_t validity = c->selected.status.uid_validity;
	char *name = c->selected.name;
	size_t len = c->selected.len;
	enum err e;

	if (!name)
		return ERR_OK;
	c->selected.name = NULL;
	e = imap_reselect(c, bytes_of(name, len));
	free(name);
	if (!e)
		e = imap_check_validity(c, validity);
	return e && e != ERR_NOT_FOUND ? imap_fail(c, ERR_UNAVAILABLE, "the mailbox can't be selected again")
				       : e;
}

enum err imap_mend(struct imap *c, enum err e)
{
	struct imap *fresh;
	const char *why = NULL;

	if (!c->who || !c->broken || (e != ERR_UNAVAILABLE && e != ERR_LIMIT))
		return e;
	log_event(LOG_LEVEL_INFO, "IMAP connection broke while mails were read: connecting again",
	    LOG_BYTES("mailbox", bytes_of(c->selected.name, c->selected.len)),
	    LOG_STR("imap", imap_problem(c)));
	imap_hang_up(c);
	if ((e = imap_connect(c->pool, c->who, &fresh, &why))) {
		log_warn("IMAP connection failed: %s (%s)", why ? why : "no reason known", err_name(e));
		return e == ERR_AUTH || e == ERR_CANCELLED || e == ERR_TIMEOUT ? e : ERR_UNAVAILABLE;
	}
	imap_take_over(c, &fresh);
	c->mends++;
	return select_again(c);
}

bool imap_goes_on(struct imap *c, enum err e)
{
	switch (e) {
	case ERR_DENIED:
	case ERR_UNSUPPORTED:
	case ERR_NOT_FOUND:
		return !c->broken;
	case ERR_UNAVAILABLE:
	case ERR_LIMIT:
		return !c->broken || !imap_mend(c, e);
	default:
		return false;
	}
}

/* ---- witnesses ---- */

enum { ELSEWHERE = 4 /* mailboxes in which one is looked for */ };

struct witness {
	uint32_t uid;
	bool told;
};

static enum err on_witness(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	static const struct imap_fetch_limits no_header = { 0, 0 };
	struct witness *w = arg;
	struct imap_keywords keywords = { .n = 0 };
	struct imap_fetched f;
	enum err e;

	if (!number || !bytes_eq_nocase(keyword, "FETCH"))
		return ERR_OK;
	if ((e = imap_read_fetch_within(c, c->scratch, &keywords, &no_header, &f)))
		return e;
	if (f.header_too_long || f.has_body)
		*w = (struct witness){ f.flags.uid, true };
	return ERR_OK;
}

static enum err ask_witness(struct imap *c, uint32_t number, struct witness *w)
{
	enum err e = imap_begin(c);

	*w = (struct witness){ 0 };
	if (e)
		return e;
	imap_command(c, "FETCH %u (UID BODY.PEEK[HEADER])", number);
	return imap_run_all(c, on_witness, w);
}

struct sought {
	bool (*is_suspect)(const void *arg, uint32_t uid);
	const void *arg;
	bool asked, found;
};

/* Of the selected mailbox. The connection is mended if the server hangs up. */
static enum err ask(struct imap *c, uint32_t number, struct sought *x)
{
	struct witness w;
	enum err e = ask_witness(c, number, &w);

	x->asked = true;
	x->found = !e && w.told && w.uid && !(x->is_suspect && x->is_suspect(x->arg, w.uid));
	return e ? imap_mend(c, e) : ERR_OK;
}

/* One that is alone in its mailbox is the suspect itself. */
static enum err look_here(struct imap *c, struct sought *x)
{
	uint32_t n = c->selected.status.messages;
	const uint32_t numbers[] = { n, 1, n > 3 ? n / 2 : n - 1 };
	enum err e = ERR_OK;

	for (size_t i = 0; n > 1 && i < n && i < sizeof(numbers) / sizeof(*numbers) && !x->found && !e; i++)
		e = ask(c, numbers[i], x);
	return e;
}

/* Where other mails of the user lie. */
static bool may_testify(const struct imap_mailbox *m, struct bytes here)
{
	return m->selectable && !m->foreign && m->use != IMAP_USE_ALL && m->use != IMAP_USE_FLAGGED &&
	       m->status.known && m->status.messages && !bytes_eq(m->name, here);
}

static enum err look_elsewhere(struct imap *c, struct arena *a, struct bytes here, struct sought *x)
{
	struct sought other = { 0 };
	struct imap_mailboxes all;
	size_t tried = 0;
	enum err e = imap_list(c, a, true, &all);

	for (size_t i = 0; !e && i < all.n && tried < ELSEWHERE && !other.found; i++) {
		if (!may_testify(&all.v[i], here))
			continue;
		tried++;
		e = imap_reselect(c, all.v[i].name);
		if (!e && c->selected.status.messages)
			e = ask(c, c->selected.status.messages, &other);
		else if (!c->broken)
			e = ERR_OK;
	}
	x->asked |= other.asked;
	x->found = other.found;
	return e;
}

/* The mailbox that was selected is selected again. */
static enum err look_around(struct imap *c, struct arena *a, struct sought *x)
{
	uint32_t validity = c->selected.status.uid_validity;
	struct bytes here;
	enum err e = arena_dup(a, bytes_of(c->selected.name, c->selected.len), &here);

	if (e || (e = look_elsewhere(c, a, here, x)) || (e = imap_reselect(c, here)))
		return e;
	return imap_check_validity(c, validity);
}

enum err imap_find_witness(
    struct imap *c, struct arena *a, bool (*is_suspect)(const void *arg, uint32_t uid), const void *arg)
{
	struct sought x = { .is_suspect = is_suspect, .arg = arg };
	enum err e = look_here(c, &x);

	if (!e && !x.found)
		e = look_around(c, a, &x);
	if (e || x.found || !x.asked)
		return e;
	log_event(LOG_LEVEL_WARN,
	    "the IMAP server can't read any mail that it is asked for: look at its log and its storage",
	    LOG_BYTES("mailbox", bytes_of(c->selected.name, c->selected.len)));
	return imap_fail(c, ERR_UNAVAILABLE, "the IMAP server can't read any mail that it is asked for");
}

void imap_log_unreadable(const struct imap *c, uint32_t uid, const char *what, enum err why)
{
	const char *text =
	    why == ERR_LIMIT ? "what the IMAP server sends of a mail is too large: look at the mail there"
	    : why == ERR_DENIED
		? "the IMAP server refuses to give a mail: look at its log, and at the mail's file"
		: "the IMAP server hangs up when it is asked for a mail: look at its log, and at the mail's "
		  "file";

	log_event(LOG_LEVEL_WARN, text, LOG_BYTES("mailbox", bytes_of(c->selected.name, c->selected.len)),
	    LOG_U64("uid", uid), LOG_STR("asked", what));
}
