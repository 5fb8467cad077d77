#ifndef EASGATE_SMS_SMS_H
#define EASGATE_SMS_SMS_H

#include "mail/email.h"
#include "wbxml/wbxml.h"

/* A text message between the SMS class (MS-ASMS) and the mail that keeps it in an IMAP mailbox. Whom it is from and to is a
 * telephone number, which no mail address is: as the phone wrote it, such as "Anna" [MOBILE:+15550100], it stands in fields
 * of its own, and From and To hold an address made of the number, so that mail programs show and sort it. */

enum { SMS_MAX_TEXT = 256 * 1024 };

struct sms {
	struct bytes from, to; /* as the phone wrote them, UTF-8; may be empty */
	struct bytes text;     /* UTF-8, CRLF */
	int64_t received;      /* 0: not said */
	uint32_t importance;   /* 0..2 */
	bool read;
	struct follow_up flag;
};

/* ApplicationData of an Add. ERR_PROTO: malformed (Sync status 6), among others without any text or number. */
enum err sms_read(struct arena *a, const struct wbxml_node *data, struct sms *out) MUST_CHECK;
/* The mail.  message_id  with brackets. Only ERR_LIMIT. */
enum err sms_make(
    struct arena *a, const struct sms *s, struct bytes message_id, int64_t now, struct bytes *out) MUST_CHECK;

/* Writes the children of ApplicationData of a mail that holds an SMS, be it one of another program's making. Content never fails:
 * only ERR_LIMIT. */
enum err sms_write(struct wbxml_writer *w, enum eas_version version, const struct email *m) MUST_CHECK;
/* Of one whose content can't be had: what its header tells, and a text that says so. Only ERR_LIMIT. */
enum err sms_write_stub(struct wbxml_writer *w, enum eas_version version, const struct email *m) MUST_CHECK;

#endif
