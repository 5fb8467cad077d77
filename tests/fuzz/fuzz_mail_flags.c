/* What other programs may have put into keywords and into a flag's entry; and any category that a phone may send. */
#include "fuzz/fuzzing.h"
#include <string.h>

#include "mail/email.h"

/* What a phone is shown and sends back is shown again as it was. */
static void must_come_back(struct arena *a, struct bytes category)
{
	struct bytes keyword, again;
	enum err e = email_keyword(a, category, &keyword);

	MUST(e == ERR_OK || e == ERR_UNSUPPORTED);
	if (e || !keyword.len)
		return;
	MUST(email_category(a, keyword, &again) == ERR_OK && bytes_eq(again, bytes_trim(category)));
	for (size_t i = 0; i < keyword.len; i++)
		MUST(keyword.p[i] > ' ' && keyword.p[i] < 127 && !strchr("(){%*\"\\]", keyword.p[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(((size_t)1 << 20) + size * 64);
	struct bytes in = bytes_of(data, size), category, text;
	struct follow_up f = { .status = FOLLOW_UP_ACTIVE }, again = f;

	MUST(email_category(a, in, &category) == ERR_OK);
	MUST(email_is_category(in) == (category.len > 0));
	must_come_back(a, in);
	must_come_back(a, category);
	if (!follow_up_decode(a, in, &f)) {
		MUST(follow_up_encode(a, &f, &text) == ERR_OK && follow_up_decode(a, text, &again) == ERR_OK);
		for (size_t i = 0; i < FOLLOW_UP_PROPERTIES; i++)
			MUST(bytes_eq(f.v[i], again.v[i]));
	}
	arena_free(&a);
	return 0;
}
