/* Drafts where something is odd: requests that phones send again with more in them, Changes that change nothing, headers that aren't
 * ours, recipients that are none. */
#include "draft_side.h"
#include "eas/status.h"

static const struct phone_file file[] = {
	{ .client_id = "f1", .name = "a.bin", .content = BYTES("\0\1\2") },
};

/* ---- the answer is lost, and what the phone asks then says more ---- */

static void a_repeated_change(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	char id[64];
	struct phone_edit e[2] = { { .command = AIRSYNC_CHANGE,
				       .id = id,
				       .text = "second",
				       .files = file,
				       .file_count = 1,
				       .draft = true },
		{ .command = AIRSYNC_ADD, .id = "d2", .subject = "another", .text = "x", .draft = true } };
	struct phone_collection rq = { .folder_id = drafts_of(ph)->id, .edits = e, .edit_count = 1 };

	assert_int_equal(draft_edit(ph,
			     (struct phone_edit){
				 .command = AIRSYNC_ADD, .id = "d1", .subject = "lost", .text = "first" }),
	    1);
	snprintf(id, sizeof(id), "%s", draft_with(ph, "lost")->id);
	ph->lose = PHONE_LOSE_READ;
	SCENE_ERR(ph, phone_sync_one(ph, &rq), ERR_CANCELLED);
	rq.edit_count = 2;
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	sync_drafts(ph);
	draft_mail(user, 2);
	assert_int_equal(draft_with(ph, "lost")->attachment_count, 1);
	assert_same_drafts(ph, user, "PHONE2");
}
TEST_VERSIONS(a_repeated_change)

/* The answer to an Add got lost, and the phone asks for more, or its user has gone on writing: it is the same draft, and no second one. */
static void a_repeated_add(enum eas_version v)
{
	for (unsigned changed = 0; changed < 2; changed++) {
		const char *user = scene_user();
		struct phone *ph = drafting_phone(user, "PHONE1", v);
		struct phone_edit e[2] = { { .command = AIRSYNC_ADD,
					       .id = "d1",
					       .subject = "lost",
					       .text = "first",
					       .draft = true },
			{ .command = AIRSYNC_ADD,
			    .id = "d2",
			    .subject = "another",
			    .text = "x",
			    .draft = true } };
		struct phone_collection rq = { .folder_id = drafts_of(ph)->id, .edits = e, .edit_count = 1 };

		ph->lose = PHONE_LOSE_READ;
		SCENE_ERR(ph, phone_sync_one(ph, &rq), ERR_CANCELLED);
		rq.edit_count = 2;
		if (changed)
			e[0].text = "second";
		SCENE_OK(ph, phone_sync_one(ph, &rq));
		assert_int_equal(ph->results[0].status, 1);
		assert_int_equal(drafts_of(ph)->added, 0);
		sync_drafts(ph);
		draft_mail(user, 2);
		assert_non_null(strstr(draft_with(ph, "lost")->body, changed ? "second" : "first"));
		assert_same_drafts(ph, user, "PHONE2");
	}
}
TEST_VERSIONS(a_repeated_add)

static void a_repeated_send(enum eas_version v)
{
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	char id[64];
	struct phone_edit e[2] = {
		{ .command = AIRSYNC_CHANGE, .id = id, .text = "off", .draft = true, .send = true },
		{ .command = AIRSYNC_ADD, .id = "d2", .subject = "another", .text = "x", .draft = true }
	};
	struct phone_collection rq = { .folder_id = drafts_of(ph)->id, .edits = e, .edit_count = 1 };

	assert_int_equal(draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "d1",
					    .to = "<bob@example.org>",
					    .subject = "lost",
					    .text = "first" }),
	    1);
	snprintf(id, sizeof(id), "%s", draft_with(ph, "lost")->id);
	ph->lose = PHONE_LOSE_READ;
	SCENE_ERR(ph, phone_sync_one(ph, &rq), ERR_CANCELLED);
	rq.edit_count = 2;
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	for (size_t i = 0; i < ph->result_count; i++)
		assert_int_equal(ph->results[i].status, 1);
	received_expect(before + 1);
	sync_drafts(ph);
	draft_mail(user, 1);
	assert_int_equal(drafts_of(ph)->count, 1);
}
TEST_VERSIONS(a_repeated_send)

/* SMTP's answer never came. The same again isn't sent twice, but what was changed meanwhile is another mail. */
static void changed_when_not_certain(enum eas_version v)
{
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph = drafting_phone(user, "PHONE1", v);

	assert_int_equal(draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "d1",
					    .to = "<bob@example.org>",
					    .subject = "perhaps",
					    .text = "first" }),
	    1);
	bed_mocksmtp_behave(scene_bed(), "late=cut");
	assert_int_equal(
	    draft_alter(ph, "perhaps", (struct phone_edit){ .send = true }), STATUS_MAIL_SUBMISSION_FAILED);
	bed_mocksmtp_behave(scene_bed(), "");
	received_expect(before + 1);
	assert_int_equal(draft_alter(ph, "perhaps", (struct phone_edit){ .text = "second" }), 1);
	assert_int_equal(draft_alter(ph, "perhaps", (struct phone_edit){ .send = true }), 1);
	received_expect(before + 2);
	assert_true(received_has(received(before + 2, "eml"), "second"));
	draft_mail(user, 0);
}
TEST_VERSIONS(changed_when_not_certain)

static void not_certain_again(enum eas_version v)
{
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph = drafting_phone(user, "PHONE1", v);

	assert_int_equal(draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "d1",
					    .to = "<bob@example.org>",
					    .subject = "perhaps",
					    .text = "first" }),
	    1);
	bed_mocksmtp_behave(scene_bed(), "late=cut");
	assert_int_equal(
	    draft_alter(ph, "perhaps", (struct phone_edit){ .send = true }), STATUS_MAIL_SUBMISSION_FAILED);
	bed_mocksmtp_behave(scene_bed(), "");
	assert_int_equal(draft_alter(ph, "perhaps", (struct phone_edit){ .send = true }), 1);
	received_expect(before + 1);
	draft_mail(user, 0);
}
TEST_VERSIONS(not_certain_again)

/* ---- nothing new ---- */

/* Gmail's app sends each draft that it is told of back as it is: two of them would do that for ever. */
static void an_echo(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	struct phone_edit e = { .command = AIRSYNC_ADD,
		.id = "d1",
		.to = "\"Bøb\" <bob@example.org>, <carol@example.org>",
		.cc = "",
		.subject = "Grüße",
		.text = "<html><body>Hällo</body></html>",
		.text_type = 2,
		.importance = 2 };
	struct scene_mail *mails;
	uint32_t uid;

	assert_int_equal(draft_edit(ph, e), 1);
	assert_int_equal(scene_mails(user, "Drafts", &mails), 1);
	uid = mails[0].uid;
	e.id = NULL;
	assert_int_equal(draft_alter(ph, "Grüße", e), 1);
	assert_int_equal(scene_mails(user, "Drafts", &mails), 1);
	assert_int_equal(mails[0].uid, uid);
	e.read = PHONE_NO;
	assert_int_equal(draft_alter(ph, "Grüße", e), 1);
	assert_int_equal(scene_mails(user, "Drafts", &mails), 1);
	assert_int_equal(mails[0].uid, uid);
	assert_false(mails[0].seen);
	e.to = "<bob@example.org>, <carol@example.org>"; /* his name goes */
	assert_int_equal(draft_alter(ph, "Grüße", e), 1);
	assert_int_equal(scene_mails(user, "Drafts", &mails), 1);
	assert_int_not_equal(mails[0].uid, uid);
	assert_same_drafts(ph, user, "PHONE2");
}
TEST_VERSIONS(an_echo)

/* ---- recipients ---- */

static const struct some_case {
	const char *name, *to, *cc;
} some_cases[] = {
	{ "half a name", "Bob Som, <bob@example.org>", NULL },
	{ "half a name in other letters", "\"Bøb\" <bob@example.org>, Som", "<carol@example.org>" },
};

static void one_of_some(const struct some_case *c, bool change, enum eas_version v)
{
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	struct phone_edit e = { .command = AIRSYNC_ADD,
		.id = "d1",
		.to = c->to,
		.cc = c->cc,
		.subject = "some",
		.text = "x",
		.send = !change };

	assert_int_equal(draft_edit(ph, e), change ? 1 : STATUS_INVALID_RECIPIENTS);
	if (change)
		assert_int_equal(
		    draft_alter(ph, "some", (struct phone_edit){ .send = true }), STATUS_INVALID_RECIPIENTS);
	received_expect(before);
	if (!change)
		return;
	assert_int_equal(
	    draft_alter(ph, "some", (struct phone_edit){ .to = "<bob@example.org>", .send = true }), 1);
	received_expect(before + 1);
}

static void some_recipients(const struct some_case *c)
{
	for (size_t n = 0; n < 2; n++) {
		one_of_some(c, false, draft_versions[n].version);
		one_of_some(c, true, draft_versions[n].version);
	}
}
TEST_ROW(some_recipients)

/* A phone sends its whole form, and what is empty there it leaves out. */
static void one_taken_out(enum eas_version v)
{
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph = drafting_phone(user, "PHONE1", v);

	assert_int_equal(draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "d1",
					    .to = "<bob@example.org>",
					    .cc = "<carol@example.org>",
					    .bcc = "<dan@example.org>",
					    .subject = "out",
					    .text = "x" }),
	    1);
	assert_int_equal(draft_alter(ph, "out",
			     (struct phone_edit){
				 .to = "<bob@example.org>", .subject = "out", .text = "y", .send = true }),
	    1);
	received_expect(before + 1);
	assert_true(received_has(received(before + 1, "json"), "bob@example.org"));
	assert_false(received_has(received(before + 1, "json"), "carol@example.org"));
	assert_false(received_has(received(before + 1, "json"), "dan@example.org"));
}
TEST_VERSIONS(one_taken_out)

/* ---- the phone's own MIME ---- */

static void assert_names(struct phone *ph, const char *subject, const char *one, const char *two)
{
	const struct phone_item *i = draft_with(ph, subject);
	const char *wanted[] = { one, two };

	assert_int_equal(i->attachment_count, two ? 2 : 1);
	for (size_t n = 0; n < i->attachment_count; n++) {
		struct bytes data, type;
		unsigned status;

		assert_string_equal(i->attachments[n].name, wanted[n]);
		SCENE_OK(ph, phone_fetch_attachment(
				 ph, i->attachments[n].reference, NULL, false, &status, &data, &type));
		assert_int_equal(status, 1);
		assert_true(data.len > 0);
	}
}

static void mime_again(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", v), *two;
	struct bytes mail;

	assert_int_equal(draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "d1",
					    .subject = "apart", /* said twice: this counts */
					    .text = "Subject: own\r\nTo: <b@example.org>\r\n\r\nfirst\r\n",
					    .text_type = 4,
					    .files = file,
					    .file_count = 1 }),
	    1);
	assert_int_equal(draft_alter(ph, "apart",
			     (struct phone_edit){ .subject = "apart",
				 .text = "Subject: own\r\nTo: <b@example.org>\r\n\r\nsecond\r\n",
				 .text_type = 4 }),
	    1);
	mail = draft_mail(user, 1);
	assert_true(received_has(mail, "second"));
	assert_int_equal(received_times(mail, "Subject:"), 1);
	two = drafting_phone(user, "PHONE2", v);
	assert_names(two, "apart", "a.bin", NULL);
	/* one that it has already, and another */
	assert_int_equal(
	    draft_alter(ph, "apart",
		(struct phone_edit){
		    .text =
			"Subject: apart\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n"
			"\r\n--q\r\n\r\nthird\r\n--q\r\nContent-Type: a/b; name=a.bin\r\n"
			"Content-Disposition: attachment; filename=a.bin\r\n\r\nnew\r\n--q\r\n"
			"Content-Type: a/b; name=q.bin\r\nContent-Disposition: attachment; "
			"filename=q.bin\r\n\r\nqq\r\n--q--\r\n",
		    .text_type = 4 }),
	    1);
	sync_drafts(two);
	assert_names(two, "apart", "a.bin", "q.bin");
}
TEST_VERSIONS(mime_again)

/* ---- under way ---- */

static void while_it_is_sent(enum eas_version v)
{
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	struct phone_edit e = { .command = AIRSYNC_ADD,
		.id = "d1",
		.to = "<bob@example.org>",
		.subject = "slow",
		.text = "off",
		.draft = true,
		.send = true };
	struct phone_collection one = { .folder_id = drafts_of(ph)->id, .edits = &e, .edit_count = 1 };
	struct phone_sync rq = { .collections = &one, .count = 1 };
	enum err err;

	bed_mocksmtp_behave(scene_bed(), "late=hang");
	SCENE_OK(ph, phone_sync_send(ph, &rq));
	received_expect(before + 1);
	phone_hang_up(ph);
	bed_mocksmtp_behave(scene_bed(), "");
	err = phone_sync_one(ph, &one);
	assert_int_equal(err, ERR_UNAVAILABLE); /* so it asks again, and is told how it has ended */
}
TEST_VERSIONS(while_it_is_sent)

/* ---- a header that isn't ours ---- */

static void a_foreign_claim(enum eas_version v)
{
	const char *user = scene_user();
	struct truth *t = scene_truth(user);
	struct phone *ph;
	char mail[300];

	scene_append_raw(user, "Drafts", BYTES("Subject: mine\r\n\r\nmine\r\n"), "\\Draft", NULL);
	snprintf(mail, sizeof(mail),
	    "X-Easgate-Draft: %u 1 1 12345 6\r\nSubject: of another account\r\n\r\nforeign\r\n",
	    truth_uidvalidity(t, "Drafts"));
	scene_append_raw(user, "Drafts", bytes_str(mail), "\\Draft", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	assert_int_equal(drafts_of(ph)->count, 2);
	assert_int_equal(draft_alter(ph, "of another account", (struct phone_edit){ .text = "other" }), 1);
	draft_mail(user, 2);
}
TEST_VERSIONS(a_foreign_claim)

/* ---- a phone that can't write them ---- */

/* What isn't a client's to change isn't in a draft either: nothing of such a Change is done. */
static void a_fixed_property(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", v);

	scene_append_raw(user, "Drafts", bytes_str(DRAFT), "\\Draft", NULL);
	sync_drafts(ph);
	assert_int_equal(draft_alter(ph, "draft",
			     (struct phone_edit){ .subject = "other", .other = EMAIL2_CONVERSATION_ID }),
	    6);
	assert_non_null(scene_mail(user, "Drafts", "draft"));
	assert_int_equal(draft_alter(ph, "draft", (struct phone_edit){ .subject = "other" }), 1);
	assert_non_null(scene_mail(user, "Drafts", "other"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_fixed_property)

static const struct version_row old_versions[] = { { "12.1", EAS_12_1 }, { "14.1", EAS_14_1 } };

static void an_old_phone(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", EAS_16_1), *old;
	const struct phone_item *i;
	struct bytes data, type;
	unsigned status;

	assert_int_equal(draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "d1",
					    .subject = "old",
					    .text = "first",
					    .files = file,
					    .file_count = 1 }),
	    1);
	assert_int_equal(draft_alter(ph, "old", (struct phone_edit){ .text = "second" }), 1);
	old = drafting_phone(user, "PHONE2", v);
	i = draft_with(old, "old");
	assert_int_equal(i->attachment_count, 1);
	SCENE_OK(old,
	    phone_fetch_attachment(old, i->attachments[0].reference, NULL, false, &status, &data, &type));
	assert_int_equal(status, 1);
	assert_int_equal(data.len, 3);
}
TEST_VERSIONS(an_old_phone)

/* A phone that comes to speak another version: what it knew by UIDs are drafts with ids of their own now, and the other way round. */
static void another_version(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *other = drafting_phone(user, "PHONE2", EAS_16_1), *ph;

	assert_int_equal(draft_edit(other,
			     (struct phone_edit){
				 .command = AIRSYNC_ADD, .id = "d1", .subject = "ours", .text = "first" }),
	    1);
	assert_int_equal(draft_alter(other, "ours", (struct phone_edit){ .text = "second" }), 1);
	ph = drafting_phone(user, "PHONE1", v);
	ph->version = EAS_16_1;
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 1);
	assert_int_equal(draft_alter(ph, "ours", (struct phone_edit){ .text = "third" }), 1);
	sync_drafts(other);
	assert_true(strstr(draft_with(other, "ours")->body, "third") != NULL);
	ph->version = v;
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 1);
	assert_int_equal(draft_alter(ph, "ours", (struct phone_edit){ .read = PHONE_NO }), 1);
	sync_drafts(other);
	assert_false(draft_with(other, "ours")->read);
}
TEST_VERSIONS(another_version)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 70 });
	TEST_ADD_DRAFT_VERSIONS(a_repeated_change);
	TEST_ADD_DRAFT_VERSIONS(a_repeated_add);
	TEST_ADD_DRAFT_VERSIONS(a_repeated_send);
	TEST_ADD_DRAFT_VERSIONS(changed_when_not_certain);
	TEST_ADD_DRAFT_VERSIONS(not_certain_again);
	TEST_ADD_DRAFT_VERSIONS(an_echo);
	TEST_ADD_ROWS(some_recipients, some_cases);
	TEST_ADD_DRAFT_VERSIONS(one_taken_out);
	TEST_ADD_DRAFT_VERSIONS(mime_again);
	TEST_ADD_DRAFT_VERSIONS(while_it_is_sent);
	TEST_ADD_DRAFT_VERSIONS(a_foreign_claim);
	TEST_ADD_DRAFT_VERSIONS(a_fixed_property);
	TEST_ADD_ROWS(an_old_phone, old_versions);
	TEST_ADD_ROWS(another_version, old_versions);
	failed = test_run("drafts odd");
	scene_close();
	return failed;
}
