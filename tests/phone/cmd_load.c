/* easphone load: the crowd of load.h, with figures as JSON. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "load.h"

static json_t *latency_json(const struct phone_load_latency *l)
{
	return json_pack("{s:I, s:f, s:f, s:f, s:f}", "count", (json_int_t)l->count, "p50_ms", l->p50,
	    "p90_ms", l->p90, "p99_ms", l->p99, "max_ms", l->max);
}

static void print_figures(
    const struct cli *c, const struct phone_load_figures *setup, const struct phone_load_figures *f)
{
	json_t *doc = json_pack("{s:s, s:i, s:i, s:i, s:f, s:I, s:f, s:I, s:I, s:s}", "mode", c->mode,
	    "phones", (int)f->phones, "ready", (int)f->ready, "held", (int)f->held, "seconds", f->seconds,
	    "requests", (json_int_t)f->requests, "requests_per_second", (double)f->requests / f->seconds,
	    "pushes", (json_int_t)f->pushes, "errors", (json_int_t)(f->errors + setup->errors), "first_error",
	    setup->first_error[0] ? setup->first_error : f->first_error);

	json_object_set_new(doc, "setup", latency_json(&setup->setup));
	json_object_set_new(doc, "sync", latency_json(&f->sync));
	json_object_set_new(doc, "ping", latency_json(&f->ping));
	json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(doc);
}

int cmd_load(const struct cli *c)
{
	struct event_base *base = event_base_new();
	unsigned setup_limit_s = 60 + 5 * c->phones / (c->ramp_per_s ? c->ramp_per_s : 1);
	struct phone_load_config config = { .url = c->url,
		.user = c->user,
		.password = c->password,
		.ca_file = c->ca_file,
		.insecure = c->insecure,
		.accounts = c->accounts,
		.version = c->version,
		.mode = !strcmp(c->mode, "sync") ? PHONE_LOAD_SYNC : PHONE_LOAD_PING,
		.heartbeat_s = c->heartbeat_s,
		.ramp_per_s = c->ramp_per_s,
		.change_percent = c->change_percent,
		.pause_ms = c->pause_ms };
	struct phone_load_figures setup, figures;
	const char *problem;
	struct phone_load *l = phone_load_new(base, &config, &problem);

	if (!l) {
		fprintf(stderr, "easphone: %s\n", problem);
		event_base_free(base);
		return 1;
	}
	phone_load_grow(l, c->phones);
	if (!phone_load_run_until_ready(l, c->phones, setup_limit_s))
		fprintf(stderr, "easphone: not all phones got ready within %u s\n", setup_limit_s);
	phone_load_figures(l, &setup);
	phone_load_reset(l);
	phone_load_run(l, c->seconds * 1000);
	phone_load_figures(l, &figures);
	print_figures(c, &setup, &figures);
	phone_load_free(&l);
	event_base_free(base);
	return figures.ready == c->phones && !figures.errors && !setup.errors ? 0 : 1;
}
