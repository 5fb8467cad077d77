/* Phones that want whole conversations. */
#include "clock.h"
#include "conversation_scenarios.h"

int main(void)
{
	int failed;

	clock_scene_open(&(struct bed_opts){ .users = CONVERSATION_SCENARIO_USERS,
	    .services = "dovecot,redis",
	    .settings = conversation_scenario_settings });
	failed = conversation_scenarios_run("conversation mode");
	clock_scene_close();
	return failed;
}
