#ifndef EASGATE_MAIL_FOLLOW_UP_H
#define EASGATE_MAIL_FOLLOW_UP_H

#include "base/arena.h"
#include "eas/version.h"
#include "wbxml/wbxml.h"

/* A mail's follow-up flag with its task properties: Flag of the Email class. Source: MS-ASEMAIL 2.2.2.34, 3.2.5.4.2; what isn't
 * in a Flag isn't set any more (4.2).
 *
 * What IMAP has of it:
 *   \Flagged              it is active
 *   FOLLOW_UP_DONE        it is complete; \Flagged, which another program may set, is stronger
 *   FOLLOW_UP_A, _B       it has more properties, and where they are; the two change places whenever the properties change, so that
 *                         other devices see it by what IMAP tells of the flags */
#define FOLLOW_UP_DONE "$FollowUpDone"
#define FOLLOW_UP_A "$FollowUpA"
#define FOLLOW_UP_B "$FollowUpB"

enum follow_up_status { FOLLOW_UP_NONE, FOLLOW_UP_COMPLETE, FOLLOW_UP_ACTIVE };

enum follow_up_property {
	FOLLOW_UP_TYPE,
	FOLLOW_UP_COMPLETE_TIME,
	FOLLOW_UP_SUBJECT,
	FOLLOW_UP_DATE_COMPLETED,
	FOLLOW_UP_START,
	FOLLOW_UP_DUE,
	FOLLOW_UP_UTC_START,
	FOLLOW_UP_UTC_DUE,
	FOLLOW_UP_REMINDER_SET,
	FOLLOW_UP_REMINDER_TIME,
	FOLLOW_UP_ORDINAL,
	FOLLOW_UP_SUB_ORDINAL,
	FOLLOW_UP_PROPERTIES
};

struct follow_up {
	enum follow_up_status status;
	struct bytes v[FOLLOW_UP_PROPERTIES]; /* as EAS writes them; empty: not set */
};

/* Reads a Flag element. ERR_PROTO: an unknown Status, no date where there must be one, some of the four dates of beginning and
 * end without the others, an end before its beginning, a reminder without its time, a text of more than FOLLOW_UP_TEXT_MAX bytes
 * (item status 6). ERR_LIMIT. */
enum { FOLLOW_UP_TEXT_MAX = 1024 };
enum err follow_up_read(struct arena *a, const struct wbxml_node *flag, struct follow_up *out) MUST_CHECK;
/* The children of Flag; nothing for FOLLOW_UP_NONE. */
void follow_up_write(struct wbxml_writer *w, const struct follow_up *f);
/* Whether there is more to it than that it is set or complete. */
bool follow_up_has_more(const struct follow_up *f);

/* The properties, Status aside, as a line of ASCII (JSON). ERR_LIMIT. */
enum err follow_up_encode(struct arena *a, const struct follow_up *f, struct bytes *out) MUST_CHECK;
/* Leaves status alone. What can't be read gives ERR_PROTO and no properties; unknown ones are skipped. */
enum err follow_up_decode(struct arena *a, struct bytes in, struct follow_up *f) MUST_CHECK;

#endif
