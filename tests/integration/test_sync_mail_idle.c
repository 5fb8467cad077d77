/* Mail against a server without NOTIFY: the inbox by IDLE, other folders by polls. */
#include "mail_scenarios.h"
#include "scene.h"

int main(void)
{
	static const char *const settings[] = { "eas.poll=1s", NULL };
	int failed;

	scene_open(
	    &(struct bed_opts){ .users = MAIL_SCENARIO_USERS, .imap_hide = "NOTIFY", .settings = settings });
	failed = mail_scenarios_run("sync mail idle");
	scene_close();
	return failed;
}
