#include <stdio.h>

#include "commands/commands.h"
#include "devices/client.h"
#include "io/log.h"
#include "push/push.h"
#include "sync/drafts.h"
#include "sync/follow_ups.h"
#include "sync/moved_mails.h"
#include "sync/open.h"
#include "sync/premark.h"
#include "sync/verbs.h"

/* MoveItems (MS-ASCMD 2.2.1.12). The new id comes from COPYUID; a repeated request, whose answer got lost, finds the mail
 * gone and gets the id that was remembered. */

enum {
	MOVE_NO_SOURCE = 1,
	MOVE_NO_TARGET = 2,
	MOVE_OK = 3,
	MOVE_SAME = 4,
	MOVE_FAILED = 5,
	MAX_MOVES = 1000,
	REMEMBER_S = 24 * 60 * 60,
};

struct move {
	struct bytes source_id; /* SrcMsgId as sent */
	uint32_t from, to;      /* folders */
	uint64_t id;            /* of the item */
	uint32_t uid;           /* of the mail that it is */
	enum eas_class class;
	uint32_t status;
	char made[SERVER_ID_MAX]; /* DstMsgId; empty = unknown */
};

/* Mails that came into a folder. */
struct arrival {
	struct arrival *next;
	uint32_t folder, uid_validity;
	const uint32_t *uids;
	size_t n;
};

struct moves {
	struct request *rq;
	struct move *v;
	size_t n;
	struct known_folders known;
	struct arrival *arrivals; /* of which the device is to hear nothing more: see mark_arrivals */
};

static size_t count_moves(const struct request *rq)
{
	size_t n = 0;

	for (const struct wbxml_node *m = wbxml_child(rq->xml, MOVE_MOVE); m; m = wbxml_next(m, MOVE_MOVE))
		n++;
	return n;
}

/* What can be moved out of and into the folder: mails or notes; CLASS_NONE: nothing. */
static enum eas_class class_in(const struct known_folders *known, uint32_t id)
{
	const struct known_folder *f = known_folder(known, id);
	enum eas_class class = f ? folder_class((enum folder_type)f->type) : CLASS_NONE;

	if (class == CLASS_NOTES)
		return class;
	return class == CLASS_EMAIL && f->type != FOLDER_OUTBOX && f->type != FOLDER_GENERIC ? class
											     : CLASS_NONE;
}

/* An earlier move of the request takes the same item elsewhere. */
static bool goes_elsewhere(const struct moves *x, const struct move *m)
{
	for (const struct move *other = x->v; other < m; other++)
		if (!other->status && other->from == m->from && other->id == m->id && other->to != m->to)
			return true;
	return false;
}

static void parse(struct moves *x, const struct wbxml_node *n, struct move *m)
{
	uint32_t folder;

	m->source_id = wbxml_child_text(n, MOVE_SRC_MSG_ID);
	if (!server_id_parse(m->source_id, &folder, &m->id) &&
	    !folder_id_parse(wbxml_child_text(n, MOVE_SRC_FLD_ID), &m->from) && folder == m->from)
		m->class = class_in(&x->known, m->from);
	if (m->class == CLASS_NONE || (m->class == CLASS_EMAIL && m->id > UINT32_MAX))
		m->status = MOVE_NO_SOURCE;
	else if (folder_id_parse(wbxml_child_text(n, MOVE_DST_FLD_ID), &m->to) ||
		 class_in(&x->known, m->to) != m->class)
		m->status = MOVE_NO_TARGET;
	else if (m->from == m->to)
		m->status = MOVE_SAME;
	else if (goes_elsewhere(x, m))
		m->status = MOVE_FAILED; /* MS-ASCMD 2.2.3.177.10: to one destination at a time */
}

static struct bytes memo_name(const struct move *m, char to[SERVER_ID_MAX * 2])
{
	int n = snprintf(to, SERVER_ID_MAX * 2, "%.*s>%u", BYTES_ARG(m->source_id), m->to);

	return bytes_of(to, n < 0 ? 0 : (size_t)n);
}

/* The mail isn't there: was it this device's earlier request that moved it? */
static enum err recall(struct moves *x, struct move *m)
{
	char name[SERVER_ID_MAX * 2];
	struct bytes made;
	enum err e = store_memo_get(x->rq->worker->redis, x->rq->arena, bytes_str(x->rq->account->name),
	    "move", memo_name(m, name), &made);

	m->status = e == ERR_OK ? MOVE_OK : MOVE_NO_SOURCE;
	if (!e && made.len < sizeof(m->made))
		snprintf(m->made, sizeof(m->made), "%.*s", BYTES_ARG(made));
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err remember(struct moves *x, struct move *m, uint64_t new_uid)
{
	char name[SERVER_ID_MAX * 2];

	server_id_format(m->to, new_uid, m->made);
	m->status = MOVE_OK;
	return store_memo_set(x->rq->worker->redis, bytes_str(x->rq->account->name), "move",
	    memo_name(m, name), bytes_str(m->made), REMEMBER_S);
}

/* The moves between the same two folders as v[first], together: one command for IMAP. */
static size_t gather(struct moves *x, size_t first, struct move **group)
{
	size_t n = 0;

	for (size_t i = first; i < x->n; i++)
		if (!x->v[i].status && x->v[i].from == x->v[first].from && x->v[i].to == x->v[first].to)
			group[n++] = &x->v[i];
	return n;
}

/* ERR_NOT_FOUND also if another mailbox has taken its name: its mails have other ids. */
static enum err select_source(struct imap *imap, const struct collection *from)
{
	struct imap_status now;
	enum err e = imap_select(imap, from->mailbox, &now);

	return !e && from->validity && from->validity != now.uid_validity ? ERR_NOT_FOUND : e;
}

/* *no_target says of ERR_NOT_FOUND which of the two isn't there. */
static enum err run_imap(struct moves *x, struct collection *from, struct collection *to, struct move **group,
    size_t n, struct imap_moved *moved, bool *no_target)
{
	uint32_t *uids = arena_array(x->rq->arena, n, sizeof(*uids));
	struct imap *imap;
	enum err e;

	*no_target = false;
	if (!uids)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		uids[i] = group[i]->uid;
	if ((e = request_imap(x->rq, from->mailbox, &imap)) || (e = select_source(imap, from)))
		return e;
	e = imap_move(imap, x->rq->arena, uids, n, to->mailbox, moved);
	if (e != ERR_NOT_FOUND)
		return e;
	*no_target = true;
	if ((e = collection_make(imap, to)) || (e = select_source(imap, from)))
		return e;
	return imap_move(imap, x->rq->arena, uids, n, to->mailbox, moved);
}

static void take_flags_along(struct moves *x, const struct collection *from, const struct collection *to,
    struct move **group, size_t n, const struct imap_moved *moved)
{
	uint32_t *uids = arena_array(x->rq->arena, n, sizeof(*uids));

	for (size_t i = 0; uids && i < n; i++)
		uids[i] = group[i]->uid;
	if (!uids)
		return;
	follow_ups_move(x->rq->imap, x->rq->arena,
	    &(struct follow_up_move){
		.from = from->mailbox, .to = to->mailbox, .uids = uids, .n = n, .moved = moved });
	verbs_move(x->rq, from->folder_id, to->folder_id, uids, n, moved);
}

static void fail(struct move **group, size_t n, uint32_t status)
{
	for (size_t i = 0; i < n; i++)
		group[i]->status = status;
}

/* Notes one by one: each may be several mails. */
static enum err run_notes(
    struct moves *x, struct collection *from, struct collection *to, struct move **group, size_t n)
{
	enum err e = request_imap(x->rq, from->mailbox, &from->imap);

	to->imap = from->imap;
	for (size_t i = 0; i < n && !e; i++) {
		bool no_target;
		uint64_t id;

		e = note_move(from, to, group[i]->id, &id, &no_target);
		if (!e && !id)
			group[i]->status = MOVE_OK;
		else if (!e)
			e = remember(x, group[i], id);
		else if (e == ERR_NOT_FOUND && !no_target)
			e = recall(x, group[i]);
		else if (e == ERR_NOT_FOUND || e == ERR_DENIED || e == ERR_LIMIT) {
			log_info("note not moved from=%u to=%u: %s (%s)", from->folder_id, to->folder_id,
			    imap_problem(from->imap), err_name(e));
			group[i]->status = no_target ? MOVE_NO_TARGET : MOVE_FAILED;
			e = ERR_OK;
		}
	}
	return e;
}

/* Which mails they are. What isn't there goes out of the group. */
static enum err find_mails(struct moves *x, struct collection *from, struct move **group, size_t *n)
{
	size_t kept = 0;
	enum err e;

	for (size_t i = 0; i < *n; i++)
		group[i]->uid = (uint32_t)group[i]->id;
	if (from->ops != &draft_collection)
		return ERR_OK;
	if ((e = request_imap(x->rq, from->mailbox, &from->imap)))
		return e;
	for (size_t i = 0; i < *n; i++) {
		e = drafts_uid(from, group[i]->id, &group[i]->uid);
		if (!e)
			group[kept++] = group[i];
		else if (e != ERR_NOT_FOUND || (e = recall(x, group[i])))
			return e;
	}
	*n = kept;
	return ERR_OK;
}

/* What was a draft before is the same one again. */
static enum err remember_mail(struct moves *x, struct collection *to, struct move *m, uint32_t uid)
{
	struct change made = { .id = uid };
	enum err e = ERR_OK;

	if (to->ops == &draft_collection && !(e = request_imap(x->rq, to->mailbox, &to->imap)))
		e = drafts_ids(to, &made, 1);
	return e ? e : remember(x, m, made.id);
}

/* Outlook takes the moved mails over as they are, also those that an earlier request has moved, which it repeats now. A draft's id
 * is no UID, and clients that know drafts are others. */
static enum err note_arrivals(
    struct moves *x, const struct collection *to, uint32_t uid_validity, struct move *const *group, size_t n)
{
	uint32_t *uids, folder;
	enum err e = ERR_OK;
	struct arrival *a;
	uint64_t id;

	if (!client_has_habit(x->rq->device_type, CLIENT_KEEPS_WHAT_IT_MOVES) || to->ops == &draft_collection)
		return ERR_OK;
	a = arena_alloc(x->rq->arena, sizeof(*a));
	uids = arena_array(x->rq->arena, n, sizeof(*uids));
	if (!a || !uids)
		return ERR_LIMIT;
	*a = (struct arrival){ x->arrivals, to->folder_id, uid_validity, uids, 0 };
	for (size_t i = 0; i < n && !e; i++) {
		if (!group[i]->made[0] || server_id_parse(bytes_str(group[i]->made), &folder, &id))
			continue;
		uids[a->n++] = (uint32_t)id;
		e = moved_mail_note(x->rq, group[i]->from, group[i]->uid, group[i]->to, (uint32_t)id);
	}
	if (a->n && uid_validity)
		x->arrivals = a;
	return e;
}

/* Only once all is done and the device is about to hear of it: marked in an answer that fails, the mails would be nowhere for it. That
 * this fails is worth no more than a mail shown twice. */
static void mark_arrivals(const struct moves *x)
{
	for (const struct arrival *a = x->arrivals; a; a = a->next) {
		enum err e = sync_premark(x->rq, a->folder, a->uid_validity, a->uids, a->n);

		if (e)
			log_warn("moved mails are told again to=%u: %s", a->folder, err_name(e));
	}
}

static enum err run_mails(
    struct moves *x, struct collection *from, struct collection *to, struct move **group, size_t n)
{
	struct imap_moved moved;
	bool no_target;
	enum err e = find_mails(x, from, group, &n);

	if (e || !n)
		return e;
	e = run_imap(x, from, to, group, n, &moved, &no_target);
	if (e == ERR_DENIED || e == ERR_LIMIT || e == ERR_NOT_FOUND) {
		log_info("mails not moved from=%u to=%u: %s (%s)", from->folder_id, to->folder_id,
		    imap_problem(x->rq->imap), err_name(e));
		fail(group, n,
		    e != ERR_NOT_FOUND ? MOVE_FAILED
		    : no_target        ? MOVE_NO_TARGET
				       : MOVE_NO_SOURCE);
		return ERR_OK;
	}
	if (!e)
		take_flags_along(x, from, to, group, n, &moved);
	for (size_t i = 0; i < n && !e; i++)
		e = moved.to[i] ? remember_mail(x, to, group[i], moved.to[i]) : recall(x, group[i]);
	if (e)
		return e;
	return note_arrivals(
	    x, to, moved.uid_validity ? moved.uid_validity : (uint32_t)to->validity, group, n);
}

static enum err run_group(struct moves *x, struct move **group, size_t n)
{
	struct collection from = { 0 }, to = { 0 }, *both[] = { &from, &to };
	uint32_t ids[] = { group[0]->from, group[0]->to };
	enum err e;

	if ((e = collections_find(x->rq, &x->known, ids, both, 2)))
		return e;
	if (!from.mailbox.len || !to.mailbox.len) {
		fail(group, n, from.mailbox.len ? MOVE_NO_TARGET : MOVE_NO_SOURCE);
		return ERR_OK;
	}
	e = group[0]->class == CLASS_NOTES ? run_notes(x, &from, &to, group, n)
					   : run_mails(x, &from, &to, group, n);
	if (!e)
		push_publish(x->rq, ids, 2);
	return e;
}

static void write_answer(const struct moves *x, struct wbxml_writer *w)
{
	wbxml_open(w, MOVE_MOVE_ITEMS);
	for (size_t i = 0; i < x->n; i++) {
		const struct move *m = &x->v[i];

		wbxml_open(w, MOVE_RESPONSE);
		wbxml_put(w, MOVE_SRC_MSG_ID, m->source_id);
		wbxml_put_uint(w, MOVE_STATUS, m->status);
		if (m->made[0])
			wbxml_put_str(w, MOVE_DST_MSG_ID, m->made);
		wbxml_close(w);
		x->rq->figures.client_commands++;
	}
	wbxml_close(w);
}

enum err command_move_items(struct request *rq, struct wbxml_writer *w)
{
	struct moves x = { .rq = rq, .n = count_moves(rq) };
	struct move **group;
	size_t at = 0;
	enum err e;

	if (!x.n || x.n > MAX_MOVES)
		return request_refuse(rq, w, STATUS_INVALID_XML);
	x.v = arena_array(rq->arena, x.n, sizeof(*x.v));
	group = arena_array(rq->arena, x.n, sizeof(struct move *));
	if (!x.v || !group)
		return ERR_LIMIT;
	if ((e = device_folders(rq, &x.known)))
		return e;
	for (const struct wbxml_node *m = wbxml_child(rq->xml, MOVE_MOVE); m; m = wbxml_next(m, MOVE_MOVE))
		parse(&x, m, &x.v[at++]);
	for (size_t i = 0; i < x.n; i++)
		if (!x.v[i].status && (e = run_group(&x, group, gather(&x, i, group))))
			return e;
	mark_arrivals(&x);
	write_answer(&x, w);
	return ERR_OK;
}
