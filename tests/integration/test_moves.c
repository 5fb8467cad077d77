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

int main(void)
{
	static char server[64];
	const char *settings[] = { server, NULL };
	int failed;

	cutter = cutter_start();
	snprintf(server, sizeof(server), "imap.server=127.0.0.1:%u", cutter_port(cutter));
	scene_open(&(struct bed_opts){ .users = 20, .services = "dovecot,redis", .settings = settings });
	cutter_lead_to(cutter, bed_port(scene_bed(), "IMAP_PORT"));
	TEST_ADD_VERSIONS(a_sync_is_under_way);
	failed = test_run("moves");
	scene_close();
	cutter_stop(&cutter);
	return failed;
}
