/* A reply and a forward: the input's first half is the phone's mail, the second the original, whose parts get in without
 * changing what is around them. */
#include "fuzz/fuzzing.h"
#include "mail/compose.h"
#include "mail/fingerprint.h"
#include "mail/mime_parse.h"
#include "mail/smart.h"
#include "mail/wire_safe.h"

static struct smart_original original_of(struct arena *a, struct bytes raw)
{
	struct smart_original o = { .size = (uint32_t)raw.len, .plain = raw, .html = raw };
	struct mime_part *root;
	struct attachment *files;
	struct bytes block;
	size_t n = 0;

	MUST(mime_parse(a, raw, &block, &root) == ERR_OK && header_parse(a, block, &o.header) == ERR_OK);
	o.root = root;
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p))
		n++;
	files = arena_array(a, n, sizeof(*files));
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p), o.n_attachments++)
		MUST(attachment_of(a, p, (unsigned)o.n_attachments + 1, &files[o.n_attachments]) == ERR_OK);
	o.attachments = files;
	return o;
}

/* Each section stands for bytes of a real part, and what is around them is no end of a header too early. */
static void must_be_a_mail(struct arena *a, const struct smart *m)
{
	struct compose_options options = { .from = BYTES("me@example.org"), .message_id = BYTES("<1@x>") };
	struct compose mail;
	enum err e;

	MUST(header_block_len(m->header) == m->header.len);
	for (size_t i = 0; i < m->n; i++)
		MUST(!m->v[i].section || m->has_sections);
	e = compose_read(a, m->header, &options, &mail);
	MUST(e == ERR_OK || e == ERR_NOT_FOUND || e == ERR_PROTO || e == ERR_LIMIT);
}

/* What has been made fit for SMTP needs it no second time. */
static struct bytes safe_of(struct arena *a, struct bytes phone)
{
	struct bytes once, twice;

	MUST(mail_wire_safe(a, phone, &once) == ERR_OK && mail_wire_safe(a, once, &twice) == ERR_OK);
	MUST(bytes_eq(once, twice));
	return once;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(((size_t)64 << 20) + size * 8192);
	struct bytes phone = bytes_of(data, size / 2), print;
	struct smart_original o = original_of(a, bytes_of(data + size / 2, size - size / 2));

	MUST(mail_fingerprint(a, phone, 0, FINGERPRINT_MESSAGE_ID, &print) == ERR_OK && print.len == 32);
	phone = safe_of(a, phone);
	for (int sealed = 0; sealed < 2; sealed++)
		for (enum smart_kind kind = SMART_REPLY; kind <= SMART_FORWARD; kind++) {
			struct smart m;
			enum err e;

			o.sealed = sealed;
			e = smart_compose(a, phone, kind, &o, "boundary", &m);
			MUST(e == ERR_OK || e == ERR_PROTO);
			if (!e)
				must_be_a_mail(a, &m);
		}
	arena_free(&a);
	return 0;
}
