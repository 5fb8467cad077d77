/* Other people's mailboxes on a server that has all we use. */
#include "scene.h"
#include "shared_scenarios.h"

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){
	    .users = SHARED_SCENARIO_USERS, .services = "dovecot,redis", .shared = true });
	failed = shared_scenarios_run("shared");
	scene_close();
	return failed;
}
