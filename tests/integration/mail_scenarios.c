#include "mail_scenarios.h"

#include <poll.h>

#include "scene.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct phone_options_block plain = { .bodies = { { .type = 1, .truncation = 500 } } };

/* ---- first Sync ---- */

static void initial_sync_equals_imap(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *f;

	scene_append_many(user, "INBOX", "mail", 25);
	scene_store(user, "INBOX", "mail 3", "+FLAGS", "\\Seen");
	scene_store(user, "INBOX", "mail 9", "+FLAGS", "\\Flagged");
	scene_store(user, "INBOX", "mail 11", "+FLAGS", "\\Seen \\Flagged \\Answered");
	scene_append_many(user, "Sent", "sent", 3);
	ph = scene_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_setup(ph));
	f = scene_inbox(ph);
	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .window = 7, .options = &plain }));
	scene_assert_same(f, user, "INBOX");
	f = phone_folder_of_type(&ph->replica, 5);
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	scene_assert_same(f, user, "Sent");
	f = phone_folder_of_type(&ph->replica, 4);
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	assert_int_equal(f->count, 0);
	scene_assert_clean(ph);
}
TEST_VERSIONS(initial_sync_equals_imap)

static void an_item_is_complete(enum eas_version v)
{
	static const char mail[] =
	    "From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\nTo: Anna <anna@example.org>, "
	    "bob@example.org\r\n"
	    "Cc: carol@example.org\r\nReply-To: list@example.org\r\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"
	    "Date: Tue, 24 Nov 2026 10:00:00 +0100\r\nMessage-ID: <complete@example.org>\r\nImportance: "
	    "high\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
	    "8bit\r\n\r\n"
	    "Sch\xF6ne Gr\xFC\xDF"
	    "e\r\n";
	const char *user = scene_user();
	struct phone *ph;
	struct phone_item *i;

	scene_append_raw(user, "INBOX", bytes_str(mail), "", "24-Nov-2026 09:00:05 +0000");
	ph = scene_synced_phone(user, "PHONE1", v);
	i = phone_item_with_subject(scene_inbox(ph), "Grüße");
	assert_non_null(i);
	assert_non_null(strstr(i->from, "Jörg"));
	assert_non_null(strstr(i->from, "joerg@example.org"));
	assert_non_null(strstr(i->to, "bob@example.org"));
	assert_non_null(strstr(i->cc, "carol@example.org"));
	assert_non_null(strstr(i->reply_to, "list@example.org"));
	assert_string_equal(i->date, "2026-11-24T09:00:05.000Z");
	assert_int_equal(i->importance, 2);
	assert_string_equal(i->message_class, "IPM.Note");
	assert_int_equal(i->body_type, 1);
	assert_int_equal(i->native_body, 1);
	assert_false(i->body_truncated);
	assert_string_equal(i->body, "Schöne Grüße\r\n");
	scene_assert_clean(ph);
}
TEST_VERSIONS(an_item_is_complete)

/* ---- from the server ---- */

static void new_mail_arrives(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	scene_append_many(user, "INBOX", "old", 3);
	ph = scene_synced_phone(user, "PHONE1", v);
	scene_append(user, "INBOX", "new", "");
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->added, 1);
	assert_int_equal(scene_inbox(ph)->changed + scene_inbox(ph)->deleted, 0);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->added + scene_inbox(ph)->changed + scene_inbox(ph)->deleted, 0);
	scene_assert_clean(ph);
}
TEST_VERSIONS(new_mail_arrives)

static void flags_come_from_imap(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 4);
	ph = scene_synced_phone(user, "PHONE1", v);
	scene_store(user, "INBOX", "m 1", "+FLAGS", "\\Seen");
	scene_store(user, "INBOX", "m 2", "+FLAGS", "\\Flagged");
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->changed, 2);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_store(user, "INBOX", "m 1", "-FLAGS", "\\Seen");
	scene_store(user, "INBOX", "m 2", "-FLAGS", "\\Flagged");
	scene_sync(ph, scene_inbox(ph));
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(flags_come_from_imap)

static void deletes_come_from_imap(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 5);
	ph = scene_synced_phone(user, "PHONE1", v);
	scene_expunge(user, "INBOX", "m 2");
	scene_expunge(user, "INBOX", "m 4");
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->deleted, 2);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(deletes_come_from_imap)

static void moves_come_from_imap(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *trash;

	scene_append_many(user, "INBOX", "m", 3);
	ph = scene_synced_phone(user, "PHONE1", v);
	trash = phone_folder_of_type(&ph->replica, 4);
	SCENE_OK(ph, phone_sync_folder(ph, trash, NULL));
	scene_move(user, "INBOX", "m 2", "Trash");
	scene_sync(ph, scene_inbox(ph));
	scene_sync(ph, trash);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_same(trash, user, "Trash");
	assert_int_equal(trash->count, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(moves_come_from_imap)

/* ---- from the phone ---- */

static void edit(struct phone *ph, const char *subject, struct phone_edit what)
{
	struct phone_folder *f = scene_inbox(ph);
	struct phone_item *i = phone_item_with_subject(f, subject);
	unsigned status;

	assert_non_null(i);
	what.id = test_keep(strlen(i->id) + 1);
	strcpy((char *)(uintptr_t)what.id, i->id);
	SCENE_OK(ph, phone_edit_one(ph, f, &what, &status));
	assert_int_equal(status, 1);
}

static void flags_go_to_imap(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 3);
	ph = scene_synced_phone(user, "PHONE1", v);
	edit(ph, "m 1", (struct phone_edit){ .command = AIRSYNC_CHANGE, .read = PHONE_YES });
	edit(ph, "m 2", (struct phone_edit){ .command = AIRSYNC_CHANGE, .flag = PHONE_YES });
	assert_true(scene_mail(user, "INBOX", "m 1")->seen);
	assert_true(scene_mail(user, "INBOX", "m 2")->flagged);
	assert_false(scene_mail(user, "INBOX", "m 2")->seen);
	scene_sync(ph, scene_inbox(ph)); /* its own changes don't come back */
	assert_int_equal(scene_inbox(ph)->changed, 0);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	edit(ph, "m 1", (struct phone_edit){ .command = AIRSYNC_CHANGE, .read = PHONE_NO });
	edit(ph, "m 2", (struct phone_edit){ .command = AIRSYNC_CHANGE, .flag = PHONE_NO });
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(flags_go_to_imap)

static void deletes_go_to_the_trash(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 3);
	ph = scene_synced_phone(user, "PHONE1", v);
	edit(ph, "m 2", (struct phone_edit){ .command = AIRSYNC_DELETE });
	assert_null(scene_mail(user, "INBOX", "m 2"));
	assert_non_null(scene_mail(user, "Trash", "m 2"));
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->deleted, 0);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(deletes_go_to_the_trash)

static void deletes_for_good(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_collection rq = { .deletes_as_moves = PHONE_NO, .edit_count = 1 };
	struct phone_edit del = { .command = AIRSYNC_DELETE };
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 3);
	ph = scene_synced_phone(user, "PHONE1", v);
	del.id = phone_item_with_subject(scene_inbox(ph), "m 3")->id;
	rq.folder_id = scene_inbox(ph)->id;
	rq.edits = &del;
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	assert_int_equal(scene_inbox(ph)->status, 1);
	assert_null(scene_mail(user, "INBOX", "m 3"));
	assert_null(scene_mail(user, "Trash", "m 3"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(deletes_for_good)

static void a_change_of_what_is_gone(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_edit read = { .command = AIRSYNC_CHANGE, .read = PHONE_YES };
	struct phone_collection rq = { .edits = &read, .edit_count = 1 };

	scene_append_many(user, "INBOX", "m", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	scene_expunge(user, "INBOX", "m 1");
	read.id = phone_item_with_subject(scene_inbox(ph), "m 1")->id;
	rq.folder_id = scene_inbox(ph)->id;
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	scene_sync(ph, scene_inbox(ph));
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_change_of_what_is_gone)

/* A mail is marked as read by somebody else, and the phone, which has not heard of it, says that it is unread. */
static void changed_on_both_sides(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_options_block client_wins = plain, server_wins = plain;
	struct phone_edit unread = { .command = AIRSYNC_CHANGE, .read = PHONE_NO };
	struct phone_collection c = { .edits = &unread, .edit_count = 1 };
	struct phone *ph;

	client_wins.server_wins = PHONE_NO;
	server_wins.server_wins = PHONE_YES;
	scene_append_many(user, "INBOX", "m", 3);
	ph = scene_synced_phone(user, "PHONE1", v);
	c.folder_id = scene_inbox(ph)->id;
	for (unsigned i = 1; i <= 3; i++) { /* not said: the server wins */
		char subject[8];

		snprintf(subject, sizeof(subject), "m %u", i);
		c.options = i == 1 ? NULL : i == 2 ? &server_wins : &client_wins;
		unread.id = phone_item_with_subject(scene_inbox(ph), subject)->id;
		scene_store(user, "INBOX", subject, "+FLAGS", "\\Seen");
		SCENE_OK(ph, phone_sync_one(ph, &c));
		assert_int_equal(ph->result_count, i < 3);
		if (i < 3)
			assert_int_equal(ph->results[0].status, 7);
		assert_int_equal(scene_mail(user, "INBOX", subject)->seen, i < 3);
		scene_assert_same(scene_inbox(ph), user, "INBOX");
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(changed_on_both_sides)

/* What the phone itself has changed since its last look is no conflict, nor what doesn't concern what it changes. */
static void changed_on_both_sides_without_harm(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_edit change = { .command = AIRSYNC_CHANGE, .read = PHONE_YES };
	struct phone_collection c = { .edits = &change, .edit_count = 1, .get_changes = PHONE_NO };
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	c.folder_id = scene_inbox(ph)->id;
	change.id = phone_item_with_subject(scene_inbox(ph), "m 1")->id;
	for (unsigned i = 0; i < 4; i++) {
		change.read = i % 2 ? PHONE_NO : PHONE_YES;
		SCENE_OK(ph, phone_sync_one(ph, &c));
		assert_int_equal(ph->result_count, 0);
		assert_int_equal(scene_mail(user, "INBOX", "m 1")->seen, i % 2 == 0);
	}
	scene_store(user, "INBOX", "m 1", "+FLAGS", "\\Flagged");
	change.read = PHONE_YES;
	SCENE_OK(ph, phone_sync_one(ph, &c));
	assert_int_equal(ph->result_count, 0);
	assert_int_equal(scene_inbox(ph)->changed, 0); /* GetChanges 0 */
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->changed, 1);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(changed_on_both_sides_without_harm)

static void moves_go_to_imap(enum eas_version v)
{
	const char *user = scene_user(), *new_id;
	struct phone *ph;
	struct phone_folder *sent;
	unsigned status;

	scene_append_many(user, "INBOX", "m", 3);
	ph = scene_synced_phone(user, "PHONE1", v);
	sent = phone_folder_of_type(&ph->replica, 5);
	SCENE_OK(ph, phone_sync_folder(ph, sent, NULL));
	SCENE_OK(ph, phone_move_item(ph, phone_item_with_subject(scene_inbox(ph), "m 2")->id,
			 scene_inbox(ph)->id, sent->id, &status, &new_id));
	assert_int_equal(status, 3);
	assert_true(new_id[0] != '\0');
	assert_non_null(scene_mail(user, "Sent", "m 2"));
	scene_sync(ph, scene_inbox(ph));
	scene_sync(ph, sent);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_same(sent, user, "Sent");
	scene_assert_clean(ph);
}
TEST_VERSIONS(moves_go_to_imap)

static void moves_that_cannot_be(enum eas_version v)
{
	const char *user = scene_user(), *new_id, *inbox, *item;
	struct phone *ph;
	unsigned status;

	scene_append_many(user, "INBOX", "m", 1);
	ph = scene_synced_phone(user, "PHONE1", v);
	inbox = scene_inbox(ph)->id;
	item = phone_item_with_subject(scene_inbox(ph), "m 1")->id;
	SCENE_OK(ph, phone_move_item(ph, item, inbox, inbox, &status, &new_id));
	assert_int_equal(status, 4);
	SCENE_OK(ph, phone_move_item(ph, item, inbox, "4711", &status, &new_id));
	assert_int_equal(status, 2);
	SCENE_OK(ph, phone_move_item(
			 ph, "no:such", inbox, phone_folder_of_type(&ph->replica, 5)->id, &status, &new_id));
	assert_int_equal(status, 1);
}
TEST_VERSIONS(moves_that_cannot_be)

/* ---- windows and filters ---- */

static void the_newest_come_first(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_phone(user, "PHONE1", v);
	struct phone_folder *f;
	struct phone_collection rq = { .window = 4, .options = &plain };

	scene_append_many(user, "INBOX", "m", 10);
	SCENE_OK(ph, phone_setup(ph));
	f = scene_inbox(ph);
	rq.folder_id = f->id;
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = "0" }));
	assert_int_equal(f->added, 0);
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	assert_int_equal(f->added, 4);
	assert_true(f->more);
	assert_non_null(phone_item_with_subject(f, "m 10"));
	assert_null(phone_item_with_subject(f, "m 1"));
	scene_append(user, "INBOX", "in between", "");
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	assert_non_null(phone_item_with_subject(f, "in between"));
	SCENE_OK(ph, phone_sync_folder(ph, f, &rq));
	scene_assert_same(f, user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(the_newest_come_first)

static void a_filter_hides_what_is_old(enum eas_version v)
{
	static const struct phone_options_block week = { .filter = 1 + 3,
		.bodies = { { .type = 1, .truncation = 100 } } };
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *f;

	scene_append(user, "INBOX", "today", "");
	scene_append_raw(
	    user, "INBOX", BYTES("Subject: long ago\r\n\r\nx\r\n"), "", "17-Jul-2020 02:44:25 +0000");
	ph = scene_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_setup(ph));
	f = scene_inbox(ph);
	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &week }));
	assert_int_equal(f->count, 1);
	assert_non_null(phone_item_with_subject(f, "today"));
	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &plain }));
	assert_int_equal(f->count, 2);
	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &week }));
	assert_int_equal(f->soft_deleted, 1);
	assert_int_equal(f->count, 1);
	assert_non_null(scene_mail(user, "INBOX", "long ago")); /* only the phone forgets it */
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_filter_hides_what_is_old)

static void an_estimate_is_what_comes(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	unsigned status, estimate;

	scene_append_many(user, "INBOX", "m", 3);
	ph = scene_synced_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_estimate(ph, scene_inbox(ph), NULL, &status, &estimate));
	assert_int_equal(status, 1);
	assert_int_equal(estimate, 0);
	scene_append_many(user, "INBOX", "more", 2);
	scene_store(user, "INBOX", "m 1", "+FLAGS", "\\Seen");
	SCENE_OK(ph, phone_estimate(ph, scene_inbox(ph), NULL, &status, &estimate));
	assert_int_equal(status, 1);
	assert_int_equal(estimate, 3);
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->added + scene_inbox(ph)->changed, 3);
	scene_assert_clean(ph);
}
TEST_VERSIONS(an_estimate_is_what_comes)

/* ---- several folders, partial and empty requests ---- */

static void several_folders_at_once(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_collection both[2] = { { .window = 50, .options = &plain },
		{ .window = 50, .options = &plain } };
	struct phone_sync rq = { .collections = both, .count = 2 };
	struct phone_folder *inbox, *sent;

	scene_append_many(user, "INBOX", "in", 2);
	scene_append_many(user, "Sent", "out", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	inbox = scene_inbox(ph);
	sent = phone_folder_of_type(&ph->replica, 5);
	SCENE_OK(ph, phone_sync_folder(ph, sent, NULL));
	both[0].folder_id = inbox->id;
	both[1].folder_id = sent->id;
	SCENE_OK(ph, phone_sync(ph, &rq)); /* nothing new; the server remembers the request */
	scene_append(user, "Sent", "out 3", "");
	SCENE_OK(ph, phone_sync(ph, NULL)); /* the empty request repeats it */
	assert_int_equal(ph->status, 1);
	assert_int_equal(sent->added, 1);
	scene_append(user, "INBOX", "in 3", "");
	SCENE_OK(
	    ph, phone_sync(ph, &(struct phone_sync){ .collections = &both[1], .count = 1, .partial = true }));
	assert_int_equal(inbox->added, 1);
	scene_assert_same(inbox, user, "INBOX");
	scene_assert_same(sent, user, "Sent");
	scene_assert_clean(ph);
}
TEST_VERSIONS(several_folders_at_once)

/* An empty request doesn't say which key the phone has. After an answer that was lost it must not pass for the newest. */
static void an_empty_request_after_a_lost_answer(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_collection c = { .window = 50, .options = &plain };
	struct phone_sync rq = { .collections = &c, .count = 1 };
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	c.folder_id = scene_inbox(ph)->id;
	SCENE_OK(ph, phone_sync(ph, &rq));
	SCENE_OK(ph, phone_sync(ph, NULL));
	assert_int_equal(ph->status, 1);
	scene_append(user, "INBOX", "not to be lost", "");
	ph->lose = PHONE_LOSE_READ;
	SCENE_ERR(ph, phone_sync(ph, NULL), ERR_CANCELLED);
	SCENE_OK(ph, phone_sync(ph, NULL));
	assert_int_equal(ph->status, 13); /* the phone then says all again */
	SCENE_OK(ph, phone_sync(ph, &rq));
	assert_int_equal(scene_inbox(ph)->added, 1);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	SCENE_OK(ph, phone_sync(ph, &rq)); /* shows that it has got the new key */
	SCENE_OK(ph, phone_sync(ph, NULL));
	assert_int_equal(ph->status, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(an_empty_request_after_a_lost_answer)

static void an_empty_request_without_a_former_one(enum eas_version v)
{
	struct phone *ph = scene_phone(scene_user(), "PHONE1", v);

	SCENE_OK(ph, phone_setup(ph));
	SCENE_OK(ph, phone_sync(ph, NULL));
	assert_int_equal(ph->status, 13);
}
TEST_VERSIONS(an_empty_request_without_a_former_one)

/* ---- bodies ---- */

static const char two_bodies[] =
    "From: a@example.org\r\nSubject: two bodies\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=out\r\n\r\n"
    "--out\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
    "--in\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain words of some length\r\n"
    "--in\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>marked <b>words</b></p>\r\n"
    "--in--\r\n"
    "--out\r\nContent-Type: application/pdf; name=\"b\xC3\xBCro.pdf\"\r\nContent-Transfer-Encoding: "
    "base64\r\n"
    "Content-Disposition: attachment; filename=\"report.pdf\"\r\n\r\nJVBERi0xLjQKJcOkw7zDtsOfCg==\r\n"
    "--out--\r\n";

static const struct body_case {
	const char *name;
	struct phone_options_block options;
	unsigned type;
	bool truncated;
	const char *holds, *lacks;
} body_cases[] = {
	{ "plain", { .bodies = { { .type = 1, .truncation = PHONE_WHOLE } } }, 1, false,
	    "plain words of some length", "<b>" },
	{ "plain, cut", { .bodies = { { .type = 1, .truncation = 11 } } }, 1, true, "plain words", "length" },
	{ "HTML", { .bodies = { { .type = 2, .truncation = PHONE_WHOLE } } }, 2, false, "<b>words</b>",
	    "plain words" },
	{ "HTML before plain",
	    { .bodies = { { .type = 1, .truncation = PHONE_WHOLE },
		  { .type = 2, .truncation = PHONE_WHOLE } } },
	    2, false, "<b>words</b>", "plain words" },
	{ "MIME", { .mime_support = 1 + 2, .bodies = { { .type = 4, .truncation = PHONE_WHOLE } } }, 4, false,
	    "multipart/alternative", "no such words" },
	{ "nothing of it", { .bodies = { { .type = 1, .truncation = 0 } } }, 1, true, "", "plain" },
};

static void body_is_as_asked(const struct body_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *user = scene_user();
		struct phone *ph = scene_phone(user, "PHONE1", scene_versions[n].version);
		struct phone_item *i;

		scene_append_raw(user, "INBOX", bytes_str(two_bodies), "", NULL);
		SCENE_OK(ph, phone_setup(ph));
		SCENE_OK(ph, phone_sync_folder(
				 ph, scene_inbox(ph), &(struct phone_collection){ .options = &c->options }));
		i = phone_item_with_subject(scene_inbox(ph), "two bodies");
		assert_non_null(i);
		assert_int_equal(i->body_type, c->type);
		assert_int_equal(i->body_truncated, c->truncated);
		if (!strstr(i->body, c->holds) || strstr(i->body, c->lacks))
			fail_msg("the body is: %s", i->body);
		assert_int_equal(i->attachment_count, 1);
		assert_string_equal(i->attachments[0].name, "report.pdf");
		scene_assert_clean(ph);
		phone_hang_up(ph);
	}
}
TEST_ROW(body_is_as_asked)

static void attachments_and_whole_mails_are_fetched(enum eas_version v)
{
	static const char pdf[] = "%PDF-1.4\n%\xC3\xA4\xC3\xBC\xC3\xB6\xC3\x9F\n";
	static const struct phone_body_preference mime = { .type = 4, .truncation = PHONE_WHOLE },
						  cut = { .type = 1, .truncation = 5 };
	const char *user = scene_user();
	struct phone *ph;
	struct phone_item *i, *fetched;
	struct bytes data, type;
	char *id, *reference;
	unsigned status;

	scene_append_raw(user, "INBOX", bytes_str(two_bodies), "", NULL);
	ph = scene_synced_phone(user, "PHONE1", v);
	i = phone_item_with_subject(scene_inbox(ph), "two bodies");
	id = i->id;
	reference = i->attachments[0].reference;
	SCENE_OK(ph, phone_fetch_attachment(ph, reference, NULL, false, &status, &data, &type));
	assert_int_equal(status, 1);
	assert_bytes_str(data, pdf);
	assert_bytes_str(type, "application/pdf");
	SCENE_OK(ph, phone_fetch_attachment(ph, reference, "1-4", false, &status, &data, &type));
	assert_bytes_str(data, "PDF-");
	if (v <= EAS_12_1) {
		SCENE_OK(ph, phone_fetch_attachment(ph, reference, NULL, true, &status, &data, &type));
		assert_bytes_str(data, pdf);
	}
	ph->accept_multipart = true;
	SCENE_OK(ph, phone_fetch_attachment(ph, reference, NULL, false, &status, &data, &type));
	assert_bytes_str(data, pdf);
	ph->accept_multipart = false;
	SCENE_OK(ph, phone_fetch_item(ph, scene_inbox(ph)->id, id, &mime, &status, &fetched));
	assert_int_equal(status, 1);
	assert_int_equal(fetched->body_type, 4);
	assert_non_null(strstr(fetched->body, "--in--"));
	phone_item_free(&fetched);
	SCENE_OK(ph, phone_fetch_item(ph, scene_inbox(ph)->id, id, &cut, &status, &fetched));
	assert_string_equal(fetched->body, "plain");
	assert_true(fetched->body_truncated);
	phone_item_free(&fetched);
	SCENE_OK(ph, phone_fetch_item(ph, scene_inbox(ph)->id, "1:4711", &cut, &status, &fetched));
	assert_int_not_equal(status, 1);
	phone_item_free(&fetched);
}
TEST_VERSIONS(attachments_and_whole_mails_are_fetched)

/* ---- push ---- */

static void ping_tells_of_new_mail(enum eas_version v)
{
	const char *user = scene_user(), *inbox, *changed[4];
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	size_t count;

	inbox = scene_inbox(ph)->id;
	SCENE_OK(ph, phone_ping_send(ph, 60, &inbox, 1));
	poll(NULL, 0, 300); /* so that it is held: either way it must answer */
	scene_append(user, "INBOX", "pushed", "");
	SCENE_OK(ph, phone_ping_receive(ph, 60, changed, COUNT(changed), &count));
	assert_int_equal(ph->status, 2);
	assert_int_equal(count, 1);
	assert_string_equal(changed[0], inbox);
	scene_sync(ph, scene_inbox(ph));
	assert_non_null(phone_item_with_subject(scene_inbox(ph), "pushed"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(ping_tells_of_new_mail)

static void ping_sees_what_came_before_it(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	bool changed;

	scene_append(user, "INBOX", "between Sync and Ping", "");
	SCENE_OK(ph, phone_ping(ph, 60, scene_inbox(ph)->id, &changed));
	assert_true(changed);
}
TEST_VERSIONS(ping_sees_what_came_before_it)

static void ping_ends_by_itself(enum eas_version v)
{
	struct phone *ph = scene_synced_phone(scene_user(), "PHONE1", v);
	int64_t start = phone_now_us();
	bool changed;

	SCENE_OK(ph, phone_ping(ph, 1, scene_inbox(ph)->id, &changed));
	assert_int_equal(ph->status, 1);
	assert_in_range((phone_now_us() - start) / 1000, 900, 3000);
}
TEST_VERSIONS(ping_ends_by_itself)

static void a_hanging_sync_brings_new_mail(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	struct phone_collection c = { .folder_id = scene_inbox(ph)->id, .options = &plain };
	struct phone_sync rq = { .collections = &c, .count = 1 };

	if (v >= EAS_14_0)
		rq.heartbeat_s = 60;
	else
		rq.wait_min = 1;
	SCENE_OK(ph, phone_sync_send(ph, &rq));
	poll(NULL, 0, 300);
	scene_append(user, "INBOX", "while it hung", "");
	SCENE_OK(ph, phone_sync_receive(ph, &rq));
	assert_int_equal(scene_inbox(ph)->added, 1);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_hanging_sync_brings_new_mail)

/* Gmail's several Pings: for different folders they live side by side, for the same ones the newest wins. */
static void pings_live_side_by_side(enum eas_version v)
{
	const char *user = scene_user(), *inbox, *sent, *changed[4];
	struct phone *ph = scene_synced_phone(user, "PHONE1", v), *second = scene_phone(user, "PHONE1", v),
		     *third = scene_phone(user, "PHONE1", v);
	size_t count;

	SCENE_OK(ph, phone_sync_folder(ph, phone_folder_of_type(&ph->replica, 5), NULL));
	inbox = scene_inbox(ph)->id;
	sent = phone_folder_of_type(&ph->replica, 5)->id;
	SCENE_OK(ph, phone_ping_send(ph, 60, &inbox, 1));
	SCENE_OK(second, phone_ping_send(second, 60, &sent, 1));
	poll(NULL, 0, 200);
	SCENE_OK(third, phone_ping_send(third, 60, &inbox, 1));
	SCENE_OK(ph, phone_ping_receive(ph, 60, changed, COUNT(changed), &count)); /* ended by the third */
	assert_int_equal(ph->status, 1);
	scene_append(user, "Sent", "x", "");
	scene_append(user, "INBOX", "y", "");
	SCENE_OK(third, phone_ping_receive(third, 60, changed, COUNT(changed), &count));
	assert_int_equal(third->status, 2);
	assert_string_equal(changed[0], inbox);
	SCENE_OK(second, phone_ping_receive(second, 60, changed, COUNT(changed), &count));
	assert_int_equal(second->status, 2);
	assert_string_equal(changed[0], sent);
}
TEST_VERSIONS(pings_live_side_by_side)

static void ping_parameters(enum eas_version v)
{
	struct phone *ph = scene_synced_phone(scene_user(), "PHONE1", v),
		     *fresh = scene_phone(ph->user, "PHONE2", v);
	const char *inbox = scene_inbox(ph)->id;
	const char *changed[1];
	bool has_changed;
	size_t count;

	SCENE_OK(fresh, phone_setup(fresh));
	SCENE_OK(fresh, phone_ping_send(fresh, 0, NULL, 0));
	SCENE_OK(fresh, phone_ping_receive(fresh, 1, changed, 1, &count));
	assert_int_equal(fresh->status, 3); /* nothing stored */
	SCENE_OK(ph, phone_ping(ph, 100000, inbox, &has_changed));
	assert_int_equal(ph->status, 5);
	assert_true(wbxml_child(ph->root, PING_HEARTBEAT_INTERVAL) != NULL);
	SCENE_OK(ph, phone_ping(ph, 1, inbox, &has_changed));
	SCENE_OK(ph, phone_ping_send(ph, 0, NULL, 0)); /* both from the store */
	SCENE_OK(ph, phone_ping_receive(ph, 10, changed, 1, &count));
	assert_int_equal(ph->status, 1);
}
TEST_VERSIONS(ping_parameters)

int mail_scenarios_run(const char *program)
{
	TEST_ADD_VERSIONS(initial_sync_equals_imap);
	TEST_ADD_VERSIONS(an_item_is_complete);
	TEST_ADD_VERSIONS(new_mail_arrives);
	TEST_ADD_VERSIONS(flags_come_from_imap);
	TEST_ADD_VERSIONS(deletes_come_from_imap);
	TEST_ADD_VERSIONS(moves_come_from_imap);
	TEST_ADD_VERSIONS(flags_go_to_imap);
	TEST_ADD_VERSIONS(deletes_go_to_the_trash);
	TEST_ADD_VERSIONS(deletes_for_good);
	TEST_ADD_VERSIONS(a_change_of_what_is_gone);
	TEST_ADD_VERSIONS(changed_on_both_sides);
	TEST_ADD_VERSIONS(changed_on_both_sides_without_harm);
	TEST_ADD_VERSIONS(moves_go_to_imap);
	TEST_ADD_VERSIONS(moves_that_cannot_be);
	TEST_ADD_VERSIONS(the_newest_come_first);
	TEST_ADD_VERSIONS(a_filter_hides_what_is_old);
	TEST_ADD_VERSIONS(an_estimate_is_what_comes);
	TEST_ADD_VERSIONS(several_folders_at_once);
	TEST_ADD_VERSIONS(an_empty_request_after_a_lost_answer);
	TEST_ADD_VERSIONS(an_empty_request_without_a_former_one);
	TEST_ADD_ROWS(body_is_as_asked, body_cases);
	TEST_ADD_VERSIONS(attachments_and_whole_mails_are_fetched);
	TEST_ADD_VERSIONS(ping_tells_of_new_mail);
	TEST_ADD_VERSIONS(ping_sees_what_came_before_it);
	TEST_ADD_VERSIONS(ping_ends_by_itself);
	TEST_ADD_VERSIONS(a_hanging_sync_brings_new_mail);
	TEST_ADD_VERSIONS(pings_live_side_by_side);
	TEST_ADD_VERSIONS(ping_parameters);
	return test_run(program);
}
