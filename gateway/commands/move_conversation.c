#include "commands/move_conversation.h"

#include "commands/commands.h"
#include "commands/fetch_file.h"
#include "io/log.h"
#include "mail/conversation.h"
#include "push/push.h"
#include "search/finding.h"
#include "sync/conversation_rules.h"
#include "sync/follow_ups.h"
#include "sync/open.h"
#include "sync/verbs.h"

/* ItemOperations Move (MS-ASCMD 2.2.1.10): all mails of a conversation, but what was sent and what is being written, go to a
 * folder, and those that come later follow (conversation_rules.h). */

enum { ROUNDS = 50 /* of at most 1,000 mails */ };

struct job {
	struct request *rq;
	struct bytes conversation;
	struct collection target;
	bool partly; /* something stays where it is */
};

/* What is wrong with the request itself; IO_OK if nothing is. */
static enum err check(struct request *rq, const struct wbxml_node *n, uint32_t *folder, uint32_t *status)
{
	const struct known_folder *target = NULL;
	struct known_folders known;
	enum err e;

	*status = IO_PROTOCOL_ERROR;
	if (rq->version < EAS_14_0 || !wbxml_child_text(n, ITEMOPERATIONS_CONVERSATION_ID).len)
		return ERR_OK;
	*status = STATUS_MOVE_DISALLOWED_FOR_NON_PERSISTENT_MOVE;
	if (!wbxml_child(wbxml_child(n, ITEMOPERATIONS_OPTIONS), ITEMOPERATIONS_MOVE_ALWAYS))
		return ERR_OK;
	if ((e = device_folders(rq, &known)))
		return e;
	if (!folder_id_parse(wbxml_child_text(n, ITEMOPERATIONS_DST_FLD_ID), folder))
		target = known_folder(&known, *folder);
	if (!target || target->type == FOLDER_GENERIC ||
	    folder_class((enum folder_type)target->type) != CLASS_EMAIL)
		*status = STATUS_MOVE_INVALID_DESTINATION_FOLDER;
	else if (target->type == FOLDER_OUTBOX || target->type == FOLDER_DRAFTS)
		*status = STATUS_INVALID_COMBINATION_OF_IDS;
	else
		*status = wbxml_child_text(n, ITEMOPERATIONS_CONVERSATION_ID).len == CONVERSATION_ID_LEN
			      ? IO_OK
			      : IO_NOT_FOUND; /* no mail of ours has another */
	return ERR_OK;
}

/* A draft that somebody is writing is left alone: the documents name only Sent Items, but it would be gone from where it is
 * looked for. What others share with the user isn't theirs to clear, and mails that are only shown in a folder are in another
 * one, too. */
static bool stays(const struct job *j, const struct folder *f)
{
	return f->id == j->target.folder_id || f->type == FOLDER_SENT || f->type == FOLDER_DRAFTS ||
	       f->type == FOLDER_OUTBOX || f->foreign || f->is_virtual;
}

/* The folders that mails are moved from. Others aren't looked at: what is there would hide mails of a very long conversation, and
 * it doesn't matter whether it can be read. */
static enum err choose_folders(
    const struct job *j, const struct known_folders *known, struct finding_ask *ask)
{
	struct folder_list list;
	struct bytes *ids;
	struct imap *imap;
	enum err e;

	if ((e = request_imap(j->rq, BYTES("INBOX"), &imap)) || (e = folders_load(j->rq, imap, &list)))
		return e;
	ask->folders = ids = arena_array(j->rq->arena, list.n, sizeof(*ids));
	if (!ids)
		return ERR_LIMIT;
	for (size_t i = 0; i < list.n; i++) {
		const char *text;

		if (stays(j, &list.v[i]) || !known_folder(known, list.v[i].id))
			continue;
		if (!(text = arena_printf(j->rq->arena, "%u", (unsigned)list.v[i].id)))
			return ERR_LIMIT;
		ids[ask->n_folders++] = bytes_str(text);
	}
	return ERR_OK;
}

static enum err move_uids(struct job *j, struct collection *c, const uint32_t *uids, size_t n)
{
	uint32_t ids[] = { c->folder_id, j->target.folder_id };
	struct imap_moved moved;
	enum err e = mail_select(c, NULL);

	if (!e)
		e = imap_move(c->imap, j->rq->arena, uids, n, j->target.mailbox, &moved);
	if (e == ERR_NOT_FOUND && !(e = collection_make(c->imap, &j->target)) && !(e = mail_select(c, NULL)))
		e = imap_move(c->imap, j->rq->arena, uids, n, j->target.mailbox, &moved);
	if (e)
		return e;
	follow_ups_move(c->imap, j->rq->arena,
	    &(struct follow_up_move){
		.from = c->mailbox, .to = j->target.mailbox, .uids = uids, .n = n, .moved = &moved });
	verbs_move(j->rq, c->folder_id, j->target.folder_id, uids, n, &moved);
	push_publish(j->rq, ids, 2);
	return ERR_OK;
}

/* Those of the folder of hit `first`; hits that are done lose their collection. A folder that doesn't let them go keeps them. */
static enum err move_folder(struct job *j, struct finding *f, size_t first, size_t *done)
{
	uint32_t *uids = arena_array(j->rq->arena, f->n, sizeof(*uids));
	struct collection *c = f->v[first].c;
	size_t n = 0;
	enum err e;

	if (!uids)
		return ERR_LIMIT;
	for (size_t i = first; i < f->n; i++)
		if (f->v[i].c == c) {
			uids[n++] = (uint32_t)f->v[i].id;
			f->v[i].c = NULL;
		}
	e = move_uids(j, c, uids, n);
	if (e == ERR_DENIED || e == ERR_LIMIT || e == ERR_NOT_FOUND) {
		log_info("mails of a conversation not moved from=%u to=%u: %s (%s)", c->folder_id,
		    j->target.folder_id, imap_problem(c->imap), err_name(e));
		j->partly = true;
		return ERR_OK;
	}
	*done += e ? 0 : n;
	return e;
}

/* Not all of a very long conversation is found at once. Where it takes too long to look at all mails, what was found goes. */
static enum err move_all(struct job *j, const struct known_folders *known)
{
	struct finding_ask ask = { .classes = 1u << CLASS_EMAIL,
		.conversation = j->conversation,
		.later_than = INT64_MIN,
		.earlier_than = INT64_MAX };
	size_t done = 1;
	enum err e = choose_folders(j, known, &ask);

	if (e || !ask.n_folders)
		return e;
	for (int round = 0; round < ROUNDS && done; round++) {
		struct finding f;
		bool late;

		e = finding_run(j->rq, &ask, &f);
		late = e == ERR_TIMEOUT;
		if (late || e == ERR_UNSUPPORTED) /* no folder can be looked at, which `refused` says */
			e = ERR_OK;
		done = 0;
		for (size_t i = 0; i < f.n && !e; i++)
			if (f.v[i].c)
				e = move_folder(j, &f, i, &done);
		j->partly |= late || f.refused || f.unreadable;
		if (e || late || f.total == f.n)
			return e;
	}
	j->partly = true;
	return ERR_OK;
}

static enum err run(struct request *rq, struct bytes conversation, uint32_t folder, uint32_t *status)
{
	struct job j = { .rq = rq, .conversation = conversation, .target = { .rq = rq } };
	struct collection *target[] = { &j.target };
	struct known_folders known;
	enum err e;

	if ((e = device_folders(rq, &known)) || (e = collections_find(rq, &known, &folder, target, 1)))
		return e;
	*status = STATUS_MOVE_INVALID_DESTINATION_FOLDER;
	if (!j.target.mailbox.len)
		return ERR_OK;
	/* First the rule: a mail that comes meanwhile follows it. In the inbox they stay by themselves. */
	if ((e = conversation_rule_set(
		 rq, conversation, j.target.folder_type == FOLDER_INBOX ? 0 : folder)) ||
	    (e = move_all(&j, &known)))
		return e;
	*status = j.partly ? IO_PARTLY : IO_OK;
	return ERR_OK;
}

enum err move_conversation(struct request *rq, const struct wbxml_node *n, struct wbxml_writer *w)
{
	struct bytes conversation = wbxml_child_text(n, ITEMOPERATIONS_CONVERSATION_ID);
	uint32_t folder = 0, status;
	enum err e = check(rq, n, &folder, &status);

	if (!e && status == IO_OK)
		e = run(rq, conversation, folder, &status);
	if (e)
		return e;
	wbxml_open(w, ITEMOPERATIONS_MOVE);
	wbxml_put(w, ITEMOPERATIONS_CONVERSATION_ID, conversation);
	wbxml_put_uint(w, ITEMOPERATIONS_STATUS, status);
	wbxml_close(w);
	return ERR_OK;
}
