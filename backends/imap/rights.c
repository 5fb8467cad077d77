#include "imap/connection.h"

/* What the user may do with a mailbox (RFC 4314). */

enum { PIPELINE = 4096 /* bytes of command text */ };

static bool has(struct bytes rights, char right)
{
	return bytes_find(rights, (uint8_t)right) < rights.len;
}

/* "x" is the right to delete a mailbox. A server of RFC 2086 knows none of the letters that came with it, and has "c" or "d"
 * there, each as it likes. */
static bool may_delete(struct bytes rights)
{
	bool old = !has(rights, 'k') && !has(rights, 'x') && !has(rights, 't') && !has(rights, 'e');

	return has(rights, 'x') || (old && (has(rights, 'c') || has(rights, 'd')));
}

/* "* MYRIGHTS name rights" */
static enum err on_rights(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct bytes name, rights;
	bool *all = arg;
	enum err e;

	(void)number;
	if (!bytes_eq_nocase(keyword, "MYRIGHTS"))
		return ERR_OK;
	if ((e = imap_read_mailbox_name(c, c->scratch, &name)) || (e = imap_expect(&c->reader, ' ')) ||
	    (e = imap_read_string(&c->reader, c->scratch, &rights)))
		return e;
	if (!may_delete(rights))
		*all = false;
	return ERR_OK;
}

enum err imap_may_delete(struct imap *c, const struct bytes *mailboxes, size_t n, bool *all)
{
	enum err e;

	*all = true;
	if (!(c->caps & IMAP_CAP_ACL))
		return ERR_OK;
	for (size_t i = 0; i < n;) {
		if ((e = imap_begin(c)))
			return e;
		while (i < n && imap_pending_bytes(c) < PIPELINE) {
			imap_command(c, "MYRIGHTS ");
			imap_put_mailbox(c, mailboxes[i++]);
		}
		if ((e = imap_run_all(c, on_rights, all)))
			return e;
	}
	return ERR_OK;
}
