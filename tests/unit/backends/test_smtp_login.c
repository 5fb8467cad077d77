/* Signing in to a mail server, and TLS on the way there. */
#include "unit/backends/certificates.h"
#include "unit/backends/smtp_mock.h"

/* ---- logging in ---- */

static const struct login_case {
	const char *name, *host, *features, *at, *say;
	bool login;
	enum err want;
	uint16_t code;
	const char *heard, *not_heard;
} login_cases[] = {
	{ "PLAIN", NULL, "AUTH LOGIN PLAIN", NULL, NULL, true, ERR_OK, 235, "AUTH PLAIN AHVzZXIAcGFzcw==\r\n",
	    "AUTH LOGIN" },
	{ "LOGIN", NULL, "AUTH XOAUTH2 LOGIN", NULL, NULL, true, ERR_OK, 235,
	    "AUTH LOGIN\r\ndXNlcg==\r\ncGFzcw==\r\n", NULL },
	{ "not wanted", NULL, "AUTH PLAIN", NULL, NULL, false, ERR_OK, 250, NULL, "AUTH" },
	{ "wrong password", NULL, "AUTH PLAIN", "AUTH", "535 5.7.8 no\r\n", true, ERR_AUTH, 535, NULL, NULL },
	{ "wrong password in LOGIN", NULL, "AUTH LOGIN", "cGFz", "535 5.7.8 no\r\n", true, ERR_AUTH, 535,
	    NULL, NULL },
	{ "not now", NULL, "AUTH PLAIN", "AUTH", "454 4.7.0 later\r\n", true, ERR_UNAVAILABLE, 454, NULL,
	    NULL },
	{ "wants TLS first", NULL, "AUTH PLAIN", "AUTH", "530 5.7.0 STARTTLS\r\n", true, ERR_DENIED, 530,
	    NULL, NULL },
	{ "no AUTH", NULL, "PIPELINING", NULL, NULL, true, ERR_UNSUPPORTED, 0, NULL, "AUTH" },
	{ "no mechanism that we know", NULL, "AUTH GSSAPI", NULL, NULL, true, ERR_UNSUPPORTED, 0, NULL,
	    "AUTH" },
	{ "localhost by name", "localhost", "AUTH PLAIN", NULL, NULL, true, ERR_OK, 235, "AUTH PLAIN", NULL },
};

/* Their texts go to the log. */
static const struct repeat_case {
	const char *name, *features, *at, *say;
} repeat_cases[] = {
	{ "PLAIN", "AUTH PLAIN", "AUTH", "500 5.5.1 what is \"AUTH PLAIN AHVzZXIAcGFzcw==\"\r\n" },
	{ "LOGIN", "AUTH LOGIN", "cGFzcw==", "535-5.7.8 no:\r\n535 5.7.8 cGFzcw==\r\n" },
};

static void repeats_the_password(const struct repeat_case *c)
{
	struct sending s = { .mock = { .features = c->features, .at = c->at, .say = c->say },
		.probe = true,
		.config = { .login = true },
		.message = { .user = BYTES("user"), .password = BYTES("pass") } };

	send_mail(&s);
	assert_int_not_equal(s.e, ERR_OK);
	assert_string_equal(s.text, "the server repeats the user's name or password in its answer");
	done(&s);
}
TEST_ROW(repeats_the_password)

static void login(const struct login_case *c)
{
	struct sending s = { .mock = { .features = c->features, .at = c->at, .say = c->say },
		.probe = true,
		.config = { .login = c->login },
		.message = { .user = BYTES("user"), .password = BYTES("pass") } };

	if (c->host)
		s.config.server =
		    (struct stream_target){ .host = c->host, .connect_ms = 5000, .io_ms = 5000 };
	send_mail(&s);
	assert_int_equal(s.e, c->want);
	assert_int_equal(s.result.phase, c->want ? SMTP_LOGIN : SMTP_DONE);
	assert_int_equal(s.result.code, c->code);
	if (c->heard)
		assert_non_null(strstr(s.mock.transcript, c->heard));
	if (c->not_heard)
		assert_null(strstr(s.mock.transcript, c->not_heard));
	done(&s);
}
TEST_ROW(login)

/* ---- STARTTLS ---- */

static struct test_cert ca, cert;
static const char *ca_path;

static const struct tls_case {
	const char *name, *features, *at, *say;
	bool verify;
	enum err want;
	enum smtp_phase phase;
	const char *heard, *text;
} tls_cases[] = {
	{ "logs in and sends", "STARTTLS", NULL, NULL, true, ERR_OK, SMTP_DONE,
	    "EHLO gate.example.org\r\nSTARTTLS\r\nEHLO gate.example.org\r\nAUTH PLAIN "
	    "AHVzZXIAcGFzcw==\r\nMAIL",
	    NULL },
	{ "not offered", "SIZE 100", NULL, NULL, true, ERR_UNAVAILABLE, SMTP_CONNECT, NULL,
	    "the server offers no STARTTLS" },
	{ "refused", "STARTTLS", "STARTTLS", "454 no\r\n", true, ERR_UNAVAILABLE, SMTP_CONNECT, NULL, "no" },
	{ "injected text", "STARTTLS", "STARTTLS", "220 go\r\n250 ok\r\n", true, ERR_UNAVAILABLE,
	    SMTP_CONNECT, NULL, NULL },
	{ "no TLS behind it", "STARTTLS", "STARTTLS", "220 go\r\n", true, ERR_UNAVAILABLE, SMTP_CONNECT, NULL,
	    NULL },
};

static void starttls(const struct tls_case *c)
{
	struct sending s = { .mock = { .features = c->features,
				 .secure_features = "AUTH PLAIN|SIZE 1000",
				 .at = c->at,
				 .say = c->say },
		.config = { .login = true,
		    .server = { .host = "127.0.0.1",
			.tls = STREAM_STARTTLS,
			.verify = c->verify,
			.ca_file = ca_path,
			.connect_ms = c->want ? 500 : 5000,
			.io_ms = 5000 } },
		.message = { .user = BYTES("user"), .password = BYTES("pass") } };

	s.mock.tls = cert_server_context(&cert);
	send_mail(&s);
	assert_int_equal(s.e, c->want);
	assert_int_equal(s.result.phase, c->phase);
	if (c->heard)
		assert_non_null(strstr(s.mock.transcript, c->heard));
	if (c->want)
		assert_null(strstr(s.mock.transcript, "AUTH"));
	if (c->text)
		assert_string_equal(s.text, c->text);
	SSL_CTX_free(s.mock.tls);
	done(&s);
}
TEST_ROW(starttls)

int main(void)
{
	int failed;

	ca = cert_make("authority", NULL, NULL, -3600, 3600);
	cert = cert_make("server", "IP:127.0.0.1", &ca, -3600, 3600);
	ca_path = cert_file(&ca);
	TEST_ADD_ROWS(login, login_cases);
	TEST_ADD_ROWS(repeats_the_password, repeat_cases);
	TEST_ADD_ROWS(starttls, tls_cases);
	failed = test_run("smtp sign-in");
	unlink(ca_path);
	cert_free(&ca);
	cert_free(&cert);
	return failed;
}
