#ifndef EASGATE_MAIL_DRAFT_H
#define EASGATE_MAIL_DRAFT_H

#include "eas/options.h"
#include "mail/pieces.h"
#include "mail/smart.h"

/* Drafts that phones write, from 16.0 on: what a Sync Add or Change says of one, and the mail that becomes of it.
 * Source: MS-ASEMAIL 2.2.2 (Send, Bcc, IsDraft); MS-ASAIRS 2.2.2.2 (Add), 2.2.2.21 (Delete). */

/* ---- the field ---- */

/* A mail never changes, so a changed draft is another mail. What it is to phones stands in its header:
 *
 * 	X-Easgate-Draft: 1700000000 5 7 00c0ffee00c0ffee 0badcafe 2=5/3 3=7/2
 *
 * A number for the mailbox that this holds in (account and UIDVALIDITY); the UID by which phones know the draft, 0: its own; the UID of the mail that this
 * one replaces, 0: none; the mark of the command that made it; of which device that was; and by what name phones know those parts
 * that were parts of a former mail: section=UID/section there. */
#define DRAFT_FIELD "X-Easgate-Draft"
enum { DRAFT_MAX_NAMES = 500 };

struct draft_name {
	struct bytes section; /* in this mail */
	uint32_t uid;         /* the mail and the section that FileReference says */
	struct bytes part;
};
struct draft_field {
	uint32_t validity; /* 0: the mail has no such field, or one that can't be read */
	uint32_t id, replaces;
	uint64_t mark;
	uint32_t device;
	struct draft_name *names;
	size_t n_names;
};
/* Only ERR_LIMIT. */
enum err draft_field_parse(struct arena *a, struct bytes value, struct draft_field *out) MUST_CHECK;
void draft_field_put(struct buf *out, const struct draft_field *f);
/* By what name the section is known; NULL: its own. */
const struct draft_name *draft_field_name(const struct draft_field *f, struct bytes section);
/* The section that is known by that name; NULL: none. */
const struct draft_name *draft_field_find(const struct draft_field *f, uint32_t uid, struct bytes part);

/* ---- what the phone says ---- */

struct draft_attachment {
	struct bytes client_id, content, name, content_id, content_location, type;
	bool is_inline, is_mail; /* is_mail: Method 5 */
};

enum draft_line { DRAFT_TO, DRAFT_CC, DRAFT_BCC, DRAFT_REPLY_TO, DRAFT_SUBJECT, DRAFT_LINES };

struct draft_edit {
	bool has[DRAFT_LINES]; /* said, or meant; an empty line takes away what was there */
	struct bytes line[DRAFT_LINES];
	bool has_importance;
	uint32_t importance; /* 0 low, 1 normal, 2 high */
	enum body_type
	    type; /* BODY_NONE: no Body was sent. BODY_MIME: text is a mail, with or without its files */
	struct bytes text; /* UTF-8 with CRLF; a mail as it is */
	bool is_cut;       /* it is but the beginning of what the phone was shown */
	struct draft_attachment *added;
	size_t n_added;
	struct bytes *removed; /* FileReferences */
	size_t n_removed;
};
enum { DRAFT_MAX_ATTACHMENTS = 200 };
/* ERR_PROTO: malformed (item status 6); ERR_LIMIT. */
enum err draft_edit_read(struct arena *a, const struct wbxml_node *data, struct draft_edit *out) MUST_CHECK;
/* Whether it says anything but Read, Flag and Categories. */
bool draft_edit_has_content(const struct draft_edit *edit);

/* ---- the mail ---- */

struct draft_stamp {
	struct bytes from;       /* the account's address, for a new one */
	struct bytes message_id; /* with brackets, for one that has none */
	int64_t now;
	const char *boundary;     /* a random word that isn't in the text */
	uint32_t truncation_size; /* how much of a text of this type the phone was shown; BODY_WHOLE */
	struct draft_field
	    field; /* without names. validity 0: the mail is sent, and what only a draft has goes */
};

/* What was made. */
struct draft_made {
	struct smart mail;
	bool
	    is_same; /* as base, in all that a phone can say of it: some send each draft back that they are told of */
	const char **added; /* the section of each added attachment, in the order of the edit */
	struct bytes conversation_id, conversation_index;
};

/* A new draft, or one with the phone's changes.
 *   base     what it was: header, text, attachments; NULL: it is a new one
 *   removed  for each attachment of base whether it goes
 *   names    by what names phones know the parts of base
 *   uid      of base
 * ERR_PROTO: the phone's MIME is no mail. ERR_UNSUPPORTED: base can't be changed without a loss: its text can't be read, it is signed or
 * encrypted, and the phone's MIME, if it sends one, would drop its files. ERR_LIMIT. */
enum err draft_make(struct arena *a, const struct smart_original *base, const bool *removed,
    const struct draft_field *names, uint32_t uid, const struct draft_edit *edit,
    const struct draft_stamp *stamp, struct draft_made *out) MUST_CHECK;

#endif
