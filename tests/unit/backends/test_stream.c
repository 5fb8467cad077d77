#include "unit/backends/peer.h"

#include <event2/event.h>
#include <netinet/tcp.h>
#include <sys/un.h>

static const size_t BIG = (size_t)8 << 20;

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 13));
}

/* ---- servers ---- */

static void serve_echo(int fd, void *arg)
{
	char chunk[65536];
	ssize_t n;

	(void)arg;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 && write(fd, chunk, (size_t)n) == n)
		;
}

static void wait_for_close(int fd)
{
	char byte;

	while (read(fd, &byte, 1) > 0)
		;
}

static void serve_silence(int fd, void *arg)
{
	(void)arg;
	wait_for_close(fd);
}

static void serve_deafness(int fd, void *arg)
{
	(void)fd, (void)arg;
	for (;;)
		pause();
}

/* Says "bye" and sends no more, but listens on. */
static void serve_half_close(int fd, void *arg)
{
	(void)arg;
	if (write(fd, "bye", 3) == 3)
		shutdown(fd, SHUT_WR);
	wait_for_close(fd);
}

static void serve_reset(int fd, void *arg)
{
	struct linger hard = { 1, 0 };
	char byte;

	(void)arg;
	if (read(fd, &byte, 1) == 1)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

static void serve_drops(int fd, void *arg)
{
	(void)arg;
	for (int i = 0; i < 10 && write(fd, "x", 1) == 1; i++)
		usleep(20000);
}

static void serve_without_end(int fd, void *arg)
{
	static char chunk[65536];

	(void)arg;
	while (write(fd, chunk, sizeof(chunk)) > 0)
		;
}

/* Sends BIG bytes, then takes BIG bytes, now and then with a pause, and tells whether they were right. */
static void serve_big(int fd, void *arg)
{
	static uint8_t all[(size_t)8 << 20];
	size_t have = 0;
	ssize_t n = 1;
	bool same = true;

	(void)arg;
	for (size_t i = 0; i < BIG; i++)
		all[i] = pattern(i);
	for (size_t sent = 0; sent < BIG && n > 0; sent += (size_t)n)
		n = write(fd, all + sent, BIG - sent);
	while (have < BIG && (n = read(fd, all, 100000)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			same = same && all[i] == pattern(have + (size_t)i);
		have += (size_t)n;
		if (have % 5 == 0)
			usleep(1000);
	}
	if (write(fd, same && have == BIG ? "y" : "n", 1) == 1)
		wait_for_close(fd);
}

/* One letter in: the same back, half of them after a moment; 'q' closes. */
static void serve_on_demand(int fd, void *arg)
{
	char c;

	(void)arg;
	while (read(fd, &c, 1) == 1 && c != 'q') {
		if (c >= 'a')
			usleep(20000);
		if (write(fd, &c, 1) != 1)
			break;
	}
	wait_for_close(fd);
}

static void run(void (*script)(int, void *), void (*fn)(void *))
{
	struct peer p = peer_start(script, NULL);

	on_fiber(fn, &p);
	peer_stop(&p);
}

static struct stream *connect_with(const struct peer *p, uint32_t io_ms)
{
	struct stream_target t = peer_target(p);

	t.io_ms = io_ms;
	return peer_connect(&t);
}

/* ---- reading and writing ---- */

static void echo_on_fiber(void *arg)
{
	struct stream *s = connect_with(arg, 5000);
	uint64_t in, out;
	char got[5];

	assert_int_equal(stream_write(s, BYTES("hello")), ERR_OK);
	assert_int_equal(stream_write(s, BYTES("")), ERR_OK);
	assert_int_equal(peer_read_n(s, got, 5), 5);
	assert_memory_equal(got, "hello", 5);
	stream_counts(s, &in, &out);
	assert_int_equal(in, 5);
	assert_int_equal(out, 5);
	assert_false(stream_is_tls(s));
	assert_false(stream_is_dead(s));
	stream_close(&s);
	assert_null(s);
	stream_close(&s);
}

static void echo(void **state)
{
	(void)state;
	run(serve_echo, echo_on_fiber);
}

static void echo_and_count(void *arg)
{
	static int done;

	echo_on_fiber(arg);
	if (++done == 200)
		loop_stop(fiber_loop());
}

static void two_hundred_at_once(void **state)
{
	struct peer p = peer_start(serve_echo, NULL);
	struct loop *l = loop_new();

	(void)state;
	for (int i = 0; i < 200; i++)
		fiber_start(l, &(struct fiber_opts){ .name = "echo" }, echo_and_count, &p);
	loop_run(l);
	loop_free(&l);
	peer_stop(&p);
}

static void big_on_fiber(void *arg)
{
	struct stream *s = connect_with(arg, 5000);
	uint8_t *all = arena_alloc(fiber_arena(), BIG);
	uint64_t in, out;

	assert_non_null(all);
	usleep(50000); /* the server has filled every buffer by now */
	assert_int_equal(peer_read_n(s, all, BIG), BIG);
	for (size_t i = 0; i < BIG; i++) {
		if (all[i] != pattern(i))
			fail_msg("byte %zu differs", i);
	}
	assert_int_equal(stream_write(s, bytes_of(all, BIG)), ERR_OK);
	assert_int_equal(peer_read_n(s, all, 1), 1);
	assert_int_equal(all[0], 'y');
	stream_counts(s, &in, &out);
	assert_int_equal(in, BIG + 1);
	assert_int_equal(out, BIG);
	stream_close(&s);
}

static void big_both_ways(void **state)
{
	(void)state;
	run(serve_big, big_on_fiber);
}

static void half_close_on_fiber(void *arg)
{
	struct stream *s = connect_with(arg, 5000);
	char got[8];
	size_t n;

	assert_int_equal(peer_read_n(s, got, sizeof(got)), 3);
	assert_int_equal(stream_read(s, got, sizeof(got), &n), ERR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(stream_wait_readable(s, 10), ERR_OK);
	assert_int_equal(stream_write(s, BYTES("still here")), ERR_OK);
	assert_true(stream_is_dead(s)); /* for a pool it is */
	stream_close(&s);
}

static void half_close(void **state)
{
	(void)state;
	run(serve_half_close, half_close_on_fiber);
}

static void reset_on_fiber(void *arg)
{
	struct stream *s = connect_with(arg, 5000);
	char got[8];
	size_t n;

	assert_int_equal(stream_write(s, BYTES("x")), ERR_OK);
	assert_int_equal(stream_read(s, got, sizeof(got), &n), ERR_UNAVAILABLE);
	assert_true(stream_is_dead(s));
	assert_int_equal(stream_read(s, got, sizeof(got), &n), ERR_UNAVAILABLE);
	assert_int_equal(stream_write(s, BYTES("x")), ERR_UNAVAILABLE);
	assert_int_equal(stream_wait_readable(s, 10), ERR_UNAVAILABLE);
	stream_close(&s);
}

static void reset_by_the_peer(void **state)
{
	(void)state;
	run(serve_reset, reset_on_fiber);
}

/* ---- time ---- */

static void silence_on_fiber(void *arg)
{
	struct stream *s = connect_with(arg, 30);
	uint64_t began = loop_now_ms();
	char got[8];
	size_t n;

	assert_int_equal(stream_read(s, got, sizeof(got), &n), ERR_TIMEOUT);
	assert_in_range(loop_now_ms() - began, 25, 2000);
	assert_int_equal(stream_wait_readable(s, 10), ERR_TIMEOUT);
	assert_false(stream_is_dead(s));
	fiber_set_deadline(20);
	assert_int_equal(stream_wait_readable(s, 0), ERR_TIMEOUT);
	assert_int_equal(stream_write(s, BYTES("late")), ERR_TIMEOUT);
	assert_false(stream_is_dead(s)); /* nothing was written */
	stream_close(&s);
}

static void a_silent_server(void **state)
{
	(void)state;
	run(serve_silence, silence_on_fiber);
}

static void deaf_on_fiber(void *arg)
{
	struct stream *s = connect_with(arg, 50);
	uint8_t *all = arena_alloc(fiber_arena(), BIG);
	enum err e = ERR_OK;

	assert_non_null(all);
	for (int i = 0; i < 10 && !e; i++)
		e = stream_write(s, bytes_of(all, BIG));
	assert_int_equal(e, ERR_TIMEOUT);
	assert_true(stream_is_dead(s)); /* a part was written */
	assert_int_equal(stream_write(s, BYTES("x")), ERR_UNAVAILABLE);
	stream_close(&s);
}

static void a_server_that_does_not_read(void **state)
{
	(void)state;
	run(serve_deafness, deaf_on_fiber);
}

static void drops_on_fiber(void *arg)
{
	struct stream *s = connect_with(arg, 120);
	char got[10];

	assert_int_equal(peer_read_n(s, got, 10), 10);
	stream_close(&s);
}

static void the_limit_is_for_silence(void **state)
{
	(void)state;
	run(serve_drops, drops_on_fiber);
}

/* ---- cancelling ---- */

struct victim {
	const struct peer *peer;
	void (*act)(struct stream *s);
	bool done;
};

static void victim_main(void *arg)
{
	struct victim *v = arg;
	struct stream *s = connect_with(v->peer, 0);

	v->act(s);
	stream_close(&s);
	v->done = true;
}

static void read_cancelled(struct stream *s)
{
	char got[8];
	size_t n;

	assert_int_equal(stream_read(s, got, sizeof(got), &n), ERR_CANCELLED);
	assert_false(stream_is_dead(s));
}

static void wait_cancelled(struct stream *s)
{
	assert_int_equal(stream_wait_readable(s, 0), ERR_CANCELLED);
	assert_int_equal(stream_write(s, BYTES("x")), ERR_CANCELLED);
	assert_false(stream_is_dead(s));
}

static void write_cancelled(struct stream *s)
{
	uint8_t *all = arena_alloc(fiber_arena(), BIG);

	assert_non_null(all);
	assert_int_equal(stream_write(s, bytes_of(all, BIG)), ERR_CANCELLED);
	assert_true(stream_is_dead(s));
}

static const struct cancel_case {
	const char *name;
	void (*act)(struct stream *s);
} cancel_cases[] = {
	{ "reading", read_cancelled },
	{ "waiting", wait_cancelled },
	{ "writing", write_cancelled },
};

static void cancel_while(const struct cancel_case *c)
{
	struct peer p = peer_start(serve_deafness, NULL);
	struct victim v = { &p, c->act, false };
	struct loop *l = loop_new();
	uint64_t end = loop_now_ms() + 100;

	fiber_start(l, &(struct fiber_opts){ .name = "victim" }, victim_main, &v);
	while (loop_now_ms() < end) {
		event_base_loop(loop_base(l), EVLOOP_NONBLOCK);
		usleep(5000);
	}
	assert_false(v.done);
	loop_free(&l);
	assert_true(v.done);
	peer_stop(&p);
}
TEST_ROW(cancel_while)

/* ---- fairness ---- */

static bool reading;

static void read_without_end(void *arg)
{
	struct stream *s = connect_with(arg, 1000);
	char chunk[16384];
	size_t n;

	while (reading)
		assert_int_equal(stream_read(s, chunk, sizeof(chunk), &n), ERR_OK);
	stream_close(&s);
	loop_stop(fiber_loop());
}

static void take_turns(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++)
		assert_int_equal(fiber_yield(), ERR_OK);
	reading = false;
}

static void a_fast_peer_leaves_the_others_their_turn(void **state)
{
	struct peer p = peer_start(serve_without_end, NULL);
	struct loop *l = loop_new();

	(void)state;
	reading = true;
	fiber_start(l, &(struct fiber_opts){ .name = "reader" }, read_without_end, &p);
	fiber_start(l, &(struct fiber_opts){ .name = "other" }, take_turns, NULL);
	loop_run(l);
	loop_free(&l);
	peer_stop(&p);
}

/* ---- idle streams ---- */

static void readable_on_fiber(void *arg)
{
	struct stream *s = connect_with(arg, 5000);
	char got[4];

	assert_int_equal(stream_wait_readable(s, 20), ERR_TIMEOUT);
	for (const char *c = "aAbB"; *c; c++) { /* at once and after a moment */
		assert_int_equal(stream_write(s, bytes_of(c, 1)), ERR_OK);
		assert_int_equal(stream_wait_readable(s, 1000), ERR_OK);
		assert_int_equal(stream_wait_readable(s, 1000), ERR_OK);
		assert_int_equal(peer_read_n(s, got, 1), 1);
		assert_int_equal(got[0], *c);
	}
	stream_close(&s);
}

static void waits_until_readable(void **state)
{
	(void)state;
	run(serve_on_demand, readable_on_fiber);
}

struct watch {
	struct loop *loop;
	uint64_t ticket;
	int fired;
};

static void on_watched(void *arg)
{
	struct watch *w = arg;

	w->fired++;
	assert_false(fiber_is_running());
	fiber_wake(w->loop, w->ticket);
}

static void watch_on_fiber(void *arg)
{
	struct watch w = { .loop = fiber_loop() };
	struct stream *s = connect_with(arg, 5000);
	char got[4];

	/* bytes, after a moment */
	assert_int_equal(stream_write(s, BYTES("a")), ERR_OK);
	w.ticket = fiber_ticket();
	stream_watch(s, on_watched, &w);
	assert_int_equal(fiber_wait(w.ticket, 1000), ERR_OK);
	assert_int_equal(w.fired, 1);

	/* once only, although the byte is still there */
	assert_int_equal(fiber_sleep(10), ERR_OK);
	assert_int_equal(w.fired, 1);

	/* bytes that are there already; not within the call */
	stream_watch(s, on_watched, &w);
	assert_int_equal(w.fired, 1);
	assert_int_equal(fiber_sleep(10), ERR_OK);
	assert_int_equal(w.fired, 2);
	assert_int_equal(peer_read_n(s, got, 1), 1);

	/* no more */
	stream_watch(s, on_watched, &w);
	stream_watch(s, NULL, NULL);
	assert_int_equal(stream_write(s, BYTES("A")), ERR_OK);
	assert_int_equal(fiber_sleep(10), ERR_OK);
	assert_int_equal(w.fired, 2);
	assert_int_equal(peer_read_n(s, got, 1), 1);

	/* closed by us while watched */
	stream_watch(s, on_watched, &w);
	stream_close(&s);
	assert_int_equal(fiber_sleep(10), ERR_OK);
	assert_int_equal(w.fired, 2);
}

static void watching(void **state)
{
	(void)state;
	run(serve_on_demand, watch_on_fiber);
}

static void watch_close_on_fiber(void *arg)
{
	struct watch w = { .loop = fiber_loop(), .ticket = fiber_ticket() };
	struct stream *s = connect_with(arg, 5000);
	char got[4];

	assert_int_equal(peer_read_n(s, got, 3), 3);
	stream_watch(s, on_watched, &w);
	assert_int_equal(fiber_wait(w.ticket, 1000), ERR_OK);
	assert_true(stream_is_dead(s));
	stream_close(&s);
}

static void a_watcher_sees_the_close(void **state)
{
	(void)state;
	run(serve_half_close, watch_close_on_fiber);
}

int main(void)
{
	TEST_ADD(echo);
	TEST_ADD(two_hundred_at_once);
	TEST_ADD(big_both_ways);
	TEST_ADD(half_close);
	TEST_ADD(reset_by_the_peer);
	TEST_ADD(a_silent_server);
	TEST_ADD(a_server_that_does_not_read);
	TEST_ADD(the_limit_is_for_silence);
	TEST_ADD_ROWS(cancel_while, cancel_cases);
	TEST_ADD(a_fast_peer_leaves_the_others_their_turn);
	TEST_ADD(waits_until_readable);
	TEST_ADD(watching);
	TEST_ADD(a_watcher_sees_the_close);
	return test_run("stream");
}
