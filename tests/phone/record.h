#ifndef EASGATE_PHONE_RECORD_H
#define EASGATE_PHONE_RECORD_H

#include "answer.h"

/* Keeps the body of an answer in the folder that EASPHONE_RECORD names, if it does; see phone.h. What can't be written is
 * left out silently: recording never makes a test fail. */
void phone_record(const char *command, const char *version, const struct phone_answer *answer);

#endif
