#include <string.h>

#include "base/hash.h"
#include "imap/connection.h"

/* LIST, with what each server can tell along with it (RFC 5258, 5819, 6154) and the longer way where it can't. */

enum { SLOTS_MIN = 64 };

struct list {
	struct arena *arena;
	struct imap_mailboxes *out;
	size_t cap;
	uint32_t *
	    slots; /* by hash of the name: 1 + where it stands in out; 0 = free. Twice as many as mailboxes, at least */
	size_t n_slots;         /* a power of two */
	uint64_t seed;          /* names that meet in one slot elsewhere don't here */
	struct prefix *foreign; /* of other users and of all, in c->scratch */
};

/* A namespace's prefix, with its separator at the end. */
struct prefix {
	struct bytes text;
	struct prefix *next;
};

/* Where the name stands, or where it would. There is a free slot. */
static uint32_t *slot_of(const struct list *l, struct bytes name)
{
	size_t at = (size_t)hash64(name, l->seed);

	for (;; at++) {
		uint32_t *slot = &l->slots[at & (l->n_slots - 1)];

		if (!*slot || bytes_eq(l->out->v[*slot - 1].name, name))
			return slot;
	}
}

static struct imap_mailbox *find(const struct list *l, struct bytes name)
{
	uint32_t at = l->n_slots ? *slot_of(l, name) : 0;

	return at ? &l->out->v[at - 1] : NULL;
}

/* Room for one mailbox more. */
static bool grow_slots(struct list *l)
{
	size_t n = l->n_slots ? l->n_slots * 2 : SLOTS_MIN;

	if (l->out->n + 1 <= l->n_slots / 2)
		return true;
	l->slots = arena_array(l->arena, n, sizeof(*l->slots));
	if (!l->slots)
		return false;
	l->n_slots = n;
	for (size_t i = 0; i < l->out->n; i++)
		*slot_of(l, l->out->v[i].name) = (uint32_t)i + 1;
	return true;
}

/* ERR_LIMIT. It isn't there yet. */
static enum err add_mailbox(struct list *l, const struct imap_mailbox *m)
{
	if (!grow_slots(l))
		return ERR_LIMIT;
	if (l->out->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		void *grown =
		    arena_grow(l->arena, l->out->v, l->cap * sizeof(*l->out->v), cap * sizeof(*l->out->v));

		if (!grown)
			return ERR_LIMIT;
		l->out->v = grown;
		l->cap = cap;
	}
	l->out->v[l->out->n++] = *m;
	*slot_of(l, m->name) = (uint32_t)l->out->n;
	return ERR_OK;
}

/* RFC 3501, 7.2.2; RFC 5258, 3; RFC 6154, 2. */
static void note_attribute(struct imap_mailbox *m, struct bytes attribute)
{
	static const struct {
		const char *name;
		enum imap_use use;
	} uses[] = {
		{ "\\Drafts", IMAP_USE_DRAFTS },
		{ "\\Sent", IMAP_USE_SENT },
		{ "\\Trash", IMAP_USE_TRASH },
		{ "\\Junk", IMAP_USE_JUNK },
		{ "\\Archive", IMAP_USE_ARCHIVE },
		{ "\\All", IMAP_USE_ALL },
		{ "\\Flagged", IMAP_USE_FLAGGED },
	};

	if (bytes_eq_nocase(attribute, "\\Noselect") || bytes_eq_nocase(attribute, "\\NonExistent"))
		m->selectable = false;
	else if (bytes_eq_nocase(attribute, "\\Noinferiors"))
		m->may_have_children = false;
	else if (bytes_eq_nocase(attribute, "\\Subscribed"))
		m->subscribed = true;
	for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++)
		if (bytes_eq_nocase(attribute, uses[i].name))
			m->use = uses[i].use;
}

/* "(\HasNoChildren) "/" name" */
static enum err read_list(struct list *l, struct imap *c, struct imap_mailbox *m)
{
	struct imap_reader *r = &c->reader;
	struct bytes word;
	enum err e = imap_expect(r, '(');

	*m = (struct imap_mailbox){ .selectable = true, .may_have_children = true };
	while (!e && !imap_accept(r, ')')) {
		if (imap_accept(r, ' '))
			continue;
		if (!(e = imap_read_word(r, &word)))
			note_attribute(m, word);
	}
	if (e || (e = imap_expect(r, ' ')) || (e = imap_read_string(r, c->scratch, &word)))
		return e;
	m->separator = word.len ? (char)word.p[0] : 0;
	if ((e = imap_expect(r, ' ')) || (e = imap_read_mailbox_name(c, l->arena, &m->name)))
		return e;
	if (bytes_eq_str(m->name, "INBOX"))
		m->use = IMAP_USE_INBOX;
	return ERR_OK;
}

/* "(("INBOX." ".")("#x/" "/" "X-PARAM" ("FLAG")))" or NIL: the first prefix into `first`, each into `all`; both may be NULL. */
static enum err read_prefixes(struct list *l, struct imap *c, struct bytes *first, struct prefix **all)
{
	struct imap_reader *r = &c->reader;
	struct bytes separator;
	enum err e;

	if (!imap_accept(r, '('))
		return imap_skip_value(r);
	while (!imap_accept(r, ')')) {
		struct prefix *p = arena_alloc(c->scratch, sizeof(*p));

		if (!p)
			return ERR_LIMIT;
		(void)imap_accept(r, ' ');
		if ((e = imap_expect(r, '(')) || (e = imap_read_mailbox_name(c, l->arena, &p->text)) ||
		    (e = imap_expect(r, ' ')) || (e = imap_read_string(r, c->scratch, &separator)))
			return e;
		while (!imap_accept(r, ')'))
			if (!imap_accept(r, ' ') && (e = imap_skip_value(r)))
				return e;
		if (first && !first->p)
			*first = p->text.p ? p->text : BYTES("");
		p->next = all ? *all : NULL;
		if (all && p->text.len)
			*all = p;
	}
	return ERR_OK;
}

/* One's own, other users', shared (RFC 2342, 5). What can't be understood tells nothing. */
static enum err read_namespaces(struct list *l, struct imap *c)
{
	struct prefix *foreign = NULL;
	struct bytes own = { 0 };
	enum err e;

	if ((e = read_prefixes(l, c, &own, NULL)) || (e = imap_expect(&c->reader, ' ')) ||
	    (e = read_prefixes(l, c, NULL, &foreign)) || (e = imap_expect(&c->reader, ' ')) ||
	    (e = read_prefixes(l, c, NULL, &foreign)))
		return e == ERR_PROTO ? ERR_OK : e;
	l->out->prefix = own;
	l->foreign = foreign;
	return ERR_OK;
}

/* "shared/x" and "shared" itself for the prefix "shared/". */
static bool is_within(struct bytes name, struct bytes prefix)
{
	size_t n = name.len + 1 == prefix.len ? name.len : prefix.len;

	return name.len >= n && memcmp(name.p, prefix.p, n) == 0;
}

static void mark_foreign(struct list *l)
{
	for (const struct prefix *p = l->foreign; p; p = p->next)
		for (size_t i = 0; i < l->out->n; i++)
			if (is_within(l->out->v[i].name, p->text) && l->out->v[i].use != IMAP_USE_INBOX)
				l->out->v[i].foreign = true;
}

static enum err on_list(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct list *l = arg;
	struct imap_mailbox m, *had;
	struct imap_status s;
	struct bytes name;
	bool lsub = bytes_eq_nocase(keyword, "LSUB");
	enum err e;

	(void)number;
	if (bytes_eq_nocase(keyword, "STATUS")) {
		if ((e = imap_read_status(c, c->scratch, &name, &s)))
			return e;
		if ((had = find(l, name)))
			had->status = s;
		return ERR_OK;
	}
	if (bytes_eq_nocase(keyword, "NAMESPACE"))
		return read_namespaces(l, c);
	if (!lsub && !bytes_eq_nocase(keyword, "LIST"))
		return ERR_OK;
	if ((e = read_list(l, c, &m)))
		return e;
	had = find(l, m.name);
	if (lsub && had)
		had->subscribed = true;
	if (lsub || had)
		return ERR_OK;
	return add_mailbox(l, &m);
}

/* Each mailbox has its status by now, or gets it here. */
static enum err add_status(struct imap *c, struct arena *a, struct imap_mailboxes *all)
{
	struct bytes *names = arena_array(a, all->n, sizeof(*names));
	struct imap_status *status = arena_array(a, all->n, sizeof(*status));
	size_t n = 0;
	enum err e;

	if (!names || !status)
		return ERR_LIMIT;
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].selectable && !all->v[i].status.known)
			names[n++] = all->v[i].name;
	e = n ? imap_status_many(c, names, n, status) : ERR_OK;
	n = 0;
	for (size_t i = 0; i < all->n && !e; i++)
		if (all->v[i].selectable && !all->v[i].status.known)
			all->v[i].status = status[n++];
	return e;
}

/* It always exists, whether the server lists it or not. The slots are no longer right then. */
static enum err put_inbox_first(struct list *l)
{
	static const struct imap_mailbox unlisted = { .name = { (const uint8_t *)"INBOX", 5 },
		.use = IMAP_USE_INBOX,
		.selectable = true,
		.subscribed = true };
	struct imap_mailboxes *all = l->out;
	struct imap_mailbox *inbox, copy;
	enum err e;

	if (!find(l, unlisted.name) && (e = add_mailbox(l, &unlisted)))
		return e;
	inbox = find(l, unlisted.name);
	copy = *inbox;
	memmove(all->v + 1, all->v, (size_t)(inbox - all->v) * sizeof(*all->v));
	all->v[0] = copy;
	return ERR_OK;
}

/* Returns which of the run's commands is the first one that must not fail. */
static size_t put_list(struct imap *c, bool with_status)
{
	size_t first;

	if (with_status)
		imap_put_deselect(c);
	if (c->caps & IMAP_CAP_NAMESPACE)
		imap_command(c, "NAMESPACE");
	first = c->n_commands;
	imap_command(c, "LIST \"\" \"*\"");
	if (!(c->caps & IMAP_CAP_LIST_EXTENDED)) {
		imap_command(c, "LSUB \"\" \"*\"");
		return first;
	}
	imap_put(c, " RETURN (SUBSCRIBED CHILDREN%s", c->caps & IMAP_CAP_SPECIAL_USE ? " SPECIAL-USE" : "");
	if (with_status && (c->caps & IMAP_CAP_LIST_STATUS))
		imap_put(c, " STATUS %s", imap_status_items(c));
	imap_put(c, ")");
	return first;
}

/* ---- one mailbox ---- */

struct sought {
	struct bytes name;
	bool found;
};

static enum err on_sought(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct sought *x = arg;
	struct list l = { .arena = c->scratch };
	struct imap_mailbox m;
	enum err e;

	(void)number;
	if (!bytes_eq_nocase(keyword, "LIST"))
		return ERR_OK;
	if ((e = read_list(&l, c, &m)))
		return e;
	x->found |= m.selectable && bytes_eq(m.name, x->name);
	return ERR_OK;
}

/* A name with wildcards is a pattern that it fits itself. */
enum err imap_is_listed(struct imap *c, struct bytes mailbox, bool *out)
{
	struct sought x = { .name = mailbox };
	enum err e;

	*out = true;
	if (bytes_eq_nocase(mailbox, "INBOX"))
		return ERR_OK;
	if ((e = imap_begin(c)))
		return e;
	imap_command(c, "LIST \"\" ");
	imap_put_mailbox(c, mailbox);
	e = imap_run(c, on_sought, &x);
	*out = x.found;
	return e;
}

/* ---- all ---- */

enum err imap_list(struct imap *c, struct arena *a, bool with_status, struct imap_mailboxes *out)
{
	struct list l = { .arena = a, .out = out, .seed = (uintptr_t)out };
	size_t first;
	enum err e;

	*out = (struct imap_mailboxes){ 0 };
	if ((e = imap_begin(c)))
		return e;
	first = put_list(c, with_status);
	if ((e = imap_run_all(c, on_list, &l)))
		return e;
	for (size_t i = first; i < c->n_commands; i++)
		if (c->answers[i].err)
			return c->answers[i].err;
	mark_foreign(&l);
	if ((e = put_inbox_first(&l)))
		return e;
	return with_status ? add_status(c, a, out) : ERR_OK;
}
