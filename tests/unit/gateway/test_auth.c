#include "testing.h"

#include "auth/account_make.h"
#include "auth/basic.h"
#include "base/base64.h"

/* What clients send as credentials. Checking them against a server: tests/integration/test_auth.c. */

static struct bytes basic(const char *text)
{
	struct bytes out = { 0 };
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, "Basic ");
	base64_put(&b, bytes_str(text), BASE64_PLAIN);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

static const struct credentials_case {
	const char *name, *text, *user, *password; /* user NULL: refused */
} credentials_cases[] = {
	{ "plain", "ann:secret", "ann", "secret" },
	{ "colons in the password", "ann:a:b:", "ann", "a:b:" },
	{ "empty password", "ann:", "ann", "" },
	{ "UTF-8", "j\xc3\xbcrgen:gr\xc3\xbc\xc3\x9f", "j\xc3\xbcrgen", "gr\xc3\xbc\xc3\x9f" },
	{ "ISO-8859-1 (Outlook)", "j\xfcrgen:gr\xfc\xdf", "j\xc3\xbcrgen", "gr\xc3\xbc\xc3\x9f" },
	{ "Windows-1252 beyond ISO-8859-1", "ann:5\x80 \x84x\x93", "ann",
	    "5\xe2\x82\xac \xe2\x80\x9ex\xe2\x80\x9c" },
	{ "backslash", "CORP\\ann:x", "CORP\\ann", "x" },
	{ "no colon", "ann", NULL, NULL },
	{ "no user", ":secret", NULL, NULL },
	{ "line break in the user", "ann\r\nx:secret", NULL, NULL },
	{ "empty", "", NULL, NULL },
};
static void credentials(const struct credentials_case *c)
{
	struct credentials got;
	enum err e = credentials_parse(test_arena(), basic(c->text), &got);

	if (!c->user) {
		assert_int_equal(e, ERR_AUTH);
		return;
	}
	assert_int_equal(e, ERR_OK);
	assert_bytes_str(got.user, c->user);
	assert_bytes_str(got.password, c->password);
	credentials_wipe(&got);
	assert_int_equal(got.password.len, 0);
}
TEST_ROW(credentials)

static const struct header_case {
	const char *name, *header;
	enum err want;
} header_cases[] = {
	{ "none", "", ERR_AUTH },
	{ "empty bearer", "Bearer", ERR_AUTH },
	{ "empty bearer and a blank", "Bearer ", ERR_AUTH },
	{ "bearer", "Bearer abc", ERR_AUTH },
	{ "empty basic", "Basic", ERR_AUTH },
	{ "no base64", "Basic a!b", ERR_AUTH },
	{ "lower case", "basic YW5uOng=", ERR_OK },
	{ "blanks", "  Basic   YW5uOng=  ", ERR_OK },
	{ "without padding", "Basic YW5uOng", ERR_OK },
	{ "a NUL in the password", "Basic YW5uOgB4", ERR_AUTH },
};
static void header(const struct header_case *c)
{
	struct credentials got;

	assert_int_equal(credentials_parse(test_arena(), bytes_str(c->header), &got), c->want);
}
TEST_ROW(header)

static void a_giant_header_is_refused(void **state)
{
	char *text = test_keep(100 * 1000);
	struct credentials got;

	(void)state;
	memset(text, 'a', 100 * 1000);
	memcpy(text, "Basic ", 6);
	assert_int_equal(credentials_parse(test_arena(), bytes_of(text, 100 * 1000), &got), ERR_AUTH);
}

static const struct name_case {
	const char *name, *typed, *default_domain, *whole, *local, *domain;
} name_cases[] = {
	{ "short", "ann", "", "ann", "ann", "" },
	{ "short with a default", "ann", "example.org", "ann@example.org", "ann", "example.org" },
	{ "address", "ann@example.net", "example.org", "ann@example.net", "ann", "example.net" },
	{ "two @", "a@b@example.net", "", "a@b@example.net", "a@b", "example.net" },
	{ "Windows domain", "CORP\\ann", "", "ann", "ann", "CORP" },
	{ "Windows domain with a default", "CORP\\ann", "example.org", "ann@example.org", "ann", "CORP" },
	{ "DNS domain before the backslash", "example.net\\ann", "example.org", "ann@example.net", "ann",
	    "example.net" },
	{ "domain field filled (iOS)", "CORP\\ann@example.net", "", "ann@example.net", "ann", "example.net" },
	{ "empty domain field", "\\ann@example.net", "", "ann@example.net", "ann", "example.net" },
	{ "@ at the end", "ann@", "example.org", "ann@@example.org", "ann@", "example.org" },
	{ "@ at the beginning", "@ann", "", "@ann", "@ann", "" },
};
static void name(const struct name_case *c)
{
	struct user_name got;

	assert_int_equal(
	    user_name_parse(test_arena(), bytes_str(c->typed), bytes_str(c->default_domain), &got), ERR_OK);
	assert_bytes_str(got.whole, c->whole);
	assert_bytes_str(got.local, c->local);
	assert_bytes_str(got.domain, c->domain);
}
TEST_ROW(name)

static const struct expand_case {
	const char *name, *pattern, *want;
} expand_cases[] = {
	{ "whole", "%u", "ann@example.org" },
	{ "parts", "%d/%n", "example.org/ann" },
	{ "percent sign", "100%%-%n", "100%-ann" },
	{ "no pattern", "shared", "shared" },
};
static void expand(const struct expand_case *c)
{
	struct user_name n = { BYTES("ann@example.org"), BYTES("ann"), BYTES("example.org") };
	struct bytes got;

	assert_int_equal(user_name_expand(test_arena(), c->pattern, &n, &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(expand)

static void only_a_domain_is_no_name(void **state)
{
	struct user_name got;

	(void)state;
	assert_int_equal(user_name_parse(test_arena(), BYTES("CORP\\"), BYTES(""), &got), ERR_AUTH);
}

static void an_account_keeps_its_own_texts(void **state)
{
	struct account *a = account_make(BYTES("Ann@Example.ORG"), BYTES("Ann@Example.ORG"), BYTES("ann"),
	    BYTES("Ann"), BYTES("secret"), BYTES("192.0.2.1"));
	struct account *b = account_ref(a);

	(void)state;
	assert_string_equal(a->name, "ann@example.org"); /* letter case doesn't make another account */
	assert_string_equal(a->address, "Ann@Example.ORG");
	assert_bytes_str(a->imap.user, "ann");
	assert_bytes_str(a->smtp.user, "Ann");
	assert_bytes_str(a->smtp.password, "secret");
	account_unref(&b);
	assert_null(b);
	assert_bytes_str(a->imap.password, "secret");
	account_unref(&a);
	account_unref(&a);
}

int main(void)
{
	TEST_ADD_ROWS(credentials, credentials_cases);
	TEST_ADD_ROWS(header, header_cases);
	TEST_ADD(a_giant_header_is_refused);
	TEST_ADD_ROWS(name, name_cases);
	TEST_ADD_ROWS(expand, expand_cases);
	TEST_ADD(only_a_domain_is_no_name);
	TEST_ADD(an_account_keeps_its_own_texts);
	return test_run("auth");
}
