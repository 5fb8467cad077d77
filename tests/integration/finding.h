#ifndef EASGATE_TESTS_FINDING_H
#define EASGATE_TESTS_FINDING_H

#include "scene.h"

/* What tests of Search and Find share: what is asked, mails that are worth a search, and how answers are read. */

struct asked {
	const char *text;       /* FreeText; NULL: none */
	const char *classes[3]; /* none: Email */
	bool any_class;         /* Class isn't said */
	const char *folders[3]; /* CollectionIds */
	const char *range;
	const char *later, *earlier;
	struct bytes conversation;
	bool deep;
	unsigned body; /* type; 0: none asked for */
	bool whole;    /* the body untruncated */
};

/* ---- requests and answers: both commands have the same shape ---- */

void finding_put_folders(struct wbxml_writer *w, const struct asked *q);
/* "subject subject", the results in their order. */
const char *finding_subjects(const struct wbxml_node *from, wbxml_tag result, wbxml_tag properties);
/* Fails the test unless the child has that text; "": or there is none. */
void finding_assert_text(const struct wbxml_node *from, wbxml_tag tag, const char *want);

/* ---- Search ---- */

/* The Store of the answer. */
const struct wbxml_node *finding_search(struct phone *ph, const struct asked *q);
/* Fails the test unless it finds those subjects, and tells that Total. */
void finding_assert_found(struct phone *ph, const struct asked *q, const char *want, const char *total);

/* ---- mails ---- */

/* subject: also its Message-ID. date: as in scene_append_raw. */
void finding_put_mail(const char *user, const char *mailbox, const char *subject, const char *from,
    const char *text, const char *date);
/* Five mails in three folders, named by their age. */
void finding_put_mails(const char *user);
const char *finding_folder(struct phone *ph, const char *name);

#endif
