/* HTML as text (by libxml2, and by leaving out tags), HTML without its quotes, text as HTML, format=flowed, previews, text/enriched. */
#include "fuzz/fuzzing.h"
#include "mail/enriched.h"
#include "mail/html_strip.h"
#include "mail/text.h"
#include "mail/unquote.h"
#include "unit/proto/mail_sample.h"
#include "utf8_count.h"

static struct bytes strip(struct arena *a, struct bytes html)
{
	struct layout l;
	struct bytes out;

	layout_init(&l, a, 0);
	html_strip(&l, html);
	MUST(layout_done(&l, &out) == ERR_OK);
	return out;
}

static void must_be_text(struct bytes text)
{
	MUST(utf8_valid(text) && sample_has_crlf_only(text));
	for (size_t i = 0; i + 1 < text.len; i++)
		MUST(!(text.p[i] == ' ' && text.p[i + 1] == '\r') || text.p[0] == '>');
}

static void read_html(struct arena *a, struct bytes html)
{
	struct bytes all, part;
	size_t used;

	MUST(text_from_html(a, html, 0, &all, &used) == ERR_OK && used == html.len);
	MUST(utf8_valid(all) && sample_has_crlf_only(all));
	MUST(text_from_html(a, html, html.len / 3 + 1, &part, &used) == ERR_OK);
	MUST(used == html.len ? bytes_eq(part, all)
			      : part.len <= all.len && memcmp(part.p, all.p, part.len) == 0);
	must_be_text(strip(a, html));
}

static void unquote(struct arena *a, struct bytes html)
{
	struct bytes out, again;
	bool ended;

	MUST(html_unquote(a, html, &out, &ended) == ERR_OK);
	MUST(out.len <= html.len && utf8_valid(out));
	MUST(out.p != html.p || bytes_eq(out, html));
	/* Of what text_to_html makes no quote is left. */
	MUST(text_to_html(a, html, &again) == ERR_OK && html_unquote(a, again, &out, &ended) == ERR_OK);
	MUST(!out.len ||
	     (!memmem(out.p, out.len, "<blockquote", 11) && !memmem(out.p, out.len, "</blockquote", 12)));
}

/* Tags come in pairs, and nothing of the text is one. */
static void must_be_balanced(struct bytes html)
{
	size_t quotes = 0, links = 0;

	while (html.len) {
		html = bytes_of(html.p + bytes_find(html, '<'), html.len - bytes_find(html, '<'));
		quotes += bytes_starts(html, "<blockquote ");
		quotes -= bytes_starts(html, "</blockquote>");
		links += bytes_starts(html, "<a href=\"");
		links -= bytes_starts(html, "</a>");
		MUST(quotes <= 5 && links <= 1);
		MUST(!html.len || bytes_starts(html, "<blockquote ") || bytes_starts(html, "</blockquote>") ||
		     bytes_starts(html, "<a href=\"") || bytes_starts(html, "</a>") ||
		     bytes_starts(html, "<br>"));
		if (html.len)
			html = bytes_of(html.p + 1, html.len - 1);
	}
	MUST(quotes == 0 && links == 0);
}

static void read_text(struct arena *a, struct bytes text)
{
	struct bytes out, again;

	MUST(text_crlf(a, text, &out) == ERR_OK && sample_has_crlf_only(out));
	MUST(text_crlf(a, out, &again) == ERR_OK && again.p == out.p && again.len == out.len);
	MUST(text_to_html(a, text, &out) == ERR_OK && utf8_valid(out));
	must_be_balanced(out);
	MUST(text_unflow(a, text, false, &out) == ERR_OK && utf8_valid(out));
	MUST(text_unflow(a, text, true, &out) == ERR_OK && utf8_valid(out));
	MUST(text_from_enriched(a, text, &out) == ERR_OK && utf8_valid(out) && sample_has_crlf_only(out));
	MUST(text_from_richtext(a, text, &out) == ERR_OK && utf8_valid(out) && sample_has_crlf_only(out));
	MUST(text_preview(a, text, 40, &out) == ERR_OK);
	MUST(utf8_valid(out) && utf8_count(out) <= 40 && bytes_find(out, '\n') == out.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(((size_t)16 << 20) + size * 1024);
	struct bytes in, name = html_declared_charset(bytes_of(data, size));

	MUST(!name.len || (name.p >= data && name.p + name.len <= data + size));
	MUST(utf8_repair(a, bytes_of(data, size), &in) == ERR_OK);
	read_html(a, in);
	unquote(a, in);
	read_text(a, in);
	arena_free(&a);
	return 0;
}
