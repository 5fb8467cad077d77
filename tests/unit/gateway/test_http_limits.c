/* Clients that are slow, many, or not who they seem to be. */
#include "unit/gateway/http_bed.h"

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
	assert_int_equal(bed.handled, 0);
}
static void a_head_that_comes_drop_by_drop_is_cut_off(void **state)
{
	(void)state;
	with_server("[limits]\nread_timeout = 1s\n", drip_client);
}

static void stalled_client(void)
{
	struct stream *s = dial_port(bed.tls_port, false); /* says nothing: the handshake stalls */

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
	http_reply(&bed.held, 200, NULL, NULL, 0, BYTES("bye"));
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
	assert_int_equal(bed.handled, proxy_case->from ? 1 : 0);
	stream_close(&s);
}
static void proxy(const struct proxy_case *c)
{
	proxy_case = c;
	with_server(c->config, proxy_client);
}
TEST_ROW(proxy)

int main(void)
{
	TEST_ADD(a_head_that_comes_drop_by_drop_is_cut_off);
	TEST_ADD(stalled_and_idle_connections_are_closed);
	TEST_ADD(a_client_that_does_not_read_its_answer_is_cut_off);
	TEST_ADD(one_that_reads_slowly_gets_it_all);
	TEST_ADD(a_slow_body_that_gets_on_may_take_its_time);
	TEST_ADD(an_address_has_so_many_connections);
	TEST_ADD(an_address_behind_a_proxy_has_so_many_requests);
	TEST_ADD_ROWS(proxy, proxy_cases);
	return test_run("http limits");
}
