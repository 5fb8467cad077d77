#include "sync/commands.h"

#include "io/log.h"

/* ERR_NOT_FOUND if it isn't an id of this folder. */
static enum err parse_id(const struct collection *c, struct bytes text, uint64_t *item)
{
	uint32_t folder;
	enum err e = server_id_parse(text, &folder, item);

	return !e && folder != c->folder_id ? ERR_NOT_FOUND : e;
}

/* A draft that is sent as it is needs no more said. */
static bool says_something(const struct wbxml_node *change)
{
	return wbxml_child(change, AIRSYNC_APPLICATION_DATA) || wbxml_child(change, EMAIL2_SEND);
}

static enum err run_change(
    struct collection *c, const struct wbxml_node *n, struct snapshot *state, struct sync_result *r)
{
	struct snapshot_item *item;
	uint64_t id;
	enum err e;

	r->status = SYNC_STATUS_NOT_FOUND;
	if (parse_id(c, r->server_id, &id) || !(item = snapshot_find(state, id)))
		return ERR_OK;
	r->status = SYNC_STATUS_BAD_ITEM;
	c->told = bytes_of(NULL, 0);
	e = says_something(n) ? c->ops->change(c, item, n, &r->status) : ERR_OK;
	r->told = c->told;
	/* What wasn't done, or only in part, is told to the phone as it is on the server. */
	if (!e && (r->status == SYNC_STATUS_CONFLICT || item->digest == SNAPSHOT_UNSURE))
		e = snapshot_refuse(c->rq->arena, state, id, false);
	return e;
}

static enum err run_delete(struct collection *c, struct snapshot *state, struct sync_result *r)
{
	uint64_t id;
	enum err e;

	r->status = SYNC_STATUS_NOT_FOUND;
	if (parse_id(c, r->server_id, &id))
		return ERR_OK;
	e = c->ops->remove(c, id, snapshot_find(state, id), &r->status);
	if (!e && r->status == SYNC_STATUS_NOT_FOUND)
		r->status = SYNC_STATUS_OK; /* gone is what the client wanted */
	if (!e && r->status == SYNC_STATUS_OK)
		snapshot_remove(state, id);
	if (!e &&
	    r->status ==
		SYNC_STATUS_CONFLICT) /* phones delete at once, and would not show it again by themselves */
		e = snapshot_refuse(c->rq->arena, state, id, true);
	return e;
}

/* SMS are only put where they are kept: taken for mails, they would be everywhere twice. */
static bool class_fits(const struct collection *c, const struct wbxml_node *add)
{
	struct bytes name = wbxml_child_text(add, AIRSYNC_CLASS);
	enum eas_class class;

	if (!name.len)
		return true;
	if (eas_class_parse(name, &class))
		return false;
	return class == CLASS_SMS ? c->ops->class == CLASS_EMAIL && c->sms.mailbox.len
				  : class == c->ops->class;
}

static uint64_t said_by(const struct wbxml_node *command)
{
	return sync_commands_hash(wbxml_child(command, AIRSYNC_APPLICATION_DATA));
}

/* The item that the Add has made becomes what it says now. Not done where others have changed or deleted it, or it can't be changed so:
 * then it is another one. */
static enum err change_added(struct collection *c, const struct wbxml_node *n, struct snapshot_item *item,
    struct sync_result *r, bool *done)
{
	enum err e;

	c->told = bytes_of(NULL, 0);
	e = c->ops->change(c, item, n, &r->status);
	r->told = c->told;
	*done = r->status == SYNC_STATUS_OK;
	return e;
}

/* An Add that the phone sends again, since it hasn't seen how it ended. What was made it is told of as what it has, not as a new item; and
 * meanwhile its user may have gone on writing. */
static enum err run_add_again(struct collection *c, const struct wbxml_node *n, struct snapshot *state,
    const struct sync_result *before, struct sync_result *r, bool *done)
{
	bool is_same = !before->said || before->said == r->said;
	const struct snapshot_item *item;
	uint32_t folder;
	uint64_t id;
	enum err e;

	if (before->status != SYNC_STATUS_OK || server_id_parse(before->server_id, &folder, &id)) {
		if ((*done = is_same)) {
			*r = *before;
			r->former = false;
		}
		return ERR_OK;
	}
	snapshot_put(state, id, SNAPSHOT_UNSURE);
	r->status = before->status;
	r->server_id = before->server_id;
	r->told = before->told;
	*done = true;
	if (!is_same && (e = change_added(c, n, snapshot_find(state, id), r, done)))
		return e;
	if (!*done) {
		r->server_id = bytes_of(NULL, 0);
		snapshot_remove(state, id);
		return ERR_OK;
	}
	item = snapshot_find(state, id);
	return item->digest == SNAPSHOT_UNSURE ? snapshot_refuse(c->rq->arena, state, id, false) : ERR_OK;
}

static enum err run_add(struct collection *c, const struct wbxml_node *n, struct snapshot *state,
    const struct sync_results *known, struct sync_result *r)
{
	bool has_data = wbxml_child(n, AIRSYNC_APPLICATION_DATA) != NULL;
	const struct sync_result *before = sync_results_find_add(known, r->client_id);
	char text[SERVER_ID_MAX];
	bool done = false;
	uint32_t digest;
	uint64_t id;
	enum err e;

	r->said = said_by(n);
	if (before && ((e = run_add_again(c, n, state, before, r, &done)) || done))
		return e;
	r->status = SYNC_STATUS_BAD_ITEM;
	if (!has_data || !r->client_id.len || !c->ops->add || !class_fits(c, n))
		return ERR_OK;
	c->told = bytes_of(NULL, 0);
	e = c->ops->add(c, n, state, &id, &digest, &r->status);
	if (e || r->status != SYNC_STATUS_OK)
		return e;
	r->told = c->told;
	snapshot_put(state, id, digest);
	server_id_format(c->folder_id, id, text);
	if ((e = arena_strdup(c->rq->arena, text, &r->server_id)) || digest != SNAPSHOT_UNSURE)
		return e;
	return snapshot_refuse(c->rq->arena, state, id, false);
}

static enum err run_one(struct collection *c, const struct wbxml_node *n, struct snapshot *state,
    const struct sync_results *known, struct sync_result *r)
{
	*r = (struct sync_result){ .kind = n->tag,
		.client_id = wbxml_child_text(n, AIRSYNC_CLIENT_ID),
		.server_id = wbxml_child_text(n, AIRSYNC_SERVER_ID),
		.status = SYNC_STATUS_OK };
	switch (n->tag) {
	case AIRSYNC_CHANGE:
		return run_change(c, n, state, r);
	case AIRSYNC_DELETE:
		return run_delete(c, state, r);
	case AIRSYNC_ADD:
		return run_add(c, n, state, known, r);
	default:
		return ERR_OK; /* Fetch is answered when the answer is written; what is unknown is skipped */
	}
}

enum err sync_commands_run(struct collection *c, const struct wbxml_node *commands, struct snapshot *state,
    struct sync_results *results)
{
	struct sync_results known = *results;

	*results = (struct sync_results){ .commands_hash = sync_commands_hash(commands) };
	for (const struct wbxml_node *n = commands ? commands->child : NULL; n; n = n->next) {
		struct sync_result r;
		enum err e = run_one(c, n, state, &known, &r);

		if (e)
			return e;
		c->rq->figures.client_commands++;
		if (r.status != SYNC_STATUS_OK)
			log_info("command refused folder=%u id=%.*s status=%u", c->folder_id,
			    BYTES_ARG(r.server_id), r.status);
		if ((e = sync_results_add(c->rq->arena, results, &r)))
			return e;
	}
	return sync_results_carry(c->rq->arena, results, &known);
}

/* ---- Responses ---- */

/* What is asked for by itself comes whole, however old it is: a Fetch is how a phone gets the rest of what was truncated.
 * Source: MS-ASCMD 2.2.3.63.2. */
static struct sync_options without_limits(struct sync_options o)
{
	for (size_t i = 0; i < o.body_count; i++) {
		o.body[i].truncation_size = BODY_WHOLE;
		o.body[i].all_or_none = false;
	}
	o.body_part.truncation_size = BODY_WHOLE;
	o.mime_truncation = o.truncation = BODY_WHOLE;
	o.filter_type = FILTER_ALL;
	return o;
}

static enum err write_item(struct collection *c, struct bytes id, struct wbxml_writer *w)
{
	struct change item = { .kind = CHANGE_ADD };
	size_t done = 0;
	enum err e = ERR_OK;

	if (parse_id(c, id, &item.id))
		item.kind = CHANGE_NONE;
	else if (c->imap)
		e = c->ops->prepare(c, &item, 1, SIZE_MAX, &done);
	if (e)
		return e;
	wbxml_open(w, AIRSYNC_FETCH);
	wbxml_put(w, AIRSYNC_SERVER_ID, id);
	wbxml_put_uint(
	    w, AIRSYNC_STATUS, done && item.kind == CHANGE_ADD ? SYNC_STATUS_OK : SYNC_STATUS_NOT_FOUND);
	if (done && item.kind == CHANGE_ADD) {
		wbxml_open(w, AIRSYNC_APPLICATION_DATA);
		e = c->ops->write(c, w, &item);
		wbxml_close(w);
		c->rq->figures.fetches++;
	}
	wbxml_close(w);
	return e;
}

static enum err write_fetch(struct collection *c, const struct wbxml_node *n, struct wbxml_writer *w)
{
	const struct sync_options sticky = c->options;
	enum err e;

	c->options = without_limits(sticky);
	e = write_item(c, wbxml_child_text(n, AIRSYNC_SERVER_ID), w);
	c->options = sticky;
	return e;
}

static bool is_sms(const struct collection *c, const struct sync_result *r)
{
	uint64_t id;

	return c->ops->class == CLASS_EMAIL && r->kind != AIRSYNC_DELETE && !parse_id(c, r->server_id, &id) &&
	       (id & SNAPSHOT_SIDE);
}

static enum err write_result(struct collection *c, const struct sync_result *r, struct wbxml_writer *w)
{
	enum err e = ERR_OK;

	wbxml_open(w, r->kind);
	if (is_sms(c, r))
		wbxml_put_str(w, AIRSYNC_CLASS, eas_class_name(CLASS_SMS));
	if (r->kind == AIRSYNC_ADD)
		wbxml_put(w, AIRSYNC_CLIENT_ID, r->client_id);
	if (r->server_id.len)
		wbxml_put(w, AIRSYNC_SERVER_ID, r->server_id);
	wbxml_put_uint(w, AIRSYNC_STATUS, r->status);
	if (r->told.len && c->ops->tell) {
		wbxml_open(w, AIRSYNC_APPLICATION_DATA);
		e = c->ops->tell(c, w, r->told);
		wbxml_close(w);
	}
	wbxml_close(w);
	return e;
}

enum err sync_commands_write(struct collection *c, const struct wbxml_node *commands,
    const struct sync_results *results, struct wbxml_writer *w)
{
	enum err e = ERR_OK;

	wbxml_open(w, AIRSYNC_RESPONSES);
	for (size_t i = 0; i < results->n && !e; i++)
		if (results->v[i].kind != AIRSYNC_FETCH && sync_result_is_told(&results->v[i]))
			e = write_result(c, &results->v[i], w);
	for (const struct wbxml_node *n = wbxml_child(commands, AIRSYNC_FETCH); n && !e;
	     n = wbxml_next(n, AIRSYNC_FETCH))
		e = write_fetch(c, n, w);
	wbxml_close_or_drop(w);
	return e;
}
