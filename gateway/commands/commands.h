#ifndef EASGATE_COMMANDS_COMMANDS_H
#define EASGATE_COMMANDS_COMMANDS_H

#include "request.h"

/* One function per EAS command, each in the file of its name; the table that lists them is commands.c. */
enum err command_sync(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_get_item_estimate(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_ping(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_folder_sync(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_folder_create(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_folder_delete(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_folder_update(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_move_items(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_item_operations(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_search(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_find(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_get_attachment(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_send_mail(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_smart_reply(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_smart_forward(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_settings(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;
enum err command_provision(struct request *rq, struct wbxml_writer *w) WAITS MUST_CHECK;

/* What the dispatcher needs to know of a command, beside what proto/eas/command.h says of it. */
struct command {
	command_fn *run; /* NULL: in the protocol, but not here: HTTP 501, and not advertised */
	bool
	    loads_device; /* it loads rq->device itself (in one round trip with more) and then calls policy_gate */
};
/* c < CMD_COUNT; never NULL. */
const struct command *command_of(enum eas_command c);
/* The values of MS-ASProtocolVersions and MS-ASProtocolCommands: what works in one of these versions. */
void commands_put_versions(struct buf *out, eas_version_set versions);
void commands_put_names(struct buf *out, eas_version_set versions);

#endif
