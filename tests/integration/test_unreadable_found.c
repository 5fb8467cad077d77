/* Searches and conversations in folders with mails that the mail server can't read: the others are found, and no mail is taken for one that
 * it may not be. */
#include "damage.h"
#include "integration/finding.h"
#include "mail/conversation.h"

/* "subject subject" of the mails with that word. */
static const char *search(struct phone *ph, const char *word)
{
	const struct wbxml_node *store = finding_search(ph, &(struct asked){ .text = word, .range = "0-9" });

	assert_bytes_str(wbxml_child_text(store, SEARCH_STATUS), "1");
	return finding_subjects(store, SEARCH_RESULT, SEARCH_PROPERTIES);
}

static void searches(const struct damage_case *c)
{
	const char *user = scene_user();
	struct phone *ph;

	damage_append_many(user, "mail", 3);
	finding_put_mail(user, "INBOX", "needle", "a@example.org", "in a haystack", NULL);
	damage_append_many(user, "more", 2);
	c->damage(damage_inbox_file(user, 2));
	ph = scene_phone(user, "PHONE1", EAS_14_1);
	SCENE_OK(ph, phone_setup(ph));
	for (unsigned i = 0; i < 2; i++)
		assert_string_equal(search(ph, "haystack"), "needle");
}
TEST_ROW(searches)

/* So many of the newest that one might think that none can be searched. */
static void searches_below(const struct damage_case *c)
{
	enum { ABOVE = 12 };
	const char *user = scene_user();
	struct phone *ph;

	damage_append_many(user, "mail", 10);
	finding_put_mail(user, "INBOX", "needle", "a@example.org", "in a haystack", NULL);
	damage_append_many(user, "more", ABOVE);
	for (unsigned i = 0; i < ABOVE; i++)
		c->damage(damage_inbox_file(user, 12 + i));
	ph = scene_phone(user, "PHONE1", EAS_14_1);
	SCENE_OK(ph, phone_setup(ph));
	assert_string_equal(search(ph, "haystack"), "needle");
}
TEST_ROW(searches_below)

/* The headers of all mails of the folder are looked at. */
static void whole_conversations(const struct damage_case *c)
{
	static const struct phone_options_block week = { .filter = 3 };
	const char *user = scene_user();
	struct phone *ph;

	damage_append_many(user, "mail", 5);
	scene_append_aged(user, "INBOX",
	    BYTES("From: a@example.org\r\nSubject: old\r\nMessage-ID: <old@x>\r\n\r\nold\r\n"), 20);
	scene_append_aged(user, "INBOX",
	    BYTES("From: a@example.org\r\nSubject: Re: old\r\nMessage-ID: <new@x>\r\nReferences: "
		  "<old@x>\r\n\r\nnew\r\n"),
	    1);
	c->damage(damage_inbox_file(user, 2));
	ph = scene_phone(user, "PHONE1", EAS_14_1);
	SCENE_OK(ph, phone_setup(ph));
	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph),
			 &(struct phone_collection){ .conversation_mode = PHONE_YES, .options = &week }));
	damage_expect(scene_inbox(ph), 7, 1);
	assert_non_null(phone_item_with_subject(scene_inbox(ph), "old"));
	scene_assert_clean(ph);
}
TEST_ROW(whole_conversations)

/* The header fields of a mail that is as long as the others; days: how old it is. */
static void append_old(const char *user, const char *header, unsigned days)
{
	char *mail = test_keep(DAMAGE_TEXT + 512);
	size_t n = (size_t)snprintf(mail, DAMAGE_TEXT + 512, "From: a@example.org\r\n%s\r\n", header);

	for (size_t i = 0; i < DAMAGE_TEXT; i++)
		mail[n++] = i % 72 == 71 ? '\n' : 'x';
	scene_append_aged(user, "INBOX", bytes_of((uint8_t *)mail, n), days);
}

/* The mail server knows when its mails came, and nothing else of them but what it reads. */
static void know_dates_only(const char *user)
{
	struct truth *t;

	damage_forget_cache(user, "INBOX");
	t = truth_open(scene_bed(), user); /* who was there before would still see what is forgotten */
	truth_command(t, "SELECT INBOX");
	truth_command(t, "FETCH 1:* INTERNALDATE");
	truth_close(&t);
}

static const struct conversation_case {
	const char *name;
	unsigned bad; /* can't be read any more */
} conversation_cases[] = {
	{ "its new mail", 4 },
	{ "its first mail", 2 },
	{ "another old mail", 1 },
	{ "another new mail", 5 },
};

/* Of a folder with an old conversation that the phone has, a mail can't be read any more. Others come: the conversation stays whole,
 * whether that mail belongs to it or not, and nothing else comes by that. */
static void a_known_conversation(const struct conversation_case *c)
{
	static const struct phone_options_block week = { .filter = 3 + 1 };
	const char *user = scene_user();
	struct phone_folder *f;
	struct phone *ph;

	append_old(user, "Subject: other\r\nMessage-ID: <b1@x>\r\n", 50);
	append_old(user, "Subject: plan\r\nMessage-ID: <a1@x>\r\n", 40);
	append_old(user, "Subject: Re: plan\r\nMessage-ID: <a2@x>\r\nReferences: <a1@x>\r\n", 20);
	append_old(user, "Subject: Re: Re: plan\r\nMessage-ID: <a3@x>\r\nReferences: <a1@x>\r\n", 2);
	damage_append_many(user, "mail", 4);
	ph = scene_phone(user, "PHONE1", EAS_14_1);
	SCENE_OK(ph, phone_setup(ph));
	f = scene_inbox(ph);
	SCENE_OK(ph, phone_sync_folder(ph, f,
			 &(struct phone_collection){ .conversation_mode = PHONE_YES, .options = &week }));
	damage_expect(f, 7, 0);
	know_dates_only(user);
	damage_forbid(damage_inbox_file(user, c->bad));
	damage_append(user, "INBOX", "later");
	scene_sync(ph, f);
	assert_int_equal(f->soft_deleted + f->deleted, 0);
	damage_expect(f, 8, 0);
	assert_null(phone_item_with_subject(f, "other"));
	scene_assert_clean(ph);
}
TEST_ROW(a_known_conversation)

/* The Status of ItemOperations Move. */
static unsigned move_conversation(struct phone *ph, struct bytes conversation, const char *folder_id)
{
	struct wbxml_writer *w = phone_request(ph);
	uint32_t status = 0;

	wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
	wbxml_open(w, ITEMOPERATIONS_MOVE);
	wbxml_open(w, ITEMOPERATIONS_CONVERSATION_ID);
	wbxml_opaque(w, conversation);
	wbxml_close(w);
	wbxml_put_str(w, ITEMOPERATIONS_DST_FLD_ID, folder_id);
	wbxml_open(w, ITEMOPERATIONS_OPTIONS);
	wbxml_put_empty(w, ITEMOPERATIONS_MOVE_ALWAYS);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_ITEM_OPERATIONS, NULL));
	assert_int_equal(
	    wbxml_child_uint(wbxml_child(wbxml_child(ph->root, ITEMOPERATIONS_RESPONSE), ITEMOPERATIONS_MOVE),
		ITEMOPERATIONS_STATUS, 0, 999, &status),
	    ERR_OK);
	return status;
}

static struct bytes plan(void)
{
	struct header h;
	struct bytes id = { 0 };

	assert_int_equal(header_parse(test_arena(), BYTES("Message-ID: <a1@x>\r\n\r\n"), &h), ERR_OK);
	assert_int_equal(conversation_id(test_arena(), &h, &id), ERR_OK);
	return id;
}

/* A mail that may belong to the conversation stays where it is, and the phone isn't told that all of that has gone; unless it is
 * where nothing is moved from. */
static void a_moved_conversation(void **state)
{
	enum { PARTLY = 17 };

	(void)state;
	for (unsigned in_sent = 0; in_sent < 2; in_sent++) {
		const char *user = scene_user(), *aside;
		const char *bad = in_sent ? "Sent" : "INBOX";
		struct phone *ph;

		truth_create(scene_truth(user), "Aside");
		append_old(user, "Subject: plan\r\nMessage-ID: <a1@x>\r\n", 1);
		damage_append(user, bad, "bad");
		for (unsigned i = 0; i < 3; i++) /* they can be read */
			damage_append(user, bad, "other");
		ph = scene_phone(user, "PHONE1", EAS_14_1);
		SCENE_OK(ph, phone_setup(ph));
		aside = phone_folder_named(&ph->replica, "Aside")->id;
		damage_forbid(damage_file(user, bad, in_sent ? 1 : 2));
		assert_int_equal(move_conversation(ph, plan(), aside), in_sent ? 1 : PARTLY);
		assert_non_null(scene_mail(user, "Aside", "plan"));
	}
}

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 30 });
	TEST_ADD_ROWS(searches, damage_cases);
	TEST_ADD_ROWS(searches_below, damage_cases);
	TEST_ADD_ROWS(whole_conversations, damage_cases);
	TEST_ADD_ROWS(a_known_conversation, conversation_cases);
	TEST_ADD(a_moved_conversation);
	failed = test_run("unreadable found");
	scene_close();
	return failed;
}
