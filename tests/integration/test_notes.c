/* Notes between phones, Dovecot and other programs that keep notes in an IMAP mailbox: what a phone holds is what the newest mail
 * of each note says, and nobody's words get lost. */
#include <poll.h>

#include "scene.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Notes are a class from 14.0 on. */
static const struct version_row note_versions[] = {
	{ "14.0", EAS_14_0 },
	{ "14.1", EAS_14_1 },
	{ "16.1", EAS_16_1 },
};
#define TEST_ADD_NOTE_VERSIONS(function) TEST_ADD_ROWS(function, note_versions)

static const struct phone_options_block html_options = { .bodies = {
							     { .type = 2, .truncation = PHONE_WHOLE } } };
static const struct phone_options_block plain_options = { .bodies = {
							      { .type = 1, .truncation = PHONE_WHOLE } } };
static const struct phone_collection html = { .window = 100, .options = &html_options };
static const struct phone_collection plain = { .window = 100, .options = &plain_options };

/* ---- a phone with notes ---- */

struct side {
	struct phone *ph;
	struct phone_folder *notes;
};

static void sync_notes(struct side *s)
{
	SCENE_OK(s->ph, phone_sync_folder(s->ph, s->notes, &plain));
	scene_assert_clean(s->ph);
}

static struct side make_side(const char *user, const char *device, enum eas_version v)
{
	struct side s = { .ph = scene_phone(user, device, v) };

	SCENE_OK(s.ph, phone_setup(s.ph));
	s.notes = phone_folder_of_type(&s.ph->replica, 10);
	assert_non_null(s.notes);
	sync_notes(&s);
	return s;
}

static const struct phone_item *note_of(const struct side *s, const char *subject)
{
	const struct phone_item *i = phone_item_with_subject(s->notes, subject);

	if (!i)
		fail_msg("the phone has no note \"%s\"", subject);
	return i;
}

static unsigned try_edit(struct side *s, struct phone_edit e)
{
	unsigned status;

	e.note = true;
	SCENE_OK(s->ph, phone_edit_one(s->ph, s->notes, &e, &status));
	return status;
}

static void add(struct side *s, const char *client_id, const char *subject, const char *text)
{
	assert_int_equal(try_edit(s,
			     (struct phone_edit){
				 .command = AIRSYNC_ADD, .id = client_id, .subject = subject, .text = text }),
	    1);
}

static unsigned try_change(struct side *s, const char *subject, struct phone_edit e)
{
	char id[64];

	snprintf(id, sizeof(id), "%s", note_of(s, subject)->id);
	e.command = e.command ? e.command : AIRSYNC_CHANGE;
	e.id = id;
	return try_edit(s, e);
}

static void change(struct side *s, const char *subject, struct phone_edit e)
{
	assert_int_equal(try_change(s, subject, e), 1);
}

/* ---- what IMAP has ---- */

static size_t count_mails(const char *user, const char *mailbox)
{
	struct scene_mail *all;

	return scene_mails(user, mailbox, &all);
}

static struct bytes mail_of(const char *user, const char *subject)
{
	const struct scene_mail *m = scene_mail(user, "Notes", subject);
	struct bytes mail = { 0 };

	if (!m)
		fail_msg("IMAP has no note \"%s\"", subject);
	assert_true(truth_fetch(scene_truth(user), "Notes", m->uid, &mail));
	return mail;
}

static bool has(struct bytes mail, const char *text)
{
	return memmem(mail.p, mail.len, text, strlen(text)) != NULL;
}

/* A note as Apple's program writes it, of our own making. */
static struct bytes apple_note(const char *subject, const char *uuid, const char *html_text)
{
	char *text = test_keep(strlen(subject) + strlen(uuid) + strlen(html_text) + 1024);

	sprintf(text,
	    "Subject: %s\r\nFrom: Anna Example <anna@example.org>\r\n"
	    "X-Universally-Unique-Identifier: %s\r\nContent-Type: text/html;\r\n\tcharset=utf-8\r\n"
	    "X-Uniform-Type-Identifier: com.apple.mail-note\r\nMessage-Id: <%s@example.org>\r\n"
	    "Date: Fri, 06 Nov 2026 10:19:33 +0100\r\nX-Mail-Created-Date: Thu, 05 Nov 2026 08:00:00 "
	    "+0100\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\nMime-Version: 1.0 (1.0)\r\nX-Own: "
	    "kept\r\n\r\n%s\r\n",
	    subject, uuid, uuid, html_text);
	return bytes_str(text);
}

static void put_note(const char *user, struct bytes mail)
{
	scene_append_raw(user, "Notes", mail, "\\Seen", NULL);
}

static void has_notes_folder(const char *user)
{
	if (!truth_has_mailbox(scene_truth(user), "Notes"))
		truth_create(scene_truth(user), "Notes");
}

static const char uuid_1[] = "0A1B2C3D-1111-4222-8333-444455556666";
static const char uuid_2[] = "0A1B2C3D-2222-4222-8333-444455556666";

/* ---- round trips ---- */

static void a_note_of_the_phone_goes_round(enum eas_version v)
{
	const char *user = scene_user();
	struct side one = make_side(user, "PHONE1", v), two = make_side(user, "PHONE2", v);
	struct bytes mail;

	assert_int_equal(one.notes->count, 0);
	add(&one, "c1", "Einkauf für Ä", "Einkauf für Ä\r\nMilch, 2 €\r\n");
	sync_notes(&one);
	assert_int_equal(one.notes->added + one.notes->changed, 0); /* no echo */
	assert_int_equal(one.notes->count, 1);
	sync_notes(&two);
	assert_string_equal(note_of(&two, "Einkauf für Ä")->body, "Einkauf für Ä\r\nMilch, 2 €\r\n");
	assert_string_equal(note_of(&two, "Einkauf für Ä")->message_class, "IPM.StickyNote");
	assert_int_equal(strlen(note_of(&two, "Einkauf für Ä")->date), 16);
	assert_string_equal(note_of(&one, "Einkauf für Ä")->id, note_of(&two, "Einkauf für Ä")->id);
	assert_int_equal(count_mails(user, "Notes"), 1);
	mail = bytes_of(NULL, 0);
	assert_true(truth_fetch(scene_truth(user), "Notes", 1, &mail));
	assert_true(has(mail, "X-Uniform-Type-Identifier: com.apple.mail-note\r\n"));
	assert_true(has(mail, "X-Universally-Unique-Identifier: "));
	assert_true(has(mail, "X-Mail-Created-Date: "));

	change(&two, "Einkauf für Ä", (struct phone_edit){ .subject = "Einkauf", .text = "Brot" });
	sync_notes(&two);
	assert_int_equal(two.notes->changed, 0);
	sync_notes(&one);
	assert_int_equal(one.notes->changed, 1);
	assert_int_equal(one.notes->deleted + one.notes->added, 0);
	assert_string_equal(note_of(&one, "Einkauf")->body, "Brot");
	assert_int_equal(count_mails(user, "Notes"), 1);

	change(&one, "Einkauf", (struct phone_edit){ .command = AIRSYNC_DELETE });
	sync_notes(&two);
	assert_int_equal(two.notes->count, 0);
	assert_int_equal(count_mails(user, "Notes"), 0);
	assert_int_equal(count_mails(user, "Trash"), 1);
	scene_assert_clean(one.ph);
}
TEST_VERSIONS(a_note_of_the_phone_goes_round)

static void apples_note_is_changed_in_place(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;
	struct bytes mail;
	char id[64];

	has_notes_folder(user);
	put_note(user, apple_note("My first note", uuid_1, "My first note<div><b>bold</b></div>"));
	s = make_side(user, "PHONE1", v);
	assert_int_equal(s.notes->count, 1);
	assert_string_equal(note_of(&s, "My first note")->date, "20261106T091933Z");
	assert_int_equal(note_of(&s, "My first note")->native_body, 2);
	snprintf(id, sizeof(id), "%s", note_of(&s, "My first note")->id);

	/* a new title alone leaves the text's form, although the phone sends the text again, as plain as it got it */
	change(&s, "My first note",
	    (struct phone_edit){ .subject = "Renamed", .text = note_of(&s, "My first note")->body });
	assert_int_equal(count_mails(user, "Notes"), 1);
	mail = mail_of(user, "Renamed");
	assert_true(has(mail, "<b>bold</b>"));
	assert_true(has(mail, "X-Own: kept\r\n"));
	assert_true(has(mail, uuid_1));
	assert_true(has(mail, "X-Mail-Created-Date: Thu, 05 Nov 2026 08:00:00 +0100\r\n"));
	assert_false(has(mail, "Fri, 06 Nov 2026"));

	change(&s, "Renamed", (struct phone_edit){ .text = "quite <another> text" });
	mail = mail_of(user, "Renamed");
	assert_true(has(mail, "Content-Type: text/html; charset=3Dutf-8") ||
		    has(mail, "Content-Type: text/html; charset=utf-8"));
	assert_true(has(mail, "&lt;another&gt;"));
	assert_true(has(mail, "X-Own: kept\r\n"));
	sync_notes(&s);
	assert_string_equal(note_of(&s, "Renamed")->id, id);
	assert_int_equal(s.notes->added + s.notes->changed + s.notes->deleted, 0);
}
TEST_VERSIONS(apples_note_is_changed_in_place)

/* What other IMAP clients do: append a new copy, then delete the former. */
static void another_program_changes_a_note(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;

	has_notes_folder(user);
	put_note(user, apple_note("Old title", uuid_1, "old text"));
	put_note(user, apple_note("Untouched", uuid_2, "text"));
	s = make_side(user, "PHONE1", v);
	put_note(user, apple_note("New title", "0a1b2c3d-1111-4222-8333-444455556666", "new text"));
	sync_notes(&s); /* between the two steps: once, and the newest */
	assert_int_equal(s.notes->count, 2);
	assert_string_equal(note_of(&s, "New title")->body, "new text");
	assert_int_equal(s.notes->changed, 1);
	assert_int_equal(s.notes->added + s.notes->deleted, 0);
	truth_store(scene_truth(user), "Notes", "1", "+FLAGS", "\\Deleted");
	sync_notes(&s);
	assert_int_equal(s.notes->changed + s.notes->added + s.notes->deleted, 0);
	truth_expunge(scene_truth(user), "Notes", "1");
	sync_notes(&s);
	assert_int_equal(s.notes->changed + s.notes->added + s.notes->deleted, 0);
	assert_int_equal(s.notes->count, 2);
	truth_expunge(scene_truth(user), "Notes", "3");
	sync_notes(&s);
	assert_int_equal(s.notes->count, 1);
	assert_int_equal(s.notes->deleted, 1);
}
TEST_VERSIONS(another_program_changes_a_note)

static void categories_are_keywords(enum eas_version v)
{
	const char *user = scene_user();
	struct side one = make_side(user, "PHONE1", v), two = make_side(user, "PHONE2", v);
	const struct truth_mail *all;

	assert_int_equal(try_edit(&one, (struct phone_edit){ .command = AIRSYNC_ADD,
					    .id = "c1",
					    .subject = "n",
					    .text = "t",
					    .categories = "Red\nBlue" }),
	    1);
	sync_notes(&two);
	assert_non_null(strstr(note_of(&two, "n")->categories, "Red"));
	assert_non_null(strstr(note_of(&two, "n")->categories, "Blue"));
	/* categories alone: the mail stays the same one */
	change(&two, "n", (struct phone_edit){ .categories = "Blue" });
	assert_int_equal(truth_list(scene_truth(user), "Notes", &all), 1);
	assert_int_equal(all[0].uid, 1);
	assert_null(strstr(all[0].flags, "Red"));
	sync_notes(&one);
	assert_string_equal(note_of(&one, "n")->categories, "Blue");
	truth_store(scene_truth(user), "Notes", "1", "+FLAGS", "Green $Forwarded");
	sync_notes(&one);
	assert_non_null(strstr(note_of(&one, "n")->categories, "Green"));
	sync_notes(&two);
	/* what isn't said is gone: MS-ASNOTE 2.2.2.2. What is no category stays. */
	change(&two, "n", (struct phone_edit){ .text = "t 2" });
	assert_int_equal(truth_list(scene_truth(user), "Notes", &all), 1);
	assert_non_null(strstr(all[0].flags, "$Forwarded"));
	assert_null(strstr(all[0].flags, "Blue"));
	sync_notes(&one);
	assert_string_equal(note_of(&one, "n")->categories, "");
}
TEST_VERSIONS(categories_are_keywords)

/* ---- odd notes ---- */

/* Put there by hand: no UUID, perhaps not even a header. */
static void a_note_without_a_uuid(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;
	char id[64];

	has_notes_folder(user);
	put_note(user, BYTES("Subject: by hand\r\n\r\nsome text\r\n"));
	s = make_side(user, "PHONE1", v);
	snprintf(id, sizeof(id), "%s", note_of(&s, "by hand")->id);
	change(&s, "by hand", (struct phone_edit){ .text = "other text" });
	sync_notes(&s);
	assert_string_equal(note_of(&s, "by hand")->id, id);
	assert_int_equal(s.notes->count, 1);
	assert_int_equal(s.notes->changed + s.notes->deleted, 0);
	assert_int_equal(count_mails(user, "Notes"), 1);
	assert_true(has(mail_of(user, "by hand"), "X-Universally-Unique-Identifier: "));
	change(&s, "by hand", (struct phone_edit){ .text = "third text" });
	sync_notes(&s);
	assert_string_equal(note_of(&s, "by hand")->id, id);
	assert_int_equal(count_mails(user, "Notes"), 1);
}
TEST_VERSIONS(a_note_without_a_uuid)

/* A client died between appending and deleting, long ago: nobody knows whether what it left is of worth. */
static void left_over_copies_are_not_deleted(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;

	has_notes_folder(user);
	put_note(user, apple_note("version 1", uuid_1, "one"));
	put_note(user, apple_note("version 2", uuid_1, "two"));
	put_note(user, apple_note("version 3", uuid_1, "three"));
	s = make_side(user, "PHONE1", v);
	assert_int_equal(s.notes->count, 1);
	change(&s, "version 3", (struct phone_edit){ .subject = "version 4", .text = "four" });
	assert_int_equal(count_mails(user, "Notes"), 3);
	assert_null(scene_mail(user, "Notes", "version 3"));
	assert_non_null(scene_mail(user, "Notes", "version 1"));
	sync_notes(&s);
	assert_int_equal(s.notes->count, 1);
	change(&s, "version 4", (struct phone_edit){ .command = AIRSYNC_DELETE });
	sync_notes(&s);
	assert_int_equal(s.notes->count, 0);
	assert_int_equal(count_mails(user, "Notes"), 0);
	assert_int_equal(count_mails(user, "Trash"), 3);
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

	has_notes_folder(user);
	put_note(user, bytes_str(with_picture));
	s = make_side(user, "PHONE1", v);
	change(&s, "picture", (struct phone_edit){ .text = "new words" });
	mail = mail_of(user, "picture");
	assert_true(has(mail, "--rel\r\nContent-Type: image/png\r\nContent-ID: <p1>\r\n"));
	assert_true(has(mail, "iVBORw0KGgo=\r\n--rel--\r\nepilogue\r\n"));
	assert_false(has(mail, "plain words"));
	sync_notes(&s);
	SCENE_OK(s.ph, phone_sync_folder(s.ph, s.notes, &html));
	assert_int_equal(count_mails(user, "Notes"), 1);
	{
		struct side two = make_side(user, "PHONE2", v);

		assert_string_equal(note_of(&two, "picture")->body, "new words");
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

	has_notes_folder(user);
	put_note(user, bytes_str(is_signed));
	s = make_side(user, "PHONE1", v);
	assert_int_equal(try_change(&s, "signed", (struct phone_edit){ .text = "forged" }), 7);
	assert_int_equal(s.notes->changed, 1); /* the phone is told again what it is */
	sync_notes(&s);
	assert_int_equal(s.notes->changed, 0);
	assert_string_equal(note_of(&s, "signed")->body, "signed words");
	assert_true(has(mail_of(user, "signed"), "signed words"));
	assert_int_equal(count_mails(user, "Notes"), 1);
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

	has_notes_folder(user);
	put_note(user, apple_note("long", uuid_1, "<div>beginning of a long text that goes on and on</div>"));
	SCENE_OK(s.ph, phone_setup(s.ph));
	s.notes = phone_folder_of_type(&s.ph->replica, 10);
	SCENE_OK(s.ph, phone_sync_folder(s.ph, s.notes, &c));
	assert_true(note_of(&s, "long")->body_truncated);
	snprintf(text, sizeof(text), "%s", note_of(&s, "long")->body);
	change(&s, "long", (struct phone_edit){ .subject = "longer", .text = text });
	assert_true(has(mail_of(user, "longer"), "goes on and on"));
	change(&s, "longer", (struct phone_edit){ .text = "short" });
	assert_false(has(mail_of(user, "longer"), "goes on and on"));
}
TEST_VERSIONS(a_cut_text_sent_back_is_no_change)

/* ---- both sides at once ---- */

static void who_wins(enum eas_version v)
{
	static const struct phone_options_block client_wins = { .server_wins = PHONE_NO,
		.bodies = { { .type = 1, .truncation = PHONE_WHOLE } } };
	const char *user = scene_user();
	struct side s;

	has_notes_folder(user);
	put_note(user, apple_note("title", uuid_1, "base"));
	s = make_side(user, "PHONE1", v);
	put_note(user, apple_note("title", uuid_1, "theirs"));
	truth_expunge(scene_truth(user), "Notes", "1");
	assert_int_equal(try_change(&s, "title", (struct phone_edit){ .text = "mine" }), 7);
	sync_notes(&s);
	assert_string_equal(note_of(&s, "title")->body, "theirs");

	put_note(user, apple_note("title", uuid_1, "theirs again"));
	truth_expunge(scene_truth(user), "Notes", "2");
	assert_int_equal(try_change(&s, "title", (struct phone_edit){ .command = AIRSYNC_DELETE }), 7);
	sync_notes(&s);
	assert_string_equal(note_of(&s, "title")->body, "theirs again");

	SCENE_OK(s.ph, phone_sync_folder(s.ph, s.notes,
			   &(struct phone_collection){ .window = 100, .options = &client_wins }));
	put_note(user, apple_note("title", uuid_1, "theirs, third"));
	truth_expunge(scene_truth(user), "Notes", "3");
	assert_int_equal(try_change(&s, "title", (struct phone_edit){ .text = "mine" }), 1);
	sync_notes(&s);
	assert_string_equal(note_of(&s, "title")->body, "mine");
	assert_int_equal(count_mails(user, "Notes"), 1);
	assert_true(has(mail_of(user, "title"), "mine"));
}
TEST_VERSIONS(who_wins)

/* ---- lost answers, dead workers ---- */

static void lost_answers(enum eas_version v)
{
	const char *user = scene_user();
	struct side one = make_side(user, "PHONE1", v), two;
	struct phone_edit edits[3] = {
		{ .command = AIRSYNC_ADD, .id = "c1", .note = true, .subject = "added", .text = "text" },
		{ .command = AIRSYNC_CHANGE, .note = true, .text = "changed text" },
		{ .command = AIRSYNC_DELETE, .note = true },
	};
	struct phone_collection c = { .folder_id = one.notes->id, .edits = edits, .edit_count = 3 };

	add(&one, "c2", "to change", "text");
	add(&one, "c3", "to delete", "text");
	edits[1].id = note_of(&one, "to change")->id;
	edits[2].id = note_of(&one, "to delete")->id;
	for (int i = 0; i < 3; i++) {
		one.ph->lose = i ? PHONE_LOSE_READ : PHONE_LOSE_UNREAD;
		SCENE_ERR(one.ph, phone_sync_one(one.ph, &c), ERR_CANCELLED);
	}
	SCENE_OK(one.ph, phone_sync_one(one.ph, &c));
	assert_int_equal(one.notes->status, 1);
	sync_notes(&one);
	assert_int_equal(one.notes->count, 2);
	assert_int_equal(count_mails(user, "Notes"), 2);
	two = make_side(user, "PHONE2", v);
	assert_int_equal(two.notes->count, 2);
	assert_string_equal(note_of(&two, "to change")->body, "changed text");
	assert_string_equal(note_of(&two, "added")->body, "text");
}
TEST_VERSIONS(lost_answers)

/* The same note again, under a ClientId that was used before: another note. */
static void client_ids_count_from_the_beginning_again(enum eas_version v)
{
	const char *user = scene_user();
	struct side s = make_side(user, "PHONE1", v);

	add(&s, "c1", "same", "same");
	add(&s, "c1", "same", "same");
	add(&s, "c1", "other", "same");
	sync_notes(&s);
	assert_int_equal(s.notes->count, 3);
	assert_int_equal(count_mails(user, "Notes"), 3);
}
TEST_VERSIONS(client_ids_count_from_the_beginning_again)

/* ---- push ---- */

static void a_ping_tells(enum eas_version v)
{
	const char *user = scene_user();
	struct side one, two;
	const char *id, *changed[2];
	size_t count;

	has_notes_folder(user);
	put_note(user, apple_note("title", uuid_1, "text"));
	one = make_side(user, "PHONE1", v);
	two = make_side(user, "PHONE2", v);
	id = two.notes->id;
	SCENE_OK(two.ph, phone_ping_send(two.ph, 60, &id, 1));
	poll(NULL, 0, 300);
	change(&one, "title", (struct phone_edit){ .text = "changed" });
	SCENE_OK(two.ph, phone_ping_receive(two.ph, 60, changed, COUNT(changed), &count));
	assert_int_equal(two.ph->status, 2);
	sync_notes(&two);
	assert_string_equal(note_of(&two, "title")->body, "changed");

	SCENE_OK(two.ph, phone_ping_send(two.ph, 60, &id, 1));
	poll(NULL, 0, 300);
	put_note(user, apple_note("another", uuid_2, "text"));
	SCENE_OK(two.ph, phone_ping_receive(two.ph, 60, changed, COUNT(changed), &count));
	assert_int_equal(two.ph->status, 2);
	sync_notes(&two);
	assert_int_equal(two.notes->count, 2);
}
TEST_VERSIONS(a_ping_tells)

static void its_own_notes_wake_no_phone(enum eas_version v)
{
	const char *user = scene_user();
	struct side s = make_side(user, "PHONE1", v), ear;
	const char *id = s.notes->id, *changed[2];
	size_t count;

	add(&s, "c0", "first", "text");
	ear = (struct side){ .ph = scene_phone(
				 user, "PHONE1", v) }; /* the same device on a second connection */
	SCENE_OK(ear.ph, phone_setup(ear.ph));
	SCENE_OK(ear.ph, phone_ping_send(ear.ph, 3, &id, 1));
	poll(NULL, 0, 300);
	add(&s, "c1", "second", "text");
	change(&s, "second", (struct phone_edit){ .text = "text 2" });
	SCENE_OK(ear.ph, phone_ping_receive(ear.ph, 3, changed, COUNT(changed), &count));
	assert_int_equal(ear.ph->status, 1);
}
TEST_VERSIONS(its_own_notes_wake_no_phone)

/* ---- folders ---- */

static void folders_of_notes(enum eas_version v)
{
	const char *user = scene_user(), *id;
	struct side s;
	struct phone_folder *sub;

	has_notes_folder(user);
	truth_create(scene_truth(user), "Notes/Work");
	scene_append_raw(user, "Notes/Work", apple_note("at work", uuid_1, "text"), "\\Seen", NULL);
	s = make_side(user, "PHONE1", v);
	sub = phone_folder_named(&s.ph->replica, "Work");
	assert_non_null(sub);
	assert_int_equal(sub->type, 17);
	SCENE_OK(s.ph, phone_sync_folder(s.ph, sub, &plain));
	assert_int_equal(sub->count, 1);
	SCENE_OK(s.ph, phone_folder_create(s.ph, s.notes->id, "Home", 17, &id));
	assert_int_equal(s.ph->status, 1);
	assert_true(truth_has_mailbox(scene_truth(user), "Notes/Home"));
	SCENE_OK(s.ph, phone_folder_create(s.ph, s.notes->id, "Mail", 12, &id));
	assert_int_equal(s.ph->status, 10);
	SCENE_OK(s.ph, phone_folder_create(s.ph, "0", "Other notes", 17, &id));
	assert_int_equal(s.ph->status, 10);
	SCENE_OK(s.ph, phone_folder_delete(s.ph, phone_folder_named(&s.ph->replica, "Home")->id));
	assert_int_equal(s.ph->status, 1);
	SCENE_OK(s.ph, phone_folder_delete(s.ph, s.notes->id));
	assert_int_equal(s.ph->status, 3);
	SCENE_OK(s.ph, phone_folder_sync(s.ph, NULL));
	scene_assert_clean(s.ph);
}
TEST_VERSIONS(folders_of_notes)

static void old_versions_know_no_notes(void **state)
{
	const char *user = scene_user();
	struct phone *ph;

	(void)state;
	has_notes_folder(user);
	ph = scene_synced_phone(user, "PHONE1", EAS_12_1);
	assert_null(phone_folder_named(&ph->replica, "Notes"));
	assert_null(phone_folder_of_type(&ph->replica, 10));
	scene_assert_clean(ph);
}

static void a_phone_that_starts_over(enum eas_version v)
{
	const char *user = scene_user();
	struct side s = make_side(user, "PHONE1", v);

	for (int i = 0; i < 7; i++) {
		char client_id[8], subject[16];

		snprintf(client_id, sizeof(client_id), "c%d", i);
		snprintf(subject, sizeof(subject), "note %d", i);
		add(&s, client_id, subject, "text");
	}
	phone_folder_forget_all(s.notes);
	SCENE_OK(
	    s.ph, phone_sync_one(s.ph, &(struct phone_collection){ .folder_id = s.notes->id, .key = "0" }));
	SCENE_OK(s.ph, phone_sync_folder(s.ph, s.notes,
			   &(struct phone_collection){ .window = 3, .options = &plain_options }));
	assert_int_equal(s.notes->count, 7);
	scene_assert_clean(s.ph);
}
TEST_VERSIONS(a_phone_that_starts_over)

int main(void)
{
	static const char *const settings[] = { "imap.notes_folder=Notes", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 90, .settings = settings });
	TEST_ADD_NOTE_VERSIONS(a_note_of_the_phone_goes_round);
	TEST_ADD_NOTE_VERSIONS(apples_note_is_changed_in_place);
	TEST_ADD_NOTE_VERSIONS(another_program_changes_a_note);
	TEST_ADD_NOTE_VERSIONS(categories_are_keywords);
	TEST_ADD_NOTE_VERSIONS(a_note_without_a_uuid);
	TEST_ADD_NOTE_VERSIONS(left_over_copies_are_not_deleted);
	TEST_ADD_NOTE_VERSIONS(pictures_survive_a_change);
	TEST_ADD_NOTE_VERSIONS(a_signed_note_stays_as_it_is);
	TEST_ADD_NOTE_VERSIONS(a_cut_text_sent_back_is_no_change);
	TEST_ADD_NOTE_VERSIONS(who_wins);
	TEST_ADD_NOTE_VERSIONS(lost_answers);
	TEST_ADD_NOTE_VERSIONS(client_ids_count_from_the_beginning_again);
	TEST_ADD_NOTE_VERSIONS(a_ping_tells);
	TEST_ADD_NOTE_VERSIONS(its_own_notes_wake_no_phone);
	TEST_ADD_NOTE_VERSIONS(folders_of_notes);
	TEST_ADD_NOTE_VERSIONS(a_phone_that_starts_over);
	TEST_ADD(old_versions_know_no_notes);
	failed = test_run("notes");
	scene_close();
	return failed;
}
