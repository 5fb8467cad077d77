/* Notes that both sides change, answers that are lost, and who is told of it. */
#include <poll.h>

#include "notes_scenarios.h"
#include "note_side.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- both sides at once ---- */

static unsigned delete_for_good(struct side *s, const char *subject)
{
	char id[64];
	struct phone_edit e = { .command = AIRSYNC_DELETE, .id = id, .note = true };
	struct phone_collection c = {
		.folder_id = s->notes->id, .deletes_as_moves = PHONE_NO, .edits = &e, .edit_count = 1
	};

	snprintf(id, sizeof(id), "%s", side_note(s, subject)->id);
	SCENE_OK(s->ph, phone_sync_one(s->ph, &c));
	return s->ph->result_count ? s->ph->results[0].status : 1;
}

static void who_wins(enum eas_version v)
{
	static const struct phone_options_block client_wins = { .server_wins = PHONE_NO,
		.bodies = { { .type = 1, .truncation = PHONE_WHOLE } } };
	const char *user = scene_user();
	struct side s;

	notes_make_folder(user);
	notes_put(user, notes_apple("title", note_uuid_1, "base"));
	s = side_make(user, "PHONE1", v);
	notes_put(user, notes_apple("title", note_uuid_1, "theirs"));
	truth_expunge(scene_truth(user), "Notes", "1");
	assert_int_equal(side_try_change(&s, "title", (struct phone_edit){ .text = "mine" }), 7);
	side_sync(&s);
	assert_string_equal(side_note(&s, "title")->body, "theirs");

	notes_put(user, notes_apple("title", note_uuid_1, "theirs again"));
	truth_expunge(scene_truth(user), "Notes", "2");
	assert_int_equal(delete_for_good(&s, "title"), 7);
	side_sync(&s);
	assert_string_equal(side_note(&s, "title")->body, "theirs again");

	SCENE_OK(s.ph, phone_sync_folder(s.ph, s.notes,
			   &(struct phone_collection){ .window = 100, .options = &client_wins }));
	notes_put(user, notes_apple("title", note_uuid_1, "theirs, third"));
	truth_expunge(scene_truth(user), "Notes", "3");
	assert_int_equal(side_try_change(&s, "title", (struct phone_edit){ .text = "mine" }), 1);
	side_sync(&s);
	assert_string_equal(side_note(&s, "title")->body, "mine");
	assert_int_equal(notes_count(user, "Notes"), 1);
	assert_true(notes_has(notes_mail(user, "title"), "mine"));

	notes_put(user, notes_apple("title", note_uuid_1, "to the trash"));
	side_change(
	    &s, "title", (struct phone_edit){ .command = AIRSYNC_DELETE }); /* nothing is lost by it */
	side_sync(&s);
	assert_int_equal(s.notes->count, 0);
	assert_int_equal(notes_count(user, "Notes"), 0);
	assert_int_equal(notes_count(user, "Trash"), 2);
}
TEST_VERSIONS(who_wins)

/* ---- lost answers, dead workers ---- */

static void lost_answers(enum eas_version v)
{
	const char *user = scene_user();
	struct side one = side_make(user, "PHONE1", v), two;
	struct phone_edit edits[3] = {
		{ .command = AIRSYNC_ADD, .id = "c1", .note = true, .subject = "added", .text = "text" },
		{ .command = AIRSYNC_CHANGE, .note = true, .text = "changed text" },
		{ .command = AIRSYNC_DELETE, .note = true },
	};
	struct phone_collection c = { .folder_id = one.notes->id, .edits = edits, .edit_count = 3 };

	side_add(&one, "c2", "to change", "text");
	side_add(&one, "c3", "to delete", "text");
	edits[1].id = side_note(&one, "to change")->id;
	edits[2].id = side_note(&one, "to delete")->id;
	for (int i = 0; i < 3; i++) {
		one.ph->lose = i ? PHONE_LOSE_READ : PHONE_LOSE_UNREAD;
		SCENE_ERR(one.ph, phone_sync_one(one.ph, &c), ERR_CANCELLED);
	}
	SCENE_OK(one.ph, phone_sync_one(one.ph, &c));
	assert_int_equal(one.notes->status, 1);
	side_sync(&one);
	assert_int_equal(one.notes->count, 2);
	assert_int_equal(notes_count(user, "Notes"), 2);
	two = side_make(user, "PHONE2", v);
	assert_int_equal(two.notes->count, 2);
	assert_string_equal(side_note(&two, "to change")->body, "changed text");
	assert_string_equal(side_note(&two, "added")->body, "text");
}
TEST_VERSIONS(lost_answers)

/* The same note again, under a ClientId that was used before: another note. */
static void client_ids_count_from_the_beginning_again(enum eas_version v)
{
	const char *user = scene_user();
	struct side s = side_make(user, "PHONE1", v);

	side_add(&s, "c1", "same", "same");
	side_add(&s, "c1", "same", "same");
	side_add(&s, "c1", "other", "same");
	side_sync(&s);
	assert_int_equal(s.notes->count, 3);
	assert_int_equal(notes_count(user, "Notes"), 3);
}
TEST_VERSIONS(client_ids_count_from_the_beginning_again)

/* ---- push ---- */

static void a_ping_tells(enum eas_version v)
{
	const char *user = scene_user();
	struct side one, two;
	const char *id, *changed[2];
	size_t count;

	notes_make_folder(user);
	notes_put(user, notes_apple("title", note_uuid_1, "text"));
	one = side_make(user, "PHONE1", v);
	two = side_make(user, "PHONE2", v);
	id = two.notes->id;
	SCENE_OK(two.ph, phone_ping_send(two.ph, 60, &id, 1));
	poll(NULL, 0, 300);
	side_change(&one, "title", (struct phone_edit){ .text = "changed" });
	SCENE_OK(two.ph, phone_ping_receive(two.ph, 60, changed, COUNT(changed), &count));
	assert_int_equal(two.ph->status, 2);
	side_sync(&two);
	assert_string_equal(side_note(&two, "title")->body, "changed");

	SCENE_OK(two.ph, phone_ping_send(two.ph, 60, &id, 1));
	poll(NULL, 0, 300);
	notes_put(user, notes_apple("another", note_uuid_2, "text"));
	SCENE_OK(two.ph, phone_ping_receive(two.ph, 60, changed, COUNT(changed), &count));
	assert_int_equal(two.ph->status, 2);
	side_sync(&two);
	assert_int_equal(two.notes->count, 2);
}
TEST_VERSIONS(a_ping_tells)

static void a_hanging_sync_brings_the_note(enum eas_version v)
{
	const char *user = scene_user();
	struct side s;
	struct phone_collection c = side_plain;
	struct phone_sync rq = { .collections = &c, .count = 1, .heartbeat_s = 60 };

	notes_make_folder(user);
	notes_put(user, notes_apple("title", note_uuid_1, "text"));
	s = side_make(user, "PHONE1", v);
	c.folder_id = s.notes->id;
	SCENE_OK(s.ph, phone_sync_send(s.ph, &rq));
	poll(NULL, 0, 300);
	notes_put(user, notes_apple("title", note_uuid_1, "changed"));
	truth_expunge(scene_truth(user), "Notes", "1");
	SCENE_OK(s.ph, phone_sync_receive(s.ph, &rq));
	assert_string_equal(side_note(&s, "title")->body, "changed");
	side_sync(&s);
	assert_int_equal(s.notes->count, 1);
	assert_int_equal(s.notes->added + s.notes->changed + s.notes->deleted, 0);
}
TEST_VERSIONS(a_hanging_sync_brings_the_note)

/* The Status of a Ping during which the phone adds a note and changes it. */
static unsigned ping_beside_own_notes(
    struct side *s, struct phone *ear, const char *client_id, const char *subject)
{
	const char *id = s->notes->id, *changed[2];
	size_t count;

	SCENE_OK(ear, phone_ping_send(ear, 3, &id, 1));
	poll(NULL, 0, 300);
	side_add(s, client_id, subject, "text");
	side_change(s, subject, (struct phone_edit){ .text = "text 2" });
	SCENE_OK(ear, phone_ping_receive(ear, 3, changed, COUNT(changed), &count));
	return ear->status;
}

/* The server tells of a note before its Sync has been committed: who waits looks at the folder only afterwards. */
static void its_own_notes_wake_no_phone(enum eas_version v)
{
	const char *user = scene_user();
	struct side s = side_make(user, "PHONE1", v);
	struct phone *ear;

	side_add(&s, "c0", "first", "text");
	ear = scene_phone(user, "PHONE1", v); /* the same device on a second connection */
	SCENE_OK(ear, phone_setup(ear));
	assert_int_equal(ping_beside_own_notes(&s, ear, "c1", "second"), 1);
}
TEST_VERSIONS(its_own_notes_wake_no_phone)

void notes_at_once_add(void)
{
	TEST_ADD_NOTE_VERSIONS(who_wins);
	TEST_ADD_NOTE_VERSIONS(lost_answers);
	TEST_ADD_NOTE_VERSIONS(client_ids_count_from_the_beginning_again);
	TEST_ADD_NOTE_VERSIONS(a_ping_tells);
	TEST_ADD_NOTE_VERSIONS(a_hanging_sync_brings_the_note);
	TEST_ADD_NOTE_VERSIONS(its_own_notes_wake_no_phone);
}
