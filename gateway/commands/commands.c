#include "commands/commands.h"

/* The only list of commands that are here. One that has no row answers 501 and isn't advertised. */
static const struct command commands[CMD_COUNT] = {
	[CMD_SYNC] = { .run = command_sync, .loads_device = true },
	[CMD_SEND_MAIL] = { .run = command_send_mail },
	[CMD_SMART_FORWARD] = { .run = command_smart_forward },
	[CMD_SMART_REPLY] = { .run = command_smart_reply },
	[CMD_GET_ATTACHMENT] = { .run = command_get_attachment },
	[CMD_FOLDER_SYNC] = { .run = command_folder_sync },
	[CMD_FOLDER_CREATE] = { .run = command_folder_create },
	[CMD_FOLDER_DELETE] = { .run = command_folder_delete },
	[CMD_FOLDER_UPDATE] = { .run = command_folder_update },
	[CMD_MOVE_ITEMS] = { .run = command_move_items },
	[CMD_GET_ITEM_ESTIMATE] = { .run = command_get_item_estimate },
	[CMD_SEARCH] = { .run = command_search },
	[CMD_SETTINGS] = { .run = command_settings },
	[CMD_PING] = { .run = command_ping },
	[CMD_ITEM_OPERATIONS] = { .run = command_item_operations },
	[CMD_PROVISION] = { .run = command_provision },
	[CMD_FIND] = { .run = command_find },
};

const struct command *command_of(enum eas_command c)
{
	return &commands[c];
}

void commands_put_versions(struct buf *out, eas_version_set versions)
{
	bool first = true;

	for (enum eas_version v = 0; v < EAS_VERSIONS; v++) {
		if (!eas_version_in(v, versions))
			continue;
		buf_printf(out, "%s%s", first ? "" : ",", eas_version_name(v));
		first = false;
	}
}

void commands_put_names(struct buf *out, eas_version_set versions)
{
	bool first = true;

	for (enum eas_command c = 0; c < CMD_COUNT; c++) {
		if (!commands[c].run || !(eas_command_info(c)->versions & versions))
			continue;
		buf_printf(out, "%s%s", first ? "" : ",", eas_command_name(c));
		first = false;
	}
}
