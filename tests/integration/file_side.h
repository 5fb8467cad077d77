#ifndef EASGATE_TESTS_FILE_SIDE_H
#define EASGATE_TESTS_FILE_SIDE_H

#include "scene.h"

/* What tests of attachments and of whole mails have in common. */

/* So many octets, which look like nothing in particular. */
struct bytes octets(size_t n);

/* A file as base64: in lines as they should be; in lines of all lengths, so that nothing tells its size but reading it. */
void put_regular(struct buf *b, struct bytes file);
void put_irregular(struct buf *b, struct bytes file);
/* A mail with that file, written by `put`. */
struct bytes mail_with(const char *subject, const char *encoding, struct bytes file,
    void (*put)(struct buf *b, struct bytes file));
/* The only FileReference of the mail of that subject in the phone's inbox. */
const char *reference_of(struct phone *ph, const char *subject);

/* Begins a Fetch of ItemOperations, of a file if there is a reference. The caller closes it. */
void open_fetch(struct wbxml_writer *w, const char *reference);
/* The first Fetch of the answer, and what a successful one has brought. */
const struct wbxml_node *fetches(const struct phone *ph);
const struct wbxml_node *properties_of(const struct wbxml_node *fetch);
/* The answer came in the form that was asked for: parts are asked for by the header or in the compact query, and only then sent. */
void assert_form(struct phone *ph);
/* What the Data, or the part of the answer, holds: of a file (base64), or of a Body. */
struct bytes data_of(struct phone *ph, const struct wbxml_node *holder, bool base64);

#endif
