/* Mails and their flags on their way from the server to the phone, and back. The other parts: mail_pages.c, mail_push.c. */
#include "mail_scenarios.h"

#include <stdlib.h>

const struct phone_options_block mail_plain = { .bodies = { { .type = 1, .truncation = 500 } } };

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
	SCENE_OK(
	    ph, phone_sync_folder(ph, f, &(struct phone_collection){ .window = 7, .options = &mail_plain }));
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

static unsigned estimate_of(struct phone *ph)
{
	unsigned status, n;

	SCENE_OK(ph, phone_estimate(ph, scene_inbox(ph), &mail_plain, &status, &n));
	assert_int_equal(status, 1);
	return n;
}

/* Other programs mark mails as deleted long before they expunge them, and show them as gone, or not at all. */
static void deletion_marks_come_from_imap(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *f;

	scene_append_many(user, "INBOX", "m", 4);
	scene_append(user, "INBOX", "never seen", "\\Deleted");
	ph = scene_synced_phone(user, "PHONE1", v);
	f = scene_inbox(ph);
	assert_int_equal(f->count, 4);
	scene_store(user, "INBOX", "m 2", "+FLAGS", "\\Deleted");
	scene_store(user, "INBOX", "m 4", "+FLAGS", "\\Deleted \\Seen");
	scene_append(user, "INBOX", "neither", "\\Deleted");
	assert_int_equal(estimate_of(ph), 2);
	scene_sync(ph, f);
	assert_int_equal(f->deleted, 2);
	assert_int_equal(f->added + f->changed, 0);
	assert_int_equal(f->count, 2);
	scene_store(user, "INBOX", "m 4", "+FLAGS", "\\Flagged");
	assert_int_equal(estimate_of(ph), 0);
	scene_store(user, "INBOX", "m 2", "-FLAGS", "\\Deleted");
	scene_store(user, "INBOX", "neither", "-FLAGS", "\\Deleted");
	assert_int_equal(estimate_of(ph), 2);
	scene_sync(ph, f);
	assert_int_equal(f->added, 2);
	assert_non_null(phone_item_with_subject(f, "m 2"));
	assert_non_null(phone_item_with_subject(f, "neither"));
	scene_expunge(user, "INBOX", "m 4");
	scene_expunge(user, "INBOX", "never seen");
	scene_sync(ph, f);
	scene_assert_same(f, user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(deletion_marks_come_from_imap)

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
	struct phone_options_block client_wins = mail_plain, server_wins = mail_plain;
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

#define WITH_A_FILE                                                                                    \
	"From: a@example.org\r\nSubject: with a file\r\nContent-Type: application/pdf; name=a.pdf\r\n" \
	"Content-Disposition: attachment\r\n\r\nFILE\r\n"

/* So that it still has the FileReferences of before; also when it has moved the mail again. */
static void files_of_moved_mails(struct phone *ph, const char *user, const struct phone_folder *target)
{
	const struct phone_item *i = phone_item_with_subject(scene_inbox(ph), "with a file");
	const char *reference = strcpy(
		       test_keep(strlen(i->attachments[0].reference) + 1), i->attachments[0].reference),
		   *id;
	struct bytes data, type;
	char first[64];
	unsigned status;

	SCENE_OK(ph, phone_move_item(ph, i->id, scene_inbox(ph)->id, target->id, &status, &id));
	snprintf(first, sizeof(first), "%s", id);
	SCENE_OK(ph, phone_fetch_attachment(ph, reference, NULL, false, &status, &data, &type));
	assert_int_equal(status, 1);
	assert_bytes_str(data, "FILE\r\n");
	SCENE_OK(ph, phone_move_item(ph, first, target->id, scene_inbox(ph)->id, &status, &id));
	SCENE_OK(ph, phone_fetch_attachment(ph, reference, NULL, false, &status, &data, &type));
	assert_int_equal(status, 1);
	scene_expunge(user, "INBOX", "with a file");
	SCENE_OK(ph, phone_fetch_attachment(ph, reference, NULL, false, &status, &data, &type));
	assert_int_equal(status, 6);
	scene_sync(ph, scene_inbox(ph));
}

/* Outlook keeps what it moves, and an Add would be one mail more; what happens to the mail is told as ever. A folder that it starts
 * over comes whole, and other phones get what is new to them. */
static void moves_by_outlook(enum eas_version v)
{
	const char *user = scene_user(), *new_id;
	struct phone *ph, *other;
	struct phone_folder *t;
	unsigned status;

	scene_append_many(user, "INBOX", "m", 2);
	scene_append_raw(user, "INBOX", BYTES(WITH_A_FILE), "", NULL);
	truth_create(scene_truth(user), "Target");
	scene_append_many(user, "Target", "there", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	free(ph->device_type);
	ph->device_type = strdup("WindowsOutlook15");
	other = scene_synced_phone(user, "PHONE2", v);
	t = phone_folder_named(&ph->replica, "Target");
	SCENE_OK(ph, phone_sync_folder(ph, t, NULL));
	SCENE_OK(other, phone_sync_folder(other, phone_folder(&other->replica, t->id), NULL));
	for (unsigned i = 1; i <= 2; i++) {
		const char *subject = i == 1 ? "m 1" : "m 2";

		SCENE_OK(ph, phone_move_item(ph, phone_item_with_subject(scene_inbox(ph), subject)->id,
				 scene_inbox(ph)->id, t->id, &status, &new_id));
		assert_int_equal(status, 3);
		if (i == 2) { /* the answer that told of m 1 is computed again, from the state before */
			ph->lose = PHONE_LOSE_READ;
			SCENE_ERR(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = t->id }),
			    ERR_CANCELLED);
		}
		scene_store(user, "Target", subject, "+FLAGS", "\\Seen");
		scene_sync(ph, t);
		assert_int_equal(t->added, 0);
		assert_int_equal(t->count, 2 + i);
		scene_assert_same(t, user, "Target");
	}
	files_of_moved_mails(ph, user, t);
	scene_sync(other, phone_folder(&other->replica, t->id));
	assert_int_equal(phone_folder(&other->replica, t->id)->added, 2);
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = t->id, .key = "0" }));
	SCENE_OK(ph, phone_sync_folder(ph, t, NULL));
	scene_assert_same(t, user, "Target");
	scene_assert_clean(ph);
	scene_assert_clean(other);
}
TEST_VERSIONS(moves_by_outlook)

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

int mail_scenarios_run(const char *program)
{
	TEST_ADD_VERSIONS(initial_sync_equals_imap);
	TEST_ADD_VERSIONS(an_item_is_complete);
	TEST_ADD_VERSIONS(new_mail_arrives);
	TEST_ADD_VERSIONS(flags_come_from_imap);
	TEST_ADD_VERSIONS(deletes_come_from_imap);
	TEST_ADD_VERSIONS(deletion_marks_come_from_imap);
	TEST_ADD_VERSIONS(moves_come_from_imap);
	TEST_ADD_VERSIONS(flags_go_to_imap);
	TEST_ADD_VERSIONS(deletes_go_to_the_trash);
	TEST_ADD_VERSIONS(deletes_for_good);
	TEST_ADD_VERSIONS(a_change_of_what_is_gone);
	TEST_ADD_VERSIONS(changed_on_both_sides);
	TEST_ADD_VERSIONS(changed_on_both_sides_without_harm);
	TEST_ADD_VERSIONS(moves_go_to_imap);
	TEST_ADD_VERSIONS(moves_by_outlook);
	TEST_ADD_VERSIONS(moves_that_cannot_be);
	mail_pages_add();
	mail_push_add();
	return test_run(program);
}
