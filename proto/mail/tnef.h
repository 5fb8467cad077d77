#ifndef EASGATE_MAIL_TNEF_H
#define EASGATE_MAIL_TNEF_H

#include "base/buf.h"

/* winmail.dat: a mail as Outlook packs it for another Outlook (MS-OXTNEF). Only what a phone shows is read: the texts, the
 * attachments, what kind of item it is, and what belongs to a voice mail. */

enum { TNEF_MAX_FILES = 200 };

/* What tnef_skim.h knows of a stream, too. */
enum {
	TNEF_SIGNATURE = 0x223E9F78,
	TNEF_FILE_DATA = 0x0006800F, /* attAttachData */
	TNEF_FILE_SIZE = 0x0006FFFF, /* our own: the length of the file's data, which was left out */
};

struct tnef_file {
	struct bytes name;             /* as it stands there: UTF-8 on one line; may be empty */
	struct bytes type;             /* "image/png"; may be empty */
	struct bytes content_id;       /* without <>; may be empty */
	struct bytes content_location; /* may be empty */
	struct bytes data;             /* a view of what was read */
	uint32_t left_out;             /* if data was left out: its length */
	bool is_message;               /* an embedded item: data is a TNEF stream of its own */
};

struct tnef {
	struct bytes message_class; /* "IPM.Note", "IPM.Microsoft Schedule.MtgReq"; may be empty */
	struct bytes subject;       /* UTF-8; may be empty */
	struct tnef_voice {
		uint32_t duration_s; /* 0: not said */
		struct bytes caller; /* a telephone number */
		struct bytes order;  /* names of files, the newest first, with ";" between them */
		struct bytes notes;  /* what the user has written about it, on several lines */
	} voice;                     /* of a voice mail; UTF-8; may be empty */
	struct bytes plain, html;    /* UTF-8; empty: none. RTF alone is given as one of them: see rtf.h */
	struct tnef_file *files;     /* in their order */
	size_t n_files;
	bool whole; /* false: cut or broken somewhere; what stands before it has been read */
};

/* `in` may be cut anywhere. ERR_PROTO: not TNEF at all; else only ERR_LIMIT (arena). Checksums are not looked at: some
 * writers get them wrong, and a wrong one helps nobody to see less. Source: MS-OXTNEF 2.1. */
enum err tnef_read(struct arena *a, struct bytes in, struct tnef *out) MUST_CHECK;

#endif
