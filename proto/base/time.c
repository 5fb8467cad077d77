#include "base/time.h"

#include <string.h>

#define SECONDS_PER_DAY INT64_C(86400)
#define FIRST_SECOND INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define LAST_SECOND INT64_C(253402300799)  /* 9999-12-31T23:59:59Z */
enum { DAYS_PER_400_YEARS = 146097, DAYS_TO_1970 = 719468 /* from 0000-03-01 */, THURSDAY = 4 };

static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
	"Nov", "Dec" };
static const char day_names[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

/* ---- the calendar ---- */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Years are counted from March, so that the leap day is the last of its year. Day 0 is 1970-01-01. */
static int64_t days_of_date(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t month_from_march = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (month_from_march * 153 + 2) / 5 + day - 1 -
	       DAYS_TO_1970;
}

static void date_of_days(int64_t days, struct time_parts *p)
{
	int64_t from_march_0 = days + DAYS_TO_1970;
	int64_t era = from_march_0 / DAYS_PER_400_YEARS, in_era = from_march_0 % DAYS_PER_400_YEARS;
	int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / (DAYS_PER_400_YEARS - 1)) / 365;
	int64_t in_year = in_era - (year * 365 + year / 4 - year / 100);
	int64_t month = (in_year * 5 + 2) / 153;

	p->day = (int)(in_year - (month * 153 + 2) / 5 + 1);
	p->month = (int)(month < 10 ? month + 3 : month - 9);
	p->year = (int)(era * 400 + year + (p->month <= 2));
}

struct time_parts time_split(int64_t t)
{
	struct time_parts p;
	int64_t days, second;

	if (t < FIRST_SECOND)
		t = FIRST_SECOND;
	if (t > LAST_SECOND)
		t = LAST_SECOND;
	second = (t - FIRST_SECOND) % SECONDS_PER_DAY;
	days = (t - second) / SECONDS_PER_DAY;
	date_of_days(days, &p);
	p.hour = (int)(second / 3600);
	p.minute = (int)(second / 60 % 60);
	p.second = (int)(second % 60);
	p.weekday = (int)((days + DAYS_TO_1970 + THURSDAY - 1) % 7);
	return p;
}

enum err time_join(const struct time_parts *p, int64_t *out)
{
	int second = p->second == 60 ? 59 : p->second;

	if (p->year < 1 || p->year > 9999 || p->month < 1 || p->month > 12 || p->day < 1 ||
	    p->day > days_in_month(p->year, p->month) || p->hour < 0 || p->hour > 23 || p->minute < 0 ||
	    p->minute > 59 || second < 0 || second > 59)
		return ERR_PROTO;
	*out = days_of_date(p->year, p->month, p->day) * SECONDS_PER_DAY + p->hour * INT64_C(3600) +
	       p->minute * INT64_C(60) + second;
	return ERR_OK;
}

/* ---- reading ---- */

static bool take_char(struct bytes *in, uint8_t c)
{
	struct bytes taken;

	return in->len && in->p[0] == c && bytes_take(in, 1, &taken);
}

static bool take_number(struct bytes *in, size_t digits, int *out)
{
	struct bytes text;
	uint32_t n;

	if (!bytes_take(in, digits, &text) || bytes_to_u32(text, 9999, &n))
		return false;
	*out = (int)n;
	return true;
}

/* A number of as many digits as there are, at most four. */
static bool take_some_digits(struct bytes *in, size_t *digits, int *out)
{
	size_t n = 0;

	while (n < in->len && n < 4 && in->p[n] >= '0' && in->p[n] <= '9')
		n++;
	*digits = n;
	return n && take_number(in, n, out);
}

static bool take_month_name(struct bytes *in, int *month)
{
	struct bytes name;

	if (!bytes_take(in, 3, &name))
		return false;
	for (int i = 0; i < 12; i++) {
		if (bytes_eq_nocase(name, month_names[i])) {
			*month = i + 1;
			return true;
		}
	}
	return false;
}

/* hh:mm or hh:mm:ss */
static bool take_clock(struct bytes *in, struct time_parts *p)
{
	size_t digits;

	return take_some_digits(in, &digits, &p->hour) && take_char(in, ':') &&
	       take_number(in, 2, &p->minute) && (!take_char(in, ':') || take_number(in, 2, &p->second));
}

/* +hhmm in seconds; what is no such offset is 0. */
static int64_t offset_of(struct bytes zone)
{
	bool west = take_char(&zone, '-');
	int hours, minutes;

	if ((!west && !take_char(&zone, '+')) || !take_number(&zone, 2, &hours) ||
	    !take_number(&zone, 2, &minutes) || zone.len || minutes > 59)
		return 0;
	return (west ? -1 : 1) * (hours * INT64_C(3600) + minutes * INT64_C(60));
}

static enum err join_with_offset(const struct time_parts *p, int64_t offset, int64_t *out)
{
	int64_t t;

	if (time_join(p, &t) || t - offset < FIRST_SECOND || t - offset > LAST_SECOND)
		return ERR_PROTO;
	*out = t - offset;
	return ERR_OK;
}

static bool take_fraction(struct bytes *in)
{
	if (!take_char(in, '.'))
		return true;
	if (!in->len || in->p[0] < '0' || in->p[0] > '9')
		return false;
	while (in->len && in->p[0] >= '0' && in->p[0] <= '9') {
		in->p++;
		in->len--;
	}
	return true;
}

/* With the separators, or all without. */
static bool take_eas(struct bytes *in, struct time_parts *p)
{
	bool dashes;

	if (!take_number(in, 4, &p->year))
		return false;
	dashes = take_char(in, '-');
	if (!take_number(in, 2, &p->month) || (dashes && !take_char(in, '-')) || !take_number(in, 2, &p->day))
		return false;
	if (in->len == 0)
		return true;
	return take_char(in, 'T') && take_number(in, 2, &p->hour) && (!dashes || take_char(in, ':')) &&
	       take_number(in, 2, &p->minute) && (!dashes || take_char(in, ':')) &&
	       take_number(in, 2, &p->second) && take_fraction(in);
}

enum err time_parse_eas(struct bytes in, int64_t *out)
{
	struct time_parts p = { 0 };

	in = bytes_trim(in);
	if (!take_eas(&in, &p))
		return ERR_PROTO;
	take_char(&in, 'Z');
	return in.len ? ERR_PROTO : time_join(&p, out);
}

/* Drops white space, commas and comments in front. Comments nest, and a backslash quotes. */
static void skip_blanks(struct bytes *in)
{
	size_t depth = 0;

	for (; in->len; in->p++, in->len--) {
		uint8_t c = in->p[0];

		if (c == '(')
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (c == '\\' && depth && in->len > 1) {
			in->p++;
			in->len--;
		} else if (!depth && c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != ',')
			return;
	}
}

static struct bytes take_word(struct bytes *in)
{
	struct bytes word = *in;

	skip_blanks(&word);
	*in = word;
	while (in->len && !strchr(" \t\r\n,(", in->p[0])) {
		in->p++;
		in->len--;
	}
	word.len -= in->len;
	return word;
}

/* RFC 5322, 4.3: two digits are 1950 to 2049, three count from 1900. */
static int full_year(int year, size_t digits)
{
	if (digits == 2)
		return year < 50 ? 2000 + year : 1900 + year;
	return digits == 3 ? 1900 + year : year;
}

static int64_t offset_of_zone(struct bytes zone)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = { { "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 }, { "MST", -7 },
		{ "MDT", -6 }, { "PST", -8 }, { "PDT", -7 } };

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (bytes_eq_nocase(zone, zones[i].name))
			return zones[i].hours * INT64_C(3600);
	return offset_of(zone);
}

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

enum err time_parse_mail(struct bytes in, int64_t *out)
{
	struct time_parts p = { 0 };
	struct bytes day = take_word(&in), month, year, clock;
	size_t digits;

	if (day.len && is_letter(day.p[0]))
		day = take_word(&in); /* that was the day of the week, which nobody needs */
	month = take_word(&in);
	year = take_word(&in);
	clock = take_word(&in);
	if (!take_some_digits(&day, &digits, &p.day) || day.len || !take_month_name(&month, &p.month) ||
	    !take_some_digits(&year, &digits, &p.year) || year.len || digits < 2 || !take_clock(&clock, &p))
		return ERR_PROTO;
	p.year = full_year(p.year, digits);
	return join_with_offset(&p, offset_of_zone(take_word(&in)), out);
}

enum err time_parse_imap(struct bytes in, int64_t *out)
{
	struct time_parts p = { 0 };
	size_t digits;

	in = bytes_trim(in);
	if (in.len >= 2 && in.p[0] == '"' && in.p[in.len - 1] == '"')
		in = bytes_trim(bytes_of(in.p + 1, in.len - 2));
	if (!take_some_digits(&in, &digits, &p.day) || !take_char(&in, '-') ||
	    !take_month_name(&in, &p.month) || !take_char(&in, '-') || !take_number(&in, 4, &p.year) ||
	    !take_char(&in, ' ') || !take_clock(&in, &p))
		return ERR_PROTO;
	return join_with_offset(&p, offset_of(bytes_trim(in)), out);
}

/* ---- writing ---- */

void time_put_eas(struct buf *out, int64_t t)
{
	struct time_parts p = time_split(t);

	buf_printf(
	    out, "%04d-%02d-%02dT%02d:%02d:%02d.000Z", p.year, p.month, p.day, p.hour, p.minute, p.second);
}

void time_put_compact(struct buf *out, int64_t t)
{
	struct time_parts p = time_split(t);

	buf_printf(out, "%04d%02d%02dT%02d%02d%02dZ", p.year, p.month, p.day, p.hour, p.minute, p.second);
}

void time_put_mail(struct buf *out, int64_t t)
{
	struct time_parts p = time_split(t);

	buf_printf(out, "%s, %d %s %04d %02d:%02d:%02d +0000", day_names[p.weekday], p.day,
	    month_names[p.month - 1], p.year, p.hour, p.minute, p.second);
}

void time_put_imap(struct buf *out, int64_t t)
{
	struct time_parts p = time_split(t);

	buf_printf(out, "%2d-%s-%04d %02d:%02d:%02d +0000", p.day, month_names[p.month - 1], p.year, p.hour,
	    p.minute, p.second);
}

void time_put_imap_date(struct buf *out, int64_t t)
{
	struct time_parts p = time_split(t);

	buf_printf(out, "%d-%s-%04d", p.day, month_names[p.month - 1], p.year);
}
