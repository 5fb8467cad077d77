/* A large attachment through the gateway against the same part through an IMAP client, both with TLS or both without, and what
 * it costs a worker in memory while the phone takes it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "integration/truth.h"
#include "mail/transfer.h"
#include "wire.h"

enum {
	SIZE_MB = 50,
	SIZE = SIZE_MB * 1024 * 1024,
	FORWARDED = 20 * 1024 * 1024,
	ROUNDS = 41,
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

/* ---- by IMAP ---- */

/* What a phone would do that spoke IMAP to the same server, as lean as can be: it reads into memory that it has, a lot at once,
 * and doesn't look at the file, of which it has only the base64. With and without TLS, as the phone has it or not. */

/* Asks, and reads until that is answered; how long the answer is. */
static size_t imap_ask(struct phone_wire *w, const char *tag, const char *command)
{
	enum { TAIL = 1024 }; /* the tag's line is shorter */
	const char *end = bench_text("\n%s OK", tag);
	size_t tail;

	w->in_len = 0;
	if (phone_wire_send(w, bytes_str(bench_text("%s %s\r\n", tag, command)), 10000))
		bench_die("IMAP: %s", w->problem);
	do {
		if (phone_wire_more(w, 10000) || w->ended)
			bench_die("IMAP: no answer to %s: %s", command, w->problem);
		tail = w->in_len < TAIL ? w->in_len : TAIL;
	} while (w->in[w->in_len - 1] != '\n' || !memmem(w->in + w->in_len - tail, tail, end, strlen(end)));
	return w->in_len;
}

static struct phone_wire *imap_open(const struct bed *b, bool tls)
{
	struct phone_server server;
	struct phone_wire *w;

	if (phone_server_init(&server,
		bench_text("%s://%s:%u", tls ? "https" : "http", bed_get(b, "HOST"),
		    bed_port(b, tls ? "IMAPS_PORT" : "IMAP_PORT")),
		bed_get(b, "CA_FILE"), false) ||
	    phone_wire_open(&server, 10000, &w))
		bench_die("IMAP: cannot connect");
	phone_server_deinit(&server);
	imap_ask(w, "a", bench_text("LOGIN %s %s", bench_user(b, 1), bed_get(b, "BENCH_PASSWORD")));
	imap_ask(w, "b", "SELECT INBOX");
	return w;
}

/* Seconds for the attachment's part. */
static double imap_fetch(struct phone_wire *w)
{
	int64_t began = phone_now_us();

	if (imap_ask(w, "c", "UID FETCH 1 (BODY.PEEK[2])") < SIZE / 3 * 4)
		bench_die("IMAP: the attachment isn't whole");
	return (double)(phone_now_us() - began) / 1e6;
}

/* ---- through the gateway ---- */

static double fetch(struct phone *ph, const char *reference, bool old_form)
{
	struct bytes data, type;
	unsigned status;

	BENCH_OK(ph, phone_fetch_attachment(ph, reference, NULL, old_form, &status, &data, &type));
	if (status != 1 || data.len != SIZE)
		bench_die("the attachment came with status %u and %zu bytes", status, data.len);
	return (double)(ph->last_byte_us - ph->sent_us) /
	       1e6; /* what the phone does with it then is its own */
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
	bool tls, multipart, old_form;
	bool asked; /* the figure is asked for */
} ways[] = {
	{ "50 MB attachment, in parts", EAS_16_1, true, true, false, true },
	{ "the same behind a proxy that does the TLS", EAS_16_1, false, true, false, true },
	{ "the same with TLS, inline as base64", EAS_16_1, true, false, false, false },
	{ "the same with TLS, by GetAttachment", EAS_12_1, true, false, true, false },
};

static struct phone *set_up(const struct bed *b, const struct way *way, const char **reference)
{
	const char *device = bench_text("benchfile%d", (int)(way - ways));
	struct phone *ph = way->tls ? bench_phone(b, 1, device, way->version)
				    : bench_phone_without_tls(b, 1, device, way->version);
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

/* In turns with IMAP, so that what else the machine does hurts both. The first round is for warm caches, and for the clients'
 * memory. Nothing else comes between: a third client's 70 MB in the caches cost the phone a tenth. */
struct rounds {
	double imap[ROUNDS], ours[ROUNDS];
	double worker; /* its seconds of CPU for all of ours */
};

static void run_rounds(struct rounds *r, struct phone *ph, const char *reference, const struct way *way,
    struct phone_wire *imap, pid_t worker)
{
	for (int i = -1; i < ROUNDS; i++) {
		int at = i < 0 ? 0 : i;

		r->imap[at] = imap_fetch(imap);
		if (i >= 0)
			r->worker -= bench_cpu(worker, false);
		r->ours[at] = fetch(ph, reference, way->old_form);
		if (i >= 0)
			r->worker += bench_cpu(worker, false);
	}
}

static double imap_alone(const struct bed *b, bool tls)
{
	struct phone_wire *w = imap_open(b, tls);
	double seconds[ROUNDS];

	(void)imap_fetch(w);
	for (int i = 0; i < ROUNDS; i++)
		seconds[i] = imap_fetch(w);
	phone_wire_free(&w);
	return bench_median(seconds, ROUNDS);
}

/* TLS is compared with TLS, and none with none. */
static void report(const struct way *way, double limit, double ours)
{
	const char *by = way->tls ? "IMAP over TLS" : "plain IMAP";

	if (way->asked)
		bench_row(way->name, bench_text("%.0f MB/s", SIZE_MB / ours),
		    bench_text("%s: %.0f MB/s, ratio %.2f", by, SIZE_MB / limit, limit / ours),
		    ">= 0.8 of it", limit / ours >= 0.8);
	else
		bench_note(way->name, "%.0f MB/s; %s: %.0f MB/s, ratio %.2f", SIZE_MB / ours, by,
		    SIZE_MB / limit, limit / ours);
}

static void bench_way(const struct bed *b, const struct way *way, volatile size_t *most)
{
	pid_t worker = bench_worker(b), watch;
	struct rounds r = { .worker = 0 };
	double other, ours, growth;
	const char *reference;
	struct phone *ph = set_up(b, way, &reference);
	struct phone_wire *imap = imap_open(b, way->tls);
	size_t before;

	before = *most = bench_memory(worker);
	watch = watch_memory(worker, most);
	run_rounds(&r, ph, reference, way, imap, worker);
	kill(watch, SIGKILL);
	waitpid(watch, NULL, 0);
	phone_free(&ph);
	phone_wire_free(&imap);
	ours = bench_median(r.ours, ROUNDS);
	other = imap_alone(b, !way->tls);
	growth = (double)(*most - before) / (1024 * 1024);
	report(way, bench_median(r.imap, ROUNDS), ours);
	bench_note("", "IMAP with%s TLS: %.0f MB/s, ratio %.2f; CPU of the worker: %.0f MB/s of one core",
	    way->tls ? "out" : "", SIZE_MB / other, other / ours, SIZE_MB * ROUNDS / r.worker);
	bench_row("the worker's memory meanwhile", bench_text("+%.2f MB", growth),
	    bench_text("before: %.1f MB", (double)before / (1024 * 1024)), "<= +1 MB", growth <= 1);
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
