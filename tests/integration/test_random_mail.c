/* Mails of random structure, delivered and synced: each version's phone has every text that belongs there and no other, and
 * every file with its bytes. */
#include "mail_random.h"
#include "scene.h"

enum { MAILS = 60, FIRST = 1000 /* others than those of the unit test */ };

static struct random_mail mails[MAILS];

/* The account that holds them all. */
static const char *user_with_mails(void)
{
	static const char *user;

	if (user)
		return user;
	user = scene_user();
	for (uint32_t i = 0; i < MAILS; i++) {
		struct bytes raw = random_mail(&mails[i], FIRST + i);

		truth_append(scene_truth(user), "INBOX", NULL, NULL, raw);
	}
	return user;
}

static void files_are_the_same(struct phone *ph, const struct phone_item *item, const struct random_mail *m)
{
	assert_int_equal(item->attachment_count, m->n_files);
	for (size_t i = 0; i < m->n_files; i++) {
		struct bytes data, type;
		unsigned status;

		assert_string_equal(item->attachments[i].name, m->files[i].name);
		SCENE_OK(ph, phone_fetch_attachment(
				 ph, item->attachments[i].reference, NULL, false, &status, &data, &type));
		assert_int_equal(status, 1);
		assert_bytes_equal(data, m->files[i].data);
	}
}

static void all_are_the_same(enum eas_version v)
{
	static const struct phone_options_block options[] = {
		{ .bodies = { { .type = 1, .truncation = PHONE_WHOLE } } },
		{ .bodies = { { .type = 2, .truncation = PHONE_WHOLE } } },
	};
	const char *user = user_with_mails();

	for (size_t n = 0; n < 2; n++) {
		struct phone_collection rq = { .window = 25, .options = &options[n] };
		struct phone *ph = scene_phone(user, n ? "RANDOMHTML" : "RANDOMPLAIN", v);

		SCENE_OK(ph, phone_setup(ph));
		SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), &rq));
		for (uint32_t i = 0; i < MAILS; i++) {
			const struct random_mail *m = &mails[i];
			const struct phone_item *item;
			char subject[32];

			snprintf(subject, sizeof(subject), "random %u", (unsigned)(FIRST + i));
			item = phone_item_with_subject(scene_inbox(ph), subject);
			assert_non_null(item);
			random_check(n ? m->html : m->plain, n ? m->n_html : m->n_plain,
			    bytes_of(item->body, item->body_len));
			assert_false(item->body_truncated);
			if (n == 0)
				files_are_the_same(ph, item, m);
		}
		scene_assert_clean(ph);
	}
}
TEST_VERSIONS(all_are_the_same)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 4, .services = "dovecot,redis" });
	TEST_ADD_VERSIONS(all_are_the_same);
	failed = test_run("random mail");
	scene_close();
	return failed;
}
