/* Phones that want whole conversations, from a server that knows of none and doesn't tell what has changed. */
#include "clock.h"
#include "conversation_scenarios.h"

int main(void)
{
	int failed;

	clock_scene_open(&(struct bed_opts){ .users = CONVERSATION_SCENARIO_USERS,
	    .services = "dovecot,redis",
	    .imap_hide = "THREAD=REFERENCES,THREAD=REFS,THREAD=ORDEREDSUBJECT,NOTIFY,IDLE,QRESYNC,CONDSTORE,"
			 "ENABLE,ESEARCH",
	    .settings = conversation_scenario_settings });
	failed = conversation_scenarios_run("conversation mode old");
	clock_scene_close();
	return failed;
}
