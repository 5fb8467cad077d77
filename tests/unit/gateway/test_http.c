/* What the server understands and what it says: requests, and their bodies and answers in full. */
#include "unit/gateway/http_bed.h"

#include <zlib.h>

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
	assert_int_equal(bed.handled, 3);
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
	struct stream *s = dial_port(bed.tls_port, true);
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
	assert_int_equal(bed.handled, 0);
	free(piece);
	stream_close(&s);
}
static void a_body_that_is_too_large_is_read_to_its_end_before_the_refusal(void **state)
{
	(void)state;
	with_server("[limits]\nmax_body = 1M\n", too_large_client);
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
	return test_run("http");
}
