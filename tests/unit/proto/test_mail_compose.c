/* A mail that a phone sends. */
#include "testing.h"
#include "mail/compose.h"

/* The account in all rows. */
static struct compose_options account(void)
{
	static const struct bytes own[] = { { (const uint8_t *)"alias@example.org", 17 },
		{ (const uint8_t *)"*@own.example.net", 17 } };

	return (struct compose_options){ .from = BYTES("me@example.org"),
		.from_name = BYTES("Me Myself"),
		.own = own,
		.n_own = 2,
		.date = 1716279300,
		.message_id = BYTES("<new@example.org>") };
}

#define FULL "From: me@example.org\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <1@x>\r\n"
#define DATE "Date: Tue, 21 May 2024 08:15:00 +0000\r\n"

static const struct wire_case {
	const char *name, *raw, *wire, *sent; /* sent NULL: the same bytes as wire */
} wire_cases[] = {
	{ "complete: byte for byte",
	    FULL "To: a@b\r\nX-Odd :  two  blanks \r\n\tfolded\r\n\r\nbody\r\n\r\nmore  \r\n",
	    FULL "To: a@b\r\nX-Odd :  two  blanks \r\n\tfolded\r\n\r\nbody\r\n\r\nmore  \r\n", NULL },
	{ "8-bit stays, RFC 6532", FULL "To: \xC3\xA4@b\r\n\r\n\xC3\xA4\xFF\r\n",
	    FULL "To: \xC3\xA4@b\r\n\r\n\xC3\xA4\xFF\r\n", NULL },
	{ "bare LF and CR", FULL "To: a@b\n\nx\ny\rz\r\n", FULL "To: a@b\r\n\r\nx\r\ny\r\nz\r\n", NULL },
	{ "no line end at the end", FULL "To: a@b\r\n\r\nx", FULL "To: a@b\r\n\r\nx\r\n", NULL },
	{ "no body", FULL "To: a@b\r\n", FULL "To: a@b\r\n\r\n", NULL },
	{ "fields that aren't a sender's",
	    FULL "Return-Path: <x@y>\r\nTo: a@b\r\nResent-Bcc: c@d\r\n\r\nx\r\n", FULL "To: a@b\r\n\r\nx\r\n",
	    NULL },
	{ "another's Sender", FULL "Sender: boss@example.com\r\nTo: a@b\r\n\r\nx\r\n",
	    FULL "To: a@b\r\n\r\nx\r\n", NULL },
	{ "one's own Sender", FULL "Sender: Me <me@example.org>\r\nTo: a@b\r\n\r\nx\r\n",
	    FULL "Sender: Me <me@example.org>\r\nTo: a@b\r\n\r\nx\r\n", NULL },
	{ "a blind copy", FULL "To: a@b\r\nBcc: c@d,\r\n e@f\r\nSubject: x\r\n\r\nx\r\n",
	    FULL "To: a@b\r\nSubject: x\r\n\r\nx\r\n",
	    FULL "To: a@b\r\nBcc: c@d,\r\n e@f\r\nSubject: x\r\n\r\nx\r\n" },
	{ "blind copies only", FULL "bcc: c@d\r\nBCC : e@f\r\n\r\nx\r\n", FULL "\r\nx\r\n",
	    FULL "bcc: c@d\r\nBCC : e@f\r\n\r\nx\r\n" },
	{ "Bcc in the body is text", FULL "To: a@b\r\n\r\nBcc: c@d\r\n", FULL "To: a@b\r\n\r\nBcc: c@d\r\n",
	    NULL },
	{ "date and id are missing, RFC 6409 8", "From: me@example.org\r\nTo: a@b\r\n\r\nx\r\n",
	    DATE "Message-ID: <new@example.org>\r\nFrom: me@example.org\r\nTo: a@b\r\n\r\nx\r\n", NULL },
	{ "date and id say nothing", "Date:\r\nFrom: me@example.org\r\nMessage-ID: \r\nTo: a@b\r\n\r\nx\r\n",
	    DATE "Message-ID: <new@example.org>\r\nFrom: me@example.org\r\nTo: a@b\r\n\r\nx\r\n", NULL },
	{ "no sender", "Date: x\r\nMessage-ID: <1@x>\r\nTo: a@b\r\n\r\nx\r\n",
	    "From: \"Me Myself\" <me@example.org>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: a@b\r\n\r\nx\r\n",
	    NULL },
	{ "another's address",
	    "From: \"The \\\"Boss\\\"\" <boss@example.org>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: "
	    "a@b\r\n\r\nx\r\n",
	    "From: \"The \\\"Boss\\\"\" <me@example.org>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: "
	    "a@b\r\n\r\nx\r\n",
	    NULL },
	{ "another's address, name encoded",
	    "From: =?utf-8?Q?J=C3=B6rg?= <boss@example.org>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: "
	    "a@b\r\n\r\nx\r\n",
	    "From: =?utf-8?Q?J=C3=B6rg?= <me@example.org>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: "
	    "a@b\r\n\r\nx\r\n",
	    NULL },
	{ "an own domain",
	    "From: A <Any@Own.example.net>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: a@b\r\n\r\nx\r\n",
	    "From: A <Any@Own.example.net>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: a@b\r\n\r\nx\r\n", NULL },
	{ "a domain below one's own",
	    "From: A <any@x.own.example.net>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: a@b\r\n\r\nx\r\n",
	    "From: \"A\" <me@example.org>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: a@b\r\n\r\nx\r\n", NULL },
	{ "an own alias",
	    "From: A <Alias@Example.org>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: a@b\r\n\r\nx\r\n",
	    "From: A <Alias@Example.org>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: a@b\r\n\r\nx\r\n", NULL },
	{ "two senders: the first that is allowed",
	    "From: me@example.org, x@y\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: a@b\r\n\r\nx\r\n",
	    "From: <me@example.org>\r\nDate: x\r\nMessage-ID: <1@x>\r\nTo: a@b\r\n\r\nx\r\n", NULL },
	{ "junk lines go", FULL "junk\r\nTo: a@b\r\n\r\nx\r\n", FULL "To: a@b\r\n\r\nx\r\n", NULL },
	{ "a line of blanks ends the header", FULL "To: a@b\r\n \r\nHello,\r\nBcc: c@d\r\n",
	    FULL "To: a@b\r\n\r\nHello,\r\nBcc: c@d\r\n", NULL },
	{ "lone CRs in the header", FULL "To: a@b\r\n\rSubject: x\ry\r\n\r\nx\r\n",
	    FULL "To: a@b\r\nSubject: x y\r\n\r\nx\r\n", NULL },
};

static void wire(const struct wire_case *c)
{
	struct compose_options o = account();
	struct compose out;

	assert_int_equal(compose_read(test_arena(), test_copy(bytes_str(c->raw)), &o, &out), ERR_OK);
	assert_bytes_str(out.wire, c->wire);
	assert_bytes_str(out.sent, c->sent ? c->sent : c->wire);
	if (!c->sent)
		assert_ptr_equal(out.sent.p, out.wire.p);
}
TEST_ROW(wire)

static const struct envelope_case {
	const char *name, *raw;
	bool any_from;
	const char *from, *to, *message_id; /* to: joined by "|" */
	bool replaced;
} envelope_cases[] = {
	{ "all fields", FULL "To: A <a@b>, c@d\r\nCc: e@f\r\nBcc: g@h\r\n", false, "me@example.org",
	    "a@b|c@d|e@f|g@h", "<1@x>", false },
	{ "each once", FULL "To: a@b, A@B\r\nCc: <a@b>\r\n", false, "me@example.org", "a@b", "<1@x>", false },
	{ "fields twice", FULL "To: a@b\r\nTo: c@d\r\n", false, "me@example.org", "a@b|c@d", "<1@x>", false },
	{ "a group", FULL "To: G: a@b, c@d;\r\n", false, "me@example.org", "a@b|c@d", "<1@x>", false },
	{ "resent fields are left alone", FULL "To: a@b\r\nResent-To: c@d\r\n", false, "me@example.org",
	    "a@b", "<1@x>", false },
	{ "what can't be sent to", FULL "To: a@b, Anna, @x, y@, \"a b\"@c\r\n", false, "me@example.org",
	    "a@b", "<1@x>", false },
	{ "the id is missing", "From: me@example.org\r\nTo: a@b\r\n", false, "me@example.org", "a@b",
	    "<new@example.org>", false },
	{ "the id is broken", "From: me@example.org\r\nTo: a@b\r\nMessage-ID: x\r\n", false, "me@example.org",
	    "a@b", "<new@example.org>", false },
	{ "an alias", "From: alias@example.org\r\nTo: a@b\r\n", false, "alias@example.org", "a@b",
	    "<new@example.org>", false },
	{ "another's address", "From: boss@example.org\r\nTo: a@b\r\n", false, "me@example.org", "a@b",
	    "<new@example.org>", true },
	{ "any address", "From: boss@example.org\r\nTo: a@b\r\n", true, "boss@example.org", "a@b",
	    "<new@example.org>", false },
	{ "any address, but none", "From: Boss\r\nTo: a@b\r\n", true, "me@example.org", "a@b",
	    "<new@example.org>", true },
	{ "recipients in the body are none", FULL "To: a@b\r\n \r\nHello,\r\nBcc: c@d\r\n", false,
	    "me@example.org", "a@b", "<1@x>", false },
	{ "an id with a line end inside is broken",
	    "From: me@example.org\r\nTo: a@b\r\nMessage-ID: <a@\r\n b>\r\n", false, "me@example.org", "a@b",
	    "<new@example.org>", false },
};

static void envelope(const struct envelope_case *c)
{
	struct compose_options o = account();
	struct compose out;
	struct bytes to;
	struct buf b;

	o.any_from = c->any_from;
	assert_int_equal(compose_read(test_arena(), test_copy(bytes_str(c->raw)), &o, &out), ERR_OK);
	buf_init(&b, test_arena(), 0);
	for (size_t i = 0; i < out.n_to; i++) {
		if (i)
			buf_put_u8(&b, '|');
		buf_put(&b, out.to[i]);
	}
	assert_int_equal(buf_done(&b, &to), ERR_OK);
	assert_bytes_str(out.from, c->from);
	assert_bytes_str(to, c->to);
	assert_bytes_str(out.message_id, c->message_id);
	assert_int_equal(out.from_replaced, c->replaced);
}
TEST_ROW(envelope)

static const struct error_case {
	const char *name, *raw;
	enum err want;
} error_cases[] = {
	{ "empty", "", ERR_PROTO },
	{ "no header", "Hello,\r\nTo: a@b\r\n", ERR_PROTO },
	{ "only an empty line", "\r\n", ERR_PROTO },
	{ "only an mbox line", "From x\r\n\r\n", ERR_PROTO },
	{ "no recipient", FULL "\r\nx", ERR_NOT_FOUND },
	{ "an empty group", FULL "To: undisclosed-recipients:;\r\n\r\nx", ERR_NOT_FOUND },
};

static void errors(const struct error_case *c)
{
	struct compose_options o = account();
	struct compose out;

	assert_int_equal(compose_read(test_arena(), test_copy(bytes_str(c->raw)), &o, &out), c->want);
}
TEST_ROW(errors)

/* So that the caller can refuse the mail, and say why. */
static void what_is_no_address_is_counted(void **state)
{
	static const struct {
		const char *raw;
		enum err want;
		size_t count;
	} mails[] = {
		{ FULL "To: a@b, Anna, @x, y@, \"a b\"@c\r\nBcc: Bob\r\n", ERR_OK, 5 },
		{ FULL "To: a@b, , G:;, <>\r\n", ERR_OK, 0 },
		{ FULL "To: a@b c@d\r\nCc: e@f\r\n", ERR_OK, 1 },
		{ FULL "To: <undisclosed-recipients:;>\r\nBcc: a@b\r\n", ERR_OK, 0 },
		{ FULL "To: Anna\r\n", ERR_NOT_FOUND, 1 },
	};
	struct compose_options o = account();
	struct compose out;

	(void)state;
	for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
		assert_int_equal(
		    compose_read(test_arena(), test_copy(bytes_str(mails[i].raw)), &o, &out), mails[i].want);
		assert_int_equal(out.n_unsendable, mails[i].count);
	}
}

static void a_nul(void **state)
{
	struct compose_options o = account();
	struct compose out;

	(void)state;
	assert_int_equal(compose_read(test_arena(), BYTES("To: a@b\r\n\r\nx\0y"), &o, &out), ERR_PROTO);
}

/* None is left out unheard, wherever it stands. */
static const struct many_case {
	const char *name;
	unsigned n, repeats; /* different ones, and how often each */
	size_t n_to, n_surplus;
} many_cases[] = {
	{ "as many as may be", COMPOSE_MAX_RECIPIENTS, 1, COMPOSE_MAX_RECIPIENTS, 0 },
	{ "one more", COMPOSE_MAX_RECIPIENTS + 1, 1, COMPOSE_MAX_RECIPIENTS, 1 },
	{ "many more", COMPOSE_MAX_RECIPIENTS + 1500, 1, COMPOSE_MAX_RECIPIENTS, 1500 },
	{ "a few, again and again", 2, ADDRESS_MAX / 2 - 1, 2, 0 },
	{ "a few, more often than is read", 2, ADDRESS_MAX / 2, 2, 1 },
};

static void many_recipients(const struct many_case *c)
{
	struct compose_options o = account();
	struct compose out;
	struct bytes raw;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, "To: ");
	for (unsigned i = 0; i < c->n * c->repeats; i++)
		buf_printf(&b, "%sa%u@b", i ? ",\r\n " : "", i % c->n);
	buf_put_str(&b, "\r\n\r\n");
	assert_int_equal(buf_done(&b, &raw), ERR_OK);
	assert_int_equal(compose_read(test_arena(), raw, &o, &out), ERR_OK);
	assert_int_equal(out.n_to, c->n_to);
	assert_int_equal(out.n_surplus, c->n_surplus);
}
TEST_ROW(many_recipients)

/* A name of many characters comes in words of at most 75, each of whole characters (RFC 2047, 2 and 5). */
static void a_long_name(void **state)
{
	struct compose_options o = account();
	struct mail_addresses from;
	struct compose out;
	struct header h;
	struct bytes line, rest;

	(void)state;
	o.from_name = BYTES("\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD"
			    "\xA0\xE5\xA5\xBD\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0\xE5\xA5\xBD");
	assert_int_equal(compose_read(test_arena(), BYTES("To: a@b\r\n\r\n"), &o, &out), ERR_OK);
	assert_int_equal(header_parse(test_arena(), out.wire, &h), ERR_OK);
	assert_int_equal(header_addresses(test_arena(), &h, "From", &from), ERR_OK);
	assert_int_equal(from.n, 1);
	assert_bytes_equal(from.v[0].name, o.from_name);
	rest = header_find(&h, "From")->whole;
	while (bytes_split(&rest, '\n', &line))
		assert_in_range(line.len, 1, 6 + 75 + 20);
}

int main(void)
{
	TEST_ADD_ROWS(wire, wire_cases);
	TEST_ADD_ROWS(envelope, envelope_cases);
	TEST_ADD_ROWS(errors, error_cases);
	TEST_ADD(what_is_no_address_is_counted);
	TEST_ADD(a_nul);
	TEST_ADD_ROWS(many_recipients, many_cases);
	TEST_ADD(a_long_name);
	return test_run("mail compose");
}
