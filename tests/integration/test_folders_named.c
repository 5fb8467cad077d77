/* Special folders on a server that doesn't tell which they are (no SPECIAL-USE): found by their names. */
#include "scene.h"

static const char *name_of(struct phone *ph, unsigned type)
{
	const struct phone_folder *f = phone_folder_of_type(&ph->replica, type);

	return f ? f->name : "";
}

static void found_by_name(enum eas_version v)
{
	static const char *const names[] = { "Deleted", "Trash", "Gesendet", "Πρόχειρα", "Work",
		"Work/Sent" };
	const char *user = scene_user();
	struct phone *ph;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		truth_create(scene_truth(user), names[i]);
	ph = scene_synced_phone(user, "PHONE1", v);
	assert_string_equal(name_of(ph, 3), "Πρόχειρα");
	assert_string_equal(name_of(ph, 4), "Trash");
	assert_string_equal(name_of(ph, 5), "Gesendet");
	assert_int_equal(phone_folder_named(&ph->replica, "Deleted")->type, 12);
	assert_int_equal(phone_folder_named(&ph->replica, "Sent")->type, 12); /* that of Work */
	scene_assert_clean(ph);
}
TEST_VERSIONS(found_by_name)

/* Listed although they aren't there, and made when something comes into them. */
static void made_when_needed(enum eas_version v)
{
	const char *user = scene_user(), *new_id;
	struct phone *ph;
	struct phone_folder *trash;
	unsigned status;

	scene_append_many(user, "INBOX", "m", 1);
	ph = scene_synced_phone(user, "PHONE1", v);
	trash = phone_folder_of_type(&ph->replica, 4);
	assert_string_equal(trash->name, "Trash");
	assert_false(truth_has_mailbox(scene_truth(user), "Trash"));
	SCENE_OK(ph, phone_sync_folder(ph, trash, NULL));
	SCENE_OK(ph, phone_move_item(ph, phone_item_with_subject(scene_inbox(ph), "m 1")->id,
			 scene_inbox(ph)->id, trash->id, &status, &new_id));
	assert_int_equal(status, 3);
	scene_sync(ph, trash);
	scene_assert_same(trash, user, "Trash");
	assert_int_equal(trash->count, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(made_when_needed)

static size_t count_named(struct phone *ph, const char *name)
{
	size_t n = 0;

	for (const struct phone_folder *f = ph->replica.folders; f; f = f->next)
		n += strcmp(f->name, name) == 0;
	return n;
}

/* A Trash that was deleted while another folder is below it: the server still lists it, without mails. It is shown once, as the
 * Trash that it was and becomes again. */
static void left_as_a_parent(enum eas_version v)
{
	const char *user = scene_user(), *new_id;
	struct phone *ph;
	struct phone_folder *trash;
	unsigned status;

	truth_create(scene_truth(user), "Trash/Old");
	scene_append_many(user, "INBOX", "m", 1);
	ph = scene_synced_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_folder_sync(ph, "0"));
	assert_int_equal(count_named(ph, "Trash"), 1);
	trash = phone_folder_of_type(&ph->replica, 4);
	assert_string_equal(trash->name, "Trash");
	assert_string_equal(phone_folder_named(&ph->replica, "Old")->parent, trash->id);
	SCENE_OK(ph, phone_sync_folder(ph, trash, NULL));
	SCENE_OK(ph, phone_move_item(ph, phone_item_with_subject(scene_inbox(ph), "m 1")->id,
			 scene_inbox(ph)->id, trash->id, &status, &new_id));
	assert_int_equal(status, 3);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_ptr_equal(phone_folder_of_type(&ph->replica, 4), trash);
	scene_sync(ph, trash);
	scene_assert_same(trash, user, "Trash");
	assert_int_equal(trash->count, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(left_as_a_parent)

/* A folder of such a name would be the Trash from then on, beside the one that the phone has. */
static void their_names_are_taken(enum eas_version v)
{
	static const char *const names[] = { "Trash", "trash", "Papierkorb", "Sent Items" };
	const char *user = scene_user(), *id;
	struct phone *ph;

	truth_create(scene_truth(user), "Work");
	ph = scene_synced_phone(user, "PHONE1", v);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		SCENE_OK(ph, phone_folder_create(ph, "0", names[i], 12, &id));
		assert_int_equal(ph->status, 2);
		SCENE_OK(
		    ph, phone_folder_update(ph, phone_folder_named(&ph->replica, "Work")->id, "0", names[i]));
		assert_int_equal(ph->status, 2);
	}
	SCENE_OK(
	    ph, phone_folder_create(ph, phone_folder_named(&ph->replica, "Work")->id, "Papierkorb", 12, &id));
	assert_int_equal(ph->status, 1); /* it is none there */
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_string_equal(name_of(ph, 4), "Trash");
	scene_assert_clean(ph);
}
TEST_VERSIONS(their_names_are_taken)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 25, .services = "dovecot,redis", .no_special_use = true });
	TEST_ADD_VERSIONS(found_by_name);
	TEST_ADD_VERSIONS(made_when_needed);
	TEST_ADD_VERSIONS(left_as_a_parent);
	TEST_ADD_VERSIONS(their_names_are_taken);
	failed = test_run("folders_named");
	scene_close();
	return failed;
}
