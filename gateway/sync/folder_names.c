#include "sync/folder_names.h"

/* What mail programs call their special folders when they make them. The first of each type is our own default. */
static const struct {
	const char *name;
	enum folder_type type;
} names[] = {
	{ "Drafts", FOLDER_DRAFTS },
	{ "Draft", FOLDER_DRAFTS },
	{ "Entwürfe", FOLDER_DRAFTS },
	{ "Brouillons", FOLDER_DRAFTS },
	{ "Borradores", FOLDER_DRAFTS },
	{ "Bozze", FOLDER_DRAFTS },
	{ "Concepten", FOLDER_DRAFTS },
	{ "Rascunhos", FOLDER_DRAFTS },
	{ "Utkast", FOLDER_DRAFTS },
	{ "Kladder", FOLDER_DRAFTS },
	{ "Luonnokset", FOLDER_DRAFTS },
	{ "Szkice", FOLDER_DRAFTS },
	{ "Kopie robocze", FOLDER_DRAFTS },
	{ "Koncepty", FOLDER_DRAFTS },
	{ "Черновики", FOLDER_DRAFTS },
	{ "下書き", FOLDER_DRAFTS },
	{ "草稿", FOLDER_DRAFTS },

	{ "Sent", FOLDER_SENT },
	{ "Sent Items", FOLDER_SENT },
	{ "Sent Messages", FOLDER_SENT },
	{ "Sent Mail", FOLDER_SENT },
	{ "Sent-Mail", FOLDER_SENT },
	{ "Gesendet", FOLDER_SENT },
	{ "Gesendete Elemente", FOLDER_SENT },
	{ "Gesendete Objekte", FOLDER_SENT },
	{ "Envoyés", FOLDER_SENT },
	{ "Éléments envoyés", FOLDER_SENT },
	{ "Messages envoyés", FOLDER_SENT },
	{ "Enviados", FOLDER_SENT },
	{ "Elementos enviados", FOLDER_SENT },
	{ "Posta inviata", FOLDER_SENT },
	{ "Inviati", FOLDER_SENT },
	{ "Verzonden", FOLDER_SENT },
	{ "Verzonden items", FOLDER_SENT },
	{ "Skickat", FOLDER_SENT },
	{ "Sendt", FOLDER_SENT },
	{ "Lähetetyt", FOLDER_SENT },
	{ "Wysłane", FOLDER_SENT },
	{ "Elementy wysłane", FOLDER_SENT },
	{ "Odeslané", FOLDER_SENT },
	{ "Отправленные", FOLDER_SENT },
	{ "送信済み", FOLDER_SENT },
	{ "已发送", FOLDER_SENT },

	{ "Trash", FOLDER_TRASH },
	{ "Deleted Items", FOLDER_TRASH },
	{ "Deleted Messages", FOLDER_TRASH },
	{ "Deleted", FOLDER_TRASH },
	{ "Papierkorb", FOLDER_TRASH },
	{ "Gelöschte Elemente", FOLDER_TRASH },
	{ "Gelöschte Objekte", FOLDER_TRASH },
	{ "Corbeille", FOLDER_TRASH },
	{ "Éléments supprimés", FOLDER_TRASH },
	{ "Papelera", FOLDER_TRASH },
	{ "Elementos eliminados", FOLDER_TRASH },
	{ "Cestino", FOLDER_TRASH },
	{ "Posta eliminata", FOLDER_TRASH },
	{ "Prullenbak", FOLDER_TRASH },
	{ "Verwijderde items", FOLDER_TRASH },
	{ "Lixeira", FOLDER_TRASH },
	{ "Papperskorgen", FOLDER_TRASH },
	{ "Papirkurv", FOLDER_TRASH },
	{ "Roskakori", FOLDER_TRASH },
	{ "Kosz", FOLDER_TRASH },
	{ "Elementy usunięte", FOLDER_TRASH },
	{ "Koš", FOLDER_TRASH },
	{ "Корзина", FOLDER_TRASH },
	{ "Удаленные", FOLDER_TRASH },
	{ "ゴミ箱", FOLDER_TRASH },
	{ "已删除", FOLDER_TRASH },
};

enum folder_type folder_type_of_name(struct bytes name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bytes_eq_nocase(name, names[i].name))
			return names[i].type;
	return FOLDER_USER_MAIL;
}

const char *folder_default_name(enum folder_type type)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type)
			return names[i].name;
	return "";
}
