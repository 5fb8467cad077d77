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
	unsigned as_it_is, hidden;
	size_t line_ends; /* in a row */
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
	if (r->hidden)
		return;
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

	if (c->what == COMMAND_HIDE) {
		step(&r->hidden, begins);
		return;
	}
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
			if (!r->hidden)
				layout_pre(&r->layout, bytes_str(signs[i].text));
			return true;
		}
	return false;
}

/* The command at the beginning. Returns its length, 0: it is none, but a "<". */
static size_t read_command(struct reader *r, struct bytes in)
{
	size_t n = bytes_find(bytes_of(in.p, in.len < LONGEST_NAME ? in.len : LONGEST_NAME), '>');
	bool ends = bytes_starts(in, "</");
	struct bytes name;

	if (n >= in.len || n >= LONGEST_NAME || (!r->is_richtext && bytes_starts(in, "<<")))
		return 0;
	name = bytes_of(in.p + 1 + ends, n - 1 - ends);
	if (run_sign(r, name))
		return n + 1;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (bytes_eq_nocase(name, commands[i].name))
			run(r, &commands[i], !ends);
	return n + 1;
}

static enum err convert(struct arena *a, struct bytes in, bool is_richtext, struct bytes *out)
{
	struct reader r = { .is_richtext = is_richtext };

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
