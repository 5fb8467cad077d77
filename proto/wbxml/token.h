#ifndef EASGATE_WBXML_TOKEN_H
#define EASGATE_WBXML_TOKEN_H

/* The bytes of WBXML that ActiveSync uses. Source: WBXML 1.3, 7.1; MS-ASWBXML 2.1.2. */
enum {
	TOKEN_SWITCH_PAGE = 0x00,
	TOKEN_END = 0x01,
	TOKEN_STR_I = 0x03,
	TOKEN_OPAQUE = 0xC3,
	TAG_FIRST = 0x05, /* below are global tokens; so are 0x40 to 0x44, which would be tags 0x00 to 0x04 */
	TAG_MASK = 0x3F,
	TAG_CONTENT = 0x40,
	TAG_ATTRIBUTES = 0x80,
	WBXML_1_1 = 0x01,
	WBXML_1_3 = 0x03,
	PUBLIC_ID_UNKNOWN = 0x01,
	CHARSET_UTF_8 = 0x6A,
};

#endif
