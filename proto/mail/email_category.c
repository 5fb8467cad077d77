/* IMAP keywords and the categories that phones show. */
#include "base/buf.h"
#include "mail/email.h"

/* Thunderbird's labels, which other mailers took over. */
static const struct label {
	const char *keyword, *category;
} labels[] = {
	{ "$label1", "Important" },
	{ "$label2", "Work" },
	{ "$label3", "Personal" },
	{ "$label4", "To Do" },
	{ "$label5", "Later" },
};

/* Keywords without a dollar sign that mean a state and no category. */
static const char *const states[] = { "NonJunk", "NotJunk", "Junk", "JunkRecorded", "Forwarded", "Redirected",
	"MDNSent", "unknown-0", "Old" };

struct bytes email_category(struct bytes keyword)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (bytes_eq_nocase(keyword, labels[i].keyword))
			return bytes_str(labels[i].category);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (bytes_eq_nocase(keyword, states[i]))
			return (struct bytes){ 0 };
	if (keyword.len == 0 || keyword.p[0] == '$' || keyword.p[0] == '\\')
		return (struct bytes){ 0 };
	return keyword;
}

/* Source: RFC 3501, 9 (atom-specials, resp-specials). */
static bool is_atom(uint8_t c)
{
	static const char special[] = "(){ %*\"\\]";

	if (c <= ' ' || c >= 127)
		return false;
	for (size_t i = 0; i < sizeof(special) - 1; i++)
		if (c == (uint8_t)special[i])
			return false;
	return true;
}

enum err email_keyword(struct arena *a, struct bytes category, struct bytes *out)
{
	struct buf b;
	bool any = false;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (bytes_eq_nocase(category, labels[i].category)) {
			*out = bytes_str(labels[i].keyword);
			return ERR_OK;
		}
	buf_init(&b, a, 0);
	category = bytes_trim(category);
	for (size_t i = 0; i < category.len; i++) {
		any = any || is_atom(category.p[i]);
		buf_put_u8(&b, is_atom(category.p[i]) ? category.p[i] : '_');
	}
	if (!any)
		b.len = 0;
	return buf_done(&b, out);
}
