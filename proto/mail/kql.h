#ifndef EASGATE_MAIL_KQL_H
#define EASGATE_MAIL_KQL_H

#include "mail/query.h"

/* KQL as phones and the people who hold them write it:
 *
 *	annual report            both words, anywhere
 *	"annual report"          these words in a row
 *	from:ann  to:"Ann Lee"   subject: cc: bcc: body: participants: recipients:  also with a group: from:(ann OR bob)
 *	received>=2026-11-01     : = < <= > >= <>, a range 2026-11-01..2026-11-24, today, yesterday
 *	isread:false  hasattachment:true  isflagged:yes
 *	a OR b   NOT a   -a      AND binds tighter than OR; operators in capitals
 *
 * What isn't grammar is taken as words or passed over: people type on phones, and an open quote is no error.
 *   now  for today and yesterday
 *   out  NULL if nothing is asked for
 * ERR_LIMIT: more than QUERY_MAX_TERMS, or the arena is spent.
 * Source: MS-ASCMD, FreeText of Find. */
enum err kql_parse(struct arena *a, struct bytes text, int64_t now, const struct query **out) MUST_CHECK;

/* The first day (since 1970) and whether the value says more than a day: "2026-11-24", "2026-11-24T10:00:00Z",
 * "11/24/2026", "today", "yesterday". ERR_PROTO. */
enum err kql_date(struct bytes text, int64_t now, int64_t *day, bool *has_time) MUST_CHECK;

#endif
