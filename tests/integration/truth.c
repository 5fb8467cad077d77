/* Commands and their answers; the bytes are truth_wire's. One command is under way at a time. */
#include "integration/truth.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf7.h"
#include "integration/truth_wire.h"

enum { MEMORY = 1 << 30 };

struct truth {
	const struct bed *bed; /* borrowed */
	const char *user;      /* in the arena */
	struct arena *arena;
	struct truth_wire wire;
	unsigned tag;
};

/* ---- one command ---- */

static struct bytes ask(struct truth *t, struct bytes command);

static void login(struct truth *t)
{
	const char *password = bed_password(t->bed, t->user);

	truth_wire_open(&t->wire, bed_get(t->bed, "HOST"), bed_port(t->bed, "IMAP_PORT"));
	truth_wire_line(&t->wire);
	/* The password as a literal: it may hold anything. */
	ask(t,
	    bytes_str(arena_printf(t->arena, "LOGIN %s {%zu+}\r\n%s", t->user, strlen(password), password)));
}

/* The length in "{123}" at the line's end; false if the line has none. */
static bool ends_in_literal(struct bytes line, size_t *len)
{
	const uint8_t *open;

	line = bytes_trim(line);
	if (!line.len || line.p[line.len - 1] != '}' || !(open = memrchr(line.p, '{', line.len)))
		return false;
	*len = strtoul((const char *)open + 1, NULL, 10);
	return true;
}

/* Sends the command under a new tag and reads until its OK. The reply, literals inline, is copied to the arena. */
static struct bytes ask(struct truth *t, struct bytes command)
{
	char tag[16];
	struct bytes line, out;
	size_t literal, before;

	snprintf(tag, sizeof(tag), "t%u ", ++t->tag);
	truth_wire_send(&t->wire, bytes_str(tag));
	truth_wire_send(&t->wire, command);
	truth_wire_send(&t->wire, BYTES("\r\n"));
	truth_wire_forget(&t->wire);
	do {
		before = t->wire.reply_len;
		line = truth_wire_line(&t->wire);
		while (ends_in_literal(line, &literal)) {
			truth_wire_bytes(&t->wire, literal);
			line = truth_wire_line(&t->wire);
		}
		line = bytes_of(t->wire.reply + before, t->wire.reply_len - before);
	} while (!bytes_starts(line, tag));
	if (!bytes_starts(bytes_of(line.p + strlen(tag), line.len - strlen(tag)), "OK"))
		errx(1, "truth: %.*s: %.*s", (int)bytes_find(command, '\r'), (const char *)command.p,
		    BYTES_ARG(line));
	if (arena_dup(t->arena, bytes_of(t->wire.reply, t->wire.reply_len), &out))
		errx(1, "truth: out of memory");
	return out;
}

static void ensure(struct truth *t)
{
	if (!truth_wire_gone(&t->wire))
		return;
	truth_wire_close(&t->wire);
	login(t);
}

struct bytes truth_command(struct truth *t, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	struct bytes out;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		err(1, "truth");
	va_end(ap);
	ensure(t);
	out = ask(t, bytes_str(text));
	free(text);
	return out;
}

struct truth *truth_open(const struct bed *b, const char *user)
{
	struct truth *t = calloc(1, sizeof(*t));

	if (!t)
		err(1, "truth");
	t->bed = b;
	t->arena = arena_new(MEMORY);
	t->user = arena_printf(t->arena, "%s", user);
	login(t);
	return t;
}

void truth_close(struct truth **t)
{
	if (!*t)
		return;
	truth_wire_close(&(*t)->wire);
	arena_free(&(*t)->arena);
	free(*t);
	*t = NULL;
}

/* ---- reading answers ---- */

/* A mailbox name as a quoted string. */
static const char *quoted(struct truth *t, const char *mailbox)
{
	struct bytes wire;
	char *out, *to;

	if (utf7_from_utf8(t->arena, bytes_str(mailbox), &wire) ||
	    !(out = arena_alloc(t->arena, 2 * wire.len + 3)))
		errx(1, "truth: bad mailbox name %s", mailbox);
	to = out;
	*to++ = '"';
	for (size_t i = 0; i < wire.len; i++) {
		if (wire.p[i] == '"' || wire.p[i] == '\\')
			*to++ = '\\';
		*to++ = (char)wire.p[i];
	}
	*to = '"';
	return out;
}

static char *text_of(struct truth *t, struct bytes in)
{
	char *out = NULL;

	if (arena_cstr(t->arena, in, &out))
		errx(1, "truth: a NUL where text was expected");
	return out;
}

/* What follows `label` in the line: inside the closing pair if one opens there, else up to the next blank, ')' or ']'. */
static struct bytes value_after(struct bytes line, const char *label)
{
	const uint8_t *at = memmem(line.p, line.len, label, strlen(label));
	const char *end = " )]\r";
	size_t n = 0;

	if (!at)
		return bytes_str("");
	at += strlen(label);
	if (at < line.p + line.len && (*at == '(' || *at == '"'))
		end = *at++ == '(' ? ")" : "\"";
	while (at + n < line.p + line.len && !strchr(end, at[n]))
		n++;
	return bytes_of(at, n);
}

static uint64_t number_after(struct bytes line, const char *label)
{
	uint64_t out = 0;

	if (bytes_to_u64(value_after(line, label), UINT64_MAX, &out))
		return 0;
	return out;
}

/* The reply's next line that is a FETCH. Only for replies without literals. */
static bool next_fetch(struct bytes *reply, struct bytes *line)
{
	while (bytes_split(reply, '\n', line))
		if (bytes_starts(*line, "* ") && memmem(line->p, line->len, " FETCH (", 8))
			return true;
	return false;
}

/* Dovecot puts \Recent last. */
static struct bytes without_recent(struct bytes flags)
{
	static const char recent[] = "\\Recent";
	const size_t n = sizeof(recent) - 1;

	if (flags.len >= n && !memcmp(flags.p + flags.len - n, recent, n))
		flags.len -= n;
	return bytes_trim(flags);
}

static int by_uid(const void *a, const void *b)
{
	const struct truth_mail *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* EXAMINE leaves \Recent and everything else as it is. */
static struct bytes examine(struct truth *t, const char *mailbox)
{
	return truth_command(t, "EXAMINE %s", quoted(t, mailbox));
}

size_t truth_list(struct truth *t, const char *mailbox, const struct truth_mail **out)
{
	const uint64_t exists = number_after(examine(t, mailbox), "[UIDNEXT ") - 1;
	struct bytes reply = truth_command(t, "UID FETCH 1:* (UID FLAGS RFC822.SIZE INTERNALDATE MODSEQ)"),
		     line;
	struct truth_mail *all = arena_array(t->arena, exists + 1, sizeof(*all));
	size_t n = 0;

	if (!all)
		errx(1, "truth: out of memory");
	while (n < exists && next_fetch(&reply, &line))
		all[n++] = (struct truth_mail){
			.uid = (uint32_t)number_after(line, "UID "),
			.size = (uint32_t)number_after(line, "RFC822.SIZE "),
			.modseq = strtoull(text_of(t, value_after(line, "MODSEQ ")), NULL, 10),
			.flags = text_of(t, without_recent(value_after(line, "FLAGS "))),
			.date = text_of(t, bytes_trim(value_after(line, "INTERNALDATE "))),
		};
	qsort(all, n, sizeof(*all), by_uid);
	*out = all;
	return n;
}

const struct truth_mail *truth_mail(struct truth *t, const char *mailbox, uint32_t uid)
{
	const struct truth_mail *all;
	size_t n = truth_list(t, mailbox, &all);

	for (size_t i = 0; i < n; i++)
		if (all[i].uid == uid)
			return &all[i];
	return NULL;
}

uint32_t truth_uidvalidity(struct truth *t, const char *mailbox)
{
	return (uint32_t)number_after(examine(t, mailbox), "[UIDVALIDITY ");
}

bool truth_fetch(struct truth *t, const char *mailbox, uint32_t uid, struct bytes *out)
{
	struct bytes reply;
	const uint8_t *at;
	size_t len;

	examine(t, mailbox);
	reply = truth_command(t, "UID FETCH %u BODY.PEEK[]", uid);
	if (!(at = memmem(reply.p, reply.len, "BODY[] {", 8)))
		return false;
	len = strtoul((const char *)at + 8, NULL, 10);
	at = memchr(at, '\n', reply.len - (size_t)(at - reply.p));
	*out = bytes_of(at + 1, len);
	return true;
}

/* ---- changing ---- */

/* " (\Seen) "24-Nov-2026 ..." {12+}\r\n": what precedes a mail in APPEND; Dovecot takes literals without asking. */
static const char *append_head(struct truth *t, const char *flags, const char *date, size_t len)
{
	return arena_printf(t->arena, " (%s)%s%s%s {%zu+}\r\n", flags ? flags : "", date ? " \"" : "",
	    date ? date : "", date ? "\"" : "", len);
}

uint32_t truth_append(
    struct truth *t, const char *mailbox, const char *flags, const char *date, struct bytes mail)
{
	struct buf b;
	struct bytes command, uid;

	buf_init(&b, t->arena, 0);
	buf_put_str(&b, "APPEND ");
	buf_put_str(&b, quoted(t, mailbox));
	buf_put_str(&b, append_head(t, flags, date, mail.len));
	buf_put(&b, mail);
	if (buf_done(&b, &command))
		errx(1, "truth: out of memory");
	ensure(t);
	/* "t5 OK [APPENDUID validity uid] ..." */
	uid = value_after(ask(t, command), "[APPENDUID ");
	return (uint32_t)strtoul((const char *)uid.p + uid.len, NULL, 10);
}

static struct bytes numbered(struct truth *t, const char *mail, unsigned number)
{
	struct buf b;
	struct bytes rest = bytes_str(mail), part, out;

	buf_init(&b, t->arena, 0);
	for (bool first = true; bytes_split(&rest, '#', &part); first = false) {
		if (!first)
			buf_printf(&b, "%u", number);
		buf_put(&b, part);
	}
	if (buf_done(&b, &out))
		errx(1, "truth: out of memory");
	return out;
}

void truth_append_many(struct truth *t, const char *mailbox, unsigned count, const char *mail)
{
	struct buf b;
	struct bytes command;

	buf_init(&b, t->arena, 0);
	buf_printf(&b, "APPEND %s", quoted(t, mailbox));
	for (unsigned i = 1; i <= count; i++) {
		struct bytes text = numbered(t, mail, i);

		buf_printf(&b, " {%zu+}\r\n", text.len);
		buf_put(&b, text);
	}
	if (buf_done(&b, &command))
		errx(1, "truth: out of memory");
	ensure(t);
	ask(t, command);
}

static void select_box(struct truth *t, const char *mailbox)
{
	truth_command(t, "SELECT %s", quoted(t, mailbox));
}

void truth_store(struct truth *t, const char *mailbox, const char *uids, const char *how, const char *flags)
{
	select_box(t, mailbox);
	truth_command(t, "UID STORE %s %s.SILENT (%s)", uids, how, flags);
}

void truth_expunge(struct truth *t, const char *mailbox, const char *uids)
{
	truth_store(t, mailbox, uids, "+FLAGS", "\\Deleted");
	truth_command(t, "UID EXPUNGE %s", uids);
}

void truth_move(struct truth *t, const char *mailbox, const char *uids, const char *to)
{
	select_box(t, mailbox);
	truth_command(t, "UID MOVE %s %s", uids, quoted(t, to));
}

void truth_create(struct truth *t, const char *mailbox)
{
	truth_command(t, "CREATE %s", quoted(t, mailbox));
}

void truth_rename(struct truth *t, const char *mailbox, const char *to)
{
	truth_command(t, "RENAME %s %s", quoted(t, mailbox), quoted(t, to));
}

void truth_delete(struct truth *t, const char *mailbox)
{
	truth_command(t, "DELETE %s", quoted(t, mailbox));
}

/* ---- mailboxes ---- */

/* The name at the end of `* LIST (\HasNoChildren) "/" name`, which may be quoted or, after odd ones, a literal. */
static const char *listed_name(struct truth *t, struct bytes line)
{
	const uint8_t *flags_end = memchr(line.p, ')', line.len);
	struct bytes rest = bytes_of(flags_end, line.len - (size_t)(flags_end - line.p)), name;
	char *out, *to;

	bytes_take(&rest, strlen(") \"/\" "), &name);
	rest = bytes_trim(rest);
	if (rest.len >= 2 && rest.p[0] == '"')
		rest = bytes_of(rest.p + 1, rest.len - 2);
	to = out = text_of(t, rest);
	for (const char *c = out; *c; c++) {
		if (*c == '\\' && c[1])
			c++;
		*to++ = *c;
	}
	*to = '\0';
	if (utf7_to_utf8(t->arena, bytes_str(out), &name))
		return out;
	return text_of(t, name);
}

size_t truth_mailboxes(struct truth *t, const char *const **out)
{
	struct bytes reply = truth_command(t, "LIST \"\" *"), line;
	const char **names = arena_array(t->arena, reply.len / 8 + 1, sizeof(*names));
	size_t n = 0;

	if (!names)
		errx(1, "truth: out of memory");
	while (bytes_split(&reply, '\n', &line))
		if (bytes_starts(line, "* LIST "))
			names[n++] = listed_name(t, line);
	*out = names;
	return n;
}

bool truth_has_mailbox(struct truth *t, const char *mailbox)
{
	const char *const *names;
	size_t n = truth_mailboxes(t, &names);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], mailbox))
			return true;
	return false;
}

/* ---- LMTP ---- */

static void lmtp(struct truth_wire *w, const char *want, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void lmtp(struct truth_wire *w, const char *want, const char *fmt, ...)
{
	char line[512];
	struct bytes answer;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	truth_wire_send(w, bytes_str(line));
	do
		answer = truth_wire_line(w);
	while (answer.len > 3 && answer.p[3] == '-');
	if (!bytes_starts(answer, want))
		errx(1, "truth: LMTP: %s%.*s", line, BYTES_ARG(answer));
}

void truth_deliver(const struct bed *b, const char *address, struct bytes mail)
{
	struct truth_wire w;
	struct bytes line;

	truth_wire_open(&w, bed_get(b, "HOST"), bed_port(b, "LMTP_PORT"));
	lmtp(&w, "220", "%s", "");
	lmtp(&w, "250", "LHLO test\r\n");
	lmtp(&w, "250", "MAIL FROM:<sender@example.net>\r\n");
	lmtp(&w, "250", "RCPT TO:<%s>\r\n", address);
	lmtp(&w, "354", "DATA\r\n");
	while (bytes_split(&mail, '\n', &line)) {
		if (bytes_starts(line, "."))
			truth_wire_send(&w, BYTES("."));
		truth_wire_send(&w, line);
		truth_wire_send(&w, BYTES("\n"));
	}
	lmtp(&w, "250", ".\r\n");
	lmtp(&w, "221", "QUIT\r\n");
	truth_wire_close(&w);
}
