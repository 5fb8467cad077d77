/* Requests as real clients send them, and requests that are wrong: each gets the status that it deserves, never an HTTP error from
 * 14.0 on, and the state is unharmed. */
#include "scene.h"
#include "wbxml/dump.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Where the status is looked for. */
enum place { ROOT, COLLECTION, ITEM, ESTIMATE, MOVE, FETCH, CONVERSATION };

static const struct quirk_case {
	const char *name;
	enum eas_command command;
	const char *
	    dump; /* KEY, FOLDER and MAIL stand for the inbox's key, its id, and a mail in it; OUTBOX, DRAFTS: ids */
	enum place place;
	unsigned status, or_status; /* or_status 0: only this one */
} quirk_cases[] = {
	{ "key 0 with all that belongs to later keys (go-activesync)", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"0\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\t\t\tAirSync:DeletesAsMoves "
	    "\"1\"\n\t\t\tAirSync:GetChanges \"1\"\n"
	    "\t\t\tAirSync:WindowSize \"50\"\n\t\t\tAirSync:Options\n\t\t\t\tAirSync:FilterType \"4\"\n",
	    COLLECTION, 1, 0 },
	{ "Class at 14.1 (TbSync)", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:Class \"Email\"\n"
	    "\t\t\tAirSync:SyncKey \"KEY\"\n\t\t\tAirSync:CollectionId \"FOLDER\"\n",
	    ROOT, 1, 0 },
	{ "an unknown element", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\t\t\tAirSync:GetChanges\n\t\t\tAirSync:NotifyGUID "
	    "\"x\"\n",
	    ROOT, 1, 4 },
	{ "empty Options", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\t\t\tAirSync:Options\n",
	    ROOT, 1, 0 },
	{ "Options for SMS, too (Samsung)", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\t\t\tAirSync:Options\n\t\t\t\tAirSync:Class \"Email\"\n"
	    "\t\t\t\tAirSync:FilterType \"5\"\n\t\t\tAirSync:Options\n\t\t\t\tAirSync:Class \"SMS\"\n",
	    ROOT, 1, 0 },
	{ "empty Supported with key 0 (LG)", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"0\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\t\t\tAirSync:Supported\n",
	    COLLECTION, 1, 0 },
	{ "an empty SyncKey (BlackBerry)", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n",
	    COLLECTION, 1, 0 },
	{ "empty Collections (old Androids)", CMD_SYNC, "AirSync:Sync\n\tAirSync:Collections\n", ROOT, 4,
	    13 },
	{ "Partial alone", CMD_SYNC, "AirSync:Sync\n\tAirSync:Partial\n", ROOT, 4, 13 },
	{ "no CollectionId", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n",
	    COLLECTION, 4, 0 },
	{ "both Wait and HeartbeatInterval", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\tAirSync:Wait \"5\"\n\tAirSync:HeartbeatInterval "
	    "\"300\"\n",
	    ROOT, 4, 0 },
	{ "HeartbeatInterval beyond the limit", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\tAirSync:HeartbeatInterval \"99999\"\n",
	    ROOT, 14, 0 },
	{ "Wait beyond the limit", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\tAirSync:Wait \"60\"\n",
	    ROOT, 14, 0 },
	{ "a FilterType for tasks", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\t\t\tAirSync:Options\n\t\t\t\tAirSync:FilterType "
	    "\"8\"\n",
	    COLLECTION, 4, 0 },
	{ "a folder that isn't there", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"0\"\n"
	    "\t\t\tAirSync:CollectionId \"4711\"\n",
	    COLLECTION, 8, 12 },
	{ "Read that is no boolean", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\t\t\tAirSync:Commands\n\t\t\t\tAirSync:Change\n"
	    "\t\t\t\t\tAirSync:ServerId \"MAIL\"\n\t\t\t\t\tAirSync:ApplicationData\n\t\t\t\t\t\tEmail:Read "
	    "\"maybe\"\n",
	    ITEM, 6, 0 },
	{ "Change of an id that is none", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\t\t\tAirSync:Commands\n\t\t\t\tAirSync:Change\n"
	    "\t\t\t\t\tAirSync:ServerId \"x:y:z\"\n\t\t\t\t\tAirSync:ApplicationData\n\t\t\t\t\t\tEmail:Read "
	    "\"1\"\n",
	    ITEM, 8, 6 },
	{ "Add of a mail", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\t\t\tAirSync:Commands\n\t\t\t\tAirSync:Add\n"
	    "\t\t\t\t\tAirSync:ClientId "
	    "\"new1\"\n\t\t\t\t\tAirSync:ApplicationData\n\t\t\t\t\t\tEmail:Subject \"x\"\n",
	    ITEM, 6, 0 },
	{ "Fetch inside Sync", CMD_SYNC,
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"KEY\"\n"
	    "\t\t\tAirSync:CollectionId \"FOLDER\"\n\t\t\tAirSync:Commands\n\t\t\t\tAirSync:Fetch\n"
	    "\t\t\t\t\tAirSync:ServerId \"MAIL\"\n",
	    ITEM, 1, 0 },
	{ "FolderSync without a key", CMD_FOLDER_SYNC, "FolderHierarchy:FolderSync\n", ROOT, 10, 9 },
	{ "FolderUpdate with a Status", CMD_FOLDER_UPDATE,
	    "FolderHierarchy:FolderUpdate\n\tFolderHierarchy:Status \"1\"\n\tFolderHierarchy:SyncKey "
	    "\"KEY\"\n"
	    "\tFolderHierarchy:ServerId \"FOLDER\"\n\tFolderHierarchy:ParentId "
	    "\"0\"\n\tFolderHierarchy:DisplayName \"x\"\n",
	    ROOT, 10, 9 },
	{ "FolderCreate of a second inbox", CMD_FOLDER_CREATE,
	    "FolderHierarchy:FolderCreate\n\tFolderHierarchy:SyncKey \"0\"\n\tFolderHierarchy:ParentId "
	    "\"0\"\n"
	    "\tFolderHierarchy:DisplayName \"Inbox 2\"\n\tFolderHierarchy:Type \"2\"\n",
	    ROOT, 10, 9 },
	{ "estimate of a folder that isn't there", CMD_GET_ITEM_ESTIMATE,
	    "GetItemEstimate:GetItemEstimate\n\tGetItemEstimate:Collections\n\t\tGetItemEstimate:Collection\n"
	    "\t\t\tAirSync:SyncKey \"KEY\"\n\t\t\tGetItemEstimate:CollectionId \"4711\"\n",
	    ESTIMATE, 2, 0 },
	{ "estimate with a key that nobody gave", CMD_GET_ITEM_ESTIMATE,
	    "GetItemEstimate:GetItemEstimate\n\tGetItemEstimate:Collections\n\t\tGetItemEstimate:Collection\n"
	    "\t\t\tAirSync:SyncKey \"nonsense\"\n\t\t\tGetItemEstimate:CollectionId \"FOLDER\"\n",
	    ESTIMATE, 4, 0 },
	{ "Ping with the same folder twice", CMD_PING,
	    "Ping:Ping\n\tPing:HeartbeatInterval \"60\"\n\tPing:Folders\n\t\tPing:Folder\n\t\t\tPing:Id "
	    "\"FOLDER\"\n"
	    "\t\t\tPing:Class \"Email\"\n\t\tPing:Folder\n\t\t\tPing:Id \"FOLDER\"\n\t\t\tPing:Class "
	    "\"Email\"\n",
	    ROOT, 4, 0 },
	{ "Ping for a folder that isn't there", CMD_PING,
	    "Ping:Ping\n\tPing:HeartbeatInterval \"1\"\n\tPing:Folders\n\t\tPing:Folder\n\t\t\tPing:Id "
	    "\"4711\"\n"
	    "\t\t\tPing:Class \"Email\"\n",
	    ROOT, 1, 7 },
	{ "Ping that is below the limit", CMD_PING,
	    "Ping:Ping\n\tPing:HeartbeatInterval \"0\"\n\tPing:Folders\n\t\tPing:Folder\n\t\t\tPing:Id "
	    "\"FOLDER\"\n"
	    "\t\t\tPing:Class \"Email\"\n",
	    ROOT, 5, 4 },
	{ "MoveItems that moves nothing", CMD_MOVE_ITEMS, "Move:MoveItems\n", ROOT, 103, 0 },
	{ "a fetch from a store that isn't there", CMD_ITEM_OPERATIONS,
	    "ItemOperations:ItemOperations\n\tItemOperations:Fetch\n\t\tItemOperations:Store \"Attic\"\n"
	    "\t\tAirSync:CollectionId \"FOLDER\"\n\t\tAirSync:ServerId \"MAIL\"\n",
	    FETCH, 9, 2 },
	{ "a fetch of an empty FileReference", CMD_ITEM_OPERATIONS,
	    "ItemOperations:ItemOperations\n\tItemOperations:Fetch\n\t\tItemOperations:Store \"Mailbox\"\n"
	    "\t\tAirSyncBase:FileReference\n",
	    FETCH, 15, 0 },
	{ "a fetch of a FileReference of somebody else", CMD_ITEM_OPERATIONS,
	    "ItemOperations:ItemOperations\n\tItemOperations:Fetch\n\t\tItemOperations:Store \"Mailbox\"\n"
	    "\t\tAirSyncBase:FileReference \"999:1:1.2\"\n",
	    FETCH, 15, 6 },
	{ "a conversation moves once", CMD_ITEM_OPERATIONS,
	    "ItemOperations:ItemOperations\n\tItemOperations:Move\n\t\tItemOperations:ConversationId "
	    "\"abc\"\n\t\tItemOperations:DstFldId \"FOLDER\"\n",
	    CONVERSATION, 155, 0 },
	{ "a conversation moves to nowhere", CMD_ITEM_OPERATIONS,
	    "ItemOperations:ItemOperations\n\tItemOperations:Move\n\t\tItemOperations:ConversationId "
	    "\"abc\"\n\t\tItemOperations:DstFldId "
	    "\"4711\"\n\t\tItemOperations:Options\n\t\t\tItemOperations:MoveAlways\n",
	    CONVERSATION, 156, 0 },
	{ "a conversation moves to the Outbox", CMD_ITEM_OPERATIONS,
	    "ItemOperations:ItemOperations\n\tItemOperations:Move\n\t\tItemOperations:ConversationId "
	    "\"abc\"\n\t\tItemOperations:DstFldId "
	    "\"OUTBOX\"\n\t\tItemOperations:Options\n\t\t\tItemOperations:MoveAlways\n",
	    CONVERSATION, 105, 0 },
	{ "a conversation moves to Drafts", CMD_ITEM_OPERATIONS,
	    "ItemOperations:ItemOperations\n\tItemOperations:Move\n\t\tItemOperations:ConversationId "
	    "\"abc\"\n\t\tItemOperations:DstFldId "
	    "\"DRAFTS\"\n\t\tItemOperations:Options\n\t\t\tItemOperations:MoveAlways\n",
	    CONVERSATION, 105, 0 },
	{ "no conversation moves", CMD_ITEM_OPERATIONS,
	    "ItemOperations:ItemOperations\n\tItemOperations:Move\n\t\tItemOperations:DstFldId "
	    "\"FOLDER\"\n\t\tItemOperations:Options\n\t\t\tItemOperations:MoveAlways\n",
	    CONVERSATION, 2, 0 },
	{ "a conversation moves that nobody has", CMD_ITEM_OPERATIONS,
	    "ItemOperations:ItemOperations\n\tItemOperations:Move\n\t\tItemOperations:ConversationId "
	    "\"abc\"\n\t\tItemOperations:DstFldId "
	    "\"FOLDER\"\n\t\tItemOperations:Options\n\t\t\tItemOperations:MoveAlways\n",
	    CONVERSATION, 6, 0 },
	{ "the root of another command", CMD_SYNC,
	    "FolderHierarchy:FolderSync\n\tFolderHierarchy:SyncKey \"0\"\n", ROOT, 103, 4 },
};

static struct bytes fill_in(const char *dump, struct phone *ph)
{
	const struct {
		const char *name, *value;
	} words[] = {
		{ "KEY", scene_inbox(ph)->key },
		{ "FOLDER", scene_inbox(ph)->id },
		{ "OUTBOX", phone_folder_of_type(&ph->replica, 6)->id },
		{ "DRAFTS", phone_folder_of_type(&ph->replica, 3)->id },
		{ "MAIL", phone_item_with_subject(scene_inbox(ph), "m 1")->id },
	};
	struct bytes doc = { 0 }, text = { 0 };
	size_t line = 0;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	for (const char *at = dump; *at;) {
		bool replaced = false;

		for (size_t i = 0; i < COUNT(words) && !replaced; i++) {
			size_t n = strlen(words[i].name);

			replaced =
			    at > dump && at[-1] == '"' && !strncmp(at, words[i].name, n) && at[n] == '"';
			if (replaced) {
				buf_put_str(&b, words[i].value);
				at += n;
			}
		}
		if (!replaced)
			buf_put_u8(&b, (uint8_t)*at++);
	}
	assert_int_equal(buf_done(&b, &text), ERR_OK);
	if (wbxml_undump(test_arena(), text, &doc, &line))
		fail_msg("the dump is wrong in line %zu", line);
	return doc;
}

static struct bytes status_at(const struct phone *ph, enum place place)
{
	const struct wbxml_node *c = wbxml_child(
				    wbxml_child(ph->root, AIRSYNC_COLLECTIONS), AIRSYNC_COLLECTION),
				*n;

	switch (place) {
	case ROOT:
		break;
	case COLLECTION:
		return wbxml_child_text(c, AIRSYNC_STATUS);
	case ITEM:
		n = wbxml_child(c, AIRSYNC_RESPONSES);
		return wbxml_child_text(n ? n->child : NULL, AIRSYNC_STATUS);
	case ESTIMATE:
		return wbxml_child_text(
		    wbxml_child(ph->root, GETITEMESTIMATE_RESPONSE), GETITEMESTIMATE_STATUS);
	case MOVE:
		return wbxml_child_text(wbxml_child(ph->root, MOVE_RESPONSE), MOVE_STATUS);
	case FETCH:
		n = wbxml_child(ph->root, ITEMOPERATIONS_RESPONSE);
		return wbxml_child_text(wbxml_child(n, ITEMOPERATIONS_FETCH), ITEMOPERATIONS_STATUS);
	case CONVERSATION:
		n = wbxml_child(ph->root, ITEMOPERATIONS_RESPONSE);
		return wbxml_child_text(wbxml_child(n, ITEMOPERATIONS_MOVE), ITEMOPERATIONS_STATUS);
	}
	return bytes_of(NULL, 0);
}

static void request_gets_its_status(const struct quirk_case *c)
{
	static struct phone *ph; /* one for all: what one row does must not hurt the next */
	unsigned status;

	if (!ph) {
		const char *user = scene_user();

		scene_append_many(user, "INBOX", "m", 2);
		ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	}
	if (!strcmp(scene_inbox(ph)->key, "0") || !scene_inbox(ph)->count)
		SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), NULL));
	SCENE_OK(ph,
	    phone_command_raw(ph, c->command, NULL, "application/vnd.ms-sync.wbxml", fill_in(c->dump, ph)));
	status = ph->status;
	if (c->place != ROOT && ph->root && bytes_to_u32(status_at(ph, c->place), 999, &status))
		status = ph->status; /* the whole request was refused */
	if (status != c->status && (!c->or_status || status != c->or_status))
		fail_msg("status %u, wanted %u", status, c->status);
	/* What that did to the state is for the phone to find out: it may start over, no more. */
	if (phone_sync_folder(ph, scene_inbox(ph), NULL)) {
		assert_int_equal(scene_inbox(ph)->status, 3);
		SCENE_OK(ph, phone_sync_one(ph,
				 &(struct phone_collection){ .folder_id = scene_inbox(ph)->id, .key = "0" }));
		SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), NULL));
	}
	scene_assert_same(scene_inbox(ph), ph->user, "INBOX");
}
TEST_ROW(request_gets_its_status)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 5, .services = "dovecot,redis" });
	TEST_ADD_ROWS(request_gets_its_status, quirk_cases);
	failed = test_run("quirks");
	scene_close();
	return failed;
}
