/*
 * serve.c - wiring of the HTTP side: server, routes, ingest.
 */
#include "serve.h"

#include <stdlib.h>

#include "clock.h"
#include "config.h"
#include "events.h"
#include "serve_internal.h"

#define READERS        2
#define READER_MS      5000 /* of a question; a view is meant to take 500 */
#define WAIT_TO_READ   64   /* requests: a second of questions that are all slow */
#define WAIT_TO_CHANGE 16

static enum status
open_threads(struct serve *s, struct error *err)
{
    const struct readers_options readers = {s,       s->config,    "reader",
                                            READERS, WAIT_TO_READ, READER_MS};
    const struct readers_options changer = {s, s->config, "changer", 1, WAIT_TO_CHANGE, 0};
    enum status st = readers_open(&s->readers, &readers, err);

    return st == ST_OK ? readers_open(&s->changer, &changer, err) : st;
}

static struct http_options
server_options(struct serve *s, const struct serve_options *opt)
{
    struct http_options http = {
        .base = opt->base,
        .listen = opt->config->http_listen,
        .certificate = opt->config->http_certificate,
        .key = opt->config->http_key,
        .app = {routes_head, routes_request, s},
    };
    const struct config_limits *limits = &opt->config->limits;

    http_limits_default(&http.limits);
    http.limits.max_body = limits->max_body;
    http.limits.max_connections = limits->max_connections;
    http.limits.max_per_address = limits->max_per_address;
    http.limits.max_request_line = limits->max_request_line;
    http.limits.max_head = limits->max_header;
    http.limits.max_headers = limits->max_header_lines;
    http.limits.max_requests = limits->max_requests;
    http.limits.head_ms = (uint32_t)limits->header_timeout_ms;
    http.limits.body_ms = (uint32_t)limits->body_timeout_ms;
    http.limits.body_rate = limits->body_rate;
    http.limits.idle_ms = (uint32_t)limits->idle_timeout_ms;
    return http;
}

enum status
serve_open(struct serve **out, const struct serve_options *opt, struct error *err)
{
    struct serve *s = xcalloc(1, sizeof *s);
    struct http_options http = server_options(s, opt);
    enum status st;

    s->engine = opt->engine;
    s->config = opt->config;
    s->deliver = opt->deliver;
    s->started = clock_now();
    s->boot = (uint64_t)clock_now_us();
    st = ingest_open(&s->ingest, opt->engine, opt->config, err);
    if (st == ST_OK)
        st = access_open(&s->access, opt->config, err);
    s->events = events_new(s, opt->base);
    s->verifying = verifying_new(s);
    if (st == ST_OK)
        http.loopback_only = !access_has_tokens(s->access);
    if (st == ST_OK)
        st = open_threads(s, err);
    if (st == ST_OK)
        st = http_server_open(&s->http, &http, err);
    if (st == ST_OK && !http_server_is_local(s->http))
        access_always(s->access);
    if (st != ST_OK) {
        serve_close(s);
        return st;
    }
    *out = s;
    return ST_OK;
}

enum status
serve_change(struct serve *s, const struct config *wanted, struct error *err)
{
    enum status st = http_server_certify(s->http, wanted->http_certificate, wanted->http_key, err);

    if (st == ST_OK)
        st = ingest_change(s->ingest, wanted, err);

    if (st == ST_OK) {
        http_server_limit(s->http, wanted->limits.max_connections, wanted->limits.max_per_address);
        readers_change(s->readers, wanted);
        readers_change(s->changer, wanted);
        access_change(s->access, wanted);
        s->config = wanted;
        s->reloads++;
    }
    return st;
}

int
serve_port(const struct serve *s)
{
    return http_server_port(s->http);
}

void
serve_drain(struct serve *s)
{
    s->draining = true;
    ingest_stop(s->ingest);
    readers_close(s->changer);
    s->changer = NULL;
    verifying_stop(s->verifying);
    events_end(s->events);
    http_server_drain(s->http);
}

size_t
serve_busy(const struct serve *s)
{
    return http_server_busy(s->http);
}

void
serve_close(struct serve *s)
{
    if (!s)
        return;
    if (s->events)
        events_end(s->events);
    ingest_close(s->ingest);
    readers_close(s->readers);
    readers_close(s->changer);
    verifying_free(s->verifying);
    http_server_close(s->http);
    events_free(s->events);
    access_close(s->access);
    buf_clear(&s->description);
    free(s);
}
