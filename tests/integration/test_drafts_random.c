/* Two phones and another IMAP program, all of them at the same drafts at random, with lost answers: at the end both phones hold what
 * IMAP has, what a phone was told to be stored was, and each mail was sent once. */
#include <stdlib.h>
#include <unistd.h>

#include "draft_side.h"

enum { STORIES = 15, STEPS = 40, TEXT_MAX = 32, IDS = 1000 };

#define WORD "word%05uend"

static uint32_t seed;

static unsigned below(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 9) % n;
}

struct story {
	const char *user;
	struct phone *phones[2];
	unsigned serial;
	bool sent[IDS]; /* for certain, by the draft's number */
};

static const char *words(struct story *s)
{
	char *text = test_keep(TEXT_MAX);

	snprintf(text, TEXT_MAX, WORD, ++s->serial);
	return text;
}

/* Any draft that the phone has, or NULL. */
static const struct phone_item *any_draft(struct phone *ph)
{
	const struct phone_folder *f = drafts_of(ph);
	const struct phone_item *i = phone_item_next(f, NULL);

	for (size_t n = f->count ? below((unsigned)f->count) : 0; n && i; n--)
		i = phone_item_next(f, i);
	return i;
}

/* A new draft, a mail like those of other programs, or one that goes or is marked. */
static void program_acts(struct story *s)
{
	struct truth *t = scene_truth(s->user);
	const struct truth_mail *all;
	size_t n = truth_list(t, "Drafts", &all);
	unsigned act = below(4);
	char uid[16];

	if (!n || act == 0) {
		scene_append(s->user, "Drafts", words(s), "\\Draft");
		return;
	}
	snprintf(uid, sizeof(uid), "%u", all[below((unsigned)n)].uid);
	if (act == 1)
		truth_store(t, "Drafts", uid, "+FLAGS", "\\Deleted");
	else
		truth_store(t, "Drafts", uid, below(2) ? "+FLAGS" : "-FLAGS", act == 2 ? "\\Seen" : "Work");
}

/* The status, or 0 if the phone gives up. It may repeat the command until an answer comes; meanwhile the program does something, too. */
static unsigned say(struct story *s, struct phone *ph, const struct phone_edit *e)
{
	struct phone_collection c = draft_collection_asked;
	enum err got;

	c.folder_id = drafts_of(ph)->id;
	c.edits = e;
	c.edit_count = 1;
	c.window = 1 + below(3);
	while (below(4) == 0) {
		ph->lose = below(2) ? PHONE_LOSE_READ : PHONE_LOSE_UNREAD;
		SCENE_ERR(ph, phone_sync_one(ph, &c), ERR_CANCELLED);
		if (below(4) == 0)
			program_acts(s);
		if (below(4) == 0 && e->command != AIRSYNC_DELETE) /* what a phone deletes it shows no more */
			return 0;
	}
	while ((got = phone_sync_one(ph, &c)) == ERR_UNAVAILABLE && ph->reply.status == 503)
		usleep(50 * 1000); /* the request before is still being done */
	SCENE_OK(ph, got);
	assert_int_equal(drafts_of(ph)->status, 1);
	scene_assert_clean(ph);
	return ph->result_count ? ph->results[0].status : 1;
}

/* Another may have changed the draft, or deleted it. */
static void assert_may_be(unsigned status)
{
	if (status > 1 && status != 7 && status != 8)
		fail_msg("status %u", status);
}

static void assert_stored(const struct story *s, const char *text)
{
	struct truth *t = scene_truth(s->user);

	truth_command(t, "EXAMINE Drafts");
	if (!received_has(truth_command(t, "UID SEARCH RETURN (COUNT) BODY %s", text), "COUNT 1"))
		fail_msg("\"%s\" isn't there once", text);
}

static void send(struct story *s, struct phone *ph, struct phone_edit *e)
{
	unsigned number = (unsigned)atoi(strchr(e->id, ':') + 1), status;

	e->send = true;
	assert_may_be(status = say(s, ph, e));
	assert_in_range(number, 1, IDS - 1);
	s->sent[number] |= status == 1;
}

static void write_draft(struct story *s, struct phone *ph, struct phone_edit *e)
{
	struct phone_edit said = *e;
	unsigned status;

	assert_may_be(status = say(s, ph, &said));
	if (status == 1)
		assert_stored(s, e->text);
}

static void phone_acts(struct story *s, struct phone *ph)
{
	const struct phone_item *i = any_draft(ph);
	char id[64] = "", client_id[32];
	struct phone_edit e = { .command = AIRSYNC_CHANGE, .id = id, .draft = true };

	snprintf(client_id, sizeof(client_id), "c%u", below(5)); /* used again and again */
	if (i)
		snprintf(id, sizeof(id), "%s", i->id);
	switch (i ? below(12) : 0) {
	case 0:
	case 1:
	case 2:
		e.command = AIRSYNC_ADD;
		e.id = client_id;
		e.subject = e.text = words(s);
		e.to = "<a@example.org>";
		write_draft(s, ph, &e);
		break;
	case 3:
		e.command = AIRSYNC_DELETE;
		assert_may_be(say(s, ph, &e));
		break;
	case 4:
		e.read = below(2) ? PHONE_YES : PHONE_NO;
		assert_may_be(say(s, ph, &e));
		break;
	case 5:
		e.categories = below(2) ? "Work" : "";
		assert_may_be(say(s, ph, &e));
		break;
	case 6:
		e.to = "<c@example.org>";
		send(s, ph, &e);
		break;
	default:
		e.text = words(s);
		e.to = "<b@example.org>";
		write_draft(s, ph, &e);
	}
}

static size_t live_drafts(const struct story *s)
{
	struct truth *t = scene_truth(s->user);
	const struct truth_mail *all;
	size_t n = truth_list(t, "Drafts", &all), live = 0;

	for (size_t i = 0; i < n; i++)
		live += !strstr(all[i].flags, "\\Deleted");
	return live;
}

/* What phones were told is out is, and nothing is twice: each text is in one draft. A phone that gave up may have sent one more. */
static void assert_sent_once(const struct story *s, unsigned before)
{
	unsigned certain = 0;

	for (unsigned i = 0; i < IDS; i++)
		certain += s->sent[i];
	if (received_count() < before + certain)
		received_expect(before + certain);
	for (unsigned word = 1; word <= s->serial; word++) {
		char text[TEXT_MAX];
		unsigned times = 0;

		snprintf(text, sizeof(text), WORD, word);
		for (unsigned i = before + 1; i <= received_count(); i++)
			times += received_has(received(i, "eml"), text);
		assert_in_range(times, 0, 1);
	}
}

static void a_story(enum eas_version v)
{
	struct story s = { .user = scene_user() };
	unsigned before = received_count();

	s.phones[0] = drafting_phone(s.user, "PHONE1", v);
	s.phones[1] = drafting_phone(s.user, "PHONE2", EAS_16_0);
	for (int i = 0; i < STEPS; i++) {
		struct phone *ph = s.phones[below(2)];

		switch (below(6)) {
		case 0:
			program_acts(&s);
			break;
		case 1:
			sync_drafts(ph);
			break;
		default:
			phone_acts(&s, ph);
		}
	}
	for (int i = 0; i < 2; i++) { /* what a page has no room for comes with the next one */
		sync_drafts(s.phones[0]);
		sync_drafts(s.phones[1]);
	}
	assert_int_equal(drafts_of(s.phones[0])->count, live_drafts(&s));
	assert_same_drafts(s.phones[0], s.user, "PHONE3");
	assert_same_drafts(s.phones[1], s.user, "PHONE4");
	assert_sent_once(&s, before);
}

static void some_stories(enum eas_version v)
{
	for (uint32_t i = 1; i <= STORIES; i++) {
		seed = (uint32_t)v * 77 + i;
		a_story(v);
	}
}
TEST_VERSIONS(some_stories)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 40 });
	TEST_ADD_DRAFT_VERSIONS(some_stories);
	failed = test_run("drafts random");
	scene_close();
	return failed;
}
