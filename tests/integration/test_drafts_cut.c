/* The connection to IMAP breaks at some step of a draft's command: the phone repeats it, nothing is there twice, and nothing is lost. */
#include "cutter.h"
#include "draft_side.h"

static struct cutter *cutter;

static const struct phone_file file[] = {
	{ .client_id = "f1", .name = "a.bin", .content = BYTES("\0\1\2") },
};

static enum err again_until_done(struct phone *ph, const struct phone_collection *rq)
{
	enum err e = ERR_UNAVAILABLE;

	for (int i = 0; i < 50 && e == ERR_UNAVAILABLE; i++)
		e = phone_sync_one(ph, rq);
	return e;
}

static struct phone *phone_with_draft(const char *user, const char *device, enum eas_version v)
{
	struct phone *ph = scene_phone(user, device, v);

	SCENE_OK(ph, phone_setup(ph));
	sync_drafts(ph);
	assert_int_equal(draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "d0",
					    .to = "<bob@example.org>",
					    .subject = "there",
					    .text = "first",
					    .files = file,
					    .file_count = 1 }),
	    1);
	return ph;
}

static const struct cut_case {
	const char *name;
	enum cutter_when when;
	const char *word;
} add_cuts[] = {
	{ "before APPEND", CUTTER_BEFORE, "APPEND" },
	{ "after APPEND", CUTTER_AFTER, "APPEND" },
	{ "after SELECT", CUTTER_AFTER, "SELECT" },
}, change_cuts[] = {
	{ "before APPEND", CUTTER_BEFORE, "APPEND" },
	{ "after APPEND", CUTTER_AFTER, "APPEND" },
	{ "before the former one is deleted", CUTTER_BEFORE, "STORE" },
	{ "after it is marked", CUTTER_AFTER, "STORE" },
	{ "before EXPUNGE", CUTTER_BEFORE, "EXPUNGE" },
	{ "after EXPUNGE", CUTTER_AFTER, "EXPUNGE" },
	{ "while it is read", CUTTER_BEFORE, "FETCH" },
}, send_cuts[] = {
	{ "before it is in Sent", CUTTER_BEFORE, "APPEND" },
	{ "before it is deleted", CUTTER_BEFORE, "STORE" },
	{ "after it is marked", CUTTER_AFTER, "STORE" },
	{ "after EXPUNGE", CUTTER_AFTER, "EXPUNGE" },
	{ "while it is read", CUTTER_BEFORE, "FETCH" },
};

static void an_add(const struct cut_case *c)
{
	const char *user = scene_user();
	struct phone *ph = scene_phone(user, "PHONE1", EAS_16_1);
	struct phone_edit e = { .command = AIRSYNC_ADD,
		.id = "d1",
		.to = "<bob@example.org>",
		.subject = "once",
		.text = "x",
		.files = file,
		.file_count = 1,
		.draft = true };
	struct phone_collection rq;

	SCENE_OK(ph, phone_setup(ph));
	sync_drafts(ph);
	rq = (struct phone_collection){ .folder_id = drafts_of(ph)->id, .edits = &e, .edit_count = 1 };
	cutter_arm(cutter, c->when, c->word);
	SCENE_ERR(ph, phone_sync_one(ph, &rq), ERR_UNAVAILABLE);
	SCENE_OK(ph, again_until_done(ph, &rq));
	sync_drafts(ph);
	draft_mail(user, 1);
	assert_same_drafts(ph, user, "PHONE2");
}
TEST_ROW(an_add)

static void a_change(const struct cut_case *c)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_draft(user, "PHONE1", EAS_16_1);
	struct phone_edit e = {
		.command = AIRSYNC_CHANGE, .text = "second", .files = file, .file_count = 1, .draft = true
	};
	struct phone_collection rq = { .folder_id = drafts_of(ph)->id, .edits = &e, .edit_count = 1 };
	char id[64];

	snprintf(id, sizeof(id), "%s", draft_with(ph, "there")->id);
	e.id = id;
	cutter_arm(cutter, c->when, c->word);
	SCENE_ERR(ph, phone_sync_one(ph, &rq), ERR_UNAVAILABLE);
	SCENE_OK(ph, again_until_done(ph, &rq));
	sync_drafts(ph);
	assert_true(received_has(draft_mail(user, 1), "second"));
	assert_int_equal(draft_with(ph, "there")->attachment_count, 2);
	assert_same_drafts(ph, user, "PHONE2");
}
TEST_ROW(a_change)

static void a_send(const struct cut_case *c)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_draft(user, "PHONE1", EAS_16_1);
	unsigned before = received_count();
	struct phone_edit e = { .command = AIRSYNC_CHANGE, .text = "off", .draft = true, .send = true };
	struct phone_collection rq = { .folder_id = drafts_of(ph)->id, .edits = &e, .edit_count = 1 };
	struct scene_mail *sent;
	char id[64];

	snprintf(id, sizeof(id), "%s", draft_with(ph, "there")->id);
	e.id = id;
	cutter_arm(cutter, c->when, c->word);
	SCENE_OK(ph, again_until_done(ph, &rq)); /* what fails behind the sending needn't trouble the phone */
	sync_drafts(ph);
	received_expect(before + 1);
	assert_true(received_has(received(before + 1, "eml"), "off"));
	draft_mail(user, 0);
	assert_int_equal(drafts_of(ph)->count, 0);
	assert_in_range(scene_mails(user, "Sent", &sent), strcmp(c->word, "APPEND") ? 1 : 0, 1);
}
TEST_ROW(a_send)

int main(void)
{
	int failed;

	cutter = cutter_open_scene((struct bed_opts){ .users = 20 });
	TEST_ADD_ROWS(an_add, add_cuts);
	TEST_ADD_ROWS(a_change, change_cuts);
	TEST_ADD_ROWS(a_send, send_cuts);
	failed = test_run("drafts cut");
	cutter_close_scene(&cutter);
	return failed;
}
