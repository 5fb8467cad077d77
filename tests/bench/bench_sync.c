/* Syncs: the first one against a plain IMAP client that fetches the same, the idle one's round trips, how many a worker
 * does in a second, and what is stored of a phone. */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "integration/truth.h"
#include "integration/truth_wire.h"
#include "load.h"

enum {
	SMALL = 2000, /* mails of the first account; of the second, whose state is looked at, too: */
	LARGE = 10000,
	PAGE = 100,
	PREVIEW = 500,
	ROUNDS = 5,
	PHONES = 200,
	LOAD_MS = 10000,
};

static const char mail[] =
    "From: \"Bob Builder\" <bob@example.net>\r\nTo: alice@example.org\r\nCc: =?utf-8?Q?K=C3=A4the?= "
    "<kaethe@example.net>\r\n"
    "Subject: =?utf-8?Q?Re=3A_Unterlagen_f=C3=BCr_Dienstag?= #\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\n"
    "Message-ID: <bench.#@example.net>\r\nReferences: <bench.a@example.net> <bench.b@example.net>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"=-cut-here\"\r\n\r\n"
    "--=-cut-here\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
    "quoted-printable\r\n\r\n"
    "%s\r\n--=-cut-here\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
    "quoted-printable\r\n\r\n"
    "<html><body><p>%s</p></body></html>\r\n--=-cut-here--\r\n";

/* A mail of a few KB, as MULTIAPPEND takes it. */
static char *make_mail(void)
{
	static const char line[] = "Sehr geehrte Frau M=C3=BCller, anbei wie besprochen die Unterlagen.\r\n";
	char text[40 * sizeof(line)] = "";

	for (int i = 0; i < 40; i++)
		strcat(text, line);
	return bench_text(mail, text, text);
}

static void fill_inbox(const struct bed *b, unsigned account, unsigned mails)
{
	struct truth *t = truth_open(b, bench_user(b, account));

	for (unsigned done = 0; done < mails; done += 500)
		truth_append_many(t, "INBOX", mails - done < 500 ? mails - done : 500, make_mail());
	truth_close(&t);
}

/* ---- the access log ---- */

static long access_figure(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

/* The newest line of the access log. */
static char *last_access(const struct bed *b)
{
	char line[8192], *last = NULL;
	FILE *f = fopen(bed_get(b, "EASGATE_ACCESS_LOG"), "r");

	while (f && fgets(line, sizeof(line), f)) {
		free(last);
		last = strdup(line);
	}
	if (!last)
		bench_die("the access log is empty");
	fclose(f);
	return last;
}

/* ---- the first Sync ---- */

static size_t plain_bytes; /* that came */

static void read_until(struct truth_wire *w, const char *tag)
{
	struct bytes line;

	do {
		const uint8_t *brace;
		size_t literal = 0;

		truth_wire_forget(w);
		line = truth_wire_line(w);
		brace = memrchr(line.p, '{', line.len);
		if (brace && line.len > 3 && line.p[line.len - 3] == '}')
			literal = strtoul((const char *)brace + 1, NULL, 10);
		if (literal)
			truth_wire_bytes(w, literal);
		plain_bytes += line.len + literal;
	} while (!bytes_starts_nocase(line, tag));
}

/* What a plain IMAP client that knew the mails' form beforehand would do: page by page, the newest first, what a phone
 * is shown; texts below 8 KB whole, as the gateway fetches them. Milliseconds. */
static double fetch_plainly(const struct bed *b, unsigned account, unsigned mails)
{
	static struct truth_wire w;
	int64_t began = phone_now_us();

	truth_wire_open(&w, bed_get(b, "HOST"), bed_port(b, "IMAP_PORT"));
	truth_wire_send(&w, bytes_str(bench_text("a LOGIN %s %s\r\nb SELECT INBOX\r\nc UID SEARCH ALL\r\n",
				bench_user(b, account), bed_get(b, "BENCH_PASSWORD"))));
	read_until(&w, "c ");
	for (unsigned last = mails; last; last -= PAGE) {
		truth_wire_send(
		    &w, bytes_str(bench_text("d UID FETCH %u:%u (UID FLAGS INTERNALDATE RFC822.SIZE "
					     "BODYSTRUCTURE BODY.PEEK[HEADER])\r\n",
			    last - PAGE + 1, last)));
		read_until(&w, "d ");
		truth_wire_send(&w,
		    bytes_str(bench_text("e UID FETCH %u:%u (UID BODY.PEEK[1])\r\n", last - PAGE + 1, last)));
		read_until(&w, "e ");
	}
	truth_wire_close(&w);
	return (double)(phone_now_us() - began) / 1000;
}

static const struct phone_options_block preview = { .bodies = { { .type = 1, .truncation = PREVIEW } } };
static const struct phone_collection pages = { .window = PAGE, .options = &preview };

static double first_sync(const struct bed *b, unsigned account, unsigned mails)
{
	static unsigned devices;
	struct phone *ph = bench_phone(b, account, bench_text("benchfirst%u", devices++), EAS_16_1);
	struct phone_folder *inbox;
	int64_t began;
	double ms;

	BENCH_OK(ph, phone_setup(ph));
	inbox = phone_folder_of_type(&ph->replica, 2);
	began = phone_now_us();
	BENCH_OK(ph, phone_sync_folder(ph, inbox, &pages));
	ms = (double)(phone_now_us() - began) / 1000;
	if (inbox->count != mails)
		bench_die("the first Sync brought %zu of %u mails", inbox->count, mails);
	phone_free(&ph);
	return ms;
}

static void bench_first_sync(const struct bed *b, unsigned account, unsigned mails, double most)
{
	double plain[ROUNDS], ours[ROUNDS], plain_ms, ms, cpu = 0, phone = 0;
	pid_t worker = bench_worker(b);
	char *line;

	fill_inbox(b, account, mails);
	fetch_plainly(b, account, mails); /* so that the server's caches are warm for both */
	plain_bytes = 0;
	for (int i = 0; i < ROUNDS; i++) {
		plain[i] = fetch_plainly(b, account, mails);
		cpu -= bench_cpu(worker, false);
		phone -= bench_cpu(getpid(), false);
		ours[i] = first_sync(b, account, mails);
		cpu += bench_cpu(worker, false);
		phone += bench_cpu(getpid(), false);
	}
	line = last_access(b);
	plain_ms = bench_median(plain, ROUNDS);
	ms = bench_median(ours, ROUNDS);
	bench_row(bench_text("first Sync of %u mails, 500-byte previews, pages of 100", mails),
	    bench_text("%.0f ms", ms), bench_text("plain IMAP: %.0f ms, ratio %.2f", plain_ms, ms / plain_ms),
	    bench_text("<= %.1f times", most), ms <= most * plain_ms);
	bench_note("", "a page from IMAP: plain %.0f KB, gateway %.0f KB (%ld trips)",
	    (double)plain_bytes / ROUNDS / (mails / PAGE) / 1000,
	    (double)access_figure(line, " imap_in=") / 1000, access_figure(line, " imap="));
	free(line);
	bench_note("", "CPU per mail: worker %.0f us, the simulated phone %.0f us",
	    cpu * 1e6 / ROUNDS / mails, phone * 1e6 / ROUNDS / mails);
}

/* ---- the idle Sync ---- */

static void bench_idle_sync(const struct bed *b, enum eas_version v)
{
	struct phone *ph = bench_phone(b, 1, bench_text("benchidle%d", (int)v), v);
	struct phone_folder *inbox;
	struct phone_collection c = pages;
	long imap, redis;
	char *line;

	BENCH_OK(ph, phone_setup(ph));
	inbox = phone_folder_of_type(&ph->replica, 2);
	BENCH_OK(ph, phone_sync_folder(ph, inbox, &pages));
	c.folder_id = inbox->id;
	for (int i = 0; i < 2; i++) /* the first of them may still note what the phone asks for */
		BENCH_OK(ph, phone_sync_one(ph, &c));
	line = last_access(b);
	imap = access_figure(line, " imap=");
	redis = access_figure(line, " redis=");
	if (imap < 0 || redis < 0)
		bench_die("the access log's last line tells no round trips: %s", line);
	bench_row(bench_text("an idle Sync, %s: round trips", eas_version_name(v)),
	    bench_text("%ld IMAP, %ld Redis", imap, redis), "", "<= 2 IMAP, <= 3 Redis",
	    imap <= 2 && redis <= 3);
	free(line);
	phone_free(&ph);
}

/* ---- Syncs in a second ---- */

struct cpu {
	double worker, dovecot, redis, phones;
};

static struct cpu cpu_now(const struct bed *b)
{
	return (struct cpu){ bench_cpu(bench_worker(b), false),
		bench_cpu(bed_service_pid(b, "dovecot"), true), bench_cpu(bed_service_pid(b, "redis"), false),
		bench_cpu(getpid(), false) };
}

static void bench_rate(const struct bed *b, unsigned change_percent, const char *what, double asked)
{
	struct event_base *base = event_base_new();
	struct phone_load_config c = { .url = bed_get(b, "EASGATE_URL"),
		.user = bench_text("user%%04u@%s", bed_get(b, "DOMAIN")),
		.password = bed_get(b, "BENCH_PASSWORD"),
		.ca_file = bed_get(b, "CA_FILE"),
		.accounts = PHONES,
		.first_device = 1000 + change_percent,
		.version = EAS_16_1,
		.mode = PHONE_LOAD_SYNC,
		.ramp_per_s = 100,
		.change_percent = change_percent };
	const char *problem;
	struct phone_load *l = phone_load_new(base, &c, &problem);
	struct phone_load_figures f;
	struct cpu from, to;
	double rate, n;

	if (!l)
		bench_die("%s", problem);
	phone_load_grow(l, PHONES);
	if (!phone_load_run_until_ready(l, PHONES, 120))
		bench_die("not all phones got ready");
	phone_load_run(l, 2000);
	phone_load_reset(l);
	from = cpu_now(b);
	phone_load_run(l, LOAD_MS);
	to = cpu_now(b);
	phone_load_figures(l, &f);
	rate = (double)f.sync.count / f.seconds;
	n = (double)f.sync.count / 1e6;
	if (asked > 0)
		bench_row(what, bench_text("%.0f/s", rate),
		    bench_text("worker alone: %.0f/s", n * 1e6 / (to.worker - from.worker)),
		    bench_text(">= %.0f/s", asked), rate >= asked);
	else
		bench_note(what, "%.0f/s; worker alone: %.0f/s", rate, n * 1e6 / (to.worker - from.worker));
	bench_note("",
	    "CPU per Sync: worker %.0f us, Dovecot %.0f us, Redis %.0f us, phones %.0f us; %lu errors",
	    (to.worker - from.worker) / n, (to.dovecot - from.dovecot) / n, (to.redis - from.redis) / n,
	    (to.phones - from.phones) / n, f.errors);
	bench_note("", "latency: median %.0f ms, 99 %% within %.0f ms", f.sync.p50, f.sync.p99);
	phone_load_free(&l);
	event_base_free(base);
}

/* ---- the stored state ---- */

/* Bytes that Redis holds of the device's inbox: the values of its hash, "sync" (deploy/redis-schema.md). */
static long stored_bytes(const struct bed *b, unsigned account, const char *device, const char *folder)
{
	char line[512];
	long sum = 0;
	FILE *f = popen(bench_text("redis-cli -p %s HGETALL 'eas:sync:{%s}:%s:%s' | wc -c",
			    bed_get(b, "REDIS_PORT"), bench_user(b, account), device, folder),
	    "r");

	if (!f || !fgets(line, sizeof(line), f))
		bench_die("redis-cli doesn't answer");
	sum = strtol(line, NULL, 10);
	pclose(f);
	return sum;
}

static void sync_all(struct phone *ph, struct phone_folder *inbox)
{
	struct phone_collection c = pages;

	c.window = 512;
	BENCH_OK(ph, phone_sync_folder(ph, inbox, &c));
	if (inbox->count != LARGE)
		bench_die("the phone has %zu of %u mails", inbox->count, LARGE);
}

static void set_random_flags(const struct bed *b, unsigned account)
{
	struct truth *t = truth_open(b, bench_user(b, account));
	unsigned random = 1;

	for (unsigned uid = 1; uid <= LARGE; uid += 100) {
		char *seen = bench_text("%u", uid), *flagged = bench_text("%u", uid);

		for (unsigned i = 1; i < 100; i++) {
			random = random * 1103515245 + 12345;
			if (random >> 16 & 1)
				seen = bench_text("%s,%u", seen, uid + i);
			if ((random >> 18 & 7) == 0)
				flagged = bench_text("%s,%u", flagged, uid + i);
		}
		truth_store(t, "INBOX", seen, "+FLAGS", "\\Seen");
		truth_store(t, "INBOX", flagged, "+FLAGS", "\\Flagged");
	}
	truth_close(&t);
}

static void bench_state(const struct bed *b)
{
	struct phone *ph = bench_phone(b, 2, "benchstate", EAS_16_1);
	struct phone_folder *inbox;
	long plain, random;

	BENCH_OK(ph, phone_setup(ph));
	inbox = phone_folder_of_type(&ph->replica, 2);
	sync_all(ph, inbox);
	plain = stored_bytes(b, 2, "benchstate", inbox->id);
	bench_row("stored of a phone with 10,000 mails", bench_text("%.2f KB", (double)plain / 1024), "",
	    "<= 2 KB", plain > 0 && plain <= 2048);
	set_random_flags(b, 2);
	sync_all(ph, inbox);
	random = stored_bytes(b, 2, "benchstate", inbox->id);
	bench_row("the same with random flags", bench_text("%.2f KB", (double)random / 1024), "", "<= 12 KB",
	    random > plain && random <= 12 * 1024);
	phone_free(&ph);
}

int main(void)
{
	struct bed *b;

	signal(SIGPIPE, SIG_IGN);
	bench_title("Syncs");
	b = bench_bed((struct bed_opts){ .services = "dovecot,redis", .users = PHONES + 2 });
	bench_first_sync(b, 1, SMALL, 2.0);
	bench_first_sync(b, 2, LARGE, 1.8);
	bench_idle_sync(b, EAS_12_1);
	bench_idle_sync(b, EAS_14_1);
	bench_idle_sync(b, EAS_16_1);
	bench_state(b);
	bench_rate(b, 20, "Syncs in a second, one worker, 200 phones, 20 % with a change", 1500);
	bench_rate(b, 0, "the same without changes", 0);
	bed_stop(&b);
	return 0;
}
