#ifndef EASGATE_TESTS_RECEIVED_H
#define EASGATE_TESTS_RECEIVED_H

#include "scene.h"

/* What the mock SMTP server was given. Mails are numbered from 1 in the order in which they came. */
unsigned received_count(void);
/* Fails unless so many have come in a moment, and no more. */
void received_expect(unsigned count);
/* ending  "eml": the mail; "json": from, to, user */
struct bytes received(unsigned number, const char *ending);
bool received_has(struct bytes in, const char *text);
/* How often. */
unsigned received_times(struct bytes in, const char *text);

#endif
