#ifndef EASGATE_TESTS_LATE_H
#define EASGATE_TESTS_LATE_H

/* The environment's name of the file with the seconds by which the clock of easgate-late is ahead. */
#define LATE_FILE "EASGATE_LATE_FILE"

#endif
