#ifndef EASGATE_TESTS_MAIL_RANDOM_H
#define EASGATE_TESTS_MAIL_RANDOM_H

/* Mails of random structure whose content is known beforehand: built here, read by easgate, compared by the tests. */
#include "mail/transfer.h"
#include "testing.h"

enum { RANDOM_MAX = 40, RANDOM_DEPTH = 5 };

struct random_file {
	char name[32];
	struct bytes data;
};

struct random_mail {
	uint32_t seed;
	unsigned serial, boundaries; /* of texts, files and boundaries so far */
	bool full;                   /* no more parts */
	struct buf raw;
	/* What a phone has to show: the texts, in order, when it wants plain text and when it wants HTML. */
	struct bytes plain[RANDOM_MAX], html[RANDOM_MAX];
	size_t n_plain, n_html;
	struct random_file files[RANDOM_MAX];
	size_t n_files;
};

static inline unsigned random_below(struct random_mail *m, unsigned n)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 17;
	m->seed ^= m->seed << 5;
	return m->seed % n;
}

static const struct random_charset {
	const char *name, *octets, *utf8;
} random_charsets[] = {
	{ "us-ascii", "plain", "plain" },
	{ "utf-8", "Gr\xC3\xBC\xC3\x9F \xE2\x82\xAC", "Gr\xC3\xBC\xC3\x9F \xE2\x82\xAC" },
	{ "iso-8859-1", "K\xE4the", "K\xC3\xA4the" },
	{ "windows-1252", "\x80 100", "\xE2\x82\xAC 100" },
	{ "koi8-r", "\xD0\xD2\xC9", "\xD0\xBF\xD1\x80\xD0\xB8" },
	{ "shift_jis", "\x93\xFA\x96{", "\xE6\x97\xA5\xE6\x9C\xAC" },
};

/* "word 17 Käthe", in the charset and in UTF-8. */
static inline void random_words(
    struct random_mail *m, const struct random_charset *c, struct bytes *octets, struct bytes *utf8)
{
	unsigned n = ++m->serial;
	char *a = test_keep(64), *b = test_keep(64);

	snprintf(a, 64, "word%u %s end%u", n, c->octets, n);
	snprintf(b, 64, "word%u %s end%u", n, c->utf8, n);
	*octets = bytes_str(a);
	*utf8 = bytes_str(b);
}

/* The body in an encoding that it fits. */
static inline void random_put_body(struct random_mail *m, struct bytes body, bool is_text)
{
	unsigned kind = random_below(m, is_text ? 3 : 1);

	if (kind == 0) {
		buf_put_str(&m->raw, "Content-Transfer-Encoding: base64\r\n\r\n");
		transfer_put_base64(&m->raw, body);
	} else if (kind == 1) {
		buf_put_str(&m->raw, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
		transfer_put_quoted_printable(&m->raw, body);
	} else {
		buf_put_str(&m->raw, "Content-Transfer-Encoding: 8bit\r\n\r\n");
		buf_put(&m->raw, body);
	}
}

/* One text part; what it says is noted for the views that show it. */
static inline void random_text(struct random_mail *m, bool html, bool in_plain, bool in_html)
{
	const struct random_charset *c =
	    &random_charsets[random_below(m, sizeof(random_charsets) / sizeof(random_charsets[0]))];
	struct bytes octets, utf8, body;
	struct buf b;

	random_words(m, c, &octets, &utf8);
	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, html ? "<html><body><p>" : "");
	buf_put(&b, octets);
	buf_put_str(&b, html ? "</p></body></html>" : "");
	assert_int_equal(buf_done(&b, &body), ERR_OK);
	buf_printf(&m->raw, "Content-Type: text/%s; charset=%s\r\n", html ? "html" : "plain", c->name);
	random_put_body(m, body, true);
	if (in_plain)
		m->plain[m->n_plain++] = utf8;
	if (in_html)
		m->html[m->n_html++] = utf8;
}

static inline void random_attachment(struct random_mail *m, bool inside)
{
	struct random_file *f = &m->files[m->n_files++];
	unsigned n = ++m->serial, len = random_below(m, 3000);
	uint8_t *data = test_keep(len ? len : 1);

	for (unsigned i = 0; i < len; i++)
		data[i] = (uint8_t)random_below(m, 256);
	f->data = bytes_of(data, len);
	snprintf(f->name, sizeof(f->name), "file %u.%s", n, inside ? "png" : "bin");
	buf_printf(&m->raw, "Content-Type: %s\r\n", inside ? "image/png" : "application/octet-stream");
	if (inside)
		buf_printf(&m->raw, "Content-ID: <p%u@example.org>\r\n", n);
	buf_printf(&m->raw, "Content-Disposition: %s; filename=\"%s\"\r\n", inside ? "inline" : "attachment",
	    f->name);
	random_put_body(m, f->data, false);
}

/* An enclosed message is a box: nothing in it belongs to the mail around. */
static inline void random_message(struct random_mail *m)
{
	struct random_file *f = &m->files[m->n_files++];
	struct buf b;

	snprintf(f->name, sizeof(f->name), "mail %u.eml", ++m->serial);
	buf_init(&b, test_arena(), 0);
	buf_printf(&b, "Subject: inside\r\nContent-Type: text/plain\r\n\r\nhidden%u\r\n", m->serial);
	assert_int_equal(buf_done(&b, &f->data), ERR_OK);
	buf_printf(&m->raw,
	    "Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"%s\"\r\n\r\n",
	    f->name);
	buf_put(&m->raw, f->data);
}

static inline unsigned random_open(struct random_mail *m, const char *kind)
{
	unsigned n = ++m->boundaries;

	buf_printf(&m->raw, "Content-Type: multipart/%s; boundary=\"b%u_\"\r\n\r\n", kind, n);
	return n;
}

static inline void random_next(struct random_mail *m, unsigned boundary)
{
	buf_printf(&m->raw, "\r\n--b%u_\r\n", boundary);
}

static inline void random_close(struct random_mail *m, unsigned boundary)
{
	buf_printf(&m->raw, "\r\n--b%u_--\r\n", boundary);
}

/* HTML with pictures, or without. */
static inline void random_html(struct random_mail *m, bool in_plain)
{
	unsigned pictures = random_below(m, 3), b;

	if (!pictures) {
		random_text(m, true, in_plain, true);
		return;
	}
	b = random_open(m, "related");
	random_next(m, b);
	random_text(m, true, in_plain, true);
	for (; pictures; pictures--) {
		random_next(m, b);
		random_attachment(m, true);
	}
	random_close(m, b);
}

/* What one writes in a mailer: a text in one or two forms. */
static inline void random_content(struct random_mail *m)
{
	unsigned b;

	switch (random_below(m, 3)) {
	case 0:
		random_text(m, false, true, true);
		break;
	case 1:
		random_html(m, true);
		break;
	default:
		b = random_open(m, "alternative");
		random_next(m, b);
		random_text(m, false, true, false);
		random_next(m, b);
		random_html(m, false);
		random_close(m, b);
	}
}

/* The same with other things around it, in any nesting. */
static inline void random_entity(struct random_mail *m, unsigned depth)
{
	unsigned b, more;

	if (depth == RANDOM_DEPTH || m->serial > RANDOM_MAX / 2 || random_below(m, 3) == 0) {
		random_content(m);
		return;
	}
	b = random_open(m, random_below(m, 4) ? "mixed" : "x-unheard-of");
	random_next(m, b);
	random_entity(m, depth + 1);
	for (more = random_below(m, 3); more; more--) {
		random_next(m, b);
		switch (random_below(m, 4)) {
		case 0:
			random_message(m);
			break;
		case 1:
			random_entity(m, depth + 1);
			break;
		default:
			random_attachment(m, false);
		}
	}
	random_close(m, b);
}

/* The same number gives the same mail. Its subject is "random " and the number. */
static inline struct bytes random_mail(struct random_mail *m, uint32_t number)
{
	struct bytes out;

	*m = (struct random_mail){ .seed = number * 2654435761u + 1 };
	buf_init(&m->raw, test_arena(), 0);
	buf_printf(
	    &m->raw, "From: a@example.org\r\nSubject: random %u\r\nMIME-Version: 1.0\r\n", (unsigned)number);
	random_entity(m, 0);
	assert_true(m->n_plain < RANDOM_MAX && m->n_html < RANDOM_MAX && m->n_files < RANDOM_MAX);
	assert_int_equal(buf_done(&m->raw, &out), ERR_OK);
	return test_copy(out);
}

/* The texts stand in `in`, each once and in order, and nothing else of this mail's words. */
static inline void random_check(const struct bytes *texts, size_t n, struct bytes in)
{
	const uint8_t *at = in.p, *end = in.p + in.len;
	size_t words = 0;

	for (size_t i = 0; i < n; i++) {
		at = memmem(at, (size_t)(end - at), texts[i].p, texts[i].len);
		if (!at)
			fail_msg("\"%.*s\" is missing in \"%.*s\"", BYTES_ARG(texts[i]), BYTES_ARG(in));
		at += texts[i].len;
	}
	for (at = in.p; (at = memmem(at, (size_t)(end - at), "word", 4)); at += 4)
		words++;
	assert_int_equal(words, n);
	assert_null(memmem(in.p, in.len, "hidden", 6));
}

#endif
