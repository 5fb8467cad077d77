/* What a page of a folder costs in bytes from the IMAP server: 100 HTML mails of 60 KB on average, each with an attachment of
 * 1 MB, shown as plain text of 500 bytes. The least would be the texts' own parts, whole. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "integration/truth.h"

enum { MAILS = 100, PREVIEW = 500, SMALLEST = 40 * 1024, LARGEST = 80 * 1024, ATTACHMENT = 1 << 20 };

static const char head[] =
    "From: \"Bob Builder\" <bob@example.net>\r\nTo: alice@example.org\r\nSubject: Offers of week %u\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=-cut\"\r\n\r\n--=-cut\r\n"
    "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<html><head><style>\r\n";
static const char style_line[] =
    ".offer .price td { font-family: Arial, sans-serif; padding: 4px 8px; color: #333 }\r\n";
static const char text_line[] = "<tr><td style=3D\"padding:4px 8px\"><p>Good tools for K=C3=A4the and Bob, "
				"<b>half price</b></p></td></tr>\r\n";
static const char middle[] =
    "</table></body></html>\r\n--=-cut\r\nContent-Type: application/pdf; name=\"offer.pdf\"\r\n"
    "Content-Disposition: attachment; filename=\"offer.pdf\"\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\n";
static const char base64_line[] =
    "JVBERi0xLjQKJdPr6eEKMSAwIG9iago8PC9UaXRsZSAoT2ZmZXIpCi9Qcm9kdWNlciAoU2tpYS9QREYg\r\n";

struct mail {
	char *text;
	size_t len, cap;
};

static void put(struct mail *m, const char *text)
{
	size_t n = strlen(text);

	if (m->len + n > m->cap)
		bench_die("a mail is larger than planned");
	memcpy(m->text + m->len, text, n);
	m->len += n;
}

/* Mail number i of the folder. Returns how long its HTML part is; styles: of it, before the first word. */
static size_t make_mail(struct mail *m, unsigned i, size_t styles)
{
	size_t html = SMALLEST + (size_t)(LARGEST - SMALLEST) * i / (MAILS - 1), from;

	m->len = 0;
	put(m, bench_text(head, i));
	from = m->len - strlen("<html><head><style>\r\n");
	while (m->len - from < styles)
		put(m, style_line);
	put(m, "</style></head><body><table>\r\n");
	while (m->len - from < html)
		put(m, text_line);
	html = m->len - from;
	put(m, middle);
	for (size_t n = 0; n < ATTACHMENT; n += 60) /* what a line of base64 stands for */
		put(m, base64_line);
	put(m, "--=-cut--\r\n");
	return html;
}

/* The sum of that figure over all lines of the access log. */
static double access_sum(const struct bed *b, const char *command, const char *key)
{
	FILE *f = fopen(bed_get(b, "EASGATE_ACCESS_LOG"), "r");
	char line[8192];
	double sum = 0;

	while (f && fgets(line, sizeof(line), f)) {
		const char *at = strstr(line, key);

		if (at && strstr(line, command))
			sum += strtod(at + strlen(key), NULL);
	}
	if (f)
		fclose(f);
	return sum;
}

static void bench_page(const struct bed *b, unsigned account, size_t styles, const char *what)
{
	static const struct phone_options_block preview = { .bodies = {
								{ .type = 1, .truncation = PREVIEW } } };
	static const struct phone_collection page = { .window = MAILS, .options = &preview };
	struct mail m = { .cap = LARGEST + 2 * ATTACHMENT };
	struct truth *t = truth_open(b, bench_user(b, account));
	double needed = 0, before, read, trips;
	struct phone_folder *inbox;
	struct phone *ph;

	m.text = malloc(m.cap);
	if (!m.text)
		bench_die("no memory");
	for (unsigned i = 0; i < MAILS; i++) {
		needed += (double)make_mail(&m, i, styles);
		truth_append(t, "INBOX", NULL, NULL, bytes_of(m.text, m.len));
	}
	truth_close(&t);
	free(m.text);
	ph = bench_phone(b, account, "benchpage", EAS_14_1);
	BENCH_OK(ph, phone_setup(ph));
	inbox = phone_folder_of_type(&ph->replica, 2);
	before = access_sum(b, "command=Sync ", " imap_in=");
	trips = access_sum(b, "command=Sync ", " imap=");
	BENCH_OK(ph, phone_sync_folder(ph, inbox, &page));
	if (inbox->count != MAILS)
		bench_die("the phone has %zu of %d mails", inbox->count, MAILS);
	for (const struct phone_item *i = phone_item_next(inbox, NULL); i; i = phone_item_next(inbox, i))
		if (i->body_len < PREVIEW - 3 || !i->body_truncated || i->attachment_count != 1)
			bench_die("a mail came with %zu bytes of text", i->body_len);
	read = access_sum(b, "command=Sync ", " imap_in=") - before;
	trips = access_sum(b, "command=Sync ", " imap=") - trips;
	bench_row(what, bench_text("%.0f KB", read / 1024),
	    bench_text("the HTML parts: %.0f KB, ratio %.2f", needed / 1024, read / needed), "<= 1.3 times",
	    read > 0 && read <= 1.3 * needed);
	bench_note("", "%.0f round trips; the mails: %.0f MB", trips,
	    needed / 1048576 + MAILS * ATTACHMENT * 1.37 / 1048576);
	phone_free(&ph);
}

int main(void)
{
	struct bed *b;

	signal(SIGPIPE, SIG_IGN);
	bench_title("Pages");
	b = bench_bed((struct bed_opts){ .services = "dovecot,redis", .users = 3 });
	bench_page(b, 1, 4 * 1024, "bytes from IMAP: 100 previews, 1 MB attached to each");
	bench_page(b, 2, 36 * 1024, "the same, where 36 KB of styles stand before the first word");
	bed_stop(&b);
	return 0;
}
