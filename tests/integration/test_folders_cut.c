/* A folder with others below it is deleted, and the mail server refuses one of them, without having told so before (it has no ACL), or the
 * connection breaks. What is left is as it was, on the server and on the phone, and can be deleted again. */
#include "cutter.h"
#include "scene.h"

static struct cutter *cutter;

static const char *const folders[] = { "Tree", "Tree/a", "Tree/a/b", "Tree/a/b/d" };
enum { FOLDERS = sizeof(folders) / sizeof(folders[0]) };

static const struct cut_case {
	const char *name;
	enum cutter_when when;
	const char *word;
	enum err err;
	unsigned status;
	bool stays[FOLDERS];
} cut_cases[] = {
	{ "one below is refused", CUTTER_REFUSED, "DELETE \"Tree/a\"", ERR_OK, 6,
	    { true, true, false, false } },
	{ "the folder itself is refused", CUTTER_REFUSED, "DELETE \"Tree\"", ERR_OK, 6,
	    { true, false, false, false } },
	{ "it breaks before one below", CUTTER_BEFORE, "DELETE \"Tree/a/b\"", ERR_UNAVAILABLE, 0,
	    { true, true, true, false } },
	{ "it breaks after the last", CUTTER_AFTER, "DELETE \"Tree\"", ERR_UNAVAILABLE, 0,
	    { false, false, false, false } },
};

static const char *name_of(size_t i)
{
	const char *slash = strrchr(folders[i], '/');

	return slash ? slash + 1 : folders[i];
}

static struct phone *phone_with_tree(const char *user)
{
	struct phone *ph;

	for (size_t i = 0; i < FOLDERS; i++) {
		truth_create(scene_truth(user), folders[i]);
		scene_append_many(user, folders[i], "m", 2);
	}
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	for (size_t i = 0; i < FOLDERS; i++)
		SCENE_OK(ph, phone_sync_folder(ph, phone_folder_named(&ph->replica, name_of(i)), NULL));
	return ph;
}

static void check_server(const char *user, const bool *stays)
{
	for (size_t i = 0; i < FOLDERS; i++)
		assert_int_equal(truth_has_mailbox(scene_truth(user), folders[i]), stays[i]);
}

/* What stays has its mails, and is synced on. */
static void check(struct phone *ph, const char *user, const bool *stays)
{
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	for (size_t i = 0; i < FOLDERS; i++) {
		struct phone_folder *f = phone_folder_named(&ph->replica, name_of(i));

		assert_int_equal(f != NULL, stays[i]);
		if (!f)
			continue;
		scene_sync(ph, f);
		assert_int_equal(f->added + f->deleted, 0);
		scene_assert_same(f, user, folders[i]);
	}
}

static void a_tree(const struct cut_case *c)
{
	static const bool nothing[FOLDERS];
	const char *user = scene_user();
	struct phone *ph = phone_with_tree(user);
	char id[64];

	snprintf(id, sizeof(id), "%s", phone_folder_named(&ph->replica, "Tree")->id);
	cutter_arm(cutter, c->when, c->word);
	SCENE_ERR(ph, phone_folder_delete(ph, id), c->err);
	if (!c->err)
		assert_int_equal(ph->status, c->status);
	check_server(user, c->stays);
	if (!c->err)
		check(ph, user, c->stays); /* else the phone repeats it as it was */
	SCENE_OK(ph, phone_folder_delete(ph, id));
	assert_int_equal(ph->status, 1);
	check_server(user, nothing);
	check(ph, user, nothing);
	scene_assert_clean(ph);
}
TEST_ROW(a_tree)

int main(void)
{
	int failed;

	cutter = cutter_open_scene((struct bed_opts){ .users = 10, .services = "dovecot,redis" });
	TEST_ADD_ROWS(a_tree, cut_cases);
	failed = test_run("folders cut");
	cutter_close_scene(&cutter);
	return failed;
}
