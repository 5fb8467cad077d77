/* The folders that notes are in, and phones that see none or start over. */
#include "notes_scenarios.h"
#include "note_side.h"

static void folders_of_notes(enum eas_version v)
{
	const char *user = scene_user(), *id;
	struct side s;
	struct phone_folder *sub;

	notes_make_folder(user);
	truth_create(scene_truth(user), "Notes/Work");
	scene_append_raw(user, "Notes/Work", notes_apple("at work", note_uuid_1, "text"), "\\Seen", NULL);
	s = side_make(user, "PHONE1", v);
	sub = phone_folder_named(&s.ph->replica, "Work");
	assert_non_null(sub);
	assert_int_equal(sub->type, 17);
	SCENE_OK(s.ph, phone_sync_folder(s.ph, sub, &side_plain));
	assert_int_equal(sub->count, 1);
	SCENE_OK(s.ph, phone_folder_create(s.ph, s.notes->id, "Home", 17, &id));
	assert_int_equal(s.ph->status, 1);
	assert_true(truth_has_mailbox(scene_truth(user), "Notes/Home"));
	SCENE_OK(s.ph, phone_folder_create(s.ph, s.notes->id, "Mail", 12, &id));
	assert_int_equal(s.ph->status, 10);
	SCENE_OK(s.ph, phone_folder_create(s.ph, "0", "Other notes", 17, &id));
	assert_int_equal(s.ph->status, 10);
	SCENE_OK(s.ph, phone_folder_delete(s.ph, phone_folder_named(&s.ph->replica, "Home")->id));
	assert_int_equal(s.ph->status, 1);
	SCENE_OK(s.ph, phone_folder_delete(s.ph, s.notes->id));
	assert_int_equal(s.ph->status, 3);
	SCENE_OK(s.ph, phone_folder_sync(s.ph, NULL));
	scene_assert_clean(s.ph);
}
TEST_VERSIONS(folders_of_notes)

static void notes_move_between_folders(enum eas_version v)
{
	const char *user = scene_user(), *new_id;
	struct phone_folder *sub;
	struct side s, two;
	unsigned status;
	char id[64], made[64];

	notes_make_folder(user);
	truth_create(scene_truth(user), "Notes/Work");
	notes_put(user, notes_apple("older", note_uuid_1, "text"));
	notes_put(user, notes_apple("title", note_uuid_1, "text"));
	notes_put(user, BYTES("Subject: by hand\r\nMessage-ID: <h@x>\r\n\r\ntext\r\n"));
	s = side_make(user, "PHONE1", v);
	sub = phone_folder_named(&s.ph->replica, "Work");
	SCENE_OK(s.ph, phone_sync_folder(s.ph, sub, &side_plain));
	snprintf(id, sizeof(id), "%s", side_note(&s, "title")->id);
	for (int i = 0; i < 2; i++) { /* the second time because the answer was lost */
		s.ph->lose = i ? PHONE_KEEP : PHONE_LOSE_READ;
		SCENE_ERR(s.ph, phone_move_item(s.ph, id, s.notes->id, sub->id, &status, &new_id),
		    i ? ERR_OK : ERR_CANCELLED);
	}
	assert_int_equal(status, 3);
	assert_int_equal(notes_count(user, "Notes"), 1);
	assert_int_equal(notes_count(user, "Notes/Work"), 2);
	snprintf(id, sizeof(id), "%s", side_note(&s, "by hand")->id);
	SCENE_OK(s.ph, phone_move_item(s.ph, id, s.notes->id, sub->id, &status, &new_id));
	assert_int_equal(status, 3);
	SCENE_OK(s.ph, phone_move_item(s.ph, id, s.notes->id, sub->id, &status, &new_id));
	assert_int_equal(status, 3); /* known to be done */
	snprintf(made, sizeof(made), "%s", new_id);
	side_sync(&s);
	SCENE_OK(s.ph, phone_sync_folder(s.ph, sub, &side_plain));
	scene_assert_clean(s.ph);
	assert_int_equal(s.notes->count, 0);
	assert_int_equal(sub->count, 2);
	two = side_make(user, "PHONE2", v);
	sub = phone_folder_named(&two.ph->replica, "Work");
	SCENE_OK(two.ph, phone_sync_folder(two.ph, sub, &side_plain));
	assert_int_equal(sub->count, 2);
	assert_non_null(phone_item_with_subject(sub, "title"));
	assert_string_equal(phone_item_with_subject(sub, "by hand")->id, made);
	/* not among mails, and no mails among them */
	SCENE_OK(two.ph, phone_move_item(two.ph, made, sub->id, scene_inbox(two.ph)->id, &status, &new_id));
	assert_int_equal(status, 2);
}
TEST_VERSIONS(notes_move_between_folders)

static void old_versions_know_no_notes(void **state)
{
	const char *user = scene_user();
	struct phone *ph;

	(void)state;
	notes_make_folder(user);
	ph = scene_synced_phone(user, "PHONE1", EAS_12_1);
	assert_null(phone_folder_named(&ph->replica, "Notes"));
	assert_null(phone_folder_of_type(&ph->replica, 10));
	scene_assert_clean(ph);
}

static void a_phone_that_starts_over(enum eas_version v)
{
	const char *user = scene_user();
	struct side s = side_make(user, "PHONE1", v);

	for (int i = 0; i < 7; i++) {
		char client_id[32], subject[32];

		snprintf(client_id, sizeof(client_id), "c%d", i);
		snprintf(subject, sizeof(subject), "note %d", i);
		side_add(&s, client_id, subject, "text");
	}
	phone_folder_forget_all(s.notes);
	SCENE_OK(
	    s.ph, phone_sync_one(s.ph, &(struct phone_collection){ .folder_id = s.notes->id, .key = "0" }));
	SCENE_OK(s.ph, phone_sync_folder(s.ph, s.notes,
			   &(struct phone_collection){ .window = 3, .options = side_plain.options }));
	assert_int_equal(s.notes->count, 7);
	scene_assert_clean(s.ph);
}
TEST_VERSIONS(a_phone_that_starts_over)

/* Options are for notes, or for no class by name; text messages are something of mail folders (MS-ASCMD 2.2.3.125). */
static void options_of_a_class(enum eas_version v)
{
	static const struct {
		const char *class;
		bool and_sms;
		unsigned status;
	} cases[] = { { "Notes", false, 1 }, { "Email", false, 4 }, { "SMS", false, 4 },
		{ "Notes", true, 4 } };
	const struct phone_options_block sms = { .class = "SMS" };
	struct side s = side_make(scene_user(), "PHONE1", v);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct phone_options_block own = { .class = cases[i].class };

		SCENE_OK(s.ph, phone_sync_one(s.ph, &(struct phone_collection){ .folder_id = s.notes->id,
							.options = &own,
							.sms = cases[i].and_sms ? &sms : NULL }));
		assert_int_equal(s.notes->status, cases[i].status);
	}
}
TEST_VERSIONS(options_of_a_class)

void notes_folders_add(void)
{
	TEST_ADD_NOTE_VERSIONS(options_of_a_class);
	TEST_ADD_NOTE_VERSIONS(folders_of_notes);
	TEST_ADD_NOTE_VERSIONS(notes_move_between_folders);
	TEST_ADD_NOTE_VERSIONS(a_phone_that_starts_over);
	TEST_ADD(old_versions_know_no_notes);
}
