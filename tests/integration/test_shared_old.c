/* Other people's mailboxes on a server that knows little but IMAP4rev1: marks are compared one by one, and moves are copies. */
#include "scene.h"
#include "shared_scenarios.h"

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = SHARED_SCENARIO_USERS,
	    .services = "dovecot,redis",
	    .imap_hide = "NOTIFY,IDLE,QRESYNC,CONDSTORE,ENABLE,MOVE,UIDPLUS,LIST-STATUS,LIST-EXTENDED,"
			 "ESEARCH,NAMESPACE",
	    .shared = true });
	failed = shared_scenarios_run("shared old");
	scene_close();
	return failed;
}
