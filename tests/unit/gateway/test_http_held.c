/* Requests that are held: answered later, or never, since the client or the server goes first. */
#include "unit/gateway/http_bed.h"

/* ---- held requests ---- */

static void answer_held(void)
{
	assert_int_equal(bed.gone, 0);
	http_reply(&bed.held, 200, NULL, NULL, 0, BYTES("at last"));
}

static void held_client_over(bool tls)
{
	struct stream *s = dial_port(tls ? bed.tls_port : bed.port, tls);

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

static void gone_client_over(bool tls)
{
	struct stream *s = dial_port(tls ? bed.tls_port : bed.port, tls);

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
	assert_int_equal(bed.handled, 1);
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

/* ---- the end ---- */

static void drain_client(void)
{
	struct stream *idle = dial(), *held = dial(), *late = NULL;
	struct stream_target target = {
		.host = "127.0.0.1", .port = bed.port, .connect_ms = 200, .io_ms = 200
	};

	say(idle, "GET /a HTTP/1.1\r\n\r\n");
	expect(idle, "GET /a");
	say(held, "GET /hold HTTP/1.1\r\n\r\n");
	await(is_held);
	http_server_drain(bed.server);
	expect_close(idle, 500);
	http_reply(&bed.held, 200, NULL, NULL, 0, BYTES("bye"));
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
	http_server_free(&bed.server); /* with a request in the handler's hands */
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
	TEST_ADD(a_held_request_is_answered_and_the_connection_lives_on);
	TEST_ADD(a_held_request_is_answered_over_tls);
	TEST_ADD(a_client_that_goes_away_is_noticed);
	TEST_ADD(a_client_that_goes_away_is_noticed_over_tls);
	TEST_ADD(a_pipelined_request_waits_for_a_held_one);
	TEST_ADD(what_comes_while_held_is_read_a_little_ahead_only);
	TEST_ADD(a_drain_closes_idle_connections_and_answers_the_others);
	TEST_ADD(a_server_may_end_while_requests_are_held);
	return test_run("http held");
}
