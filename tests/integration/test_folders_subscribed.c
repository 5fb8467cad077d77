/* subscribed_only: phones get the folders that the user has subscribed to. */
#include "scene.h"

static void only_subscribed(enum eas_version v)
{
	const char *user = scene_user(), *id;
	struct truth *t = scene_truth(user);
	struct phone *ph;
	char kept[64];

	truth_command(t, "CREATE Hidden");
	truth_command(t, "CREATE Hidden/Shown");
	truth_command(t, "SUBSCRIBE Hidden/Shown");
	truth_command(t, "UNSUBSCRIBE Sent");
	ph = scene_synced_phone(user, "PHONE1", v);
	assert_null(phone_folder_named(&ph->replica, "Hidden"));
	assert_string_equal(phone_folder_named(&ph->replica, "Shown")->parent, "0");
	assert_non_null(phone_folder_of_type(&ph->replica, 5));      /* Sent, whatever it is subscribed to */
	SCENE_OK(ph, phone_folder_create(ph, "0", "Mine", 12, &id)); /* and subscribed to */
	assert_int_equal(ph->status, 1);
	SCENE_OK(ph, phone_folder_sync(ph, "0"));
	assert_non_null(phone_folder_named(&ph->replica, "Mine"));
	truth_command(t, "SUBSCRIBE Hidden");
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_non_null(phone_folder_named(&ph->replica, "Hidden"));
	snprintf(kept, sizeof(kept), "%s", phone_folder_named(&ph->replica, "Shown")->id);
	truth_command(t, "UNSUBSCRIBE Hidden/Shown");
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_null(phone_folder_named(&ph->replica, "Shown"));
	truth_command(t, "SUBSCRIBE Hidden/Shown");
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_string_equal(phone_folder_named(&ph->replica, "Shown")->id, kept); /* it is the same folder */
	scene_assert_clean(ph);
}
TEST_VERSIONS(only_subscribed)

/* What isn't shown is there all the same: names and trees go by what is there. */
static void what_is_hidden_stays(enum eas_version v)
{
	const char *user = scene_user(), *id;
	struct truth *t = scene_truth(user);
	struct phone *ph;

	truth_command(t, "CREATE Hidden/Shown");
	truth_command(t, "SUBSCRIBE Hidden/Shown");
	truth_command(t, "CREATE Tree");
	truth_command(t, "CREATE Tree/Child");
	truth_command(t, "SUBSCRIBE Tree");
	truth_command(t, "SUBSCRIBE Tree/Child");
	truth_command(t, "CREATE Full");
	truth_command(t, "CREATE Full/Secret");
	truth_command(t, "SUBSCRIBE Full");
	truth_command(t, "CREATE Other");
	scene_append_many(user, "Full/Secret", "m", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_folder_update(ph, phone_folder_named(&ph->replica, "Shown")->id, "0", "Seen"));
	assert_int_equal(ph->status, 1);
	assert_true(truth_has_mailbox(t, "Hidden/Seen"));
	SCENE_OK(ph, phone_folder_update(ph, phone_folder_named(&ph->replica, "Tree")->id, "0", "Wood"));
	assert_int_equal(ph->status, 1);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_non_null(phone_folder_named(&ph->replica, "Child"));
	SCENE_OK(ph, phone_folder_delete(ph, phone_folder_named(&ph->replica, "Full")->id));
	assert_int_equal(ph->status, 6);
	assert_non_null(scene_mail(user, "Full/Secret", "m 1"));
	assert_true(truth_has_mailbox(t, "Full"));
	SCENE_OK(ph, phone_folder_create(ph, "0", "Other", 12, &id));
	assert_int_equal(ph->status, 1);
	SCENE_OK(ph, phone_folder_sync(ph, "0"));
	assert_non_null(phone_folder_named(&ph->replica, "Other"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(what_is_hidden_stays)

int main(void)
{
	static const char *const settings[] = { "imap.subscribed_only=yes", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 14, .services = "dovecot,redis", .settings = settings });
	TEST_ADD_VERSIONS(only_subscribed);
	TEST_ADD_VERSIONS(what_is_hidden_stays);
	failed = test_run("folders_subscribed");
	scene_close();
	return failed;
}
