#ifndef EASGATE_TESTS_MAIL_SCENARIOS_H
#define EASGATE_TESTS_MAIL_SCENARIOS_H

#include "scene.h"

/* Mail between a phone and Dovecot, both ways, in every version: what the phone holds is what IMAP says. The same tests run against
 * servers of different abilities; scene_open comes first. */

enum { MAIL_SCENARIO_USERS = 200 };

/* Runs them all; what test_run returns. */
int mail_scenarios_run(const char *program);

/* ---- its parts ---- */

/* The beginning of each text, plain. */
extern const struct phone_options_block mail_plain;
void mail_pages_add(void);
void mail_push_add(void);

#endif
