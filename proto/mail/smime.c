#include "mail/smime.h"

static bool is_pkcs7(struct bytes name, const char *rest)
{
	if (bytes_starts_nocase(name, "x-"))
		name = bytes_of(name.p + 2, name.len - 2);
	return bytes_eq_nocase(name, rest);
}

/* smime.p7m of type application/octet-stream: some gateways know no better. */
static bool is_named_p7m(const struct mime_part *p)
{
	struct bytes name = mime_param(&p->params, "name");

	if (!name.len)
		name = mime_param(&p->disposition_params, "filename");
	return mime_is(p, "application", "octet-stream") && name.len > 4 &&
	       bytes_eq_nocase(bytes_of(name.p + name.len - 4, 4), ".p7m");
}

enum smime_kind smime_kind_of(const struct mime_part *root)
{
	struct bytes protocol = mime_param(&root->params, "protocol");

	if (mime_is(root, "multipart", "signed") && bytes_starts_nocase(protocol, "application/") &&
	    is_pkcs7(bytes_of(protocol.p + 12, protocol.len - 12), "pkcs7-signature"))
		return SMIME_CLEAR;
	if (is_named_p7m(root))
		return SMIME_ENCRYPTED;
	if (!mime_is(root, "application", NULL) || !is_pkcs7(root->subtype, "pkcs7-mime"))
		return SMIME_NONE;
	return bytes_eq_nocase(mime_param(&root->params, "smime-type"), "signed-data") ? SMIME_SIGNED
										       : SMIME_ENCRYPTED;
}

bool smime_is_sealed(const struct mime_part *root)
{
	if (smime_kind_of(root) != SMIME_NONE)
		return true;
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p))
		if (mime_is(p, "multipart", "signed") || mime_is(p, "multipart", "encrypted"))
			return true;
	return false;
}
