#ifndef EASGATE_CHECK_H
#define EASGATE_CHECK_H

/* `easgate check`: tries everything that the config names and says in plain words what is wrong and how to mend it.
 *   user  NULL, or a user to log in as; the password comes from EASGATE_PASSWORD or is asked for on the terminal
 * Returns the exit status of the program: 0 if phones can be served. */
int check_run(const char *config_path, const char *user);

#endif
