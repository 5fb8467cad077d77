/* The folder of notes is found by its name, below a prefix and among names with dots. */
#include "note_side.h"

static void the_folder_is_found(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_folder *sub;
	struct side s;

	truth_create(scene_truth(user), "INBOX.Notizen");
	truth_create(scene_truth(user), "INBOX.Notizen.Arbeit");
	truth_create(scene_truth(user), "INBOX.Work.Notes");
	s = side_make(user, "PHONE1", v);
	assert_string_equal(s.notes->name, "Notizen");
	sub = phone_folder_named(&s.ph->replica, "Arbeit");
	assert_non_null(sub);
	assert_int_equal(sub->type, 17);
	assert_int_equal(phone_folder_named(&s.ph->replica, "Notes")->type, 12);
	side_add(&s, "c1", "title", "text");
	assert_int_equal(notes_count(user, "INBOX.Notizen"), 1);
	SCENE_OK(s.ph, phone_sync_folder(s.ph, sub, &side_plain));
	scene_assert_clean(s.ph);
}
TEST_VERSIONS(the_folder_is_found)

static void without_such_a_folder_there_are_no_notes(enum eas_version v)
{
	struct phone *ph = scene_synced_phone(scene_user(), "PHONE1", v);

	assert_null(phone_folder_of_type(&ph->replica, 10));
	assert_null(phone_folder_of_type(&ph->replica, 17));
	scene_assert_clean(ph);
}
TEST_VERSIONS(without_such_a_folder_there_are_no_notes)

int main(void)
{
	static const char *const settings[] = { "imap.notes_folder=auto", NULL };
	int failed;

	scene_open(
	    &(struct bed_opts){ .users = 20, .settings = settings, .dots = true, .imap_prefix = "INBOX." });
	TEST_ADD_NOTE_VERSIONS(the_folder_is_found);
	TEST_ADD_NOTE_VERSIONS(without_such_a_folder_there_are_no_notes);
	failed = test_run("notes named");
	scene_close();
	return failed;
}
