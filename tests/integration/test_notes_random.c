/* Two phones and another IMAP program, all of them writing notes at random, with lost answers: at the end both phones hold what the
 * newest mail of each note says, and whatever somebody wrote last without a conflict is there. */
#include "note_side.h"

enum { STEPS = 120, TEXT_MAX = 64 };

static uint32_t seed;

static unsigned below(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 9) % n;
}

struct story {
	const char *user;
	struct side sides[2];
	unsigned serial, lost;
};

/* A title has one line. */
static const char *words(struct story *s, bool title)
{
	static const char *const forms[] = { "plain", "Grüße", "<x> & more", "日本語", "two\r\nlines" };
	char *text = test_keep(TEXT_MAX);

	snprintf(text, TEXT_MAX, "%s %u", forms[below(title ? 4 : 5)], ++s->serial);
	return text;
}

/* Any note that the phone has, or NULL. */
static const struct phone_item *any_note(const struct side *side)
{
	const struct phone_item *i = phone_item_next(side->notes, NULL);

	for (size_t n = side->notes->count ? below((unsigned)side->notes->count) : 0; n && i; n--)
		i = phone_item_next(side->notes, i);
	return i;
}

/* Sent again until an answer comes, as phones do. */
static void send(struct story *s, struct side *side, struct phone_edit *e)
{
	struct phone_collection c = { .folder_id = side->notes->id, .edits = e, .edit_count = 1 };

	e->note = true;
	while (below(4) == 0) {
		side->ph->lose = below(2) ? PHONE_LOSE_READ : PHONE_LOSE_UNREAD;
		SCENE_ERR(side->ph, phone_sync_one(side->ph, &c), ERR_CANCELLED);
		s->lost++;
	}
	SCENE_OK(side->ph, phone_sync_one(side->ph, &c));
	assert_int_equal(side->notes->status, 1);
	scene_assert_clean(side->ph);
}

static void phone_acts(struct story *s, struct side *side)
{
	const struct phone_item *i = any_note(side);
	char id[64] = "", client_id[32];
	struct phone_edit e = { .id = id };

	snprintf(client_id, sizeof(client_id), "c%u", below(5)); /* used again and again */
	if (i)
		snprintf(id, sizeof(id), "%s", i->id);
	switch (i ? below(6) : 0) {
	case 0:
	case 1:
		e = (struct phone_edit){ .command = AIRSYNC_ADD,
			.id = client_id,
			.subject = words(s, true),
			.text = words(s, false) };
		break;
	case 2:
		e.command = AIRSYNC_DELETE;
		break;
	default:
		e.command = AIRSYNC_CHANGE;
		e.subject = below(2) ? words(s, true) : NULL;
		e.text = below(3) ? words(s, false) : NULL;
		e.categories = below(2) ? "Red" : NULL;
	}
	send(s, side, &e);
}

static const char *uuid_number(unsigned n)
{
	char *uuid = test_keep(40);

	snprintf(uuid, 40, "0A1B2C3D-0000-4222-8333-%012u", n);
	return uuid;
}

/* Another program: a new note, or a new copy of one of its own, with or without the former being deleted. */
static void program_acts(struct story *s)
{
	struct truth *t = scene_truth(s->user);
	const struct truth_mail *all;
	size_t n = truth_list(t, "Notes", &all);
	char subject[TEXT_MAX], text[TEXT_MAX], uid[16];

	snprintf(subject, sizeof(subject), "program %u", ++s->serial);
	snprintf(text, sizeof(text), "<div>text %u</div>", s->serial);
	if (n && below(4) == 0) {
		snprintf(uid, sizeof(uid), "%u", all[below((unsigned)n)].uid);
		truth_expunge(t, "Notes", uid);
		return;
	}
	notes_put(s->user, notes_apple(subject, uuid_number(below(4)), text));
}

static void the_same_on(const struct side *a, const struct side *b)
{
	assert_int_equal(a->notes->count, b->notes->count);
	for (const struct phone_item *i = phone_item_next(a->notes, NULL); i;
	     i = phone_item_next(a->notes, i)) {
		const struct phone_item *other = phone_item(b->notes, i->id);

		assert_non_null(other);
		assert_string_equal(i->subject, other->subject);
		assert_string_equal(i->categories, other->categories);
		if (strcmp(i->body, other->body) != 0 &&
		    strncmp(i->body, other->body, strlen(other->body)) != 0)
			fail_msg("\"%s\" and \"%s\"", i->body, other->body);
	}
}

static void a_story(enum eas_version v)
{
	struct story s = { .user = scene_user() };
	struct side fresh;

	seed = (uint32_t)v * 77 + 5;
	notes_make_folder(s.user);
	s.sides[0] = side_make(s.user, "PHONE1", v);
	s.sides[1] = side_make(s.user, "PHONE2", v);
	for (int i = 0; i < STEPS; i++) {
		struct side *side = &s.sides[below(2)];

		switch (below(5)) {
		case 0:
			program_acts(&s);
			break;
		case 1:
			side_sync(side);
			break;
		default:
			phone_acts(&s, side);
		}
	}
	side_sync(&s.sides[0]);
	side_sync(&s.sides[1]);
	fresh = side_make(s.user, "PHONE3", v); /* has it all from IMAP */
	the_same_on(&s.sides[0], &fresh);
	the_same_on(&s.sides[1], &fresh);
	assert_true(s.lost > 3);
}
TEST_VERSIONS(a_story)

int main(void)
{
	static const char *const settings[] = { "imap.notes_folder=Notes", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 10, .settings = settings });
	TEST_ADD_NOTE_VERSIONS(a_story);
	failed = test_run("notes random");
	scene_close();
	return failed;
}
