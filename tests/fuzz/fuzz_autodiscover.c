#include "fuzz/fuzzing.h"

#include <libxml/parser.h>

#include "eas/autodiscover.h"

/* Whatever a user is called, the answer is well-formed. */
static void must_be_well_formed(struct bytes xml)
{
	xmlDoc *doc =
	    xmlReadMemory((const char *)xml.p, (int)xml.len, NULL, NULL, XML_PARSE_NOERROR | XML_PARSE_HUGE);

	MUST(doc);
	xmlFreeDoc(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(((size_t)1 << 20) + size * 100);
	struct autodiscover_request r = { 0 };
	struct autodiscover_user user;
	struct bytes in = bytes_of(data, size), out;
	struct buf b;
	int code = 0;
	enum err e = autodiscover_parse(a, in, &r, &code);

	MUST(e == ERR_OK || e == ERR_PROTO || e == ERR_UNSUPPORTED || e == ERR_LIMIT);
	MUST(e == ERR_OK || code == AUTODISCOVER_INVALID_REQUEST || code == AUTODISCOVER_NO_PROVIDER);
	MUST(e != ERR_OK || r.email.len > 0);
	user = (struct autodiscover_user){ BYTES("en:us"), in, in };
	buf_init(&b, a, 0);
	autodiscover_put_settings(&b, &user, in);
	MUST(buf_done(&b, &out) == ERR_OK);
	must_be_well_formed(out);
	buf_init(&b, a, 0);
	autodiscover_put_json(&b, in, in);
	MUST(buf_done(&b, &out) == ERR_OK);
	arena_free(&a);
	return 0;
}
