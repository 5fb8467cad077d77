#ifndef EASGATE_AUTODISCOVER_H
#define EASGATE_AUTODISCOVER_H

#include "request.h"

/* How phones find us. Source: MS-ASCMD 2.2.1.1; the JSON form (version 2) is as Exchange Online answers it. */

/* POX (autodiscover.xml), for a user who has signed in. */
enum err autodiscover_xml(struct request *rq) MUST_CHECK;
/* JSON (autodiscover.json), for anybody. rest: what stands in the path behind ".json" */
enum err autodiscover_json(struct request *rq, struct bytes rest) MUST_CHECK;

#endif
