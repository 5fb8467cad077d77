/* Mails that grow older than the phone's filter, on a server that doesn't tell what has changed. */
#include "ageing_scenarios.h"
#include "clock.h"

int main(void)
{
	static const char *const settings[] = { "eas.poll=1s", NULL };
	int failed;

	clock_scene_open(&(struct bed_opts){ .users = AGEING_SCENARIO_USERS,
	    .services = "dovecot,redis",
	    .imap_hide = "NOTIFY,IDLE,QRESYNC,CONDSTORE,ENABLE,ESEARCH",
	    .settings = settings });
	failed = ageing_scenarios_run("ageing old");
	clock_scene_close();
	return failed;
}
