#ifndef EASGATE_WBXML_WBXML_H
#define EASGATE_WBXML_WBXML_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "wbxml/tags.h" /* generated: AIRSYNC_SYNC = 0x0005, AIRSYNCBASE_BODY = 0x110A, ... */

/* A tag is its code page and token in one number: page << 8 | token (0x05..0x3F). */
typedef uint16_t wbxml_tag;

/* What the code page tables know of a tag; NULL for a tag that no page has. Source: MS-ASWBXML 2.1.2. */
struct wbxml_tag_info {
	wbxml_tag tag;
	const char *page;     /* namespace, such as "AirSync" */
	const char *name;     /* such as "SyncKey" */
	bool opaque;          /* the value is opaque data on the wire */
	uint8_t since, until; /* protocol versions without the dot: 25, 120, 121, 140, 141, 160, 161 */
};
const struct wbxml_tag_info *wbxml_tag_info(wbxml_tag tag);
/* "AirSync:SyncKey", or "0x02F1" for an unknown tag, for log lines. */
enum err wbxml_tag_name(struct arena *a, wbxml_tag tag, struct bytes *out) MUST_CHECK;
/* The way back: the tag that the code pages call so, or 0. Walks the tables: for tests and tools. */
wbxml_tag wbxml_tag_of(struct bytes page, struct bytes name);

/* ---- reading: one event after the other, nothing allocated, values are views of the input ---- */

enum { WBXML_MAX_DEPTH = 32 };

enum wbxml_kind { WBXML_START, WBXML_END, WBXML_VALUE, WBXML_EOF };

struct wbxml_event {
	enum wbxml_kind kind;
	wbxml_tag tag;      /* START: the tag; END, VALUE: the tag it belongs to */
	struct bytes value; /* VALUE: an inline string (without its NUL) or opaque data */
	bool opaque;        /* VALUE: came as opaque data */
};

struct wbxml_reader {
	struct bytes doc, rest; /* borrowed */
	uint8_t page, depth;
	bool empty_pending; /* a START without content still owes its END */
	bool started;       /* the root element has been seen */
	wbxml_tag open[WBXML_MAX_DEPTH];
	const char *problem; /* static text: what was wrong, after an error */
};

/* Reads the document head. ERR_TRUNCATED if it is cut; ERR_PROTO if it isn't WBXML 1.1 to 1.3 in UTF-8;
 * a string table is skipped. Source: WBXML 1.3, 5.4; MS-ASWBXML 2.1.1. */
enum err wbxml_reader_init(struct wbxml_reader *r, struct bytes doc) MUST_CHECK;
/* The next event. A tag without content gives START and END. Unknown tags are given as they are: to skip
 * them is the caller's choice. ERR_TRUNCATED, ERR_PROTO, or ERR_LIMIT above WBXML_MAX_DEPTH; the reader
 * stays at the faulty byte, see wbxml_reader_offset and r->problem. Bytes after the root: ERR_PROTO. */
enum err wbxml_reader_next(struct wbxml_reader *r, struct wbxml_event *out) MUST_CHECK;
/* Bytes from the document's start: where the reader stands. */
size_t wbxml_reader_offset(const struct wbxml_reader *r);

/* Reads one multi-byte integer: 7 bits a byte, high bit set while more follow.
 *   in   moved past the number on ERR_OK, untouched on error
 * ERR_TRUNCATED if `in` ends inside the number, ERR_PROTO if it is longer than 5 bytes or does not fit 32
 * bits.
 * Source: WBXML 1.3, 5.1. */
enum err wbxml_read_uint(struct bytes *in, uint32_t *out) MUST_CHECK;

/* ---- a request as a tree ---- */

struct wbxml_node {
	wbxml_tag tag;
	struct bytes text; /* its values in one piece; a view of the document where they were one */
	struct wbxml_node *child, *next, *parent;
};

/* The whole document as a tree in the arena.
 *   max_nodes   ERR_LIMIT above
 *   at, problem where and why on an error (byte offset, static text); may be NULL */
enum err wbxml_tree(struct arena *a, struct bytes doc, size_t max_nodes, struct wbxml_node **out, size_t *at,
    const char **problem) MUST_CHECK;

/* The first child with that tag, or NULL; `parent` may be NULL. */
const struct wbxml_node *wbxml_child(const struct wbxml_node *parent, wbxml_tag tag);
/* The next sibling with that tag, or NULL. */
const struct wbxml_node *wbxml_next(const struct wbxml_node *node, wbxml_tag tag);
/* The text of that child, trimmed; empty if it isn't there. */
struct bytes wbxml_child_text(const struct wbxml_node *parent, wbxml_tag tag);
/* The element's own text as a boolean: empty or 1 = true, 0 = false; ERR_PROTO for anything else. */
enum err wbxml_bool(const struct wbxml_node *node, bool *out) MUST_CHECK;
/* A boolean child: absent = fallback, else as wbxml_bool. */
enum err wbxml_child_bool(
    const struct wbxml_node *parent, wbxml_tag tag, bool fallback, bool *out) MUST_CHECK;
/* A number child: absent = fallback; ERR_PROTO if not a number, ERR_LIMIT above max. */
enum err wbxml_child_uint(const struct wbxml_node *parent, wbxml_tag tag, uint32_t fallback, uint32_t max,
    uint32_t *out) MUST_CHECK;

/* ---- writing ---- */

/* Errors stick, as in struct buf, and are told by wbxml_done. An element that gets no content is written
 * as an empty tag. */
struct wbxml_writer {
	struct buf *out; /* borrowed */
	uint8_t page, depth;
	bool content_bit_due; /* the newest tag has no content yet */
	size_t text_end;      /* out->len after the newest text, which further text then continues; 0: none */
	size_t tag_at[WBXML_MAX_DEPTH]; /* where the open tags' bytes stand in out */
	size_t before[WBXML_MAX_DEPTH]; /* where to cut to drop them (page switch included) */
	uint8_t page_before[WBXML_MAX_DEPTH];
};

void wbxml_writer_init(struct wbxml_writer *w, struct buf *out); /* writes 03 01 6A 00 */
void wbxml_open(struct wbxml_writer *w, wbxml_tag tag);
void wbxml_close(struct wbxml_writer *w);
/* Closes; an element that got no content disappears altogether ("no empty containers"). */
void wbxml_close_or_drop(struct wbxml_writer *w);
/* Text of the open element; called again, it continues the same string. Each piece holds whole characters.
 * What XML 1.0 forbids is removed (NUL and most control characters), broken UTF-8 is replaced by U+FFFD, so
 * that no client's XML parser stumbles. */
void wbxml_text(struct wbxml_writer *w, struct bytes text);
/* What wbxml_text would write of it, for who has to tell its size before; `in` itself where nothing is removed. Only
 * ERR_LIMIT (arena). */
enum err wbxml_clean(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;
void wbxml_opaque(struct wbxml_writer *w, struct bytes data);
/* A string of the open element that the caller puts in when the document is sent: where in the document its bytes belong. They
 * must be what wbxml_text would let pass. */
size_t wbxml_gap(struct wbxml_writer *w);
/* One element: as text, or as opaque data where the code page says so. An empty value gives an empty tag. */
void wbxml_put(struct wbxml_writer *w, wbxml_tag tag, struct bytes value);
void wbxml_put_str(struct wbxml_writer *w, wbxml_tag tag, const char *value);
void wbxml_put_uint(struct wbxml_writer *w, wbxml_tag tag, uint64_t value);
void wbxml_put_empty(struct wbxml_writer *w, wbxml_tag tag);
/* To take back what was written since, and a failure since (such as a response that became too long): one bad
 * item never spoils a response. Elements open at the mark are still open. Marks nest. */
struct wbxml_mark {
	size_t len, text_end;
	uint8_t page, depth;
	bool content_bit_due;
	enum err failed;
};
struct wbxml_mark wbxml_mark(const struct wbxml_writer *w);
void wbxml_rollback(struct wbxml_writer *w, struct wbxml_mark m);
/* Elements that are written apart, by a writer and into a buffer of their own, and become content of an open element later:
 * the bytes in the document are the same. */
struct wbxml_fragment {
	struct bytes bytes;
	uint8_t page; /* that is left set behind it; page 0 before it */
};
void wbxml_fragment_init(struct wbxml_writer *w, struct buf *out);
enum err wbxml_fragment_done(struct wbxml_writer *w, struct wbxml_fragment *out) MUST_CHECK;
void wbxml_put_fragment(struct wbxml_writer *w, const struct wbxml_fragment *f);
/* The document. Asserts that every element is closed. */
enum err wbxml_done(struct wbxml_writer *w, struct bytes *out) MUST_CHECK;

#endif
