/* Replies and forwards of mails as the world writes them, and of one of 30 MB. */
#include "corpus.h"
#include "processes.h"
#include "received.h"

enum { MEMORY_MOST = 2 << 20, TEXT_MAX = 2000, LINE_END = 2 };

#define FIELDS "From: me@example.org\r\nTo: bob@example.org\r\nSubject: fw %zu\r\nMIME-Version: 1.0\r\n"

/* What a phone with an HTML editor sends. */
static struct bytes both_forms(size_t number)
{
	char *text = test_keep(TEXT_MAX);

	snprintf(text, TEXT_MAX,
	    FIELDS "Content-Type: multipart/alternative; boundary=p\r\n\r\n--p\r\nContent-Type: "
		   "text/plain\r\n\r\nmy own words\r\n"
		   "--p\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><b>my own "
		   "words</b></body></html>\r\n--p--\r\n",
	    number);
	return bytes_str(text);
}

/* Sizes are estimates of what is decoded: they may be a line end off. */
static bool has_file(const struct phone_item *in, const struct phone_attachment *wanted)
{
	for (size_t i = 0; i < in->attachment_count; i++)
		if (in->attachments[i].size + LINE_END >= wanted->size &&
		    in->attachments[i].size <= wanted->size + LINE_END)
			return true;
	return false;
}

static bool is_whole(const struct phone_item *i)
{
	return i->attachment_count == 1 && !strcmp(i->attachments[0].name, "message.eml");
}

/* What the phone reads in Sent: its words, and each file of the original, or the original as a whole. */
static void assert_forwarded(const struct phone_item *sent, const struct phone_item *original)
{
	if (!sent)
		fail_msg("%s: not in Sent", original->subject);
	if (!strstr(sent->body, "my own words"))
		fail_msg("%s: without the phone's own words", original->subject);
	for (size_t i = 0; i < original->attachment_count && !is_whole(sent); i++)
		if (!has_file(sent, &original->attachments[i]))
			fail_msg("%s: %s is missing", original->subject, original->attachments[i].name);
}

/* As HTML, which lists also what only the HTML shows. */
static const struct phone_options_block as_html = { .bodies = { { .type = 2, .truncation = 2000 } } };

static struct phone *phone_with_corpus(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_phone(user, "PHONE1", v);

	corpus_append(user, "INBOX");
	SCENE_OK(ph, phone_setup(ph));
	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph),
			 &(struct phone_collection){ .window = 50, .options = &as_html }));
	return ph;
}

static void every_mail_is_forwarded(enum eas_version v)
{
	struct phone *ph = phone_with_corpus(v);
	unsigned before = received_count();
	struct phone_folder *sent;
	size_t n = 0;

	for (const struct phone_item *i = phone_item_next(scene_inbox(ph), NULL); i;
	     i = phone_item_next(scene_inbox(ph), i)) {
		struct phone_source source = { .folder_id = scene_inbox(ph)->id, .item_id = i->id };
		struct phone_mail mail = { .mime = both_forms(n), .save_in_sent = true };

		SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_FORWARD, &mail, &source));
		if (ph->status != 1)
			fail_msg("%s: status %u", i->subject, ph->status);
		n++;
	}
	received_expect(before + (unsigned)n);
	sent = phone_folder_of_type(&ph->replica, 5);
	SCENE_OK(
	    ph, phone_sync_folder(ph, sent, &(struct phone_collection){ .window = 50, .options = &as_html }));
	assert_int_equal(sent->count, n);
	n = 0;
	for (const struct phone_item *i = phone_item_next(scene_inbox(ph), NULL); i;
	     i = phone_item_next(scene_inbox(ph), i)) {
		char subject[32];

		snprintf(subject, sizeof(subject), "fw %zu", n++);
		assert_forwarded(phone_item_with_subject(sent, subject), i);
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(every_mail_is_forwarded)

static void every_mail_is_replied_to(enum eas_version v)
{
	struct phone *ph = phone_with_corpus(v);
	unsigned before = received_count();
	size_t n = 0;

	for (const struct phone_item *i = phone_item_next(scene_inbox(ph), NULL); i;
	     i = phone_item_next(scene_inbox(ph), i)) {
		struct phone_source source = { .folder_id = scene_inbox(ph)->id, .item_id = i->id };

		SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_REPLY,
				 &(struct phone_mail){ .mime = both_forms(n++) }, &source));
		if (ph->status != 1)
			fail_msg("%s: status %u", i->subject, ph->status);
	}
	received_expect(before + (unsigned)n);
}
TEST_VERSIONS(every_mail_is_replied_to)

/* ---- 30 MB ---- */

static void a_large_file_takes_no_memory(enum eas_version v)
{
	const char *user = scene_user();
	struct bytes mail = corpus_big_mail(), got, sent_copy;
	unsigned before = received_count();
	struct phone_source source;
	struct scene_mail *sent;
	struct phone *ph;
	size_t base;

	truth_append(scene_truth(user), "INBOX", NULL, NULL, mail);
	scene_append(user, "INBOX", "small", "");
	ph = scene_synced_phone(user, "PHONE1", v);
	ph->timeout_ms = 120 * 1000;
	source = (struct phone_source){ .item_id = phone_item_with_subject(scene_inbox(ph), "small")->id };
	SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_FORWARD,
			 &(struct phone_mail){ .mime = both_forms(0), .save_in_sent = true },
			 &source)); /* so that what every worker has once is there */
	base = process_memory_begin();
	source.item_id = phone_item_with_subject(scene_inbox(ph), "big")->id;
	SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_FORWARD,
			 &(struct phone_mail){ .mime = both_forms(1), .save_in_sent = true }, &source));
	assert_int_equal(ph->status, 1);
	process_memory_end(base, mail.len, MEMORY_MOST);
	received_expect(before + 2);
	got = received(before + 2, "eml");
	assert_true(got.len > mail.len);
	assert_non_null(memmem(got.p, got.len, mail.p + 1000, mail.len - 2000)); /* the file, byte for byte */
	assert_int_equal(scene_mails(user, "Sent", &sent), 2);
	assert_true(truth_fetch(scene_truth(user), "Sent", sent[1].uid, &sent_copy));
	assert_bytes_equal(sent_copy, got);
}
TEST_VERSIONS(a_large_file_takes_no_memory)

int main(void)
{
	static const char *const settings[] = { "server.workers=1", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 20, .settings = settings });
	TEST_ADD_VERSIONS(every_mail_is_forwarded);
	TEST_ADD_VERSIONS(every_mail_is_replied_to);
	TEST_ADD_VERSIONS(a_large_file_takes_no_memory);
	failed = test_run("smart corpus");
	scene_close();
	return failed;
}
