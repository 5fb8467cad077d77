#include <string.h>

#include "imap/connection.h"

/* LIST, with what each server can tell along with it (RFC 5258, 5819, 6154) and the longer way where it can't. */

struct list {
	struct arena *arena;
	struct imap_mailboxes *out;
	size_t cap;
};

static struct imap_mailbox *find(const struct imap_mailboxes *all, struct bytes name)
{
	for (size_t i = all->n; i; i--) /* STATUS follows its LIST */
		if (bytes_eq(all->v[i - 1].name, name))
			return &all->v[i - 1];
	return NULL;
}

static struct imap_mailbox *add_mailbox(struct list *l)
{
	if (l->out->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		void *grown =
		    arena_grow(l->arena, l->out->v, l->cap * sizeof(*l->out->v), cap * sizeof(*l->out->v));

		if (!grown)
			return NULL;
		l->out->v = grown;
		l->cap = cap;
	}
	return &l->out->v[l->out->n++];
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
		if ((had = find(l->out, name)))
			had->status = s;
		return ERR_OK;
	}
	if (!lsub && !bytes_eq_nocase(keyword, "LIST"))
		return ERR_OK;
	if ((e = read_list(l, c, &m)))
		return e;
	had = find(l->out, m.name);
	if (lsub && had)
		had->subscribed = true;
	if (lsub || had)
		return ERR_OK;
	had = add_mailbox(l);
	if (!had)
		return ERR_LIMIT;
	*had = m;
	return ERR_OK;
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

/* It always exists, whether the server lists it or not. */
static enum err put_inbox_first(struct list *l)
{
	struct imap_mailboxes *all = l->out;
	struct imap_mailbox *inbox = find(all, BYTES("INBOX")), copy;

	if (inbox) {
		copy = *inbox;
	} else {
		copy = (struct imap_mailbox){
			.name = BYTES("INBOX"), .use = IMAP_USE_INBOX, .selectable = true, .subscribed = true
		};
		inbox = add_mailbox(l);
		if (!inbox)
			return ERR_LIMIT;
	}
	memmove(all->v + 1, all->v, (size_t)(inbox - all->v) * sizeof(*all->v));
	all->v[0] = copy;
	return ERR_OK;
}

enum err imap_list(struct imap *c, struct arena *a, bool with_status, struct imap_mailboxes *out)
{
	struct list l = { .arena = a, .out = out };
	enum err e;

	*out = (struct imap_mailboxes){ 0 };
	if ((e = imap_begin(c)))
		return e;
	if (with_status)
		imap_put_deselect(c);
	imap_command(c, "LIST \"\" \"*\"");
	if (c->caps & IMAP_CAP_LIST_EXTENDED) {
		imap_put(c, " RETURN (SUBSCRIBED CHILDREN%s",
		    c->caps & IMAP_CAP_SPECIAL_USE ? " SPECIAL-USE" : "");
		if (with_status && (c->caps & IMAP_CAP_LIST_STATUS))
			imap_put(c, " STATUS %s", imap_status_items(c));
		imap_put(c, ")");
	} else {
		imap_command(c, "LSUB \"\" \"*\"");
	}
	if ((e = imap_run(c, on_list, &l)) || (e = put_inbox_first(&l)))
		return e;
	return with_status ? add_status(c, a, out) : ERR_OK;
}
