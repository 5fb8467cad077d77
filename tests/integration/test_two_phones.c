/* Two phones of one account, and two workers of one gateway: each phone has its own state, all see the same mails. Two workers run, and
 * every request of most tests comes on a new connection, so that it may meet either. */
#include <poll.h>

#include "scene.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct pair {
	const char *user;
	struct phone *one, *two;
	struct phone_folder *inbox_one, *inbox_two;
};

static struct pair make_pair(enum eas_version v, unsigned mails)
{
	struct pair p = { .user = scene_user() };

	scene_append_many(p.user, "INBOX", "m", mails);
	p.one = scene_synced_phone(p.user, "PHONE1", v);
	p.two = scene_synced_phone(p.user, "PHONE2", v == EAS_12_1 ? EAS_14_1 : v); /* versions may differ */
	p.inbox_one = scene_inbox(p.one);
	p.inbox_two = scene_inbox(p.two);
	return p;
}

static void sync_both(struct pair *p)
{
	phone_hang_up(p->one);
	phone_hang_up(p->two);
	scene_sync(p->one, p->inbox_one);
	scene_sync(p->two, p->inbox_two);
	scene_assert_same(p->inbox_one, p->user, "INBOX");
	scene_assert_same(p->inbox_two, p->user, "INBOX");
	scene_assert_clean(p->one);
	scene_assert_clean(p->two);
}

static unsigned try_edit(
    struct phone *ph, struct phone_folder *f, const char *subject, struct phone_edit what)
{
	const struct phone_item *i = phone_item_with_subject(f, subject);
	unsigned status;
	char id[128];

	assert_non_null(i);
	snprintf(id, sizeof(id), "%s", i->id);
	what.id = id;
	SCENE_OK(ph, phone_edit_one(ph, f, &what, &status));
	return status;
}

static void edit(struct phone *ph, struct phone_folder *f, const char *subject, struct phone_edit what)
{
	assert_int_equal(try_edit(ph, f, subject, what), 1);
}

static void what_one_does_the_other_sees(enum eas_version v)
{
	struct pair p = make_pair(v, 5);

	assert_string_equal(phone_item_with_subject(p.inbox_one, "m 1")->id,
	    phone_item_with_subject(p.inbox_two, "m 1")->id); /* ids belong to the account */
	edit(p.one, p.inbox_one, "m 1", (struct phone_edit){ .command = AIRSYNC_CHANGE, .read = PHONE_YES });
	edit(p.two, p.inbox_two, "m 2", (struct phone_edit){ .command = AIRSYNC_CHANGE, .flag = PHONE_YES });
	edit(p.one, p.inbox_one, "m 3", (struct phone_edit){ .command = AIRSYNC_DELETE });
	sync_both(&p);
	assert_int_equal(p.inbox_two->deleted, 1);
	assert_true(phone_item_with_subject(p.inbox_two, "m 1")->read);
	assert_int_equal(phone_item_with_subject(p.inbox_one, "m 2")->flag, 2);
	sync_both(&p); /* and nothing comes back */
	assert_int_equal(p.inbox_one->changed + p.inbox_two->changed, 0);
}
TEST_VERSIONS(what_one_does_the_other_sees)

static void both_do_the_same(enum eas_version v)
{
	struct pair p = make_pair(v, 3);

	edit(p.one, p.inbox_one, "m 1", (struct phone_edit){ .command = AIRSYNC_CHANGE, .read = PHONE_YES });
	edit(p.two, p.inbox_two, "m 1", (struct phone_edit){ .command = AIRSYNC_CHANGE, .read = PHONE_YES });
	edit(p.one, p.inbox_one, "m 2", (struct phone_edit){ .command = AIRSYNC_CHANGE, .read = PHONE_YES });
	/* the second says the contrary without having heard of the first: the server wins, if nothing else was asked for */
	assert_int_equal(try_edit(p.two, p.inbox_two, "m 2",
			     (struct phone_edit){ .command = AIRSYNC_CHANGE, .read = PHONE_NO }),
	    7);
	sync_both(&p);
}
TEST_VERSIONS(both_do_the_same)

static void new_mail_reaches_both(enum eas_version v)
{
	struct pair p = make_pair(v, 1);
	const char *one = p.inbox_one->id, *two = p.inbox_two->id, *changed[2];
	size_t count;

	SCENE_OK(p.one, phone_ping_send(p.one, 60, &one, 1));
	SCENE_OK(p.two, phone_ping_send(p.two, 60, &two, 1));
	poll(NULL, 0, 300);
	scene_deliver(p.user, "for both");
	SCENE_OK(p.one, phone_ping_receive(p.one, 60, changed, COUNT(changed), &count));
	assert_int_equal(p.one->status, 2);
	SCENE_OK(p.two, phone_ping_receive(p.two, 60, changed, COUNT(changed), &count));
	assert_int_equal(p.two->status, 2);
	sync_both(&p);
	assert_int_equal(p.inbox_one->added, 1);
	assert_int_equal(p.inbox_two->added, 1);
}
TEST_VERSIONS(new_mail_reaches_both)

/* A mail that one phone moves into a folder wakes the other one that waits for it, whichever worker it is at. */
static void a_move_wakes_the_other(enum eas_version v)
{
	struct pair p = make_pair(v, 4);
	struct phone_folder *sent = phone_folder_of_type(&p.two->replica, 5);
	const char *watched = sent->id, *changed[2], *new_id;
	unsigned status;
	size_t count;

	SCENE_OK(p.two, phone_sync_folder(p.two, sent, NULL));
	SCENE_OK(p.two, phone_ping_send(p.two, 60, &watched, 1));
	poll(NULL, 0, 300);
	SCENE_OK(p.one, phone_move_item(p.one, phone_item_with_subject(p.inbox_one, "m 2")->id,
			    p.inbox_one->id, phone_folder_of_type(&p.one->replica, 5)->id, &status, &new_id));
	assert_int_equal(status, 3);
	SCENE_OK(p.two, phone_ping_receive(p.two, 60, changed, COUNT(changed), &count));
	assert_int_equal(p.two->status, 2);
	assert_string_equal(changed[0], watched);
	scene_sync(p.two, sent);
	scene_assert_same(sent, p.user, "Sent");
	sync_both(&p);
}
TEST_VERSIONS(a_move_wakes_the_other)

/* One phone, many connections: its state is nowhere but in the store. */
static void every_request_at_any_worker(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *f;

	scene_append_many(user, "INBOX", "m", 30);
	ph = scene_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_setup(ph));
	f = scene_inbox(ph);
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = "0" }));
	for (unsigned i = 0; i < 12; i++) {
		phone_hang_up(ph);
		SCENE_OK(
		    ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .window = 5 }));
		assert_int_equal(f->status, 1);
		if (i == 3)
			scene_append(user, "INBOX", "in between", "");
	}
	scene_assert_same(f, user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(every_request_at_any_worker)

static void folders_are_the_same_for_both(enum eas_version v)
{
	struct pair p = make_pair(v, 0);
	const char *id;

	SCENE_OK(p.one, phone_folder_create(p.one, "0", "Made by one", 12, &id));
	assert_int_equal(p.one->status, 1);
	phone_hang_up(p.two);
	SCENE_OK(p.two, phone_folder_sync(p.two, NULL));
	assert_int_equal(p.two->status, 1);
	assert_non_null(phone_folder_named(&p.two->replica, "Made by one"));
	assert_string_equal(phone_folder_named(&p.two->replica, "Made by one")->id,
	    phone_folder_named(&p.one->replica, "Made by one")->id);
	scene_assert_clean(p.one);
	scene_assert_clean(p.two);
}
TEST_VERSIONS(folders_are_the_same_for_both)

int main(void)
{
	static const char *const settings[] = { "server.workers=2", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 40, .settings = settings });
	TEST_ADD_VERSIONS(what_one_does_the_other_sees);
	TEST_ADD_VERSIONS(both_do_the_same);
	TEST_ADD_VERSIONS(new_mail_reaches_both);
	TEST_ADD_VERSIONS(a_move_wakes_the_other);
	TEST_ADD_VERSIONS(every_request_at_any_worker);
	TEST_ADD_VERSIONS(folders_are_the_same_for_both);
	failed = test_run("two phones");
	scene_close();
	return failed;
}
