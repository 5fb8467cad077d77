/* Mail against Dovecot with all that it can. */
#include "mail_scenarios.h"
#include "scene.h"

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = MAIL_SCENARIO_USERS });
	failed = mail_scenarios_run("sync mail");
	scene_close();
	return failed;
}
