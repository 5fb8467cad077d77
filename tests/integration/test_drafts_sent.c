/* Drafts (16.x) are sent once, and changed once, whatever answers get lost and whoever else changes them. */
#include <poll.h>

#include "draft_side.h"
#include "eas/status.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- sending ---- */

static void sent_from_drafts(enum eas_version v)
{
	static const struct phone_file file[] = {
		{ .client_id = "f1", .name = "a.bin", .content = BYTES("\0\1\2") },
	};
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph;
	struct bytes mail;

	scene_append_raw(user, "Drafts", BYTES(DRAFT), "\\Draft \\Seen", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	assert_int_equal(draft_alter(ph, "draft", (struct phone_edit){ .files = file, .file_count = 1 }), 1);
	assert_int_equal(
	    draft_alter(ph, "draft", (struct phone_edit){ .subject = "at last", .send = true }), 1);
	received_expect(before + 1);
	mail = received(before + 1, "eml");
	assert_true(received_has(mail, "Subject: at last"));
	assert_true(received_has(mail, "Message-ID: <kept@example.org>"));
	assert_true(received_has(mail, "a.bin"));
	assert_true(received_has(mail, "not yet"));
	assert_false(received_has(mail, "X-Easgate-Draft"));
	assert_false(received_has(mail, "X-Mozilla-Draft-Info"));
	assert_false(received_has(mail, "hidden@example.org"));
	assert_true(received_has(received(before + 1, "json"), "hidden@example.org"));
	assert_int_equal(scene_count(user, "Sent"), 1);
	draft_mail(user, 0);
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 0);
}
TEST_VERSIONS(sent_from_drafts)

#define THREAD "In-Reply-To: <o@example.net>\r\nReferences: <f@example.net> <o@example.net>\r\n"

/* Another program has written the draft, as somebody who isn't the account's own: the address goes, the name stays, as with a mail that a
 * phone sends itself. So does the thread. That holds when the phone writes all of it anew, too. */
static const struct name_case {
	const char *name, *from;
	bool is_rewritten;
} name_cases[] = {
	{ "as it is", "Jane Doe <jane@example.net>", false },
	{ "written anew", "Jane Doe <jane@example.net>", true },
	{ "no address", "\"Jane Doe\" <>", false },
	{ "one of two", "Jane Doe <jane@example.net>, Bob <bob@example.net>", false },
};

static void one_name(const struct name_case *c, enum eas_version v)
{
	static const struct phone_edit anew = { .text = "To: bob@example.org\r\nSubject: draft\r\n"
							"MIME-Version: 1.0\r\n\r\nmine\r\n",
		.text_type = 4 };
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph;
	char text[400];

	snprintf(text, sizeof(text),
	    "From: %s\r\nTo: bob@example.org\r\nSubject: draft\r\n" THREAD "\r\nmine\r\n", c->from);
	scene_append_raw(user, "Drafts", bytes_str(text), "\\Draft \\Seen", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	if (c->is_rewritten)
		assert_int_equal(draft_alter(ph, "draft", anew), 1);
	assert_int_equal(draft_alter(ph, "draft", (struct phone_edit){ .bare = true, .send = true }), 1);
	received_expect(before + 1);
	snprintf(text, sizeof(text), "From: \"Jane Doe\" <%s>\r\n", user);
	assert_true(received_has(received(before + 1, "eml"), text));
	assert_true(received_has(received(before + 1, "eml"), THREAD));
}

static void a_name_stays(const struct name_case *c)
{
	for (size_t n = 0; n < COUNT(draft_versions); n++)
		one_name(c, draft_versions[n].version);
}
TEST_ROW(a_name_stays)

/* The phone is shown 1,024 bytes of the blind copies, and sends these back. */
static void sent_to_many(enum eas_version v)
{
	enum { COPIES = 60 };
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone_edit edit = {
		.to = "bob@example.org", .subject = "draft", .text = "now", .text_type = 2
	};
	struct phone *ph;
	char mail[4096], shown[2000];
	size_t n = (size_t)snprintf(
	    mail, sizeof(mail), "From: me@example.org\r\nTo: bob@example.org\r\nSubject: draft\r\nBcc: ");

	for (int i = 0; i < COPIES; i++)
		n += (size_t)snprintf(
		    mail + n, sizeof(mail) - n, "%srecipient%02d@example.org", i ? ",\r\n " : "", i);
	snprintf(mail + n, sizeof(mail) - n, "\r\n\r\nnot yet\r\n");
	scene_append_raw(user, "Drafts", bytes_str(mail), "\\Draft \\Seen", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	snprintf(shown, sizeof(shown), "%s", draft_with(ph, "draft")->bcc);
	assert_in_range(strlen(shown), 900, 1024);
	edit.bcc = shown;
	assert_int_equal(draft_alter(ph, "draft", edit), 1);
	assert_int_equal(received_times(draft_mail(user, 1), "recipient"), COPIES);
	edit.send = true;
	assert_int_equal(draft_alter(ph, "draft", edit), 1);
	received_expect(before + 1);
	assert_true(received_has(received(before + 1, "json"), "recipient59@example.org"));
	assert_int_equal(received_times(received(before + 1, "json"), "recipient"), COPIES);
}
TEST_VERSIONS(sent_to_many)

/* All is done, but the phone doesn't hear of it. */
static void ask_in_vain(struct phone *ph, const struct phone_collection *rq)
{
	ph->lose = PHONE_LOSE_READ;
	SCENE_ERR(ph, phone_sync_one(ph, rq), ERR_CANCELLED);
}

/* As it is: there is nothing more to be said. */
static void sent_without_a_word(enum eas_version v)
{
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph;

	scene_append_raw(user, "Drafts", BYTES(DRAFT), "\\Draft \\Seen", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	assert_int_equal(draft_alter(ph, "draft", (struct phone_edit){ .bare = true }), 6);
	assert_int_equal(draft_alter(ph, "draft", (struct phone_edit){ .bare = true, .send = true }), 1);
	received_expect(before + 1);
	draft_mail(user, 0);
}
TEST_VERSIONS(sent_without_a_word)

static void sent_at_once(enum eas_version v)
{
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	struct phone_edit e = { .command = AIRSYNC_ADD,
		.id = "d1",
		.to = "<bob@example.org>",
		.subject = "straight",
		.text = "off",
		.draft = true,
		.send = true };
	struct phone_collection rq = { .folder_id = drafts_of(ph)->id, .edits = &e, .edit_count = 1 };

	ask_in_vain(ph, &rq);
	SCENE_OK(ph, phone_sync_one(ph, &rq)); /* the same again: known, and not sent twice */
	assert_int_equal(ph->results[0].status, 1);
	received_expect(before + 1);
	assert_true(received_has(received(before + 1, "eml"), "straight"));
	assert_int_equal(scene_count(user, "Sent"), 1);
	draft_mail(user, 0);
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 0);
}
TEST_VERSIONS(sent_at_once)

static const struct bad_send {
	const char *name, *to, *behave;
	unsigned status;
} bad_sends[] = {
	{ "nobody", "", "", STATUS_INVALID_RECIPIENTS },
	{ "no address", "Bob Som", "", STATUS_INVALID_RECIPIENTS },
	{ "the server knows none", "<x@example.org>", "rcpt=550", STATUS_INVALID_RECIPIENTS },
	{ "the server refuses it", "<x@example.org>", "data=554", STATUS_MAIL_SUBMISSION_FAILED },
	{ "the server is away", "<x@example.org>", "cut=mail", STATUS_MAIL_SUBMISSION_FAILED },
};

static void one_bad_send(const struct bad_send *c, enum eas_version v)
{
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph;
	struct bytes mail;

	scene_append_raw(user, "Drafts", BYTES("Subject: draft\r\n\r\nnot yet\r\n"), "\\Draft", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	bed_mocksmtp_behave(scene_bed(), c->behave);
	assert_int_equal(
	    draft_alter(ph, "draft", (struct phone_edit){ .to = c->to, .send = true }), c->status);
	assert_int_equal(draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "d2",
					    .to = c->to,
					    .subject = "new",
					    .text = "x",
					    .send = true }),
	    c->status);
	bed_mocksmtp_behave(scene_bed(), "");
	received_expect(before);
	assert_int_equal(scene_count(user, "Sent"), 0);
	mail = draft_mail(user, 1);
	assert_true(received_has(mail, "not yet"));
	assert_int_equal(
	    draft_alter(ph, "draft", (struct phone_edit){ .to = "<y@example.org>", .send = true }), 1);
	received_expect(before + 1);
	draft_mail(user, 0);
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 0);
}

static void a_bad_send(const struct bad_send *c)
{
	for (size_t n = 0; n < COUNT(draft_versions); n++)
		one_bad_send(c, draft_versions[n].version);
}
TEST_ROW(a_bad_send)

/* ---- answers that get lost, and others who change it ---- */

static void an_answer_is_lost(enum eas_version v)
{
	static const struct phone_file file[] = {
		{ .client_id = "f1", .name = "a.bin", .content = BYTES("\0\1\2") },
	};
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	struct phone_edit e = { .command = AIRSYNC_ADD,
		.id = "d1",
		.subject = "lost",
		.text = "first",
		.files = file,
		.file_count = 1,
		.draft = true };
	struct phone_collection rq = { .folder_id = drafts_of(ph)->id, .edits = &e, .edit_count = 1 };
	char id[64];

	ask_in_vain(ph, &rq);
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	draft_mail(user, 1);
	assert_file(ph, file_named(draft_with(ph, "lost"), "a.bin")->reference, file[0].content);
	snprintf(id, sizeof(id), "%s", draft_with(ph, "lost")->id);
	e = (struct phone_edit){ .command = AIRSYNC_CHANGE,
		.id = id,
		.text = "second",
		.files = file,
		.file_count = 1,
		.draft = true };
	ask_in_vain(ph, &rq);
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	assert_int_equal(draft_with(ph, "lost")->attachment_count, 2);
	draft_mail(user, 1);
	sync_drafts(ph);
	assert_same_drafts(ph, user, "PHONE2");
}
TEST_VERSIONS(an_answer_is_lost)

/* The phone asks for something else beside what was done already. */
static void an_answer_is_lost_and_more_is_asked(enum eas_version v)
{
	static const struct phone_file file[] = {
		{ .client_id = "f1", .name = "a.bin", .content = BYTES("\0\1\2") },
	};
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	struct phone_edit e[2] = {
		{ .command = AIRSYNC_ADD, .id = "d1", .subject = "lost", .text = "first", .draft = true }
	};
	struct phone_collection rq = { .folder_id = drafts_of(ph)->id, .edits = e, .edit_count = 1 };
	unsigned before = received_count();
	char id[64];

	SCENE_OK(ph, phone_sync_one(ph, &rq));
	snprintf(id, sizeof(id), "%s", draft_with(ph, "lost")->id);
	e[0] = (struct phone_edit){ .command = AIRSYNC_CHANGE,
		.id = id,
		.text = "second",
		.files = file,
		.file_count = 1,
		.draft = true };
	ask_in_vain(ph, &rq);
	e[1] = (struct phone_edit){
		.command = AIRSYNC_ADD, .id = "d2", .subject = "more", .text = "x", .draft = true
	};
	rq.edit_count = 2;
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	assert_int_equal(draft_with(ph, "lost")->attachment_count, 1);
	sync_drafts(ph);
	draft_mail(user, 2);
	assert_same_drafts(ph, user, "PHONE2");
	/* and what was sent isn't sent again */
	e[0] = (struct phone_edit){
		.command = AIRSYNC_CHANGE, .id = id, .to = "<bob@example.org>", .draft = true, .send = true
	};
	rq.edit_count = 1;
	ask_in_vain(ph, &rq);
	e[1] = (struct phone_edit){
		.command = AIRSYNC_ADD, .id = "d3", .subject = "third", .text = "x", .draft = true
	};
	rq.edit_count = 2;
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	sync_drafts(ph);
	received_expect(before + 1);
	draft_mail(user, 2);
	assert_same_drafts(ph, user, "PHONE3");
}
TEST_VERSIONS(an_answer_is_lost_and_more_is_asked)

static void two_phones_at_once(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *one = drafting_phone(user, "PHONE1", v), *two;

	assert_int_equal(draft_edit(one, (struct phone_edit){ .command = AIRSYNC_ADD,
					     .id = "d1",
					     .to = "<a@example.org>",
					     .subject = "both",
					     .text = "first" }),
	    1);
	two = drafting_phone(user, "PHONE2", v);
	assert_int_equal(draft_alter(one, "both", (struct phone_edit){ .text = "of one" }), 1);
	assert_int_equal(draft_alter(two, "both", (struct phone_edit){ .text = "of two" }), 7);
	sync_drafts(two);
	assert_true(strstr(draft_with(two, "both")->body, "of one") != NULL);
	assert_int_equal(draft_alter(two, "both", (struct phone_edit){ .text = "of two" }), 1);
	sync_drafts(one);
	assert_true(strstr(draft_with(one, "both")->body, "of two") != NULL);
	assert_int_equal(draft_alter(one, "both", (struct phone_edit){ .read = PHONE_NO }), 1);
	sync_drafts(two);
	assert_false(draft_with(two, "both")->read);
	scene_expunge(user, "Drafts", "both");
	assert_int_equal(draft_alter(one, "both", (struct phone_edit){ .text = "too late" }), 8);
	draft_mail(user, 0);
}
TEST_VERSIONS(two_phones_at_once)

/* A phone that writes on doesn't know yet what another program has marked: it is told with the next Sync, whether its answer came or
 * got lost. */
static void marked_by_one_and_changed_by_the_other(enum eas_version v)
{
	for (int lost = 0; lost < 2; lost++) {
		const char *user = scene_user();
		struct phone *ph = drafting_phone(user, "PHONE1", v);
		struct phone_edit e = { .command = AIRSYNC_CHANGE, .text = "second", .draft = true };
		struct phone_collection rq = { .folder_id = drafts_of(ph)->id, .edits = &e, .edit_count = 1 };
		char id[64];

		assert_int_equal(
		    draft_edit(ph,
			(struct phone_edit){
			    .command = AIRSYNC_ADD, .id = "d1", .subject = "both", .text = "first" }),
		    1);
		snprintf(id, sizeof(id), "%s", draft_with(ph, "both")->id);
		e.id = id;
		sync_drafts(ph);
		scene_store(user, "Drafts", "both", "+FLAGS", "\\Flagged");
		scene_store(user, "Drafts", "both", "-FLAGS", "\\Seen");
		rq.get_changes = PHONE_NO;
		if (lost) {
			ph->lose = PHONE_LOSE_READ;
			SCENE_ERR(ph, phone_sync_one(ph, &rq), ERR_CANCELLED);
		}
		SCENE_OK(ph, phone_sync_one(ph, &rq));
		sync_drafts(ph);
		assert_true(strstr(draft_with(ph, "both")->body, "second") != NULL);
		assert_int_equal(draft_with(ph, "both")->flag, 2);
		assert_false(draft_with(ph, "both")->read);
		assert_same_drafts(ph, user, "PHONE2");
	}
}
TEST_VERSIONS(marked_by_one_and_changed_by_the_other)

/* That the phone has set its categories doesn't mean that it knows the text. */
static void changed_by_one_and_marked_by_the_other(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *one = drafting_phone(user, "PHONE1", v), *two;

	assert_int_equal(draft_edit(one,
			     (struct phone_edit){
				 .command = AIRSYNC_ADD, .id = "d1", .subject = "both", .text = "first" }),
	    1);
	two = drafting_phone(user, "PHONE2", v);
	assert_int_equal(draft_alter(two, "both", (struct phone_edit){ .text = "second" }), 1);
	draft_alter(one, "both", (struct phone_edit){ .categories = "" });
	sync_drafts(one);
	assert_true(strstr(draft_with(one, "both")->body, "second") != NULL);
}
TEST_VERSIONS(changed_by_one_and_marked_by_the_other)

/* The phone that wins has changed the text alone: it is told what else is there. */
static void the_client_wins(enum eas_version v)
{
	static const struct phone_options_block wins = { .server_wins = PHONE_NO,
		.bodies = { { .type = 2, .truncation = PHONE_WHOLE } } };
	const char *user = scene_user();
	struct phone *one = drafting_phone(user, "PHONE1", v), *two;
	struct phone_edit e = { .command = AIRSYNC_CHANGE, .text = "of one", .draft = true };
	struct phone_collection rq = {
		.folder_id = drafts_of(one)->id, .edits = &e, .edit_count = 1, .options = &wins
	};
	char id[64];

	assert_int_equal(draft_edit(one,
			     (struct phone_edit){
				 .command = AIRSYNC_ADD, .id = "d1", .subject = "both", .text = "first" }),
	    1);
	two = drafting_phone(user, "PHONE2", v);
	snprintf(id, sizeof(id), "%s", draft_with(one, "both")->id);
	e.id = id;
	assert_int_equal(draft_alter(two, "both", (struct phone_edit){ .subject = "of two" }), 1);
	SCENE_OK(one, phone_sync_one(one, &rq));
	sync_drafts(one);
	assert_true(strstr(draft_with(one, "of two")->body, "of one") != NULL);
	assert_same_drafts(one, user, "PHONE3");
}
TEST_VERSIONS(the_client_wins)

/* For good, though another phone has written on meanwhile: it comes back. Into the trash it may go, where nothing is lost. */
static void deleted_by_one_and_changed_by_the_other(enum eas_version v)
{
	for (int to_trash = 0; to_trash < 2; to_trash++) {
		const char *user = scene_user();
		struct phone *one = drafting_phone(user, "PHONE1", v), *two;
		struct phone_edit remove = { .command = AIRSYNC_DELETE };
		struct phone_collection rq = {
			.edits = &remove, .edit_count = 1, .deletes_as_moves = to_trash ? PHONE_YES : PHONE_NO
		};

		assert_int_equal(
		    draft_edit(one,
			(struct phone_edit){
			    .command = AIRSYNC_ADD, .id = "d1", .subject = "both", .text = "first" }),
		    1);
		two = drafting_phone(user, "PHONE2", v);
		assert_int_equal(draft_alter(two, "both", (struct phone_edit){ .text = "precious" }), 1);
		rq.folder_id = drafts_of(one)->id;
		remove.id = draft_with(one, "both")->id;
		SCENE_OK(one, phone_sync_one(one, &rq));
		sync_drafts(one);
		sync_drafts(two);
		assert_int_equal(drafts_of(one)->count, !to_trash);
		assert_int_equal(drafts_of(two)->count, !to_trash);
		if (!to_trash)
			assert_true(strstr(draft_with(one, "both")->body, "precious") != NULL);
		assert_int_equal(scene_mail(user, "Trash", "both") != NULL, to_trash);
	}
}
TEST_VERSIONS(deleted_by_one_and_changed_by_the_other)

/* While a second connection of the same phone waits. */
static void its_own_drafts_wake_no_phone(enum eas_version v)
{
	const char *user = scene_user(), *changed[2], *id;
	struct phone *ph = drafting_phone(user, "PHONE1", v), *ear;
	size_t count;

	assert_int_equal(
	    draft_edit(ph,
		(struct phone_edit){ .command = AIRSYNC_ADD, .id = "d0", .subject = "first", .text = "x" }),
	    1);
	ear = scene_phone(user, "PHONE1", v);
	SCENE_OK(ear, phone_setup(ear));
	id = drafts_of(ph)->id;
	SCENE_OK(ear, phone_ping_send(ear, 3, &id, 1));
	poll(NULL, 0, 300);
	assert_int_equal(
	    draft_edit(ph,
		(struct phone_edit){ .command = AIRSYNC_ADD, .id = "d1", .subject = "second", .text = "x" }),
	    1);
	assert_int_equal(draft_alter(ph, "second", (struct phone_edit){ .text = "y" }), 1);
	SCENE_OK(ear, phone_ping_receive(ear, 3, changed, COUNT(changed), &count));
	assert_int_equal(ear->status, 1);
	SCENE_OK(ear, phone_ping_send(ear, 30, &id, 1));
	poll(NULL, 0, 300);
	scene_append_raw(user, "Drafts", BYTES(DRAFT), "\\Draft", NULL); /* but those of others do */
	SCENE_OK(ear, phone_ping_receive(ear, 30, changed, COUNT(changed), &count));
	assert_int_equal(ear->status, 2);
}
TEST_VERSIONS(its_own_drafts_wake_no_phone)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 60 });
	TEST_ADD_DRAFT_VERSIONS(sent_from_drafts);
	TEST_ADD_ROWS(a_name_stays, name_cases);
	TEST_ADD_DRAFT_VERSIONS(sent_to_many);
	TEST_ADD_DRAFT_VERSIONS(sent_without_a_word);
	TEST_ADD_DRAFT_VERSIONS(sent_at_once);
	TEST_ADD_ROWS(a_bad_send, bad_sends);
	TEST_ADD_DRAFT_VERSIONS(an_answer_is_lost);
	TEST_ADD_DRAFT_VERSIONS(an_answer_is_lost_and_more_is_asked);
	TEST_ADD_DRAFT_VERSIONS(two_phones_at_once);
	TEST_ADD_DRAFT_VERSIONS(marked_by_one_and_changed_by_the_other);
	TEST_ADD_DRAFT_VERSIONS(changed_by_one_and_marked_by_the_other);
	TEST_ADD_DRAFT_VERSIONS(the_client_wins);
	TEST_ADD_DRAFT_VERSIONS(deleted_by_one_and_changed_by_the_other);
	TEST_ADD_DRAFT_VERSIONS(its_own_drafts_wake_no_phone);
	failed = test_run("drafts sent");
	scene_close();
	return failed;
}
