/* Mails that grow older than the phone's filter. */
#include "ageing_scenarios.h"
#include "clock.h"

int main(void)
{
	int failed;

	clock_scene_open(&(struct bed_opts){ .users = AGEING_SCENARIO_USERS, .services = "dovecot,redis" });
	failed = ageing_scenarios_run("ageing");
	clock_scene_close();
	return failed;
}
