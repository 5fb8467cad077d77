#include "imap/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "imap/connection.h"
#include "imap/uid_set.h"

/* A watch between two events is this struct, its connection without any buffer, and a timer. Bytes from the server, the
 * timer and imap_watch_add each leave a job; a fiber does the jobs there are and ends. What it finds is told by a
 * function that runs later on the loop, so nobody is called back inside a call.
 *
 * Dovecot 2.3 tells a change after about 500 ms, by NOTIFY as by IDLE (it gathers what comes within that time). */
enum { PIPELINE_BYTES = 16 * 1024, JOB_MS = 120 * 1000 };

enum watch_state {
	WATCH_STARTING, /* on the fiber of imap_watch_start */
	WATCH_QUIET,    /* nothing runs; the stream is watched */
	WATCH_WORKING,  /* a fiber does jobs */
	WATCH_LOST,     /* has no connection any more */
	WATCH_FREED,    /* by its owner; goes when the last reference does */
};

enum watch_kind { BY_NOTIFY, BY_IDLE, BY_POLL };
enum { JOB_READ = 1, JOB_CHECK = 2, JOB_TICK = 4 };

struct watched {
	char *name; /* owned */
	size_t len;
	struct imap_status seen;
	bool pushed;    /* the server tells by itself */
	bool unchecked; /* not compared with the server yet */
	bool due;       /* `event` is to be told */
	enum imap_watch_event event;
};

struct imap_watch {
	struct loop *loop;
	struct imap *c; /* owned */
	enum watch_state state;
	enum watch_kind kind;
	unsigned refs; /* the owner's, a fiber's, a pending tell's */
	struct watched *v;
	size_t n;
	size_t idle_at;                /* BY_IDLE: which one is selected; SIZE_MAX = none */
	bool idling, examining, asked; /* asked: by a command of ours, not told by the server's own will */
	uint64_t folders, folders_now; /* hash of LIST; 0 = never listed */
	bool folders_due, lost_due, tell_due;
	unsigned jobs;
	uint64_t fiber; /* 0 = none */
	struct timer *timer;
	struct imap_watch_opts opts;
	char *problem; /* owned; why it was lost, or NULL */
	void (*fn)(void *arg, enum imap_watch_event what, struct bytes mailbox);
	void *arg;
};

static void unref(struct imap_watch *w)
{
	if (--w->refs)
		return;
	imap_free(&w->c);
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i].name);
	free(w->v);
	free(w->problem);
	free(w);
}

/* ---- telling ---- */

static void tell(void *arg)
{
	struct imap_watch *w = arg;

	w->tell_due = false;
	if (w->folders_due && w->state != WATCH_FREED) {
		w->folders_due = false;
		w->fn(w->arg, IMAP_WATCH_FOLDERS, bytes_of(NULL, 0));
	}
	for (size_t i = 0; i < w->n && w->state != WATCH_FREED; i++) {
		if (!w->v[i].due)
			continue;
		w->v[i].due = false;
		w->fn(w->arg, w->v[i].event, bytes_of(w->v[i].name, w->v[i].len));
	}
	if (w->lost_due && w->state != WATCH_FREED) {
		w->lost_due = false;
		w->fn(w->arg, IMAP_WATCH_LOST, bytes_of(NULL, 0));
	}
	unref(w);
}

static void tell_soon(struct imap_watch *w)
{
	if (w->tell_due || w->state == WATCH_STARTING)
		return;
	w->tell_due = true;
	w->refs++;
	loop_defer(w->loop, tell, w);
}

static void note(struct imap_watch *w, struct watched *x, enum imap_watch_event event)
{
	if (!x->due || event == IMAP_WATCH_NEW)
		x->event = event;
	x->due = true;
	tell_soon(w);
}

static void note_folders(struct imap_watch *w)
{
	w->folders_due = true;
	tell_soon(w);
}

/* ---- what the server says ---- */

static struct watched *find(const struct imap_watch *w, struct bytes name)
{
	if (bytes_eq_nocase(name, "INBOX"))
		name = BYTES("INBOX");
	for (size_t i = 0; i < w->n; i++)
		if (bytes_eq(bytes_of(w->v[i].name, w->v[i].len), name))
			return &w->v[i];
	return NULL;
}

/* An unseen count alone doesn't tell that something else became flagged: then only a modseq does. */
static void compare(struct imap_watch *w, struct watched *x, const struct imap_status *now)
{
	const struct imap_status *had = &x->seen;
	bool modseqs = had->highest_modseq && now->highest_modseq;
	bool by_itself = x->pushed && !w->asked && !modseqs;

	if (had->known && now->uid_validity == had->uid_validity && now->uid_next > had->uid_next)
		note(w, x, IMAP_WATCH_NEW);
	else if (had->known &&
		 (now->uid_validity != had->uid_validity || now->messages != had->messages || by_itself ||
		     (modseqs ? now->highest_modseq != had->highest_modseq : now->unseen != had->unseen)))
		note(w, x, IMAP_WATCH_CHANGED);
	x->seen = *now;
	x->unchecked = false;
}

static enum err on_status(struct imap_watch *w, struct imap *c)
{
	struct imap_status now = { 0 };
	struct watched *x;
	struct bytes name;
	enum err e;

	if ((e = imap_read_mailbox_name(c, c->scratch, &name)))
		return e;
	x = find(w, name);
	if (x)
		now = x->seen;
	if ((e = imap_read_status_items(c, &now)) || !(x = find(w, name)))
		return e;
	if (w->kind == BY_NOTIFY && w->state == WATCH_STARTING)
		x->pushed = true;
	compare(w, x, &now);
	return ERR_OK;
}

static enum err count_vanished(struct imap_reader *r, uint32_t *count)
{
	struct imap_uid_range range;
	struct bytes set;
	enum err e = imap_read_word(r, &set);

	for (*count = 0; !e && set.len; *count += range.last - range.first + 1)
		if ((e = uid_set_next(&set, &range)))
			break;
	return e;
}

/* Of the mailbox that is selected for IDLE. */
static enum err on_selected(struct imap_watch *w, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct watched *x = &w->v[w->idle_at];
	uint32_t gone = 1;
	enum err e;

	if (bytes_eq_nocase(keyword, "EXISTS")) {
		if (number > x->seen.messages) {
			x->seen.uid_next += number - x->seen.messages;
			note(w, x, IMAP_WATCH_NEW);
		}
		x->seen.messages = number;
	} else if (bytes_eq_nocase(keyword, "EXPUNGE") || bytes_eq_nocase(keyword, "VANISHED")) {
		if (!number && (e = count_vanished(&c->reader, &gone)))
			return e;
		x->seen.messages -= gone < x->seen.messages ? gone : x->seen.messages;
		note(w, x, IMAP_WATCH_CHANGED);
	} else if (number && bytes_eq_nocase(keyword, "FETCH")) {
		note(w, x, IMAP_WATCH_CHANGED);
	}
	return ERR_OK;
}

/* "(\HasNoChildren \Marked) "/" name", without the two marks: they change whenever a message comes or is seen. */
static enum err hash_list(struct imap_watch *w, struct imap *c)
{
	struct imap_reader *r = &c->reader;
	struct bytes word;
	enum err e = imap_expect(r, '(');

	while (!e && !imap_accept(r, ')')) {
		if (imap_accept(r, ' '))
			continue;
		if (!(e = imap_read_word(r, &word)) && !bytes_eq_nocase(word, "\\Marked") &&
		    !bytes_eq_nocase(word, "\\Unmarked"))
			w->folders_now = hash64(word, w->folders_now);
	}
	if (e || (e = imap_expect(r, ' ')) || (e = imap_skip_value(r)) || (e = imap_expect(r, ' ')) ||
	    (e = imap_read_mailbox_name(c, c->scratch, &word)))
		return e;
	w->folders_now = hash64(word, w->folders_now);
	return ERR_OK;
}

static enum err on_response(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct imap_watch *w = arg;

	if (bytes_eq_nocase(keyword, "STATUS"))
		return on_status(w, c);
	if (bytes_eq_nocase(keyword, "LIST")) {
		if (w->kind != BY_NOTIFY)
			return hash_list(w, c);
		note_folders(w);
		return ERR_OK;
	}
	return w->idle_at < w->n && !w->examining ? on_selected(w, c, number, keyword) : ERR_OK;
}

/* ---- jobs, on a fiber ---- */

/* All that has come; a response that has come in part is waited for. */
static enum err read_all(struct imap_watch *w)
{
	enum err e;

	do {
		if ((e = imap_begin(w->c)))
			return e;
		e = imap_read_one(w->c, on_response, w);
	} while (!e && imap_reader_ahead(&w->c->reader));
	return e;
}

/* Asks for the status of those that have no push, or all that weren't compared yet. */
static enum err look(struct imap_watch *w, bool all)
{
	struct imap *c = w->c;
	enum err e = ERR_OK;

	for (size_t i = 0; i < w->n && !e;) {
		if ((e = imap_begin(c)))
			break;
		for (; i < w->n && imap_pending_bytes(c) < PIPELINE_BYTES; i++)
			if (i != w->idle_at && (w->v[i].unchecked || (all && !w->v[i].pushed)))
				imap_put_status(c, bytes_of(w->v[i].name, w->v[i].len));
		if (c->n_commands)
			e = imap_run_all(c, on_response, w);
	}
	return e;
}

static enum err look_at_folders(struct imap_watch *w)
{
	enum err e;

	if ((e = imap_begin(w->c)))
		return e;
	w->folders_now = 1;
	imap_command(w->c, "LIST \"\" \"*\"");
	if ((e = imap_run_all(w->c, on_response, w)))
		return e;
	if (w->folders && w->folders != w->folders_now)
		note_folders(w);
	w->folders = w->folders_now;
	return ERR_OK;
}

/* The inbox, else the first. Selected without a trace: \Recent stays for others. */
static enum err select_for_idle(struct imap_watch *w)
{
	struct watched *inbox = find(w, BYTES("INBOX"));
	size_t at = inbox ? (size_t)(inbox - w->v) : 0;
	struct imap_status now;
	struct watched *x;
	enum err e;

	if (!w->n || (at == w->idle_at && !w->v[at].unchecked))
		return ERR_OK;
	if ((e = imap_begin(w->c)))
		return e;
	if (w->idle_at < w->n)
		w->v[w->idle_at].pushed = false;
	w->idle_at = at;
	w->c->selected.status = (struct imap_status){ .known = true };
	imap_command(w->c, "EXAMINE ");
	imap_put_mailbox(w->c, bytes_of(w->v[at].name, w->v[at].len));
	w->examining = true;
	e = imap_run_all(w->c, on_response, w);
	w->examining = false;
	if (e)
		return e;
	x = &w->v[at];
	if (w->c->answers[0].err) {
		w->idle_at = SIZE_MAX; /* it isn't there: polled, like the others */
		return ERR_OK;
	}
	now = w->c->selected.status;
	now.unseen = x->seen.unseen;
	compare(w, x, &now);
	x->pushed = true;
	return ERR_OK;
}

/* Announced, but refused (a proxy's promise): polled, like the others. What is selected is told by STATUS too late, so
 * nothing stays selected; after EXAMINE, CLOSE expunges nothing (RFC 3501, 6.4.2). */
static enum err give_idle_up(struct imap_watch *w)
{
	enum err e;

	w->kind = BY_POLL;
	w->v[w->idle_at].pushed = false;
	w->idle_at = SIZE_MAX;
	if ((e = imap_begin(w->c)))
		return e;
	imap_command(w->c, "CLOSE");
	return imap_run_all(w->c, on_response, w);
}

static enum err enter_idle(struct imap_watch *w)
{
	enum err e;

	if (w->idle_at >= w->n)
		return ERR_OK;
	if ((e = imap_begin(w->c)) || (e = imap_idle(w->c, on_response, w)))
		return e == ERR_UNSUPPORTED ? give_idle_up(w) : e;
	w->idling = true;
	return ERR_OK;
}

/* One round of asking; IDLE is left for it and entered again. */
static enum err ask(struct imap_watch *w, bool all)
{
	enum err e = ERR_OK;

	w->asked = true;
	if (w->idling) {
		if ((e = imap_begin(w->c)) || (e = imap_idle_done(w->c, on_response, w)))
			return e;
		w->idling = false;
	}
	if (w->kind == BY_IDLE && (e = select_for_idle(w)))
		return e;
	if ((e = look(w, all)) || (all && w->kind != BY_NOTIFY && (e = look_at_folders(w))))
		return e;
	if (w->kind == BY_NOTIFY && all && !(e = imap_begin(w->c))) {
		imap_command(w->c, "NOOP"); /* so that a connection that silently died is found out */
		e = imap_run_all(w->c, on_response, w);
	}
	if (!e)
		e = enter_idle(w);
	w->asked = false;
	return e;
}

/* ---- life ---- */

static void start_work(struct imap_watch *w);

static void kick(struct imap_watch *w, unsigned job)
{
	w->jobs |= job;
	if (w->state == WATCH_QUIET)
		start_work(w);
}

static void on_bytes(void *arg)
{
	kick(arg, JOB_READ);
}

static bool polls(const struct imap_watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (!w->v[i].pushed)
			return true;
	return w->kind != BY_NOTIFY; /* the folder list */
}

static uint32_t tick_ms(const struct imap_watch *w)
{
	uint32_t s = w->opts.renew_s ? w->opts.renew_s : 25 * 60;

	if (polls(w) && w->opts.poll_s && w->opts.poll_s < s)
		s = w->opts.poll_s;
	return s < UINT32_MAX / 1000 ? s * 1000 : UINT32_MAX;
}

static void on_tick(void *arg)
{
	kick(arg, JOB_TICK);
}

static void go_quiet(struct imap_watch *w)
{
	w->state = WATCH_QUIET;
	imap_rest(w->c);
	if (imap_reader_ahead(&w->c->reader))
		w->jobs |= JOB_READ;
	if (w->jobs)
		start_work(w);
	else
		stream_watch(w->c->stream, on_bytes, w);
}

static void lose(struct imap_watch *w, enum err e)
{
	w->state = WATCH_LOST;
	timer_cancel(&w->timer);
	w->problem = strdup(*imap_problem(w->c) ? imap_problem(w->c) : err_name(e));
	if (!w->problem)
		abort();
	imap_free(&w->c);
	w->lost_due = true;
	tell_soon(w);
}

static enum err do_jobs(struct imap_watch *w)
{
	enum err e = ERR_OK;

	while (w->jobs && !e && w->state == WATCH_WORKING) {
		unsigned jobs = w->jobs;

		w->jobs = 0;
		if (jobs & JOB_READ)
			e = read_all(w);
		if (!e && (jobs & (JOB_CHECK | JOB_TICK)))
			e = ask(w, jobs & JOB_TICK);
		if (!e && (jobs & JOB_TICK) && w->state == WATCH_WORKING)
			timer_restart(w->timer, tick_ms(w));
	}
	return e;
}

static void work(void *arg)
{
	struct imap_watch *w = arg;
	enum err e = do_jobs(w);

	w->fiber = 0;
	if (w->state == WATCH_WORKING) {
		if (e)
			lose(w, e);
		else
			go_quiet(w);
	}
	unref(w);
}

static void start_work(struct imap_watch *w)
{
	static const struct fiber_opts opts = { .name = "imap watch", .deadline_ms = JOB_MS };

	w->state = WATCH_WORKING;
	w->refs++;
	stream_watch(w->c->stream, NULL, NULL);
	w->fiber = fiber_start(w->loop, &opts, work, w);
}

static void add(struct imap_watch *w, struct bytes name, const struct imap_status *status)
{
	struct watched *x;

	if (find(w, name))
		return;
	w->v = realloc(w->v, (w->n + 1) * sizeof(*w->v));
	x = w->v ? &w->v[w->n++] : NULL;
	if (!x)
		abort();
	if (bytes_eq_nocase(name, "INBOX"))
		name = BYTES("INBOX");
	*x = (struct watched){
		.name = malloc(name.len + 1), .len = name.len, .seen = *status, .unchecked = true
	};
	if (!x->name)
		abort();
	memcpy(x->name, name.p, name.len);
	x->name[name.len] = 0;
}

/* NOTIFY for all of the user's own mailboxes; it tells the status of each at once. What it doesn't name (other
 * namespaces) is polled. Without SELECT nothing is selected, so no mailbox is told in another way. */
static enum err start_notify(struct imap_watch *w, bool *taken)
{
	enum err e;

	*taken = false;
	if (!(w->c->caps & IMAP_CAP_NOTIFY))
		return ERR_OK;
	if ((e = imap_begin(w->c)))
		return e;
	w->kind = BY_NOTIFY;
	w->asked = true;
	imap_command(w->c, "NOTIFY SET STATUS (personal (MessageNew MessageExpunge FlagChange MailboxName))");
	if ((e = imap_run_all(w->c, on_response, w)))
		return e;
	*taken = !w->c->answers[0].err;
	return ERR_OK;
}

static enum err begin(struct imap_watch *w)
{
	bool notify;
	enum err e;

	if ((e = start_notify(w, &notify)))
		return e;
	if (!notify) {
		w->kind = w->c->caps & IMAP_CAP_IDLE ? BY_IDLE : BY_POLL;
		w->folders_due = false;
		for (size_t i = 0; i < w->n; i++)
			w->v[i].pushed = false;
	}
	return ask(w, true);
}

enum err imap_watch_start(struct imap_pool *p, const struct imap_login *who, const struct bytes *mailboxes,
    const struct imap_status *status, size_t n, const struct imap_watch_opts *opts,
    void (*fn)(void *arg, enum imap_watch_event what, struct bytes mailbox), void *arg,
    struct imap_watch **out, const char **why)
{
	struct imap *c = NULL;
	struct imap_watch *w;
	enum err e;

	*out = NULL;
	if ((e = imap_connect(p, who, &c, why)))
		return e;
	w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	*w = (struct imap_watch){ .loop = fiber_loop(),
		.c = c,
		.refs = 1,
		.idle_at = SIZE_MAX,
		.opts = *opts,
		.fn = fn,
		.arg = arg };
	for (size_t i = 0; i < n; i++)
		add(w, mailboxes[i], &status[i]);
	if ((e = begin(w))) {
		if (why)
			*why = arena_printf(fiber_arena(), "%s", imap_problem(c));
		unref(w);
		return e;
	}
	w->timer = timer_start(w->loop, tick_ms(w), on_tick, w);
	go_quiet(w);
	tell_soon(w);
	*out = w;
	return ERR_OK;
}

enum err imap_watch_add(
    struct imap_watch *w, const struct bytes *mailboxes, const struct imap_status *status, size_t n)
{
	size_t before = w->n;

	if (w->state == WATCH_LOST)
		return ERR_UNAVAILABLE;
	for (size_t i = 0; i < n; i++)
		add(w, mailboxes[i], &status[i]);
	if (w->n > before)
		kick(w, JOB_CHECK);
	return ERR_OK;
}

uint32_t imap_watch_uid_next(const struct imap_watch *w, struct bytes mailbox)
{
	const struct watched *x = find(w, mailbox);

	return x && x->seen.known ? x->seen.uid_next : 0;
}

const char *imap_watch_kind(const struct imap_watch *w)
{
	switch (w->kind) {
	case BY_NOTIFY:
		return "notify";
	case BY_IDLE:
		return "idle";
	case BY_POLL:
		break;
	}
	return "poll";
}

const char *imap_watch_problem(const struct imap_watch *w)
{
	return w->problem ? w->problem : "";
}

void imap_watch_free(struct imap_watch **watch)
{
	struct imap_watch *w = *watch;

	*watch = NULL;
	if (!w)
		return;
	timer_cancel(&w->timer);
	if (w->state == WATCH_QUIET)
		imap_free(&w->c);
	else if (w->fiber)
		fiber_cancel(w->loop, w->fiber);
	w->state = WATCH_FREED;
	unref(w);
}
