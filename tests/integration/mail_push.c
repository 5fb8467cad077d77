/* Ping and the Sync that hangs. */
#include <poll.h>

#include "mail_scenarios.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void ping_tells_of_new_mail(enum eas_version v)
{
	const char *user = scene_user(), *inbox, *changed[4];
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	size_t count;

	inbox = scene_inbox(ph)->id;
	SCENE_OK(ph, phone_ping_send(ph, 60, &inbox, 1));
	poll(NULL, 0, 300); /* so that it is held: either way it must answer */
	scene_append(user, "INBOX", "pushed", "");
	SCENE_OK(ph, phone_ping_receive(ph, 60, changed, COUNT(changed), &count));
	assert_int_equal(ph->status, 2);
	assert_int_equal(count, 1);
	assert_string_equal(changed[0], inbox);
	scene_sync(ph, scene_inbox(ph));
	assert_non_null(phone_item_with_subject(scene_inbox(ph), "pushed"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(ping_tells_of_new_mail)

static void ping_sees_what_came_before_it(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	bool changed;

	scene_append(user, "INBOX", "between Sync and Ping", "");
	SCENE_OK(ph, phone_ping(ph, 60, scene_inbox(ph)->id, &changed));
	assert_true(changed);
}
TEST_VERSIONS(ping_sees_what_came_before_it)

static void ping_ends_by_itself(enum eas_version v)
{
	struct phone *ph = scene_synced_phone(scene_user(), "PHONE1", v);
	int64_t start = phone_now_us();
	bool changed;

	SCENE_OK(ph, phone_ping(ph, 1, scene_inbox(ph)->id, &changed));
	assert_int_equal(ph->status, 1);
	assert_in_range((phone_now_us() - start) / 1000, 900, 3000);
}
TEST_VERSIONS(ping_ends_by_itself)

static void a_hanging_sync_brings_new_mail(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	struct phone_collection c = { .folder_id = scene_inbox(ph)->id, .options = &mail_plain };
	struct phone_sync rq = { .collections = &c, .count = 1 };

	if (v >= EAS_14_0)
		rq.heartbeat_s = 60;
	else
		rq.wait_min = 1;
	SCENE_OK(ph, phone_sync_send(ph, &rq));
	poll(NULL, 0, 300);
	scene_append(user, "INBOX", "while it hung", "");
	SCENE_OK(ph, phone_sync_receive(ph, &rq));
	assert_int_equal(scene_inbox(ph)->added, 1);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_hanging_sync_brings_new_mail)

/* Gmail's several Pings: for different folders they live side by side, for the same ones the newest wins. */
static void pings_live_side_by_side(enum eas_version v)
{
	const char *user = scene_user(), *inbox, *sent, *changed[4];
	struct phone *ph = scene_synced_phone(user, "PHONE1", v), *second = scene_phone(user, "PHONE1", v),
		     *third = scene_phone(user, "PHONE1", v);
	size_t count;

	SCENE_OK(ph, phone_sync_folder(ph, phone_folder_of_type(&ph->replica, 5), NULL));
	inbox = scene_inbox(ph)->id;
	sent = phone_folder_of_type(&ph->replica, 5)->id;
	SCENE_OK(ph, phone_ping_send(ph, 60, &inbox, 1));
	SCENE_OK(second, phone_ping_send(second, 60, &sent, 1));
	poll(NULL, 0, 200);
	SCENE_OK(third, phone_ping_send(third, 60, &inbox, 1));
	SCENE_OK(ph, phone_ping_receive(ph, 60, changed, COUNT(changed), &count)); /* ended by the third */
	assert_int_equal(ph->status, 1);
	scene_append(user, "Sent", "x", "");
	scene_append(user, "INBOX", "y", "");
	SCENE_OK(third, phone_ping_receive(third, 60, changed, COUNT(changed), &count));
	assert_int_equal(third->status, 2);
	assert_string_equal(changed[0], inbox);
	SCENE_OK(second, phone_ping_receive(second, 60, changed, COUNT(changed), &count));
	assert_int_equal(second->status, 2);
	assert_string_equal(changed[0], sent);
}
TEST_VERSIONS(pings_live_side_by_side)

static void ping_parameters(enum eas_version v)
{
	struct phone *ph = scene_synced_phone(scene_user(), "PHONE1", v),
		     *fresh = scene_phone(ph->user, "PHONE2", v);
	const char *inbox = scene_inbox(ph)->id;
	const char *changed[1];
	bool has_changed;
	size_t count;

	SCENE_OK(fresh, phone_setup(fresh));
	SCENE_OK(fresh, phone_ping_send(fresh, 0, NULL, 0));
	SCENE_OK(fresh, phone_ping_receive(fresh, 1, changed, 1, &count));
	assert_int_equal(fresh->status, 3); /* nothing stored */
	SCENE_OK(ph, phone_ping(ph, 100000, inbox, &has_changed));
	assert_int_equal(ph->status, 5);
	assert_true(wbxml_child(ph->root, PING_HEARTBEAT_INTERVAL) != NULL);
	SCENE_OK(ph, phone_ping(ph, 1, inbox, &has_changed));
	SCENE_OK(ph, phone_ping_send(ph, 0, NULL, 0)); /* both from the store */
	SCENE_OK(ph, phone_ping_receive(ph, 10, changed, 1, &count));
	assert_int_equal(ph->status, 1);
}
TEST_VERSIONS(ping_parameters)

void mail_push_add(void)
{
	TEST_ADD_VERSIONS(ping_tells_of_new_mail);
	TEST_ADD_VERSIONS(ping_sees_what_came_before_it);
	TEST_ADD_VERSIONS(ping_ends_by_itself);
	TEST_ADD_VERSIONS(a_hanging_sync_brings_new_mail);
	TEST_ADD_VERSIONS(pings_live_side_by_side);
	TEST_ADD_VERSIONS(ping_parameters);
}
