#include "testing.h"

#include <errno.h>
#include <sys/stat.h>
#include <event2/event.h>

#include "io/fiber.h"
#include "io/log.h"

static char path[] = "/tmp/easgate-log-XXXXXX";

/* What was logged since the last call. A line's time is checked and left out. */
static struct bytes logged(void)
{
	struct bytes all = test_file(path), line;
	struct buf b;
	struct bytes out;

	buf_init(&b, test_arena(), 0);
	while (bytes_split(&all, '\n', &line)) {
		struct bytes stamp;

		assert_true(bytes_take(&line, sizeof("2026-11-24T13:00:00.123Z ") - 1, &stamp));
		for (size_t i = 0; i < stamp.len; i++)
			assert_true((stamp.p[i] >= '0' && stamp.p[i] <= '9') ||
				    stamp.p[i] == (uint8_t) "dddd-dd-ddTdd:dd:dd.dddZ "[i]);
		buf_put(&b, line);
		buf_put_u8(&b, '\n');
	}
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	assert_int_equal(truncate(path, 0), 0);
	return out;
}

/* ---- values ---- */

static const struct field_case {
	const char *name, *hex, *want;
} field_cases[] = {
	{ "a word stays bare", "77 6F 72 64", "INFO m k=word\n" },
	{ "nothing", "", "INFO m k=\"\"\n" },
	{ "a blank", "61 20 62", "INFO m k=\"a b\"\n" },
	{ "a quote", "61 22 62", "INFO m k=\"a\\\"b\"\n" },
	{ "a backslash", "61 5C 62", "INFO m k=\"a\\\\b\"\n" },
	{ "an equals sign", "61 3D 62", "INFO m k=\"a=b\"\n" },
	{ "line ends and a tab", "0D 0A 09", "INFO m k=\"\\r\\n\\t\"\n" },
	{ "other control characters", "00 1B 7F", "INFO m k=\"\\x00\\x1B\\x7F\"\n" },
	{ "UTF-8", "C3 BC", "INFO m k=\xC3\xBC\n" },
};

static void field(const struct field_case *c)
{
	log_event(LOG_LEVEL_INFO, "m", LOG_BYTES("k", test_hex(c->hex)));
	assert_bytes_str(logged(), c->want);
}
TEST_ROW(field)

static void numbers_and_order(void **state)
{
	(void)state;
	log_event(
	    LOG_LEVEL_WARN, "two words", LOG_U64("n", UINT64_MAX), LOG_STR("s", "x"), LOG_STR("none", NULL));
	assert_bytes_str(logged(), "WARN two words n=18446744073709551615 s=x none=\"\"\n");
}

static void a_message_keeps_its_line(void **state)
{
	(void)state;
	log_warn("from \"a\\b\": %s", "x\n2026 ERROR forged\x1B[2J");
	assert_bytes_str(logged(), "WARN from \"a\\b\": x\\n2026 ERROR forged\\x1B[2J\n");
}

static void long_lines_are_cut(void **state)
{
	char *big = test_keep(20001);
	struct bytes got;

	(void)state;
	memset(big, 'x', 20000);
	big[20000] = 0;
	log_info("%s", big);
	log_event(LOG_LEVEL_INFO, "m", LOG_STR("k", big), LOG_STR("after", "a"));
	memset(big, '\n', 20000);
	log_info("%s", big);
	for (int i = 0; i < 3; i++) {
		struct bytes all = got = test_file(path), line;

		for (int k = 0; k <= i; k++)
			assert_true(bytes_split(&all, '\n', &line));
		assert_in_range(line.len, 8000, 8191);
		assert_memory_equal(line.p + line.len - 3, "...", 3);
	}
	assert_int_equal(truncate(path, 0), 0);
}

/* ---- levels ---- */

static const struct level_case {
	const char *name;
	enum log_level level;
	const char *want;
} level_cases[] = {
	{ "error", LOG_LEVEL_ERROR, "ERROR e\n" },
	{ "Warn", LOG_LEVEL_WARN, "ERROR e\nWARN w\n" },
	{ "info", LOG_LEVEL_INFO, "ERROR e\nWARN w\nINFO i\n" },
	{ "DEBUG", LOG_LEVEL_DEBUG, "ERROR e\nWARN w\nINFO i\nDEBUG d\n" },
};

static void level(const struct level_case *c)
{
	enum log_level got;

	assert_true(log_level_parse(bytes_str(c->name), &got));
	assert_int_equal(got, c->level);
	log_level_set(got);
	assert_int_equal(log_enabled(LOG_LEVEL_DEBUG), c->level == LOG_LEVEL_DEBUG);
	log_error("e");
	log_warn("w");
	log_info("i");
	log_debug("d");
	log_level_set(LOG_LEVEL_INFO);
	assert_bytes_str(logged(), c->want);
}
TEST_ROW(level)

static void unknown_level(void **state)
{
	enum log_level l = LOG_LEVEL_WARN;

	(void)state;
	assert_false(log_level_parse(BYTES("loud"), &l));
	assert_false(log_level_parse(BYTES(""), &l));
	assert_int_equal(l, LOG_LEVEL_WARN);
}

static void errno_survives(void **state)
{
	(void)state;
	errno = ENOENT;
	log_info("x");
	assert_int_equal(errno, ENOENT);
	logged();
}

/* ---- context ---- */

static void speaker(void *arg)
{
	struct log_context c = { .account = arg };

	log_context_set(&c);
	log_info("first");
	assert_int_equal(fiber_yield(), ERR_OK);
	log_info("second");
	log_context_set(NULL);
	log_info("third");
}

static void each_fiber_has_its_context(void **state)
{
	char ann[] = "ann", bob[] = "bob";
	const struct log_context outside = { .request = "r 1", .account = "a", .device = "d" };
	struct loop *l = loop_new();

	(void)state;
	fiber_start(l, &(struct fiber_opts){ .name = "ann" }, speaker, ann);
	fiber_start(l, &(struct fiber_opts){ .name = "bob" }, speaker, bob);
	log_context_set(&outside);
	log_event(LOG_LEVEL_INFO, "loop", LOG_U64("n", 1));
	while (event_base_loop(loop_base(l), EVLOOP_ONCE) == 0)
		;
	log_context_set(NULL);
	log_info("end");
	assert_bytes_str(logged(), "INFO loop request=\"r 1\" account=a device=d n=1\n"
				   "INFO first account=ann\nINFO first account=bob\n"
				   "INFO second account=ann\nINFO third\n"
				   "INFO second account=bob\nINFO third\n"
				   "INFO end\n");
	loop_free(&l);
}

/* ---- files ---- */

static void reopen_after_rotation(void **state)
{
	char old[sizeof(path) + 4];
	struct stat st;

	(void)state;
	snprintf(old, sizeof(old), "%s.1", path);
	assert_int_equal(rename(path, old), 0);
	log_info("to the old one");
	assert_int_equal(log_reopen(), ERR_OK);
	log_info("to the new one");
	assert_bytes_str(logged(), "INFO to the new one\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07, 0);
	assert_true(stat(old, &st) == 0 && st.st_size > 0);
	unlink(old);
}

static void a_bad_path_keeps_the_old_log(void **state)
{
	(void)state;
	assert_int_equal(log_open("/nonexistent/log"), ERR_UNAVAILABLE);
	assert_int_equal(errno, ENOENT);
	log_info("still here");
	assert_bytes_str(logged(), "INFO still here\n");
}

int main(void)
{
	int failed;

	close(mkstemp(path));
	if (log_open(path))
		return 1;
	TEST_ADD_ROWS(field, field_cases);
	TEST_ADD(numbers_and_order);
	TEST_ADD(a_message_keeps_its_line);
	TEST_ADD(long_lines_are_cut);
	TEST_ADD_ROWS(level, level_cases);
	TEST_ADD(unknown_level);
	TEST_ADD(errno_survives);
	TEST_ADD(each_fiber_has_its_context);
	TEST_ADD(reopen_after_rotation);
	TEST_ADD(a_bad_path_keeps_the_old_log);
	failed = test_run("log");
	if (log_open(NULL))
		return 1;
	unlink(path);
	return failed;
}
