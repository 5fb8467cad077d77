#ifndef EASGATE_MAIL_TNEF_PROPS_H
#define EASGATE_MAIL_TNEF_PROPS_H

#include "base/bytes.h"

/* The list of MAPI properties inside TNEF. Source: MS-OXTNEF 2.1.3.4 (MsgPropertyList); types: MS-OXCDATA 2.11.1. */

enum mapi_type {
	MAPI_INT32 = 0x0003,
	MAPI_BOOL = 0x000B,
	MAPI_OBJECT = 0x000D,
	MAPI_STRING8 = 0x001E,
	MAPI_UNICODE = 0x001F,
	MAPI_BINARY = 0x0102
};

/* MS-OXPROPS 2.x, by their canonical names. */
enum mapi_id {
	MAPI_MESSAGE_CLASS = 0x001A,
	MAPI_SUBJECT = 0x0037,
	MAPI_BODY = 0x1000,
	MAPI_RTF_COMPRESSED = 0x1009,
	MAPI_BODY_HTML = 0x1013,
	MAPI_DISPLAY_NAME = 0x3001,
	MAPI_ATTACH_DATA = 0x3701,
	MAPI_ATTACH_FILENAME = 0x3704,
	MAPI_ATTACH_METHOD = 0x3705,
	MAPI_ATTACH_LONG_FILENAME = 0x3707,
	MAPI_ATTACH_MIME_TAG = 0x370E,
	MAPI_ATTACH_CONTENT_ID = 0x3712,
	MAPI_ATTACH_CONTENT_LOCATION = 0x3713,
	MAPI_INTERNET_CODEPAGE = 0x3FDE,
	MAPI_VOICE_DURATION = 0x6801,
	MAPI_SENDER_TELEPHONE = 0x6802,
	MAPI_VOICE_ATTACHMENT_ORDER = 0x6805,
};

struct mapi_prop {
	uint16_t id;        /* 0: a named one */
	uint16_t type;      /* without the bit for several values */
	struct bytes value; /* the first value; strings with their ending zero */
	struct bytes set;   /* of a named one: the 16 octets of its property set's GUID */
	struct bytes name;  /* of one that is named by a text: UTF-16 with its ending zero; else empty */
};

/* Numbers as TNEF has them, the lowest byte first. False, and `in` untouched, if it is too short. */
bool tnef_take_u16(struct bytes *in, uint32_t *out);
bool tnef_take_u32(struct bytes *in, uint32_t *out);

/* How many properties follow; `in` is moved to the first. False if it is too short. */
static inline bool mapi_begin(struct bytes *in, uint32_t *count)
{
	return tnef_take_u32(in, count);
}
/* The next property. False if what follows is cut or of an unknown type: its length is then unknown too, and nothing
 * behind it can be read. */
bool mapi_next(struct bytes *in, struct mapi_prop *out);

#endif
