#include "sending/original.h"

#include "eas/opaque_id.h"
#include "io/log.h"
#include "mail/body.h"
#include "push/push.h"
#include "sync/drafts.h"
#include "sync/verbs.h"

enum { MAX_ROUNDS = 4 }; /* of body_make asking for more */

/* ---- which one ---- */

/* ERR_NOT_FOUND for what names no mail of this account. */
static enum err read_id(const struct request *rq, struct bytes folder, struct bytes item,
    struct bytes long_id, struct original *out)
{
	struct opaque_id id = { 0 };
	uint32_t said;
	enum err e;

	if (long_id.len)
		e = opaque_id_parse(rq->arena, bytes_str(rq->account->name), long_id, &id);
	else
		e = server_id_parse(bytes_trim(item), &id.folder, &id.item);
	if (e)
		return e;
	if (!id.item || id.item > UINT32_MAX || id.part.len ||
	    (folder.len && (folder_id_parse(folder, &said) || said != id.folder)))
		return ERR_NOT_FOUND;
	out->folder = id.folder;
	out->uid = (uint32_t)id.item;
	return ERR_OK;
}

enum err original_find(struct request *rq, struct bytes folder, struct bytes item, struct bytes long_id,
    struct original *out, uint32_t *status)
{
	struct collection *drafts = NULL;
	enum err e = ERR_OK;

	*out = (struct original){ 0 };
	*status = 0;
	if (long_id.len && (folder.len || item.len))
		*status = STATUS_INVALID_COMBINATION_OF_IDS;
	else if (!long_id.len && !item.len)
		*status = STATUS_INVALID_IDS;
	else if ((e = read_id(rq, folder, item, long_id, out)) == ERR_NOT_FOUND)
		*status = STATUS_ITEM_NOT_FOUND;
	if (*status || e)
		return *status ? ERR_OK : e;
	e = folder_mailbox(rq, out->folder, &out->mailbox, &out->uid_validity);
	if (!e && out->mailbox.len &&
	    !(e = drafts_open(rq, out->folder, out->mailbox, out->uid_validity, &drafts)) && drafts)
		e = drafts_uid(drafts, out->uid, &out->uid);
	if (e == ERR_NOT_FOUND || (!e && !out->mailbox.len)) {
		*status = STATUS_ITEM_NOT_FOUND;
		return ERR_OK;
	}
	return e;
}

enum err original_select(struct request *rq, struct original *o)
{
	struct imap_status status;
	struct imap *imap;
	enum err e;

	if ((e = request_imap(rq, o->mailbox, &imap)) || (e = imap_select(imap, o->mailbox, &status)))
		return e;
	if (o->uid_validity && status.uid_validity != o->uid_validity)
		return ERR_NOT_FOUND;
	o->uid_validity = status.uid_validity;
	return ERR_OK;
}

/* ---- its text ---- */

static enum err fetch_texts(struct request *rq, const struct original *o, struct body_plan *plans, size_t n)
{
	size_t room = 0, n_wanted = 0;
	struct imap_part_request *v;
	struct body_fetch **wanted;
	enum err e;

	for (size_t k = 0; k < n; k++)
		room += plans[k].n_text;
	v = arena_array(rq->arena, room, sizeof(*v));
	wanted = arena_array(rq->arena, room, sizeof(struct body_fetch *));
	if (!v || !wanted)
		return ERR_LIMIT;
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < plans[k].n_text; i++) {
			struct body_fetch *f = &plans[k].fetch[i];

			if (f->fetched)
				continue;
			v[n_wanted] = (struct imap_part_request){
				.uid = o->uid, .section = f->section, .count = f->count
			};
			wanted[n_wanted++] = f;
		}
	if ((e = imap_fetch_parts(rq->imap, rq->arena, v, n_wanted)))
		return e;
	for (size_t i = 0; i < n_wanted; i++) {
		if (v[i].problem)
			return ERR_NOT_FOUND;
		wanted[i]->data = v[i].data;
		wanted[i]->fetched = true;
	}
	return ERR_OK;
}

static enum err plan_text(struct request *rq, struct original *o, struct sync_options *options,
    enum body_type type, struct body_plan *plan)
{
	enum err e;

	sync_options_default(options);
	options->body_count = 1;
	options->body[0] = (struct body_preference){ .type = type, .truncation_size = BODY_WHOLE };
	if ((e = body_plan(rq->arena, o->mail.root, o->mail.size, options, EAS_14_1, plan)))
		return e;
	plan->tnef = NULL; /* a winmail.dat goes on as the file that it is */
	plan->n_fetch = plan->n_text;
	return ERR_OK;
}

static enum err fetch_bodies(struct request *rq, struct original *o)
{
	static const enum body_type types[] = { BODY_PLAIN, BODY_HTML };
	struct body_plan *plans = arena_array(rq->arena, 2, sizeof(*plans));
	struct sync_options options[2];
	struct body bodies[2];
	bool enough[2] = { false, false };
	enum err e;

	if (!plans)
		return ERR_LIMIT;
	for (size_t k = 0; k < 2; k++)
		if ((e = plan_text(rq, o, &options[k], types[k], &plans[k])))
			return e;
	o->mail.attachments = plans[1].attachments;
	o->mail.n_attachments = plans[1].n_attachments;
	o->mail.sealed = plans[1].placeholder != NULL;
	o->mail.has_html = plans[1].native == BODY_HTML;
	for (size_t round = 0; round < MAX_ROUNDS && !(enough[0] && enough[1]); round++) {
		if ((e = fetch_texts(rq, o, plans, 2)))
			return e;
		for (size_t k = 0; k < 2; k++)
			if (!enough[k] && (e = body_make(rq->arena, &plans[k], &bodies[k], &enough[k])))
				return e;
	}
	for (size_t k = 0; k < 2; k++)
		o->mail.sealed = o->mail.sealed || !enough[k] || bodies[k].truncated;
	o->mail.plain = bodies[0].data;
	o->mail.html = bodies[1].data;
	return ERR_OK;
}

enum err original_fetch_header(struct request *rq, struct original *o)
{
	struct imap_messages messages;
	enum err e;

	if ((e = original_select(rq, o)) ||
	    (e = imap_fetch_messages(rq->imap, rq->arena, &o->uid, 1, &messages)))
		return e;
	if (messages.n)
		o->flags = &messages.v[0].flags;
	if (!messages.n || messages.v[0].problem)
		return ERR_NOT_FOUND; /* the phone says so, and its user can send a mail without it */
	o->mail.root = messages.v[0].structure;
	o->mail.size = messages.v[0].size;
	return header_parse(rq->arena, messages.v[0].header, &o->mail.header);
}

enum err original_fetch(struct request *rq, struct original *o)
{
	enum err e = original_fetch_header(rq, o);

	if (e)
		return e;
	rq->figures.fetches++;
	if (o->mail.root)
		return fetch_bodies(rq, o);
	o->mail.sealed = true;
	return ERR_OK;
}

/* One whose place the phone's mail took needn't have been read. */
static enum err mark(struct request *rq, struct original *o, uint32_t flag)
{
	enum err e = o->flags ? ERR_OK : original_fetch_header(rq, o);

	if ((e && e != ERR_NOT_FOUND) || (e = original_select(rq, o)))
		return e;
	return verb_mark(rq->imap, o->uid, flag, o->flags);
}

void original_mark(struct request *rq, struct original *o, enum smart_kind kind, bool to_all)
{
	enum err e;

	/* First, so that who hears of the flag finds it. */
	verb_note(rq, o->folder, o->uid,
	    kind == SMART_FORWARD ? VERB_FORWARD
	    : to_all              ? VERB_REPLY_ALL
				  : VERB_REPLY);
	if ((e = mark(rq, o, kind == SMART_REPLY ? IMAP_ANSWERED : IMAP_FORWARDED))) {
		log_info("the original could not be marked as %s: %s",
		    kind == SMART_REPLY ? "answered" : "forwarded",
		    rq->imap ? imap_problem(rq->imap) : err_name(e));
		return;
	}
	push_publish(rq, &o->folder, 1);
}
