/* How much of a mailbox, of several, and of each mail a phone is given. */
#include "mail_scenarios.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- windows and filters ---- */

static void the_newest_come_first(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_phone(user, "PHONE1", v);
	struct phone_folder *f;
	struct phone_collection rq = { .window = 4, .options = &mail_plain };

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
	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &mail_plain }));
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
	struct phone_collection both[2] = { { .window = 50, .options = &mail_plain },
		{ .window = 50, .options = &mail_plain } };
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
	struct phone_collection c = { .window = 50, .options = &mail_plain };
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

void mail_pages_add(void)
{
	TEST_ADD_VERSIONS(the_newest_come_first);
	TEST_ADD_VERSIONS(a_filter_hides_what_is_old);
	TEST_ADD_VERSIONS(an_estimate_is_what_comes);
	TEST_ADD_VERSIONS(several_folders_at_once);
	TEST_ADD_VERSIONS(an_empty_request_after_a_lost_answer);
	TEST_ADD_VERSIONS(an_empty_request_without_a_former_one);
	TEST_ADD_ROWS(body_is_as_asked, body_cases);
	TEST_ADD_VERSIONS(attachments_and_whole_mails_are_fetched);
}
