#ifndef EASGATE_EAS_COMMAND_H
#define EASGATE_EAS_COMMAND_H

#include "eas/version.h"
#include "wbxml/wbxml.h"

/* Source: MS-ASCMD 2.2.1; codes MS-ASHTTP 2.2.1.1.1.1.2. */
enum eas_command {
	CMD_SYNC,
	CMD_SEND_MAIL,
	CMD_SMART_FORWARD,
	CMD_SMART_REPLY,
	CMD_GET_ATTACHMENT,
	CMD_GET_HIERARCHY,
	CMD_FOLDER_SYNC,
	CMD_FOLDER_CREATE,
	CMD_FOLDER_DELETE,
	CMD_FOLDER_UPDATE,
	CMD_MOVE_ITEMS,
	CMD_GET_ITEM_ESTIMATE,
	CMD_MEETING_RESPONSE,
	CMD_SEARCH,
	CMD_SETTINGS,
	CMD_PING,
	CMD_ITEM_OPERATIONS,
	CMD_PROVISION,
	CMD_RESOLVE_RECIPIENTS,
	CMD_VALIDATE_CERT,
	CMD_FIND,
	CMD_COUNT,
	CMD_NONE = CMD_COUNT /* a command that nobody knows */
};

struct eas_command_info {
	const char *name;
	int code;                 /* of the compact query; -1: it has none */
	eas_version_set versions; /* where the command exists; elsewhere status 138 */
	wbxml_tag root,
	    status;          /* an answer that is only a status: root { status }; 0: it has no WBXML answer */
	bool may_be_empty;   /* a request without a body is legal (from 12.1 on, for Sync) */
	bool policy_checked; /* refused while the policy key is missing or old */
	bool sends_mail;     /* the body is message/rfc822 up to 12.1 */
};

/* cmd < CMD_COUNT. */
const struct eas_command_info *eas_command_info(enum eas_command cmd);
/* CMD_NONE if there is no such command. The name without regard to letter case. */
enum eas_command eas_command_of_name(struct bytes name);
enum eas_command eas_command_of_code(unsigned code);
const char *eas_command_name(enum eas_command cmd); /* "-" for CMD_NONE */
/* Writes the whole answer of a request that failed as a whole: root { status }. The command has a WBXML
 * answer. */
void eas_command_put_status(struct wbxml_writer *w, enum eas_command cmd, unsigned status);

#endif
