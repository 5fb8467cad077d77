#ifndef EASGATE_IMAP_READER_H
#define EASGATE_IMAP_READER_H

#include "base/arena.h"
#include "io/fiber.h"

/* Reads IMAP responses (RFC 3501, 9) from a source of bytes: line by line, token by token, literals straight into
 * an arena. A response is a line; one that ends in {n} goes on with n bytes and another line. So the end of a
 * response is found without understanding it, and what can't be understood is skipped.
 *
 * Of a line that is too long only the beginning is there (is_cut): what it says is then not all that was said, which it
 * is up to the caller to see to.
 *
 * Views that a function returns without taking an arena end with the next call that reads.
 * Errors: ERR_PROTO not the grammar, ERR_LIMIT too long or the arena is spent, ERR_UNAVAILABLE closed,
 * or what the source says. */
struct imap_reader {
	enum err (*read)(void *arg, void *to, size_t cap, size_t *out); /* as stream_read */
	void *arg;                                                      /* borrowed */
	uint8_t *buf; /* owned; NULL until something is read */
	size_t cap, start, end;
	struct bytes line; /* what is left of the present line, without its end; inside buf */
	size_t
	    literal; /* of the literal that the present line ends in; what is left of one that comes in pieces */
	bool has_literal;
	bool is_cut; /* only the beginning of the present line could be held */
};

void imap_reader_init(
    struct imap_reader *r, enum err (*read)(void *arg, void *to, size_t cap, size_t *out), void *arg);
/* Frees the buffer and forgets what is in it; the reader can go on. */
void imap_reader_deinit(struct imap_reader *r);
/* Bytes that have been read ahead. */
size_t imap_reader_ahead(const struct imap_reader *r);

/* The next response. The one before must have been finished. */
enum err imap_reader_next(struct imap_reader *r) WAITS MUST_CHECK;
/* Skips what is left of this response. `text`: it ends in human-readable text, where a {n} is no literal. */
enum err imap_reader_finish(struct imap_reader *r, bool text) WAITS MUST_CHECK;

/* ---- tokens of the present response ---- */

/* The next byte, 0 at the end of the response. */
uint8_t imap_peek(const struct imap_reader *r);
/* Takes that byte if it is next. */
bool imap_accept(struct imap_reader *r, char c);
enum err imap_expect(struct imap_reader *r, char c) MUST_CHECK;
/* One or more bytes up to a blank, parenthesis, bracket at depth 0, quote or the end. BODY[HEADER.FIELDS (A B)]<0> is
 * one atom too. */
enum err imap_read_atom(struct imap_reader *r, struct bytes *out) MUST_CHECK;
/* Up to a blank, a parenthesis or the end: a flag, of which servers let anything pass. */
enum err imap_read_word(struct imap_reader *r, struct bytes *out) MUST_CHECK;
enum err imap_read_number(struct imap_reader *r, uint64_t max, uint64_t *out) MUST_CHECK;
enum err imap_read_u32(struct imap_reader *r, uint32_t *out) MUST_CHECK;
/* Quoted, literal, atom or NIL (p is NULL then); a copy in the arena. */
enum err imap_read_string(struct imap_reader *r, struct arena *a, struct bytes *out) WAITS MUST_CHECK;
/* A literal in pieces, for what is too long for an arena: imap_literal_begin takes its head and tells its length; then
 * imap_literal_next gives views of one piece after the other, and an empty one at the end, when the response goes on. */
enum err imap_literal_begin(struct imap_reader *r, size_t *len) MUST_CHECK;
enum err imap_literal_next(struct imap_reader *r, struct bytes *out) WAITS MUST_CHECK;
/* Any value, lists with all that is in them. */
enum err imap_skip_value(struct imap_reader *r) WAITS MUST_CHECK;

/* A value as a tree. A list's children are linked. Count and depth are bounded: a
 * list that is too deep is NIL. */
struct imap_value {
	enum { IMAP_NIL, IMAP_STRING, IMAP_LIST } kind;
	struct bytes text;               /* string or atom */
	struct imap_value *first, *next; /* first: a list's; next: the neighbour in the same list */
};
enum err imap_read_value(struct imap_reader *r, struct arena *a, struct imap_value **out) WAITS MUST_CHECK;

#endif
