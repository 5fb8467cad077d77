#include "imap/connection.h"
#include "imap/fetched.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf7.h"

/* Why this speaks IMAP itself and not through libetpan: its parser is a recursive descent whose depth the server
 * chooses, on stacks of 64 KiB; it collects each response in one string and copies every literal out of it, with
 * dozens of small allocations per message; one response that it can't parse ends the session; and it
 * sends one command at a time. What is left for it (LOGIN, CREATE …) is less than the glue would be.
 *
 * This file owns the talk on a connection; what the commands mean is in mailbox.c, fetch.c, change.c, search.c. */
enum {
	SCRATCH_BYTES = 64 * 1024 * 1024,
	LONGEST_PROBLEM = 255,
	QUOTED_MAX = 1000, /* longer strings go as literals: servers bound their lines */
};

static enum err read_stream(void *arg, void *to, size_t cap, size_t *out)
{
	struct imap *c = arg;

	return stream_read(c->stream, to, cap, out);
}

struct imap *imap_new(const struct imap_config *config, struct stream **s)
{
	struct imap *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->config = config;
	c->stream = *s;
	*s = NULL;
	imap_reader_init(&c->reader, read_stream, c);
	return c;
}

void imap_forget_selected(struct imap *c)
{
	free(c->selected.name);
	c->selected = (struct imap_selected){ 0 };
}

void imap_free(struct imap **c)
{
	if (!*c)
		return;
	stream_close(&(*c)->stream);
	imap_reader_deinit(&(*c)->reader);
	imap_forget_selected(*c);
	arena_free(&(*c)->scratch);
	free((*c)->problem);
	free(*c);
	*c = NULL;
}

uint32_t imap_caps(const struct imap *c)
{
	return c->caps;
}

uint32_t imap_round_trips(const struct imap *c)
{
	return c->round_trips;
}

void imap_byte_counts(const struct imap *c, uint64_t *in, uint64_t *out)
{
	*in = *out = 0;
	if (c->stream)
		stream_counts(c->stream, in, out);
	*in += c->former_in;
	*out += c->former_out;
}

void imap_hang_up(struct imap *c)
{
	c->broken = true;
	imap_byte_counts(c, &c->former_in, &c->former_out);
	stream_close(&c->stream);
	imap_reader_deinit(&c->reader);
}

void imap_take_over(struct imap *c, struct imap **fresh)
{
	struct imap *f = *fresh;

	c->stream = f->stream;
	f->stream = NULL;
	c->reader = f->reader;
	c->reader.arg = c;
	imap_reader_init(&f->reader, read_stream, f);
	c->caps = f->caps;
	c->caps_known = f->caps_known;
	c->logged_in = f->logged_in;
	c->last_tag = f->last_tag;
	c->round_trips += f->round_trips;
	c->broken = false;
	imap_free(fresh);
}

const char *imap_problem(const struct imap *c)
{
	return c->problem ? c->problem : "";
}

static void forget_problem(struct imap *c)
{
	free(c->problem);
	c->problem = NULL;
}

/* The first problem of a call is the one that explains it. */
void imap_set_problem(struct imap *c, struct bytes text)
{
	size_t n = text.len < LONGEST_PROBLEM ? text.len : LONGEST_PROBLEM;

	if (c->problem)
		return;
	c->problem = calloc(1, n + 1);
	if (!c->problem)
		abort();
	for (size_t i = 0; i < n; i++)
		c->problem[i] = text.p[i] < ' ' || text.p[i] == 0x7F ? '?' : (char)text.p[i];
}

/* For whoever asked, a server that doesn't speak IMAP is as good as none: ERR_PROTO is left for what phones say. */
enum err imap_fail(struct imap *c, enum err e, const char *why)
{
	c->broken = true;
	c->orders = NULL;
	imap_set_problem(c, bytes_str(why));
	return e == ERR_PROTO ? ERR_UNAVAILABLE : e;
}

/* ---- commands ---- */

void imap_next(struct imap *c)
{
	buf_init(&c->out, c->scratch, 0);
	c->cuts = NULL;
	c->ends = NULL;
	c->answers = NULL;
	c->n_cuts = c->n_commands = 0;
}

enum err imap_begin(struct imap *c)
{
	enum err e = imap_settle_orders(c);

	if (!e)
		e = c->broken ? ERR_UNAVAILABLE : fiber_check();
	arena_free(&c->scratch);
	c->scratch = arena_new(SCRATCH_BYTES);
	imap_next(c);
	c->selected.fresh = false;
	if (!c->broken)
		forget_problem(c);
	return e;
}

void imap_rest(struct imap *c)
{
	arena_free(&c->scratch);
	c->selected.fresh = false;
	c->selected.stale = true;
	if (!imap_reader_ahead(&c->reader))
		imap_reader_deinit(&c->reader);
}

/* One more element in an array that grows in scratch; NULL when that is spent. */
static void *add(struct imap *c, void **array, size_t n, size_t size)
{
	if ((n & (n - 1)) == 0) { /* full at each power of two */
		size_t more = n ? n * 2 : 1;
		void *grown =
		    more > SIZE_MAX / size ? NULL : arena_grow(c->scratch, *array, n * size, more * size);

		if (!grown) {
			c->out.failed = ERR_LIMIT;
			return NULL;
		}
		*array = grown;
	}
	return (uint8_t *)*array + n * size;
}

static void end_command(struct imap *c)
{
	if (!c->out.len) /* none, or it is sent already */
		return;
	buf_put_str(&c->out, "\r\n");
	c->ends[c->n_commands - 1] = c->out.len;
}

void imap_command(struct imap *c, const char *fmt, ...)
{
	void *ends = c->ends, *answers = c->answers;
	va_list args;
	char *text;

	if (c->out.failed)
		return;
	end_command(c);
	if (!add(c, &ends, c->n_commands, sizeof(*c->ends)) ||
	    !add(c, &answers, c->n_commands, sizeof(*c->answers)))
		return;
	c->ends = ends;
	c->answers = answers;
	c->answers[c->n_commands++] = (struct imap_answer){ 0 };
	buf_printf(&c->out, "a%u ", ++c->last_tag);
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	buf_put_str(&c->out, text);
	free(text);
}

void imap_put(struct imap *c, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	buf_put_str(&c->out, text);
	free(text);
}

static void put_cut(struct imap *c, bool sync, struct bytes extra, struct source *rest)
{
	void *cuts = c->cuts;
	struct imap_cut *cut;

	if (c->out.failed)
		return;
	cut = add(c, &cuts, c->n_cuts, sizeof(*cut));
	if (!cut)
		return;
	c->cuts = cuts;
	c->n_cuts++;
	*cut = (struct imap_cut){
		.at = c->out.len, .sync = sync, .extra = extra, .rest = rest, .command = c->n_commands - 1
	};
}

void imap_put_literal(struct imap *c, struct bytes s)
{
	bool plus = c->caps & IMAP_CAP_LITERAL_PLUS;

	imap_put(c, plus ? "{%zu+}\r\n" : "{%zu}\r\n", s.len);
	put_cut(c, !plus, s, NULL);
}

/* Never without waiting for "+": a server that has no room must be able to say so before 50 MB are on their way. */
void imap_put_long_literal(struct imap *c, struct bytes s, struct source *rest)
{
	imap_put(c, "{%" PRIu64 "}\r\n", s.len + rest->size);
	put_cut(c, true, s, rest);
}

void imap_put_extra(struct imap *c, bool sync, struct bytes s)
{
	if (sync)
		buf_put_str(&c->out, "\r\n");
	put_cut(c, sync, s, NULL);
}

void imap_put_string(struct imap *c, struct bytes s)
{
	struct bytes copy;
	bool plain = s.len < QUOTED_MAX;

	for (size_t i = 0; plain && i < s.len; i++)
		plain = s.p[i] >= ' ' && s.p[i] < 0x7F;
	if (!plain) {
		if (arena_dup(c->scratch, s, &copy))
			c->out.failed = ERR_LIMIT;
		else
			imap_put_literal(c, copy);
		return;
	}
	buf_put_u8(&c->out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_put_u8(&c->out, '\\');
		buf_put_u8(&c->out, s.p[i]);
	}
	buf_put_u8(&c->out, '"');
}

void imap_put_mailbox(struct imap *c, struct bytes utf8)
{
	struct bytes wire = utf8;

	if (utf8.len && utf8.p[0] == IMAP_RAW_NAME)
		wire = bytes_of(utf8.p + 1, utf8.len - 1);
	else if (utf7_from_utf8(c->scratch, utf8, &wire) == ERR_LIMIT)
		c->out.failed = ERR_LIMIT;
	imap_put_string(c, wire);
}

size_t imap_pending_bytes(const struct imap *c)
{
	return c->out.len;
}

/* ---- answers ---- */

/* RFC 5530 and others, by what the caller can do about it. */
static const struct {
	const char *code;
	enum err err;
} code_errs[] = {
	{ "TRYCREATE", ERR_NOT_FOUND },
	{ "NONEXISTENT", ERR_NOT_FOUND },
	{ "ALREADYEXISTS", ERR_EXISTS },
	{ "NOPERM", ERR_DENIED },
	{ "CANNOT", ERR_DENIED },
	{ "PRIVACYREQUIRED", ERR_DENIED },
	{ "OVERQUOTA", ERR_LIMIT },
	{ "LIMIT", ERR_LIMIT },
	{ "TOOBIG", ERR_LIMIT },
	{ "AUTHENTICATIONFAILED", ERR_AUTH },
	{ "AUTHORIZATIONFAILED", ERR_AUTH },
	{ "EXPIRED", ERR_AUTH },
	{ "UNAVAILABLE", ERR_UNAVAILABLE },
	{ "INUSE", ERR_UNAVAILABLE },
	{ "SERVERBUG", ERR_UNAVAILABLE },
	{ "CONTACTADMIN", ERR_UNAVAILABLE },
	{ "MODIFIED", ERR_CONFLICT },
};

static enum err err_of_code(struct bytes name, enum err otherwise)
{
	for (size_t i = 0; i < sizeof(code_errs) / sizeof(*code_errs); i++)
		if (bytes_eq_nocase(name, code_errs[i].code))
			return code_errs[i].err;
	return otherwise;
}

/* "[NAME args] text", the rest of the line. The code ends at the first ] before a blank: its arguments may hold
 * others, as keywords do. */
static struct imap_code read_code(struct bytes *line)
{
	struct imap_code code = { { 0 }, { 0 } };
	size_t end = 1, blank;

	if (!bytes_starts(*line, "["))
		return code;
	while (end < line->len && !(line->p[end] == ']' && (end + 1 == line->len || line->p[end + 1] == ' ')))
		end++;
	if (end == line->len)
		return code;
	code.args = bytes_of(line->p + 1, end - 1);
	blank = bytes_find(code.args, ' ');
	code.name = bytes_of(code.args.p, blank);
	code.args = blank < code.args.len ? bytes_of(code.args.p + blank + 1, code.args.len - blank - 1)
					  : (struct bytes){ 0 };
	*line = bytes_trim(bytes_of(line->p + end + 1, line->len - end - 1));
	return code;
}

static void set_u32(uint32_t *to, struct bytes digits)
{
	uint32_t n;

	if (!bytes_to_u32(digits, UINT32_MAX, &n))
		*to = n;
}

/* Once logged in they stand: what wasn't enabled then must not come back by an answer that nobody asked for. */
static void note_caps(struct imap *c, struct bytes list)
{
	if (c->logged_in)
		return;
	c->caps = imap_caps_parse(list);
	c->caps_known = true;
}

/* What any response may tell, whoever asked. */
static void note_code(struct imap *c, const struct imap_code *code)
{
	struct imap_status *s = &c->selected.status;
	uint64_t modseq;

	if (bytes_eq_nocase(code->name, "CAPABILITY")) {
		note_caps(c, code->args);
	} else if (bytes_eq_nocase(code->name, "HIGHESTMODSEQ")) {
		if (!bytes_to_u64(code->args, UINT64_MAX, &modseq) && modseq > s->highest_modseq)
			s->highest_modseq = modseq;
	} else if (bytes_eq_nocase(code->name, "UIDNEXT")) {
		set_u32(&s->uid_next, code->args);
	} else if (bytes_eq_nocase(code->name, "UIDVALIDITY")) {
		set_u32(&s->uid_validity, code->args);
	} else if (bytes_eq_nocase(code->name, "NOMODSEQ")) {
		s->highest_modseq = 0;
	} else if (bytes_eq_nocase(code->name, "PERMANENTFLAGS")) {
		c->selected.may_change = imap_flags_of(code->args);
	}
}

static bool is_state(struct bytes keyword)
{
	return bytes_eq_nocase(keyword, "OK") || bytes_eq_nocase(keyword, "NO") ||
	       bytes_eq_nocase(keyword, "BAD") || bytes_eq_nocase(keyword, "BYE") ||
	       bytes_eq_nocase(keyword, "PREAUTH");
}

/* After "* ". */
static enum err read_untagged(struct imap *c, imap_handler *handler, void *arg)
{
	struct imap_reader *r = &c->reader;
	struct bytes keyword;
	uint32_t number = 0;
	bool text;
	enum err e;

	if (!imap_read_u32(r, &number) && (e = imap_expect(r, ' ')))
		return e;
	if ((e = imap_read_atom(r, &keyword)))
		return e;
	/* One mail may be too much; but of a list that isn't whole nobody could say what isn't on it. */
	if (r->is_cut && !bytes_eq_nocase(keyword, "FETCH"))
		return ERR_LIMIT;
	(void)imap_accept(r, ' ');
	text = is_state(keyword);
	if (text) {
		c->code = read_code(&r->line);
		note_code(c, &c->code);
		if (bytes_eq_nocase(keyword, "BYE")) {
			imap_set_problem(c, r->line);
			c->broken = true; /* what it still answers is heard */
		}
	} else if (bytes_eq_nocase(keyword, "CAPABILITY")) {
		note_caps(c, r->line);
	} else if (bytes_eq_nocase(keyword, "EXISTS")) {
		c->selected.status.messages = number;
	}
	if (handler && (e = handler(arg, c, number, keyword)))
		return e;
	return imap_reader_finish(r, text);
}

static enum err dup_code(struct imap *c, const struct imap_code *from, struct imap_code *to)
{
	enum err e = arena_dup(c->scratch, from->name, &to->name);

	return e ? e : arena_dup(c->scratch, from->args, &to->args);
}

/* "a17 NO [CODE] text" */
static enum err read_tagged(struct imap *c)
{
	struct bytes tag, state;
	struct imap_reader *r = &c->reader;
	struct imap_answer *answer;
	struct imap_code code;
	uint32_t n, first = c->last_tag - (uint32_t)c->n_commands + 1;
	enum err e;

	if ((e = imap_read_atom(r, &tag)) || (e = imap_expect(r, ' ')) || (e = imap_read_atom(r, &state)))
		return e;
	if (tag.p[0] != 'a' || bytes_to_u32(bytes_of(tag.p + 1, tag.len - 1), UINT32_MAX, &n) ||
	    n - first >= c->n_commands || c->answers[n - first].given)
		return ERR_PROTO;
	(void)imap_accept(r, ' ');
	answer = &c->answers[n - first];
	code = read_code(&r->line);
	note_code(c, &code);
	answer->given = true;
	if ((e = dup_code(c, &code, &answer->code)))
		return e;
	if (!bytes_eq_nocase(state, "OK")) {
		answer->err =
		    err_of_code(code.name, bytes_eq_nocase(state, "NO") ? ERR_DENIED : ERR_UNSUPPORTED);
		imap_set_problem(c, r->line);
	}
	return imap_reader_finish(r, true);
}

static enum err read_response(struct imap *c, imap_handler *handler, void *arg)
{
	enum err e = imap_reader_next(&c->reader);

	if (e)
		return e;
	if (c->reader.is_cut && imap_peek(&c->reader) != '*')
		return ERR_LIMIT;
	if (imap_accept(&c->reader, '+')) {
		c->got_plus = true;
		return imap_reader_finish(&c->reader, true);
	}
	if (!imap_accept(&c->reader, '*'))
		return read_tagged(c);
	e = imap_expect(&c->reader, ' ');
	return e ? e : read_untagged(c, handler, arg);
}

/* ---- a run ---- */

static enum err send_rest(struct imap *c, struct source *rest)
{
	struct bytes piece;
	uint64_t sent = 0;
	enum err e;

	while (!(e = rest->next(rest->arg, &piece)) && piece.len && piece.len <= rest->size - sent) {
		if ((e = stream_write(c->stream, piece)))
			return e;
		sent += piece.len;
	}
	return !e && (piece.len || sent != rest->size) ? ERR_CONFLICT : e;
}

static enum err send_all(struct imap *c, imap_handler *handler, void *arg)
{
	size_t sent = 0;
	enum err e = ERR_OK;

	for (size_t i = 0; i < c->n_cuts && !e; i++) {
		const struct imap_cut *cut = &c->cuts[i];

		if (cut->at < sent)
			continue; /* of a command that was refused half-way */
		e = stream_write(c->stream, bytes_of(c->out.p + sent, cut->at - sent));
		sent = cut->at;
		c->got_plus = !cut->sync;
		while (!e && !c->got_plus && !c->answers[cut->command].given)
			e = read_response(c, handler, arg);
		c->round_trips += cut->sync;
		if (!c->got_plus)
			sent = c->ends[cut->command];
		else if (!e)
			e = stream_write(c->stream, cut->extra);
		if (c->got_plus && !e && cut->rest)
			e = send_rest(c, cut->rest);
	}
	return e ? e : stream_write(c->stream, bytes_of(c->out.p + sent, c->out.len - sent));
}

static enum err send_commands(struct imap *c, imap_handler *handler, void *arg)
{
	enum err e;

	if (c->out.failed)
		return c->out.failed;
	end_command(c);
	e = send_all(c, handler, arg);
	c->out.len = 0;
	return e;
}

static enum err hear(struct imap *c, size_t n, imap_handler *handler, void *arg)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < n && !e; i++)
		while (!e && !c->answers[i].given)
			e = read_response(c, handler, arg);
	return e;
}

static const char *why_broken(enum err e)
{
	switch (e) {
	case ERR_TIMEOUT:
		return "the IMAP server did not answer in time";
	case ERR_PROTO:
		return "the IMAP server sent what is no IMAP";
	case ERR_LIMIT:
		return "the IMAP server's answer is too large";
	default:
		return "the connection to the IMAP server broke";
	}
}

enum err imap_run_all(struct imap *c, imap_handler *handler, void *arg)
{
	enum err e = send_commands(c, handler, arg);

	c->round_trips++;
	if (!e)
		e = hear(c, c->n_commands, handler, arg);
	return e ? imap_fail(c, e, why_broken(e)) : ERR_OK;
}

enum err imap_send(struct imap *c)
{
	enum err e = send_commands(c, NULL, NULL);

	return e ? imap_fail(c, e, why_broken(e)) : ERR_OK;
}

enum err imap_hear(struct imap *c, size_t n, imap_handler *handler, void *arg)
{
	enum err e = hear(c, n, handler, arg);

	return e ? imap_fail(c, e, why_broken(e)) : ERR_OK;
}

enum err imap_run(struct imap *c, imap_handler *handler, void *arg)
{
	enum err e = imap_run_all(c, handler, arg);

	for (size_t i = 0; i < c->n_commands && !e; i++)
		e = c->answers[i].err;
	return e;
}

enum err imap_idle(struct imap *c, imap_handler *handler, void *arg)
{
	enum err e;

	imap_command(c, "IDLE\r\n");
	e = c->out.failed ? c->out.failed : stream_write(c->stream, bytes_of(c->out.p, c->out.len));
	c->got_plus = false;
	while (!e && !c->got_plus && !c->answers[0].given)
		e = read_response(c, handler, arg);
	imap_next(c); /* its answer comes after DONE */
	c->round_trips++;
	if (!e && !c->got_plus)
		return ERR_UNSUPPORTED;
	return e ? imap_fail(c, e, why_broken(e)) : ERR_OK;
}

enum err imap_idle_done(struct imap *c, imap_handler *handler, void *arg)
{
	struct imap_answer answer = { 0 };
	enum err e = stream_write(c->stream, BYTES("DONE\r\n"));

	c->answers = &answer;
	c->n_commands = 1;
	while (!e && !answer.given)
		e = read_response(c, handler, arg);
	imap_next(c);
	c->round_trips++;
	return e ? imap_fail(c, e, why_broken(e)) : ERR_OK;
}

enum err imap_read_one(struct imap *c, imap_handler *handler, void *arg)
{
	enum err e = read_response(c, handler, arg);

	return e ? imap_fail(c, e, why_broken(e)) : ERR_OK;
}

struct greeting {
	bool seen, preauth, refused;
};

static enum err on_greeting(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct greeting *g = arg;

	(void)c, (void)number;
	g->seen = is_state(keyword);
	g->preauth = bytes_eq_nocase(keyword, "PREAUTH");
	g->refused = !g->preauth && !bytes_eq_nocase(keyword, "OK");
	return ERR_OK;
}

enum err imap_read_greeting(struct imap *c, bool *preauth)
{
	struct greeting g = { false, false, false };
	enum err e = read_response(c, on_greeting, &g);

	if (!e && (!g.seen || g.refused))
		e = g.seen ? ERR_UNAVAILABLE : ERR_PROTO;
	*preauth = g.preauth;
	return e ? imap_fail(c, e, why_broken(e)) : ERR_OK;
}
