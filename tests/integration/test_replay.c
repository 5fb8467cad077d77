/* Answers get lost, keys get old, phones start over: nothing is lost or doubled by it. */

#include "received.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- lost answers to Sync ---- */

static const struct loss_case {
	const char *name;
	enum phone_loss loss;
	unsigned times;
} loss_cases[] = {
	{ "unread", PHONE_LOSE_UNREAD, 1 },
	{ "read and dropped", PHONE_LOSE_READ, 1 },
	{ "five times", PHONE_LOSE_READ, 5 },
};

/* Sends the same Sync until one answer may live. */
static void lose(struct phone *ph, const struct phone_collection *c, const struct loss_case *l)
{
	for (unsigned i = 0; i < l->times; i++) {
		ph->lose = l->loss;
		SCENE_ERR(ph, phone_sync_one(ph, c), ERR_CANCELLED);
	}
}

static void server_changes_come_again(const struct loss_case *l)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *user = scene_user();
		struct phone_collection c = { .window = 50 };
		struct phone *ph;

		scene_append_many(user, "INBOX", "m", 5);
		ph = scene_synced_phone(user, "PHONE1", scene_versions[n].version);
		c.folder_id = scene_inbox(ph)->id;
		scene_append_many(user, "INBOX", "new", 3);
		scene_store(user, "INBOX", "m 1", "+FLAGS", "\\Seen");
		scene_move(user, "INBOX", "m 2", "Trash");
		lose(ph, &c, l);
		SCENE_OK(ph, phone_sync_one(ph, &c));
		assert_int_equal(scene_inbox(ph)->status, 1);
		assert_int_equal(scene_inbox(ph)->added, 3);
		scene_assert_same(scene_inbox(ph), user, "INBOX");
		scene_sync(ph, scene_inbox(ph));
		scene_assert_same(scene_inbox(ph), user, "INBOX");
		scene_assert_clean(ph);
	}
}
TEST_ROW(server_changes_come_again)

/* Between the lost answer and the repeated request more happens. */
static void a_replay_brings_what_is_newer_too(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_collection c = { .window = 50 };
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 4);
	ph = scene_synced_phone(user, "PHONE1", v);
	c.folder_id = scene_inbox(ph)->id;
	scene_append(user, "INBOX", "first", "");
	scene_append(user, "INBOX", "soon gone", "");
	lose(ph, &c, &loss_cases[1]);
	scene_move(user, "INBOX", "soon gone", "Trash");
	scene_store(user, "INBOX", "first", "+FLAGS", "\\Flagged");
	scene_append(user, "INBOX", "second", "");
	SCENE_OK(ph, phone_sync_one(ph, &c));
	scene_sync(ph, scene_inbox(ph));
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_replay_brings_what_is_newer_too)

static void a_window_comes_again(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_phone(user, "PHONE1", v);
	struct phone_collection c = { .window = 3 };

	scene_append_many(user, "INBOX", "m", 10);
	SCENE_OK(ph, phone_setup(ph));
	c.folder_id = scene_inbox(ph)->id;
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = c.folder_id, .key = "0" }));
	for (unsigned i = 0; i < 4; i++) {
		lose(ph, &c, &loss_cases[1]);
		SCENE_OK(ph, phone_sync_one(ph, &c));
		assert_int_equal(scene_inbox(ph)->status, 1);
	}
	assert_false(scene_inbox(ph)->more);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_window_comes_again)

static void the_phones_changes_are_made_once(const struct loss_case *l)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *user = scene_user();
		struct phone_edit edits[3] = {
			{ .command = AIRSYNC_CHANGE, .read = PHONE_YES },
			{ .command = AIRSYNC_CHANGE, .flag = PHONE_YES },
			{ .command = AIRSYNC_DELETE },
		};
		struct phone_collection c = { .edits = edits, .edit_count = COUNT(edits) };
		struct scene_mail *trash;
		struct phone *ph;

		scene_append_many(user, "INBOX", "m", 4);
		ph = scene_synced_phone(user, "PHONE1", scene_versions[n].version);
		c.folder_id = scene_inbox(ph)->id;
		edits[0].id = phone_item_with_subject(scene_inbox(ph), "m 1")->id;
		edits[1].id = phone_item_with_subject(scene_inbox(ph), "m 2")->id;
		edits[2].id = phone_item_with_subject(scene_inbox(ph), "m 3")->id;
		lose(ph, &c, l);
		SCENE_OK(ph, phone_sync_one(ph, &c));
		assert_int_equal(scene_inbox(ph)->status, 1);
		assert_int_equal(
		    ph->result_count, 0); /* nothing failed: what was done already counts as done */
		scene_sync(ph, scene_inbox(ph));
		scene_assert_same(scene_inbox(ph), user, "INBOX");
		assert_int_equal(scene_mails(user, "Trash", &trash), 1);
		assert_true(scene_mail(user, "INBOX", "m 1")->seen);
		assert_true(scene_mail(user, "INBOX", "m 2")->flagged);
		scene_assert_clean(ph);
	}
}
TEST_ROW(the_phones_changes_are_made_once)

/* ---- lost answers to other commands ---- */

static void a_move_is_made_once(enum eas_version v)
{
	const char *user = scene_user(), *new_id, *first_id;
	struct phone *ph;
	struct phone_folder *sent;
	unsigned status;

	scene_append_many(user, "INBOX", "m", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	sent = phone_folder_of_type(&ph->replica, 5);
	ph->lose = PHONE_LOSE_READ;
	SCENE_ERR(ph,
	    phone_move_item(ph, phone_item_with_subject(scene_inbox(ph), "m 2")->id, scene_inbox(ph)->id,
		sent->id, &status, &new_id),
	    ERR_CANCELLED);
	assert_non_null(scene_mail(user, "Sent", "m 2"));
	SCENE_OK(ph, phone_move_item(ph, phone_item_with_subject(scene_inbox(ph), "m 2")->id,
			 scene_inbox(ph)->id, sent->id, &status, &new_id));
	assert_int_equal(status, 3);
	first_id = new_id;
	assert_true(first_id[0] != '\0');
	SCENE_OK(ph, phone_sync_folder(ph, sent, NULL));
	scene_assert_same(sent, user, "Sent");
	assert_int_equal(sent->count, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_move_is_made_once)

static void a_mail_is_sent_once(enum eas_version v)
{
	static const struct phone_mail mail = {
		.mime = BYTES("From: a@example.org\r\nTo: bob@example.org\r\n"
			      "Subject: once\r\nMessage-ID: <once@example.org>\r\n\r\nhello\r\n"),
		.client_id = "once",
		.save_in_sent = true
	};
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	unsigned want = received_count() + 1;
	struct scene_mail *sent;

	ph->lose = PHONE_LOSE_READ;
	SCENE_ERR(ph, phone_send_mail(ph, &mail), ERR_CANCELLED);
	received_expect(want);
	SCENE_OK(ph, phone_send_mail(ph, &mail));
	assert_int_equal(ph->status, 1); /* not 118: phones show that as an error, and users send again */
	assert_int_equal(received_count(), want);
	assert_int_equal(scene_mails(user, "Sent", &sent), 1);
}
TEST_VERSIONS(a_mail_is_sent_once)

static void folder_commands_are_repeated(enum eas_version v)
{
	const char *user = scene_user(), *id;
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);

	ph->lose = PHONE_LOSE_READ;
	SCENE_ERR(ph, phone_folder_sync(ph, NULL), ERR_CANCELLED);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_int_equal(ph->status, 1);
	ph->lose = PHONE_LOSE_READ;
	SCENE_ERR(ph, phone_folder_create(ph, "0", "Made twice", 12, &id), ERR_CANCELLED);
	SCENE_OK(ph, phone_folder_create(ph, "0", "Made twice", 12, &id));
	assert_true(ph->status == 1 || ph->status == 2); /* made, or it exists */
	if (ph->status != 1) {
		SCENE_OK(ph, phone_folder_sync(ph, NULL));
		assert_int_equal(ph->status, 1);
	}
	assert_non_null(phone_folder_named(&ph->replica, "Made twice"));
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_int_equal(ph->status, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(folder_commands_are_repeated)

/* ---- keys ---- */

static void wrong_keys_are_refused(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *f;
	char *oldest;

	scene_append_many(user, "INBOX", "m", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	f = scene_inbox(ph);
	oldest = test_keep(128);
	snprintf(oldest, 128, "%s", f->key);
	for (unsigned i = 0; i < 2; i++) {
		scene_append_many(user, "INBOX", i ? "second" : "first", 1);
		scene_sync(ph, f);
	}
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = oldest }));
	assert_int_equal(f->status, 3); /* two generations back */
	SCENE_OK(
	    ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = "{nonsense}7" }));
	assert_int_equal(f->status, 3);
	scene_append(user, "INBOX", "after", "");
	scene_sync(ph, f); /* none of that has harmed the right one */
	scene_assert_same(f, user, "INBOX");
	SCENE_OK(ph, phone_folder_sync(ph, "nonsense"));
	assert_int_equal(ph->status, 9);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_int_equal(ph->status, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(wrong_keys_are_refused)

static void starting_over_brings_all_again(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *f;
	char *old_key, *old_id;

	scene_append_many(user, "INBOX", "m", 6);
	ph = scene_synced_phone(user, "PHONE1", v);
	f = scene_inbox(ph);
	scene_append(user, "INBOX", "one more",
	    ""); /* before its first page is taken, starting over changes nothing */
	scene_sync(ph, f);
	old_key = test_keep(128);
	old_id = test_keep(128);
	snprintf(old_key, 128, "%s", f->key);
	snprintf(old_id, 128, "%s", phone_item_with_subject(f, "m 3")->id);
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = "0" }));
	assert_int_equal(f->status, 1);
	assert_int_equal(f->added, 0);
	assert_int_equal(f->count, 0);
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	scene_assert_same(f, user, "INBOX");
	assert_string_equal(phone_item_with_subject(f, "m 3")->id, old_id);
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = old_key }));
	assert_int_equal(f->status, 3);
	scene_assert_clean(ph);
}
TEST_VERSIONS(starting_over_brings_all_again)

/* iOS starts the same folder twice: the second joins the first, and either answer may be used. */
static void two_starts_at_once(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_collection c = { .key = "0" };
	struct phone_sync rq = { .collections = &c, .count = 1 };
	struct phone *one, *two;

	scene_append_many(user, "INBOX", "m", 5);
	one = scene_phone(user, "PHONE1", v);
	two = scene_phone(user, "PHONE1", v);
	SCENE_OK(one, phone_setup(one));
	two->policy_key = strcpy(realloc(two->policy_key, 32), one->policy_key);
	SCENE_OK(two, phone_folder_sync(two, "0"));
	c.folder_id = scene_inbox(one)->id;
	SCENE_OK(one, phone_sync_send(one, &rq));
	SCENE_OK(two, phone_sync_send(two, &rq));
	SCENE_OK(one, phone_sync_receive(one, &rq));
	SCENE_OK(two, phone_sync_receive(two, &rq));
	assert_int_equal(scene_inbox(one)->status, 1);
	assert_int_equal(scene_inbox(two)->status, 1);
	SCENE_OK(one, phone_sync_folder(one, scene_inbox(one), NULL));
	scene_assert_same(scene_inbox(one), user, "INBOX");
	scene_assert_clean(one);
}
TEST_VERSIONS(two_starts_at_once)

/* Two requests with the same key at once: at most one moves the key forward, and the phone loses nothing. */
static void two_syncs_at_once(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_collection c = { .window = 50 };
	struct phone_sync rq = { .collections = &c, .count = 1 };
	struct phone *one, *two;

	scene_append_many(user, "INBOX", "m", 5);
	one = scene_synced_phone(user, "PHONE1", v);
	two = scene_phone(user, "PHONE1", v);
	two->policy_key = strcpy(realloc(two->policy_key, 32), one->policy_key);
	SCENE_OK(two, phone_folder_sync(two, "0"));
	scene_append_many(user, "INBOX", "new", 3);
	c.folder_id = scene_inbox(one)->id;
	c.key = test_keep(128);
	snprintf((char *)(uintptr_t)c.key, 128, "%s", scene_inbox(one)->key);
	SCENE_OK(one, phone_sync_send(one, &rq));
	SCENE_OK(two, phone_sync_send(two, &rq));
	SCENE_OK(two, phone_sync_receive(two, &rq));
	SCENE_OK(one, phone_sync_receive(one, &rq));
	if (scene_inbox(one)->status == 1) {
		scene_sync(one, scene_inbox(one));
		scene_assert_same(scene_inbox(one), user, "INBOX");
	} else {
		assert_int_equal(scene_inbox(two)->status, 1);
	}
	scene_assert_clean(one);
}
TEST_VERSIONS(two_syncs_at_once)

/* Gmail lists all folders anew on every refresh. */
static void folder_sync_zero_keeps_everything(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *f;
	char *id;

	scene_append_many(user, "INBOX", "m", 4);
	ph = scene_synced_phone(user, "PHONE1", v);
	f = scene_inbox(ph);
	id = test_keep(64);
	snprintf(id, 64, "%s", f->id);
	for (unsigned i = 0; i < 3; i++) {
		SCENE_OK(ph, phone_folder_sync(ph, "0"));
		assert_int_equal(ph->status, 1);
		assert_string_equal(scene_inbox(ph)->id, id);
	}
	scene_append(user, "INBOX", "new", "");
	scene_sync(ph, f);
	assert_int_equal(f->added, 1); /* the key still holds */
	scene_assert_same(f, user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(folder_sync_zero_keeps_everything)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 150 });
	TEST_ADD_ROWS(server_changes_come_again, loss_cases);
	TEST_ADD_VERSIONS(a_replay_brings_what_is_newer_too);
	TEST_ADD_VERSIONS(a_window_comes_again);
	TEST_ADD_ROWS(the_phones_changes_are_made_once, loss_cases);
	TEST_ADD_VERSIONS(a_move_is_made_once);
	TEST_ADD_VERSIONS(a_mail_is_sent_once);
	TEST_ADD_VERSIONS(folder_commands_are_repeated);
	TEST_ADD_VERSIONS(wrong_keys_are_refused);
	TEST_ADD_VERSIONS(starting_over_brings_all_again);
	TEST_ADD_VERSIONS(two_starts_at_once);
	TEST_ADD_VERSIONS(two_syncs_at_once);
	TEST_ADD_VERSIONS(folder_sync_zero_keeps_everything);
	failed = test_run("replay");
	scene_close();
	return failed;
}
