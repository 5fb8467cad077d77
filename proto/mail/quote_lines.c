#include "mail/quote_lines.h"

enum { SEEN_SEPARATOR = 1, SEEN_RULE = 2, SEEN_FROM = 4, SEEN_SENT = 8 };

enum {
	LONGEST_BLOCK = 12, /* lines, from "From" to "Subject": To and Cc may be folded */
	SEPARATOR_DASHES = 3,
	RULE_LENGTH = 20,
	DIGITS_OF_MOMENT = 6, /* "5.5.26 9:30" */
};

/* As Outlook and Samsung's mail program have them. */
static const char *const originals[] = {
	"Original Message",
	"Ursprüngliche Nachricht",
	"Originalnachricht",
	"Message d'origine",
	"Message d’origine",
	"Message original",
	"Mensaje original",
	"Messaggio originale",
	"Mensagem original",
	"Oorspronkelijk bericht",
	"Oprindelig meddelelse",
	"Opprinnelig melding",
	"Ursprungligt meddelande",
	"Alkuperäinen viesti",
	"Oryginalna wiadomość",
	"Wiadomość oryginalna",
	"Původní zpráva",
	"Eredeti üzenet",
	"Исходное сообщение",
	"Orijinal mesaj",
	"元のメッセージ",
	"原始邮件",
	"邮件原件",
	"원본 메시지",
};

/* In any language each: three of them must meet. */
static const char *const from_labels[] = { "From", "Von", "De", "Da", "Van", "Od", "Från", "Fra", "Lähettäjä",
	"Feladó", "От", "Kimden", "Gönderen", "差出人", "发件人", "寄件者", "보낸 사람" };
static const char *const sent_labels[] = { "Sent", "Date", "Gesendet", "Datum", "Envoyé", "Enviado",
	"Enviada", "Enviado el", "Fecha", "Data", "Inviato", "Verzonden", "Wysłano", "Skickat", "Sendt",
	"Dato", "Lähetetty", "Päivämäärä", "Odesláno", "Elküldve", "Dátum", "Отправлено", "Дата",
	"Gönderildi", "Tarih", "送信日時", "日時", "发送时间", "日期", "寄件日期", "보낸 날짜" };
static const char *const subject_labels[] = { "Subject", "Betreff", "Objet", "Asunto", "Oggetto", "Onderwerp",
	"Assunto", "Temat", "Ämne", "Emne", "Aihe", "Předmět", "Tárgy", "Тема", "Konu", "件名", "主题",
	"主旨", "제목" };

/* Of "Anna wrote:". Of a language that isn't here the line stays, which does less harm than to take a sentence of the sender's for one. */
static const char *const verbs[] = { "wrote", "writes", "said", "schrieb", "schreibt", "écrit", "escribió",
	"escribio", "escribe", "ha scritto", "scrisse", "escreveu", "schreef", "skrev", "kirjoitti",
	"napisał", "pisze", "napsal", "napísal", "írta", "a scris", "написал", "писал", "пишет", "написав",
	"yazdı", "έγραψε", "napisao", "napisala", "menulis", "đã viết", "写道", "寫道", "のメール",
	"書きました", "작성" };

#define HAS_LABEL(line, labels) has_label(line, labels, sizeof(labels) / sizeof((labels)[0]))

/* "From: ", "*From:* " where bold text has become plain, "De : " in French, and the wide colon. */
static bool has_label(struct bytes line, const char *const *labels, size_t n)
{
	bool bold = bytes_starts(line, "*");

	if (bold)
		line = bytes_of(line.p + 1, line.len - 1);
	for (size_t i = 0; i < n; i++) {
		struct bytes rest;

		if (!bytes_starts_nocase(line, labels[i]))
			continue;
		rest = bytes_of(line.p + strlen(labels[i]), line.len - strlen(labels[i]));
		if (bytes_starts(rest, " ") || (bold && bytes_starts(rest, "*")))
			rest = bytes_of(rest.p + 1, rest.len - 1);
		if (bytes_starts(rest, ":") || bytes_starts(rest, "："))
			return true;
	}
	return false;
}

static bool ends_in_colon(struct bytes line)
{
	static const char wide[] = "：";
	size_t n = sizeof(wide) - 1;

	return line.len && (line.p[line.len - 1] == ':' ||
			       (line.len >= n && bytes_eq_str(bytes_of(line.p + line.len - n, n), wide)));
}

/* "-----Original Message-----" */
static bool is_separator(struct bytes line)
{
	size_t dashes = 0;

	while (line.len && line.p[0] == '-') {
		line = bytes_of(line.p + 1, line.len - 1);
		dashes++;
	}
	while (line.len && line.p[line.len - 1] == '-')
		line.len--;
	line = bytes_trim(line);
	for (size_t i = 0; dashes >= SEPARATOR_DASHES && i < sizeof(originals) / sizeof(originals[0]); i++)
		if (bytes_eq_nocase(line, originals[i]))
			return true;
	return false;
}

/* The line of underscores that Outlook draws above what it quotes. */
static bool is_rule(struct bytes line)
{
	size_t n = 0;

	while (n < line.len && line.p[n] == '_')
		n++;
	return n == line.len && n >= RULE_LENGTH;
}

static void begin(struct quote_lines *q, unsigned seen, size_t at)
{
	*q = (struct quote_lines){ .start = at, .seen = seen };
}

static bool is_header(struct bytes line)
{
	return HAS_LABEL(line, from_labels) || HAS_LABEL(line, sent_labels) ||
	       HAS_LABEL(line, subject_labels);
}

/* A line of the block behind its "From:": "Sent:" right behind it and, a few lines further, "Subject:". Other mailers' forwards
 * have them in another order. True: it is complete. */
static bool take_header(struct quote_lines *q, struct bytes line)
{
	q->lines++;
	if (q->lines == 1 && HAS_LABEL(line, sent_labels))
		q->seen |= SEEN_SENT;
	else if (q->seen & SEEN_SENT && HAS_LABEL(line, subject_labels))
		return true;
	if (q->lines > LONGEST_BLOCK || !(q->seen & SEEN_SENT))
		q->seen = 0;
	return false;
}

bool quote_lines_take(struct quote_lines *q, struct bytes line, size_t at)
{
	line = bytes_trim(line);
	if (!line.len) {
		if (q->seen & SEEN_FROM)
			q->seen = 0;
		return false;
	}
	if (q->seen & SEEN_SEPARATOR && (is_header(line) || ends_in_colon(line)))
		return true;
	if (q->seen & SEEN_FROM)
		return take_header(q, line);
	if (HAS_LABEL(line, from_labels))
		begin(q, SEEN_FROM, q->seen & SEEN_RULE ? q->start : at);
	else
		begin(q, is_separator(line) ? SEEN_SEPARATOR : is_rule(line) ? SEEN_RULE : 0, at);
	return false;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static size_t count_digits(struct bytes line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.len; i++)
		n += is_digit(line.p[i]);
	return n;
}

static bool has_at(struct bytes line)
{
	return bytes_find(line, '@') < line.len;
}

static bool has_word(struct bytes line, const char *word)
{
	for (; line.len; line = bytes_of(line.p + 1, line.len - 1))
		if (bytes_starts_nocase(line, word))
			return true;
	return false;
}

static bool has_verb(struct bytes line)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (has_word(line, verbs[i]))
			return true;
	return false;
}

/* "2026-05-05 10:00": of a date and a time. */
static bool has_moment(struct bytes line)
{
	for (size_t i = 1; i + 1 < line.len; i++)
		if (line.p[i] == ':' && is_digit(line.p[i - 1]) && is_digit(line.p[i + 1]))
			return count_digits(line) >= DIGITS_OF_MOMENT;
	return false;
}

bool quote_lines_introduce(struct bytes line, bool apart)
{
	line = bytes_trim(line);
	return ends_in_colon(line) && (has_verb(line) || has_at(line) || has_moment(line)) &&
	       (!apart || count_digits(line) || has_at(line));
}

bool quote_lines_continue(struct bytes first, struct bytes second)
{
	first = bytes_trim(first);
	return first.len && !memchr(".:!?", first.p[first.len - 1], 4) && count_digits(first) &&
	       (has_at(first) || has_at(second));
}
