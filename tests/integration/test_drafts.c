/* Drafts (16.x): made, changed and given files by phones. */
#include "draft_side.h"
#include "mail/transfer.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- of other programs ---- */

static void another_programs_draft(enum eas_version v)
{
	const char *user = scene_user();
	const struct phone_item *i;
	struct phone *ph;

	scene_append_raw(user, "Drafts", BYTES(DRAFT), "\\Draft \\Seen", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	i = draft_with(ph, "draft");
	assert_int_equal(i->is_draft, v >= EAS_16_0);
	assert_int_equal(strstr(i->bcc, "hidden@example.org") != NULL, v >= EAS_16_0);
	scene_expunge(user, "Drafts", "draft");
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 0);
}
TEST_VERSIONS(another_programs_draft)

static void changed_by_a_phone(enum eas_version v)
{
	const char *user = scene_user();
	const struct phone_item *i;
	char id[64];
	struct phone *ph, *two;
	struct bytes mail;

	scene_append_raw(user, "Drafts", BYTES(DRAFT), "\\Draft \\Seen $label1", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	two = drafting_phone(user, "PHONE2", v);
	snprintf(id, sizeof(id), "%s", draft_with(ph, "draft")->id);
	assert_int_equal(
	    draft_alter(ph, "draft", (struct phone_edit){ .subject = "Änderung", .text = "now it is" }), 1);
	mail = draft_mail(user, 1);
	assert_true(received_has(mail, "X-Other: stays"));
	assert_true(received_has(mail, "Message-ID: <kept@example.org>"));
	assert_true(received_has(mail, "X-Mozilla-Draft-Info"));
	assert_true(received_has(mail, "Bcc: hidden@example.org"));
	assert_true(received_has(mail, "now it is"));
	sync_drafts(ph);
	assert_int_equal(
	    drafts_of(ph)->added + drafts_of(ph)->changed + drafts_of(ph)->deleted, 0); /* no echo */
	assert_string_equal(draft_with(ph, "Änderung")->id, id);
	sync_drafts(two); /* hears of a Change, not of another draft */
	assert_int_equal(drafts_of(two)->count, 1);
	i = draft_with(two, "Änderung");
	assert_string_equal(i->id, id);
	assert_string_equal(i->bcc, "<hidden@example.org>");
	assert_int_equal(i->changes, 1);
	assert_true(strstr(i->categories, "$label1") != NULL || strstr(i->categories, "mportant") != NULL);
	assert_same_drafts(ph, user, "PHONE3");
}
TEST_VERSIONS(changed_by_a_phone)

/* ---- making one ---- */

static void made_and_edited(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	struct bytes mail;
	char id[64];

	assert_int_equal(
	    draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
			       .id = "d1",
			       .to = "\"Bøb, the \\\"B\\\"\" <bob@example.org>, <carol@example.org>",
			       .cc = "<dan@example.org>",
			       .bcc = "<eve@example.org>",
			       .reply_to = "<list@example.org>",
			       .subject = "Grüße",
			       .text = "<html><body><p>Hällo <b>you</b></p></body></html>",
			       .text_type = 2,
			       .importance = 3,
			       .read = PHONE_YES }),
	    1);
	mail = draft_mail(user, 1);
	assert_true(received_has(mail, "From: <"));
	assert_true(received_has(mail, "Importance: high"));
	assert_true(received_has(mail, "multipart/alternative"));
	assert_true(received_has(mail, "Bcc: <eve@example.org>"));
	snprintf(id, sizeof(id), "%s", draft_with(ph, "Grüße")->id);
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->added, 0);
	assert_same_drafts(ph, user, "PHONE2");
	for (unsigned n = 0; n < 5; n++) { /* as phones save again and again */
		char text[64];

		snprintf(text, sizeof(text), "<html><body>edit %u</body></html>", n);
		assert_int_equal(
		    draft_alter(ph, "Grüße", (struct phone_edit){ .text = text, .text_type = 2 }), 1);
		sync_drafts(ph);
		assert_int_equal(drafts_of(ph)->count, 1);
	}
	assert_string_equal(draft_with(ph, "Grüße")->id, id);
	assert_int_equal(draft_alter(ph, "Grüße", (struct phone_edit){ .cc = "", .importance = 2 }), 1);
	mail = draft_mail(user, 1);
	assert_true(received_has(mail, "edit 4"));
	assert_false(received_has(mail, "\r\nCc:"));
	assert_false(received_has(mail, "Importance:"));
	assert_true(received_has(mail, "<carol@example.org>"));
	assert_same_drafts(ph, user, "PHONE3");
	assert_int_equal(draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_DELETE, .id = id }), 1);
	draft_mail(user, 0);
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 0);
}
TEST_VERSIONS(made_and_edited)

/* What somebody is still typing is no address yet. */
static void half_an_address(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", v);

	assert_int_equal(
	    draft_edit(ph,
		(struct phone_edit){
		    .command = AIRSYNC_ADD, .id = "d1", .to = "Bob Som", .subject = "half", .text = "x" }),
	    1);
	assert_true(received_has(draft_mail(user, 1), "To: Bob Som\r\n"));
}
TEST_VERSIONS(half_an_address)

/* ---- files ---- */

static void files_come_and_go(enum eas_version v)
{
	static const struct phone_file first[] = {
		{ .client_id = "f1", .name = "one.bin", .type = "application/x-one", .content = BYTES("\0\1\2one") },
		{ .client_id = "f2",
		    .name = "Übersicht über alles, was in diesem Jahr geschehen ist, und noch mehr.pdf",
		    .content = BYTES("two") },
		{ .client_id = "f3",
		    .name = "pic.png",
		    .type = "image/png",
		    .content_id = "pic@phone",
		    .content = BYTES("png"),
		    .is_inline = true },
	},
				       more[] = { { .client_id = "f4", .name = "four.txt", .type = "text/plain", .content = BYTES("four\n") } },
				       mail[] = { { .client_id = "f5",
					   .name = "mail.eml",
					   .content = BYTES("Subject: inside\r\n\r\nhi\r\n"),
					   .is_mail = true } };
	const char *user = scene_user(), *drop[1];
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	char one[200], two[200], pic[200];

	assert_int_equal(draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "d1",
					    .to = "<bob@example.org>",
					    .subject = "files",
					    .text = "<html><body><img src=\"cid:pic@phone\"></body></html>",
					    .text_type = 2,
					    .files = first,
					    .file_count = COUNT(first) }),
	    1);
	snprintf(one, sizeof(one), "%s", file_named(draft_with(ph, "files"), "one.bin")->reference);
	snprintf(two, sizeof(two), "%s", file_named(draft_with(ph, "files"), first[1].name)->reference);
	snprintf(pic, sizeof(pic), "%s", file_named(draft_with(ph, "files"), "pic.png")->reference);
	assert_file(ph, one, first[0].content);
	assert_file(ph, two, first[1].content);
	assert_file(ph, pic, first[2].content);
	assert_same_drafts(ph, user, "PHONE2");
	/* another file, another text: those that were there are what they were called */
	assert_int_equal(draft_alter(ph, "files", (struct phone_edit){ .files = more, .file_count = 1 }), 1);
	assert_file(ph, file_named(draft_with(ph, "files"), "four.txt")->reference, more[0].content);
	assert_file(ph, one, first[0].content);
	assert_int_equal(
	    draft_alter(ph, "files", (struct phone_edit){ .text = "no picture any more", .text_type = 1 }),
	    1);
	assert_file(ph, pic, first[2].content);
	drop[0] = one;
	assert_int_equal(draft_alter(ph, "files",
			     (struct phone_edit){
				 .drop = drop, .drop_count = 1, .files = mail, .file_count = COUNT(mail) }),
	    1);
	assert_file(ph, two, first[1].content);
	assert_file(ph, pic, first[2].content);
	assert_file(ph, file_named(draft_with(ph, "files"), "four.txt")->reference, more[0].content);
	assert_int_equal(draft_with(ph, "files")->attachment_count, 4);
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->changed, 0);
	assert_same_drafts(ph, user, "PHONE3");
	draft_mail(user, 1);
	/* once more the same: it is gone already */
	assert_int_equal(draft_alter(ph, "files", (struct phone_edit){ .drop = drop, .drop_count = 1 }), 1);
	drop[0] = "nonsense";
	assert_int_equal(draft_alter(ph, "files", (struct phone_edit){ .drop = drop, .drop_count = 1 }), 6);
	assert_same_drafts(ph, user, "PHONE4");
}
TEST_VERSIONS(files_come_and_go)

/* It goes from the former mail to the new one, and to SMTP, without ever being held. */
static void a_large_file_stays(enum eas_version v)
{
	enum { SIZE = 3 * 1024 * 1024 };
	const char *user = scene_user();
	unsigned before = received_count();
	struct arena *a = arena_new(64 << 20);
	uint8_t *file = arena_array(a, SIZE, 1);
	char reference[200];
	struct bytes mail;
	struct phone *ph;
	struct buf b;

	for (size_t i = 0; i < SIZE; i++)
		file[i] = (uint8_t)(i * 31 + i / 257);
	buf_init(&b, a, 0);
	buf_put_str(&b,
	    "Subject: large\r\nTo: bob@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
	    "boundary=cut\r\n\r\n--cut\r\n\r\ntext\r\n--cut\r\nContent-Type: a/b; name=large.bin\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	transfer_put_base64(&b, bytes_of(file, SIZE));
	buf_put_str(&b, "--cut--\r\n");
	assert_int_equal(buf_done(&b, &mail), ERR_OK);
	scene_append_raw(user, "Drafts", mail, "\\Draft", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	snprintf(
	    reference, sizeof(reference), "%s", file_named(draft_with(ph, "large"), "large.bin")->reference);
	assert_int_equal(draft_alter(ph, "large", (struct phone_edit){ .text = "other" }), 1);
	assert_int_equal(draft_alter(ph, "large", (struct phone_edit){ .text = "and another" }), 1);
	assert_file(ph, reference, bytes_of(file, SIZE));
	draft_mail(user, 1);
	assert_int_equal(draft_alter(ph, "large", (struct phone_edit){ .subject = "gone", .send = true }), 1);
	received_expect(before + 1);
	assert_in_range(received(before + 1, "eml").len, SIZE / 3 * 4, SIZE / 3 * 4 + 200000);
	draft_mail(user, 0);
	arena_free(&a);
}
TEST_VERSIONS(a_large_file_stays)

/* ---- flags, moves, searches ---- */

static void flags_stay(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph, *two;

	scene_append_raw(user, "Drafts", BYTES(DRAFT), "\\Draft", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	two = drafting_phone(user, "PHONE2", v);
	assert_int_equal(
	    draft_alter(ph, "draft",
		(struct phone_edit){ .flag = PHONE_YES, .categories = "Red\nBlue", .read = PHONE_YES }),
	    1);
	assert_int_equal(draft_alter(ph, "draft", (struct phone_edit){ .text = "other" }), 1);
	sync_drafts(two);
	assert_int_equal(draft_with(two, "draft")->flag, 2);
	assert_true(strstr(draft_with(two, "draft")->flag_text, "DueDate") != NULL);
	assert_true(strstr(draft_with(two, "draft")->categories, "Blue") != NULL);
	assert_true(draft_with(two, "draft")->read);
	/* both in one command */
	assert_int_equal(draft_alter(ph, "draft",
			     (struct phone_edit){ .text = "more", .flag = PHONE_NO, .categories = "Green" }),
	    1);
	sync_drafts(two);
	assert_int_equal(draft_with(two, "draft")->flag, 0);
	assert_string_equal(draft_with(two, "draft")->categories, "Green");
	assert_true(strstr(draft_with(two, "draft")->body, "more") != NULL);
	assert_same_drafts(ph, user, "PHONE3");
}
TEST_VERSIONS(flags_stay)

/* The content is stored, the flag that makes no sense isn't: the phone is told how the draft stands. */
static void a_flag_that_cannot_be(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	const struct phone_item *i;

	assert_int_equal(draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "d1",
					    .subject = "odd",
					    .text = "first",
					    .flag_text = "Status=9" }),
	    1);
	sync_drafts(ph);
	assert_int_equal(draft_with(ph, "odd")->flag, 0);
	assert_int_equal(
	    draft_alter(ph, "odd", (struct phone_edit){ .text = "second", .flag_text = "Status=9" }), 6);
	sync_drafts(ph);
	i = draft_with(ph, "odd");
	assert_int_equal(i->flag, 0);
	assert_true(strstr(i->body, "second") != NULL);
	assert_true(received_has(draft_mail(user, 1), "second"));
	assert_same_drafts(ph, user, "PHONE2");
}
TEST_VERSIONS(a_flag_that_cannot_be)

static void found_and_moved(enum eas_version v)
{
	static const struct phone_body_preference plain = { .type = 1, .truncation = PHONE_WHOLE };
	const char *user = scene_user(), *new_id;
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	struct phone_item *item = NULL;
	char id[64], trash[64];
	unsigned status;

	assert_int_equal(draft_edit(ph,
			     (struct phone_edit){
				 .command = AIRSYNC_ADD, .id = "d1", .subject = "moving", .text = "first" }),
	    1);
	assert_int_equal(draft_alter(ph, "moving", (struct phone_edit){ .text = "second" }), 1);
	snprintf(id, sizeof(id), "%s", draft_with(ph, "moving")->id);
	SCENE_OK(ph, phone_fetch_item(ph, drafts_of(ph)->id, id, &plain, &status, &item));
	assert_int_equal(status, 1);
	assert_true(strstr(item->body, "second") != NULL);
	phone_item_free(&item);
	SCENE_OK(ph, phone_sync_folder(ph, phone_folder_of_type(&ph->replica, 4), NULL));
	SCENE_OK(ph, phone_move_item(ph, id, drafts_of(ph)->id, phone_folder_of_type(&ph->replica, 4)->id,
			 &status, &new_id));
	assert_int_equal(status, 3);
	snprintf(trash, sizeof(trash), "%s", new_id);
	draft_mail(user, 0);
	SCENE_OK(ph, phone_move_item(ph, trash, phone_folder_of_type(&ph->replica, 4)->id, drafts_of(ph)->id,
			 &status, &new_id));
	assert_int_equal(status, 3);
	assert_string_equal(new_id, id); /* what was a draft is the same one again */
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 1);
	assert_same_drafts(ph, user, "PHONE2");
}
TEST_VERSIONS(found_and_moved)

/* FilterType holds for drafts, too. */
static void old_drafts_are_left_out(enum eas_version v)
{
	static const struct phone_options_block week = { .filter = 4,
		.bodies = { { .type = 2, .truncation = PHONE_WHOLE } } };
	static const struct phone_collection narrow = { .window = 100, .options = &week };
	const char *user = scene_user();
	struct phone *ph = scene_phone(user, "PHONE1", v);

	scene_append_raw(
	    user, "Drafts", BYTES("Subject: old\r\n\r\nx\r\n"), "\\Draft", "01-Feb-2026 10:00:00 +0000");
	scene_append_raw(user, "Drafts", BYTES("Subject: new\r\n\r\nx\r\n"), "\\Draft", NULL);
	SCENE_OK(ph, phone_setup(ph));
	SCENE_OK(ph, phone_sync_folder(ph, drafts_of(ph), &narrow));
	assert_int_equal(drafts_of(ph)->count, 1);
	draft_with(ph, "new");
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 2);
	SCENE_OK(ph, phone_sync_folder(ph, drafts_of(ph), &narrow));
	assert_int_equal(drafts_of(ph)->count, 1);
	sync_drafts(ph);
	assert_int_equal(draft_alter(ph, "old", (struct phone_edit){ .text = "new again" }), 1);
	SCENE_OK(ph, phone_sync_folder(ph, drafts_of(ph), &narrow));
	assert_int_equal(drafts_of(ph)->count, 2);
	scene_assert_clean(ph);
}
TEST_VERSIONS(old_drafts_are_left_out)

/* ---- the phone's own MIME ---- */

static void whole_mime(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	struct bytes mail;

	assert_int_equal(
	    draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD,
			       .id = "d1",
			       .text = "From: me@example.org\r\nTo: bob@example.org\r\nSubject: own\r\n"
				       "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
				       "\r\nmine\r\n",
			       .text_type = 4 }),
	    1);
	mail = draft_mail(user, 1);
	assert_true(received_has(mail, "Subject: own"));
	assert_int_equal(received_times(mail, "MIME-Version"), 1);
	assert_int_equal(received_times(mail, "Content-Type"), 1);
	assert_true(received_has(mail, "\r\n\r\nmine\r\n"));
}
TEST_VERSIONS(whole_mime)

/* ---- what can't be ---- */

static const struct version_row old_versions[] = { { "12.1", EAS_12_1 }, { "14.1", EAS_14_1 } };

static void is_refused_before_16(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct scene_mail *mails;

	scene_append_raw(user, "Drafts", BYTES(DRAFT), "\\Draft \\Seen", NULL);
	ph = scene_synced_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_sync_folder(ph, drafts_of(ph), NULL));
	assert_int_equal(
	    draft_edit(ph, (struct phone_edit){ .command = AIRSYNC_ADD, .id = "n", .text = "x" }), 6);
	assert_int_equal(scene_mails(user, "Drafts", &mails), 1);
}
TEST_VERSIONS(is_refused_before_16)

static void signed_is_left(enum eas_version v)
{
	static const char mail[] =
	    "From: me@example.org\r\nSubject: signed\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; "
	    "protocol=\"application/pgp-signature\"; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n"
	    "Content-Type: application/pgp-signature\r\n\r\nxx\r\n--b--\r\n";
	const char *user = scene_user();
	struct bytes kept;
	struct phone *ph;

	scene_append_raw(user, "Drafts", bytes_str(mail), "\\Draft", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	assert_int_equal(draft_alter(ph, "signed", (struct phone_edit){ .text = "other" }), 7);
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 2); /* what the phone said is beside it */
	assert_true(received_has(draft_mail(user, 2), "other"));
	assert_true(truth_fetch(scene_truth(user), "Drafts", 1, &kept));
	assert_true(bytes_eq_str(kept, mail));
	assert_int_equal(draft_alter(ph, "signed", (struct phone_edit){ .read = PHONE_YES }), 1);
}
TEST_VERSIONS(signed_is_left)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 60 });
	TEST_ADD_VERSIONS(another_programs_draft);
	TEST_ADD_DRAFT_VERSIONS(changed_by_a_phone);
	TEST_ADD_DRAFT_VERSIONS(made_and_edited);
	TEST_ADD_DRAFT_VERSIONS(half_an_address);
	TEST_ADD_DRAFT_VERSIONS(files_come_and_go);
	TEST_ADD_DRAFT_VERSIONS(a_large_file_stays);
	TEST_ADD_DRAFT_VERSIONS(flags_stay);
	TEST_ADD_DRAFT_VERSIONS(a_flag_that_cannot_be);
	TEST_ADD_DRAFT_VERSIONS(found_and_moved);
	TEST_ADD_DRAFT_VERSIONS(old_drafts_are_left_out);
	TEST_ADD_DRAFT_VERSIONS(whole_mime);
	TEST_ADD_ROWS(is_refused_before_16, old_versions);
	TEST_ADD_DRAFT_VERSIONS(signed_is_left);
	failed = test_run("drafts");
	scene_close();
	return failed;
}
