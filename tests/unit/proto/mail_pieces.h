#ifndef EASGATE_TESTS_MAIL_PIECES_H
#define EASGATE_TESTS_MAIL_PIECES_H

/* Small mails put together out of literals, for the tests of bodies. */
#include "testing.h"
#include "unit/proto/mail_sample.h"

#define HEAD "Subject: s\r\n"
#define PLAIN HEAD "Content-Type: text/plain; charset=utf-8\r\n\r\n"
#define HTML HEAD "Content-Type: text/html; charset=utf-8\r\n\r\n"
#define PART(type, body) "--b\r\nContent-Type: " type "\r\n\r\n" body "\r\n"
#define MULTI(kind, parts) HEAD "Content-Type: multipart/" kind "; boundary=b\r\n\r\n" parts "--b--\r\n"
#define ALTERNATIVE \
	MULTI("alternative", PART("text/plain", "plain text") PART("text/html", "<p>html text</p>"))

static inline struct bytes pieces_copy(const char *text)
{
	return test_copy(bytes_str(text));
}

/* The body, made with the structure known; made without it, it must be the same. */
static inline struct sample pieces_make(struct bytes raw, const struct sync_options *o, enum eas_version v)
{
	struct sample s, blind;

	assert_int_equal(sample_make(test_arena(), raw, o, v, false, &s), ERR_OK);
	/* But for mails that are not fetched whole. */
	assert_int_equal(sample_make(test_arena(), raw, o, v, true, &blind), ERR_OK);
	if (raw.len < 8192 && s.body.type != BODY_MIME) {
		assert_int_equal(blind.body.type, s.body.type);
		assert_bytes_equal(blind.body.data, s.body.data);
	}
	return s;
}

#endif
