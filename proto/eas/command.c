#include "eas/command.h"

#include <assert.h>

#define EVERY EAS_ALL
#define OLD EAS_UNTIL(EAS_12_1)
#define SINCE_12 EAS_SINCE(EAS_12_0)

/* MS-ASCMD 2.2.1; MS-ASHTTP 2.2.1.1.1.1.2 (codes), 2.2.1.1.2.2 (empty bodies). Policy keys: MS-ASPROV
 * 3.1.5.2. The code of Find is known from Microsoft's tests and from a client. GetHierarchy has none. */
static const struct eas_command_info commands[CMD_COUNT] = {
	/* name, code, versions, root and status of a failure, may be empty, policy checked, sends mail */
	[CMD_SYNC] = { "Sync", 0, EVERY, AIRSYNC_SYNC, AIRSYNC_STATUS, true, true, false },
	[CMD_SEND_MAIL] = { "SendMail", 1, EVERY, COMPOSEMAIL_SEND_MAIL, COMPOSEMAIL_STATUS, false, true,
	    true },
	[CMD_SMART_FORWARD] = { "SmartForward", 2, EVERY, COMPOSEMAIL_SMART_FORWARD, COMPOSEMAIL_STATUS,
	    false, true, true },
	[CMD_SMART_REPLY] = { "SmartReply", 3, EVERY, COMPOSEMAIL_SMART_REPLY, COMPOSEMAIL_STATUS, false,
	    true, true },
	[CMD_GET_ATTACHMENT] = { "GetAttachment", 4, OLD, 0, 0, true, true, false },
	[CMD_GET_HIERARCHY] = { "GetHierarchy", -1, OLD, 0, 0, true, true, false },
	[CMD_FOLDER_SYNC] = { "FolderSync", 9, EVERY, FOLDERHIERARCHY_FOLDER_SYNC, FOLDERHIERARCHY_STATUS,
	    false, true, false },
	[CMD_FOLDER_CREATE] = { "FolderCreate", 10, EVERY, FOLDERHIERARCHY_FOLDER_CREATE,
	    FOLDERHIERARCHY_STATUS, false, true, false },
	[CMD_FOLDER_DELETE] = { "FolderDelete", 11, EVERY, FOLDERHIERARCHY_FOLDER_DELETE,
	    FOLDERHIERARCHY_STATUS, false, true, false },
	[CMD_FOLDER_UPDATE] = { "FolderUpdate", 12, EVERY, FOLDERHIERARCHY_FOLDER_UPDATE,
	    FOLDERHIERARCHY_STATUS, false, true, false },
	[CMD_MOVE_ITEMS] = { "MoveItems", 13, EVERY, MOVE_MOVE_ITEMS, MOVE_STATUS, false, true, false },
	[CMD_GET_ITEM_ESTIMATE] = { "GetItemEstimate", 14, EVERY, GETITEMESTIMATE_GET_ITEM_ESTIMATE,
	    GETITEMESTIMATE_STATUS, false, true, false },
	[CMD_MEETING_RESPONSE] = { "MeetingResponse", 15, EVERY, MEETINGRESPONSE_MEETING_RESPONSE,
	    MEETINGRESPONSE_STATUS, false, true, false },
	[CMD_SEARCH] = { "Search", 16, EVERY, SEARCH_SEARCH, SEARCH_STATUS, false, true, false },
	[CMD_SETTINGS] = { "Settings", 17, SINCE_12, SETTINGS_SETTINGS, SETTINGS_STATUS, false, true, false },
	[CMD_PING] = { "Ping", 18, EVERY, PING_PING, PING_STATUS, true, false, false },
	[CMD_ITEM_OPERATIONS] = { "ItemOperations", 19, SINCE_12, ITEMOPERATIONS_ITEM_OPERATIONS,
	    ITEMOPERATIONS_STATUS, false, true, false },
	[CMD_PROVISION] = { "Provision", 20, EVERY, PROVISION_PROVISION, PROVISION_STATUS, false, false,
	    false },
	[CMD_RESOLVE_RECIPIENTS] = { "ResolveRecipients", 21, EVERY, RESOLVERECIPIENTS_RESOLVE_RECIPIENTS,
	    RESOLVERECIPIENTS_STATUS, false, true, false },
	[CMD_VALIDATE_CERT] = { "ValidateCert", 22, EVERY, VALIDATECERT_VALIDATE_CERT, VALIDATECERT_STATUS,
	    false, true, false },
	[CMD_FIND] = { "Find", 23, EAS_ONLY(EAS_16_1), FIND_FIND, FIND_STATUS, false, true, false },
};

const struct eas_command_info *eas_command_info(enum eas_command cmd)
{
	assert(cmd < CMD_COUNT);
	return &commands[cmd];
}

enum eas_command eas_command_of_name(struct bytes name)
{
	unsigned cmd = 0;

	while (cmd < CMD_COUNT && !bytes_eq_nocase(name, commands[cmd].name))
		cmd++;
	return (enum eas_command)cmd;
}

enum eas_command eas_command_of_code(unsigned code)
{
	unsigned cmd = 0;

	while (cmd < CMD_COUNT && commands[cmd].code != (int)code)
		cmd++;
	return (enum eas_command)cmd;
}

const char *eas_command_name(enum eas_command cmd)
{
	return cmd < CMD_COUNT ? commands[cmd].name : "-";
}

void eas_command_put_status(struct wbxml_writer *w, enum eas_command cmd, unsigned status)
{
	const struct eas_command_info *info = eas_command_info(cmd);

	assert(info->root);
	wbxml_open(w, info->root);
	wbxml_put_uint(w, info->status, status);
	wbxml_close(w);
}
