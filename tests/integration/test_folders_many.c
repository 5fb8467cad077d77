/* More folders than people have, in one account. */
#include "scene.h"

enum { TOPS = 12, BELOW = 11, DEEP = 12 }; /* 12 + 12 * 11 + 12 * 11 * 12 = 1,728 folders */

static void make_many(struct truth *t)
{
	for (unsigned i = 0; i < TOPS; i++)
		for (unsigned j = 0; j < BELOW; j++)
			for (unsigned k = 0; k < DEEP; k++)
				truth_command(t, "CREATE \"Folder %u/Below %u/Deep %u\"", i, j, k);
}

static size_t count_folders(const struct phone *ph)
{
	size_t n = 0;

	for (const struct phone_folder *f = ph->replica.folders; f; f = f->next)
		n++;
	return n;
}

/* Each folder is below the one that its name says, and all of them came, in one answer that doesn't take long. */
static void many_folders(void **state)
{
	const char *user = scene_user(), *deep;
	struct truth *t = scene_truth(user);
	struct phone *ph;
	struct phone_folder *f;
	size_t before, after;

	(void)state;
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	before = count_folders(ph);
	make_many(t);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	print_message("%u folders: first FolderSync %lld ms, %zu bytes\n", TOPS * (1 + BELOW * (1 + DEEP)),
	    (long long)(ph->done_us - ph->sent_us) / 1000, ph->reply.body.len);
	after = count_folders(ph);
	assert_int_equal(after - before, TOPS * (1 + BELOW * (1 + DEEP)));
	for (f = ph->replica.folders; f; f = f->next) {
		const struct phone_folder *parent = phone_folder(&ph->replica, f->parent);

		if (!strncmp(f->name, "Deep ", 5))
			assert_true(parent && !strncmp(parent->name, "Below ", 6));
		else if (!strncmp(f->name, "Below ", 6))
			assert_true(parent && !strncmp(parent->name, "Folder ", 7));
		else
			assert_string_equal(f->parent, "0");
	}
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	print_message("nothing new: %lld ms, %zu bytes\n", (long long)(ph->done_us - ph->sent_us) / 1000,
	    ph->reply.body.len);
	assert_true(ph->done_us - ph->sent_us < 2000 * 1000);
	/* a tree of 144 moves, with all ids */
	f = phone_folder_named(&ph->replica, "Folder 7");
	deep = f->id;
	SCENE_OK(
	    ph, phone_folder_update(ph, deep, phone_folder_named(&ph->replica, "Folder 3")->id, "Moved"));
	assert_int_equal(ph->status, 1);
	print_message("a tree of %u moved: %lld ms\n", 1 + BELOW * (1 + DEEP),
	    (long long)(ph->done_us - ph->sent_us) / 1000);
	assert_true(truth_has_mailbox(t, "Folder 3/Moved/Below 10/Deep 11"));
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_int_equal(count_folders(ph), after); /* none went, none came */
	truth_rename(t, "Folder 3/Moved", "Back");
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_int_equal(count_folders(ph), after);
	assert_non_null(phone_folder_named(&ph->replica, "Back"));
	scene_assert_clean(ph);
}

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 4, .services = "dovecot,redis" });
	TEST_ADD(many_folders);
	failed = test_run("folders_many");
	scene_close();
	return failed;
}
