/* A large attachment through the gateway against the same bytes through a plain IMAP client, and what it costs a worker in
 * memory while the phone takes it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "integration/truth.h"
#include "integration/truth_wire.h"
#include "mail/transfer.h"
#include "mail/transfer_stream.h"
#include "wire.h"

enum {
	SIZE = 50 * 1024 * 1024,
	FORWARDED = 20 * 1024 * 1024,
	ROUNDS = 5,
	LOOK_US = 2000, /* how often the worker's memory is looked at */
};

/* ---- the mail ---- */

static void append_mail(const struct bed *b, unsigned account, size_t size)
{
	static const char head[] =
	    "From: a@example.org\r\nSubject: large\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\n\r\ntext\r\n--cut\r\n"
	    "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment; filename=large.bin\r\n\r\n";
	struct truth *t = truth_open(b, bench_user(b, account));
	struct arena *a = arena_new((size_t)512 << 20);
	uint8_t *file = malloc(size);
	struct bytes mail;
	struct buf out;

	if (!file)
		abort();
	for (size_t i = 0; i < size; i++)
		file[i] = (uint8_t)(i * 31 + i / 257);
	buf_init(&out, a, 0);
	buf_put_str(&out, head);
	transfer_put_base64(&out, bytes_of(file, size));
	buf_put_str(&out, "--cut--\r\n");
	if (buf_done(&out, &mail))
		abort();
	truth_append(t, "INBOX", NULL, NULL, mail);
	free(file);
	arena_free(&a);
	truth_close(&t);
}

/* ---- plain IMAP ---- */

static double seconds_since(int64_t began_us)
{
	return (double)(phone_now_us() - began_us) / 1e6;
}

static void read_answer(struct truth_wire *w, const char *tag)
{
	struct bytes line;

	do {
		const uint8_t *brace;

		truth_wire_forget(w);
		line = truth_wire_line(w);
		brace = memrchr(line.p, '{', line.len);
		if (brace && line.len > 3 && line.p[line.len - 3] == '}')
			truth_wire_bytes(w, strtoul((const char *)brace + 1, NULL, 10));
	} while (!bytes_starts_nocase(line, tag));
}

/* Seconds for the attachment's part as it is, base64, without decoding it and without TLS: what the server can do. */
static double fetch_plainly(const struct bed *b, unsigned account)
{
	static struct truth_wire w;
	int64_t began;
	double seconds;

	truth_wire_open(&w, bed_get(b, "HOST"), bed_port(b, "IMAP_PORT"));
	truth_wire_send(&w, bytes_str(bench_text("a LOGIN %s %s\r\nb SELECT INBOX\r\n",
				bench_user(b, account), bed_get(b, "BENCH_PASSWORD"))));
	read_answer(&w, "b ");
	began = phone_now_us();
	truth_wire_send(&w, BYTES("c UID FETCH 1 (BODY.PEEK[2])\r\n"));
	read_answer(&w, "c ");
	seconds = seconds_since(began);
	truth_wire_close(&w);
	return seconds;
}

/* ---- IMAP over TLS ---- */

/* What a phone would do that spoke IMAP to the same server: its connection has TLS, as the one to the gateway has, and
 * the file is what counts, not its base64. */
struct client {
	struct phone_server server;
	struct phone_wire *wire;
	struct transfer_stream decoder;
	uint8_t *file; /* SIZE + TRANSFER_HOLD + a piece */
	size_t have;
};

static void ask(struct client *c, const char *command)
{
	if (phone_wire_send(c->wire, bytes_str(command), 10000))
		bench_die("IMAP over TLS: %s", c->wire->problem);
}

static size_t hear(struct client *c, uint8_t *to, size_t cap)
{
	size_t n = 0;

	if (!SSL_read_ex(c->wire->ssl, to, cap, &n))
		bench_die("IMAP over TLS: the server hung up");
	return n;
}

/* Reads until the command with that tag is answered. No literals. */
static void hear_out(struct client *c, const char *tag)
{
	static uint8_t text[16 * 1024];
	size_t n = 0;

	do
		n += hear(c, text + n, sizeof(text) - 1 - n);
	while (text[n - 1] != '\n' || (text[n] = '\0', !strstr((char *)text, tag)));
}

static void take(struct client *c, struct bytes text)
{
	c->have += transfer_stream_put(&c->decoder, text, false, c->file + c->have);
}

/* The literal's length stands at the end of the first line; what is read behind it is its beginning. */
static void hear_file(struct client *c)
{
	static uint8_t text[64 * 1024];
	struct bytes line, rest;
	const uint8_t *brace;
	size_t n = 0, left;

	do {
		n += hear(c, text + n, sizeof(text) - n);
		rest = bytes_of(text, n);
	} while (!bytes_split(&rest, '\n', &line) || !rest.len);
	brace = memrchr(line.p, '{', line.len);
	left = brace ? strtoul((const char *)brace + 1, NULL, 10) : 0;
	for (; left;
	     rest = bytes_of(text, left ? hear(c, text, left < sizeof(text) ? left : sizeof(text)) : 0)) {
		if (rest.len > left)
			rest.len = left;
		take(c, rest);
		left -= rest.len;
	}
	hear_out(c, "c OK");
	if (c->have != SIZE)
		bench_die("IMAP over TLS: the file has %zu bytes", c->have);
}

static double fetch_by_tls(const struct bed *b, unsigned account)
{
	struct client c = { .file = malloc(SIZE + 64 * 1024) };
	int64_t began;
	double seconds;

	if (!c.file ||
	    phone_server_init(&c.server,
		bench_text("https://%s:%u", bed_get(b, "HOST"), bed_port(b, "IMAPS_PORT")),
		bed_get(b, "CA_FILE"), false) ||
	    phone_wire_open(&c.server, 10000, &c.wire))
		bench_die("IMAP over TLS: %s", c.wire ? c.wire->problem : "no memory");
	fcntl(c.wire->fd, F_SETFL, fcntl(c.wire->fd, F_GETFL) & ~O_NONBLOCK);
	transfer_stream_init(&c.decoder, MIME_BASE64);
	ask(&c, bench_text("a LOGIN %s %s\r\n", bench_user(b, account), bed_get(b, "BENCH_PASSWORD")));
	hear_out(&c, "a OK");
	ask(&c, "b SELECT INBOX\r\n");
	hear_out(&c, "b OK");
	began = phone_now_us();
	ask(&c, "c UID FETCH 1 (BODY.PEEK[2])\r\n");
	hear_file(&c);
	seconds = seconds_since(began);
	phone_wire_free(&c.wire);
	phone_server_deinit(&c.server);
	free(c.file);
	return seconds;
}

/* ---- through the gateway ---- */

static double fetch(struct phone *ph, const char *reference, bool old_form)
{
	struct bytes data, type;
	unsigned status;

	BENCH_OK(ph, phone_fetch_attachment(ph, reference, NULL, old_form, &status, &data, &type));
	if (status != 1 || data.len != SIZE)
		bench_die("the attachment came with status %u and %zu bytes", status, data.len);
	return (double)(ph->done_us - ph->sent_us) /
	       1e6; /* what the phone does with it afterwards is its own */
}

/* Keeps the most memory that the worker has had in *most, until it is ended. */
static pid_t watch_memory(pid_t worker, volatile size_t *most)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;) {
		size_t now = bench_memory(worker);

		if (now > *most)
			*most = now;
		usleep(LOOK_US);
	}
}

static const struct way {
	const char *name;
	enum eas_version version;
	bool multipart, old_form;
	bool asked; /* the figure is asked for */
} ways[] = {
	{ "50 MB attachment, in parts", EAS_16_1, true, false, true },
	{ "the same inline, as base64", EAS_16_1, false, false, false },
	{ "the same by GetAttachment", EAS_12_1, false, true, false },
};

static struct phone *set_up(const struct bed *b, const struct way *way, const char **reference)
{
	struct phone *ph = bench_phone(b, 1, bench_text("benchfile%d", (int)(way - ways)), way->version);
	struct phone_folder *inbox;
	struct phone_item *i;

	BENCH_OK(ph, phone_setup(ph));
	inbox = phone_folder_of_type(&ph->replica, 2);
	BENCH_OK(ph, phone_sync_folder(ph, inbox, NULL));
	i = phone_item_with_subject(inbox, "large");
	if (!i || i->attachment_count != 1)
		bench_die("the mail did not come");
	*reference = i->attachments[0].reference;
	ph->accept_multipart = way->multipart;
	return ph;
}

static void bench_way(const struct bed *b, const struct way *way, volatile size_t *most)
{
	double plain[ROUNDS], tls[ROUNDS], ours[ROUNDS], plain_s, tls_s, ours_s, cpu = 0, phone = 0,
										 dovecot = 0, growth;
	pid_t worker = bench_worker(b), watch;
	const char *reference;
	struct phone *ph = set_up(b, way, &reference);
	size_t before;

	fetch_plainly(b, 1); /* so that the server's caches are warm for both */
	before = *most = bench_memory(worker);
	watch = watch_memory(worker, most);
	for (int i = 0; i < ROUNDS; i++) {
		plain[i] = fetch_plainly(b, 1);
		tls[i] = fetch_by_tls(b, 1);
		cpu -= bench_cpu(worker, false);
		phone -= bench_cpu(getpid(), false);
		dovecot -= bench_cpu(bed_service_pid(b, "dovecot"), true);
		ours[i] = fetch(ph, reference, way->old_form);
		cpu += bench_cpu(worker, false);
		phone += bench_cpu(getpid(), false);
		dovecot += bench_cpu(bed_service_pid(b, "dovecot"), true);
	}
	kill(watch, SIGKILL);
	waitpid(watch, NULL, 0);
	plain_s = bench_median(plain, ROUNDS);
	tls_s = bench_median(tls, ROUNDS);
	ours_s = bench_median(ours, ROUNDS);
	growth = (double)(*most - before) / (1024 * 1024);
	if (way->asked)
		bench_row(way->name, bench_text("%.0f MB/s", 50 / ours_s),
		    bench_text("plain IMAP: %.0f MB/s, ratio %.2f", 50 / plain_s, plain_s / ours_s),
		    ">= 0.8 of it", plain_s / ours_s >= 0.8);
	else
		bench_note(way->name, "%.0f MB/s; plain IMAP: %.0f MB/s, ratio %.2f", 50 / ours_s,
		    50 / plain_s, plain_s / ours_s);
	bench_note("", "IMAP over TLS, decoded: %.0f MB/s, ratio %.2f", 50 / tls_s, tls_s / ours_s);
	bench_row("the worker's memory meanwhile", bench_text("+%.2f MB", growth),
	    bench_text("before: %.1f MB", (double)before / (1024 * 1024)), "<= +1 MB", growth <= 1);
	bench_note("",
	    "CPU: worker %.0f ms (%.0f MB/s of one core), Dovecot %.0f ms, the simulated phone %.0f ms",
	    cpu * 1e3 / ROUNDS, 50 * ROUNDS / cpu, dovecot * 1e3 / ROUNDS, phone * 1e3 / ROUNDS);
	phone_free(&ph);
}

/* The phone sends its own words; the file goes from IMAP to SMTP, and into Sent. */
static void bench_forward(const struct bed *b, volatile size_t *most)
{
	static const struct phone_mail words = {
		.mime =
		    BYTES("From: me@example.org\r\nTo: bob@example.org\r\nSubject: Fwd\r\n\r\nsee this\r\n"),
		.save_in_sent = true
	};
	struct phone *ph = bench_phone(b, 2, "benchforward", EAS_16_1);
	pid_t worker = bench_worker(b), watch;
	struct phone_folder *inbox;
	double growth, seconds;
	struct phone_item *i;
	size_t before;

	BENCH_OK(ph, phone_setup(ph));
	inbox = phone_folder_of_type(&ph->replica, 2);
	BENCH_OK(ph, phone_sync_folder(ph, inbox, NULL));
	if (!(i = phone_item_with_subject(inbox, "large")))
		bench_die("the mail did not come");
	before = *most = bench_memory(worker);
	watch = watch_memory(worker, most);
	BENCH_OK(ph, phone_send_smart(ph, CMD_SMART_FORWARD, &words,
			 &(struct phone_source){ .folder_id = inbox->id, .item_id = i->id }));
	seconds = (double)(ph->done_us - ph->sent_us) / 1e6;
	kill(watch, SIGKILL);
	waitpid(watch, NULL, 0);
	if (ph->status != 1)
		bench_die("the forward ended with status %u", ph->status);
	growth = (double)(*most - before) / (1024 * 1024);
	bench_row("SmartForward with 20 MB attached: worker's memory", bench_text("+%.2f MB", growth),
	    bench_text("before: %.1f MB", (double)before / (1024 * 1024)), "<= +2 MB", growth <= 2);
	bench_note("", "the phone has sent %zu bytes of mail; %.0f ms until it is out and in Sent",
	    words.mime.len, seconds * 1e3);
	phone_free(&ph);
}

int main(void)
{
	volatile size_t *most =
	    mmap(NULL, sizeof(*most), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct bed *b;

	if (most == MAP_FAILED)
		abort();
	signal(SIGPIPE, SIG_IGN);
	bench_title("Attachments");
	b = bench_bed((struct bed_opts){ .services = "dovecot,redis,mocksmtp", .users = 2 });
	append_mail(b, 1, SIZE);
	append_mail(b, 2, FORWARDED);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		bench_way(b, &ways[i], most);
	bench_forward(b, most);
	bed_stop(&b);
	return 0;
}
