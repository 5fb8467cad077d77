#include <string.h>

#include "base/time.h"
#include "mail/address.h"
#include "mail/draft_maker.h"
#include "mail/email.h"
#include "mail/encoded_word.h"

/* The header of a draft: what was there, and what the phone says. */

enum { ALWAYS = DRAFT_LINES, IF_IMPORTANCE, IF_SENT };

/* What doesn't stay of a header. */
static const struct {
	const char *name;
	int when; /* a draft_line: if the phone has said that */
} dropped[] = {
	{ "To", DRAFT_TO },
	{ "Cc", DRAFT_CC },
	{ "Bcc", DRAFT_BCC },
	{ "Reply-To", DRAFT_REPLY_TO },
	{ "Subject", DRAFT_SUBJECT },
	{ "Importance", IF_IMPORTANCE },
	{ "X-Priority", IF_IMPORTANCE },
	{ "Priority", IF_IMPORTANCE },
	{ "X-MSMail-Priority", IF_IMPORTANCE },
	{ DRAFT_FIELD, ALWAYS },
	{ "Date", ALWAYS },
	{ "MIME-Version", ALWAYS },
	{ "Lines", ALWAYS },
	{ "Status", ALWAYS },
	{ "X-Status", ALWAYS },
	{ "X-Keywords", ALWAYS },
	{ "X-UID", ALWAYS },
	{ "X-Mozilla-Status", IF_SENT },
	{ "X-Mozilla-Status2", IF_SENT },
	{ "X-Mozilla-Keys", IF_SENT },
	{ "X-Mozilla-Draft-Info", IF_SENT },
	{ "X-Identity-Key", IF_SENT },
	{ "X-Account-Key", IF_SENT },
	{ "Fcc", IF_SENT },
	{ "X-Fcc", IF_SENT },
	{ "X-Uniform-Type-Identifier", IF_SENT },
};

static bool is_sent(const struct draft_maker *m)
{
	return !m->stamp->field.validity;
}

static bool is_dropped(const struct draft_maker *m, struct bytes name)
{
	if (bytes_starts_nocase(name, "Content-"))
		return true;
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		int when = dropped[i].when;

		if (!bytes_eq_nocase(name, dropped[i].name))
			continue;
		return when == ALWAYS || (when == IF_SENT && is_sent(m)) ||
		       (when == IF_IMPORTANCE && m->edit->has_importance) ||
		       (when < DRAFT_LINES && m->edit->has[when]);
	}
	return false;
}

/* Whether a reader finds the same addresses in it when it stands in the header as it is. */
static bool needs_no_encoding(struct bytes line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.p[i] < ' ' || line.p[i] >= 127)
			return false;
	return memmem(line.p, line.len, "=?", 2) == NULL;
}

static bool has_address(const struct mail_addresses *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (bytes_find(list->v[i].address, '@') < list->v[i].address.len)
			return true;
	return false;
}

static bool are_addresses(const struct mail_addresses *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (bytes_find(list->v[i].address, '@') == list->v[i].address.len ||
		    bytes_find(list->v[i].address, '"') < list->v[i].address.len)
			return false;
	return list->n > 0;
}

/* ---- lists of addresses ---- */

static const struct list {
	const char *name, *separator; /* as it is shown: see email.c */
	size_t max;
} lists[] = {
	[DRAFT_TO] = { "To", ", ", EMAIL_ADDRESSES_MAX },
	[DRAFT_CC] = { "Cc", ", ", EMAIL_ADDRESSES_MAX },
	[DRAFT_BCC] = { "Bcc", ", ", EMAIL_BCC_MAX },
	[DRAFT_REPLY_TO] = { "Reply-To", ";", EMAIL_ADDRESSES_MAX },
};

static struct bytes entry_of(const struct mail_address *m)
{
	return m->address.len ? m->address : m->name;
}

static bool has(const struct mail_addresses *list, const struct mail_address *m)
{
	for (size_t i = 0; i < list->n; i++)
		if (address_same(entry_of(&list->v[i]), entry_of(m)))
			return true;
	return false;
}

/* Who stands in both stands where `rest` has it. */
static enum err join(struct arena *a, struct mail_addresses *list, const struct mail_addresses *rest)
{
	struct mail_address *v = arena_array(a, list->n + rest->n, sizeof(*v));
	size_t n = 0;

	if (!v)
		return ERR_LIMIT;
	for (size_t i = 0; i < list->n; i++)
		if (!has(rest, &list->v[i]))
			v[n++] = list->v[i];
	for (size_t i = 0; i < rest->n; i++)
		v[n++] = rest->v[i];
	*list = (struct mail_addresses){ v, n };
	return ERR_OK;
}

/* A long list is shown cut, and a phone sends that back. Who wasn't shown is not taken out by that, whatever the user has changed of the
 * others. But if the phone names most of the rest it knows them all (it has written the draft itself); a few of them the user
 * may have added again. And if it names none of those shown the list is another one. */
static bool stays(
    const struct mail_addresses *rest, const struct mail_addresses *shown, const struct mail_addresses *said)
{
	bool is_edited = !shown->n;
	size_t n_known = 0;

	for (size_t i = 0; i < said->n; i++)
		if (has(shown, &said->v[i]))
			is_edited = true;
		else
			n_known += has(rest, &said->v[i]);
	return is_edited && n_known < (rest->n + 1) / 2;
}

static enum err keep_unshown(
    struct draft_maker *m, const struct list *shown_as, struct mail_addresses *list, bool *kept)
{
	struct mail_addresses had, shown, rest;
	size_t n;
	enum err e;

	if (!m->base)
		return ERR_OK;
	if ((e = header_addresses(m->arena, &m->base->header, shown_as->name, &had)) ||
	    (e = address_list_count_shown(m->arena, &had, shown_as->separator, shown_as->max, &n)))
		return e;
	if (n == had.n)
		return ERR_OK;
	shown = (struct mail_addresses){ had.v, n };
	rest = (struct mail_addresses){ had.v + n, had.n - n };
	*kept = stays(&rest, &shown, list);
	return *kept ? join(m->arena, list, &rest) : ERR_OK;
}

static enum err put_list(struct draft_maker *m, struct buf *out, enum draft_line line)
{
	struct bytes text = m->edit->line[line];
	struct mail_addresses list;
	bool kept = false;
	enum err e;

	if (!m->edit->has[line])
		return ERR_OK;
	if ((e = address_list(m->arena, text, &list)) || (e = keep_unshown(m, &lists[line], &list, &kept)))
		return e;
	if (list.n >= ADDRESS_MAX)
		return ERR_UNSUPPORTED; /* the rest would be left out */
	/* Somebody may still be typing: that stays as it is, unless encoding it would hide the addresses beside it. */
	if (kept || are_addresses(&list) || (has_address(&list) && !needs_no_encoding(text)))
		address_field_put(out, lists[line].name, &list);
	else if (text.len)
		header_field_put(out, lists[line].name, text);
	return ERR_OK;
}

static enum err put_lines(struct draft_maker *m, struct buf *out)
{
	enum err e;

	for (enum draft_line i = DRAFT_TO; i < DRAFT_SUBJECT; i++)
		if ((e = put_list(m, out, i)))
			return e;
	if (m->edit->line[DRAFT_SUBJECT].len)
		header_field_put(out, "Subject", m->edit->line[DRAFT_SUBJECT]);
	return ERR_OK;
}

/* ---- the rest ---- */

static void put_importance(const struct draft_maker *m, struct buf *out)
{
	if (m->edit->has_importance && m->edit->importance != 1)
		buf_printf(out, "Importance: %s\r\nX-Priority: %u\r\n", m->edit->importance ? "high" : "low",
		    m->edit->importance ? 1 : 5);
}

/* Whose the draft is and what it replies to: a phone that writes all of it anew, as MIME, needn't know that. */
static void put_lasting(const struct draft_maker *m, struct buf *out)
{
	static const char *const names[] = { "From", "In-Reply-To", "References" };

	for (size_t i = 0; m->base && i < sizeof(names) / sizeof(names[0]); i++) {
		const struct header_field *had = header_find(&m->base->header, names[i]);

		if (had && !header_find(&m->source, names[i]))
			header_put_field(out, had);
	}
}

static void put_stamp(const struct draft_maker *m, struct buf *out)
{
	if (!header_find(&m->source, "From") && !(m->base && header_find(&m->base->header, "From"))) {
		struct mail_address from = { .address = m->stamp->from };

		address_field_put(out, "From", &(struct mail_addresses){ &from, 1 });
	}
	buf_put_str(out, "Date: ");
	time_put_mail(out, m->stamp->now);
	buf_put_str(out, "\r\n");
	if (!header_find(&m->source, "Message-ID")) {
		struct bytes had =
		    m->base ? header_get(&m->base->header, "Message-ID") : m->stamp->message_id;

		buf_put_str(out, "Message-ID: ");
		buf_put(out, had.len ? had : m->stamp->message_id);
		buf_put_str(out, "\r\n");
	}
	if (!is_sent(m))
		draft_field_put(out, &m->field);
	buf_put_str(out, "MIME-Version: 1.0\r\n");
}

enum err draft_put_header(struct draft_maker *m)
{
	struct buf *out = &m->pieces.text;

	for (size_t i = 0; i < m->source.n; i++)
		if (!is_dropped(m, m->source.v[i].name))
			header_put_field(out, &m->source.v[i]);
	put_lasting(m, out);
	put_stamp(m, out);
	put_importance(m, out);
	return put_lines(m, out);
}
