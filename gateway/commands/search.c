#include <stdio.h>
#include <time.h>

#include "commands/commands.h"
#include "eas/opaque_id.h"
#include "eas/search_query.h"
#include "search/finding.h"

/* Search (MS-ASCMD 2.2.1.16): mails, notes and SMS by words, folders, dates and conversations. What is wrong with a request is a Status of
 * its Store, never of HTTP. */

enum {
	ANSWERED = 1,
	STORE_OK = 1,
	STORE_INVALID = 2,
	STORE_SERVER_ERROR = 3,
	STORE_TOO_COMPLEX = 8,
	STORE_TIMED_OUT = 10,
	STORE_FOLDER_SYNC_REQUIRED = 11,
	STORE_END_OF_RANGE = 12,
	STORE_BLOCKED = 13,
};

static enum err close_answer(struct wbxml_writer *w)
{
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	return ERR_OK;
}

/* Up to the Store's Status; close_answer ends it. */
static void open_answer(struct request *rq, struct wbxml_writer *w, uint32_t store_status)
{
	if (store_status != STORE_OK)
		rq->reply.status = store_status;
	wbxml_open(w, SEARCH_SEARCH);
	wbxml_put_uint(w, SEARCH_STATUS, ANSWERED);
	wbxml_open(w, SEARCH_RESPONSE);
	wbxml_open(w, SEARCH_STORE);
	wbxml_put_uint(w, SEARCH_STATUS, store_status);
}

static enum err refuse(struct request *rq, struct wbxml_writer *w, uint32_t store_status)
{
	open_answer(rq, w, store_status);
	return close_answer(w);
}

/* ---- mailbox ---- */

/* 0: not one that the Store tells. */
static uint32_t status_of(enum err e)
{
	switch (e) {
	case ERR_NOT_FOUND:
		return STORE_FOLDER_SYNC_REQUIRED;
	case ERR_TIMEOUT:
		return STORE_TIMED_OUT;
	case ERR_UNSUPPORTED:
	case ERR_DENIED:
		return STORE_SERVER_ERROR;
	default:
		return 0;
	}
}

static enum err write_result(struct request *rq, struct wbxml_writer *w, const struct finding_item *item)
{
	struct opaque_id id = { .folder = item->c->folder_id, .item = item->mail.id };
	struct bytes long_id;
	char folder[16];
	enum err e = opaque_id_format(rq->arena, bytes_str(rq->account->name), &id, &long_id);

	if (e)
		return e;
	snprintf(folder, sizeof(folder), "%u", item->c->folder_id);
	wbxml_open(w, SEARCH_RESULT);
	wbxml_put_str(w, AIRSYNC_CLASS, eas_class_name(item_class(item->c, item->mail.id)));
	wbxml_put(w, SEARCH_LONG_ID, long_id);
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, folder);
	wbxml_open(w, SEARCH_PROPERTIES);
	e = item->c->ops->write(item->c, w, &item->mail);
	wbxml_close(w);
	wbxml_close(w);
	return e;
}

static enum err write_page(struct request *rq, struct wbxml_writer *w, const struct finding *found,
    const struct finding_page *page, uint32_t first)
{
	char range[32];
	enum err e = ERR_OK;

	open_answer(rq, w, STORE_OK);
	for (size_t i = 0; i < page->n && !e; i++)
		e = write_result(rq, w, &page->v[i]);
	if (!page->n)
		wbxml_put_empty(w, SEARCH_RESULT); /* MS-ASCMD: nothing found is an empty Result */
	if (page->taken) {
		snprintf(range, sizeof(range), "%u-%u", first, first + page->taken - 1);
		wbxml_put_str(w, SEARCH_RANGE, range);
	}
	wbxml_put_uint(w, SEARCH_TOTAL, found->total); /* clients without it never load more */
	return e ? e : close_answer(w);
}

static enum err find(struct request *rq, const struct search_query *q, bool deep, struct finding *out)
{
	struct finding_ask ask = { .query = q->root,
		.folders = q->folders,
		.n_folders = q->n_folders,
		.deep = deep,
		.classes = q->classes,
		.conversation = q->conversation,
		.later_than = q->later_than,
		.earlier_than = q->earlier_than };

	return finding_run(rq, &ask, out);
}

/* What stands in Options; the Store's status. */
static uint32_t read_options(
    const struct wbxml_node *options, struct sync_options *out, struct finding_range *range)
{
	enum err e = sync_options_parse(options, out);

	if (e)
		return e == ERR_UNSUPPORTED ? STATUS_BODY_PART_PREFERENCE_TYPE_NOT_SUPPORTED : STORE_INVALID;
	if (!finding_range_parse(wbxml_child_text(options, SEARCH_RANGE), range))
		return STORE_INVALID;
	return range->last < FINDING_PAGE ? STORE_OK : STORE_END_OF_RANGE;
}

static enum err search_mailbox(struct request *rq, const struct wbxml_node *store, struct wbxml_writer *w)
{
	const struct wbxml_node *options = wbxml_child(store, SEARCH_OPTIONS);
	struct finding_page page = { 0 };
	struct sync_options wanted;
	struct finding_range range;
	struct search_query query;
	struct finding found;
	uint32_t status = read_options(options, &wanted, &range);
	bool deep;
	enum err e;

	if (status != STORE_OK)
		return refuse(rq, w, status);
	if (wbxml_child_bool(options, SEARCH_DEEP_TRAVERSAL, false, &deep))
		return refuse(rq, w, STORE_INVALID);
	if ((e = search_query_parse(
		 rq->arena, wbxml_child(store, SEARCH_QUERY), time(NULL), &query, &status)))
		return e;
	if (status != STORE_OK)
		return refuse(rq, w, status);
	if (!(e = find(rq, &query, deep, &found)))
		e = finding_fetch(rq, &found, range, &wanted, &page);
	if (e && status_of(e))
		return refuse(rq, w, status_of(e));
	return e ? e : write_page(rq, w, &found, &page, range.first);
}

/* ---- what there is nothing of ---- */

/* No address book is connected yet: nobody is found, and no Result is how that is said. */
static enum err search_gal(struct request *rq, const struct wbxml_node *store, struct wbxml_writer *w)
{
	(void)store;
	open_answer(rq, w, STORE_OK);
	wbxml_put_uint(w, SEARCH_TOTAL, 0);
	return close_answer(w);
}

/* MS-ASCMD: without LinkId the request is invalid; with it, there are no documents behind a mail server. */
static enum err search_documents(struct request *rq, const struct wbxml_node *store, struct wbxml_writer *w)
{
	const struct wbxml_node *equal = wbxml_child(wbxml_child(store, SEARCH_QUERY), SEARCH_EQUAL_TO);

	return refuse(rq, w, wbxml_child(equal, DOCUMENTLIBRARY_LINK_ID) ? STORE_BLOCKED : STORE_INVALID);
}

static const struct {
	const char *name;
	enum err (*run)(struct request *rq, const struct wbxml_node *store, struct wbxml_writer *w);
} stores[] = {
	{ "Mailbox", search_mailbox },
	{ "GAL", search_gal },
	{ "DocumentLibrary", search_documents },
	{ "Document Library", search_documents },
};

enum err command_search(struct request *rq, struct wbxml_writer *w)
{
	const struct wbxml_node *store = wbxml_child(rq->xml, SEARCH_STORE);
	struct bytes name = wbxml_child_text(store, SEARCH_NAME);

	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++)
		if (bytes_eq_nocase(name, stores[i].name))
			return stores[i].run(rq, store, w);
	return refuse(rq, w, STORE_INVALID);
}
