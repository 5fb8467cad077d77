/* Waiting phones: what one costs in memory, and how soon it is told of a new mail. */
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "integration/truth.h"
#include "integration/truth_wire.h"
#include "load.h"

enum {
	FEW = 1000,
	MANY = 5000,
	/* Until what setting up needed has been given back: longer than imap.idle_close, and the worker looks every 10 s. */
	SETTLE_MS = 40 * 1000,
	PUSHES = 40,
};

/* ---- the raw limit of memory: a TLS server that only holds its connections ---- */

static void on_nothing(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	(void)arg;
}

static void on_accept(
    struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *address, int len, void *arg)
{
	struct bufferevent *bev = bufferevent_openssl_socket_new(
	    evconnlistener_get_base(l), fd, SSL_new(arg), BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);

	(void)address;
	(void)len;
	bufferevent_setcb(bev, NULL, NULL, on_nothing, NULL);
	bufferevent_enable(bev, EV_READ);
}

/* The child: never returns. Writes its port to `out` when it listens. */
static void serve_bare_tls(const struct bed *b, int out)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	struct event_base *base = event_base_new();
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	struct evconnlistener *l;

	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	if (!SSL_CTX_use_certificate_chain_file(tls, bed_get(b, "CERT_FILE")) ||
	    !SSL_CTX_use_PrivateKey_file(tls, bed_get(b, "KEY_FILE"), SSL_FILETYPE_PEM))
		bench_die("the bed's certificate can't be read");
	l = evconnlistener_new_bind(
	    base, on_accept, tls, LEV_OPT_CLOSE_ON_FREE, 1024, (struct sockaddr *)&at, sizeof(at));
	if (!l || getsockname(evconnlistener_get_fd(l), (struct sockaddr *)&at, &len) ||
	    write(out, &at.sin_port, sizeof(at.sin_port)) != sizeof(at.sin_port))
		bench_die("no port to listen on");
	event_base_dispatch(base);
	_exit(1);
}

static void run_loop(struct event_base *base, unsigned ms)
{
	struct timeval t = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	event_base_loopexit(base, &t);
	event_base_dispatch(base);
}

static unsigned bare_ready;

static void on_bare_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)arg;
	if (!(what & BEV_EVENT_CONNECTED))
		bench_die("the bare TLS server hung up");
	bare_ready++;
}

static void connect_bare(struct event_base *base, SSL_CTX *tls, const struct sockaddr_in *at,
    struct bufferevent **v, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		v[i] = bufferevent_openssl_socket_new(
		    base, -1, SSL_new(tls), BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
		bufferevent_setcb(v[i], NULL, NULL, on_bare_event, NULL);
		bufferevent_enable(v[i], EV_READ);
		bufferevent_socket_connect(v[i], (const struct sockaddr *)at, sizeof(*at));
		while (i - bare_ready > 100)
			event_base_loop(base, EVLOOP_ONCE);
	}
	while (bare_ready < to)
		event_base_loop(base, EVLOOP_ONCE);
	run_loop(base, 500);
}

/* Bytes for each further connection. */
static double measure_bare(const struct bed *b)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct bufferevent **v = calloc(MANY, sizeof(struct bufferevent *));
	struct event_base *base = event_base_new();
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	size_t few, many;
	int out[2];
	pid_t child;

	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	if (pipe(out) || (child = fork()) < 0)
		bench_die("no process for the bare TLS server");
	if (!child)
		serve_bare_tls(b, out[1]);
	if (read(out[0], &at.sin_port, sizeof(at.sin_port)) != sizeof(at.sin_port))
		bench_die("the bare TLS server did not start");
	connect_bare(base, tls, &at, v, 0, FEW);
	few = bench_memory(child);
	connect_bare(base, tls, &at, v, FEW, MANY);
	many = bench_memory(child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	for (unsigned i = 0; i < MANY; i++)
		bufferevent_free(v[i]);
	event_base_free(base);
	SSL_CTX_free(tls);
	free(v);
	close(out[0]);
	close(out[1]);
	return (double)(many - few) / (MANY - FEW);
}

/* ---- memory of a held Ping ---- */

static void hold(struct phone_load *l, unsigned phones)
{
	struct phone_load_figures f;

	phone_load_grow(l, phones);
	if (!phone_load_run_until_ready(l, phones, 300)) {
		phone_load_figures(l, &f);
		bench_die("only %u of %u phones hold their Ping: %s", f.held, phones, f.first_error);
	}
	phone_load_run(l, SETTLE_MS);
}

static void bench_ping_memory(const struct bed *b)
{
	struct event_base *base = event_base_new();
	struct phone_load_config c = { .url = bed_get(b, "EASGATE_URL"),
		.user = bench_text("user%%04u@%s", bed_get(b, "DOMAIN")),
		.password = bed_get(b, "BENCH_PASSWORD"),
		.ca_file = bed_get(b, "CA_FILE"),
		.accounts = MANY,
		.version = EAS_16_1,
		.mode = PHONE_LOAD_PING,
		.ramp_per_s = 150 };
	pid_t worker = bench_worker(b);
	double slope, bare = measure_bare(b);
	struct phone_load_figures f;
	const char *problem;
	struct phone_load *l = phone_load_new(base, &c, &problem);
	size_t few, many;

	if (!l)
		bench_die("%s", problem);
	hold(l, FEW);
	few = bench_memory(worker);
	hold(l, MANY);
	many = bench_memory(worker);
	phone_load_figures(l, &f);
	slope = (double)(many - few) / (MANY - FEW);
	bench_row("memory of one more waiting phone (1,000 to 5,000 phones)",
	    bench_text("%.1f KB", slope / 1024), bench_text("bare TLS connection: %.1f KB", bare / 1024),
	    "<= 28 KB", slope <= 28 * 1024);
	bench_note("",
	    "worker with %d phones, each of an account of its own that is watched: %.0f MB; %lu errors", MANY,
	    (double)many / 1e6, f.errors);
	phone_load_free(&l);
	event_base_free(base);
}

/* ---- push ---- */

/* The child: a plain IMAP connection that waits as the gateway does; writes the time of each "new mail" line. */
static void watch_plainly(const struct bed *b, const char *user, bool notify, int out)
{
	static struct truth_wire w;
	struct bytes line;
	int64_t now;

	truth_wire_open(&w, bed_get(b, "HOST"), bed_port(b, "IMAP_PORT"));
	truth_wire_send(&w, bytes_str(bench_text("1 LOGIN %s %s\r\n", user, bed_get(b, "BENCH_PASSWORD"))));
	if (notify)
		truth_wire_send(
		    &w, BYTES("2 NOTIFY SET (mailboxes INBOX (MessageNew MessageExpunge FlagChange))\r\n"));
	else
		truth_wire_send(&w, BYTES("2 SELECT INBOX\r\n3 IDLE\r\n"));
	for (;;) {
		truth_wire_forget(&w);
		line = truth_wire_line(&w);
		now = phone_now_us();
		if (notify ? bytes_starts_nocase(line, "* STATUS INBOX") : bytes_starts_nocase(line, "+ ")) {
			if (notify && write(out, &now, sizeof(now)) != sizeof(now))
				_exit(1);
			continue;
		}
		if (!notify && memmem(line.p, line.len, " EXISTS", 7) &&
		    write(out, &now, sizeof(now)) != sizeof(now))
			_exit(1);
	}
}

/* The next time that the child saw; what it said of before is thrown away by `after_us`. */
static int64_t next_line(int fd, int64_t after_us)
{
	int64_t at;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, 10000) != 1 || read(fd, &at, sizeof(at)) != sizeof(at))
			bench_die("the plain IMAP connection was told nothing");
		if (at > after_us)
			return at;
	}
}

static void measure_pushes(const struct bed *b, unsigned account, bool notify)
{
	const char *user = bench_user(b, account);
	struct phone *ph = bench_phone(b, account, "benchpush", EAS_16_1);
	double lag[PUSHES], whole[PUSHES], median;
	struct phone_folder *inbox;
	int out[2];
	pid_t child;

	BENCH_OK(ph, phone_setup(ph));
	inbox = phone_folder_of_type(&ph->replica, 2);
	BENCH_OK(ph, phone_sync_folder(ph, inbox, NULL));
	if (pipe(out) || (child = fork()) < 0)
		bench_die("no process for the plain connection");
	if (!child)
		watch_plainly(b, user, notify, out[1]);
	usleep(500 * 1000); /* both watch by then */
	for (int i = 0; i < PUSHES; i++) {
		const char *changed;
		int64_t began, line;
		size_t n = 0;

		BENCH_OK(ph, phone_ping_send(ph, 60, (const char *const *)&inbox->id, 1));
		usleep(150 * 1000 +
		       (useconds_t)(i * 7919) % 100000); /* no rhythm with the server's own timers */
		began = phone_now_us();
		truth_deliver(b, user,
		    bytes_str(bench_text("From: a@example.net\r\nSubject: push %d\r\n\r\nring\r\n", i)));
		BENCH_OK(ph, phone_ping_receive(ph, 60, &changed, 1, &n));
		if (!n)
			bench_die("a Ping was answered without a change");
		line = next_line(out[0], began);
		lag[i] = (double)(ph->first_byte_us - line) / 1000;
		whole[i] = (double)(ph->first_byte_us - began) / 1000;
		BENCH_OK(ph, phone_sync_folder(ph, inbox, NULL));
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(out[0]);
	close(out[1]);
	median = bench_median(lag, PUSHES);
	bench_row(bench_text("push: Dovecot's %s line to the Ping answer, median of %d",
		      notify ? "NOTIFY" : "IDLE", PUSHES),
	    bench_text("%.1f ms", median), "", "<= 5 ms", median <= 5);
	bench_note("", "90 %% within %.1f ms; from LMTP delivery to the answer: median %.0f ms",
	    lag[PUSHES * 9 / 10], bench_median(whole, PUSHES));
	phone_free(&ph);
}

static void bench_push(bool notify)
{
	struct bed *b = bench_bed((struct bed_opts){
	    .services = "dovecot,redis", .users = 2, .imap_hide = notify ? NULL : "NOTIFY" });

	measure_pushes(b, 1, notify);
	bed_stop(&b);
}

int main(void)
{
	static const char *const settings[] = { "imap.idle_close=5s",
		"limits.max_connections_per_address=20000", NULL };
	struct bed *b;

	signal(SIGPIPE, SIG_IGN);
	bench_title("Waiting phones");
	bench_push(true);
	bench_push(false);
	b = bench_bed((struct bed_opts){ .services = "dovecot,redis", .users = MANY, .settings = settings });
	bench_ping_memory(b);
	bed_stop(&b);
	return 0;
}
