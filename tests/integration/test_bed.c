/* The bed itself: what the other integration tests stand on. */
#include "integration/truth.h"
#include "integration/truth_wire.h"
#include "testing.h"

static struct bed *bed;

static const char small_mail[] =
    "From: Bob <bob@example.org>\r\nTo: alice@example.org\r\nSubject: Hello\r\n\r\n.dots\r\n";

/* Sends, and expects the answer to begin so. */
static void expect(const char *port, const char *say, const char *want)
{
	struct truth_wire w;

	truth_wire_open(&w, bed_get(bed, "HOST"), bed_port(bed, port));
	truth_wire_send(&w, bytes_str(say));
	assert_true(bytes_starts(truth_wire_line(&w), want));
	truth_wire_close(&w);
}

static const struct greeting_case {
	const char *name, *port, *say, *want;
} greeting_cases[] = {
	{ "dovecot speaks IMAP", "IMAP_PORT", "", "* OK" },
	{ "dovecot speaks LMTP", "LMTP_PORT", "", "220" },
	{ "dovecot speaks ManageSieve", "SIEVE_PORT", "", "\"IMPLEMENTATION\"" },
	{ "redis answers", "REDIS_PORT", "PING\r\n", "+PONG" },
	{ "radicale answers", "RADICALE_PORT", "GET /.web/ HTTP/1.0\r\n\r\n", "HTTP/1.0 200" },
	{ "mocksmtp greets", "MOCKSMTP_PORT", "", "220" },
};

static void greeting(const struct greeting_case *c)
{
	expect(c->port, c->say, c->want);
}
TEST_ROW(greeting)

static void the_truth_is_told(void **state)
{
	struct truth *t = truth_open(bed, "alice@example.org");
	const struct truth_mail *all;
	struct bytes mail;
	uint32_t uid;

	(void)state;
	uid =
	    truth_append(t, "INBOX", "\\Seen \\Flagged", "02-Nov-2026 10:00:00 +0000", bytes_str(small_mail));
	assert_int_equal(truth_list(t, "INBOX", &all), 1);
	assert_int_equal(all[0].uid, uid);
	assert_int_equal(all[0].size, sizeof(small_mail) - 1);
	assert_string_equal(all[0].flags, "\\Flagged \\Seen");
	assert_string_equal(all[0].date, "02-Nov-2026 10:00:00 +0000");
	assert_true(all[0].modseq > 0);
	assert_true(truth_fetch(t, "INBOX", uid, &mail));
	assert_bytes_str(mail, small_mail);

	truth_store(t, "INBOX", "1:*", "-FLAGS", "\\Seen");
	assert_string_equal(truth_mail(t, "INBOX", uid)->flags, "\\Flagged");
	truth_move(t, "INBOX", "1:*", "Archive");
	assert_int_equal(truth_list(t, "INBOX", &all), 0);
	assert_int_equal(truth_list(t, "Archive", &all), 1);
	truth_expunge(t, "Archive", "1:*");
	assert_int_equal(truth_list(t, "Archive", &all), 0);
	assert_false(truth_fetch(t, "INBOX", uid, &mail));
	truth_close(&t);
}

static void mailboxes_have_any_name(void **state)
{
	struct truth *t = truth_open(bed, "carol@example.org");

	(void)state;
	truth_create(t, "Entwürfe & \"Pläne\"/日本語");
	assert_true(truth_has_mailbox(t, "Entwürfe & \"Pläne\"/日本語"));
	truth_rename(t, "Entwürfe & \"Pläne\"/日本語", "Ablage\\1");
	assert_false(truth_has_mailbox(t, "Entwürfe & \"Pläne\"/日本語"));
	assert_true(truth_has_mailbox(t, "Ablage\\1"));
	truth_delete(t, "Ablage\\1");
	assert_false(truth_has_mailbox(t, "Ablage\\1"));
	assert_true(truth_has_mailbox(t, "Sent"));
	truth_close(&t);
}

static void many_mails_at_once(void **state)
{
	struct truth *t = truth_open(bed, "user0002@example.org");
	const struct truth_mail *all;

	(void)state;
	truth_append_many(t, "INBOX", 500, "Subject: mail #\r\n\r\nBody.\r\n");
	assert_int_equal(truth_list(t, "INBOX", &all), 500);
	assert_int_equal(all[499].uid, 500);
	truth_close(&t);
}

static void delivery_arrives(void **state)
{
	struct truth *t = truth_open(bed, "bob@example.org");
	const struct truth_mail *all;
	struct bytes mail;

	(void)state;
	truth_deliver(bed, "bob@example.org", bytes_str(small_mail));
	assert_int_equal(truth_list(t, "INBOX", &all), 1);
	assert_true(truth_fetch(t, "INBOX", all[0].uid, &mail));
	assert_non_null(memmem(mail.p, mail.len, "\r\n\r\n.dots\r\n", 11));
	truth_close(&t);
}

/* AUTH PLAIN as bob; the mail goes through the queue, so it takes a moment. */
static bool has_mail(void *arg)
{
	const struct truth_mail *all;

	return truth_list(arg, "INBOX", &all) > 0;
}

static void submit(struct truth_wire *w, const char *line, const char *want)
{
	struct bytes answer;

	truth_wire_send(w, bytes_str(line));
	do
		answer = truth_wire_line(w);
	while (answer.len > 3 && answer.p[3] == '-');
	if (!bytes_starts(answer, want))
		fail_msg("%s%.*s", line, BYTES_ARG(answer));
}

static void postfix_delivers_to_dovecot(void **state)
{
	struct truth *t;
	struct truth_wire w;

	(void)state;
	if (strcmp(bed_get(bed, "SMTP"), "present") != 0) {
		print_message("skipped: Postfix %s\n", bed_get(bed, "SMTP_ABSENT_BECAUSE"));
		skip();
	}
	t = truth_open(bed, "erin@example.org");
	truth_wire_open(&w, bed_get(bed, "HOST"), bed_port(bed, "SMTP_PORT"));
	submit(&w, "", "220");
	submit(&w, "EHLO test\r\n", "250");
	submit(&w, "MAIL FROM:<bob@example.org>\r\n", "250");
	submit(&w, "RCPT TO:<nobody@example.org>\r\n", "550");
	submit(&w, "RCPT TO:<x@elsewhere.example>\r\n", "554");
	submit(&w, "RCPT TO:<erin@example.org>\r\n", "250");
	submit(&w, "DATA\r\n", "354");
	submit(&w, "Subject: through Postfix\r\n\r\nHello\r\n.\r\n", "250");
	truth_wire_close(&w);
	assert_true(bed_wait(has_mail, t, 10000));
	truth_close(&t);
}

static void services_come_back_with_their_data(void **state)
{
	struct truth *t = truth_open(bed, "dora@example.org");
	const struct truth_mail *all;

	(void)state;
	truth_append(t, "INBOX", NULL, NULL, bytes_str(small_mail));
	assert_true(bed_service_kill(bed, "dovecot"));
	assert_int_equal(bed_service_pid(bed, "dovecot"), 0);
	assert_true(bed_service_restart(bed, "dovecot"));
	assert_int_equal(truth_list(t, "INBOX", &all), 1);
	assert_true(bed_service_restart(bed, "redis"));
	expect("REDIS_PORT", "PING\r\n", "+PONG");
	truth_close(&t);
}

static void wrong_password_is_refused_soon(void **state)
{
	const int64_t start = bed_now_ms();
	struct truth_wire w;

	(void)state;
	truth_wire_open(&w, bed_get(bed, "HOST"), bed_port(bed, "IMAP_PORT"));
	truth_wire_line(&w);
	truth_wire_send(&w, BYTES("a LOGIN alice@example.org wrong\r\n"));
	assert_true(bytes_starts(truth_wire_line(&w), "a NO"));
	truth_wire_close(&w);
	assert_true(bed_now_ms() - start < 1500); /* Dovecot's own delay would be 2 s, then ever more */
}

static void extensions_hide(void **state)
{
	struct bed *poor = bed_start(&(struct bed_opts){ .services = "dovecot",
	    .imap_hide = "NOTIFY,CONDSTORE,QRESYNC",
	    .dots = true,
	    .no_special_use = true });
	struct truth *t;
	struct bytes caps;

	(void)state;
	assert_non_null(poor);
	t = truth_open(poor, "alice@example.org");
	caps = truth_command(t, "CAPABILITY");
	assert_null(memmem(caps.p, caps.len, "NOTIFY", 6));
	assert_null(memmem(caps.p, caps.len, "QRESYNC", 7));
	assert_non_null(memmem(caps.p, caps.len, "UIDPLUS", 7));
	assert_false(truth_has_mailbox(t, "Sent"));
	truth_create(t, "a.b");
	assert_true(truth_has_mailbox(t, "a"));
	truth_close(&t);
	bed_stop(&poor);
}

int main(void)
{
	int failed;

	bed = bed_start(
	    &(struct bed_opts){ .services = "dovecot,redis,postfix,radicale,mocksmtp", .users = 3 });
	if (!bed)
		return 1;
	TEST_ADD_ROWS(greeting, greeting_cases);
	TEST_ADD(the_truth_is_told);
	TEST_ADD(mailboxes_have_any_name);
	TEST_ADD(many_mails_at_once);
	TEST_ADD(delivery_arrives);
	TEST_ADD(postfix_delivers_to_dovecot);
	TEST_ADD(wrong_password_is_refused_soon);
	TEST_ADD(services_come_back_with_their_data);
	TEST_ADD(extensions_hide);
	failed = test_run("bed");
	bed_stop(&bed);
	return failed;
}
