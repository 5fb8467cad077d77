#ifndef EASGATE_BASE_TIME_H
#define EASGATE_BASE_TIME_H

#include "base/buf.h"

/* Dates as the protocols write them. A point of time is int64_t seconds since 1970-01-01T00:00:00Z; no
 * function here looks at a clock or a time zone table. Years 1 to 9999; what is outside is ERR_PROTO, or
 * when writing the nearest that can be written. */

/* A date of the Gregorian calendar. */
struct time_parts {
	int year, month, day;     /* month and day from 1 */
	int hour, minute, second; /* second 0..59; a leap second is read as 59 */
	int weekday;              /* 0 = Sunday; not looked at by time_join */
};
struct time_parts time_split(int64_t t);
/* ERR_PROTO if there is no such date. */
enum err time_join(const struct time_parts *p, int64_t *out) MUST_CHECK;

/* 2026-11-24T13:00:00.000Z (fraction and Z may be missing, any number of digits) or 20261124T130000Z; a date
 * alone is its midnight. Source: MS-ASDTYPE 2.3; MS-ASCAL 2.2.2 for the compact form. */
enum err time_parse_eas(struct bytes in, int64_t *out) MUST_CHECK;
void time_put_eas(struct buf *out, int64_t t);     /* 2026-11-24T13:00:00.000Z */
void time_put_compact(struct buf *out, int64_t t); /* 20261124T130000Z */

/* The Date header, with the obsolete forms (two-digit years, zone names, comments, no weekday, no seconds).
 * A missing or unknown zone is read as +0000. Source: RFC 5322, 3.3 and 4.3. */
enum err time_parse_mail(struct bytes in, int64_t *out) MUST_CHECK;
void time_put_mail(struct buf *out, int64_t t); /* Tue, 24 Nov 2026 13:00:00 +0000 */

/* INTERNALDATE, with or without its quotes: 24-Nov-2026 14:00:00 +0100. Source: RFC 3501, 9 (date-time). */
enum err time_parse_imap(struct bytes in, int64_t *out) MUST_CHECK;
void time_put_imap(struct buf *out, int64_t t); /* 24-Nov-2026 13:00:00 +0000, the day with a leading blank */
void time_put_imap_date(struct buf *out, int64_t t); /* 24-Nov-2026, as SEARCH SINCE wants it */

#endif
