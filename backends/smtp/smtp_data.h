#ifndef EASGATE_SMTP_DATA_H
#define EASGATE_SMTP_DATA_H

#include "base/bytes.h"

/* A message as it travels after DATA (RFC 5321, 4.5.2): a dot at the start of a line is doubled. A CR or LF that stands
 * alone becomes a whole line end: it is forbidden (2.3.8), and where one server sees a line end in it and the
 * next doesn't, a text could smuggle in another mail. */
struct smtp_data {
	bool inside_line, had_cr; /* start with { 0 } */
};

enum { SMTP_DATA_END_MOST = 7 };

/* Moves from `in` what fits into `out` and gives the bytes written there. cap >= 4. */
size_t smtp_data_put(struct smtp_data *d, struct bytes *in, uint8_t *out, size_t cap);
/* Ends the last line and the message: at most SMTP_DATA_END_MOST bytes. */
size_t smtp_data_end(struct smtp_data *d, uint8_t *out);

#endif
