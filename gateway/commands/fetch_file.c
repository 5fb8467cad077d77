#include "commands/fetch_file.h"

#include "io/log.h"

/* ItemOperations Fetch by FileReference (MS-ASCMD 2.2.3.67.1). */

struct range {
	bool given;
	uint64_t first, last; /* zero-based, both included */
};

static bool parse_range(struct bytes text, struct range *out)
{
	struct bytes first;

	*out = (struct range){ .given = text.len > 0 };
	if (!text.len)
		return true;
	return bytes_split(&text, '-', &first) && !bytes_to_u64(first, UINT64_MAX, &out->first) &&
	       !bytes_to_u64(text, UINT64_MAX, &out->last) && out->first <= out->last;
}

/* One reference, and no option but Range (commands.md 6.8). UserName and Password are for documents; they do no harm. */
static bool is_well_formed(const struct wbxml_node *n)
{
	static const wbxml_tag wrong[] = { ITEMOPERATIONS_SCHEMA, AIRSYNC_MIME_SUPPORT,
		AIRSYNCBASE_BODY_PREFERENCE, AIRSYNCBASE_BODY_PART_PREFERENCE };
	const struct wbxml_node *options = wbxml_child(n, ITEMOPERATIONS_OPTIONS);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (wbxml_child(options, wrong[i]))
			return false;
	return !wbxml_next(wbxml_child(n, AIRSYNCBASE_FILE_REFERENCE), AIRSYNCBASE_FILE_REFERENCE);
}

/* 0: an error of the connection, of which the whole request fails. */
static uint32_t status_of(enum err e)
{
	switch (e) {
	case ERR_OK:
		return IO_OK;
	case ERR_PROTO:
		return IO_BAD_ATTACHMENT;
	case ERR_NOT_FOUND:
		return IO_NOT_FOUND;
	case ERR_LIMIT:
		return IO_TOO_LARGE;
	case ERR_DENIED:
		return IO_DENIED;
	case ERR_UNSUPPORTED:
		return IO_SERVER_ERROR;
	default:
		return 0;
	}
}

/* Takes of the file what the range says, as far as there is something. */
static uint32_t apply_range(const struct range *range, struct attachment_source *file)
{
	if (!range->given)
		return IO_OK;
	if (range->first >= file->size)
		return IO_BAD_RANGE;
	file->first = range->first;
	file->count = (range->last < file->size ? range->last + 1 : file->size) - range->first;
	return IO_OK;
}

/* Ready to be written and sent, or why not. The size is needed for parts and ranges; and where it is soon found the answer
 * has a length. */
static enum err find(struct request *rq, const struct wbxml_node *n, struct attachment_source *file,
    struct range *range, uint32_t *status)
{
	const struct wbxml_node *options = wbxml_child(n, ITEMOPERATIONS_OPTIONS);
	enum err e;

	*status = is_well_formed(n) ? IO_BAD_RANGE : IO_PROTOCOL_ERROR;
	if (*status == IO_PROTOCOL_ERROR ||
	    !parse_range(wbxml_child_text(options, ITEMOPERATIONS_RANGE), range))
		return ERR_OK;
	e = attachment_find(rq, wbxml_child_text(n, AIRSYNCBASE_FILE_REFERENCE), file);
	if (!e && rq->parts->holds)
		e = attachment_hold(rq, file);
	else if (!e && (rq->parts->multipart || range->given || file->encoded_size <= ATTACHMENT_SMALL))
		e = attachment_measure(rq, file);
	*status = status_of(e);
	if (!*status)
		return e;
	if (e)
		log_info("attachment not sent: %s", err_name(e));
	else
		*status = apply_range(range, file);
	return ERR_OK;
}

static enum err write_data(struct request *rq, struct wbxml_writer *w, struct attachment_source *file)
{
	struct item_part part = { .file = file };
	enum err e;

	if (rq->parts->multipart) {
		wbxml_put_uint(w, ITEMOPERATIONS_PART, item_parts_next(rq->parts));
		(void)attachment_piece(file, false); /* so that its count is what it will be */
		return item_parts_add(rq->parts, part);
	}
	wbxml_open(w, ITEMOPERATIONS_DATA);
	if (file->size)
		part.gap = wbxml_gap(w);
	e = file->size ? item_parts_add(rq->parts, part) : ERR_OK;
	wbxml_close(w);
	return e;
}

static enum err write_properties(
    struct request *rq, struct wbxml_writer *w, struct attachment_source *file, const struct range *range)
{
	enum err e;

	wbxml_open(w, ITEMOPERATIONS_PROPERTIES);
	if (range->given) {
		const char *text = arena_printf(rq->arena, "%llu-%llu", (unsigned long long)file->first,
		    (unsigned long long)(file->first + file->count - 1));

		wbxml_put_str(w, ITEMOPERATIONS_RANGE, text ? text : "");
		wbxml_put_uint(w, ITEMOPERATIONS_TOTAL, file->size);
	}
	wbxml_put(w, AIRSYNCBASE_CONTENT_TYPE, file->content_type);
	e = write_data(rq, w, file);
	wbxml_close(w);
	return e;
}

enum err fetch_file(struct request *rq, const struct wbxml_node *n, struct wbxml_writer *w)
{
	struct attachment_source *file = arena_alloc(rq->arena, sizeof(*file));
	struct range range = { 0 };
	uint32_t status;
	enum err e;

	if (!file)
		return ERR_LIMIT;
	if ((e = find(rq, n, file, &range, &status)))
		return e;
	wbxml_open(w, ITEMOPERATIONS_FETCH);
	wbxml_put_uint(w, ITEMOPERATIONS_STATUS, status);
	wbxml_put(w, AIRSYNCBASE_FILE_REFERENCE, wbxml_child_text(n, AIRSYNCBASE_FILE_REFERENCE));
	if (status == IO_OK)
		e = write_properties(rq, w, file, &range);
	wbxml_close(w);
	return e;
}
