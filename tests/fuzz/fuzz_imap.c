#include "fuzz/canned_server.h"

#include <string.h>

#include "base/utf8.h"
#include "imap/connection.h"
#include "imap/watch.h"

/* What an IMAP server says: each call of backends/imap against a server that says the input. The first byte chooses the
 * call, the second what the server is able to do; a session that logs in begins with the greeting, the others at tag
 * a1. Whatever comes: each call ends, with an error that its header names or with a result that its callers can
 * trust; and where a response ends doesn't depend on how much of it was understood. */

struct session {
	struct imap *c;
	struct arena *a;
};

static const uint32_t all_caps = IMAP_CAP_CONDSTORE | IMAP_CAP_QRESYNC | IMAP_CAP_UIDPLUS | IMAP_CAP_MOVE |
				 IMAP_CAP_SPECIAL_USE | IMAP_CAP_LIST_STATUS | IMAP_CAP_LIST_EXTENDED |
				 IMAP_CAP_ESEARCH | IMAP_CAP_LITERAL_PLUS | IMAP_CAP_ENABLE |
				 IMAP_CAP_UNSELECT | IMAP_CAP_CREATE_SPECIAL_USE | IMAP_CAP_THREAD;

static enum err checked(const struct session *s, enum err e)
{
	const char *problem = imap_problem(s->c);

	MUST(e < ERR_COUNT && e != ERR_TRUNCATED && e != ERR_STALE_KEY && e != ERR_CANCELLED);
	MUST(problem);
	for (; *problem; problem++)
		MUST((uint8_t)*problem >= ' ' && *problem != 0x7F);
	if (s->c->broken) {
		struct imap_status ignored;

		MUST(imap_status(s->c, BYTES("INBOX"), &ignored) == ERR_UNAVAILABLE);
	}
	return e;
}

/* ---- results that callers can trust ---- */

static void check_uids(const struct imap_uids *uids)
{
	for (size_t i = 0; i < uids->n; i++)
		MUST(uids->v[i] > (i ? uids->v[i - 1] : 0));
}

static void check_changes(const struct imap_changes *ch)
{
	for (size_t i = 0; i < ch->n; i++) {
		MUST(ch->v[i].uid > (i ? ch->v[i - 1].uid : 0));
		for (size_t k = 0; k < ch->v[i].n_keywords; k++)
			MUST(ch->v[i].keywords[k].len);
	}
	for (size_t i = 0; i < ch->n_gone && !ch->complete; i++) {
		MUST(ch->gone[i].first && ch->gone[i].first <= ch->gone[i].last);
		MUST(!i || ch->gone[i].first > ch->gone[i - 1].last);
	}
}

static void check_part(const struct mime_part *p)
{
	for (; p; p = p->next)
		MUST(p->section && (!p->child || p->child->parent == p));
}

static void check_mailboxes(const struct imap_mailboxes *all)
{
	MUST(all->n && bytes_eq_str(all->v[0].name, "INBOX") && !all->v[0].foreign);
	MUST(utf8_valid(all->prefix) || all->prefix.p[0] == IMAP_RAW_NAME);
	for (size_t i = 0; i < all->n; i++) {
		struct bytes name = all->v[i].name;

		MUST(utf8_valid(name) || (name.len && name.p[0] == IMAP_RAW_NAME));
	}
}

/* ---- calls ---- */

static void lists(struct session *s)
{
	struct imap_mailboxes all;

	if (!checked(s, imap_list(s->c, s->a, true, &all)))
		check_mailboxes(&all);
	if (!checked(s, imap_list(s->c, s->a, false, &all)))
		check_mailboxes(&all);
}

static void statuses(struct session *s)
{
	struct bytes names[] = { BYTES("INBOX"), BYTES("a"), BYTES("inbox") };
	struct imap_status v[3], one;

	checked(s, imap_status_many(s->c, names, 3, v));
	if (!checked(s, imap_status(s->c, BYTES("\xC3\xA4"), &one)))
		MUST(one.known);
}

static void folders(struct session *s)
{
	bool may;

	checked(s, imap_create(s->c, BYTES("\xC3\xA4"), IMAP_USE_SENT));
	checked(s, imap_rename(s->c, BYTES("a"), BYTES("b")));
	checked(s, imap_may_delete(s->c, (struct bytes[]){ BYTES("a"), BYTES("b") }, 2, &may));
	checked(s, imap_delete(s->c, BYTES("b")));
}

static enum err select_inbox(struct session *s)
{
	struct imap_status status;

	return checked(s, imap_select(s->c, BYTES("INBOX"), &status));
}

static void changes(struct session *s)
{
	static const uint64_t tokens[] = { 5, 0, 700 };
	struct imap_changes ch;

	select_inbox(s);
	for (size_t i = 0; i < 3; i++)
		if (!checked(s, imap_fetch_changes(s->c, s->a, tokens[i], &ch)))
			check_changes(&ch);
}

static void messages(struct session *s)
{
	uint32_t uids[] = { 3, 1, 4, 2 };
	struct imap_messages m;

	select_inbox(s);
	if (checked(s, imap_fetch_messages(s->c, s->a, uids, 4, &m)))
		return;
	MUST(m.n <= 4);
	for (size_t i = 0; i < m.n; i++) {
		MUST(m.v[i].flags.uid >= 1 && m.v[i].flags.uid <= 4);
		check_part(m.v[i].structure);
	}
}

static void parts(struct session *s)
{
	struct imap_part_request v[] = {
		{ .uid = 1, .section = "1", .count = 4 },
		{ .uid = 2, .section = "1", .count = 4 },
		{ .uid = 1, .section = "1.2.MIME" },
		{ .uid = 1, .section = "", .from = 5, .count = 2 },
		{ .uid = 3, .section = "HEADER" },
	};

	select_inbox(s);
	if (checked(s, imap_fetch_parts(s->c, s->a, v, 5)))
		return;
	for (size_t i = 0; i < 5; i++)
		MUST(v[i].found ? !v[i].count || v[i].data.len <= v[i].count : !v[i].data.len);
}

static void stores(struct session *s)
{
	struct bytes red = BYTES("red");

	select_inbox(s);
	checked(s, imap_store_flags(s->c, 1, IMAP_SEEN, IMAP_FLAGGED, &red, 1, NULL, 0, 12));
	checked(s, imap_store_flags(s->c, 2, 0, IMAP_SEEN, NULL, 0, &red, 1, 0));
}

static void moves(struct session *s)
{
	uint32_t uids[] = { 3, 1, 4 };
	struct imap_moved moved;

	select_inbox(s);
	checked(s, imap_move(s->c, s->a, uids, 3, BYTES("Trash"), &moved));
}

static void expunges(struct session *s)
{
	uint32_t uids[] = { 3, 1, 4 };

	select_inbox(s);
	checked(s, imap_expunge(s->c, uids, 3));
	checked(s, imap_expunge_all(s->c));
}

static void appends(struct session *s)
{
	uint32_t uid;

	checked(
	    s, imap_append(s->c, BYTES("Drafts"), BYTES("A: b\r\n\r\nc\r\n"), IMAP_DRAFT, 1700000000, &uid));
	checked(s, imap_append(s->c, BYTES("\xC3\xA4"), BYTES(""), 0, 0, &uid));
}

static void searches(struct session *s)
{
	struct imap_uids uids;
	struct imap_threads threads;
	int64_t *dates;

	if (!checked(s, imap_search_since(s->c, s->a, 1700000000, &uids)))
		check_uids(&uids);
	if (!checked(s, imap_search_message_id(s->c, s->a, BYTES("<a@b>"), &uids)))
		check_uids(&uids);
	if (!checked(s, imap_search(s->c, s->a, NULL, &uids))) {
		check_uids(&uids);
		checked(s, imap_fetch_dates(s->c, s->a, uids.v, uids.n, &dates));
	}
	if (!checked(s, imap_thread(s->c, s->a, &threads)))
		for (size_t i = 0; i < threads.n; i++)
			MUST(threads.v[i].uid && threads.v[i].thread);
}

/* ---- sessions from the greeting on ---- */

static struct imap_pool *the_pool(void)
{
	static struct imap_pool *p;
	struct canned_server *server = canned_server();

	if (!p)
		p = imap_pool_new(server->loop, &(struct imap_config){ .server = canned_target(server),
						    .command_ms = 1000,
						    .idle_close_s = 60,
						    .max_per_account = 2,
						    .max_total = 2 });
	return p;
}

static const struct imap_login somebody = { { (const uint8_t *)"user", 4 }, { (const uint8_t *)"pass", 4 },
	{ (const uint8_t *)"192.0.2.1", 9 } };

static void logins(struct session *s)
{
	const char *why = NULL;
	struct imap *c;

	if (imap_open(the_pool(), &somebody, BYTES("INBOX"), &c, &why)) {
		MUST(why && !c);
		return;
	}
	s->c = c;
	lists(s);
	imap_close(&c);
}

struct watching {
	struct loop *loop;
	uint64_t lost; /* ticket */
	unsigned told;
};

static void on_watch(void *arg, enum imap_watch_event what, struct bytes mailbox)
{
	struct watching *w = arg;

	w->told++;
	MUST((what == IMAP_WATCH_NEW || what == IMAP_WATCH_CHANGED) == (mailbox.len > 0));
	if (what == IMAP_WATCH_LOST)
		fiber_wake(w->loop, w->lost);
}

/* Until the server's words are used up, which must be told. */
static void watches(struct session *s)
{
	static const struct imap_watch_opts opts = { .poll_s = 1000, .renew_s = 1000 };
	struct bytes names[] = { BYTES("INBOX"), BYTES("Sent") }, more = BYTES("\xC3\xA4");
	struct imap_status seen[] = { { .known = true, .messages = 3, .uid_next = 4, .uid_validity = 1 },
		{ 0 } };
	struct watching watching = { .loop = fiber_loop(), .lost = fiber_ticket() };
	struct imap_watch *w;
	const char *why = NULL;

	(void)s;
	if (imap_watch_start(the_pool(), &somebody, names, seen, 2, &opts, on_watch, &watching, &w, &why)) {
		MUST(why && !w);
		return;
	}
	if (!imap_watch_add(w, &more, seen, 1))
		MUST(fiber_wait(watching.lost, 10000) == ERR_OK);
	imap_watch_free(&w);
}

/* ---- the reader alone ---- */

struct memory {
	struct bytes left;
	size_t step; /* bytes in one read */
};

static enum err read_memory(void *arg, void *to, size_t cap, size_t *out)
{
	struct memory *m = arg;
	struct bytes part;
	size_t n = m->left.len < m->step ? m->left.len : m->step;

	bytes_take(&m->left, n < cap ? n : cap, &part);
	if (part.len)
		memcpy(to, part.p, part.len);
	*out = part.len;
	return ERR_OK;
}

/* Reads responses to the end, of each `values` values. Where each ended goes to `ends`; how many there were. */
static size_t walk(struct bytes in, size_t step, size_t values, size_t *ends, size_t most)
{
	struct memory m = { in, step };
	struct arena *a = arena_new((size_t)16 << 20);
	struct imap_reader r;
	size_t n = 0;

	imap_reader_init(&r, read_memory, &m);
	while (n < most && !imap_reader_next(&r)) {
		struct imap_value *v;
		enum err e = ERR_OK;

		for (size_t i = 0; i < values && !e && imap_peek(&r); i++) {
			e = i % 2 ? imap_skip_value(&r) : imap_read_value(&r, a, &v);
			(void)imap_accept(&r, ' ');
		}
		if ((e && e != ERR_PROTO) || imap_reader_finish(&r, false))
			break; /* the connection's end */
		ends[n++] = in.len - m.left.len - imap_reader_ahead(&r);
	}
	imap_reader_deinit(&r);
	arena_free(&a);
	return n;
}

static void check_reader(struct bytes in)
{
	enum { MOST = 64 };
	size_t want[MOST], got[MOST], n = walk(in, SIZE_MAX, 0, want, MOST);

	for (size_t values = 0; values < 8; values = values * 2 + 1)
		for (size_t step = 1; step < 8; step += 3) {
			MUST(walk(in, step, values, got, MOST) == n);
			MUST(!n || !memcmp(want, got, n * sizeof(*want)));
		}
}

/* ---- all of it ---- */

static const struct act {
	void (*run)(struct session *s);
	bool from_greeting;
} acts[] = {
	{ lists, false },
	{ statuses, false },
	{ folders, false },
	{ changes, false },
	{ messages, false },
	{ parts, false },
	{ stores, false },
	{ moves, false },
	{ expunges, false },
	{ appends, false },
	{ searches, false },
	{ logins, true },
	{ watches, true },
};

struct input {
	const struct act *act;
	uint32_t caps;
};

static void client(void *arg)
{
	static const struct imap_config config = { .command_ms = 1000 };
	const struct input *in = arg;
	struct session s = { .a = fiber_arena() };
	struct stream_target target = canned_target(canned_server());
	struct stream *stream;

	if (!in->act->from_greeting) {
		MUST(stream_connect(&target, &stream, NULL) == ERR_OK);
		s.c = imap_new(&config, &stream);
		s.c->caps = in->caps;
		s.c->caps_known = true;
		in->act->run(&s);
		imap_free(&s.c);
	} else {
		in->act->run(&s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint32_t caps[] = { all_caps, 0, all_caps & ~(uint32_t)IMAP_CAP_QRESYNC,
		all_caps & ~(uint32_t)IMAP_CAP_UIDPLUS, IMAP_CAP_CONDSTORE | IMAP_CAP_QRESYNC };
	struct input in;

	if (size < 2)
		return 0;
	in.act = &acts[data[0] % (sizeof(acts) / sizeof(*acts))];
	in.caps = caps[data[1] % (sizeof(caps) / sizeof(*caps))];
	check_reader(bytes_of(data + 2, size - 2));
	canned_run(canned_server(), bytes_of(data + 2, size - 2), client, &in);
	return 0;
}
