/* How fast the codec is: a Sync response of 100 mails as a phone gets them, with bodies of 0.5, 4 and 32 KB.
 * Prints MB of WBXML per second; each figure is the best of several rounds, since the machine may be busy
 * with other things. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wbxml/wbxml.h"

enum { MAILS = 100, ROUNDS = 15 };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct bytes make_body(size_t len)
{
	static const char line[] =
	    "Sehr geehrte Frau M\xC3\xBCller, anbei wie besprochen die Unterlagen f\xC3\xBCr Dienstag.\r\n";
	char *p = malloc(len + sizeof(line));
	size_t n = 0;

	if (!p)
		abort();
	while (n < len) {
		memcpy(p + n, line, sizeof(line) - 1);
		n += sizeof(line) - 1;
	}
	return bytes_of(p, n);
}

static void put_mail(struct wbxml_writer *w, unsigned uid, struct bytes body)
{
	static const uint8_t conversation[16] = { 0x8C, 0x1D, 0x2E };
	char id[32];

	snprintf(id, sizeof(id), "1:%u", uid);
	wbxml_open(w, AIRSYNC_ADD);
	wbxml_put_str(w, AIRSYNC_SERVER_ID, id);
	wbxml_open(w, AIRSYNC_APPLICATION_DATA);
	wbxml_put_str(w, EMAIL_TO, "\"K\xC3\xA4the M\xC3\xBCller\" <kaethe.mueller@example.org>");
	wbxml_put_str(w, EMAIL_FROM, "\"Bob Builder\" <bob@example.com>");
	wbxml_put_str(w, EMAIL_SUBJECT, "Re: Unterlagen f\xC3\xBCr das Treffen am Dienstag");
	wbxml_put_str(w, EMAIL_DATE_RECEIVED, "2026-11-24T13:00:00.000Z");
	wbxml_put_str(w, EMAIL_DISPLAY_TO, "K\xC3\xA4the M\xC3\xBCller");
	wbxml_put_str(w, EMAIL_THREAD_TOPIC, "Unterlagen f\xC3\xBCr das Treffen am Dienstag");
	wbxml_put_uint(w, EMAIL_IMPORTANCE, 1);
	wbxml_put_uint(w, EMAIL_READ, 0);
	wbxml_open(w, AIRSYNCBASE_BODY);
	wbxml_put_uint(w, AIRSYNCBASE_TYPE, 1);
	wbxml_put_uint(w, AIRSYNCBASE_ESTIMATED_DATA_SIZE, body.len);
	wbxml_put_uint(w, AIRSYNCBASE_TRUNCATED, 1);
	wbxml_put(w, AIRSYNCBASE_DATA, body);
	wbxml_close(w);
	wbxml_put_str(w, EMAIL_MESSAGE_CLASS, "IPM.Note");
	wbxml_put_str(w, EMAIL_INTERNET_CPID, "65001");
	wbxml_put_str(w, EMAIL_CONTENT_CLASS, "urn:content-classes:message");
	wbxml_put_uint(w, AIRSYNCBASE_NATIVE_BODY_TYPE, 2);
	wbxml_put(w, EMAIL2_CONVERSATION_ID, bytes_of(conversation, sizeof(conversation)));
	wbxml_put(w, EMAIL2_CONVERSATION_INDEX, bytes_of(conversation, 5));
	wbxml_close(w);
	wbxml_close(w);
}

static struct bytes encode(struct arena *a, struct bytes body)
{
	struct wbxml_writer w;
	struct bytes out;
	struct buf b;

	buf_init(&b, a, 0);
	wbxml_writer_init(&w, &b);
	wbxml_open(&w, AIRSYNC_SYNC);
	wbxml_open(&w, AIRSYNC_COLLECTIONS);
	wbxml_open(&w, AIRSYNC_COLLECTION);
	wbxml_put_str(&w, AIRSYNC_SYNC_KEY, "2");
	wbxml_put_str(&w, AIRSYNC_COLLECTION_ID, "1");
	wbxml_put_uint(&w, AIRSYNC_STATUS, 1);
	wbxml_put_empty(&w, AIRSYNC_MORE_AVAILABLE);
	wbxml_open(&w, AIRSYNC_COMMANDS);
	for (unsigned i = 0; i < MAILS; i++)
		put_mail(&w, i + 1, body);
	while (w.depth)
		wbxml_close(&w);
	if (wbxml_done(&w, &out))
		abort();
	return out;
}

static size_t count_events(struct bytes doc)
{
	struct wbxml_reader r;
	struct wbxml_event ev = { .kind = WBXML_START };
	size_t n = 0;

	if (wbxml_reader_init(&r, doc))
		abort();
	for (; ev.kind != WBXML_EOF; n++)
		if (wbxml_reader_next(&r, &ev))
			abort();
	return n;
}

/* Seconds of the best round; repeats inside a round make it long enough to be measured. */
static double best(int what, struct bytes body, struct bytes doc)
{
	unsigned repeats = 1 + (unsigned)((8u << 20) / doc.len);
	double fastest = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_s(), took;

		for (unsigned i = 0; i < repeats; i++) {
			struct arena *a = arena_new((size_t)64 << 20);
			struct wbxml_node *root;

			if (what == 0)
				encode(a, body);
			else if (what == 1)
				count_events(doc);
			else if (wbxml_tree(a, doc, 100000, &root, NULL, NULL))
				abort();
			arena_free(&a);
		}
		took = (now_s() - start) / repeats;
		if (took < fastest)
			fastest = took;
	}
	return fastest;
}

int main(void)
{
	static const size_t bodies[] = { 500, 4096, 32768 };

	printf("wbxml: Sync response of %d mails    encode      read      tree   (MB/s)\n", MAILS);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct arena *a = arena_new((size_t)64 << 20);
		struct bytes body = make_body(bodies[i]), doc = encode(a, body);
		double mb = (double)doc.len / 1e6;

		printf("  bodies of %5zu bytes, %7zu in all %9.0f %9.0f %9.0f\n", bodies[i], doc.len,
		    mb / best(0, body, doc), mb / best(1, body, doc), mb / best(2, body, doc));
		arena_free(&a);
		free((void *)(uintptr_t)body.p);
	}
	return 0;
}
