/* The connection to IMAP breaks before or after an SMS is appended: the phone repeats it, and it is kept once. */
#include "cutter.h"
#include "scene.h"

static struct cutter *cutter;

static const struct cut_case {
	const char *name;
	enum cutter_when when;
	const char *word;
} cut_cases[] = {
	{ "before CREATE", CUTTER_BEFORE, "CREATE" },
	{ "after CREATE", CUTTER_AFTER, "CREATE" },
	{ "before APPEND", CUTTER_BEFORE, "APPEND" },
	{ "after APPEND", CUTTER_AFTER, "APPEND" },
};

static void a_cut(const struct cut_case *c)
{
	static const struct phone_options_block email = { .class = "Email" }, sms = { .class = "SMS",
		.bodies = { { .type = 1, .truncation = 500 } } };
	static const struct phone_collection both = { .window = 100, .options = &email, .sms = &sms };
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	struct phone_edit e = {
		.command = AIRSYNC_ADD, .id = "s1", .sms = true, .from = "[MOBILE:1]", .text = "once"
	};
	struct phone_collection rq = { .folder_id = scene_inbox(ph)->id, .edits = &e, .edit_count = 1 };
	struct scene_mail *all;
	enum err again = ERR_UNAVAILABLE;

	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), &both));
	cutter_arm(cutter, c->when, c->word);
	SCENE_ERR(ph, phone_sync_one(ph, &rq), ERR_UNAVAILABLE);
	for (int i = 0; i < 50 && again == ERR_UNAVAILABLE; i++)
		again = phone_sync_one(ph, &rq);
	SCENE_OK(ph, again);
	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), &both));
	assert_int_equal(scene_inbox(ph)->count, 1);
	assert_int_equal(scene_mails(user, "SMS", &all), 1);
	scene_assert_clean(ph);
}
TEST_ROW(a_cut)

int main(void)
{
	static const char *const settings[] = { "imap.sms_folder=SMS", NULL };
	int failed;

	cutter = cutter_open_scene((struct bed_opts){ .users = 10, .settings = settings });
	TEST_ADD_ROWS(a_cut, cut_cases);
	failed = test_run("sms cut");
	cutter_close_scene(&cutter);
	return failed;
}
