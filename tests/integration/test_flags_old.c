/* Follow-up flags on a server without METADATA: what it can't keep is gone on all phones, and the one that sent it is told. */
#include "scene.h"

#define DATE "2026-12-04T16:30:00.000Z"
#define DATES "StartDate=" DATE "\nDueDate=" DATE "\nUtcStartDate=" DATE "\nUtcDueDate=" DATE

static const struct kept_case {
	const char *name, *sent, *kept;
} kept_cases[] = {
	{ "active", "Status=2\nFlagType=Flag for follow up\n" DATES,
	    "Status=2\nFlagType=Flag for follow up" },
	{ "complete", "Status=1\nCompleteTime=" DATE "\nDateCompleted=" DATE,
	    "Status=1\nFlagType=Flag for follow up" },
	{ "without dates", "Status=2\nFlagType=Flag for follow up", "Status=2\nFlagType=Flag for follow up" },
};

static void one(const struct kept_case *c, enum eas_version v)
{
	const char *user = scene_user();
	struct phone_edit e = { .command = AIRSYNC_CHANGE, .flag_text = c->sent };
	struct phone *ph, *other;
	unsigned status;

	scene_append(user, "INBOX", "mail", "");
	ph = scene_synced_phone(user, "PHONE1", v);
	other = scene_synced_phone(user, "PHONE2", v);
	e.id = phone_item_with_subject(scene_inbox(ph), "mail")->id;
	SCENE_OK(ph, phone_edit_one(ph, scene_inbox(ph), &e, &status));
	assert_int_equal(status, 1);
	scene_sync(ph, scene_inbox(ph));
	assert_string_equal(phone_item_with_subject(scene_inbox(ph), "mail")->flag_text, c->kept);
	scene_sync(other, scene_inbox(other));
	assert_string_equal(phone_item_with_subject(scene_inbox(other), "mail")->flag_text, c->kept);
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->changed, 0); /* told once */
	scene_assert_clean(ph);
	scene_assert_clean(other);
}

static void what_is_kept(const struct kept_case *c)
{
	one(c, EAS_12_1);
	one(c, EAS_16_1);
}
TEST_ROW(what_is_kept)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 20, .imap_hide = "METADATA" });
	TEST_ADD_ROWS(what_is_kept, kept_cases);
	failed = test_run("flags old");
	scene_close();
	return failed;
}
