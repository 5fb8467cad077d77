/* Mails as the world writes them: every one of ../shared/corpus/mail (and some of our own) in every kind of body, without a stall; and
 * one of 30 MB. */
#include "corpus.h"
#include "scene.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { BIG = 30 << 20 };

static const struct body_case {
	const char *name;
	struct phone_options_block options;
} body_cases[] = {
	{ "plain", { .bodies = { { .type = 1, .truncation = PHONE_WHOLE } } } },
	{ "plain of 100 bytes", { .bodies = { { .type = 1, .truncation = 100 } } } },
	{ "HTML", { .bodies = { { .type = 2, .truncation = PHONE_WHOLE } } } },
	{ "HTML of 1000 bytes", { .bodies = { { .type = 2, .truncation = 1000 } } } },
	{ "MIME", { .mime_support = 1 + 2, .bodies = { { .type = 4, .truncation = PHONE_WHOLE } } } },
	{ "MIME of 2000 bytes", { .mime_support = 1 + 2, .bodies = { { .type = 4, .truncation = 2000 } } } },
	{ "all or nothing of 500", { .bodies = { { .type = 2, .truncation = 500, .all_or_none = true },
					 { .type = 1, .truncation = 500, .all_or_none = true } } } },
	{ "with previews", { .bodies = { { .type = 2, .truncation = 0, .preview = 200 } } } },
};

/* The account that holds them all: the same for every row. */
static const char *corpus_user(void)
{
	static const char *user;

	if (user)
		return user;
	user = scene_user();
	corpus_append(user, "INBOX");
	return user;
}

static void body_fits(const struct phone_item *i, const struct body_case *c)
{
	const struct phone_body_preference *p = c->options.bodies;

	if (!i->body_type)
		return;
	if (p[0].truncation != PHONE_WHOLE && i->body_len > p[0].truncation + 4u)
		fail_msg("%s: a body of %zu bytes, asked for %u", i->subject, i->body_len, p[0].truncation);
	if (p[0].preview && strlen(i->preview) > 4 * 255)
		fail_msg("%s: a preview of %zu bytes", i->subject, strlen(i->preview));
}

static void every_mail_is_synced(const struct body_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *user = corpus_user();
		struct phone_collection rq = { .window = 50, .options = &c->options };
		struct phone *ph;
		struct phone_folder *f;
		char device[24];

		snprintf(device, sizeof(device), "BODY%u%zu", (unsigned)(c - body_cases), n);
		ph = scene_phone(user, device, scene_versions[n].version);
		SCENE_OK(ph, phone_setup(ph));
		f = scene_inbox(ph);
		SCENE_OK(ph, phone_sync_folder(ph, f, &rq));
		assert_int_equal(f->count, corpus_read()->count);
		for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i))
			body_fits(i, c);
		rq.options = NULL;
		SCENE_OK(ph, phone_sync_folder(ph, f, &rq));
		assert_int_equal(f->added + f->changed + f->deleted, 0);
		scene_assert_clean(ph);
	}
}
TEST_ROW(every_mail_is_synced)

/* Whatever the list of attachments promises can be fetched. */
static void every_attachment_is_fetched(enum eas_version v)
{
	struct phone *ph = scene_synced_phone(corpus_user(), "ATTACH", v);
	struct phone_folder *f = scene_inbox(ph);
	size_t fetched = 0;

	for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i))
		for (size_t n = 0; n < i->attachment_count; n++) {
			struct bytes data, type;
			unsigned status;

			SCENE_OK(ph, phone_fetch_attachment(ph, i->attachments[n].reference, NULL, false,
					 &status, &data, &type));
			if (status != 1)
				fail_msg(
				    "%s: %s: status %u", i->subject, i->attachments[n].reference, status);
			fetched++;
		}
	print_message("%zu attachments\n", fetched);
	assert_true(fetched > 0);
}
TEST_VERSIONS(every_attachment_is_fetched)

/* ---- 30 MB ---- */

static void thirty_megabytes(enum eas_version v)
{
	static const struct phone_body_preference mime = { .type = 4, .truncation = PHONE_WHOLE };
	const char *user = scene_user();
	struct bytes mail = corpus_big_mail(), data, type;
	struct phone_item *i, *whole;
	struct phone *ph;
	unsigned status;

	truth_append(scene_truth(user), "INBOX", NULL, NULL, mail);
	scene_append(user, "INBOX", "after it", "");
	ph = scene_synced_phone(user, "PHONE1", v);
	assert_int_equal(scene_inbox(ph)->count, 2);
	i = phone_item_with_subject(scene_inbox(ph), "big");
	assert_string_equal(i->body, "small text");
	assert_int_equal(i->attachment_count, 1);
	ph->timeout_ms = 60000;
	SCENE_OK(
	    ph, phone_fetch_attachment(ph, i->attachments[0].reference, NULL, false, &status, &data, &type));
	assert_int_equal(status, 1);
	assert_in_range(data.len, BIG / 10 * 7, BIG / 10 * 8);
	assert_true(bytes_starts(data, "ABCDEFGHIJ"));
	SCENE_OK(ph, phone_fetch_attachment(
			 ph, i->attachments[0].reference, "1000000-1000099", false, &status, &data, &type));
	assert_int_equal(data.len, 100);
	SCENE_OK(ph, phone_fetch_item(ph, scene_inbox(ph)->id, i->id, &mime, &status, &whole));
	assert_int_equal(status, 1);
	assert_non_null(whole);
	assert_in_range(whole->body_len, mail.len - 1000, mail.len + 1000);
	phone_item_free(&whole);
	scene_assert_clean(ph);
}
TEST_VERSIONS(thirty_megabytes)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 10, .services = "dovecot,redis" });
	TEST_ADD_ROWS(every_mail_is_synced, body_cases);
	TEST_ADD_VERSIONS(every_attachment_is_fetched);
	TEST_ADD_VERSIONS(thirty_megabytes);
	failed = test_run("odd mail");
	scene_close();
	return failed;
}
