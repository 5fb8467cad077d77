/* Servers that talk without end, drip or are not there, and sends that are called off. */
#include "unit/backends/smtp_mock.h"

/* ---- answers without end ---- */

static void serve_flood(int fd, void *arg)
{
	const char *text = arg;

	while (write(fd, text, strlen(text)) > 0)
		;
}

static void flood(void **state)
{
	static const char *const texts[] = { "220 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "220-again\r\n" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct peer p = peer_start(serve_flood, (void *)(uintptr_t)texts[i]);
		struct sending s = { .config = { .server = peer_target(&p), .command_ms = 5000 },
			.probe = true };

		on_fiber(sending_main, &s);
		assert_int_equal(s.e, ERR_UNAVAILABLE);
		assert_string_equal(s.text, "the answer is not SMTP");
		peer_stop(&p);
	}
}

/* A byte now and then doesn't make the wait longer. */
static void serve_drip(int fd, void *arg)
{
	(void)arg;
	while (write(fd, "2", 1) == 1)
		usleep(20000);
}

static void drip(void **state)
{
	struct peer p = peer_start(serve_drip, NULL);
	struct sending s = { .config = { .server = peer_target(&p), .command_ms = 300 }, .probe = true };
	uint64_t since = loop_now_ms();

	(void)state;
	on_fiber(sending_main, &s);
	assert_int_equal(s.e, ERR_UNAVAILABLE);
	assert_in_range(loop_now_ms() - since, 300, 2000);
	peer_stop(&p);
}

static void nobody(void **state)
{
	struct sending s = { .config = { .server = { .host = "127.0.0.1", .port = 1, .connect_ms = 2000 },
				 .command_ms = 1000 },
		.probe = true };

	(void)state;
	on_fiber(sending_main, &s);
	assert_int_equal(s.e, ERR_UNAVAILABLE);
	assert_int_equal(s.result.phase, SMTP_CONNECT);
	assert_true(s.text[0]);
}

/* ---- cancelled ---- */

static const struct cancel_case {
	const char *name, *at, *say;
	enum err want;
	bool unsure;
} cancel_cases[] = {
	{ "before the message", "RCPT", HANG, ERR_CANCELLED, false },
	{ "after the dot, and no word comes", ".", NULL, ERR_CANCELLED, true },
	{ "after the dot, and the word comes", ".", "250 late\r\n", ERR_OK, false },
};

/* Says the row's word half a second after the dot. */
static void serve_late(int fd, void *arg)
{
	const struct cancel_case *c = arg;
	char chunk[4096];
	const char *const answers[] = { "220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n",
		"354 x\r\n" };

	for (size_t i = 0; i < 6; i++) {
		if (i == 3 && !strcmp(c->at, "RCPT"))
			break;
		if (write(fd, answers[i], strlen(answers[i])) < 0 || read(fd, chunk, sizeof(chunk)) <= 0)
			return;
	}
	if (c->say && !strcmp(c->say, HANG))
		while (read(fd, chunk, sizeof(chunk)) > 0)
			;
	usleep(500000);
	if (c->say && write(fd, c->say, strlen(c->say)) > 0)
		while (read(fd, chunk, sizeof(chunk)) > 0)
			;
}

static void cancelled(const struct cancel_case *c)
{
	struct peer p = peer_start(serve_late, (void *)(uintptr_t)c);
	struct sending s = { .config = { .server = peer_target(&p), .command_ms = 5000 },
		.cancel_ms = 200,
		.message = { .from = BYTES("a@x"), .to = two, .n_to = 2, .data = BYTES("x\r\n") } };

	on_fiber(sending_main, &s);
	assert_int_equal(s.e, c->want);
	assert_int_equal(s.result.unsure, c->unsure);
	peer_stop(&p);
}
TEST_ROW(cancelled)

int main(void)
{
	TEST_ADD(flood);
	TEST_ADD(drip);
	TEST_ADD(nobody);
	TEST_ADD_ROWS(cancelled, cancel_cases);
	return test_run("smtp faults");
}
