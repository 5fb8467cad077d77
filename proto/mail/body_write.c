#include "mail/body_write.h"

static void put_gap(struct wbxml_writer *w, size_t *gap)
{
	wbxml_open(w, AIRSYNCBASE_DATA);
	*gap = wbxml_gap(w);
	wbxml_close(w);
}

/* Windows Phone rejects Truncated 0, iOS an empty Data: what says nothing is left out. */
void body_write(struct wbxml_writer *w, enum eas_version version, const struct body *b,
    uint32_t multipart_number, size_t *gap)
{
	if (b->type == BODY_NONE)
		return;
	wbxml_open(w, AIRSYNCBASE_BODY);
	wbxml_put_uint(w, AIRSYNCBASE_TYPE, b->type);
	wbxml_put_uint(w, AIRSYNCBASE_ESTIMATED_DATA_SIZE, b->estimated_size);
	if (b->truncated)
		wbxml_put_uint(w, AIRSYNCBASE_TRUNCATED, 1);
	if (b->data.len && !multipart_number)
		wbxml_put(w, AIRSYNCBASE_DATA, b->data);
	if (b->passes && !multipart_number)
		put_gap(w, gap);
	if (b->preview.len && version >= EAS_14_0)
		wbxml_put(w, AIRSYNCBASE_PREVIEW, b->preview);
	if ((b->data.len || b->passes) && multipart_number)
		wbxml_put_uint(w, ITEMOPERATIONS_PART, multipart_number);
	wbxml_close(w);
}
