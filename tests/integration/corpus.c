#include "corpus.h"

#include <dirent.h>

#include "scene.h"

enum { BIG = 30 << 20 };

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

static struct corpus corpus;

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

static void add(struct bytes mail)
{
	assert_true(corpus.count < CORPUS_MAX);
	corpus.mails[corpus.count++] = mail;
}

struct bytes corpus_mail(const char *name)
{
	size_t n = strlen(name) + 32;
	char *path = test_keep(n);

	snprintf(path, n, "../shared/corpus/mail/%s", name);
	return for_imap(test_file(path));
}

const struct corpus *corpus_read(void)
{
	struct dirent *d;
	DIR *dir;

	if (corpus.count)
		return &corpus;
	dir = opendir("../shared/corpus/mail");
	for (size_t i = 0; i < sizeof(own_mails) / sizeof(own_mails[0]); i++)
		add(for_imap(bytes_str(own_mails[i])));
	if (!dir)
		printf("skipped: no ../shared\n");
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			add(corpus_mail(d->d_name));
	if (dir)
		closedir(dir);
	return &corpus;
}

void corpus_append(const char *user, const char *mailbox)
{
	const struct corpus *all = corpus_read();

	for (size_t i = 0; i < all->count; i++)
		truth_append(scene_truth(user), mailbox, NULL, NULL, all->mails[i]);
}

struct bytes corpus_big_mail(void)
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
