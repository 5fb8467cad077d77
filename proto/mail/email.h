#ifndef EASGATE_MAIL_EMAIL_H
#define EASGATE_MAIL_EMAIL_H

#include "eas/opaque_id.h"
#include "mail/body_part.h"
#include "mail/follow_up.h"
#include "mail/header.h"

/* A mail as the Email class has it. Source: MS-ASEMAIL 2.2.2; MS-ASAIRS 2.2.2. */
struct email {
	struct bytes header;               /* raw header block; may be empty */
	const struct body_plan *plan;      /* NULL: neither body nor attachments */
	const struct body *body;           /* NULL: no body */
	const struct body_part *body_part; /* NULL: none */
	int64_t received;                  /* INTERNALDATE */
	bool read, answered, forwarded;
	unsigned verb;     /* LastVerbExecuted, where more is known than the flags say; 0: it isn't */
	int64_t verb_time; /* then: when */
	const struct follow_up *flag; /* NULL: none */
	bool draft;                   /* \Draft, or in the Drafts folder */
	struct bytes own;             /* the account's address; empty: not known */
	const struct bytes *keywords; /* IMAP keywords other than those above */
	size_t n_keywords;
	struct opaque_id id;  /* the mail's; its attachments' FileReferences are this with their sections */
	struct bytes account; /* whose name they carry */
	uint32_t
	    draft_validity; /* a draft's parts go by the names of its field (draft.h) where that says this; 0: never */
	const struct wbxml_node *schema; /* its children are the properties to write; NULL: all */
	uint32_t
	    multipart_number; /* Part of this number stands for the body's Data (MS-ASCMD 2.2.1.10.1); 0: Data is written */
	size_t *gap; /* of a body that passes: see body_write.h */
};

/* How much of a list of addresses is shown, in bytes: its first entries.
 * Source: MS-ASEMAIL 6, schemas Email (To, Cc) and Email2 (Bcc). */
enum { EMAIL_ADDRESSES_MAX = 32768, EMAIL_BCC_MAX = 1024 };

/* Writes the children of ApplicationData (or Properties). Content never fails: only ERR_LIMIT. */
enum err email_write(struct wbxml_writer *w, enum eas_version version, const struct email *m) MUST_CHECK;
/* What can change in a mail that stays the same. */
enum email_state {
	EMAIL_STATE_READ = 1 << 0,
	EMAIL_STATE_FLAG = 1 << 1,
	EMAIL_STATE_VERB = 1 << 2, /* LastVerbExecuted and its time */
	EMAIL_STATE_CATEGORIES = 1 << 3,
};
/* What of it the version has. */
unsigned email_state_in(enum eas_version version);
/* The same for a Change of that alone, as far as the version has it. Source: MS-ASEMAIL 3.2.5.4.
 *   what  EMAIL_STATE_… */
enum err email_write_state(
    struct wbxml_writer *w, enum eas_version version, const struct email *m, unsigned what) MUST_CHECK;
/* The Properties of a result of Find: what a list of results shows. m->body's preview is its Preview. */
enum err email_write_found(struct wbxml_writer *w, const struct email *m) MUST_CHECK;
/* 0 low, 1 normal, 2 high. */
uint32_t email_importance(const struct header *h);

/* A mail that could not be read or converted, so that the folder goes on: sender, subject and date as far
 * as header gives them, and a body that says so in plain words. why: a short word for it, may be NULL. */
enum err email_write_stub(
    struct wbxml_writer *w, enum eas_version version, const struct email *m, const char *why) MUST_CHECK;

/* A keyword's category: Thunderbird's $label1 … $label5 have their English names, what email_keyword made comes back as it was,
 * any other is its own name. Empty if it means something else ($MDNSent, NonJunk, …). Only ERR_LIMIT. */
enum err email_category(struct arena *a, struct bytes keyword, struct bytes *out) MUST_CHECK;
bool email_is_category(struct bytes keyword);
/* A list with the categories among the keywords, each once. ERR_LIMIT. */
enum err email_put_categories(
    struct wbxml_writer *w, wbxml_tag list, wbxml_tag one, const struct bytes *keywords, size_t n) MUST_CHECK;
/* The way back. Empty if the category is but blanks. ERR_UNSUPPORTED: it is too long for a keyword, or no text;
 * ERR_LIMIT. */
enum err email_keyword(struct arena *a, struct bytes category, struct bytes *out) MUST_CHECK;
enum { EMAIL_KEYWORD_MAX = 50 }; /* as Dovecot's mail_max_keyword_length has it */

#endif
