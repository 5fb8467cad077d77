#include "base/hash.h"
#include "base/varint.h"
#include "sync/snapshot.h"

/* The stored form
 *   format (1 byte), generation, validity, token, next id, window day,
 *   from format 2 on: validity, token, next id, window day of what is beside (SMS),
 *   runs of ids:   count, then gap to the former run and length - 1, for each
 *   digests:       count of distinct ones, each distinct one, then the way they are packed (see enum packing)
 *   pending:       count, then gap and length - 1, for each
 *   from format 3 on: the same of stubs, and their hour
 *   checksum       4 bytes of hash64 over all before it
 * Numbers are varints. */
enum { CHECKSUM_LEN = 4, MAX_PALETTE = 256 };
enum format { FORMAT = 1, FORMAT_WITH_SIDE, FORMAT_WITH_STUBS };

enum packing {
	PACK_RUNS, /* (index, length - 1) for each run of equal digests */
	PACK_BITS, /* an index of 1, 2, 4 or 8 bits for each item */
	PACK_RAW,  /* 4 bytes for each item: more than MAX_PALETTE distinct ones */
};

/* ---- encoding ---- */

static void put_ranges(struct buf *out, const struct snapshot_range *v, size_t n)
{
	uint64_t next = 0; /* the smallest id that may follow */

	varint_put(out, n);
	for (size_t i = 0; i < n; i++) {
		varint_put(out, v[i].first - next);
		varint_put(out, v[i].last - v[i].first);
		next = v[i].last + 1;
	}
}

static enum err id_ranges(struct arena *a, const struct snapshot *s, struct snapshot_range **out, size_t *n)
{
	struct snapshot_range *v;
	size_t used = 0;

	for (size_t i = 0; i < s->n_items; i++)
		used += !i || s->items[i - 1].id + 1 != s->items[i].id;
	v = arena_array(a, used, sizeof(*v));
	if (!v)
		return ERR_LIMIT;
	used = 0;
	for (size_t i = 0; i < s->n_items; i++) {
		if (used && v[used - 1].last + 1 == s->items[i].id)
			v[used - 1].last++;
		else
			v[used++] = (struct snapshot_range){ s->items[i].id, s->items[i].id };
	}
	*out = v;
	*n = used;
	return ERR_OK;
}

struct palette {
	uint32_t v[MAX_PALETTE];
	size_t n;
};

/* Index of the digest in the palette, or MAX_PALETTE if it isn't there. Few digests are common, so the linear
 * search ends early, and equal neighbours don't even get here. */
static size_t palette_index(const struct palette *p, uint32_t digest)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i] == digest)
			return i;
	return MAX_PALETTE;
}

/* False if there are more distinct digests than fit. */
static bool palette_fill(struct palette *p, const struct snapshot *s, size_t *runs)
{
	*runs = 0;
	for (size_t i = 0; i < s->n_items; i++) {
		uint32_t digest = s->items[i].digest;

		if (i && s->items[i - 1].digest == digest)
			continue;
		++*runs;
		if (palette_index(p, digest) != MAX_PALETTE)
			continue;
		if (p->n == MAX_PALETTE)
			return false;
		p->v[p->n++] = digest;
	}
	return true;
}

static unsigned index_bits(size_t palette_n)
{
	return palette_n <= 2 ? 1 : palette_n <= 4 ? 2 : palette_n <= 16 ? 4 : 8;
}

static void put_runs(struct buf *out, const struct snapshot *s, const struct palette *p)
{
	for (size_t i = 0, end; i < s->n_items; i = end) {
		for (end = i + 1; end < s->n_items && s->items[end].digest == s->items[i].digest; end++)
			;
		varint_put(out, palette_index(p, s->items[i].digest));
		varint_put(out, end - i - 1);
	}
}

static void put_bits(struct buf *out, const struct snapshot *s, const struct palette *p)
{
	unsigned bits = index_bits(p->n), filled = 0;
	uint8_t byte = 0;

	for (size_t i = 0; i < s->n_items; i++) {
		byte |= (uint8_t)(palette_index(p, s->items[i].digest) << filled);
		filled += bits;
		if (filled == 8 || i + 1 == s->n_items) {
			buf_put_u8(out, byte);
			byte = 0;
			filled = 0;
		}
	}
}

static void put_u32(struct buf *out, uint32_t n)
{
	uint8_t b[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24) };

	buf_put(out, bytes_of(b, sizeof(b)));
}

static void put_digests(struct buf *out, const struct snapshot *s, struct palette *p)
{
	size_t runs;

	if (!palette_fill(p, s, &runs)) {
		varint_put(out, 0);
		buf_put_u8(out, PACK_RAW);
		for (size_t i = 0; i < s->n_items; i++)
			put_u32(out, s->items[i].digest);
		return;
	}
	varint_put(out, p->n);
	for (size_t i = 0; i < p->n; i++)
		varint_put(out, p->v[i]);
	if (runs * 2 <= s->n_items * index_bits(p->n) / 8) { /* a run takes two bytes or a little more */
		buf_put_u8(out, PACK_RUNS);
		put_runs(out, s, p);
	} else {
		buf_put_u8(out, PACK_BITS);
		put_bits(out, s, p);
	}
}

static void put_side(struct buf *b, const struct snapshot_side *side)
{
	varint_put(b, side->validity);
	varint_put(b, side->token);
	varint_put(b, side->next_id);
	varint_put(b, side->window_day);
}

static uint8_t format_of(const struct snapshot *s)
{
	return s->n_stubs ? FORMAT_WITH_STUBS : s->side.validity ? FORMAT_WITH_SIDE : FORMAT;
}

enum err snapshot_encode(struct arena *a, const struct snapshot *s, struct bytes *out)
{
	struct palette *p = arena_alloc(a, sizeof(*p)); /* too large for a fiber's stack */
	uint8_t format = format_of(s);
	struct snapshot_range *ranges;
	struct buf b;
	size_t n;
	enum err e;

	if (!p || id_ranges(a, s, &ranges, &n))
		return ERR_LIMIT;
	buf_init(&b, a, 0);
	buf_put_u8(&b, format);
	varint_put(&b, s->generation);
	varint_put(&b, s->validity);
	varint_put(&b, s->token);
	varint_put(&b, s->next_id);
	varint_put(&b, s->window_day);
	if (format >= FORMAT_WITH_SIDE)
		put_side(&b, &s->side);
	put_ranges(&b, ranges, n);
	put_digests(&b, s, p);
	put_ranges(&b, s->pending, s->n_pending);
	if (format >= FORMAT_WITH_STUBS) {
		put_ranges(&b, s->stubs, s->n_stubs);
		varint_put(&b, s->stubs_hour);
	}
	if ((e = buf_done(&b, out)))
		return e;
	put_u32(&b, (uint32_t)hash64(*out, format));
	return buf_done(&b, out);
}

/* ---- decoding: every count is checked against what it can be, since the bytes come from outside ---- */

static enum err get_ranges(
    struct arena *a, struct bytes *in, struct snapshot_range **out, size_t *n, uint64_t *total)
{
	uint64_t count, next = 0, gap, more;
	struct snapshot_range *v;
	enum err e;

	if ((e = varint_get_max(in, in->len / 2, &count))) /* each takes two bytes at least */
		return e;
	v = arena_array(a, count, sizeof(*v));
	if (!v)
		return ERR_LIMIT;
	*total = 0;
	for (size_t i = 0; i < count; i++) {
		if ((e = varint_get_max(in, UINT64_MAX - next, &gap)) ||
		    (e = varint_get_max(in, UINT64_MAX - next - gap, &more)))
			return e;
		v[i] = (struct snapshot_range){ next + gap, next + gap + more };
		if (more >= UINT64_MAX - *total || (v[i].last == UINT64_MAX && i + 1 < count))
			return ERR_PROTO;
		next = v[i].last + 1;
		*total += more + 1;
	}
	*out = v;
	*n = count;
	return ERR_OK;
}

static enum err get_items(struct arena *a, struct bytes *in, struct snapshot *s)
{
	struct snapshot_range *ranges;
	uint64_t total;
	size_t n, at = 0;
	enum err e;

	if ((e = get_ranges(a, in, &ranges, &n, &total)))
		return e;
	if (total > SNAPSHOT_MAX_ITEMS)
		return ERR_LIMIT;
	s->items = arena_array(a, total, sizeof(*s->items));
	if (!s->items)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		for (uint64_t k = 0; k <= ranges[i].last - ranges[i].first; k++)
			s->items[at++].id = ranges[i].first + k;
	s->n_items = at;
	return ERR_OK;
}

static enum err get_runs(struct bytes *in, struct snapshot *s, const struct palette *p)
{
	uint64_t index, more;
	enum err e;

	for (size_t i = 0; i < s->n_items;) {
		if ((e = varint_get_max(in, p->n - 1, &index)) ||
		    (e = varint_get_max(in, s->n_items - i - 1, &more)))
			return ERR_PROTO;
		for (size_t end = i + more + 1; i < end; i++)
			s->items[i].digest = p->v[index];
	}
	return ERR_OK;
}

static enum err get_bits(struct bytes *in, struct snapshot *s, const struct palette *p)
{
	unsigned bits = index_bits(p->n), per_byte = 8 / bits;
	struct bytes packed;

	if (!bytes_take(in, (s->n_items + per_byte - 1) / per_byte, &packed))
		return ERR_TRUNCATED;
	for (size_t i = 0; i < s->n_items; i++) {
		size_t index = packed.p[i / per_byte] >> (i % per_byte * bits) & ((1u << bits) - 1);

		if (index >= p->n)
			return ERR_PROTO;
		s->items[i].digest = p->v[index];
	}
	return ERR_OK;
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static enum err get_raw(struct bytes *in, struct snapshot *s)
{
	struct bytes raw;

	if (!bytes_take(in, s->n_items * 4, &raw))
		return ERR_TRUNCATED;
	for (size_t i = 0; i < s->n_items; i++)
		s->items[i].digest = get_u32(raw.p + i * 4);
	return ERR_OK;
}

static enum err get_digests(struct arena *a, struct bytes *in, struct snapshot *s)
{
	struct palette *p = arena_alloc(a, sizeof(*p));
	uint64_t n, digest;
	struct bytes how;
	enum err e;

	if (!p)
		return ERR_LIMIT;
	if ((e = varint_get_max(in, MAX_PALETTE, &n)))
		return e;
	for (p->n = 0; p->n < n; p->n++) {
		if ((e = varint_get_max(in, UINT32_MAX, &digest)))
			return e;
		p->v[p->n] = (uint32_t)digest;
	}
	if (!bytes_take(in, 1, &how))
		return ERR_TRUNCATED;
	if (how.p[0] == PACK_RAW)
		return get_raw(in, s);
	if (s->n_items && !p->n)
		return ERR_PROTO;
	if (how.p[0] == PACK_RUNS)
		return get_runs(in, s, p);
	return how.p[0] == PACK_BITS ? get_bits(in, s, p) : ERR_PROTO;
}

static enum err get_side(struct bytes *in, struct snapshot_side *side)
{
	uint64_t day;
	enum err e;

	if ((e = varint_get(in, &side->validity)) || (e = varint_get(in, &side->token)) ||
	    (e = varint_get(in, &side->next_id)) || (e = varint_get_max(in, UINT32_MAX, &day)))
		return e;
	side->window_day = (uint32_t)day;
	return ERR_OK;
}

static enum err get_stubs(struct arena *a, struct bytes *in, struct snapshot *s)
{
	uint64_t ignored, hour;
	enum err e;

	if ((e = get_ranges(a, in, &s->stubs, &s->n_stubs, &ignored)) ||
	    (e = varint_get_max(in, UINT32_MAX, &hour)))
		return e;
	s->stubs_hour = (uint32_t)hour;
	return ERR_OK;
}

enum err snapshot_decode(struct arena *a, struct bytes in, struct snapshot *out)
{
	uint64_t generation, day, ignored;
	struct snapshot s = { 0 };
	struct bytes body, format;
	enum err e;

	if (in.len < 1 + CHECKSUM_LEN)
		return ERR_PROTO;
	body = bytes_of(in.p, in.len - CHECKSUM_LEN);
	if (in.p[0] < FORMAT || in.p[0] > FORMAT_WITH_STUBS ||
	    get_u32(in.p + body.len) != (uint32_t)hash64(body, in.p[0]))
		return ERR_PROTO;
	if (!bytes_take(&body, 1, &format) || (e = varint_get_max(&body, UINT32_MAX, &generation)) ||
	    (e = varint_get(&body, &s.validity)) || (e = varint_get(&body, &s.token)) ||
	    (e = varint_get(&body, &s.next_id)) || (e = varint_get_max(&body, UINT32_MAX, &day)))
		return ERR_PROTO;
	s.generation = (uint32_t)generation;
	s.window_day = (uint32_t)day;
	e = in.p[0] >= FORMAT_WITH_SIDE ? get_side(&body, &s.side) : ERR_OK;
	if (!e)
		e = get_items(a, &body, &s);
	if (!e)
		e = get_digests(a, &body, &s);
	if (!e)
		e = get_ranges(a, &body, &s.pending, &s.n_pending, &ignored);
	if (!e && in.p[0] >= FORMAT_WITH_STUBS)
		e = get_stubs(a, &body, &s);
	if (!e && body.len)
		e = ERR_PROTO;
	if (!e)
		*out = s;
	return e == ERR_OK || e == ERR_LIMIT ? e : ERR_PROTO;
}
