/* Notes against Dovecot as it comes. */
#include "notes_scenarios.h"
#include "scene.h"

int main(void)
{
	static const char *const settings[] = { "imap.notes_folder=Notes", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = NOTES_SCENARIO_USERS, .settings = settings });
	failed = notes_scenarios_run("notes");
	scene_close();
	return failed;
}
