/* Mailboxes that go, and others that come under their names: a phone that still knows the old one must never meet the mails of
 * the new one, and must find its way out. No mailbox but the inbox is there by itself. */
#include "scene.h"

/* "Again" with `old 1` to `old 3`, synced, then deleted and made anew with `new 1` to `new 3`: the same UIDs, other mails. */
struct swap {
	const char *user;
	struct phone *ph;
	struct phone_folder *f;
	const char *ids[4];
};

static struct swap swap_mailbox(enum eas_version v)
{
	struct swap s = { .user = scene_user() };
	struct truth *t = scene_truth(s.user);
	char subject[16];

	truth_create(t, "Again");
	scene_append_many(s.user, "Again", "old", 3);
	s.ph = scene_synced_phone(s.user, "PHONE1", v);
	s.f = phone_folder_named(&s.ph->replica, "Again");
	assert_non_null(s.f);
	SCENE_OK(s.ph, phone_sync_folder(s.ph, s.f, NULL));
	for (unsigned i = 1; i <= 3; i++) {
		snprintf(subject, sizeof(subject), "old %u", i);
		s.ids[i] = phone_item_with_subject(s.f, subject)->id;
	}
	truth_delete(t, "Again");
	truth_create(t, "Again");
	scene_append_many(s.user, "Again", "new", 3);
	return s;
}

static void assert_untouched(const struct swap *s)
{
	struct scene_mail *mails;

	assert_int_equal(scene_mails(s->user, "Again", &mails), 3);
	for (unsigned i = 0; i < 3; i++)
		assert_false(mails[i].seen || mails[i].flagged);
}

/* The folder list tells what happened; after it all is as IMAP says. */
static void assert_found_out(struct swap *s)
{
	struct phone_folder *f;

	SCENE_OK(s->ph, phone_folder_sync(s->ph, NULL));
	assert_int_equal(s->ph->status, 1);
	f = phone_folder_named(&s->ph->replica, "Again");
	assert_non_null(f);
	SCENE_OK(s->ph, phone_sync_folder(s->ph, f, NULL));
	scene_assert_same(f, s->user, "Again");
}

static void commands_meet_no_other_mail(enum eas_version v)
{
	struct swap s = swap_mailbox(v);
	struct phone_edit edits[3] = {
		{ .command = AIRSYNC_CHANGE, .id = s.ids[1], .read = PHONE_YES },
		{ .command = AIRSYNC_CHANGE, .id = s.ids[2], .flag = PHONE_YES },
		{ .command = AIRSYNC_DELETE, .id = s.ids[3] },
	};
	struct phone_collection c = { .folder_id = s.f->id, .edits = edits, .edit_count = 3 };

	SCENE_OK(s.ph, phone_sync_one(s.ph, &c));
	assert_int_equal(s.ph->status, 12);
	assert_untouched(&s);
	c.deletes_as_moves = PHONE_NO;
	SCENE_OK(s.ph, phone_sync_one(s.ph, &c));
	assert_int_equal(s.ph->status, 12);
	assert_untouched(&s);
	assert_found_out(&s);
}
TEST_VERSIONS(commands_meet_no_other_mail)

static void moves_meet_no_other_mail(enum eas_version v)
{
	struct swap s = swap_mailbox(v);
	const char *new_id;
	unsigned status;

	SCENE_OK(s.ph, phone_move_item(s.ph, s.ids[2], s.f->id, scene_inbox(s.ph)->id, &status, &new_id));
	assert_int_equal(status, 1);
	assert_untouched(&s);
	assert_found_out(&s);
}
TEST_VERSIONS(moves_meet_no_other_mail)

static void fetches_meet_no_other_mail(enum eas_version v)
{
	struct swap s = swap_mailbox(v);
	struct phone_item *item = NULL;
	unsigned status;

	SCENE_OK(s.ph,
	    phone_fetch_item(s.ph, s.f->id, s.ids[2],
		&(struct phone_body_preference){ .type = 1, .truncation = PHONE_WHOLE }, &status, &item));
	assert_int_not_equal(status, 1);
	assert_null(item);
	assert_found_out(&s);
}
TEST_VERSIONS(fetches_meet_no_other_mail)

/* Drafts, Sent and Trash are always listed. Once they are gone the phone sees them empty; else it would be sent to fetch a folder
 * list that tells nothing, for ever. */
static void a_special_folder_goes(enum eas_version v)
{
	const char *user = scene_user();
	struct truth *t = scene_truth(user);
	struct phone_folder *trash;
	struct phone *ph;

	truth_create(t, "Trash");
	scene_append_many(user, "Trash", "m", 7);
	ph = scene_synced_phone(user, "PHONE1", v);
	trash = phone_folder_of_type(&ph->replica, 4);
	SCENE_OK(ph, phone_sync_folder(ph, trash, NULL));
	assert_int_equal(trash->count, 7);
	truth_delete(t, "Trash");
	SCENE_OK(ph, phone_sync_folder(ph, trash, &(struct phone_collection){ .window = 3 }));
	assert_int_equal(trash->count, 0);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	trash = phone_folder_of_type(&ph->replica, 4);
	scene_sync(ph, trash);
	truth_create(t, "Trash");
	scene_append_many(user, "Trash", "later", 2);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	trash = phone_folder_of_type(&ph->replica, 4);
	SCENE_OK(ph, phone_sync_folder(ph, trash, NULL));
	scene_assert_same(trash, user, "Trash");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_special_folder_goes)

/* Any other folder that goes is not made again by what the phone moves there. */
static void a_target_that_is_gone(enum eas_version v)
{
	const char *user = scene_user(), *new_id;
	struct truth *t = scene_truth(user);
	struct phone *ph;
	unsigned status;

	truth_create(t, "Target");
	scene_append_many(user, "INBOX", "m", 1);
	ph = scene_synced_phone(user, "PHONE1", v);
	truth_delete(t, "Target");
	SCENE_OK(
	    ph, phone_move_item(ph, phone_item_with_subject(scene_inbox(ph), "m 1")->id, scene_inbox(ph)->id,
		    phone_folder_named(&ph->replica, "Target")->id, &status, &new_id));
	assert_int_equal(status, 2);
	assert_false(truth_has_mailbox(t, "Target"));
	assert_non_null(scene_mail(user, "INBOX", "m 1"));
}
TEST_VERSIONS(a_target_that_is_gone)

/* Outlook keeps what it moves, and an Add would be one mail more: in a folder that the move makes, too. */
static void a_move_by_outlook_makes_the_trash(enum eas_version v)
{
	const char *user = scene_user(), *new_id;
	struct phone_folder *trash;
	struct phone *ph;
	unsigned status;

	scene_append_many(user, "INBOX", "m", 1);
	ph = scene_synced_phone(user, "PHONE1", v);
	free(ph->device_type);
	ph->device_type = strdup("WindowsOutlook15");
	trash = phone_folder_of_type(&ph->replica, 4);
	SCENE_OK(ph, phone_sync_folder(ph, trash, NULL));
	SCENE_OK(ph, phone_move_item(ph, phone_item_with_subject(scene_inbox(ph), "m 1")->id,
			 scene_inbox(ph)->id, trash->id, &status, &new_id));
	assert_int_equal(status, 3);
	scene_sync(ph, trash);
	assert_int_equal(trash->added, 0);
	assert_int_equal(trash->count, 1);
	scene_assert_same(trash, user, "Trash");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_move_by_outlook_makes_the_trash)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 40, .services = "dovecot,redis", .no_special_use = true });
	TEST_ADD_VERSIONS(commands_meet_no_other_mail);
	TEST_ADD_VERSIONS(moves_meet_no_other_mail);
	TEST_ADD_VERSIONS(fetches_meet_no_other_mail);
	TEST_ADD_VERSIONS(a_special_folder_goes);
	TEST_ADD_VERSIONS(a_target_that_is_gone);
	TEST_ADD_VERSIONS(a_move_by_outlook_makes_the_trash);
	failed = test_run("replaced");
	scene_close();
	return failed;
}
