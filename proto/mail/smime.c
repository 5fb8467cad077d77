#include "mail/smime.h"

static bool is_pkcs7(struct bytes name, const char *rest)
{
	if (bytes_starts_nocase(name, "x-"))
		name = bytes_of(name.p + 2, name.len - 2);
	return bytes_eq_nocase(name, rest);
}

/* As it stands: the ending that is looked for is never encoded. */
static struct bytes file_name(const struct mime_part *p)
{
	static const char *const names[] = { "name", "name*", "filename", "filename*" };
	struct bytes name = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !name.len; i++)
		name = mime_param(i < 2 ? &p->params : &p->disposition_params, names[i]);
	return name;
}

/* smime.p7m of type application/octet-stream: some gateways know no better. */
static bool is_named_p7m(const struct mime_part *p)
{
	struct bytes name = file_name(p);

	return mime_is(p, "application", "octet-stream") && name.len > 4 &&
	       bytes_eq_nocase(bytes_of(name.p + name.len - 4, 4), ".p7m");
}

/* By its protocol, or, without one, by the signature that is there. */
static bool is_clear(const struct mime_part *root)
{
	struct bytes protocol = mime_param(&root->params, "protocol");
	const struct mime_part *second = root->child ? root->child->next : NULL;

	if (!mime_is(root, "multipart", "signed"))
		return false;
	if (!protocol.len)
		return second && mime_is(second, "application", NULL) &&
		       is_pkcs7(second->subtype, "pkcs7-signature");
	return bytes_starts_nocase(protocol, "application/") &&
	       is_pkcs7(bytes_of(protocol.p + 12, protocol.len - 12), "pkcs7-signature");
}

enum smime_kind smime_kind_of(const struct mime_part *root)
{
	struct bytes type = mime_param(&root->params, "smime-type");

	if (is_clear(root))
		return SMIME_CLEAR;
	if (is_named_p7m(root))
		return SMIME_ENCRYPTED;
	if (!mime_is(root, "application", NULL) || !is_pkcs7(root->subtype, "pkcs7-mime"))
		return SMIME_NONE;
	if (bytes_eq_nocase(type, "signed-receipt"))
		return SMIME_RECEIPT;
	return bytes_eq_nocase(type, "signed-data") ? SMIME_SIGNED : SMIME_ENCRYPTED;
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
