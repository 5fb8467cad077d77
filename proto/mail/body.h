#ifndef EASGATE_MAIL_BODY_H
#define EASGATE_MAIL_BODY_H

#include "eas/options.h"
#include "mail/attachment.h"
#include "mail/mime_part.h"

/* From a mail's structure and what the phone wants to the bytes that must be fetched, and from these to
 * the body that is sent. The caller's loop, for many mails at once:
 *
 * 	body_plan(...) for each
 * 	again: fetch for each plan the fetch[i].count octets of fetch[i].section from fetch[i].from on into fetch[i].data
 * 	body_make(...) for each; those that want more have raised fetch[i].count: again */

enum {
	BODY_LONGEST_TEXT =
	    4 * 1024 * 1024, /* octets of one text part; what is longer is sent as truncated */
};

struct body_fetch {
	const char *section; /* "" = the whole mail */
	uint32_t from;       /* 0 but in a winmail.dat that is skimmed */
	uint32_t count;      /* octets from there; 0 = all of it */
	struct bytes data;   /* set by the caller; shorter than count means that there is no more */
	bool
	    fetched; /* set by the caller; body_make clears it when it wants more, raises count, and leaves data: so
			      * that only what is missing behind it has to be fetched */
	const struct mime_part *part; /* NULL for the whole mail */
};

struct body_plan {
	struct mime_part *root; /* NULL: the structure is not known (yet) */
	uint32_t size;          /* RFC822.SIZE */
	enum eas_version version;
	const struct sync_options *options; /* borrowed until body_make has had enough */
	enum body_type type;   /* what Body will be: plain, HTML or MIME; BODY_NONE: no body is sent */
	enum body_type native; /* plain or HTML */
	uint32_t limit;        /* bytes of Data; BODY_WHOLE = no limit */
	bool all_or_none;
	uint8_t preview;          /* characters; 0 = none */
	struct body_fetch *fetch; /* in the order of the text */
	size_t n_fetch, n_text;   /* may be 0; the first n_text are the body */
	size_t
	    n_preview; /* 1: behind them a text for the preview; the next are a report's machine-readable part and
				  * the header that it returns, and the last one a winmail.dat */
	const struct mime_part
	    *reported;          /* the mail that a report returns, as far as it does; NULL: not known */
	struct mime_part *tnef; /* a winmail.dat that is still packed; NULL: none */
	bool tnef_alone;        /* there is no text beside it */
	struct body_skim *skim; /* of it; NULL: it hasn't begun, or is read whole */
	struct attachment *attachments;
	size_t n_attachments;
	uint32_t text_size; /* decoded size of all texts, estimated; before any conversion */
	uint32_t most;      /* no wish gets more than that; see body_plan_cap */
	uint8_t tried;      /* bits 1 << body_type: wishes of AllOrNone that turned out to be too large */
	uint32_t passing;   /* bytes of MIME that are not fetched, see body_plan_pass; 0: none */
	bool raw_mime;      /* set by the caller: MIME goes beside the document, as it is; see mime_text.h */
	bool cut;           /* there are further texts, not fetched because these are more than the limit */
	const char *placeholder; /* instead of a body that only the phone's own keys open; NULL = none */
};

/* Chooses the representation, the parts and how many octets of them.
 *   root  may be NULL: then the whole mail is fetched and parsed by body_make. A winmail.dat in it becomes a multipart of
 *         what it holds, once body_make has it
 *   size  RFC822.SIZE
 * Only ERR_LIMIT. Source: MS-ASAIRS 2.2.2.9, 2.2.2.40; MS-ASCMD 2.2.3.115 (MIMESupport). */
enum err body_plan(struct arena *a, struct mime_part *root, uint32_t size, const struct sync_options *options,
    enum eas_version version, struct body_plan *out) MUST_CHECK;
/* No body above that many bytes, whatever is wished: what is longer is cut and marked as truncated. */
void body_plan_cap(struct body_plan *plan, uint32_t most);
/* The whole MIME, that many bytes of it, is text as it is (mime_text.h), and passes from IMAP to the phone when it is sent: it
 * isn't fetched here. The plan wants all of it, and its structure is known. */
void body_plan_pass(struct body_plan *plan, uint32_t size);
/* The body of that type is larger than its AllOrNone allows: plans the next wish. What has been fetched is forgotten.
 *   found  false: there is no further wish, and the plan stays as it is. Only ERR_LIMIT. */
enum err body_plan_next(struct arena *a, struct body_plan *plan, bool *found) MUST_CHECK;

struct body {
	enum body_type type, native;
	uint32_t estimated_size; /* of the whole body in this representation */
	bool truncated;
	bool passes;          /* data is the caller's to send, estimated_size bytes: see body_plan_pass */
	struct bytes data;    /* UTF-8; empty: Data is left out */
	struct bytes preview; /* empty: left out */
};

/* Makes the body out of what was fetched. *enough false: fetch again what is marked as not fetched, then call
 * again. What could not be fetched (empty data) gives an empty body. Only ERR_LIMIT. */
enum err body_make(struct arena *a, struct body_plan *plan, struct body *out, bool *enough) MUST_CHECK;

#endif
