/* Mails as the world writes them: every one of ../shared/corpus/mail (and some of our own) in every kind of body, without a stall; and
 * one of 30 MB. */
#include <dirent.h>

#include "scene.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { MAX_MAILS = 400, BIG = 30 << 20 };

static const char *const own_mails[] = {
	"\r\n",
	"no header at all, just text",
	"Subject: only a subject\r\n\r\n",
	"From: <>\r\nSubject: =?utf-8?q?broken\r\nDate: yesterday\r\n\r\nx\r\n",
	"Content-Type: multipart/mixed\r\n\r\nno boundary\r\n",
	"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nno end\r\n",
	"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--\r\n",
	"Content-Type: text/html; charset=no-such\r\nContent-Transfer-Encoding: base64\r\n\r\n####\r\n",
	"Content-Type: text/plain; charset=utf-16\r\n\r\nodd\r\n",
	"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ=\r\n=4\r\n",
	"Subject: controls \x01\x02\x1B\r\nContent-Type: text/plain\r\n\r\n\x01\x02\x07\x1B[31m\xFF\xFE\r\n",
	"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: message/rfc822\r\n\r\nSubject: "
	"innermost\r\n\r\nx\r\n",
	"Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; "
	"boundary=a\r\n\r\n"
	"--a\r\n\r\nsame boundary\r\n--a--\r\n--a--\r\n",
	"Content-Type: application/octet-stream; name=\"../../etc/passwd\"\r\nContent-Transfer-Encoding: "
	"base64\r\n\r\nAAEC\r\n",
	"Content-Type: text/html\r\n\r\n<html><body><p>un<b>closed &nbsp; &bogus; <!-- "
	"<script>x</script>\r\n",
};

static struct bytes corpus[MAX_MAILS];
static const char *corpus_names[MAX_MAILS];
static size_t corpus_count;

/* IMAP takes CRLF and no NUL. */
static struct bytes for_imap(struct bytes in)
{
	uint8_t *p = test_keep(2 * in.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		if (in.p[i] == '\n' && (!n || p[n - 1] != '\r'))
			p[n++] = '\r';
		p[n++] = in.p[i] ? in.p[i] : ' ';
	}
	return bytes_of(p, n);
}

static void add_mail(const char *name, struct bytes mail)
{
	assert_true(corpus_count < MAX_MAILS);
	corpus_names[corpus_count] = name;
	corpus[corpus_count++] = for_imap(mail);
}

static void read_corpus(void)
{
	struct dirent *d;
	DIR *dir = opendir("../shared/corpus/mail");

	for (size_t i = 0; i < COUNT(own_mails); i++)
		add_mail("one of our own", bytes_str(own_mails[i]));
	if (!dir)
		printf("skipped: no ../shared\n");
	while (dir && (d = readdir(dir))) {
		char *path;
		size_t n = strlen(d->d_name) + 32;

		if (d->d_name[0] == '.')
			continue;
		path = test_keep(n);
		snprintf(path, n, "../shared/corpus/mail/%s", d->d_name);
		add_mail(path, test_file(path));
	}
	if (dir)
		closedir(dir);
}

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
	for (size_t i = 0; i < corpus_count; i++)
		truth_append(scene_truth(user), "INBOX", NULL, NULL, corpus[i]);
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
		assert_int_equal(f->count, corpus_count);
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

static struct bytes big_mail(void)
{
	static const char head[] = "From: a@example.org\r\nSubject: big\r\nMIME-Version: 1.0\r\n"
				   "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
				   "text/plain\r\n\r\nsmall text\r\n"
				   "--b\r\nContent-Type: application/octet-stream; "
				   "name=\"big.bin\"\r\nContent-Transfer-Encoding: base64\r\n"
				   "Content-Disposition: attachment; filename=\"big.bin\"\r\n\r\n",
			  tail[] = "--b--\r\n";
	static const char line[] =
	    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n";
	uint8_t *p = test_keep(BIG + sizeof(head) + sizeof(line) + sizeof(tail));
	size_t n = sizeof(head) - 1;

	memcpy(p, head, n);
	for (; n < BIG; n += sizeof(line) - 1)
		memcpy(p + n, line, sizeof(line) - 1);
	memcpy(p + n, tail, sizeof(tail) - 1);
	return bytes_of(p, n + sizeof(tail) - 1);
}

static void thirty_megabytes(enum eas_version v)
{
	static const struct phone_body_preference mime = { .type = 4, .truncation = PHONE_WHOLE };
	const char *user = scene_user();
	struct bytes mail = big_mail(), data, type;
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

	read_corpus();
	scene_open(&(struct bed_opts){ .users = 10, .services = "dovecot,redis" });
	TEST_ADD_ROWS(every_mail_is_synced, body_cases);
	TEST_ADD_VERSIONS(every_attachment_is_fetched);
	TEST_ADD_VERSIONS(thirty_megabytes);
	failed = test_run("odd mail");
	scene_close();
	return failed;
}
