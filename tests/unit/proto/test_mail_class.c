/* MessageClass: MS-ASEMAIL 2.2.2.49; reports by RFC 3464 and RFC 8098. */
#include "testing.h"
#include "mail/message_class.h"
#include "unit/proto/mail_sample.h"

#define MULTI(kind, parts) \
	"Content-Type: multipart/" kind "; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n" parts "--b--\r\n"
#define STATUS(text)    \
	MULTI("report", \
	    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n" text "\r\n")
#define RETURNED(action, original) STATUS("Action: " action "\r\n\r\n--b\r\nContent-Type: " original)
#define SIGNED "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=s\r\n\r\n"
#define ENCRYPTED "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx"
#define INVITATION(method)                                                                                \
	"Content-Type: multipart/alternative; boundary=s\r\n\r\n--s\r\n\r\nCome\r\n--s\r\nContent-Type: " \
	"text/calendar; method=" method "\r\n\r\nBEGIN:VCALENDAR\r\n--s--\r\n"
#define RECEIPT(text) \
	MULTI("report", "--b\r\nContent-Type: message/disposition-notification\r\n\r\n" text "\r\n")

static const struct class_case {
	const char *name, *raw, *want;
} class_cases[] = {
	{ "a note", "Subject: x\r\n\r\ny", "IPM.Note" },
	{ "S/MIME, signed", MULTI("signed; protocol=\"application/pkcs7-signature\"", ""),
	    "IPM.Note.SMIME.MultipartSigned" },
	{ "S/MIME, signed, old name", MULTI("signed; protocol=application/x-pkcs7-signature", ""),
	    "IPM.Note.SMIME.MultipartSigned" },
	{ "PGP, signed", MULTI("signed; protocol=\"application/pgp-signature\"", ""), "IPM.Note" },
	{ "S/MIME, encrypted", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx",
	    "IPM.Note.SMIME" },
	{ "S/MIME, only its name says so",
	    "Content-Type: application/octet-stream; name=\"smime.P7M\"\r\n\r\nx", "IPM.Note.SMIME" },
	{ "a file of another name", "Content-Type: application/octet-stream; name=p7m\r\n\r\nx", "IPM.Note" },
	{ "S/MIME, clear, of a short protocol", MULTI("signed; protocol=application/", ""), "IPM.Note" },
	{ "not delivered", STATUS("Action: failed\r\nStatus: 5.1.1"), "REPORT.IPM.NOTE.NDR" },
	{ "late", STATUS("Action: Delayed"), "REPORT.IPM.NOTE.DELAYED" },
	{ "delivered", STATUS("Action: delivered"), "REPORT.IPM.NOTE.DR" },
	{ "relayed", STATUS("Action: relayed"), "REPORT.IPM.NOTE.DR" },
	{ "one of two failed", STATUS("Action: delivered\r\n\r\nAction: failed"), "REPORT.IPM.NOTE.NDR" },
	{ "a note returned", RETURNED("failed", "message/rfc822\r\n\r\nSubject: x\r\n\r\ny"),
	    "REPORT.IPM.NOTE.NDR" },
	{ "signed and returned", RETURNED("failed", "message/rfc822\r\n\r\n" SIGNED "--s\r\n\r\nx\r\n--s--"),
	    "REPORT.IPM.NOTE.SMIME.MULTIPARTSIGNED.NDR" },
	{ "signed and delivered",
	    RETURNED("delivered", "message/rfc822\r\n\r\n" SIGNED "--s\r\n\r\nx\r\n--s--"),
	    "REPORT.IPM.NOTE.SMIME.MULTIPARTSIGNED.DR" },
	{ "encrypted and returned", RETURNED("failed", "message/rfc822\r\n\r\n" ENCRYPTED),
	    "REPORT.IPM.NOTE.SMIME.NDR" },
	{ "encrypted and delivered", RETURNED("relayed", "message/global\r\n\r\n" ENCRYPTED),
	    "REPORT.IPM.NOTE.SMIME.DR" },
	{ "encrypted and late", RETURNED("delayed", "message/rfc822\r\n\r\n" ENCRYPTED),
	    "REPORT.IPM.NOTE.DELAYED" },
	{ "signed, its header returned",
	    RETURNED("failed", "text/rfc822-headers\r\n\r\nSubject: x\r\n" SIGNED),
	    "REPORT.IPM.NOTE.SMIME.MULTIPARTSIGNED.NDR" },
	{ "encrypted, its header returned in base64",
	    RETURNED("delivered", "text/rfc822-headers\r\nContent-Transfer-Encoding: base64\r\n\r\n"
				  "Q29udGVudC1UeXBlOiBhcHBsaWNhdGlvbi9wa2NzNy1taW1lCgo="),
	    "REPORT.IPM.NOTE.SMIME.DR" },
	{ "an invitation returned", RETURNED("failed", "message/rfc822\r\n\r\n" INVITATION("REQUEST")),
	    "REPORT.IPM.SCHEDULE.MEETING.REQUEST.NDR" },
	{ "an invitation delivered", RETURNED("delivered", "message/rfc822\r\n\r\n" INVITATION("REQUEST")),
	    "REPORT.IPM.NOTE.DR" },
	{ "a cancellation returned", RETURNED("failed", "message/rfc822\r\n\r\n" INVITATION("cancel")),
	    "REPORT.IPM.SCHEDULE.MEETING.CANCELED.NDR" },
	{ "an answer returned", RETURNED("failed", "message/rfc822\r\n\r\n" INVITATION("REPLY")),
	    "REPORT.IPM.NOTE.NDR" },
	{ "a forwarded invitation returned",
	    RETURNED(
		"failed", "message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n" INVITATION("REQUEST")),
	    "REPORT.IPM.NOTE.NDR" },
	{ "read", RECEIPT("Disposition: manual-action/MDN-sent-manually; displayed"),
	    "REPORT.IPM.NOTE.IPNRN" },
	{ "deleted unread", RECEIPT("Disposition: automatic-action/MDN-sent-automatically; deleted"),
	    "REPORT.IPM.NOTE.IPNNRN" },
	{ "late, in international form",
	    MULTI("report",
		"--b\r\nContent-Type: message/global-delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
		"Action: delayed\r\n"),
	    "REPORT.IPM.NOTE.DELAYED" },
	{ "late, in base64",
	    MULTI("report",
		"--b\r\nContent-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		"UmVwb3J0aW5nLU1UQTogZG5zOyB4CgpBY3Rpb246IGRlbGF5ZWQK\r\n"),
	    "REPORT.IPM.NOTE.DELAYED" },
	{ "S/MIME, signed, no protocol",
	    MULTI("signed", "--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n"),
	    "IPM.Note.SMIME.MultipartSigned" },
	{ "PGP, signed, no protocol",
	    MULTI("signed", "--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n"), "IPM.Note" },
	{ "S/MIME, only its encoded name says so",
	    "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; "
	    "filename*=utf-8''smime.p7m\r\n\r\nx",
	    "IPM.Note.SMIME" },
	{ "S/MIME, a receipt", "Content-Type: application/pkcs7-mime; smime-type=signed-receipt\r\n\r\nx",
	    "IPM.Note.Receipt.SMIME" },
	{ "a report of something else",
	    MULTI("report", "--b\r\nContent-Type: message/feedback-report\r\n\r\nx\r\n"), "IPM.Note" },
};

static void classes(const struct class_case *c)
{
	struct sync_options o = sample_options(BODY_PLAIN, 100, 0);
	struct sample s;

	assert_int_equal(sample_make(test_arena(), bytes_str(c->raw), &o, EAS_16_1, false, &s), ERR_OK);
	assert_string_equal(sample_class(test_arena(), &s.plan), c->want);
}
TEST_ROW(classes)

static void nothing_known(void **state)
{
	(void)state;
	assert_string_equal(sample_class(test_arena(), NULL), "IPM.Note");
}

int main(void)
{
	TEST_ADD_ROWS(classes, class_cases);
	TEST_ADD(nothing_known);
	return test_run("mail class");
}
