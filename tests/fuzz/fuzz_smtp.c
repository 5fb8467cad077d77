#include "fuzz/canned_server.h"

#include <string.h>

#include "smtp/smtp.h"
#include "smtp/smtp_data.h"

/* What an SMTP server says, and what a phone gives us to send. The first byte says with how many recipients; the
 * message goes up to the first NUL, the server's answers are the rest. Whatever they are: sending ends; "sent" is said
 * only after a server's 250, and "maybe sent" only after the final dot; a message can't end the DATA
 * command before its end. */

enum { MOST_TO = 3 };

struct sending {
	struct bytes message;
	size_t n_to;
};

static void check_result(enum err e, const struct smtp_result *r, size_t n_to)
{
	MUST(e == ERR_OK || e == ERR_AUTH || e == ERR_DENIED || e == ERR_LIMIT || e == ERR_UNAVAILABLE ||
	     e == ERR_UNSUPPORTED);
	MUST(!r->code || (r->code >= 200 && r->code <= 599));
	MUST((e == ERR_OK) == (r->phase == SMTP_DONE));
	MUST(e || (r->code / 100 == 2 && !r->unsure));
	MUST(!r->unsure || r->phase == SMTP_DATA);
	MUST(r->bad_recipient < n_to || !r->bad_recipient);
	MUST(r->phase == SMTP_RCPT || !r->bad_recipient);
	MUST(e != ERR_AUTH || r->phase == SMTP_LOGIN);
	MUST(r->text.p || !r->text.len);
}

static void client(void *arg)
{
	static const struct bytes to[MOST_TO] = { { (const uint8_t *)"b@example.org", 13 },
		{ (const uint8_t *)"\xC3\xA4@example.org", 14 }, { (const uint8_t *)"c@example.org", 13 } };
	const struct sending *s = arg;
	struct smtp_config config = { .server = canned_target(canned_server()),
		.login = s->n_to == MOST_TO,
		.helo = "gate.example.org",
		.command_ms = 1000 };
	struct smtp_message m = { .user = BYTES("user"),
		.password = BYTES("pass"),
		.from = BYTES("a@example.org"),
		.to = to,
		.n_to = s->n_to,
		.data = s->message };
	struct smtp_result result;

	check_result(smtp_send(&config, &m, &result), &result, s->n_to);
}

/* Line ends are whole, and the only line that is, or begins with, one dot is the last. */
static void check_data(struct bytes message)
{
	size_t cap = message.len * 2 + 64, n = 0, dots = 0;
	uint8_t *out = malloc(cap);
	struct smtp_data d = { 0 };
	struct bytes left = message, line, all;

	while (left.len)
		n += smtp_data_put(&d, &left, out + n, cap - n);
	n += smtp_data_end(&d, out + n);
	MUST(n <= cap && n >= 3);
	for (size_t i = 0; i < n; i++)
		MUST((out[i] != '\r' || (i + 1 < n && out[i + 1] == '\n')) &&
		     (out[i] != '\n' || (i && out[i - 1] == '\r')));
	for (all = bytes_of(out, n); bytes_split(&all, '\n', &line);)
		dots += bytes_starts(line, ".") && !bytes_starts(line, "..");
	MUST(dots == 1 && out[n - 3] == '.' && (n == 3 || out[n - 4] == '\n'));
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data + 1, size ? size - 1 : 0);
	struct sending s = { { 0 }, 0 };

	if (!size)
		return 0;
	s.n_to = 1 + data[0] % MOST_TO;
	(void)bytes_split(&in, 0, &s.message);
	check_data(s.message);
	canned_run(canned_server(), in, client, &s);
	return 0;
}
