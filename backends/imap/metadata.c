#include "imap/connection.h"

/* GETMETADATA and SETMETADATA of a mailbox (RFC 5464). */

enum { PIPELINE = 4096 /* bytes of command text */, VALUE_MAX = 16 * 1024 /* larger ones are left out */ };

struct got {
	struct arena *arena;
	struct imap_entry *v;
	size_t n;
};

static enum err on_metadata(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct got *got = arg;
	struct imap_reader *r = &c->reader;
	struct bytes name, value;
	enum err e;

	(void)number;
	if (!bytes_eq_nocase(keyword, "METADATA"))
		return ERR_OK;
	if ((e = imap_read_string(r, c->scratch, &name)) || (e = imap_expect(r, ' ')))
		return e;
	if (!imap_accept(r, '('))
		return ERR_OK; /* only that something has changed */
	while (!imap_accept(r, ')')) {
		if (imap_accept(r, ' '))
			continue;
		if ((e = imap_read_string(r, c->scratch, &name)) || (e = imap_expect(r, ' ')) ||
		    (e = imap_read_string(r, got->arena, &value)))
			return e;
		for (size_t i = 0; i < got->n; i++)
			if (bytes_eq_nocase(name, got->v[i].name))
				got->v[i].value = value;
	}
	return ERR_OK;
}

enum err imap_get_metadata(
    struct imap *c, struct arena *a, struct bytes mailbox, struct imap_entry *v, size_t n)
{
	struct got got = { a, v, n };
	enum err e;

	for (size_t i = 0; i < n; i++)
		v[i].value = (struct bytes){ 0 };
	if (!(c->caps & IMAP_CAP_METADATA))
		return ERR_UNSUPPORTED;
	if (!n)
		return ERR_OK;
	if ((e = imap_begin(c)))
		return e;
	for (size_t i = 0; i < n;) {
		size_t begun = imap_pending_bytes(c);

		imap_command(c, "GETMETADATA (MAXSIZE %d) ", VALUE_MAX);
		imap_put_mailbox(c, mailbox);
		for (const char *before = " ("; i < n && imap_pending_bytes(c) - begun < PIPELINE;
		     before = " ")
			imap_put(c, "%s%s", before, v[i++].name);
		imap_put(c, ")");
	}
	return imap_run(c, on_metadata, &got);
}

enum err imap_set_metadata(struct imap *c, struct bytes mailbox, const char *name, struct bytes value)
{
	enum err e;

	if (!(c->caps & IMAP_CAP_METADATA))
		return ERR_UNSUPPORTED;
	if ((e = imap_begin(c)))
		return e;
	imap_command(c, "SETMETADATA ");
	imap_put_mailbox(c, mailbox);
	imap_put(c, " (%s ", name);
	if (value.p)
		imap_put_string(c, value);
	else
		imap_put(c, "NIL");
	imap_put(c, ")");
	return imap_run(c, NULL, NULL);
}
