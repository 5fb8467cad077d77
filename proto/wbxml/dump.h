#ifndef EASGATE_WBXML_DUMP_H
#define EASGATE_WBXML_DUMP_H

#include "wbxml/wbxml.h"

/* A document for human eyes, and for the golden fixtures in tests/wire. One element a line, indented by
 * tabs, its values behind it: text in quotes with \" \\ \n \r \t and \xNN, opaque data as #hex.
 *
 *	AirSync:Sync
 *		AirSync:SyncKey "1"
 *		Email2:ConversationId #DEADBEEF
 *		AirSync:MoreAvailable
 *
 * It shows whatever the document holds, passwords and mails too: for tests and tools, never for the log.
 * Errors as wbxml_reader_next; then *out is what could be read up to the fault. */
enum err wbxml_dump(struct arena *a, struct bytes doc, struct bytes *out) MUST_CHECK;

/* The way back. ERR_PROTO for an unknown tag name, a wrong indent or a broken value; *line then says where,
 * from 1. Blank lines and lines that begin with '#' are skipped. */
enum err wbxml_undump(struct arena *a, struct bytes text, struct bytes *out, size_t *line) MUST_CHECK;

#endif
