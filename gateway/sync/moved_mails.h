#ifndef EASGATE_SYNC_MOVED_MAILS_H
#define EASGATE_SYNC_MOVED_MAILS_H

#include "request.h"

/* Where the mails have gone that Outlook has moved: it keeps them as they are, and so the FileReferences of their attachments, which
 * name the folder and UID that they had. Memos of the account, for a year. */

enum err moved_mail_note(
    struct request *rq, uint32_t from, uint32_t uid, uint32_t to, uint32_t new_uid) WAITS MUST_CHECK;
/* Sets both to where the mail is now, after all its moves. ERR_NOT_FOUND: it wasn't moved from there. */
enum err moved_mail_find(struct request *rq, uint32_t *folder, uint32_t *uid) WAITS MUST_CHECK;

#endif
