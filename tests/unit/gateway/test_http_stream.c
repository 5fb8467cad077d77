/* Answers that are sent while they are made. */
#include "unit/gateway/http_bed.h"

/* ---- answers that are sent while they are made ---- */

static bool the_stream_is_over(void)
{
	return bed.stream.is_over;
}

static void ask_stream(struct stream *s, const char *version, unsigned pieces, uint64_t length, bool cut)
{
	char text[100];

	bed.stream.pieces = pieces;
	bed.stream.length = length;
	bed.stream.cut = cut;
	bed.stream.put = 0;
	bed.stream.e = ERR_OK;
	bed.stream.is_over = false;
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
	struct stream *s = dial_port(tls ? bed.tls_port : bed.port, tls);
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
		struct stream *s = dial_port(ways[i].tls ? bed.tls_port : bed.port, ways[i].tls);
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
	before = bed.stream.put;
	assert_in_range(before, 1, 2500); /* what sockets hold */
	assert_int_equal(fiber_sleep(200), ERR_OK);
	assert_int_equal(bed.stream.put, before);
	while (bed.stream.put < 5000)
		assert_int_equal(stream_read(s, room, sizeof(room), &n), ERR_OK);
	stream_close(&s);
	await(the_stream_is_over);
	assert_int_equal(bed.stream.e, ERR_OK);
}
static void a_slow_client_makes_the_maker_wait(void **state)
{
	(void)state;
	with_server("", slow_stream_client);
}

static void leaving_stream_client(void)
{
	for (int tls = 0; tls < 2; tls++) {
		struct stream *s = dial_port(tls ? bed.tls_port : bed.port, tls);

		ask_stream(s, "1.1", 5000, 5000 * STREAM_PIECE, false);
		hear(s, "aaaa");
		stream_close(&s);
		await(the_stream_is_over);
		assert_int_equal(bed.stream.e, ERR_CANCELLED);
		assert_true(bed.stream.put < 5000);
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
	assert_int_equal(bed.stream.e, ERR_CANCELLED);
	stream_close(&s);
}
static void a_client_that_does_not_read_the_stream_is_cut_off(void **state)
{
	(void)state;
	with_server("[limits]\nread_timeout = 1s\n", deaf_stream_client);
}

int main(void)
{
	TEST_ADD(a_streamed_answer_arrives_whole);
	TEST_ADD(a_streamed_answer_that_is_cut_does_not_look_whole);
	TEST_ADD(a_slow_client_makes_the_maker_wait);
	TEST_ADD(a_client_that_leaves_ends_the_making);
	TEST_ADD(a_client_that_does_not_read_the_stream_is_cut_off);
	return test_run("http stream");
}
