/* Searches while the mail server refuses to tell of a folder. */
#include "cutter.h"
#include "finding.h"

static struct cutter *cutter;

/* For a moment, and it doesn't say why: what is in the folder is found all the same. */
static void a_status_is_refused(enum eas_version v)
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
TEST_VERSIONS(a_status_is_refused)

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

int main(void)
{
	int failed;

	cutter = cutter_open_scene((struct bed_opts){ .users = 20, .services = "dovecot,redis" });
	TEST_ADD_VERSIONS(a_status_is_refused);
	TEST_ADD_VERSIONS(all_is_refused);
	TEST_ADD_VERSIONS(a_folder_that_is_not_there_is_empty);
	failed = test_run("search refused");
	cutter_close_scene(&cutter);
	return failed;
}
