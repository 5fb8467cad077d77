/* Notes between phones, Dovecot and other programs that keep notes in an IMAP mailbox: what a phone holds is what the newest mail
 * of each note says, and nobody's words get lost. The other parts: notes_at_once.c, notes_folders.c. */
#include "notes_scenarios.h"
#include "note_side.h"

static const struct phone_options_block html_options = { .bodies = {
							     { .type = 2, .truncation = PHONE_WHOLE } } };
static const struct phone_collection html = { .window = 100, .options = &html_options };

/* ---- round trips ---- */

static void a_note_of_the_phone_goes_round(enum eas_version v)
{
	const char *user = scene_user();
	struct side one = side_make(user, "PHONE1", v), two = side_make(user, "PHONE2", v);
	struct bytes mail;

	assert_int_equal(one.notes->count, 0);
	side_add(&one, "c1", "Einkauf für Ä", "Einkauf für Ä\r\nMilch, 2 €\r\n");
	side_sync(&one);
	assert_int_equal(one.notes->added + one.notes->changed, 0); /* no echo */
	assert_int_equal(one.notes->count, 1);
	side_sync(&two);
	assert_string_equal(side_note(&two, "Einkauf für Ä")->body, "Einkauf für Ä\r\nMilch, 2 €\r\n");
	assert_string_equal(side_note(&two, "Einkauf für Ä")->message_class, "IPM.StickyNote");
	assert_int_equal(strlen(side_note(&two, "Einkauf für Ä")->date), 16);
	assert_string_equal(side_note(&one, "Einkauf für Ä")->id, side_note(&two, "Einkauf für Ä")->id);
	assert_int_equal(notes_count(user, "Notes"), 1);
	mail = bytes_of(NULL, 0);
	assert_true(truth_fetch(scene_truth(user), "Notes", 1, &mail));
	assert_true(notes_has(mail, "X-Uniform-Type-Identifier: com.apple.mail-note\r\n"));
	assert_true(notes_has(mail, "X-Universally-Unique-Identifier: "));
	assert_true(notes_has(mail, "X-Mail-Created-Date: "));

	side_change(&two, "Einkauf für Ä", (struct phone_edit){ .subject = "Einkauf", .text = "Brot" });
	side_sync(&two);
	assert_int_equal(two.notes->changed, 0);
	side_sync(&one);
	assert_int_equal(one.notes->changed, 1);
	assert_int_equal(one.notes->deleted + one.notes->added, 0);
	assert_string_equal(side_note(&one, "Einkauf")->body, "Brot");
	assert_int_equal(notes_count(user, "Notes"), 1);

	side_change(&one, "Einkauf", (struct phone_edit){ .command = AIRSYNC_DELETE });
	side_sync(&two);
	assert_int_equal(two.notes->count, 0);
	assert_int_equal(notes_count(user, "Notes"), 0);
	assert_int_equal(notes_count(user, "Trash"), 1);
	scene_assert_clean(one.ph);
}
TEST_VERSIONS(a_note_of_the_phone_goes_round)

static void apples_note_is_changed_in_place(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;
	struct bytes mail;
	char id[64];

	notes_make_folder(user);
	notes_put(user, notes_apple("My first note", note_uuid_1, "My first note<div><b>bold</b></div>"));
	s = side_make(user, "PHONE1", v);
	assert_int_equal(s.notes->count, 1);
	assert_string_equal(side_note(&s, "My first note")->date, "20261106T091933Z");
	assert_int_equal(side_note(&s, "My first note")->native_body, 2);
	snprintf(id, sizeof(id), "%s", side_note(&s, "My first note")->id);

	/* a new title alone leaves the text's form, although the phone sends the text again, as plain as it got it */
	side_change(&s, "My first note",
	    (struct phone_edit){ .subject = "Renamed", .text = side_note(&s, "My first note")->body });
	assert_int_equal(notes_count(user, "Notes"), 1);
	mail = notes_mail(user, "Renamed");
	assert_true(notes_has(mail, "<b>bold</b>"));
	assert_true(notes_has(mail, "X-Own: kept\r\n"));
	assert_true(notes_has(mail, note_uuid_1));
	assert_true(notes_has(mail, "X-Mail-Created-Date: Thu, 05 Nov 2026 08:00:00 +0100\r\n"));
	assert_false(notes_has(mail, "Fri, 06 Nov 2026"));

	side_change(&s, "Renamed", (struct phone_edit){ .text = "quite <another> text" });
	mail = notes_mail(user, "Renamed");
	assert_true(notes_has(mail, "Content-Type: text/html; charset=3Dutf-8") ||
		    notes_has(mail, "Content-Type: text/html; charset=utf-8"));
	assert_true(notes_has(mail, "&lt;another&gt;"));
	assert_true(notes_has(mail, "X-Own: kept\r\n"));
	side_sync(&s);
	assert_string_equal(side_note(&s, "Renamed")->id, id);
	assert_int_equal(s.notes->added + s.notes->changed + s.notes->deleted, 0);
}
TEST_VERSIONS(apples_note_is_changed_in_place)

/* What other IMAP clients do: append a new copy, then delete the former. */
static void another_program_changes_a_note(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;

	notes_make_folder(user);
	notes_put(user, notes_apple("Old title", note_uuid_1, "old text"));
	notes_put(user, notes_apple("Untouched", note_uuid_2, "text"));
	s = side_make(user, "PHONE1", v);
	notes_put(user, notes_apple("New title", "0a1b2c3d-1111-4222-8333-444455556666", "new text"));
	side_sync(&s); /* between the two steps: once, and the newest */
	assert_int_equal(s.notes->count, 2);
	assert_string_equal(side_note(&s, "New title")->body, "new text");
	assert_int_equal(s.notes->changed, 1);
	assert_int_equal(s.notes->added + s.notes->deleted, 0);
	truth_store(scene_truth(user), "Notes", "1", "+FLAGS", "\\Deleted");
	side_sync(&s);
	assert_int_equal(s.notes->changed + s.notes->added + s.notes->deleted, 0);
	truth_expunge(scene_truth(user), "Notes", "1");
	side_sync(&s);
	assert_int_equal(s.notes->changed + s.notes->added + s.notes->deleted, 0);
	assert_int_equal(s.notes->count, 2);
	truth_expunge(scene_truth(user), "Notes", "3");
	side_sync(&s);
	assert_int_equal(s.notes->count, 1);
	assert_int_equal(s.notes->deleted, 1);
}
TEST_VERSIONS(another_program_changes_a_note)

static void categories_are_keywords(enum eas_version v)
{
	const char *user = scene_user();
	struct side one = side_make(user, "PHONE1", v), two = side_make(user, "PHONE2", v);
	const struct truth_mail *all;

	assert_int_equal(side_try(&one, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "c1",
					    .subject = "n",
					    .text = "t",
					    .categories = "Red\nBlue" }),
	    1);
	side_sync(&two);
	assert_non_null(strstr(side_note(&two, "n")->categories, "Red"));
	assert_non_null(strstr(side_note(&two, "n")->categories, "Blue"));
	/* categories alone: the mail stays the same one */
	side_change(&two, "n", (struct phone_edit){ .categories = "Blue" });
	assert_int_equal(truth_list(scene_truth(user), "Notes", &all), 1);
	assert_int_equal(all[0].uid, 1);
	assert_null(strstr(all[0].flags, "Red"));
	side_sync(&one);
	assert_string_equal(side_note(&one, "n")->categories, "Blue");
	truth_store(scene_truth(user), "Notes", "1", "+FLAGS", "Green $Forwarded");
	side_sync(&one);
	assert_non_null(strstr(side_note(&one, "n")->categories, "Green"));
	side_sync(&two);
	/* what isn't said is gone: MS-ASNOTE 2.2.2. What is no category stays. */
	side_change(&two, "n", (struct phone_edit){ .text = "t 2" });
	assert_int_equal(truth_list(scene_truth(user), "Notes", &all), 1);
	assert_non_null(strstr(all[0].flags, "$Forwarded"));
	assert_null(strstr(all[0].flags, "Blue"));
	side_sync(&one);
	assert_string_equal(side_note(&one, "n")->categories, "");
}
TEST_VERSIONS(categories_are_keywords)

/* What can't be a keyword isn't kept, and the phone is told so, rather than left to believe that it were. */
static void a_category_that_is_too_long(enum eas_version v)
{
	static const char too_long[] =
	    "a category whose name is so long that no IMAP server takes it for a keyword of a mail";
	const char *user = scene_user();
	struct side s = side_make(user, "PHONE1", v);
	struct phone_edit e = {
		.command = AIRSYNC_ADD, .id = "c1", .subject = "n", .text = "t", .categories = too_long
	};

	assert_int_equal(side_try(&s, e), 1);
	side_sync(&s);
	assert_string_equal(side_note(&s, "n")->categories, "");
	side_change(&s, "n", (struct phone_edit){ .categories = too_long });
	side_sync(&s);
	assert_string_equal(side_note(&s, "n")->categories, "");
	side_change(&s, "n", (struct phone_edit){ .text = "t 2", .categories = "Groß und lang" });
	side_sync(&s);
	assert_int_equal(s.notes->changed, 0);
	assert_string_equal(side_note(&s, "n")->categories, "Groß und lang");
	s = side_make(user, "PHONE2", v);
	assert_string_equal(side_note(&s, "n")->categories, "Groß und lang");
}
TEST_VERSIONS(a_category_that_is_too_long)

/* ---- odd notes ---- */

/* Put there by hand: no UUID, perhaps not even a header. */
static void a_note_without_a_uuid(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;
	char id[64];

	notes_make_folder(user);
	notes_put(user, BYTES("Subject: by hand\r\n\r\nsome text\r\n"));
	s = side_make(user, "PHONE1", v);
	snprintf(id, sizeof(id), "%s", side_note(&s, "by hand")->id);
	side_change(&s, "by hand", (struct phone_edit){ .text = "other text" });
	side_sync(&s);
	assert_string_equal(side_note(&s, "by hand")->id, id);
	assert_int_equal(s.notes->count, 1);
	assert_int_equal(s.notes->changed + s.notes->deleted, 0);
	assert_int_equal(notes_count(user, "Notes"), 1);
	assert_true(notes_has(notes_mail(user, "by hand"), "X-Universally-Unique-Identifier: "));
	side_change(&s, "by hand", (struct phone_edit){ .text = "third text" });
	side_sync(&s);
	assert_string_equal(side_note(&s, "by hand")->id, id);
	assert_int_equal(notes_count(user, "Notes"), 1);
}
TEST_VERSIONS(a_note_without_a_uuid)

/* A client died between appending and deleting, long ago: nobody knows whether what it left is of worth. */
static void left_over_copies_are_not_deleted(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;

	notes_make_folder(user);
	notes_put(user, notes_apple("version 1", note_uuid_1, "one"));
	notes_put(user, notes_apple("version 2", note_uuid_1, "two"));
	notes_put(user, notes_apple("version 3", note_uuid_1, "three"));
	s = side_make(user, "PHONE1", v);
	assert_int_equal(s.notes->count, 1);
	side_change(&s, "version 3", (struct phone_edit){ .subject = "version 4", .text = "four" });
	assert_int_equal(notes_count(user, "Notes"), 3);
	assert_null(scene_mail(user, "Notes", "version 3"));
	assert_non_null(scene_mail(user, "Notes", "version 1"));
	side_sync(&s);
	assert_int_equal(s.notes->count, 1);
	side_change(&s, "version 4", (struct phone_edit){ .command = AIRSYNC_DELETE });
	side_sync(&s);
	assert_int_equal(s.notes->count, 0);
	assert_int_equal(notes_count(user, "Notes"), 0);
	assert_int_equal(notes_count(user, "Trash"), 3);
}
TEST_VERSIONS(left_over_copies_are_not_deleted)

static const char with_picture[] =
    "Subject: picture\r\nX-Universally-Unique-Identifier: 0A1B2C3D-9999-4222-8333-444455556666\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"rel\"\r\n\r\npreamble\r\n"
    "--rel\r\nContent-Type: multipart/alternative; boundary=alt\r\n\r\n"
    "--alt\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nplain words\r\n"
    "--alt\r\nContent-Type: text/html\r\n\r\n<p>plain words</p><img src=\"cid:p1\">\r\n--alt--\r\n\r\n"
    "--rel\r\nContent-Type: image/png\r\nContent-ID: <p1>\r\nContent-Transfer-Encoding: base64\r\n"
    "Content-Disposition: inline; filename=p.png\r\n\r\niVBORw0KGgo=\r\n--rel--\r\nepilogue\r\n";

static void pictures_survive_a_change(enum eas_version v)
{
	const char *user = scene_user();
	struct bytes mail;
	struct side s;

	notes_make_folder(user);
	notes_put(user, bytes_str(with_picture));
	s = side_make(user, "PHONE1", v);
	side_change(&s, "picture", (struct phone_edit){ .text = "new words" });
	mail = notes_mail(user, "picture");
	assert_true(notes_has(mail, "--rel\r\nContent-Type: image/png\r\nContent-ID: <p1>\r\n"));
	assert_true(notes_has(mail, "iVBORw0KGgo=\r\n--rel--\r\nepilogue\r\n"));
	assert_false(notes_has(mail, "plain words"));
	side_sync(&s);
	SCENE_OK(s.ph, phone_sync_folder(s.ph, s.notes, &html));
	assert_int_equal(notes_count(user, "Notes"), 1);
	{
		struct side two = side_make(user, "PHONE2", v);

		assert_string_equal(side_note(&two, "picture")->body, "new words");
	}
}
TEST_VERSIONS(pictures_survive_a_change)

static const char is_signed[] =
    "Subject: signed\r\nX-Universally-Unique-Identifier: 0A1B2C3D-8888-4222-8333-444455556666\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"application/pgp-signature\"; "
    "boundary=sig\r\n\r\n"
    "--sig\r\nContent-Type: text/plain\r\n\r\nsigned words\r\n"
    "--sig\r\nContent-Type: application/pgp-signature\r\n\r\nabc\r\n--sig--\r\n";

static void a_signed_note_stays_as_it_is(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;

	notes_make_folder(user);
	notes_put(user, bytes_str(is_signed));
	s = side_make(user, "PHONE1", v);
	assert_int_equal(side_try_change(&s, "signed", (struct phone_edit){ .text = "forged" }), 7);
	assert_int_equal(s.notes->changed, 1); /* the phone is told again what it is */
	side_sync(&s);
	assert_int_equal(s.notes->changed, 0);
	assert_string_equal(side_note(&s, "signed")->body, "signed words");
	assert_true(notes_has(notes_mail(user, "signed"), "signed words"));
	assert_int_equal(notes_count(user, "Notes"), 1);
}
TEST_VERSIONS(a_signed_note_stays_as_it_is)

/* A phone that shows only the beginning of a note and sends that back with a new title. */
static void a_cut_text_sent_back_is_no_change(enum eas_version v)
{
	static const struct phone_options_block cut = { .bodies = { { .type = 1, .truncation = 20 } } };
	static const struct phone_collection c = { .window = 100, .options = &cut };
	const char *user = scene_user();
	struct side s = { .ph = scene_phone(user, "PHONE1", v) };
	char text[64];

	notes_make_folder(user);
	notes_put(user,
	    notes_apple("long", note_uuid_1, "<div>beginning of a long text that goes on and on</div>"));
	SCENE_OK(s.ph, phone_setup(s.ph));
	s.notes = phone_folder_of_type(&s.ph->replica, 10);
	SCENE_OK(s.ph, phone_sync_folder(s.ph, s.notes, &c));
	assert_true(side_note(&s, "long")->body_truncated);
	snprintf(text, sizeof(text), "%s", side_note(&s, "long")->body);
	side_change(&s, "long", (struct phone_edit){ .subject = "longer", .text = text });
	assert_true(notes_has(notes_mail(user, "longer"), "goes on and on"));
	side_change(&s, "longer", (struct phone_edit){ .text = "short" });
	assert_false(notes_has(notes_mail(user, "longer"), "goes on and on"));
}
TEST_VERSIONS(a_cut_text_sent_back_is_no_change)

/* Nothing of a note can be ghosted (MS-ASCMD 2.2.3.179). */
static void a_list_of_supported_properties_is_refused(enum eas_version v)
{
	struct side s = side_make(scene_user(), "GHOST", v);

	for (int named = 0; named < 2; named++) {
		struct wbxml_writer *w = phone_request(s.ph);
		const struct wbxml_node *collection;

		wbxml_open(w, AIRSYNC_SYNC);
		wbxml_open(w, AIRSYNC_COLLECTIONS);
		wbxml_open(w, AIRSYNC_COLLECTION);
		wbxml_put_str(w, AIRSYNC_SYNC_KEY, "0");
		wbxml_put_str(w, AIRSYNC_COLLECTION_ID, s.notes->id);
		wbxml_open(w, AIRSYNC_SUPPORTED);
		if (named)
			wbxml_put_empty(w, NOTES_SUBJECT);
		for (int i = 0; i < 4; i++)
			wbxml_close(w);
		SCENE_OK(s.ph, phone_command(s.ph, CMD_SYNC, NULL));
		collection = wbxml_child(wbxml_child(s.ph->root, AIRSYNC_COLLECTIONS), AIRSYNC_COLLECTION);
		assert_bytes_str(wbxml_child_text(collection, AIRSYNC_STATUS), named ? "4" : "1");
	}
}
TEST_VERSIONS(a_list_of_supported_properties_is_refused)

int notes_scenarios_run(const char *program)
{
	TEST_ADD_NOTE_VERSIONS(a_note_of_the_phone_goes_round);
	TEST_ADD_NOTE_VERSIONS(apples_note_is_changed_in_place);
	TEST_ADD_NOTE_VERSIONS(another_program_changes_a_note);
	TEST_ADD_NOTE_VERSIONS(categories_are_keywords);
	TEST_ADD_NOTE_VERSIONS(a_category_that_is_too_long);
	TEST_ADD_NOTE_VERSIONS(a_note_without_a_uuid);
	TEST_ADD_NOTE_VERSIONS(left_over_copies_are_not_deleted);
	TEST_ADD_NOTE_VERSIONS(pictures_survive_a_change);
	TEST_ADD_NOTE_VERSIONS(a_signed_note_stays_as_it_is);
	TEST_ADD_NOTE_VERSIONS(a_cut_text_sent_back_is_no_change);
	TEST_ADD_NOTE_VERSIONS(a_list_of_supported_properties_is_refused);
	notes_at_once_add();
	notes_folders_add();
	return test_run(program);
}
