#ifndef EASGATE_TESTS_IMAP_VARIANTS_H
#define EASGATE_TESTS_IMAP_VARIANTS_H

/* Calls against a real Dovecot, with all that it can and with each of its extensions hidden: the same results are wanted, only
 * the way differs. A test has a table of scenarios, and its main ends with run_variants. */
#include "unit/backends/imap_bed.h"

enum { USERS = 40 };

static const struct variant {
	const char *name, *options;
	uint32_t without; /* capabilities that must not be there */
} variants[] = {
	{ "all extensions", "", 0 },
	{ "no QRESYNC", "--imap-hide QRESYNC", IMAP_CAP_QRESYNC },
	{ "no CONDSTORE", "--imap-hide CONDSTORE,QRESYNC", IMAP_CAP_QRESYNC | IMAP_CAP_CONDSTORE },
	{ "no UIDPLUS", "--imap-hide UIDPLUS", IMAP_CAP_UIDPLUS },
	{ "no MOVE", "--imap-hide MOVE", IMAP_CAP_MOVE },
	{ "no MOVE, no UIDPLUS", "--imap-hide MOVE,UIDPLUS", IMAP_CAP_MOVE | IMAP_CAP_UIDPLUS },
	{ "no LIST-STATUS, no SPECIAL-USE", "--imap-hide LIST-STATUS,SPECIAL-USE",
	    IMAP_CAP_LIST_STATUS | IMAP_CAP_SPECIAL_USE },
	{ "no LIST-EXTENDED, no LITERAL+", "--imap-hide LIST-EXTENDED,LITERAL+",
	    IMAP_CAP_LIST_EXTENDED | IMAP_CAP_LITERAL_PLUS },
	{ "no ESEARCH, no ENABLE, no UNSELECT", "--imap-hide ESEARCH,ENABLE,UNSELECT",
	    IMAP_CAP_ESEARCH | IMAP_CAP_ENABLE },
	{ "IMAP4rev1 alone", "--imap-capability IMAP4rev1",
	    IMAP_CAP_LITERAL_PLUS | IMAP_CAP_QRESYNC | IMAP_CAP_IDLE },
};

static struct imap_bed bed;
static const struct variant *running;
static unsigned users_taken;

/* What each scenario gets: an account that nobody used before, and two connections of it. */
struct scene {
	struct imap_pool *pool;
	struct imap_login who;
	struct imap *c, *other;
	struct arena *a;
};

#define ok(call) assert_ok((call), #call, __LINE__)
static inline void assert_ok(enum err e, const char *call, int line)
{
	if (e)
		fail_msg("line %d: %s: %s", line, call, err_name(e));
}

static inline void open_other(struct scene *s)
{
	const char *why = "";

	if (imap_open(s->pool, &s->who, bytes_of(NULL, 0), &s->other, &why))
		fail_msg("no connection: %s", why);
}

static inline void open_both(struct scene *s)
{
	const char *why = "";

	if (imap_open(s->pool, &s->who, bytes_of(NULL, 0), &s->c, &why) ||
	    imap_open(s->pool, &s->who, bytes_of(NULL, 0), &s->other, &why))
		fail_msg("no connection: %s", why);
}

static inline uint32_t append(struct scene *s, const char *mailbox, const char *id, uint32_t flags)
{
	char text[400];
	uint32_t uid;

	snprintf(text, sizeof(text),
	    "From: a@example.org\r\nSubject: mail %s\r\nMessage-ID: <%s@example.org>\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\nbody of %s\r\n--b\r\nContent-Type: "
	    "text/html\r\n\r\n<p>%s</p>\r\n--b--\r\n",
	    id, id, id, id);
	ok(imap_append(s->other, bytes_str(mailbox), bytes_str(text), flags, 1700000000, &uid));
	return uid;
}

static inline void select_box(struct scene *s, const char *mailbox)
{
	struct imap_status status;

	ok(imap_select(s->c, bytes_str(mailbox), &status));
}

struct scenario {
	const char *name;
	void (*run)(struct scene *s);
};

/* A scenario in a variant. */
struct row {
	const struct variant *variant;
	const struct scenario *scenario;
};

static inline void run_scenario(void *arg)
{
	const struct row *r = arg;
	struct imap_config config = imap_bed_config(&bed);
	char user[64];
	struct scene s = { .pool = imap_pool_new(fiber_loop(), &config), .a = fiber_arena() };

	snprintf(user, sizeof(user), "user%04u@example.org", ++users_taken);
	s.who = imap_bed_login(user, "bench-pw");
	open_both(&s);
	assert_int_equal(imap_caps(s.c) & r->variant->without, 0);
	r->scenario->run(&s);
	imap_close(&s.c);
	imap_close(&s.other);
	imap_pool_free(&s.pool);
}

static inline void run_row(void **state)
{
	struct row *r = *state;
	char options[256];

	if (running != r->variant) {
		if (running)
			imap_bed_stop(&bed);
		running = r->variant;
		users_taken = 0;
		snprintf(options, sizeof(options), "--users %d %s", USERS, running->options);
		imap_bed_start(&bed, options);
	}
	on_fiber(run_scenario, r);
}

static inline int run_variants(const char *name, const struct scenario *scenarios, size_t n)
{
	enum { VARIANTS = sizeof(variants) / sizeof(*variants) };
	struct row *rows = test_keep(VARIANTS * n * sizeof(*rows));
	int rc;

	for (size_t i = 0; i < VARIANTS * n; i++) {
		rows[i].variant = &variants[i / n];
		rows[i].scenario = &scenarios[i % n];
		test_add(rows[i].variant->name, rows[i].scenario->name, run_row, &rows[i]);
	}
	rc = test_run(name);
	if (running)
		imap_bed_stop(&bed);
	return rc;
}

#endif
