#ifndef EASGATE_TESTS_SHARED_SCENARIOS_H
#define EASGATE_TESTS_SHARED_SCENARIOS_H

/* Mailboxes of other users and of all: ordinary folders for the phone, in which it does no more than the ACL allows, in every
 * version. The same tests run against servers of different abilities; scene_open comes first. */

enum { SHARED_SCENARIO_USERS = 110 };

/* Runs them all; what test_run returns. */
int shared_scenarios_run(const char *program);

#endif
