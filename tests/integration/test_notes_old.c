/* Notes against a server that knows little but IMAP4rev1. */
#include "notes_scenarios.h"
#include "scene.h"

int main(void)
{
	static const char *const settings[] = { "imap.notes_folder=Notes", "eas.poll=1s", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = NOTES_SCENARIO_USERS,
	    .imap_hide = "NOTIFY,IDLE,QRESYNC,CONDSTORE,ENABLE,MOVE,UIDPLUS,LIST-STATUS,LIST-EXTENDED,"
			 "SPECIAL-USE,ESEARCH,SEARCHRES,"
			 "COMPRESS=DEFLATE,LITERAL+,SASL-IR,ID,NAMESPACE,UNSELECT,BINARY,PREVIEW",
	    .settings = settings });
	failed = notes_scenarios_run("notes old");
	scene_close();
	return failed;
}
