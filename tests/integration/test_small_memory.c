/* Requests with ever less memory: what doesn't fit is refused or left for later, and no worker dies of it. */
#include "corpus.h"
#include "scene.h"

static const struct budget_case {
	const char *name, *setting;
	bool must_work; /* for ordinary mails */
} budget_cases[] = {
	{ "16 KB", "limits.request_memory=16K", false },
	{ "48 KB", "limits.request_memory=48K", false },
	{ "128 KB", "limits.request_memory=128K", false },
	{ "512 KB", "limits.request_memory=512K", false },
	{ "2 MB", "limits.request_memory=2M", false },
	{ "8 MB", "limits.request_memory=8M", true },
	{ "32 MB", "limits.request_memory=32M", true },
};

static bool log_says(const char *text)
{
	struct bytes log = test_file(scene_env("EASGATE_LOG"));

	return memmem(log.p, log.len, text, strlen(text)) != NULL;
}

/* Everything that costs memory; none of it needs to go well. */
static void ask_for_a_lot(struct phone *ph, bool must_work)
{
	static const struct phone_options_block mime = { .mime_support = 1 + 2,
		.bodies = { { .type = 4, .truncation = PHONE_WHOLE } } };
	static const struct phone_options_block html = { .bodies = {
							     { .type = 2, .truncation = PHONE_WHOLE } } };
	struct phone_folder *inbox = phone_folder_of_type(&ph->replica, 2);
	enum err e;

	if (!inbox)
		return;
	e = phone_sync_folder(ph, inbox, &(struct phone_collection){ .window = 512, .options = &html });
	if (must_work) {
		SCENE_OK(ph, e);
		assert_int_equal(inbox->count, corpus_read()->count + 1);
	}
	e = phone_sync_folder(ph, inbox, &(struct phone_collection){ .window = 512, .options = &mime });
	for (const struct phone_item *i = phone_item_next(inbox, NULL); i; i = phone_item_next(inbox, i))
		if (i->attachment_count) {
			struct bytes data, type;
			unsigned status;

			e = phone_fetch_attachment(
			    ph, i->attachments[0].reference, NULL, false, &status, &data, &type);
			if (must_work && strcmp(i->subject, "big") != 0)
				SCENE_OK(ph, e);
		}
}

static void budget(const struct budget_case *c)
{
	const char *const settings[] = { c->setting, "log.level=debug", NULL };
	const char *user;
	struct phone *ph;
	enum err e;

	scene_open(&(struct bed_opts){ .users = 2, .services = "dovecot,redis", .settings = settings });
	user = scene_user();
	corpus_append(user, "INBOX");
	truth_append(scene_truth(user), "INBOX", NULL, NULL, corpus_big_mail());
	ph = scene_phone(user, "PHONE1", EAS_14_1);
	e = phone_setup(ph);
	if (c->must_work)
		SCENE_OK(ph, e);
	ask_for_a_lot(ph, c->must_work);
	assert_false(log_says("has died"));
	scene_close();
}
TEST_ROW(budget)

int main(void)
{
	TEST_ADD_ROWS(budget, budget_cases);
	return test_run("small memory");
}
