#ifndef EASGATE_TESTS_AGEING_SCENARIOS_H
#define EASGATE_TESTS_AGEING_SCENARIOS_H

enum { AGEING_SCENARIO_USERS = 20 };
/* What happens to mails that grow older than the phone's filter; in the scene that is open (clock.h). As test_run. */
int ageing_scenarios_run(const char *name);

#endif
