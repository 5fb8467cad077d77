/* Folders, both ways; and names that break careless code, under both separators. */
#include "scene.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void folders_go_to_imap(enum eas_version v)
{
	const char *user = scene_user(), *id;
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	char top[64], below[64];

	SCENE_OK(ph, phone_folder_create(ph, "0", "Projects", 12, &id));
	assert_int_equal(ph->status, 1);
	snprintf(top, sizeof(top), "%s", id);
	SCENE_OK(ph, phone_folder_create(ph, top, "Below", 12, &id));
	assert_int_equal(ph->status, 1);
	snprintf(below, sizeof(below), "%s", id);
	assert_true(truth_has_mailbox(scene_truth(user), "Projects/Below"));
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_string_equal(phone_folder(&ph->replica, below)->parent, top);
	SCENE_OK(ph, phone_folder_update(ph, below, "0", "Moved up"));
	assert_int_equal(ph->status, 1);
	assert_true(truth_has_mailbox(scene_truth(user), "Moved up"));
	assert_false(truth_has_mailbox(scene_truth(user), "Projects/Below"));
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_string_equal(
	    phone_folder_named(&ph->replica, "Moved up")->id, below); /* it is still the same folder */
	SCENE_OK(ph, phone_folder_delete(ph, below));
	assert_int_equal(ph->status, 1);
	assert_false(truth_has_mailbox(scene_truth(user), "Moved up"));
	SCENE_OK(ph, phone_folder_sync(ph, "0"));
	assert_int_equal(ph->status, 1);
	assert_null(phone_folder(&ph->replica, below));
	scene_assert_clean(ph);
}
TEST_VERSIONS(folders_go_to_imap)

static void folders_come_from_imap(enum eas_version v)
{
	const char *user = scene_user();
	struct truth *t = scene_truth(user);
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	struct phone_folder *f;
	char id[64];

	truth_create(t, "From IMAP");
	scene_append_many(user, "From IMAP", "m", 3);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	f = phone_folder_named(&ph->replica, "From IMAP");
	assert_non_null(f);
	assert_int_equal(f->type, 12);
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	scene_assert_same(f, user, "From IMAP");
	snprintf(id, sizeof(id), "%s", f->id);
	truth_rename(t, "From IMAP", "Renamed");
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_int_equal(ph->status, 1);
	assert_null(phone_folder_named(&ph->replica, "From IMAP"));
	f = phone_folder_named(&ph->replica, "Renamed");
	assert_non_null(f);
	assert_string_equal(
	    f->id, id); /* so its mails needn't be fetched again: what follows has nothing new */
	assert_string_not_equal(f->key, "0");
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = f->key }));
	assert_int_equal(f->count, 3);
	scene_assert_same(f, user, "Renamed");
	truth_delete(t, "Renamed");
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_null(phone_folder_named(&ph->replica, "Renamed"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(folders_come_from_imap)

/* Another client moves a tree and gives it a name: all of it stays what it is for the phone, whatever it does meanwhile. */
static void a_tree_is_moved_in_imap(enum eas_version v)
{
	static const char *const names[][2] = { { "Old", "New/Name" }, { "Old/x", "New/Name/x" },
		{ "Old/x/y", "New/Name/x/y" } };
	const char *user = scene_user();
	struct truth *t = scene_truth(user);
	struct phone *ph;
	struct phone_folder *f;
	char ids[COUNT(names)][64];

	for (size_t i = 0; i < COUNT(names); i++) {
		truth_create(t, names[i][0]);
		scene_append_many(user, names[i][0], "m", 2);
	}
	truth_create(t, "New");
	ph = scene_synced_phone(user, "PHONE1", v);
	for (size_t i = 0; i < COUNT(names); i++) {
		f = phone_folder_named(
		    &ph->replica, strrchr(names[i][0], '/') ? strrchr(names[i][0], '/') + 1 : "Old");
		assert_non_null(f);
		SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
		snprintf(ids[i], sizeof(ids[i]), "%s", f->id);
	}
	truth_rename(t, "Old", "New/Name");
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = ids[1], .key = f->key }));
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	for (size_t i = 0; i < COUNT(names); i++) {
		f = phone_folder(&ph->replica, ids[i]);
		assert_non_null(f);
		assert_string_equal(f->parent, i ? ids[i - 1] : phone_folder_named(&ph->replica, "New")->id);
		scene_append_many(user, names[i][1], "later", 1);
		scene_sync(ph, f);
		scene_assert_same(f, user, names[i][1]);
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_tree_is_moved_in_imap)

/* Deleted and made again under the same name: other mails under the same UIDs must not be taken for the old ones. */
static void a_folder_is_made_again(enum eas_version v)
{
	const char *user = scene_user();
	struct truth *t = scene_truth(user);
	struct phone *ph;
	struct phone_folder *f;

	truth_create(t, "Again");
	scene_append_many(user, "Again", "old", 3);
	ph = scene_synced_phone(user, "PHONE1", v);
	f = phone_folder_named(&ph->replica, "Again");
	assert_non_null(f);
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	truth_delete(t, "Again");
	truth_create(t, "Again");
	scene_append_many(user, "Again", "new", 2);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_int_equal(ph->status, 1);
	f = phone_folder_named(&ph->replica, "Again");
	assert_non_null(f);
	if (phone_sync_folder(ph, f, NULL)) { /* the old state may be refused: then the phone starts over */
		assert_int_equal(f->status, 3);
		SCENE_OK(
		    ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = "0" }));
		SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	}
	scene_assert_same(f, user, "Again");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_folder_is_made_again)

static void what_folders_may_not_do(enum eas_version v)
{
	struct phone *ph = scene_synced_phone(scene_user(), "PHONE1", v);
	const char *id;

	SCENE_OK(ph, phone_folder_create(ph, "0", "Twice", 12, &id));
	SCENE_OK(ph, phone_folder_create(ph, "0", "Twice", 12, &id));
	assert_int_equal(ph->status, 2);
	SCENE_OK(ph, phone_folder_create(ph, "4711", "Nowhere", 12, &id));
	assert_int_equal(ph->status, 5);
	SCENE_OK(ph, phone_folder_delete(ph, "4711"));
	assert_int_equal(ph->status, 4);
	SCENE_OK(ph, phone_folder_delete(ph, scene_inbox(ph)->id));
	assert_int_equal(ph->status, 3);
	SCENE_OK(ph, phone_folder_update(ph, "4711", "0", "Nothing"));
	assert_int_equal(ph->status, 4);
	SCENE_OK(ph, phone_folder_create(ph, "0", "", 12, &id));
	assert_int_equal(ph->status, 10);
	SCENE_OK(
	    ph, phone_folder_create(ph, "0", "in/out", 12, &id)); /* the separator: IMAP has no such name */
	assert_int_equal(ph->status, 10);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_int_equal(ph->status, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(what_folders_may_not_do)

/* Mail servers may have two folders of one name in one place, and phones can't tell them apart. The mailbox keeps its name, also
 * when the folder is moved. */
static void names_that_are_taken(enum eas_version v)
{
	const char *user = scene_user(), *id;
	struct truth *t = scene_truth(user);
	struct phone *ph;
	struct phone_folder *f;

	truth_create(t, "Outbox");
	scene_append_many(user, "Outbox", "m", 2);
	truth_create(t, "Into");
	ph = scene_synced_phone(user, "PHONE1", v);
	assert_int_equal(phone_folder_named(&ph->replica, "Outbox")->type, 6);
	f = phone_folder_named(&ph->replica, "Outbox (2)");
	assert_non_null(f);
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	scene_assert_same(f, user, "Outbox");
	SCENE_OK(ph, phone_folder_update(ph, f->id, "0", "Outbox"));
	assert_int_equal(ph->status, 2);
	SCENE_OK(ph, phone_folder_create(ph, "0", "Outbox", 12, &id));
	assert_int_equal(ph->status, 2);
	SCENE_OK(ph, phone_folder_create(ph, "0", "into", 12, &id));
	assert_int_equal(ph->status, 2);
	SCENE_OK(ph, phone_folder_create(ph, "0", "Drafts", 12, &id));
	assert_int_equal(ph->status, 2);
	SCENE_OK(
	    ph, phone_folder_update(ph, f->id, phone_folder_named(&ph->replica, "Into")->id, "Outbox (2)"));
	assert_int_equal(ph->status, 1);
	assert_true(truth_has_mailbox(t, "Into/Outbox"));
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_string_equal(f->name, "Outbox");
	scene_sync(ph, f);
	scene_assert_same(f, user, "Into/Outbox");
	scene_assert_clean(ph);
}
TEST_VERSIONS(names_that_are_taken)

static const struct malformed_case {
	const char *name;
	enum eas_command command;
	wbxml_tag without,
	    extra; /* of the command's elements: one that is missing, one that is there in addition */
} malformed_cases[] = {
	{ "create without a key", CMD_FOLDER_CREATE, FOLDERHIERARCHY_SYNC_KEY, 0 },
	{ "create without a parent", CMD_FOLDER_CREATE, FOLDERHIERARCHY_PARENT_ID, 0 },
	{ "create without a name", CMD_FOLDER_CREATE, FOLDERHIERARCHY_DISPLAY_NAME, 0 },
	{ "create without a type", CMD_FOLDER_CREATE, FOLDERHIERARCHY_TYPE, 0 },
	{ "create with two names", CMD_FOLDER_CREATE, 0, FOLDERHIERARCHY_DISPLAY_NAME },
	{ "create with a status", CMD_FOLDER_CREATE, 0, FOLDERHIERARCHY_STATUS },
	{ "delete without a key", CMD_FOLDER_DELETE, FOLDERHIERARCHY_SYNC_KEY, 0 },
	{ "delete without an id", CMD_FOLDER_DELETE, FOLDERHIERARCHY_SERVER_ID, 0 },
	{ "delete with two ids", CMD_FOLDER_DELETE, 0, FOLDERHIERARCHY_SERVER_ID },
	{ "delete with a status", CMD_FOLDER_DELETE, 0, FOLDERHIERARCHY_STATUS },
	{ "update without a key", CMD_FOLDER_UPDATE, FOLDERHIERARCHY_SYNC_KEY, 0 },
	{ "update without an id", CMD_FOLDER_UPDATE, FOLDERHIERARCHY_SERVER_ID, 0 },
	{ "update without a parent", CMD_FOLDER_UPDATE, FOLDERHIERARCHY_PARENT_ID, 0 },
	{ "update without a name", CMD_FOLDER_UPDATE, FOLDERHIERARCHY_DISPLAY_NAME, 0 },
	{ "update with two parents", CMD_FOLDER_UPDATE, 0, FOLDERHIERARCHY_PARENT_ID },
	{ "update with a status", CMD_FOLDER_UPDATE, 0, FOLDERHIERARCHY_STATUS },
};

static void send_malformed(struct phone *ph, const struct malformed_case *c, const char *id)
{
	const struct {
		wbxml_tag tag;
		const char *text;
		bool create, delete, update;
	} elements[] = {
		{ FOLDERHIERARCHY_STATUS, "1", false, false, false },
		{ FOLDERHIERARCHY_SYNC_KEY, ph->replica.key, true, true, true },
		{ FOLDERHIERARCHY_SERVER_ID, id, false, true, true },
		{ FOLDERHIERARCHY_PARENT_ID, "0", true, false, true },
		{ FOLDERHIERARCHY_DISPLAY_NAME, "Another", true, false, true },
		{ FOLDERHIERARCHY_TYPE, "12", true, false, false },
	};
	struct wbxml_writer *w = phone_request(ph);

	wbxml_open(w, eas_command_info(c->command)->root);
	for (size_t i = 0; i < COUNT(elements); i++) {
		bool has = c->command == CMD_FOLDER_CREATE   ? elements[i].create
			   : c->command == CMD_FOLDER_DELETE ? elements[i].delete
							     : elements[i].update;

		if (has && elements[i].tag != c->without)
			wbxml_put_str(w, elements[i].tag, elements[i].text);
		if (elements[i].tag == c->extra)
			wbxml_put_str(w, elements[i].tag, elements[i].text);
	}
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, c->command, NULL));
}

/* Status 10 in each version, and nothing has happened. */
static void malformed(const struct malformed_case *c)
{
	for (size_t i = 0; i < COUNT(scene_versions); i++) {
		const char *user = scene_user();
		struct phone *ph;

		truth_create(scene_truth(user), "There");
		ph = scene_synced_phone(user, "PHONE1", scene_versions[i].version);
		send_malformed(ph, c, phone_folder_named(&ph->replica, "There")->id);
		assert_int_equal(ph->status, 10);
		assert_null(wbxml_child(ph->root, FOLDERHIERARCHY_SYNC_KEY));
		assert_true(truth_has_mailbox(scene_truth(user), "There"));
		assert_false(truth_has_mailbox(scene_truth(user), "Another"));
		SCENE_OK(ph, phone_folder_sync(ph, NULL));
		assert_int_equal(ph->status, 1);
		scene_assert_clean(ph);
	}
}
TEST_ROW(malformed)

/* Emptied with all that is below it, parents that aren't there themselves as well; the folder stays. */
static void a_tree_is_emptied(enum eas_version v)
{
	const char *user = scene_user();
	struct truth *t = scene_truth(user);
	struct phone *ph;
	struct phone_folder *f;
	unsigned status;

	truth_create(t, "Tree");
	truth_create(t, "Tree/a/b/c");
	truth_create(t, "Tree/d");
	truth_create(t, "Treeless");
	scene_append_many(user, "Tree", "m", 2);
	scene_append_many(user, "Tree/d", "below", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	f = phone_folder_named(&ph->replica, "Tree");
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	SCENE_OK(ph, phone_empty_folder(ph, f->id, false, &status));
	assert_int_equal(status, 1);
	scene_sync(ph, f);
	assert_int_equal(f->count, 0);
	assert_int_equal(scene_mails(user, "Tree/d", &(struct scene_mail *){ NULL }), 2);
	SCENE_OK(ph, phone_empty_folder(ph, f->id, true, &status));
	assert_int_equal(status, 1);
	assert_true(truth_has_mailbox(t, "Tree") && truth_has_mailbox(t, "Treeless"));
	assert_false(truth_has_mailbox(t, "Tree/d") || truth_has_mailbox(t, "Tree/a/b/c") ||
		     truth_has_mailbox(t, "Tree/a"));
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_int_equal(ph->status, 1);
	assert_null(phone_folder_named(&ph->replica, "d"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_tree_is_emptied)

/* Deleted with all that is below it. Neither the phone that did it nor another one is left with a folder that has no parent. */
static void a_tree_is_deleted(enum eas_version v)
{
	static const char *const gone[] = { "Tree", "a", "b", "c", "d" };
	const char *user = scene_user();
	struct truth *t = scene_truth(user);
	struct phone *ph[2];
	char id[64];

	truth_create(t, "Tree");
	truth_create(t, "Tree/a/b/c");
	truth_create(t, "Tree/d");
	truth_create(t, "Treeless");
	scene_append_many(user, "Tree/d", "below", 2);
	ph[0] = scene_synced_phone(user, "PHONE1", v);
	ph[1] = scene_synced_phone(user, "PHONE2", v);
	snprintf(id, sizeof(id), "%s", phone_folder_named(&ph[0]->replica, "Tree")->id);
	SCENE_OK(ph[0], phone_folder_delete(ph[0], id));
	assert_int_equal(ph[0]->status, 1);
	assert_true(truth_has_mailbox(t, "Treeless"));
	for (size_t i = 0; i < COUNT(ph); i++) {
		SCENE_OK(ph[i], phone_folder_sync(ph[i], NULL));
		for (size_t k = 0; k < COUNT(gone); k++)
			assert_null(phone_folder_named(&ph[i]->replica, gone[k]));
		assert_non_null(phone_folder_named(&ph[i]->replica, "Treeless"));
		scene_assert_clean(ph[i]);
	}
	assert_false(truth_has_mailbox(t, "Tree") || truth_has_mailbox(t, "Tree/a") ||
		     truth_has_mailbox(t, "Tree/a/b/c") || truth_has_mailbox(t, "Tree/d"));
}
TEST_VERSIONS(a_tree_is_deleted)

/* What the server keeps for a use it may refuse to delete, and then all below would be gone for nothing: the tree is left alone. */
static void a_tree_with_a_use_stays(enum eas_version v)
{
	const char *user = scene_user();
	struct truth *t = scene_truth(user);
	struct phone *ph;

	truth_create(t, "Junk/a");
	truth_create(t, "Junk/a/b");
	scene_append_many(user, "Junk/a", "kept", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_folder_delete(ph, phone_folder_named(&ph->replica, "Junk")->id));
	assert_int_equal(ph->status, 3);
	assert_true(truth_has_mailbox(t, "Junk/a") && truth_has_mailbox(t, "Junk/a/b"));
	SCENE_OK(ph, phone_folder_delete(ph, phone_folder_named(&ph->replica, "a")->id));
	assert_int_equal(ph->status, 1);
	assert_false(truth_has_mailbox(t, "Junk/a") || truth_has_mailbox(t, "Junk/a/b"));
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_tree_with_a_use_stays)

/* ---- names ---- */

static const struct name_case {
	const char *name, *text;
} name_cases[] = {
	{ "ampersand", "Tom & Jerry" },
	{ "ampersand and dash", "A&-B" },
	{ "umlauts", "Müller Söhne, Größe" },
	{ "Japanese", "日本語のフォルダ" },
	{ "beyond 16 bits", "𝄞 music 🎵" },
	{ "dot", "v1.2" },
	{ "quotes and backslash", "say \"hi\" \\o" },
	{ "percent and star", "100% *" },
	{ "a blank at the end", "blank " },
	{ "XML's own", "<b>&amp;<b>" },
	{ "a tilde", "home~" },
	{ "a long one", "a long name that goes on and on and on and on and on and on and on and on and on "
			"and on, äöü, 日本語" },
};

/* The phone makes a folder of that name, finds it again under the same name, and keeps mails in it. */
static void odd_name(const struct name_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *user = scene_user(), *new_id, *id;
		struct phone *ph;
		struct phone_folder *f;
		char made[64];
		unsigned status;

		scene_append_many(user, "INBOX", "m", 1);
		ph = scene_synced_phone(user, "PHONE1", scene_versions[n].version);
		SCENE_OK(ph, phone_folder_create(ph, "0", c->text, 12, &id));
		assert_int_equal(ph->status, 1);
		snprintf(made, sizeof(made), "%s", id);
		SCENE_OK(ph, phone_folder_sync(ph, "0"));
		f = phone_folder(&ph->replica, made);
		assert_non_null(f);
		assert_string_equal(f->parent, "0");
		if (strcmp(f->name, c->text) != 0)
			print_message("%s is shown as %s\n", c->text, f->name);
		SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
		SCENE_OK(ph, phone_move_item(ph, phone_item_with_subject(scene_inbox(ph), "m 1")->id,
				 scene_inbox(ph)->id, made, &status, &new_id));
		assert_int_equal(status, 3);
		scene_sync(ph, f);
		assert_int_equal(f->count, 1);
		SCENE_OK(ph, phone_folder_delete(ph, made));
		assert_int_equal(ph->status, 1);
		scene_assert_clean(ph);
	}
}
TEST_ROW(odd_name)

static const struct name_case imap_names[] = {
	{ "ampersand", "Tom & Jerry" },
	{ "umlauts", "Entwürfe älter" },
	{ "Japanese", "日本語" },
	{ "quotes", "say \"hi\"" },
	{ "star", "a*b%c" },
};

static void odd_name_in_imap(const struct name_case *c)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *f;

	truth_create(scene_truth(user), c->text);
	scene_append_many(user, c->text, "m", 2);
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	f = phone_folder_named(&ph->replica, c->text);
	assert_non_null(f);
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	scene_assert_same(f, user, c->text);
	scene_assert_clean(ph);
}
TEST_ROW(odd_name_in_imap)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 230, .services = "dovecot,redis" });
	TEST_ADD_VERSIONS(folders_go_to_imap);
	TEST_ADD_VERSIONS(folders_come_from_imap);
	TEST_ADD_VERSIONS(a_tree_is_moved_in_imap);
	TEST_ADD_VERSIONS(a_folder_is_made_again);
	TEST_ADD_VERSIONS(what_folders_may_not_do);
	TEST_ADD_VERSIONS(names_that_are_taken);
	TEST_ADD_ROWS(malformed, malformed_cases);
	TEST_ADD_VERSIONS(a_tree_is_emptied);
	TEST_ADD_VERSIONS(a_tree_is_deleted);
	TEST_ADD_VERSIONS(a_tree_with_a_use_stays);
	TEST_ADD_ROWS(odd_name, name_cases);
	TEST_ADD_ROWS(odd_name_in_imap, imap_names);
	failed = test_run("folders");
	scene_close();
	return failed;
}
