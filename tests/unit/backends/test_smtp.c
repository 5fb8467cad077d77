/* Mails on their way to a server: what it says to them, and how they are written. */
#include "unit/backends/smtp_mock.h"

#include "smtp/smtp_data.h"

/* ---- how a message travels ---- */

static const struct data_case {
	const char *name, *in, *want;
} data_cases[] = {
	{ "as it is", "A: b\r\n\r\ntext\r\n", "A: b\r\n\r\ntext\r\n.\r\n" },
	{ "without a last end", "text", "text\r\n.\r\n" },
	{ "empty", "", ".\r\n" },
	{ "dots", ".\r\n..\r\na.b\r\n.c", "..\r\n...\r\na.b\r\n..c\r\n.\r\n" },
	{ "lone line feeds", "a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n" },
	{ "lone carriage returns", "a\r.\rb\r", "a\r\n..\r\nb\r\n.\r\n" },
	{ "smuggling", "a\r\n.\rMAIL", "a\r\n..\r\nMAIL\r\n.\r\n" },
	{ "CR CR LF", "a\r\r\nb", "a\r\n\r\nb\r\n.\r\n" },
};

/* In steps of every size, so that each state meets each border. */
static void data(const struct data_case *c)
{
	for (size_t cap = 4; cap < 40; cap++)
		for (size_t step = 1; step < 20; step++) {
			uint8_t out[128];
			struct smtp_data d = { 0 };
			struct bytes all = bytes_str(c->in), part;
			size_t n = 0;

			while (all.len) {
				bytes_take(&all, step < all.len ? step : all.len, &part);
				while (part.len)
					n += smtp_data_put(&d, &part, out + n, cap);
			}
			n += smtp_data_end(&d, out + n);
			assert_bytes_str(bytes_of(out, n), c->want);
		}
}
TEST_ROW(data)

/* ---- rows ---- */

static const struct send_case {
	const char *name;
	const char *features, *at, *say;
	enum err want;
	enum smtp_phase phase;
	uint16_t code;
	bool unsure;
	size_t bad_recipient;
	const char *heard, *not_heard; /* in the transcript */
	const char *text;
} send_cases[] = {
	{ "plain server", "", NULL, NULL, ERR_OK, SMTP_DONE, 250, false, 0,
	    "EHLO gate.example.org\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nRCPT "
	    "TO:<c@example.org>\r\nDATA\r\n"
	    "Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n",
	    NULL, "2.0.0 queued" },
	{ "all extensions", "PIPELINING|SIZE 1000|8BITMIME|SMTPUTF8|AUTH PLAIN", NULL, NULL, ERR_OK,
	    SMTP_DONE, 250, false, 0,
	    "MAIL FROM:<a@example.org> SIZE=20\r\nRCPT TO:<b@example.org>\r\nRCPT "
	    "TO:<c@example.org>\r\nDATA\r\n",
	    "AUTH", NULL },
	{ "SIZE without a limit", "SIZE", NULL, NULL, ERR_OK, SMTP_DONE, 250, false, 0, "SIZE=20", NULL,
	    NULL },
	{ "greeting refuses", "", "", "554 go away\r\n", ERR_DENIED, SMTP_CONNECT, 554, false, 0, NULL,
	    "EHLO", "go away" },
	{ "greeting says later", "", "", "421 busy\r\n", ERR_UNAVAILABLE, SMTP_CONNECT, 421, false, 0, NULL,
	    "EHLO", "busy" },
	{ "greeting cut", "", "", NULL, ERR_UNAVAILABLE, SMTP_CONNECT, 0, false, 0, NULL, NULL,
	    "the connection was closed" },
	{ "greeting hangs", "", "", HANG, ERR_UNAVAILABLE, SMTP_CONNECT, 0, false, 0, NULL, NULL,
	    "no answer in time" },
	{ "not SMTP", "", "", "SSH-2.0-OpenSSH\r\n", ERR_UNAVAILABLE, SMTP_CONNECT, 0, false, 0, NULL, NULL,
	    "the answer is not SMTP" },
	{ "EHLO refused", "", "EHLO", "502 what\r\n", ERR_DENIED, SMTP_CONNECT, 502, false, 0, NULL, "MAIL",
	    NULL },
	{ "larger than SIZE", "SIZE 19", NULL, NULL, ERR_LIMIT, SMTP_FROM, 0, false, 0, NULL, "MAIL", NULL },
	{ "sender refused", "", "MAIL", "550 5.7.1 not you\r\n", ERR_DENIED, SMTP_FROM, 550, false, 0, NULL,
	    "DATA", "5.7.1 not you" },
	{ "sender refused, pipelined", "PIPELINING", "MAIL", "550 5.7.1 not you\r\n", ERR_DENIED, SMTP_FROM,
	    550, false, 0, NULL, "DATA", NULL },
	{ "sender later", "", "MAIL", "451 4.3.0 later\r\n", ERR_UNAVAILABLE, SMTP_FROM, 451, false, 0, NULL,
	    "DATA", NULL },
	{ "too large at MAIL", "", "MAIL", "552 too large\r\n", ERR_LIMIT, SMTP_FROM, 552, false, 0, NULL,
	    "DATA", NULL },
	{ "one recipient refused", "", "RCPT TO:<c", "550 5.1.1 unknown\r\n", ERR_DENIED, SMTP_RCPT, 550,
	    false, 1, NULL, "DATA", "5.1.1 unknown" },
	{ "one refused, pipelined", "PIPELINING", "RCPT TO:<b", "550 unknown\r\n", ERR_DENIED, SMTP_RCPT, 550,
	    false, 0, NULL, "DATA", NULL },
	{ "recipient's box full", "", "RCPT TO:<c", "550 5.2.2 full\r\n", ERR_LIMIT, SMTP_RCPT, 550, false, 1,
	    NULL, "DATA", NULL },
	{ "recipient later", "", "RCPT TO:<c", "450 greylisted\r\n", ERR_UNAVAILABLE, SMTP_RCPT, 450, false,
	    1, NULL, "DATA", NULL },
	{ "recipient cut", "", "RCPT TO:<c", NULL, ERR_UNAVAILABLE, SMTP_RCPT, 0, false, 1, NULL, "DATA",
	    NULL },
	{ "forwarded recipient", "", "RCPT TO:<c", "251 will forward\r\n", ERR_OK, SMTP_DONE, 250, false, 0,
	    "DATA", NULL, NULL },
	{ "DATA refused", "", "DATA", "554 no\r\n", ERR_DENIED, SMTP_DATA, 554, false, 0, NULL, "Subject",
	    NULL },
	{ "DATA later", "", "DATA", "451 no\r\n", ERR_UNAVAILABLE, SMTP_DATA, 451, false, 0, NULL, "Subject",
	    NULL },
	{ "DATA answered with 250", "", "DATA", "250 what\r\n", ERR_UNAVAILABLE, SMTP_DATA, 250, false, 0,
	    NULL, "Subject", NULL },
	{ "cut after DATA", "", "DATA", NULL, ERR_UNAVAILABLE, SMTP_DATA, 0, false, 0, NULL, NULL, NULL },
	{ "message refused", "", ".", "554 5.7.1 spam\r\n", ERR_DENIED, SMTP_DATA, 554, false, 0, NULL, NULL,
	    "5.7.1 spam" },
	{ "message too large", "", ".", "552 5.3.4 big\r\n", ERR_LIMIT, SMTP_DATA, 552, false, 0, NULL, NULL,
	    NULL },
	{ "message later", "", ".", "452 4.3.1 disk\r\n", ERR_UNAVAILABLE, SMTP_DATA, 452, false, 0, NULL,
	    NULL, NULL },
	{ "cut after the dot", "", ".", NULL, ERR_UNAVAILABLE, SMTP_DATA, 0, true, 0, NULL, NULL,
	    "the connection was closed" },
	{ "hangs after the dot", "", ".", HANG, ERR_UNAVAILABLE, SMTP_DATA, 0, true, 0, NULL, NULL,
	    "no answer in time" },
	{ "nonsense after the dot", "", ".", "ok\r\n", ERR_UNAVAILABLE, SMTP_DATA, 0, true, 0, NULL, NULL,
	    NULL },
	{ "several lines after the dot", "", ".", "250-2.0.0 one\r\n250-two\r\n250 three\r\n", ERR_OK,
	    SMTP_DONE, 250, false, 0, NULL, NULL, "2.0.0 one\ntwo\nthree" },
	{ "line feeds alone", "", ".", "250-a\n250\n", ERR_OK, SMTP_DONE, 250, false, 0, NULL, NULL, "a" },
	{ "code out of range", "", "MAIL", "650 x\r\n", ERR_UNAVAILABLE, SMTP_FROM, 0, false, 0, NULL, "DATA",
	    "the answer is not SMTP" },
};

static void send_row(const struct send_case *c)
{
	struct sending s = { .mock = { .features = c->features, .at = c->at, .say = c->say } };

	/* the answer to the dot is waited for ten times as long */
	s.config.command_ms = c->say && !strcmp(c->say, HANG) ? 100 : 0;
	send_mail(&s);
	assert_int_equal(s.e, c->want);
	assert_int_equal(s.result.phase, c->phase);
	assert_int_equal(s.result.code, c->code);
	assert_int_equal(s.result.unsure, c->unsure);
	assert_int_equal(s.result.bad_recipient, c->bad_recipient);
	if (c->heard)
		assert_non_null(strstr(s.mock.transcript, c->heard));
	if (c->not_heard)
		assert_null(strstr(s.mock.transcript, c->not_heard));
	if (c->text)
		assert_string_equal(s.text, c->text);
	done(&s);
}
TEST_ROW(send_row)

/* RFC 3463, 3.6; RFC 5321, 4.5.3.1.10. */
static const struct many_case {
	const char *name, *at, *say;
	enum err want;
	bool too_many;
} many_cases[] = {
	{ "for good", "RCPT TO:<c", "550 5.5.3 too many\r\n", ERR_LIMIT, true },
	{ "for now", "RCPT TO:<c", "452 4.5.3 too many\r\n", ERR_LIMIT, true },
	{ "by the reply code", "RCPT TO:<c", "452 too many\r\n", ERR_LIMIT, true },
	{ "after the dot", ".", "554 5.5.3 too many\r\n", ERR_LIMIT, true },
	{ "the first can't be one too many", "RCPT TO:<b", "452 later\r\n", ERR_UNAVAILABLE, false },
	{ "no room", "RCPT TO:<c", "452 4.3.1 later\r\n", ERR_UNAVAILABLE, false },
	{ "a full mailbox", "RCPT TO:<c", "552 5.2.2 full\r\n", ERR_LIMIT, false },
};

static void too_many_recipients(const struct many_case *c)
{
	struct sending s = { .mock = { .features = "PIPELINING", .at = c->at, .say = c->say } };

	send_mail(&s);
	assert_int_equal(s.e, c->want);
	assert_int_equal(s.result.too_many, c->too_many);
	done(&s);
}
TEST_ROW(too_many_recipients)

/* ---- addresses ---- */

static const struct address_case {
	const char *name, *features, *from, *to;
	enum err want;
	enum smtp_phase phase;
	const char *heard;
} address_cases[] = {
	{ "beyond ASCII", "SMTPUTF8|8BITMIME", "a@example.org", "\xC3\xBC@example.org", ERR_OK, SMTP_DONE,
	    "MAIL FROM:<a@example.org> BODY=8BITMIME SMTPUTF8\r\n" },
	{ "beyond ASCII, not supported", "8BITMIME", "\xC3\xBC@example.org", "b@example.org", ERR_UNSUPPORTED,
	    SMTP_FROM, NULL },
	{ "a command in the recipient", "", "a@example.org", "b@x>\r\nRCPT TO:<c@x", ERR_DENIED, SMTP_RCPT,
	    NULL },
	{ "a space in the sender", "", "a b@example.org", "b@example.org", ERR_DENIED, SMTP_FROM, NULL },
	{ "empty recipient", "", "a@example.org", "", ERR_DENIED, SMTP_RCPT, NULL },
};

static void address(const struct address_case *c)
{
	struct bytes to = bytes_str(c->to);
	struct sending s = { .mock.features = c->features,
		.message = { .from = bytes_str(c->from), .to = &to, .n_to = 1 } };

	send_mail(&s);
	assert_int_equal(s.e, c->want);
	assert_int_equal(s.result.phase, c->phase);
	if (c->heard)
		assert_non_null(strstr(s.mock.transcript, c->heard));
	else
		assert_null(strstr(s.mock.transcript, "MAIL"));
	done(&s);
}
TEST_ROW(address)

static void eight_bits(void **state)
{
	struct sending s = { .mock.features = "8BITMIME", .message.data = BYTES("A: b\r\n\r\n\xC3\xBC\r\n") };

	(void)state;
	send_mail(&s);
	assert_int_equal(s.e, ERR_OK);
	assert_non_null(strstr(s.mock.transcript, "BODY=8BITMIME\r\n"));
	assert_non_null(strstr(s.mock.transcript, "\xC3\xBC\r\n.\r\n"));
	done(&s);
}

static void many_recipients(void **state)
{
	struct bytes to[350];
	struct sending s = {
		.mock = { .features = "PIPELINING", .at = "RCPT TO:<u333@", .say = "550 no\r\n" },
		.message = { .to = to, .n_to = 350 }
	};

	(void)state;
	for (int i = 0; i < 350; i++) {
		char text[32];

		snprintf(text, sizeof(text), "u%d@example.org", i);
		to[i] = test_copy(bytes_str(text));
	}
	send_mail(&s);
	assert_int_equal(s.e, ERR_DENIED);
	assert_int_equal(s.result.bad_recipient, 333);
	assert_null(strstr(s.mock.transcript, "DATA"));
	done(&s);
}

static void large_message(void **state)
{
	static char text[300000];
	struct sending s = { .mock.features = "SIZE 400000",
		.message.data = { (const uint8_t *)text, sizeof(text) } };

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 10)
		memcpy(text + i, ".2345678\r\n", 10);
	send_mail(&s);
	assert_int_equal(s.e, ERR_OK);
	assert_true(strlen(s.mock.transcript) > 330000);
	assert_non_null(strstr(s.mock.transcript, "..2345678\r\n.\r\nQUIT"));
	done(&s);
}

/* ---- in pieces ---- */

/* The message's second half; fails where its last piece is NULL. */
struct pieces {
	const char *const *v;
	size_t n, at;
};

static enum err next_piece(void *arg, struct bytes *piece)
{
	struct pieces *p = arg;

	*piece = bytes_str("");
	if (p->at == p->n)
		return ERR_OK;
	if (!p->v[p->at])
		return ERR_NOT_FOUND;
	*piece = bytes_str(p->v[p->at++]);
	return ERR_OK;
}

static enum err refuse(void *arg)
{
	(void)arg;
	return ERR_UNAVAILABLE;
}

static const struct pieces_case {
	const char *name;
	const char *v[4];
	size_t n;
	enum err (*last_moment)(void *arg);
	enum err want;
	const char *heard, *not_heard;
} pieces_cases[] = {
	{ "a dot between two", { "a\r\n", ".b\r\n" }, 2, NULL, ERR_OK, "SIZE=28 BODY=8BITMIME\r\n", NULL },
	{ "dots are doubled across pieces", { "a\r", "\n", ".b\r\n" }, 3, NULL, ERR_OK,
	    "x\r\n\r\na\r\n..b\r\n.\r\n", NULL },
	{ "nothing more", { "" }, 0, NULL, ERR_OK, "x\r\n\r\n.\r\n", NULL },
	{ "it fails on the way", { "a\r\n", NULL }, 2, NULL, ERR_NOT_FOUND, "DATA", "\r\n.\r\n" },
	{ "the caller stops it at the end", { "a\r\n" }, 1, refuse, ERR_UNAVAILABLE, "DATA", "\r\n.\r\n" },
};

static void in_pieces(const struct pieces_case *c)
{
	struct pieces p = { c->v, c->n, 0 };
	struct source rest = { next_piece, &p, 14 };
	struct sending s = { .mock.features = "SIZE 1000|8BITMIME",
		.message = { .data = BYTES("Subject: x\r\n\r\n"),
		    .rest = &rest,
		    .rest_is_8bit = true,
		    .last_moment = c->last_moment } };

	send_mail(&s);
	assert_int_equal(s.e, c->want);
	assert_false(s.result.unsure);
	usleep(c->want ? 50000 : 0); /* what must not come gets a chance to */
	assert_non_null(strstr(s.mock.transcript, c->heard));
	if (c->not_heard)
		assert_null(strstr(s.mock.transcript, c->not_heard));
	done(&s);
}
TEST_ROW(in_pieces)

static void too_large_in_pieces(void **state)
{
	struct pieces p = { NULL, 0, 0 };
	struct source rest = { next_piece, &p, 2000 };
	struct sending s = { .mock.features = "SIZE 1000", .message.rest = &rest };

	(void)state;
	send_mail(&s);
	assert_int_equal(s.e, ERR_LIMIT);
	assert_null(strstr(s.mock.transcript, "MAIL"));
	done(&s);
}

int main(void)
{
	TEST_ADD_ROWS(in_pieces, pieces_cases);
	TEST_ADD(too_large_in_pieces);
	TEST_ADD_ROWS(data, data_cases);
	TEST_ADD_ROWS(send_row, send_cases);
	TEST_ADD_ROWS(too_many_recipients, many_cases);
	TEST_ADD_ROWS(address, address_cases);
	TEST_ADD(eight_bits);
	TEST_ADD(many_recipients);
	TEST_ADD(large_message);
	return test_run("smtp");
}
