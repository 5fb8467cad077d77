#include "mail/kql.h"
#include "unit/backends/imap_variants.h"

/* SEARCH and THREAD. */

static void searches(struct scene *s)
{
	struct imap_uids uids;
	uint32_t uid;

	append(s, "INBOX", "old1", 0); /* of 2023 */
	ok(imap_append(s->other, BYTES("INBOX"), BYTES("Message-ID: <n1@x>\r\n\r\n"), 0, 1790000000, &uid));
	ok(imap_append(s->other, BYTES("INBOX"), BYTES("Message-ID: <n2@x>\r\n\r\n"), 0, 1790000000, &uid));
	append(s, "INBOX", "old2", 0);
	ok(imap_append(s->other, BYTES("INBOX"), BYTES("Message-ID: <n1@x>\r\n\r\n"), 0, 1790000000, &uid));
	select_box(s, "INBOX");
	ok(imap_search_since(s->c, s->a, 1780000000, &uids));
	assert_int_equal(uids.n, 3);
	assert_true(uids.v[0] == 2 && uids.v[1] == 3 && uids.v[2] == 5);
	ok(imap_search_since(s->c, s->a, 1800000000, &uids));
	assert_int_equal(uids.n, 0);
	ok(imap_search_message_id(s->c, s->a, BYTES("<n1@x>"), &uids));
	assert_int_equal(uids.n, 2);
	assert_true(uids.v[0] == 2 && uids.v[1] == 5);
	ok(imap_search_message_id(s->c, s->a, BYTES("<none \" \\ \xC3\xA4@x>"), &uids));
	assert_int_equal(uids.n, 0);
}

/* By References alone, and by the subject alone. */
static void threads(struct scene *s)
{
	static const char *const mails[] = { "Message-ID: <a@x>\r\nSubject: A\r\n\r\n",
		"Message-ID: <b@x>\r\nSubject: B\r\n\r\n",
		"Message-ID: <c@x>\r\nReferences: <a@x>\r\nSubject: C\r\n\r\n",
		"Message-ID: <d@x>\r\nSubject: Re: B\r\n\r\n" };
	struct imap_threads t;
	uint32_t thread_of[5] = { 0 }, uid;

	for (size_t i = 0; i < 4; i++)
		ok(imap_append(s->other, BYTES("INBOX"), bytes_str(mails[i]), 0, 1790000000, &uid));
	select_box(s, "INBOX");
	if (!(imap_caps(s->c) & IMAP_CAP_THREAD)) {
		assert_int_equal(imap_thread(s->c, s->a, &t), ERR_UNSUPPORTED);
		return;
	}
	ok(imap_thread(s->c, s->a, &t));
	assert_int_equal(t.n, 4);
	for (size_t i = 0; i < t.n; i++)
		thread_of[t.v[i].uid] = t.v[i].thread;
	assert_int_equal(thread_of[1], thread_of[3]);
	assert_int_equal(thread_of[2], thread_of[4]);
	assert_int_not_equal(thread_of[1], thread_of[2]);
}

/* What each of these finds of three mails: their uids in a row, as one number. */
static const struct {
	const char *kql;
	unsigned uids;
} queries[] = {
	{ "", 123 },
	{ "from:ann", 1 },
	{ "from:\xC3\xA4nne", 2 }, /* an encoded word, and in capitals */
	{ "gr\xC3\xBC\xC3\x9F", 1 },
	{ "needle", 2 }, /* of a text in base64 */
	{ "ann needle", 0 },
	{ "from:ann OR needle", 12 },
	{ "NOT needle", 13 },
	{ "subject:\"one two\"", 1 },
	{ "subject:\"two one\"", 0 },
	{ "two one", 1 },
	{ "participants:bob", 13 },
	{ "subject:\"q\\\"", 3 },
	{ "hasattachment:true", 3 },
	{ "isread:true", 2 },
	{ "isflagged:no", 123 },
	{ "received>=2026-01-01", 3 },
	{ "received<2026-01-01 NOT from:ann", 2 },
	{ "(from:ann OR isread:yes) received<=2026-01-01", 12 },
};

static void finds_what_is_asked(struct scene *s)
{
	static const uint32_t uids[] = { 1, 2, 3, 4 };
	struct imap_uids found;
	const struct query *q;
	int64_t *dates;
	uint32_t uid;

	ok(imap_append(s->other, BYTES("INBOX"),
	    BYTES("From: Ann <ann@x>\r\nTo: bob@x\r\nSubject: one two\r\n"
		  "Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xC3\xBC\xC3\x9F"
		  "e\r\n"),
	    0, 1700000000, &uid));
	ok(imap_append(s->other, BYTES("INBOX"),
	    BYTES("From: =?utf-8?Q?=C3=84nne?= <aenne@x>\r\n"
		  "Content-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\r\nYSBuZWVkbGUK\r\n"),
	    IMAP_SEEN, 1700000000, &uid));
	ok(imap_append(s->other, BYTES("INBOX"),
	    BYTES("Cc: bob@x\r\nSubject: q\\ x\r\nContent-Type: multipart/mixed; "
		  "boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"),
	    0, 1790000000, &uid));
	select_box(s, "INBOX");
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		unsigned got = 0;

		ok(kql_parse(s->a, bytes_str(queries[i].kql), 0, &q));
		ok(imap_search(s->c, s->a, q, &found));
		for (size_t k = 0; k < found.n; k++)
			got = got * 10 + found.v[k];
		if (got != queries[i].uids)
			fail_msg("%s finds %u", queries[i].kql, got);
	}
	ok(imap_fetch_dates(s->c, s->a, uids, 4, &dates));
	assert_true(dates[0] == 1700000000 && dates[2] == 1790000000 && dates[3] == IMAP_NO_DATE);
}

static const struct scenario scenarios[] = {
	{ "search", searches },
	{ "threads", threads },
	{ "queries", finds_what_is_asked },
};

int main(void)
{
	return run_variants("imap_find", scenarios, sizeof(scenarios) / sizeof(*scenarios));
}
