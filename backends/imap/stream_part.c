#include <string.h>
#include <strings.h>

#include "imap/connection.h"

/* FETCH of one body section that passes through: see imap_fetch_parts for those that are kept. */

struct passing {
	const char *section;
	imap_put_fn *put;
	void *arg;
	bool found, failed; /* failed: by put */
};

/* "BODY[1.2]<0>" of the section that was asked for. */
static bool is_wanted(const struct passing *p, struct bytes item)
{
	size_t len = strlen(p->section);

	return item.len >= 6 + len && bytes_starts_nocase(item, "BODY[") && item.p[5 + len] == ']' &&
	       !strncasecmp((const char *)item.p + 5, p->section, len);
}

static enum err pass(struct passing *p, struct bytes piece)
{
	enum err e = piece.len ? p->put(p->arg, piece) : ERR_OK;

	p->failed |= e != ERR_OK;
	return e;
}

static enum err pass_literal(struct passing *p, struct imap_reader *r)
{
	struct bytes piece;
	size_t left;
	enum err e = imap_literal_begin(r, &left);

	while (!e && !(e = imap_literal_next(r, &piece)) && piece.len)
		e = pass(p, piece);
	return e;
}

/* The section's text: a literal, or what is short enough for a quoted string; NIL says that it isn't there. */
static enum err pass_text(struct passing *p, struct imap *c)
{
	struct bytes text;
	enum err e;

	if (imap_peek(&c->reader) == '{' || imap_peek(&c->reader) == '~') {
		p->found = true;
		return pass_literal(p, &c->reader);
	}
	if ((e = imap_read_string(&c->reader, c->scratch, &text)))
		return e;
	p->found |= text.p != NULL;
	return pass(p, text);
}

/* Only one message was asked for, so a section can only be its own; told twice it would be put twice. */
static enum err on_response(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct passing *p = arg;
	struct imap_reader *r = &c->reader;
	struct bytes item;
	enum err e;

	if (!number || !bytes_eq_nocase(keyword, "FETCH"))
		return ERR_OK;
	e = imap_expect(r, '(');
	while (!e && !imap_accept(r, ')')) {
		bool wanted;

		if (imap_accept(r, ' '))
			continue;
		if ((e = imap_read_atom(r, &item)))
			break;
		wanted = is_wanted(p, item);
		if (!(e = imap_expect(r, ' ')))
			e = !wanted ? imap_skip_value(r) : p->found ? ERR_PROTO : pass_text(p, c);
	}
	return e;
}

enum err imap_stream_part(struct imap *c, uint32_t uid, const char *section, uint32_t from, uint32_t count,
    imap_put_fn *put, void *arg)
{
	struct passing p = { .section = section, .put = put, .arg = arg };
	enum err e;

	if ((e = imap_begin(c)))
		return e;
	imap_command(c, "UID FETCH %u (BODY.PEEK[%s]", uid, section);
	if (from || count)
		imap_put(c, "<%u.%u>", from, count ? count : INT32_MAX);
	imap_put(c, ")");
	e = imap_run(c, on_response, &p);
	if (p.failed)
		imap_set_problem(c, BYTES("what reads it has given up"));
	if (e || p.found)
		return e;
	imap_set_problem(c, BYTES("the message or its part isn't there"));
	return ERR_NOT_FOUND;
}
