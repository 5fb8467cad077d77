/* Mails that the mail server can't read, or that are too much for one answer: the phone gets a stub of them, or less of them, and
 * all the others; and the administrator a line in the log. A server that is away is another thing. */
#include <stdlib.h>

#include "clock.h"
#include "damage.h"
#include "integration/finding.h"
#include "mail/conversation.h"
#include "received.h"

enum { HEADER = 12 << 20, HEADERS = 30, STRUCTURES = 40 };

/* A line for the administrator: whose, where, and which mail. */
static void log_names(const char *what, const char *user, const char *mailbox, unsigned uid)
{
	char command[512];

	snprintf(command, sizeof(command),
	    "grep 'WARN.*%s.*account=%s.*mailbox=%s.*uid=%u ' '%s/log/easgate.out' >/dev/null", what, user,
	    mailbox, uid, scene_env("BED"));
	assert_int_equal(system(command), 0);
}

/* ---- unreadable ---- */

static void one_of_three(const struct damage_case *c)
{
	for (size_t v = 0; v < 5; v++) {
		const char *user = scene_user();
		struct phone *ph = scene_phone(user, "PHONE1", scene_versions[v].version);

		damage_append_many(user, "mail", 3);
		c->damage(damage_inbox_file(user, 2));
		SCENE_OK(ph, phone_setup(ph));
		SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), NULL));
		damage_expect(scene_inbox(ph), 3, 1);
		log_names("hangs up", user, "INBOX", 2);
		damage_append(user, "INBOX", "later");
		SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), NULL));
		damage_expect(scene_inbox(ph), 4, 1);
		assert_int_equal(scene_inbox(ph)->added, 1);
		scene_assert_clean(ph);
	}
}
TEST_ROW(one_of_three)

/* The other folders of the same Sync come, too. */
static void beside_another_folder(const struct damage_case *c)
{
	const char *user = scene_user();
	struct phone_collection both[2] = { { 0 }, { 0 } };
	struct phone_folder *other;
	struct phone *ph;

	truth_create(scene_truth(user), "Other");
	damage_append_many(user, "mail", 2);
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	other = phone_folder_named(&ph->replica, "Other");
	SCENE_OK(ph, phone_sync_folder(ph, other, NULL));
	damage_append(user, "INBOX", "bad");
	damage_append(user, "INBOX", "after");
	damage_append(user, "Other", "in other");
	c->damage(damage_inbox_file(user, 3));
	both[0].folder_id = scene_inbox(ph)->id;
	both[1].folder_id = other->id;
	SCENE_OK(ph, phone_sync(ph, &(struct phone_sync){ .collections = both, .count = 2 }));
	assert_int_equal(scene_inbox(ph)->count, 4);
	assert_int_equal(other->count, 1);
	assert_non_null(phone_item_with_subject(scene_inbox(ph), "after"));
}
TEST_ROW(beside_another_folder)

static void comes_when_it_can_be_read_again(void **state)
{
	static const struct phone_body_preference plain = { .type = 1, .truncation = PHONE_WHOLE };
	const char *user = scene_user(), *path;
	struct phone_item *item;
	struct phone *ph;
	char id[64];
	unsigned status;

	(void)state;
	damage_append_many(user, "mail", 5);
	path = damage_inbox_file(user, 5);
	damage_forbid(path);
	ph = scene_synced_phone(user, "PHONE1", EAS_16_1);
	damage_expect(scene_inbox(ph), 5, 1);
	for (const struct phone_item *i = phone_item_next(scene_inbox(ph), NULL); i;
	     i = phone_item_next(scene_inbox(ph), i))
		if (strstr(i->body, DAMAGE_STUB))
			snprintf(id, sizeof(id), "%s", i->id);
	SCENE_OK(ph, phone_fetch_item(ph, scene_inbox(ph)->id, id, &plain, &status, &item));
	assert_int_equal(status, 1);
	assert_non_null(strstr(item->body, DAMAGE_STUB));
	phone_item_free(&item);
	damage_allow(path);
	SCENE_OK(ph, phone_fetch_item(ph, scene_inbox(ph)->id, id, &plain, &status, &item));
	assert_int_equal(status, 1);
	assert_int_equal(item->body[0], 'x');
	phone_item_free(&item);
	ph = scene_synced_phone(user, "PHONE2", EAS_14_1);
	damage_expect(scene_inbox(ph), 5, 0);
}

/* By itself, too: with a Sync that comes an hour later. What still can't be read stays as it is, and is told once. */
static void heals(void **state)
{
	(void)state;
	for (size_t v = 0; v < 5; v++) {
		const char *user = scene_user();
		struct phone_folder *inbox;
		struct phone *ph;

		clock_days_ahead(0);
		damage_append_many(user, "mail", 5);
		damage_forbid(damage_inbox_file(user, 2));
		damage_forbid(damage_inbox_file(user, 4));
		ph = scene_synced_phone(user, "PHONE1", scene_versions[v].version);
		inbox = scene_inbox(ph);
		damage_expect(inbox, 5, 2);
		damage_allow(damage_inbox_file(user, 2));
		SCENE_OK(ph, phone_sync_folder(ph, inbox, NULL));
		damage_expect(inbox, 5, 2); /* not every time */
		assert_int_equal(inbox->added, 0);
		clock_days_ahead(1);
		SCENE_OK(ph, phone_sync_folder(ph, inbox, NULL));
		damage_expect(inbox, 5, 1);
		assert_int_equal(inbox->added, 1);
		assert_null(strstr(phone_item_with_subject(inbox, "mail1")->body, DAMAGE_STUB));
		clock_days_ahead(2);
		SCENE_OK(ph, phone_sync_folder(ph, inbox, NULL));
		damage_expect(inbox, 5, 1);
		assert_int_equal(inbox->added, 0);
		damage_allow(damage_inbox_file(user, 4));
		clock_days_ahead(3);
		SCENE_OK(ph, phone_sync_folder(ph, inbox, NULL));
		damage_expect(inbox, 5, 0);
		assert_int_equal(inbox->added, 1);
		scene_assert_clean(ph);
	}
	clock_days_ahead(0);
}

/* More of them than are asked for at once can still not be read, and stand before the one that can: it comes in the end. */
static void heals_behind_others(void **state)
{
	static const struct behind_case {
		unsigned window, bad, days;
	} cases[] = { { 100, 25, 100 }, { 1, 3, 60 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct behind_case *c = &cases[i];
		const struct phone_collection page = { .window = c->window };
		const char *user = scene_user();
		struct phone_folder *inbox;
		struct phone *ph;

		damage_append_many(user, "mail", c->bad + 2);
		for (unsigned n = 1; n <= c->bad; n++)
			damage_forbid(damage_inbox_file(user, n));
		ph = scene_phone(user, "PHONE1", EAS_14_1);
		SCENE_OK(ph, phone_setup(ph));
		inbox = scene_inbox(ph);
		SCENE_OK(ph, phone_sync_folder(ph, inbox, &page));
		damage_expect(inbox, c->bad + 2, c->bad);
		damage_allow(damage_inbox_file(user, 1));
		for (unsigned day = 1; day <= c->days && damage_count_stubs(inbox) == c->bad; day++) {
			clock_days_ahead(day);
			SCENE_OK(ph, phone_sync_folder(ph, inbox, &page));
		}
		clock_days_ahead(0);
		damage_expect(inbox, c->bad + 2, c->bad - 1);
		scene_assert_clean(ph);
	}
}

/* Its answer got lost in between. */
static void heals_with_replays(void **state)
{
	const char *user = scene_user();
	struct phone_folder *inbox;
	struct phone *ph;

	(void)state;
	damage_append_many(user, "mail", 5);
	damage_forbid(damage_inbox_file(user, 2));
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	inbox = scene_inbox(ph);
	damage_allow(damage_inbox_file(user, 2));
	clock_days_ahead(1);
	for (unsigned i = 0; i < 2; i++) {
		struct phone_collection one = { .folder_id = inbox->id };

		ph->lose = PHONE_LOSE_READ;
		SCENE_ERR(ph, phone_sync(ph, &(struct phone_sync){ .collections = &one, .count = 1 }),
		    ERR_CANCELLED);
		SCENE_OK(ph, phone_sync(ph, &(struct phone_sync){ .collections = &one, .count = 1 }));
		assert_int_equal(inbox->count, 4 + i);
	}
	damage_expect(inbox, 5, 0);
	scene_assert_clean(ph);
	clock_days_ahead(0);
}

/* It could be read for the answer that got lost, and not when that is asked for again. */
static void heals_after_a_replay(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	struct phone_folder *inbox = scene_inbox(ph);

	damage_append_many(user, "mail", 5);
	ph->lose = PHONE_LOSE_READ;
	SCENE_ERR(ph, phone_sync_folder(ph, inbox, NULL), ERR_CANCELLED);
	damage_forbid(damage_inbox_file(user, 2));
	SCENE_OK(ph, phone_sync_folder(ph, inbox, NULL));
	damage_expect(inbox, 5, 1);
	damage_allow(damage_inbox_file(user, 2));
	clock_days_ahead(1);
	SCENE_OK(ph, phone_sync_folder(ph, inbox, NULL));
	damage_expect(inbox, 5, 0);
	scene_assert_clean(ph);
	clock_days_ahead(0);
}
TEST_VERSIONS(heals_after_a_replay)

/* So many that one answer doesn't have them all. */
static void many(void **state)
{
	const char *user = scene_user();
	struct phone *ph;

	(void)state;
	damage_append_many(user, "mail", 40);
	for (unsigned i = 1; i <= 40; i += 2)
		damage_forbid(damage_inbox_file(user, i));
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	damage_expect(scene_inbox(ph), 40, 20);
	scene_assert_clean(ph);
}

/* The server tells what each is, but can't read its text: of so many that it would take too long for one answer. */
static void many_texts(void **state)
{
	enum { MAILS = 110, BAD = 100 };
	const char *user = scene_user();
	struct phone *ph;

	(void)state;
	damage_append_many(user, "mail", MAILS);
	(void)scene_synced_phone(user, "PHONE1", EAS_14_1); /* by which the server notes the headers */
	for (unsigned i = 0; i < BAD; i++)
		damage_forbid(damage_inbox_file(user, MAILS - i));
	ph = scene_synced_phone(user, "PHONE2", EAS_14_1);
	damage_expect(scene_inbox(ph), MAILS, BAD);
	scene_assert_clean(ph);
}

/* No mail is to blame when none can be read: then it is all or nothing. */
static void storage_away(void **state)
{
	const char *user = scene_user();
	struct phone *ph;

	(void)state;
	damage_append_many(user, "mail", 6);
	ph = scene_phone(user, "PHONE1", EAS_14_1);
	SCENE_OK(ph, phone_setup(ph));
	for (unsigned i = 1; i <= 6; i++)
		damage_forbid(damage_inbox_file(user, i));
	SCENE_ERR(ph, phone_sync_folder(ph, scene_inbox(ph), NULL), ERR_UNAVAILABLE);
	assert_int_equal(ph->reply.status, 503);
	for (unsigned i = 1; i <= 6; i++)
		damage_allow(damage_inbox_file(user, i));
	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), NULL));
	damage_expect(scene_inbox(ph), 6, 0);
}

/* A mailbox is small, or all of its mails are damaged: mails of another one say which it is. */
static void another_mailbox_tells(void **state)
{
	enum { MAILS = 6 };

	(void)state;
	for (unsigned away = 0; away < 2; away++)
		for (unsigned n = 1; n <= MAILS; n += MAILS - 1) {
			const char *user = scene_user();
			struct phone_folder *other;
			struct phone *ph;

			truth_create(scene_truth(user), "Other");
			damage_append(user, "INBOX", "mail");
			for (unsigned i = 1; i <= n; i++) {
				damage_append(user, "Other", "other");
				damage_forbid(damage_file(user, "Other", i));
			}
			if (away)
				damage_forbid(damage_inbox_file(user, 1));
			ph = scene_phone(user, "PHONE1", EAS_14_1);
			SCENE_OK(ph, phone_setup(ph));
			other = phone_folder_named(&ph->replica, "Other");
			if (away) {
				SCENE_ERR(ph, phone_sync_folder(ph, other, NULL), ERR_UNAVAILABLE);
				continue;
			}
			SCENE_OK(ph, phone_sync_folder(ph, other, NULL));
			damage_expect(other, n, n);
		}
}

/* What else meets it says so of that mail alone. */
static void other_commands(void **state)
{
	const char *user = scene_user();
	struct phone_source source = { 0 };
	struct phone_mail reply = { .mime = BYTES("From: me@example.org\r\nTo: bob@example.org\r\nSubject: "
						  "Re: bad\r\nContent-Type: text/plain\r\n\r\nyes\r\n") };
	unsigned before = received_count();
	struct phone *ph;

	(void)state;
	damage_append_many(user, "mail", 5);
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	damage_forbid(damage_inbox_file(user, 1));
	source.folder_id = scene_inbox(ph)->id;
	source.item_id = phone_item_with_subject(scene_inbox(ph), "mail0")->id;
	SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_REPLY, &reply, &source));
	assert_int_equal(ph->status, 150);
	source.item_id = phone_item_with_subject(scene_inbox(ph), "mail2")->id;
	SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_REPLY, &reply, &source));
	assert_int_equal(ph->status, 1);
	received_expect(before + 1);
}

/* A mail that has the original's text already needs nothing of it but its place in the thread. */
static void a_reply_that_is_complete(const struct damage_case *c)
{
	const char *user = scene_user();
	struct phone_source source = { .replace_mime = true };
	struct phone_mail reply = { .mime = BYTES("From: me@example.org\r\nTo: bob@example.org\r\nSubject: "
						  "Re: bad\r\n\r\nyes\r\n> bad\r\n"),
		.save_in_sent = true };
	unsigned before = received_count();
	struct phone *ph;

	damage_append_many(user, "mail", 5);
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	c->damage(damage_inbox_file(user, 1));
	damage_forget_cache(user, "INBOX");
	source.folder_id = scene_inbox(ph)->id;
	source.item_id = phone_item_with_subject(scene_inbox(ph), "mail0")->id;
	SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_REPLY, &reply, &source));
	assert_int_equal(ph->status, 1);
	received_expect(before + 1);
	scene_assert_clean(ph);
}
TEST_ROW(a_reply_that_is_complete)

/* A phone that shows the stub may throw it away, which moves the mail to the trash, or put it elsewhere. */
static void is_moved(const struct damage_case *c)
{
	const char *user = scene_user(), *new_id;
	struct phone_edit edit = { .command = AIRSYNC_DELETE };
	struct phone_folder *other;
	struct phone *ph;
	unsigned status;

	truth_create(scene_truth(user), "Other");
	damage_append_many(user, "mail", 5);
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	other = phone_folder_named(&ph->replica, "Other");
	SCENE_OK(ph, phone_sync_folder(ph, other, NULL));
	c->damage(damage_inbox_file(user, 1));
	c->damage(damage_inbox_file(user, 2));
	edit.id = phone_item_with_subject(scene_inbox(ph), "mail0")->id;
	SCENE_OK(ph, phone_edit_one(ph, scene_inbox(ph), &edit, &status));
	assert_int_equal(status, 1);
	SCENE_OK(ph, phone_move_item(ph, phone_item_with_subject(scene_inbox(ph), "mail1")->id,
			 scene_inbox(ph)->id, other->id, &status, &new_id));
	assert_int_equal(status, 3); /* success, in MoveItems */
	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), NULL));
	SCENE_OK(ph, phone_sync_folder(ph, other, NULL));
	assert_int_equal(scene_inbox(ph)->count, 3);
	assert_int_equal(other->count, 1);
}
TEST_ROW(is_moved)

/* The answer got lost; when it is asked for again the server fails on more mails than are dealt with in one go. A page may end there,
 * a replay must not. */
static void in_a_replay(void **state)
{
	enum { MAILS = 100, BAD = 12 };
	const char *user = scene_user();
	struct phone *ph = scene_phone(user, "PHONE1", EAS_14_1);
	struct phone_collection page = { .window = MAILS };

	(void)state;
	damage_append_many(user, "mail", MAILS);
	SCENE_OK(ph, phone_setup(ph));
	page.folder_id = scene_inbox(ph)->id;
	SCENE_OK(ph, phone_sync_one(ph, &page)); /* key 0 */
	ph->lose = PHONE_LOSE_READ;
	SCENE_ERR(ph, phone_sync_one(ph, &page), ERR_CANCELLED);
	for (unsigned i = 0; i < BAD; i++)
		damage_forbid(damage_inbox_file(user, MAILS - 3 * i));
	SCENE_OK(ph, phone_sync_one(ph, &page));
	damage_expect(scene_inbox(ph), MAILS, BAD);
	scene_assert_clean(ph);
}

/* ---- too much ---- */

static void long_headers(void **state)
{
	const char *user = scene_user();
	char *mail = test_keep(HEADER + 1024);
	size_t n = (size_t)sprintf(mail, "From: a@example.org\r\nSubject: long\r\n");
	struct phone *ph;

	(void)state;
	while (n < HEADER)
		n += (size_t)sprintf(mail + n, "X-%zu: %.*s\r\n", n, 60,
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	n += (size_t)sprintf(mail + n, "\r\nthe text\r\n");
	for (unsigned i = 0; i < HEADERS; i++)
		scene_append_raw(user, "INBOX", bytes_of((uint8_t *)mail, n), "", NULL);
	scene_append(user, "INBOX", "after", "");
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	damage_expect(scene_inbox(ph), HEADERS + 1, 0);
	assert_non_null(strstr(phone_item_with_subject(scene_inbox(ph), "long")->body, "the text"));
	log_names("shown without", user, "INBOX", 2);
}

/* What BODYSTRUCTURE tells of it is about as long as the mail. */
static const struct parts_case {
	const char *name, *before, *behind; /* a part, around a name */
	unsigned parts, mails;
	size_t name_len;
} parts_cases[] = {
	{ "names", "--b\r\nContent-Type: text/plain; name=\"", "\"\r\n\r\nx\r\n", 9900, 1, 1000 },
	{ "senders of enclosed mails", "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: \"",
	    "\" <a@b>\r\n\r\nx\r\n", 3300, 1, 900 },
	{ "names in many mails", "--b\r\nContent-Type: text/plain; name=\"", "\"\r\n\r\nx\r\n", 990,
	    STRUCTURES, 8000 },
};

static struct bytes mail_of_parts(const struct parts_case *c)
{
	size_t room = c->parts * (c->name_len + 128) + 512, n;
	char *mail = test_keep(room), *name = test_keep(c->name_len + 1);

	memset(name, 'n', c->name_len);
	name[c->name_len] = 0;
	n = (size_t)snprintf(mail, room,
	    "From: a@example.org\r\nSubject: long\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
	    "boundary=b\r\n\r\n--b\r\n\r\nthe text\r\n");
	for (unsigned i = 0; i < c->parts; i++)
		n += (size_t)snprintf(mail + n, room - n, "%s%s%s", c->before, name, c->behind);
	n += (size_t)snprintf(mail + n, room - n, "--b--\r\n");
	return bytes_of((uint8_t *)mail, n);
}

static void long_structures(const struct parts_case *c)
{
	const char *user = scene_user();
	struct bytes mail = mail_of_parts(c);
	struct phone *ph;

	scene_append(user, "INBOX", "before", "");
	for (unsigned i = 0; i < c->mails; i++)
		scene_append_raw(user, "INBOX", mail, "", NULL);
	scene_append(user, "INBOX", "after", "");
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	damage_expect(scene_inbox(ph), c->mails + 2, 0);
	assert_non_null(strstr(phone_item_with_subject(scene_inbox(ph), "long")->body, "the text"));
	log_names("shown without", user, "INBOX", 2);
}
TEST_ROW(long_structures)

int main(void)
{
	int failed;

	clock_scene_open(&(struct bed_opts){ .users = 80 });
	TEST_ADD_ROWS(one_of_three, damage_cases);
	TEST_ADD_ROWS(beside_another_folder, damage_cases);
	TEST_ADD(comes_when_it_can_be_read_again);
	TEST_ADD(heals);
	TEST_ADD(heals_behind_others);
	TEST_ADD(heals_with_replays);
	TEST_ADD_VERSIONS(heals_after_a_replay);
	TEST_ADD(many);
	TEST_ADD(many_texts);
	TEST_ADD(storage_away);
	TEST_ADD(another_mailbox_tells);
	TEST_ADD(other_commands);
	TEST_ADD_ROWS(a_reply_that_is_complete, damage_cases);
	TEST_ADD_ROWS(is_moved, damage_cases);
	TEST_ADD(in_a_replay);
	TEST_ADD(long_headers);
	TEST_ADD_ROWS(long_structures, parts_cases);
	failed = test_run("unreadable");
	clock_scene_close();
	return failed;
}
