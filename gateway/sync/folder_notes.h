#ifndef EASGATE_SYNC_FOLDER_NOTES_H
#define EASGATE_SYNC_FOLDER_NOTES_H

#include "sync/folders.h"

/* The folders of notes among those of mails, as [imap] notes_folder says: gives them their types, adds the one that is named
 * but isn't there yet (there must be room for one more), and leaves all of them out where the phone's version knows no
 * notes (before 14.0). l->prefix must be set. Only ERR_LIMIT. */
enum err folders_take_notes(struct request *rq, struct folder_list *l) MUST_CHECK;

#endif
