#include "commands/attachment.h"
#include "commands/commands.h"
#include "io/log.h"

/* The attachment, with its size: clients this old expect a Content-Length. */
static enum err find(struct request *rq, struct attachment_source **out)
{
	enum err e;

	*out = arena_alloc(rq->arena, sizeof(**out));
	if (!*out)
		return ERR_LIMIT;
	e = attachment_find(rq, rq->line->attachment_name, *out);
	return e ? e : attachment_measure(rq, *out);
}

static enum err send(struct request *rq, struct attachment_source *file)
{
	struct reply_piece *piece = arena_alloc(rq->arena, sizeof(*piece));
	char *type;
	enum err e;

	if (!piece)
		return ERR_LIMIT;
	if ((e = arena_cstr(rq->arena, file->content_type, &type)))
		return e;
	*piece = attachment_piece(file, false);
	rq->reply =
	    (struct reply){ .kind = REPLY_STREAM, .pieces = piece, .n_pieces = 1, .content_type = type };
	return ERR_OK;
}

/* GetAttachment (MS-ASCMD 2.2.1.7), up to 12.1: the attachment itself is the answer. All that is wrong with the attachment is
 * HTTP 500, as the documents ask for. */
enum err command_get_attachment(struct request *rq, struct wbxml_writer *w)
{
	struct attachment_source *file;
	enum err e = find(rq, &file);

	(void)w;
	if (e == ERR_NOT_FOUND || e == ERR_PROTO || e == ERR_DENIED || e == ERR_LIMIT) {
		log_info("attachment not sent: %s", err_name(e));
		rq->reply = (struct reply){ .kind = REPLY_HTTP, .http_status = 500 };
		return ERR_OK;
	}
	return e ? e : send(rq, file);
}
