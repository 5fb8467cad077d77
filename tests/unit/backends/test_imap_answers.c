/* What an IMAP server may answer without failing, and what shall be made of it: each row has the rules of a mock and the
 * scenario that meets them. */
#include "mail/kql.h"
#include "unit/backends/imap_scene.h"

/* ---- a mailbox of another life ---- */

#define SELECTED(exists, validity, modseq)                                                                \
	"* " exists " EXISTS\r\n* OK [UIDVALIDITY " validity "] x\r\n* OK [UIDNEXT 5] x\r\n* OK [" modseq \
	"] x\r\n"                                                                                         \
	"$ OK [READ-WRITE] x\r\n"

static void validity_between_borrowers(struct scene *s)
{
	log_in(s);
	assert_int_equal(select_inbox(s).uid_validity, 7);
	imap_close(&s->c);
	log_in(s);
	assert_int_equal(select_inbox(s).uid_validity, 8);
}

/* The caller's uids are the old one's: it must not take the new one's messages for them. */
static void validity_between_calls(struct scene *s)
{
	struct imap_changes ch;
	struct imap_status status;

	log_in(s);
	select_inbox(s);
	ask_something(s);
	assert_int_equal(imap_fetch_changes(s->c, s->a, 12, &ch), ERR_NOT_FOUND);
	assert_true(imap_problem(s->c)[0]);
	status = select_inbox(s);
	assert_true(status.known);
	assert_int_equal(status.uid_validity, 8);
	assert_int_equal(imap_fetch_changes(s->c, s->a, 0, &ch), ERR_OK);
	assert_int_equal(ch.n, 2);
}

static void validity_before_expunge(struct scene *s)
{
	uint32_t uid = 3;

	log_in(s);
	select_inbox(s);
	assert_int_equal(imap_expunge(s->c, &uid, 1), ERR_NOT_FOUND);
	assert_false(heard(s, "STORE"));
	assert_false(heard(s, "EXPUNGE"));
}

/* ---- modseqs ---- */

static void everything_is_told(struct scene *s, bool fresh, uint64_t modseq)
{
	struct imap_changes ch;

	log_in(s);
	select_inbox(s);
	if (!fresh)
		ask_something(s);
	assert_int_equal(imap_fetch_changes(s->c, s->a, 12, &ch), ERR_OK);
	assert_true(ch.complete);
	assert_int_equal(ch.n, 2);
	assert_int_equal(ch.highest_modseq, modseq);
}

static void backwards(struct scene *s)
{
	everything_is_told(s, false, 5);
}

static void backwards_when_selected(struct scene *s)
{
	everything_is_told(s, true, 5);
}

static void no_more_modseqs(struct scene *s)
{
	everything_is_told(s, false, 0);
}

static void no_modseqs(struct scene *s)
{
	everything_is_told(s, true, 0);
}

/* ---- messages ---- */

/* Dovecot says "" for a Content-Type that it can't read. Without a type there is no number of lines behind the size. */
static void no_type(struct scene *s)
{
	const struct mime_part *p;
	struct imap_messages m;
	uint32_t uid = 3;

	log_in(s);
	select_inbox(s);
	assert_int_equal(imap_fetch_messages(s->c, s->a, &uid, 1, &m), ERR_OK);
	assert_int_equal(m.n, 1);
	p = mime_part_find(m.v[0].structure, BYTES("1"));
	assert_non_null(p);
	assert_int_equal(p->size, 723);
	assert_int_equal(p->disposition, MIME_ATTACHMENT);
	assert_bytes_str(mime_param(&p->disposition_params, "filename"), "i.pdf");
	assert_bytes_str(mime_part_find(m.v[0].structure, BYTES("2"))->language, "de");
}

static void any_order(struct scene *s)
{
	struct imap_changes ch;

	log_in(s);
	select_inbox(s);
	assert_int_equal(imap_fetch_changes(s->c, s->a, 0, &ch), ERR_OK);
	assert_int_equal(ch.n, 3);
	assert_true(ch.v[0].uid == 3 && ch.v[1].uid == 4 && ch.v[2].uid == 9);
	assert_int_equal(ch.v[0].flags, IMAP_FLAGGED); /* what was told last */
	assert_int_equal(ch.v[1].flags, 0);
	assert_int_equal(ch.v[2].flags, IMAP_SEEN);
}

static void search_finds_three(struct scene *s)
{
	struct imap_uids uids;

	log_in(s);
	assert_int_equal(imap_search_since(s->c, s->a, 0, &uids), ERR_OK);
	assert_int_equal(uids.n, 3);
	assert_true(uids.v[0] == 2 && uids.v[1] == 10 && uids.v[2] == 11);
}

static void search_fails(struct scene *s)
{
	struct imap_uids uids;

	log_in(s);
	assert_int_equal(imap_search_since(s->c, s->a, 0, &uids), ERR_UNAVAILABLE);
}

static void search_too_many(struct scene *s)
{
	struct imap_uids uids;

	log_in(s);
	assert_int_equal(imap_search_since(s->c, s->a, 0, &uids), ERR_LIMIT);
}

/* 2, 10 and 11 belong together, and 4 stands alone. */
static void threads_are_two(struct scene *s)
{
	struct imap_threads t;

	log_in(s);
	assert_int_equal(imap_thread(s->c, s->a, &t), ERR_OK);
	assert_int_equal(t.n, 4);
	assert_true(t.v[0].uid == 2 && t.v[1].uid == 10 && t.v[2].uid == 11 && t.v[3].uid == 4);
	assert_true(t.v[0].thread == t.v[1].thread && t.v[1].thread == t.v[2].thread);
	assert_true(t.v[3].thread != t.v[0].thread);
}

static void threads_are_none(struct scene *s)
{
	struct imap_threads t;

	log_in(s);
	assert_int_equal(imap_thread(s->c, s->a, &t), ERR_OK);
	assert_int_equal(t.n, 0);
}

static void threads_fail(struct scene *s)
{
	struct imap_threads t;

	log_in(s);
	assert_int_equal(imap_thread(s->c, s->a, &t), ERR_UNAVAILABLE);
}

static void threads_are_refused(struct scene *s)
{
	struct imap_threads t;
	struct imap_uids uids;

	log_in(s);
	assert_int_equal(imap_thread(s->c, s->a, &t), ERR_UNSUPPORTED);
	assert_int_equal(imap_search_since(s->c, s->a, 0, &uids), ERR_OK); /* all is well */
}

static void too_much_for_the_arena(struct scene *s)
{
	struct imap_part_request part = { .uid = 3, .section = "1" };
	struct arena *small = arena_new(100 * 1000);
	struct imap_status ignored;

	log_in(s);
	select_inbox(s);
	assert_int_equal(imap_fetch_parts(s->c, small, &part, 1), ERR_LIMIT);
	assert_int_equal(imap_status(s->c, BYTES("INBOX"), &ignored), ERR_UNAVAILABLE);
	arena_free(&small);
}

/* A server that refuses a literal before it is sent: the message stays here, the connection good. */
static void literal_refused(struct scene *s)
{
	uint32_t uid;

	log_in(s);
	assert_int_equal(imap_append(s->c, BYTES("Sent"), BYTES("A: b\r\n\r\n"), 0, 0, &uid), ERR_LIMIT);
	assert_string_equal(imap_problem(s->c), "too big");
	ask_something(s);
	assert_false(heard(s, "A: b"));
}

/* ---- queries as search keys ---- */

static void query_is(struct scene *s, const char *kql, const char *command)
{
	struct imap_uids uids;
	const struct query *q;

	log_in(s);
	select_inbox(s);
	assert_int_equal(kql_parse(s->a, bytes_str(kql), 0, &q), ERR_OK);
	assert_int_equal(imap_search(s->c, s->a, q, &uids), ERR_OK);
	assert_int_equal(uids.n, 2);
	assert_true(heard(s, command));
}

static void query_of_all(struct scene *s)
{
	query_is(s, "", "UID SEARCH UNDELETED\r\n");
}

static void query_of_fields(struct scene *s)
{
	query_is(s, "to:\"a \\ b\" OR subject:x isread:no received:2026-11-24",
	    "UID SEARCH UNDELETED OR TO \"a \\\\ b\" ((SUBJECT \"x\" NOT SEEN) (SINCE 24-Nov-2026 BEFORE "
	    "25-Nov-2026))\r\n");
}

static void query_of_words(struct scene *s)
{
	query_is(s, "NOT x",
	    "UID SEARCH RETURN (ALL) UNDELETED NOT OR FROM \"x\" OR TO \"x\" OR CC \"x\" OR BCC \"x\" OR "
	    "SUBJECT \"x\" "
	    "BODY \"x\"\r\n");
}

static void query_of_other_letters(struct scene *s)
{
	query_is(s, "from:\xC3\xA4", "UID SEARCH CHARSET UTF-8 UNDELETED FROM {2}\r\n");
}

static void query_of_words_alike(struct scene *s)
{
	query_is(s, "recipients:x subject:\"y\"",
	    "UID SEARCH UNDELETED (OR FUZZY TO \"x\" OR FUZZY CC \"x\" FUZZY BCC \"x\" SUBJECT \"y\")\r\n");
}

static void dates_in_any_order(struct scene *s)
{
	static const uint32_t uids[] = { 3, 4, 9 };
	int64_t *dates;

	log_in(s);
	select_inbox(s);
	assert_int_equal(imap_fetch_dates(s->c, s->a, uids, 3, &dates), ERR_OK);
	assert_true(dates[0] == 1700000000 && dates[1] == IMAP_NO_DATE && dates[2] == 1700000001);
	assert_true(heard(s, "UID FETCH 3:4,9 (UID INTERNALDATE)\r\n"));
}

/* ---- LIST ---- */

#define NAMESPACES_LIST                                                                             \
	"* LIST () \".\" INBOX.Sent\r\n* LIST () \".\" INBOX\r\n* LIST (\\Noselect) \".\" user\r\n" \
	"* LIST () \".\" user.bob.x\r\n* LIST () \".\" username\r\n* LIST () \"/\" Public/y\r\n"    \
	"* LIST () \".\" INBOX.Sent\r\n$ OK x\r\n"

static struct imap_mailboxes list_all(struct scene *s)
{
	static const char *const names[] = { "INBOX", "INBOX.Sent", "user", "user.bob.x", "username",
		"Public/y" };
	struct imap_mailboxes m;

	log_in(s);
	assert_int_equal(imap_list(s->c, s->a, false, &m), ERR_OK);
	assert_int_equal(m.n, sizeof(names) / sizeof(*names)); /* what is told twice is there once */
	for (size_t i = 0; i < m.n; i++)
		assert_bytes_str(m.v[i].name, names[i]);
	return m;
}

static void namespaces_told(struct scene *s)
{
	static const bool foreign[] = { false, false, true, true, false, true };
	struct imap_mailboxes m = list_all(s);

	assert_bytes_str(m.prefix, "INBOX.");
	for (size_t i = 0; i < m.n; i++)
		assert_int_equal(m.v[i].foreign, foreign[i]);
}

static void namespaces_none(struct scene *s)
{
	struct imap_mailboxes m = list_all(s);

	assert_null(m.prefix.p);
	for (size_t i = 0; i < m.n; i++)
		assert_false(m.v[i].foreign);
}

static void namespaces_without_prefix(struct scene *s)
{
	struct imap_mailboxes m = list_all(s);

	assert_non_null(m.prefix.p);
	assert_int_equal(m.prefix.len, 0);
}

/* ---- rights ---- */

/* Neither says the server OK to what it then doesn't do, nor is a message copied that must stay. */
static void nothing_is_allowed(struct scene *s)
{
	const uint32_t uid = 3;
	struct imap_moved moved;

	log_in(s);
	select_inbox(s);
	assert_int_equal(imap_store_flags(s->c, uid, IMAP_SEEN, 0, NULL, 0, NULL, 0, 0), ERR_DENIED);
	assert_int_equal(imap_store_flags(s->c, uid, 0, IMAP_FLAGGED, NULL, 0, NULL, 0, 0), ERR_DENIED);
	assert_int_equal(imap_store_flags(s->c, uid, 0, 0, &BYTES("word"), 1, NULL, 0, 0), ERR_DENIED);
	assert_int_equal(imap_expunge(s->c, &uid, 1), ERR_DENIED);
	assert_int_equal(imap_expunge_all(s->c), ERR_DENIED);
	assert_int_equal(imap_move(s->c, s->a, &uid, 1, BYTES("Sent"), &moved), ERR_DENIED);
	assert_true(imap_problem(s->c)[0]);
	assert_false(heard(s, "STORE") || heard(s, "COPY") || heard(s, "MOVE") || heard(s, "EXPUNGE"));
	ask_something(s); /* the connection is good */
}

static void one_right(struct scene *s)
{
	const uint32_t uid = 3;

	log_in(s);
	select_inbox(s);
	assert_int_equal(
	    imap_store_flags(s->c, uid, IMAP_SEEN | IMAP_FORWARDED, 0, NULL, 0, NULL, 0, 0), ERR_OK);
	assert_int_equal(
	    imap_store_flags(s->c, uid, IMAP_SEEN | IMAP_FLAGGED, 0, NULL, 0, NULL, 0, 0), ERR_DENIED);
	assert_int_equal(imap_expunge(s->c, &uid, 1), ERR_DENIED);
}

static bool may_delete_both(struct scene *s)
{
	const struct bytes names[] = { BYTES("INBOX"), BYTES("other") };
	bool all;

	log_in(s);
	assert_int_equal(imap_may_delete(s->c, names, 2, &all), ERR_OK);
	return all;
}

static void both_may_go(struct scene *s)
{
	assert_true(may_delete_both(s));
}

static void one_must_stay(struct scene *s)
{
	assert_false(may_delete_both(s));
}

static void nobody_is_asked(struct scene *s)
{
	assert_true(may_delete_both(s));
	assert_false(heard(s, "MYRIGHTS"));
}

#define MY_RIGHTS(one, two)                                                                             \
	{                                                                                               \
		{ .at = "MYRIGHTS INBOX", .say = "* MYRIGHTS INBOX " one "\r\n$ OK x\r\n" },            \
		{                                                                                       \
			.at = "MYRIGHTS \"other\"", .say = "* MYRIGHTS \"other\" " two "\r\n$ OK x\r\n" \
		}                                                                                       \
	}
#define RIGHTS(flags, access) "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n" flags "$ OK [" access "] x\r\n"
#define ONE_THERE                                                           \
	{                                                                   \
		.at = "UID FETCH", .say = "* 1 FETCH (UID 3)\r\n$ OK x\r\n" \
	}

/* ---- capabilities ---- */

static void told_again(struct scene *s)
{
	uint32_t caps;

	log_in(s);
	caps = imap_caps(s->c);
	assert_true(caps & IMAP_CAP_MOVE);
	assert_false(caps & IMAP_CAP_QRESYNC); /* it couldn't be enabled */
	ask_something(s);
	assert_int_equal(imap_caps(s->c), caps);
}

#define THREADS "THREAD=ORDEREDSUBJECT THREAD=REFERENCES"
#define FOUND_TWO                                                       \
	{                                                               \
		.at = "UID SEARCH", .say = "* SEARCH 3 4\r\n$ OK x\r\n" \
	}

static const struct answer_case {
	const char *name;
	void (*run)(struct scene *s);
	const char *caps;
	struct imap_mock_rule rules[3];
} answer_cases[] = {
	{ "UIDVALIDITY changes between borrowers", validity_between_borrowers, "",
	    { { .at = "SELECT", .skip = 1, .say = SELECTED("1", "8", "UNSEEN 1") } } },
	{ "UIDVALIDITY changes between calls", validity_between_calls, "ENABLE QRESYNC CONDSTORE",
	    { { .at = "SELECT", .skip = 1, .say = SELECTED("1", "8", "HIGHESTMODSEQ 20") } } },
	{ "UIDVALIDITY changes before an expunge", validity_before_expunge, "",
	    { { .at = "SELECT", .skip = 1, .say = SELECTED("1", "8", "UNSEEN 1") } } },
	{ "HIGHESTMODSEQ goes backwards", backwards, "ENABLE QRESYNC CONDSTORE",
	    { { .at = "SELECT", .skip = 1, .say = SELECTED("2", "7", "HIGHESTMODSEQ 5") } } },
	{ "HIGHESTMODSEQ is lower when selected", backwards_when_selected, "ENABLE QRESYNC CONDSTORE",
	    { { .at = "SELECT", .say = SELECTED("2", "7", "HIGHESTMODSEQ 5") } } },
	{ "NOMODSEQ", no_modseqs, "ENABLE QRESYNC CONDSTORE",
	    { { .at = "SELECT", .say = SELECTED("2", "7", "NOMODSEQ") },
		{ .at = "UID FETCH 1:* (UID FLAGS) (CHANGED", .say = "$ BAD no modseqs\r\n" } } },
	{ "NOMODSEQ from the second time on", no_more_modseqs, "ENABLE QRESYNC CONDSTORE",
	    { { .at = "SELECT", .skip = 1, .say = SELECTED("2", "7", "NOMODSEQ") },
		{ .at = "UID FETCH 1:* (UID FLAGS) (CHANGED", .say = "$ BAD no modseqs\r\n" } } },
	{ "FETCH in any order", any_order, "",
	    { { .at = "UID FETCH",
		.say = "* 3 FETCH (UID 9 FLAGS (\\Seen))\r\n* 1 FETCH (UID 3 FLAGS ())\r\n* 2 FETCH (FLAGS "
		       "() UID 4)\r\n"
		       "* 1 FETCH (UID 3 FLAGS (\\Flagged))\r\n$ OK x\r\n" } } },
	{ "a BODYSTRUCTURE without a type", no_type, "",
	    { { .at = "UID FETCH",
		.say = "* 1 FETCH (UID 3 FLAGS () RFC822.SIZE 900 BODYSTRUCTURE ((\"\" \"\" NIL NIL NIL "
		       "\"base64\" 723 NIL "
		       "(\"attachment\" (\"filename\" \"i.pdf\")) NIL NIL)(\"text\" \"plain\" NIL NIL NIL "
		       "\"7bit\" 9 2 NIL NIL "
		       "\"de\" NIL) \"mixed\" NIL NIL NIL NIL))\r\n$ OK x\r\n" } } },
	{ "SEARCH", search_finds_three, "",
	    { { .at = "UID SEARCH", .say = "* SEARCH 11 2 10 (MODSEQ 4)\r\n$ OK x\r\n" } } },
	{ "SEARCH in two answers", search_finds_three, "",
	    { { .at = "UID SEARCH", .say = "* SEARCH 11 2 \r\n* SEARCH 10 2\r\n* SEARCH\r\n$ OK x\r\n" } } },
	{ "SEARCH finds 0", search_fails, "",
	    { { .at = "UID SEARCH", .say = "* SEARCH 3 0\r\n$ OK x\r\n" } } },
	{ "SEARCH answers with a set", search_fails, "",
	    { { .at = "UID SEARCH", .say = "* SEARCH 2,10:11\r\n$ OK x\r\n" } } },
	{ "ESEARCH", search_finds_three, "ESEARCH",
	    { { .at = "UID SEARCH",
		.say = "* ESEARCH (TAG \"$\") UID COUNT 3 ALL 2,10:11\r\n$ OK x\r\n" } } },
	{ "ESEARCH without a tag", search_finds_three, "ESEARCH",
	    { { .at = "UID SEARCH", .say = "* ESEARCH UID ALL 2,10:11\r\n$ OK x\r\n" } } },
	{ "ESEARCH finds 0", search_fails, "ESEARCH",
	    { { .at = "UID SEARCH", .say = "* ESEARCH UID ALL 0:3\r\n$ OK x\r\n" } } },
	{ "ESEARCH finds all numbers", search_too_many, "ESEARCH",
	    { { .at = "UID SEARCH", .say = "* ESEARCH UID ALL 1:4294967295\r\n$ OK x\r\n" } } },
	{ "THREAD", threads_are_two, THREADS,
	    { { .at = "UID THREAD REFERENCES US-ASCII UNDELETED\r",
		.say = "* THREAD (2 (10)(11))(4)\r\n$ OK x\r\n" } } },
	{ "THREAD without its first mail", threads_are_two, THREADS,
	    { { .at = "UID THREAD", .say = "* THREAD ((2)(10 11)) (4)\r\n$ OK x\r\n" } } },
	{ "THREAD in two answers", threads_are_two, THREADS,
	    { { .at = "UID THREAD", .say = "* THREAD (2 10 11)\r\n* THREAD (4)\r\n$ OK x\r\n" } } },
	{ "THREAD of nothing", threads_are_none, THREADS,
	    { { .at = "UID THREAD", .say = "* THREAD\r\n$ OK x\r\n" } } },
	{ "THREAD left open", threads_fail, THREADS,
	    { { .at = "UID THREAD", .say = "* THREAD (2 (10 11)\r\n$ OK x\r\n" } } },
	{ "THREAD closed twice", threads_fail, THREADS,
	    { { .at = "UID THREAD", .say = "* THREAD (2 10))(11)\r\n$ OK x\r\n" } } },
	{ "THREAD without lists", threads_fail, THREADS,
	    { { .at = "UID THREAD", .say = "* THREAD 2 10\r\n$ OK x\r\n" } } },
	{ "THREAD finds 0", threads_fail, THREADS,
	    { { .at = "UID THREAD", .say = "* THREAD (2 0)\r\n$ OK x\r\n" } } },
	{ "THREAD in words", threads_fail, THREADS,
	    { { .at = "UID THREAD", .say = "* THREAD (two)\r\n$ OK x\r\n" } } },
	{ "THREAD refused", threads_are_refused, THREADS,
	    { { .at = "UID THREAD", .say = "$ BAD what?\r\n" } } },
	{ "no THREAD", threads_are_refused, "THREAD=ORDEREDSUBJECT", { { 0 } } },
	{ "query: all", query_of_all, "", { FOUND_TWO } },
	{ "query: fields", query_of_fields, "", { FOUND_TWO } },
	{ "query: words", query_of_words, "ESEARCH",
	    { { .at = "UID SEARCH", .say = "* ESEARCH (TAG \"$\") UID ALL 3:4\r\n$ OK x\r\n" } } },
	{ "query: other letters", query_of_other_letters, "", { FOUND_TWO } },
	{ "query: words alike", query_of_words_alike, "SEARCH=FUZZY", { FOUND_TWO } },
	{ "dates", dates_in_any_order, "",
	    { { .at = "UID FETCH",
		.say = "* 7 FETCH (INTERNALDATE \"14-Nov-2023 22:13:21 +0000\" UID 9)\r\n* 8 FETCH (UID 10 "
		       "INTERNALDATE \"14-Nov-2023 22:13:22 +0000\")\r\n* 2 FETCH (UID 3 INTERNALDATE "
		       "\"14-Nov-2023 23:13:20 +0100\")\r\n$ OK x\r\n" } } },
	{ "literal larger than the arena", too_much_for_the_arena, "",
	    { { .at = "UID FETCH", .say = "* 1 FETCH (UID 3 BODY[1] {200000}\r\n", .flood = 1000 } } },
	{ "literal of 4 GB", too_much_for_the_arena, "",
	    { { .at = "UID FETCH", .say = "* 1 FETCH (UID 3 BODY[1] {4294967295}\r\n" } } },
	{ "literal refused", literal_refused, "",
	    { { .at = "APPEND", .say = "$ NO [TOOBIG] too big\r\n" } } },
	{ "MYRIGHTS", both_may_go, "ACL RIGHTS=texk", MY_RIGHTS("lrwstipekxacd", "lrx") },
	{ "MYRIGHTS without x", one_must_stay, "ACL RIGHTS=texk", MY_RIGHTS("lrwstipekxacd", "\"lrtekcd\"") },
	{ "MYRIGHTS by RFC 2086", both_may_go, "ACL", MY_RIGHTS("lrswipcda", "lrc") },
	{ "MYRIGHTS by RFC 2086, to read", one_must_stay, "ACL", MY_RIGHTS("lrswipcda", "lrs") },
	{ "MYRIGHTS refused", both_may_go, "ACL",
	    { { .at = "MYRIGHTS", .say = "$ NO no such mailbox\r\n" } } },
	{ "no MYRIGHTS", nobody_is_asked, "", { { 0 } } },
	{ "READ-ONLY", nothing_is_allowed, "", { { .at = "SELECT", .say = RIGHTS("", "READ-ONLY") } } },
	{ "no PERMANENTFLAGS", nothing_is_allowed, "MOVE UIDPLUS",
	    { { .at = "SELECT", .say = RIGHTS("* OK [PERMANENTFLAGS ()] x\r\n", "READ-WRITE") } } },
	{ "PERMANENTFLAGS but READ-ONLY", nothing_is_allowed, "",
	    { { .at = "SELECT", .say = RIGHTS("* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n", "READ-ONLY") } } },
	{ "one of PERMANENTFLAGS", one_right, "",
	    { { .at = "SELECT", .say = RIGHTS("* OK [PERMANENTFLAGS (\\seen)] x\r\n", "READ-WRITE") },
		ONE_THERE } },
	{ "several of PERMANENTFLAGS", one_right, "",
	    { { .at = "SELECT",
		  .say = RIGHTS("* OK [PERMANENTFLAGS (\\Draft \\Seen \\*)] x\r\n", "READ-WRITE") },
		ONE_THERE } },
	{ "NAMESPACE", namespaces_told, "NAMESPACE",
	    { { .at = "NAMESPACE",
		  .say = "* NAMESPACE ((\"INBOX.\" \".\")) ((\"user.\" \".\")) ((\"Public/\" \"/\"))\r\n$ OK "
			 "x\r\n" },
		{ .at = "LIST", .say = NAMESPACES_LIST } } },
	{ "NAMESPACE with extensions", namespaces_told, "NAMESPACE",
	    { { .at = "NAMESPACE",
		  .say =
		      "* NAMESPACE ((\"INBOX.\" \".\" \"X-P\" (\"A\" \"B\"))(\"#mh/\" \"/\")) "
		      "((\"user.\" \".\")(\"Public/\" \"/\" \"X-P\" (\"A\"))) ((\"\" NIL))\r\n$ OK x\r\n" },
		{ .at = "LIST", .say = NAMESPACES_LIST } } },
	{ "NAMESPACE without a prefix", namespaces_without_prefix, "NAMESPACE",
	    { { .at = "NAMESPACE", .say = "* NAMESPACE ((\"\" \".\")) NIL NIL\r\n$ OK x\r\n" },
		{ .at = "LIST", .say = NAMESPACES_LIST } } },
	{ "NAMESPACE tells none", namespaces_none, "NAMESPACE",
	    { { .at = "NAMESPACE", .say = "* NAMESPACE NIL NIL NIL\r\n$ OK x\r\n" },
		{ .at = "LIST", .say = NAMESPACES_LIST } } },
	{ "NAMESPACE is nonsense", namespaces_none, "NAMESPACE",
	    { { .at = "NAMESPACE", .say = "* NAMESPACE ((\"INBOX.\" \".\")) (\"user.\"\r\n$ OK x\r\n" },
		{ .at = "LIST", .say = NAMESPACES_LIST } } },
	{ "NAMESPACE refused", namespaces_none, "NAMESPACE",
	    { { .at = "NAMESPACE", .say = "$ BAD what?\r\n" }, { .at = "LIST", .say = NAMESPACES_LIST } } },
	{ "NAMESPACE isn't asked for", namespaces_none, "", { { .at = "LIST", .say = NAMESPACES_LIST } } },
	{ "capabilities told again", told_again, "MOVE",
	    { { .at = "STATUS",
		.say = "* CAPABILITY IMAP4rev1 QRESYNC ENABLE\r\n* OK [CAPABILITY IMAP4rev1 QRESYNC] x\r\n",
		.usual = true } } },
};

static void answer(const struct answer_case *c)
{
	struct scene s = { .mock.caps = c->caps, .run = c->run };

	memcpy(s.mock.rules, c->rules, sizeof(c->rules));
	imap_mock_start(&s.mock);
	on_fiber(scene_main, &s);
	imap_mock_stop(&s.mock);
}
TEST_ROW(answer)

int main(void)
{
	TEST_ADD_ROWS(answer, answer_cases);
	return test_run("imap_answers");
}
