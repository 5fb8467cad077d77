#ifndef EASGATE_TESTS_MAIL_SAMPLE_H
#define EASGATE_TESTS_MAIL_SAMPLE_H

/* A raw mail through the whole conversion, with the fetches of a gateway answered from memory. */
#include "eas/options.h"
#include "mail/email.h"
#include "mail/mime_parse.h"

struct sample {
	struct bytes raw, header;
	struct mime_part *root;
	struct body_plan plan;
	struct body body;
	unsigned rounds;   /* how often something was fetched */
	size_t fetched;    /* octets */
};

static inline struct bytes sample_section(const struct sample *s, const struct body_fetch *f)
{
	struct mime_part *p = mime_part_find(s->root, bytes_str(f->section));
	struct bytes all = f->section[0] ? p ? p->body : (struct bytes){ 0 } : s->raw;

	if (f->count && all.len > f->count)
		all.len = f->count;
	return all;
}

/* without_structure: as if the server had not been able to tell it */
static inline enum err sample_make(struct arena *a, struct bytes raw, const struct sync_options *o, enum eas_version v,
    bool without_structure, struct sample *s)
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

/* The mail as ApplicationData of a document of its own. */
static inline enum err sample_write(struct arena *a, const struct sample *s, enum eas_version v, struct bytes *out)
{
	struct email m = { .header = s->header, .plan = &s->plan, .body = &s->body, .received = 1716279300,
		.file_prefix = BYTES("5:17") };
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
