#include "mail/enriched.h"

#include "mail/layout.h"

enum { LONGEST_NAME = 60, INDENT = 4 };

/* What text can show of a command; of others only the text between stays. */
static const struct command {
	const char *name;
	enum { COMMAND_LINE, COMMAND_QUOTE, COMMAND_INDENT, COMMAND_AS_IT_IS, COMMAND_HIDE } what;
} commands[] = {
	{ "center", COMMAND_LINE },
	{ "flushleft", COMMAND_LINE },
	{ "flushright", COMMAND_LINE },
	{ "flushboth", COMMAND_LINE },
	{ "heading", COMMAND_LINE },
	{ "footing", COMMAND_LINE },
	{ "paragraph", COMMAND_LINE },
	{ "paraindent", COMMAND_LINE },
	{ "signature", COMMAND_LINE },
	{ "excerpt", COMMAND_QUOTE },
	{ "indent", COMMAND_INDENT },
	{ "nofill", COMMAND_AS_IT_IS },
	{ "param", COMMAND_HIDE }, /* a colour, a font: belongs to the command before it */
	{ "comment", COMMAND_HIDE },
};

/* Those of richtext that stand alone. */
static const struct sign {
	const char *name, *text;
} signs[] = { { "lt", "<" }, { "nl", "\n" }, { "np", "\n\n" } };

struct reader {
	struct layout layout;
	bool is_richtext; /* where a line end is a blank and nothing else */
	unsigned as_it_is;
	bool hides_no_more; /* what is to be hidden has no end: it is shown */
	size_t line_ends;   /* in a row */
};

static void step(unsigned *n, bool begins)
{
	if (begins)
		(*n)++;
	else if (*n)
		(*n)--;
}

/* Where lines are filled, one line end is a blank, and of several all but one count. */
static void put_text(struct reader *r, struct bytes text)
{
	if (r->as_it_is) {
		layout_pre(&r->layout, text);
		return;
	}
	while (text.len) {
		size_t n = bytes_find(text, '\n');
		struct bytes line = bytes_of(text.p, n);

		if (bytes_trim(line).len)
			r->line_ends = 0;
		layout_text(&r->layout, line);
		if (n == text.len)
			break;
		if (!r->is_richtext && ++r->line_ends > 1)
			layout_newline(&r->layout);
		else
			layout_text(&r->layout, BYTES(" "));
		text = bytes_of(text.p + n + 1, text.len - n - 1);
	}
}

static void run(struct reader *r, const struct command *c, bool begins)
{
	struct layout *l = &r->layout;

	if (c->what == COMMAND_HIDE)
		return;
	layout_break(l, 1);
	switch (c->what) {
	case COMMAND_QUOTE:
		step(&l->quote, begins);
		break;
	case COMMAND_INDENT:
		if (begins)
			l->indent += INDENT;
		else if (l->indent)
			l->indent -= INDENT;
		break;
	case COMMAND_AS_IT_IS:
		step(&r->as_it_is, begins);
		break;
	case COMMAND_LINE:
	case COMMAND_HIDE:
		break;
	}
}

static bool run_sign(struct reader *r, struct bytes name)
{
	for (size_t i = 0; r->is_richtext && i < sizeof(signs) / sizeof(signs[0]); i++)
		if (bytes_eq_nocase(name, signs[i].name)) {
			layout_pre(&r->layout, bytes_str(signs[i].text));
			return true;
		}
	return false;
}

static bool is_name_byte(uint8_t c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* The command at the beginning: what stands between < and > is one only if it can be a name, for a mail may have an address there,
 * or be no enriched text at all. Its length, 0: none. */
static size_t command_len(struct bytes in, bool *ends, struct bytes *name)
{
	size_t n, first;

	*ends = bytes_starts(in, "</");
	n = first = 1 + *ends;
	while (n < in.len && n - first <= LONGEST_NAME && is_name_byte(in.p[n]))
		n++;
	*name = bytes_of(in.p + first, n - first);
	return name->len && name->len <= LONGEST_NAME && n < in.len && in.p[n] == '>' ? n + 1 : 0;
}

/* What is in front of the end of that command. False: it has none. */
static bool find_end(struct bytes in, struct bytes wanted, size_t *len)
{
	struct bytes name;
	bool ends;

	for (size_t i = 0; i < in.len; i++) {
		struct bytes rest = bytes_of(in.p + i, in.len - i);

		if (in.p[i] == '<' && command_len(rest, &ends, &name) && ends && name.len == wanted.len &&
		    bytes_same_nocase(name.p, (const char *)wanted.p, wanted.len)) {
			*len = i;
			return true;
		}
	}
	return false;
}

/* The command at the beginning, with what it hides. Returns its length, 0: it is none, but a "<". */
static size_t read_command(struct reader *r, struct bytes in)
{
	struct bytes name;
	size_t n, hidden;
	bool ends;

	n = command_len(in, &ends, &name);
	if (!n || run_sign(r, name))
		return n;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!bytes_eq_nocase(name, commands[i].name))
			continue;
		run(r, &commands[i], !ends);
		if (commands[i].what != COMMAND_HIDE || ends || r->hides_no_more)
			break;
		if (!find_end(bytes_of(in.p + n, in.len - n), name, &hidden))
			r->hides_no_more = true;
		else
			n += hidden;
	}
	return n;
}

/* A richtext that breaks no line by a command is plain text by another name: its own lines are meant. */
static bool has_lines(struct bytes in)
{
	struct bytes name;
	bool ends;

	for (size_t i = 0; i < in.len; i++) {
		if (in.p[i] != '<' || !command_len(bytes_of(in.p + i, in.len - i), &ends, &name))
			continue;
		if (bytes_eq_nocase(name, "nl") || bytes_eq_nocase(name, "np") ||
		    bytes_eq_nocase(name, "paragraph"))
			return true;
	}
	return false;
}

static enum err convert(struct arena *a, struct bytes in, bool is_richtext, struct bytes *out)
{
	struct reader r = { .is_richtext = is_richtext, .as_it_is = is_richtext && !has_lines(in) };

	layout_init(&r.layout, a, 0);
	while (in.len) {
		size_t text = bytes_find(in, '<'), n;

		put_text(&r, bytes_of(in.p, text));
		in = bytes_of(in.p + text, in.len - text);
		if (!in.len)
			break;
		n = read_command(&r, in);
		if (!n) {
			put_text(&r, BYTES("<"));
			n = !is_richtext && bytes_starts(in, "<<") ? 2 : 1;
		}
		in = bytes_of(in.p + n, in.len - n);
	}
	return layout_done(&r.layout, out);
}

enum err text_from_enriched(struct arena *a, struct bytes in, struct bytes *out)
{
	return convert(a, in, false, out);
}

enum err text_from_richtext(struct arena *a, struct bytes in, struct bytes *out)
{
	return convert(a, in, true, out);
}
