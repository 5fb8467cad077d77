#ifndef EASGATE_SYNC_MAIL_ITEM_H
#define EASGATE_SYNC_MAIL_ITEM_H

#include "sync/mail_collection.h"

/* What mail_prepare makes of a new mail (change->item), and mail_write writes. */
struct mail_item {
	struct imap_message *message;
	struct body_plan plan;
	struct body body;
	struct body_part *part;        /* NULL: not asked for */
	struct wbxml_fragment written; /* ahead; empty: it isn't */
	enum err problem;              /* ERR_OK, or why it is shown as a stub */
	bool enough, part_enough;      /* the body, the body part is made */
	uint32_t uid_validity;         /* of a body that passes */
};

/* ApplicationData of a mail without a problem. ERR_LIMIT, or why it can't be shown; what is written then is worth nothing. */
enum err mail_write_properties(
    struct collection *c, struct wbxml_writer *w, const struct change *change) MUST_CHECK;

#endif
