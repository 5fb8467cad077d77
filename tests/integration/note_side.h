#ifndef EASGATE_TESTS_NOTE_SIDE_H
#define EASGATE_TESTS_NOTE_SIDE_H

#include "scene.h"

/* One side of a story about notes: a phone and its folder of notes; and what IMAP has of them, in the mailbox Notes. Everything
 * here fails the running test if it can't be done. */
struct side {
	struct phone *ph;
	struct phone_folder *notes;
};

/* Notes are a class from 14.0 on. */
extern const struct version_row note_versions[3];
#define TEST_ADD_NOTE_VERSIONS(function) TEST_ADD_ROWS(function, note_versions)

/* Plain texts, whole. */
extern const struct phone_collection side_plain;

/* A phone that is set up, with its notes. */
struct side side_make(const char *user, const char *device, enum eas_version v);
void side_sync(struct side *s);
const struct phone_item *side_note(const struct side *s, const char *subject);
/* One edit of a note, in a request of its own: its status. */
unsigned side_try(struct side *s, struct phone_edit e);
void side_add(struct side *s, const char *client_id, const char *subject, const char *text);
/* Of the note with that subject; a Change unless e.command says otherwise. The second one must succeed. */
unsigned side_try_change(struct side *s, const char *subject, struct phone_edit e);
void side_change(struct side *s, const char *subject, struct phone_edit e);

size_t notes_count(const char *user, const char *mailbox);
/* The mail in Notes with that subject. */
struct bytes notes_mail(const char *user, const char *subject);
bool notes_has(struct bytes mail, const char *text);
/* A note as Apple's program writes it, of our own making. */
struct bytes notes_apple(const char *subject, const char *uuid, const char *html_text);
void notes_put(const char *user, struct bytes mail);
void notes_make_folder(const char *user);
/* Two notes' names there. */
extern const char note_uuid_1[], note_uuid_2[];

#endif
