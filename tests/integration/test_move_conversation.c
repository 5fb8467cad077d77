/* ItemOperations Move: a conversation goes to a folder, and what comes of it later goes there, too. */
#include "mail/conversation.h"
#include "cutter.h"
#include "scene.h"

#define REPLY(n)                                                                                      \
	"From: a@example.org\r\nTo: b@example.org\r\nSubject: Re: talk " n "\r\nMessage-ID: <talk." n \
	"@x>\r\n"                                                                                     \
	"References: <talk@x>\r\n\r\n" n "\r\n"
#define OTHER "From: a@example.org\r\nSubject: other\r\nMessage-ID: <other@x>\r\n\r\nother\r\n"

static struct cutter *cutter;

static struct bytes talk(void)
{
	struct header h;
	struct bytes id = { 0 };

	assert_int_equal(header_parse(test_arena(), BYTES(REPLY("1")), &h), ERR_OK);
	assert_int_equal(conversation_id(test_arena(), &h, &id), ERR_OK);
	return id;
}

/* The Status of the Move. */
static unsigned move_to(struct phone *ph, const struct phone_folder *f)
{
	struct wbxml_writer *w = phone_request(ph);
	const struct wbxml_node *n;
	uint32_t status = 0;

	wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
	wbxml_open(w, ITEMOPERATIONS_MOVE);
	wbxml_open(w, ITEMOPERATIONS_CONVERSATION_ID);
	wbxml_opaque(w, talk());
	wbxml_close(w);
	wbxml_put_str(w, ITEMOPERATIONS_DST_FLD_ID, f->id);
	wbxml_open(w, ITEMOPERATIONS_OPTIONS);
	wbxml_put_empty(w, ITEMOPERATIONS_MOVE_ALWAYS);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_ITEM_OPERATIONS, NULL));
	n = wbxml_child(wbxml_child(ph->root, ITEMOPERATIONS_RESPONSE), ITEMOPERATIONS_MOVE);
	assert_bytes_equal(wbxml_child_text(n, ITEMOPERATIONS_CONVERSATION_ID), talk());
	assert_int_equal(wbxml_child_uint(n, ITEMOPERATIONS_STATUS, 0, 999, &status), ERR_OK);
	return status;
}

struct account {
	const char *user;
	struct phone *ph;
	struct phone_folder *aside;
};

static struct account account_of(const char *user, enum eas_version v)
{
	struct account a = { .user = user };

	truth_create(scene_truth(a.user), "Aside");
	truth_create(scene_truth(a.user), "Work");
	scene_append_raw(a.user, "INBOX", BYTES(REPLY("1")), "", NULL);
	scene_append_raw(a.user, "INBOX", BYTES(OTHER), "", NULL);
	scene_append_raw(a.user, "Work", BYTES(REPLY("2")), "", NULL);
	scene_append_raw(a.user, "Sent", BYTES(REPLY("3")), "\\Seen", NULL);
	scene_append_raw(a.user, "Drafts", BYTES(REPLY("4")), "\\Draft", NULL);
	a.ph = scene_synced_phone(a.user, "PHONE1", v);
	a.aside = phone_folder_named(&a.ph->replica, "Aside");
	assert_non_null(a.aside);
	return a;
}

static struct account account(enum eas_version v)
{
	return account_of(scene_user(), v);
}

static void assert_holds(const struct account *a, const char *mailbox, const char *subject, bool holds)
{
	assert_int_equal(scene_mail(a->user, mailbox, subject) != NULL, holds);
}

static void it_goes_now(enum eas_version v)
{
	struct account a;

	if (v < EAS_14_0)
		return; /* conversations came with 14.0 */
	a = account(v);
	assert_int_equal(move_to(a.ph, a.aside), 1);
	for (int repeat = 0; repeat < 2; repeat++) {
		assert_holds(&a, "Aside", "Re: talk 1", true);
		assert_holds(&a, "Aside", "Re: talk 2", true);
		assert_holds(&a, "INBOX", "Re: talk 1", false);
		assert_holds(&a, "Work", "Re: talk 2", false);
		assert_holds(&a, "INBOX", "other", true);
		assert_holds(&a, "Sent", "Re: talk 3", true);
		assert_holds(&a, "Drafts", "Re: talk 4", true);
		assert_int_equal(move_to(a.ph, a.aside), 1); /* the answer was lost */
	}
	scene_sync(a.ph, scene_inbox(a.ph));
	scene_assert_same(scene_inbox(a.ph), a.user, "INBOX");
	SCENE_OK(a.ph, phone_sync_folder(a.ph, a.aside, NULL));
	scene_assert_same(a.aside, a.user, "Aside");
	scene_assert_clean(a.ph);
}
TEST_VERSIONS(it_goes_now)

/* What others share, with all rights to it, isn't the user's to clear; nor is a folder of all mails another place of theirs. */
static void others_keep_theirs(enum eas_version v)
{
	const char *owner = scene_user(), *user = scene_user();
	struct account a;

	if (v < EAS_14_0)
		return;
	truth_create(scene_truth(owner), "Team");
	truth_command(scene_truth(owner), "SETACL Team %s lrwstipekxa", user);
	scene_append_raw(owner, "Team", BYTES(REPLY("8")), "", NULL);
	truth_create(scene_truth(user), "Everything");
	scene_append_raw(user, "Everything", BYTES(REPLY("9")), "", NULL);
	a = account_of(user, v);
	assert_non_null(phone_folder_named(&a.ph->replica, "Team"));
	assert_int_equal(move_to(a.ph, a.aside), 1);
	assert_holds(&a, "Aside", "Re: talk 2", true);
	assert_holds(&a, "Everything", "Re: talk 9", true);
	assert_non_null(scene_mail(owner, "Team", "Re: talk 8"));
	scene_assert_clean(a.ph);
}
TEST_VERSIONS(others_keep_theirs)

/* A folder that can't be looked at now keeps its mails, and the phone is told that not all went. */
static void it_goes_partly(enum eas_version v)
{
	enum { PARTLY = 17 };
	struct account a;

	if (v < EAS_14_0)
		return;
	a = account(v);
	cutter_arm(cutter, CUTTER_REFUSED, "SELECT \"Work\"");
	assert_int_equal(move_to(a.ph, a.aside), PARTLY);
	assert_holds(&a, "Aside", "Re: talk 1", true);
	assert_holds(&a, "Work", "Re: talk 2", true);
	assert_int_equal(move_to(a.ph, a.aside), 1);
	assert_holds(&a, "Work", "Re: talk 2", false);
	scene_assert_clean(a.ph);
}
TEST_VERSIONS(it_goes_partly)

/* Thousands of newer mails in one folder hide neither what is behind them nor what is in others. */
static void it_goes_out_of_large_folders(void **state)
{
	struct account a = { .user = scene_user() };

	(void)state;
	truth_create(scene_truth(a.user), "Aside");
	truth_create(scene_truth(a.user), "Work");
	scene_append_raw(a.user, "INBOX", BYTES(REPLY("1")), "", NULL);
	truth_append_many(scene_truth(a.user), "INBOX", 20001,
	    "From: a@example.org\r\nMessage-ID: <old#@x>\r\nSubject: old #\r\n\r\nx\r\n");
	scene_append_raw(a.user, "INBOX", BYTES(REPLY("2")), "", NULL);
	scene_append_raw(a.user, "Work", BYTES(REPLY("3")), "", NULL);
	a.ph = scene_phone(a.user, "PHONE1", EAS_14_1);
	SCENE_OK(a.ph, phone_setup(a.ph));
	assert_int_equal(move_to(a.ph, phone_folder_named(&a.ph->replica, "Aside")), 1);
	assert_holds(&a, "Aside", "Re: talk 1", true);
	assert_holds(&a, "Aside", "Re: talk 2", true);
	assert_holds(&a, "Aside", "Re: talk 3", true);
}

/* More mails than are found at once, and all of them go. What stays in Sent isn't looked at. */
static void a_long_one_goes(void **state)
{
	enum { LONG = 2500 };
	struct account a = { .user = scene_user() };
	struct scene_mail *mails;

	(void)state;
	truth_create(scene_truth(a.user), "Aside");
	truth_append_many(scene_truth(a.user), "INBOX", LONG,
	    "From: a@example.org\r\nMessage-ID: <r#@x>\r\nReferences: <talk@x>\r\nSubject: Re: talk "
	    "#\r\n\r\nx\r\n");
	scene_append_raw(a.user, "INBOX", BYTES(OTHER), "", NULL);
	a.ph = scene_phone(a.user, "PHONE1", EAS_14_1);
	SCENE_OK(a.ph, phone_setup(a.ph));
	assert_int_equal(move_to(a.ph, phone_folder_named(&a.ph->replica, "Aside")), 1);
	assert_int_equal(scene_mails(a.user, "INBOX", &mails), 1);
	assert_int_equal(scene_mails(a.user, "Aside", &mails), LONG);
}

static void it_goes_always(enum eas_version v)
{
	struct account a;
	struct phone *other;

	if (v < EAS_14_0)
		return;
	a = account(v);
	other = scene_synced_phone(a.user, "PHONE2", v);
	SCENE_OK(a.ph, phone_sync_folder(a.ph, a.aside, NULL));
	assert_int_equal(move_to(a.ph, a.aside), 1);
	scene_append_raw(a.user, "INBOX", BYTES(REPLY("5")), "", NULL);
	scene_append(a.user, "INBOX", "new", "");
	scene_sync(other, scene_inbox(other)); /* whichever device sees it first */
	assert_null(phone_item_with_subject(scene_inbox(other), "Re: talk 5"));
	assert_non_null(phone_item_with_subject(scene_inbox(other), "new"));
	assert_holds(&a, "INBOX", "Re: talk 5", false);
	assert_holds(&a, "Aside", "Re: talk 5", true);
	SCENE_OK(a.ph, phone_sync_folder(a.ph, a.aside, NULL));
	assert_non_null(phone_item_with_subject(a.aside, "Re: talk 5"));
	/* who puts it back wants it there */
	scene_move(a.user, "Aside", "Re: talk 5", "INBOX");
	scene_sync(other, scene_inbox(other));
	assert_non_null(phone_item_with_subject(scene_inbox(other), "Re: talk 5"));
	scene_sync(a.ph, scene_inbox(a.ph));
	assert_holds(&a, "INBOX", "Re: talk 5", true);
	scene_assert_same(scene_inbox(a.ph), a.user, "INBOX");
	scene_assert_clean(a.ph);
	scene_assert_clean(other);
}
TEST_VERSIONS(it_goes_always)

static void a_rule_is_replaced_and_ends(enum eas_version v)
{
	struct account a;

	if (v < EAS_14_0)
		return;
	a = account(v);
	assert_int_equal(move_to(a.ph, a.aside), 1);
	assert_int_equal(move_to(a.ph, phone_folder_of_type(&a.ph->replica, 4)), 1); /* "ignore" */
	assert_holds(&a, "Trash", "Re: talk 1", true);
	scene_append_raw(a.user, "INBOX", BYTES(REPLY("6")), "", NULL);
	scene_sync(a.ph, scene_inbox(a.ph));
	assert_holds(&a, "Trash", "Re: talk 6", true);
	assert_int_equal(move_to(a.ph, scene_inbox(a.ph)), 1);
	assert_holds(&a, "INBOX", "Re: talk 1", true);
	assert_holds(&a, "INBOX", "Re: talk 6", true);
	scene_append_raw(a.user, "INBOX", BYTES(REPLY("7")), "", NULL);
	scene_sync(a.ph, scene_inbox(a.ph));
	assert_non_null(phone_item_with_subject(scene_inbox(a.ph), "Re: talk 7"));
	scene_assert_same(scene_inbox(a.ph), a.user, "INBOX");
	scene_assert_clean(a.ph);
}
TEST_VERSIONS(a_rule_is_replaced_and_ends)

int main(void)
{
	int failed;

	cutter =
	    cutter_open_scene((struct bed_opts){ .users = 50, .services = "dovecot,redis", .shared = true });
	TEST_ADD_VERSIONS(it_goes_now);
	TEST_ADD_VERSIONS(others_keep_theirs);
	TEST_ADD_VERSIONS(it_goes_partly);
	TEST_ADD(it_goes_out_of_large_folders);
	TEST_ADD(a_long_one_goes);
	TEST_ADD_VERSIONS(it_goes_always);
	TEST_ADD_VERSIONS(a_rule_is_replaced_and_ends);
	failed = test_run("move conversation");
	cutter_close_scene(&cutter);
	return failed;
}
