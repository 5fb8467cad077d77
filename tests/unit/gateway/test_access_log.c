#include "testing.h"

#include <fcntl.h>

#include "access_log.h"
#include "auth/account_make.h"

/* The access log: what a line says, what it can't be made to say, and where it goes. */

static char path[] = "/tmp/easgate-test-XXXXXX";
static char moved[sizeof(path) + 2];

static void start_file(void)
{
	int fd;

	strcpy(path, "/tmp/easgate-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(moved, sizeof(moved), "%s.1", path);
	assert_int_equal(access_log_open(path), ERR_OK);
}

static void end_file(void)
{
	assert_int_equal(access_log_open("off"), ERR_OK);
	unlink(path);
	unlink(moved);
}

static struct request request_of(const char *device, const char *agent)
{
	struct request rq = { .id = "3fa9c1d2-1a",
		.name = "Sync",
		.version = EAS_14_1,
		.device_id = bytes_str(device),
		.device_type = BYTES("iPhone"),
		.user_agent = bytes_str(agent),
		.address = BYTES("192.0.2.1"),
		.body_len = 113,
		.started_ms = loop_now_ms() };

	return rq;
}

/* The one line that was written, without its time and without its milliseconds. */
static const char *line_of(const struct request *rq, int http, size_t bytes_out)
{
	struct bytes text;
	char *line, *ms, *behind;

	start_file();
	access_log_write(rq, http, bytes_out);
	text = test_file(path);
	end_file();
	line = test_keep(text.len + 1);
	memcpy(line, text.p, text.len);
	line[text.len] = '\0';
	assert_int_equal(line[text.len - 1], '\n');
	assert_ptr_equal(strchr(line, '\n'), line + text.len - 1);
	line[text.len - 1] = '\0';
	assert_int_equal(strcspn(line, " "), strlen("2026-11-24T13:00:00.123Z"));
	if ((ms = strstr(line, " ms="))) {
		behind = ms + 4 + strspn(ms + 4, "0123456789");
		memmove(ms + 4, behind, strlen(behind) + 1);
	}
	return line + strlen("2026-11-24T13:00:00.123Z ");
}

static void a_line_has_all_of_it(void **state)
{
	struct request rq = request_of("ab12", "Apple-iPhone/1.0");

	(void)state;
	rq.account = account_make(BYTES("Ann@example.org"), BYTES("ann@example.org"), BYTES("ann"),
	    BYTES("ann"), BYTES("secret"), BYTES("192.0.2.1"));
	rq.reply.status = 3;
	rq.figures = (struct request_figures){ .adds = 1,
		.changes = 2,
		.deletes = 3,
		.soft_deletes = 4,
		.fetches = 5,
		.client_commands = 6,
		.stubs = 7,
		.imap_round_trips = 8,
		.redis_round_trips = 9,
		.backend_ms = 10,
		.imap_in = 11 };
	assert_string_equal(line_of(&rq, 200, 2044),
	    "request=3fa9c1d2-1a account=ann@example.org device=ab12 type=iPhone version=14.1 command=Sync "
	    "status=3 http=200 adds=1 changes=2 deletes=3 soft_deletes=4 fetches=5 client=6 stubs=7 in=113 "
	    "out=2044 ms= backend_ms=10 imap=8 imap_in=11 redis=9 address=192.0.2.1 agent=Apple-iPhone/1.0");
	account_unref(&rq.account);
}

static void what_is_not_known_is_a_dash(void **state)
{
	struct request rq = {
		.id = "1-1", .name = "OPTIONS", .version = EAS_VERSIONS, .address = BYTES("-")
	};

	(void)state;
	rq.started_ms = loop_now_ms();
	assert_string_equal(line_of(&rq, 401, 0),
	    "request=1-1 account=- device=- type=- version=- command=OPTIONS http=401 in=0 out=0 ms= "
	    "backend_ms=0 imap=0 imap_in=0 redis=0 address=- agent=-");
}

static const struct forged_case {
	const char *name, *agent, *want;
} forged_cases[] = {
	{ "a line of its own", "x\n2026 account=root", "agent=\"x\\x0A2026 account=root\"" },
	{ "a field of its own", "x http=200", "agent=\"x http=200\"" },
	{ "an end of the quotes", "x\" http=200 \"", "agent=\"x\\\" http=200 \\\"\"" },
	{ "a backslash", "x\\\" y", "agent=\"x\\\\\\\" y\"" },
	{ "a terminal's command", "x\x1b[2J", "agent=\"x\\x1B[2J\"" },
};
static void forged(const struct forged_case *c)
{
	struct request rq = request_of("ab12", c->agent);
	const char *line = line_of(&rq, 200, 0), *agent = strstr(line, " agent=");

	assert_non_null(agent);
	assert_string_equal(agent + 1, c->want);
}
TEST_ROW(forged)

static void long_texts_are_cut(void **state)
{
	char text[5000];
	struct request rq;
	const char *line;

	(void)state;
	memset(text, '"', sizeof(text) - 1); /* each becomes two */
	text[sizeof(text) - 1] = '\0';
	rq = request_of(text, text);
	rq.device_type = bytes_str(text);
	line = line_of(&rq, 200, 0);
	assert_in_range(strlen(line), 1000, 4096);
	assert_non_null(strstr(line, " agent=\""));
	assert_int_equal(line[strlen(line) - 1], '"');
}

/* ---- where to ---- */

static size_t lines_in(const char *file)
{
	struct bytes text = test_file(file), line;
	size_t n = 0;

	while (bytes_split(&text, '\n', &line))
		n++;
	return n;
}

static void a_rotated_log_is_opened_again(void **state)
{
	struct request rq = request_of("ab12", "x");

	(void)state;
	start_file();
	access_log_write(&rq, 200, 0);
	assert_int_equal(rename(path, moved), 0);
	access_log_write(&rq, 200, 0);
	assert_int_equal(access_log_reopen(), ERR_OK);
	access_log_write(&rq, 200, 0);
	assert_int_equal(lines_in(moved), 2);
	assert_int_equal(lines_in(path), 1);
	end_file();
}

/* What a reload may ask for. */
static void it_may_be_switched_off_and_on(void **state)
{
	struct request rq = request_of("ab12", "x");

	(void)state;
	start_file();
	access_log_write(&rq, 200, 0);
	assert_int_equal(access_log_open("off"), ERR_OK);
	assert_int_equal(access_log_reopen(), ERR_OK); /* there is nothing to open */
	access_log_write(&rq, 200, 0);
	assert_int_equal(lines_in(path), 1);
	assert_int_equal(access_log_open(path), ERR_OK);
	access_log_write(&rq, 200, 0);
	assert_int_equal(lines_in(path), 2);
	end_file();
}

static void from_a_file_back_to_standard_output(void **state)
{
	struct request rq = request_of("ab12", "x");
	int kept = dup(STDOUT_FILENO), to;

	(void)state;
	start_file();
	to = open(moved, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	fflush(stdout);
	dup2(to, STDOUT_FILENO);
	close(to);
	assert_int_equal(access_log_open(""), ERR_OK);
	access_log_write(&rq, 200, 0);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	assert_int_equal(lines_in(path), 0);
	assert_int_equal(lines_in(moved), 1);
	end_file();
}

static void a_log_that_cannot_be_opened_changes_nothing(void **state)
{
	struct request rq = request_of("ab12", "x");

	(void)state;
	start_file();
	assert_int_equal(access_log_open("/nonexistent/access.log"), ERR_UNAVAILABLE);
	access_log_write(&rq, 200, 0);
	assert_int_equal(lines_in(path), 1);
	end_file();
}

int main(void)
{
	TEST_ADD(a_line_has_all_of_it);
	TEST_ADD(what_is_not_known_is_a_dash);
	TEST_ADD_ROWS(forged, forged_cases);
	TEST_ADD(long_texts_are_cut);
	TEST_ADD(a_rotated_log_is_opened_again);
	TEST_ADD(it_may_be_switched_off_and_on);
	TEST_ADD(from_a_file_back_to_standard_output);
	TEST_ADD(a_log_that_cannot_be_opened_changes_nothing);
	return test_run("access log");
}
