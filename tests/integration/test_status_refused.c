/* The mail server refuses to tell of a folder for a moment, without a reason: nothing of it is taken for gone. */
#include "cutter.h"
#include "finding.h"

static struct cutter *cutter;

/* ---- searches ---- */

/* What is in the folder is found all the same. */
static void it_is_searched(enum eas_version v)
{
	const char *user = scene_user();
	struct asked q = { .text = "zebra" };
	struct phone *ph;

	finding_put_mails(user);
	truth_create(scene_truth(user), "Zoo");
	finding_put_mail(user, "Zoo", "striped", "a@example.org", "a zebra", NULL);
	ph = scene_synced_phone(user, "PHONE1", v);
	q.folders[0] = finding_folder(ph, "Zoo");
	cutter_arm(cutter, CUTTER_REFUSED, "STATUS \"Zoo\"");
	finding_assert_found(ph, &q, "striped", "1");
	scene_assert_clean(ph);
}
TEST_VERSIONS(it_is_searched)

/* Nothing of it can be looked at: the phone isn't told that there is nothing in it. */
static void all_is_refused(enum eas_version v)
{
	const char *user = scene_user();
	struct asked q = { .text = "zebra" };
	struct phone *ph;

	truth_create(scene_truth(user), "Zoo");
	finding_put_mail(user, "Zoo", "striped", "a@example.org", "a zebra", NULL);
	ph = scene_synced_phone(user, "PHONE1", v);
	q.folders[0] = finding_folder(ph, "Zoo");
	cutter_arm_times(cutter, CUTTER_REFUSED, "\"Zoo\"", 2); /* STATUS and LIST */
	finding_assert_text(finding_search(ph, &q), SEARCH_STATUS, "3");
	finding_assert_found(ph, &q, "striped", "1");
	scene_assert_clean(ph);
}
TEST_VERSIONS(all_is_refused)

/* The phone sees a Trash that is made when something is first put there. */
static void a_folder_that_is_not_there_is_empty(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);

	truth_delete(scene_truth(user), "Trash");
	finding_assert_found(ph,
	    &(struct asked){ .text = "zebra", .folders = { phone_folder_of_type(&ph->replica, 4)->id } }, "",
	    "0");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_folder_that_is_not_there_is_empty)

/* ---- Sync ---- */

/* A special folder is listed whether it's there or not, so that it may be empty only because it's gone. */
static void a_special_folder_keeps_its_mails(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *f;

	scene_append_many(user, "Sent", "m", 3);
	ph = scene_synced_phone(user, "PHONE1", v);
	f = phone_folder_of_type(&ph->replica, 5);
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	for (int i = 0; i < 2; i++) {
		scene_append_many(user, "INBOX", "new", 1);
		scene_sync(ph, scene_inbox(ph));                /* so that Sent isn't selected any more */
		cutter_arm(cutter, CUTTER_REFUSED, "\"Sent\""); /* but not the LIST behind it */
		SCENE_OK(
		    ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = f->key }));
		assert_int_equal(ph->status, 12); /* the phone looks whether the folder is still there */
		SCENE_OK(ph, phone_folder_sync(ph, NULL));
		assert_int_equal(f->count, 3);
	}
	scene_append(user, "Sent", "new", "");
	scene_sync(ph, f);
	assert_int_equal(f->added, 1);
	assert_int_equal(f->deleted, 0);
	scene_assert_same(f, user, "Sent");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_special_folder_keeps_its_mails)

int main(void)
{
	int failed;

	cutter = cutter_open_scene((struct bed_opts){ .users = 20, .services = "dovecot,redis" });
	TEST_ADD_VERSIONS(it_is_searched);
	TEST_ADD_VERSIONS(all_is_refused);
	TEST_ADD_VERSIONS(a_folder_that_is_not_there_is_empty);
	TEST_ADD_VERSIONS(a_special_folder_keeps_its_mails);
	failed = test_run("status refused");
	cutter_close_scene(&cutter);
	return failed;
}
