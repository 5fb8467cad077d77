/* Random trees of MIME with known content, parsed, planned and made: every text that belongs there and no other, every file
 * with its name and its bytes. */
#include "mail_random.h"
#include "unit/proto/mail_sample.h"

enum { MAILS = 500 };

static void files_are_there(const struct random_mail *m, const struct sample *s)
{
	assert_int_equal(s->plan.n_attachments, m->n_files);
	for (size_t i = 0; i < m->n_files; i++) {
		const struct attachment *at = &s->plan.attachments[i];
		struct bytes data;

		assert_bytes_str(at->display_name, m->files[i].name);
		assert_int_equal(
		    transfer_decode(test_arena(), at->part->encoding, at->part->body, &data), ERR_OK);
		assert_bytes_equal(data, m->files[i].data);
		assert_true(at->size >= data.len && at->size <= data.len + 8);
	}
}

static void whole(const struct random_mail *m, struct bytes raw, enum body_type type, bool blind)
{
	struct sync_options o = sample_options(type, BODY_WHOLE, 0);
	struct sample s;

	assert_int_equal(sample_make(test_arena(), raw, &o, EAS_16_1, blind, &s), ERR_OK);
	assert_int_equal(s.body.type, type);
	assert_false(s.body.truncated);
	assert_int_equal(s.body.estimated_size, s.body.data.len);
	if (type == BODY_PLAIN)
		random_check(m->plain, m->n_plain, s.body.data);
	else if (type == BODY_HTML)
		random_check(m->html, m->n_html, s.body.data);
	files_are_there(m, &s);
}

/* What is cut is a beginning of the whole. */
static void cut(struct random_mail *m, struct bytes raw, enum body_type type)
{
	struct sync_options o = sample_options(type, BODY_WHOLE, 0);
	struct sample all, part;

	assert_int_equal(sample_make(test_arena(), raw, &o, EAS_16_1, false, &all), ERR_OK);
	o.body[0].truncation_size = random_below(m, (unsigned)all.body.data.len + 2);
	assert_int_equal(sample_make(test_arena(), raw, &o, EAS_16_1, false, &part), ERR_OK);
	assert_bytes_equal(part.body.data, utf8_cut(all.body.data, o.body[0].truncation_size));
	assert_int_equal(part.body.truncated, part.body.data.len < all.body.data.len);
	assert_true(part.body.truncated ? part.body.estimated_size > part.body.data.len
					: part.body.estimated_size == part.body.data.len);
}

static void nothing_is_lost(void **state)
{
	static const enum body_type types[] = { BODY_PLAIN, BODY_HTML, BODY_MIME };

	(void)state;
	for (uint32_t n = 1; n <= MAILS; n++) {
		struct random_mail m;
		struct bytes raw = random_mail(&m, n);

		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			whole(&m, raw, types[i], false);
			whole(&m, raw, types[i], true);
			if (types[i] != BODY_MIME)
				cut(&m, raw, types[i]);
		}
	}
}

int main(void)
{
	TEST_ADD(nothing_is_lost);
	return test_run("mail random");
}
