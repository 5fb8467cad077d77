/* Which mails belong together: MS-ASCON 2.2.2.3, 2.2.2.4. */
#include "testing.h"
#include "mail/conversation.h"

static struct header header(const char *block)
{
	struct header h;

	assert_int_equal(header_parse(test_arena(), test_copy(bytes_str(block)), &h), ERR_OK);
	return h;
}

static struct bytes id_of(const char *block)
{
	struct header h = header(block);
	struct bytes id;

	assert_int_equal(conversation_id(test_arena(), &h, &id), ERR_OK);
	return id;
}

/* Thread-Index: 01, five bytes of time, a GUID of 16 bytes, two levels of five. */
#define INDEX "Thread-Index: AQIDBAUGEBESExQVFhcYGRobHB0eH6Chpcep0NHS09Q=\r\n"
#define GUID "10 11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F"

static const struct same_case {
	const char *name, *a, *b;
	bool same;
} same_cases[] = {
	{ "a reply and its original", "Message-ID: <1@x>\r\n", "Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n",
	    true },
	{ "the first reference counts", "Message-ID: <1@x>\r\n",
	    "Message-ID: <3@x>\r\nIn-Reply-To: <2@x>\r\nReferences: <1@x> <2@x>\r\n", true },
	{ "two replies", "References: <1@x> <2@x>\r\n", "References: <1@x>\r\n <3@x>\r\n", true },
	{ "two mails", "Message-ID: <1@x>\r\n", "Message-ID: <2@x>\r\n", false },
	{ "ids before Thread-Index: members without one agree", "Message-ID: <1@x>\r\n" INDEX,
	    "In-Reply-To: <1@x>\r\n", true },
	{ "topics", "Subject: Lunch\r\n", "Subject: Re: AW: Lunch\r\n", true },
	{ "topics in Chinese", "Subject: 午餐\r\n", "Subject: 回复：午餐\r\n", true },
	{ "other topics", "Subject: Lunch\r\n", "Subject: Dinner\r\n", false },
};

static void same_thread(const struct same_case *c)
{
	struct bytes a = id_of(c->a), b = id_of(c->b);

	assert_int_equal(a.len, 16);
	assert_int_equal(b.len, 16);
	assert_int_equal(bytes_eq(a, b), c->same);
}
TEST_ROW(same_thread)

static void the_guid_of_a_thread_index(void **state)
{
	(void)state;
	assert_bytes_equal(id_of(INDEX "Subject: x\r\n"), test_hex(GUID));
	assert_int_equal(id_of("Thread-Index: broken\r\n").len, 0);
	assert_int_equal(id_of("From: a@b\r\n").len, 0);
}

static const struct index_case {
	const char *name, *block;
	int64_t received;
	const char *want;
} index_cases[] = {
	/* 2024-05-21 08:15:00 UTC is FILETIME 0x01DAAB56F95CDA00 */
	{ "from the time of delivery", "", 1716279300, "DA AB 56 F9 5C" },
	{ "1601", "", -11644473600, "00 00 00 00 00" },
	{ "from Thread-Index with its levels", INDEX, 1716279300,
	    "02 03 04 05 06 A0 A1 A5 C7 A9 D0 D1 D2 D3 D4" },
	{ "a short Thread-Index", "Thread-Index: AQIDBAU=\r\n", -11644473600, "00 00 00 00 00" },
};

static void indexes(const struct index_case *c)
{
	struct header h = header(c->block);
	struct bytes got;

	assert_int_equal(conversation_index(test_arena(), &h, c->received, &got), ERR_OK);
	assert_bytes_equal(got, test_hex(c->want));
}
TEST_ROW(indexes)

static const struct topic_case {
	const char *name, *block, *want;
} topic_cases[] = {
	{ "a subject", "Subject: Lunch\r\n", "Lunch" },
	{ "none", "", "" },
	{ "a reply", "Subject: Re: Lunch\r\n", "Lunch" },
	{ "prefixes of many", "Subject: RE: AW: Fwd:  SV: Lunch\r\n", "Lunch" },
	{ "counted", "Subject: Re[3]: Lunch\r\n", "Lunch" },
	{ "a blank before the colon", "Subject: Re : Lunch\r\n", "Lunch" },
	{ "a word that begins alike", "Subject: Reform: Lunch\r\n", "Reform: Lunch" },
	{ "an open bracket", "Subject: Re[3: Lunch\r\n", "Re[3: Lunch" },
	{ "nothing but a prefix", "Subject: Re:\r\n", "" },
	{ "counted in round brackets", "Subject: Re(2): AW(3): Lunch\r\n", "Lunch" },
	{ "Italian", "Subject: R: I: Pranzo\r\n", "Pranzo" },
	{ "Polish and Swedish", "Subject: ODP: VB: Lunch\r\n", "Lunch" },
	{ "Chinese", "Subject: 回复: 转发：答复：午餐\r\n", "午餐" },
	{ "Chinese of Taiwan", "Subject: 回覆：轉寄： 午餐\r\n", "午餐" },
	{ "Japanese", "Subject: 返信: Re：転送：昼食\r\n", "昼食" },
	{ "Korean", "Subject: 회신: 전달: 점심\r\n", "점심" },
	{ "Greek, Russian, Hungarian", "Subject: ΑΠ: Отв: VÁ: x\r\n", "x" },
	{ "a wide colon in the subject", "Subject: 午餐：今天\r\n", "午餐：今天" },
	{ "encoded", "Subject: =?utf-8?Q?Re:_Gr=C3=BC=C3=9Fe?=\r\n",
	    "Gr\xC3\xBC\xC3\x9F"
	    "e" },
	{ "Thread-Topic wins", "Thread-Topic: T\r\nSubject: Re: S\r\n", "T" },
};

static void topics(const struct topic_case *c)
{
	struct header h = header(c->block);
	struct bytes got;

	assert_int_equal(conversation_topic(test_arena(), &h, &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(topics)

int main(void)
{
	TEST_ADD_ROWS(same_thread, same_cases);
	TEST_ADD(the_guid_of_a_thread_index);
	TEST_ADD_ROWS(indexes, index_cases);
	TEST_ADD_ROWS(topics, topic_cases);
	return test_run("mail conversation");
}
