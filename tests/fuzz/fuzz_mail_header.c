/* A header block through everything that reads headers, and as a mail that a phone sends. */
#include "fuzz/fuzzing.h"
#include "mail/charset.h"
#include "mail/compose.h"
#include "mail/conversation.h"
#include "mail/transfer.h"
#include "unit/proto/mail_sample.h"

static void read_addresses(struct arena *a, const struct header *h, const char *name)
{
	struct mail_addresses list;
	struct bytes out;

	MUST(header_addresses(a, h, name, &list) == ERR_OK && list.n <= ADDRESS_MAX);
	for (size_t i = 0; i < list.n; i++) {
		MUST(sample_is_line(list.v[i].name) && sample_is_line(list.v[i].address));
		MUST(list.v[i].name.len || list.v[i].address.len);
	}
	MUST(address_list_format(a, &list, ", ", 300, &out) == ERR_OK && out.len <= 300 &&
	     sample_is_line(out));
	MUST(address_names(a, &list, 300, &out) == ERR_OK && out.len <= 300 && sample_is_line(out));
}

static void read_field(struct arena *a, const struct header_field *f)
{
	static const char *const names[] = { "charset", "boundary", "name", "filename", "a" };
	struct bytes head, out, rest = f->value;
	struct mime_params params;

	MUST(f->name.len && f->whole.p <= f->name.p && f->whole.len >= f->name.len + f->value.len);
	MUST(header_text(a, f->value, BYTES(""), &out) == ERR_OK && sample_is_line(out));
	MUST(header_text(a, f->value, f->name, &out) == ERR_OK && sample_is_line(out));
	MUST(header_params(a, f->value, &head, &params) == ERR_OK && params.n <= MIME_MAX_PARAMS);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		MUST(mime_param_decode(a, &params, names[i], &out) == ERR_OK && sample_is_line(out));
	while (message_id_next(&rest, &out))
		MUST(out.len > 0);
	MUST(charset_to_utf8(a, f->name, f->value, &out) == ERR_OK && utf8_valid(out));
	for (int e = MIME_7BIT; e <= MIME_ENCODING_UNKNOWN; e++)
		MUST(transfer_decode(a, (enum mime_encoding)e, f->value, &out) == ERR_OK &&
		     out.len <= f->value.len);
}

static void read_conversation(struct arena *a, const struct header *h)
{
	struct bytes out;

	MUST(conversation_id(a, h, &out) == ERR_OK && (out.len == 0 || out.len == 16));
	MUST(conversation_index(a, h, 1716279300, &out) == ERR_OK && out.len >= 5 && out.len % 5 == 0);
	MUST(conversation_topic(a, h, &out) == ERR_OK && sample_is_line(out));
}

static size_t count(const struct header *h, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += bytes_eq_nocase(h->v[i].name, name);
	return n;
}

/* Sent again, what we made of it needs no change. */
static void compose(struct arena *a, struct bytes raw)
{
	static const struct compose_options options = { .from = { (const uint8_t *)"me@example.org", 14 },
		.date = 1716279300,
		.message_id = { (const uint8_t *)"<id@example.org>", 16 } };
	struct compose out, again;
	struct header h, sent;
	enum err e = compose_read(a, raw, &options, &out);

	MUST(e == ERR_OK || e == ERR_PROTO || e == ERR_NOT_FOUND);
	if (e)
		return;
	MUST(sample_has_crlf_only(out.wire) && sample_has_crlf_only(out.sent));
	MUST(header_parse(a, out.wire, &h) == ERR_OK && header_parse(a, out.sent, &sent) == ERR_OK);
	MUST(!count(&h, "Bcc") && count(&h, "Date") && count(&h, "From") == 1 && count(&h, "Message-ID"));
	MUST(sent.n == h.n + count(&sent, "Bcc"));
	MUST(out.n_to > 0 && out.n_to <= COMPOSE_MAX_RECIPIENTS && out.from.len && sample_is_line(out.from));
	for (size_t i = 0; i < out.n_to; i++)
		MUST(sample_is_line(out.to[i]) && bytes_find(out.to[i], ' ') == out.to[i].len);
	MUST(bytes_find(out.message_id, '\n') == out.message_id.len);
	if (compose_read(a, out.sent, &options, &again) == ERR_OK)
		MUST(bytes_eq(again.sent, out.sent) && bytes_eq(again.wire, out.wire) &&
		     again.n_to == out.n_to);
	else
		MUST(false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "From", "To", "Cc", "Bcc", "Reply-To", "Sender" };
	struct arena *a = arena_new(((size_t)64 << 20) + size * 4096);
	struct bytes raw = bytes_of(data, size), block;
	struct header h;
	size_t n = header_block_len(raw);

	MUST(n <= size);
	block = header_skip_junk(raw);
	MUST(block.p + block.len == data + size || !size);
	MUST(header_parse(a, bytes_of(data, n), &h) == ERR_OK && h.n <= HEADER_MAX_FIELDS);
	for (size_t i = 0; i < h.n; i++)
		read_field(a, &h.v[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		read_addresses(a, &h, names[i]);
	read_conversation(a, &h);
	compose(a, raw);
	arena_free(&a);
	return 0;
}
