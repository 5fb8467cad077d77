#include "eas/search_query.h"

#include "base/time.h"
#include "eas/class.h"
#include "mail/kql.h"

enum { SECONDS_PER_DAY = 86400, VALUE_MAX = 1024 };

struct parser {
	struct arena *arena;
	struct search_query *out;
	int64_t now;
	uint32_t status;
	size_t terms;
	bool either;               /* inside Or */
	const struct query **root; /* what is being joined: out->root, or that of an Or */
};

typedef enum err read_fn(struct parser *p, const struct wbxml_node *n);

static enum err refuse(struct parser *p, uint32_t status)
{
	p->status = status;
	return ERR_OK;
}

static size_t count_terms(const struct query *q)
{
	if (!q)
		return 0;
	return q->left || q->right ? count_terms(q->left) + count_terms(q->right) : 1;
}

/* Each FreeText is within the bound of KQL; all together must be, too. */
static enum err join(struct parser *p, const struct query *q)
{
	p->terms += count_terms(q);
	if (p->terms > QUERY_MAX_TERMS)
		return refuse(p, SEARCH_QUERY_TOO_COMPLEX);
	return query_join(p->arena, p->either ? QUERY_OR : QUERY_AND, *p->root, q, p->root);
}

/* ---- conditions ---- */

static enum err read_text(struct parser *p, const struct wbxml_node *n)
{
	const struct query *q;

	if (kql_parse(p->arena, n->text, p->now, &q))
		return refuse(p, SEARCH_QUERY_TOO_COMPLEX);
	return join(p, q);
}

static enum err read_class(struct parser *p, const struct wbxml_node *n)
{
	enum eas_class class;

	if (p->either)
		return refuse(p, SEARCH_QUERY_TOO_COMPLEX);
	if (eas_class_parse(bytes_trim(n->text), &class))
		return refuse(p, SEARCH_QUERY_INVALID);
	p->out->classes |= 1u << class;
	return ERR_OK;
}

static enum err read_folder(struct parser *p, const struct wbxml_node *n)
{
	struct search_query *out = p->out;
	size_t size = sizeof(*out->folders);

	if (p->either)
		return refuse(p, SEARCH_QUERY_TOO_COMPLEX);
	out->folders = arena_grow(p->arena, out->folders, out->n_folders * size, (out->n_folders + 1) * size);
	if (!out->folders)
		return ERR_LIMIT;
	out->folders[out->n_folders++] = bytes_trim(n->text);
	return ERR_OK;
}

static enum err read_conversation(struct parser *p, const struct wbxml_node *n)
{
	if (p->either || p->out->conversation.len)
		return refuse(p, SEARCH_QUERY_TOO_COMPLEX);
	if (!n->text.len)
		return refuse(p, SEARCH_QUERY_INVALID);
	p->out->conversation = n->text;
	return ERR_OK;
}

/* DateReceived, then Value. */
static bool read_date(const struct wbxml_node *n, int64_t *out)
{
	const struct wbxml_node *property = n->child, *value = property ? property->next : NULL;

	return property && property->tag == EMAIL_DATE_RECEIVED && value && value->tag == SEARCH_VALUE &&
	       value->text.len <= VALUE_MAX && !time_parse_eas(bytes_trim(value->text), out);
}

static enum err join_day(struct parser *p, enum query_kind kind, int64_t day)
{
	const struct query *q =
	    query_new(p->arena, &(struct query){ .kind = kind, .day = day < 0 ? 0 : day });

	return q ? join(p, q) : ERR_LIMIT;
}

/* IMAP's days are the server's, which may begin up to 14 hours before or after ours: a day more on either side, and exactly by
 * later_than. Beside others in an Or the day itself must do. */
static enum err read_later(struct parser *p, const struct wbxml_node *n)
{
	int64_t t;

	if (!read_date(n, &t))
		return refuse(p, SEARCH_QUERY_INVALID);
	if (!p->either && t > p->out->later_than)
		p->out->later_than = t;
	return join_day(p, QUERY_SINCE, t / SECONDS_PER_DAY - !p->either);
}

static enum err read_earlier(struct parser *p, const struct wbxml_node *n)
{
	int64_t t;

	if (!read_date(n, &t))
		return refuse(p, SEARCH_QUERY_INVALID);
	if (!p->either && t < p->out->earlier_than)
		p->out->earlier_than = t;
	return join_day(p, QUERY_BEFORE, t / SECONDS_PER_DAY + 1 + !p->either);
}

static read_fn read_or;

static const struct {
	wbxml_tag tag;
	read_fn *read;
} conditions[] = {
	{ SEARCH_FREE_TEXT, read_text },
	{ AIRSYNC_CLASS, read_class },
	{ AIRSYNC_COLLECTION_ID, read_folder },
	{ SEARCH_CONVERSATION_ID, read_conversation },
	{ SEARCH_GREATER_THAN, read_later },
	{ SEARCH_LESS_THAN, read_earlier },
	{ SEARCH_OR, read_or },
};

static read_fn *reader_of(wbxml_tag tag)
{
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (conditions[i].tag == tag)
			return conditions[i].read;
	return NULL;
}

static enum err read_all(struct parser *p, const struct wbxml_node *parent)
{
	enum err e = ERR_OK;

	for (const struct wbxml_node *n = parent->child; n && !e && p->status == SEARCH_QUERY_OK;
	     n = n->next) {
		read_fn *read = reader_of(n->tag);

		if (read)
			e = read(p, n);
		else
			p->status = n->tag == SEARCH_AND ? SEARCH_QUERY_TOO_COMPLEX : SEARCH_QUERY_INVALID;
	}
	return e;
}

/* Not one in another. */
static enum err read_or(struct parser *p, const struct wbxml_node *n)
{
	const struct query **around = p->root, *either = NULL;
	enum err e;

	if (p->either)
		return refuse(p, SEARCH_QUERY_TOO_COMPLEX);
	p->either = true;
	p->root = &either;
	e = read_all(p, n);
	p->either = false;
	p->root = around;
	return e ? e : query_join(p->arena, QUERY_AND, *around, either, around);
}

/* Everything stands in one And; an Or alone is one, too. */
static uint32_t status_of_top(const struct wbxml_node *top)
{
	if (!top)
		return SEARCH_QUERY_INVALID;
	if (!top->next && (top->tag == SEARCH_AND || top->tag == SEARCH_OR))
		return SEARCH_QUERY_OK;
	return top->tag == SEARCH_AND || reader_of(top->tag) ? SEARCH_QUERY_TOO_COMPLEX
							     : SEARCH_QUERY_INVALID;
}

enum err search_query_parse(
    struct arena *a, const struct wbxml_node *query, int64_t now, struct search_query *out, uint32_t *status)
{
	struct parser p = { .arena = a, .out = out, .now = now, .root = &out->root };
	const struct wbxml_node *top = query ? query->child : NULL;
	enum err e = ERR_OK;

	*out = (struct search_query){ .later_than = INT64_MIN, .earlier_than = INT64_MAX };
	p.status = status_of_top(top);
	if (p.status == SEARCH_QUERY_OK)
		e = top->tag == SEARCH_OR ? read_or(&p, top) : read_all(&p, top);
	*status = p.status;
	return e;
}
