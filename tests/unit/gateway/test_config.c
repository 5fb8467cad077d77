#include "testing.h"

#include "config_keys.h"

/* Messages of the last load, one per line. */
static char told[8192];

static void complain(void *arg, const char *text)
{
	size_t len = strlen(told);

	(void)arg;
	snprintf(told + len, sizeof(told) - len, "%s\n", text);
}

static enum err load(const char *text, struct config **out)
{
	char path[] = "/tmp/easgate-test-XXXXXX";
	int fd = mkstemp(path);
	enum err e;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	told[0] = '\0';
	e = config_load(path, complain, NULL, out);
	unlink(path);
	return e;
}

#define PLAIN "[server]\nlisten =\nlisten_plain = 127.0.0.1:8080\n"

static void defaults_are_values_of_their_kind(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(load(PLAIN, &c), ERR_OK);
	assert_string_equal(told, "");
	assert_int_equal(c->read_timeout_s, 30);
	assert_int_equal(c->max_body_bytes, 50 << 20);
	assert_int_equal(c->imap.command_ms, 60000);
	assert_int_equal(c->imap.max_per_account, 4);
	assert_int_equal(c->versions, EAS_ONLY(EAS_12_1) | EAS_ONLY(EAS_14_0) | EAS_ONLY(EAS_14_1));
	assert_string_equal(c->imap.server.host, "localhost");
	assert_int_equal(c->imap.server.port, 993);
	assert_int_equal(c->imap.server.tls, STREAM_TLS);
	assert_int_equal(c->smtp.server.tls, STREAM_STARTTLS);
	assert_null(c->imap.server.ca_file);
	assert_string_equal(c->trusted_proxies[0], "127.0.0.1");
	assert_string_equal(c->trusted_proxies[1], "::1");
	assert_null(c->trusted_proxies[2]);
	config_free(&c);
}

static void values_are_read(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(
	    load(PLAIN "drain = 2m\nproxy_protocol = YES ; a note\n\n[LIMITS]\n  max_body = 3K\n[imap]\n"
		       "server = [::1]:143\ntls = starttls\ncommand_timeout = 5\nuser = %n\n[eas]\nversions "
		       "= 14.1 16.1\n"
		       "[log]\nlevel = debug\n",
		&c),
	    ERR_OK);
	assert_int_equal(c->drain_s, 120);
	assert_true(c->proxy_protocol);
	assert_int_equal(c->max_body_bytes, 3072);
	assert_string_equal(c->imap.server.host, "::1");
	assert_int_equal(c->imap.server.port, 143);
	assert_int_equal(c->imap.server.tls, STREAM_STARTTLS);
	assert_int_equal(c->imap.command_ms, 5000);
	assert_string_equal(c->imap_user_template, "%n");
	assert_int_equal(c->versions, EAS_ONLY(EAS_14_1) | EAS_ONLY(EAS_16_1));
	assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
	config_free(&c);
}

static const struct bad_case {
	const char *name, *text;
	int line; /* 0: the message names none */
	const char *says;
} bad_cases[] = {
	{ "unknown key", PLAIN "colour = red\n", 4, "there is no key \"colour\" in [server]" },
	{ "key in another section", PLAIN "[imap]\nlisten = :1\n", 5,
	    "there is no key \"listen\" in [imap]" },
	{ "twice", PLAIN "drain = 1\ndrain = 2\n", 5, "stands twice" },
	{ "no number", PLAIN "[limits]\nmax_parked = many\n", 5, "\"many\" is no value for \"max_parked\"" },
	{ "too large", PLAIN "workers = 257\n", 4, "not too large" },
	{ "overflow", PLAIN "[limits]\nmax_body = 4194304G\n", 5, "is no value for \"max_body\"" },
	{ "no way with From", PLAIN "[smtp]\nfrom = off\n", 5, "it takes rewrite, refuse or any" },
	{ "no template", PLAIN "[smtp]\nidentities = a@b, %x@c\n", 5, "is no value for \"identities\"" },
	{ "negative", PLAIN "drain = -1\n", 4, "is no value for \"drain\"" },
	{ "no truth", PLAIN "proxy_protocol = maybe\n", 4, "yes or no" },
	{ "server without port", PLAIN "[imap]\nserver = mail.example.org\n", 5, "host:port" },
	{ "template", PLAIN "[imap]\nuser = %x\n", 5, "%u, %n or %d" },
	{ "version", PLAIN "[eas]\nversions = 14.1 17.0\n", 5, "protocol versions" },
	{ "no key", PLAIN "what is this\n", 4, "neither [section] nor key = value" },
	{ "listen", "[server]\nlisten_plain = 8080\nlisten =\n", 0, "listen_plain: \"8080\"" },
	{ "a place twice", "[server]\nlisten =\nlisten_plain = :81 :82 :81\n", 0, "\":81\" stands twice" },
	{ "network", PLAIN "trusted_proxies = 10.0.0.0/33\n", 0, "10.0.0.0/33" },
	{ "nowhere to listen", "[server]\nlisten =\n", 0, "nothing to listen on" },
	{ "no certificate", "[server]\ncertificate = /nonexistent.pem\n", 0,
	    "cannot read \"/nonexistent.pem\"" },
	{ "heartbeats", PLAIN "[eas]\nheartbeat_min = 10m\nheartbeat_max = 5m\n", 0,
	    "heartbeat_min is larger" },
	{ "store", PLAIN "store = redis\n", 0, "store: this is neither" },
	{ "store of another kind", PLAIN "store = http://127.0.0.1:6379/0\n", 0, "store: this is neither" },
	{ "store without a host", PLAIN "store = redis://:\n", 0, "store: this is neither" },
	{ "store with a port that is none", PLAIN "store = redis://u:s3cret@127.0.0.1:port/0\n", 0,
	    "store: this is neither" },
};
static void bad(const struct bad_case *c)
{
	struct config *config = NULL;
	char line[32];

	assert_int_equal(load(c->text, &config), ERR_PROTO);
	assert_null(config);
	assert_non_null(strstr(told, c->says));
	assert_null(strstr(told, "s3cret"));
	snprintf(line, sizeof(line), ":%d: ", c->line);
	if (c->line)
		assert_non_null(strstr(told, line));
}
TEST_ROW(bad)

static void every_problem_is_told(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(load("[server]\na = 1\nb = 2\n", &c), ERR_PROTO);
	assert_non_null(strstr(told, ":2: "));
	assert_non_null(strstr(told, ":3: "));
}

static void a_missing_file_is_told(void **state)
{
	struct config *c;

	(void)state;
	told[0] = '\0';
	assert_int_equal(config_load("/nonexistent/easgate.conf", complain, NULL, &c), ERR_PROTO);
	assert_non_null(strstr(told, "No such file"));
}

/* The sample is printed from the table, so it holds each key, and no other. */
static void the_sample_is_the_table(void **state)
{
	struct bytes text;
	struct buf b;

	(void)state;
	buf_init(&b, test_arena(), 0);
	config_put_sample(&b);
	assert_int_equal(buf_done(&b, &text), ERR_OK);
	assert_bytes_equal(test_file("deploy/easgate.conf"), text);
}

/* With all its '#' taken away it is a config that says what is so anyway. */
static void the_sample_is_a_config(void **state)
{
	struct bytes text, line;
	struct config *c;
	struct buf b, out;

	(void)state;
	buf_init(&b, test_arena(), 0);
	buf_init(&out, test_arena(), 0);
	config_put_sample(&b);
	assert_int_equal(buf_done(&b, &text), ERR_OK);
	while (bytes_split(&text, '\n', &line)) {
		bool key = line.len > 1 && line.p[0] == '#' && line.p[1] != ' ';

		if (bytes_starts(line, "#certificate") || bytes_starts(line, "#listen =") ||
		    bytes_starts(line, "#listen_plain"))
			continue;
		buf_put(&out, key ? bytes_of(line.p + 1, line.len - 1) : line);
		buf_put_str(&out, "\n");
		if (bytes_starts(line, "[server]"))
			buf_put_str(&out, "listen =\nlisten_plain = 127.0.0.1:1\n");
	}
	buf_put_u8(&out, 0);
	assert_int_equal(buf_done(&out, &text), ERR_OK);
	if (load((const char *)text.p, &c))
		fail_msg("%s", told);
	config_free(&c);
}

int main(void)
{
	TEST_ADD(defaults_are_values_of_their_kind);
	TEST_ADD(values_are_read);
	TEST_ADD_ROWS(bad, bad_cases);
	TEST_ADD(every_problem_is_told);
	TEST_ADD(a_missing_file_is_told);
	TEST_ADD(the_sample_is_the_table);
	TEST_ADD(the_sample_is_a_config);
	return test_run("config");
}
