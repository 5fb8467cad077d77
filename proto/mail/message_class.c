#include "mail/message_class.h"

#include "mail/smime.h"

/* The value of a field in the groups of a report part; the words that matter stand first in it. */
static bool report_says(struct bytes text, const char *field, const char *word)
{
	struct bytes line, name;

	while (bytes_split(&text, '\n', &line)) {
		if (!bytes_split(&line, ':', &name) || !bytes_eq_nocase(bytes_trim(name), field))
			continue;
		/* Disposition: manual-action/MDN-sent-manually; displayed */
		for (struct bytes value; bytes_split(&line, ';', &value);)
			if (bytes_starts_nocase(bytes_trim(value), word))
				return true;
	}
	return false;
}

static const char *delivery_class(struct bytes text)
{
	if (report_says(text, "Action", "failed"))
		return "REPORT.IPM.NOTE.NDR";
	if (report_says(text, "Action", "delayed"))
		return "REPORT.IPM.NOTE.DELAYED";
	if (report_says(text, "Action", "delivered") || report_says(text, "Action", "relayed") ||
	    report_says(text, "Action", "expanded"))
		return "REPORT.IPM.NOTE.DR";
	return "REPORT.IPM.NOTE.NDR";
}

static const char *report_class(const struct body_plan *plan)
{
	size_t at = plan->n_text + plan->n_preview;
	const struct body_fetch *f = plan->n_fetch > at ? &plan->fetch[at] : NULL;

	if (!f || !f->part || !mime_is(f->part, "message", NULL))
		return "IPM.Note";
	if (mime_is(f->part, "message", "delivery-status"))
		return delivery_class(f->data);
	return report_says(f->data, "Disposition", "deleted") ? "REPORT.IPM.NOTE.IPNNRN"
							      : "REPORT.IPM.NOTE.IPNRN";
}

const char *message_class(const struct body_plan *plan)
{
	const struct mime_part *root = plan ? plan->root : NULL;
	enum smime_kind kind;

	if (!root)
		return "IPM.Note";
	kind = smime_kind_of(root);
	if (kind)
		return kind == SMIME_CLEAR ? "IPM.Note.SMIME.MultipartSigned" : "IPM.Note.SMIME";
	if (mime_is(root, "multipart", "report"))
		return report_class(plan);
	/* A meeting class promises a MeetingRequest element, which needs the calendar: without one a phone
	 * offers buttons that lead nowhere. Until then an invitation is a note with its text and an .ics
	 * file. */
	return "IPM.Note";
}
