/* How fast mails become what phones get: MB of raw mail per second, parsed and made into a whole body of each kind.
 * Generated mails of 4 and 200 KB, and those of ../shared/corpus where it is there. Each figure is the best of
 * several rounds, since the machine may be busy with other things. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "mail/transfer.h"
#include "unit/proto/mail_sample.h"

enum { ROUNDS = 9, ROUND_BYTES = 8 << 20, MAX_MAILS = 400 };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- mails ---- */

static const char plain_line[] =
    "Sehr geehrte Frau M\xC3\xBCller, anbei wie besprochen die Unterlagen f\xC3\xBCr Dienstag.\r\n";
static const char html_line[] =
    "<tr><td style=\"padding:4px 8px;font-family:Arial,sans-serif\"><p>Sehr geehrte Frau M\xC3\xBCller, "
    "anbei wie "
    "<b>besprochen</b>&nbsp;die <a href=\"https://www.example.org/unterlagen/2026?id=1234\">Unterlagen</a> "
    "f\xC3\xBCr Dienstag.</p></td><td width=20>&euro; 12,50<br></td></tr>\r\n";
static const char cyrillic_line[] =
    "\xD0\x94\xD0\xBE\xD0\xB1\xD1\x80\xD1\x8B\xD0\xB9 \xD0\xB4\xD0\xB5\xD0\xBD\xD1\x8C, "
    "\xD0\xB2\xD0\xBE\xD1\x82 \xD0\xB4\xD0\xBE\xD0\xBA\xD1\x83\xD0\xBC\xD0\xB5\xD0\xBD\xD1\x82\xD1\x8B.\r\n";

static const struct kind {
	const char *name, *type, *line, *head, *tail;
	enum mime_encoding encoding;
} kinds[] = {
	{ "plain, 8bit", "text/plain", plain_line, "", "", MIME_8BIT },
	{ "plain, quoted-printable", "text/plain", plain_line, "", "", MIME_QUOTED_PRINTABLE },
	{ "plain, base64", "text/plain", plain_line, "", "", MIME_BASE64 },
	{ "plain, Cyrillic", "text/plain", cyrillic_line, "", "", MIME_8BIT },
	{ "HTML, 8bit", "text/html", html_line, "<html><body><table>", "</table></body></html>", MIME_8BIT },
	{ "HTML, quoted-printable", "text/html", html_line, "<html><body><table>", "</table></body></html>",
	    MIME_QUOTED_PRINTABLE },
	{ "HTML, Cyrillic", "text/html", cyrillic_line, "<html><body><p>", "</p></body></html>", MIME_8BIT },
};

static struct bytes done(const struct buf *b)
{
	struct bytes out;

	if (buf_done(b, &out))
		abort();
	return out;
}

static struct bytes generate(struct arena *a, const struct kind *k, size_t len)
{
	static const char *const names[] = {
		[MIME_8BIT] = "8bit", [MIME_QUOTED_PRINTABLE] = "quoted-printable", [MIME_BASE64] = "base64"
	};
	struct bytes body;
	struct buf b, raw;

	buf_init(&b, a, 0);
	buf_put_str(&b, k->head);
	while (b.len < len)
		buf_put_str(&b, k->line);
	buf_put_str(&b, k->tail);
	body = done(&b);
	buf_init(&raw, a, 0);
	buf_printf(&raw,
	    "From: =?utf-8?Q?K=C3=A4the_M=C3=BCller?= <kaethe@example.org>\r\nTo: Bob <bob@example.com>\r\n"
	    "Subject: =?utf-8?Q?Unterlagen_f=C3=BCr_Dienstag?=\r\nMessage-ID: <1@example.org>\r\n"
	    "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    k->type, names[k->encoding]);
	if (k->encoding == MIME_BASE64)
		transfer_put_base64(&raw, body);
	else if (k->encoding == MIME_QUOTED_PRINTABLE)
		transfer_put_quoted_printable(&raw, body);
	else
		buf_put(&raw, body);
	return done(&raw);
}

static struct bytes read_file(struct arena *a, const char *folder, const char *name)
{
	char path[512];
	struct buf b;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	buf_init(&b, a, 0);
	while (f && !feof(f) && !ferror(f)) {
		uint8_t chunk[4096];

		buf_put(&b, bytes_of(chunk, fread(chunk, 1, sizeof(chunk), f)));
	}
	if (f)
		fclose(f);
	return done(&b);
}

static size_t read_corpus(struct arena *a, struct bytes mails[MAX_MAILS])
{
	static const char folder[] = "../shared/corpus/mail";
	DIR *dir = opendir(folder);
	const struct dirent *d;
	size_t n = 0;

	while (dir && n < MAX_MAILS && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			mails[n++] = read_file(a, folder, d->d_name);
	if (dir)
		closedir(dir);
	return n;
}

/* ---- measuring ---- */

static void convert(const struct bytes *mails, size_t n, enum body_type type)
{
	struct sync_options o = sample_options(type, BODY_WHOLE, 0);

	for (size_t i = 0; i < n; i++) {
		struct arena *a = arena_new((size_t)256 << 20);
		struct sample s;

		if (sample_make(a, mails[i], &o, EAS_16_1, false, &s))
			abort();
		arena_free(&a);
	}
}

/* MB per second in the best round; repeats inside a round make it long enough to be measured. */
static double best(const struct bytes *mails, size_t n, enum body_type type)
{
	size_t bytes = 0, repeats;
	double fastest = 1e9;

	for (size_t i = 0; i < n; i++)
		bytes += mails[i].len;
	repeats = 1 + ROUND_BYTES / bytes;
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_s(), took;

		for (size_t i = 0; i < repeats; i++)
			convert(mails, n, type);
		took = (now_s() - start) / (double)repeats;
		if (took < fastest)
			fastest = took;
	}
	return (double)bytes / 1e6 / fastest;
}

/* The slowest of the three. */
static double report(const char *name, const struct bytes *mails, size_t n)
{
	double plain = best(mails, n, BODY_PLAIN), html = best(mails, n, BODY_HTML),
	       mime = best(mails, n, BODY_MIME), slowest = plain < html ? plain : html;
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += mails[i].len;
	printf("  %-26s %9zu bytes %9.0f %9.0f %9.0f\n", name, bytes, plain, html, mime);
	return slowest < mime ? slowest : mime;
}

static void report_corpus(const struct bytes *mails, size_t n)
{
	double slowest = report("the corpus", mails, n);

	bench_row("conversion of the corpus on one core, slowest kind", bench_text("%.0f MB/s", slowest), "",
	    ">= 60 MB/s", slowest >= 60);
}

int main(void)
{
	static const size_t sizes[] = { 4 * 1024, 200 * 1024 };
	static struct bytes corpus[MAX_MAILS];
	struct arena *a = arena_new((size_t)256 << 20);
	size_t n = read_corpus(a, corpus);

	printf("mail: from raw to a whole body                 plain      HTML      MIME   (MB/s)\n");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			struct bytes mail = generate(a, &kinds[k], sizes[i]);

			(void)report(kinds[k].name, &mail, 1);
		}
	if (n)
		report_corpus(corpus, n);
	else
		printf("skipped: no ../shared\n");
	arena_free(&a);
	return 0;
}
