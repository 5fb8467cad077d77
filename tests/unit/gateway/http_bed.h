#ifndef EASGATE_TESTS_HTTP_BED_H
#define EASGATE_TESTS_HTTP_BED_H

/* A real server on loopback with a handler that does what the path says; a fiber of the same loop is its client:
 *
 *	static void get_client(void)
 *	{
 *		struct stream *s = dial();
 *
 *		say(s, "GET /a HTTP/1.1\r\n\r\n");
 *		expect(s, "GET /a");
 *		stream_close(&s);
 *	}
 *	static void something(void **state)
 *	{
 *		with_server("", get_client);
 *	}
 */
#include "testing.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "http/http.h"
#include "io/stream.h"
#include "listeners.h"

/* The running test's; only what handler and client tell each other is read outside of here. */
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
} bed;

/* ---- the handler ---- */

enum { HUGE_LEN = 32 << 20 }; /* more than sockets hold */

static inline void on_gone(void *arg)
{
	(void)arg;
	bed.gone++;
	http_reply(&bed.held, 200, NULL, NULL, 0, BYTES("nobody hears it"));
}

static inline void reply_info(struct http_exchange *x)
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
static inline void reply_length(void *arg)
{
	struct http_exchange *x = arg;
	enum err e = http_expand_body(x);
	char n[32];

	snprintf(n, sizeof(n), "%zu", http_body(x).len);
	http_reply(&x, e == ERR_LIMIT ? 413 : e ? 400 : 200, NULL, NULL, 0, bytes_str(n));
}

static inline void on_stream_gone(void *arg)
{
	(void)arg;
	fiber_cancel(bed.loop, bed.stream.fiber);
}

enum { STREAM_PIECE = 10 * 1000 };

/* Piece n is full of the letter 'a' + n % 26. */
static inline void run_stream(void *arg)
{
	static const struct http_field gzippable = { "Content-Type", "text/plain" };
	struct http_exchange *x = arg;
	uint8_t piece[STREAM_PIECE];

	http_stream_start(x, 200, &gzippable, 1, bed.stream.length);
	while (!bed.stream.e && bed.stream.put < bed.stream.pieces) {
		memset(piece, 'a' + (int)(bed.stream.put % 26), sizeof(piece));
		http_stream_add(x, bytes_of(piece, sizeof(piece)));
		bed.stream.e = http_stream_send(x);
		bed.stream.put += !bed.stream.e;
	}
	if (bed.stream.cut || bed.stream.e)
		http_stream_cut(&x);
	else
		http_stream_end(&x);
	assert_null(x);
	bed.stream.is_over = true;
}

static inline void handle(struct http_exchange *x, void *arg)
{
	static const struct http_field text = { "Content-Type", "text/plain" };
	static uint8_t big[100 * 1000];

	(void)arg;
	bed.handled++;
	if (bytes_eq_str(http_path(x), "/echo")) {
		http_reply(&x, 200, NULL, NULL, 0, http_body(x));
	} else if (bytes_eq_str(http_path(x), "/length")) {
		fiber_start(bed.loop, &(struct fiber_opts){ .name = "length" }, reply_length, x);
	} else if (bytes_eq_str(http_path(x), "/stream")) {
		bed.stream.fiber =
		    fiber_start(bed.loop, &(struct fiber_opts){ .name = "stream" }, run_stream, x);
		http_watch_client(x, on_stream_gone, NULL);
	} else if (bytes_eq_str(http_path(x), "/big")) {
		memset(big, 'x', sizeof(big));
		http_reply(&x, 200, NULL, &text, 1, bytes_of(big, sizeof(big)));
	} else if (bytes_eq_str(http_path(x), "/huge")) {
		uint8_t *huge = calloc(1, HUGE_LEN);

		http_reply(&x, 200, NULL, NULL, 0, bytes_of(huge, HUGE_LEN));
		free(huge);
	} else if (bytes_eq_str(http_path(x), "/hold")) {
		bed.held = x;
		http_park(x);
		http_watch_client(x, on_gone, NULL);
	} else {
		reply_info(x);
	}
}

/* ---- set-up ---- */

static inline void complain(void *arg, const char *text)
{
	(void)arg;
	print_error("%s\n", text);
}

/* Key and certificate in one file. */
static inline void make_certificate(const char *path)
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

static inline struct config *make_config(const char *more)
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

static inline void run_client(void *arg)
{
	(void)arg;
	bed.client();
	bed.finished = true;
	loop_stop(bed.loop);
}

/* more: lines of the config, beginning in [server] */
static inline void with_server(const char *more, void (*client)(void))
{
	static const struct fiber_opts opts = {
		.name = "client", .deadline_ms = 20 * 1000, .arena_budget = 256 << 20
	};
	struct http_server_opts server = { .handler = handle };
	const char *why = "", *ports;

	memset(&bed, 0, sizeof(bed));
	bed.client = client;
	bed.loop = loop_new();
	server.config = bed.config = make_config(more);
	bed.listeners = listeners_new();
	assert_int_equal(listeners_open(bed.listeners, bed.config, 1, &why), ERR_OK);
	ports = listeners_text(bed.listeners);
	assert_int_equal(sscanf(ports, "127.0.0.1:%hu 127.0.0.1:%hu", &bed.tls_port, &bed.port), 2);
	server.fds = listeners_of(bed.listeners, 0, &server.n_fds);
	assert_int_equal(http_server_new(bed.loop, &server, &bed.server), ERR_OK);
	http_server_accept(bed.server);
	unlink(bed.config->certificate);
	fiber_start(bed.loop, &opts, run_client, NULL);
	loop_run(bed.loop);
	assert_true(bed.finished);
	assert_null(bed.held);
	http_server_free(&bed.server);
	loop_free(&bed.loop);
	listeners_free(
	    &bed.listeners); /* closes again what the server has closed: harmless, nothing was opened since */
	config_free(&bed.config);
}

/* ---- a client ---- */

static inline struct stream *dial_port(uint16_t port, bool tls)
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

static inline struct stream *dial(void)
{
	return dial_port(bed.port, false);
}

static inline void say(struct stream *s, const char *text)
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

static inline void expect(struct stream *s, const char *want)
{
	const char *got = hear(s, want);

	if (!strstr(got, want))
		fail_msg("wanted \"%s\", got \"%s\"", want, got);
}

/* The server closes the connection, within ms. */
static inline void expect_close(struct stream *s, uint64_t ms)
{
	uint64_t from = loop_now_ms();
	char byte;
	size_t n = 1;

	while (stream_read(s, &byte, 1, &n) == ERR_OK && n)
		;
	assert_in_range(loop_now_ms() - from, 0, ms);
}

static inline void await(bool (*is_so)(void))
{
	for (int i = 0; i < 500 && !is_so(); i++)
		assert_int_equal(fiber_sleep(10), ERR_OK);
	assert_true(is_so());
}

/* For await. */
static inline bool is_held(void)
{
	return bed.held != NULL;
}

static inline bool someone_has_gone(void)
{
	return bed.gone == 1;
}
static inline bool nobody_is_connected(void)
{
	return http_server_connections(bed.server) == 0;
}

#endif
