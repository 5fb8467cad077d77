/* The tool easphone, run as an administrator runs it. */
#include <jansson.h>
#include <sys/wait.h>

#include "scene.h"

static char output[65536];

/* Runs easphone with these words; its exit status. Both its outputs are in `output`. */
static int run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *fmt, ...)
{
	char words[1024], command[2048];
	const char *b = getenv("B");
	va_list args;
	size_t n;
	FILE *f;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	snprintf(command, sizeof(command), "%s/easphone %s 2>&1", b ? b : "build", words);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(output, 1, sizeof(output) - 1, f);
	output[n] = '\0';
	return WEXITSTATUS(pclose(f));
}

static void assert_said(const char *text)
{
	if (!strstr(output, text))
		fail_msg("\"%s\" isn't in what it said:\n%s", text, output);
}

/* The words that every command needs. */
static const char *server(void)
{
	char *words = test_keep(256);

	snprintf(words, 256, "--ca %s %s", scene_env("CA_FILE"), scene_env("EASGATE_URL"));
	return words;
}

static void probe_finds_all_well(void **state)
{
	(void)state;
	setenv("EASPHONE_PASSWORD", "alice-pw", 1);
	assert_int_equal(run("probe --heartbeat 1 %s alice@example.org", server()), 0);
	assert_said("A phone can use this server.");
	assert_said("the connection is kept open");
	assert_int_equal(run("probe --base64 --gzip --heartbeat 1 %s alice@example.org", server()), 0);
}

static void probe_says_what_is_wrong(void **state)
{
	(void)state;
	setenv("EASPHONE_PASSWORD", "alice-pw", 1);
	assert_int_equal(run("probe --heartbeat 1 %s alice@example.org", scene_env("EASGATE_URL")), 1);
	assert_said("the certificate isn't accepted");
	assert_said("--ca FILE");
	setenv("EASPHONE_PASSWORD", "wrong", 1);
	assert_int_equal(run("probe %s alice@example.org", server()), 1);
	assert_said("user name or password isn't accepted");
	assert_int_equal(run("probe https://no-such-host.invalid alice"), 1);
	assert_said("has no address");
	assert_int_equal(run("probe http://127.0.0.1:1 alice"), 1);
	assert_said("cannot connect");
}

static void wrong_command_lines(void **state)
{
	(void)state;
	setenv("EASPHONE_PASSWORD", "x", 1);
	assert_int_equal(run("--help"), 0);
	assert_said("easphone probe URL USER");
	assert_int_equal(run("probe"), 2);
	assert_int_equal(run("dance http://h u"), 2);
	assert_said("no such command: dance");
	assert_int_equal(run("probe --version 3.0 http://h u"), 2);
	assert_int_equal(run("probe --nonsense http://h u"), 2);
}

static void sync_writes_readable_files(void **state)
{
	const char *user = scene_user();
	char dir[128], command[256];

	(void)state;
	scene_append(user, "INBOX", "to be ../read", "");
	scene_append_many(user, "INBOX", "m", 3);
	setenv("EASPHONE_PASSWORD", bed_password(scene_bed(), user), 1);
	snprintf(dir, sizeof(dir), "%s/replica", bed_dir(scene_bed()));
	assert_int_equal(run("sync %s %s %s", server(), user, dir), 0);
	assert_said("4 mails in ");
	snprintf(
	    command, sizeof(command), "grep -l 'This is to be' %s/Inbox/*to*be*read*.txt >/dev/null", dir);
	assert_int_equal(system(command), 0);
}

static void columns_count_characters_not_bytes(void **state)
{
	const char *user = scene_user();
	char line[80];

	(void)state;
	truth_create(scene_truth(user), "Caf\xC3\xA9");
	setenv("EASPHONE_PASSWORD", bed_password(scene_bed(), user), 1);
	assert_int_equal(run("sync %s %s", server(), user), 0);
	snprintf(line, sizeof(line), "\nCaf\xC3\xA9%36s %6u mails ", "", 0);
	assert_said(line);
}

static void watch_prints_a_push(void **state)
{
	const char *user = scene_user();
	char command[512];
	const char *b = getenv("B");
	size_t n;
	FILE *f;

	(void)state;
	setenv("EASPHONE_PASSWORD", bed_password(scene_bed(), user), 1);
	snprintf(command, sizeof(command), "exec %s/easphone watch --count 1 --heartbeat 60 %s %s 2>&1",
	    b ? b : "build", server(), user);
	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(output, sizeof(output), f) && !strstr(output, "waiting for new mail"))
		;
	scene_deliver(user, "ring ring");
	n = fread(output, 1, sizeof(output) - 1, f);
	output[n] = '\0';
	assert_int_equal(WEXITSTATUS(pclose(f)), 0);
	assert_said("1 new");
	assert_said("ring ring");
}

static const struct load_case {
	const char *name, *words;
} load_cases[] = {
	{ "held Pings", "--mode ping --seconds 1" },
	{ "Syncs", "--mode sync --seconds 1 --changes 50" },
};

static void load_gives_figures(const struct load_case *c)
{
	json_t *doc;

	setenv("EASPHONE_PASSWORD", scene_env("BENCH_PASSWORD"), 1);
	if (run("load --phones 20 --accounts 3 %s %s 'user%%04u@%s'", c->words, server(),
		scene_env("DOMAIN")))
		fail_msg("load %s: %s", c->words, output);
	doc = json_loads(output, 0, NULL);
	assert_non_null(doc);
	assert_int_equal(json_integer_value(json_object_get(doc, "ready")), 20);
	assert_int_equal(json_integer_value(json_object_get(doc, "errors")), 0);
	if (strstr(c->words, "ping"))
		assert_int_equal(json_integer_value(json_object_get(doc, "held")), 20);
	else
		assert_true(json_integer_value(json_object_get(json_object_get(doc, "sync"), "count")) > 20);
	json_decref(doc);
}
TEST_ROW(load_gives_figures)

int main(void)
{
	int failed;

	unsetenv("EASPHONE_RECORD"); /* thousands of the same */
	scene_open(&(struct bed_opts){ .users = 20, .services = "dovecot,redis" });
	TEST_ADD(probe_finds_all_well);
	TEST_ADD(probe_says_what_is_wrong);
	TEST_ADD(wrong_command_lines);
	TEST_ADD(sync_writes_readable_files);
	TEST_ADD(columns_count_characters_not_bytes);
	TEST_ADD(watch_prints_a_push);
	TEST_ADD_ROWS(load_gives_figures, load_cases);
	failed = test_run("easphone");
	scene_close();
	return failed;
}
