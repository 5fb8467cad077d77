/* The connection to IMAP breaks between the steps of what a phone does to a note, as it does when a worker dies there: the phone
 * repeats it, and there is one note, as the phone wants it, and nothing left over. */
#include "cutter.h"
#include "note_side.h"

static struct cutter *cutter;

enum what { ADD, CHANGE, DELETE };

static const struct cut_case {
	const char *name;
	enum what what;
	enum cutter_when when;
	const char *word;
} cut_cases[] = {
	{ "Add, before APPEND", ADD, CUTTER_BEFORE, "APPEND" },
	{ "Add, after APPEND", ADD, CUTTER_AFTER, "APPEND" },
	{ "Change, before APPEND", CHANGE, CUTTER_BEFORE, "APPEND" },
	{ "Change, after APPEND", CHANGE, CUTTER_AFTER, "APPEND" },
	{ "Change, before the former is deleted", CHANGE, CUTTER_BEFORE, "\\Deleted" },
	{ "Change, after the former is deleted", CHANGE, CUTTER_AFTER, "\\Deleted" },
	{ "Delete, before", DELETE, CUTTER_BEFORE, "MOVE" },
	{ "Delete, after", DELETE, CUTTER_AFTER, "MOVE" },
};

static struct phone_edit edit_of(const struct cut_case *c, const struct side *s)
{
	switch (c->what) {
	case ADD:
		return (struct phone_edit){ .command = AIRSYNC_ADD,
			.id = "c9",
			.note = true,
			.subject = "wished",
			.text = "wished",
			.categories = "Red" };
	case CHANGE:
		return (struct phone_edit){ .command = AIRSYNC_CHANGE,
			.id = side_note(s, "former")->id,
			.note = true,
			.subject = "wished",
			.text = "wished",
			.categories = "Red" };
	case DELETE:
		break;
	}
	return (
	    struct phone_edit){ .command = AIRSYNC_DELETE, .id = side_note(s, "former")->id, .note = true };
}

/* Until the gateway has found its way back. */
static void repeat(struct side *s, const struct phone_collection *rq)
{
	enum err e = ERR_UNAVAILABLE;

	for (int i = 0; i < 50 && e == ERR_UNAVAILABLE; i++)
		e = phone_sync_one(s->ph, rq);
	SCENE_OK(s->ph, e);
	assert_int_equal(s->notes->status, 1);
}

static void it_ends_well(const struct cut_case *c, const char *user, struct side *s, enum eas_version v)
{
	size_t notes = c->what == ADD ? 2 : c->what == CHANGE ? 1 : 0;
	struct side other;

	side_sync(s);
	assert_int_equal(s->notes->count, notes);
	assert_int_equal(notes_count(user, "Notes"), notes);
	assert_int_equal(notes_count(user, "Trash"), c->what == DELETE);
	other = side_make(user, "PHONE2", v);
	assert_int_equal(other.notes->count, notes);
	if (c->what == DELETE)
		return;
	assert_string_equal(side_note(&other, "wished")->body, "wished");
	assert_string_equal(side_note(&other, "wished")->categories, "Red");
	assert_string_equal(side_note(&other, "wished")->id, side_note(s, "wished")->id);
}

static void a_cut(const struct cut_case *c)
{
	for (size_t n = 0; n < sizeof(note_versions) / sizeof(note_versions[0]); n++) {
		enum eas_version v = note_versions[n].version;
		const char *user = scene_user();
		struct side s = side_make(user, "PHONE1", v);
		struct phone_collection rq = { .folder_id = s.notes->id, .edit_count = 1 };
		unsigned cuts = cutter_cuts(cutter);
		struct phone_edit edit;
		enum err e;

		side_add(&s, "c1", "former", "former");
		edit = edit_of(c, &s);
		rq.edits = &edit;
		cutter_arm(cutter, c->when, c->word);
		e = phone_sync_one(s.ph, &rq);
		assert_int_equal(cutter_cuts(cutter), cuts + 1);
		if (e != ERR_UNAVAILABLE)
			fail_msg("%s: %s", c->name, s.ph->problem);
		repeat(&s, &rq);
		it_ends_well(c, user, &s, v);
	}
}
TEST_ROW(a_cut)

int main(void)
{
	static const char *const settings[] = { "imap.notes_folder=Notes", NULL };
	int failed;

	cutter = cutter_open_scene((struct bed_opts){ .users = 40, .settings = settings });
	TEST_ADD_ROWS(a_cut, cut_cases);
	failed = test_run("notes cut");
	cutter_close_scene(&cutter);
	return failed;
}
