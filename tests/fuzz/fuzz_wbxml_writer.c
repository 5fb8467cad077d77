/* The writer, driven by the input as a list of calls with drops and rollbacks. What it writes must read as
 * what is left of the calls when all that was taken back is left out. */
#include "fuzz/fuzzing.h"

enum { MAX_CALLS = 2000, MARKS = 4 };

enum call_kind { OPEN, TEXT, OPAQUE, CLOSE };

struct call {
	enum call_kind kind;
	wbxml_tag tag;
};

struct run {
	struct wbxml_writer w;
	struct call calls[MAX_CALLS]; /* what counts so far */
	size_t count;
	struct {
		struct wbxml_mark mark;
		size_t count;
	} marks[MARKS];
	size_t mark_count;
};

static void add(struct run *r, enum call_kind kind, wbxml_tag tag)
{
	if (kind == OPEN)
		wbxml_open(&r->w, tag);
	else if (kind == TEXT)
		wbxml_text(&r->w, BYTES("text"));
	else if (kind == OPAQUE)
		wbxml_opaque(&r->w, BYTES("data"));
	else
		wbxml_close(&r->w);
	r->calls[r->count++] = (struct call){ kind, tag };
}

/* A mark may only be used while the elements that were open are still open. */
static void forget_marks_deeper_than(struct run *r, unsigned depth)
{
	while (r->mark_count && r->marks[r->mark_count - 1].mark.depth > depth)
		r->mark_count--;
}

static void drop(struct run *r)
{
	bool empty = r->calls[r->count - 1].kind == OPEN;

	wbxml_close_or_drop(&r->w);
	if (empty)
		r->count--;
	else
		r->calls[r->count++] = (struct call){ CLOSE, 0 };
	while (r->mark_count && r->marks[r->mark_count - 1].count > r->count)
		r->mark_count--;
}

static void roll_back(struct run *r)
{
	r->mark_count--;
	wbxml_rollback(&r->w, r->marks[r->mark_count].mark);
	r->count = r->marks[r->mark_count].count;
}

static void step(struct run *r, uint8_t c)
{
	switch (c & 7) {
	case 0:
	case 1:
		if (r->w.depth < WBXML_MAX_DEPTH)
			add(r, OPEN, (wbxml_tag)((c >> 3 & 3) << 8 | (5 + (c >> 5))));
		break;
	case 2:
		add(r, TEXT, 0);
		break;
	case 3:
		add(r, OPAQUE, 0);
		break;
	case 4:
		if (r->w.depth > 1) {
			forget_marks_deeper_than(r, r->w.depth - 1u);
			add(r, CLOSE, 0);
		}
		break;
	case 5:
		if (r->w.depth > 1) {
			forget_marks_deeper_than(r, r->w.depth - 1u);
			drop(r);
		}
		break;
	case 6:
		if (r->mark_count < MARKS) {
			r->marks[r->mark_count].mark = wbxml_mark(&r->w);
			r->marks[r->mark_count++].count = r->count;
		}
		break;
	case 7:
		if (r->mark_count)
			roll_back(r);
		break;
	}
}

static struct wbxml_node *finish(struct arena *a, struct wbxml_writer *w)
{
	struct wbxml_node *root = NULL;
	struct bytes doc;

	while (w->depth)
		wbxml_close(w);
	MUST(wbxml_done(w, &doc) == ERR_OK);
	MUST(wbxml_tree(a, doc, MAX_CALLS, &root, NULL, NULL) == ERR_OK);
	return root;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run r, plain;
	struct arena *a = arena_new(4 << 20);
	struct buf b, b_plain;

	r.count = r.mark_count = plain.count = 0;
	buf_init(&b, a, 0);
	buf_init(&b_plain, a, 0);
	wbxml_writer_init(&r.w, &b);
	wbxml_writer_init(&plain.w, &b_plain);
	add(&r, OPEN, AIRSYNC_SYNC);
	for (size_t i = 0; i < size && i < MAX_CALLS - 1; i++)
		step(&r, data[i]);
	for (size_t i = 0; i < r.count; i++)
		add(&plain, r.calls[i].kind, r.calls[i].tag);
	MUST(plain.w.depth == r.w.depth);
	fuzz_must_be_same(finish(a, &plain.w), finish(a, &r.w));
	arena_free(&a);
	return 0;
}
