/* Folders on a server that separates them with '.' and keeps all of them below "INBOX.", as Courier and Cyrus do. */
#include "scene.h"

static void folders_go_to_imap(enum eas_version v)
{
	const char *user = scene_user(), *id;
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	char top[64];

	SCENE_OK(ph, phone_folder_create(ph, "0", "Projects", 12, &id));
	assert_int_equal(ph->status, 1);
	snprintf(top, sizeof(top), "%s", id);
	SCENE_OK(ph, phone_folder_create(ph, top, "Below", 12, &id));
	assert_int_equal(ph->status, 1);
	assert_true(truth_has_mailbox(scene_truth(user), "INBOX.Projects.Below"));
	SCENE_OK(ph, phone_folder_sync(ph, "0"));
	assert_string_equal(phone_folder_named(&ph->replica, "Projects")->parent, "0");
	assert_string_equal(phone_folder_named(&ph->replica, "Below")->parent, top);
	scene_assert_clean(ph);
}
TEST_VERSIONS(folders_go_to_imap)

static void the_separator_is_refused(enum eas_version v)
{
	struct phone *ph = scene_synced_phone(scene_user(), "PHONE1", v);
	const char *id;

	SCENE_OK(ph, phone_folder_create(ph, "0", "v1.2", 12, &id));
	assert_int_equal(ph->status, 10);
}
TEST_VERSIONS(the_separator_is_refused)

static const struct name_case {
	const char *name, *text;
} name_cases[] = { { "quotes", "say \"hi\"" }, { "umlauts", "Größe" }, { "ampersand", "A & B" } };

static void odd_name(const struct name_case *c)
{
	const char *user = scene_user(), *new_id, *id;
	struct phone *ph;
	struct phone_folder *f;
	char made[64];
	unsigned status;

	scene_append_many(user, "INBOX", "m", 1);
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	SCENE_OK(ph, phone_folder_create(ph, "0", c->text, 12, &id));
	assert_int_equal(ph->status, 1);
	snprintf(made, sizeof(made), "%s", id);
	SCENE_OK(ph, phone_folder_sync(ph, "0"));
	f = phone_folder(&ph->replica, made);
	assert_non_null(f);
	assert_string_equal(f->parent, "0");
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	SCENE_OK(ph, phone_move_item(ph, phone_item_with_subject(scene_inbox(ph), "m 1")->id,
			 scene_inbox(ph)->id, made, &status, &new_id));
	assert_int_equal(status, 3);
	scene_sync(ph, f);
	assert_int_equal(f->count, 1);
	scene_assert_clean(ph);
}
TEST_ROW(odd_name)

static void a_second_inbox(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *f;

	truth_create(scene_truth(user), "INBOX.Inbox");
	scene_append_many(user, "INBOX.Inbox", "below", 2);
	scene_append_many(user, "INBOX", "m", 1);
	ph = scene_synced_phone(user, "PHONE1", v);
	assert_string_equal(scene_inbox(ph)->name, "Inbox");
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	f = phone_folder_named(&ph->replica, "Inbox (2)");
	assert_non_null(f);
	assert_string_equal(f->parent, "0");
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	scene_assert_same(f, user, "INBOX.Inbox");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_second_inbox)

static void deletes_go_to_the_trash(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_edit del = { .command = AIRSYNC_DELETE };
	struct phone *ph;
	struct scene_mail *trash;
	unsigned status;
	char id[128];

	scene_append_many(user, "INBOX", "m", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	snprintf(id, sizeof(id), "%s", phone_item_with_subject(scene_inbox(ph), "m 1")->id);
	del.id = id;
	SCENE_OK(ph, phone_edit_one(ph, scene_inbox(ph), &del, &status));
	assert_int_equal(status, 1);
	assert_int_equal(scene_mails(user, "INBOX.Trash", &trash), 1);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(deletes_go_to_the_trash)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){
	    .users = 30, .services = "dovecot,redis", .dots = true, .imap_prefix = "INBOX." });
	TEST_ADD_VERSIONS(folders_go_to_imap);
	TEST_ADD_VERSIONS(the_separator_is_refused);
	TEST_ADD_ROWS(odd_name, name_cases);
	TEST_ADD_VERSIONS(a_second_inbox);
	TEST_ADD_VERSIONS(deletes_go_to_the_trash);
	failed = test_run("folders with dots");
	scene_close();
	return failed;
}
