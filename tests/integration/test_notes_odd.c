/* Every mail of ../shared/corpus/mail (and some of our own) as a note: it is shown, its title and its text are changed by a phone, and
 * nothing of it is lost that the phone doesn't know. */
#include "corpus.h"
#include "mail/header.h"
#include "mail/mime_parse.h"
#include "note_side.h"
#include "notes/note.h"

struct former {
	uint32_t uid;
	struct bytes mail;
	char id[64]; /* on the phone */
};

static size_t read_all(const char *user, const struct side *s, struct former **out)
{
	struct truth *t = scene_truth(user);
	const struct truth_mail *all;
	size_t n = truth_list(t, "Notes", &all);
	uint32_t validity = truth_uidvalidity(t, "Notes");

	*out = test_keep(n * sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		char uuid[NOTE_UUID_LEN + 1];

		note_uuid_of_mail(validity, all[i].uid, uuid);
		(*out)[i].uid = all[i].uid;
		assert_true(truth_fetch(t, "Notes", all[i].uid, &(*out)[i].mail));
		snprintf((*out)[i].id, sizeof((*out)[i].id), "%s:%llu", s->notes->id,
		    (unsigned long long)note_id(bytes_str(uuid)));
		assert_non_null(phone_item(s->notes, (*out)[i].id));
	}
	return n;
}

/* A copy that is new in the mailbox. */
static struct bytes newest(const char *user)
{
	const struct truth_mail *all;
	size_t n = truth_list(scene_truth(user), "Notes", &all);
	struct bytes mail = { 0 };

	assert_true(truth_fetch(scene_truth(user), "Notes", all[n - 1].uid, &mail));
	return mail;
}

static struct bytes body_of(struct bytes mail)
{
	size_t n;

	mail = header_skip_junk(mail);
	n = header_block_len(mail);
	return bytes_of(mail.p + n, mail.len - n);
}

static void the_title_is_changed(const char *user, struct side *s, const struct former *f)
{
	unsigned status = side_try(
	    s, (struct phone_edit){ .command = AIRSYNC_CHANGE, .id = f->id, .subject = "another title" });

	assert_int_equal(status, 1);
	assert_bytes_equal(body_of(newest(user)), body_of(f->mail));
}

static struct body_plan plan_of(struct bytes mail, const struct sync_options *o)
{
	struct mime_part *root;
	struct body_plan plan;
	struct bytes block;

	assert_int_equal(mime_parse(test_arena(), mail, &block, &root), ERR_OK);
	assert_int_equal(body_plan(test_arena(), root, (uint32_t)mail.len, o, EAS_14_1, &plan), ERR_OK);
	return plan;
}

static void same_files(struct bytes was, struct bytes is)
{
	struct sync_options o;
	struct body_plan a, b;

	sync_options_default(&o);
	a = plan_of(was, &o);
	b = plan_of(is, &o);
	assert_int_equal(a.n_attachments, b.n_attachments);
	for (size_t i = 0; i < a.n_attachments; i++)
		assert_bytes_equal(a.attachments[i].part->body, b.attachments[i].part->body);
}

/* Returns whether it could be. */
static bool the_text_is_changed(const char *user, struct side *s, const struct former *f)
{
	struct bytes before = newest(user);
	unsigned status = side_try(
	    s, (struct phone_edit){ .command = AIRSYNC_CHANGE, .id = f->id, .text = "another text" });

	assert_true(status == 1 || status == 7);
	if (status == 7) {
		assert_bytes_equal(newest(user), before);
		return false;
	}
	same_files(before, newest(user));
	return true;
}

static void every_mail_is_a_note(enum eas_version v)
{
	const char *user = scene_user();
	struct former *all;
	size_t n, refused = 0;
	struct side s;

	notes_make_folder(user);
	corpus_append(user, "Notes");
	s = side_make(user, "PHONE1", v);
	n = read_all(user, &s, &all);
	assert_int_equal(s.notes->count, n);
	for (size_t i = 0; i < n; i++) {
		the_title_is_changed(user, &s, &all[i]);
		refused += !the_text_is_changed(user, &s, &all[i]);
	}
	print_message("%zu notes, the text of %zu is left as it is\n", n, refused);
	assert_true(refused < n / 3); /* what is signed, encrypted, broken, or has no text */
	side_sync(&s);
	assert_int_equal(s.notes->count, n);
	assert_int_equal(notes_count(user, "Notes"), n);
	for (const struct phone_item *i = phone_item_next(s.notes, NULL); i; i = phone_item_next(s.notes, i))
		assert_string_equal(i->subject, "another title");
}
TEST_VERSIONS(every_mail_is_a_note)

/* The whole of a cut note, and what a Sync would bring. */
static void a_note_is_fetched(enum eas_version v)
{
	static const struct phone_body_preference whole = { .type = 1, .truncation = PHONE_WHOLE };
	static const struct phone_options_block cut = { .bodies = { { .type = 1, .truncation = 5 } } };
	const char *user = scene_user();
	struct phone_item *item;
	unsigned status, count;
	struct side s = side_make(user, "PHONE1", v);

	side_add(&s, "c1", "title", "text that is longer");
	SCENE_OK(
	    s.ph, phone_fetch_item(s.ph, s.notes->id, side_note(&s, "title")->id, &whole, &status, &item));
	assert_int_equal(status, 1);
	assert_string_equal(item->subject, "title");
	assert_string_equal(item->body, "text that is longer");
	assert_string_equal(item->message_class, "IPM.StickyNote");
	phone_item_free(&item);
	notes_put(user, BYTES("Subject: second\r\n\r\nx\r\n"));
	SCENE_OK(s.ph, phone_estimate(s.ph, s.notes, &cut, &status, &count));
	assert_int_equal(status, 1);
	assert_int_equal(count, 1);
	side_sync(&s);
	SCENE_OK(s.ph, phone_estimate(s.ph, s.notes, &cut, &status, &count));
	assert_int_equal(count, 0);
}
TEST_VERSIONS(a_note_is_fetched)

int main(void)
{
	static const char *const settings[] = { "imap.notes_folder=Notes", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 20, .settings = settings });
	TEST_ADD_NOTE_VERSIONS(every_mail_is_a_note);
	TEST_ADD_NOTE_VERSIONS(a_note_is_fetched);
	failed = test_run("notes odd");
	scene_close();
	return failed;
}
