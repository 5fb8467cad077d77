/* Drafts: what another program has written is shown; what a phone writes is refused rather than lost. */
#include "scene.h"

#define DRAFT                                                                                              \
	"From: me@example.org\r\nTo: bob@example.org\r\nBcc: hidden@example.org\r\nSubject: draft\r\n\r\n" \
	"not yet\r\n"

static struct phone_folder *drafts_of(struct phone *ph)
{
	struct phone_folder *f = phone_folder_of_type(&ph->replica, 3);

	assert_non_null(f);
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	return f;
}

static void another_programs_draft(enum eas_version v)
{
	const char *user = scene_user();
	const struct phone_item *i;
	struct phone *ph;

	scene_append_raw(user, "Drafts", BYTES(DRAFT), "\\Draft \\Seen", NULL);
	ph = scene_synced_phone(user, "PHONE1", v);
	i = phone_item_with_subject(drafts_of(ph), "draft");
	assert_non_null(i);
	assert_int_equal(i->is_draft, v >= EAS_16_0);
	assert_int_equal(strstr(i->bcc, "hidden@example.org") != NULL, v >= EAS_16_0);
	scene_assert_clean(ph);
}
TEST_VERSIONS(another_programs_draft)

static const struct edit_case {
	const char *name;
	struct phone_edit edit;
} edit_cases[] = {
	{ "its subject", { .command = AIRSYNC_CHANGE, .subject = "other" } },
	{ "its text", { .command = AIRSYNC_CHANGE, .text = "other" } },
	{ "its recipients and its mark",
	    { .command = AIRSYNC_CHANGE, .to = "x@example.org", .read = PHONE_NO } },
	{ "it is to be sent", { .command = AIRSYNC_CHANGE, .read = PHONE_YES, .send = true } },
	{ "a new one", { .command = AIRSYNC_ADD, .id = "new", .to = "x@example.org", .text = "other" } },
};

static void one(const struct edit_case *c, enum eas_version v)
{
	const char *user = scene_user();
	struct phone_edit edit = c->edit;
	struct scene_mail *mails;
	struct phone_folder *f;
	struct phone *ph;
	unsigned status;

	scene_append_raw(user, "Drafts", BYTES(DRAFT), "\\Draft \\Seen", NULL);
	ph = scene_synced_phone(user, "PHONE1", v);
	f = drafts_of(ph);
	if (edit.command == AIRSYNC_CHANGE)
		edit.id = phone_item_with_subject(f, "draft")->id;
	SCENE_OK(ph, phone_edit_one(ph, f, &edit, &status));
	assert_int_equal(status, 6);
	assert_int_equal(scene_mails(user, "Drafts", &mails), 1);
	assert_true(mails[0].seen);
	assert_string_equal(mails[0].subject, "draft");
}

static void is_refused(const struct edit_case *c)
{
	one(c, EAS_16_0);
	one(c, EAS_16_1);
}
TEST_ROW(is_refused)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 30, .services = "dovecot,redis" });
	TEST_ADD_VERSIONS(another_programs_draft);
	TEST_ADD_ROWS(is_refused, edit_cases);
	failed = test_run("drafts");
	scene_close();
	return failed;
}
