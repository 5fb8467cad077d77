/* What a phone gets of every mail of ../shared/corpus/mail, in every kind of body and cut in many ways, against what another
 * reader finds in it: tests/tools/mail_truth. */
#include <dirent.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "corpus.h"
#include "scene.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { MAX_FILES = 400 };

static const struct kind_case {
	const char *name;
	struct phone_options_block options;
	bool fetch; /* the attachments too */
} kind_cases[] = {
	{ "plain", { .bodies = { { .type = 1, .truncation = PHONE_WHOLE } } }, true },
	{ "plain of 100 bytes", { .bodies = { { .type = 1, .truncation = 100 } } }, false },
	{ "plain of 500 bytes", { .bodies = { { .type = 1, .truncation = 500 } } }, false },
	{ "HTML", { .bodies = { { .type = 2, .truncation = PHONE_WHOLE } } }, false },
	{ "HTML of 2000 bytes", { .bodies = { { .type = 2, .truncation = 2000 } } }, false },
	{ "MIME", { .mime_support = 1 + 2, .bodies = { { .type = 4, .truncation = PHONE_WHOLE } } }, false },
	{ "MIME of 700 bytes", { .mime_support = 1 + 2, .bodies = { { .type = 4, .truncation = 700 } } },
	    false },
};

static char *files[MAX_FILES]; /* by UID - 1 */
static size_t file_count;

/* An account that holds them all; NULL where there is no corpus. */
static const char *corpus_user(void)
{
	static const char *user;
	const struct dirent *d;
	DIR *dir = user ? NULL : opendir("../shared/corpus/mail");

	if (!dir)
		return user;
	user = scene_user();
	while ((d = readdir(dir))) {
		if (!strstr(d->d_name, ".eml"))
			continue; /* parts of mails */
		assert_true(file_count < MAX_FILES);
		files[file_count] = test_keep(strlen(d->d_name) + 1);
		strcpy(files[file_count++], d->d_name);
		truth_append(scene_truth(user), "INBOX", NULL, NULL, corpus_mail(d->d_name));
	}
	closedir(dir);
	return user;
}

static json_t *sha256(struct bytes data)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned n = 0;

	assert_int_equal(EVP_Digest(data.p, data.len, digest, &n, EVP_sha256(), NULL), 1);
	for (unsigned i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return json_string(hex);
}

static json_t *attachment_json(struct phone *ph, const struct phone_attachment *at, bool fetch)
{
	json_t *out = json_pack("{s:s, s:I}", "name", at->name, "size", (json_int_t)at->size);
	struct bytes data, type;
	unsigned status;

	assert_non_null(out);
	if (!fetch)
		return out;
	SCENE_OK(ph, phone_fetch_attachment(ph, at->reference, NULL, false, &status, &data, &type));
	assert_int_equal(status, 1);
	json_object_set_new(out, "length", json_integer((json_int_t)data.len));
	json_object_set_new(out, "sha256", sha256(data));
	return out;
}

static void dump_item(struct phone *ph, const struct phone_item *i, const struct kind_case *c, FILE *to)
{
	const struct phone_body_preference *p = c->options.bodies;
	size_t uid = strtoul(strchr(i->id, ':') + 1, NULL, 10);
	json_t *list = json_array(), *out;

	assert_in_range(uid, 1, file_count);
	for (size_t n = 0; n < i->attachment_count; n++)
		json_array_append_new(list, attachment_json(ph, &i->attachments[n], c->fetch));
	out = json_pack("{s:s, s:s, s:s, s:i, s:I, s:b, s:I, s:s, s:o}", "file", files[uid - 1], "subject",
	    i->subject, "from", i->from, "type", (int)i->body_type, "limit",
	    p->truncation == PHONE_WHOLE ? (json_int_t)-1 : (json_int_t)p->truncation, "truncated",
	    (int)i->body_truncated, "size", (json_int_t)i->body_size, "body", i->body, "attachments", list);
	assert_non_null(out);
	assert_int_equal(json_dumpf(out, to, JSON_COMPACT), 0);
	fputc('\n', to);
	json_decref(out);
}

static void dump(struct phone *ph, const struct kind_case *c, const char *path)
{
	struct phone_folder *f = scene_inbox(ph);
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i))
		dump_item(ph, i, c, to);
	assert_int_equal(fclose(to), 0);
}

static void is_what_another_reader_finds(const struct kind_case *c)
{
	const char *user = corpus_user();

	if (!user) {
		print_message("skipped: no ../shared\n");
		return;
	}
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		struct phone_collection rq = { .window = 50, .options = &c->options };
		char device[24], path[] = "/tmp/easgate-corpus-XXXXXX", command[128];
		struct phone *ph;
		int fd;

		snprintf(device, sizeof(device), "TRUTH%u%zu", (unsigned)(c - kind_cases), n);
		ph = scene_phone(user, device, scene_versions[n].version);
		SCENE_OK(ph, phone_setup(ph));
		SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), &rq));
		assert_int_equal(scene_inbox(ph)->count, file_count);
		fd = mkstemp(path);
		assert_true(fd >= 0);
		close(fd);
		dump(ph, c, path);
		snprintf(command, sizeof(command), "tests/tools/mail_truth ../shared/corpus/mail %s", path);
		assert_int_equal(system(command), 0);
		unlink(path);
		scene_assert_clean(ph);
	}
}
TEST_ROW(is_what_another_reader_finds)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 4, .services = "dovecot,redis" });
	TEST_ADD_ROWS(is_what_another_reader_finds, kind_cases);
	failed = test_run("corpus");
	scene_close();
	return failed;
}
