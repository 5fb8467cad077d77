#ifndef EASGATE_TESTS_NOTES_SCENARIOS_H
#define EASGATE_TESTS_NOTES_SCENARIOS_H

/* Notes between phones and an IMAP mailbox that other programs write to, too, in every version that has them. The same tests run
 * against servers of different abilities; scene_open comes first, with imap.notes_folder=Notes. */

enum { NOTES_SCENARIO_USERS = 120 };

/* Runs them all; what test_run returns. */
int notes_scenarios_run(const char *program);

/* ---- its parts ---- */

void notes_at_once_add(void);
void notes_folders_add(void);

#endif
