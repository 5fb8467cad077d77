/* MoveItems that meet what else goes on: a Sync of the target at the same moment, and moves of the same request that fail. */
#include "cutter.h"
#include "scene.h"

static struct cutter *cutter;

/* ---- Outlook ---- */

/* A request of Outlook on a second connection, as it has several. */
static struct phone *outlook(const char *user, enum eas_version v)
{
	struct phone *ph = scene_phone(user, "PHONE1", v);

	free(ph->device_type);
	ph->device_type = strdup("WindowsOutlook15");
	SCENE_OK(ph, phone_setup(ph));
	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), NULL));
	return ph;
}

/* The Sync has looked at the target before the mail comes, and stores its outcome after the move. */
static void a_sync_is_under_way(enum eas_version v)
{
	const char *user = scene_user(), *old_id, *new_id;
	struct phone *ph, *other;
	struct phone_collection c = { 0 };
	struct phone_folder *t;
	unsigned status;

	scene_append_many(user, "INBOX", "m", 1);
	truth_create(scene_truth(user), "Target");
	scene_append_many(user, "Target", "there", 1);
	other = outlook(user, v);
	ph = outlook(user, v);
	t = phone_folder_named(&ph->replica, "Target");
	SCENE_OK(ph, phone_sync_folder(ph, t, NULL));
	scene_append_many(user, "Target", "new", 1);
	free(other->policy_key);
	other->policy_key = strdup(ph->policy_key);
	c.folder_id = t->id;
	cutter_arm(cutter, CUTTER_HELD, "BODY.PEEK");
	SCENE_OK(ph, phone_sync_send(ph, &(struct phone_sync){ .collections = &c, .count = 1 }));
	cutter_wait_held(cutter);
	old_id = phone_item_with_subject(scene_inbox(ph), "m 1")->id;
	SCENE_OK(other, phone_move_item(other, old_id, scene_inbox(ph)->id, t->id, &status, &new_id));
	assert_int_equal(status, 3);
	phone_replica_move(&ph->replica, scene_inbox(ph)->id, old_id, t->id, new_id);
	cutter_release(cutter);
	SCENE_OK(ph, phone_sync_receive(ph, &(struct phone_sync){ .collections = &c, .count = 1 }));
	assert_int_equal(t->added, 1);
	scene_sync(ph, t);
	assert_int_equal(t->added, 0);
	scene_assert_same(t, user, "Target");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_sync_is_under_way)

/* Two moves to the target in one request: from the inbox, and from a folder that IMAP hangs up at. */
static enum err move_two(struct phone *ph, const char *target)
{
	const struct phone_folder *from[] = { scene_inbox(ph), phone_folder_named(&ph->replica, "Other") };
	const char *subjects[] = { "m 1", "o 1" };
	struct wbxml_writer *w = phone_request(ph);

	wbxml_open(w, MOVE_MOVE_ITEMS);
	for (size_t i = 0; i < 2; i++) {
		wbxml_open(w, MOVE_MOVE);
		wbxml_put_str(w, MOVE_SRC_MSG_ID, phone_item_with_subject(from[i], subjects[i])->id);
		wbxml_put_str(w, MOVE_SRC_FLD_ID, from[i]->id);
		wbxml_put_str(w, MOVE_DST_FLD_ID, target);
		wbxml_close(w);
	}
	wbxml_close(w);
	return phone_command(ph, CMD_MOVE_ITEMS, NULL);
}

/* Both are where the request wanted them. */
static void take_answer(struct phone *ph, const char *target)
{
	size_t n = 0;

	for (const struct wbxml_node *r = wbxml_child(ph->root, MOVE_RESPONSE); r;
	     r = wbxml_next(r, MOVE_RESPONSE), n++) {
		char old_id[64], new_id[64];

		assert_bytes_str(wbxml_child_text(r, MOVE_STATUS), "3");
		snprintf(old_id, sizeof(old_id), "%.*s", BYTES_ARG(wbxml_child_text(r, MOVE_SRC_MSG_ID)));
		snprintf(new_id, sizeof(new_id), "%.*s", BYTES_ARG(wbxml_child_text(r, MOVE_DST_MSG_ID)));
		phone_replica_move(&ph->replica,
		    n ? phone_folder_named(&ph->replica, "Other")->id : scene_inbox(ph)->id, old_id, target,
		    new_id);
	}
	assert_int_equal(n, 2);
}

static struct phone *outlook_with_two_folders(const char *user, enum eas_version v)
{
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 1);
	truth_create(scene_truth(user), "Other");
	scene_append_many(user, "Other", "o", 1);
	truth_create(scene_truth(user), "Target");
	scene_append_many(user, "Target", "there", 1);
	ph = outlook(user, v);
	SCENE_OK(ph, phone_sync_folder(ph, phone_folder_named(&ph->replica, "Other"), NULL));
	SCENE_OK(ph, phone_sync_folder(ph, phone_folder_named(&ph->replica, "Target"), NULL));
	return ph;
}

/* The first mail has gone when the request fails as a whole: nobody told Outlook where, so it must be told of it as of a new one. */
static void a_later_move_fails(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = outlook_with_two_folders(user, v);
	struct phone_folder *t = phone_folder_named(&ph->replica, "Target");

	cutter_arm(cutter, CUTTER_BEFORE, "SELECT \"Other\"");
	SCENE_ERR(ph, move_two(ph, t->id), ERR_UNAVAILABLE);
	assert_non_null(scene_mail(user, "Target", "m 1"));
	scene_sync(ph, scene_inbox(ph));
	scene_sync(ph, t);
	assert_int_equal(t->added, 1);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_same(t, user, "Target");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_later_move_fails)

/* Outlook repeats the request, and hears where both are: then it has both. */
static void it_is_repeated(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = outlook_with_two_folders(user, v);
	struct phone_folder *t = phone_folder_named(&ph->replica, "Target");

	cutter_arm(cutter, CUTTER_BEFORE, "SELECT \"Other\"");
	SCENE_ERR(ph, move_two(ph, t->id), ERR_UNAVAILABLE);
	SCENE_OK(ph, move_two(ph, t->id));
	take_answer(ph, t->id);
	scene_sync(ph, scene_inbox(ph));
	scene_sync(ph, t);
	assert_int_equal(t->added, 0);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_same(t, user, "Target");
	scene_assert_clean(ph);
}
TEST_VERSIONS(it_is_repeated)

/* ---- one mail, two folders ---- */

/* Moves of the inbox's only mail, to each of the folders. */
static void move_to_each(struct phone *ph, const char *id, const char *const *folders, size_t n)
{
	struct wbxml_writer *w = phone_request(ph);

	wbxml_open(w, MOVE_MOVE_ITEMS);
	for (size_t i = 0; i < n; i++) {
		wbxml_open(w, MOVE_MOVE);
		wbxml_put_str(w, MOVE_SRC_MSG_ID, id);
		wbxml_put_str(w, MOVE_SRC_FLD_ID, scene_inbox(ph)->id);
		wbxml_put_str(w, MOVE_DST_FLD_ID, folders[i]);
		wbxml_close(w);
	}
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_MOVE_ITEMS, NULL));
}

/* It goes where the first move that can be made says; said again because the answer was lost, it is there. */
static void one_destination_only(enum eas_version v)
{
	static const char *const want[] = { "4", "2", "3", "5", "3", "5" };
	const char *user = scene_user(), *folders[6];
	struct phone *ph;
	char id[64];

	scene_append_many(user, "INBOX", "m", 1);
	truth_create(scene_truth(user), "One");
	truth_create(scene_truth(user), "Two");
	ph = scene_synced_phone(user, "PHONE1", v);
	snprintf(id, sizeof(id), "%s", phone_item_with_subject(scene_inbox(ph), "m 1")->id);
	folders[0] = scene_inbox(ph)->id;
	folders[1] = "4711";
	folders[2] = folders[4] = phone_folder_named(&ph->replica, "One")->id;
	folders[3] = phone_folder_named(&ph->replica, "Two")->id;
	folders[5] = phone_folder_of_type(&ph->replica, 4)->id;
	for (int again = 0; again < 2; again++) {
		const struct wbxml_node *r;
		size_t n = 0;

		move_to_each(ph, id, folders, 6);
		for (r = wbxml_child(ph->root, MOVE_RESPONSE); r; r = wbxml_next(r, MOVE_RESPONSE), n++) {
			assert_bytes_str(wbxml_child_text(r, MOVE_STATUS), want[n]);
			assert_int_equal(wbxml_child(r, MOVE_DST_MSG_ID) != NULL, strcmp(want[n], "3") == 0);
		}
		assert_int_equal(n, 6);
		assert_non_null(scene_mail(user, "One", "m 1"));
		assert_null(scene_mail(user, "Two", "m 1"));
	}
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->count, 0);
	scene_assert_clean(ph);
}
TEST_VERSIONS(one_destination_only)

int main(void)
{
	int failed;

	cutter = cutter_open_scene((struct bed_opts){ .users = 20, .services = "dovecot,redis" });
	TEST_ADD_VERSIONS(a_sync_is_under_way);
	TEST_ADD_VERSIONS(a_later_move_fails);
	TEST_ADD_VERSIONS(it_is_repeated);
	TEST_ADD_VERSIONS(one_destination_only);
	failed = test_run("moves");
	cutter_close_scene(&cutter);
	return failed;
}
