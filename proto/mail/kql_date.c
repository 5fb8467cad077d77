#include "base/time.h"
#include "mail/kql.h"

enum { SECONDS_PER_DAY = 86400 };

/* "11/24/2026": month, day, year */
static enum err parse_slashes(struct bytes text, int64_t *out)
{
	struct time_parts p = { 0 };
	struct bytes month, day;
	uint32_t m, d, y;

	if (!bytes_split(&text, '/', &month) || !bytes_split(&text, '/', &day) ||
	    bytes_to_u32(month, 12, &m) || bytes_to_u32(day, 31, &d) || bytes_to_u32(text, 9999, &y))
		return ERR_PROTO;
	p.month = (int)m;
	p.day = (int)d;
	p.year = (int)y;
	return time_join(&p, out);
}

enum err kql_date(struct bytes text, int64_t now, int64_t *day, bool *has_time)
{
	int64_t t;

	if (bytes_eq_nocase(text, "today"))
		t = now - now % SECONDS_PER_DAY;
	else if (bytes_eq_nocase(text, "yesterday"))
		t = now - now % SECONDS_PER_DAY - SECONDS_PER_DAY;
	else if (time_parse_eas(text, &t) && parse_slashes(text, &t))
		return ERR_PROTO;
	if (t < 0) /* no mail is older, and IMAP's day arithmetic stays simple */
		t = 0;
	*day = t / SECONDS_PER_DAY;
	*has_time = t % SECONDS_PER_DAY != 0;
	return ERR_OK;
}
