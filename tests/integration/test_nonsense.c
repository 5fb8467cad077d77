/* The IMAP server takes the password and then talks nonsense: phones are told to come again, and never that they themselves had
 * said something wrong. */
#include "cutter.h"
#include "scene.h"

static struct cutter *cutter;

struct asked_case {
	const char *name;
	enum eas_command command;
	void (*put)(struct wbxml_writer *w, struct phone *ph);
};

static const char *inbox_of(struct phone *ph)
{
	return scene_inbox(ph)->id;
}

static const char *mail_of(struct phone *ph)
{
	return phone_item_with_subject(scene_inbox(ph), "mail")->id;
}

static void put_folder_sync(struct wbxml_writer *w, struct phone *ph)
{
	wbxml_open(w, FOLDERHIERARCHY_FOLDER_SYNC);
	wbxml_put_str(w, FOLDERHIERARCHY_SYNC_KEY, ph->replica.key);
	wbxml_close(w);
}

static void put_folder_create(struct wbxml_writer *w, struct phone *ph)
{
	wbxml_open(w, FOLDERHIERARCHY_FOLDER_CREATE);
	wbxml_put_str(w, FOLDERHIERARCHY_SYNC_KEY, ph->replica.key);
	wbxml_put_str(w, FOLDERHIERARCHY_PARENT_ID, "0");
	wbxml_put_str(w, FOLDERHIERARCHY_DISPLAY_NAME, "new");
	wbxml_put_uint(w, FOLDERHIERARCHY_TYPE, 12);
	wbxml_close(w);
}

static void put_sync(struct wbxml_writer *w, struct phone *ph)
{
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_open(w, AIRSYNC_COLLECTIONS);
	wbxml_open(w, AIRSYNC_COLLECTION);
	if (ph->version < EAS_14_0)
		wbxml_put_str(w, AIRSYNC_CLASS, "Email");
	wbxml_put_str(w, AIRSYNC_SYNC_KEY, scene_inbox(ph)->key);
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, inbox_of(ph));
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
}

static void put_move(struct wbxml_writer *w, struct phone *ph)
{
	wbxml_open(w, MOVE_MOVE_ITEMS);
	wbxml_open(w, MOVE_MOVE);
	wbxml_put_str(w, MOVE_SRC_MSG_ID, mail_of(ph));
	wbxml_put_str(w, MOVE_SRC_FLD_ID, inbox_of(ph));
	wbxml_put_str(w, MOVE_DST_FLD_ID, phone_folder_of_type(&ph->replica, 4)->id);
	wbxml_close(w);
	wbxml_close(w);
}

static void put_fetch(struct wbxml_writer *w, struct phone *ph)
{
	wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
	wbxml_open(w, ITEMOPERATIONS_FETCH);
	wbxml_put_str(w, ITEMOPERATIONS_STORE, "Mailbox");
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, inbox_of(ph));
	wbxml_put_str(w, AIRSYNC_SERVER_ID, mail_of(ph));
	wbxml_close(w);
	wbxml_close(w);
}

static const struct asked_case asked_cases[] = {
	{ "FolderSync", CMD_FOLDER_SYNC, put_folder_sync },
	{ "FolderCreate", CMD_FOLDER_CREATE, put_folder_create },
	{ "Sync", CMD_SYNC, put_sync },
	{ "MoveItems", CMD_MOVE_ITEMS, put_move },
	{ "ItemOperations", CMD_ITEM_OPERATIONS, put_fetch },
};

/* And served again as soon as the server has come to its senses. */
static void one(const struct asked_case *c, const struct version_row *v)
{
	const char *user = scene_user();
	struct phone *ph;

	scene_append(user, "INBOX", "mail", "");
	ph = scene_synced_phone(user, "PHONE1", v->version);
	scene_append(user, "INBOX", "new", "");
	cutter_derange(cutter, true);
	ph->resends = false;
	c->put(phone_request(ph), ph);
	(void)!phone_command(ph, c->command, NULL);
	cutter_derange(cutter, false);
	if (ph->reply.status != 503)
		fail_msg("%s in %s: HTTP %d", c->name, v->name, ph->reply.status);
	assert_true(phone_answer_header(&ph->reply, "Retry-After").len > 0);
	ph->resends = true;
	scene_sync(ph, scene_inbox(ph));
	assert_non_null(phone_item_with_subject(scene_inbox(ph), "new"));
	scene_assert_clean(ph);
}

static void is_told_to_come_again(const struct asked_case *c)
{
	for (size_t n = 0; n < sizeof(scene_versions) / sizeof(scene_versions[0]); n++)
		one(c, &scene_versions[n]);
}
TEST_ROW(is_told_to_come_again)

int main(void)
{
	int failed;

	cutter = cutter_open_scene((struct bed_opts){ .users = 40, .services = "dovecot,redis" });
	TEST_ADD_ROWS(is_told_to_come_again, asked_cases);
	failed = test_run("nonsense");
	cutter_close_scene(&cutter);
	return failed;
}
