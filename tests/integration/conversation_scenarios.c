#include "conversation_scenarios.h"

#include <time.h>

#include "clock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *const conversation_scenario_settings[] = { "imap.notes_folder=Notes", "eas.poll=1s", NULL };

static const struct phone_options_block day = { .filter = 1 + 1, .bodies = { { .type = 1 } } },
					week = { .filter = 3 + 1,
						.bodies = { { .type = 1,
						    .truncation = 1000,
						    .preview = 20 } } },
					all = { .filter = 0 + 1, .bodies = { { .type = 1 } } };

/* The rows: ConversationMode came with 14.0. */
static const struct version_row modern[] = {
	{ "14.0", EAS_14_0 },
	{ "14.1", EAS_14_1 },
	{ "16.0", EAS_16_0 },
	{ "16.1", EAS_16_1 },
};
#define TEST_ADD_MODERN(function) TEST_ADD_ROWS(function, modern)

/* ---- mails ---- */

static struct bytes mail_of(const char *subject, const char *id, const char *references)
{
	char *text = test_keep(400);

	snprintf(text, 400,
	    "From: a@example.org\r\nSubject: %s\r\nMessage-ID: <%s@example.org>\r\n%s%s%s\r\ntext of %s\r\n",
	    subject, id, references ? "References: " : "", references ? references : "",
	    references ? "\r\n" : "", subject);
	return bytes_str(text);
}

/* Three conversations. The first has mails of all ages, the second is old; the third has the first one's subject, and nothing else
 * of it. */
static const struct old_mail {
	const char *subject, *id, *references;
	unsigned days;
} old_mails[] = {
	{ "plan", "a1", NULL, 60 },
	{ "Re: plan", "a2", "<a1@example.org>", 40 },
	{ "other", "b1", NULL, 50 },
	{ "Re: other", "b2", "<b1@example.org>", 45 },
	{ "Fwd: plan", "c1", NULL, 30 },
	{ "Re: Re: plan", "a3", "<a1@example.org> <a2@example.org>", 2 },
	{ "alone", "d1", NULL, 1 },
};

static struct phone *phone_with_mails(const char *user, enum eas_version v)
{
	struct phone *ph = scene_phone(user, "PHONE1", v);

	clock_days_ahead(0);
	for (size_t i = 0; i < COUNT(old_mails); i++)
		scene_append_aged(user, "INBOX",
		    mail_of(old_mails[i].subject, old_mails[i].id, old_mails[i].references),
		    old_mails[i].days);
	SCENE_OK(ph, phone_setup(ph));
	return ph;
}

/* One Sync, with what is said about conversations and the filter; NULL: nothing about that. */
static void sync_saying(struct phone *ph, enum phone_say mode, const struct phone_options_block *options)
{
	struct phone_folder *f = scene_inbox(ph);

	SCENE_OK(ph, phone_sync_folder(
			 ph, f, &(struct phone_collection){ .conversation_mode = mode, .options = options }));
	assert_int_equal(f->deleted + f->changed, 0);
}

/* It has the mails of `subjects`, and no other, as IMAP has them. */
static void assert_has(struct phone *ph, const char *user, const char *const *subjects)
{
	const struct phone_folder *f = scene_inbox(ph);
	size_t n = 0;

	for (; subjects[n]; n++) {
		const struct phone_item *item = phone_item_with_subject(f, subjects[n]);
		const struct scene_mail *mail = scene_mail(user, "INBOX", subjects[n]);

		if (!item || !mail)
			fail_msg("%s isn't there", subjects[n]);
		assert_int_equal(item->read, mail->seen);
		assert_int_equal(item->flag == 2, mail->flagged);
	}
	assert_int_equal(f->count, n);
}
#define ASSERT_HAS(ph, user, ...) assert_has((ph), (user), (const char *const[]){ __VA_ARGS__, NULL })

static unsigned estimate_of(struct phone *ph, enum phone_say mode, const struct phone_options_block *options)
{
	unsigned status, n;

	SCENE_OK(
	    ph, phone_estimate_of(ph,
		    &(struct phone_collection){
			.folder_id = scene_inbox(ph)->id, .conversation_mode = mode, .options = options },
		    &status, &n));
	assert_int_equal(status, 1);
	return n;
}

static void prime(struct phone *ph)
{
	SCENE_OK(ph,
	    phone_sync_one(ph, &(struct phone_collection){ .folder_id = scene_inbox(ph)->id, .key = "0" }));
}

/* ---- what comes ---- */

/* All of a conversation that has a mail of this week, however old; nothing of others. */
static void conversations_come_whole(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, v);

	prime(ph);
	assert_int_equal(estimate_of(ph, PHONE_YES, &week), 4);
	assert_int_equal(estimate_of(ph, PHONE_NO, &week), 2);
	sync_saying(ph, PHONE_YES, &week);
	assert_int_equal(scene_inbox(ph)->added, 4);
	ASSERT_HAS(ph, user, "plan", "Re: plan", "Re: Re: plan", "alone");
	assert_int_equal(estimate_of(ph, PHONE_UNSAID, NULL), 0);
	scene_assert_clean(ph);
}
TEST_VERSIONS(conversations_come_whole)

/* What is older than the filter has a preview and no text, until the phone asks for that. */
static void old_mails_come_without_their_text(enum eas_version v)
{
	static const struct phone_body_preference whole = { .type = 1, .truncation = PHONE_WHOLE };
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, v);
	struct phone_folder *f = scene_inbox(ph);
	struct phone_edit fetch = { .command = AIRSYNC_FETCH };
	struct phone_item *old, *new, *fetched;
	unsigned status;

	sync_saying(ph, PHONE_YES, &week);
	old = phone_item_with_subject(f, "Re: plan");
	new = phone_item_with_subject(f, "Re: Re: plan");
	assert_string_equal(new->body, "text of Re: Re: plan\r\n");
	assert_false(new->body_truncated);
	assert_int_equal(old->body_type, 1);
	assert_false(old->has_body_data);
	assert_true(old->body_truncated);
	assert_true(old->body_size >= strlen("text of Re: plan"));
	assert_string_equal(old->preview, "text of Re: plan");
	SCENE_OK(ph, phone_fetch_item(ph, f->id, old->id, &whole, &status, &fetched));
	assert_int_equal(status, 1);
	assert_string_equal(fetched->body, "text of Re: plan\r\n");
	phone_item_free(&fetched);
	fetch.id = old->id;
	SCENE_OK(ph, phone_edit_one(ph, f, &fetch, &status));
	assert_int_equal(status, 1);
	assert_string_equal(old->body, "text of Re: plan\r\n");
	scene_assert_clean(ph);
}
TEST_VERSIONS(old_mails_come_without_their_text)

/* Page by page it's the same. */
static void they_come_in_small_windows(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, v);

	SCENE_OK(ph,
	    phone_sync_folder(ph, scene_inbox(ph),
		&(struct phone_collection){ .conversation_mode = PHONE_YES, .options = &week, .window = 1 }));
	ASSERT_HAS(ph, user, "plan", "Re: plan", "Re: Re: plan", "alone");
	scene_assert_clean(ph);
}
TEST_VERSIONS(they_come_in_small_windows)

/* ---- the phone changes its mind ---- */

static void it_is_switched_on_and_off(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, v);
	struct phone_folder *f = scene_inbox(ph);

	sync_saying(ph, PHONE_UNSAID, &week);
	ASSERT_HAS(ph, user, "Re: Re: plan", "alone");
	for (unsigned i = 0; i < 2; i++) {
		sync_saying(ph, PHONE_YES, NULL);
		assert_int_equal(f->added, 2);
		ASSERT_HAS(ph, user, "plan", "Re: plan", "Re: Re: plan", "alone");
		sync_saying(ph, PHONE_NO, NULL);
		assert_int_equal(f->soft_deleted, 2);
		ASSERT_HAS(ph, user, "Re: Re: plan", "alone");
	}
	sync_saying(ph, PHONE_YES, &day);
	ASSERT_HAS(ph, user, "alone");
	sync_saying(ph, PHONE_YES, &all);
	scene_assert_same(f, user, "INBOX");
	sync_saying(ph, PHONE_NO, NULL);
	assert_int_equal(f->added + f->soft_deleted, 0);
	scene_assert_clean(ph);
}
TEST_VERSIONS(it_is_switched_on_and_off)

/* What isn't said stays, with and without other options: a phone that says it once must not lose and get its mails in turns. */
static void it_is_sticky(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, v);
	struct phone_folder *f = scene_inbox(ph);

	sync_saying(ph, PHONE_YES, &week);
	sync_saying(ph, PHONE_UNSAID, NULL);
	assert_int_equal(f->added + f->soft_deleted, 0);
	sync_saying(ph, PHONE_UNSAID, &week);
	assert_int_equal(f->added + f->soft_deleted, 0);
	SCENE_OK(ph, phone_sync(ph, NULL));
	assert_int_equal(f->added + f->soft_deleted, 0);
	assert_int_equal(estimate_of(ph, PHONE_UNSAID, &week), 0);
	assert_int_equal(estimate_of(ph, PHONE_NO, &week), 2);
	ASSERT_HAS(ph, user, "plan", "Re: plan", "Re: Re: plan", "alone");
	scene_assert_clean(ph);
}
TEST_VERSIONS(it_is_sticky)

/* ---- the mailbox changes ---- */

/* A new mail brings its old conversation with it, and Ping and GetItemEstimate know. */
static void a_new_mail_draws_old_ones(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, v);
	struct phone_folder *f = scene_inbox(ph);
	bool changed;

	sync_saying(ph, PHONE_YES, &week);
	SCENE_OK(ph, phone_ping(ph, 1, f->id, &changed));
	assert_false(changed);
	truth_deliver(scene_bed(), user, mail_of("Re: Re: other", "b3", "<b1@example.org> <b2@example.org>"));
	SCENE_OK(ph, phone_ping(ph, 60, f->id, &changed));
	assert_true(changed);
	assert_int_equal(estimate_of(ph, PHONE_UNSAID, NULL), 3);
	sync_saying(ph, PHONE_UNSAID, NULL);
	assert_int_equal(f->added, 3);
	ASSERT_HAS(
	    ph, user, "plan", "Re: plan", "Re: Re: plan", "alone", "other", "Re: other", "Re: Re: other");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_new_mail_draws_old_ones)

/* The only new one goes, and the old ones with it; a mail that is old and new here stays away. */
static void the_last_new_mail_goes(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, v);
	struct phone_folder *f = scene_inbox(ph);

	sync_saying(ph, PHONE_YES, &week);
	scene_expunge(user, "INBOX", "Re: Re: plan");
	scene_append_aged(user, "INBOX", mail_of("AW: other", "b4", "<b1@example.org>"), 20);
	scene_sync(ph, f);
	assert_int_equal(f->deleted, 1);
	assert_int_equal(f->soft_deleted, 2);
	assert_int_equal(f->added, 0);
	ASSERT_HAS(ph, user, "alone");
	scene_assert_clean(ph);
}
TEST_VERSIONS(the_last_new_mail_goes)

/* An old copy, put here now, belongs to a conversation that is shown. */
static void an_old_mail_is_put_into_it(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, v);
	struct phone_folder *f = scene_inbox(ph);

	sync_saying(ph, PHONE_YES, &week);
	scene_append_aged(user, "INBOX", mail_of("AW: plan", "a4", "<a1@example.org>"), 20);
	scene_sync(ph, f);
	assert_int_equal(f->added, 1);
	ASSERT_HAS(ph, user, "plan", "Re: plan", "Re: Re: plan", "alone", "AW: plan");
	scene_assert_clean(ph);
}
TEST_VERSIONS(an_old_mail_is_put_into_it)

/* Old mails are as good as others: marked and deleted from both sides. */
static void old_mails_are_marked_and_deleted(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, v);
	struct phone_folder *f = scene_inbox(ph);
	struct phone_edit mark = { .command = AIRSYNC_CHANGE, .flag = PHONE_YES },
			  delete = { .command = AIRSYNC_DELETE };
	unsigned status;

	sync_saying(ph, PHONE_YES, &week);
	scene_store(user, "INBOX", "plan", "+FLAGS", "\\Seen");
	scene_store(user, "INBOX", "other", "+FLAGS", "\\Seen");
	scene_sync(ph, f);
	assert_int_equal(f->changed, 1);
	assert_int_equal(f->added + f->soft_deleted + f->deleted, 0);
	mark.id = phone_item_with_subject(f, "Re: plan")->id;
	SCENE_OK(ph, phone_edit_one(ph, f, &mark, &status));
	assert_int_equal(status, 1);
	ASSERT_HAS(ph, user, "plan", "Re: plan", "Re: Re: plan", "alone");
	delete.id = phone_item_with_subject(f, "plan")->id;
	SCENE_OK(ph, phone_edit_one(ph, f, &delete, &status));
	assert_int_equal(status, 1);
	scene_sync(ph, f);
	assert_null(scene_mail(user, "INBOX", "plan"));
	ASSERT_HAS(ph, user, "Re: plan", "Re: Re: plan", "alone");
	scene_assert_clean(ph);
}
TEST_VERSIONS(old_mails_are_marked_and_deleted)

/* Its newest mail becomes too old: all of it leaves the phone, and nothing the server. */
static void a_conversation_ages_as_a_whole(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, v);
	struct phone_folder *f = scene_inbox(ph);
	struct scene_mail *mails;

	sync_saying(ph, PHONE_YES, &week);
	clock_days_ahead(5);
	scene_sync(ph, f);
	assert_int_equal(f->soft_deleted, 0);
	clock_days_ahead(6);
	scene_sync(ph, f);
	assert_int_equal(f->soft_deleted, 3);
	assert_int_equal(f->deleted, 0);
	ASSERT_HAS(ph, user, "alone");
	assert_int_equal(scene_mails(user, "INBOX", &mails), COUNT(old_mails));
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_conversation_ages_as_a_whole)

/* The answer that brought old mails is lost. */
static void an_answer_is_lost(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, v);
	struct phone_folder *f = scene_inbox(ph);
	char *former = test_keep(64);

	sync_saying(ph, PHONE_UNSAID, &week);
	snprintf(former, 64, "%s", f->key);
	sync_saying(ph, PHONE_YES, NULL);
	phone_folder_forget_item(f, phone_item_with_subject(f, "plan")->id);
	phone_folder_forget_item(f, phone_item_with_subject(f, "Re: plan")->id);
	SCENE_OK(
	    ph, phone_sync_one(ph, &(struct phone_collection){
				       .folder_id = f->id, .key = former, .conversation_mode = PHONE_YES }));
	assert_int_equal(f->status, 1);
	assert_int_equal(f->added, 2);
	scene_sync(ph, f);
	ASSERT_HAS(ph, user, "plan", "Re: plan", "Re: Re: plan", "alone");
	scene_assert_clean(ph);
}
TEST_VERSIONS(an_answer_is_lost)

/* ---- where it isn't ---- */

/* Conversations are of mails: MS-ASCMD 2.2.3.36. */
static void other_folders_have_none(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_folder *notes;
	struct phone_collection c = { .conversation_mode = PHONE_NO };
	unsigned status, estimate;
	struct phone *ph;

	truth_create(scene_truth(user), "Notes");
	ph = phone_with_mails(user, v);
	notes = phone_folder_of_type(&ph->replica, 10);
	assert_non_null(notes);
	SCENE_OK(ph, phone_sync_folder(ph, notes, &(struct phone_collection){ 0 }));
	c.folder_id = notes->id;
	SCENE_OK(ph, phone_sync_one(ph, &c));
	assert_int_equal(notes->status, 4);
	SCENE_OK(ph, phone_estimate_of(ph, &c, &status, &estimate));
	assert_int_equal(status, 103);
	SCENE_OK(ph, phone_sync_folder(ph, notes, &(struct phone_collection){ 0 }));
	scene_assert_clean(ph);
}
TEST_VERSIONS(other_folders_have_none)

static void in_12_1_it_means_nothing(void **state)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user, EAS_12_1);

	(void)state;
	sync_saying(ph, PHONE_YES, &week);
	ASSERT_HAS(ph, user, "Re: Re: plan", "alone");
	scene_assert_clean(ph);
}

/* ---- anything, in any order ---- */

enum { STEPS = 40, MOST = 60, CONVERSATIONS = 8 };

struct model {
	struct model_mail {
		char subject[16];
		unsigned conversation;
		uint32_t received;  /* day */
		bool there, marked; /* as deleted */
	} mails[MOST];
	unsigned n, ahead;
	bool mode;
	uint32_t seed;
};

static uint32_t any(struct model *m, uint32_t n)
{
	m->seed = m->seed * 1664525u + 1013904223u;
	return (m->seed >> 8) % n;
}

static void model_append(struct model *m, const char *user)
{
	struct model_mail *one = &m->mails[m->n];
	unsigned days = any(m, 3) ? any(m, 60) : any(m, 3);
	char id[16], root[40];

	*one = (struct model_mail){ .conversation = any(m, CONVERSATIONS),
		.received = (uint32_t)(time(NULL) / 86400) - days,
		.there = true };
	snprintf(one->subject, sizeof(one->subject), "m %u", m->n);
	snprintf(id, sizeof(id), "m%u", m->n);
	snprintf(root, sizeof(root), "<root%u@example.org>", one->conversation);
	scene_append_aged(user, "INBOX", mail_of(one->subject, id, root), days);
	m->n++;
}

static void model_expunge(struct model *m, const char *user)
{
	struct model_mail *one = &m->mails[any(m, m->n)];

	if (one->there)
		scene_expunge(user, "INBOX", one->subject);
	one->there = false;
}

/* Marked as deleted, or not any more. */
static void model_mark(struct model *m, const char *user)
{
	struct model_mail *one = &m->mails[any(m, m->n)];

	if (!one->there)
		return;
	scene_store(user, "INBOX", one->subject, one->marked ? "-FLAGS" : "+FLAGS", "\\Deleted");
	one->marked = !one->marked;
}

static bool model_shows(const struct model_mail *one)
{
	return one->there && !one->marked;
}

static bool model_in_week(const struct model *m, const struct model_mail *one)
{
	return model_shows(one) && one->received >= (uint32_t)(time(NULL) / 86400) + m->ahead - 7;
}

static bool model_wants(const struct model *m, const struct model_mail *one)
{
	bool wants = model_in_week(m, one);

	for (unsigned i = 0; i < m->n && m->mode; i++)
		wants = wants || (model_shows(one) && m->mails[i].conversation == one->conversation &&
				     model_in_week(m, &m->mails[i]));
	return wants;
}

static void model_check(const struct model *m, struct phone *ph, const char *user, unsigned step)
{
	const char *wanted[MOST + 1] = { 0 };
	size_t n = 0;

	for (unsigned i = 0; i < m->n; i++)
		if (model_wants(m, &m->mails[i]))
			wanted[n++] = m->mails[i].subject;
	if (scene_inbox(ph)->count != n)
		print_error("step %u, %s, %u days\n", step, m->mode ? "whole" : "not whole", m->ahead);
	assert_has(ph, user, wanted);
}

static void model_step(struct model *m, const char *user)
{
	uint32_t what = any(m, 11);

	if (what < 5 && m->n < MOST)
		model_append(m, user);
	else if (what < 6 && m->n)
		model_expunge(m, user);
	else if (what == 6 && m->n)
		model_mark(m, user);
	else if (what == 7)
		clock_days_ahead(++m->ahead);
	else if (what == 8 && m->n)
		model_mark(m, user);
	else if (what == 9)
		m->mode = !m->mode;
}

static void whatever_happens_the_phone_has_what_it_should(enum eas_version v)
{
	struct model m = { .seed = (uint32_t)v };
	const char *user = scene_user();
	struct phone *ph = scene_phone(user, "PHONE1", v);
	struct phone_folder *f;

	clock_days_ahead(0);
	SCENE_OK(ph, phone_setup(ph));
	f = scene_inbox(ph);
	for (unsigned i = 0; i < STEPS; i++) {
		struct phone_collection c = { .conversation_mode = m.mode ? PHONE_YES : PHONE_NO,
			.options = &week,
			.window = 1 + any(&m, 5) };

		for (unsigned k = any(&m, 4); k; k--)
			model_step(&m, user);
		c.conversation_mode = m.mode ? PHONE_YES : PHONE_NO;
		SCENE_OK(ph, phone_sync_folder(ph, f, &c));
		model_check(&m, ph, user, i);
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(whatever_happens_the_phone_has_what_it_should)

int conversation_scenarios_run(const char *name)
{
	TEST_ADD_MODERN(conversations_come_whole);
	TEST_ADD_MODERN(old_mails_come_without_their_text);
	TEST_ADD_MODERN(they_come_in_small_windows);
	TEST_ADD_MODERN(it_is_switched_on_and_off);
	TEST_ADD_MODERN(it_is_sticky);
	TEST_ADD_MODERN(a_new_mail_draws_old_ones);
	TEST_ADD_MODERN(the_last_new_mail_goes);
	TEST_ADD_MODERN(an_old_mail_is_put_into_it);
	TEST_ADD_MODERN(old_mails_are_marked_and_deleted);
	TEST_ADD_MODERN(a_conversation_ages_as_a_whole);
	TEST_ADD_MODERN(an_answer_is_lost);
	TEST_ADD_MODERN(other_folders_have_none);
	TEST_ADD(in_12_1_it_means_nothing);
	TEST_ADD_MODERN(whatever_happens_the_phone_has_what_it_should);
	return test_run(name);
}
