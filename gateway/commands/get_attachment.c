#include "commands/attachment.h"
#include "commands/commands.h"
#include "io/log.h"

/* GetAttachment (MS-ASCMD 2.2.1.7), up to 12.1: the attachment itself is the answer. */
enum err command_get_attachment(struct request *rq, struct wbxml_writer *w)
{
	struct attachment_data file;
	enum err e = attachment_read(rq, rq->line->attachment_name, &file);
	char *type;

	(void)w;
	if (e == ERR_NOT_FOUND || e == ERR_PROTO) {
		log_info("attachment not found: %s", err_name(e));
		rq->reply.kind = REPLY_HTTP;
		rq->reply.http_status = 500; /* what the documents ask for */
		return ERR_OK;
	}
	if (e || (e = arena_cstr(rq->arena, file.content_type, &type)))
		return e;
	rq->reply.kind = REPLY_RAW;
	rq->reply.raw = file.data;
	rq->reply.content_type = type;
	return ERR_OK;
}
