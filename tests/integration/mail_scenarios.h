#ifndef EASGATE_TESTS_MAIL_SCENARIOS_H
#define EASGATE_TESTS_MAIL_SCENARIOS_H

/* Mail between a phone and Dovecot, both ways, in every version: what the phone holds is what IMAP says. The same tests run against
 * servers of different abilities; scene_open comes first. */

enum { MAIL_SCENARIO_USERS = 200 };

/* Runs them all; what test_run returns. */
int mail_scenarios_run(const char *program);

#endif
