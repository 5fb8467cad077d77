#ifndef EASGATE_NOTES_NOTE_MAIL_H
#define EASGATE_NOTES_NOTE_MAIL_H

#include "notes/note.h"

/* The mail that a note becomes. */

struct note_stamp {
	struct bytes uuid;       /* as it stands in the header */
	struct bytes message_id; /* with brackets */
	struct bytes from;       /* the account's mail address, for a new note */
	int64_t now;
};

/* A new note. Only ERR_LIMIT. */
enum err note_make(struct arena *a, const struct note_edit *edit, const struct note_stamp *stamp,
    struct bytes *out) MUST_CHECK;

/* The mail `raw` with the phone's changes: whatever they don't touch stays as it is, byte for byte: other fields, attachments,
 * pictures. A text that says what the phone was shown is no change (it may have been shown plain, or cut), so that a new
 * title doesn't cost the text its form.
 *   shown  the options by which the phone was sent its text
 *   out    empty: title and text stay as they are, so there is nothing to be appended
 * ERR_UNSUPPORTED: the text can't be replaced without a loss that the phone doesn't know of: signed, encrypted, more pieces
 * of text than are shown, or nothing that is text. ERR_LIMIT. */
enum err note_patch(struct arena *a, struct bytes raw, const struct sync_options *shown,
    enum eas_version version, const struct note_edit *edit, const struct note_stamp *stamp,
    struct bytes *out) MUST_CHECK;

#endif
