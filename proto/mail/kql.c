#include "mail/kql.h"

#include "base/utf8.h"

/* Operator precedence with two stacks: terms wait in `terms` until the operators between them, in `ops`, are applied. */

enum { MAX_OPS = QUERY_MAX_TERMS };

enum op_kind { OP_OPEN, OP_OR, OP_AND, OP_NOT }; /* those that bind tighter come later */

struct op {
	enum op_kind kind;
	unsigned places_before; /* OPEN: what words meant outside of this group */
	size_t base_before;     /* OPEN: where the group around begins in `terms` */
};

struct parser {
	struct arena *arena;
	struct bytes rest;
	int64_t now;
	const struct query *terms[QUERY_MAX_TERMS];
	size_t n_terms, base; /* base: where the present group begins */
	struct op ops[MAX_OPS];
	size_t n_ops, made;     /* made: terms ever made */
	unsigned places;        /* what a bare word means: from:( … ) changes it */
	bool wants_or, negated; /* said, and not yet applied to what follows */
};

enum compare { IS, IS_NOT, AFTER, FROM, BEFORE, UNTIL };

/* Longest first. */
static const struct {
	const char *text;
	enum compare compare;
} signs[] = {
	{ ">=", FROM },
	{ "<=", UNTIL },
	{ "<>", IS_NOT },
	{ ":", IS },
	{ "=", IS },
	{ ">", AFTER },
	{ "<", BEFORE },
};

struct value {
	struct bytes text;
	bool quoted;
	enum compare compare;
};

typedef enum err make_fn(struct parser *p, unsigned arg, const struct value *v, const struct query **out);
static make_fn make_text, make_received, make_flag, make_nothing;

static const struct property {
	const char *name;
	make_fn *make;
	unsigned arg; /* places, or a query_kind */
} properties[] = {
	{ "from", make_text, PLACE_FROM }, { "to", make_text, PLACE_TO }, { "cc", make_text, PLACE_CC },
	{ "bcc", make_text, PLACE_BCC }, { "subject", make_text, PLACE_SUBJECT },
	{ "body", make_text, PLACE_BODY },
	{ "participants", make_text, PLACE_FROM | PLACE_TO | PLACE_CC | PLACE_BCC },
	{ "recipients", make_text, PLACE_TO | PLACE_CC | PLACE_BCC }, { "received", make_received, 0 },
	{ "hasattachment", make_flag, QUERY_ATTACHMENT }, { "hasattachments", make_flag, QUERY_ATTACHMENT },
	{ "isread", make_flag, QUERY_READ }, { "isflagged", make_flag, QUERY_FLAGGED },
	{ "kind", make_nothing, 0 }, /* mails are all there is to be found */
};

/* ---- terms ---- */

static enum err make(struct parser *p, const struct query *like, const struct query **out)
{
	if (p->made++ == QUERY_MAX_TERMS)
		return ERR_LIMIT;
	*out = query_new(p->arena, like);
	return *out ? ERR_OK : ERR_LIMIT;
}

static enum err negate(struct parser *p, const struct query *q, const struct query **out)
{
	*out = query_new(p->arena, &(struct query){ .kind = QUERY_NOT, .left = q });
	return *out ? ERR_OK : ERR_LIMIT;
}

static bool is_wild(struct bytes text, size_t at)
{
	return text.len && text.p[at] == '*';
}

/* IMAP finds a text within words, so that what "*" asks for goes without saying. */
static enum err make_text(struct parser *p, unsigned arg, const struct value *v, const struct query **out)
{
	struct query q = { .kind = QUERY_TEXT, .places = arg, .exact = v->quoted };
	struct bytes text = bytes_trim(v->text);
	enum err e;

	while (is_wild(text, text.len - 1))
		text.len--;
	while (is_wild(text, 0))
		text = bytes_of(text.p + 1, text.len - 1);
	*out = NULL;
	if (!text.len)
		return ERR_OK;
	if ((e = utf8_repair(p->arena, text, &q.text)) || (e = make(p, &q, out)))
		return e;
	return v->compare == IS_NOT ? negate(p, *out, out) : ERR_OK;
}

static enum err make_day(struct parser *p, enum query_kind kind, int64_t day, const struct query **out)
{
	return make(p, &(struct query){ .kind = kind, .day = day }, out);
}

/* first..last, both included */
static enum err make_days(struct parser *p, int64_t first, int64_t last, const struct query **out)
{
	const struct query *since, *before;
	enum err e;

	if ((e = make_day(p, QUERY_SINCE, first, &since)) ||
	    (e = make_day(p, QUERY_BEFORE, last + 1, &before)))
		return e;
	return query_join(p->arena, QUERY_AND, since, before, out);
}

static enum err make_range(struct parser *p, struct bytes first, struct bytes last, const struct query **out)
{
	int64_t from, to;
	bool ignored;
	enum err e;

	if ((e = kql_date(first, p->now, &from, &ignored)) || (e = kql_date(last, p->now, &to, &ignored)))
		return e;
	return make_days(p, from, to, out);
}

/* Days are what IMAP knows: an hour within one finds all of that day. */
static enum err make_received(struct parser *p, unsigned arg, const struct value *v, const struct query **out)
{
	const uint8_t *dots = v->text.len ? memmem(v->text.p, v->text.len, "..", 2) : NULL;
	size_t at = dots ? (size_t)(dots - v->text.p) : 0;
	bool has_time;
	int64_t day;
	enum err e;

	(void)arg;
	if (dots)
		return make_range(p, bytes_of(v->text.p, at), bytes_of(dots + 2, v->text.len - at - 2), out);
	if ((e = kql_date(v->text, p->now, &day, &has_time)))
		return e;
	switch (v->compare) {
	case AFTER:
		return make_day(p, QUERY_SINCE, has_time ? day : day + 1, out);
	case FROM:
		return make_day(p, QUERY_SINCE, day, out);
	case BEFORE:
		return make_day(p, QUERY_BEFORE, has_time ? day + 1 : day, out);
	case UNTIL:
		return make_day(p, QUERY_BEFORE, day + 1, out);
	case IS:
		return make_days(p, day, day, out);
	case IS_NOT:
		e = make_days(p, day, day, out);
		return e ? e : negate(p, *out, out);
	}
	return ERR_PROTO;
}

static enum err make_flag(struct parser *p, unsigned arg, const struct value *v, const struct query **out)
{
	static const struct {
		const char *text;
		bool value;
	} words[] = { { "true", true }, { "yes", true }, { "1", true }, { "false", false }, { "no", false },
		{ "0", false } };
	enum err e;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!bytes_eq_nocase(v->text, words[i].text))
			continue;
		if ((e = make(p, &(struct query){ .kind = (enum query_kind)arg }, out)))
			return e;
		return words[i].value == (v->compare != IS_NOT) ? ERR_OK : negate(p, *out, out);
	}
	return ERR_PROTO;
}

static enum err make_nothing(struct parser *p, unsigned arg, const struct value *v, const struct query **out)
{
	(void)p;
	(void)arg;
	(void)v;
	*out = NULL;
	return ERR_OK;
}

/* ---- the two stacks ---- */

/* The newest operator; one whose side is missing ("a OR ()") is passed over. */
static enum err apply(struct parser *p)
{
	enum op_kind kind = p->ops[--p->n_ops].kind;
	size_t have = p->n_terms - p->base;
	const struct query **top;
	enum err e;

	if (have < (kind == OP_NOT ? 1 : 2))
		return ERR_OK;
	top = &p->terms[p->n_terms - 1];
	if (kind == OP_NOT)
		return negate(p, *top, top);
	e = query_join(p->arena, kind == OP_AND ? QUERY_AND : QUERY_OR, top[-1], top[0], &top[-1]);
	p->n_terms--;
	return e;
}

static enum err push(struct parser *p, struct op op)
{
	enum err e;

	while (op.kind != OP_OPEN && op.kind != OP_NOT && p->n_ops && p->ops[p->n_ops - 1].kind >= op.kind)
		if ((e = apply(p)))
			return e;
	if (p->n_ops == MAX_OPS)
		return ERR_LIMIT;
	p->ops[p->n_ops++] = op;
	return ERR_OK;
}

/* A term or a group begins: what stands between it and what was before is known now. */
static enum err begin_term(struct parser *p)
{
	bool negated = p->negated, wants_or = p->wants_or;
	enum err e = ERR_OK;

	p->negated = p->wants_or = false;
	if (p->n_terms > p->base)
		e = push(p, (struct op){ .kind = wants_or ? OP_OR : OP_AND });
	return e || !negated ? e : push(p, (struct op){ .kind = OP_NOT });
}

static enum err add_term(struct parser *p, const struct query *q)
{
	enum err e;

	if (!q) { /* such as "*" */
		p->negated = false;
		return ERR_OK;
	}
	if ((e = begin_term(p)))
		return e;
	if (p->n_terms == QUERY_MAX_TERMS)
		return ERR_LIMIT;
	p->terms[p->n_terms++] = q;
	return ERR_OK;
}

static enum err open_group(struct parser *p, unsigned places)
{
	enum err e = begin_term(p);

	if (!e)
		e = push(
		    p, (struct op){ .kind = OP_OPEN, .places_before = p->places, .base_before = p->base });
	p->base = p->n_terms;
	p->places = places;
	return e;
}

/* Without an OPEN this is a ")" too many. */
static enum err close_group(struct parser *p)
{
	enum err e;

	p->negated = p->wants_or = false;
	while (p->n_ops && p->ops[p->n_ops - 1].kind != OP_OPEN)
		if ((e = apply(p)))
			return e;
	if (p->n_ops) {
		p->n_ops--;
		p->places = p->ops[p->n_ops].places_before;
		p->base = p->ops[p->n_ops].base_before;
	}
	return ERR_OK;
}

/* ---- reading ---- */

static void skip(struct parser *p, size_t n)
{
	p->rest = bytes_of(p->rest.p + n, p->rest.len - n);
}

static bool is_blank(uint8_t c)
{
	return c <= ' ';
}

static struct bytes take_quoted(struct parser *p)
{
	struct bytes text;
	size_t end;

	skip(p, 1);
	end = bytes_find(p->rest, '"');
	text = bytes_of(p->rest.p, end);
	skip(p, end < p->rest.len ? end + 1 : end);
	return text;
}

static struct bytes take_word(struct parser *p)
{
	size_t n = 0;

	while (n < p->rest.len && !is_blank(p->rest.p[n]) && !memchr("()\"", p->rest.p[n], 3))
		n++;
	skip(p, n);
	return bytes_of(p->rest.p - n, n);
}

/* "subject" and the sign behind it; what follows the sign is left in *word. */
static const struct property *take_property(struct bytes *word, enum compare *compare)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		size_t n = strlen(properties[i].name);
		struct bytes behind;

		if (!bytes_starts_nocase(*word, properties[i].name))
			continue;
		behind = bytes_of(word->p + n, word->len - n);
		for (size_t k = 0; k < sizeof(signs) / sizeof(signs[0]); k++) {
			if (!bytes_starts(behind, signs[k].text))
				continue;
			*compare = signs[k].compare;
			*word =
			    bytes_of(behind.p + strlen(signs[k].text), behind.len - strlen(signs[k].text));
			return &properties[i];
		}
	}
	return NULL;
}

/* Behind "from:". A value may be quoted, a group, or follow after a blank as phones' keyboards put it. What the property
 * can't be ("received:never") is looked for as it stands.
 *   start  of the property's name */
static enum err read_value(
    struct parser *p, const struct property *property, const uint8_t *start, struct value *v)
{
	const struct query *q;
	enum err e;

	while (!v->text.len && p->rest.len && is_blank(p->rest.p[0]))
		skip(p, 1);
	if (!v->text.len && p->rest.len && p->rest.p[0] == '"') {
		v->text = take_quoted(p);
		v->quoted = true;
	} else if (!v->text.len && p->rest.len && p->rest.p[0] == '(' && property->make == make_text) {
		skip(p, 1);
		return open_group(p, property->arg);
	} else if (!v->text.len) {
		v->text = take_word(p);
	}
	e = property->make(p, property->arg, v, &q);
	if (e == ERR_PROTO)
		e = make_text(p, p->places,
		    &(struct value){ .text = bytes_of(start, (size_t)(p->rest.p - start)), .compare = IS },
		    &q);
	return e ? e : add_term(p, q);
}

static enum err read_word(struct parser *p)
{
	const uint8_t *start = p->rest.p;
	struct value v = { .text = take_word(p), .compare = IS };
	const struct property *property;
	const struct query *q;
	enum err e;

	if (bytes_eq_str(v.text, "AND")) {
		p->wants_or = false;
		return ERR_OK;
	}
	if (bytes_eq_str(v.text, "OR")) {
		p->wants_or = true;
		return ERR_OK;
	}
	if (bytes_eq_str(v.text, "NOT")) {
		p->negated = !p->negated;
		return ERR_OK;
	}
	property = take_property(&v.text, &v.compare);
	if (property)
		return read_value(p, property, start, &v);
	e = make_text(p, p->places, &v, &q);
	return e ? e : add_term(p, q);
}

static enum err read_one(struct parser *p)
{
	struct value phrase = { .quoted = true, .compare = IS };
	const struct query *q;
	enum err e;

	switch (p->rest.p[0]) {
	case '(':
		skip(p, 1);
		return open_group(p, p->places);
	case ')':
		skip(p, 1);
		return close_group(p);
	case '-': /* before a word: without it */
		p->negated = !p->negated;
		skip(p, 1);
		if (!p->rest.len || is_blank(p->rest.p[0]))
			p->negated = !p->negated;
		return ERR_OK;
	case '+':
		skip(p, 1);
		return ERR_OK;
	case '"':
		phrase.text = take_quoted(p);
		e = make_text(p, p->places, &phrase, &q);
		return e ? e : add_term(p, q);
	default:
		return read_word(p);
	}
}

enum err kql_parse(struct arena *a, struct bytes text, int64_t now, const struct query **out)
{
	struct parser *p = arena_alloc(a, sizeof(*p)); /* too large for a fiber's stack */
	enum err e = ERR_OK;

	*out = NULL;
	if (!p)
		return ERR_LIMIT;
	*p = (struct parser){ .arena = a, .rest = text, .now = now, .places = PLACE_ANY };
	while (p->rest.len && !e) {
		if (is_blank(p->rest.p[0]))
			skip(p, 1);
		else
			e = read_one(p);
	}
	while (!e && p->n_ops)
		e = close_group(p);
	if (!e && p->n_terms)
		*out = p->terms[0];
	return e;
}
