#include "sync/folders.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "sync/folder_display.h"
#include "sync/folder_names.h"
#include "sync/folder_notes.h"

/* From the mailboxes of IMAP to the folders of EAS: types, parents, display names and ids. What a device was told of
 * them is hierarchy.c's. */

enum { DISPLAY_MAX_CHARS = 256 };

#define OUTBOX_SOURCE "virtual"
#define IMAP_SOURCE "imap"

enum eas_class folder_class(enum folder_type type)
{
	switch (type) {
	case FOLDER_INBOX:
	case FOLDER_DRAFTS:
	case FOLDER_TRASH:
	case FOLDER_SENT:
	case FOLDER_OUTBOX:
	case FOLDER_USER_MAIL:
	case FOLDER_GENERIC:
		return CLASS_EMAIL;
	case FOLDER_TASKS:
	case FOLDER_USER_TASKS:
		return CLASS_TASKS;
	case FOLDER_CALENDAR:
	case FOLDER_USER_CALENDAR:
		return CLASS_CALENDAR;
	case FOLDER_CONTACTS:
	case FOLDER_USER_CONTACTS:
	case FOLDER_RECIPIENT_CACHE:
		return CLASS_CONTACTS;
	case FOLDER_NOTES:
	case FOLDER_USER_NOTES:
		return CLASS_NOTES;
	case FOLDER_JOURNAL:
	case FOLDER_USER_JOURNAL:
	case FOLDER_UNKNOWN:
		return CLASS_NONE;
	}
	return CLASS_NONE;
}

static enum folder_type type_of_use(enum imap_use use)
{
	switch (use) {
	case IMAP_USE_INBOX:
		return FOLDER_INBOX;
	case IMAP_USE_DRAFTS:
		return FOLDER_DRAFTS;
	case IMAP_USE_SENT:
		return FOLDER_SENT;
	case IMAP_USE_TRASH:
		return FOLDER_TRASH;
	case IMAP_USE_NONE:
	case IMAP_USE_JUNK:
	case IMAP_USE_ARCHIVE:
	case IMAP_USE_ALL:
	case IMAP_USE_FLAGGED:
		return FOLDER_USER_MAIL;
	}
	return FOLDER_USER_MAIL;
}

/* Servers such as Cyrus keep all folders below "INBOX."; people expect them beside the inbox. True if
 * everything but the inbox starts so. */
static bool all_below_inbox(const struct imap_mailboxes *m)
{
	size_t others = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct bytes name = m->v[i].name;

		if (m->v[i].use == IMAP_USE_INBOX)
			continue;
		if (!bytes_starts_nocase(name, "INBOX") || name.len < 7 ||
		    (char)name.p[5] != m->v[i].separator)
			return false;
		others++;
	}
	return others > 0;
}

/* The personal namespace's prefix, which is not shown: as configured, else as the server tells, else "INBOX." where all is
 * below it. */
static struct bytes personal_prefix(const struct request *rq, const struct imap_mailboxes *m)
{
	struct bytes configured = bytes_str(rq->worker->config->imap_prefix);

	if (configured.len)
		return configured;
	if (m->prefix.p)
		return m->prefix;
	return m->n && all_below_inbox(m) ? bytes_of(m->v[m->n - 1].name.p, 6) : bytes_str("");
}

static bool under(struct bytes name, struct bytes prefix)
{
	return name.len > prefix.len && (!prefix.len || memcmp(name.p, prefix.p, prefix.len) == 0);
}

static struct bytes without_prefix(struct bytes name, struct bytes prefix)
{
	return under(name, prefix) ? bytes_of(name.p + prefix.len, name.len - prefix.len) : name;
}

/* Where the last separator stands, or 0 if the name has none. */
static size_t last_separator(struct bytes name, char separator)
{
	for (size_t i = name.len; separator && i > 1; i--)
		if ((char)name.p[i - 1] == separator)
			return i - 1;
	return 0;
}

static bool type_is_taken(const struct folder_list *l, enum folder_type type)
{
	return type != FOLDER_USER_MAIL && type != FOLDER_GENERIC && folders_by_type(l, type);
}

static enum err display_name(
    struct request *rq, struct bytes name, char separator, struct bytes prefix, struct bytes *out)
{
	size_t cut;
	enum err e;

	name = without_prefix(name, prefix);
	cut = last_separator(name, separator);
	if (cut)
		name = bytes_of(name.p + cut + 1, name.len - cut - 1);
	if ((e = utf8_repair(rq->arena, name, out)))
		return e;
	*out = utf8_cut_chars(*out, DISPLAY_MAX_CHARS);
	return ERR_OK;
}

/* Phones can't do without the special folders. */
static bool is_wanted(const struct request *rq, const struct imap_mailbox *box, struct bytes prefix)
{
	size_t rank;

	if (!rq->worker->config->imap_subscribed_only || box->subscribed)
		return true;
	if (box->foreign)
		return false;
	return type_of_use(box->use) != FOLDER_USER_MAIL ||
	       folder_type_of_name(without_prefix(box->name, prefix), &rank) != FOLDER_USER_MAIL;
}

static enum err take_mailboxes(
    struct request *rq, const struct imap_mailboxes *m, struct bytes prefix, struct folder_list *out)
{
	enum err e;

	for (size_t i = 0; i < m->n; i++) {
		const struct imap_mailbox *box = &m->v[i];
		struct folder *f = &out->v[out->n];
		enum folder_type type = type_of_use(box->use);

		if (!is_wanted(rq, box, prefix))
			continue;
		*f = (struct folder){ .mailbox = box->name,
			.separator = box->separator,
			.exists = true,
			.subscribed = box->subscribed,
			.is_virtual = box->use == IMAP_USE_ALL || box->use == IMAP_USE_FLAGGED,
			.has_use = box->use != IMAP_USE_NONE,
			.foreign = box->foreign };
		f->status = box->status;
		if (box->foreign || (type != FOLDER_USER_MAIL && type_is_taken(out, type)))
			type = FOLDER_USER_MAIL; /* somebody else's Sent is not where one's own mails go */
		f->type = box->selectable ? type : FOLDER_GENERIC;
		if ((e = display_name(rq, box->name, box->separator, prefix, &f->display)))
			return e;
		if (type == FOLDER_INBOX)
			f->display = BYTES("Inbox");
		out->n++;
	}
	return ERR_OK;
}

/* Special folders that no SPECIAL-USE attribute named: by their names, at the top of the tree only. An account may have
 * "Deleted" and "Trash". */
static void type_by_names(struct folder_list *l, struct bytes prefix)
{
	struct folder *best[FOLDER_RECIPIENT_CACHE + 1] = { NULL };
	size_t ranks[FOLDER_RECIPIENT_CACHE + 1] = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		struct folder *f = &l->v[i];
		enum folder_type type;
		size_t rank;

		if (f->type != FOLDER_USER_MAIL || f->foreign)
			continue;
		type = folder_type_of_name(without_prefix(f->mailbox, prefix), &rank);
		if (type == FOLDER_USER_MAIL || type_is_taken(l, type) || (best[type] && ranks[type] < rank))
			continue;
		best[type] = f;
		ranks[type] = rank;
	}
	for (size_t type = 0; type <= FOLDER_RECIPIENT_CACHE; type++)
		if (best[type])
			best[type]->type = (enum folder_type)type;
}

/* A mailbox that was deleted while others are below it stays in the tree, and can't be selected. */
static struct folder *hollow_of_name(const struct folder_list *l, struct bytes mailbox)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].type == FOLDER_GENERIC && bytes_eq(l->v[i].mailbox, mailbox))
			return &l->v[i];
	return NULL;
}

/* Clients insist on these: without Drafts, Sent and Trash Windows Mail gives up (0x8004010F), Android wants an Outbox. The
 * mailboxes are made when something is first put there. */
static enum err add_missing(struct request *rq, struct bytes prefix, struct folder_list *l)
{
	static const enum folder_type wanted[] = { FOLDER_DRAFTS, FOLDER_SENT, FOLDER_TRASH };
	char separator = l->n ? l->v[0].separator : '/';

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct folder *f;
		char *name;

		if (folders_by_type(l, wanted[i]))
			continue;
		name = arena_printf(rq->arena, "%.*s%s", BYTES_ARG(prefix), folder_default_name(wanted[i]));
		if (!name)
			return ERR_LIMIT;
		if ((f = hollow_of_name(l, bytes_str(name)))) { /* one more would have its id, too */
			f->type = wanted[i];
			f->exists = false;
			continue;
		}
		f = &l->v[l->n++];
		*f = (struct folder){ .mailbox = bytes_str(name), .type = wanted[i], .separator = separator };
		f->display = bytes_str(folder_default_name(wanted[i]));
	}
	l->v[l->n++] = (struct folder){ .type = FOLDER_OUTBOX, .display = BYTES("Outbox"), .exists = true };
	return ERR_OK;
}

static enum err resolve_ids(struct request *rq, struct folder_list *l)
{
	struct store_folder *v = arena_array(rq->arena, l->n, sizeof(*v));
	enum err e;

	if (!v)
		return ERR_LIMIT;
	for (size_t i = 0; i < l->n; i++) {
		const struct folder *f = &l->v[i];

		if (f->type == FOLDER_OUTBOX)
			v[i] =
			    (struct store_folder){ .source = BYTES(OUTBOX_SOURCE), .name = BYTES("outbox") };
		else
			v[i] = (struct store_folder){ .source = BYTES(IMAP_SOURCE),
				.name = f->mailbox,
				.uid_validity = f->status.known ? f->status.uid_validity : 0 };
	}
	if ((e = store_folders_resolve(rq->worker->redis, rq->arena, bytes_str(rq->account->name), v, l->n)))
		return e;
	for (size_t i = 0; i < l->n; i++)
		l->v[i].id = v[i].id;
	return ERR_OK;
}

/* ---- the tree ---- */

static int compare_names(struct bytes x, struct bytes y)
{
	int order = x.len && y.len ? memcmp(x.p, y.p, x.len < y.len ? x.len : y.len) : 0;

	return order ? order : (x.len > y.len) - (x.len < y.len);
}

static int by_mailbox(const void *a, const void *b)
{
	const struct folder *const *x = a, *const *y = b;

	return compare_names((*x)->mailbox, (*y)->mailbox);
}

static int by_name(const void *name, const void *element)
{
	return compare_names(*(const struct bytes *)name, (*(const struct folder *const *)element)->mailbox);
}

/* The nearest ancestor that is listed, else the root.  sorted  the list's n folders, by mailbox */
static uint32_t parent_of(const struct folder *f, struct bytes prefix, struct folder **sorted, size_t n)
{
	struct bytes name = f->mailbox;
	size_t cut;

	while ((cut = last_separator(name, f->separator)) > 0) {
		struct folder **parent;

		name.len = cut;
		if (prefix.len && name.len + 1 == prefix.len && memcmp(name.p, prefix.p, name.len) == 0)
			return 0; /* "INBOX." itself is no parent */
		parent = bsearch(&name, sorted, n, sizeof(struct folder *), by_name);
		if (parent)
			return (*parent)->id;
	}
	return 0;
}

static enum err find_parents(struct arena *a, struct folder_list *l)
{
	struct folder **sorted = arena_array(a, l->n, sizeof(struct folder *));

	if (!sorted)
		return ERR_LIMIT;
	for (size_t i = 0; i < l->n; i++)
		sorted[i] = &l->v[i];
	qsort(sorted, l->n, sizeof(struct folder *), by_mailbox);
	for (size_t i = 0; i < l->n; i++)
		l->v[i].parent = parent_of(&l->v[i], l->prefix, sorted, l->n);
	return ERR_OK;
}

static size_t depth_of(const struct folder *f)
{
	size_t depth = 0;

	for (size_t i = 0; f->separator && i < f->mailbox.len; i++)
		depth += (char)f->mailbox.p[i] == f->separator;
	return depth;
}

/* Parents before their children: some clients drop a child whose parent they don't know yet. Else the order stays. */
static enum err sort_by_depth(struct arena *a, struct folder_list *l)
{
	struct folder *v = arena_array(a, l->n, sizeof(*v));
	size_t *depths = arena_array(a, l->n, sizeof(*depths));
	size_t placed = 0;

	if (!v || !depths)
		return ERR_LIMIT;
	for (size_t i = 0; i < l->n; i++)
		depths[i] = depth_of(&l->v[i]);
	for (size_t depth = 0; placed < l->n; depth++)
		for (size_t i = 0; i < l->n; i++)
			if (depths[i] == depth)
				v[placed++] = l->v[i];
	l->v = v;
	return ERR_OK;
}

enum err folders_load(struct request *rq, struct imap *c, struct folder_list *out)
{
	struct imap_mailboxes boxes;
	enum err e;

	if ((e = imap_list(c, rq->arena, true, &boxes))) /* the ids depend on UIDVALIDITY */
		return e;
	*out = (struct folder_list){ arena_array(rq->arena, boxes.n + 5, sizeof(*out->v)), 0,
		personal_prefix(rq, &boxes) };
	if (!out->v)
		return ERR_LIMIT;
	if ((e = take_mailboxes(rq, &boxes, out->prefix, out)))
		return e;
	type_by_names(out, out->prefix);
	if ((e = folders_take_notes(rq, out)))
		return e;
	if ((e = add_missing(rq, out->prefix, out)) || (e = resolve_ids(rq, out)))
		return e;
	if ((e = find_parents(rq->arena, out)) || (e = folders_tell_apart(rq->arena, out)))
		return e;
	return sort_by_depth(rq->arena, out);
}

struct folder *folders_by_id(const struct folder_list *l, uint32_t id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].id == id)
			return &l->v[i];
	return NULL;
}

struct folder *folders_by_type(const struct folder_list *l, enum folder_type t)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].type == t)
			return &l->v[i];
	return NULL;
}

enum err folder_mailbox(struct request *rq, uint32_t id, struct bytes *mailbox, uint32_t *uid_validity)
{
	struct store_folder f = { .id = id };
	bool found;
	enum err e;

	if ((e = store_folders_find(
		 rq->worker->redis, rq->arena, bytes_str(rq->account->name), &f, &found, 1)))
		return e;
	if (!found)
		return ERR_NOT_FOUND;
	*mailbox = bytes_eq_str(f.source, IMAP_SOURCE) ? f.name : bytes_str("");
	*uid_validity = f.uid_validity;
	return ERR_OK;
}

enum err folder_id_parse(struct bytes text, uint32_t *out)
{
	return bytes_to_u32(bytes_trim(text), UINT32_MAX, out) ? ERR_NOT_FOUND : ERR_OK;
}
