/* Drafts and notes that the mail server can't read. Which item a mail is stands in the mail; and an item is changed by a new mail. */
#include <stdlib.h>
#include <sys/stat.h>

#include "clock.h"
#include "damage.h"
#include "draft_side.h"
#include "note_side.h"

/* Counted without opening any. */
static void assert_mails(const char *user, const char *mailbox, unsigned want)
{
	char text[32];
	struct bytes answer = truth_command(scene_truth(user), "STATUS %s (MESSAGES)", mailbox);

	snprintf(text, sizeof(text), "MESSAGES %u)", want);
	if (!notes_has(answer, text))
		fail_msg("%s: %.*s", mailbox, BYTES_ARG(answer));
}

/* ---- drafts ---- */

/* "d0", "d1", ... */
static void append_drafts(const char *user, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char subject[] = { 'd', (char)('0' + i), 0 };

		damage_append(user, "Drafts", subject);
	}
}

/* Which draft it is stands in the mail: one that can't be read is missing, the others come. */
static void among_drafts(const struct damage_case *c)
{
	const char *user = scene_user();
	struct phone_folder *drafts;
	struct phone *ph;

	append_drafts(user, 3);
	c->damage(damage_file(user, "Drafts", 2));
	ph = drafting_phone(user, "PHONE1", EAS_16_1);
	drafts = drafts_of(ph);
	assert_non_null(phone_item_with_subject(drafts, "d0"));
	assert_non_null(phone_item_with_subject(drafts, "d2"));
	scene_assert_clean(ph);
}
TEST_ROW(among_drafts)

/* A phone that has the draft already keeps it: that the server can't say which one it is doesn't mean that it is gone. */
static void a_known_draft(const struct damage_case *c)
{
	const char *user = scene_user();
	struct phone_folder *drafts;
	struct phone *ph;

	append_drafts(user, 5);
	ph = drafting_phone(user, "PHONE1", EAS_16_1);
	drafts = drafts_of(ph);
	assert_int_equal(drafts->count, 5);
	c->damage(damage_file(user, "Drafts", 2));
	damage_forget_cache(user, "Drafts");
	damage_append(user, "Drafts", "new");
	for (int i = 0; i < 2; i++) {
		scene_sync(ph, drafts);
		assert_int_equal(drafts->count, 6);
		assert_non_null(phone_item_with_subject(drafts, "d1"));
		assert_non_null(phone_item_with_subject(drafts, "new"));
	}
	scene_assert_clean(ph);
}
TEST_ROW(a_known_draft)

static const struct phone_item *item_of_id(const struct phone_folder *f, const char *id)
{
	for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i))
		if (!strcmp(i->id, id))
			return i;
	fail_msg("no item %s", id);
	return NULL;
}

static unsigned count_of_text(const struct phone_folder *f, const char *text)
{
	unsigned n = 0;

	for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i))
		n += strstr(i->body, text) != NULL;
	return n;
}

/* Which one it is that can't be read is known of what the phone has: all else goes on as ever. */
static void other_drafts_go_on(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", v);
	bool woken;

	damage_append(user, "INBOX", "a mail");
	damage_append(user, "Drafts", "gone");
	damage_append(user, "Drafts", "marked");
	assert_int_equal(
	    draft_edit(
		ph, (struct phone_edit){ .command = AIRSYNC_ADD, .id = "d1", .subject = "own", .text = "x" }),
	    1);
	assert_int_equal(draft_alter(ph, "own", (struct phone_edit){ .subject = "changed" }), 1);
	sync_drafts(ph);
	damage_forbid(damage_file(user, "Drafts", 4));
	damage_forget_cache(user, "Drafts");
	truth_store(scene_truth(user), "Drafts", "1", "+FLAGS", "\\Deleted");
	truth_store(scene_truth(user), "Drafts", "2", "+FLAGS", "Work");
	SCENE_OK(ph, phone_ping(ph, 60, drafts_of(ph)->id, &woken));
	assert_true(woken);
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 2);
	assert_string_equal(draft_with(ph, "marked")->categories, "Work");
	assert_non_null(draft_with(ph, "changed"));
	SCENE_OK(ph, phone_ping(ph, 2, drafts_of(ph)->id, &woken));
	assert_false(woken);
}
TEST_VERSIONS(other_drafts_go_on)

/* A copy that was left behind isn't shown in the place of the newer one that can't be read, nor changed. */
static void a_former_copy(void **state)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", EAS_16_1);
	struct bytes former, newest;
	struct phone_edit edit = { .command = AIRSYNC_CHANGE, .draft = true, .text = "more" };
	unsigned status;
	char id[64];

	(void)state;
	assert_int_equal(
	    draft_edit(ph,
		(struct phone_edit){ .command = AIRSYNC_ADD, .id = "d1", .subject = "zero", .text = "zero" }),
	    1);
	assert_int_equal(draft_alter(ph, "zero", (struct phone_edit){ .subject = "former" }), 1);
	former = draft_mail(user, 1);
	assert_int_equal(draft_alter(ph, "former", (struct phone_edit){ .subject = "newest" }), 1);
	newest = draft_mail(user, 1);
	scene_append_raw(user, "Drafts", former, "\\Draft", NULL);
	scene_append_raw(user, "Drafts", newest, "\\Draft", NULL);
	snprintf(id, sizeof(id), "%s", draft_with(ph, "newest")->id);
	edit.id = id;
	sync_drafts(ph);
	damage_forbid(damage_file(user, "Drafts", 5));
	damage_forget_cache(user, "Drafts");
	damage_append(user, "Drafts", "another");
	sync_drafts(ph);
	assert_string_equal(item_of_id(drafts_of(ph), id)->subject, "newest");
	assert_non_null(phone_item_with_subject(drafts_of(ph), "another"));
	SCENE_OK(ph, phone_edit_one(ph, drafts_of(ph), &edit, &status));
	assert_int_equal(status, 7);
	sync_drafts(ph);
	assert_int_equal(count_of_text(drafts_of(ph), "more"), 1);
}

/* What the phone says of it is kept, once, and other drafts go on; the draft itself stays as it is. */
static void a_changed_draft(const struct damage_case *c)
{
	for (unsigned known = 0; known < 2; known++)
		for (unsigned sent = 0; sent < 2; sent++) {
			const char *user = scene_user();
			struct phone *ph = drafting_phone(user, "PHONE1", draft_versions[known].version);
			struct phone_edit edit = {
				.to = "bob@example.org", .subject = "newer", .text = "more", .send = sent
			};
			char id[64];

			damage_append(user, "INBOX", "a mail");
			damage_append(user, "Drafts", "older");
			damage_append(user, "Drafts", "another");
			sync_drafts(ph);
			snprintf(id, sizeof(id), "%s", draft_with(ph, "older")->id);
			c->damage(damage_file(user, "Drafts", 1));
			if (!known)
				damage_forget_cache(user, "Drafts");
			assert_int_equal(draft_alter(ph, "older", edit), 7);
			sync_drafts(ph);
			assert_int_equal(drafts_of(ph)->count, 3);
			assert_non_null(strstr(draft_with(ph, "newer")->body, "more"));
			assert_non_null(item_of_id(drafts_of(ph), id));
			assert_mails(user, "Drafts", 3);
			assert_mails(user, "Sent", 0);
			assert_int_equal(
			    draft_alter(ph, "another", (struct phone_edit){ .text = "words" }), 1);
		}
}
TEST_ROW(a_changed_draft)

/* It was shown as a stub meanwhile. */
static void a_changed_draft_heals(void **state)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", EAS_16_1);

	(void)state;
	damage_append(user, "INBOX", "a mail");
	damage_append(user, "Drafts", "older");
	sync_drafts(ph);
	damage_forbid(damage_file(user, "Drafts", 1));
	assert_int_equal(draft_alter(ph, "older", (struct phone_edit){ .subject = "newer" }), 7);
	sync_drafts(ph);
	assert_null(phone_item_with_subject(drafts_of(ph), "older"));
	damage_allow(damage_file(user, "Drafts", 1));
	clock_days_ahead(1);
	sync_drafts(ph);
	clock_days_ahead(0);
	assert_non_null(strstr(draft_with(ph, "older")->body, "xxx"));
	assert_int_equal(drafts_of(ph)->count, 2);
}

/* It isn't gone for the phone, and comes back when it can be read. */
static void a_deleted_draft(void **state)
{
	const char *user = scene_user();
	struct phone *ph = drafting_phone(user, "PHONE1", EAS_16_1);
	struct phone_edit edit = { .command = AIRSYNC_DELETE };
	char id[64];

	(void)state;
	damage_append(user, "INBOX", "a mail");
	damage_append(user, "Drafts", "older");
	sync_drafts(ph);
	snprintf(id, sizeof(id), "%s", draft_with(ph, "older")->id);
	damage_forbid(damage_file(user, "Drafts", 1));
	damage_forget_cache(user, "Drafts");
	edit.id = id;
	assert_int_equal(draft_edit(ph, edit), 7);
	sync_drafts(ph);
	assert_int_equal(drafts_of(ph)->count, 0);
	damage_allow(damage_file(user, "Drafts", 1));
	sync_drafts(ph);
	assert_string_equal(draft_with(ph, "older")->id, id);
	assert_int_equal(draft_edit(ph, edit), 1);
}

/* The draft that an Add has made can't be read when the phone, which hasn't heard of it, says it again otherwise: that is there once. */
static void an_add_said_otherwise(const struct damage_case *c)
{
	for (unsigned known = 0; known < 2; known++) {
		const char *user = scene_user();
		struct phone *ph = drafting_phone(user, "PHONE1", EAS_16_1);
		struct phone_edit e = {
			.command = AIRSYNC_ADD, .id = "d1", .subject = "first", .draft = true
		};
		struct phone_collection rq = { .folder_id = drafts_of(ph)->id, .edits = &e, .edit_count = 1 };
		char text[2000];

		memset(text, 'x', sizeof(text) - 1);
		text[sizeof(text) - 1] = 0;
		e.text = text;
		damage_append(user, "INBOX", "a mail");
		ph->lose = PHONE_LOSE_READ;
		SCENE_ERR(ph, phone_sync_one(ph, &rq), ERR_CANCELLED);
		c->damage(damage_file(user, "Drafts", 1));
		if (!known)
			damage_forget_cache(user, "Drafts");
		e.subject = e.text = "second";
		SCENE_OK(ph, phone_sync_one(ph, &rq));
		assert_int_equal(ph->results[0].status, 1);
		sync_drafts(ph);
		assert_non_null(strstr(draft_with(ph, "second")->body, "second"));
		assert_mails(user, "Drafts", 2);
	}
}
TEST_ROW(an_add_said_otherwise)

/* ---- notes ---- */

static void a_changed_note(const struct damage_case *c)
{
	for (unsigned known = 0; known < 2; known++) {
		const char *user = scene_user();
		struct side s;

		damage_append(user, "INBOX", "a mail");
		notes_make_folder(user);
		damage_append(user, "Notes", "older");
		damage_append(user, "Notes", "another");
		s = side_make(user, "PHONE1", note_versions[known].version);
		c->damage(damage_file(user, "Notes", 1));
		if (!known)
			damage_forget_cache(user, "Notes");
		assert_int_equal(
		    side_try_change(&s, "older", (struct phone_edit){ .subject = "newer", .text = "more" }),
		    7);
		side_sync(&s);
		assert_int_equal(s.notes->count, 3);
		assert_non_null(strstr(side_note(&s, "newer")->body, "more"));
		assert_non_null(side_note(&s, "older"));
		assert_mails(user, "Notes", 3);
		side_change(&s, "another", (struct phone_edit){ .subject = "another", .text = "words" });
	}
}
TEST_ROW(a_changed_note)

/* A copy that was left behind may be shown meanwhile; what the phone says of the newer one isn't taken for a conflict with it. */
static void a_former_copy_of_a_note(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;

	damage_append(user, "INBOX", "a mail");
	notes_make_folder(user);
	notes_put(user, notes_apple("former", note_uuid_1, "former text"));
	notes_put(user, notes_apple("newest", note_uuid_1, "newest text"));
	s = side_make(user, "PHONE1", v);
	assert_int_equal(s.notes->count, 1);
	damage_forbid(damage_file(user, "Notes", 2));
	damage_forget_cache(user, "Notes");
	assert_int_equal(
	    side_try_change(&s, "newest", (struct phone_edit){ .subject = "newer", .text = "more" }), 7);
	side_sync(&s);
	assert_int_equal(count_of_text(s.notes, "more"), 1);
	assert_mails(user, "Notes", 3);
	damage_allow(damage_file(user, "Notes", 2));
	side_sync(&s);
	assert_non_null(strstr(side_note(&s, "newest")->body, "newest text"));
	assert_int_equal(s.notes->count, 2);
}
TEST_VERSIONS(a_former_copy_of_a_note)

static void other_notes_go_on(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;

	damage_append(user, "INBOX", "a mail");
	notes_make_folder(user);
	damage_append(user, "Notes", "gone");
	damage_append(user, "Notes", "marked");
	notes_put(user, notes_apple("unreadable", note_uuid_1, "x"));
	s = side_make(user, "PHONE1", v);
	damage_forbid(damage_file(user, "Notes", 3));
	damage_forget_cache(user, "Notes");
	truth_store(scene_truth(user), "Notes", "1", "+FLAGS", "\\Deleted");
	truth_store(scene_truth(user), "Notes", "2", "+FLAGS", "Work");
	side_sync(&s);
	assert_int_equal(s.notes->count, 2);
	assert_string_equal(side_note(&s, "marked")->categories, "Work");
	assert_non_null(side_note(&s, "unreadable"));
}
TEST_VERSIONS(other_notes_go_on)

static void a_deleted_note(void **state)
{
	const char *user = scene_user();
	struct side s;

	(void)state;
	damage_append(user, "INBOX", "a mail");
	notes_make_folder(user);
	damage_append(user, "Notes", "older");
	s = side_make(user, "PHONE1", EAS_14_1);
	damage_forbid(damage_file(user, "Notes", 1));
	damage_forget_cache(user, "Notes");
	assert_int_equal(side_try_change(&s, "older", (struct phone_edit){ .command = AIRSYNC_DELETE }), 7);
	side_sync(&s);
	damage_allow(damage_file(user, "Notes", 1));
	side_sync(&s);
	assert_non_null(side_note(&s, "older"));
}

/* It could be read for the answer that got lost, and when that is asked for again nobody can say which note the mail is. */
static void in_a_replay(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;

	damage_append(user, "INBOX", "a mail");
	notes_make_folder(user);
	notes_put(user, notes_apple("first", note_uuid_1, "one"));
	s = side_make(user, "PHONE1", v);
	notes_put(user, notes_apple("second", note_uuid_2, "two"));
	s.ph->lose = PHONE_LOSE_READ;
	SCENE_ERR(s.ph, phone_sync_folder(s.ph, s.notes, &side_plain), ERR_CANCELLED);
	damage_forbid(damage_file(user, "Notes", 2));
	damage_forget_cache(user, "Notes");
	side_sync(&s);
	assert_int_equal(s.notes->count, 1);
	damage_allow(damage_file(user, "Notes", 2));
	side_sync(&s);
	assert_string_equal(side_note(&s, "second")->body, "two");
	assert_int_equal(s.notes->count, 2);
}
TEST_VERSIONS(in_a_replay)

/* ---- SMS ---- */

/* Their mailbox may be refused when it is time to ask for such an SMS again: mails go on, and it comes when it can be read. */
static void an_sms_heals(enum eas_version v)
{
	static const struct phone_options_block email = { .class = "Email" }, sms = { .class = "SMS",
		.bodies = { { .type = 1, .truncation = PHONE_WHOLE } } };
	static const struct phone_collection both = { .window = 100, .options = &email, .sms = &sms };
	const char *user = scene_user();
	struct phone *ph = scene_phone(user, "PHONE1", v);
	struct phone_folder *inbox;
	char *path;

	damage_append(user, "INBOX", "a mail");
	truth_create(scene_truth(user), "SMS");
	damage_append(user, "SMS", "one");
	damage_append(user, "SMS", "two");
	damage_forbid(damage_file(user, "SMS", 1));
	SCENE_OK(ph, phone_setup(ph));
	inbox = scene_inbox(ph);
	SCENE_OK(ph, phone_sync_folder(ph, inbox, &both));
	assert_int_equal(inbox->count, 3);
	assert_int_equal(count_of_text(inbox, "could not be shown"), 1);
	damage_allow(damage_file(user, "SMS", 1));
	path = strdup(damage_file(user, "SMS", 1));
	*strrchr(path, '/') = 0;
	damage_forbid(path);
	clock_days_ahead(1);
	scene_append(user, "INBOX", "another", "");
	SCENE_OK(ph, phone_sync_folder(ph, inbox, &both));
	assert_int_equal(inbox->count, 4);
	assert_int_equal(chmod(path, 0700), 0);
	free(path);
	clock_days_ahead(2);
	SCENE_OK(ph, phone_sync_folder(ph, inbox, &both));
	clock_days_ahead(0);
	assert_int_equal(inbox->count, 4);
	assert_int_equal(count_of_text(inbox, "could not be shown"), 0);
	scene_assert_clean(ph);
}
TEST_VERSIONS(an_sms_heals)

int main(void)
{
	static const char *const settings[] = { "imap.notes_folder=Notes", "imap.sms_folder=SMS", NULL };
	int failed;

	clock_scene_open(&(struct bed_opts){ .users = 50, .settings = settings });
	TEST_ADD_ROWS(among_drafts, damage_cases);
	TEST_ADD_ROWS(a_known_draft, damage_cases);
	TEST_ADD_DRAFT_VERSIONS(other_drafts_go_on);
	TEST_ADD(a_former_copy);
	TEST_ADD_ROWS(a_changed_draft, damage_cases);
	TEST_ADD_ROWS(an_add_said_otherwise, damage_cases);
	TEST_ADD(a_changed_draft_heals);
	TEST_ADD(a_deleted_draft);
	TEST_ADD_ROWS(a_changed_note, damage_cases);
	TEST_ADD_NOTE_VERSIONS(a_former_copy_of_a_note);
	TEST_ADD_NOTE_VERSIONS(other_notes_go_on);
	TEST_ADD(a_deleted_note);
	TEST_ADD_NOTE_VERSIONS(in_a_replay);
	TEST_ADD_NOTE_VERSIONS(an_sms_heals);
	failed = test_run("unreadable copies");
	clock_scene_close();
	return failed;
}
