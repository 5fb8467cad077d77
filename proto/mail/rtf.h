#ifndef EASGATE_MAIL_RTF_H
#define EASGATE_MAIL_RTF_H

#include "base/buf.h"

/* RTF as Outlook sends it: compressed, and mostly made of HTML, which is found in it again. Only reading; what phones get is
 * HTML or plain text. All results are UTF-8; only ERR_LIMIT (arena). */

enum { RTF_LARGEST = 8 * 1024 * 1024 /* bytes of RTF, and of the text; what is larger is cut */ };

/* Undoes the compression (MS-OXRTFCP 2.2, 3.1). `in` may be cut. Empty if it isn't compressed RTF. */
enum err rtf_unpack(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;

/* The text. One of the two is filled: html where the RTF was made of HTML (MS-OXRTFEX 2.1.3), else plain, with CRLF. Both
 * stay empty if `in` isn't RTF. */
enum err rtf_read(struct arena *a, struct bytes in, struct bytes *plain, struct bytes *html) MUST_CHECK;

/* Both steps. */
enum err rtf_read_compressed(
    struct arena *a, struct bytes in, struct bytes *plain, struct bytes *html) MUST_CHECK;

#endif
