/*
 * route_state.c - what the daemon itself knows: alive, ready, status, who is live, metrics.
 */
#include "asked.h"
#include "json_write.h"
#include "serve_internal.h"

void
get_health(struct serve *s, struct http_request *r)
{
    struct buf body = {0};

    (void)s;
    buf_str(&body, "alive\n");
    http_reply(r, 200, "text/plain; charset=utf-8", &body, NULL);
}

void
get_ready(struct serve *s, struct http_request *r)
{
    struct engine_status st;
    struct buf body = {0};

    memset(&st, 0, sizeof st);
    engine_status(s->engine, &st);
    if (st.stalled[0]) {
        http_problem(r, 503, "Retry-After: 5\r\n", "%s", st.stalled);
    } else {
        buf_str(&body, "ready\n");
        http_reply(r, 200, "text/plain; charset=utf-8", &body, NULL);
    }
}

void
get_status(struct serve *s, struct http_request *r)
{
    struct buf body = {0};
    struct json_writer w;

    json_begin(&w, &body);
    serve_write_status(&w, s->engine, s->config, s->started);
    buf_char(&body, '\n');
    http_reply(r, 200, "application/json", &body, NULL);
}

static void
write_names(struct json_writer *w, const char *list, const char *key, const struct live_name *names,
            size_t n)
{
    json_array(w, list);
    for (size_t i = 0; i < n; i++) {
        json_object(w, NULL);
        json_span(w, key, names[i].name);
        json_u64(w, "legs", names[i].legs);
        json_close(w);
    }
    json_close(w);
}

static void
write_conference(struct json_writer *w, const struct live_conference *c)
{
    json_object(w, NULL);
    json_span(w, "conference", c->id);
    json_span(w, "conference_name", c->name);
    json_span(w, "customer", c->customer);
    json_span(w, "source", c->source);
    json_u64(w, "legs", c->legs);
    json_time(w, "since", c->since);
    json_close(w);
}

void
get_live(struct serve *s, struct http_request *r)
{
    struct buf body = {0};
    struct json_writer w;
    struct arena memory;
    struct live live;

    arena_init(&memory);
    engine_live(s->engine, &live, &memory);
    if (((const struct asker *)r->user)->limited) /* whose they are, only the store knows */
        live.conference_count = live.customer_count = 0;
    json_begin(&w, &body);
    json_object(&w, NULL);
    json_u64(&w, "legs", live.legs);
    json_u64(&w, "conferences", live.conferences);
    json_array(&w, "by_conference");
    for (size_t i = 0; i < live.conference_count; i++)
        write_conference(&w, &live.conference[i]);
    json_close(&w);
    write_names(&w, "by_customer", "customer", live.customer, live.customer_count);
    write_names(&w, "by_input", "input", live.input, live.input_count);
    json_close(&w);
    buf_char(&body, '\n');
    arena_clear(&memory);
    http_reply(r, 200, "application/json", &body, NULL);
}

/* OpenMetrics, but to who knows text/plain alone. */
void
get_metrics(struct serve *s, struct http_request *r)
{
    bool older = asked_accepts_plain_metrics(r);
    struct buf body = {0};

    metrics_write(&body, s, older);
    http_reply(r, 200,
               older ? "text/plain; version=0.0.4; charset=utf-8"
                     : "application/openmetrics-text; version=1.0.0; charset=utf-8",
               &body, NULL);
}
