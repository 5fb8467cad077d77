#ifndef EASGATE_TESTS_MAIL_SAMPLE_H
#define EASGATE_TESTS_MAIL_SAMPLE_H

/* A raw mail through the whole conversion, with the fetches of a gateway answered from memory. */
#include "base/utf8.h"
#include "eas/options.h"
#include "mail/email.h"
#include "mail/message_class.h"
#include "mail/mime_parse.h"

/* What an XML document can hold (XML 1.0, 2.2), in valid UTF-8. */
static inline bool sample_is_xml_text(struct bytes in)
{
	while (in.len) {
		size_t n = utf8_char_len(in);
		uint32_t c;

		if (n == 0)
			return false;
		c = utf8_next(&in);
		if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0xFFFE || c == 0xFFFF)
			return false;
	}
	return true;
}

/* Valid UTF-8 without control characters, as header.h promises it. */
static inline bool sample_is_line(struct bytes in)
{
	for (size_t i = 0; i < in.len; i++)
		if (in.p[i] < ' ' || in.p[i] == 127)
			return false;
	return utf8_valid(in);
}

/* Every CR stands before an LF and every LF behind a CR. */
static inline bool sample_has_crlf_only(struct bytes in)
{
	for (size_t i = 0; i < in.len; i++) {
		if (in.p[i] == '\r' && (i + 1 == in.len || in.p[i + 1] != '\n'))
			return false;
		if (in.p[i] == '\n' && (i == 0 || in.p[i - 1] != '\r'))
			return false;
	}
	return true;
}

struct sample {
	struct bytes raw, header;
	struct mime_part *root;
	struct body_plan plan;
	struct body body;
	unsigned rounds; /* how often something was fetched */
	size_t fetched;  /* octets */
};

static inline struct bytes sample_section(const struct sample *s, const struct body_fetch *f)
{
	struct mime_part *p = mime_part_find(s->root, bytes_str(f->section));
	struct bytes all = f->section[0] ? p ? p->body : (struct bytes){ 0 } : s->raw;

	all = f->from < all.len ? bytes_of(all.p + f->from, all.len - f->from) : (struct bytes){ 0 };
	if (f->count && all.len > f->count)
		all.len = f->count;
	return all;
}

/* without_structure: as if the server had not been able to tell it */
static inline enum err sample_make(struct arena *a, struct bytes raw, const struct sync_options *o,
    enum eas_version v, bool without_structure, struct sample *s)
{
	bool enough = false;
	enum err e;

	*s = (struct sample){ .raw = raw };
	if ((e = mime_parse(a, raw, &s->header, &s->root)) ||
	    (e = body_plan(a, without_structure ? NULL : s->root, (uint32_t)raw.len, o, v, &s->plan)))
		return e;
	while (!enough && s->rounds < 8) {
		s->rounds++;
		for (size_t i = 0; i < s->plan.n_fetch; i++) {
			struct body_fetch *f = &s->plan.fetch[i];

			if (f->fetched)
				continue;
			f->data = sample_section(s, f);
			f->fetched = true;
			s->fetched += f->data.len;
		}
		if ((e = body_make(a, &s->plan, &s->body, &enough)))
			return e;
	}
	return enough ? ERR_OK : ERR_CONFLICT;
}

/* Options with one body preference. */
static inline struct sync_options sample_options(enum body_type type, uint32_t limit, uint8_t preview)
{
	struct sync_options o;

	sync_options_default(&o);
	o.mime_support = type == BODY_MIME ? MIME_FOR_ALL : MIME_NEVER;
	o.body_count = 1;
	o.body[0] = (struct body_preference){ .type = type, .truncation_size = limit, .preview = preview };
	return o;
}

/* What it is called; plan may be NULL. */
static inline const char *sample_class(struct arena *a, const struct body_plan *plan)
{
	const char *class = "failed";

	return message_class(a, plan, &class) ? "failed" : class;
}

/* The mail as ApplicationData of a document of its own. */
static inline enum err sample_write(
    struct arena *a, const struct sample *s, enum eas_version v, struct bytes *out)
{
	struct email m = { .header = s->header,
		.plan = &s->plan,
		.body = &s->body,
		.received = 1716279300,
		.id = { .folder = 5, .item = 17 },
		.account = BYTES("ann") };
	struct wbxml_writer w;
	struct buf b;
	enum err e;

	buf_init(&b, a, 0);
	wbxml_writer_init(&w, &b);
	wbxml_open(&w, AIRSYNC_APPLICATION_DATA);
	if ((e = email_write(&w, v, &m)))
		return e;
	wbxml_close(&w);
	return wbxml_done(&w, out);
}

#endif
