#include "unit/backends/peer.h"

#include <event2/event.h>

/* ---- servers ---- */

static void serve_echo(int fd, void *arg)
{
	char chunk[65536];
	ssize_t n;

	(void)arg;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 && write(fd, chunk, (size_t)n) == n)
		;
}

/* ---- tests ---- */

static void echo_on_fiber(void *arg)
{
	struct stream_target t = peer_target(arg);
	struct stream *s = peer_connect(&t);
	uint64_t in, out;
	char got[5];

	assert_int_equal(stream_write(s, BYTES("hello")), ERR_OK);
	assert_int_equal(peer_read_n(s, got, 5), 5);
	assert_memory_equal(got, "hello", 5);
	stream_counts(s, &in, &out);
	assert_int_equal(in, 5);
	assert_int_equal(out, 5);
	assert_false(stream_is_tls(s));
	assert_false(stream_is_dead(s));
	stream_close(&s);
	assert_null(s);
}

static void echo(void **state)
{
	struct peer p = peer_start(serve_echo, NULL);

	(void)state;
	on_fiber(echo_on_fiber, &p);
	peer_stop(&p);
}

int main(void)
{
	TEST_ADD(echo);
	return test_run("stream");
}
