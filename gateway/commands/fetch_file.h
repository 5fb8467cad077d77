#ifndef EASGATE_COMMANDS_FETCH_FILE_H
#define EASGATE_COMMANDS_FETCH_FILE_H

#include "commands/item_parts.h"

/* The statuses of ItemOperations (MS-ASCMD 2.2.3.177.8). */
enum {
	IO_OK = 1,
	IO_PROTOCOL_ERROR = 2,
	IO_SERVER_ERROR = 3,
	IO_NOT_FOUND = 6,
	IO_BAD_RANGE = 8,
	IO_UNKNOWN_STORE = 9,
	IO_TOO_LARGE = 11,
	IO_BAD_ATTACHMENT = 15,
	IO_DENIED = 16,
	IO_PARTLY = 17,
};

/* A Fetch of an attachment: its result goes to w, the attachment itself to rq->parts. */
enum err fetch_file(struct request *rq, const struct wbxml_node *n, struct wbxml_writer *w) WAITS MUST_CHECK;

#endif
