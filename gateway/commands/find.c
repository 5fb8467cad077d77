#include <stdio.h>
#include <time.h>

#include "commands/commands.h"
#include "mail/kql.h"
#include "search/finding.h"

/* Find (MS-ASCMD 2.2.1.2): what Search is to phones of 16.1. Results are short and named by their ServerId. */

enum {
	FIND_OK = 1,
	FIND_INVALID = 2,
	FIND_FOLDER_SYNC_REQUIRED = 3,
	FIND_RANGE_NOT_FROM_0 = 4,
	RANGE_MAX = 999,
	NAME_MAX_LEN = 200,
	SEEN_S = 60 * 60, /* how long a search may be paged through */
};

struct find {
	const struct wbxml_node *criterion, *options;
	struct bytes search_id;
	struct finding_range range;
	struct finding_ask ask;
	uint32_t status; /* of the answer as a whole */
};

static enum err answer_status(struct request *rq, struct wbxml_writer *w, uint32_t status)
{
	rq->reply.status = status;
	eas_command_put_status(w, CMD_FIND, status);
	return ERR_OK;
}

/* A Status inside of Response. */
static enum err answer_response_status(struct request *rq, struct wbxml_writer *w, uint32_t status)
{
	rq->reply.status = status;
	wbxml_open(w, FIND_FIND);
	wbxml_put_uint(w, FIND_STATUS, FIND_OK);
	wbxml_open(w, FIND_RESPONSE);
	wbxml_put_str(w, ITEMOPERATIONS_STORE, "Mailbox");
	wbxml_put_uint(w, FIND_STATUS, status);
	wbxml_close(w);
	wbxml_close(w);
	return ERR_OK;
}

/* ---- the request ---- */

/* go-activesync puts Options beside the criterion, and no ExecuteSearch around it: taken as well. */
static const struct wbxml_node *find_criterion(const struct request *rq, wbxml_tag tag)
{
	const struct wbxml_node *inside = wbxml_child(wbxml_child(rq->xml, FIND_EXECUTE_SEARCH), tag);

	return inside ? inside : wbxml_child(rq->xml, tag);
}

static const struct wbxml_node *find_options(const struct request *rq, const struct find *f)
{
	const struct wbxml_node *query = wbxml_child(f->criterion, FIND_QUERY);
	const struct wbxml_node *places[] = { f->criterion, query, f->criterion->parent, rq->xml };
	const struct wbxml_node *options = NULL;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !options; i++)
		options = wbxml_child(places[i], FIND_OPTIONS);
	return options;
}

static enum err read_folders(struct request *rq, const struct wbxml_node *query, struct finding_ask *ask)
{
	struct bytes *v;
	size_t n = 0;

	for (const struct wbxml_node *c = wbxml_child(query, AIRSYNC_COLLECTION_ID); c;
	     c = wbxml_next(c, AIRSYNC_COLLECTION_ID))
		n++;
	v = arena_array(rq->arena, n, sizeof(*v));
	if (!v)
		return ERR_LIMIT;
	ask->folders = v;
	for (const struct wbxml_node *c = wbxml_child(query, AIRSYNC_COLLECTION_ID); c;
	     c = wbxml_next(c, AIRSYNC_COLLECTION_ID))
		v[ask->n_folders++] = bytes_trim(c->text);
	return ERR_OK;
}

static enum err read_request(struct request *rq, struct find *f)
{
	const struct wbxml_node *query = wbxml_child(f->criterion, FIND_QUERY);
	enum eas_class class = CLASS_EMAIL;
	struct bytes name = wbxml_child_text(query, AIRSYNC_CLASS);
	enum err e;

	f->options = find_options(rq, f);
	f->search_id = wbxml_child_text(rq->xml, FIND_SEARCH_ID);
	f->ask = (struct finding_ask){
		.classes = 1u << CLASS_EMAIL, .later_than = INT64_MIN, .earlier_than = INT64_MAX
	};
	f->status = FIND_INVALID;
	if (!query || (name.len && eas_class_parse(name, &class)) || class != CLASS_EMAIL)
		return ERR_OK;
	if (!finding_range_parse(wbxml_child_text(f->options, FIND_RANGE), &f->range) ||
	    f->range.last > RANGE_MAX ||
	    wbxml_child_bool(f->options, FIND_DEEP_TRAVERSAL, false, &f->ask.deep))
		return ERR_OK;
	if ((e = read_folders(rq, query, &f->ask)))
		return e;
	if (kql_parse(rq->arena, wbxml_child_text(query, FIND_FREE_TEXT), time(NULL), &f->ask.query))
		return ERR_OK; /* more words than anybody types */
	f->status = FIND_OK;
	return ERR_OK;
}

/* A search begins at 0; other ranges belong to one that did. */
static enum err check_paging(struct request *rq, const struct find *f, bool *fits)
{
	struct bytes account = bytes_str(rq->account->name), known;
	struct buf b;
	struct bytes name;
	enum err e;

	*fits = true;
	if (!f->search_id.len || f->search_id.len > NAME_MAX_LEN)
		return ERR_OK; /* some clients send none: nothing to compare with */
	buf_init(&b, rq->arena, 0);
	buf_printf(&b, "%.*s>", BYTES_ARG(rq->device_id));
	buf_put(&b, f->search_id);
	if ((e = buf_done(&b, &name)))
		return e;
	if (f->range.first == 0)
		return store_memo_set(rq->worker->redis, account, "find", name, BYTES("1"), SEEN_S);
	e = store_memo_get(rq->worker->redis, rq->arena, account, "find", name, &known);
	*fits = e != ERR_NOT_FOUND;
	return *fits ? e : ERR_OK;
}

/* ---- the answer ---- */

static enum err write_result(struct wbxml_writer *w, const struct finding_item *item)
{
	char id[SERVER_ID_MAX];
	enum err e;

	server_id_format(item->c->folder_id, item->mail.id, id);
	wbxml_open(w, FIND_RESULT);
	wbxml_put_str(w, AIRSYNC_CLASS, eas_class_name(item->c->ops->class));
	wbxml_put_str(w, AIRSYNC_SERVER_ID, id);
	snprintf(id, sizeof(id), "%u", item->c->folder_id);
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, id);
	wbxml_open(w, FIND_PROPERTIES);
	e = mail_write_found(item->c, w, &item->mail);
	wbxml_close(w);
	wbxml_close(w);
	return e;
}

static enum err write_page(struct wbxml_writer *w, const struct find *f, const struct finding *found,
    const struct finding_page *page)
{
	char range[32];
	enum err e = ERR_OK;

	wbxml_open(w, FIND_FIND);
	wbxml_put_uint(w, FIND_STATUS, FIND_OK);
	wbxml_open(w, FIND_RESPONSE);
	wbxml_put_str(w, ITEMOPERATIONS_STORE, "Mailbox");
	wbxml_put_uint(w, FIND_STATUS, FIND_OK);
	for (size_t i = 0; i < page->n && !e; i++)
		e = write_result(w, &page->v[i]);
	if (page->taken) {
		snprintf(range, sizeof(range), "%u-%u", f->range.first, f->range.first + page->taken - 1);
		wbxml_put_str(w, FIND_RANGE, range);
	}
	wbxml_put_uint(w, FIND_TOTAL, found->total);
	wbxml_close(w);
	wbxml_close(w);
	return e;
}

/* Find has no Status of its own for what goes wrong behind us. 0: as the dispatcher has it. */
static uint32_t status_of(enum err e)
{
	switch (e) {
	case ERR_NOT_FOUND:
		return FIND_FOLDER_SYNC_REQUIRED;
	case ERR_TIMEOUT:
		return STATUS_SERVER_ERROR_RETRY_LATER;
	case ERR_UNSUPPORTED:
	case ERR_DENIED:
		return STATUS_SERVER_ERROR;
	default:
		return 0;
	}
}

static enum err find_mails(struct request *rq, struct find *f, struct wbxml_writer *w)
{
	struct sync_options options;
	struct finding_page page;
	struct finding found;
	bool fits;
	enum err e;

	if ((e = read_request(rq, f)))
		return e;
	if (f->status != FIND_OK)
		return answer_status(rq, w, f->status);
	if ((e = check_paging(rq, f, &fits)))
		return e;
	if (!fits)
		return answer_response_status(rq, w, FIND_RANGE_NOT_FROM_0);
	sync_options_default(&options);
	options.body[options.body_count++] =
	    (struct body_preference){ .type = BODY_PLAIN, .truncation_size = 0, .preview = BODY_PREVIEW_MAX };
	if (!(e = finding_run(rq, &f->ask, &found)))
		e = finding_fetch(rq, &found, f->range, &options, &page);
	if (e && status_of(e))
		return answer_status(rq, w, status_of(e));
	return e ? e : write_page(w, f, &found, &page);
}

/* No address book is connected yet: nobody is found. */
static enum err find_people(struct request *rq, struct wbxml_writer *w)
{
	(void)rq;
	wbxml_open(w, FIND_FIND);
	wbxml_put_uint(w, FIND_STATUS, FIND_OK);
	wbxml_open(w, FIND_RESPONSE);
	wbxml_put_uint(w, FIND_STATUS, FIND_OK);
	wbxml_put_uint(w, FIND_TOTAL, 0);
	wbxml_close(w);
	wbxml_close(w);
	return ERR_OK;
}

enum err command_find(struct request *rq, struct wbxml_writer *w)
{
	struct find f = { .criterion = find_criterion(rq, FIND_MAIL_BOX_SEARCH_CRITERION) };

	if (f.criterion)
		return find_mails(rq, &f, w);
	if (find_criterion(rq, FIND_GAL_SEARCH_CRITERION))
		return find_people(rq, w);
	return answer_status(rq, w, FIND_INVALID);
}
