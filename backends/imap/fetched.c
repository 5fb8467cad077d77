#include <string.h>

#include "base/time.h"
#include "imap/fetched.h"
#include "imap/structure.h"

static const struct {
	const char *name;
	uint32_t flag;
} flag_names[] = {
	{ "\\Seen", IMAP_SEEN },
	{ "\\Flagged", IMAP_FLAGGED },
	{ "\\Answered", IMAP_ANSWERED },
	{ "\\Deleted", IMAP_DELETED },
	{ "\\Draft", IMAP_DRAFT },
	{ "$Forwarded", IMAP_FORWARDED },
	{ "$MDNSent", IMAP_MDN_SENT },
	{ "$Junk", IMAP_JUNK },
	{ "\\*", IMAP_NEW_KEYWORDS },
};

void imap_put_flags(struct imap *c, uint32_t flags, const struct bytes *keywords, size_t n)
{
	const char *blank = "";

	imap_put(c, "(");
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(*flag_names); i++) {
		if (flags & flag_names[i].flag) {
			imap_put(c, "%s%s", blank, flag_names[i].name);
			blank = " ";
		}
	}
	for (size_t i = 0; i < n; i++) {
		imap_put(c, "%s%.*s", blank, BYTES_ARG(keywords[i]));
		blank = " ";
	}
	imap_put(c, ")");
}

static uint32_t flag_of(struct bytes word)
{
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(*flag_names); i++)
		if (bytes_eq_nocase(word, flag_names[i].name))
			return flag_names[i].flag;
	return 0;
}

uint32_t imap_flags_of(struct bytes list)
{
	uint32_t flags = 0;
	struct bytes word;

	list = bytes_trim(list);
	if (bytes_starts(list, "("))
		list = bytes_of(list.p + 1, list.len - 1);
	if (list.len && list.p[list.len - 1] == ')')
		list.len--;
	while (list.len) {
		if (!bytes_split(&list, ' ', &word)) {
			word = list;
			list.len = 0;
		}
		flags |= flag_of(word);
	}
	return flags;
}

/* A copy of the keyword, shared with the messages before. */
static enum err keep_keyword(struct imap_keywords *k, struct arena *a, struct bytes word, struct bytes *out)
{
	struct bytes *slot = &k->v[k->n % IMAP_KNOWN_KEYWORDS];
	enum err e;

	for (size_t i = 0; i < k->n && i < IMAP_KNOWN_KEYWORDS; i++) {
		if (bytes_eq(k->v[i], word)) {
			*out = k->v[i];
			return ERR_OK;
		}
	}
	e = arena_dup(a, word, out);
	if (!e) {
		*slot = *out;
		k->n++;
	}
	return e;
}

/* "(\Seen $Forwarded x)" */
static enum err read_flags(
    struct imap_fetched *f, struct imap_reader *r, struct arena *a, struct imap_keywords *k)
{
	struct bytes list = bytes_of(r->line.p, bytes_find(r->line, ')')), word;
	size_t words = 1;
	enum err e = imap_expect(r, '(');

	for (size_t i = 0; i < list.len; i++)
		words += list.p[i] == ' ';
	f->flags.flags = 0;
	f->flags.n_keywords = 0;
	f->flags.keywords = NULL;
	while (!e && !imap_accept(r, ')')) {
		uint32_t flag;

		if (imap_accept(r, ' '))
			continue;
		if ((e = imap_read_word(r, &word)))
			break;
		flag = flag_of(word);
		f->flags.flags |= flag;
		if (flag || word.p[0] == '\\' || f->flags.n_keywords == UINT16_MAX)
			continue;
		if (!f->flags.keywords)
			f->flags.keywords = arena_array(a, words, sizeof(*f->flags.keywords));
		e = f->flags.keywords ? keep_keyword(k, a, word, &f->flags.keywords[f->flags.n_keywords++])
				      : ERR_LIMIT;
	}
	f->has_flags = !e;
	return e;
}

/* "BODY[1.2]<0>": the section, and where it starts. */
static void read_section(struct imap_fetched *f, struct bytes name)
{
	struct bytes rest = bytes_of(name.p + 5, name.len - 5), origin;
	size_t end = rest.len;

	while (end && rest.p[end - 1] != ']')
		end--;
	f->section_len = end ? end - 1 : 0;
	if (f->section_len >= sizeof(f->section))
		f->section_len = sizeof(f->section) - 1; /* none of ours is that long */
	memcpy(f->section, rest.p, f->section_len);
	f->origin = 0;
	origin = bytes_of(rest.p + end, rest.len - end);
	if (origin.len > 2 && origin.p[0] == '<' &&
	    bytes_to_u32(bytes_of(origin.p + 1, origin.len - 2), UINT32_MAX, &f->origin))
		f->origin = 0;
}

static bool is_whole_header(struct bytes name)
{
	return bytes_eq_nocase(name, "BODY[HEADER]");
}

static enum err read_item(struct imap_fetched *f, struct imap *c, struct arena *a, struct imap_keywords *k,
    const struct imap_fetch_limits *limits, struct bytes name)
{
	struct imap_reader *r = &c->reader;
	struct bytes text;
	enum err e;

	if (bytes_eq_nocase(name, "UID"))
		return imap_read_u32(r, &f->flags.uid);
	if (bytes_eq_nocase(name, "FLAGS"))
		return read_flags(f, r, a, k);
	if (bytes_eq_nocase(name, "MODSEQ")) {
		if ((e = imap_expect(r, '(')) || (e = imap_read_number(r, UINT64_MAX, &f->modseq)))
			return e;
		return imap_expect(r, ')');
	}
	if (bytes_eq_nocase(name, "RFC822.SIZE")) {
		f->has_size = true;
		return imap_read_u32(r, &f->size);
	}
	if (bytes_eq_nocase(name, "INTERNALDATE")) {
		if (!(e = imap_read_string(r, c->scratch, &text)) && time_parse_imap(text, &f->date))
			f->date = 0;
		return e;
	}
	if (bytes_eq_nocase(name, "BODYSTRUCTURE"))
		return imap_read_structure(r, a, limits->structure, &f->structure);
	if (is_whole_header(name) && r->has_literal && imap_peek(r) == '{' && r->literal > limits->header) {
		f->header_too_long = true;
		return imap_skip_value(r);
	}
	if (bytes_starts_nocase(name, "BODY[")) {
		read_section(f, name);
		f->has_body = true;
		return imap_read_string(r, a, &f->body);
	}
	return imap_skip_value(r);
}

enum err imap_read_fetch(struct imap *c, struct arena *a, struct imap_keywords *k, struct imap_fetched *f)
{
	return imap_read_fetch_within(c, a, k, &IMAP_NO_LIMITS, f);
}

enum err imap_read_fetch_within(struct imap *c, struct arena *a, struct imap_keywords *k,
    const struct imap_fetch_limits *limits, struct imap_fetched *f)
{
	struct imap_reader *r = &c->reader;
	struct bytes name;
	bool in_structure = false;
	enum err e;

	memset(f, 0, sizeof(*f));
	e = imap_expect(r, '(');
	while (!e && !imap_accept(r, ')')) {
		if (imap_accept(r, ' '))
			continue;
		if ((e = imap_read_atom(r, &name)))
			break;
		in_structure = bytes_eq_nocase(name, "BODYSTRUCTURE");
		if (!(e = imap_expect(r, ' ')))
			e = read_item(f, c, a, k, limits, name);
	}
	/* What stands behind a structure that can't be read is lost, and asked for again. */
	if (e == ERR_PROTO && in_structure)
		return ERR_OK;
	return e == ERR_PROTO && r->is_cut ? ERR_LIMIT : e;
}
