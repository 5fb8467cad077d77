#include "unit/backends/peer.h"

#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <event2/event.h>
#include <event2/util.h>
#include <fcntl.h>
#include <sys/un.h>

/* ---- a name server on the test's own loop ---- */

struct zone_entry {
	const char *name;
	const char *six, *four, *four_more; /* addresses, or NULL */
	bool silent;
};

static const struct zone_entry zone[] = {
	{ "four.test", NULL, "127.0.0.1", NULL, false },
	{ "both.test", "2001:db8::1", "127.0.0.1", NULL, false },
	{ "refused.test", NULL, "127.0.0.2", NULL, false },
	{ "second.test", NULL, "127.0.0.2", "127.0.0.1", false },
	{ "slow-first.test", NULL, "127.0.0.3", "127.0.0.1", false },
	{ "slow.test", NULL, "127.0.0.3", NULL, false },
	{ "empty.test", NULL, NULL, NULL, false },
	{ "silent.test", NULL, NULL, NULL, true },
};

static void add_address(struct evdns_server_request *q, const char *name, const char *text, int type)
{
	uint8_t address[16];

	if (!text)
		return;
	if (type == EVDNS_TYPE_A) {
		inet_pton(AF_INET, text, address);
		evdns_server_request_add_a_reply(q, name, 1, address, 60);
	} else {
		inet_pton(AF_INET6, text, address);
		evdns_server_request_add_aaaa_reply(q, name, 1, address, 60);
	}
}

static void on_question(struct evdns_server_request *q, void *arg)
{
	const struct evdns_server_question *ask = q->questions[0];
	const struct zone_entry *z = NULL;

	(void)arg;
	for (size_t i = 0; i < sizeof(zone) / sizeof(zone[0]); i++) {
		if (bytes_eq_nocase(bytes_str(ask->name), zone[i].name))
			z = &zone[i];
	}
	if (z && z->silent) {
		evdns_server_request_drop(q);
		return;
	}
	if (z && ask->type == EVDNS_TYPE_A) {
		add_address(q, ask->name, z->four, EVDNS_TYPE_A);
		add_address(q, ask->name, z->four_more, EVDNS_TYPE_A);
	} else if (z) {
		add_address(q, ask->name, z->six, EVDNS_TYPE_AAAA);
	}
	evdns_server_request_respond(q, z ? 0 : DNS_ERR_NOTEXIST);
}

/* A port that the resolver is told of. Who doesn't read from it is a name server that is down. */
static int name_port(struct evdns_base *dns)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char address[32];

	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(address, sizeof(address), "127.0.0.1:%u", (unsigned)ntohs(a.sin_port));
	assert_int_equal(evdns_base_nameserver_ip_add(dns, address), 0);
	return fd;
}

/* dead: gets the socket of one that is down and stands before the other in the list; NULL: there is none */
static struct evdns_server_port *name_server(int *dead)
{
	struct evdns_base *dns = loop_dns(fiber_loop());
	int fd;

	evdns_base_clear_nameservers_and_suspend(dns);
	if (dead)
		*dead = name_port(dns);
	fd = name_port(dns);
	evdns_base_resume(dns);
	evdns_base_search_clear(dns);
	return evdns_add_server_port_with_base(loop_base(fiber_loop()), fd, 0, on_question, NULL);
}

/* A port on which 127.0.0.1 serves and 127.0.0.3 never answers, since its queue is full. */
struct slow_port {
	int listener, fillers[8];
};

static struct slow_port slow_port(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct slow_port p = { .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };

	inet_pton(AF_INET, "127.0.0.3", &a.sin_addr);
	assert_int_equal(bind(p.listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(p.listener, 0), 0);
	for (size_t i = 0; i < 8; i++) {
		p.fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(p.fillers[i], (struct sockaddr *)&a, sizeof(a));
	}
	return p;
}

static void slow_port_end(struct slow_port *p)
{
	for (size_t i = 0; i < 8; i++)
		close(p->fillers[i]);
	close(p->listener);
}

/* ---- addresses ---- */

static const struct host_case {
	const char *name, *host;
	uint32_t connect_ms;
	enum err want;
	const char *why;
	uint32_t least_ms, most_ms;
} host_cases[] = {
	{ "an address", "127.0.0.1", 5000, ERR_OK, NULL, 0, 1000 },
	{ "localhost", "localhost", 5000, ERR_OK, NULL, 0, 1000 },
	{ "a name with an IPv4 address", "four.test", 5000, ERR_OK, NULL, 0, 1000 },
	{ "a name in capitals", "FOUR.TEST", 5000, ERR_OK, NULL, 0, 1000 },
	{ "a name with the root's dot", "four.test.", 5000, ERR_OK, NULL, 0, 1000 },
	{ "IPv6 without a route, then IPv4", "both.test", 5000, ERR_OK, NULL, 0, 1000 },
	{ "no limit but the fiber's", "four.test", 0, ERR_OK, NULL, 0, 1000 },
	{ "refused, then answered", "second.test", 5000, ERR_OK, NULL, 0, 200 },
	{ "no answer, then answered", "slow-first.test", 5000, ERR_OK, NULL, 200, 2000 },
	{ "refused", "refused.test", 5000, ERR_UNAVAILABLE,
	    "cannot connect to refused.test port #: Connection refused", 0, 1000 },
	{ "no answer", "slow.test", 100, ERR_TIMEOUT, "no answer from slow.test port # in time", 95, 2000 },
	{ "a name that does not exist", "none.test", 5000, ERR_UNAVAILABLE, "no address found for none.test",
	    0, 1000 },
	{ "a name without addresses", "empty.test", 5000, ERR_UNAVAILABLE, "no address found for empty.test",
	    0, 1000 },
	{ "a silent name server", "silent.test", 100, ERR_TIMEOUT,
	    "no answer from silent.test port # in time", 95, 2000 },
	{ "no host", "", 5000, ERR_UNAVAILABLE, "no address found for ", 0, 1000 },
	{ "no name at all", "a..b", 5000, ERR_UNAVAILABLE, NULL, 0, 1000 },
};

struct host_run {
	const struct host_case *c;
	const struct peer *peer;
};

/* '#' stands for the port. */
static void assert_why(const char *why, const char *want, uint16_t port)
{
	size_t before = strcspn(want, "#");
	char full[200];

	snprintf(full, sizeof(full), "%.*s", (int)before, want);
	if (want[before])
		snprintf(full + before, sizeof(full) - before, "%u%s", (unsigned)port, want + before + 1);
	assert_string_equal(why, full);
}

static void host_on_fiber(void *arg)
{
	const struct host_run *r = arg;
	struct stream_target t = peer_target(r->peer);
	struct evdns_server_port *names = name_server(NULL);
	struct slow_port slow = slow_port(t.port);
	struct stream *s = NULL;
	const char *why = "unchanged";
	uint64_t began = loop_now_ms();
	char got[2];

	t.host = r->c->host;
	t.connect_ms = r->c->connect_ms;
	assert_int_equal(stream_connect(&t, &s, &why), r->c->want);
	assert_in_range(loop_now_ms() - began, r->c->least_ms, r->c->most_ms);
	if (r->c->want) {
		assert_null(s);
		if (r->c->why)
			assert_why(why, r->c->why, t.port);
		assert_int_equal(stream_connect(&t, &s, NULL), r->c->want);
	} else {
		assert_int_equal(stream_write(s, BYTES("ok")), ERR_OK);
		assert_int_equal(peer_read_n(s, got, 2), 2);
		stream_close(&s);
	}
	slow_port_end(&slow);
	evdns_close_server_port(names);
}

static void serve_echo(int fd, void *arg)
{
	char chunk[100];
	ssize_t n;

	(void)arg;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 && write(fd, chunk, (size_t)n) == n)
		;
}

static void host(const struct host_case *c)
{
	struct peer p = peer_start(serve_echo, NULL);
	struct host_run r = { c, &p };

	on_fiber(host_on_fiber, &r);
	peer_stop(&p);
}
TEST_ROW(host)

static void failing_over_on_fiber(void *arg)
{
	struct stream_target t = peer_target(arg);
	int dead;
	struct evdns_server_port *names = name_server(&dead);
	char heard[512];

	t.host = "four.test";
	t.connect_ms = 10 * 1000;
	for (int i = 0; i < 3; i++) {
		struct stream *s = NULL;
		uint64_t began = loop_now_ms();

		assert_int_equal(stream_connect(&t, &s, NULL), ERR_OK);
		assert_in_range(loop_now_ms() - began, 0, i == 2 ? 500 : 3500); /* known to be down by then */
		stream_close(&s);
	}
	assert_true(recv(dead, heard, sizeof(heard), 0) > 0); /* it was asked, or this proves nothing */
	close(dead);
	evdns_close_server_port(names);
}

static void a_name_server_that_is_down_costs_seconds_at_first_only(void **state)
{
	struct peer p = peer_start(serve_echo, NULL);

	(void)state;
	on_fiber(failing_over_on_fiber, &p);
	peer_stop(&p);
}

/* ---- cancelling ---- */

struct cancel_run {
	const char *host;
	uint16_t port;
	enum err got;
	uint64_t id;
};

static void connect_for_ever(void *arg)
{
	struct cancel_run *r = arg;
	struct stream_target t = { .host = r->host, .port = r->port };
	struct stream *s = NULL;

	r->got = stream_connect(&t, &s, NULL);
	assert_null(s);
}

static void cancel_on_fiber(void *arg)
{
	struct cancel_run *r = arg;
	struct evdns_server_port *names = name_server(NULL);
	struct slow_port slow = slow_port(r->port);
	uint64_t id =
	    fiber_start(fiber_loop(), &(struct fiber_opts){ .name = "connect" }, connect_for_ever, r);

	assert_int_equal(fiber_sleep(30), ERR_OK);
	assert_int_equal(r->got, ERR_COUNT);
	fiber_cancel(fiber_loop(), id);
	assert_int_equal(fiber_sleep(10), ERR_OK);
	assert_int_equal(r->got, ERR_CANCELLED);
	slow_port_end(&slow);
	evdns_close_server_port(names);
}

static const struct cancel_case {
	const char *name, *host;
} cancel_cases[] = {
	{ "looking up", "silent.test" },
	{ "connecting", "slow.test" },
};

static void cancel_while(const struct cancel_case *c)
{
	struct peer p = peer_start(serve_echo, NULL);
	struct cancel_run r = { c->host, p.port, ERR_COUNT, 0 };

	on_fiber(cancel_on_fiber, &r);
	peer_stop(&p);
}
TEST_ROW(cancel_while)

/* The loop ends while a name is looked up. */
static void free_while_looking_up(void **state)
{
	struct cancel_run r = { "silent.test", 1, ERR_COUNT, 0 };
	struct loop *l = loop_new();

	(void)state;
	evdns_base_clear_nameservers_and_suspend(loop_dns(l));
	fiber_start(l, &(struct fiber_opts){ .name = "connect" }, connect_for_ever, &r);
	event_base_loop(loop_base(l), EVLOOP_NONBLOCK);
	loop_free(&l);
	assert_int_equal(r.got, ERR_CANCELLED);
}

/* ---- unix sockets ---- */

static const struct unix_case {
	const char *name, *path; /* NULL = one that serves */
	enum stream_tls tls;
	enum err want;
	const char *why;
} unix_cases[] = {
	{ "served", NULL, STREAM_PLAIN, ERR_OK, NULL },
	{ "missing", "/nonexistent/socket", STREAM_PLAIN, ERR_UNAVAILABLE,
	    "cannot connect to /nonexistent/socket: No such file or directory" },
	{ "too long",
	    "/01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
	    "56789"
	    "012345678",
	    STREAM_PLAIN, ERR_UNAVAILABLE, "the path of a unix socket has at most 107 bytes" },
	{ "with TLS", "/nonexistent/socket", STREAM_TLS, ERR_UNSUPPORTED,
	    "a unix socket has no name that TLS could check" },
	{ "with STARTTLS", "/nonexistent/socket", STREAM_STARTTLS, ERR_UNSUPPORTED,
	    "a unix socket has no name that TLS could check" },
};

static void unix_on_fiber(void *arg)
{
	const struct unix_case *c = arg;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stream_target t = { .tls = c->tls, .connect_ms = 50 };
	struct stream *many[8] = { NULL };
	const char *why = "";
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enum err e = ERR_OK;

	snprintf(a.sun_path, sizeof(a.sun_path), "/tmp/easgate-test-%d", (int)getpid());
	t.host = c->path ? c->path : a.sun_path;
	unlink(a.sun_path);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(stream_connect(&t, &many[0], &why), c->want);
	if (c->why)
		assert_string_equal(why, c->why);
	for (size_t i = 1; i < 8 && !c->want && !e; i++) /* until its queue is full */
		e = stream_connect(&t, &many[i], &why);
	assert_int_equal(e, c->want ? ERR_OK : ERR_TIMEOUT);
	for (size_t i = 0; i < 8; i++)
		stream_close(&many[i]);
	close(listener);
	unlink(a.sun_path);
}

static void unix_socket(const struct unix_case *c)
{
	on_fiber(unix_on_fiber, (void *)(uintptr_t)c);
}
TEST_ROW(unix_socket)

int main(void)
{
	TEST_ADD_ROWS(host, host_cases);
	TEST_ADD(a_name_server_that_is_down_costs_seconds_at_first_only);
	TEST_ADD_ROWS(cancel_while, cancel_cases);
	TEST_ADD(free_while_looking_up);
	TEST_ADD_ROWS(unix_socket, unix_cases);
	return test_run("connect");
}
