#ifndef EASGATE_TESTS_CONVERSATION_SCENARIOS_H
#define EASGATE_TESTS_CONVERSATION_SCENARIOS_H

enum { CONVERSATION_SCENARIO_USERS = 80 };
extern const char *const conversation_scenario_settings[];
/* Phones that want whole conversations (ConversationMode), in the scene that is open (clock.h). As test_run. */
int conversation_scenarios_run(const char *name);

#endif
