#include "testing.h"
#include "base/time.h"

enum { EAS, MAIL, IMAP };

#define T0 INT64_C(1795525200) /* 2026-11-24T13:00:00Z */

static const struct parse_case {
	const char *name;
	int form;
	const char *in;
	enum err want;
	int64_t t;
} parse_cases[] = {
	{ "eas", EAS, "2026-11-24T13:00:00.000Z", ERR_OK, T0 },
	{ "eas without a fraction", EAS, "2026-11-24T13:00:00Z", ERR_OK, T0 },
	{ "eas without a zone", EAS, "2026-11-24T13:00:00", ERR_OK, T0 },
	{ "eas with seven digits", EAS, "2026-11-24T13:00:00.1234567Z", ERR_OK, T0 },
	{ "eas compact", EAS, "20261124T130000Z", ERR_OK, T0 },
	{ "eas date", EAS, "2026-11-24", ERR_OK, T0 - 13 * 3600 },
	{ "eas compact date", EAS, "20261124", ERR_OK, T0 - 13 * 3600 },
	{ "eas in blanks", EAS, " 2026-11-24T13:00:00.000Z\n", ERR_OK, T0 },
	{ "eas epoch", EAS, "1970-01-01T00:00:00.000Z", ERR_OK, 0 },
	{ "eas before the epoch", EAS, "1969-12-31T23:59:59.000Z", ERR_OK, -1 },
	{ "eas leap day", EAS, "2024-02-29T00:00:00.000Z", ERR_OK, 1709164800 },
	{ "eas leap day of a century", EAS, "2000-02-29T00:00:00.000Z", ERR_OK, 951782400 },
	{ "eas first", EAS, "0001-01-01T00:00:00.000Z", ERR_OK, INT64_C(-62135596800) },
	{ "eas last", EAS, "9999-12-31T23:59:59.000Z", ERR_OK, INT64_C(253402300799) },
	{ "eas leap second", EAS, "2016-12-31T23:59:60.000Z", ERR_OK, 1483228799 },
	{ "eas no leap day", EAS, "2026-02-29T00:00:00.000Z", ERR_PROTO, 0 },
	{ "eas no leap day in 1900", EAS, "1900-02-29T00:00:00.000Z", ERR_PROTO, 0 },
	{ "eas month 13", EAS, "2026-13-01T00:00:00.000Z", ERR_PROTO, 0 },
	{ "eas day 0", EAS, "2026-11-00T00:00:00.000Z", ERR_PROTO, 0 },
	{ "eas hour 24", EAS, "2026-11-24T24:00:00.000Z", ERR_PROTO, 0 },
	{ "eas year 0", EAS, "0000-11-24T00:00:00.000Z", ERR_PROTO, 0 },
	{ "eas empty", EAS, "", ERR_PROTO, 0 },
	{ "eas half", EAS, "2026-11-24T13:00", ERR_PROTO, 0 },
	{ "eas mixed forms", EAS, "2026-11-24T130000Z", ERR_PROTO, 0 },
	{ "eas point without digits", EAS, "2026-11-24T13:00:00.Z", ERR_PROTO, 0 },
	{ "eas more behind", EAS, "2026-11-24T13:00:00.000ZZ", ERR_PROTO, 0 },
	{ "eas signs", EAS, "2026-+1-24T13:00:00.000Z", ERR_PROTO, 0 },

	{ "mail", MAIL, "Tue, 24 Nov 2026 14:00:00 +0100", ERR_OK, T0 },
	{ "mail west", MAIL, "Tue, 24 Nov 2026 08:30:00 -0430", ERR_OK, T0 },
	{ "mail without the weekday", MAIL, "24 Nov 2026 13:00:00 +0000", ERR_OK, T0 },
	{ "mail without seconds", MAIL, "24 Nov 2026 13:00 GMT", ERR_OK, T0 },
	{ "mail with a comment", MAIL, "Tue, 24 Nov 2026 14:00:00 +0100 (CET)", ERR_OK, T0 },
	{ "mail with comments everywhere", MAIL, "Tue(a(b)\\)),(c)24(d)Nov 2026(e) 14:00:00(f)+0100", ERR_OK,
	    T0 },
	{ "mail folded", MAIL, "Tue,\r\n 24 Nov 2026\r\n\t13:00:00 +0000\r\n", ERR_OK, T0 },
	{ "mail no blank behind the weekday", MAIL, "Tue,24 Nov 2026 13:00:00 +0000", ERR_OK, T0 },
	{ "mail two digits", MAIL, "24 Nov 26 13:00:00 +0000", ERR_OK, T0 },
	{ "mail two digits of the last century", MAIL, "01 Jan 70 00:00:00 GMT", ERR_OK, 0 },
	{ "mail three digits", MAIL, "24 Nov 126 13:00:00 UT", ERR_OK, T0 },
	{ "mail zone names", MAIL, "24 Nov 2026 08:00:00 EST", ERR_OK, T0 },
	{ "mail unknown zone", MAIL, "24 Nov 2026 13:00:00 MESZ", ERR_OK, T0 },
	{ "mail no zone", MAIL, "24 Nov 2026 13:00:00", ERR_OK, T0 },
	{ "mail long names", MAIL, "Tuesday, 24 November 2026 13:00:00 +0000", ERR_OK, T0 },
	{ "mail lower case", MAIL, "tue, 24 nov 2026 13:00:00 gmt", ERR_OK, T0 },
	{ "mail one digit of an hour", MAIL, "24 Nov 2026 1:00:00 -1200", ERR_OK, T0 },
	{ "mail offset beyond all zones", MAIL, "24 Nov 2026 13:00:00 +0160", ERR_OK, T0 },
	{ "mail empty", MAIL, "", ERR_PROTO, 0 },
	{ "mail only a comment that never ends", MAIL, "((((", ERR_PROTO, 0 },
	{ "mail no such day", MAIL, "31 Nov 2026 13:00:00 +0000", ERR_PROTO, 0 },
	{ "mail no such month", MAIL, "24 Nox 2026 13:00:00 +0000", ERR_PROTO, 0 },
	{ "mail no time", MAIL, "24 Nov 2026", ERR_PROTO, 0 },
	{ "mail year of one digit", MAIL, "24 Nov 6 13:00:00 +0000", ERR_PROTO, 0 },
	{ "mail year of five digits", MAIL, "24 Nov 20266 13:00:00 +0000", ERR_PROTO, 0 },
	{ "mail before the first year", MAIL, "01 Jan 0001 00:00:00 +0100", ERR_PROTO, 0 },

	{ "imap", IMAP, "24-Nov-2026 14:00:00 +0100", ERR_OK, T0 },
	{ "imap quoted", IMAP, "\"24-Nov-2026 13:00:00 +0000\"", ERR_OK, T0 },
	{ "imap one digit", IMAP, " 4-Nov-2026 13:00:00 +0000", ERR_OK, T0 - 20 * 86400 },
	{ "imap no date", IMAP, "24-Nov 13:00:00 +0000", ERR_PROTO, 0 },
	{ "imap empty", IMAP, "\"\"", ERR_PROTO, 0 },
};

static void parse(const struct parse_case *c)
{
	struct bytes in = test_copy(bytes_str(c->in));
	int64_t t = 0;
	enum err e = c->form == EAS    ? time_parse_eas(in, &t)
		     : c->form == MAIL ? time_parse_mail(in, &t)
				       : time_parse_imap(in, &t);

	assert_int_equal(e, c->want);
	assert_int_equal(t, c->t);
}
TEST_ROW(parse)

static const struct format_case {
	const char *name;
	int64_t t;
	const char *eas, *compact, *mail, *imap, *imap_date;
} format_cases[] = {
	{ "an afternoon", T0, "2026-11-24T13:00:00.000Z", "20261124T130000Z",
	    "Tue, 24 Nov 2026 13:00:00 +0000", "24-Nov-2026 13:00:00 +0000", "24-Nov-2026" },
	{ "one digit", 1767312000 + 86400 * 3 + 61, "2026-01-05T00:01:01.000Z", "20260105T000101Z",
	    "Mon, 5 Jan 2026 00:01:01 +0000", " 5-Jan-2026 00:01:01 +0000", "5-Jan-2026" },
	{ "before the epoch", -1, "1969-12-31T23:59:59.000Z", "19691231T235959Z",
	    "Wed, 31 Dec 1969 23:59:59 +0000", "31-Dec-1969 23:59:59 +0000", "31-Dec-1969" },
	{ "too early", INT64_MIN, "0001-01-01T00:00:00.000Z", "00010101T000000Z",
	    "Mon, 1 Jan 0001 00:00:00 +0000", " 1-Jan-0001 00:00:00 +0000", "1-Jan-0001" },
	{ "too late", INT64_MAX, "9999-12-31T23:59:59.000Z", "99991231T235959Z",
	    "Fri, 31 Dec 9999 23:59:59 +0000", "31-Dec-9999 23:59:59 +0000", "31-Dec-9999" },
};

static void assert_format(void (*put)(struct buf *, int64_t), int64_t t, const char *want)
{
	struct buf b;
	struct bytes got;

	buf_init(&b, test_arena(), 0);
	put(&b, t);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, want);
}

static void format(const struct format_case *c)
{
	assert_format(time_put_eas, c->t, c->eas);
	assert_format(time_put_compact, c->t, c->compact);
	assert_format(time_put_mail, c->t, c->mail);
	assert_format(time_put_imap, c->t, c->imap);
	assert_format(time_put_imap_date, c->t, c->imap_date);
}
TEST_ROW(format)

static void every_day_round_trips(void **state)
{
	int weekday = 1; /* 0001-01-01 was a Monday */

	(void)state;
	for (int64_t t = INT64_C(-62135596800); t <= INT64_C(253402300799); t += 86400) {
		struct time_parts p = time_split(t + 45296);
		int64_t back;

		assert_int_equal(time_join(&p, &back), ERR_OK);
		assert_true(back == t + 45296);
		assert_true(p.weekday == weekday && p.hour == 12 && p.minute == 34 && p.second == 56);
		weekday = (weekday + 1) % 7;
	}
}

int main(void)
{
	TEST_ADD_ROWS(parse, parse_cases);
	TEST_ADD_ROWS(format, format_cases);
	TEST_ADD(every_day_round_trips);
	return test_run("time");
}
