/* Logging in to an IMAP server, and asking again whether a password is right. */
#include "unit/backends/imap_scene.h"

static const struct login_case {
	const char *name;
	struct imap_mock_rule rules[2];
	enum err want;
	const char *why;
} login_cases[] = {
	{ "good", { { 0 } }, ERR_OK, NULL },
	{ "greeting cut", { { .at = "", .say = NULL } }, ERR_UNAVAILABLE,
	    "the connection to the IMAP server broke" },
	{ "greeting hangs", { { .at = "", .say = IMAP_MOCK_HANG } }, ERR_TIMEOUT,
	    "the IMAP server did not answer in time" },
	{ "greeting says goodbye", { { .at = "", .say = "* BYE too many\r\n" } }, ERR_UNAVAILABLE,
	    "too many" },
	{ "another protocol", { { .at = "", .say = "220 mail ESMTP\r\n" } }, ERR_UNAVAILABLE,
	    "the IMAP server sent what is no IMAP" },
	{ "takes anybody", { { .at = "", .say = "* PREAUTH hi\r\n" } }, ERR_DENIED,
	    "the IMAP server takes anybody (PREAUTH)" },
	{ "takes no password", { { .at = "", .say = "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n" } },
	    ERR_DENIED, "the IMAP server takes no password on this connection (LOGINDISABLED)" },
	{ "wrong password", { { .at = "AUTH", .say = "$ NO [AUTHENTICATIONFAILED] wrong\r\n" } }, ERR_AUTH,
	    "wrong" },
	{ "refused without a reason", { { .at = "AUTH", .say = "$ NO no\r\n" } }, ERR_AUTH, "no" },
	{ "not now", { { .at = "AUTH", .say = "$ NO [UNAVAILABLE] LDAP is down\r\n" } }, ERR_UNAVAILABLE,
	    "LDAP is down" },
	{ "too many connections", { { .at = "AUTH", .say = "$ NO [LIMIT] 10 are open\r\n" } },
	    ERR_UNAVAILABLE, "10 are open" },
	{ "wants TLS", { { .at = "AUTH", .say = "$ NO [PRIVACYREQUIRED] TLS\r\n" } }, ERR_DENIED, "TLS" },
	{ "hangs", { { .at = "AUTH", .say = IMAP_MOCK_HANG } }, ERR_TIMEOUT, NULL },
	{ "cut", { { .at = "AUTH", .say = NULL } }, ERR_UNAVAILABLE, NULL },
	{ "repeats the password",
	    { { .at = "AUTH", .say = "$ BAD what is PLAIN AGFubgBzZWNyZXQtb2YtdXNlcg==\r\n" } }, ERR_AUTH,
	    "the IMAP server repeats the password in its answer" },
	{ "LOGIN",
	    { { .at = "", .say = "* OK [CAPABILITY IMAP4rev1] hi\r\n" },
		{ .at = "AUTH", .say = "$ BAD what\r\n" } },
	    ERR_OK, NULL },
	{ "LOGIN that repeats the password",
	    { { .at = "", .say = "* OK [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n" },
		{ .at = "LOGIN", .say = "$ NO not \"secret-of-user\"\r\n" } },
	    ERR_AUTH, "the IMAP server repeats the password in its answer" },
};

struct login_run {
	struct imap_mock mock;
	enum err e;
	char why[128];
	bool verify;
};

static void login_main(void *arg)
{
	struct login_run *r = arg;
	struct imap_config config = imap_mock_config(&r->mock);
	struct imap_login who = imap_mock_login("ann");
	struct imap_pool *p;
	const char *why = NULL;
	struct imap *c = NULL;

	config.command_ms = 300;
	p = imap_pool_new(fiber_loop(), &config);
	r->e = r->verify ? imap_verify(p, &who, &why) : imap_open(p, &who, BYTES(""), &c, &why);
	snprintf(r->why, sizeof(r->why), "%s", why ? why : "");
	imap_close(&c);
	imap_pool_free(&p);
}

/* By both ways that check a password. */
static void login(const struct login_case *l)
{
	for (int verify = 0; verify < 2; verify++) {
		struct login_run r = { .verify = verify };

		memcpy(r.mock.rules, l->rules, sizeof(l->rules));
		imap_mock_start(&r.mock);
		on_fiber(login_main, &r);
		assert_int_equal(r.e, l->want);
		if (l->why)
			assert_string_equal(r.why, l->why);
		imap_mock_stop(&r.mock);
	}
}
TEST_ROW(login)

/* What is in the pool doesn't vouch for a password: it is asked for again. */
static void verify_main(struct scene *s)
{
	struct imap_login who = imap_mock_login("ann");
	const char *why = NULL;

	log_in(s);
	imap_close(&s->c);
	assert_int_equal(imap_verify(s->pool, &who, &why), ERR_AUTH);
	assert_string_equal(why, "changed");
	log_in(s); /* the pool's own goes on */
	ask_something(s);
	assert_int_equal(imap_mock_connections(&s->mock), 2);
}

static void verify_asks_again(void **state)
{
	struct scene s = { .run = verify_main,
		.mock.rules[0] = { .at = "AUTH", .say = "$ NO changed\r\n", .connection = 2 } };

	(void)state;
	imap_mock_start(&s.mock);
	on_fiber(scene_main, &s);
	imap_mock_stop(&s.mock);
}

int main(void)
{
	TEST_ADD_ROWS(login, login_cases);
	TEST_ADD(verify_asks_again);
	return test_run("imap login");
}
