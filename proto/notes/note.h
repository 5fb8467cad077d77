#ifndef EASGATE_NOTES_NOTE_H
#define EASGATE_NOTES_NOTE_H

#include "mail/email.h"
#include "wbxml/wbxml.h"

/* A note between the Notes class (MS-ASNOTE) and the mail that it is in an IMAP mailbox, in the form that Apple's Notes began
 * and others took up: Subject is the title, the text is the body, and
 *
 * 	X-Uniform-Type-Identifier: com.apple.mail-note
 * 	X-Universally-Unique-Identifier: 0811AAB1-6B98-4236-A762-AC8CCDEAB7D4
 * 	X-Mail-Created-Date: Fri, 06 Jan 2012 23:19:33 +0100
 *
 * Date is that of the last change. A mail never changes: who changes a note appends another mail with the same UUID and
 * deletes the former. */

#define NOTE_UUID_FIELD "X-Universally-Unique-Identifier"

/* ---- identity ---- */

/* Two hashes in the form of a UUID (RFC 9562, version 8). */
enum { NOTE_UUID_LEN = 36 };
void note_uuid_format(uint64_t high, uint64_t low, char to[NOTE_UUID_LEN + 1]);
/* The UUID of a note that has none: one that only this mail of the mailbox has. A changed copy is given it as its own. */
void note_uuid_of_mail(uint32_t uid_validity, uint32_t uid, char to[NOTE_UUID_LEN + 1]);
/* Notes with equal UUIDs (in any letter case) are the same. */
uint64_t note_id(struct bytes uuid);

/* ---- what a phone says ---- */

enum { NOTE_MAX_SUBJECT = 4096, NOTE_MAX_CATEGORIES = 300 };

struct note_edit {
	bool has_subject, has_text;
	bool is_cut;                         /* the text is only the beginning of what the note has */
	struct bytes subject;                /* UTF-8 */
	enum body_type type;                 /* BODY_PLAIN or BODY_HTML: of the text */
	struct bytes text;                   /* UTF-8, CRLF */
	const struct wbxml_node *categories; /* NULL: the note has none (any more) */
};

/* ApplicationData of an Add or Change. What isn't there stays as it is, but for categories (MS-ASNOTE 2.2.2).
 * ERR_PROTO: malformed (Sync status 6). The text may come as RTF. */
enum err note_edit_read(struct arena *a, const struct wbxml_node *data, struct note_edit *out) MUST_CHECK;

/* ---- what a phone is told ---- */

/* Writes the children of ApplicationData. m: header, body, received and keywords are looked at. Content never fails: only
 * ERR_LIMIT. */
enum err note_write(struct wbxml_writer *w, enum eas_version version, const struct email *m) MUST_CHECK;
/* A note that could not be read, so that the folder goes on. */
enum err note_write_stub(struct wbxml_writer *w, enum eas_version version, const struct email *m) MUST_CHECK;

#endif
