#include "unit/backends/imap_variants.h"

/* Mailboxes and mails; what finds them is in test_imap_find.c. */

/* ---- mailboxes ---- */

static struct imap_mailbox *find_box(const struct imap_mailboxes *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (bytes_eq_str(m->v[i].name, name))
			return &m->v[i];
	return NULL;
}

static void lists(struct scene *s)
{
	struct imap_mailboxes m;
	bool uses = imap_caps(s->c) & IMAP_CAP_SPECIAL_USE;

	append(s, "INBOX", "one", 0);
	append(s, "INBOX", "two", IMAP_SEEN);
	ok(imap_list(s->c, s->a, true, &m));
	assert_true(m.n >= 5);
	assert_bytes_str(m.v[0].name, "INBOX");
	assert_int_equal(m.v[0].use, IMAP_USE_INBOX);
	assert_int_equal(m.v[0].separator, '/');
	assert_true(m.v[0].status.known);
	assert_int_equal(m.v[0].status.messages, 2);
	assert_int_equal(m.v[0].status.unseen, 1);
	assert_int_equal(m.v[0].status.uid_next, 3);
	assert_int_equal(m.v[0].status.highest_modseq != 0, (imap_caps(s->c) & IMAP_CAP_CONDSTORE) != 0);
	assert_non_null(find_box(&m, "Sent"));
	assert_true(find_box(&m, "Sent")->subscribed);
	assert_true(find_box(&m, "Sent")->status.known);
	if (uses)
		assert_int_equal(find_box(&m, "Sent")->use, IMAP_USE_SENT);
	ok(imap_list(s->c, s->a, false, &m));
	assert_false(m.v[0].status.known);
}

static void names(struct scene *s)
{
	static const char *const name = "Gr\xC3\xB6\xC3\x9F"
					"e & Co/\xE6\x97\xA5\xE6\x9C\xAC \"x\" \\ {3}";
	struct imap_mailboxes m;
	struct imap_status status;

	ok(imap_create(s->c, bytes_str(name), IMAP_USE_NONE));
	assert_int_equal(imap_create(s->c, bytes_str(name), IMAP_USE_NONE), ERR_EXISTS);
	ok(imap_list(s->c, s->a, true, &m));
	assert_non_null(find_box(&m, name));
	assert_true(find_box(&m, name)->subscribed);
	assert_true(find_box(&m, name)->status.known);
	append(s, name, "x", 0);
	ok(imap_status(s->c, bytes_str(name), &status));
	assert_int_equal(status.messages, 1);
	select_box(s, name);
	ok(imap_rename(s->c, bytes_str(name), BYTES("A&B")));
	assert_int_equal(imap_status(s->c, bytes_str(name), &status), ERR_NOT_FOUND);
	assert_int_equal(imap_select(s->c, bytes_str(name), &status), ERR_NOT_FOUND);
	ok(imap_status(s->c, BYTES("A&B"), &status));
	assert_int_equal(status.messages, 1);
	ok(imap_select(s->c, BYTES("A&B"), &status));
	ok(imap_delete(s->c, BYTES("A&B")));
	assert_int_equal(imap_delete(s->c, BYTES("A&B")), ERR_NOT_FOUND);
	assert_int_equal(imap_rename(s->c, BYTES("A&B"), BYTES("C")), ERR_NOT_FOUND);
	ok(imap_list(s->c, s->a, true, &m));
	assert_null(find_box(&m, "A&B"));
}

static void statuses(struct scene *s)
{
	struct bytes boxes[] = { BYTES("INBOX"), BYTES("No such one"), BYTES("Sent"), BYTES("inbox") };
	struct imap_status v[4];
	uint32_t trips;

	select_box(s, "INBOX");
	append(s, "INBOX", "new", 0);
	trips = imap_round_trips(s->c);
	ok(imap_status_many(s->c, boxes, 4, v));
	assert_int_equal(imap_round_trips(s->c) - trips, 1);
	assert_true(v[0].known && !v[1].known && v[2].known && v[3].known);
	assert_int_equal(v[0].messages, 1);
	assert_int_equal(v[0].uid_next, 2);
	assert_int_equal(v[2].messages, 0);
	assert_int_equal(v[3].uid_next, 2);
	assert_int_equal(imap_status(s->c, BYTES("No such one"), &v[0]), ERR_NOT_FOUND);
}

/* "1 2S 4F", from what was known before and the changes. */
static const char *apply(const char *had, const struct imap_changes *ch)
{
	char *out = test_keep(4096);
	uint32_t flags[64] = { 0 };
	bool there[64] = { false };

	for (const char *p = had; !ch->complete && *p;) {
		unsigned long uid = strtoul(p, (char **)(uintptr_t)&p, 10);

		there[uid] = true;
		for (; *p && *p != ' '; p++)
			flags[uid] |= *p == 'S' ? IMAP_SEEN : IMAP_FLAGGED;
		p += *p == ' ';
	}
	for (size_t i = 0; i < ch->n; i++) {
		assert_in_range(ch->v[i].uid, i ? ch->v[i - 1].uid + 1 : 1, 63);
		there[ch->v[i].uid] = true;
		flags[ch->v[i].uid] = ch->v[i].flags;
	}
	for (size_t i = 0; i < ch->n_gone && !ch->complete; i++)
		for (uint32_t uid = ch->gone[i].first; uid <= ch->gone[i].last && uid < 64; uid++)
			there[uid] = false;
	out[0] = 0;
	for (int uid = 1; uid < 64; uid++)
		if (there[uid])
			sprintf(out + strlen(out), "%s%d%s%s", out[0] ? " " : "", uid,
			    flags[uid] & IMAP_SEEN ? "S" : "", flags[uid] & IMAP_FLAGGED ? "F" : "");
	return out;
}

static void changes(struct scene *s)
{
	bool qresync = imap_caps(s->c) & IMAP_CAP_QRESYNC;
	struct imap_status status;
	struct imap_changes ch;
	const char *now;
	uint64_t token;
	uint32_t gone[] = { 2, 5 }, trips;

	for (int i = 0; i < 6; i++)
		append(s, "INBOX", "m", i == 3 ? IMAP_SEEN : 0);
	ok(imap_select(s->c, BYTES("INBOX"), &status));
	assert_true(status.known);
	assert_int_equal(status.messages, 6);
	ok(imap_fetch_changes(s->c, s->a, 0, &ch));
	assert_true(ch.complete);
	now = apply("", &ch);
	assert_string_equal(now, "1 2 3 4S 5 6");
	token = ch.highest_modseq;

	/* somebody else, while it stays selected here */
	ok(imap_select(s->other, BYTES("INBOX"), &status));
	ok(imap_store_flags(s->other, 1, IMAP_SEEN, 0, NULL, 0, NULL, 0, 0));
	ok(imap_expunge(s->other, gone, 2));
	append(s, "INBOX", "later", IMAP_FLAGGED);
	ok(imap_select(s->c, BYTES("INBOX"), &status));
	assert_false(status.known);
	trips = imap_round_trips(s->c);
	ok(imap_fetch_changes(s->c, s->a, token, &ch));
	assert_int_equal(imap_round_trips(s->c) - trips, 1);
	assert_int_equal(ch.complete, !qresync);
	now = apply(now, &ch);
	assert_string_equal(now, "1S 3 4S 6 7F");
	if (qresync)
		assert_int_equal(ch.n, 2);
	assert_true(ch.highest_modseq >= token);
	token = ch.highest_modseq;

	/* nothing new: still the same, by every way */
	ok(imap_fetch_changes(s->c, s->a, token, &ch));
	now = apply(now, &ch);
	assert_string_equal(now, "1S 3 4S 6 7F");
	if (qresync) {
		assert_int_equal(ch.n + ch.n_gone, 0);
		assert_int_equal(ch.highest_modseq, token);
	}
	ok(imap_select(s->c, BYTES("Sent"), &status));
	ok(imap_fetch_changes(s->c, s->a, 0, &ch));
	assert_true(ch.complete && !ch.n);
	ok(imap_store_flags(s->other, 3, IMAP_FLAGGED | IMAP_SEEN, 0, NULL, 0, NULL, 0, 0));
	ok(imap_select(s->c, BYTES("INBOX"), &status));
	ok(imap_fetch_changes(s->c, s->a, token, &ch));
	now = apply(now, &ch);
	assert_string_equal(now, "1S 3SF 4S 6 7F");

	/* a token of another life, and an empty mailbox */
	ok(imap_fetch_changes(s->c, s->a, token + 1000000, &ch));
	assert_true(ch.complete);
	assert_string_equal(apply("9 10", &ch), now);
	ok(imap_expunge_all(s->other));
	ok(imap_fetch_changes(s->c, s->a, token, &ch));
	assert_string_equal(apply(now, &ch), "");
	ok(imap_expunge_all(s->other));
}

static void messages(struct scene *s)
{
	uint32_t wanted[] = { 3, 99, 1 };
	struct imap_messages m;
	struct imap_part_request parts[] = {
		{ .uid = 1, .section = "1", .count = 4 },
		{ .uid = 3, .section = "1", .count = 4 },
		{ .uid = 1, .section = "1" },
		{ .uid = 1, .section = "1", .from = 5 },
		{ .uid = 1, .section = "1", .from = 5, .count = 2 },
		{ .uid = 3, .section = "2" },
		{ .uid = 99, .section = "2" },
		{ .uid = 2, .section = "" },
		{ .uid = 2, .section = "2.MIME" },
		{ .uid = 2, .section = "2.MIME" },
	};
	uint32_t trips;

	append(s, "INBOX", "one", 0);
	append(s, "INBOX", "two", 0);
	append(s, "INBOX", "three", IMAP_ANSWERED | IMAP_FLAGGED);
	select_box(s, "INBOX");
	trips = imap_round_trips(s->c);
	ok(imap_fetch_messages(s->c, s->a, wanted, 3, &m));
	assert_int_equal(imap_round_trips(s->c) - trips, 1);
	assert_int_equal(m.n, 2);
	assert_int_equal(m.v[0].flags.uid, 3);
	assert_int_equal(m.v[0].flags.flags, IMAP_ANSWERED | IMAP_FLAGGED);
	assert_int_equal(m.v[0].internal_date, 1700000000);
	assert_int_equal(m.v[1].flags.uid, 1);
	assert_true(bytes_starts(m.v[1].header, "From: a@example.org\r\nSubject: mail one\r\n"));
	assert_true(mime_is(m.v[1].structure, "multipart", "alternative"));
	assert_non_null(mime_part_find(m.v[1].structure, BYTES("2")));
	assert_true(mime_is(mime_part_find(m.v[1].structure, BYTES("2")), "text", "html"));
	assert_bytes_str(
	    mime_param(&mime_part_find(m.v[1].structure, BYTES("1"))->params, "charset"), "utf-8");

	trips = imap_round_trips(s->c);
	ok(imap_fetch_parts(s->c, s->a, parts, sizeof(parts) / sizeof(*parts)));
	assert_int_equal(imap_round_trips(s->c) - trips, 1);
	assert_bytes_str(parts[0].data, "body");
	assert_bytes_str(parts[1].data, "body");
	assert_bytes_str(parts[2].data, "body of one");
	assert_bytes_str(parts[3].data, "of one");
	assert_bytes_str(parts[4].data, "of");
	assert_bytes_str(parts[5].data, "<p>three</p>");
	assert_false(parts[6].found);
	assert_int_equal(parts[7].data.len, m.v[0].size - 4 * strlen("three") + 4 * strlen("two"));
	assert_true(bytes_starts(parts[8].data, "Content-Type: text/html"));
	assert_true(parts[9].found);
	ok(imap_fetch_messages(s->c, s->a, wanted, 1, &m));
	assert_int_equal(m.v[0].flags.flags & IMAP_SEEN, 0); /* nobody has read it */
}

static uint32_t flags_of(struct scene *s, uint32_t uid, struct imap_flags *out)
{
	struct imap_messages m;

	ok(imap_fetch_messages(s->c, s->a, &uid, 1, &m));
	assert_int_equal(m.n, 1);
	*out = m.v[0].flags;
	return m.v[0].flags.flags;
}

static void flags(struct scene *s)
{
	struct bytes red = BYTES("red"), blue = BYTES("$blue");
	struct imap_changes ch;
	struct imap_flags f;
	uint64_t token;

	append(s, "INBOX", "one", 0);
	append(s, "INBOX", "two", 0);
	select_box(s, "INBOX");
	ok(imap_store_flags(s->c, 1, IMAP_SEEN | IMAP_FORWARDED | IMAP_JUNK, 0, &red, 1, NULL, 0, 0));
	assert_int_equal(flags_of(s, 1, &f), IMAP_SEEN | IMAP_FORWARDED | IMAP_JUNK);
	assert_int_equal(f.n_keywords, 1);
	assert_bytes_str(f.keywords[0], "red");
	ok(imap_store_flags(s->c, 1, IMAP_FLAGGED, IMAP_SEEN, &blue, 1, &red, 1, 0));
	assert_int_equal(flags_of(s, 1, &f), IMAP_FLAGGED | IMAP_FORWARDED | IMAP_JUNK);
	assert_int_equal(f.n_keywords, 1);
	assert_bytes_str(f.keywords[0], "$blue");
	ok(imap_store_flags(s->c, 1, IMAP_FLAGGED, 0, NULL, 0, NULL, 0, 0)); /* was so before */
	ok(imap_store_flags(s->c, 1, 0, 0, NULL, 0, NULL, 0, 0));
	assert_int_equal(imap_store_flags(s->c, 77, IMAP_SEEN, 0, NULL, 0, NULL, 0, 0), ERR_NOT_FOUND);
	if (!(imap_caps(s->c) & IMAP_CAP_CONDSTORE))
		return;
	ok(imap_fetch_changes(s->c, s->a, 0, &ch));
	token = ch.highest_modseq;
	ok(imap_store_flags(s->c, 1, IMAP_SEEN, IMAP_FLAGGED, NULL, 0, NULL, 0, token));
	assert_int_equal(flags_of(s, 1, &f) & (IMAP_SEEN | IMAP_FLAGGED), IMAP_SEEN);
	assert_int_equal(imap_store_flags(s->c, 1, 0, IMAP_SEEN, NULL, 0, NULL, 0, token), ERR_CONFLICT);
	assert_int_equal(
	    imap_store_flags(s->c, 1, IMAP_FLAGGED, IMAP_SEEN, NULL, 0, NULL, 0, token), ERR_CONFLICT);
	assert_int_equal(flags_of(s, 1, &f) & (IMAP_SEEN | IMAP_FLAGGED), IMAP_SEEN);
	ok(imap_store_flags(s->c, 2, IMAP_SEEN, 0, NULL, 0, NULL, 0, token));
}

static struct bytes message_id_of(struct scene *s, uint32_t uid)
{
	struct imap_messages m;
	struct bytes line;

	ok(imap_fetch_messages(s->c, s->a, &uid, 1, &m));
	assert_int_equal(m.n, 1);
	while (bytes_split(&m.v[0].header, '\n', &line))
		if (bytes_starts(line, "Message-ID: "))
			return bytes_trim(bytes_of(line.p + 12, line.len - 12));
	return (struct bytes){ 0 };
}

static void moves(struct scene *s)
{
	uint32_t wanted[] = { 3, 1, 99 }, last[] = { 2 };
	struct imap_status status;
	struct imap_changes ch;
	struct imap_moved moved;

	append(s, "INBOX", "one", IMAP_SEEN);
	append(s, "INBOX", "two", IMAP_DELETED);
	append(s, "INBOX", "three", 0);
	append(s, "Sent", "four", 0);
	append(s, "Sent", "three", 0);
	select_box(s, "INBOX");
	assert_int_equal(imap_move(s->c, s->a, wanted, 3, BYTES("No such one"), &moved), ERR_NOT_FOUND);
	ok(imap_move(s->c, s->a, wanted, 3, BYTES("Sent"), &moved));
	assert_true(moved.to[0] > 2 && moved.to[1] > 2 && moved.to[0] != moved.to[1]);
	assert_int_equal(moved.to[2], 0);
	assert_int_equal(moved.exact, (imap_caps(s->c) & IMAP_CAP_UIDPLUS) != 0);
	ok(imap_fetch_changes(s->c, s->a, 0, &ch));
	assert_int_equal(ch.n, 1); /* "two" carried \Deleted and stays */
	assert_int_equal(ch.v[0].uid, 2);
	assert_int_equal(ch.v[0].flags, IMAP_DELETED);
	ok(imap_move(s->c, s->a, last, 0, BYTES("Sent"), &moved));
	ok(imap_select(s->c, BYTES("Sent"), &status));
	assert_int_equal(status.messages, 4);
	ok(imap_select(s->c, BYTES("INBOX"), &status));
	ok(imap_move(s->c, s->a, last, 1, BYTES("Trash"), &moved));
	ok(imap_status(s->c, BYTES("Trash"), &status));
	assert_int_equal(moved.uid_validity, status.uid_validity);
	select_box(s, "Trash");
	assert_bytes_str(message_id_of(s, moved.to[0]), "<two@example.org>");
}

static void moved_to(struct scene *s)
{
	uint32_t wanted[] = { 3, 1 };
	struct imap_moved moved;

	append(s, "INBOX", "one", 0);
	append(s, "INBOX", "two", 0);
	append(s, "INBOX", "three", 0);
	select_box(s, "INBOX");
	ok(imap_move(s->c, s->a, wanted, 2, BYTES("Sent"), &moved));
	select_box(s, "Sent");
	assert_bytes_str(message_id_of(s, moved.to[0]), "<three@example.org>");
	assert_bytes_str(message_id_of(s, moved.to[1]), "<one@example.org>");
}

static void expunges(struct scene *s)
{
	uint32_t wanted[] = { 4, 1, 99 };
	struct imap_changes ch;

	for (int i = 0; i < 5; i++)
		append(s, "INBOX", "m", i == 2 ? IMAP_DELETED : 0);
	select_box(s, "INBOX");
	ok(imap_expunge(s->c, wanted, 3));
	ok(imap_expunge(s->c, wanted, 0));
	ok(imap_fetch_changes(s->c, s->a, 0, &ch));
	assert_int_equal(ch.n, 3);
	assert_int_equal(ch.v[1].uid, 3);
	assert_int_equal(ch.v[1].flags, IMAP_DELETED);
	append(s, "INBOX", "last", 0);
	ok(imap_expunge_all(s->c));
	ok(imap_fetch_changes(s->c, s->a, 0, &ch));
	assert_int_equal(ch.n, 0);
}

static void appends(struct scene *s)
{
	uint32_t uid = append(s, "Drafts", "d", IMAP_DRAFT | IMAP_SEEN), ignored;
	struct imap_flags f;

	if (imap_caps(s->c) & IMAP_CAP_UIDPLUS)
		assert_int_equal(uid, 1);
	select_box(s, "Drafts");
	assert_int_equal(flags_of(s, 1, &f), IMAP_DRAFT | IMAP_SEEN);
	assert_int_equal(imap_append(s->c, BYTES("No such one"), BYTES("Subject: x\r\n\r\n"), 0, 0, &ignored),
	    ERR_NOT_FOUND);
	ok(imap_append(s->c, BYTES("Drafts"), BYTES("Subject: 8 bit \xC3\xA4\r\n\r\nx\r\n"), 0, 0, &uid));
	assert_int_equal(flags_of(s, 2, &f), 0);
	ok(imap_append_with_keywords(s->c, BYTES("Drafts"), BYTES("Subject: x\r\n\r\n"), IMAP_SEEN,
	    (struct bytes[]){ BYTES("Red"), BYTES("Blue") }, 2, &uid));
	assert_int_equal(flags_of(s, 3, &f), IMAP_SEEN);
	assert_int_equal(f.n_keywords, 2);
}

/* ---- a mail that comes in pieces, from one connection to the other ---- */

struct relay {
	struct scene *s;
	uint32_t uid, at, size; /* at: what was read; size: where it stops */
};

static enum err relay_next(void *arg, struct bytes *piece)
{
	struct relay *r = arg;
	struct imap_part_request q = { .uid = r->uid, .section = "", .from = r->at, .count = 100 };
	enum err e = imap_fetch_parts(r->s->c, r->s->a, &q, 1);

	*piece = q.data;
	if (piece->len > r->size - r->at)
		piece->len = r->size - r->at;
	r->at += (uint32_t)piece->len;
	return e;
}

static void append_in_pieces(struct scene *s)
{
	struct relay r = { s, append(s, "INBOX", "relayed", 0), 0, UINT32_MAX };
	struct source rest = { relay_next, &r, 0 };
	struct imap_messages m;
	uint32_t uid = 0;

	select_box(s, "INBOX");
	ok(imap_fetch_messages(s->c, s->a, &r.uid, 1, &m));
	rest.size = m.v[0].size;
	ok(imap_append_long(
	    s->other, BYTES("INBOX"), BYTES("X-Head: 1\r\n"), &rest, IMAP_SEEN, NULL, 0, &uid));
	select_box(s, "Sent");
	select_box(s, "INBOX");
	if (imap_caps(s->c) & IMAP_CAP_UIDPLUS)
		assert_int_equal(uid, r.uid + 1);
	uid = r.uid + 1;
	ok(imap_fetch_messages(s->c, s->a, &uid, 1, &m));
	assert_int_equal(m.v[0].size, rest.size + strlen("X-Head: 1\r\n"));
	/* cut short: nothing is appended, and nobody goes on with that connection */
	r.at = 0;
	r.size = 150;
	assert_int_not_equal(
	    imap_append_long(s->other, BYTES("INBOX"), BYTES("X: 1\r\n"), &rest, 0, NULL, 0, &uid), ERR_OK);
	assert_int_equal(
	    imap_append(s->other, BYTES("INBOX"), BYTES("X: 2\r\n\r\n"), 0, 0, &uid), ERR_UNAVAILABLE);
	select_box(s, "Sent");
	select_box(s, "INBOX");
	uid = r.uid + 2;
	ok(imap_fetch_messages(s->c, s->a, &uid, 1, &m));
	assert_int_equal(m.n, 0);
	/* no such mailbox: said before the mail is read */
	imap_close(&s->other);
	open_other(s);
	r.at = 0;
	assert_int_equal(
	    imap_append_long(s->other, BYTES("Not there"), BYTES("X: 1\r\n"), &rest, 0, NULL, 0, &uid),
	    ERR_NOT_FOUND);
	assert_int_equal(r.at, 0);
}

/* ---- */

static const struct scenario scenarios[] = {
	{ "list", lists },
	{ "names", names },
	{ "status", statuses },
	{ "changes", changes },
	{ "messages", messages },
	{ "flags", flags },
	{ "move", moves },
	{ "moved to", moved_to },
	{ "expunge", expunges },
	{ "append", appends },
	{ "append in pieces", append_in_pieces },
};

int main(void)
{
	return run_variants("imap_dovecot", scenarios, sizeof(scenarios) / sizeof(*scenarios));
}
