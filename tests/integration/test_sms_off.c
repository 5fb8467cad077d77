/* Where no SMS are kept, a phone that synchronises them (Samsung's, once) gets valid answers without any, and its mails as ever. */
#include "scene.h"

static const struct phone_options_block email_options = {
	.class = "Email", .filter = 1 + 5, .bodies = { { .type = 1, .truncation = 500 } }
};
static const struct phone_options_block sms_options = {
	.class = "SMS", .filter = 1 + 2, .bodies = { { .type = 1, .truncation = PHONE_WHOLE } }
};

static void asked_for_in_any_order(enum eas_version v)
{
	struct phone_collection rq = { .window = 100, .options = &email_options, .sms = &sms_options };
	const char *user = scene_user();
	struct phone *ph = scene_phone(user, "PHONE1", v);

	if (v < EAS_14_0)
		return; /* there is no such class */
	scene_append_many(user, "INBOX", "m", 3);
	SCENE_OK(ph, phone_setup(ph));
	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), &rq));
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	rq.options = &sms_options;
	rq.sms = &email_options;
	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), &rq));
	assert_int_equal(scene_inbox(ph)->added + scene_inbox(ph)->changed + scene_inbox(ph)->deleted, 0);
	SCENE_OK(ph, phone_sync_folder(ph, phone_folder_of_type(&ph->replica, 6), &rq));
	scene_assert_clean(ph);
}
TEST_VERSIONS(asked_for_in_any_order)

static void an_sms_is_refused(enum eas_version v)
{
	static const unsigned types[] = { 2, 3, 5, 6 };
	struct phone_edit e = {
		.command = AIRSYNC_ADD, .sms = true, .id = "s1", .from = "[MOBILE:+15550100]", .text = "text"
	};
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct phone_folder *f = phone_folder_of_type(&ph->replica, types[i]);
		unsigned status;

		SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
		SCENE_OK(ph, phone_edit_one(ph, f, &e, &status));
		assert_int_equal(status, 6);
		SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
		assert_int_equal(f->count, 0);
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(an_sms_is_refused)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 10 });
	TEST_ADD_VERSIONS(asked_for_in_any_order);
	TEST_ADD_VERSIONS(an_sms_is_refused);
	failed = test_run("sms off");
	scene_close();
	return failed;
}
