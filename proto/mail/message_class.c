#include "mail/message_class.h"

#include "mail/smime.h"
#include "mail/tnef_part.h"
#include "mail/transfer.h"

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

/* ---- reports ---- */

/* The class of a delivery report goes by what it is about. MS-ASEMAIL has no others than these. */
static const struct report_class {
	const char *failed, *delivered;
} reports_on[] = {
	{ "REPORT.IPM.NOTE.NDR", "REPORT.IPM.NOTE.DR" },
	{ "REPORT.IPM.NOTE.SMIME.NDR", "REPORT.IPM.NOTE.SMIME.DR" },
	{ "REPORT.IPM.NOTE.SMIME.MULTIPARTSIGNED.NDR", "REPORT.IPM.NOTE.SMIME.MULTIPARTSIGNED.DR" },
	{ "REPORT.IPM.SCHEDULE.MEETING.REQUEST.NDR", "REPORT.IPM.NOTE.DR" },
	{ "REPORT.IPM.SCHEDULE.MEETING.CANCELED.NDR", "REPORT.IPM.NOTE.DR" },
};
enum { ON_NOTE, ON_SMIME, ON_SIGNED, ON_REQUEST, ON_CANCELED };

/* An invitation says so in its type (RFC 6047, 2.4). An answer's kind stands inside it, where the structure doesn't tell. */
static const struct report_class *report_on(const struct mime_part *mail)
{
	enum smime_kind kind = mail ? smime_kind_of(mail) : SMIME_NONE;

	if (kind)
		return &reports_on[kind == SMIME_CLEAR ? ON_SIGNED : ON_SMIME];
	for (const struct mime_part *p = mail, *next; p; p = next) {
		next = mime_is(p, "message", NULL) ? mime_part_skip(mail, p) : mime_part_next(mail, p);
		if (!mime_is(p, "text", "calendar"))
			continue;
		if (bytes_eq_nocase(mime_param(&p->params, "method"), "REQUEST"))
			return &reports_on[ON_REQUEST];
		if (bytes_eq_nocase(mime_param(&p->params, "method"), "CANCEL"))
			return &reports_on[ON_CANCELED];
	}
	return &reports_on[ON_NOTE];
}

static const char *delivery_class(struct bytes text, const struct report_class *on)
{
	if (report_says(text, "Action", "failed"))
		return on->failed;
	if (report_says(text, "Action", "delayed"))
		return "REPORT.IPM.NOTE.DELAYED";
	if (report_says(text, "Action", "delivered") || report_says(text, "Action", "relayed") ||
	    report_says(text, "Action", "expanded"))
		return on->delivered;
	return on->failed;
}

static enum err report_class(struct arena *a, const struct body_plan *plan, const char **out)
{
	size_t at = plan->n_text + plan->n_preview;
	const struct body_fetch *f = plan->n_fetch > at ? &plan->fetch[at] : NULL;
	struct bytes text;
	enum err e;

	*out = "IPM.Note";
	if (!f || !f->part || !mime_is_report(f->part))
		return ERR_OK;
	if ((e = transfer_decode(a, f->part->encoding, f->data, &text)))
		return e;
	if (mime_is(f->part, "message", "delivery-status") ||
	    mime_is(f->part, "message", "global-delivery-status"))
		*out = delivery_class(text, report_on(plan->reported));
	else
		*out = report_says(text, "Disposition", "deleted") ? "REPORT.IPM.NOTE.IPNNRN"
								   : "REPORT.IPM.NOTE.IPNRN";
	return ERR_OK;
}

/* ---- winmail.dat ---- */

/* What TNEF calls it, and what a phone is told. A class that is not listed says no more than the structure, or promises one
 * that TNEF hasn't (S/MIME). Invitations and cancellations aren't listed either: their classes promise a MeetingRequest element, which
 * needs the calendar, and without it a phone offers buttons that lead nowhere. Until then they are notes. What follows behind a dot is a form of somebody's own. Sources: MS-OXTNEF (attMessageClass), for
 * its own names; MS-ASEMAIL 2.2.2.49. */
static const struct item_class {
	const char *item, *told;
} item_classes[] = {
	{ "IPM.Microsoft Schedule.MtgRespP", "IPM.Schedule.Meeting.Resp.Pos" },
	{ "IPM.Microsoft Schedule.MtgRespA", "IPM.Schedule.Meeting.Resp.Tent" },
	{ "IPM.Microsoft Schedule.MtgRespN", "IPM.Schedule.Meeting.Resp.Neg" },
	{ "IPM.Microsoft Mail.Read Receipt", "REPORT.IPM.NOTE.IPNRN" },
	{ "IPM.Microsoft Mail.Non-Delivery", "REPORT.IPM.NOTE.NDR" },
	{ "IPM.Schedule.Meeting.Resp.Pos", NULL },
	{ "IPM.Schedule.Meeting.Resp.Tent", NULL },
	{ "IPM.Schedule.Meeting.Resp.Neg", NULL },
	{ "IPM.Notification.Meeting", NULL },
	{ "IPM.InfoPathForm", NULL },
	{ "IPM.Post", NULL },
	{ "IPM.Sharing", NULL },
	{ "IPM.Octel.Voice", NULL },
	{ "IPM.Voicenotes", NULL },
	{ "IPM.Note.Microsoft.Voicemail", NULL },
	{ "IPM.Note.RPMSG.Microsoft.Voicemail", NULL },
	{ "IPM.Note.Microsoft.Missed.Voice", NULL },
	{ "REPORT.IPM.NOTE.NDR", NULL },
	{ "REPORT.IPM.NOTE.DR", NULL },
	{ "REPORT.IPM.NOTE.DELAYED", NULL },
	{ "REPORT.IPM.NOTE.IPNRN", NULL },
	{ "REPORT.IPM.NOTE.IPNNRN", NULL },
	{ "REPORT.IPM.SCHEDULE.MEETING.REQUEST.NDR", NULL },
	{ "REPORT.IPM.SCHEDULE.MEETING.RESP.POS.NDR", NULL },
	{ "REPORT.IPM.SCHEDULE.MEETING.RESP.TENT.NDR", NULL },
	{ "REPORT.IPM.SCHEDULE.MEETING.CANCELED.NDR", NULL },
};

static bool is_class(struct bytes class, const char *name)
{
	size_t n = strlen(name);

	return bytes_starts_nocase(class, name) && (class.len == n || class.p[n] == '.');
}

/* NULL: that says nothing. */
static const char *class_of_item(struct bytes class)
{
	static const char old[] = "Microsoft Mail v3.0 ";

	if (bytes_starts_nocase(class, old))
		class = bytes_of(class.p + sizeof(old) - 1, class.len - (sizeof(old) - 1));
	for (size_t i = 0; i < sizeof(item_classes) / sizeof(item_classes[0]); i++)
		if (is_class(class, item_classes[i].item))
			return item_classes[i].told ? item_classes[i].told : item_classes[i].item;
	return NULL;
}

/* ---- all ---- */

static const char *const smime_classes[] = {
	[SMIME_CLEAR] = "IPM.Note.SMIME.MultipartSigned",
	[SMIME_SIGNED] = "IPM.Note.SMIME",
	[SMIME_ENCRYPTED] = "IPM.Note.SMIME",
	[SMIME_RECEIPT] = "IPM.Note.Receipt.SMIME",
};

enum err message_class(struct arena *a, const struct body_plan *plan, const char **out)
{
	const struct mime_part *root = plan ? plan->root : NULL;
	const struct tnef *item = root ? tnef_of_mail(root) : NULL;
	enum smime_kind kind;

	*out = item ? class_of_item(item->message_class) : NULL;
	if (*out)
		return ERR_OK;
	*out = "IPM.Note";
	if (!root)
		return ERR_OK;
	kind = smime_kind_of(root);
	if (kind)
		*out = smime_classes[kind];
	else if (mime_is(root, "multipart", "report"))
		return report_class(a, plan, out);
	return ERR_OK;
}

bool message_class_is_voice(const char *class)
{
	struct bytes c = bytes_str(class);

	return is_class(c, "IPM.Note.Microsoft.Voicemail") ||
	       is_class(c, "IPM.Note.RPMSG.Microsoft.Voicemail") ||
	       is_class(c, "IPM.Note.Microsoft.Missed.Voice");
}

bool message_class_is_meeting(const char *class)
{
	return bytes_starts_nocase(bytes_str(class), "IPM.Schedule.Meeting.");
}
