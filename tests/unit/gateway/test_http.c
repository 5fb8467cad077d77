#include "testing.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <zlib.h>

#include "http/http.h"
#include "io/stream.h"
#include "listeners.h"

/* A real server on loopback; a fiber of the same loop is its client. */

static struct {
	struct loop *loop;
	struct config *config;
	struct listeners *listeners;
	struct http_server *server;
	uint16_t port, tls_port;
	struct http_exchange *held; /* of /hold */
	unsigned gone;              /* how often the client of a held one went away */
	unsigned handled;
	struct { /* the answer to /stream */
		uint64_t length;
		unsigned pieces, put; /* to be put; put so far */
		bool cut;             /* in the end */
		enum err e;           /* what stopped it */
		uint64_t fiber;
		bool is_over;
	} stream;
	void (*client)(void);
	bool finished;
} t;

/* ---- the handler ---- */

enum { HUGE_LEN = 32 << 20 }; /* more than sockets hold */

static void on_gone(void *arg)
{
	(void)arg;
	t.gone++;
	http_reply(&t.held, 200, NULL, NULL, 0, BYTES("nobody hears it"));
}

static void reply_info(struct http_exchange *x)
{
	static const struct http_field plain = { "X-Test", "yes" };
	static const char *const methods[] = { "GET", "POST", "OPTIONS", "OTHER" };
	char text[512];
	struct bytes path = http_path(x), query = http_query(x), address = http_address(x),
		     agent = http_header(x, "user-agent");
	int n = snprintf(text, sizeof(text), "%s %.*s ? %.*s from %.*s by %.*s", methods[http_method(x)],
	    BYTES_ARG(path), BYTES_ARG(query), BYTES_ARG(address), BYTES_ARG(agent));

	http_reply(&x, 200, NULL, &plain, 1, bytes_of(text, (size_t)n));
}

/* How long the body is, once expanded. On a fiber. */
static void reply_length(void *arg)
{
	struct http_exchange *x = arg;
	enum err e = http_expand_body(x);
	char n[32];

	snprintf(n, sizeof(n), "%zu", http_body(x).len);
	http_reply(&x, e == ERR_LIMIT ? 413 : e ? 400 : 200, NULL, NULL, 0, bytes_str(n));
}

static void on_stream_gone(void *arg)
{
	(void)arg;
	fiber_cancel(t.loop, t.stream.fiber);
}

enum { STREAM_PIECE = 10 * 1000 };

/* Piece n is full of the letter 'a' + n % 26. */
static void run_stream(void *arg)
{
	static const struct http_field gzippable = { "Content-Type", "text/plain" };
	struct http_exchange *x = arg;
	uint8_t piece[STREAM_PIECE];

	http_stream_start(x, 200, &gzippable, 1, t.stream.length);
	while (!t.stream.e && t.stream.put < t.stream.pieces) {
		memset(piece, 'a' + (int)(t.stream.put % 26), sizeof(piece));
		t.stream.e = http_stream_put(x, bytes_of(piece, sizeof(piece)));
		t.stream.put += !t.stream.e;
	}
	if (t.stream.cut || t.stream.e)
		http_stream_cut(&x);
	else
		http_stream_end(&x);
	assert_null(x);
	t.stream.is_over = true;
}

static void handle(struct http_exchange *x, void *arg)
{
	static const struct http_field text = { "Content-Type", "text/plain" };
	static uint8_t big[100 * 1000];

	(void)arg;
	t.handled++;
	if (bytes_eq_str(http_path(x), "/echo")) {
		http_reply(&x, 200, NULL, NULL, 0, http_body(x));
	} else if (bytes_eq_str(http_path(x), "/length")) {
		fiber_start(t.loop, &(struct fiber_opts){ .name = "length" }, reply_length, x);
	} else if (bytes_eq_str(http_path(x), "/stream")) {
		t.stream.fiber = fiber_start(t.loop, &(struct fiber_opts){ .name = "stream" }, run_stream, x);
		http_watch_client(x, on_stream_gone, NULL);
	} else if (bytes_eq_str(http_path(x), "/big")) {
		memset(big, 'x', sizeof(big));
		http_reply(&x, 200, NULL, &text, 1, bytes_of(big, sizeof(big)));
	} else if (bytes_eq_str(http_path(x), "/huge")) {
		uint8_t *huge = calloc(1, HUGE_LEN);

		http_reply(&x, 200, NULL, NULL, 0, bytes_of(huge, HUGE_LEN));
		free(huge);
	} else if (bytes_eq_str(http_path(x), "/hold")) {
		t.held = x;
		http_park(x);
		http_watch_client(x, on_gone, NULL);
	} else {
		reply_info(x);
	}
}

/* ---- set-up ---- */

static void complain(void *arg, const char *text)
{
	(void)arg;
	print_error("%s\n", text);
}

/* Key and certificate in one file. */
static void make_certificate(const char *path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(
	    X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_sign(cert, key, EVP_sha256());
	PEM_write_X509(f, cert);
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static struct config *make_config(const char *more)
{
	char path[] = "/tmp/easgate-test-XXXXXX", pem[sizeof(path) + 8], text[2048];
	struct config *c = NULL;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	snprintf(pem, sizeof(pem), "%s.pem", path);
	make_certificate(pem);
	snprintf(text, sizeof(text),
	    "[server]\nlisten = 127.0.0.1:0\nlisten_plain = 127.0.0.1:0\ncertificate = %s\n"
	    "certificate_key = %s\n%s",
	    pem, pem, more);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(config_load(path, complain, NULL, &c), ERR_OK);
	unlink(path);
	return c;
}

static void run_client(void *arg)
{
	(void)arg;
	t.client();
	t.finished = true;
	loop_stop(t.loop);
}

/* more: lines of the config, beginning in [server] */
static void with_server(const char *more, void (*client)(void))
{
	static const struct fiber_opts opts = {
		.name = "client", .deadline_ms = 20 * 1000, .arena_budget = 256 << 20
	};
	struct http_server_opts server = { .handler = handle };
	const char *why = "", *ports;

	memset(&t, 0, sizeof(t));
	t.client = client;
	t.loop = loop_new();
	server.config = t.config = make_config(more);
	t.listeners = listeners_new();
	assert_int_equal(listeners_open(t.listeners, t.config, 1, &why), ERR_OK);
	ports = listeners_text(t.listeners);
	assert_int_equal(sscanf(ports, "127.0.0.1:%hu 127.0.0.1:%hu", &t.tls_port, &t.port), 2);
	server.fds = listeners_of(t.listeners, 0, &server.n_fds);
	assert_int_equal(http_server_new(t.loop, &server, &t.server), ERR_OK);
	unlink(t.config->certificate);
	fiber_start(t.loop, &opts, run_client, NULL);
	loop_run(t.loop);
	assert_true(t.finished);
	assert_null(t.held);
	http_server_free(&t.server);
	loop_free(&t.loop);
	listeners_free(
	    &t.listeners); /* closes again what the server has closed: harmless, nothing was opened since */
	config_free(&t.config);
}

/* ---- a client ---- */

static struct stream *dial_port(uint16_t port, bool tls)
{
	struct stream_target target = { .host = "127.0.0.1",
		.port = port,
		.tls = tls ? STREAM_TLS : STREAM_PLAIN,
		.connect_ms = 5000,
		.io_ms = 10000 };
	struct stream *s = NULL;
	const char *why = NULL;

	if (stream_connect(&target, &s, &why))
		fail_msg("cannot connect: %s", why ? why : "-");
	return s;
}

static struct stream *dial(void)
{
	return dial_port(t.port, false);
}

static void say(struct stream *s, const char *text)
{
	assert_int_equal(stream_write(s, bytes_str(text)), ERR_OK);
}

/* Reads until `want` has come, or the end. What has come is in the arena, with a NUL. */
static const char *hear(struct stream *s, const char *want)
{
	struct buf b;
	size_t n = 1;

	buf_init(&b, test_arena(), 0);
	while (n) {
		uint8_t *room = buf_room(&b, 4096 + 1);

		assert_non_null(room);
		room[0] = 0;
		if (want && b.len && strstr((char *)b.p, want))
			break;
		if (stream_read(s, room, 4096, &n) != ERR_OK)
			break;
		room[n] = 0;
		buf_claim(&b, n);
	}
	buf_put_u8(&b, 0);
	return (const char *)b.p;
}

static void expect(struct stream *s, const char *want)
{
	const char *got = hear(s, want);

	if (!strstr(got, want))
		fail_msg("wanted \"%s\", got \"%s\"", want, got);
}

/* The server closes the connection, within ms. */
static void expect_close(struct stream *s, uint64_t ms)
{
	uint64_t from = loop_now_ms();
	char byte;
	size_t n = 1;

	while (stream_read(s, &byte, 1, &n) == ERR_OK && n)
		;
	assert_in_range(loop_now_ms() - from, 0, ms);
}

static void await(bool (*is_so)(void))
{
	for (int i = 0; i < 500 && !is_so(); i++)
		assert_int_equal(fiber_sleep(10), ERR_OK);
	assert_true(is_so());
}

static bool is_held(void)
{
	return t.held != NULL;
}

/* ---- requests and answers ---- */

static const struct talk_case {
	const char *name, *request, *answer;
	bool closes;
} talk_cases[] = {
	{ "get", "GET /a%20b?x=%20y HTTP/1.1\r\nUser-Agent: me\r\n\r\n",
	    "GET /a b ? x=%20y from 127.0.0.1 by me", false },
	{ "a field of the answer", "GET /a HTTP/1.1\r\n\r\n", "X-Test: yes", false },
	{ "options", "OPTIONS /a HTTP/1.1\r\n\r\n", "OPTIONS /a", false },
	{ "another method", "DELETE /a HTTP/1.1\r\n\r\n", "OTHER /a", false },
	{ "a method that nobody knows", "BREW /a HTTP/1.1\r\n\r\n", "OTHER /a", false },
	{ "head has no body", "HEAD /a HTTP/1.1\r\nConnection: close\r\n\r\n", "Connection: close\r\n\r\n",
	    true },
	{ "length", "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "hello", false },
	{ "chunks",
	    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
	    "hello", false },
	{ "no body", "POST /echo HTTP/1.1\r\n\r\n", "Content-Length: 0", false },
	{ "expect", "POST /echo HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
	    "100 Continue", false },
	{ "1.0 closes", "GET /a HTTP/1.0\r\n\r\n", "GET /a", true },
	{ "close", "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n", "Connection: close", true },
	{ "both lengths",
	    "POST /echo HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400 ",
	    true },
	{ "two lengths", "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", "400 ",
	    true },
	{ "length with a sign", "POST /echo HTTP/1.1\r\nContent-Length: +1\r\n\r\nx", "400 ", true },
	{ "no length", "POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400 ", true },
	{ "a coding in front of chunked",
	    "POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "400 ", true },
	{ "no request line", "hello world\r\n\r\n", "400 ", true },
	{ "TLS on the plain port", "\x16\x03\x01\x02\xfc\x03\x03 and so on and on\r\n\r\n", "400 ", true },
	{ "no colon", "GET /a HTTP/1.1\r\nwhat\r\n\r\n", "400 ", true },
	{ "a coding that nobody knows",
	    "POST /echo HTTP/1.1\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx", "415 ", true },
	{ "damaged gzip", "POST /length HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
	    "400 ", false },
	{ "too long", "POST /echo HTTP/1.1\r\nContent-Length: 11\r\n\r\nhello world", "413 ", true },
	{ "chunks too long",
	    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n", "413 ",
	    true },
	{ "no path", "OPTIONS * HTTP/1.1\r\n\r\n", "OPTIONS * ?", false },
	{ "a whole URL", "GET http://mail.example.org:81/a?x=1 HTTP/1.1\r\nHost: mail.example.org\r\n\r\n",
	    "GET /a ? x=1 from", false },
	{ "two codings",
	    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"
	    "0\r\n\r\n",
	    "400 ", true },
	{ "a blank behind a name", "POST /echo HTTP/1.1\r\nContent-Length : 5\r\n\r\nhello", "400 ", true },
	{ "more than its length", "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nhello\r\n\r\n", "400 ",
	    true },
	{ "a chunk without a length",
	    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n", "HTTP/1.1 4", true },
	{ "a chunk of less than nothing",
	    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n", "HTTP/1.1 4", true },
};
static const struct talk_case *talk_case;
static void talk_client(void)
{
	struct stream *s = dial();

	say(s, talk_case->request);
	expect(s, talk_case->answer);
	if (talk_case->closes)
		expect_close(s, 500);
	stream_close(&s);
}
static void talk(const struct talk_case *c)
{
	talk_case = c;
	with_server("[limits]\nmax_body = 10\n", talk_client);
}
TEST_ROW(talk)

static void long_header_client(void)
{
	struct stream *s = dial();
	char line[4096];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	say(s, "GET /a HTTP/1.1\r\nX-Long: ");
	say(s, line);
	expect(s, "400 ");
	expect_close(s, 500);
	stream_close(&s);
}
static void a_long_header_is_refused(void **state)
{
	(void)state;
	with_server("[limits]\nmax_header = 2K\n", long_header_client);
}

static void pipeline_client(void)
{
	struct stream *s = dial();

	say(s, "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\noneGET /two HTTP/1.1\r\n\r\nGET /three "
	       "HTTP/1.1\r\n\r\n");
	expect(s, "GET /three");
	assert_int_equal(t.handled, 3);
	stream_close(&s);
}
static void pipelined_requests_are_served_in_order(void **state)
{
	(void)state;
	with_server("", pipeline_client);
}

/* ---- bodies ---- */

static struct bytes gzipped(size_t zeros)
{
	z_stream z = { 0 };
	uint8_t *in = calloc(1, zeros), *out = test_keep(zeros / 500 + 1000);

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = in;
	z.avail_in = (uInt)zeros;
	z.next_out = out;
	z.avail_out = (uInt)(zeros / 500 + 1000);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	free(in);
	return bytes_of(out, z.total_out);
}

static void post_gzipped(size_t zeros, const char *want)
{
	struct bytes body = gzipped(zeros);
	struct stream *s = dial();
	char head[256];

	snprintf(head, sizeof(head),
	    "POST /length HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", body.len);
	say(s, head);
	assert_int_equal(stream_write(s, body), ERR_OK);
	expect(s, want);
	stream_close(&s);
}
static void gzip_client(void)
{
	post_gzipped(10, "\r\n\r\n10");
	post_gzipped(1 << 20, "\r\n\r\n1048576");
	post_gzipped((1 << 20) + 1, "413 ");
	post_gzipped(64 << 20, "413 "); /* a bomb */
}
static void gzipped_bodies_are_expanded_within_bounds(void **state)
{
	(void)state;
	with_server("[limits]\nmax_body = 1M\n", gzip_client);
}

static void gzip_answer_client(void)
{
	struct stream *s = dial();
	const char *got;

	say(s, "GET /big HTTP/1.1\r\nAccept-Encoding: deflate, gzip;q=0.8\r\nConnection: close\r\n\r\n");
	got = hear(s, NULL);
	assert_non_null(strstr(got, "Content-Encoding: gzip\r\n"));
	stream_close(&s);
	s = dial();
	say(s, "GET /big HTTP/1.1\r\nAccept-Encoding: gzip;q=0\r\nConnection: close\r\n\r\n");
	got = hear(s, NULL);
	assert_null(strstr(got, "Content-Encoding"));
	assert_non_null(strstr(got, "Content-Length: 100000\r\n"));
	assert_int_equal(strlen(strstr(got, "\r\n\r\n")), 100000 + 4);
	stream_close(&s);
}
static void answers_are_gzipped_where_it_pays(void **state)
{
	(void)state;
	with_server("", gzip_answer_client);
}

static void large_body_client(void)
{
	enum { SIZE = 40 << 20, PIECE = 1 << 20 };
	struct stream *s = dial_port(t.tls_port, true);
	uint8_t *piece = calloc(1, PIECE);
	char head[128];

	snprintf(head, sizeof(head), "POST /length HTTP/1.1\r\nContent-Length: %d\r\n\r\n", SIZE);
	say(s, head);
	for (int i = 0; i < SIZE / PIECE; i++)
		assert_int_equal(stream_write(s, bytes_of(piece, PIECE)), ERR_OK);
	expect(s, "\r\n\r\n41943040");
	free(piece);
	stream_close(&s);
}
static void forty_megabytes_arrive_over_tls(void **state)
{
	(void)state;
	with_server("", large_body_client);
}

static void too_large_client(void)
{
	enum { SIZE = 4 << 20 };
	struct stream *s = dial();
	uint8_t *piece = calloc(1, SIZE);
	char head[128];

	snprintf(head, sizeof(head), "POST /length HTTP/1.1\r\nContent-Length: %d\r\n\r\n", SIZE);
	say(s, head);
	assert_int_equal(stream_write(s, bytes_of(piece, SIZE)), ERR_OK);
	expect(s, "413 "); /* a client that is cut off while it sends would never see this */
	assert_int_equal(t.handled, 0);
	free(piece);
	stream_close(&s);
}
static void a_body_that_is_too_large_is_read_to_its_end_before_the_refusal(void **state)
{
	(void)state;
	with_server("[limits]\nmax_body = 1M\n", too_large_client);
}

/* ---- held requests ---- */

static void answer_held(void)
{
	assert_int_equal(t.gone, 0);
	http_reply(&t.held, 200, NULL, NULL, 0, BYTES("at last"));
}

static void held_client_over(bool tls)
{
	struct stream *s = dial_port(tls ? t.tls_port : t.port, tls);

	say(s, "POST /hold HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody");
	await(is_held);
	answer_held();
	expect(s, "at last");
	say(s, "GET /after HTTP/1.1\r\n\r\n");
	expect(s, "GET /after");
	stream_close(&s);
}
static void held_client(void)
{
	held_client_over(false);
}
static void held_tls_client(void)
{
	held_client_over(true);
}
static void a_held_request_is_answered_and_the_connection_lives_on(void **state)
{
	(void)state;
	with_server("", held_client);
}
static void a_held_request_is_answered_over_tls(void **state)
{
	(void)state;
	with_server("", held_tls_client);
}

static bool someone_has_gone(void)
{
	return t.gone == 1;
}
static bool nobody_is_connected(void)
{
	return http_server_connections(t.server) == 0;
}

static void gone_client_over(bool tls)
{
	struct stream *s = dial_port(tls ? t.tls_port : t.port, tls);

	say(s, "GET /hold HTTP/1.1\r\n\r\n");
	await(is_held);
	stream_close(&s);
	await(someone_has_gone);
	await(nobody_is_connected);
}
static void gone_client(void)
{
	gone_client_over(false);
}
static void gone_tls_client(void)
{
	gone_client_over(true);
}
static void a_client_that_goes_away_is_noticed(void **state)
{
	(void)state;
	with_server("", gone_client);
}
static void a_client_that_goes_away_is_noticed_over_tls(void **state)
{
	(void)state;
	with_server("", gone_tls_client);
}

static void held_pipeline_client(void)
{
	struct stream *s = dial();

	say(s, "GET /hold HTTP/1.1\r\n\r\n");
	await(is_held);
	say(s, "GET /later HTTP/1.1\r\n\r\n");
	assert_int_equal(fiber_sleep(50), ERR_OK);
	assert_int_equal(t.handled, 1);
	answer_held();
	expect(s, "GET /later");
	stream_close(&s);
}
static void a_pipelined_request_waits_for_a_held_one(void **state)
{
	(void)state;
	with_server("", held_pipeline_client);
}

static void held_flood_client(void)
{
	struct stream *s = dial();
	uint8_t *piece = calloc(1, 1 << 20);

	say(s, "GET /hold HTTP/1.1\r\n\r\n");
	await(is_held);
	say(s, "POST /length HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n");
	assert_int_equal(stream_write(s, bytes_of(piece, 1 << 16)), ERR_OK);
	assert_int_equal(fiber_sleep(50), ERR_OK);
	answer_held();
	assert_int_equal(stream_write(s, bytes_of(piece, (1 << 20) - (1 << 16))), ERR_OK);
	expect(s, "\r\n\r\n1048576");
	free(piece);
	stream_close(&s);
}
static void what_comes_while_held_is_read_a_little_ahead_only(void **state)
{
	(void)state;
	with_server("", held_flood_client);
}

/* ---- slow ones, many, and strangers ---- */

static void drip_client(void)
{
	struct stream *s = dial();
	uint64_t from = loop_now_ms();

	say(s, "GET /a HTTP/1.1\r\n");
	for (int i = 0; i < 40 && loop_now_ms() - from < 4000; i++) {
		assert_int_equal(fiber_sleep(100), ERR_OK);
		if (stream_write(s, BYTES("X: y\r\n")) || stream_is_dead(s))
			break;
	}
	assert_in_range(loop_now_ms() - from, 500, 3500);
	stream_close(&s);
	assert_int_equal(t.handled, 0);
}
static void a_head_that_comes_drop_by_drop_is_cut_off(void **state)
{
	(void)state;
	with_server("[limits]\nread_timeout = 1s\n", drip_client);
}

static void stalled_client(void)
{
	struct stream *s = dial_port(t.tls_port, false); /* says nothing: the handshake stalls */

	expect_close(s, 3500);
	stream_close(&s);
	s = dial();
	say(s, "POST /echo HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf");
	expect_close(s, 3500);
	stream_close(&s);
	s = dial();
	say(s, "GET /a HTTP/1.1\r\n\r\n");
	expect(s, "GET /a");
	expect_close(s, 3500); /* idle */
	stream_close(&s);
}
static void stalled_and_idle_connections_are_closed(void **state)
{
	(void)state;
	with_server("[limits]\nread_timeout = 1s\nidle_timeout = 1s\n", stalled_client);
}

static void deaf_client(void)
{
	struct stream *s = dial();

	say(s, "GET /huge HTTP/1.1\r\n\r\n");
	await(nobody_is_connected);
	stream_close(&s);
}
static void a_client_that_does_not_read_its_answer_is_cut_off(void **state)
{
	(void)state;
	with_server("[limits]\nread_timeout = 1s\n", deaf_client);
}

static void slow_reader_client(void)
{
	struct stream *s = dial();
	size_t n = 1, all = 0;
	uint8_t *room = malloc(1 << 20);
	uint64_t from = loop_now_ms();

	say(s, "GET /huge HTTP/1.1\r\nConnection: close\r\n\r\n");
	while (n) {
		assert_int_equal(stream_read(s, room, 1 << 20, &n), ERR_OK);
		all += n;
		assert_int_equal(fiber_sleep(40), ERR_OK);
	}
	assert_in_range(all, HUGE_LEN, HUGE_LEN + 1000);
	assert_true(loop_now_ms() - from > 1200); /* longer than read_timeout */
	free(room);
	stream_close(&s);
}
static void one_that_reads_slowly_gets_it_all(void **state)
{
	(void)state;
	with_server("[limits]\nread_timeout = 1s\n", slow_reader_client);
}

/* ---- answers that are sent while they are made ---- */

static bool the_stream_is_over(void)
{
	return t.stream.is_over;
}

static void ask_stream(struct stream *s, const char *version, unsigned pieces, uint64_t length, bool cut)
{
	char text[100];

	t.stream.pieces = pieces;
	t.stream.length = length;
	t.stream.cut = cut;
	t.stream.put = 0;
	t.stream.e = ERR_OK;
	t.stream.is_over = false;
	snprintf(text, sizeof(text), "GET /stream HTTP/%s\r\nAccept-Encoding: gzip\r\n\r\n", version);
	say(s, text);
}

/* How many octets of pieces are in it. */
static size_t stream_len(const char *answer)
{
	const char *p = strstr(answer, "\r\n\r\n");
	size_t n = 0;

	assert_non_null(p);
	for (; *p; p++)
		n += *p >= 'a' && *p <= 'z' && (p[1] == *p || p[-1] == *p); /* not the digits of a chunk */
	return n;
}

static void whole_streams_client_over(bool tls)
{
	struct stream *s = dial_port(tls ? t.tls_port : t.port, tls);
	const char *got;

	ask_stream(s, "1.1", 30, HTTP_LENGTH_UNKNOWN, false);
	got = hear(s, "\r\n0\r\n\r\n");
	assert_non_null(strstr(got, "Transfer-Encoding: chunked\r\n"));
	assert_null(strstr(got, "gzip"));
	assert_int_equal(stream_len(got), 30 * STREAM_PIECE);
	ask_stream(s, "1.1", 30, 30 * STREAM_PIECE, false); /* on the same connection */
	await(the_stream_is_over);
	say(s, "GET /a HTTP/1.1\r\n\r\n");
	got = hear(s, "X-Test: yes");
	assert_non_null(strstr(got, "Content-Length: 300000\r\n"));
	assert_null(strstr(got, "chunked"));
	assert_true(stream_len(got) >= 30 * STREAM_PIECE);
	stream_close(&s);
}

static void whole_streams_client(void)
{
	whole_streams_client_over(false);
	whole_streams_client_over(true);
}
static void a_streamed_answer_arrives_whole(void **state)
{
	(void)state;
	with_server("", whole_streams_client);
}

/* Whatever way the end of an answer is told in, one that is cut doesn't have it. */
static void cut_streams_client(void)
{
	static const struct {
		const char *version;
		uint64_t length;
		bool tls;
	} ways[] = {
		{ "1.1", HTTP_LENGTH_UNKNOWN, false },
		{ "1.1", HTTP_LENGTH_UNKNOWN, true },
		{ "1.1", 50 * STREAM_PIECE, false },
		{ "1.1", 50 * STREAM_PIECE, true },
		{ "1.0", HTTP_LENGTH_UNKNOWN, false },
		{ "1.0", HTTP_LENGTH_UNKNOWN, true },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct stream *s = dial_port(ways[i].tls ? t.tls_port : t.port, ways[i].tls);
		uint8_t room[4096];
		size_t n = 1, all = 0;
		enum err e;

		ask_stream(s, ways[i].version, 10, ways[i].length, true);
		while (!(e = stream_read(s, room, sizeof(room) - 1, &n)) && n) {
			room[n] = 0;
			assert_null(strstr((char *)room, "\r\n0\r\n"));
			all += n;
		}
		assert_in_range(all, 0, 11 * STREAM_PIECE);
		if (!strcmp(ways[i].version, "1.0"))
			assert_int_equal(e, ERR_UNAVAILABLE); /* no end, but a failure */
		stream_close(&s);
		await(the_stream_is_over);
	}
}
static void a_streamed_answer_that_is_cut_does_not_look_whole(void **state)
{
	(void)state;
	with_server("", cut_streams_client);
}

static void slow_stream_client(void)
{
	struct stream *s = dial();
	uint8_t room[STREAM_PIECE];
	unsigned before;
	size_t n = 1;

	ask_stream(s, "1.1", 5000, 5000 * STREAM_PIECE, false);
	assert_int_equal(fiber_sleep(300), ERR_OK);
	before = t.stream.put;
	assert_in_range(before, 1, 2500); /* what sockets hold */
	assert_int_equal(fiber_sleep(200), ERR_OK);
	assert_int_equal(t.stream.put, before);
	while (t.stream.put < 5000)
		assert_int_equal(stream_read(s, room, sizeof(room), &n), ERR_OK);
	stream_close(&s);
	await(the_stream_is_over);
	assert_int_equal(t.stream.e, ERR_OK);
}
static void a_slow_client_makes_the_maker_wait(void **state)
{
	(void)state;
	with_server("", slow_stream_client);
}

static void leaving_stream_client(void)
{
	for (int tls = 0; tls < 2; tls++) {
		struct stream *s = dial_port(tls ? t.tls_port : t.port, tls);

		ask_stream(s, "1.1", 5000, 5000 * STREAM_PIECE, false);
		hear(s, "aaaa");
		stream_close(&s);
		await(the_stream_is_over);
		assert_int_equal(t.stream.e, ERR_CANCELLED);
		assert_true(t.stream.put < 5000);
	}
}
static void a_client_that_leaves_ends_the_making(void **state)
{
	(void)state;
	with_server("", leaving_stream_client);
}

static void deaf_stream_client(void)
{
	struct stream *s = dial();

	ask_stream(s, "1.1", 5000, 5000 * STREAM_PIECE, false);
	await(the_stream_is_over);
	assert_int_equal(t.stream.e, ERR_CANCELLED);
	stream_close(&s);
}
static void a_client_that_does_not_read_the_stream_is_cut_off(void **state)
{
	(void)state;
	with_server("[limits]\nread_timeout = 1s\n", deaf_stream_client);
}

static void steady_client(void)
{
	struct stream *s = dial();
	uint8_t piece[2048] = { 0 };

	say(s, "POST /length HTTP/1.1\r\nContent-Length: 51200\r\n\r\n");
	for (int i = 0; i < 25; i++) {
		assert_int_equal(fiber_sleep(100), ERR_OK);
		assert_int_equal(stream_write(s, bytes_of(piece, sizeof(piece))), ERR_OK);
	}
	expect(s, "\r\n\r\n51200");
	stream_close(&s);
}
static void a_slow_body_that_gets_on_may_take_its_time(void **state)
{
	(void)state;
	with_server("[limits]\nread_timeout = 1s\n", steady_client);
}

static void close_and_come_back_client(void)
{
	struct stream *v[2], *late;

	v[0] = dial();
	v[1] = dial();
	say(v[1], "GET /a HTTP/1.1\r\n\r\n");
	expect(v[1], "GET /a");
	late = dial();
	expect_close(late, 500);
	stream_close(&late);
	stream_close(&v[0]);
	stream_close(&v[1]);
	await(nobody_is_connected);
	late = dial();
	say(late, "GET /b HTTP/1.1\r\n\r\n");
	expect(late, "GET /b");
	stream_close(&late);
}
static void an_address_has_so_many_connections(void **state)
{
	(void)state;
	with_server(
	    "trusted_proxies =\n[limits]\nmax_connections_per_address = 2\n", close_and_come_back_client);
}

/* All come from the proxy's address; each counts as the client's for whom it asks, while it asks. */
static void many_through_a_proxy_client(void)
{
	struct stream *v[3] = { dial(), dial(), dial() };
	const char *ask = "GET /a HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n";

	say(v[0], "GET /hold HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n");
	await(is_held);
	say(v[1], ask);
	expect(v[1], "503 ");
	say(v[1], "GET /a HTTP/1.1\r\nX-Forwarded-For: 192.0.2.8\r\n\r\n");
	expect(v[1], "from 192.0.2.8 by");
	say(v[1], "GET /b HTTP/1.1\r\n\r\n"); /* of the proxy itself */
	expect(v[1], "from 127.0.0.1 by");
	http_reply(&t.held, 200, NULL, NULL, 0, BYTES("bye"));
	expect(v[0], "bye");
	say(v[1], ask);
	expect(v[1], "GET /a ?  from 192.0.2.7 by");
	say(v[2], "GET /hold HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n");
	await(is_held);
	stream_close(&v[2]);
	await(someone_has_gone);
	say(v[0], ask);
	expect(v[0], "GET /a ?  from 192.0.2.7 by");
	stream_close(&v[0]);
	stream_close(&v[1]);
}
static void an_address_behind_a_proxy_has_so_many_requests(void **state)
{
	(void)state;
	with_server("[limits]\nmax_connections_per_address = 1\n", many_through_a_proxy_client);
}

static const struct proxy_case {
	const char *name, *config, *before, *header, *from; /* from NULL: the connection is closed */
	size_t before_len;
} proxy_cases[] = {
	{ "forwarded", "", "", "X-Forwarded-For: 192.0.2.7\r\n", "from 192.0.2.7 by", 0 },
	{ "forwarded twice", "trusted_proxies = 127.0.0.1 10.0.0.0/8\n", "",
	    "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.1.1\r\n", "from 192.0.2.7 by", 0 },
	{ "forwarded by a stranger", "trusted_proxies = 10.0.0.0/8\n", "", "X-Forwarded-For: 192.0.2.7\r\n",
	    "from 127.0.0.1 by", 0 },
	{ "forwarded in two lines (HAProxy)", "", "",
	    "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.7\r\n", "from 192.0.2.7 by", 0 },
	{ "forwarded, with a lie in front", "", "", "X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\n",
	    "from 192.0.2.7 by", 0 },
	{ "forwarded nonsense", "", "", "X-Forwarded-For: nobody\r\n", "from 127.0.0.1 by", 0 },
	{ "forwarded IPv6", "", "", "X-Forwarded-For: 2001:db8::1\r\n", "from 2001:db8::1 by", 0 },
#define LEN(s) (sizeof(s) - 1)
#define V1 "PROXY TCP4 192.0.2.9 192.0.2.1 4000 443\r\n"
#define V2                                                                                                 \
	"\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a\x21\x11\x00\x0c\xc0\x00\x02\x0a\xc0\x00\x02\x01" \
	"\x0f\xa0\x01\xbb"
#define V2_LOCAL "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a\x20\x00\x00\x00"
	{ "PROXY 1", "proxy_protocol = yes\n", V1, "", "from 192.0.2.9 by", LEN(V1) },
	{ "PROXY 1 and a forged header", "proxy_protocol = yes\n", V1, "X-Forwarded-For: 6.6.6.6\r\n",
	    "from 192.0.2.9 by", LEN(V1) },
	{ "PROXY 1 unknown", "proxy_protocol = yes\n", "PROXY UNKNOWN\r\n", "", "from 127.0.0.1 by", 15 },
	{ "PROXY 2", "proxy_protocol = yes\n", V2, "", "from 192.0.2.10 by", LEN(V2) },
	{ "PROXY 2 local", "proxy_protocol = yes\n", V2_LOCAL, "", "from 127.0.0.1 by", LEN(V2_LOCAL) },
	{ "PROXY missing", "proxy_protocol = yes\n", "", "", NULL, 0 },
	{ "PROXY from a stranger", "proxy_protocol = yes\ntrusted_proxies = 10.0.0.0/8\n", V1, "", NULL,
	    LEN(V1) },
	{ "PROXY not expected", "", V1, "", NULL, LEN(V1) },
};
static const struct proxy_case *proxy_case;
static void proxy_client(void)
{
	struct stream *s = dial();
	struct bytes before = bytes_of(proxy_case->before, proxy_case->before_len), one;

	while (bytes_take(&before, 1, &one)) { /* byte by byte: a header may come in pieces */
		if (stream_write(s, one) || fiber_yield())
			break;
	}
	if (stream_write(s, BYTES("GET /a HTTP/1.1\r\n")) == ERR_OK &&
	    stream_write(s, bytes_str(proxy_case->header)) == ERR_OK &&
	    stream_write(s, BYTES("\r\n")) == ERR_OK && proxy_case->from)
		expect(s, proxy_case->from);
	else
		expect_close(s, 1000);
	assert_int_equal(t.handled, proxy_case->from ? 1 : 0);
	stream_close(&s);
}
static void proxy(const struct proxy_case *c)
{
	proxy_case = c;
	with_server(c->config, proxy_client);
}
TEST_ROW(proxy)

/* ---- the end ---- */

static void drain_client(void)
{
	struct stream *idle = dial(), *held = dial(), *late = NULL;
	struct stream_target target = {
		.host = "127.0.0.1", .port = t.port, .connect_ms = 200, .io_ms = 200
	};

	say(idle, "GET /a HTTP/1.1\r\n\r\n");
	expect(idle, "GET /a");
	say(held, "GET /hold HTTP/1.1\r\n\r\n");
	await(is_held);
	http_server_drain(t.server);
	expect_close(idle, 500);
	http_reply(&t.held, 200, NULL, NULL, 0, BYTES("bye"));
	expect(held, "Connection: close");
	await(nobody_is_connected);
	assert_int_equal(
	    stream_connect(&target, &late, NULL), ERR_UNAVAILABLE); /* refused, not left waiting */
	stream_close(&idle);
	stream_close(&held);
}
static void a_drain_closes_idle_connections_and_answers_the_others(void **state)
{
	(void)state;
	with_server("", drain_client);
}

static void cut_off_client(void)
{
	struct stream *s = dial();

	say(s, "GET /hold HTTP/1.1\r\n\r\n");
	await(is_held);
	http_server_free(&t.server); /* with a request in the handler's hands */
	await(someone_has_gone);
	stream_close(&s);
}
static void a_server_may_end_while_requests_are_held(void **state)
{
	(void)state;
	with_server("", cut_off_client);
}

int main(void)
{
	TEST_ADD_ROWS(talk, talk_cases);
	TEST_ADD(a_long_header_is_refused);
	TEST_ADD(pipelined_requests_are_served_in_order);
	TEST_ADD(gzipped_bodies_are_expanded_within_bounds);
	TEST_ADD(answers_are_gzipped_where_it_pays);
	TEST_ADD(forty_megabytes_arrive_over_tls);
	TEST_ADD(a_body_that_is_too_large_is_read_to_its_end_before_the_refusal);
	TEST_ADD(a_held_request_is_answered_and_the_connection_lives_on);
	TEST_ADD(a_held_request_is_answered_over_tls);
	TEST_ADD(a_client_that_goes_away_is_noticed);
	TEST_ADD(a_client_that_goes_away_is_noticed_over_tls);
	TEST_ADD(a_pipelined_request_waits_for_a_held_one);
	TEST_ADD(what_comes_while_held_is_read_a_little_ahead_only);
	TEST_ADD(a_head_that_comes_drop_by_drop_is_cut_off);
	TEST_ADD(stalled_and_idle_connections_are_closed);
	TEST_ADD(a_client_that_does_not_read_its_answer_is_cut_off);
	TEST_ADD(one_that_reads_slowly_gets_it_all);
	TEST_ADD(a_streamed_answer_arrives_whole);
	TEST_ADD(a_streamed_answer_that_is_cut_does_not_look_whole);
	TEST_ADD(a_slow_client_makes_the_maker_wait);
	TEST_ADD(a_client_that_leaves_ends_the_making);
	TEST_ADD(a_client_that_does_not_read_the_stream_is_cut_off);
	TEST_ADD(a_slow_body_that_gets_on_may_take_its_time);
	TEST_ADD(an_address_has_so_many_connections);
	TEST_ADD(an_address_behind_a_proxy_has_so_many_requests);
	TEST_ADD_ROWS(proxy, proxy_cases);
	TEST_ADD(a_drain_closes_idle_connections_and_answers_the_others);
	TEST_ADD(a_server_may_end_while_requests_are_held);
	return test_run("http");
}
